"""What must hold for commission at any time, checked on live data; each check names what breaks it."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.commission import evidence, ledger
from app.commission.ledger_rules import LEDGER_MOVES
from app.commission.models import (
    CandidateRow,
    LineHoldRow,
    PlanRow,
    PlanRuleRow,
    SaleLineRow,
    SaleRow,
    ShareRow,
    TransferRow,
)
from app.commission.rules import decide_attribution
from app.commission.values import AccountKind, CommissionKind, LedgerEvent, ShareRole
from app.customers.models import BindingPolicyRow
from app.customers.policies import POLICY_COLUMNS, policy_of
from app.platform.db import BrandSession
from app.platform.money import WHOLE_BP, portion_bp

CHUNK = 5_000
_OF_THE_WHOLE: Final = {LedgerEvent.PLACED, LedgerEvent.PAID, LedgerEvent.CANCELLED}
"""What happens to an entry before anything of it can have been refunded."""


async def trial_balance_is_zero(session: BrandSession) -> list[str]:
    """Debits equal credits, and every entry's money is all there."""
    found = await ledger.trial_balance(session)
    problems = [f"entry {entry_id}: the money is not whole" for entry_id in found.astray_entry_ids]
    if found.debits_minor != found.credits_minor:
        problems.append(f"debits {found.debits_minor} are not credits {found.credits_minor}")
    return problems


async def lines_are_shared_whole(session: BrandSession) -> list[str]:
    """The SELLER shares of each line are 100 % of it, and their performance adds up to its amount."""
    brand_id = session.brand_id
    seller = sa.and_(
        ShareRow.brand_id == brand_id,
        ShareRow.sale_id == SaleLineRow.sale_id,
        ShareRow.line_id == SaleLineRow.line_id,
        ShareRow.kind == CommissionKind.ORDER.value,
        ShareRow.role == ShareRole.SELLER.value,
    )
    rate = sa.func.coalesce(sa.func.sum(ShareRow.performance_bp), 0)
    performance = sa.func.coalesce(sa.func.sum(ShareRow.performance_minor), 0)
    rows = await session.execute(
        sa.select(SaleLineRow.sale_id, SaleLineRow.line_id, rate, performance, SaleLineRow.base_minor)
        .outerjoin(ShareRow, seller)
        .where(SaleLineRow.brand_id == brand_id)
        .group_by(SaleLineRow.sale_id, SaleLineRow.line_id, SaleLineRow.base_minor)
        .having(sa.or_(rate != WHOLE_BP, performance != SaleLineRow.base_minor))
    )
    return [f"sale {row[0]} line {row[1]}: {row[2]} bp, {row[3]} of {row[4]}" for row in rows]


async def transfers_follow_the_table(session: BrandSession) -> list[str]:
    """Every transfer is a declared move of its own party, moves hang together, and a reversal takes its amount.

    Entries that went the same way are judged as one: ways are few, however many entries there are.
    """
    problems: list[str] = []
    for way in await session.execute(_ways(session.brand_id)):
        is_reversal = way.kind == CommissionKind.REVERSAL.value
        chain, found = set[tuple[AccountKind, AccountKind]](), list[str]()
        for move in way.moves:
            cause, debit, credit = move.split()
            event, step = LedgerEvent(cause), (AccountKind(debit), AccountKind(credit))
            chain.add(step)
            if step not in _steps(event) or (event is LedgerEvent.REVERSED) is not is_reversal:
                found.append(f"{cause} moved {debit} to {credit}")
        if not is_reversal and not _is_connected(chain):
            found.append("broken chain")
        if way.is_part:
            found.append("a part moved where the whole does")
        if way.is_left:
            found.append("not all of it was taken back")
        if way.is_foreign:
            found.append("an account of another party")
        others = f" and {way.entries - 1} more" if way.entries > 1 else ""
        problems += [f"entry {way.example}{others}: {problem}" for problem in found]
    return problems


