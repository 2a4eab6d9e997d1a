"""Locations of stock, and what lies there."""

from uuid import UUID

import strawberry

from app.platform.errors import InvalidInput
from app.products.locations import Place
from app.products.stock_reads import StockLevel as LevelView
from graphql_schema.employees.types import Store, to_store
from graphql_schema.global_ids import input_id
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.products.enums import LocationKind


@strawberry.type(
    description="A place where stock lies, for headquarters, the owner, and managers of the branch its store is in."
)
class Location(Node):
    kind: LocationKind = strawberry.field(description="What it is.")
    name: str = strawberry.field(description="Of a store its name of today.")
    ships_orders: bool = strawberry.field(description="Whether orders that are sent may be routed here.")
    place: strawberry.Private[Place]

    @strawberry.field(description="The store that it is; null: the place that online orders are sent from first.")
    async def store(self) -> Store | None:
        place = self.place
        return None if place.store_id is None else to_store(place.store_id, name=place.name, city=place.city)


@strawberry.type(description="Pieces of a SKU at a place.")
class StockLevel:
    location_name: str = strawberry.field(description="The place.")
    kind: LocationKind = strawberry.field(description="What it is.")
    on_hand: int = strawberry.field(description="Pieces that lie there.")
    reserved: int = strawberry.field(description="Those of them that unpaid orders hold.")
    available: int = strawberry.field(description="The rest.")
    level: strawberry.Private[LevelView]

    @strawberry.field(description="Names the place in inputs.")
    async def location_id(self) -> strawberry.ID:
        return encode_global_id("Location", self.level.location_id)


def to_location(place: Place) -> Location:
    return Location(
        id=encode_global_id("Location", place.location_id),
        kind=place.kind,
        name=place.name,
        ships_orders=place.ships_orders,
        place=place,
    )


def to_stock_level(level: LevelView) -> StockLevel:
    return StockLevel(
        location_name=level.name,
        kind=level.kind,
        on_hand=level.on_hand,
        reserved=level.reserved,
        available=level.available,
        level=level,
    )


def place_id(text: str, *path: str) -> UUID:
    """A place by the id of a location or of a store. Raises: InvalidInput."""
    try:
        return input_id(text, "Location", *path)
    except InvalidInput:
        return input_id(text, "Store", *path)


def optional_place_id(text: str | None, *path: str) -> UUID | None:
    """The same for an input field that may be left out. Raises: InvalidInput."""
    return None if text is None else place_id(text, *path)
