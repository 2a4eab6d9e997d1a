"""What people read of invoices: an order's, single ones, and finance's list. Only the buyer and finance see any."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission.withdrawals import may_decide
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.trade import invoices
from app.trade.invoice_documents import lines_of
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceRow
from app.trade.invoice_rules import allowed_invoice_actions
from app.trade.invoice_values import (
    DocumentKind,
    DocumentState,
    InvoiceAction,
    InvoiceLine,
    InvoiceState,
    TitleKind,
)
from app.trade.models import OrderRow


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A blue or red document. `number` is the provider's, once it is issued. Amounts: minor units."""

    id: UUID
    kind: DocumentKind
    state: DocumentState
    number: str | None
    seller_name: str
    seller_tax_number: str | None
    gross_minor: int
    net_minor: int
    tax_minor: int
    failure: str | None
    issued_at: datetime | None
    lines: list[InvoiceLine]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """A request with its documents, the blue one that counts first, then the red ones. Amounts: minor units.

    `amount_minor`: what the blue document says, before there is one what is paid and not refunded now.
    """

    id: UUID
    order_id: UUID
    order_number: str
    customer_id: UUID
    state: InvoiceState
    title_kind: TitleKind
    title: str
    tax_number: str | None
    email: str | None
    phone: str | None
    reason: str | None
    failure: str | None
    requested_at: datetime
    decided_at: datetime | None
    issued_at: datetime | None
    amount_minor: int
    documents: list[DocumentView]

    @property
    def blue(self) -> DocumentView | None:
        return next((one for one in self.documents if one.kind is DocumentKind.BLUE), None)

    @property
    def reds(self) -> list[DocumentView]:
        return [one for one in self.documents if one.kind is DocumentKind.RED]


def allowed_actions(actor: Actor, view: InvoiceView) -> tuple[InvoiceAction, ...]:
    """What an actor may do with a request that he sees."""
    is_buyer = actor.is_customer and actor.customer_id == view.customer_id
    return allowed_invoice_actions(view.state, is_buyer=is_buyer, may_decide=may_decide(actor))


async def invoices_by_id(session: BrandSession, actor: Actor, invoice_ids: Collection[UUID]) -> dict[UUID, InvoiceView]:
    """Those of these requests that the actor may see: the buyer and finance. Three statements."""
    scope = _seen_by(actor)
    if scope is None or not invoice_ids:
        return {}
    found = await _read(session, InvoiceRow.id.in_(invoice_ids), scope, limit=len(invoice_ids))
    return {view.id: view for view in found}


async def invoices_of_orders(
    session: BrandSession, actor: Actor, order_ids: Collection[UUID]
) -> dict[UUID, InvoiceView]:
    """The latest request of each order, as far as the actor may see it. Three statements."""
    scope = _seen_by(actor)
    if scope is None or not order_ids:
        return {}
    latest = (
        sa.select(sa.func.max(sa.cast(InvoiceRow.id, sa.Text())))
        .where(InvoiceRow.brand_id == session.brand_id, InvoiceRow.order_id.in_(order_ids))
        .group_by(InvoiceRow.order_id)
    )
    is_latest = sa.cast(InvoiceRow.id, sa.Text()).in_(latest)
    own = InvoiceRow.order_id.in_(order_ids)
    return {view.order_id: view for view in await _read(session, own, is_latest, scope, limit=len(order_ids))}


