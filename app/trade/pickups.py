"""Pickups (自提): an order is laid out in a store, and given to whoever shows its once-only code there.

The code is stored nowhere: its eight digits follow from the order's id, under keys that last as long as an order.
"""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import CustomerRow
from app.employees.models import OrgUnitRow, StoreRow
from app.employees.phones import open_phone
from app.platform import messages, rate_limits
from app.platform.actor import Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import InvalidInput, NotFound, RateLimited, WrongState
from app.platform.integrations.sms import SmsMessage, open_sms_sender
from app.platform.personal_data import PersonalData
from app.platform.runtime import Runtime
from app.platform.settings import load_settings
from app.trade import moves, order_scopes, receipts, rules, shipments
from app.trade.events import OrderReadyForPickup
from app.trade.models import OrderRow
from app.trade.moves import LockedOrder
from app.trade.values import FulfilmentMethod, OrderEvent, OrderState

TRIES_WINDOW_SECONDS = 3_600
_DIGITS = 8
_CODE = re.compile(r"\d{8}", re.ASCII)
_TRIES = "pickup_code"


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """What the customer is to be told while the goods wait. `phone` is E.164."""

    phone: str
    number: str
    store_name: str
    code: str


async def check_store(
    session: BrandSession, method: FulfilmentMethod, store_id: UUID | None, *, own_store_id: UUID | None = None
) -> UUID | None:
    """The store where an order is fetched or taken; None for one that is sent. One statement for a pickup.

    What is bought in the store is taken in the store of the shop's guide, `own_store_id`, and no other is named.
    Raises: InvalidInput for a pickup without a store, and a sale in the store where the guide has none or another is
    named; NotFound for a store that the brand does not have.
    """
    if method.is_sent:
        return None
    path = ("fulfilment", "pickupStoreId")
    if method is FulfilmentMethod.IN_STORE:
        if own_store_id is None or store_id not in (None, own_store_id):
            raise InvalidInput("in_store_elsewhere", path=path)
        return own_store_id
    if store_id is None:
        raise InvalidInput("pickup_store_required", path=path)
    found = await session.scalar(
        sa.select(StoreRow.id).where(StoreRow.brand_id == session.brand_id, StoreRow.id == store_id)
    )
    if found is None:
        raise NotFound("Store", path=path)
    return store_id


async def make_ready(session: BrandSession, actor: Actor, *, order_id: UUID, now: datetime) -> None:
    """The goods of a paid order wait in its pickup store, and the customer is sent the code.

    Raises: NotFound for an order that is not the actor's to lay out; WrongState for one that does not wait for it, has
    an open after-sale, or has nothing left to fetch. Emits: OrderReadyForPickup.
    """
    order, branch = await _lock(session, order_id)
    if order is None or not order_scopes.may_make_ready(actor, order, branch):
        raise NotFound("Order", path=("orderId",))
    if not rules.is_to_make_ready(order.state, order.method):
        raise WrongState(order.state)
    await shipments.refuse_after_sale(session, order)
    order = await shipments.start_fulfilling(session, order, actor=actor, now=now)
    await moves.move_order(session, order, OrderEvent.MAKE_READY, actor=actor.principal, now=now)
    session.emit(OrderReadyForPickup(order.id))


async def hand_over(
    session: BrandSession, actor: Actor, *, order_id: UUID, code: str, now: datetime
) -> InvalidInput | RateLimited | None:
    """Give an order to whoever shows its code. A refusal is returned, not raised: the try that it cost must commit.

    Raises: InvalidInput for what is not eight digits, which costs no try; NotFound for an order that is not the actor's
    to hand over; WrongState for one that is not ready, so for a code that was used too, or has an open after-sale.
    """
    shown = code.strip()
    if _CODE.fullmatch(shown) is None:
        raise InvalidInput("pickup_code_form", path=("code",))
    order, branch = await _lock(session, order_id)
    if order is None or not order_scopes.may_hand_over(actor, order, branch):
        raise NotFound("Order", path=("orderId",))
    if order.state is not OrderState.READY_FOR_PICKUP:
        raise WrongState(order.state)
    await shipments.refuse_after_sale(session, order)
    refused = await _refuse_code(session, order_id, shown)
    if refused is not None:
        return refused
    await receipts.receive(session, order, OrderEvent.HAND_OVER, actor=actor, now=now)
    return None


