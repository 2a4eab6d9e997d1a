"""Withdrawals change only by moves of their table, and what pays them adds up to the cent, the oldest money first."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.values import AccountKind, ForbiddenMove, WithdrawalEvent, WithdrawalState
from app.commission.withdrawal_rules import (
    MONEY_STANDS,
    WITHDRAWAL_MOVES,
    allocate,
    most,
    move,
    query_pause,
)

State, Event = WithdrawalState, WithdrawalEvent
MONEY = st.lists(st.integers(0, 10**9), max_size=20).map(lambda amounts: list(enumerate(amounts)))


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((Event.REJECT,), State.REJECTED),
        ((Event.APPROVE,), State.APPROVED),
        ((Event.APPROVE, Event.SEND), State.IN_PAYOUT),
        ((Event.APPROVE, Event.SEND, Event.PAY), State.PAID),
        ((Event.APPROVE, Event.SEND, Event.FAIL), State.FAILED),
        ((Event.APPROVE, Event.SEND, Event.SEND_AGAIN, Event.SEND_AGAIN, Event.PAY), State.PAID),
    ],
)
def test_withdrawal_walks_the_declared_road(events: tuple[WithdrawalEvent, ...], state: WithdrawalState) -> None:
    reached = State.REQUESTED
    for event in events:
        reached = move(reached, event)
    assert reached is state


@given(st.sampled_from(State), st.sampled_from(Event))
def test_what_the_table_does_not_name_cannot_happen(state: WithdrawalState, event: WithdrawalEvent) -> None:
    if (state, event) in WITHDRAWAL_MOVES:
        assert move(state, event) is WITHDRAWAL_MOVES[state, event]
    else:
        with pytest.raises(ForbiddenMove):
            move(state, event)


def test_ended_withdrawals_never_move_again_and_every_state_says_where_its_money_is() -> None:
    assert {state for state, _ in WITHDRAWAL_MOVES} == {State.REQUESTED, State.APPROVED, State.IN_PAYOUT}
    assert set(MONEY_STANDS) == set(State)
    assert {state for state, account in MONEY_STANDS.items() if account is AccountKind.IN_PAYOUT} == {
        State.APPROVED,
        State.IN_PAYOUT,
    }


@pytest.mark.parametrize(("payable", "claimed", "left"), [(500, 0, 500), (500, 200, 300), (500, 500, 0), (300, 500, 0)])
def test_open_requests_claim_their_part(payable: int, claimed: int, left: int) -> None:
    assert most(payable, claimed) == left


def test_first_money_pays_first_and_the_last_entry_is_split() -> None:
    money = [("first", 30), ("spent", 0), ("second", 50), ("third", 99)]
    assert allocate(money, 60) == [("first", 30), ("second", 30)]
    assert allocate(money, 80) == [("first", 30), ("second", 50)]


@given(MONEY, st.data())
def test_parts_add_up_take_no_more_than_is_there_and_leave_only_later_money(
    money: list[tuple[int, int]], data: st.DataObject
) -> None:
    there = dict(money)
    if not any(there.values()):
        return
    amount = data.draw(st.integers(1, sum(there.values())))
    allocated = allocate(money, amount)
    parts = dict(allocated)
    assert len(parts) == len(allocated)
    assert sum(parts.values()) == amount
    assert min(parts.values()) > 0
    assert all(part <= there[key] for key, part in parts.items())
    split = [key for key, part in parts.items() if part < there[key]]
    assert split in ([], [max(parts)])
    assert all(key > max(parts) for key in there if there[key] and key not in parts)


@given(MONEY, st.integers(1, 10**6))
def test_more_than_there_is_is_refused_whole(money: list[tuple[int, int]], more: int) -> None:
    with pytest.raises(ValueError, match="missing"):
        allocate(money, sum(amount for _, amount in money) + more)


@pytest.mark.parametrize("amount", [0, -1])
def test_withdrawal_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        allocate([(1, 5)], amount)


def test_negative_money_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        allocate([(1, -5), (2, 5)], 5)


@pytest.mark.parametrize(("waited", "pause"), [(0, 30), (60, 30), (90, 45), (1_200, 600), (1_800, 900), (86_400, 900)])
def test_a_payout_is_asked_about_ever_less_often_but_never_forgotten(waited: int, pause: int) -> None:
    assert query_pause(timedelta(seconds=waited)) == timedelta(seconds=pause)
