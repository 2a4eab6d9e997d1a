"""Plain values of invoices: states, titles, lines. Amounts: minor units, tax included unless said; rates: bp."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class TitleKind(StrEnum):
    """Whom an invoice is made out to. Only a company has a tax number."""

    PERSONAL = "PERSONAL"
    COMPANY = "COMPANY"


class InvoiceState(StrEnum):
    """Where a request stands. ISSUING: the provider has been asked. VOIDED: all was refunded before it was issued."""

    REQUESTED = "REQUESTED"
    ISSUING = "ISSUING"
    ISSUED = "ISSUED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    VOIDED = "VOIDED"


class InvoiceEvent(StrEnum):
    """What happens to a request. FAIL: the provider will not issue it as it is, so finance decides anew."""

    ISSUE = "ISSUE"
    BOOK = "BOOK"
    FAIL = "FAIL"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    VOID = "VOID"


class InvoiceAction(StrEnum):
    """What a caller may do with a request now, as the API offers it."""

    WITHDRAW = "WITHDRAW"
    ISSUE = "ISSUE"
    REJECT = "REJECT"


class DocumentKind(StrEnum):
    """BLUE: of a sale; RED: of a refund, it takes back a part of a blue one."""

    BLUE = "BLUE"
    RED = "RED"


class DocumentState(StrEnum):
    """SENDING until the provider has issued it; FAILED: it never will, which only ends blue ones."""

    SENDING = "SENDING"
    ISSUED = "ISSUED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """Who sells, as invoices name it, and at which rate of value-added tax. `version` 0: nothing was published yet."""

    version: int
    seller_name: str
    seller_tax_number: str | None
    tax_rate_bp: int


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of a document: goods, or the freight, which has no line of the order. `gross_minor` = net + tax.

    `quantity`: pieces; of a red line those that are taken back, 0 where only money is.
    """

    order_line_id: UUID | None
    name: str
    quantity: int
    gross_minor: int
    net_minor: int
    tax_minor: int
    tax_rate_bp: int


@dataclass(frozen=True, slots=True)
class Refunded:
    """What an after-sale gave back. `is_back`: the pieces' sale is undone, not only some of their price."""

    after_sale_id: UUID
    order_line_id: UUID
    quantity: int
    goods_minor: int
    freight_minor: int
    is_back: bool


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order as it was sold."""

    order_line_id: UUID
    name: str
    quantity: int
    total_minor: int
