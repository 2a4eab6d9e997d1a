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
from app.marketing import codes
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import Forbidden, NotFound, PriceChanged
from app.platform.runtime import Runtime
from app.platform.settings import load_settings
from app.products import stock
from app.products.reads import ShopFacts
from app.trade import basket, moves, numbers, pickups
from app.trade.basket import Address, Basket
from app.trade.events import OrderCancelled
from app.trade.models import OrderRow
from app.trade.values import FulfilmentMethod, LineRequest, OrderEvent, OrderState
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
    coupon_ids: Sequence[UUID] = (),
) -> Basket:
    """What these lines would cost in a shop now, line by line; nothing is held. One statement, two with a pickup store.

    A line may be unavailable (withdrawn, or too few left); it is priced all the same. A pickup's store may still be
    open. Raises: InvalidInput for no or too many lines, quantities out of bounds, coupons; NotFound for a SKU or a
    pickup store that the brand does not have.
    """
    basket.refuse_coupons(coupon_ids)
    if pickup_store_id is not None:
        await pickups.check_store(session, method, pickup_store_id)
    return await basket.price(session, lines, branch=shop.branch, method=method)


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
    now: datetime,
) -> UUID:
    """A customer orders in a guide's shop; gives the order's id, which is also its sale's. Seven to ten statements.

    An order that is sent needs an address; one that is fetched needs its store, and an address is not kept.
    `code_token`: the code that led here; an unknown one counts for nobody. `expected_total_minor`: the total that the
    customer saw. `prices` is for importers alone: the total of each SKU's line, of goods that were taken in a store, so
    that there is neither freight nor address nor a limit to quantities.
    Raises: Forbidden for anybody but a customer; InvalidInput, NotFound, InsufficientStock, PriceChanged.
    """
    if actor.customer_id is None or not actor.is_customer:
        raise Forbidden
    basket.refuse_coupons(coupon_ids)
    store_id = await pickups.check_store(session, fulfilment, pickup_store_id)
    sealed_address, sealed_note = _seal(
        session, address, note, is_sent=store_id is None and (prices is None or address is not None)
    )
    wanted = await basket.price(session, lines, branch=shop.branch, method=fulfilment, prices=prices)
    _refuse(wanted, expected_total_minor)
    code = None if code_token is None else await codes.facts_by_token(session, code_token)
    order_id, number = session.new_id(), numbers.random_order_number()
    line_ids = [session.new_id() for _ in wanted.lines]
    attributed = await sales.attribute(
        session,
        order_id=order_id,
        number=number,
        customer_id=actor.customer_id,
        shop=shop,
        code=code,
        lines=wanted.sale_lines(line_ids),
        fulfilment_store_id=store_id,
        now=now,
    )
    await write_order(
        session,
        NewOrder(
            id=order_id,
            number=number,
            customer_id=actor.customer_id,
            shop_id=shop.shop_id,
            attributed=attributed,
            code_id=None if code is None else code.code_id,
            fulfilment=fulfilment,
            pickup_store_id=store_id,
            address=sealed_address,
            note=sealed_note,
            pay_by=now + timedelta(seconds=load_settings().order_payment_ttl_seconds),
        ),
        wanted,
        line_ids,
        actor=actor,
        now=now,
    )
    # Last of all: many orders may want the same stock row, and from here on to the commit it is held.
    await stock.reserve(session, order_id=order_id, lines=wanted.stock_lines(), now=now)
    return order_id


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
    await stock.release(session, order_id=order.id, now=now)
    session.emit(OrderCancelled(order.id))
