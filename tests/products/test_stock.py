"""Stock is held, sold, given back and corrected; it always equals its movements."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InsufficientStock, InvalidInput, NotFound, ShortageFact
from app.platform.runtime import Runtime
from app.products import invariants, reads, stock
from app.products.models import ReservationRow, StockMovementRow
from app.products.values import StockLine
from tests import factories
from tests.factories import Scene
from tests.products.conftest import Counted, guide_of, stock_of


async def reservations(session: BrandSession, order_id: UUID) -> list[tuple[Any, ...]]:
    found = await session.execute(
        sa.select(ReservationRow.quantity, ReservationRow.state)
        .where(ReservationRow.brand_id == session.brand_id, ReservationRow.order_id == order_id)
        .order_by(ReservationRow.sku_id)
    )
    return [tuple(row) for row in found]


async def movements(session: BrandSession, sku_id: UUID) -> list[tuple[Any, ...]]:
    found = await session.execute(
        sa.select(StockMovementRow.change, StockMovementRow.kind, StockMovementRow.order_id)
        .where(StockMovementRow.brand_id == session.brand_id, StockMovementRow.sku_id == sku_id)
        .order_by(StockMovementRow.id)
    )
    return [tuple(row) for row in found]


async def assert_sound(session: BrandSession) -> None:
    for name, check in invariants.CHECKS.items():
        assert await check(session) == [], name


@pytest.fixture
async def pair(session: BrandSession) -> list[UUID]:
    """Two SKUs with 5 pieces each."""
    _, sku_ids = await factories.make_product(session, stock=5, skus=2)
    return sku_ids


@pytest.fixture
async def crowd(runtime: Runtime) -> AsyncIterator[Database]:
    """A database with room for many callers at once."""
    many = Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=25)
    yield many
    await many.close()


async def test_a_reservation_holds_pieces_and_takes_one_statement(
    session: BrandSession, pair: list[UUID], counted: Counted
) -> None:
    order_id = uuid4()
    lines = [StockLine(pair[1], 1), StockLine(pair[0], 2), StockLine(pair[1], 2)]
    with counted() as statements:
        await stock.reserve(session, order_id=order_id, lines=lines, now=session.now)
    assert len(statements) == 1
    assert [await stock_of(session, sku_id) for sku_id in pair] == [(5, 2), (5, 3)]
    assert await reservations(session, order_id) == [(2, "HELD"), (3, "HELD")]
    assert [len(await movements(session, sku_id)) for sku_id in pair] == [1, 1]
    await assert_sound(session)


async def test_every_shortage_is_told_with_what_is_left(
    database: Database, scene: Scene, session: BrandSession, pair: list[UUID]
) -> None:
    await stock.reserve(session, order_id=uuid4(), lines=[StockLine(pair[0], 4)], now=session.now)
    await session.commit()
    order_id, unknown = uuid4(), uuid4()
    lines = [StockLine(pair[0], 2), StockLine(pair[1], 5), StockLine(unknown, 1), StockLine(scene.sku_id, 101)]
    with pytest.raises(InsufficientStock) as caught:
        async with database.transaction(scene.brand) as failing:
            await stock.reserve(failing, order_id=order_id, lines=lines, now=failing.now)
    assert set(caught.value.shortages) == {
        ShortageFact(pair[0], 2, 1),
        ShortageFact(unknown, 1, 0),
        ShortageFact(scene.sku_id, 101, 100),
    }
    async with database.reading(scene.brand) as reading:
        assert [await stock_of(reading, sku_id) for sku_id in pair] == [(5, 4), (5, 0)]
        assert await reservations(reading, order_id) == []


async def test_a_sale_takes_held_pieces_out_once(session: BrandSession, pair: list[UUID]) -> None:
    order_id = uuid4()
    lines = [StockLine(sku_id, 2) for sku_id in sorted(pair)]
    await stock.reserve(session, order_id=order_id, lines=lines, now=session.now)
    assert await stock.sell(session, order_id=order_id, now=session.now) == lines
    assert await stock.sell(session, order_id=order_id, now=session.now) == []
    assert await stock.release(session, order_id=order_id, now=session.now) == []
    assert [await stock_of(session, sku_id) for sku_id in pair] == [(3, 0), (3, 0)]
    assert await reservations(session, order_id) == [(2, "SOLD"), (2, "SOLD")]
    assert await movements(session, pair[0]) == [(5, "INITIAL", None), (-2, "SALE", order_id)]
    await assert_sound(session)


async def test_a_release_gives_held_pieces_back_once(session: BrandSession, pair: list[UUID]) -> None:
    order_id, other = uuid4(), uuid4()
    await stock.reserve(session, order_id=order_id, lines=[StockLine(pair[0], 2)], now=session.now)
    await stock.reserve(session, order_id=other, lines=[StockLine(pair[0], 3)], now=session.now)
    assert await stock.release(session, order_id=order_id, now=session.now) == [StockLine(pair[0], 2)]
    assert await stock.release(session, order_id=order_id, now=session.now) == []
    assert await stock.sell(session, order_id=order_id, now=session.now) == []
    assert await stock_of(session, pair[0]) == (5, 3)
    assert (await reservations(session, order_id), await reservations(session, other)) == (
        [(2, "RELEASED")],
        [(3, "HELD")],
    )
    assert len(await movements(session, pair[0])) == 1
    await assert_sound(session)


async def test_an_order_that_holds_nothing_sells_and_releases_nothing(session: BrandSession, pair: list[UUID]) -> None:
    assert await stock.sell(session, order_id=uuid4(), now=session.now) == []
    assert await stock.release(session, order_id=uuid4(), now=session.now) == []
    assert await stock_of(session, pair[0]) == (5, 0)


async def test_pages_learn_of_the_last_piece_and_of_its_return_only(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    async def version() -> int:
        shop = await reads.shop_of_employee(session, scene.guide.employee_id)
        assert shop is not None
        return shop.version

    start, first, last = await version(), uuid4(), uuid4()
    await stock.reserve(session, order_id=first, lines=[StockLine(scene.sku_id, 99)], now=session.now)
    assert await version() == start
    await stock.reserve(session, order_id=last, lines=[StockLine(scene.sku_id, 1)], now=session.now)
    assert await version() == start + 1
    await stock.sell(session, order_id=first, now=session.now)
    assert await version() == start + 1
    await stock.release(session, order_id=last, now=session.now)
    assert await version() == start + 2
    await stock.adjust(session, owner, sku_id=scene.sku_id, change=5, reason="盘点", now=session.now)
    assert await version() == start + 2
    await stock.adjust(session, owner, sku_id=scene.sku_id, change=-6, reason="盘点", now=session.now)
    assert await version() == start + 3
    await stock.adjust(session, owner, sku_id=scene.sku_id, change=1, reason="盘点", now=session.now)
    assert await version() == start + 4


async def test_a_correction_moves_stock_and_says_who_and_why(
    session: BrandSession, pair: list[UUID], owner: Actor
) -> None:
    await stock.adjust(session, owner, sku_id=pair[0], change=-3, reason=" 盘亏 ", now=session.now)
    assert [await stock_of(session, sku_id) for sku_id in pair] == [(2, 0), (5, 0)]
    found = await session.execute(
        sa.select(StockMovementRow.change, StockMovementRow.reason, StockMovementRow.actor).where(
            StockMovementRow.brand_id == session.brand_id, StockMovementRow.kind == "ADJUSTMENT"
        )
    )
    assert [tuple(row) for row in found] == [(-3, "盘亏", f"employee:{owner.employee_id}")]
    await assert_sound(session)


async def test_a_correction_leaves_what_orders_hold(session: BrandSession, pair: list[UUID], owner: Actor) -> None:
    await stock.reserve(session, order_id=uuid4(), lines=[StockLine(pair[0], 3)], now=session.now)
    for change, reason, path in (
        (-3, "盘点", "change"),
        (0, "盘点", "change"),
        (1, " ", "reason"),
        (1, "x" * 201, "reason"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await stock.adjust(session, owner, sku_id=pair[0], change=change, reason=reason, now=session.now)
        assert caught.value.path == (path,)
    assert (await stock_of(session, pair[0]), len(await movements(session, pair[0]))) == ((5, 3), 1)
    await stock.adjust(session, owner, sku_id=pair[0], change=-2, reason="盘点", now=session.now)
    assert await stock_of(session, pair[0]) == (3, 3)


async def test_a_correction_needs_a_sku_and_a_place_of_the_brand(
    database: Database, session: BrandSession, scene: Scene, owner: Actor
) -> None:
    other = await factories.make_scene(database)
    async with database.reading(other.brand) as reading:
        [(foreign_place,)] = (
            await reading.execute(sa.text("SELECT id FROM location WHERE brand_id = :brand"), {"brand": other.brand.id})
        ).all()
    for sku_id, location_id, path in (
        (other.sku_id, None, "skuId"),
        (uuid4(), None, "skuId"),
        (scene.sku_id, foreign_place, "locationId"),
    ):
        with pytest.raises(NotFound) as caught:
            await stock.adjust(
                session, owner, sku_id=sku_id, location_id=location_id, change=1, reason="盘点", now=session.now
            )
        assert caught.value.path == (path,)
    with pytest.raises(Forbidden):
        await stock.adjust(
            session, guide_of(scene.guide), sku_id=scene.sku_id, change=1, reason="盘点", now=session.now
        )
    assert await stock_of(session, scene.sku_id) == (100, 0)


async def test_sixty_at_once_for_twenty_pieces_sell_exactly_twenty(crowd: Database) -> None:
    scene = await factories.make_scene(crowd, stock=20)

    async def take() -> int | None:
        """None when held, else what was left."""
        try:
            async with crowd.transaction(scene.brand) as session:
                await stock.reserve(session, order_id=uuid4(), lines=[StockLine(scene.sku_id, 1)], now=session.now)
        except InsufficientStock as short:
            [fact] = short.shortages
            return fact.available
        return None

    outcomes = await asyncio.gather(*(take() for _ in range(60)))
    assert (outcomes.count(None), outcomes.count(0)) == (20, 40)
    async with crowd.reading(scene.brand) as session:
        assert await stock_of(session, scene.sku_id) == (20, 20)
        await assert_sound(session)


async def test_baskets_in_any_order_neither_deadlock_nor_oversell(crowd: Database) -> None:
    scene = await factories.make_scene(crowd)
    async with crowd.transaction(scene.brand) as session:
        _, skus = await factories.make_product(session, stock=30, skus=4)

    async def take(number: int) -> bool:
        lines = [StockLine(skus[(number + at) % 4], 1 + (number + at) % 2) for at in range(3)]
        if number % 2:
            lines.reverse()
        order_id = uuid4()
        try:
            # No second try: a deadlock would come out of here.
            async with crowd.transaction(scene.brand) as session:
                await stock.reserve(session, order_id=order_id, lines=lines, now=session.now)
                await asyncio.sleep(0.002)
        except InsufficientStock:
            return False
        async with crowd.transaction(scene.brand) as session:
            give = stock.sell if number % 3 else stock.release
            await give(session, order_id=order_id, now=session.now)
        return True

    held = await asyncio.gather(*(take(number) for number in range(80)))
    assert 25 <= sum(held) <= 80
    async with crowd.reading(scene.brand) as session:
        assert [(await stock_of(session, sku_id))[1] for sku_id in skus] == [0, 0, 0, 0]
        await assert_sound(session)


async def test_payment_and_cancellation_at_once_have_one_effect(crowd: Database) -> None:
    scene = await factories.make_scene(crowd)
    for _ in range(10):
        order_id = uuid4()
        async with crowd.transaction(scene.brand) as session:
            before = await stock_of(session, scene.sku_id)
            await stock.reserve(session, order_id=order_id, lines=[StockLine(scene.sku_id, 2)], now=session.now)

        async def close(is_paid: bool, order_id: UUID = order_id) -> int:
            async with crowd.transaction(scene.brand) as session:
                give = stock.sell if is_paid else stock.release
                return len(await give(session, order_id=order_id, now=session.now))

        paid, cancelled = await asyncio.gather(close(True), close(False))
        assert paid + cancelled == 1
        async with crowd.reading(scene.brand) as session:
            assert await stock_of(session, scene.sku_id) == (before[0] - 2 * paid, 0)
            await assert_sound(session)


async def test_corrections_and_orders_at_once_keep_stock_and_movements_equal(crowd: Database) -> None:
    scene = await factories.make_scene(crowd, stock=10)

    async def correct(number: int) -> None:
        try:
            async with crowd.transaction(scene.brand) as session:
                change = 3 if number % 3 == 0 else -2
                await stock.adjust(session, SYSTEM, sku_id=scene.sku_id, change=change, reason="盘点", now=session.now)
        except InvalidInput as refused:
            assert refused.key == "stock_below_reserved"

    async def order() -> None:
        try:
            async with crowd.transaction(scene.brand) as session:
                await stock.reserve(session, order_id=uuid4(), lines=[StockLine(scene.sku_id, 1)], now=session.now)
        except InsufficientStock:
            pass

    await asyncio.gather(*(correct(number) for number in range(20)), *(order() for _ in range(30)))
    async with crowd.reading(scene.brand) as session:
        on_hand, reserved = await stock_of(session, scene.sku_id)
        assert 0 < reserved <= min(30, on_hand)
        await assert_sound(session)


async def test_the_checks_see_what_is_wrong(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.brand) as session:
        await stock.reserve(session, order_id=uuid4(), lines=[StockLine(scene.sku_id, 2)], now=session.now)
        await session.execute(
            sa.text("UPDATE stock SET on_hand = on_hand + 1, reserved = reserved + 3 WHERE brand_id = :brand"),
            {"brand": scene.brand.id},
        )
        await session.execute(
            sa.text("UPDATE reservation SET state = 'SOLD' WHERE brand_id = :brand"), {"brand": scene.brand.id}
        )
        assert await invariants.stock_equals_movements(session) == [f"SKU {scene.sku_id}: 101 on hand, 100 moved"]
        assert await invariants.reserved_equals_reservations(session) == [f"SKU {scene.sku_id}: 5 reserved, 0 held"]
        [line] = await invariants.sales_equal_sold_reservations(session)
        assert line.endswith("2 sold, 0 moved")
        await session.rollback()
