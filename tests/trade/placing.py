"""Stock at the three places of a staffed scene, and orders that lie at them."""

from typing import Any
from uuid import UUID

from app.platform.actor import SYSTEM, Actor
from app.platform.db import Database
from app.products import invariants as stock_invariants
from app.products import locations, stock
from app.trade import routing
from app.trade.values import FulfilmentMethod
from tests.trade import purchase
from tests.trade.fulfilling import Staffed

IN_STORE: dict[str, Any] = {"fulfilment": FulfilmentMethod.IN_STORE, "address": None}


async def stocks(database: Database, staffed: Staffed) -> list[tuple[int, int]]:
    """On hand and reserved at the shipping location, in the scene's store, in the west's."""
    return [
        await purchase.stock_of(database, staffed.brand, staffed.scene.sku_id, location_id=place)
        for place in (None, staffed.scene.store_id, staffed.west_store_id)
    ]


async def leave(database: Database, staffed: Staffed, *pieces: int) -> None:
    """So many pieces at the shipping location, in the scene's store, in the west's."""
    now_there = await stocks(database, staffed)
    async with database.transaction(staffed.brand) as session:
        places = (await locations.shipping_location(session), staffed.scene.store_id, staffed.west_store_id)
        for place_id, (on_hand, _), wanted in zip(places, now_there, pieces, strict=True):
            if on_hand != wanted:
                await stock.adjust(
                    session,
                    SYSTEM,
                    sku_id=staffed.scene.sku_id,
                    change=wanted - on_hand,
                    reason="盘点",
                    location_id=place_id,
                    now=session.now,
                )


async def place_of(database: Database, staffed: Staffed, order_id: UUID) -> tuple[UUID, bool]:
    async with database.reading(staffed.brand) as session:
        row = await purchase.order_row(session, order_id)
        return row.location_id, row.is_stranded


async def refuse(database: Database, staffed: Staffed, actor: Actor, order_id: UUID, **more: Any) -> None:
    async with database.transaction(staffed.brand) as session:
        await routing.refuse(session, actor, order_id=order_id, reason="找不到货", now=session.now, **more)


async def assert_sound(database: Database, staffed: Staffed) -> None:
    await purchase.assert_sound(database, staffed.brand)
    async with database.reading(staffed.brand) as session:
        broken = {name: found for name, check in stock_invariants.CHECKS.items() if (found := await check(session))}
    assert broken == {}
