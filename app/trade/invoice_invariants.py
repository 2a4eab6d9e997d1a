"""What must hold of freight and invoices, checked over a whole brand; each check gives a line a violation."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.trade import freight, freight_rules
from app.trade.freight_models import FreightTemplateRow, OrderFreightRow
from app.trade.invoice_models import InvoiceDocumentRow, InvoiceLineRow, InvoiceRow
from app.trade.invoice_values import DocumentKind, DocumentState, InvoiceState
from app.trade.models import AfterSaleRow, OrderRow
from app.trade.values import AfterSaleState

GRACE = timedelta(minutes=10)
"""How long a refund may wait for its red invoice to be written: events take a moment, jobs a minute."""

_IS_BLUE = InvoiceDocumentRow.kind == DocumentKind.BLUE.value
_COUNTS = InvoiceDocumentRow.state != DocumentState.FAILED.value


async def freight_is_as_its_template_says(session: BrandSession) -> list[str]:
    """An order's freight is what its rate of its template comes to for the units that were counted."""
    rows = await session.execute(
        sa.select(
            OrderRow.number,
            OrderRow.freight_minor,
            OrderRow.subtotal_minor - OrderRow.discount_minor,
            OrderFreightRow.rate,
            OrderFreightRow.units,
            FreightTemplateRow,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == OrderFreightRow.order_id))
        .join(
            FreightTemplateRow,
            sa.and_(
                FreightTemplateRow.brand_id == session.brand_id, FreightTemplateRow.id == OrderFreightRow.template_id
            ),
        )
        .where(OrderFreightRow.brand_id == session.brand_id)
    )
    found = []
    for number, freight_minor, goods_minor, place, units, row in rows:
        rates = freight.template_of(vars(row)).rates
        due = None
        if 0 <= place < len(rates) and rates[place].is_delivered:
            due = freight_rules.fee(rates[place], units, goods_minor=goods_minor)
        if due != freight_minor:
            found.append(f"order {number}: freight {freight_minor}, by its template {due}")
    return found


async def documents_are_the_sum_of_their_lines(session: BrandSession) -> list[str]:
    """Gross, net and tax of a document are those of its lines."""
    sums = [
        sa.func.coalesce(sa.func.sum(column), 0)
        for column in (InvoiceLineRow.gross_minor, InvoiceLineRow.net_minor, InvoiceLineRow.tax_minor)
    ]
    said = (InvoiceDocumentRow.gross_minor, InvoiceDocumentRow.net_minor, InvoiceDocumentRow.tax_minor)
    rows = await session.execute(
        sa.select(InvoiceDocumentRow.number, *said, *sums)
        .outerjoin(
            InvoiceLineRow,
            sa.and_(InvoiceLineRow.brand_id == session.brand_id, InvoiceLineRow.document_id == InvoiceDocumentRow.id),
        )
        .where(InvoiceDocumentRow.brand_id == session.brand_id)
        .group_by(InvoiceDocumentRow.id, InvoiceDocumentRow.number, *said)
        .having(sa.or_(*(mine != its for mine, its in zip(said, sums, strict=True))))
    )
    return [f"document {row[0]}: says {tuple(row[1:4])}, its lines {tuple(row[4:])}" for row in rows]


async def blue_invoices_are_what_was_left_of_the_order(session: BrandSession) -> list[str]:
    """A blue invoice is the order's total less the refunds that it names, no more than once an order."""
    left_out = _refunds(session, AfterSaleRow.id == sa.any_(InvoiceDocumentRow.settled))
    rows = await session.execute(
        _of_orders(session)
        .add_columns(InvoiceDocumentRow.gross_minor, left_out)
        .where(_IS_BLUE, InvoiceDocumentRow.gross_minor != OrderRow.total_minor - left_out)
    )
    return [f"order {row[0]}: paid {row[1]}, refunds left out {row[3]}, invoice {row[2]}" for row in rows]


async def red_invoices_are_their_refunds(session: BrandSession) -> list[str]:
    """A red invoice is what its after-sale gave back of an order whose blue one was issued without knowing of it."""
    given = _refunds(session, AfterSaleRow.id == InvoiceDocumentRow.after_sale_id)
    known = sa.func.coalesce(_blue_settles(session), sa.false())
    rows = await session.execute(
        _of_orders(session)
        .add_columns(InvoiceDocumentRow.gross_minor, given, known)
        .where(~_IS_BLUE, sa.or_(InvoiceDocumentRow.gross_minor != given, ~known))
    )
    return [f"order {row[0]}: refund {row[3]}, red invoice {row[2]}, of an issued one: {row[4]}" for row in rows]


