"""Rules of invoices: the state machine, tax numbers, and lines whose net and tax are their gross to the cent. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.trade.invoice_values import (
    InvoiceAction,
    InvoiceEvent,
    InvoiceLine,
    InvoiceState,
    Refunded,
    SoldLine,
)
from app.trade.values import ForbiddenMove

_S: Final = InvoiceState
INVOICE_MOVES: Final[Mapping[tuple[InvoiceState, InvoiceEvent], InvoiceState]] = MappingProxyType(
    {
        (_S.REQUESTED, InvoiceEvent.ISSUE): _S.ISSUING,
        (_S.REQUESTED, InvoiceEvent.REJECT): _S.REJECTED,
        (_S.REQUESTED, InvoiceEvent.WITHDRAW): _S.WITHDRAWN,
        (_S.REQUESTED, InvoiceEvent.VOID): _S.VOIDED,
        (_S.ISSUING, InvoiceEvent.BOOK): _S.ISSUED,
        (_S.ISSUING, InvoiceEvent.FAIL): _S.REQUESTED,
    }
)
LIVE: Final = (_S.REQUESTED, _S.ISSUING, _S.ISSUED)
"""An order has one request at most in one of these."""
FREIGHT_NAME: Final = "运费"

_CREDIT_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE: Final = re.compile(f"[1-9A-HJ-NP-RTUWXY][1-9A-HJ-NP-RTUWXY][0-9]{{6}}[{_CREDIT_SIGNS}]{{10}}", re.ASCII)
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_OLD_CODE: Final = re.compile(r"[0-9]{6}[0-9A-Z]{8}[0-9X]", re.ASCII)
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}", re.ASCII)
LONGEST_EMAIL: Final = 120


def move_invoice(state: InvoiceState, event: InvoiceEvent) -> InvoiceState:
    """The request's state after an event. Raises: ForbiddenMove."""
    after = INVOICE_MOVES.get((state, event))
    if after is None:
        raise ForbiddenMove(state, event)
    return after


def allowed_invoice_actions(state: InvoiceState, *, is_buyer: bool, may_decide: bool) -> tuple[InvoiceAction, ...]:
    """What this caller may do with a request now, in the order of InvoiceAction."""
    may = {
        InvoiceAction.WITHDRAW: is_buyer,
        InvoiceAction.ISSUE: may_decide,
        InvoiceAction.REJECT: may_decide,
    }
    return tuple(action for action in InvoiceAction if may[action] and state is _S.REQUESTED)


def read_tax_number(text: str) -> str | None:
    """A tax number without blanks, in capitals; None for what is none.

    A unified social credit code of 18 signs with its check sign (GB 32100-2015), or one from before with 15: six
    digits of a region and an organisation's code with its check sign (GB 11714), or fifteen digits.
    """
    number = "".join(text.split()).upper()
    if len(number) == 18:
        is_one = _CREDIT_CODE.fullmatch(number) is not None and credit_check_sign(number[:17]) == number[17]
        return number if is_one else None
    if _OLD_CODE.fullmatch(number) is None:
        return None
    return number if number.isdigit() or organisation_check_sign(number[6:14]) == number[14] else None


def credit_check_sign(first_17: str) -> str:
    """The last sign of a unified social credit code: 31 less the sum of each sign by powers of 3, modulo 31."""
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(first_17))
    return _CREDIT_SIGNS[-total % 31]


def organisation_check_sign(first_8: str) -> str:
    """The last sign of an organisation's code: 11 less the weighted sum, modulo 11; X for 10."""
    total = sum(int(sign, 36) * weight for sign, weight in zip(first_8, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def read_email(text: str) -> str | None:
    """A mail address without blanks around it; None for what is none."""
    address = text.strip()
    return address if len(address) <= LONGEST_EMAIL and _EMAIL.fullmatch(address) else None


def tax_in(gross_minor: int, rate_bp: int) -> int:
    """The tax that an amount holds: gross × rate / (1 + rate), half a cent up. Raises: ValueError below zero."""
    if gross_minor < 0 or rate_bp < 0:
        raise ValueError("amount and rate must not be negative")
    whole = 10_000 + rate_bp
    return (2 * gross_minor * rate_bp + whole) // (2 * whole)


def blue_lines(
    sold: Sequence[SoldLine], freight_minor: int, refunded: Sequence[Refunded], *, rate_bp: int
) -> list[InvoiceLine]:
    """What an order's invoice says: each line less what was refunded of it, then the freight; nothing of nothing."""
    goods_back: dict[UUID, int] = {}
    pieces_back: dict[UUID, int] = {}
    for one in refunded:
        goods_back[one.order_line_id] = goods_back.get(one.order_line_id, 0) + one.goods_minor
        pieces_back[one.order_line_id] = pieces_back.get(one.order_line_id, 0) + one.quantity * one.is_back
    lines = [
        _line(
            line.order_line_id,
            line.name,
            # Pieces may be back while some of their price stays: then it is still of a piece.
            max(1, line.quantity - pieces_back.get(line.order_line_id, 0)),
            line.total_minor - goods_back.get(line.order_line_id, 0),
            rate_bp,
        )
        for line in sold
    ]
    freight_left = freight_minor - sum(one.freight_minor for one in refunded)
    lines.append(_line(None, FREIGHT_NAME, 1, freight_left, rate_bp))
    return [line for line in lines if line.gross_minor]


def red_lines(
    blue: Iterable[InvoiceLine], taken: Mapping[UUID | None, tuple[int, int]], refund: Refunded
) -> list[InvoiceLine]:
    """What a refund takes back of an invoice. `taken`: gross and tax of each line that red ones took back before.

    The tax of all red lines together is rounded, not each one's, so that those of a whole line sum to its tax.
    Raises: ValueError for more than is left of a line.
    """
    of_line = {line.order_line_id: line for line in blue}
    parts = ((refund.order_line_id, refund.goods_minor), (None, refund.freight_minor))
    lines = []
    for line_id, gross_minor in parts:
        if not gross_minor:
            continue
        line = of_line.get(line_id)
        gross_before, tax_before = taken.get(line_id, (0, 0))
        if line is None or gross_before + gross_minor > line.gross_minor:
            raise ValueError("more is refunded than was invoiced")
        tax_minor = _share(line.tax_minor, gross_before + gross_minor, line.gross_minor) - tax_before
        if line_id is None:
            quantity = int(gross_before + gross_minor == line.gross_minor)
        else:
            quantity = refund.quantity * refund.is_back
        lines.append(
            InvoiceLine(line_id, line.name, quantity, gross_minor, gross_minor - tax_minor, tax_minor, line.tax_rate_bp)
        )
    return lines


def _line(order_line_id: UUID | None, name: str, quantity: int, gross_minor: int, rate_bp: int) -> InvoiceLine:
    tax_minor = tax_in(gross_minor, rate_bp)
    return InvoiceLine(order_line_id, name, quantity, gross_minor, gross_minor - tax_minor, tax_minor, rate_bp)


def _share(amount_minor: int, part: int, whole: int) -> int:
    """`part` of `whole` of an amount, half a cent up."""
    return (2 * amount_minor * part + whole) // (2 * whole)
