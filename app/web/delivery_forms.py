"""How goods are to reach a customer, as forms ask it: where to, or which store; and what was wrong with an answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.employees.values import PostalAddress
from app.platform.errors import InsufficientStock, InvalidInput, PriceChanged, UserFault
from app.products import stock_reads
from app.products.values import StockLine
from app.trade.basket import LONGEST_NOTE, LONGEST_PART, LONGEST_STREET
from app.trade.freight_values import Region
from app.trade.values import FulfilmentMethod
from app.web import views
from app.web.forms import Form
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id

MOST_STORES: Final = 50
"""Stores that are offered for pickup."""
ADDRESS: Final[Mapping[str, int]] = {
    "recipient": LONGEST_PART,
    "phone": LONGEST_PART,
    "province": LONGEST_PART,
    "city": LONGEST_PART,
    "district": LONGEST_PART,
    "street": LONGEST_STREET,
}


def ways(reader: ShopReader) -> list[FulfilmentMethod]:
    """How goods can be had here: taken at once only where the shop's guide has a store."""
    return [way for way in FulfilmentMethod if way is not FulfilmentMethod.IN_STORE or reader.shop.store_id is not None]


def method_of(reader: ShopReader, given: str) -> FulfilmentMethod:
    """The way that was asked for; delivery where that is none."""
    return FulfilmentMethod(given) if given in ways(reader) else FulfilmentMethod.DELIVERY


def address_of(form: Form, method: FulfilmentMethod) -> PostalAddress | None:
    """The address that was typed; None where nothing is sent."""
    return PostalAddress(**{name: form.text(name) for name in ADDRESS}) if method.is_sent else None


def region_of(form: Form, method: FulfilmentMethod, errors: Mapping[str, str]) -> Region | None:
    """Where goods are to be sent, once that was typed and nothing is wrong with it."""
    if not method.is_sent or not form.text("province") or "province" in errors:
        return None
    return Region(form.text("province"), form.text("city"))


def store_of(form: Form, method: FulfilmentMethod) -> UUID | None:
    """The store that was chosen; None where nothing is fetched."""
    return views.id_in(form.text("store"), "Store") if method is FulfilmentMethod.PICKUP else None


async def stores(reader: ShopReader, lines: Sequence[StockLine]) -> list[tuple[str, str]]:
    """Where goods can be fetched: first those that have all of it, among them the shop's own."""
    if not lines:
        return []
    async with reader.reading() as session:
        offers = await stock_reads.store_offers(session, lines)
    offers.sort(key=lambda offer: (not offer.has_all, offer.store_id != reader.shop.store_id))
    return [
        (
            encode_global_id("Store", offer.store_id),
            reader.say(
                "store_has_it" if offer.has_all else "store_lacks_it",
                store=" · ".join(part for part in (offer.name, offer.city) if part),
            ),
        )
        for offer in offers[:MOST_STORES]
    ]


def chosen(form: Form, offered: Sequence[tuple[str, str]]) -> tuple[str, UUID | None]:
    """The store of a pickup as a form names it, else the first offered; its key where it is one of those offered."""
    store = form.text("store") or (offered[0][0] if offered else "")
    is_known = store in {store_id for store_id, _ in offered}
    return store, views.id_in(store, "Store") if is_known else None


def typed(form: Form) -> dict[str, Any]:
    """What the fields of the form show again, and how much they hold."""
    return {
        "typed": {name: form.text(name) for name in (*ADDRESS, "note")},
        "longest": {**ADDRESS, "note": LONGEST_NOTE},
    }


def explained(reader: ShopReader, fault: UserFault) -> tuple[dict[str, str], str | None, str]:
    """Why an order was refused: what is wrong with which field, and the words and kind of what is said first."""
    say = reader.say
    errors: dict[str, str] = {}
    match fault:
        case PriceChanged(total_minor=total_minor):
            return {}, say("total_changed", total=say.money(total_minor).text), "warn"
        case InsufficientStock():
            return {}, say("stock_changed"), "warn"
        case InvalidInput() if fault.path[:2] == ("fulfilment", "address") and fault.path[-1] in ADDRESS:
            errors[fault.path[-1]] = reader.explain(fault)
        case UserFault() if fault.path == ("fulfilment", "pickupStoreId"):
            errors["store"] = say("pickup_store_needed")
        case InvalidInput() if fault.path == ("note",):
            errors["note"] = reader.explain(fault)
        case _:
            return {}, reader.explain(fault), "bad"
    return errors, say("form_incomplete"), "bad"
