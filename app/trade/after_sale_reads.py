"""Reads of after-sales, and who may see and decide them. Each is one statement; lists come newest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.customers.models import CustomerRow
from app.employees import organisation
from app.employees.models import EmployeeRow
from app.employees.rules import may_reach
from app.employees.values import PostalAddress, Role, StaffFunction
from app.platform import storage
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.settings import load_settings
from app.trade import after_sale_rules as rules
from app.trade.after_sales import COMMENT, REASON
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow
from app.trade.rules import is_paid
from app.trade.values import AfterSaleAction, AfterSaleKind, AfterSaleState, OrderState


@dataclass(frozen=True, slots=True)
class AfterSaleView:
    """An after-sale as it is shown. Amounts: minor units. `branch`: that of the order.

    `is_interested`: the caller sold the order, or bought it, being an employee too.
    """

    id: UUID
    order_id: UUID
    line_id: UUID
    kind: AfterSaleKind
    state: AfterSaleState
    quantity: int
    reason: str
    evidence_urls: Sequence[str]
    goods_minor: int
    freight_minor: int
    requested_at: datetime
    due_at: datetime | None
    decided_at: datetime | None
    comment: str | None
    return_carrier: str | None
    return_tracking_number: str | None
    refunded_at: datetime | None
    order_number: str
    customer_id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    branch: str
    is_interested: bool


_COLUMNS: tuple[Any, ...] = (
    AfterSaleRow.id,
    AfterSaleRow.order_id,
    AfterSaleRow.line_id,
    AfterSaleRow.kind,
    AfterSaleRow.state,
    AfterSaleRow.quantity,
    AfterSaleRow.reason,
    AfterSaleRow.evidence_urls,
    AfterSaleRow.goods_minor,
    AfterSaleRow.freight_minor,
    AfterSaleRow.requested_at,
    AfterSaleRow.due_at,
    AfterSaleRow.decided_at,
    AfterSaleRow.comment,
    AfterSaleRow.return_carrier,
    AfterSaleRow.return_tracking_number,
    AfterSaleRow.refunded_at,
    OrderRow.number,
    OrderRow.customer_id,
    OrderRow.guide_id,
    OrderRow.store_id,
    OrderRow.branch,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands with its after-sales. `is_refundable`: another one could be asked for now."""

    is_paused: bool
    is_refundable: bool


_IS_OPEN = AfterSaleRow.state.not_in([state.value for state in rules.OVER])


def decided_by(actor: Actor) -> sa.ColumnElement[bool] | None:
    """The orders whose after-sales an actor may decide, but for those that he gains from; None: of no order."""
    if not actor.is_employee:
        return None
    if actor.role == Role.OWNER or StaffFunction.SERVICE in actor.functions:
        return sa.true()
    return _of_branch(actor)


def allowed_actions(actor: Actor, view: AfterSaleView) -> tuple[AfterSaleAction, ...]:
    """What an actor may do with an after-sale that he sees."""
    decides = actor.is_employee and (
        actor.role == Role.OWNER
        or StaffFunction.SERVICE in actor.functions
        or (actor.role == Role.MANAGER and may_reach(role=actor.role, branch=actor.branch, path=view.branch))
    )
    return rules.allowed_after_sale_actions(
        view.kind,
        view.state,
        is_buyer=actor.is_customer and actor.customer_id == view.customer_id,
        may_decide=decides and not view.is_interested,
    )


async def has_open_after_sale(session: BrandSession, order_id: UUID) -> bool:
    """Whether a return or refund of the order is under way; whoever asks holds the order's lock."""
    return order_id in await orders_with_open_after_sale(session, [order_id])


