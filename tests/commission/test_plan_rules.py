"""The most specific rate applies, shares add up to the cent, and a refund takes back exactly its part."""

from itertools import pairwise, permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.plan_rules import choose_rule, line_shares, reversal_parts, validate_plan
from app.commission.values import (
    AttributionDecision,
    AttributionRule,
    LineShare,
    PartyKind,
    Plan,
    PlanRule,
    SaleContext,
    SaleLine,
    ShareRole,
)

GUIDE, MANAGER = UUID(int=1), UUID(int=2)
NORTH, SOUTH = UUID(int=11), UUID(int=12)
PRODUCT, OTHER_PRODUCT = UUID(int=21), UUID(int=22)
SHOES, CLOTHES, GOODS = UUID(int=31), UUID(int=32), UUID(int=33)
AREA, REGION, BRAND = UUID(int=41), UUID(int=42), UUID(int=43)
CATEGORIES, UNITS = (SHOES, CLOTHES, GOODS), (AREA, REGION, BRAND)
SELLER, STORE, MANAGES = ShareRole.SELLER, ShareRole.STORE, ShareRole.MANAGER


def rule(
    number: int,
    rate_bp: int = 1_000,
    role: ShareRole = SELLER,
    *,
    product: UUID | None = None,
    category: UUID | None = None,
    unit: UUID | None = None,
) -> PlanRule:
    return PlanRule(UUID(int=900 + number), rate_bp, role, product, category, unit)


def chosen(rules: list[PlanRule], role: ShareRole = SELLER) -> PlanRule | None:
    return choose_rule(rules, role, product_id=PRODUCT, category_path=CATEGORIES, org_path=UNITS)


def sold(base_minor: int) -> SaleLine:
    return SaleLine(UUID(int=51), base_minor, PRODUCT, CATEGORIES)


def won_by(guide: UUID | None = GUIDE, *, unpaid: UUID | None = None) -> AttributionDecision:
    return AttributionDecision(AttributionRule.LIVE_BINDING, guide, NORTH, unpaid is not None, unpaid, ())


SPECIFICITY = [
    rule(1, product=PRODUCT, unit=AREA),
    rule(2, product=PRODUCT, unit=REGION),
    rule(3, product=PRODUCT, unit=BRAND),
    rule(4, product=PRODUCT),
    rule(5, category=SHOES, unit=AREA),
    rule(6, category=SHOES, unit=REGION),
    rule(7, category=SHOES),
    rule(8, category=CLOTHES, unit=AREA),
    rule(9, category=CLOTHES),
    rule(10, category=GOODS, unit=AREA),
    rule(11, category=GOODS),
    rule(12, unit=AREA),
    rule(13, unit=REGION),
    rule(14, unit=BRAND),
    rule(15),
]


@pytest.mark.parametrize(("stronger", "weaker"), list(pairwise(SPECIFICITY)))
def test_more_specific_rule_wins_goods_before_place_and_nearer_before_farther(
    stronger: PlanRule, weaker: PlanRule
) -> None:
    assert chosen([stronger, weaker]) is stronger
    assert chosen([weaker, stronger]) is stronger


@given(shuffled=st.permutations(SPECIFICITY), count=st.integers(1, len(SPECIFICITY)))
def test_choice_depends_on_specificity_and_not_on_the_order_of_rules(shuffled: list[PlanRule], count: int) -> None:
    some = shuffled[:count]
    assert chosen(some) is min(some, key=SPECIFICITY.index)


def test_rule_for_other_goods_place_or_role_does_not_apply() -> None:
    assert chosen([rule(1, product=OTHER_PRODUCT), rule(2, category=NORTH), rule(3, unit=NORTH)]) is None
    assert chosen([rule(1, role=STORE)]) is None
    assert chosen([rule(1, product=PRODUCT, unit=NORTH), rule(2)]) == rule(2)
    assert choose_rule([rule(1, category=SHOES)], SELLER, product_id=PRODUCT, category_path=(), org_path=()) is None
    assert chosen([]) is None


def test_seller_takes_the_whole_performance_and_the_rate_of_the_rule() -> None:
    plan = Plan(7, (rule(1, 1_000), rule(2, 1_250, category=CLOTHES)))
    assert line_shares(sold(9_990), won_by(), plan, SaleContext(org_path=UNITS)) == [
        LineShare(UUID(int=51), SELLER, PartyKind.EMPLOYEE, GUIDE, 10_000, 9_990, 1_250, UUID(int=902), 1_249)
    ]


def test_store_and_manager_earn_without_taking_performance() -> None:
    plan = Plan(7, (rule(1, 1_000), rule(2, 200, STORE), rule(3, 50, MANAGES)))
    shares = line_shares(sold(10_000), won_by(), plan, SaleContext(UNITS, manager_id=MANAGER))
    assert [
        (s.role, s.party_kind, s.party_id, s.performance_bp, s.performance_minor, s.commission_minor) for s in shares
    ] == [
        (SELLER, PartyKind.EMPLOYEE, GUIDE, 10_000, 10_000, 1_000),
        (STORE, PartyKind.STORE, NORTH, 0, 0, 200),
        (MANAGES, PartyKind.EMPLOYEE, MANAGER, 0, 0, 50),
    ]


