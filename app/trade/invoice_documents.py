"""Documents of invoices: the blue one of an order, and a red one of each refund after it, with their lines.

Whoever writes one holds the order, so that what was refunded by then is the whole truth. A blue document names the
refunds that it left out; every other one of the order has a red document, once.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.rows import insert_all
from app.platform import ids
from app.platform.db import BrandSession
from app.trade import after_sale_moves, invoice_terms
from app.trade import invoice_rules as rules
from app.trade.after_sale_rules import retry_pause
from app.trade.events import InvoiceToSend
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceLineRow
from app.trade.invoice_values import (
    DocumentKind,
    DocumentState,
    InvoiceLine,
    InvoiceTerms,
    Refunded,
    SoldLine,
)
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow
from app.trade.values import AfterSaleState


async def write_blue(session: BrandSession, *, invoice_id: UUID, order_id: UUID, now: datetime) -> bool:
    """Fix what an order's invoice says, by what is refunded now; False where nothing is left. Five statements.

    Emits: InvoiceToSend.
    """
    terms = await invoice_terms.current(session)
    refunds = await refunds_of(session, order_id)
    freight_minor = await session.scalar(
        sa.select(OrderRow.freight_minor).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    )
    sold = await _sold(session, order_id)
    lines = rules.blue_lines(sold, freight_minor or 0, refunds, rate_bp=terms.tax_rate_bp)
    if not lines:
        return False
    settled = [one.after_sale_id for one in refunds]
    await _write(session, invoice_id, order_id, DocumentKind.BLUE, terms, lines, settled=settled, now=now)
    return True


async def write_reds(session: BrandSession, *, order_id: UUID, now: datetime) -> int:
    """A red document for each refund that the order's issued blue one does not know of; gives how many were missing.

    Emits: InvoiceToSend.
    """
    blue = (
        await session.execute(
            sa.select(
                InvoiceDocumentRow.id,
                InvoiceDocumentRow.invoice_id,
                InvoiceDocumentRow.settled,
                InvoiceDocumentRow.terms_version,
                InvoiceDocumentRow.seller_name,
                InvoiceDocumentRow.seller_tax_number,
            ).where(
                InvoiceDocumentRow.brand_id == session.brand_id,
                InvoiceDocumentRow.order_id == order_id,
                InvoiceDocumentRow.kind == DocumentKind.BLUE.value,
                InvoiceDocumentRow.state == DocumentState.ISSUED.value,
            )
        )
    ).one()
    known = {*blue.settled, *await _reddened(session, order_id)}
    missing = [one for one in await refunds_of(session, order_id) if one.after_sale_id not in known]
    if not missing:
        return 0
    lines = await lines_of(session, [blue.id])
    taken = await _taken(session, order_id)
    terms = InvoiceTerms(blue.terms_version, blue.seller_name, blue.seller_tax_number, 0)
    for refund in missing:
        red = rules.red_lines(lines[blue.id], taken, refund)
        for line in red:
            gross_minor, tax_minor = taken.get(line.order_line_id, (0, 0))
            taken[line.order_line_id] = (gross_minor + line.gross_minor, tax_minor + line.tax_minor)
        await _write(
            session,
            blue.invoice_id,
            order_id,
            DocumentKind.RED,
            terms,
            red,
            after_sale_id=refund.after_sale_id,
            now=now,
        )
    return len(missing)


async def refunds_of(session: BrandSession, order_id: UUID) -> list[Refunded]:
    """The after-sales of an order whose money has gone back, in the order in which they were asked for."""
    rows = await session.execute(
        sa.select(
            AfterSaleRow.id,
            AfterSaleRow.line_id,
            AfterSaleRow.quantity,
            AfterSaleRow.goods_minor,
            AfterSaleRow.freight_minor,
            after_sale_moves.went_back(),
        )
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == order_id,
            AfterSaleRow.state == AfterSaleState.REFUNDED.value,
            AfterSaleRow.goods_minor + AfterSaleRow.freight_minor > 0,
        )
        .order_by(AfterSaleRow.id)
    )
    return [Refunded(*row) for row in rows]


async def lines_of(session: BrandSession, document_ids: Sequence[UUID]) -> dict[UUID, list[InvoiceLine]]:
    """The lines of each document in their order; every document asked for has an entry. One statement."""
    found: dict[UUID, list[InvoiceLine]] = {document_id: [] for document_id in document_ids}
    rows = await session.execute(
        sa.select(
            InvoiceLineRow.document_id,
            InvoiceLineRow.order_line_id,
            InvoiceLineRow.name,
            InvoiceLineRow.quantity,
            InvoiceLineRow.gross_minor,
            InvoiceLineRow.net_minor,
            InvoiceLineRow.tax_minor,
            InvoiceLineRow.tax_rate_bp,
        )
        .where(InvoiceLineRow.brand_id == session.brand_id, InvoiceLineRow.document_id.in_(found))
        .order_by(InvoiceLineRow.document_id, InvoiceLineRow.position)
    )
    for row in rows:
        found[row.document_id].append(InvoiceLine(*row[1:]))
    return found


async def _sold(session: BrandSession, order_id: UUID) -> list[SoldLine]:
    rows = await session.execute(
        sa.select(
            OrderLineRow.id,
            OrderLineRow.title,
            OrderLineRow.sku_name,
            OrderLineRow.quantity,
            OrderLineRow.total_minor,
        )
        .where(OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id)
        .order_by(OrderLineRow.position)
    )
    return [SoldLine(row.id, f"{row.title} {row.sku_name}", row.quantity, row.total_minor) for row in rows]


async def _reddened(session: BrandSession, order_id: UUID) -> list[UUID | None]:
    """The after-sales that have a red document."""
    rows = await session.scalars(
        sa.select(InvoiceDocumentRow.after_sale_id).where(
            InvoiceDocumentRow.brand_id == session.brand_id,
            InvoiceDocumentRow.order_id == order_id,
            InvoiceDocumentRow.kind == DocumentKind.RED.value,
        )
    )
    return list(rows)


async def _taken(session: BrandSession, order_id: UUID) -> dict[UUID | None, tuple[int, int]]:
    """Gross and tax that red documents of an order have taken back of each of its lines; None: of the freight."""
    rows = await session.execute(
        sa.select(
            InvoiceLineRow.order_line_id,
            sa.cast(sa.func.sum(InvoiceLineRow.gross_minor), sa.BigInteger()),
            sa.cast(sa.func.sum(InvoiceLineRow.tax_minor), sa.BigInteger()),
        )
        .join(
            InvoiceDocumentRow,
            sa.and_(
                InvoiceDocumentRow.brand_id == session.brand_id, InvoiceDocumentRow.id == InvoiceLineRow.document_id
            ),
        )
        .where(
            InvoiceLineRow.brand_id == session.brand_id,
            InvoiceDocumentRow.order_id == order_id,
            InvoiceDocumentRow.kind == DocumentKind.RED.value,
        )
        .group_by(InvoiceLineRow.order_line_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def _write(
    session: BrandSession,
    invoice_id: UUID,
    order_id: UUID,
    kind: DocumentKind,
    terms: InvoiceTerms,
    lines: Sequence[InvoiceLine],
    *,
    after_sale_id: UUID | None = None,
    settled: Sequence[UUID] = (),
    now: datetime,
) -> None:
    """Insert a document with its lines; one statement. Emits: InvoiceToSend."""
    document_id = session.new_id()
    row = {
        "brand_id": session.brand_id,
        "id": document_id,
        "invoice_id": invoice_id,
        "order_id": order_id,
        "after_sale_id": after_sale_id,
        "kind": kind.value,
        "state": DocumentState.SENDING.value,
        "number": ids.random_number(),
        "official_number": None,
        "settled": [str(one) for one in settled],
        "gross_minor": sum(line.gross_minor for line in lines),
        "net_minor": sum(line.net_minor for line in lines),
        "tax_minor": sum(line.tax_minor for line in lines),
        "terms_version": terms.version,
        "seller_name": terms.seller_name,
        "seller_tax_number": terms.seller_tax_number,
        "tries": 0,
        "failure": None,
        "requested_at": now,
        # The event sends it; should that fail for good, the job looks after it.
        "due_at": now + retry_pause(0),
        "issued_at": None,
    }
    await insert_all(
        session,
        {
            InvoiceDocumentRow: [row],
            InvoiceLineRow: [
                {
                    "brand_id": session.brand_id,
                    "id": session.new_id(),
                    "document_id": document_id,
                    "position": position,
                    "order_line_id": line.order_line_id,
                    "name": line.name,
                    "quantity": line.quantity,
                    "gross_minor": line.gross_minor,
                    "net_minor": line.net_minor,
                    "tax_minor": line.tax_minor,
                    "tax_rate_bp": line.tax_rate_bp,
                }
                for position, line in enumerate(lines)
            ],
        },
    )
    session.emit(InvoiceToSend(document_id))
