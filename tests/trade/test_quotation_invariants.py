"""Each invariant of quotations finds what breaks it, and nothing else does."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.marketing.models import CodeRow
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.trade import quotation_invariants
from app.trade.models import OrderLineRow, OrderRow
from app.trade.quotation_models import QuotationLineRow, QuotationRow
from tests import factories
from tests.factories import Scene
from tests.marketing.couponing import guide_actor
from tests.trade import purchase, quoting

Break = Callable[[BrandSession, UUID, UUID, UUID], Awaitable[None]]
OTHER = object()
"""The other guide's id."""
LINES, TIMES, CODES, ORDERS = quotation_invariants.CHECKS


def changed(table: Any, key: str, **values: Any) -> Break:
    """A change behind the services' backs to the one row of a table whose column is the quotation's id, or its order's.

    What is append-only cannot be changed: there a line is added.
    """

    async def work(session: BrandSession, quotation_id: UUID, order_id: UUID, other_id: UUID) -> None:
        own = order_id if table is OrderRow else quotation_id
        given = {name: other_id if value is OTHER else value for name, value in values.items()}
        done = await session.execute(
            sa.update(table)
            .where(table.brand_id == session.brand_id, getattr(table, key) == own)
            .values(**given)
            .execution_options(synchronize_session=False)
        )
        assert done.rowcount == 1  # type: ignore[attr-defined]

    return work


async def add_a_line(session: BrandSession, quotation_id: UUID, order_id: UUID, other_id: UUID) -> None:
    line = sa.select(OrderLineRow.__table__).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
    )
    row = dict((await session.execute(line)).mappings().one())
    await session.execute(
        sa.insert(OrderLineRow).values(row | {"id": session.new_id(), "position": 1, "unit_price_minor": 1})
    )


async def promise_more(session: BrandSession, quotation_id: UUID, order_id: UUID, other_id: UUID) -> None:
    _, (sku_id,) = await factories.make_product(session)
    line = sa.select(QuotationLineRow.__table__).where(
        QuotationLineRow.brand_id == session.brand_id, QuotationLineRow.quotation_id == quotation_id
    )
    row = dict((await session.execute(line)).mappings().one())
    await session.execute(sa.insert(QuotationLineRow).values(row | {"position": 1, "sku_id": sku_id}))


BROKEN: list[tuple[str, Break, set[str]]] = [
    ("another sum", changed(QuotationRow, "id", subtotal_minor=1), {LINES, ORDERS}),
    ("good for too long", changed(QuotationRow, "id", expires_at=sa.text("created_at + interval '31 days'")), {LINES}),
    ("ended before it began", changed(QuotationRow, "id", ended_at=sa.text("created_at - interval '1 day'")), {TIMES}),
    ("a code of the shop", changed(CodeRow, "target_id", kind="SHOP"), {CODES}),
    ("a code that leads elsewhere", changed(CodeRow, "target_id", target_id=UUID(int=1)), {CODES}),
    ("another guide's", changed(QuotationRow, "id", guide_id=OTHER), {CODES, ORDERS}),
    ("another line promised", promise_more, {LINES, ORDERS}),
    ("another line ordered", add_a_line, {ORDERS}),
    ("an order without its code", changed(OrderRow, "id", code_id=None), {ORDERS}),
    ("open with an order", changed(QuotationRow, "id", state="EXPIRED", order_id=None), {TIMES}),
]


@pytest.mark.parametrize(("name", "spoil", "found_by"), BROKEN, ids=[name for name, _, _ in BROKEN])
async def test_planted_fault_is_found_by_its_checks_alone(
    runtime: Runtime, scene: Scene, name: str, spoil: Break, found_by: set[str]
) -> None:
    database = runtime.database
    quotation_id = await quoting.quote(database, scene, guide_actor(scene))
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await quoting.accept(database, scene.brand, buyer, quotation_id)
    async with database.transaction(scene.brand) as session:
        assert [await check(session) for check in quotation_invariants.CHECKS.values()] == [[], [], [], []]
        await spoil(session, quotation_id, order_id, scene.other_guide.employee_id)
        found = {name for name, check in quotation_invariants.CHECKS.items() if await check(session)}
    assert found == found_by


async def test_open_one_that_says_so_after_its_end_and_one_that_is_over_are_sound(
    runtime: Runtime, scene: Scene
) -> None:
    quotation_id = await quoting.quote(runtime.database, scene, guide_actor(scene))
    async with runtime.database.reading(scene.brand) as session:
        later = session.now + timedelta(days=60)
    async with runtime.database.reading(scene.brand, now=later) as session:
        assert [await check(session) for check in quotation_invariants.CHECKS.values()] == [[], [], [], []]
    assert (await quoting.row(runtime.database, scene.brand, quotation_id)).state == "OPEN"
