"""Mutations and root fields over invoices."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from app.platform.db import BrandSession
from app.trade import invoice_reads, invoice_terms, invoices
from app.trade.invoice_values import InvoiceState, TitleKind
from app.trade.invoices import Title
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.global_ids import input_id
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page
from graphql_schema.permissions import CUSTOMERS, FINANCE, Requires
from graphql_schema.trade.invoice_types import Invoice, InvoiceTermsType, to_invoice, to_terms
from graphql_schema.transaction import Act, Result, change
from graphql_schema.user_errors import (
    Conflict,
    DeadlinePassed,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    UserError,
    WrongState,
)

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="An invoice to ask for.")
class InvoiceRequestInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    order_id: strawberry.ID = strawberry.field(description="An own paid order without a request that lives.")
    title_kind: TitleKind = strawberry.field(description="Whom it is made out to.")
    title: str = strawberry.field(description="The name on it, 1 to 100 characters.")
    tax_number: str | None = strawberry.field(
        default=None, description="For COMPANY: 18 signs (GB 32100-2015), or 15 from before; the check sign must agree."
    )
    email: str | None = strawberry.field(default=None, description="Where it is sent to: this, the phone, or both.")
    phone: str | None = strawberry.field(default=None, description="11 digits, or +86 with them.")


@strawberry.input(description="A request to give up.")
class InvoiceWithdrawInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    invoice_id: strawberry.ID = strawberry.field(description="An own one that is REQUESTED.")


@strawberry.input(description="An invoice to issue.")
class InvoiceIssueInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    invoice_id: strawberry.ID = strawberry.field(description="One that is REQUESTED.")


@strawberry.input(description="A request that is not granted.")
class InvoiceRejectInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    invoice_id: strawberry.ID = strawberry.field(description="One that is REQUESTED.")
    reason: str = strawberry.field(description="Why, for the customer: 1 to 200 characters.")


@strawberry.input(description="Terms of invoices to publish.")
class InvoiceTermsPublishInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    seller_name: str = strawberry.field(description="1 to 100 characters.")
    seller_tax_number: str | None = strawberry.field(default=None, description="As a buyer's.")
    tax_rate_bp: int = strawberry.field(description="Of goods and freight, 0 to 10,000; 1,300 is the usual one.")


@strawberry.type(description="The request waits for finance.")
class InvoiceRequestPayload:
    invoice: Invoice = strawberry.field(description="The invoice.")


@strawberry.type(description="The request is given up.")
class InvoiceWithdrawPayload:
    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="The provider is asked.")
class InvoiceIssuePayload:
    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="The request is not granted; the customer may ask again.")
class InvoiceRejectPayload:
    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


@strawberry.type(description="Invoices issued from now on follow these.")
class InvoiceTermsPublishPayload:
    terms: InvoiceTermsType = strawberry.field(description="The terms in force.")


InvoiceRequestResult = Annotated[
    InvoiceRequestPayload | InvalidInput | NotFound | WrongState | DeadlinePassed | Conflict | IdempotencyConflict,
    strawberry.union("InvoiceRequestResult", description="The invoice, or why it was not asked for."),
]
InvoiceWithdrawResult = Annotated[
    InvoiceWithdrawPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("InvoiceWithdrawResult", description="The invoice, or why it was not given up."),
]
InvoiceIssueResult = Annotated[
    InvoiceIssuePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("InvoiceIssueResult", description="The invoice, or why it is not issued."),
]
InvoiceRejectResult = Annotated[
    InvoiceRejectPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("InvoiceRejectResult", description="The invoice, or why it was not rejected."),
]
InvoiceTermsPublishResult = Annotated[
    InvoiceTermsPublishPayload | InvalidInput | IdempotencyConflict,
    strawberry.union("InvoiceTermsPublishResult", description="The terms, or why they are not in force."),
]


@strawberry.type
class InvoiceQuery:
    @strawberry.field(
        description="Requests of everybody, the latest first. For finance and the owner.",
        extensions=[Requires(FINANCE)],
    )
    async def invoices(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        states: Annotated[
            list[InvoiceState] | None, strawberry.argument(description="Only in one of these states; null: in any.")
        ] = None,
    ) -> Connection[Invoice]:
        scope = "invoices:" + ",".join(sorted(set(states or ())))
        page, brand = read_page(first, after, scope, (UUID,), default=50), await info.context.brand()
        key = None if page.after is None else page.after[0]
        async with info.context.reading() as session:
            rows = await invoice_reads.invoice_page(
                session, states=states, limit=page.limit, after=key if isinstance(key, UUID) else None
            )
            total = (
                await invoice_reads.invoice_count(session, states=states) if is_asked_for(info, "totalCount") else None
            )
        return build_connection(
            rows, page, to_node=lambda view: to_invoice(view, brand), to_key=lambda view: (view.id,), total_count=total
        )

    @strawberry.field(
        description="Who sells, and at which rate of tax. For finance and the owner.", extensions=[Requires(FINANCE)]
    )
    async def invoice_terms(self, info: Info) -> InvoiceTermsType:
        async with info.context.reading() as session:
            return to_terms(await invoice_terms.current(session))


@strawberry.type
class InvoiceMutation:
    @strawberry.mutation(
        description="Ask for an invoice of an own paid order, within a year of payment. For customers.",
        extensions=[Requires(CUSTOMERS)],
    )
    async def invoice_request(
        self, info: Info, input: Annotated[InvoiceRequestInput, strawberry.argument(description="The title.")]
    ) -> InvoiceRequestResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            title = Title(input.title_kind, input.title, input.tax_number, input.email, input.phone)
            order_id = input_id(input.order_id, "Order", "orderId")
            return {"id": await invoices.request(session, actor, order_id=order_id, title=title, now=session.now)}

        made = await _done(info, "invoiceRequest", input, act)
        return cast(
            "InvoiceRequestResult", made if isinstance(made, UserError) else InvoiceRequestPayload(invoice=made)
        )

    @strawberry.mutation(
        description="Give an own request up before it is issued. For customers.", extensions=[Requires(CUSTOMERS)]
    )
    async def invoice_withdraw(
        self, info: Info, input: Annotated[InvoiceWithdrawInput, strawberry.argument(description="The invoice.")]
    ) -> InvoiceWithdrawResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            invoice_id = input_id(input.invoice_id, "Invoice", "invoiceId")
            await invoices.withdraw(session, actor, invoice_id=invoice_id, now=session.now)
            return {"id": invoice_id}

        made = await _done(info, "invoiceWithdraw", input, act)
        return cast(
            "InvoiceWithdrawResult", made if isinstance(made, UserError) else InvoiceWithdrawPayload(invoice=made)
        )

    @strawberry.mutation(
        description="Have an invoice issued: its amounts are fixed now. For finance and the owner.",
        extensions=[Requires(FINANCE)],
    )
    async def invoice_issue(
        self, info: Info, input: Annotated[InvoiceIssueInput, strawberry.argument(description="The invoice.")]
    ) -> InvoiceIssueResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            invoice_id = input_id(input.invoice_id, "Invoice", "invoiceId")
            await invoices.issue(session, actor, invoice_id=invoice_id, now=session.now)
            return {"id": invoice_id}

        made = await _done(info, "invoiceIssue", input, act)
        return cast("InvoiceIssueResult", made if isinstance(made, UserError) else InvoiceIssuePayload(invoice=made))

    @strawberry.mutation(
        description="Say why there is no invoice. For finance and the owner.", extensions=[Requires(FINANCE)]
    )
    async def invoice_reject(
        self, info: Info, input: Annotated[InvoiceRejectInput, strawberry.argument(description="The reason.")]
    ) -> InvoiceRejectResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            invoice_id = input_id(input.invoice_id, "Invoice", "invoiceId")
            await invoices.reject(session, actor, invoice_id=invoice_id, reason=input.reason, now=session.now)
            return {"id": invoice_id}

        made = await _done(info, "invoiceReject", input, act)
        return cast("InvoiceRejectResult", made if isinstance(made, UserError) else InvoiceRejectPayload(invoice=made))

    @strawberry.mutation(
        description="Put terms in force for invoices that are issued from now on. For finance and the owner.",
        extensions=[Requires(FINANCE)],
    )
    async def invoice_terms_publish(
        self, info: Info, input: Annotated[InvoiceTermsPublishInput, strawberry.argument(description="The terms.")]
    ) -> InvoiceTermsPublishResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            return {
                "version": await invoice_terms.publish(
                    session,
                    actor,
                    seller_name=input.seller_name,
                    seller_tax_number=input.seller_tax_number,
                    tax_rate_bp=input.tax_rate_bp,
                    now=session.now,
                )
            }

        made = await change(info, "invoiceTermsPublish", input, act)
        if isinstance(made, UserError):
            return cast("InvoiceTermsPublishResult", made)
        async with info.context.reading() as session:
            return InvoiceTermsPublishPayload(terms=to_terms(await invoice_terms.current(session)))


async def _done(info: Info, operation: str, input: Any, act: Act) -> Invoice | UserError:
    made = await change(info, operation, input, act)
    if isinstance(made, UserError):
        return made
    found = await _invoice(info, UUID(made["id"]))
    if found is None:
        raise LookupError(f"invoice {made['id']} is gone")
    return found


async def _invoice(info: Info, *ids: UUID) -> Invoice | None:
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = (await invoice_reads.invoices_by_id(session, actor, ids)).get(ids[0])
        return None if view is None else to_invoice(view, session.brand)


NODES = {"Invoice": _invoice}
"""What `node` fetches by the type in a global id."""
