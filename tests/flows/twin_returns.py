"""After-sales, and the provider's book, in a story of two brands: what is asked for, sent back, refunded, compared."""

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import holds
from app.commission.models import LineHoldRow
from app.commission.values import Decision
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.platform.models import SandboxChargeRow
from app.platform.runtime import Runtime
from app.products import reads as products
from app.trade import (
    after_sale_decisions,
    after_sale_reads,
    after_sales,
    charges,
    moves,
    orders,
    payments,
    receipts,
    reconciliation,
    refunds,
    shipments,
)
from app.trade import reads as trade
from app.trade.basket import Address
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.values import AfterSaleKind, AfterSaleState, LineRequest, OrderEvent, ProviderName
from tests import factories
from tests.trade import purchase, returns

if TYPE_CHECKING:
    from tests.flows.twins import Tale

PIECES = 12


async def release(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """A little of the paid order is being refunded, a return of another is under way; what is due becomes payable."""
    now, ids = session.now, tale.ids
    ids["after_sale"] = await ask(session, tale, "paid", AfterSaleKind.REFUND_ONLY, amount_minor=1_000)
    await decide(session, tale, ids["after_sale"])
    ids["returned"] = await buy(session, tale, PIECES)
    await deliver(session, ids["returned"])
    for name in ("return", "asked"):
        ids[name] = await ask(session, tale, "returned", AfterSaleKind.RETURN_AND_REFUND)
    await decide(session, tale, ids["return"])
    await session.execute(sa.update(LineHoldRow).where(LineHoldRow.brand_id == session.brand_id).values(due_at=now))
    assert await holds.release(session) >= 1


async def compare_books(runtime: Runtime, tale: "Tale") -> None:
    """The provider knows nothing of the story's payments; then it does, and both books agree."""
    assert await reconciliation.reconcile(runtime, tale.brand) >= 2
    await settle_all(runtime, tale)
    await reconciliation.reconcile(runtime, tale.brand)


async def settle_all(runtime: Runtime, tale: "Tale") -> None:
    """Give the provider whatever the story booked without it."""
    async with runtime.database.reading(tale.brand) as session:
        paid = await session.scalars(
            sa.select(PaymentRow.id).where(
                PaymentRow.brand_id == tale.brand.id,
                PaymentRow.state.in_(["SUCCEEDED", "REFUNDED"]),
                PaymentRow.reconciled_at.is_(None),
            )
        )
        ids = paid.all()
    for payment_id in ids:
        await settle(runtime, tale, payment_id)


async def settle(runtime: Runtime, tale: "Tale", payment_id: UUID) -> None:
    """Give the provider a payment's money, half an hour ago: the clock of the twins stands still."""
    await charges.settle(runtime, tale.brand, payment_id)
    number = await purchase.number_of(runtime.database, tale.brand, payment_id)
    async with runtime.database.directory() as session:
        charge = sa.update(SandboxChargeRow).where(SandboxChargeRow.number == number)
        await session.execute(charge.values(confirmed_at=clock.utc_now() - timedelta(minutes=30)))


# --- steps


async def buy(session: BrandSession, tale: "Tale", pieces: int) -> UUID:
    """A paid order of the customer."""
    shop = await products.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    order_id = await orders.place(
        session,
        tale.customer(),
        shop=shop,
        lines=[LineRequest(tale.ids["sku_of_product"], pieces)],
        address=Address(**factories.ADDRESS),
        now=session.now,
    )
    payment_id = await payments.start(
        session, tale.customer(), order_id=order_id, provider=ProviderName.SANDBOX, now=session.now
    )
    await book(session, payment_id)
    return order_id


async def book(session: BrandSession, payment_id: UUID) -> None:
    (facts,) = await payments.payment_facts(session, PaymentRow.id == payment_id)
    await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id=f"T-{payment_id.hex}",
        amount_minor=facts.amount_minor,
        now=session.now,
    )


async def deliver(session: BrandSession, order_id: UUID) -> None:
    await shipments.ship(session, SYSTEM, order_id=order_id, now=session.now)
    order = await moves.lock_order(session, OrderRow.id == order_id)
    assert order is not None
    await receipts.receive(session, order, OrderEvent.DELIVER, actor=SYSTEM, now=session.now)


async def ask(session: BrandSession, tale: "Tale", order: str, kind: AfterSaleKind, **more: Any) -> UUID:
    [line, *_] = (await trade.lines_of_orders(session, [tale.ids[order]]))[tale.ids[order]]
    return await after_sales.request(
        session,
        tale.customer(),
        line_id=line.id,
        quantity=1,
        kind=kind,
        reason=f"{tale.mark}不合适",
        now=session.now,
        **more,
    )


async def decide(
    session: BrandSession, tale: "Tale", after_sale_id: UUID, decision: Decision = Decision.APPROVE
) -> None:
    await after_sale_decisions.decide(
        session, tale.owner, after_sale_id=after_sale_id, decision=decision, comment=f"{tale.mark}好", now=session.now
    )


