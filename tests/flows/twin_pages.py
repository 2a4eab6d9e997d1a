"""What pages read beyond the API, over one brand's story."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.commission import grounds
from app.commission import reads as commission
from app.marketing import reads as marketing
from app.platform.db import BrandSession
from app.trade import customer_view, staff_view

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def grounds_of_entries(s: BrandSession, t: "Tale") -> Any:
    entries = await commission.entries(s, party_id=t.ids["guide"], limit=50)
    return await grounds.of_entries(s, [entry.entry_id for entry in entries])


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "grounds of entries": grounds_of_entries,
    "entries of a sale": lambda s, t: commission.entries_of_sale(s, party_id=t.ids["guide"], sale_id=t.ids["paid"]),
    "codes of a guide": lambda s, t: marketing.codes_of_guide(s, t.ids["guide"], limit=9),
    "own order's steps": lambda s, t: customer_view.steps_of_order(s, t.customer(), order_id=t.ids["paid"]),
    "own order's address": lambda s, t: customer_view.address_of(s, t.customer(), order_id=t.ids["paid"]),
    "own order's payments": lambda s, t: customer_view.payment_tries(s, t.customer(), order_id=t.ids["paid"]),
    "own after-sale's steps": lambda s, t: customer_view.steps_of_after_sale(
        s, t.customer(), after_sale_id=t.ids["after_sale"]
    ),
    "order's steps": lambda s, t: staff_view.steps_of_order(s, t.ids["paid"]),
    "orders' addresses": lambda s, t: staff_view.addresses_of(s, [t.ids["paid"], t.ids["waiting"]]),
}
