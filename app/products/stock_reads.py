"""Reads of stock by place: what lies where, transfers with their lines, which stores can give a basket."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.employees.models import OrgUnitRow, StoreRow
from app.employees.values import Role
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products import locations
from app.products.locations import Place
from app.products.models import LocationRow, StockRow, StockTransferLineRow, StockTransferRow
from app.products.values import LocationKind, StockLine, TransferState

MOST_OFFERED = 500
"""Stores that somebody who wants to fetch goods is shown."""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Pieces of a SKU at a place."""

    sku_id: UUID
    location_id: UUID
    kind: LocationKind
    name: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class StoreOffer:
    """A store, and whether it has every piece of a basket now."""

    store_id: UUID
    name: str
    city: str | None
    has_all: bool


@dataclass(frozen=True, slots=True)
class TransferLine:
    """Pieces as they were wanted, as they left, as they were counted."""

    sku_id: UUID
    requested: int
    sent: int | None
    received: int | None

    @property
    def difference(self) -> int | None:
        """What left and did not arrive; None before it is received."""
        return None if self.sent is None or self.received is None else self.sent - self.received


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer with its ends and lines."""

    id: UUID
    state: TransferState
    origin: Place
    target: Place
    note: str | None
    difference_note: str | None
    requested_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    cancelled_at: datetime | None
    lines: tuple[TransferLine, ...]


async def levels_of_skus(session: BrandSession, sku_ids: Collection[UUID]) -> dict[UUID, list[StockLevel]]:
    """What lies where of each SKU, the shipping location first; a SKU without stock anywhere has an empty list."""
    rows = await session.execute(
        sa.select(
            StockRow.sku_id,
            StockRow.location_id,
            LocationRow.kind,
            sa.func.coalesce(StoreRow.name, LocationRow.name),
            StockRow.on_hand,
            StockRow.reserved,
        )
        .join(
            LocationRow,
            sa.and_(LocationRow.brand_id == session.brand_id, LocationRow.id == StockRow.location_id),
        )
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.id == LocationRow.store_id))
        .where(StockRow.brand_id == session.brand_id, StockRow.sku_id.in_(sku_ids))
        .order_by(StockRow.sku_id, LocationRow.kind, StoreRow.name, StockRow.location_id)
    )
    found: dict[UUID, list[StockLevel]] = {sku_id: [] for sku_id in sku_ids}
    for row in rows:
        found[row[0]].append(StockLevel(row[0], row[1], LocationKind(row[2]), *row[3:]))
    return found


async def store_offers(session: BrandSession, lines: Sequence[StockLine]) -> list[StoreOffer]:
    """Up to MOST_OFFERED stores, those that have all the pieces first, then by name. One statement."""
    having = _places_with_all(session, lines).subquery("having_all")
    has_all = having.c.location_id.is_not(None)
    rows = await session.execute(
        sa.select(StoreRow.id, StoreRow.name, StoreRow.city, has_all)
        .outerjoin(having, having.c.location_id == StoreRow.id)
        .where(StoreRow.brand_id == session.brand_id)
        .order_by(has_all.desc(), StoreRow.name, StoreRow.id)
        .limit(MOST_OFFERED)
    )
    return [StoreOffer(*row) for row in rows]


async def places_to_send(session: BrandSession, lines: Sequence[StockLine]) -> list[Place]:
    """The places that orders may be routed to and that have every piece now. One statement."""
    having = _places_with_all(session, lines).subquery("having_all")
    rows = await session.execute(
        sa.select(
            LocationRow.id,
            LocationRow.kind,
            sa.func.coalesce(StoreRow.name, LocationRow.name),
            StoreRow.city,
            OrgUnitRow.path,
            LocationRow.ships_orders,
        )
        .join(having, having.c.location_id == LocationRow.id)
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.id == LocationRow.store_id))
        .outerjoin(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
        .where(LocationRow.brand_id == session.brand_id, LocationRow.ships_orders)
    )
    return [Place(row[0], LocationKind(row[1]), *row[2:]) for row in rows]


async def transfers_by_id(
    session: BrandSession, actor: Actor, transfer_ids: Collection[UUID]
) -> dict[UUID, TransferView]:
    """Those of these transfers that the actor answers for at one end at least. Three statements."""
    found = await _transfers(session, actor, StockTransferRow.id.in_(transfer_ids), limit=len(transfer_ids))
    return {view.id: view for view in found}


async def transfer_page(
    session: BrandSession,
    actor: Actor,
    *,
    state: TransferState | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[TransferView]:
    """The transfers that the actor answers for at one end at least, the latest first. Three statements."""
    conditions: list[sa.ColumnElement[bool]] = []
    if state is not None:
        conditions.append(StockTransferRow.state == state.value)
    if after is not None:
        conditions.append(StockTransferRow.id < after)
    return await _transfers(session, actor, *conditions, limit=limit)


async def transfer_count(session: BrandSession, actor: Actor, *, state: TransferState | None = None) -> int:
    """How many transfers `transfer_page` walks through."""
    scope = _scope(session, actor)
    if scope is None:
        return 0
    found = sa.select(sa.func.count()).where(StockTransferRow.brand_id == session.brand_id, scope)
    if state is not None:
        found = found.where(StockTransferRow.state == state.value)
    return (await session.execute(found)).scalar_one()


async def _transfers(
    session: BrandSession, actor: Actor, *conditions: sa.ColumnElement[bool], limit: int
) -> list[TransferView]:
    scope = _scope(session, actor)
    if scope is None or not limit:
        return []
    rows = (
        await session.execute(
            sa.select(
                StockTransferRow.id,
                StockTransferRow.state,
                StockTransferRow.from_location_id,
                StockTransferRow.to_location_id,
                StockTransferRow.note,
                StockTransferRow.difference_note,
                StockTransferRow.requested_at,
                StockTransferRow.sent_at,
                StockTransferRow.received_at,
                StockTransferRow.cancelled_at,
            )
            .where(StockTransferRow.brand_id == session.brand_id, scope, *conditions)
            .order_by(StockTransferRow.id.desc())
            .limit(limit)
        )
    ).all()
    ends = await locations.places_by_id(session, sorted({end for row in rows for end in (row[2], row[3])}))
    lines = await _lines(session, [row[0] for row in rows])
    return [
        TransferView(
            id=row.id,
            state=TransferState(row.state),
            origin=ends[row.from_location_id],
            target=ends[row.to_location_id],
            note=row.note,
            difference_note=row.difference_note,
            requested_at=row.requested_at,
            sent_at=row.sent_at,
            received_at=row.received_at,
            cancelled_at=row.cancelled_at,
            lines=lines[row.id],
        )
        for row in rows
    ]


async def _lines(session: BrandSession, transfer_ids: Sequence[UUID]) -> dict[UUID, tuple[TransferLine, ...]]:
    rows = await session.execute(
        sa.select(
            StockTransferLineRow.transfer_id,
            StockTransferLineRow.sku_id,
            StockTransferLineRow.requested,
            StockTransferLineRow.sent,
            StockTransferLineRow.received,
        )
        .where(StockTransferLineRow.brand_id == session.brand_id, StockTransferLineRow.transfer_id.in_(transfer_ids))
        .order_by(StockTransferLineRow.transfer_id, StockTransferLineRow.sku_id)
    )
    found: dict[UUID, list[TransferLine]] = {transfer_id: [] for transfer_id in transfer_ids}
    for row in rows:
        found[row[0]].append(TransferLine(*row[1:]))
    return {transfer_id: tuple(lines) for transfer_id, lines in found.items()}


def _scope(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """The transfers of which the actor answers for one end, as a condition; None: none at all."""
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    if actor.role != Role.MANAGER:
        return None
    ways = [OrgUnitRow.path.startswith(actor.branch, autoescape=True)] if actor.branch else []
    if actor.store_id is not None:
        ways.append(StoreRow.id == actor.store_id)
    own = (
        sa.select(StoreRow.id)
        .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
        .where(StoreRow.brand_id == session.brand_id, sa.or_(sa.false(), *ways))
    )
    return sa.or_(StockTransferRow.from_location_id.in_(own), StockTransferRow.to_location_id.in_(own))


def _places_with_all(session: BrandSession, lines: Sequence[StockLine]) -> sa.Select[Any]:
    """The locations where every line's pieces are free."""
    line = (
        sa.func.unnest(
            sa.literal([line.sku_id for line in lines], ARRAY(sa.Uuid())),
            sa.literal([line.quantity for line in lines], ARRAY(sa.BigInteger())),
        )
        .table_valued(sa.column("sku_id", sa.Uuid()), sa.column("quantity", sa.BigInteger()), name="line")
        .render_derived()
    )
    return (
        sa.select(StockRow.location_id)
        .join_from(line, StockRow, StockRow.sku_id == line.c.sku_id)
        .where(StockRow.brand_id == session.brand_id, StockRow.on_hand - StockRow.reserved >= line.c.quantity)
        .group_by(StockRow.location_id)
        .having(sa.func.count() == len(lines))
    )
