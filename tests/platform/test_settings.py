"""Settings: read once from the environment, checked, with the defaults that the design names."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.platform import settings as module
from app.platform.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("environment", "sandbox"),
        ("host", "127.0.0.1"),
        ("port", 8000),
        ("access_token_ttl_seconds", 15 * 60),
        ("refresh_token_ttl_seconds", 30 * 86_400),
        ("visitor_ttl_seconds", 180 * 86_400),
        ("sign_in_code_ttl_seconds", 5 * 60),
        ("sign_in_code_attempts", 5),
        ("sign_in_codes_per_phone_minute", 1),
        ("sign_in_codes_per_phone_day", 10),
        ("order_payment_ttl_seconds", 30 * 60),
        ("freight_flat_minor", 10_00),
        ("freight_free_from_minor", 99_00),
        ("idempotency_ttl_seconds", 7 * 86_400),
        ("statement_timeout_ms", 5_000),
        ("lock_timeout_ms", 2_000),
        ("trusted_proxies", 0),
        ("pause_at", ""),
    ],
)
def test_defaults_are_those_of_the_design(name: str, value: Any) -> None:
    assert getattr(Settings(), name) == value


def test_codes_per_address_are_thirty_and_more_in_the_sandbox_unless_set() -> None:
    assert Settings().codes_per_address_hour == 1_000
    assert Settings(environment="production").codes_per_address_hour == 30
    assert Settings(environment="production", sign_in_codes_per_address_hour=7).codes_per_address_hour == 7
    assert Settings(sign_in_codes_per_address_hour=0).codes_per_address_hour == 0


def test_environment_names_are_the_field_names_in_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("FREIGHT_FLAT_MINOR", "500")
    monkeypatch.setenv("UNKNOWN_SETTING", "x")
    assert (Settings().port, Settings().freight_flat_minor) == (8123, 500)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("ENVIRONMENT", "staging"),
        ("LOG_LEVEL", "loud"),
        ("DATABASE_POOL_SIZE", "0"),
        ("SANDBOX_PAYMENT_FAILURE_PERCENT", "101"),
    ],
)
def test_values_that_make_no_sense_stop_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"port": 9001}, "http://127.0.0.1:9001"),
        ({"public_url": "https://shop.example.com/"}, "https://shop.example.com"),
        ({"public_url": "https://example.com/shop//", "port": 1}, "https://example.com/shop"),
    ],
)
def test_base_url_is_the_public_one_without_a_slash_at_its_end(changes: dict[str, Any], url: str) -> None:
    assert Settings(**changes).base_url == url


def test_folders_do_not_move_with_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(app_home=Path("here"))
    monkeypatch.chdir("/")
    assert settings.app_home == tmp_path / "here"
    assert settings.secrets_dir == tmp_path / "here" / "secrets"
    assert settings.sandbox_dir == tmp_path / "here" / "sandbox"


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Settings(), "port", 1)  # noqa: B010 - a plain assignment is an error for mypy already


def test_process_reads_its_settings_once_until_it_is_told_that_they_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    # A reader of this test's own: the suite's settings stay as they are.
    monkeypatch.setattr(module, "load_settings", lru_cache(lambda: Settings()))
    monkeypatch.setenv("HOST", "127.0.0.1")
    kept = module.load_settings()
    monkeypatch.setenv("PORT", "8456")
    assert module.load_settings() is kept
    changed = module.reload_settings(HOST="0.0.0.0")
    assert (changed.port, changed.host, os.environ["HOST"]) == (8456, "0.0.0.0", "0.0.0.0")
    assert module.load_settings() is changed
