"""`python -m app …` as an operator types it: real processes on this worker's database."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
import sqlalchemy as sa

from app.platform.db import Database
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.products.models import StockRow
from app.worker import make_relay
from tests import factories
from tests.commission.market import order_goods, pay
from tests.factories import Scene

ROOT = Path(__file__).resolve().parent.parent


def run(settings: Settings, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command with the suite's servers in its environment; at most a minute."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, "APP_HOME": str(settings.app_home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_exported_schema_is_the_one_checked_in(settings: Settings) -> None:
    done = run(settings, "export-schema")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "graphql_schema" / "schema.graphql").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_occupied_port_is_named_with_a_way_out_before_anything_starts(settings: Settings, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(settings, command, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"error: port {port} is taken by another program; end it or choose another, for example PORT={port + 1}"
    )


async def test_brand_is_made_once_and_its_owner_gets_a_token(settings: Settings, runtime: Runtime) -> None:
    code, phone = f"cli{factories.next_number()}", factories.next_phone()
    create = ("brand", "create", "--code", code, "--name", "新品牌", "--owner-phone", phone)
    made, again = run(settings, *create), run(settings, *create)
    assert (made.returncode, again.returncode) == (0, 1)
    assert code in made.stdout
    assert again.stderr.startswith("error: ")
    token = run(settings, "token", "--brand", code, "--phone", phone)
    assert token.returncode == 0
    brand = await runtime.database.brand_by_code(code)
    assert brand is not None
    claims = jwt.decode(token.stdout.strip(), options={"verify_signature": False})
    assert (claims["brand"], claims["aud"]) == (str(brand.id), "EMPLOYEE")
    nobody = run(settings, "token", "--brand", code, "--phone", phone, "--audience", "customer")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert run(settings, "token", "--brand", "no-such-brand", "--phone", phone).returncode == 1


async def test_verify_tells_a_sound_brand_from_a_broken_one(
    settings: Settings, database: Database, scene: Scene
) -> None:
    sound = run(settings, "verify", "--brand", scene.brand.code)
    assert (sound.returncode, sound.stdout.endswith(" 0 violations\n")) == (0, True), sound
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(StockRow)
            .where(StockRow.brand_id == scene.brand.id, StockRow.sku_id == scene.sku_id)
            .values(on_hand=StockRow.on_hand + 1)
        )
    broken = run(settings, "verify", "--brand", scene.brand.code)
    assert broken.returncode == 1
    assert str(scene.sku_id) in broken.stdout


async def test_rollups_are_made_anew_for_one_brand(settings: Settings, runtime: Runtime, scene: Scene) -> None:
    async with runtime.database.transaction(scene.brand) as session:
        buyer = await factories.make_customer(session)
        order_id = await order_goods(session, customer_id=buyer, sku_id=scene.sku_id, shop_of=scene.guide)
        await pay(session, order_id=order_id, customer_id=buyer, total_minor=12_900)
    done = run(settings, "rebuild-rollups", "--brand", scene.brand.code)
    assert done.returncode == 0, done
    assert "rollup_sales: 1 rows\n" in done.stdout
    assert await make_relay(runtime).drain(scene.brand) >= 1
    again = run(settings, "rebuild-rollups", "--brand", scene.brand.code)
    assert again.stdout == done.stdout
    assert run(settings, "verify", "--brand", scene.brand.code).returncode == 0
    assert run(settings, "rebuild-rollups", "--brand", "no-such-brand").returncode == 1


def test_unknown_command_is_refused_with_the_known_ones(settings: Settings) -> None:
    done = run(settings, "dance")
    assert done.returncode == 2
    assert "export-schema" in done.stderr
