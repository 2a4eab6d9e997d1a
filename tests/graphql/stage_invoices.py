"""What the stage has of freight and invoices."""

from typing import TYPE_CHECKING

from app.platform.actor import SYSTEM
from app.trade import freight, invoices
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms
from app.trade.invoice_values import TitleKind
from app.trade.invoices import Title
from tests.trade import purchase

if TYPE_CHECKING:
    from tests.graphql.stage import Stage


async def ask_for_an_invoice(stage: "Stage") -> None:
    """Freight by a template that charges as none does, and an invoice that the customer waits for."""
    rates = (FreightRate((), True, 1_000_000, 1_000, 1, 0, 9_900),)
    terms = FreightTerms(ChargedBy.WEIGHT, stage.price_minor, rates)
    buyer = purchase.customer_actor(stage.people["customer"])
    title = Title(TitleKind.PERSONAL, f"{stage.mark}小明", email="a@example.com")
    async with stage.runtime.database.transaction(stage.brand) as session:
        template_id = await freight.publish(session, SYSTEM, name=f"{stage.mark}全国", terms=terms, now=session.now)
        invoice_id = await invoices.request(session, buyer, order_id=stage.uuid("order"), title=title, now=session.now)
    stage.name("freight_template", "FreightTemplate", template_id)
    stage.name("invoice", "Invoice", invoice_id)
