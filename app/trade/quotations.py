"""Quotations (报价单): a guide promises a customer prices; the customer accepts as they stand, and it is an order.

What was sent is never changed: prices, pieces and time stand in its rows, and whoever wants another one makes it anew.
No stock is held before it is accepted. The customer's side is opened by the token of the quotation's own code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers import reads as customers
from app.customers.values import BindingState
from app.marketing import codes
from app.marketing.values import CodeKind
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound, WrongState
from app.products import reads as products
from app.trade import basket, orders, quotation_rules
from app.trade.basket import Address, Basket
from app.trade.models import OrderRow
from app.trade.quotation_models import QuotationLineRow, QuotationRow
from app.trade.values import (
    ForbiddenMove,
    FulfilmentMethod,
    LineRequest,
    QuotationEvent,
    QuotationState,
    Quoted,
)

NOTE = "quotation_note"
"""The field under which the guide's words are sealed."""
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class _Locked:
    """A quotation whose row this transaction holds, in its state of now."""

    id: UUID
    guide_id: UUID
    shop_id: UUID
    customer_id: UUID | None
    state: QuotationState
    order_id: UUID | None


async def create(
    session: BrandSession,
    actor: Actor,
    *,
    lines: Sequence[LineRequest],
    customer_id: UUID | None = None,
    note: str | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> UUID:
    """A guide makes a quotation at the own branch's prices of now; gives its id. Six statements, with a customer seven.

    `customer_id`: one whom the guide serves, for whom alone it is; else for whoever accepts first. Note: up to 500
    characters. `expires_at`: an hour to 30 days from now, seven days where none is given. Stock may be short: it is not
    held. Raises: Forbidden; InvalidInput for no or too many lines, quantities out of bounds, what is not on sale, and
    who has no shop; NotFound for a SKU that the brand does not have, and for somebody else's customer.
    """
    if not actor.is_employee or actor.employee_id is None:
        raise Forbidden
    shop = None if actor.shop_id is None else await products.shop_facts(session, actor.shop_id)
    if shop is None:
        raise InvalidInput("code_without_shop", path=("lines",))
    until = quotation_rules.expiry_of(expires_at, now=now)
    if until is None:
        raise InvalidInput("quotation_expiry", path=("expiresAt",))
    words = texts.optional_block(note, "note", longest=LONGEST_NOTE)
    if customer_id is not None:
        await _check_served(session, actor, customer_id)
    wanted = await basket.price(session, lines, branch=shop.branch, method=FulfilmentMethod.DELIVERY)
    wanted.refuse_unsellable()
    quotation_id = session.new_id()
    code = await codes.create_quotation_code(session, actor, quotation_id=quotation_id, now=now)
    await session.execute(
        sa.insert(QuotationRow).values(
            brand_id=session.brand_id,
            id=quotation_id,
            guide_id=actor.employee_id,
            shop_id=shop.shop_id,
            code_id=code.code_id,
            customer_id=customer_id,
            state=QuotationState.OPEN.value,
            subtotal_minor=wanted.totals.subtotal_minor,
            note=None if words is None else session.vault.seal(session.brand_id, NOTE, words),
            created_at=now,
            expires_at=until,
        )
    )
    await session.execute(sa.insert(QuotationLineRow), _line_values(session, quotation_id, wanted))
    return quotation_id


async def accept(
    session: BrandSession,
    actor: Actor,
    *,
    token: str,
    fulfilment: FulfilmentMethod = FulfilmentMethod.DELIVERY,
    pickup_store_id: UUID | None = None,
    address: Address | None = None,
    expected_total_minor: int | None = None,
    note: str | None = None,
    now: datetime,
) -> UUID:
    """The customer accepts a quotation as it stands: it is an order; gives the order's id, a second time the same.

    Goods at the promised prices, freight by the rule of now, no coupon; the sale is its guide's while the guide is with
    the brand. Ten to fourteen statements. Raises: Forbidden for anybody but a customer; NotFound for a token that opens
    no quotation for this customer; WrongState for one that was withdrawn, declined, accepted by somebody else, or is
    over; InvalidInput, InsufficientStock and PriceChanged as for `orders.place`: it stays open then.
    """
    buyer_id = orders.buyer_of(actor)
    found = await _lock_for_customer(session, buyer_id, token)
    if found.order_id is not None and await _buyer_of_order(session, found.order_id) == buyer_id:
        return found.order_id
    state = _next(found, QuotationEvent.ACCEPT)
    shop = await products.shop_facts(session, found.shop_id)
    if shop is None:
        raise LookupError(f"shop {found.shop_id} is gone")
    lines, quoted = await promised(session, found.id, guide_id=found.guide_id)
    order_id = await orders.place(
        session,
        actor,
        shop=shop,
        lines=lines,
        fulfilment=fulfilment,
        pickup_store_id=pickup_store_id,
        address=address,
        expected_total_minor=expected_total_minor,
        code_token=token,
        note=note,
        quoted=quoted,
        now=now,
    )
    await _end(session, actor, found.id, state, order_id=order_id, now=now)
    return order_id


async def decline(session: BrandSession, actor: Actor, *, token: str, now: datetime) -> UUID:
    """The customer does not want it; gives the quotation's id. Raises: Forbidden, NotFound, WrongState."""
    found = await _lock_for_customer(session, orders.buyer_of(actor), token)
    await _end(session, actor, found.id, _next(found, QuotationEvent.DECLINE), now=now)
    return found.id


async def withdraw(session: BrandSession, actor: Actor, *, quotation_id: UUID, now: datetime) -> None:
    """Its guide takes an open quotation back. Raises: Forbidden; NotFound for another's; WrongState."""
    if not actor.is_employee:
        raise Forbidden
    found = await _lock(session, quotation_id)
    if found is None or found.guide_id != actor.employee_id:
        raise NotFound("Quotation", path=("quotationId",))
    await _end(session, actor, found.id, _next(found, QuotationEvent.WITHDRAW), now=now)


async def promised(session: BrandSession, quotation_id: UUID, *, guide_id: UUID) -> tuple[list[LineRequest], Quoted]:
    """What a quotation promises: pieces and prices, in its order. One statement."""
    rows = await session.execute(
        sa.select(QuotationLineRow.sku_id, QuotationLineRow.quantity, QuotationLineRow.unit_price_minor)
        .where(QuotationLineRow.brand_id == session.brand_id, QuotationLineRow.quotation_id == quotation_id)
        .order_by(QuotationLineRow.position)
    )
    found = list(rows)
    lines = [LineRequest(row.sku_id, row.quantity) for row in found]
    return lines, Quoted(guide_id, {row.sku_id: row.unit_price_minor for row in found})


def _line_values(session: BrandSession, quotation_id: UUID, wanted: Basket) -> list[dict[str, object]]:
    return [
        {
            "brand_id": session.brand_id,
            "quotation_id": quotation_id,
            "position": position,
            "sku_id": line.sku.sku_id,
            "product_id": line.sku.product_id,
            "title": line.sku.title,
            "sku_name": line.sku.sku_name,
            "quantity": line.priced.quantity,
            "unit_price_minor": line.priced.unit_price_minor,
        }
        for position, line in enumerate(wanted.lines)
    ]


async def _check_served(session: BrandSession, actor: Actor, customer_id: UUID) -> None:
    """Raises: NotFound unless the actor serves the customer now."""
    found = (await customers.visible_customers(session, actor, [customer_id])).get(customer_id)
    binding = None if found is None else found.binding
    if binding is None or binding.guide_id != actor.employee_id or binding.state is BindingState.EXPIRED:
        raise NotFound("Customer", path=("customerId",))


async def _lock_for_customer(session: BrandSession, customer_id: UUID, token: str) -> _Locked:
    """Hold the quotation that a token opens for a customer. Two statements. Raises: NotFound."""
    code = await codes.facts_by_token(session, token)
    is_open = code is not None and code.kind is CodeKind.QUOTATION and not code.is_revoked
    found = await _lock(session, code.target_id) if is_open and code is not None and code.target_id else None
    if found is None or found.customer_id not in (None, customer_id):
        raise NotFound("Quotation", path=("token",))
    return found


async def _lock(session: BrandSession, quotation_id: UUID) -> _Locked | None:
    """Hold a quotation until the transaction ends: whoever ends one takes this lock before any other."""
    row = (
        await session.execute(
            sa.select(
                QuotationRow.id,
                QuotationRow.guide_id,
                QuotationRow.shop_id,
                QuotationRow.customer_id,
                QuotationRow.state,
                QuotationRow.order_id,
                QuotationRow.expires_at,
            )
            .where(QuotationRow.brand_id == session.brand_id, QuotationRow.id == quotation_id)
            .with_for_update()
        )
    ).first()
    if row is None:
        return None
    state = quotation_rules.state_now(QuotationState(row.state), expires_at=row.expires_at, now=session.now)
    return _Locked(row.id, row.guide_id, row.shop_id, row.customer_id, state, row.order_id)


async def _buyer_of_order(session: BrandSession, order_id: UUID) -> UUID | None:
    return await session.scalar(
        sa.select(OrderRow.customer_id).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    )


def _next(found: _Locked, event: QuotationEvent) -> QuotationState:
    """Raises: WrongState."""
    try:
        return quotation_rules.move_quotation(found.state, event)
    except ForbiddenMove as error:
        raise WrongState(error.state) from error


async def _end(
    session: BrandSession,
    actor: Actor,
    quotation_id: UUID,
    state: QuotationState,
    *,
    order_id: UUID | None = None,
    now: datetime,
) -> None:
    await session.execute(
        sa.update(QuotationRow)
        .where(QuotationRow.brand_id == session.brand_id, QuotationRow.id == quotation_id)
        .values(state=state.value, ended_at=now, ended_by=actor.principal, order_id=order_id)
        .execution_options(synchronize_session=False)
    )
