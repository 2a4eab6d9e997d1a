"""The steps of an invoice as tests take them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.platform.db import BrandSession
from app.platform.models import SandboxInvoiceRow
from app.platform.runtime import Runtime
from app.trade import invoice_reads, invoices
from app.trade.invoice_reads import InvoiceView
from app.trade.invoice_values import TitleKind
from app.trade.invoices import Title
from app.worker import make_relay
from tests.trade.returns import Sold

COMPANY = Title(TitleKind.COMPANY, "上海某某商贸有限公司", "91350100M000100Y43", "fapiao@example.com")
PERSON = Title(TitleKind.PERSONAL, "王小明", phone="13800138000")


async def ask(sold: Sold, title: Title = COMPANY, **more: Any) -> UUID:
    async with sold.runtime.database.transaction(sold.brand, now=more.pop("now", None)) as session:
        return await invoices.request(
            session, more.pop("actor", sold.buyer), order_id=sold.order_id, title=title, now=session.now
        )


async def issue(sold: Sold, invoice_id: UUID) -> None:
    async with sold.runtime.database.transaction(sold.brand) as session:
        await invoices.issue(session, sold.owner, invoice_id=invoice_id, now=session.now)


async def relay(sold: Sold, runtime: Runtime | None = None) -> None:
    await make_relay(runtime or sold.runtime).drain(sold.brand)


async def issued(sold: Sold, title: Title = COMPANY) -> UUID:
    """An invoice that the provider has issued."""
    invoice_id = await ask(sold, title)
    await issue(sold, invoice_id)
    await relay(sold)
    assert (await view(sold, invoice_id)).state == "ISSUED"
    return invoice_id


async def view(sold: Sold, invoice_id: UUID) -> InvoiceView:
    async with sold.runtime.database.reading(sold.brand) as session:
        return (await invoice_reads.invoices_by_id(session, sold.owner, [invoice_id]))[invoice_id]


async def refund(sold: Sold, quantity: int = 1, **more: Any) -> UUID:
    """A refund whose money is back; its event still waits."""
    after_sale_id = await sold.request(quantity, **more)
    await sold.decide(after_sale_id)
    assert all(await sold.pay_back())
    return after_sale_id


async def book_of_provider(session: BrandSession) -> list[tuple[int, int, bool]]:
    """What the provider has issued for a brand: gross, tax, whether it is red."""
    rows = await session.execute(
        sa.select(SandboxInvoiceRow.gross_minor, SandboxInvoiceRow.tax_minor, SandboxInvoiceRow.original)
        .where(SandboxInvoiceRow.seller == str(session.brand_id), SandboxInvoiceRow.is_refused.is_(False))
        .order_by(SandboxInvoiceRow.created_at)
    )
    return [(row[0], row[1], row[2] is not None) for row in rows]