async def invoice_page(
    session: BrandSession,
    *,
    states: Collection[InvoiceState] | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[InvoiceView]:
    """Requests in these states (None: in any), the latest first, after the request `after`; for finance alone."""
    conditions = _in_states(states)
    if after is not None:
        conditions.append(InvoiceRow.id < after)
    return await _read(session, *conditions, limit=limit)


async def invoice_count(session: BrandSession, *, states: Collection[InvoiceState] | None = None) -> int:
    """How many requests `invoice_page` walks through."""
    query = (
        sa.select(sa.func.count())
        .select_from(InvoiceRow)
        .where(InvoiceRow.brand_id == session.brand_id, *_in_states(states))
    )
    return (await session.execute(query)).scalar_one()


def _seen_by(actor: Actor) -> sa.ColumnElement[bool] | None:
    if actor.is_customer:
        return InvoiceRow.customer_id == actor.customer_id
    return sa.true() if may_decide(actor) else None


def _in_states(states: Collection[InvoiceState] | None) -> list[sa.ColumnElement[bool]]:
    return [] if states is None else [InvoiceRow.state.in_([state.value for state in states])]


async def _read(session: BrandSession, *conditions: sa.ColumnElement[bool], limit: int) -> list[InvoiceView]:
    rows = (
        await session.execute(
            sa.select(
                *(getattr(InvoiceRow, name) for name in _COLUMNS),
                OrderRow.number.label("order_number"),
                (OrderRow.total_minor - OrderRow.refunded_minor).label("left_minor"),
            )
            .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == InvoiceRow.order_id))
            .where(InvoiceRow.brand_id == session.brand_id, *conditions)
            .order_by(InvoiceRow.id.desc())
            .limit(limit)
        )
    ).all()
    documents = await _documents(session, [row.id for row in rows])
    return [_view(session, row, documents[row.id]) for row in rows]


async def _documents(session: BrandSession, invoice_ids: Sequence[UUID]) -> dict[UUID, list[DocumentView]]:
    """What belongs to each request, in the order in which it was made; without blue ones that were not issued."""
    found: dict[UUID, list[DocumentView]] = {invoice_id: [] for invoice_id in invoice_ids}
    if not found:
        return found
    rows = (
        await session.execute(
            sa.select(
                InvoiceDocumentRow.invoice_id,
                InvoiceDocumentRow.id,
                InvoiceDocumentRow.kind,
                InvoiceDocumentRow.state,
                InvoiceDocumentRow.official_number,
                InvoiceDocumentRow.seller_name,
                InvoiceDocumentRow.seller_tax_number,
                InvoiceDocumentRow.gross_minor,
                InvoiceDocumentRow.net_minor,
                InvoiceDocumentRow.tax_minor,
                InvoiceDocumentRow.failure,
                InvoiceDocumentRow.issued_at,
            )
            .where(
                InvoiceDocumentRow.brand_id == session.brand_id,
                InvoiceDocumentRow.invoice_id.in_(found),
                InvoiceDocumentRow.state != DocumentState.FAILED.value,
            )
            .order_by(InvoiceDocumentRow.id)
        )
    ).all()
    lines = await lines_of(session, [row.id for row in rows]) if rows else {}
    for row in rows:
        values: dict[str, Any] = dict(zip(DocumentView.__slots__, (*row[1:], lines[row.id]), strict=True))
        values["kind"], values["state"] = DocumentKind(row.kind), DocumentState(row.state)
        found[row.invoice_id].append(DocumentView(**values))
    return found


_COLUMNS = (
    *("id", "order_id", "customer_id", "state", "title_kind", "title", "tax_number", "email", "phone", "reason"),
    *("failure", "requested_at", "decided_at", "issued_at"),
)


def _view(session: BrandSession, row: Any, documents: list[DocumentView]) -> InvoiceView:
    def opened(field: str, sealed: bytes | None) -> str | None:
        return session.vault.open(session.brand_id, field, sealed)

    blue = next((one for one in documents if one.kind is DocumentKind.BLUE), None)
    return InvoiceView(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        customer_id=row.customer_id,
        state=InvoiceState(row.state),
        title_kind=TitleKind(row.title_kind),
        title=opened(invoices.TITLE, row.title) or "",
        tax_number=opened(invoices.TAX_NUMBER, row.tax_number),
        email=opened(invoices.EMAIL, row.email),
        phone=opened(invoices.PHONE, row.phone),
        reason=opened(invoices.REASON, row.reason),
        failure=row.failure,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
        issued_at=row.issued_at,
        amount_minor=row.left_minor if blue is None else blue.gross_minor,
        documents=documents,
    )