def code_for(vault: PersonalData, brand_id: UUID, order_id: UUID) -> str:
    """The eight digits that fetch an order."""
    return _codes(vault, brand_id, order_id)[0]


def orders_of_code(vault: PersonalData, brand_id: UUID, order_ids: Sequence[UUID], code: str) -> list[UUID]:
    """Those of the orders that a code fetches, in their order; of many one, as good as always."""
    return [one for one in order_ids if sum(hmac.compare_digest(own, code) for own in _codes(vault, brand_id, one))]


def code_sender(runtime: Runtime) -> Callable[[Brand, OrderReadyForPickup, UUID], Awaitable[None]]:
    """The delivery of OrderReadyForPickup: texts the code while the goods wait. May run again after a crash."""
    sender = open_sms_sender(runtime.settings)

    async def deliver(brand: Brand, event: OrderReadyForPickup, event_id: UUID) -> None:
        async with runtime.database.reading(brand) as session:
            found = await code_to_send(session, order_id=event.order_id)
        if found is None:
            return
        words = messages.text(
            "pickup_sms", brand=brand.name, number=found.number, store=found.store_name, code=found.code
        )
        message = SmsMessage(id=event_id, to=found.phone, text=words)
        await asyncio.to_thread(sender.send, message)

    return deliver


async def code_to_send(session: BrandSession, *, order_id: UUID) -> CodeToSend | None:
    """What to send; None where the goods do not wait any more, or the customer has no phone. One statement."""
    row = (
        await session.execute(
            sa.select(OrderRow.number, StoreRow.name, CustomerRow.phone)
            .join(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.id == OrderRow.pickup_store_id))
            .join(
                CustomerRow, sa.and_(CustomerRow.brand_id == session.brand_id, CustomerRow.id == OrderRow.customer_id)
            )
            .where(
                OrderRow.brand_id == session.brand_id,
                OrderRow.id == order_id,
                OrderRow.state == OrderState.READY_FOR_PICKUP.value,
                CustomerRow.phone.is_not(None),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    return CodeToSend(
        phone=open_phone(session.vault, session.brand_id, row.phone),
        number=row.number,
        store_name=row.name,
        code=code_for(session.vault, session.brand_id, order_id),
    )


def _codes(vault: PersonalData, brand_id: UUID, order_id: UUID) -> list[str]:
    """The codes under every key, the current first: one that was sent before a change of keys still opens."""
    body = brand_id.bytes + order_id.bytes
    macs = [hmac.digest(key, body, "sha256") for key in vault.derived_keys("pickup-code")]
    return [f"{int.from_bytes(mac, 'big') % 10**_DIGITS:0{_DIGITS}d}" for mac in macs]


async def _refuse_code(session: BrandSession, order_id: UUID, shown: str) -> InvalidInput | RateLimited | None:
    """Count a try, and say why it opens nothing; None: it does."""
    tries = load_settings().pickup_code_tries_per_hour
    wait_seconds = await rate_limits.take(
        session, kind=_TRIES, subject=str(order_id), limit=tries, window_seconds=TRIES_WINDOW_SECONDS
    )
    if wait_seconds:
        return RateLimited(wait_seconds)
    codes = _codes(session.vault, session.brand_id, order_id)
    # Every code is compared, so that the time taken tells nothing.
    if sum(hmac.compare_digest(code, shown) for code in codes):
        return None
    return InvalidInput("pickup_code_wrong", path=("code",))


async def _lock(session: BrandSession, order_id: UUID) -> tuple[LockedOrder | None, str | None]:
    """Hold an order; beside it the path of its pickup store's unit, as it is now."""
    order = await moves.lock_order(session, OrderRow.id == order_id)
    if order is None or order.pickup_store_id is None:
        return order, None
    path = await session.scalar(
        sa.select(OrgUnitRow.path)
        .join(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.org_unit_id == OrgUnitRow.id))
        .where(OrgUnitRow.brand_id == session.brand_id, StoreRow.id == order.pickup_store_id)
    )
    return order, path
