"""The servers that tests stand on are the ones they were promised."""

import asyncpg
import redis.asyncio as redis
from sqlalchemy.engine import make_url

from app.platform.embedded import Servers
from app.platform.settings import Settings, load_settings


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


async def test_serving_role_owns_nothing_and_obeys_row_level_security(settings: Settings) -> None:
    connection = await connect(settings.database_url)
    try:
        role = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
    finally:
        await connection.close()
    assert (tuple(role or ()), owned) == ((False, False), 0)


async def test_owner_is_no_superuser_and_no_bypasser(owner_url: str) -> None:
    connection = await connect(owner_url)
    try:
        role = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    finally:
        await connection.close()
    assert tuple(role or ()) == (False, False)


async def test_bypassing_role_has_the_serving_roles_rights_but_no_row_level_security(bypass_url: str) -> None:
    connection = await connect(bypass_url)
    try:
        found = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, pg_has_role('app', 'USAGE') FROM pg_roles WHERE rolname = current_user"
        )
    finally:
        await connection.close()
    assert tuple(found or ()) == (False, True, True)


async def test_environment_names_the_same_servers_as_the_fixtures(settings: Settings, servers: Servers) -> None:
    assert load_settings() is settings
    assert (settings.database_url, settings.redis_url) == (servers.database_url, servers.redis_url)


async def test_valkey_answers(settings: Settings) -> None:
    client = redis.Redis.from_url(settings.redis_url)
    try:
        assert await client.ping() is True
    finally:
        await client.aclose()
