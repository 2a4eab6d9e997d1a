"""The demo brand in three days: loaded through the services, resumed after a break, left alone when whole."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.boss.founding import root_and_owner
from app.customers.models import CustomerRow, TouchpointRow
from app.demo import dataset, goods_rounds, month, toolbox
from app.demo.goods import GOODS
from app.employees.models import EmployeeRow, StoreRow
from app.marketing.models import CouponRow, CouponTemplateRow, MaterialRow, ShareRow
from app.marketing.values import MaterialKind
from app.platform import clock
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand
from app.platform.runtime import Runtime
from app.products.models import ProductRow, ShopRow
from app.trade import quotation_reads, reconciliation
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceRow
from app.trade.models import AfterSaleRow, OrderRow, PaymentRow, RefundRow
from app.verify import checks
from app.worker import business_jobs, make_relay

pytestmark = pytest.mark.xdist_group("demo")


class Interrupted(Exception):
    """The power went."""


async def load(runtime: Runtime) -> Brand:
    await dataset.load(runtime, make_relay(runtime), business_jobs())
    runtime.database.forget_everything()
    brand = await runtime.database.brand_by_code(dataset.CODE)
    assert brand is not None
    return brand


async def counts(runtime: Runtime, brand: Brand) -> dict[str, int]:
    kinds = (CustomerRow, EmployeeRow, StoreRow, ProductRow, ShopRow, OrderRow, TouchpointRow, MaterialRow, ShareRow)
    async with runtime.database.reading(brand) as session:
        return {
            kind.__tablename__: await session.scalar(
                sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == brand.id)
            )
            or 0
            for kind in kinds
        }


def interrupt_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the load in the middle of its step number `steps`, after the work and before the commit."""
    whole, done = dataset._Loader._step, 0

    async def step(self: Any, name: str, at: Any, work: Any) -> Any:
        nonlocal done
        done += 1
        if done != steps:
            return await whole(self, name, at, work)

        async def broken(session: Any) -> Any:
            await work(session)
            raise Interrupted

        return await whole(self, name, at, broken)

    monkeypatch.setattr(dataset._Loader, "_step", step)


async def test_demo_is_resumed_where_it_broke_and_loaded_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month, "DAYS", 3)
    monkeypatch.setattr(month, "CUSTOMERS", 12)
    planned = list(month.visits())
    for broken_at in (40, 110):
        with monkeypatch.context() as patch:
            interrupt_after(broken_at, patch)
            with pytest.raises(Interrupted):
                await load(runtime)
    brand = await load(runtime)

    found = await counts(runtime, brand)
    assert found == {
        "customer": 12,
        "employee": 1 + 2 + 24,
        "store": 6,
        "product": len(GOODS),
        "shop": 24,
        "orders": sum(visit.basket is not None for visit in planned) + 1,
        # A guide gives the coupon that is redeemed.
        "touchpoint": len(planned) + sum(toolbox.OPENINGS) + 1,
        "material": len(MaterialKind),
        "share": toolbox.SHARERS,
    }
    assert not brand.is_simulated
    assert await coupons_of(runtime, brand) == (
        3,
        sum(visit.is_first and visit.takes_marketing for visit in planned) + 1,
    )
    wrong = {name: lines for name, lines in (await checks.violations(runtime, brand)).items() if lines}
    assert wrong == {}
    async with runtime.database.reading(brand) as session:
        await root_and_owner(session)
        states = dict(
            (
                await session.execute(
                    sa.select(OrderRow.state, sa.func.count())
                    .where(OrderRow.brand_id == brand.id)
                    .group_by(OrderRow.state)
                )
            ).all()
        )
        last = await session.scalar(sa.select(sa.func.max(OrderRow.placed_at)).where(OrderRow.brand_id == brand.id))
    at_the_end = states_at_the_end(planned, days=3)
    # An order of a single piece, whose refund the last day tells of.
    # Beside them the quotation that was accepted and paid waits to be sent.
    assert states == at_the_end + Counter(CLOSED=1)
    assert last is not None
    assert last < clock.utc_now() - timedelta(hours=1)

    assert await quotation_states(runtime, brand) == {"OPEN": 1, "EXPIRED": 1, "ACCEPTED": 1}
    # Sales in the store are with their customers at once, so that goods come back within the first days.
    told = {"REQUESTED": 2, "APPROVED": 1, "RETURNING": 1, "REFUNDED": 1, "REJECTED": 1}
    assert await after_sale_states(runtime, brand) == told
    assert await invoices_of(runtime, brand) == {"REQUESTED": 1, "ISSUED": 2, "BLUE ISSUED": 2, "RED ISSUED": 1}
    await assert_reconciled(runtime, brand, monkeypatch)

    assert await load(runtime) == brand
    assert await counts(runtime, brand) == found
    assert f"/s/{await first_slug(runtime, brand)}" in await dataset.where_to_look(runtime)


async def quotation_states(runtime: Runtime, brand: Brand) -> dict[str, int]:
    """How many quotations stand where now, as headquarters reads them."""
    headquarters = Actor(kind=ActorKind.EMPLOYEE, role="HEADQUARTERS")
    async with runtime.database.reading(brand) as session:
        return dict(Counter(view.state for view in await quotation_reads.page(session, headquarters, limit=9)))


