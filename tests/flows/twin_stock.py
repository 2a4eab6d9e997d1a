"""Stock of stores in a story of two brands: transfers, an order that another place sends, and what is read of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.boss import hot_products
from app.boss.scopes import Scope
from app.boss.values import Period
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import locations, stock_reads, stock_returns, transfers
from app.products.values import StockLine
from app.trade import reroutes, routing, staff_orders
from tests.flows import twin_goods

if TYPE_CHECKING:
    from tests.flows.twins import Tale

Read = Callable[[BrandSession, Any], Awaitable[Any]]


async def move_and_reroute(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """One transfer arrived with a difference, one is under way; one order is to be sent by the other store."""
    for name in ("arrived_transfer", "transfer"):
        tale.ids[name] = await _ask(session, tale, tale.owner)
        await transfers.send(session, tale.owner, transfer_id=tale.ids[name], now=session.now)
    counted = [StockLine(tale.ids["sku_of_product"], 1)]
    await transfers.receive(
        session,
        tale.owner,
        transfer_id=tale.ids["arrived_transfer"],
        lines=counted,
        difference_note=f"{tale.mark}破",
        now=session.now,
    )
    tale.ids["rerouted"] = await twin_goods.buy_one(session, tale)
    await _reroute(session, tale, "rerouted")
    tale.ids["lost"] = await twin_goods.buy_one(session, tale)
    await routing.refuse(
        session,
        tale.owner,
        order_id=tale.ids["lost"],
        reason=f"{tale.mark}找不到",
        missing=[StockLine(tale.ids["sku_of_other_product"], 1)],
        now=session.now,
    )


async def count_and_move(runtime: Runtime, session: BrandSession, tale: "Tale") -> None:
    """Transfers by every road, and a store that no order is routed to any more."""
    now = session.now
    called_off = await _ask(session, tale, tale.owner)
    await transfers.cancel(session, tale.owner, transfer_id=called_off, now=now)
    moved = await _ask(session, tale, tale.owner)
    await transfers.send(session, tale.owner, transfer_id=moved, now=now)
    await transfers.receive(session, tale.owner, transfer_id=moved, now=now)
    await locations.set_shipping(session, tale.owner, location_id=tale.ids["store"], ships_orders=True, now=now)


async def route_elsewhere(runtime: Runtime, session: BrandSession, tale: "Tale") -> None:
    """An order goes to a store, which will not send it, and comes to where headquarters say."""
    tale.ids["twice_rerouted"] = await twin_goods.buy_one(session, tale)
    await _reroute(session, tale, "twice_rerouted")
    await routing.refuse(
        session, tale.owner, order_id=tale.ids["twice_rerouted"], reason=f"{tale.mark}缺", now=session.now
    )


async def _ask(session: BrandSession, tale: "Tale", actor: Actor) -> Any:
    return await transfers.request(
        session,
        actor,
        from_id=tale.ids["store"],
        to_id=tale.ids["other_store"],
        lines=[StockLine(tale.ids["sku_of_product"], 2)],
        note=f"{tale.mark}备货",
        now=session.now,
    )


async def _reroute(session: BrandSession, tale: "Tale", name: str) -> None:
    await routing.reroute(
        session,
        SYSTEM,
        order_id=tale.ids[name],
        location_id=tale.ids["other_store"],
        reason=f"{tale.mark}就近",
        now=session.now,
    )


def _period(session: BrandSession) -> Period:
    first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    return Period(first.date(), last.date())


READS: dict[str, Read] = {
    "places": lambda s, t: locations.places_of(s, t.owner),
    "places by id": lambda s, t: locations.places_by_id(s, [t.ids["store"], t.ids["other_store"]]),
    "stock levels": lambda s, t: stock_reads.levels_of_skus(s, [t.ids["sku_of_product"]]),
    "stores that have a basket": lambda s, t: stock_reads.store_offers(s, [StockLine(t.ids["sku_of_product"], 1)]),
    "places to send from": lambda s, t: stock_reads.places_to_send(s, [StockLine(t.ids["sku_of_product"], 1)]),
    "transfers": lambda s, t: stock_reads.transfer_page(s, t.owner, limit=50),
    "number of transfers": lambda s, t: stock_reads.transfer_count(s, t.owner),
    "transfers by id": lambda s, t: stock_reads.transfers_by_id(s, t.owner, [t.ids["transfer"]]),
    "pieces that are out": lambda s, t: stock_returns.pieces_out(s, order_id=t.ids["rerouted"]),
    "what a place said was missing": lambda s, t: reroutes.missing_pieces(s, order_id=t.ids["lost"]),
    "orders to send": lambda s, t: staff_orders.sending_page(s, t.owner, limit=50, is_counted=True),
    "hot products": lambda s, t: hot_products.report(s, Scope(), _period(s)),
}
