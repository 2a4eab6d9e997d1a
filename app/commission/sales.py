"""Attributed sales: whose an order is, decided as it is placed; every party's share of every line; the commission.

A sale keeps the versions and the evidence it was decided with, so that nothing that happens later moves it. Its id is
the order's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from app.commission import evidence, holds, ledger, terms
from app.commission.events import CommissionHeld
from app.commission.models import CandidateRow, SaleLineRow, SaleRow, ShareRow, TransferRow
from app.commission.plan_rules import line_shares
from app.commission.plans import PublishedPlan
from app.commission.rows import Values, insert_all
from app.commission.rules import decide_attribution
from app.commission.values import (
    AccountKind,
    AttributionDecision,
    AttributionFacts,
    AttributionRule,
    CommissionKind,
    LedgerEvent,
    LineShare,
    SaleContext,
)
from app.commission.values import SaleLine as PlanLine
from app.customers.policies import Policy
from app.marketing.codes import CodeFacts
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.tables import Base
from app.products.reads import ShopFacts


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A sold line. `base_minor`: the line after all discounts, without freight, in minor units.

    `category_path`: the category's path of hex ids from the root, `/<root>/…/<own>/`; None without a category.
    """

    line_id: UUID
    product_id: UUID
    category_id: UUID | None
    category_path: str | None
    quantity: int
    base_minor: int


@dataclass(frozen=True, slots=True)
class Attributed:
    """Who won. `guide_id` None: the store. `branch`: path of the store's unit, else of the guide's.

    `policy`: the one that decided.
    """

    guide_id: UUID | None
    store_id: UUID | None
    branch: str
    rule: AttributionRule
    is_self_purchase: bool
    policy: Policy


@dataclass(frozen=True, slots=True)
class Sale:
    """A decided sale as it is written: the order, what was known, what was decided, under which versions."""

    order_id: UUID
    number: str
    customer_id: UUID
    facts: AttributionFacts
    decision: AttributionDecision
    branch: str
    manager_id: UUID | None
    fulfilment_store_id: UUID | None
    policy_version: int
    plan_version: int


async def attribute(
    session: BrandSession,
    *,
    order_id: UUID,
    number: str,
    customer_id: UUID,
    shop: ShopFacts,
    code: CodeFacts | None,
    quoted_by: UUID | None = None,
    lines: Sequence[SaleLine],
    fulfilment_store_id: UUID | None = None,
    now: datetime,
) -> Attributed:
    """Decide whose sale an order is, and book every party's share and estimated commission. Four reads, one write.

    `code`: the code that the customer ordered with, if one did. `quoted_by`: the guide whose quotation it accepts.
    `fulfilment_store_id`: the store that hands the goods
    over; it earns the policy's share where the sale is another store's. Call it before the order itself is written, in
    the same transaction; it reads no order. Raises: InvalidInput when nobody is left to sell (the guide is gone,
    without a store).
    """
    policy, plan = await terms.in_force(
        session,
        product_ids=sorted({line.product_id for line in lines}),
        category_ids=sorted({category for line in lines for category in ids_of(line.category_path)}),
    )
    facts, people = await evidence.gather(
        session, customer_id=customer_id, shop=shop, code=code, quoted_by=quoted_by, policy=policy, now=now
    )
    attributed, rows = decided(
        session,
        order_id=order_id,
        number=number,
        customer_id=customer_id,
        lines=lines,
        facts=facts,
        people=people,
        policy=policy,
        plan=plan,
        fulfilment_store_id=fulfilment_store_id,
        now=now,
    )
    await insert_all(session, rows)
    return attributed


def decided(
    session: BrandSession,
    *,
    order_id: UUID,
    number: str,
    customer_id: UUID,
    lines: Sequence[SaleLine],
    facts: AttributionFacts,
    people: evidence.People,
    policy: Policy,
    plan: PublishedPlan,
    fulfilment_store_id: UUID | None = None,
    now: datetime,
) -> tuple[Attributed, dict[type[Base], Sequence[Values]]]:
    """Who won, and the rows of the sale: what `attribute` does with what it has read. Raises: InvalidInput."""
    plan_lines = [_plan_line(line) for line in lines]
    decision = decide_attribution(facts, policy)
    branch, manager_id = _place(decision, people)
    context = SaleContext(
        org_path=ids_of(branch),
        manager_id=manager_id,
        fulfilment_store_id=fulfilment_store_id,
        fulfilment_store_bp=policy.fulfilment_store_bp,
    )
    shares = [share for line in plan_lines for share in line_shares(line, decision, plan, context)]
    sale = Sale(
        order_id=order_id,
        number=number,
        customer_id=customer_id,
        facts=facts,
        decision=decision,
        branch=branch,
        manager_id=manager_id,
        fulfilment_store_id=fulfilment_store_id,
        policy_version=policy.version,
        plan_version=plan.version,
    )
    entries = [(session.new_id(), share) for share in shares]
    attributed = Attributed(
        guide_id=decision.guide_id,
        store_id=decision.store_id,
        branch=branch,
        rule=decision.rule,
        is_self_purchase=decision.is_self_purchase,
        policy=policy,
    )
    return attributed, {
        SaleRow: [_sale(session, sale, now)],
        CandidateRow: _candidates(session, order_id, decision),
        SaleLineRow: [_line(session, order_id, line) for line in lines],
        ShareRow: [_entry(session, order_id, entry_id, share, now) for entry_id, share in entries],
        TransferRow: _estimates(session, entries, now),
    }