async def invoices_of(runtime: Runtime, brand: Brand) -> dict[str, int]:
    """Requests by their state, and documents by their kind and state."""
    kind = sa.func.concat(InvoiceDocumentRow.kind, " ", InvoiceDocumentRow.state)
    async with runtime.database.reading(brand) as session:
        found: Counter[str] = Counter()
        for label, row in ((InvoiceRow.state, InvoiceRow), (kind, InvoiceDocumentRow)):
            counted = sa.select(label, sa.func.count()).where(row.brand_id == brand.id).group_by(sa.text("1"))
            found.update({str(name): number for name, number in await session.execute(counted)})
        return dict(found)


async def coupons_of(runtime: Runtime, brand: Brand) -> tuple[int, int]:
    """Templates and coupons."""
    async with runtime.database.reading(brand) as session:
        found = [
            await session.scalar(sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == brand.id))
            for kind in (CouponTemplateRow, CouponRow)
        ]
    return found[0] or 0, found[1] or 0


def states_at_the_end(planned: list[month.Visit], *, days: int) -> Counter[str]:
    """How many orders stand where when the last day is closed: by what was planned, and by time."""
    found: Counter[str] = Counter()
    for visit in planned:
        if visit.basket is None:
            continue
        if visit.basket.outcome != month.PAID:
            found["CANCELLED"] += 1
            continue
        road, last = goods_rounds.road(visit), days - 1
        if road.is_taken:
            found["COMPLETED" if visit.day + 7 <= last else "DELIVERED"] += 1
            continue
        if road.arrives_on is not None and road.arrives_on <= last:
            fetched_long_ago = road.arrives_on + 7 <= last
            found["COMPLETED" if road.store is None or fetched_long_ago else "DELIVERED"] += 1
        elif road.leaves_on > last:
            found["PAID"] += 1
        elif road.store is not None:
            found["READY_FOR_PICKUP"] += 1
        else:
            # A round leaves in the morning, a day is closed late in the evening: the tenth day later is enough.
            received_on = road.leaves_on + 10
            steps = ["SHIPPED", "DELIVERED", "COMPLETED"]
            found[steps[(received_on <= last) + (received_on + 7 <= last)]] += 1
    return found


def test_a_month_ends_with_most_orders_over_and_some_of_every_kind_under_way() -> None:
    found = states_at_the_end(list(month.visits()), days=month.DAYS)
    paid = found.total() - found["CANCELLED"]
    assert found["COMPLETED"] > paid / 2
    for state in ("PAID", "SHIPPED", "DELIVERED", "READY_FOR_PICKUP"):
        assert found[state] >= 3, found


async def after_sale_states(runtime: Runtime, brand: Brand) -> dict[str, int]:
    async with runtime.database.reading(brand) as session:
        rows = await session.execute(
            sa.select(AfterSaleRow.state, sa.func.count())
            .where(AfterSaleRow.brand_id == brand.id)
            .group_by(AfterSaleRow.state)
        )
        return {row[0]: row[1] for row in rows}


async def assert_reconciled(runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox provider has all of the demo's money in its book, and nothing else."""
    now = clock.utc_now() + timedelta(hours=3)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "utc_now", lambda: now)
        assert await reconciliation.reconcile(runtime, brand) == 0
    async with runtime.database.reading(brand) as session:
        assert await reconciliation.open_differences(session) == 0
        for kind in (PaymentRow, RefundRow):
            waiting = sa.select(sa.func.count()).where(
                kind.brand_id == brand.id,
                kind.state.in_(["SUCCEEDED", "REFUNDED"]),
                kind.reconciled_at.is_(None),
            )
            assert await session.scalar(waiting) == 0


@pytest.mark.full
async def test_two_programs_that_load_at_once_make_one_demo_and_the_slower_one_turns_no_clock_back(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(month, "DAYS", 2)
    monkeypatch.setattr(month, "CUSTOMERS", 6)
    monkeypatch.setattr(dataset, "CODE", "demo-twice")
    brand, same = await asyncio.gather(load(runtime), load(runtime))
    assert (brand, brand.is_simulated) == (same, False)
    found = await counts(runtime, brand)
    # A guide gives the coupon that is redeemed.
    visited = len(list(month.visits())) + sum(toolbox.OPENINGS) + 1
    assert (found["touchpoint"], found["employee"]) == (visited, 1 + 2 + 24)

    slower = dataset._Loader(runtime, make_relay(runtime), business_jobs(), brand)
    await slower._close_day(clock.utc_now() - timedelta(days=9), 0)
    assert await load(runtime) == brand


async def first_slug(runtime: Runtime, brand: Brand) -> str:
    async with runtime.database.reading(brand) as session:
        slug = await session.scalar(
            sa.select(ShopRow.slug)
            .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == brand.id, EmployeeRow.id == ShopRow.employee_id))
            .where(ShopRow.brand_id == brand.id, EmployeeRow.employee_number == "G001")
        )
    return str(slug)


def test_a_month_is_the_same_each_time_and_shows_every_customer_and_outcome() -> None:
    planned = list(month.visits())
    assert planned == list(month.visits())
    assert {visit.customer for visit in planned} == set(range(month.CUSTOMERS))
    assert sum(visit.is_first for visit in planned) == month.CUSTOMERS
    assert {visit.basket.outcome for visit in planned if visit.basket} == {"PAID", "CANCELLED", "LEFT"}
    assert [(v.day, v.minute) for v in planned] == sorted((v.day, v.minute) for v in planned)
    assert max(visit.day for visit in planned) == month.DAYS - 1