async def holds_follow_their_lines(session: BrandSession) -> list[str]:
    """A line is held once it is paid; what was refunded of it is what was reversed; once released, nothing is HELD."""
    brand_id = session.brand_id
    place = ledger.family_standings(brand_id).subquery("place")
    held = (
        sa.select(ShareRow.sale_id, ShareRow.line_id, sa.func.sum(place.c.amount_minor).label("amount_minor"))
        .join(place, place.c.family_id == ShareRow.id)
        .where(ShareRow.brand_id == brand_id, place.c.account == AccountKind.HELD.value)
        .group_by(ShareRow.sale_id, ShareRow.line_id)
        .subquery("held")
    )
    taken = (
        sa.select(ShareRow.sale_id, ShareRow.line_id, sa.func.sum(ShareRow.performance_minor).label("amount_minor"))
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.kind == CommissionKind.REVERSAL.value,
            ShareRow.role == ShareRole.SELLER.value,
        )
        .group_by(ShareRow.sale_id, ShareRow.line_id)
        .subquery("taken")
    )
    of_line = [
        sa.and_(one.c.sale_id == SaleLineRow.sale_id, one.c.line_id == SaleLineRow.line_id) for one in (held, taken)
    ]
    refunded, still = sa.func.coalesce(taken.c.amount_minor, 0), sa.func.coalesce(held.c.amount_minor, 0)
    rows = await session.execute(
        sa.select(SaleLineRow.sale_id, SaleLineRow.line_id, LineHoldRow.refunded_minor, refunded, still)
        .outerjoin(
            LineHoldRow,
            sa.and_(
                LineHoldRow.brand_id == brand_id,
                LineHoldRow.sale_id == SaleLineRow.sale_id,
                LineHoldRow.line_id == SaleLineRow.line_id,
            ),
        )
        .outerjoin(held, of_line[0])
        .outerjoin(taken, of_line[1])
        .where(
            SaleLineRow.brand_id == brand_id,
            sa.or_(
                sa.and_(LineHoldRow.line_id.is_(None), sa.or_(still != 0, refunded != 0)),
                LineHoldRow.refunded_minor != refunded,
                sa.and_(LineHoldRow.released_at.is_not(None), still != 0),
                LineHoldRow.released_at < sa.func.coalesce(LineHoldRow.due_at, sa.func.now()),
            ),
        )
    )
    return [f"sale {row[0]} line {row[1]}: refunded {row[2]}, reversed {row[3]}, held {row[4]}" for row in rows]


async def nobody_is_owed_and_owes(session: BrandSession) -> list[str]:
    """Nobody has payable money and a debt at once: what is payable pays the debt off first."""
    accounts = [AccountKind.PAYABLE.value, AccountKind.DEBT.value]
    sides = [
        sa.select(party.label("party_id"), account.label("account"), amount.label("amount_minor")).where(
            TransferRow.brand_id == session.brand_id, account.in_(accounts)
        )
        for account, party, amount in (
            (TransferRow.debit_account, TransferRow.debit_party_id, -TransferRow.amount_minor),
            (TransferRow.credit_account, TransferRow.credit_party_id, TransferRow.amount_minor),
        )
    ]
    flow = sa.union_all(*sides).subquery()
    payable, debt = (sa.func.sum(flow.c.amount_minor).filter(flow.c.account == account) for account in accounts)
    rows = await session.execute(
        sa.select(flow.c.party_id, payable, debt).group_by(flow.c.party_id).having(sa.and_(payable > 0, debt < 0))
    )
    return [f"party {party_id}: payable {payable}, debt {debt}" for party_id, payable, debt in rows]


async def amounts_follow_rates(session: BrandSession) -> list[str]:
    """Commission of an order's entry is its rate of the line, and the rate is that of the rule it names.

    Entries of equal amounts are judged as one.
    """
    facts = (ShareRow.amount_minor, ShareRow.rate_bp, SaleLineRow.base_minor, PlanRuleRow.rate_bp.label("rule_bp"))
    rows = await session.stream(
        sa.select(*facts, sa.func.min(sa.cast(ShareRow.id, sa.Text)).label("example"))
        .join(
            SaleLineRow,
            sa.and_(
                SaleLineRow.brand_id == ShareRow.brand_id,
                SaleLineRow.sale_id == ShareRow.sale_id,
                SaleLineRow.line_id == ShareRow.line_id,
            ),
        )
        .outerjoin(PlanRuleRow, sa.and_(PlanRuleRow.brand_id == session.brand_id, PlanRuleRow.id == ShareRow.rule_id))
        .where(
            ShareRow.brand_id == session.brand_id,
            SaleLineRow.brand_id == session.brand_id,
            ShareRow.kind == CommissionKind.ORDER.value,
        )
        .group_by(*facts)
        .execution_options(yield_per=CHUNK)
    )
    return [
        f"entry {example}: {amount} is not {rate_bp} bp of {base} (rule: {rule_bp})"
        async for amount, rate_bp, base, rule_bp, example in rows
        if amount != portion_bp(base, rate_bp) or rule_bp not in (None, rate_bp)
    ]


async def sales_keep_their_versions(session: BrandSession) -> list[str]:
    """The policy and the plan that a sale names exist."""
    brand_id = session.brand_id
    rows = await session.execute(
        sa.select(SaleRow.id, SaleRow.policy_version, SaleRow.plan_version)
        .outerjoin(
            BindingPolicyRow,
            sa.and_(BindingPolicyRow.brand_id == brand_id, BindingPolicyRow.version == SaleRow.policy_version),
        )
        .outerjoin(PlanRow, sa.and_(PlanRow.brand_id == brand_id, PlanRow.version == SaleRow.plan_version))
        .where(SaleRow.brand_id == brand_id, sa.or_(BindingPolicyRow.version.is_(None), PlanRow.version.is_(None)))
    )
    return [f"sale {row[0]}: policy {row[1]} or plan {row[2]} is missing" for row in rows]


