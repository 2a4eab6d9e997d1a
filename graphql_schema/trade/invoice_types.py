"""Invoices with their documents and lines, and terms."""

from datetime import datetime

import strawberry

from app.platform.db import Brand
from app.trade import invoice_reads
from app.trade.invoice_reads import DocumentView, InvoiceView
from app.trade.invoice_values import (
    DocumentKind,
    DocumentState,
    InvoiceAction,
    InvoiceState,
    InvoiceTerms,
    TitleKind,
)
from app.trade.invoice_values import InvoiceLine as Line
from graphql_schema.context import Info
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id

strawberry.enum(TitleKind, name="InvoiceTitleKind", description="Whom an invoice is made out to.")
strawberry.enum(
    InvoiceState,
    description="Where a request stands. VOIDED: all was refunded before it was issued. New values may be added.",
)
strawberry.enum(InvoiceAction, description="What the caller may do with a request now. New values may be added.")
strawberry.enum(DocumentKind, name="InvoiceDocumentKind", description="BLUE: of a sale; RED: it takes a part back.")
strawberry.enum(
    DocumentState,
    name="InvoiceDocumentState",
    description="SENDING until the provider has issued it. New values may be added.",
)


@strawberry.type(description="A line of an invoice: goods, or the freight.")
class InvoiceLine:
    name: str = strawberry.field(description="What it is of.")
    quantity: int = strawberry.field(description="Pieces; of a red one those taken back, 0 where only money is.")
    amount: Money = strawberry.field(description="Tax included: net and tax together, to the cent.")
    net: Money = strawberry.field(description="Without tax.")
    tax: Money = strawberry.field(description="Value-added tax.")
    tax_rate_bp: int = strawberry.field(description="0 to 10,000.")


@strawberry.type(description="An invoice as it is issued: blue, or red for a refund.")
class InvoiceDocument:
    kind: DocumentKind = strawberry.field(description="Blue or red.")
    state: DocumentState = strawberry.field(description="Whether it is issued.")
    number: str | None = strawberry.field(description="The official number, once it is issued.")
    seller_name: str = strawberry.field(description="Who sells, as it names it.")
    seller_tax_number: str | None = strawberry.field(description="The seller's tax number.")
    amount: Money = strawberry.field(description="Tax included; never negative, of a red one what it takes back.")
    net: Money = strawberry.field(description="Without tax.")
    tax: Money = strawberry.field(description="Value-added tax.")
    issued_at: datetime | None = strawberry.field(description="When it was issued.")
    lines: list[InvoiceLine] = strawberry.field(description="1 to 51.")


@strawberry.type(
    description="A customer's request for an invoice of an order: for the customer, finance and the owner."
)
class Invoice(Node):
    state: InvoiceState = strawberry.field(description="Where it stands.")
    order_number: str = strawberry.field(description="Of which order.")
    title_kind: TitleKind = strawberry.field(description="Whom it is made out to.")
    title: str = strawberry.field(description="The name on it, up to 100 characters.")
    tax_number: str | None = strawberry.field(description="A company's.")
    email: str | None = strawberry.field(description="Where it is sent to.")
    phone: str | None = strawberry.field(description="Where it is sent to; E.164.")
    amount: Money = strawberry.field(
        description="What the blue invoice says; before there is one what is paid and not refunded now."
    )
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    decided_at: datetime | None = strawberry.field(description="When finance decided.")
    issued_at: datetime | None = strawberry.field(description="When it was issued.")
    reason: str | None = strawberry.field(description="REJECTED: why, in finance's words.")
    failure: str | None = strawberry.field(description="The provider's word for why it would not issue it as it is.")
    blue: InvoiceDocument | None = strawberry.field(description="The invoice, from when finance has decided.")
    reds: list[InvoiceDocument] = strawberry.field(description="One for each refund after it, in their order.")
    view: strawberry.Private[InvoiceView]

    @strawberry.field(description="What the caller may do with it now.")
    async def allowed_actions(self, info: Info) -> list[InvoiceAction]:
        return list(invoice_reads.allowed_actions(await info.context.actor(), self.view))


@strawberry.type(name="InvoiceTerms", description="Who sells, and at which rate of value-added tax; for finance.")
class InvoiceTermsType:
    version: int = strawberry.field(description="0: nothing was published yet.")
    seller_name: str = strawberry.field(description="As invoices name it.")
    seller_tax_number: str | None = strawberry.field(description="As invoices name it.")
    tax_rate_bp: int = strawberry.field(description="Of goods and freight, 0 to 10,000; prices include it.")


def to_terms(terms: InvoiceTerms) -> InvoiceTermsType:
    return InvoiceTermsType(
        version=terms.version,
        seller_name=terms.seller_name,
        seller_tax_number=terms.seller_tax_number,
        tax_rate_bp=terms.tax_rate_bp,
    )


def to_invoice(view: InvoiceView, brand: Brand) -> Invoice:
    blue = view.blue
    return Invoice(
        id=encode_global_id("Invoice", view.id),
        state=view.state,
        order_number=view.order_number,
        title_kind=view.title_kind,
        title=view.title,
        tax_number=view.tax_number,
        email=view.email,
        phone=view.phone,
        amount=to_money(view.amount_minor, brand.currency),
        requested_at=view.requested_at,
        decided_at=view.decided_at,
        issued_at=view.issued_at,
        reason=view.reason,
        failure=view.failure,
        blue=None if blue is None else _to_document(blue, brand),
        reds=[_to_document(one, brand) for one in view.reds],
        view=view,
    )


def _to_document(view: DocumentView, brand: Brand) -> InvoiceDocument:
    return InvoiceDocument(
        kind=view.kind,
        state=view.state,
        number=view.number,
        seller_name=view.seller_name,
        seller_tax_number=view.seller_tax_number,
        amount=to_money(view.gross_minor, brand.currency),
        net=to_money(view.net_minor, brand.currency),
        tax=to_money(view.tax_minor, brand.currency),
        issued_at=view.issued_at,
        lines=[_to_line(line, brand) for line in view.lines],
    )


def _to_line(line: Line, brand: Brand) -> InvoiceLine:
    return InvoiceLine(
        name=line.name,
        quantity=line.quantity,
        amount=to_money(line.gross_minor, brand.currency),
        net=to_money(line.net_minor, brand.currency),
        tax=to_money(line.tax_minor, brand.currency),
        tax_rate_bp=line.tax_rate_bp,
    )
