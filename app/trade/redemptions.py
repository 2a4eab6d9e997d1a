"""One place for every code that a customer shows at the counter (核销): pickup codes, coupon codes, links of gifts.

What a code is follows from its form: 8 digits fetch an order, 16 are a coupon's, 36 characters a gift's. A gift's link
is never redeemed itself: until a friend takes it the coupon is its giver's, who may use it meanwhile, and the limit per
person and the touch of its guide are the friend's. Whoever types codes that nothing has is stopped after some.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import sqlalchemy as sa

from app.employees import reads as employees
from app.employees.models import StoreRow
from app.employees.reads import StoreFacts
from app.employees.rules import is_inside
from app.employees.values import Role, StaffFunction
from app.marketing import coupon_redemptions, coupon_transfers
from app.marketing.coupon_codes import DIGITS
from app.marketing.coupon_redemptions import CouponAtCounter, moment
from app.marketing.coupon_rules import worth_at_till
from app.marketing.values import CouponKind
from app.platform import rate_limits, texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound, RateLimited, UserFault
from app.platform.money import Money
from app.products import reads, stock
from app.products.reads import SkuFacts
from app.trade import pickups
from app.trade.models import OrderRow
from app.trade.values import OrderState

TRIES_PER_HOUR: Final = 20
"""Codes that nothing has, by one employee."""
LONGEST_RECEIPT: Final = 40
HIGHEST_SPEND_MINOR: Final = 10_000_000_000
_TRIES: Final = "redeem"
_MOST_WAITING: Final = 2_000
"""Orders among which a pickup code is looked for, those of the store first."""
_REMEMBERED: Final = timedelta(days=7)
_PICKUP = re.compile(r"\d{8}", re.ASCII)
_COUPON = re.compile(rf"\d{{{DIGITS}}}", re.ASCII)
_PATH = ("code",)


@dataclass(frozen=True, slots=True)
class Redeemable:
    """What a code does in a store: give an order out, or take a coupon. `choices`: pieces for an EXCHANGE coupon."""

    store: StoreFacts
    order_id: UUID | None = None
    coupon: CouponAtCounter | None = None
    choices: tuple[SkuFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code did. `worth_minor`: of a coupon, what it took off or the piece's price, in minor units."""

    store_id: UUID
    order_id: UUID | None = None
    coupon_id: UUID | None = None
    template_id: UUID | None = None
    sku_id: UUID | None = None
    worth_minor: int | None = None


async def look(
    session: BrandSession, actor: Actor, *, code: str, store_id: UUID | None = None
) -> Redeemable | UserFault:
    """What a code is good for in a store, the actor's own unless another is named; nothing is changed but a count.

    A code that nothing has is a refusal that is returned: the try must commit. Raises: Forbidden; NotFound for a store
    that is not the actor's to work in; InvalidInput for what is no code, used, over, or another store's.
    """
    store = await _store(session, actor, store_id)
    wait_seconds = await _take_try(session, actor)
    if wait_seconds:
        return RateLimited(wait_seconds)
    found = await _find(session, store, read_code(code), is_locked=False)
    if not isinstance(found, UserFault):
        await _give_try_back(session, actor)
    return found


async def redeem(
    session: BrandSession,
    actor: Actor,
    *,
    code: str,
    store_id: UUID | None = None,
    sku_id: UUID | None = None,
    spend_minor: int | None = None,
    receipt: str | None = None,
    now: datetime,
) -> Redeemed | UserFault:
    """Do what a code is for, once: hand an order over, or take a coupon in the store.

    An EXCHANGE coupon gives one piece of a SKU of its products out of the store's stock; `sku_id` may be left out where
    only one can be given. Another coupon takes something off `spend_minor`, what its goods come to at the till, which
    an EXCHANGE coupon with a minimum spend needs too. `receipt`: the till's number, up to 40 characters.
    Returns and raises what `look` does, and InsufficientStock, WrongState. Amounts: minor units.
    """
    store = await _store(session, actor, store_id)
    wait_seconds = await _take_try(session, actor)
    if wait_seconds:
        return RateLimited(wait_seconds)
    shown = read_code(code)
    found = await _find(session, store, shown, is_locked=True)
    if isinstance(found, UserFault):
        return found
    await _give_try_back(session, actor)
    if found.order_id is not None:
        refused = await pickups.hand_over(session, actor, order_id=found.order_id, code=shown, now=now)
        return refused or Redeemed(store.id, order_id=found.order_id)
    if found.coupon is None:
        raise LookupError("a code without an order or a coupon")
    return await _take_coupon(
        session, actor, found, found.coupon, sku_id=sku_id, spend_minor=spend_minor, receipt=receipt, now=now
    )


