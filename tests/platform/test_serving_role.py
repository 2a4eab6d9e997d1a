"""A program works on a database only as a role that row level security stops, and says what is wrong otherwise."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from app.platform.embedded import Servers
from app.platform.migrations import NotServable, check_serving

ROOT = Path(__file__).resolve().parents[2]


def command(*words: str, folder: Path, **environment: str) -> Any:
    """Run `python -m app` with these settings and no others."""
    passed = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**passed, "APP_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_serving_role_of_a_migrated_database_is_accepted(servers: Servers) -> None:
    check_serving(servers.database_url)


def test_owner_of_the_tables_does_not_serve(servers: Servers) -> None:
    with pytest.raises(NotServable, match="owns the tables, so that row level security"):
        check_serving(servers.database_owner_url)


def test_role_above_the_policies_does_not_serve(bypass_url: str) -> None:
    with pytest.raises(NotServable, match="has BYPASSRLS, so that row level security"):
        check_serving(bypass_url)


def test_database_that_nobody_migrated_does_not_serve(servers: Servers) -> None:
    empty = make_url(servers.database_url).set(database="postgres").render_as_string(hide_password=False)
    with pytest.raises(NotServable, match="python -m app migrate"):
        check_serving(empty)


def test_database_given_without_its_owner_is_used_as_it_is_and_cannot_be_migrated(
    servers: Servers, tmp_path: Path
) -> None:
    given = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    used = command("migrate", folder=tmp_path, **given)
    assert (used.returncode, used.stdout) == (1, "DATABASE_OWNER_URL is not set\n")
    owning = command("verify", folder=tmp_path, DATABASE_URL=servers.database_owner_url, REDIS_URL=servers.redis_url)
    assert owning.returncode == 1
    assert owning.stderr.startswith("error: the role ")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "eighty"}, "error: PORT: Input should be a valid integer"),
        ({"DATABASE_URL": "mysql://u@h/d"}, "error: DATABASE_URL: A database URL begins with postgresql://"),
        ({"DATABASE_URL": "nonsense"}, "error: DATABASE_URL: "),
        ({"REDIS_URL": "cache:6379"}, "error: REDIS_URL begins with redis://"),
        (
            {"DATABASE_URL": "postgresql://u@127.0.0.1:1/d", "REDIS_URL": "redis://127.0.0.1:1/0"},
            "error: the database does not let us in: ",
        ),
        ({"ENVIRONMENT": "production"}, "error: production needs DATABASE_URL, REDIS_URL, PUBLIC_URL"),
        (
            {
                "ENVIRONMENT": "production",
                "DATABASE_URL": "postgresql://u@127.0.0.1:1/d",
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "PUBLIC_URL": "https://shop.example.com",
            },
            "error: production needs SIGNING_KEYS",
        ),
    ],
)
def test_settings_that_cannot_work_are_named_in_one_line(
    tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    refused = command("verify", folder=tmp_path, **environment)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(message)
    assert refused.stderr.count("\n") == 1
    assert not list((tmp_path / "home").glob("pg*"))
