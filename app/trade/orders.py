"""Orders: what a basket would cost, placing it, giving it up.

Placing decides at once whose sale it is; paying (see `payments`) is where the order counts, so a binding begins or is
renewed by an order (`bindOn: FIRST_ORDER`, `renewOn: ORDER`) at its payment, not before.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.commission import sales
from app.marketing import codes, coupon_orders
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import Forbidden, NotFound, PriceChanged
from app.platform.runtime import Runtime
from app.platform.settings import load_settings
from app.products import stock
from app.products.reads import ShopFacts
from app.trade import basket, moves, numbers, pickups, routing
from app.trade.basket import Address, Basket, Coupons
from app.trade.events import OrderCancelled
from app.trade.freight_values import Region
from app.trade.models import OrderRow
from app.trade.values import FulfilmentMethod, LineRequest, OrderEvent, OrderState, Quoted
from app.trade.writing import NewOrder, write_order

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""Orders past their time that one run of the job gives up."""


async def quote(
    session: BrandSession,
    *,
    shop: ShopFacts,
    lines: Sequence[LineRequest],
    method: FulfilmentMethod = FulfilmentMethod.DELIVERY,
    pickup_store_id: UUID | None = None,
    customer_id: UUID | None = None,
    coupon_ids: Sequence[UUID] = (),
    region: Region | None = None,
    quoted: Quoted | None = None,
) -> Basket:
    """What these lines would cost in a shop now, line by line; nothing is held.

    One statement, one more with a pickup store, one with coupons, which are those of `customer_id`, and one where the
    shipping location has not all of several lines: an order is sent whole, so that no one place may have them.

    A line may be unavailable (withdrawn, or too few left for this way of having it); it is priced all the same. A
    pickup's store may still be open, and so may the `region` that goods are sent to: then the freight is that of most
    of the country. `quoted`: the prices that a quotation promises. Raises: InvalidInput for no or too many lines,
    quantities out of bounds, coupons that these lines cannot have, a region where nothing is sent, and a sale in the
    store where the guide has none; NotFound for a SKU or a pickup store that the brand does not have, and for somebody
    else's coupon.
    """
    store_id = None
    if pickup_store_id is not None or method is FulfilmentMethod.IN_STORE:
        store_id = await pickups.check_store(session, method, pickup_store_id, own_store_id=shop.store_id)
    coupons = Coupons(customer_id, coupon_ids)
    found = await basket.price(
        session,
        lines,
        branch=shop.branch,
        method=method,
        store_id=store_id,
        quoted=quoted,
        coupons=coupons,
        region=region,
    )
    is_scattered = method.is_sent and len(found.lines) > 1 and not found.is_at_first
    return found.of_first_place() if is_scattered and not await routing.can_be_sent(session, found) else found


async def place(
    session: BrandSession,
    actor: Actor,
    *,
    shop: ShopFacts,
    lines: Sequence[LineRequest],
    fulfilment: FulfilmentMethod = FulfilmentMethod.DELIVERY,
    pickup_store_id: UUID | None = None,
    address: Address | None = None,
    expected_total_minor: int | None = None,
    coupon_ids: Sequence[UUID] = (),
    code_token: str | None = None,
    note: str | None = None,
    prices: Mapping[UUID, int] | None = None,
    quoted: Quoted | None = None,
    now: datetime,
) -> UUID:
    """A customer orders in a guide's shop; gives the order's id. Seven to ten statements, with coupons two more.

    What is sent needs an address; what is fetched needs its store; what is taken at once is had in the store of the
    shop's guide. `code_token`: the code that led here; an unknown one counts for nobody. `prices` is for importers
    alone: each SKU's total, of goods taken in a store: without freight, address or a limit to quantities. `quoted` is
    for `quotations` alone: what a guide has promised.
    Raises: Forbidden for anybody but a customer; InvalidInput, NotFound, InsufficientStock, PriceChanged.
    """
    buyer_id = buyer_of(actor)
    store_id = await pickups.check_store(session, fulfilment, pickup_store_id, own_store_id=shop.store_id)
    is_sent = store_id is None and (prices is None or address is not None)
    sealed_address, sealed_note = _seal(session, address, note, is_sent=is_sent)
    coupons, branch, to = Coupons(buyer_id, coupon_ids, is_locked=True), shop.branch, _region(address)
    wanted = await basket.price(
        session,
        lines,
        branch=branch,
        method=fulfilment,
        store_id=store_id,
        prices=prices,
        quoted=quoted,
        coupons=coupons,
        region=to,
    )
    _refuse(wanted, expected_total_minor)
    code = None if code_token is None else await codes.facts_by_token(session, code_token)
    order_id, location_id = await _write(
        session,
        actor,
        wanted,
        buyer_id=buyer_id,
        shop=shop,
        code=code,
        quoted=quoted,
        pickup_store_id=store_id,
        address=address,
        sealed_address=sealed_address,
        sealed_note=sealed_note,
        now=now,
    )
    await _hold(session, order_id, location_id, wanted, coupon_ids, actor=actor, now=now)
    return order_id