def test_smallest_rate_is_a_share_and_a_rate_of_zero_is_none() -> None:
    for rate_bp, roles in ((1, [SELLER, STORE]), (0, [SELLER])):
        plan = Plan(7, (rule(1, 1_000), rule(2, rate_bp, STORE)))
        assert [share.role for share in line_shares(sold(10_000), won_by(), plan, SaleContext(UNITS))] == roles


def test_store_without_manager_books_no_manager_share() -> None:
    plan = Plan(7, (rule(1, 1_000), rule(3, 50, MANAGES)))
    assert [share.role for share in line_shares(sold(10_000), won_by(), plan, SaleContext(UNITS))] == [SELLER]


def test_sale_without_guide_is_the_stores_own() -> None:
    shares = line_shares(sold(10_000), won_by(None), Plan(7, (rule(1, 1_000),)), SaleContext(UNITS))
    assert [(s.role, s.party_kind, s.party_id, s.performance_minor, s.commission_minor) for s in shares] == [
        (SELLER, PartyKind.STORE, NORTH, 10_000, 1_000)
    ]


def test_seller_without_a_rule_keeps_the_performance_and_earns_nothing() -> None:
    (share,) = line_shares(sold(10_000), won_by(), Plan(7, (rule(1, 500, product=OTHER_PRODUCT),)), SaleContext(UNITS))
    assert (share.performance_minor, share.rate_bp, share.rule_id, share.commission_minor) == (10_000, 0, None, 0)


def test_store_that_hands_over_anothers_sale_gets_the_policys_share_and_the_seller_keeps_the_sale() -> None:
    plan = Plan(7, (rule(1, 1_000), rule(2, 200, STORE)))
    context = SaleContext(UNITS, fulfilment_store_id=SOUTH, fulfilment_store_bp=150)
    shares = line_shares(sold(10_000), won_by(), plan, context)
    assert [(s.role, s.party_id, s.performance_minor, s.rate_bp, s.rule_id, s.commission_minor) for s in shares] == [
        (SELLER, GUIDE, 10_000, 1_000, UUID(int=901), 1_000),
        (STORE, NORTH, 0, 200, UUID(int=902), 200),
        (STORE, SOUTH, 0, 150, None, 150),
    ]
    own = SaleContext(UNITS, fulfilment_store_id=NORTH, fulfilment_store_bp=150)
    assert [share.party_id for share in line_shares(sold(10_000), won_by(), plan, own)] == [GUIDE, NORTH]
    free = SaleContext(UNITS, fulfilment_store_id=SOUTH, fulfilment_store_bp=0)
    assert [share.party_id for share in line_shares(sold(10_000), won_by(), plan, free)] == [GUIDE, NORTH]


def test_unpaid_buyer_earns_in_no_role_and_the_others_do() -> None:
    plan = Plan(7, (rule(1, 1_000), rule(2, 200, STORE), rule(3, 50, MANAGES)))
    shares = line_shares(sold(10_000), won_by(GUIDE, unpaid=GUIDE), plan, SaleContext(UNITS, manager_id=GUIDE))
    assert [(s.role, s.performance_minor, s.rate_bp, s.rule_id, s.commission_minor) for s in shares] == [
        (SELLER, 10_000, 0, None, 0),
        (STORE, 0, 200, UUID(int=902), 200),
    ]


def test_negative_base_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        line_shares(sold(-1), won_by(), Plan(7, ()), SaleContext())


rates = st.integers(0, 10_000)
plans = st.builds(
    lambda seller, store, manager: Plan(7, (rule(1, seller), rule(2, store, STORE), rule(3, manager, MANAGES))),
    rates,
    rates,
    rates,
)
contexts = st.builds(
    SaleContext,
    org_path=st.just(UNITS),
    manager_id=st.sampled_from([None, MANAGER, GUIDE]),
    fulfilment_store_id=st.sampled_from([None, NORTH, SOUTH]),
    fulfilment_store_bp=rates,
)
decisions = st.sampled_from([won_by(), won_by(None), won_by(unpaid=GUIDE)])
amounts = st.integers(0, 10**12)


@given(base_minor=amounts, decision=decisions, plan=plans, context=contexts)
def test_performance_adds_up_to_the_line_to_the_cent(
    base_minor: int, decision: AttributionDecision, plan: Plan, context: SaleContext
) -> None:
    shares = line_shares(sold(base_minor), decision, plan, context)
    assert sum(share.performance_minor for share in shares) == base_minor
    assert sum(share.performance_bp for share in shares) == 10_000
    assert [share.role for share in shares].count(SELLER) == 1
    for share in shares:
        assert abs(share.commission_minor * 10_000 - base_minor * share.rate_bp) <= 5_000
        assert (share.rate_bp == 0) == (share.rule_id is None) or share.party_id == SOUTH or share.role is SELLER
    keys = [(share.role, share.party_id) for share in shares]
    assert len(keys) == len(set(keys))


