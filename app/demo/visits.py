"""A visit of the demo, as the steps that the customer's phone would cause: scan, sign-in, order, payment."""

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol
from uuid import UUID

from app.customers import profiles, sign_in
from app.customers.consents import Consent
from app.customers.values import Channel, ConsentPurpose
from app.demo import coupons, month, people
from app.demo.brand_setup import Setup
from app.demo.goods_rounds import road
from app.demo.month import GUIDES, Basket, Visit
from app.employees import phones
from app.marketing import codes
from app.platform.actor import ANONYMOUS, Actor, ActorKind
from app.platform.db import BrandSession
from app.products import reads
from app.trade import orders, payments
from app.trade.basket import Address
from app.trade.models import PaymentRow
from app.trade.values import FulfilmentMethod, LineRequest, ProviderName

CONSENT_TEXT = "2026-09"
PAY = "pay"
"""The step before which the sandbox provider has to have the money."""


class Work(Protocol):
    """A step's own part: what it makes out of what the steps before it made."""

    def __call__(self, session: BrandSession, made: dict[str, Any]) -> Awaitable[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class VisitStep:
    """One transaction of a visit, `delay_minutes` after it began; it sees what the steps before it made."""

    name: str
    delay_minutes: int
    work: Work


def steps(setup: Setup, visit: Visit) -> Iterator[VisitStep]:
    """The transactions of a visit, in order."""
    yield VisitStep("scan", 0, lambda session, made: _scan(session, setup, visit))
    if coupons.is_claimed(visit):
        yield VisitStep("coupon", 2, lambda session, made: _claim(session, setup, visit, made))
    if visit.basket is not None:
        basket = visit.basket
        yield VisitStep("order", 4, lambda session, made: _order(session, setup, visit, basket, made))
        if basket.outcome == month.PAID:
            yield VisitStep("start", 6, start_payment)
            yield VisitStep(PAY, 6, book_payment)
        elif basket.outcome == month.CANCELLED:
            yield VisitStep("cancel", 9, _cancel)


def _customer(made: dict[str, Any]) -> Actor:
    return Actor(kind=ActorKind.CUSTOMER, customer_id=UUID(str(made["customer_id"])))


async def _scan(session: BrandSession, setup: Setup, visit: Visit) -> dict[str, Any]:
    """A newcomer scans before signing in; a regular is signed in already."""
    token, channel = setup.guides[visit.guide].token, Channel(visit.channel)
    phone = phones.read_phone(people.customer_phone(visit.customer), "phone")
    if not visit.is_first:
        customer_id = await profiles.customer_id_by_phone(session, phone)
        actor = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)
        await codes.scan(session, actor, token=token, channel=channel, now=session.now)
        return {"customer_id": customer_id}
    await profiles.create_customer(session, phone=phone, name=people.name(GUIDES + visit.customer), now=session.now)
    seen = await codes.scan(session, ANONYMOUS, token=token, channel=channel, now=session.now)
    consent = Consent(ConsentPurpose.MARKETING, CONSENT_TEXT, visit.takes_marketing)
    customer_id = await sign_in.welcome(
        session, phone=phone, visitor_id=seen.visitor_id, consents=[consent], now=session.now
    )
    return {"customer_id": customer_id}


async def _claim(session: BrandSession, setup: Setup, visit: Visit, made: dict[str, Any]) -> dict[str, Any]:
    return await coupons.claim(session, _customer(made), setup.template_ids, visit)


async def _order(
    session: BrandSession, setup: Setup, visit: Visit, basket: Basket, made: dict[str, Any]
) -> dict[str, Any]:
    guide = setup.guides[visit.guide]
    shop = await reads.shop_facts(session, guide.shop_id)
    if shop is None:
        raise LookupError("a demo guide's shop is gone")
    way = road(visit)
    method = FulfilmentMethod.DELIVERY if way.store is None else FulfilmentMethod.PICKUP
    recipient, phone = people.name(GUIDES + visit.customer), people.customer_phone(visit.customer)
    customer = _customer(made)
    lines = [
        LineRequest(setup.skus[product][variant % len(setup.skus[product])], quantity)
        for product, variant, quantity in basket.lines
    ]
    order_id = await orders.place(
        session,
        customer,
        shop=shop,
        lines=lines,
        coupon_ids=await coupons.best_for(session, customer, lines, branch=shop.branch),
        fulfilment=FulfilmentMethod.IN_STORE if way.is_taken else method,
        pickup_store_id=None if way.store is None else setup.store_ids[way.store],
        address=Address(**people.address(Random(visit.number), recipient, phone)),
        code_token=guide.token,
        now=session.now,
    )
    return {"order_id": order_id}


async def start_payment(session: BrandSession, made: dict[str, Any]) -> dict[str, Any]:
    """The customer of an order begins to pay it."""
    order_id = UUID(str(made["order_id"]))
    payment_id = await payments.start(
        session, _customer(made), order_id=order_id, provider=ProviderName.SANDBOX, now=session.now
    )
    return {"payment_id": payment_id}


async def book_payment(session: BrandSession, made: dict[str, Any]) -> dict[str, Any]:
    """The provider has the money, which the loader saw to; its word is booked."""
    (payment,) = await payments.payment_facts(session, PaymentRow.id == UUID(str(made["payment_id"])))
    await payments.book_success(
        session,
        payment_id=payment.id,
        transaction_id=str(made["transaction_id"]),
        amount_minor=payment.amount_minor,
        now=session.now,
    )
    return {}


async def _cancel(session: BrandSession, made: dict[str, Any]) -> dict[str, Any]:
    await orders.cancel(session, _customer(made), order_id=UUID(str(made["order_id"])), now=session.now)
    return {}
