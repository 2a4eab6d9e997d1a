"""Money moves by one declared table; the books balance on any day, and a state is where the money stands."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.commission.ledger_rules import (
    LEDGER_MOVES,
    balances,
    offset_debt,
    state_of,
    take_back,
    transfers_for,
    trial_balance,
)
from app.commission.values import (
    Account,
    AccountKind,
    CommissionState,
    ForbiddenMove,
    LedgerEntry,
    LedgerEvent,
    Transfer,
)

BRAND, GUIDE = UUID(int=1), UUID(int=2)
Kind, Event, State = AccountKind, LedgerEvent, CommissionState


def booked(standing: AccountKind, event: LedgerEvent, amount_minor: int = 100) -> tuple[Transfer, ...]:
    return transfers_for(event, LedgerEntry(BRAND, GUIDE, standing, amount_minor))


def moved(debit: AccountKind, credit: AccountKind, amount_minor: int = 100) -> tuple[Transfer, ...]:
    return (Transfer(Account(debit, GUIDE), Account(credit, GUIDE), amount_minor),)


def test_expense_is_the_brands_and_everything_else_the_partys() -> None:
    expense, estimated = Account(Kind.COMMISSION_EXPENSE, BRAND), Account(Kind.ESTIMATED, GUIDE)
    assert booked(Kind.COMMISSION_EXPENSE, Event.PLACED) == (Transfer(expense, estimated, 100),)
    parties = {
        (account.kind, account.party_id)
        for standing, event in LEDGER_MOVES
        for transfer in booked(standing, event)
        for account in (transfer.debit, transfer.credit)
    }
    assert parties == {(kind, BRAND if kind is Kind.COMMISSION_EXPENSE else GUIDE) for kind in Kind}


@pytest.mark.parametrize(
    ("standing", "event", "debit", "credit"),
    [
        (Kind.ESTIMATED, Event.PAID, Kind.ESTIMATED, Kind.HELD),
        (Kind.ESTIMATED, Event.CANCELLED, Kind.ESTIMATED, Kind.VOIDED),
        (Kind.HELD, Event.RELEASED, Kind.HELD, Kind.PAYABLE),
        (Kind.HELD, Event.DISPUTED, Kind.HELD, Kind.DISPUTED),
        (Kind.PAYABLE, Event.DISPUTED, Kind.PAYABLE, Kind.DISPUTED),
        (Kind.DISPUTED, Event.DISPUTE_ENDED, Kind.DISPUTED, Kind.HELD),
        (Kind.PAYABLE, Event.PAYOUT_STARTED, Kind.PAYABLE, Kind.IN_PAYOUT),
        (Kind.IN_PAYOUT, Event.PAYOUT_FAILED, Kind.IN_PAYOUT, Kind.PAYABLE),
        (Kind.IN_PAYOUT, Event.PAYOUT_DONE, Kind.IN_PAYOUT, Kind.PAID),
        (Kind.HELD, Event.REVERSED, Kind.HELD, Kind.VOIDED),
        (Kind.DISPUTED, Event.REVERSED, Kind.DISPUTED, Kind.VOIDED),
        (Kind.PAYABLE, Event.REVERSED, Kind.PAYABLE, Kind.VOIDED),
        (Kind.IN_PAYOUT, Event.REVERSED, Kind.DEBT, Kind.VOIDED),
        (Kind.PAID, Event.REVERSED, Kind.DEBT, Kind.VOIDED),
        (Kind.PAYABLE, Event.OFFSET, Kind.PAYABLE, Kind.DEBT),
    ],
)
def test_every_event_moves_the_money_as_declared(
    standing: AccountKind, event: LedgerEvent, debit: AccountKind, credit: AccountKind
) -> None:
    assert booked(standing, event, 7) == moved(debit, credit, 7)


def test_what_the_table_does_not_know_cannot_happen() -> None:
    allowed = {(standing, event) for standing, event in LEDGER_MOVES}
    assert len(allowed) == 16
    refused = [(standing, event) for standing in Kind for event in Event if (standing, event) not in allowed]
    assert len(refused) == 9 * 11 - 16
    for standing, event in refused:
        with pytest.raises(ForbiddenMove) as caught:
            booked(standing, event)
        assert (caught.value.state, caught.value.event) == (standing, event)


def test_late_payment_of_a_cancelled_order_brings_no_commission_back() -> None:
    for event in Event:
        with pytest.raises(ForbiddenMove):
            booked(Kind.VOIDED, event)


def test_nothing_is_booked_for_nothing_and_a_negative_amount_is_refused() -> None:
    assert booked(Kind.COMMISSION_EXPENSE, Event.PLACED, 0) == ()
    with pytest.raises(ValueError, match="negative"):
        booked(Kind.COMMISSION_EXPENSE, Event.PLACED, -1)
    account = Account(Kind.HELD, GUIDE)
    with pytest.raises(ValueError, match="more than nothing"):
        Transfer(account, Account(Kind.PAYABLE, GUIDE), 0)
    with pytest.raises(ValueError, match="two accounts"):
        Transfer(account, account, 1)


def standing_of(transfers: Iterable[Transfer]) -> dict[AccountKind, int]:
    """What the party has on each account."""
    return {account.kind: amount for account, amount in balances(transfers).items() if account.party_id == GUIDE}


def test_the_state_of_an_entry_is_where_its_money_stands() -> None:
    life: list[tuple[LedgerEvent, CommissionState]] = [
        (Event.PLACED, State.ESTIMATED),
        (Event.PAID, State.HELD),
        (Event.DISPUTED, State.DISPUTED),
        (Event.DISPUTE_ENDED, State.HELD),
        (Event.RELEASED, State.PAYABLE),
        (Event.PAYOUT_STARTED, State.IN_PAYOUT),
        (Event.PAYOUT_FAILED, State.PAYABLE),
        (Event.PAYOUT_STARTED, State.IN_PAYOUT),
        (Event.PAYOUT_DONE, State.PAID),
    ]
    standing = Kind.COMMISSION_EXPENSE
    transfers: list[Transfer] = []
    for event, expected in life:
        transfers += booked(standing, event)
        standing = AccountKind(expected.value)
        assert state_of(standing_of(transfers)) is expected
        assert trial_balance(transfers) == 0


def test_entry_partly_reversed_stands_where_the_rest_stands() -> None:
    expense = booked(Kind.COMMISSION_EXPENSE, Event.PLACED)
    held = expense + booked(Kind.ESTIMATED, Event.PAID)
    part = held + booked(Kind.HELD, Event.REVERSED, 40)
    assert state_of(standing_of(part)) is State.HELD
    assert balances(part)[Account(Kind.HELD, GUIDE)] == 60
    assert state_of(standing_of(part + booked(Kind.HELD, Event.REVERSED, 60))) is State.VOIDED
    assert state_of({}) is None


def test_entry_partly_paid_out_is_as_far_as_its_slowest_part() -> None:
    assert state_of({Kind.PAYABLE: 1, Kind.PAID: 99}) is State.PAYABLE
    assert state_of({Kind.IN_PAYOUT: 1, Kind.PAID: 99}) is State.IN_PAYOUT
    assert state_of({Kind.PAID: 60, Kind.DEBT: -40, Kind.VOIDED: 40}) is State.PAID
    assert state_of({Kind.DEBT: 100}) is State.PAID


def test_refund_after_payout_is_debt_until_other_commission_pays_it_off() -> None:
    paid = moved(Kind.COMMISSION_EXPENSE, Kind.PAID)
    reversal = booked(Kind.PAID, Event.REVERSED, 30)
    assert state_of(standing_of(paid + reversal)) is State.PAID
    assert balances(paid + reversal)[Account(Kind.DEBT, GUIDE)] == -30
    next_one = moved(Kind.COMMISSION_EXPENSE, Kind.PAYABLE, 50) + booked(Kind.PAYABLE, Event.OFFSET, 30)
    whole = paid + reversal + next_one
    assert balances(whole)[Account(Kind.DEBT, GUIDE)] == 0
    assert balances(whole)[Account(Kind.PAYABLE, GUIDE)] == 20


def test_reversal_takes_what_is_still_here_before_it_makes_a_debt() -> None:
    everywhere = {Kind.HELD: 10, Kind.DISPUTED: 20, Kind.PAYABLE: 30, Kind.IN_PAYOUT: 40, Kind.PAID: 50}
    assert take_back(everywhere, 5) == [(Kind.HELD, 5)]
    assert take_back(everywhere, 45) == [(Kind.HELD, 10), (Kind.DISPUTED, 20), (Kind.PAYABLE, 15)]
    assert take_back(everywhere, 61)[3:] == [(Kind.PAID, 1)]
    assert take_back({}, 7) == [(Kind.PAID, 7)]
    assert take_back(everywhere, 0) == []
    with pytest.raises(ValueError, match="negative"):
        take_back(everywhere, -1)


@given(
    st.dictionaries(st.sampled_from([Kind.HELD, Kind.PAYABLE, Kind.PAID, Kind.DEBT]), st.integers(-50, 50)),
    st.integers(0, 200),
)
def test_a_reversal_is_never_cut_off_and_never_takes_what_is_not_there(
    standing: dict[AccountKind, int], amount_minor: int
) -> None:
    parts = take_back(standing, amount_minor)
    assert sum(part for _, part in parts) == amount_minor
    assert all(part > 0 for _, part in parts)
    assert all(part <= standing[kind] for kind, part in parts if kind is not Kind.PAID)
    if parts and parts[-1][0] is Kind.PAID:
        assert sum(part for _, part in parts[:-1]) == sum(
            max(standing.get(kind, 0), 0) for kind in (Kind.HELD, Kind.PAYABLE)
        )


@given(st.integers(0, 300), st.lists(st.integers(1, 100), max_size=6))
def test_debt_is_paid_from_the_oldest_first_and_never_overpaid(debt_minor: int, amounts: list[int]) -> None:
    parts = offset_debt(debt_minor, list(enumerate(amounts)))
    assert sum(part for _, part in parts) == min(debt_minor, sum(amounts))
    assert [key for key, _ in parts] == list(range(len(parts)))
    assert all(part == amounts[key] for key, part in parts[:-1])


accounts = st.builds(Account, st.sampled_from(AccountKind), st.sampled_from([BRAND, GUIDE, UUID(int=3)]))
transfers_of_any_kind = st.lists(
    st.tuples(accounts, accounts, st.integers(1, 10**12))
    .filter(lambda parts: parts[0] != parts[1])
    .map(lambda parts: Transfer(*parts)),
    max_size=40,
)


@given(transfers=transfers_of_any_kind)
def test_books_balance_by_construction(transfers: list[Transfer]) -> None:
    assert trial_balance(transfers) == 0
    moved_in = sum(transfer.amount_minor for transfer in transfers)
    assert sum(abs(balance) for balance in balances(transfers).values()) <= 2 * moved_in


class OneEntry(RuleBasedStateMachine):
    """An entry lives any life that the table allows, with refunds in between."""

    @initialize(amount_minor=st.integers(1, 10_000))
    def place(self, amount_minor: int) -> None:
        self.amount_minor = amount_minor
        self.left_minor = amount_minor
        self.debt_minor = 0
        self.standing = Kind.ESTIMATED
        self.transfers = list(booked(Kind.COMMISSION_EXPENSE, Event.PLACED, amount_minor))

    @rule(event=st.sampled_from([event for event in Event if event not in (Event.REVERSED, Event.OFFSET)]))
    def move(self, event: LedgerEvent) -> None:
        before = list(self.transfers)
        try:
            moving = booked(self.standing, event, self.left_minor)
        except ForbiddenMove:
            assert self.transfers == before
            return
        self.transfers += moving
        self.standing = LEDGER_MOVES[self.standing, event][1]
        if self.standing is Kind.VOIDED:
            self.left_minor = 0

    @precondition(lambda self: self.left_minor > 0 and self.standing is not Kind.ESTIMATED)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        part = data.draw(st.integers(0, self.left_minor - self.debt_minor))
        self.transfers += booked(self.standing, Event.REVERSED, part)
        if self.standing in (Kind.IN_PAYOUT, Kind.PAID):
            self.debt_minor += part
        else:
            self.left_minor -= part
            self.standing = self.standing if self.left_minor else Kind.VOIDED

    @invariant()
    def books_balance_and_nothing_is_below_zero(self) -> None:
        sums = balances(self.transfers)
        assert trial_balance(self.transfers) == 0
        assert sums.get(Account(Kind.DEBT, GUIDE), 0) == -self.debt_minor
        assert sums[Account(Kind.COMMISSION_EXPENSE, BRAND)] == -self.amount_minor
        for account, balance in sums.items():
            assert balance >= 0 or account.kind in (Kind.COMMISSION_EXPENSE, Kind.DEBT)
        if self.left_minor > 0:
            assert sums[Account(self.standing, GUIDE)] == self.left_minor
            assert state_of(standing_of(self.transfers)) == self.standing.value
        else:
            assert state_of(standing_of(self.transfers)) is State.VOIDED


TestOneEntry = OneEntry.TestCase
