"""Templates charge by region and units, exactly; what a template must not say is refused."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.freight_rules import (
    Unserved,
    checked_terms,
    counted_units,
    fee,
    flat_freight,
    rate_for,
    template_freight,
)
from app.trade.freight_values import ChargedBy, Freight, FreightRate, FreightTemplate, FreightTerms, Load, Region
from app.trade.region_values import NAMES, PROVINCES, city_of, province_of, region_of

REST = FreightRate((), True, 1_000, 1_000, 500, 200, 9_900)
FAR = FreightRate(("新疆维吾尔自治区", "西藏自治区"), True, 1_000, 2_200, 1_000, 1_000, None)
NEAR = FreightRate(("广东省/深圳",), True, 3_000, 600, 1_000, 100, 4_900)
NOWHERE = FreightRate(("台湾省",), is_delivered=False)
TEMPLATE = FreightTemplate(ChargedBy.WEIGHT, 800, (FAR, REST, NEAR, NOWHERE), UUID(int=7), 3)

rates = st.builds(
    FreightRate,
    first_units=st.integers(1, 5_000),
    first_minor=st.integers(0, 5_000),
    further_units=st.integers(1, 2_000),
    further_minor=st.integers(0, 5_000),
    free_from_minor=st.none() | st.integers(0, 20_000),
)
units = st.integers(1, 1_000_000)
goods = st.integers(0, 30_000)


@pytest.mark.parametrize(
    ("weight", "due"), [(1, 1_000), (1_000, 1_000), (1_001, 1_200), (1_500, 1_200), (1_501, 1_400), (11_000, 5_000)]
)
def test_each_begun_lot_counts_whole(weight: int, due: int) -> None:
    assert fee(REST, weight, goods_minor=9_899) == due
    assert fee(REST, weight, goods_minor=9_900) == 0


@given(rate=rates, less=units, more=units, goods_minor=goods)
def test_fee_never_falls_with_weight_nor_rises_with_the_goods(
    rate: FreightRate, less: int, more: int, goods_minor: int
) -> None:
    less, more = sorted((less, more))
    assert fee(rate, less, goods_minor=goods_minor) <= fee(rate, more, goods_minor=goods_minor)
    assert fee(rate, more, goods_minor=goods_minor) >= fee(rate, more, goods_minor=goods_minor + 1)


@given(rate=rates, count=units, goods_minor=goods)
def test_fee_is_the_first_one_and_as_many_lots_as_the_rest_needs(
    rate: FreightRate, count: int, goods_minor: int
) -> None:
    due = fee(rate, count, goods_minor=goods_minor)
    if rate.free_from_minor is not None and goods_minor >= rate.free_from_minor:
        assert due == 0
        return
    rest, lots = max(0, count - rate.first_units), 0
    if rate.further_minor:
        lots, odd = divmod(due - rate.first_minor, rate.further_minor)
        assert odd == 0
        assert (lots - 1) * rate.further_units < rest <= lots * rate.further_units or (rest == 0 and lots == 0)
    assert due == rate.first_minor + lots * rate.further_minor


@given(goods_minor=goods, free_from=st.integers(0, 20_000), flat=st.integers(0, 5_000))
def test_without_a_template_the_fee_is_flat_below_its_limit(goods_minor: int, free_from: int, flat: int) -> None:
    charged = flat_freight(goods_minor, flat_minor=flat, free_from_minor=free_from)
    assert charged == Freight(0 if goods_minor >= free_from else flat, free_from)


def test_a_missing_weight_counts_what_the_template_says_of_a_piece() -> None:
    loads = [Load(2, 300), Load(3, None)]
    assert counted_units(TEMPLATE, loads) == 2 * 300 + 3 * 800
    assert counted_units(FreightTerms(ChargedBy.PIECE, 800, (REST,)), loads) == 5


@pytest.mark.parametrize(
    ("province", "city", "place"),
    [
        ("新疆", "乌鲁木齐市", 0),
        ("上海市", "上海市", 1),
        ("广东省", "广州市", 1),
        ("Guangdong", "深圳市", 2),
        ("44", " 深圳 ", 2),
        ("台湾", "台北", Unserved.NOT_DELIVERED),
        ("福尔摩沙", "台北", Unserved.UNKNOWN),
        ("", "", Unserved.UNKNOWN),
    ],
)
def test_the_nearest_rate_counts(province: str, city: str, place: int | Unserved) -> None:
    assert rate_for(TEMPLATE, Region(province, city)) == place


def test_without_an_address_the_rest_of_the_country_is_an_estimate() -> None:
    loads = [Load(1, 1_001)]
    unknown = template_freight(TEMPLATE, loads, goods_minor=100, region=None)
    assert unknown == Freight(1_200, 9_900, is_estimate=True, template_id=TEMPLATE.id, rate=1, units=1_001)
    known = template_freight(TEMPLATE, loads, goods_minor=100, region=Region("西藏", "拉萨"))
    assert known == Freight(3_200, None, template_id=TEMPLATE.id, rate=0, units=1_001)


def test_a_template_that_makes_no_difference_asks_for_no_address() -> None:
    plain = FreightTemplate(ChargedBy.PIECE, 1, (FreightRate((), True, 1, 500, 1, 100),), UUID(int=8), 1)
    for region in (None, Region("哪里", "都行")):
        charged = template_freight(plain, [Load(3, None)], goods_minor=1, region=region)
        assert charged == Freight(700, None, template_id=plain.id, units=3)


def test_where_most_of_the_country_is_not_served_the_estimate_is_a_rate_that_is() -> None:
    terms = FreightTerms(ChargedBy.WEIGHT, 1, (FreightRate(is_delivered=False), FAR))
    assert rate_for(terms, None) == 1
    assert rate_for(terms, Region("北京", "北京")) is Unserved.NOT_DELIVERED


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"rates": ()}, ("rates", "REQUIRED")),
        ({"rates": (FAR,)}, ("rates", "REQUIRED")),
        ({"rates": (REST, FAR, REST)}, ("rates.2.regions", "REST_TWICE")),
        ({"rates": (REST, FreightRate(("火星",)))}, ("rates.1.regions.0", "REGION_UNKNOWN")),
        ({"rates": (REST, FreightRate(("广东/",)))}, ("rates.1.regions.0", "REGION_UNKNOWN")),
        ({"rates": (REST, FreightRate(("广东", "44")))}, ("rates.1.regions.1", "REGION_TWICE")),
        ({"rates": (REST, NEAR, FreightRate(("广东/深圳市",)))}, ("rates.2.regions.0", "REGION_TWICE")),
        ({"rates": (FreightRate((), True, 1, -1),)}, ("rates.0.firstMinor", "OUT_OF_RANGE")),
        ({"rates": (FreightRate((), True, 0, 1),)}, ("rates.0.firstUnits", "OUT_OF_RANGE")),
        ({"rates": (FreightRate((), True, 1, 1, 0),)}, ("rates.0.furtherUnits", "OUT_OF_RANGE")),
        ({"rates": (FreightRate((), True, 1, 1, 1, -1),)}, ("rates.0.furtherMinor", "OUT_OF_RANGE")),
        ({"rates": (FreightRate(free_from_minor=-1),)}, ("rates.0.freeFromMinor", "OUT_OF_RANGE")),
        ({"rates": (FreightRate(is_delivered=False),)}, ("rates", "NOWHERE")),
        ({"rates": (REST,) * 61}, ("rates", "TOO_MANY")),
        ({"piece_grams": 0}, ("pieceGrams", "OUT_OF_RANGE")),
    ],
)
def test_what_a_template_must_not_say(changed: dict[str, object], problem: tuple[str, str]) -> None:
    given: dict[str, object] = {"charged_by": ChargedBy.WEIGHT, "piece_grams": 500, "rates": (REST, FAR)} | changed
    assert checked_terms(FreightTerms(**given)) == (None, problem)  # type: ignore[arg-type]


def test_regions_are_kept_in_one_way() -> None:
    given = FreightTerms(ChargedBy.PIECE, 1, (FreightRate(("广东/深圳市", "44", "内蒙古"), is_delivered=False), REST))
    checked, problem = checked_terms(given)
    assert problem is None
    assert checked is not None
    assert [rate.regions for rate in checked.rates] == [("广东省/深圳", "广东省", "内蒙古自治区"), ()]


def test_every_province_is_known_by_each_of_its_names() -> None:
    assert len(NAMES) == 34
    assert {province_of(way) for way in PROVINCES} == set(NAMES)
    assert [province_of(one) for one in ("陕西", "山西省", "广西壮族自治区", "shaanxi", "310000")] == [
        "陕西省",
        "山西省",
        "广西壮族自治区",
        "陕西省",
        "上海市",
    ]
    assert [city_of(one) for one in ("深圳市", "恩施自治州", "阿拉善盟", "大兴安岭地区")] == [
        "深圳",
        "恩施",
        "阿拉善",
        "大兴安岭",
    ]
    assert region_of("上海") == "上海市"
