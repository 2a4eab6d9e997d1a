"""Goods on their way, in a story of two brands: orders that are bought at once, sent, and laid out."""

from typing import TYPE_CHECKING
from uuid import UUID

from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import reads
from app.trade import orders, payments, pickups, shipments
from app.trade.basket import Address
from app.trade.models import PaymentRow
from app.trade.values import FulfilmentMethod, LineRequest, ProviderName
from tests import factories

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def send_one_and_lay_one_out(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """One order is sent, one waits in the other store."""
    for name in ("store", "other_store"):
        goods = (tale.ids["sku_of_product"], tale.ids["sku_of_other_product"])
        await factories.fill(session, tale.ids[name], *goods, pieces=pieces)
    for name, store in (("sent", None), ("fetched", "other_store")):
        tale.ids[name] = await buy_one(session, tale, store)
    await shipments.ship(
        session, tale.owner, order_id=tale.ids["sent"], carrier=f"{tale.mark}递", tracking_number="T-1", now=session.now
    )
    await pickups.make_ready(session, tale.owner, order_id=tale.ids["fetched"], now=session.now)


async def buy_one(session: BrandSession, tale: "Tale", pickup_store: str | None = None) -> UUID:
    """The customer's paid order of one piece, fetched in a store where one is named."""
    shop = await reads.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    order_id = await orders.place(
        session,
        tale.customer(),
        shop=shop,
        lines=[LineRequest(tale.ids["sku_of_other_product"], 1)],
        fulfilment=FulfilmentMethod.PICKUP if pickup_store else FulfilmentMethod.DELIVERY,
        pickup_store_id=tale.ids[pickup_store] if pickup_store else None,
        address=Address(**factories.ADDRESS),
        now=session.now,
    )
    payment_id = await payments.start(
        session, tale.customer(), order_id=order_id, provider=ProviderName.SANDBOX, now=session.now
    )
    [payment] = await payments.payment_facts(session, PaymentRow.id == payment_id)
    await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id=f"T-{payment_id.hex}",
        amount_minor=payment.amount_minor,
        now=session.now,
    )
    return order_id
