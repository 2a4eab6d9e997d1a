"""Freight by a template and invoices in a story of two brands: what is charged, asked for, issued and taken back."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.platform.integrations.invoices import Issued, IssueState
from app.platform.runtime import Runtime
from app.trade import (
    freight,
    invoice_documents,
    invoice_reads,
    invoice_sending,
    invoice_terms,
    invoices,
    refunds,
)
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms
from app.trade.invoice_models import InvoiceDocumentRow
from app.trade.invoice_values import InvoiceState, TitleKind
from app.trade.invoices import Title
from app.trade.models import RefundRow
from app.trade.values import AfterSaleKind
from tests.flows import twin_returns

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def fill(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """A template and terms of the brand's own; an invoice of a paid order is issued, one waits, one was rejected."""
    ids = tale.ids
    ids["freight_template"] = await publish(session, tale)
    ids["invoiced"] = await twin_returns.buy(session, tale, 2)
    ids["rejected_invoice"] = await ask(session, tale, "invoiced")
    await reject(session, tale, ids["rejected_invoice"])
    ids["invoice"] = await ask(session, tale, "invoiced")
    await issue(session, tale, "invoice", "invoiced")
    ids["invoiced_later"] = await twin_returns.buy(session, tale, 1)
    ids["asked_invoice"] = await ask(session, tale, "invoiced_later")


async def publish(session: BrandSession, tale: "Tale") -> Any:
    """A template of freight and terms of invoices, both in force from now on; gives the template's id."""
    terms = FreightTerms(
        ChargedBy.WEIGHT,
        tale.price_minor // 100,
        (FreightRate((), True, 1_000, tale.price_minor // 10), FreightRate(("台湾",), is_delivered=False)),
    )
    await invoice_terms.publish(
        session,
        tale.owner,
        seller_name=f"{tale.mark}公司",
        seller_tax_number=None,
        tax_rate_bp=tale.price_minor // 10,
        now=session.now,
    )
    return await freight.publish(session, tale.owner, name=f"{tale.mark}运费", terms=terms, now=session.now)


async def ask(session: BrandSession, tale: "Tale", order: str) -> Any:
    title = Title(TitleKind.PERSONAL, f"{tale.mark}先生", email="a@example.com")
    return await invoices.request(session, tale.customer(), order_id=tale.ids[order], title=title, now=session.now)


async def reject(session: BrandSession, tale: "Tale", invoice_id: Any) -> None:
    await invoices.reject(session, tale.owner, invoice_id=invoice_id, reason=f"{tale.mark}不全", now=session.now)


async def issue(session: BrandSession, tale: "Tale", invoice: str, order: str) -> None:
    """Have it issued, and hear that it was."""
    await invoices.issue(session, tale.owner, invoice_id=tale.ids[invoice], now=session.now)
    row = (
        await session.execute(
            sa.select(InvoiceDocumentRow.id, InvoiceDocumentRow.number).where(
                InvoiceDocumentRow.brand_id == session.brand_id, InvoiceDocumentRow.invoice_id == tale.ids[invoice]
            )
        )
    ).one()
    heard = Issued(row.number, IssueState.ISSUED, official_number=f"{tale.mark}{row.id.hex}")
    assert await invoice_sending.book(session, document_id=row.id, order_id=tale.ids[order], issued=heard)


async def go_round(runtime: Runtime, tale: "Tale") -> None:
    """New terms; one is given up, one rejected, one void as all was refunded, one issued, and red after its refund."""
    database, ids = runtime.database, tale.ids
    async with database.transaction(tale.brand) as session:
        await publish(session, tale)
        for name in ("more_invoiced", "void_invoiced"):
            ids[name] = await twin_returns.buy(session, tale, 1)
        given_up = await ask(session, tale, "more_invoiced")
        await invoices.withdraw(session, tale.customer(), invoice_id=given_up, now=session.now)
        await reject(session, tale, await ask(session, tale, "more_invoiced"))
        ids["more_invoice"] = await ask(session, tale, "more_invoiced")
        await issue(session, tale, "more_invoice", "more_invoiced")
        await ask(session, tale, "void_invoiced")
    for name in ("more_invoiced", "void_invoiced"):
        async with database.transaction(tale.brand) as session:
            after_sale_id = await twin_returns.ask(session, tale, name, AfterSaleKind.REFUND_ONLY)
            await twin_returns.decide(session, tale, after_sale_id)
            refund_id = await session.scalar(
                sa.select(RefundRow.id).where(
                    RefundRow.brand_id == session.brand_id, RefundRow.after_sale_id == after_sale_id
                )
            )
            assert refund_id is not None
            await refunds.book_success(session, refund_id=refund_id, now=session.now)
    async with database.transaction(tale.brand) as session:
        assert {ids["more_invoiced"], ids["void_invoiced"]} <= set(
            await invoice_sending.orders_behind(session, limit=50)
        )
        for name in ("more_invoiced", "void_invoiced"):
            assert await invoices.settle(session, ids[name])
            assert not await invoices.settle(session, ids[name])
        red = await session.scalar(
            sa.select(InvoiceDocumentRow.id).where(
                InvoiceDocumentRow.brand_id == session.brand_id,
                InvoiceDocumentRow.kind == "RED",
                InvoiceDocumentRow.order_id == ids["more_invoiced"],
            )
        )
        assert red is not None
    assert await invoice_sending.send(runtime, tale.brand, red)
    await invoice_sending.look_after(runtime, tale.brand)


async def documents(session: BrandSession, tale: "Tale") -> Any:
    found = (await invoice_reads.invoices_by_id(session, tale.owner, [tale.ids["invoice"]]))[tale.ids["invoice"]]
    assert found.blue is not None
    return await invoice_documents.lines_of(session, [found.blue.id])


async def behind(session: BrandSession, tale: "Tale") -> Any:
    """Nothing was refunded after its invoice, said as something."""
    refunded = await invoice_documents.refunds_of(session, tale.ids["invoiced"])
    return ["behind", refunded, await invoice_sending.orders_behind(session, limit=50)]


READS: dict[str, Any] = {
    "freight template in force": lambda s, t: freight.in_force(s),
    "freight templates": lambda s, t: freight.page(s, limit=50),
    "number of freight templates": lambda s, t: freight.count(s),
    "freight templates by id": lambda s, t: freight.by_id(s, [t.ids["freight_template"]]),
    "SKUs with the freight template": lambda s, t: freight.facts_to_send(s, [t.ids["sku_of_product"]], branch=""),
    "terms of invoices": lambda s, t: invoice_terms.current(s),
    "invoices by id": lambda s, t: invoice_reads.invoices_by_id(
        s, t.customer(), [t.ids[name] for name in ("invoice", "asked_invoice", "rejected_invoice")]
    ),
    "invoices of orders": lambda s, t: invoice_reads.invoices_of_orders(
        s, t.owner, [t.ids[name] for name in ("invoiced", "invoiced_later", "paid")]
    ),
    "invoices": lambda s, t: invoice_reads.invoice_page(s, limit=50),
    "invoices that wait": lambda s, t: invoice_reads.invoice_page(s, states=[InvoiceState.REQUESTED], limit=50),
    "number of invoices": lambda s, t: invoice_reads.invoice_count(s),
    "lines of invoices": documents,
    "what invoices have to follow": behind,
}
