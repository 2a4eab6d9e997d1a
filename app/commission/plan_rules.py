"""Plans: which rate applies, what every party of a line gets, and what a refund takes back. Pure.

Rules name goods (a product, or a category with all below it) and a place (an organisation unit with all below it).
The most specific wins, goods before place: product in a unit, product, category in a unit, category, unit,
everywhere; among categories and among units the nearer one. Two rules of a role never tie, as a plan with two of one
name is refused.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.commission.values import (
    AttributionDecision,
    LineShare,
    PartyKind,
    Plan,
    PlanRule,
    Problem,
    ReversalPart,
    SaleContext,
    SaleLine,
    ShareRole,
)
from app.platform.money import WHOLE_BP, cumulative_part, portion_bp

SHORTEST_HOLD_DAYS = 7
LONGEST_HOLD_DAYS = 365
MOST_RULES = 1_000


def choose_rule(
    rules: Iterable[PlanRule],
    role: ShareRole,
    *,
    product_id: UUID,
    category_path: Sequence[UUID],
    org_path: Sequence[UUID],
) -> PlanRule | None:
    """The most specific rule of a role for a product sold in a branch, or None. Paths: nearest first."""
    best: tuple[tuple[int, int, int], PlanRule] | None = None
    for rule in rules:
        if rule.role is not role:
            continue
        rank = _specificity(rule, product_id, category_path, org_path)
        if rank is not None and (best is None or rank > best[0]):
            best = (rank, rule)
    return None if best is None else best[1]


def _specificity(
    rule: PlanRule, product_id: UUID, category_path: Sequence[UUID], org_path: Sequence[UUID]
) -> tuple[int, int, int] | None:
    """How closely a rule names these goods and this place (larger: more closely), or None if it does not apply."""
    if rule.product_id is not None and rule.product_id != product_id:
        return None
    if rule.category_id is not None and rule.category_id not in category_path:
        return None
    if rule.org_unit_id is not None and rule.org_unit_id not in org_path:
        return None
    category = 0 if rule.category_id is None else len(category_path) - list(category_path).index(rule.category_id)
    place = 0 if rule.org_unit_id is None else len(org_path) - list(org_path).index(rule.org_unit_id)
    return (int(rule.product_id is not None), category, place)


def line_shares(line: SaleLine, decision: AttributionDecision, plan: Plan, context: SaleContext) -> list[LineShare]:
    """What every party of a line gets: the SELLER first, then the store, the fulfilling store, the manager.

    The seller (the store, where no guide won) takes the whole performance, with a rate of 0 where no rule applies.
    STORE and MANAGER earn by their rules without taking performance, and are left out where they earn nothing by
    rule. A store that hands over another store's sale gets the policy's share of the base. Whoever the decision names
    as unpaid earns nothing in any role. Raises: ValueError for a negative base, and where nobody won.
    """
    if line.base_minor < 0:
        raise ValueError("a line's base must not be negative")
    store_id, extra = decision.store_id, []
    if store_id is not None:
        extra.append(_share(line, ShareRole.STORE, PartyKind.STORE, store_id, plan, context, decision))
    if decision.guide_id is not None:
        shares = [_share(line, ShareRole.SELLER, PartyKind.EMPLOYEE, decision.guide_id, plan, context, decision)]
    elif store_id is not None:
        shares = [_share(line, ShareRole.SELLER, PartyKind.STORE, store_id, plan, context, decision)]
    else:
        raise ValueError("a sale needs a guide or a store")
    if context.fulfilment_store_id is not None and context.fulfilment_store_id != decision.store_id:
        extra.append(_fulfilment_share(line, context.fulfilment_store_id, context.fulfilment_store_bp))
    if context.manager_id is not None:
        extra.append(_share(line, ShareRole.MANAGER, PartyKind.EMPLOYEE, context.manager_id, plan, context, decision))
    return shares + [share for share in extra if share.rate_bp > 0]


def _share(
    line: SaleLine,
    role: ShareRole,
    party_kind: PartyKind,
    party_id: UUID,
    plan: Plan,
    context: SaleContext,
    decision: AttributionDecision,
) -> LineShare:
    rule = None
    if party_kind is PartyKind.STORE or party_id != decision.unpaid_employee_id:
        rule = choose_rule(
            plan.rules,
            role,
            product_id=line.product_id,
            category_path=line.category_path,
            org_path=context.org_path,
        )
    rate_bp = 0 if rule is None else rule.rate_bp
    is_seller = role is ShareRole.SELLER
    return LineShare(
        line_id=line.line_id,
        role=role,
        party_kind=party_kind,
        party_id=party_id,
        performance_bp=WHOLE_BP if is_seller else 0,
        performance_minor=line.base_minor if is_seller else 0,
        rate_bp=rate_bp,
        rule_id=None if rule is None else rule.rule_id,
        commission_minor=portion_bp(line.base_minor, rate_bp),
    )


def _fulfilment_share(line: SaleLine, store_id: UUID, rate_bp: int) -> LineShare:
    return LineShare(
        line_id=line.line_id,
        role=ShareRole.STORE,
        party_kind=PartyKind.STORE,
        party_id=store_id,
        performance_bp=0,
        performance_minor=0,
        rate_bp=rate_bp,
        rule_id=None,
        commission_minor=portion_bp(line.base_minor, rate_bp),
    )


def reversal_parts(
    shares: Sequence[LineShare], *, refunded_before_minor: int, refund_minor: int, line_total_minor: int
) -> list[ReversalPart]:
    """What a refund of a line takes back of each of its shares, in their order.

    The refunds so far are rounded together with this one, so that the parts of a full refund add up to each share, in
    however many steps it came. Raises: ValueError if more is refunded than the line's total.
    """
    refunded_minor = refunded_before_minor + refund_minor
    if line_total_minor == 0 and refunded_before_minor == 0 and refund_minor == 0:
        return [ReversalPart(share, performance_minor=0, commission_minor=0) for share in shares]
    return [
        ReversalPart(
            share,
            performance_minor=cumulative_part(
                share.performance_minor, refunded_before_minor, refunded_minor, line_total_minor
            ),
            commission_minor=cumulative_part(
                share.commission_minor, refunded_before_minor, refunded_minor, line_total_minor
            ),
        )
        for share in shares
    ]


def validate_plan(hold_days: int, rules: Sequence[PlanRule]) -> list[Problem]:
    """Every field of a plan that cannot be published; empty: publishable.

    `hold_days` 7 to 365 (OUT_OF_RANGE); 1 to 1,000 `rules` (REQUIRED, TOO_MANY); rates 0 to 10,000 bp; a rule names a
    product or a category, not both (FORBIDDEN); no two rules of a role name the same goods and place (DUPLICATE); the
    brand-wide rates of all roles together are at most the whole (ABOVE_WHOLE). A rule's fields read
    `rules.<index>.<field>`.
    """
    problems: list[Problem] = []
    if not SHORTEST_HOLD_DAYS <= hold_days <= LONGEST_HOLD_DAYS:
        problems.append(("hold_days", "OUT_OF_RANGE"))
    if not rules:
        problems.append(("rules", "REQUIRED"))
    elif len(rules) > MOST_RULES:
        problems.append(("rules", "TOO_MANY"))
    seen: set[tuple[ShareRole, UUID | None, UUID | None, UUID | None]] = set()
    for index, rule in enumerate(rules):
        if not 0 <= rule.rate_bp <= WHOLE_BP:
            problems.append((f"rules.{index}.rate_bp", "OUT_OF_RANGE"))
        if rule.product_id is not None and rule.category_id is not None:
            problems.append((f"rules.{index}.category_id", "FORBIDDEN"))
        name = (rule.role, rule.product_id, rule.category_id, rule.org_unit_id)
        if name in seen:
            problems.append((f"rules.{index}", "DUPLICATE"))
        seen.add(name)
    everywhere = [rule for rule in rules if (rule.product_id, rule.category_id, rule.org_unit_id) == (None, None, None)]
    if sum(rule.rate_bp for rule in everywhere) > WHOLE_BP:
        problems.append(("rules", "ABOVE_WHOLE"))
    return problems
