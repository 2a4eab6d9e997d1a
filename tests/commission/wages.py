"""A brand whose guides have earned something, the steps of a withdrawal, and what is left behind by them."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.boss import founding
from app.commission import holds, invariants, ledger, payouts, reversals, sales, withdrawal_invariants, withdrawals
from app.commission.models import LineHoldRow, ShareRow, WithdrawalMoveRow, WithdrawalRow
from app.commission.values import (
    AccountKind,
    CommissionKind,
    Decision,
    LedgerEvent,
    PartyKind,
    ShareRole,
    WithdrawalState,
)
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.models import OutboxRow, SandboxPayoutRow
from app.platform.runtime import Runtime
from tests import factories
from tests.commission.market import Market, buy, make_customer, make_market

DAY = timedelta(days=1)


@dataclasses.dataclass(slots=True)
class Office:
    """A market with one of headquarters' people for finance. `lines`: every line sold, (order id, line id)."""

    runtime: Runtime
    market: Market
    finance: Actor
    lines: list[tuple[UUID, UUID]] = dataclasses.field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.runtime.database

    @property
    def guide(self) -> Actor:
        return self.guide_actor(0)

    def guide_actor(self, number: int, **more: Any) -> Actor:
        return employee(self.market.guides[number].employee_id, **{"role": "GUIDE"} | more)


def employee(employee_id: UUID, **more: Any) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id, **more)


