"""Which coupons a checkout uses: those that were chosen, else the best one; and all others with what they lack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.marketing import coupon_orders
from app.marketing.values import CouponKind, CouponProblem, CouponToUse, Reduction, Refused
from app.platform.errors import UserFault
from app.trade import basket
from app.trade.freight_values import Region
from app.trade.rules import MOST_LINES
from app.trade.values import FulfilmentMethod, LineRequest
from app.web import cart_pages, views
from app.web.cart import CartLine
from app.web.cart_pages import BasketShown
from app.web.forms import Form
from app.web.readers import ShopReader
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

CHOSEN: Final = "coupons"
"""The field that says that somebody chose, be it none."""
COUPON: Final = "coupon"


@dataclass(frozen=True, slots=True)
class Choice:
    """A coupon at the checkout. `effect`: what it alone takes off, or why it takes nothing."""

    id: str
    title: str
    effect: str
    is_chosen: bool
    is_usable: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """A basket with its coupons. `fault`: why those that were named cannot be used; then none is."""

    basket: BasketShown | None
    coupon_ids: tuple[UUID, ...]
    choices: list[Choice]
    fault: UserFault | None


def named(form: Form) -> list[UUID] | None:
    """The coupons that were chosen; None: nobody has chosen yet."""
    if not form.has(CHOSEN):
        return None
    found = (views.id_in(text, "Coupon") for text in form.all(COUPON)[:MOST_LINES])
    return list(dict.fromkeys(one for one in found if one is not None))


async def choose(
    reader: ShopReader,
    wanted: list[CartLine],
    method: FulfilmentMethod,
    form: Form,
    store_id: UUID | None = None,
    region: Region | None = None,
) -> Chosen:
    """The basket at its price with the chosen coupons, else with the one that takes most off.

    `store_id`: where it is to be fetched; `region`: where it is to be sent, where that is known. Raises: InvalidInput
    for a region where nothing is sent.
    """
    judged = await _judge(reader, wanted)
    given = named(form)
    wished = tuple(_best(judged) if given is None else given)
    fault = None
    try:
        shown = await cart_pages.priced(reader, wanted, method, store_id, coupon_ids=wished, region=region)
    except UserFault as found:
        if found.path[:1] != ("couponIds",):
            raise
        fault, wished = found, ()
        shown = await cart_pages.priced(reader, wanted, method, store_id, region=region)
    return Chosen(shown, wished, [_choice(*one, wished, reader.say) for one in judged], fault)


async def _judge(reader: ShopReader, wanted: list[CartLine]) -> list[tuple[CouponToUse, Reduction | Refused]]:
    """The customer's usable coupons with what each alone would do; those that help first."""
    customer_id = reader.actor.customer_id
    if customer_id is None or not wanted:
        return []
    async with reader.reading() as session:
        requested = [LineRequest(line.sku_id, line.quantity) for line in wanted]
        goods = await basket.known_goods(session, requested, branch=reader.shop.branch)
        judged = await coupon_orders.judge(session, customer_id=customer_id, goods=goods)
    return sorted(judged, key=lambda one: (-_off(one[1]), one[0].coupon_id))


def _best(judged: Sequence[tuple[CouponToUse, Reduction | Refused]]) -> list[UUID]:
    """The coupon that takes most off, of those that are not exchanged for a piece: that is for people to choose."""
    whole = [(coupon, off) for coupon, off in judged if coupon.terms.kind is not CouponKind.EXCHANGE]
    return [coupon.coupon_id for coupon, off in whole[:1] if _off(off)]


def _off(outcome: Reduction | Refused) -> int:
    return outcome.amount_minor if isinstance(outcome, Reduction) else 0


def _choice(coupon: CouponToUse, outcome: Reduction | Refused, wished: Sequence[UUID], say: Speech) -> Choice:
    if isinstance(outcome, Reduction):
        effect = say("checkout_coupon_off", amount=say.money(outcome.amount_minor).text)
    elif outcome.problem is CouponProblem.MINIMUM:
        effect = say("checkout_coupon_short", amount=say.money(outcome.short_minor).text)
    else:
        effect = say("checkout_coupon_no_goods")
    return Choice(
        id=encode_global_id("Coupon", coupon.coupon_id),
        title=coupon.title,
        effect=effect,
        is_chosen=coupon.coupon_id in wished,
        is_usable=isinstance(outcome, Reduction),
    )