async def book_paid(session: BrandSession, *, order_id: UUID, now: datetime) -> int:
    """Hold a sale's estimated commission until the return window ends; gives how many entries moved. Three statements.

    Rebinding since the order changes nothing: only the sale's own entries move. Raises: ForbiddenMove unless the money
    is estimated (the caller's order state lets it happen once). Emits: CommissionHeld.
    """
    moved = await ledger.move(session, sale_id=order_id, event=LedgerEvent.PAID, now=now, occasion_id=order_id)
    await holds.begin(session, sale_id=order_id, now=now)
    session.emit(CommissionHeld(sale_id=order_id, held_at=now))
    return moved


async def book_cancelled(session: BrandSession, *, order_id: UUID, now: datetime) -> int:
    """Void a sale's estimated commission; gives how many entries moved. Two statements. Raises: ForbiddenMove."""
    return await ledger.move(session, sale_id=order_id, event=LedgerEvent.CANCELLED, now=now)


@lru_cache(maxsize=10_000)
def ids_of(path: str | None) -> tuple[UUID, ...]:
    """The ids in a path of hex ids, nearest first."""
    return tuple(UUID(part) for part in reversed((path or "").split("/")) if part)


def _plan_line(line: SaleLine) -> PlanLine:
    return PlanLine(line.line_id, line.base_minor, line.product_id, ids_of(line.category_path))


def _place(decision: AttributionDecision, people: evidence.People) -> tuple[str, UUID | None]:
    """The branch that a sale counts in, and the manager who earns on it."""
    if decision.store_id is not None:
        return people.branches[decision.store_id], people.managers.get(decision.store_id)
    if decision.guide_id is not None:
        return people.units[decision.guide_id], None
    raise InvalidInput("shop_without_seller", path=("shopSlug",))


def _sale(session: BrandSession, sale: Sale, now: datetime) -> Values:
    return {
        "brand_id": session.brand_id,
        "id": sale.order_id,
        "source": sale.facts.source.value,
        "number": sale.number,
        "customer_id": sale.customer_id,
        "guide_id": sale.decision.guide_id,
        "store_id": sale.decision.store_id,
        "branch": sale.branch,
        "rule": sale.decision.rule.value,
        "policy_version": sale.policy_version,
        "plan_version": sale.plan_version,
        "is_self_purchase": sale.decision.is_self_purchase,
        "evidence": {
            "facts": evidence.as_json(sale.facts),
            "manager_id": None if sale.manager_id is None else str(sale.manager_id),
            "fulfilment_store_id": None if sale.fulfilment_store_id is None else str(sale.fulfilment_store_id),
        },
        "decided_at": now,
    }


def _candidates(session: BrandSession, order_id: UUID, decision: AttributionDecision) -> list[Values]:
    """Every guide who could have won; a store that wins stands on the sale itself."""
    return [
        {
            "brand_id": session.brand_id,
            "sale_id": order_id,
            "position": position,
            "guide_id": candidate.guide_id,
            "outcome": candidate.outcome.value,
            "reason": candidate.reason.value,
            "touchpoint_id": candidate.touchpoint_id,
            "binding_id": candidate.binding_id,
        }
        for position, candidate in enumerate(decision.candidates)
        if candidate.guide_id is not None
    ]


def _line(session: BrandSession, order_id: UUID, line: SaleLine) -> Values:
    return {
        "brand_id": session.brand_id,
        "sale_id": order_id,
        "line_id": line.line_id,
        "product_id": line.product_id,
        "category_id": line.category_id,
        "quantity": line.quantity,
        "base_minor": line.base_minor,
    }


def _entry(session: BrandSession, order_id: UUID, entry_id: UUID, share: LineShare, now: datetime) -> Values:
    return {
        "brand_id": session.brand_id,
        "id": entry_id,
        "kind": CommissionKind.ORDER.value,
        "sale_id": order_id,
        "line_id": share.line_id,
        "role": share.role.value,
        "party_kind": share.party_kind.value,
        "party_id": share.party_id,
        "performance_bp": share.performance_bp,
        "performance_minor": share.performance_minor,
        "rate_bp": share.rate_bp,
        "rule_id": share.rule_id,
        "amount_minor": share.commission_minor,
        "reverses_id": None,
        "booked_at": now,
        "booked_on": session.brand.day_of(now),
    }


def _estimates(
    session: BrandSession, entries: Sequence[tuple[UUID, LineShare]], now: datetime
) -> list[Mapping[str, object]]:
    """The transfers that put each entry's money on ESTIMATED; entries without an amount have none."""
    return [
        ledger.transfer_values(session, posting, now=now)
        for entry_id, share in entries
        for posting in ledger.postings_for(
            session,
            LedgerEvent.PLACED,
            entry_id=entry_id,
            party_id=share.party_id,
            standing=AccountKind.COMMISSION_EXPENSE,
            amount_minor=share.commission_minor,
        )
    ]