async def _write(
    session: BrandSession,
    actor: Actor,
    wanted: Basket,
    *,
    buyer_id: UUID,
    shop: ShopFacts,
    code: codes.CodeFacts | None,
    quoted: Quoted | None,
    pickup_store_id: UUID | None,
    address: Address | None,
    sealed_address: bytes | None,
    sealed_note: bytes | None,
    now: datetime,
) -> tuple[UUID, UUID]:
    """Attribute a checked order and write it; gives its id and the place that its goods come from.

    Raises: InvalidInput where nobody is left to sell, InsufficientStock, TryAgain.
    """
    order_id, number = session.new_id(), numbers.random_order_number()
    line_ids = [session.new_id() for _ in wanted.lines]
    attributed = await sales.attribute(
        session,
        order_id=order_id,
        number=number,
        customer_id=buyer_id,
        shop=shop,
        code=code,
        quoted_by=None if quoted is None else quoted.guide_id,
        lines=wanted.sale_lines(line_ids),
        fulfilment_store_id=pickup_store_id,
        now=now,
    )
    location_id = await routing.first_place(session, wanted, selling_store_id=attributed.store_id, address=address)
    order = NewOrder(
        id=order_id,
        number=number,
        customer_id=buyer_id,
        shop_id=shop.shop_id,
        attributed=attributed,
        code_id=None if code is None else code.code_id,
        fulfilment=wanted.method,
        pickup_store_id=pickup_store_id,
        location_id=location_id,
        address=sealed_address,
        note=sealed_note,
        pay_by=now + timedelta(seconds=load_settings().order_payment_ttl_seconds),
    )
    await write_order(session, order, wanted, line_ids, actor=actor, now=now)
    return order_id, location_id


async def _hold(
    session: BrandSession,
    order_id: UUID,
    location_id: UUID,
    wanted: Basket,
    coupon_ids: Sequence[UUID],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """The order holds its coupons and its pieces until it is paid or ends. Raises: InsufficientStock."""
    if coupon_ids:
        await coupon_orders.lock(session, order_id=order_id, coupon_ids=coupon_ids, actor=actor.principal, now=now)
    # Last of all: many orders may want the same stock row, and from here on to the commit it is held.
    await routing.reserve(session, wanted, order_id=order_id, location_id=location_id, now=now)


def _region(address: Address | None) -> Region | None:
    """Where the goods go."""
    return None if address is None else Region(address.province, address.city)


def buyer_of(actor: Actor) -> UUID:
    """The customer who acts. Raises: Forbidden for anybody else."""
    if actor.customer_id is None or not actor.is_customer:
        raise Forbidden
    return actor.customer_id


def _refuse(wanted: Basket, expected_total_minor: int | None) -> None:
    """Raises: InvalidInput for what is not on sale, PriceChanged, InsufficientStock; in this order."""
    wanted.refuse_unsellable()
    if expected_total_minor is not None and expected_total_minor != wanted.totals.total_minor:
        raise PriceChanged(wanted.totals.total_minor)
    wanted.refuse_short()


def _seal(
    session: BrandSession, address: Address | None, note: str | None, *, is_sent: bool
) -> tuple[bytes | None, bytes | None]:
    """Address and note as they are kept. Raises: InvalidInput."""
    return basket.seal_address(session, address) if is_sent else None, basket.seal_note(session, note)


async def cancel(session: BrandSession, actor: Actor, *, order_id: UUID, now: datetime) -> None:
    """The customer gives an unpaid order up: its stock is free again, its commission void.

    Raises: NotFound for an order that is not the customer's, WrongState once it is paid or cancelled.
    Emits: OrderCancelled.
    """
    order = await moves.lock_order(session, OrderRow.id == order_id, OrderRow.customer_id == actor.customer_id)
    if order is None:
        raise NotFound("Order", path=("orderId",))
    await _give_up(session, order, OrderEvent.CANCEL, actor=actor, now=now)


async def cancel_due(runtime: Runtime, brand: Brand) -> int:
    """Give up the orders that nobody paid in time, one transaction each; gives how many. A job.

    Orders that somebody is paying or cancelling at this moment are left to the next run; one that fails stops no other.
    """
    async with runtime.database.reading(brand) as session:
        due = (
            await session.scalars(
                sa.select(OrderRow.id)
                .where(OrderRow.brand_id == brand.id, *_is_due(session.now))
                .order_by(OrderRow.pay_by)
                .limit(DUE_AT_ONCE)
            )
        ).all()
    done = 0
    for order_id in due:

        async def work(session: BrandSession, order_id: UUID = order_id) -> int:
            return await _cancel_if_due(session, order_id)

        try:
            done += await runtime.database.run(brand, work)
        except Exception:
            log.exception("unpaid order not cancelled", extra={"order": str(order_id)})
    return done


async def _cancel_if_due(session: BrandSession, order_id: UUID) -> int:
    order = await moves.lock_order(session, OrderRow.id == order_id, *_is_due(session.now), skip_locked=True)
    if order is None:
        return 0
    await _give_up(session, order, OrderEvent.EXPIRE, actor=SYSTEM, now=session.now)
    return 1


def _is_due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (OrderRow.state == OrderState.PENDING_PAYMENT.value, OrderRow.pay_by <= now)


async def _give_up(
    session: BrandSession, order: moves.LockedOrder, event: OrderEvent, *, actor: Actor, now: datetime
) -> None:
    await moves.move_order(session, order, event, actor=actor.principal, now=now, ended_at=now)
    await sales.book_cancelled(session, order_id=order.id, now=now)
    if order.discount_minor:
        await coupon_orders.release(session, order_id=order.id, actor=actor.principal, now=now)
    await stock.release(session, order_id=order.id, now=now)
    session.emit(OrderCancelled(order.id))
