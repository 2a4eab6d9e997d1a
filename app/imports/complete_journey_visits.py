"""A basket as the steps that it would cause: scan, sign-in the first time, order, payment, the goods carried home."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers import profiles, sign_in
from app.customers.models import CustomerRow
from app.customers.values import Channel
from app.customers.visitors import token_of
from app.employees import phones
from app.imports import complete_journey_setup as setup
from app.imports.complete_journey_data import Basket
from app.imports.complete_journey_setup import Guide, Shopper
from app.marketing import codes
from app.platform import idempotency
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.trade import orders, payments, receipts, shipments
from app.trade.models import OrderRow, PaymentRow
from app.trade.payments import Booking
from app.trade.values import LineRequest, ProviderName

PREFIX = f"{setup.CODE}:"


@dataclass(frozen=True, slots=True)
class Done:
    """What is taken over already: the ids of the baskets, and the latest instant of each household by member code."""

    basket_ids: frozenset[int]
    latest: Mapping[str, datetime]

    def check_order(self, baskets: Iterable[Basket]) -> None:
        """Refuse baskets from before one of the same household that is there: the first one decides who is its guide.

        Baskets of other households may come in late, as a killed import leaves some that it had under way at once.
        Raises: InvalidInput.
        """
        for basket in baskets if self.basket_ids else ():
            latest = self.latest.get(str(basket.household_id))
            if latest is not None and basket.at < latest and basket.basket_id not in self.basket_ids:
                raise InvalidInput("import_out_of_order", path=("stores",))


async def done(session: BrandSession) -> Done:
    """What earlier imports took over, as the payments know it. One statement."""
    rows = await session.execute(
        sa.select(PaymentRow.transaction_id, CustomerRow.member_code, OrderRow.placed_at)
        .join(OrderRow, sa.and_(OrderRow.brand_id == PaymentRow.brand_id, OrderRow.id == PaymentRow.order_id))
        .join(CustomerRow, sa.and_(CustomerRow.brand_id == OrderRow.brand_id, CustomerRow.id == OrderRow.customer_id))
        .where(
            PaymentRow.brand_id == session.brand_id,
            OrderRow.brand_id == session.brand_id,
            CustomerRow.brand_id == session.brand_id,
            PaymentRow.transaction_id.startswith(PREFIX, autoescape=True),
        )
        .order_by(OrderRow.placed_at)
    )
    basket_ids, latest = set(), {}
    for number, member_code, at in rows:
        if number is not None and member_code is not None:
            basket_ids.add(basket_id_of(number))
            latest[member_code] = at
    return Done(frozenset(basket_ids), latest)


def basket_id_of(transaction_id: str) -> int:
    """The basket that an imported payment is of."""
    return int(transaction_id.removeprefix(PREFIX))


def abreast(baskets: Iterable[Basket], *, at_once: int) -> Iterator[list[Basket]]:
    """The baskets in their order, in groups that can be taken over at once: each basket of another household."""
    group: list[Basket] = []
    for basket in baskets:
        if len(group) == at_once or any(basket.household_id == other.household_id for other in group):
            yield group
            group = []
        group.append(basket)
    if group:
        yield group


async def visit(
    session: BrandSession,
    *,
    basket: Basket,
    guides: Sequence[Guide],
    sku_ids: Mapping[int, UUID],
    shopper: Shopper | None,
) -> Shopper:
    """Take a basket over: the household scans the guide's code, orders in that guide's shop and pays; gives who it is.

    `shopper` None: the household comes for the first time. `session.now` is the basket's instant. Done twice it is done
    once.
    """
    key = f"{PREFIX}{basket.basket_id}"
    claimed = await idempotency.claim(session, principal="import", operation=setup.CODE, key=key, body="basket")
    if claimed is not None:
        # The commit that an import was killed in came through after this one had looked.
        known = await setup.shoppers(session, household_id=basket.household_id)
        return known[str(basket.household_id)]
    guide = guides[basket.guide_number]
    if shopper is None:
        shopper = await come_in(session, basket.household_id, guide.token)
    else:
        await codes.scan(
            session,
            customer(shopper),
            token=guide.token,
            visitor_token=shopper.visitor_token,
            channel=Channel.IN_STORE,
            now=session.now,
        )
    await _buy(session, basket, guide, sku_ids, customer(shopper))
    return shopper


async def come_in(session: BrandSession, household_id: int, token: str) -> Shopper:
    """The first scan is a stranger's; whoever signs in then is the member that the data knows."""
    phone = phones.read_phone(setup.household_phone(household_id), "phone")
    await profiles.create_customer(
        session, phone=phone, name=f"Household {household_id}", member_code=str(household_id), now=session.now
    )
    seen = await codes.scan(session, ANONYMOUS, token=token, channel=Channel.IN_STORE, now=session.now)
    customer_id = await sign_in.welcome(session, phone=phone, visitor_id=seen.visitor_id, now=session.now)
    return Shopper(customer_id, seen.visitor_id, token_of(session.vault, session.brand_id, seen.visitor_id))


async def _buy(session: BrandSession, basket: Basket, guide: Guide, sku_ids: Mapping[int, UUID], buyer: Actor) -> None:
    """Order at the basket's own prices, pay, and carry home; the till has the money, so its word is taken."""
    order_id = await orders.place(
        session,
        buyer,
        shop=guide.shop,
        lines=[LineRequest(sku_ids[line.product_id], line.quantity) for line in basket.lines],
        code_token=guide.token,
        prices={sku_ids[line.product_id]: line.total_minor for line in basket.lines},
        now=session.now,
    )
    payment_id = await payments.start(session, buyer, order_id=order_id, provider=ProviderName.SANDBOX, now=session.now)
    booked = await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id=f"{PREFIX}{basket.basket_id}",
        amount_minor=basket.total_minor,
        now=session.now,
    )
    if booked is not Booking.PAID:
        raise ValueError(f"basket {basket.basket_id} is not paid: {booked}")
    await shipments.ship(session, SYSTEM, order_id=order_id, now=session.now)
    await receipts.confirm(session, buyer, order_id=order_id, now=session.now)


def customer(shopper: Shopper) -> Actor:
    """The household as the one who acts."""
    return Actor(kind=ActorKind.CUSTOMER, customer_id=shopper.customer_id)