def read_code(text: str) -> str:
    """The code in what was typed or scanned: an address that a picture held, or digits in groups."""
    shown = text.strip()[:500]
    if "/" in shown:
        try:
            parts = urlsplit(shown)
        except ValueError:
            return shown
        named = parse_qs(parts.query).get("code", [])
        shown = named[0] if named else parts.path.rstrip("/").rpartition("/")[2]
    digits = re.sub(r"[\s-]", "", shown)
    return digits if digits.isascii() and digits.isdigit() else shown


async def _find(session: BrandSession, store: StoreFacts, code: str, *, is_locked: bool) -> Redeemable | UserFault:
    """What a code is; a code that nothing has is returned as a fault. Raises: InvalidInput."""
    if _PICKUP.fullmatch(code):
        return await _find_order(session, store, code)
    if _COUPON.fullmatch(code):
        coupon = await coupon_redemptions.by_code(session, code, is_locked=is_locked)
        if coupon is None:
            return InvalidInput("redeem_unknown", path=_PATH)
        return Redeemable(store, coupon=coupon, choices=await _choices(session, store, coupon))
    if len(code) != coupon_transfers.TOKEN_CHARACTERS:
        raise InvalidInput("redeem_code_form", path=_PATH)
    offered = await coupon_transfers.look(session, code)
    if offered is None:
        return InvalidInput("redeem_unknown", path=_PATH)
    raise InvalidInput("redeem_gift" if offered.is_open else "redeem_gift_taken", path=_PATH)


async def _find_order(session: BrandSession, store: StoreFacts, code: str) -> Redeemable | UserFault:
    """The order that a pickup code fetches here. One statement. Raises: InvalidInput."""
    is_here = OrderRow.pickup_store_id == store.id
    rows = await session.execute(
        sa.select(OrderRow.id, OrderRow.state, OrderRow.pickup_store_id, OrderRow.delivered_at, StoreRow.name)
        .join(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.id == OrderRow.pickup_store_id))
        .where(
            OrderRow.brand_id == session.brand_id,
            sa.or_(
                OrderRow.state == OrderState.READY_FOR_PICKUP.value,
                sa.and_(
                    is_here,
                    OrderRow.state.in_([OrderState.DELIVERED.value, OrderState.COMPLETED.value]),
                    OrderRow.delivered_at > session.now - _REMEMBERED,
                ),
            ),
        )
        .order_by(is_here.desc(), (OrderRow.state == OrderState.READY_FOR_PICKUP.value).desc(), OrderRow.id.desc())
        .limit(_MOST_WAITING)
    )
    by_id = {row.id: row for row in rows}
    matching = pickups.orders_of_code(session.vault, session.brand_id, list(by_id), code)
    if not matching:
        return InvalidInput("redeem_unknown", path=_PATH)
    found = by_id[matching[0]]
    if found.pickup_store_id != store.id:
        raise InvalidInput("redeem_elsewhere", path=_PATH, store=found.name)
    if found.state != OrderState.READY_FOR_PICKUP.value:
        raise InvalidInput("redeem_used_pickup", path=_PATH, time=moment(session, found.delivered_at))
    return Redeemable(store, order_id=found.id)


async def _choices(session: BrandSession, store: StoreFacts, coupon: CouponAtCounter) -> tuple[SkuFacts, ...]:
    """The SKUs of an EXCHANGE coupon's products of which the store has a piece. Two statements, else none."""
    if coupon.terms.kind is not CouponKind.EXCHANGE:
        return ()
    skus = await reads.skus_of_products(session, sorted(coupon.terms.product_ids), branch=store.unit.path)
    ids = [sku.sku_id for of_product in skus.values() for sku in of_product]
    facts = await reads.price_facts(session, ids, branch=store.unit.path, is_sent=False, store_id=store.id)
    return tuple(facts[one] for one in ids if facts[one].is_sellable and facts[one].available > 0)


