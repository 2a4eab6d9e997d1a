"""A quotation ends once and for good, is good for as long as it says, and shows itself to nobody else."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.quotation_rules import (
    LONGEST_VALIDITY,
    QUOTATION_MOVES,
    SHORTEST_VALIDITY,
    expiry_of,
    move_quotation,
    sight_of,
    state_now,
)
from app.trade.values import ForbiddenMove, QuotationEvent, QuotationSight, QuotationState

NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
ANNA, BEN = UUID(int=1), UUID(int=2)
S, E = QuotationState, QuotationEvent
moments = st.timedeltas(min_value=timedelta(days=-40), max_value=timedelta(days=40))


def test_only_an_open_quotation_moves_and_no_end_has_a_way_back() -> None:
    ends = {E.ACCEPT: S.ACCEPTED, E.DECLINE: S.DECLINED, E.WITHDRAW: S.WITHDRAWN, E.EXPIRE: S.EXPIRED}
    assert {event: move_quotation(S.OPEN, event) for event in E} == ends
    for state, event in product(set(S) - {S.OPEN}, E):
        with pytest.raises(ForbiddenMove):
            move_quotation(state, event)
    assert len(QUOTATION_MOVES) == 4


@given(state=st.sampled_from(S), ago=moments)
def test_time_ends_an_open_quotation_at_its_instant_and_nothing_else(state: S, ago: timedelta) -> None:
    now = state_now(state, expires_at=NOW - ago, now=NOW)
    assert now == (S.EXPIRED if state is S.OPEN and ago >= timedelta(0) else state)


def test_a_quotation_is_good_up_to_the_instant_before_its_end() -> None:
    assert state_now(S.OPEN, expires_at=NOW, now=NOW - MOMENT) is S.OPEN
    assert state_now(S.OPEN, expires_at=NOW, now=NOW) is S.EXPIRED


@given(ahead=moments)
def test_expiry_is_taken_as_wished_within_bounds_and_refused_outside(ahead: timedelta) -> None:
    is_within = timedelta(hours=1) <= ahead <= timedelta(days=30)
    assert expiry_of(NOW + ahead, now=NOW) == (NOW + ahead if is_within else None)


def test_bounds_of_expiry_are_an_hour_and_thirty_days_and_seven_days_go_without_saying() -> None:
    edges = [SHORTEST_VALIDITY - MOMENT, SHORTEST_VALIDITY, LONGEST_VALIDITY, LONGEST_VALIDITY + MOMENT]
    assert [expiry_of(NOW + ahead, now=NOW) is not None for ahead in edges] == [False, True, True, False]
    assert expiry_of(None, now=NOW) == NOW + timedelta(days=7)


@given(
    state=st.sampled_from(S),
    named=st.sampled_from([None, ANNA]),
    is_revoked=st.booleans(),
    viewer=st.sampled_from([None, ANNA, BEN]),
)
def test_nobody_but_its_customer_sees_anything_of_a_named_quotation(
    state: S, named: UUID | None, is_revoked: bool, viewer: UUID | None
) -> None:
    taker = ANNA if state is S.ACCEPTED else named
    sight = sight_of(state, named_id=named, taker_id=taker, is_revoked=is_revoked, viewer_id=viewer)
    if is_revoked:
        assert sight is QuotationSight.HIDDEN
    elif named is not None:
        expected = {None: QuotationSight.SIGN_IN, BEN: QuotationSight.HIDDEN, ANNA: QuotationSight.SHOWN}
        assert sight is expected[viewer]
    elif state is S.ACCEPTED:
        assert sight is (QuotationSight.SHOWN if viewer == ANNA else QuotationSight.TAKEN)
    else:
        assert sight is QuotationSight.SHOWN
