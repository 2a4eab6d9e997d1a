"""Withdrawals change only by moves of their table, and what pays them adds up to the cent, the oldest money first."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.values import AccountKind, ForbiddenMove, WithdrawalEvent, WithdrawalState
from app.commission.withdrawal_rules import (
    MONEY_STANDS,
    WITHDRAWAL_MOVES,
    PayableMoney,
    allocate,
    most,
    move,
    query_pause,
)

State, Event = WithdrawalState, WithdrawalEvent
MONEY = st.lists(
    st.builds(PayableMoney, st.uuids(version=4), st.integers(0, 10**9)), max_size=20, unique_by=lambda one: one.entry_id
)


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


def test_oldest_money_pays_first_and_the_last_entry_is_split() -> None:
    money = [PayableMoney(UUID(int=number), amount) for number, amount in ((3, 50), (1, 30), (2, 0), (4, 99))]
    assert allocate(money, 60) == [PayableMoney(UUID(int=1), 30), PayableMoney(UUID(int=3), 30)]
    assert allocate(money, 80) == [PayableMoney(UUID(int=1), 30), PayableMoney(UUID(int=3), 50)]


@given(MONEY, st.data())
def test_parts_add_up_take_no_more_than_is_there_and_leave_only_newer_money(
    money: list[PayableMoney], data: st.DataObject
) -> None:
    total = sum(one.amount_minor for one in money)
    if total == 0:
        return
    amount = data.draw(st.integers(1, total))
    parts = {part.entry_id: part.amount_minor for part in allocate(money, amount)}
    assert sum(parts.values()) == amount
    assert min(parts.values()) > 0
    there = {one.entry_id: one.amount_minor for one in money}
    split = [entry_id for entry_id, part in parts.items() if part < there[entry_id]]
    assert all(part <= there[entry_id] for entry_id, part in parts.items())
    assert split in ([], [max(parts)])
    untouched = [one.entry_id for one in money if one.amount_minor and one.entry_id not in parts]
    assert all(entry_id > max(parts) for entry_id in untouched)


@given(MONEY, st.integers(1, 10**6))
def test_more_than_there_is_is_refused_whole(money: list[PayableMoney], more: int) -> None:
    with pytest.raises(ValueError, match="missing"):
        allocate(money, sum(one.amount_minor for one in money) + more)


@pytest.mark.parametrize("amount", [0, -1])
def test_withdrawal_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        allocate([PayableMoney(UUID(int=1), 5)], amount)


def test_negative_money_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        allocate([PayableMoney(UUID(int=1), -5), PayableMoney(UUID(int=2), 5)], 5)


@pytest.mark.parametrize(("waited", "pause"), [(0, 30), (60, 30), (90, 45), (1_200, 600), (1_800, 900), (86_400, 900)])
def test_a_payout_is_asked_about_ever_less_often_but_never_forgotten(waited: int, pause: int) -> None:
    assert query_pause(timedelta(seconds=waited)) == timedelta(seconds=pause)
