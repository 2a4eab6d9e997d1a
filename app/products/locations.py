"""Locations: where stock lies. The brand has one shipping location; a store's location has the store's own id.

A store's location comes into being when stock is first put there, so that making a store needs nothing of stock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.employees.models import OrgUnitRow, StoreRow
from app.employees.rules import is_inside
from app.employees.values import Role, StoreOperator
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import NotFound
from app.products import versions
from app.products.guards import headquarters_only
from app.products.models import LocationRow
from app.products.values import LocationKind


@dataclass(frozen=True, slots=True)
class Place:
    """A location, or a store that could have one. `branch`: path of the store's unit now; None at the warehouse."""

    location_id: UUID
    kind: LocationKind
    name: str
    city: str | None
    branch: str | None
    ships_orders: bool

    @property
    def store_id(self) -> UUID | None:
        return self.location_id if self.kind is LocationKind.STORE else None


async def create_shipping_location(session: BrandSession, *, now: datetime) -> UUID:
    """Make the place that the brand's online orders are sent from first; a brand has one."""
    location_id = session.new_id()
    await session.execute(
        sa.insert(LocationRow).values(
            brand_id=session.brand_id,
            id=location_id,
            kind=LocationKind.SHIPPING.value,
            name="总仓",
            ships_orders=True,
            created_at=now,
        )
    )
    return location_id


async def shipping_location(session: BrandSession) -> UUID:
    """The shipping location's id; founding a brand makes it."""
    found = await session.execute(
        sa.select(LocationRow.id).where(
            LocationRow.brand_id == session.brand_id, LocationRow.kind == LocationKind.SHIPPING.value
        )
    )
    return found.scalar_one()


def may_manage(actor: Actor, place: Place) -> bool:
    """Whether the actor answers for the stock of a place: headquarters anywhere, a manager in stores of the branch."""
    if actor.kind is ActorKind.SYSTEM or (actor.is_employee and actor.sees_whole_brand):
        return True
    if not actor.is_employee or actor.role != Role.MANAGER or place.store_id is None:
        return False
    return place.store_id == actor.store_id or is_inside(place.branch or "", actor.branch)


async def open_for(session: BrandSession, actor: Actor, place_id: UUID, *path: str, now: datetime) -> Place:
    """A place whose stock the actor answers for, its location made where it was missing. Raises: NotFound."""
    place = await open_place(session, place_id, *path, now=now)
    if not may_manage(actor, place):
        raise NotFound("location", path=path)
    return place


async def open_place(session: BrandSession, place_id: UUID, *path: str, now: datetime) -> Place:
    """A place by a location's or a store's id, its location made where it was missing. Raises: NotFound."""
    place = (await places_by_id(session, [place_id])).get(place_id)
    if place is None:
        raise NotFound("location", path=path)
    await session.execute(
        insert(LocationRow)
        .values(
            brand_id=session.brand_id,
            id=place.location_id,
            kind=place.kind.value,
            name=place.name,
            store_id=place.store_id,
            ships_orders=place.ships_orders,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[LocationRow.brand_id, LocationRow.id])
    )
    return place


async def set_shipping(
    session: BrandSession, actor: Actor, *, location_id: UUID, ships_orders: bool, now: datetime
) -> None:
    """Say whether orders may be routed to a store. Raises: Forbidden, NotFound (the warehouse always ships)."""
    headquarters_only(actor)
    place = await open_place(session, location_id, "locationId", now=now)
    if place.store_id is None:
        raise NotFound("location", path=("locationId",))
    await session.execute(
        sa.update(LocationRow)
        .where(LocationRow.brand_id == session.brand_id, LocationRow.id == location_id)
        .values(ships_orders=ships_orders)
        .execution_options(synchronize_session=False)
    )
    await versions.touch_catalogue(session)


async def places_by_id(session: BrandSession, place_ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Places by the ids of locations and stores; one statement."""
    return {place.location_id: place for place in await _places(session, place_ids)}


async def places_of(session: BrandSession, actor: Actor) -> list[Place]:
    """The places whose stock the actor answers for: the warehouse first, then stores by name. One statement."""
    return [place for place in await _places(session, None) if may_manage(actor, place)]


async def _places(session: BrandSession, place_ids: Sequence[UUID] | None) -> list[Place]:
    """The warehouse and every store, whether or not it has a location yet."""
    brand_id = session.brand_id
    warehouse = sa.select(
        LocationRow.id,
        LocationRow.kind,
        LocationRow.name,
        sa.null().label("city"),
        sa.null().label("branch"),
        LocationRow.ships_orders,
    ).where(LocationRow.brand_id == brand_id, LocationRow.kind == LocationKind.SHIPPING.value)
    stores = (
        sa.select(
            StoreRow.id,
            sa.literal(LocationKind.STORE.value).label("kind"),
            StoreRow.name,
            StoreRow.city,
            OrgUnitRow.path.label("branch"),
            # Dealers and franchisees own what lies in their stores: until somebody says so they send nobody's orders.
            sa.func.coalesce(LocationRow.ships_orders, StoreRow.operator == StoreOperator.OWN.value),
        )
        .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
        .outerjoin(LocationRow, sa.and_(LocationRow.brand_id == brand_id, LocationRow.id == StoreRow.id))
        .where(StoreRow.brand_id == brand_id)
    )
    if place_ids is not None:
        warehouse = warehouse.where(LocationRow.id.in_(place_ids))
        stores = stores.where(StoreRow.id.in_(place_ids))
    both = sa.union_all(warehouse, stores).subquery("place")
    rows = await session.execute(sa.select(both).order_by(both.c.kind, both.c.name, both.c.id))
    return [Place(row[0], LocationKind(row[1]), *row[2:]) for row in rows]