@given(data=st.data(), base_minor=st.integers(1, 10**9), plan=plans, context=contexts)
def test_parts_of_a_full_refund_add_up_to_every_share_in_any_number_of_steps(
    data: st.DataObject, base_minor: int, plan: Plan, context: SaleContext
) -> None:
    shares = line_shares(sold(base_minor), won_by(), plan, context)
    stops = sorted(data.draw(st.lists(st.integers(0, base_minor), max_size=8)))
    taken = [[0, 0] for _ in shares]
    for before, after in pairwise([0, *stops, base_minor]):
        parts = reversal_parts(
            shares, refunded_before_minor=before, refund_minor=after - before, line_total_minor=base_minor
        )
        assert [part.share for part in parts] == shares
        assert sum(part.performance_minor for part in parts) == after - before
        for sums, part in zip(taken, parts, strict=True):
            assert min(part.performance_minor, part.commission_minor) >= 0
            sums[0] += part.performance_minor
            sums[1] += part.commission_minor
            assert sums[1] <= part.share.commission_minor
    assert taken == [[share.performance_minor, share.commission_minor] for share in shares]


def test_refund_of_a_third_takes_a_third_of_commission_and_three_of_them_all() -> None:
    shares = line_shares(sold(300), won_by(), Plan(7, (rule(1, 3_333),)), SaleContext())
    assert shares[0].commission_minor == 100
    parts = [
        reversal_parts(shares, refunded_before_minor=before, refund_minor=100, line_total_minor=300)[0]
        for before in (0, 100, 200)
    ]
    assert [part.commission_minor for part in parts] == [33, 34, 33]
    assert [part.performance_minor for part in parts] == [100, 100, 100]


def test_refund_above_the_line_is_refused_and_a_free_line_gives_nothing_back() -> None:
    shares = line_shares(sold(100), won_by(), Plan(7, (rule(1),)), SaleContext())
    with pytest.raises(ValueError, match="must rise"):
        reversal_parts(shares, refunded_before_minor=60, refund_minor=41, line_total_minor=100)
    free = line_shares(sold(0), won_by(), Plan(7, (rule(1),)), SaleContext())
    (part,) = reversal_parts(free, refunded_before_minor=0, refund_minor=0, line_total_minor=0)
    assert (part.performance_minor, part.commission_minor) == (0, 0)
    with pytest.raises(ValueError, match="must rise"):
        reversal_parts(free, refunded_before_minor=0, refund_minor=1, line_total_minor=0)


@pytest.mark.parametrize(
    ("hold_days", "rules", "problems"),
    [
        (7, [rule(1)], []),
        (365, [rule(1)], []),
        (6, [rule(1)], [("hold_days", "OUT_OF_RANGE")]),
        (366, [rule(1)], [("hold_days", "OUT_OF_RANGE")]),
        (7, [], [("rules", "REQUIRED")]),
        (7, [rule(1, 0), rule(2, 10_000, STORE)], []),
        (7, [rule(1, 5_001), rule(2, 5_000, STORE)], [("rules", "ABOVE_WHOLE")]),
        (7, [rule(1, 9_000), rule(2, 9_000, STORE, unit=AREA)], []),
        (7, [rule(1, -1)], [("rules.0.rate_bp", "OUT_OF_RANGE")]),
        (7, [rule(1), rule(2, 10_001, unit=AREA)], [("rules.1.rate_bp", "OUT_OF_RANGE")]),
        (7, [rule(1), rule(2)], [("rules.1", "DUPLICATE")]),
        (7, [rule(1), rule(2, role=STORE), rule(3, role=MANAGES)], []),
        (7, [rule(1, product=PRODUCT, category=SHOES)], [("rules.0.category_id", "FORBIDDEN")]),
        (7, [rule(1, product=PRODUCT, unit=AREA), rule(2, product=PRODUCT)], []),
    ],
)
def test_every_unusable_part_of_a_plan_is_named(
    hold_days: int, rules: list[PlanRule], problems: list[tuple[str, str]]
) -> None:
    assert validate_plan(hold_days, rules) == problems


def test_plan_has_at_most_a_thousand_rules() -> None:
    rules = [rule(number, product=UUID(int=5_000 + number)) for number in range(1_001)]
    assert validate_plan(7, rules[:1_000]) == []
    assert validate_plan(7, rules) == [("rules", "TOO_MANY")]


def test_every_pair_of_one_name_is_refused_whatever_its_rates() -> None:
    for first, second in permutations([rule(1, 100, unit=AREA), rule(2, 200, unit=AREA)]):
        assert validate_plan(7, [first, second]) == [("rules.1", "DUPLICATE")]