async def orders_with_open_after_sale(session: BrandSession, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that have an open after-sale."""
    rows = await session.scalars(
        sa.select(AfterSaleRow.order_id)
        .where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.order_id.in_(order_ids), _IS_OPEN)
        .distinct()
    )
    return set(rows)


def is_paused(session: BrandSession) -> sa.ColumnElement[bool]:
    """The same as a condition on `OrderRow`: an order with an open after-sale takes no step by itself."""
    return sa.exists().where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.order_id == OrderRow.id, _IS_OPEN)


async def has_pieces_left(session: BrandSession, order_id: UUID) -> bool:
    """Whether the customer is still to get, or keeps, a piece of the order; False where every one was refunded."""
    sold = sa.select(sa.func.sum(OrderLineRow.quantity)).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == order_id
    )
    refunded = sa.select(sa.func.coalesce(sa.func.sum(AfterSaleRow.quantity), 0)).where(
        AfterSaleRow.brand_id == session.brand_id,
        AfterSaleRow.order_id == order_id,
        AfterSaleRow.state.in_([state.value for state in rules.DECIDED]),
    )
    return bool(await session.scalar(sa.select(sold.scalar_subquery() > refunded.scalar_subquery())))


async def after_sales_by_id(
    session: BrandSession, actor: Actor, after_sale_ids: Collection[UUID]
) -> dict[UUID, AfterSaleView]:
    """Those of these after-sales that the actor may see: the buyer, the guide of the order, and staff in scope."""
    scope = _seen_by(actor)
    if not after_sale_ids or scope is None:
        return {}
    rows = await session.execute(_after_sales(session, actor).where(AfterSaleRow.id.in_(after_sale_ids), scope))
    return {row[0]: _view(session, row) for row in rows}


async def after_sales_of_orders(
    session: BrandSession, actor: Actor, order_ids: Collection[UUID]
) -> dict[UUID, list[AfterSaleView]]:
    """All after-sales of each order, whoever asks: `may_see` says who is shown them. Every order has an entry."""
    found: dict[UUID, list[AfterSaleView]] = {order_id: [] for order_id in order_ids}
    if not found:
        return found
    rows = await session.execute(
        _after_sales(session, actor).where(AfterSaleRow.order_id.in_(list(found))).order_by(AfterSaleRow.id.desc())
    )
    for row in rows:
        found[row[1]].append(_view(session, row))
    return found


def may_see(actor: Actor, view: AfterSaleView) -> bool:
    """Whether the actor is shown an after-sale: the buyer, the guide of the order, and staff in scope."""
    if not actor.is_employee:
        return actor.is_customer and actor.customer_id == view.customer_id
    return actor.employee_id == view.guide_id or may_reach(role=actor.role, branch=actor.branch, path=view.branch)


async def standings(session: BrandSession, order_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Where each of these orders stands with its after-sales."""
    sold = sa.select(sa.func.sum(OrderLineRow.quantity)).where(
        OrderLineRow.brand_id == session.brand_id, OrderLineRow.order_id == OrderRow.id
    )
    taken = sa.select(sa.func.coalesce(sa.func.sum(AfterSaleRow.quantity), 0)).where(
        AfterSaleRow.brand_id == session.brand_id,
        AfterSaleRow.order_id == OrderRow.id,
        AfterSaleRow.state.not_in([state.value for state in rules.WITHOUT_EFFECT]),
    )
    received_at = sa.func.coalesce(OrderRow.delivered_at, OrderRow.completed_at)
    opened_from = session.now - timedelta(seconds=load_settings().return_window_seconds)
    is_refundable = sa.and_(
        OrderRow.state.in_([state.value for state in OrderState if is_paid(state)]),
        sa.or_(received_at.is_(None), received_at >= opened_from),
        sold.scalar_subquery() > taken.scalar_subquery(),
    )
    rows = await session.execute(
        sa.select(OrderRow.id, is_paused(session), is_refundable).where(
            OrderRow.brand_id == session.brand_id, OrderRow.id.in_(order_ids)
        )
    )
    return {row[0]: Standing(row[1], row[2]) for row in rows}


async def after_sale_page(
    session: BrandSession,
    actor: Actor,
    *,
    states: Collection[AfterSaleState] | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[AfterSaleView]:
    """The after-sales of an employee's scope in these states (None: in any), after the after-sale `after`."""
    scope = _listed_for(actor, states)
    if scope is None:
        return []
    query = _after_sales(session, actor).where(*scope).order_by(AfterSaleRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(AfterSaleRow.id < after)
    return [_view(session, row) for row in await session.execute(query)]


async def after_sale_count(
    session: BrandSession, actor: Actor, *, states: Collection[AfterSaleState] | None = None
) -> int:
    """How many after-sales `after_sale_page` walks through."""
    scope = _listed_for(actor, states)
    if scope is None:
        return 0
    query = (
        sa.select(sa.func.count())
        .select_from(AfterSaleRow)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == AfterSaleRow.order_id))
        .where(AfterSaleRow.brand_id == session.brand_id, *scope)
    )
    return (await session.execute(query)).scalar_one()


async def return_address(session: BrandSession, view: AfterSaleView) -> PostalAddress | None:
    """Where the goods of an approved return are sent: the order's store; None before approval, and where none is known.

    Without one the goods are brought to the store.
    """
    is_awaited = view.state in (AfterSaleState.APPROVED, AfterSaleState.RETURNING)
    if view.store_id is None or not is_awaited or view.kind is not AfterSaleKind.RETURN_AND_REFUND:
        return None
    return await organisation.return_address(session, store_id=view.store_id)


def _of_branch(actor: Actor) -> sa.ColumnElement[bool] | None:
    if actor.role != Role.MANAGER or not actor.branch:
        return None
    return OrderRow.branch.startswith(actor.branch, autoescape=True)


def _seen_by(actor: Actor) -> sa.ColumnElement[bool] | None:
    if actor.is_customer:
        return OrderRow.customer_id == actor.customer_id
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    own = OrderRow.guide_id == actor.employee_id
    branch = _of_branch(actor)
    return own if branch is None else sa.or_(own, branch)


def _listed_for(actor: Actor, states: Collection[AfterSaleState] | None) -> tuple[sa.ColumnElement[bool], ...] | None:
    """Headquarters, whose people of SERVICE are among them, and the owner: of the whole brand; managers: the branch."""
    if not actor.is_employee:
        return None
    scope = sa.true() if actor.sees_whole_brand else _of_branch(actor)
    if scope is None:
        return None
    return (scope,) if states is None else (scope, AfterSaleRow.state.in_([state.value for state in states]))


def _after_sales(session: BrandSession, actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """After-sales with what their orders say; whether the actor has an interest in each."""
    bought = sa.exists().where(
        EmployeeRow.brand_id == session.brand_id,
        EmployeeRow.id == actor.employee_id,
        EmployeeRow.phone_hash == CustomerRow.phone_hash,
    )
    is_interested = sa.and_(
        sa.literal(actor.is_employee), sa.or_(OrderRow.guide_id.is_not_distinct_from(actor.employee_id), bought)
    )
    return (
        sa.select(*_COLUMNS, is_interested)
        .select_from(AfterSaleRow)
        .join(OrderRow, sa.and_(OrderRow.brand_id == session.brand_id, OrderRow.id == AfterSaleRow.order_id))
        .join(CustomerRow, sa.and_(CustomerRow.brand_id == session.brand_id, CustomerRow.id == OrderRow.customer_id))
        .where(AfterSaleRow.brand_id == session.brand_id)
    )


def _view(session: BrandSession, row: Any) -> AfterSaleView:
    values: dict[str, Any] = dict(zip(AfterSaleView.__slots__, row, strict=True))
    values["kind"], values["state"] = AfterSaleKind(values["kind"]), AfterSaleState(values["state"])
    for name, field in (("reason", REASON), ("comment", COMMENT)):
        values[name] = session.vault.open(session.brand_id, field, values[name])
    values["reason"] = values["reason"] or ""
    return AfterSaleView(**values)


async def named_media(session: BrandSession, keys: Collection[str]) -> set[str]:
    """Which of these keys of uploaded files are pictures that an after-sale was asked for with."""
    urls = {storage.media_url(key): key for key in keys}
    found = await session.execute(
        sa.select(AfterSaleRow.evidence_urls).where(
            AfterSaleRow.brand_id == session.brand_id,
            AfterSaleRow.evidence_urls.has_any(sa.bindparam("urls", list(urls), type_=ARRAY(sa.Text()))),
        )
    )
    return {urls[url] for evidence in found.scalars() for url in evidence if url in urls}
