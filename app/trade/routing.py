"""Routing: the place whose stock an order gets, and another in its place when the first will not send it.

The row of the order names the place; its reservation lies there. A refusal moves both in one transaction. When nobody
is left the order stays where it is, marked for headquarters, which sends it on by hand.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession, TryAgain
from app.platform.errors import Forbidden, InsufficientStock, InvalidInput, NotFound, ShortageFact, WrongState
from app.products import locations, stock, stock_reads, stock_returns
from app.products.locations import Place
from app.products.values import StockLine
from app.trade import moves, order_scopes, routing_rules, rules, shipments
from app.trade.basket import ADDRESS, Address, Basket
from app.trade.models import MissingPieceRow, OrderRow, RerouteRow
from app.trade.moves import LockedOrder
from app.trade.reroutes import NOTHING, missing_pieces
from app.trade.values import Candidate

LONGEST_REASON = 200


async def first_place(
    session: BrandSession, wanted: Basket, *, selling_store_id: UUID | None, address: Address | None
) -> UUID:
    """The place that a new order's goods come from. No statement where the first has them all, else one.

    Raises: InsufficientStock where no one place has every piece, with what the first is short of.
    """
    first = wanted.first_location_id
    if first is not None and wanted.is_at_first:
        return first
    found = await _candidates(session, wanted) if wanted.method.is_sent else []
    city = None if address is None else address.city
    best = routing_rules.best_place(found, selling_store_id=selling_store_id, city=city)
    if best is None:
        raise InsufficientStock(wanted.shortages_at_first())
    return best.location_id


async def reserve(session: BrandSession, wanted: Basket, *, order_id: UUID, location_id: UUID, now: datetime) -> None:
    """Hold a new order's goods at its place.

    Raises: InsufficientStock. TryAgain when others were faster there, and another place could send it.
    """
    try:
        await stock.reserve(session, order_id=order_id, lines=wanted.stock_lines(), location_id=location_id, now=now)
    except InsufficientStock:
        if wanted.method.is_sent and await _candidates(session, wanted):
            raise TryAgain from None
        raise


async def refuse(
    session: BrandSession,
    actor: Actor,
    *,
    order_id: UUID,
    reason: str,
    missing: Sequence[StockLine] = (),
    now: datetime,
) -> None:
    """A place will not send an order: the next that can gets it, with its stock; else headquarters decides.

    `missing`: pieces that are not there and are written off, for a manager of the store or headquarters to say. Reason:
    1 to 200 characters. Raises: InvalidInput; NotFound for who does not answer for the place; Forbidden for who may not
    write off; WrongState for an order that does not wait to be sent, is with headquarters already, has an open
    after-sale, or has nothing left to send; TryAgain.
    """
    checked = texts.line(reason, "reason", longest=LONGEST_REASON)
    order = await _lock(session, order_id)
    if order is None or not order_scopes.may_refuse(actor, order):
        raise NotFound("Order", path=("orderId",))
    if order.is_stranded:
        raise WrongState(order.state)
    await _refuse_wrong_state(session, order)
    if missing and not order_scopes.may_write_off(actor, order):
        raise Forbidden
    lines = await stock_returns.pieces_out(session, order_id=order.id)
    gone = _missing_of(lines, missing)
    refused = {order.location_id, *await _refusals(session, order.id)}
    best = routing_rules.best_place(
        [_candidate(place) for place in await stock_reads.places_to_send(session, lines)],
        selling_store_id=order.store_id,
        city=await _city(session, order.id),
        refused=refused,
    )
    target = None if best is None else best.location_id
    try:
        await _lead(session, actor, order, target, reason=checked, gone=gone, missing=gone, now=now)
    except InsufficientStock:
        # Others were faster there: the next look finds another place, or none.
        raise TryAgain from None


async def reroute(
    session: BrandSession, actor: Actor, *, order_id: UUID, location_id: UUID, reason: str, now: datetime
) -> None:
    """Headquarters has another place send an order, whatever that place said before.

    Raises: InvalidInput; NotFound for anybody else, and for a place that the brand does not have; WrongState as for
    `refuse`, and for the place where it is; InsufficientStock.
    """
    checked = texts.line(reason, "reason", longest=LONGEST_REASON)
    order = await _lock(session, order_id)
    if order is None or not order_scopes.may_reroute(actor):
        raise NotFound("Order", path=("orderId",))
    await _refuse_wrong_state(session, order)
    place = await locations.open_place(session, location_id, "locationId", now=now)
    if place.location_id == order.location_id and not order.is_stranded:
        raise WrongState(order.state)
    found = await missing_pieces(session, order_id=order.id) if order.is_stranded else NOTHING
    await _lead(session, actor, order, place.location_id, reason=checked, gone=found.pieces, missing={}, now=now)


async def _lead(
    session: BrandSession,
    actor: Actor,
    order: LockedOrder,
    target_id: UUID | None,
    *,
    reason: str,
    gone: Mapping[UUID, int],
    missing: Mapping[UUID, int],
    now: datetime,
) -> None:
    """Take order and stock to a place, or leave both for headquarters.

    `gone`: what the present place does not have; `missing`: what of it is said now. Raises: InsufficientStock,
    TryAgain.
    """
    if target_id is not None and target_id != order.location_id:
        is_moved = await stock_returns.reroute(
            session,
            actor,
            order_id=order.id,
            from_id=order.location_id,
            to_id=target_id,
            reason=reason,
            missing=gone,
            now=now,
        )
        if not is_moved:
            await _raise_short(session, order, target_id)
    await session.execute(
        sa.update(OrderRow)
        .where(OrderRow.brand_id == session.brand_id, OrderRow.id == order.id)
        .values(location_id=target_id or order.location_id, is_stranded=target_id is None)
        .execution_options(synchronize_session=False)
    )
    reroute_id = session.new_id()
    await session.execute(
        sa.insert(RerouteRow).values(
            brand_id=session.brand_id,
            id=reroute_id,
            order_id=order.id,
            from_location_id=order.location_id,
            to_location_id=target_id,
            reason=reason,
            actor=actor.principal,
            at=now,
        )
    )
    if missing:
        await session.execute(
            sa.insert(MissingPieceRow),
            [
                {"brand_id": session.brand_id, "reroute_id": reroute_id, "sku_id": sku_id, "quantity": quantity}
                for sku_id, quantity in sorted(missing.items())
            ],
        )


def _missing_of(lines: Sequence[StockLine], missing: Sequence[StockLine]) -> dict[UUID, int]:
    """The missing pieces by SKU. Raises: InvalidInput for what the order has not to be sent, and for a SKU twice."""
    out = {line.sku_id: line.quantity for line in lines}
    found: dict[UUID, int] = {}
    for index, line in enumerate(missing):
        if line.sku_id in found:
            raise InvalidInput("sku_repeated", path=("missing", str(index), "skuId"))
        if not 1 <= line.quantity <= out.get(line.sku_id, 0):
            raise InvalidInput("missing_pieces", path=("missing", str(index)), most=out.get(line.sku_id, 0))
        found[line.sku_id] = line.quantity
    return found


async def _raise_short(session: BrandSession, order: LockedOrder, place_id: UUID) -> None:
    """The place has too little under the lock. Raises: InsufficientStock, or TryAgain where it has enough again."""
    lines = await stock_returns.pieces_out(session, order_id=order.id)
    levels = await stock_reads.levels_of_skus(session, [line.sku_id for line in lines])
    short = []
    for line in lines:
        free = sum(level.available for level in levels[line.sku_id] if level.location_id == place_id)
        if free < line.quantity:
            short.append(ShortageFact(line.sku_id, line.quantity, free))
    if short:
        raise InsufficientStock(short)
    raise TryAgain


async def _lock(session: BrandSession, order_id: UUID) -> LockedOrder | None:
    return await moves.lock_order(session, OrderRow.id == order_id)


async def _refuse_wrong_state(session: BrandSession, order: LockedOrder) -> None:
    if not rules.is_to_ship(order.state, order.method):
        raise WrongState(order.state)
    await shipments.refuse_after_sale(session, order)


async def _candidates(session: BrandSession, wanted: Basket) -> list[Candidate]:
    return [_candidate(place) for place in await stock_reads.places_to_send(session, wanted.stock_lines())]


async def can_be_sent(session: BrandSession, wanted: Basket) -> bool:
    """Whether one place has every piece of a basket. One statement."""
    return bool(await _candidates(session, wanted))


def _candidate(place: Place) -> Candidate:
    return Candidate(place.location_id, place.store_id is None, place.name, place.city)


async def _refusals(session: BrandSession, order_id: UUID) -> list[UUID]:
    """The places that would not send the order."""
    found = await session.scalars(
        sa.select(RerouteRow.from_location_id).where(
            RerouteRow.brand_id == session.brand_id, RerouteRow.order_id == order_id
        )
    )
    return list(found)


async def _city(session: BrandSession, order_id: UUID) -> str | None:
    """The city that the goods go to; None for an imported order without an address."""
    sealed = await session.scalar(
        sa.select(OrderRow.address).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    )
    text = session.vault.open(session.brand_id, ADDRESS, sealed)
    return None if text is None else str(orjson.loads(text)["city"])
