"""Which place sends an order: the warehouse, the selling store, the city, any other; never one that refused."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.routing_rules import best_place, is_same_city, rank
from app.trade.values import Candidate

WAREHOUSE = Candidate(UUID(int=9), True, "总仓", None)
SELLER = Candidate(UUID(int=8), False, "卖店", "成都")
NEAR = Candidate(UUID(int=7), False, "近店", "上海市")
FAR = Candidate(UUID(int=6), False, "远店", "北京")
ALL = [FAR, NEAR, SELLER, WAREHOUSE]


def chosen(*refused: Candidate) -> Candidate | None:
    return best_place(
        ALL, selling_store_id=SELLER.location_id, city="上海", refused=[place.location_id for place in refused]
    )


def test_each_refusal_leads_to_the_next_place_and_the_last_to_nobody() -> None:
    assert chosen() is WAREHOUSE
    assert chosen(WAREHOUSE) is SELLER
    assert chosen(WAREHOUSE, SELLER) is NEAR
    assert chosen(WAREHOUSE, SELLER, NEAR) is FAR
    assert chosen(*ALL) is None
    assert best_place([], selling_store_id=None, city=None) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("上海", "上海市", True),
        ("上海市", " 上海", True),
        ("上海", "北京", False),
        (None, None, False),
        ("", "", False),
        (None, "上海", False),
    ],
)
def test_a_city_is_known_with_and_without_its_last_character(one: str | None, other: str | None, is_same: bool) -> None:
    assert is_same_city(one, other) is is_same


PLACES = st.lists(
    st.builds(
        Candidate,
        location_id=st.uuids(),
        is_warehouse=st.booleans(),
        name=st.sampled_from("甲乙丙"),
        city=st.sampled_from([None, "上海", "上海市", "北京"]),
    ),
    unique_by=lambda place: place.location_id,
    max_size=8,
)


@given(PLACES, st.data())
def test_order_of_the_candidates_does_not_matter_and_nothing_better_is_left_out(
    places: list[Candidate], data: st.DataObject
) -> None:
    ids = [place.location_id for place in places]
    seller = data.draw(st.sampled_from([None, *ids]))
    refused = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    city = data.draw(st.sampled_from([None, "上海", "北京市"]))
    found = best_place(places, selling_store_id=seller, city=city, refused=refused)
    assert found == best_place(places[::-1], selling_store_id=seller, city=city, refused=refused)
    left = [place for place in places if place.location_id not in refused]
    assert (found is None) == (not left)
    if found is not None:
        assert found in left
        ranks = [rank(place, selling_store_id=seller, city=city) for place in left]
        assert rank(found, selling_store_id=seller, city=city) == min(ranks)