async def make_office(runtime: Runtime) -> Office:
    market = await make_market(runtime.database)
    async with runtime.database.transaction(market.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        made = await factories.make_employee(
            session, role="HEADQUARTERS", org_unit_id=root_id, functions=("FINANCE",), display_name="账房"
        )
    finance = employee(made.employee_id, role="HEADQUARTERS", functions=frozenset({"FINANCE"}))
    return Office(runtime, market, finance)


async def sell(office: Office, *amounts: int, guide: int = 0) -> UUID:
    """A paid order of the guide's shop; a tenth of each amount is the guide's commission, held for seven days."""
    async with office.database.transaction(office.market.brand) as session:
        order_id, _ = await buy(
            session,
            office.market,
            customer_id=await make_customer(session),
            shop_of=office.market.guides[guide],
            amounts=amounts,
        )
        await sales.book_paid(session, order_id=order_id, now=session.now)
        rows = await session.execute(
            sa.select(LineHoldRow.line_id)
            .where(LineHoldRow.brand_id == session.brand_id, LineHoldRow.sale_id == order_id)
            .order_by(LineHoldRow.line_id)
        )
        office.lines += [(order_id, line_id) for line_id in rows.scalars()]
    return order_id


async def release(office: Office, order_id: UUID | None = None) -> int:
    """What is held falls due and is released; of one order, or all."""
    async with office.database.transaction(office.market.brand) as session:
        is_meant = [] if order_id is None else [LineHoldRow.sale_id == order_id]
        await session.execute(
            sa.update(LineHoldRow)
            .where(LineHoldRow.brand_id == session.brand_id, *is_meant)
            .values(due_at=session.now)
            .execution_options(synchronize_session=False)
        )
        return await holds.release(session)


async def earn(office: Office, *amounts: int, guide: int = 0) -> UUID:
    """Payable commission: a tenth of each amount, an entry each."""
    order_id = await sell(office, *amounts, guide=guide)
    await release(office, order_id)
    return order_id


async def grant(session: BrandSession, party_id: UUID, amount_minor: int) -> UUID:
    """A bonus that is payable at once, where no sale is wanted; gives the entry's id."""
    entry_id = session.new_id()
    values = dict.fromkeys(("sale_id", "line_id", "rule_id", "reverses_id"))
    await session.execute(
        sa.insert(ShareRow).values(
            brand_id=session.brand_id,
            id=entry_id,
            kind=CommissionKind.BONUS.value,
            role=ShareRole.MANAGER.value,
            party_kind=PartyKind.EMPLOYEE.value,
            party_id=party_id,
            performance_bp=0,
            performance_minor=0,
            rate_bp=0,
            amount_minor=amount_minor,
            booked_at=session.now,
            booked_on=session.brand.day_of(session.now),
            **values,
        )
    )
    steps = (
        (AccountKind.COMMISSION_EXPENSE, LedgerEvent.PLACED),
        (AccountKind.ESTIMATED, LedgerEvent.PAID),
        (AccountKind.HELD, LedgerEvent.RELEASED),
    )
    for standing, event in steps:
        postings = ledger.postings_for(
            session, event, entry_id=entry_id, party_id=party_id, standing=standing, amount_minor=amount_minor
        )
        await ledger.post(session, postings, now=session.now)
    return entry_id


async def refund(office: Office, line: tuple[UUID, UUID], refund_minor: int) -> None:
    async with office.database.transaction(office.market.brand) as session:
        await reversals.reverse(
            session,
            sale_id=line[0],
            line_id=line[1],
            after_sale_id=session.new_id(),
            refund_minor=refund_minor,
            now=session.now,
        )


async def ask(office: Office, amount_minor: int, *, actor: Actor | None = None) -> UUID:
    async with office.database.transaction(office.market.brand) as session:
        return await withdrawals.request(session, actor or office.guide, amount_minor=amount_minor, now=session.now)


async def decide(
    office: Office,
    withdrawal_id: UUID,
    decision: Decision = Decision.APPROVE,
    *,
    actor: Actor | None = None,
    comment: str | None = None,
) -> None:
    async with office.database.transaction(office.market.brand) as session:
        await withdrawals.decide(
            session,
            actor or office.finance,
            withdrawal_id=withdrawal_id,
            decision=decision,
            comment=comment,
            now=session.now,
        )


async def approved(office: Office, amount_minor: int) -> UUID:
    withdrawal_id = await ask(office, amount_minor)
    await decide(office, withdrawal_id)
    return withdrawal_id


async def row(office: Office, withdrawal_id: UUID) -> Any:
    async with office.database.reading(office.market.brand) as session:
        rows = sa.select(WithdrawalRow).where(
            WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.id == withdrawal_id
        )
        return (await session.execute(rows)).scalar_one()


async def state(office: Office, withdrawal_id: UUID) -> WithdrawalState:
    return WithdrawalState((await row(office, withdrawal_id)).state)


async def history(office: Office, withdrawal_id: UUID) -> list[str]:
    async with office.database.reading(office.market.brand) as session:
        rows = await session.scalars(
            sa.select(WithdrawalMoveRow.event)
            .where(WithdrawalMoveRow.brand_id == session.brand_id, WithdrawalMoveRow.withdrawal_id == withdrawal_id)
            .order_by(WithdrawalMoveRow.id)
        )
        return list(rows)


async def balance(office: Office, *, guide: int = 0) -> dict[AccountKind, int]:
    """What a guide has where, without what is zero."""
    party_id = office.market.guides[guide].employee_id
    async with office.database.reading(office.market.brand) as session:
        found = (await ledger.balances(session, party_ids=[party_id])).get(party_id, {})
    return {account: amount for account, amount in found.items() if amount}


async def events(office: Office, kind: str) -> list[dict[str, Any]]:
    async with office.database.reading(office.market.brand) as session:
        rows = await session.scalars(
            sa.select(OutboxRow.payload)
            .where(OutboxRow.brand_id == session.brand_id, OutboxRow.kind == kind)
            .order_by(OutboxRow.id)
        )
        return list(rows)


async def sent(office: Office) -> dict[str, int]:
    """What the sandbox's book says was accepted for the brand: amounts by number."""
    async with office.database.directory() as session:
        rows = await session.execute(
            sa.select(SandboxPayoutRow.number, SandboxPayoutRow.amount_minor).where(
                SandboxPayoutRow.payer == str(office.market.brand.id)
            )
        )
        return {found.number: found.amount_minor for found in rows}


def with_faults(runtime: Runtime, **faults: Any) -> Runtime:
    """A runtime whose sandbox pays out badly."""
    changes = {f"sandbox_payout_{name}": value for name, value in faults.items()}
    return dataclasses.replace(runtime, settings=runtime.settings.model_copy(update=changes))


async def let_look(office: Office) -> None:
    """Everything that is under way may be looked after now."""
    async with office.database.transaction(office.market.brand) as session:
        await session.execute(
            sa.update(WithdrawalRow)
            .where(WithdrawalRow.brand_id == session.brand_id, WithdrawalRow.query_at.is_not(None))
            .values(query_at=session.now)
            .execution_options(synchronize_session=False)
        )


async def broken(session: BrandSession) -> dict[str, list[str]]:
    checks = {**invariants.CHECKS, **withdrawal_invariants.CHECKS}
    return {name: found for name, check in checks.items() if (found := await check(session))}


async def assert_sound(office: Office) -> None:
    async with office.database.reading(office.market.brand) as session:
        assert await broken(session) == {}


async def send(office: Office, withdrawal_id: UUID, **faults: Any) -> bool:
    """What the approval's event does."""
    runtime = with_faults(office.runtime, **faults)
    return await payouts.send(runtime, office.market.brand, withdrawal_id, after_tries=0)


async def look(office: Office, **faults: Any) -> int:
    """The job, with everything due."""
    await let_look(office)
    return await payouts.look_after(with_faults(office.runtime, **faults), office.market.brand)


class Watch:
    """The wall clock, in the hand of a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def turn(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
