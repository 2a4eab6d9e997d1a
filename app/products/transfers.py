"""Transfers: goods go from one location to another. Stock leaves when they are sent, arrives when they are received.

Whoever answers for the place they leave or come to asks for them and may call them off; the one place's people send,
the other's receive. What was sent and did not arrive is written down as a difference, and is in nobody's stock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InsufficientStock, InvalidInput, NotFound, ShortageFact, WrongState
from app.products import locations, stock, stock_returns, transfer_rules, versions
from app.products.guards import refuse
from app.products.locations import Place
from app.products.models import SkuRow, StockMovementRow, StockRow, StockTransferLineRow, StockTransferRow
from app.products.values import (
    ForbiddenTransferMove,
    MovementKind,
    Problem,
    StockLine,
    TransferEvent,
    TransferState,
)


@dataclass(frozen=True, slots=True)
class LockedTransfer:
    """A transfer whose row this transaction holds, with its ends. `lines`: requested and sent pieces by SKU."""

    id: UUID
    state: TransferState
    origin: Place
    target: Place
    requested: Mapping[UUID, int]
    sent: Mapping[UUID, int]


async def request(
    session: BrandSession,
    actor: Actor,
    *,
    from_id: UUID,
    to_id: UUID,
    lines: Sequence[StockLine],
    note: str | None = None,
    now: datetime,
) -> UUID:
    """Ask for goods from one place at another; gives the transfer's id. Nothing is held yet.

    Note: up to 200 characters. Raises: InvalidInput, NotFound for a place or SKU that the brand does not have, and
    where the actor answers for neither end.
    """
    refuse(transfer_rules.request_problem(lines))
    checked_note = texts.optional_line(note, "note", longest=transfer_rules.LONGEST_NOTE)
    if from_id == to_id:
        raise InvalidInput("transfer_to_itself", path=("toLocationId",))
    origin = await locations.open_place(session, from_id, "fromLocationId", now=now)
    target = await locations.open_place(session, to_id, "toLocationId", now=now)
    if not (locations.may_manage(actor, origin) or locations.may_manage(actor, target)):
        raise NotFound("location", path=("toLocationId",))
    await _check_skus(session, lines)
    transfer_id = session.new_id()
    await session.execute(
        sa.insert(StockTransferRow).values(
            brand_id=session.brand_id,
            id=transfer_id,
            from_location_id=from_id,
            to_location_id=to_id,
            state=TransferState.REQUESTED.value,
            note=checked_note,
            requested_at=now,
            requested_by=actor.principal,
        )
    )
    await session.execute(
        sa.insert(StockTransferLineRow),
        [
            {
                "brand_id": session.brand_id,
                "transfer_id": transfer_id,
                "sku_id": line.sku_id,
                "requested": line.quantity,
            }
            for line in lines
        ],
    )
    return transfer_id


async def send(
    session: BrandSession,
    actor: Actor,
    *,
    transfer_id: UUID,
    lines: Sequence[StockLine] | None = None,
    now: datetime,
) -> None:
    """The goods leave: all that was asked for, or of some SKUs fewer.

    Raises: NotFound for who does not answer for the place they leave, WrongState, InvalidInput (nothing to send),
    InsufficientStock.
    """
    held = await _lock(session, actor, transfer_id)
    if not locations.may_manage(actor, held.origin):
        raise NotFound("StockTransfer", path=("transferId",))
    after = _moved(held, TransferEvent.SEND)
    pieces = _counted(held.requested, lines)
    if not any(pieces.values()):
        raise InvalidInput("transfer_empty", path=("lines",))
    await _write_lines(session, transfer_id, "sent", pieces)
    await _take(session, actor, held, {sku_id: number for sku_id, number in pieces.items() if number}, now=now)
    await _move(session, held, after, sent_at=now, sent_by=actor.principal)


async def receive(
    session: BrandSession,
    actor: Actor,
    *,
    transfer_id: UUID,
    lines: Sequence[StockLine] | None = None,
    difference_note: str | None = None,
    now: datetime,
) -> None:
    """The goods are there: all that was sent, or of some SKUs fewer; what is missing stays on record.

    Raises: NotFound for who does not answer for the place they come to, WrongState, InvalidInput.
    """
    note = texts.optional_line(difference_note, "differenceNote", longest=transfer_rules.LONGEST_NOTE)
    held = await _lock(session, actor, transfer_id)
    if not locations.may_manage(actor, held.target):
        raise NotFound("StockTransfer", path=("transferId",))
    after = _moved(held, TransferEvent.RECEIVE)
    pieces = _counted(held.sent, lines)
    await _write_lines(session, transfer_id, "received", pieces)
    await _put(session, actor, held, {sku_id: number for sku_id, number in pieces.items() if number}, now=now)
    await _move(session, held, after, received_at=now, received_by=actor.principal, difference_note=note)


async def cancel(session: BrandSession, actor: Actor, *, transfer_id: UUID, now: datetime) -> None:
    """Call a transfer off before it is sent; either end may. Raises: NotFound, WrongState."""
    held = await _lock(session, actor, transfer_id)
    after = _moved(held, TransferEvent.CANCEL)
    await _move(session, held, after, cancelled_at=now, cancelled_by=actor.principal)


def _moved(held: LockedTransfer, event: TransferEvent) -> TransferState:
    try:
        return transfer_rules.move(held.state, event)
    except ForbiddenTransferMove:
        raise WrongState(held.state) from None


def _counted(limits: Mapping[UUID, int], lines: Sequence[StockLine] | None) -> dict[UUID, int]:
    pieces = transfer_rules.counted(limits, lines)
    if isinstance(pieces, Problem):
        refuse(pieces)
        raise AssertionError("unreachable")
    return pieces


async def _lock(session: BrandSession, actor: Actor, transfer_id: UUID) -> LockedTransfer:
    """Hold a transfer; its lines and places are read then. Raises: NotFound where the actor answers for neither end."""
    found = await session.execute(
        sa.select(StockTransferRow.state, StockTransferRow.from_location_id, StockTransferRow.to_location_id)
        .where(StockTransferRow.brand_id == session.brand_id, StockTransferRow.id == transfer_id)
        .with_for_update(key_share=True)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("StockTransfer", path=("transferId",))
    ends = await locations.places_by_id(session, [row.from_location_id, row.to_location_id])
    origin, target = ends[row.from_location_id], ends[row.to_location_id]
    if not (locations.may_manage(actor, origin) or locations.may_manage(actor, target)):
        raise NotFound("StockTransfer", path=("transferId",))
    lines = (
        await session.execute(
            sa.select(StockTransferLineRow.sku_id, StockTransferLineRow.requested, StockTransferLineRow.sent).where(
                StockTransferLineRow.brand_id == session.brand_id, StockTransferLineRow.transfer_id == transfer_id
            )
        )
    ).all()
    return LockedTransfer(
        id=transfer_id,
        state=TransferState(row.state),
        origin=origin,
        target=target,
        requested={line.sku_id: line.requested for line in lines},
        sent={line.sku_id: line.sent or 0 for line in lines},
    )


async def _check_skus(session: BrandSession, lines: Sequence[StockLine]) -> None:
    found = await session.scalars(
        sa.select(SkuRow.id).where(SkuRow.brand_id == session.brand_id, SkuRow.id.in_([line.sku_id for line in lines]))
    )
    known = set(found)
    for index, line in enumerate(lines):
        if line.sku_id not in known:
            raise NotFound("sku", path=("lines", str(index), "skuId"))


async def _take(
    session: BrandSession, actor: Actor, held: LockedTransfer, pieces: Mapping[UUID, int], *, now: datetime
) -> None:
    """Take pieces out of the stock of the place they leave. Raises: InsufficientStock."""
    rows = await session.execute(
        sa.select(StockRow.sku_id, StockRow.on_hand - StockRow.reserved)
        .where(
            StockRow.brand_id == session.brand_id,
            StockRow.location_id == held.origin.location_id,
            StockRow.sku_id.in_(pieces),
        )
        .order_by(StockRow.sku_id)
        .with_for_update(key_share=True)
    )
    free = {row[0]: int(row[1]) for row in rows}
    short = [
        ShortageFact(sku_id, pieces[sku_id], free.get(sku_id, 0))
        for sku_id in sorted(pieces)
        if free.get(sku_id, 0) < pieces[sku_id]
    ]
    if short:
        raise InsufficientStock(short)
    await _change(session, actor, held, pieces, is_in=False, now=now)
    if any(free[sku_id] == number for sku_id, number in pieces.items()):
        await versions.touch_catalogue(session)


async def _put(
    session: BrandSession, actor: Actor, held: LockedTransfer, pieces: Mapping[UUID, int], *, now: datetime
) -> None:
    if pieces:
        await stock.open_rows(session, location_id=held.target.location_id, sku_ids=list(pieces))
        await _change(session, actor, held, pieces, is_in=True, now=now)
        await versions.touch_catalogue(session)


async def _change(
    session: BrandSession,
    actor: Actor,
    held: LockedTransfer,
    pieces: Mapping[UUID, int],
    *,
    is_in: bool,
    now: datetime,
) -> None:
    place_id = (held.target if is_in else held.origin).location_id
    kind = MovementKind.TRANSFER_IN if is_in else MovementKind.TRANSFER_OUT
    sign = 1 if is_in else -1
    await stock_returns.change(session, [(sku_id, place_id, sign * pieces[sku_id]) for sku_id in sorted(pieces)])
    await session.execute(
        sa.insert(StockMovementRow),
        [
            stock.movement(session, sku_id, place_id, sign * number, kind, now, transfer_id=held.id, actor=actor)
            for sku_id, number in sorted(pieces.items())
        ],
    )


async def _write_lines(session: BrandSession, transfer_id: UUID, column: str, pieces: Mapping[UUID, int]) -> None:
    """What was counted of each SKU. One statement."""
    line = (
        sa.func.unnest(
            sa.literal(list(pieces), ARRAY(sa.Uuid())), sa.literal(list(pieces.values()), ARRAY(sa.BigInteger()))
        )
        .table_valued(sa.column("sku_id", sa.Uuid()), sa.column("counted", sa.BigInteger()), name="line")
        .render_derived()
    )
    await session.execute(
        sa.update(StockTransferLineRow)
        .where(
            StockTransferLineRow.brand_id == session.brand_id,
            StockTransferLineRow.transfer_id == transfer_id,
            StockTransferLineRow.sku_id == line.c.sku_id,
        )
        .values({column: line.c.counted})
        .execution_options(synchronize_session=False)
    )


async def _move(session: BrandSession, held: LockedTransfer, after: TransferState, **columns: Any) -> None:
    await session.execute(
        sa.update(StockTransferRow)
        .where(
            StockTransferRow.brand_id == session.brand_id,
            StockTransferRow.id == held.id,
            StockTransferRow.state == held.state.value,
        )
        .values(state=after.value, **columns)
        .execution_options(synchronize_session=False)
    )