async def _take_coupon(
    session: BrandSession,
    actor: Actor,
    found: Redeemable,
    coupon: CouponAtCounter,
    *,
    sku_id: UUID | None,
    spend_minor: int | None,
    receipt: str | None,
    now: datetime,
) -> Redeemed:
    store, is_exchange = found.store, coupon.terms.kind is CouponKind.EXCHANGE
    number = texts.optional_line(receipt, "receipt", longest=LONGEST_RECEIPT)
    piece = _piece(found.choices, sku_id) if is_exchange else None
    if spend_minor is not None and not 0 <= spend_minor <= HIGHEST_SPEND_MINOR:
        raise InvalidInput("number_range", path=("spendMinor",), least=0, most=HIGHEST_SPEND_MINOR)
    if spend_minor is None and (not is_exchange or coupon.terms.minimum_spend_minor):
        raise InvalidInput("redeem_spend", path=("spendMinor",))
    short = coupon.terms.minimum_spend_minor - (spend_minor or 0)
    if short > 0:
        words = Money(short, session.brand.currency).display
        raise InvalidInput("redeem_minimum", path=("spendMinor",), short=words)
    worth = piece.price_minor if piece is not None else worth_at_till(coupon.terms, spend_minor or 0)
    if worth <= 0:
        raise InvalidInput("redeem_nothing_off", path=("spendMinor",))
    await coupon_redemptions.take(
        session,
        actor,
        coupon=coupon,
        store_id=store.id,
        sku_id=None if piece is None else piece.sku_id,
        spend_minor=spend_minor,
        worth_minor=worth,
        receipt=number,
        now=now,
    )
    if piece is not None:
        await stock.redeem(session, actor, sku_id=piece.sku_id, store_id=store.id, reason=coupon.title, now=now)
    return Redeemed(
        store.id,
        coupon_id=coupon.coupon_id,
        template_id=coupon.template_id,
        sku_id=None if piece is None else piece.sku_id,
        worth_minor=worth,
    )


def _piece(choices: Sequence[SkuFacts], sku_id: UUID | None) -> SkuFacts:
    """What an EXCHANGE coupon is given for. Raises: InvalidInput."""
    named = [one for one in choices if sku_id in (None, one.sku_id)]
    if len(named) != 1:
        raise InvalidInput("redeem_sku", path=("skuId",))
    return named[0]


async def _store(session: BrandSession, actor: Actor, store_id: UUID | None) -> StoreFacts:
    """The store at whose counter the actor works. One statement. Raises: Forbidden, InvalidInput, NotFound."""
    if not actor.is_employee or actor.employee_id is None:
        raise Forbidden
    wanted = store_id or actor.store_id
    if wanted is None:
        raise InvalidInput("redeem_store", path=("storeId",))
    store = (await employees.stores_by_id(session, [wanted])).get(wanted)
    is_above = actor.role == Role.OWNER or StaffFunction.SERVICE in actor.functions
    is_own = actor.role in (Role.GUIDE, Role.MANAGER) and actor.store_id == wanted
    is_managed = actor.role == Role.MANAGER and store is not None and is_inside(store.unit.path, actor.branch)
    if store is None or not (is_above or is_own or is_managed):
        raise NotFound("Store", path=("storeId",))
    return store


async def _take_try(session: BrandSession, actor: Actor) -> int:
    """Count a try, which makes an employee's tries wait for one another; gives how long to wait when it is too many."""
    return await rate_limits.take(
        session, kind=_TRIES, subject=actor.principal, limit=TRIES_PER_HOUR, window_seconds=3_600
    )


async def _give_try_back(session: BrandSession, actor: Actor) -> None:
    """A code that something has was no guess."""
    await rate_limits.give_back(session, kind=_TRIES, subject=actor.principal)