# --- what is done in one brand beside its twin


async def go_through_after_sales(runtime: Runtime, tale: "Tale") -> None:
    """One sent back and received, one given up, one rejected, one refused by the provider and tried again, one due."""
    database, buyer = runtime.database, tale.customer()
    now = clock.utc_now()
    async with database.transaction(tale.brand, now=now) as session:
        tale.ids["more"] = await buy(session, tale, 6)
        await deliver(session, tale.ids["more"])
        sent, gone, rejected, due = [
            await ask(session, tale, "more", AfterSaleKind.RETURN_AND_REFUND) for _ in range(4)
        ]
        failed = await ask(session, tale, "more", AfterSaleKind.REFUND_ONLY, amount_minor=100)
        await decide(session, tale, sent)
        await after_sales.ship_return(
            session, buyer, after_sale_id=sent, carrier="顺丰", tracking_number="SF1", now=now
        )
        await after_sale_decisions.receive(session, tale.owner, after_sale_id=sent, is_restocked=True, now=now)
        await after_sales.withdraw(session, buyer, after_sale_id=gone, now=now)
        await decide(session, tale, rejected, Decision.REJECT)
        await decide(session, tale, failed)
        await returns.make_overdue(session, due)
    # The provider has no such charge, so it refuses; then it is heard to have paid.
    async with database.reading(tale.brand) as session:
        rows = await session.scalars(
            sa.select(RefundRow.id)
            .where(RefundRow.brand_id == tale.brand.id, RefundRow.order_id == tale.ids["more"])
            .order_by(RefundRow.id)
        )
        ids = rows.all()
    assert [await refunds.pay_back(runtime, tale.brand, refund_id) for refund_id in ids] == [False, False]
    async with database.transaction(tale.brand, now=now) as session:
        await after_sale_decisions.retry_refund(session, tale.owner, after_sale_id=failed, now=now)
        assert [await refunds.book_success(session, refund_id=refund_id, now=now) for refund_id in ids] == [True, True]
    assert await after_sale_decisions.act_when_due(runtime, tale.brand) >= 1


async def hear_late(runtime: Runtime, tale: "Tale") -> None:
    """The provider's book tells of a payment that nobody told us of."""
    now = clock.utc_now()
    async with runtime.database.transaction(tale.brand, now=now) as session:
        shop = await products.shop_facts(session, tale.ids["shop_of_guide"])
        assert shop is not None
        order_id = await orders.place(
            session,
            tale.customer(),
            shop=shop,
            lines=[LineRequest(tale.ids["sku_of_product"], 1)],
            address=Address(**factories.ADDRESS),
            now=now,
        )
        payment_id = await payments.start(
            session, tale.customer(), order_id=order_id, provider=ProviderName.SANDBOX, now=now
        )
    await settle_all(runtime, tale)
    await settle(runtime, tale, payment_id)
    assert await reconciliation.reconcile(runtime, tale.brand) >= 1
    assert await purchase.state_of(runtime.database, tale.brand, order_id) == "PAID"


# --- what is read


async def views(session: BrandSession, tale: "Tale") -> Any:
    found = await after_sale_reads.after_sales_by_id(
        session, tale.customer(), [tale.ids[name] for name in ("after_sale", "return", "asked")]
    )
    assert len(found) == 3
    return {key: dataclasses.asdict(view) for key, view in found.items()}


async def return_address(session: BrandSession, tale: "Tale") -> Any:
    view = (await after_sale_reads.after_sales_by_id(session, tale.owner, [tale.ids["return"]]))[tale.ids["return"]]
    return await after_sale_reads.return_address(session, view)


async def compared(session: BrandSession, tale: "Tale") -> Any:
    """Nothing differs any more, said as something."""
    return ["differences", await reconciliation.open_differences(session)]


READS: dict[str, Any] = {
    "after-sales by id": views,
    "after-sales of orders": lambda s, t: after_sale_reads.after_sales_of_orders(s, t.owner, [t.ids["returned"]]),
    "after-sales": lambda s, t: after_sale_reads.after_sale_page(s, t.owner, limit=50),
    "after-sales that wait": lambda s, t: after_sale_reads.after_sale_page(
        s, t.owner, states=[AfterSaleState.REQUESTED, AfterSaleState.APPROVED], limit=50
    ),
    "number of after-sales": lambda s, t: after_sale_reads.after_sale_count(s, t.owner),
    "return address": return_address,
    "standings": lambda s, t: after_sale_reads.standings(s, [t.ids[name] for name in ("paid", "returned", "waiting")]),
    "orders with open after-sales": lambda s, t: after_sale_reads.orders_with_open_after_sale(
        s, [t.ids[name] for name in ("paid", "returned", "waiting")]
    ),
    "whether an after-sale is open": lambda s, t: after_sale_reads.has_open_after_sale(s, t.ids["returned"]),
    "whether pieces are left": lambda s, t: after_sale_reads.has_pieces_left(s, t.ids["returned"]),
    "differences": compared,
}
