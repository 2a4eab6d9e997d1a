"""A month's statement closes where the next one opens, and its sums add up, whatever happened on the ledger."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.ledger_rules import LEDGER_MOVES
from app.commission.statement_rules import OWED, Flow, Statement, read_month, statement
from app.commission.values import AccountKind

Kind = AccountKind
MOVES = st.sampled_from(sorted(set(LEDGER_MOVES.values())))
HISTORY = st.lists(st.tuples(st.integers(0, 3), MOVES, st.integers(1, 10**9)), max_size=40)
"""Transfers: the month, from which account to which, the amount."""


def statement_of(history: list[tuple[int, tuple[Kind, Kind], int]], month: int) -> Statement:
    sums: defaultdict[tuple[Kind, Kind, bool], int] = defaultdict(int)
    for booked, (debit, credit), amount in history:
        if booked <= month:
            sums[debit, credit, booked < month] += amount
    return statement(Flow(*key, amount) for key, amount in sums.items())


@given(HISTORY)
def test_every_month_closes_where_the_next_opens_and_adds_up(history: list[tuple[int, tuple[Kind, Kind], int]]) -> None:
    months = [statement_of(history, month) for month in range(4)]
    assert months[0].opening == dict.fromkeys(OWED, 0)
    for one in months:
        assert one.opening_minor + one.earned_minor - one.reversed_minor - one.paid_out_minor == one.closing_minor
        assert min(one.earned_minor, one.reversed_minor, one.paid_out_minor) >= 0
    for before, after in pairwise(months):
        assert before.closing == after.opening
    balances: defaultdict[Kind, int] = defaultdict(int)
    for _, (debit, credit), amount in history:
        balances[debit] -= amount
        balances[credit] += amount
    assert months[-1].closing == {account: balances[account] for account in OWED}
    assert sum(one.paid_out_minor for one in months) == balances[Kind.PAID]


def test_statement_of_a_month_with_everything_in_it() -> None:
    found = statement(
        [
            Flow(Kind.COMMISSION_EXPENSE, Kind.ESTIMATED, True, 1_000),
            Flow(Kind.ESTIMATED, Kind.HELD, True, 700),
            Flow(Kind.HELD, Kind.PAYABLE, True, 400),
            Flow(Kind.COMMISSION_EXPENSE, Kind.ESTIMATED, False, 90),
            Flow(Kind.ESTIMATED, Kind.HELD, False, 250),
            Flow(Kind.ESTIMATED, Kind.VOIDED, False, 50),
            Flow(Kind.HELD, Kind.VOIDED, False, 20),
            Flow(Kind.PAYABLE, Kind.IN_PAYOUT, False, 300),
            Flow(Kind.IN_PAYOUT, Kind.PAID, False, 200),
            Flow(Kind.IN_PAYOUT, Kind.PAYABLE, False, 60),
            Flow(Kind.DEBT, Kind.VOIDED, False, 30),
            Flow(Kind.PAYABLE, Kind.DEBT, False, 10),
        ]
    )
    assert found.opening == {Kind.HELD: 300, Kind.DISPUTED: 0, Kind.PAYABLE: 400, Kind.IN_PAYOUT: 0, Kind.DEBT: 0}
    assert (found.earned_minor, found.reversed_minor, found.paid_out_minor) == (250, 50, 200)
    assert found.closing == {Kind.HELD: 530, Kind.DISPUTED: 0, Kind.PAYABLE: 150, Kind.IN_PAYOUT: 40, Kind.DEBT: -20}
    assert (found.opening_minor, found.closing_minor) == (700, 700)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-00",
        "2026-13",
        "2026-1",
        "26-11",
        "2026-11-01",
        "２０２６-11",
        "1999-12",
        "9999-12",
        " 2026-11",
    ],
)
def test_text_that_is_no_month_is_none(text: str) -> None:
    assert read_month(text) is None


@given(st.dates(date(2000, 1, 1), date(9998, 12, 31)))
def test_a_month_goes_from_its_first_day_to_the_next_ones(day: date) -> None:
    first, following = read_month(f"{day:%Y-%m}") or (None, None)
    assert first == day.replace(day=1)
    assert following is not None and following.day == 1
    assert (following - timedelta(days=1)).month == day.month
    assert first <= day < following
