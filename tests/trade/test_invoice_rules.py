"""Tax numbers are checked; net and tax are the gross to the cent, and red lines sum to what they take back."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.invoice_rules import (
    FREIGHT_NAME,
    INVOICE_MOVES,
    LIVE,
    allowed_invoice_actions,
    blue_lines,
    credit_check_sign,
    move_invoice,
    organisation_check_sign,
    read_email,
    read_tax_number,
    red_lines,
    tax_in,
)
from app.trade.invoice_values import InvoiceAction, InvoiceEvent, InvoiceState, Refunded, SoldLine
from app.trade.values import ForbiddenMove

LINE, OTHER = UUID(int=1), UUID(int=2)
CODE = "91350100M000100Y43"
"""The example of GB 32100-2015."""
signs = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (CODE, CODE),
        (" 9135 0100 m000 100y 43", CODE),
        ("91350100M000100Y44", None),
        ("91350100M000100Y4", None),
        ("9135010OM000100Y43", None),
        ("310101123456789", "310101123456789"),
        ("31010112345678X", None),
        ("", None),
    ],
)
def test_tax_numbers(text: str, number: str | None) -> None:
    assert read_tax_number(text) == number


@given(body=signs, at=st.integers(0, 16), step=st.integers(1, 30))
def test_check_sign_finds_every_wrong_sign(body: str, at: int, step: int) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    first = "91350100" + body
    wrong = first[:at] + alphabet[(alphabet.index(first[at]) + step) % 31] + first[at + 1 :]
    assert read_tax_number(first + credit_check_sign(first)) == first + credit_check_sign(first)
    assert read_tax_number(wrong + credit_check_sign(first)) is None


@given(body=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8))
def test_older_number_ends_in_the_organisations_check_sign(body: str) -> None:
    right = organisation_check_sign(body)
    assert read_tax_number(f"310101{body}{right}") == f"310101{body}{right}"
    if not body.isdigit():
        wrong = "0123456789X"["0123456789X".index(right) - 1]
        assert read_tax_number(f"310101{body}{wrong}") is None


@pytest.mark.parametrize("text", ["a@b", "a b@c.cn", "@c.cn", "a@-.", "甲@乙.cn", "a@b.c1", "a" * 120 + "@b.cn"])
def test_what_is_no_mail_address(text: str) -> None:
    assert read_email(text) is None


def test_mail_address_is_kept_without_blanks() -> None:
    assert read_email(" fapiao.2@mail.example.com ") == "fapiao.2@mail.example.com"


@pytest.mark.parametrize(("gross", "rate", "tax"), [(113, 1_300, 13), (100, 1_300, 12), (1, 1_300, 0), (5, 0, 0)])
def test_tax_is_part_of_the_price(gross: int, rate: int, tax: int) -> None:
    assert tax_in(gross, rate) == tax


@given(gross=st.integers(0, 10**9), rate=st.integers(0, 10_000))
def test_tax_is_off_by_half_a_cent_at_most(gross: int, rate: int) -> None:
    tax = tax_in(gross, rate)
    assert 0 <= tax <= gross
    assert abs(2 * (tax * (10_000 + rate) - gross * rate)) <= 10_000 + rate


parts = st.lists(st.integers(0, 5_000), min_size=1, max_size=8)


@given(goods=parts, freight=parts, rate=st.integers(0, 10_000), before=st.integers(0, 7))
def test_parts_of_a_full_refund_sum_to_the_invoice_with_its_tax(
    goods: list[int], freight: list[int], rate: int, before: int
) -> None:
    freight = [*freight, *[0] * len(goods)][: len(goods)]
    sold, kept = [SoldLine(LINE, "衣", len(goods), sum(goods)), SoldLine(OTHER, "帽", 1, 77)], sum(freight) + 3
    refunds = [
        Refunded(UUID(int=10 + at), LINE, 1, one, its, is_back=True)
        for at, (one, its) in enumerate(zip(goods, freight, strict=True))
    ]
    settled, later = refunds[:before], refunds[before:]
    blue = blue_lines(sold, kept, settled, rate_bp=rate)
    assert sum(line.gross_minor for line in blue) == sum(goods[before:]) + sum(freight[before:]) + 77 + 3
    assert all(line.gross_minor == line.net_minor + line.tax_minor > 0 for line in blue)
    taken: dict[UUID | None, tuple[int, int]] = {}
    for refund in later:
        lines = red_lines(blue, taken, refund)
        assert sum(line.gross_minor for line in lines) == refund.goods_minor + refund.freight_minor
        for line in lines:
            assert line.gross_minor == line.net_minor + line.tax_minor
            assert line.tax_minor >= 0
            gross, tax = taken.get(line.order_line_id, (0, 0))
            taken[line.order_line_id] = (gross + line.gross_minor, tax + line.tax_minor)
    of_line = {line.order_line_id: line for line in blue}
    if LINE in of_line:
        assert taken[LINE] == (of_line[LINE].gross_minor, of_line[LINE].tax_minor)
    assert OTHER not in taken


def test_lines_say_what_is_left_and_the_freight_comes_last() -> None:
    sold = [SoldLine(LINE, "衣", 3, 300), SoldLine(OTHER, "赠", 1, 0)]
    refunds = [
        Refunded(UUID(int=9), LINE, 1, 100, 0, is_back=True),
        Refunded(UUID(int=8), LINE, 1, 40, 0, is_back=False),
    ]
    lines = blue_lines(sold, 1_000, refunds, rate_bp=1_300)
    assert [(line.name, line.quantity, line.gross_minor) for line in lines] == [
        ("衣", 2, 160),
        (FREIGHT_NAME, 1, 1_000),
    ]
    assert blue_lines(sold[1:], 0, [], rate_bp=1_300) == []


def test_more_than_was_invoiced_is_never_taken_back() -> None:
    blue = blue_lines([SoldLine(LINE, "衣", 1, 100)], 0, [], rate_bp=1_300)
    for refund in (
        Refunded(UUID(int=9), LINE, 1, 101, 0, is_back=True),
        Refunded(UUID(int=9), OTHER, 1, 1, 0, is_back=True),
        Refunded(UUID(int=9), LINE, 1, 1, 1, is_back=True),
    ):
        with pytest.raises(ValueError, match="more is refunded"):
            red_lines(blue, {}, refund)


def test_a_request_moves_only_as_declared() -> None:
    for state in InvoiceState:
        for event in InvoiceEvent:
            if (state, event) in INVOICE_MOVES:
                assert move_invoice(state, event) is INVOICE_MOVES[state, event]
            else:
                with pytest.raises(ForbiddenMove):
                    move_invoice(state, event)
    ends = set(InvoiceState) - {state for state, _ in INVOICE_MOVES}
    assert ends == {InvoiceState.ISSUED, *set(InvoiceState) - set(LIVE)}


def test_who_may_do_what() -> None:
    def actions(state: InvoiceState, *, is_buyer: bool = False, may_decide: bool = False) -> tuple[InvoiceAction, ...]:
        return allowed_invoice_actions(state, is_buyer=is_buyer, may_decide=may_decide)

    assert actions(InvoiceState.REQUESTED, is_buyer=True) == (InvoiceAction.WITHDRAW,)
    assert actions(InvoiceState.REQUESTED, may_decide=True) == (InvoiceAction.ISSUE, InvoiceAction.REJECT)
    assert actions(InvoiceState.REQUESTED) == ()
    assert all(
        not actions(state, is_buyer=True, may_decide=True) for state in set(InvoiceState) - {InvoiceState.REQUESTED}
    )
