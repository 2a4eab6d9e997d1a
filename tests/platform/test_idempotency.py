"""Idempotency keys: one change for a key, one answer to its repeats, and no memory of what failed."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.platform import clock, idempotency, rate_limits
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import IdempotencyConflict, InvalidInput
from app.platform.idempotency import fingerprint
from app.platform.models import IdempotencyRow, RateBucketRow
from tests import factories

BODY = fingerprint({"lines": [{"sku": "a", "quantity": 1}]})
OTHER_BODY = fingerprint({"lines": [{"sku": "a", "quantity": 2}]})


async def change(
    session: BrandSession,
    *,
    key: str,
    body: str = BODY,
    principal: str = "customer:1",
    operation: str = "orderPlace",
    fails: bool = False,
) -> dict[str, Any]:
    """A change that counts itself, done once for a key."""
    found = await idempotency.claim(session, principal=principal, operation=operation, key=key, body=body)
    if found is not None:
        return found
    await rate_limits.take(session, kind="change", subject=key, limit=1_000, window_seconds=3_600)
    if fails:
        raise LookupError("no such SKU")
    result = {"type": "Order", "id": session.new_id()}
    await idempotency.remember(session, principal=principal, operation=operation, key=key, result=result)
    return {"type": "Order", "id": str(result["id"])}


async def do(database: Database, brand: Brand, **values: Any) -> dict[str, Any]:
    async def work(session: BrandSession) -> dict[str, Any]:
        return await change(session, **values)

    return await database.run(brand, work)


async def changes(database: Database, brand: Brand) -> int:
    """How often the change was really made."""
    async with database.reading(brand) as session:
        total = await session.execute(
            sa.select(sa.func.coalesce(sa.func.sum(RateBucketRow.tries), 0)).where(RateBucketRow.brand_id == brand.id)
        )
        return int(total.scalar_one())


async def keys(database: Database, brand: Brand) -> list[Any]:
    async with database.reading(brand) as session:
        rows = await session.execute(sa.select(IdempotencyRow.__table__).where(IdempotencyRow.brand_id == brand.id))
        return list(rows)


async def test_repeat_gets_the_first_answer_and_changes_nothing(database: Database, brand: Brand) -> None:
    key = factories.key()
    answers = [await do(database, brand, key=key) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert UUID(answers[0]["id"]).version == 7
    assert await changes(database, brand) == 1
    [row] = await keys(database, brand)
    assert row.result == answers[0]
    # Without the installation's key nobody can tell what the input was, not even by guessing.
    assert BODY not in row.fingerprint
    assert row.fingerprint == database.vault.digest(brand.id, "idempotency_body", BODY)


async def test_one_key_sent_forty_times_at_once_makes_one_change(database: Database, brand: Brand) -> None:
    key = factories.key()
    answers = await asyncio.gather(*(do(database, brand, key=key) for _ in range(40)))
    assert len({answer["id"] for answer in answers}) == 1
    assert await changes(database, brand) == 1
    assert len(await keys(database, brand)) == 1


async def test_forty_keys_at_once_make_forty_changes(database: Database, brand: Brand) -> None:
    answers = await asyncio.gather(*(do(database, brand, key=factories.key()) for _ in range(40)))
    assert len({answer["id"] for answer in answers}) == 40
    assert await changes(database, brand) == 40


async def test_key_with_another_body_is_refused_and_the_first_answer_stays(database: Database, brand: Brand) -> None:
    key = factories.key()
    first = await do(database, brand, key=key)
    with pytest.raises(IdempotencyConflict) as refused:
        await do(database, brand, key=key, body=OTHER_BODY)
    assert (refused.value.code, refused.value.path) == ("IDEMPOTENCY_CONFLICT", ("idempotencyKey",))
    assert await do(database, brand, key=key) == first
    assert await changes(database, brand) == 1


async def test_two_bodies_that_race_for_a_key_end_in_one_change_and_one_conflict(
    database: Database, brand: Brand
) -> None:
    key = factories.key()
    done = await asyncio.gather(
        *(do(database, brand, key=key, body=body) for body in (BODY, OTHER_BODY)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in done) == ["IdempotencyConflict", "dict"]
    assert await changes(database, brand) == 1


async def test_same_key_of_another_caller_operation_or_brand_is_another_key(database: Database, brand: Brand) -> None:
    key, other = factories.key(), await factories.make_brand(database)
    answers = [
        await do(database, brand, key=key),
        await do(database, brand, key=key, principal="customer:2"),
        await do(database, brand, key=key, operation="orderCancel"),
        await do(database, other, key=key),
    ]
    assert len({answer["id"] for answer in answers}) == 4
    assert (await changes(database, brand), await changes(database, other)) == (3, 1)


async def test_work_that_failed_is_not_remembered(database: Database, brand: Brand) -> None:
    key = factories.key()
    for _ in range(2):
        with pytest.raises(LookupError):
            await do(database, brand, key=key, fails=True)
    assert await keys(database, brand) == []
    assert await changes(database, brand) == 0
    await do(database, brand, key=key, body=OTHER_BODY)
    assert await changes(database, brand) == 1


async def test_caller_who_waited_for_one_that_failed_does_the_work(database: Database, brand: Brand) -> None:
    key = factories.key()
    claimed, go_on = asyncio.Event(), asyncio.Event()

    async def hold_and_fail() -> None:
        async with database.transaction(brand) as session:
            await change(session, key=key)
            claimed.set()
            await go_on.wait()
            raise LookupError("after the claim")

    first = asyncio.create_task(hold_and_fail())
    await claimed.wait()
    second = asyncio.create_task(do(database, brand, key=key))
    done, _ = await asyncio.wait({second}, timeout=0.3)
    assert not done, "the second caller waits for the first one's end"
    go_on.set()
    with pytest.raises(LookupError):
        await first
    answer = await second
    assert await do(database, brand, key=key) == answer
    assert await changes(database, brand) == 1


async def test_result_that_was_never_remembered_replays_as_empty(database: Database, brand: Brand) -> None:
    key = factories.key()
    values = {"principal": "customer:1", "operation": "touch", "key": key, "body": BODY}
    async with database.transaction(brand) as session:
        assert await idempotency.claim(session, **values) is None
    async with database.transaction(brand) as session:
        assert await idempotency.claim(session, **values) == {}


@pytest.mark.parametrize(("key", "is_fit"), [("x" * 15, False), ("x" * 16, True), ("x" * 64, True), ("x" * 65, False)])
async def test_keys_have_sixteen_to_sixty_four_characters(
    database: Database, brand: Brand, key: str, is_fit: bool
) -> None:
    if is_fit:
        await do(database, brand, key=key)
    else:
        with pytest.raises(InvalidInput) as refused:
            await do(database, brand, key=key)
        assert refused.value.path == ("idempotencyKey",)
    assert await changes(database, brand) == int(is_fit)


async def test_keys_are_forgotten_after_their_time_and_not_before(database: Database, brand: Brand) -> None:
    key, now = factories.key(), clock.utc_now()
    first = await do(database, brand, key=key)

    async def forget(later: timedelta) -> int:
        async with database.transaction(brand, now=now + later) as session:
            return await idempotency.forget_old(session, ttl_seconds=7 * 86_400)

    assert await forget(timedelta(days=7, minutes=-1)) == 0
    assert await do(database, brand, key=key) == first
    assert await forget(timedelta(days=7, minutes=1)) == 1
    assert (await do(database, brand, key=key))["id"] != first["id"]
    assert await changes(database, brand) == 2


def test_fingerprint_depends_on_content_and_not_on_the_order_of_fields() -> None:
    one, other = uuid4(), uuid4()
    assert fingerprint({"a": 1, "b": [one, None]}) == fingerprint({"b": [one, None], "a": 1})
    different = [
        {"a": 1},
        {"a": "1"},
        {"a": [1, 2]},
        {"a": [2, 1]},
        {"a": None},
        {},
        {"a": one},
        {"a": other},
        {"b": 1},
    ]
    assert len({fingerprint(body) for body in different}) == len(different)


def test_fingerprint_does_not_hold_the_text() -> None:
    assert len(fingerprint({"phone": "19900001234"})) == 64
    assert "19900001234" not in fingerprint({"phone": "19900001234"})