async def invoices_and_refunds_agree(session: BrandSession) -> list[str]:
    """Blue less red is what was paid less what was refunded, for every order with an issued invoice.

    A refund of the last minutes may still wait for its red invoice.
    """
    signed = sa.case((_IS_BLUE, InvoiceDocumentRow.gross_minor), else_=-InvoiceDocumentRow.gross_minor)
    said = (
        sa.select(sa.func.coalesce(sa.func.sum(signed), 0))
        .where(
            InvoiceDocumentRow.brand_id == session.brand_id, InvoiceDocumentRow.order_id == InvoiceRow.order_id, _COUNTS
        )
        .correlate(InvoiceRow)
        .scalar_subquery()
    )
    waits = sa.exists().where(
        AfterSaleRow.brand_id == session.brand_id,
        AfterSaleRow.order_id == InvoiceRow.order_id,
        AfterSaleRow.refunded_at > session.now - GRACE,
    )
    rows = await session.execute(
        sa.select(OrderRow.number, OrderRow.total_minor, OrderRow.refunded_minor, said)
        .select_from(InvoiceRow)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == InvoiceRow.order_id))
        .where(
            InvoiceRow.brand_id == session.brand_id,
            InvoiceRow.state == InvoiceState.ISSUED.value,
            OrderRow.total_minor - OrderRow.refunded_minor != said,
            ~waits,
        )
    )
    return [f"order {row[0]}: paid {row[1]}, refunded {row[2]}, invoiced {row[3]}" for row in rows]


async def red_lines_are_parts_of_blue_ones(session: BrandSession) -> list[str]:
    """Red lines never take back more of a line than it has, and of a whole line all of its tax."""
    part = sa.func.coalesce(InvoiceLineRow.order_line_id, InvoiceDocumentRow.order_id)

    def total(column: Any, *, is_blue: bool) -> sa.ColumnElement[int]:
        of_kind = _IS_BLUE if is_blue else ~_IS_BLUE
        return sa.func.coalesce(sa.func.sum(column).filter(of_kind), 0)

    blue, red = (total(InvoiceLineRow.gross_minor, is_blue=kind) for kind in (True, False))
    blue_tax, red_tax = (total(InvoiceLineRow.tax_minor, is_blue=kind) for kind in (True, False))
    rows = await session.execute(
        sa.select(part, blue, red, blue_tax, red_tax)
        .join(
            InvoiceDocumentRow,
            sa.and_(
                InvoiceDocumentRow.brand_id == session.brand_id, InvoiceDocumentRow.id == InvoiceLineRow.document_id
            ),
        )
        .where(InvoiceLineRow.brand_id == session.brand_id, _COUNTS)
        .group_by(part)
        .having(sa.or_(red > blue, red_tax > blue_tax, sa.and_(red == blue, red_tax != blue_tax)))
    )
    return [f"line {row[0]}: invoiced {row[1]} with tax {row[3]}, taken back {row[2]} with {row[4]}" for row in rows]


async def requests_and_documents_agree(session: BrandSession) -> list[str]:
    """A request that is issued has its blue document, one that is being issued waits for it, others have none."""
    blue = (
        sa.select(InvoiceDocumentRow.invoice_id, InvoiceDocumentRow.state)
        .where(InvoiceDocumentRow.brand_id == session.brand_id, _IS_BLUE, _COUNTS)
        .subquery()
    )
    wanted = sa.case(
        (InvoiceRow.state == InvoiceState.ISSUED.value, DocumentState.ISSUED.value),
        (InvoiceRow.state == InvoiceState.ISSUING.value, DocumentState.SENDING.value),
        else_=None,
    )
    rows = await session.execute(
        sa.select(InvoiceRow.id, InvoiceRow.state, blue.c.state)
        .outerjoin(blue, blue.c.invoice_id == InvoiceRow.id)
        .where(InvoiceRow.brand_id == session.brand_id, wanted.is_distinct_from(blue.c.state))
    )
    return [f"invoice {row[0]}: {row[1]} with a blue document {row[2]}" for row in rows]


def _of_orders(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    """Documents that count, with number and total of their orders."""
    return (
        sa.select(OrderRow.number, OrderRow.total_minor)
        .select_from(InvoiceDocumentRow)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == InvoiceDocumentRow.order_id))
        .where(InvoiceDocumentRow.brand_id == session.brand_id, _COUNTS)
    )


def _refunds(session: BrandSession, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """What refunded after-sales of a document's order have given back."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(AfterSaleRow.goods_minor + AfterSaleRow.freight_minor), 0))
        .where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.order_id == InvoiceDocumentRow.order_id,
            AfterSaleRow.state == AfterSaleState.REFUNDED.value,
            condition,
        )
        .correlate(InvoiceDocumentRow)
        .scalar_subquery()
    )


def _blue_settles(session: BrandSession) -> sa.ColumnElement[bool]:
    """Whether an issued blue document of a red one's order did not know of its refund; NULL without one."""
    blue = sa.orm.aliased(InvoiceDocumentRow)
    return (
        sa.select(InvoiceDocumentRow.after_sale_id != sa.all_(blue.settled))
        .where(
            blue.brand_id == session.brand_id,
            blue.order_id == InvoiceDocumentRow.order_id,
            blue.kind == DocumentKind.BLUE.value,
            blue.state == DocumentState.ISSUED.value,
        )
        .correlate(InvoiceDocumentRow)
        .scalar_subquery()
    )


CHECKS: dict[str, Callable[[BrandSession], Awaitable[list[str]]]] = {
    "freight is as its template says": freight_is_as_its_template_says,
    "documents of invoices are the sum of their lines": documents_are_the_sum_of_their_lines,
    "blue invoices are what was left of the order": blue_invoices_are_what_was_left_of_the_order,
    "red invoices are their refunds": red_invoices_are_their_refunds,
    "invoices and refunds agree": invoices_and_refunds_agree,
    "red lines are parts of blue ones": red_lines_are_parts_of_blue_ones,
    "requests and documents of invoices agree": requests_and_documents_agree,
}
