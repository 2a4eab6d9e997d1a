"""A brand with the very same ids in every table: what happens to one brand's orders neither touches nor shows it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import clock, ids
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand, Database
from app.platform.models import BrandRow
from app.platform.runtime import Runtime
from app.platform.tables import import_models
from app.products import reads as products
from app.trade import orders, payment_reads, payments, reads, refunds
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.values import LineRequest, ProviderName
from tests import factories
from tests.factories import Scene
from tests.trade import purchase

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Twins:
    """A scene with a paid, an unpaid and a late-paid order, and a brand that holds the same rows."""

    scene: Scene
    twin: Brand
    buyer: Actor
    paid_id: UUID
    unpaid_id: UUID
    late_id: UUID


@pytest.fixture(params=["row level security", "filters alone"])
async def guarded(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[Database]:
    """The database as it is served, and through a role that row level security does not stop."""
    if request.param == "row level security":
        yield runtime.database
        return
    database = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets, pool_size=3)
    yield database
    await database.close()


async def rows_of(database: Database, brand: Brand) -> Rows:
    """Every row that a brand has, table by table."""
    found: Rows = {}
    async with database.reading(brand) as session:
        for table in import_models().sorted_tables:
            if table.info.get("tenant"):
                rows = (await session.execute(sa.select(table).where(table.c.brand_id == brand.id))).mappings()
                found[table.name] = sorted((dict(row) for row in rows), key=repr)
    return found


async def copy_brand(database: Database, brand: Brand) -> Brand:
    """Another brand with the same rows, ids and all. Nothing sealed can be opened there: seals know their brand."""
    twin = Brand(ids.new_id(clock.utc_now()), f"t{factories.next_number()}", "乙", brand.currency, brand.time_zone)
    async with database.directory() as session:
        columns = {"code": twin.code, "name": "乙", "currency": twin.currency, "time_zone": twin.time_zone}
        await session.execute(sa.insert(BrandRow).values(id=twin.id, created_at=clock.utc_now(), **columns))
    rows = await rows_of(database, brand)
    async with database.transaction(twin) as session:
        for table in import_models().sorted_tables:
            # Parents before children: ids are minted in that order.
            for row in sorted(rows.get(table.name, []), key=lambda row: str(row.get("id", ""))):
                await session.execute(sa.insert(table).values(row | {"brand_id": twin.id}))
    return twin


@pytest.fixture
async def twins(runtime: Runtime, scene: Scene) -> Twins:
    database, brand = runtime.database, scene.brand
    buyer = await purchase.make_buyer(database, brand)
    paid_id, unpaid_id, late_id = [await purchase.make_order(database, scene, buyer) for _ in range(3)]
    started = [await purchase.start(database, brand, buyer, order_id) for order_id in (paid_id, late_id)]
    async with database.transaction(brand) as session:
        await orders.cancel(session, buyer, order_id=late_id, now=session.now)
    for payment_id in started:
        await purchase.pay(database, brand, payment_id)
    return Twins(scene, await copy_brand(database, brand), buyer, paid_id, unpaid_id, late_id)


async def test_the_twin_really_has_the_same_ids(runtime: Runtime, twins: Twins) -> None:
    own, other = [await rows_of(runtime.database, brand) for brand in (twins.scene.brand, twins.twin)]
    counts = {name: len(rows) for name, rows in own.items()}
    assert {name: len(rows) for name, rows in other.items()} == counts
    assert (counts["orders"], counts["payment"], counts["refund"], counts["order_move"]) == (3, 2, 1, 5)
    assert {row["id"] for row in own["orders"]} == {row["id"] for row in other["orders"]}


async def test_reads_show_each_row_once(guarded: Database, twins: Twins) -> None:
    customer_id, guide_id = twins.buyer.customer_id, twins.scene.guide.employee_id
    assert customer_id is not None
    guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=guide_id, role="GUIDE")
    every = {twins.paid_id, twins.unpaid_id, twins.late_id}
    async with guarded.reading(twins.scene.brand) as session:
        assert set(await reads.orders_by_id(session, twins.buyer, every)) == every
        mine = await reads.orders_of_customer(session, twins.buyer, customer_id=customer_id, limit=10)
        sold = await reads.orders_of_guide(session, guide, guide_id=guide_id, limit=10)
        assert [order.id for order in mine] == [order.id for order in sold] == sorted(every, reverse=True)
        assert await reads.count_of_customer(session, twins.buyer, customer_id=customer_id) == 3
        assert await reads.count_of_guide(session, guide, guide_id=guide_id) == 3
        lines = await reads.lines_of_orders(session, every)
        assert {order_id: len(found) for order_id, found in lines.items()} == dict.fromkeys(every, 1)
        [line] = lines[twins.paid_id]
        assert await reads.line_by_id(session, twins.buyer, line.id) is not None
        assert await reads.customer_sales(session, [customer_id]) == {customer_id: reads.CustomerSales(1, 12_900)}
        paid = await payments.payment_facts(session, PaymentRow.order_id == twins.paid_id, limit=10)
        assert len(paid) == 1
        assert len(await payment_reads.payments_by_id(session, twins.buyer, [paid[0].id])) == 1
        shop = await products.shop_facts_by_slug(session, str(twins.scene.guide.slug))
        assert shop is not None
        quote = await orders.quote(session, shop=shop, lines=[LineRequest(twins.scene.sku_id, 1)])
        assert len(quote.lines) == 1
    await purchase.assert_sound(guarded, twins.scene.brand)


async def test_steps_of_one_brand_change_no_row_of_the_other(guarded: Database, twins: Twins) -> None:
    scene, brand = twins.scene, twins.scene.brand
    before = await rows_of(guarded, twins.twin)
    async with guarded.transaction(brand) as session:
        payment_id = await payments.start(
            session, twins.buyer, order_id=twins.unpaid_id, provider=ProviderName.SANDBOX, now=session.now
        )
        await payments.keep_client_parameters(session, payment_id=payment_id, parameters={"confirmUrl": "x"})
        await payments.book_failure(session, payment_id=payment_id, now=session.now)
    assert await purchase.pay(guarded, brand, payment_id) is payments.Booking.PAID
    new_id = await purchase.make_order(guarded, scene, twins.buyer)
    async with guarded.transaction(brand) as session:
        await orders.cancel(session, twins.buyer, order_id=new_id, now=session.now)
        refund_id = await session.scalar(sa.select(RefundRow.id).where(RefundRow.brand_id == brand.id))
        assert refund_id is not None
        assert await refunds.book_success(session, refund_id=refund_id, now=session.now)
    assert await rows_of(guarded, twins.twin) == before
    await purchase.assert_sound(guarded, brand)


async def test_deadline_of_one_brand_ends_no_order_of_the_other(runtime: Runtime, twins: Twins) -> None:
    database = runtime.database
    for brand in (twins.scene.brand, twins.twin):
        async with database.transaction(brand) as session:
            overdue = sa.update(OrderRow).where(OrderRow.brand_id == brand.id, OrderRow.id == twins.unpaid_id)
            late = overdue.values(pay_by=session.now - timedelta(seconds=1))
            await session.execute(late.execution_options(synchronize_session=False))
    assert await orders.cancel_due(runtime, twins.scene.brand) == 1
    assert await purchase.state_of(database, twins.scene.brand, twins.unpaid_id) == "CANCELLED"
    assert await purchase.state_of(database, twins.twin, twins.unpaid_id) == "PENDING_PAYMENT"
