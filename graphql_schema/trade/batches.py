"""Batches: what several resolvers of one request ask for by id, read in one statement."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.trade import after_sale_reads, invoice_reads, quotation_reads, reads, staff_view
from app.trade.after_sale_reads import AfterSaleView, Standing
from app.trade.basket import Address
from app.trade.invoice_reads import InvoiceView
from app.trade.quotation_reads import QuotationLineView, QuotationView
from app.trade.reads import CustomerSales, LineView, OrderView, ShipmentView
from graphql_schema.context import Context

T = TypeVar("T")
Read = Callable[[BrandSession, Actor, list[UUID]], Awaitable[dict[UUID, T]]]


def orders(context: Context) -> DataLoader[UUID, OrderView | None]:
    """Orders that the caller may see, by id."""
    return _batch(context, "orders", reads.orders_by_id)


def invoices(context: Context) -> DataLoader[UUID, InvoiceView | None]:
    """The latest request for an invoice by its order, as far as the caller may see it."""
    return _batch(context, "invoices", invoice_reads.invoices_of_orders)


def after_sales(context: Context) -> DataLoader[UUID, list[AfterSaleView] | None]:
    """After-sales by their order, whoever asks: the caller checks who is shown them."""
    return _batch(context, "after_sales", after_sale_reads.after_sales_of_orders)


def standings(context: Context) -> DataLoader[UUID, Standing | None]:
    """Where orders stand with their after-sales, whoever asks."""

    async def read(session: BrandSession, _: Actor, order_ids: list[UUID]) -> dict[UUID, Standing]:
        return await after_sale_reads.standings(session, order_ids)

    return _batch(context, "standings", read)


def lines(context: Context) -> DataLoader[UUID, list[LineView] | None]:
    """Lines by their order, whoever asks: only who sees an order asks for its lines."""

    async def read(session: BrandSession, _: Actor, order_ids: list[UUID]) -> dict[UUID, list[LineView]]:
        return await reads.lines_of_orders(session, order_ids)

    return _batch(context, "lines", read)


def shipments(context: Context) -> DataLoader[UUID, list[ShipmentView] | None]:
    """Parcels by their order, whoever asks: only who sees an order asks for its parcels; None: none yet."""

    async def read(session: BrandSession, _: Actor, order_ids: list[UUID]) -> dict[UUID, list[ShipmentView]]:
        return await reads.shipments_of_orders(session, order_ids)

    return _batch(context, "shipments", read)


def addresses(context: Context) -> DataLoader[UUID, Address | None]:
    """Where orders go to, whoever asks: the caller checks who may know; None: it is fetched."""

    async def read(session: BrandSession, _: Actor, order_ids: list[UUID]) -> dict[UUID, Address]:
        return await staff_view.addresses_of(session, order_ids)

    return _batch(context, "addresses", read)


def quotations(context: Context) -> DataLoader[UUID, QuotationView | None]:
    """Quotations that the caller may see, by id."""
    return _batch(context, "quotations", quotation_reads.by_id)


def quotations_of_orders(context: Context) -> DataLoader[UUID, QuotationView | None]:
    """Quotations that the caller may see, by the order that each became; None: it was no quotation."""
    return _batch(context, "quotations_of_orders", quotation_reads.of_orders)


def quotation_lines(context: Context) -> DataLoader[UUID, list[QuotationLineView] | None]:
    """Lines by their quotation, whoever asks: only who sees a quotation asks for its lines."""

    async def read(session: BrandSession, _: Actor, quotation_ids: list[UUID]) -> dict[UUID, list[QuotationLineView]]:
        return await quotation_reads.lines_of(session, quotation_ids)

    return _batch(context, "quotation_lines", read)


def sales(context: Context) -> DataLoader[UUID, CustomerSales | None]:
    """What customers have bought, whoever asks: the caller checks who may know; None: nothing."""

    async def read(session: BrandSession, _: Actor, customer_ids: list[UUID]) -> dict[UUID, CustomerSales]:
        return await reads.customer_sales(session, customer_ids)

    return _batch(context, "sales", read)


def _batch(context: Context, name: str, read: Read[T]) -> DataLoader[UUID, T | None]:
    async def load(ids: list[UUID]) -> list[T | None]:
        actor = await context.actor()
        async with context.reading() as session:
            found = await read(session, actor, ids)
        return [found.get(one) for one in ids]

    key = f"trade.{name}"
    if key not in context.loaded:
        context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, T | None] = context.loaded[key]
    return loader
