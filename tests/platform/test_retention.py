"""What passes is deleted in time, and nothing that still counts."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees import sessions, sign_in_codes
from app.employees.models import RefreshTokenRow, SessionRow, SignInCodeRow
from app.platform import clock, ids, rate_limits, retention, tokens
from app.platform.db import Brand, Database
from app.platform.models import DirectoryRow, RateBucketRow, SandboxDeliveryRow
from app.platform.runtime import Runtime
from app.worker import forget_old_rows

PHONE = "19900005001"


async def rows(database: Database, brand: Brand, table: Any) -> list[Any]:
    async with database.reading(brand) as session:
        found = await session.execute(sa.select(table.__table__).where(table.brand_id == brand.id))
        return list(found)


async def test_codes_and_counted_tries_of_long_ago_go_and_those_of_today_stay(runtime: Runtime, brand: Brand) -> None:
    database, now = runtime.database, clock.utc_now()
    for days in (3, 0):
        async with database.transaction(brand, now=now - timedelta(days=days)) as session:
            await sign_in_codes.request(
                session,
                phone=PHONE,
                audience="CUSTOMER",
                address=f"day {days}",
                settings=runtime.settings,
                now=session.now,
            )
    assert len(await rows(database, brand, SignInCodeRow)) == 2
    before = await rows(database, brand, RateBucketRow)
    # Two addresses, and the phone's minute and day, which began anew.
    assert len(before) == 4
    assert await forget_old_rows(runtime, brand) == 2
    [code] = await rows(database, brand, SignInCodeRow)
    assert code.expires_at > now
    left = await rows(database, brand, RateBucketRow)
    assert {row.subject for row in left} < {row.subject for row in before}
    assert len(left) == 3


async def test_refresh_token_goes_after_its_life_with_its_directory_entry_and_never_before(
    runtime: Runtime, brand: Brand
) -> None:
    database, now = runtime.database, clock.utc_now()
    life = timedelta(seconds=runtime.settings.refresh_token_ttl_seconds)
    handed: list[str] = []
    for at in (now - life - timedelta(minutes=1), now - life + timedelta(minutes=1)):
        async with database.transaction(brand, now=at) as session:
            opened = await sessions.open_session(
                session,
                audience="CUSTOMER",
                principal_id=ids.new_id(at),
                settings=runtime.settings,
                signing=runtime.secrets.signing,
                now=at,
            )
            handed.append(opened.refresh_token)
            token_id = await session.scalar(
                sa.select(DirectoryRow.target_id).where(DirectoryRow.key == tokens.token_key(opened.refresh_token))
            )
            await session.execute(
                sa.update(RefreshTokenRow)
                .where(RefreshTokenRow.brand_id == brand.id, RefreshTokenRow.id == token_id)
                .values(used_at=at)
            )
    assert await forget_old_rows(runtime, brand) == 1
    database.forget_everything()
    found = [await database.resolve(sessions.REFRESH_TOKEN, tokens.token_key(token)) for token in handed]
    assert found[0] is None and found[1] is not None
    [kept] = await rows(database, brand, RefreshTokenRow)
    assert kept.id == found[1][1]
    assert len(await rows(database, brand, SessionRow)) == 2

    # The one that is left is known to be used: to send it again ends its session.
    async with database.transaction(brand) as session:
        await sessions.rotate(
            session,
            refresh_token_id=kept.id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    ended = {row.id: row.end_reason for row in await rows(database, brand, SessionRow)}
    assert ended.pop(kept.session_id) == "REFRESH_TOKEN_REUSED"
    assert set(ended.values()) == {None}


async def test_more_rows_than_one_statement_takes_go_in_several_and_another_brands_stay(
    runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import factories  # noqa: PLC0415

    other = await factories.make_brand(runtime.database)
    for each in (brand, other):
        async with runtime.database.transaction(each, now=clock.utc_now() - timedelta(days=2)) as session:
            for number in range(7):
                await rate_limits.take(session, kind="k", subject=str(number), limit=1, window_seconds=1)
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    assert await forget_old_rows(runtime, brand) == 7
    assert await rows(runtime.database, brand, RateBucketRow) == []
    assert len(await rows(runtime.database, other, RateBucketRow)) == 7


async def test_sandbox_forgets_callbacks_that_are_over_for_a_week(runtime: Runtime, brand: Brand) -> None:
    now = clock.utc_now()
    long_ago, lately = now - timedelta(days=8), now - timedelta(days=6)
    cases = {
        "sent long ago": (long_ago, 1, long_ago),
        "given up long ago": (None, 20, long_ago),
        "sent lately": (lately, 1, long_ago),
        "given up lately": (None, 20, lately),
        "not sent yet": (None, 19, long_ago),
    }
    made = {name: ids.new_id(now) for name in cases}
    async with runtime.database.directory() as session:
        await session.execute(
            sa.insert(SandboxDeliveryRow),
            [
                {"id": made[name], "number": "n", "body": "{}", "delivered_at": sent, "attempts": tries, "due_at": due}
                for name, (sent, tries, due) in cases.items()
            ],
        )
    await forget_old_rows(runtime, brand)
    async with runtime.database.directory() as session:
        mine = SandboxDeliveryRow.id.in_(list(made.values()))
        left = set(await session.scalars(sa.select(SandboxDeliveryRow.id).where(mine)))
        await session.execute(sa.delete(SandboxDeliveryRow).where(mine))
    assert left == {made[name] for name in ("sent lately", "given up lately", "not sent yet")}
