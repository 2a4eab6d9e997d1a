"""What comes back, and what is paid out, by the services; see `complete_journey_afterwards` for what it means."""

import asyncio
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from app.boss import founding
from app.commission import ledger, payouts, withdrawals
from app.commission.models import WithdrawalRow
from app.commission.values import AccountKind, Decision, WithdrawalState
from app.commission.withdrawal_rules import MOST_TRIES
from app.employees.models import EmployeeRow
from app.employees.values import Role
from app.imports import complete_journey_visits as visits
from app.imports.complete_journey_afterwards import REASON, Return
from app.imports.complete_journey_setup import CODE, Shopper
from app.platform import clock, idempotency
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.products.models import SkuRow
from app.trade import after_sale_decisions, after_sales, refunds
from app.trade.models import AfterSaleRow, OrderLineRow, PaymentRow, RefundRow
from app.trade.values import AfterSaleKind


async def owner(session: BrandSession) -> Actor:
    """The brand's owner, who decides."""
    _, employee_id = await founding.root_and_owner(session)
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id, role=Role.OWNER.value)


async def done(session: BrandSession) -> frozenset[int]:
    """The baskets of which something has come back already. One statement."""
    numbers = await session.scalars(
        sa.select(PaymentRow.transaction_id)
        .distinct()
        .join(
            AfterSaleRow,
            sa.and_(AfterSaleRow.brand_id == PaymentRow.brand_id, AfterSaleRow.order_id == PaymentRow.order_id),
        )
        .where(
            PaymentRow.brand_id == session.brand_id,
            AfterSaleRow.brand_id == session.brand_id,
            PaymentRow.transaction_id.startswith(visits.PREFIX, autoescape=True),
        )
    )
    return frozenset(visits.basket_id_of(number) for number in numbers if number is not None)


async def bring_back(session: BrandSession, *, coming: Return, shopper: Shopper, owner: Actor) -> None:
    """A household brings lines of a basket back; `session.now` is when. Done twice it is done once."""
    key = f"{visits.PREFIX}{coming.basket.basket_id}:returned"
    if await idempotency.claim(session, principal="import", operation=CODE, key=key, body="return") is not None:
        return
    lines = await _lines(session, coming)
    for line, pieces in coming.lines:
        after_sale_id = await after_sales.request(
            session,
            visits.customer(shopper),
            line_id=lines[str(line.product_id)],
            quantity=pieces,
            kind=AfterSaleKind.RETURN_AND_REFUND,
            reason=REASON,
            now=session.now,
        )
        await after_sale_decisions.decide(
            session, owner, after_sale_id=after_sale_id, decision=Decision.APPROVE, now=session.now
        )
        await after_sale_decisions.receive(
            session, owner, after_sale_id=after_sale_id, is_restocked=True, now=session.now
        )
        refund_id = await session.scalar(
            sa.select(RefundRow.id).where(
                RefundRow.brand_id == session.brand_id, RefundRow.after_sale_id == after_sale_id
            )
        )
        if refund_id is not None:
            # The till has given the money back: its word is taken, as it was for the payment.
            await refunds.book_success(session, refund_id=refund_id, now=session.now)


async def pay_out(database: Database, brand: Brand, settings: Settings) -> int:
    """Every guide asks for all that is payable to him, and the owner approves; gives how many withdrawals."""
    async with database.reading(brand) as session:
        decides, asking = await owner(session), await _payable(session, settings.withdrawal_minimum_minor)
    for employee_id, amount_minor in asking:

        async def work(
            session: BrandSession, employee_id: UUID = employee_id, amount_minor: int = amount_minor
        ) -> None:
            guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id, role=Role.GUIDE.value)
            withdrawal_id = await withdrawals.request(session, guide, amount_minor=amount_minor, now=session.now)
            await withdrawals.decide(
                session, decides, withdrawal_id=withdrawal_id, decision=Decision.APPROVE, now=session.now
            )

        await database.run(brand, work)
    return len(asking)


async def settle(runtime: Runtime, brand: Brand) -> None:
    """See payouts through that a kill has cut off on their way.

    Whether the provider was asked is not known: it is asked anew once it can no longer accept what was sent before,
    by the wall clock, on which it lives.
    """
    for _ in range(MOST_TRIES):
        async with runtime.database.reading(brand) as session:
            rows = await session.execute(
                sa.select(WithdrawalRow.id, WithdrawalRow.accept_by).where(
                    WithdrawalRow.brand_id == brand.id,
                    WithdrawalRow.state.in_([WithdrawalState.APPROVED.value, WithdrawalState.IN_PAYOUT.value]),
                )
            )
            under_way = {row.id: row.accept_by for row in rows}
        if not under_way:
            return
        wall = clock.utc_now()
        waits = [(accept_by - wall).total_seconds() for accept_by in under_way.values() if accept_by is not None]
        await asyncio.sleep(max([0.0, *waits]) + 0.1)
        for withdrawal_id in under_way:
            await payouts.advance(runtime, brand, withdrawal_id)


async def _payable(session: BrandSession, least_minor: int) -> Collection[tuple[UUID, int]]:
    guides = await session.scalars(
        sa.select(EmployeeRow.id)
        .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.role == Role.GUIDE.value)
        .order_by(EmployeeRow.id)
    )
    party_ids = guides.all()
    found = await ledger.balances(session, party_ids=party_ids)
    payable = ((party_id, found.get(party_id, {}).get(AccountKind.PAYABLE, 0)) for party_id in party_ids)
    return [(party_id, amount_minor) for party_id, amount_minor in payable if amount_minor >= least_minor]


async def _lines(session: BrandSession, coming: Return) -> dict[str, UUID]:
    """The lines of the basket's order, by the data's product id. One statement."""
    rows = await session.execute(
        sa.select(SkuRow.code, OrderLineRow.id)
        .join(OrderLineRow, sa.and_(OrderLineRow.brand_id == SkuRow.brand_id, OrderLineRow.sku_id == SkuRow.id))
        .join(
            PaymentRow,
            sa.and_(PaymentRow.brand_id == OrderLineRow.brand_id, PaymentRow.order_id == OrderLineRow.order_id),
        )
        .where(
            SkuRow.brand_id == session.brand_id,
            OrderLineRow.brand_id == session.brand_id,
            PaymentRow.brand_id == session.brand_id,
            PaymentRow.transaction_id == f"{visits.PREFIX}{coming.basket.basket_id}",
        )
    )
    return {row.code: row.id for row in rows if row.code is not None}