async def evidence_decides_the_same(session: BrandSession) -> list[str]:
    """The evidence kept with a sale, under its own policy, decides for the same winner and candidates again."""
    brand_id = session.brand_id
    kept = await session.execute(sa.select(*POLICY_COLUMNS).where(BindingPolicyRow.brand_id == brand_id))
    policies = {policy.version: policy for policy in map(policy_of, kept)}
    reasons = (
        sa.select(
            CandidateRow.sale_id,
            sa.func.array_agg(
                aggregate_order_by(
                    sa.cast(CandidateRow.guide_id, sa.Text) + " " + CandidateRow.reason, CandidateRow.position
                )
            ).label("reasons"),
        )
        .where(CandidateRow.brand_id == brand_id)
        .group_by(CandidateRow.sale_id)
        .subquery()
    )
    rows = await session.stream(
        sa.select(
            SaleRow.id,
            SaleRow.rule,
            SaleRow.guide_id,
            SaleRow.store_id,
            SaleRow.policy_version,
            SaleRow.evidence,
            reasons.c.reasons,
        )
        .outerjoin(reasons, reasons.c.sale_id == SaleRow.id)
        .where(SaleRow.brand_id == brand_id)
        .execution_options(yield_per=CHUNK)
    )
    problems = []
    async for row in rows:
        if row.policy_version not in policies:
            continue
        decision = decide_attribution(evidence.from_json(row.evidence["facts"]), policies[row.policy_version])
        found = [f"{one.guide_id} {one.reason}" for one in decision.candidates if one.guide_id is not None]
        if (decision.rule, decision.guide_id, decision.store_id) != (row.rule, row.guide_id, row.store_id) or found != (
            row.reasons or []
        ):
            problems.append(f"sale {row.id}: {row.rule} by {row.guide_id}, the evidence says {decision.rule}")
    return problems


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "the trial balance is zero": trial_balance_is_zero,
    "lines are shared whole": lines_are_shared_whole,
    "transfers follow the table of moves": transfers_follow_the_table,
    "amounts follow the rates": amounts_follow_rates,
    "sales keep their versions": sales_keep_their_versions,
    "evidence decides the same again": evidence_decides_the_same,
    "holds follow their lines": holds_follow_their_lines,
    "nobody is owed and owes": nobody_is_owed_and_owes,
}


def _ways(brand_id: UUID) -> sa.Select[Any]:
    """The ways that entries went, and how many went each: kind, moves as "cause debit credit", and what is wrong.

    `is_part`: a move of the whole moved another amount; `is_left`: a reversal did not take its amount; `is_foreign`: an
    account is not the entry's party's, nor the expense the brand's.
    """
    expense, moved = AccountKind.COMMISSION_EXPENSE.value, TransferRow.amount_minor
    is_of_the_whole = TransferRow.cause.in_([event.value for event in sorted(_OF_THE_WHOLE)])
    is_foreign = sa.or_(
        *(
            party != sa.case((account == expense, sa.literal(brand_id, sa.Uuid)), else_=ShareRow.party_id)
            for account, party in (
                (TransferRow.debit_account, TransferRow.debit_party_id),
                (TransferRow.credit_account, TransferRow.credit_party_id),
            )
        )
    )
    move = sa.func.concat_ws(" ", TransferRow.cause, TransferRow.debit_account, TransferRow.credit_account)
    is_reversal = ShareRow.kind == CommissionKind.REVERSAL.value
    entry = (
        sa.select(
            ShareRow.id,
            ShareRow.kind,
            sa.func.array_agg(move.distinct()).label("moves"),
            sa.func.bool_or(sa.and_(is_of_the_whole, moved != ShareRow.amount_minor)).label("is_part"),
            sa.and_(is_reversal, sa.func.sum(moved) != ShareRow.amount_minor).label("is_left"),
            sa.func.bool_or(is_foreign).label("is_foreign"),
        )
        .join(TransferRow, sa.and_(TransferRow.brand_id == ShareRow.brand_id, TransferRow.entry_id == ShareRow.id))
        .where(ShareRow.brand_id == brand_id, TransferRow.brand_id == brand_id)
        .group_by(ShareRow.id, ShareRow.kind, ShareRow.amount_minor)
        .subquery("entry")
    )
    way = (entry.c.kind, entry.c.moves, entry.c.is_part, entry.c.is_left, entry.c.is_foreign)
    example = sa.func.min(sa.cast(entry.c.id, sa.Text)).label("example")
    return sa.select(*way, sa.func.count().label("entries"), example).group_by(*way)


@cache
def _steps(event: LedgerEvent) -> set[tuple[AccountKind, AccountKind]]:
    return {step for (_, cause), step in LEDGER_MOVES.items() if cause is event}


def _is_connected(steps: set[tuple[AccountKind, AccountKind]]) -> bool:
    """Whether the money could walk every step, starting from the expense."""
    reached = {AccountKind.COMMISSION_EXPENSE}
    for _ in steps:
        reached |= {credit for debit, credit in steps if debit in reached}
    return all(debit in reached for debit, _ in steps)
