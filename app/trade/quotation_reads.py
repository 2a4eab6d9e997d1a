"""Reads of quotations, and who may see one: its guide and those above, and the customer whom it is for."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.customers import profiles
from app.customers.models import CustomerRow
from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.employees.values import Role
from app.marketing import codes
from app.marketing.models import CodeRow
from app.marketing.values import CodeKind
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products.models import ProductRow, ShopRow
from app.trade.models import OrderRow
from app.trade.quotation_models import QuotationLineRow, QuotationRow
from app.trade.quotation_rules import sight_of, state_now
from app.trade.quotations import NOTE
from app.trade.values import QuotationSight, QuotationState


@dataclass(frozen=True, slots=True)
class QuotationView:
    """A quotation as it is shown, in its state of now. Amounts: minor units.

    `customer_id`: whom it is for (`is_named`), else who accepted it; the name is masked.
    """

    id: UUID
    guide_id: UUID
    guide_name: str
    guide_title: str | None
    guide_avatar_url: str | None
    shop_id: UUID
    shop_slug: str
    code_id: UUID
    token: str
    is_revoked: bool
    is_named: bool
    customer_id: UUID | None
    customer_name: str | None
    state: QuotationState
    subtotal_minor: int
    note: str | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    order_id: UUID | None
    order_number: str | None


@dataclass(frozen=True, slots=True)
class QuotationLineView:
    """A line as it was promised, with the product's picture of today. Amounts: minor units."""

    sku_id: UUID
    product_id: UUID
    title: str
    sku_name: str
    quantity: int
    unit_price_minor: int
    cover_url: str | None

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_price_minor


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens for somebody. `view` None: nothing of it is to be seen."""

    sight: QuotationSight
    view: QuotationView | None


@dataclass(frozen=True, slots=True)
class _Customer:
    """What `profiles.display_name` opens."""

    id: UUID
    brand_id: UUID
    name: bytes | None
    phone: bytes | None


async def page(
    session: BrandSession,
    actor: Actor,
    *,
    states: Sequence[QuotationState] | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[QuotationView]:
    """The quotations that an employee may see, the latest first: the own, the branch's, or all. One statement."""
    scope = _of_staff(session, actor)
    if scope is None:
        return []
    listed = _quotations(session).where(scope, *_in_states(session, states)).order_by(QuotationRow.id.desc())
    if after is not None:
        listed = listed.where(QuotationRow.id < after)
    return [_view(session, row) for row in await session.execute(listed.limit(limit))]


async def count(session: BrandSession, actor: Actor, *, states: Sequence[QuotationState] | None = None) -> int:
    """How many `page` walks through. One statement."""
    scope = _of_staff(session, actor)
    if scope is None:
        return 0
    found = await session.execute(
        sa.select(sa.func.count(QuotationRow.id)).where(
            QuotationRow.brand_id == session.brand_id, scope, *_in_states(session, states)
        )
    )
    return int(found.scalar_one())


async def by_id(session: BrandSession, actor: Actor, quotation_ids: Iterable[UUID]) -> dict[UUID, QuotationView]:
    """Those of these quotations that the actor may see: staff in their scope, a customer the own. One statement."""
    wanted, scope = list(set(quotation_ids)), _scope(session, actor)
    if not wanted or scope is None:
        return {}
    rows = await session.execute(_quotations(session).where(QuotationRow.id.in_(wanted), scope))
    return {row.id: _view(session, row) for row in rows}


async def of_orders(session: BrandSession, actor: Actor, order_ids: Collection[UUID]) -> dict[UUID, QuotationView]:
    """The quotations that became these orders, by order, as far as the actor may see them. One statement."""
    scope = _scope(session, actor)
    if not order_ids or scope is None:
        return {}
    rows = await session.execute(_quotations(session).where(QuotationRow.order_id.in_(order_ids), scope))
    return {row.order_id: _view(session, row) for row in rows}


async def opened(session: BrandSession, actor: Actor, token: str) -> Opened | None:
    """What the token of a quotation's code opens for a customer or for somebody who has not signed in.

    None: it is no such token of the brand. One statement, none for a forged one.
    """
    if not codes.is_genuine(session.vault, token):
        return None
    is_its = sa.and_(CodeRow.token == token, CodeRow.kind == CodeKind.QUOTATION.value)
    row = (await session.execute(_quotations(session).where(is_its))).first()
    if row is None:
        return None
    view = _view(session, row)
    sight = sight_of(
        view.state,
        named_id=view.customer_id if view.is_named else None,
        taker_id=view.customer_id,
        is_revoked=view.is_revoked,
        viewer_id=actor.customer_id if actor.is_customer else None,
    )
    return Opened(sight, view if sight is QuotationSight.SHOWN else None)


async def lines_of(session: BrandSession, quotation_ids: Collection[UUID]) -> dict[UUID, list[QuotationLineView]]:
    """The lines of each quotation, whoever asks: only who sees a quotation asks for its lines. One statement."""
    found: dict[UUID, list[QuotationLineView]] = {quotation_id: [] for quotation_id in quotation_ids}
    if not found:
        return found
    rows = await session.execute(
        sa.select(
            QuotationLineRow.quotation_id,
            QuotationLineRow.sku_id,
            QuotationLineRow.product_id,
            QuotationLineRow.title,
            QuotationLineRow.sku_name,
            QuotationLineRow.quantity,
            QuotationLineRow.unit_price_minor,
            ProductRow.cover_url,
        )
        .join(
            ProductRow,
            sa.and_(ProductRow.brand_id == session.brand_id, ProductRow.id == QuotationLineRow.product_id),
        )
        .where(QuotationLineRow.brand_id == session.brand_id, QuotationLineRow.quotation_id.in_(list(found)))
        .order_by(QuotationLineRow.quotation_id, QuotationLineRow.position)
    )
    for row in rows:
        found[row[0]].append(QuotationLineView(*row[1:]))
    return found


def _scope(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """A customer's are those made out to him and those that became orders of his."""
    if not actor.is_customer:
        return _of_staff(session, actor)
    own = actor.customer_id
    return sa.or_(QuotationRow.customer_id == own, OrderRow.customer_id == own)


def _of_staff(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """None: the actor is no employee. A branch's are those of the guides who are in it now."""
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    own = QuotationRow.guide_id == actor.employee_id
    if actor.role != Role.MANAGER or not actor.branch:
        return own
    guides = (
        sa.select(EmployeeRow.id)
        .outerjoin(StoreRow, sa.and_(StoreRow.brand_id == session.brand_id, StoreRow.id == EmployeeRow.store_id))
        .join(
            OrgUnitRow,
            sa.and_(
                OrgUnitRow.brand_id == session.brand_id,
                OrgUnitRow.id == sa.func.coalesce(StoreRow.org_unit_id, EmployeeRow.org_unit_id),
            ),
        )
        .where(
            EmployeeRow.brand_id == session.brand_id,
            OrgUnitRow.path.startswith(actor.branch, autoescape=True),
        )
    )
    return sa.or_(own, QuotationRow.guide_id.in_(guides))


def _in_states(session: BrandSession, states: Sequence[QuotationState] | None) -> list[sa.ColumnElement[bool]]:
    """Those in one of these states now: an open one whose time is over counts as EXPIRED."""
    if not states:
        return []
    is_open, is_over = QuotationRow.state == QuotationState.OPEN.value, QuotationRow.expires_at <= session.now
    ways: list[sa.ColumnElement[bool]] = []
    for state in sorted(set(states)):
        match state:
            case QuotationState.OPEN:
                ways.append(sa.and_(is_open, ~is_over))
            case QuotationState.EXPIRED:
                ways.append(sa.and_(is_open, is_over))
            case _:
                ways.append(QuotationRow.state == state.value)
    return [sa.or_(*ways)]


def _quotations(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    brand_id = session.brand_id
    return (
        sa.select(
            QuotationRow.id,
            QuotationRow.guide_id,
            QuotationRow.shop_id,
            QuotationRow.code_id,
            QuotationRow.customer_id.label("named_id"),
            QuotationRow.state,
            QuotationRow.subtotal_minor,
            QuotationRow.note,
            QuotationRow.created_at,
            QuotationRow.expires_at,
            QuotationRow.ended_at,
            QuotationRow.order_id,
            EmployeeRow.display_name,
            EmployeeRow.title,
            EmployeeRow.avatar_url,
            ShopRow.slug,
            CodeRow.token,
            CodeRow.revoked_at,
            OrderRow.number,
            CustomerRow.id.label("customer_id"),
            CustomerRow.name,
            CustomerRow.phone,
        )
        .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == brand_id, EmployeeRow.id == QuotationRow.guide_id))
        .join(ShopRow, sa.and_(ShopRow.brand_id == brand_id, ShopRow.id == QuotationRow.shop_id))
        .join(CodeRow, sa.and_(CodeRow.brand_id == brand_id, CodeRow.id == QuotationRow.code_id))
        .outerjoin(OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == QuotationRow.order_id))
        .outerjoin(
            CustomerRow,
            sa.and_(
                CustomerRow.brand_id == brand_id,
                CustomerRow.id == sa.func.coalesce(QuotationRow.customer_id, OrderRow.customer_id),
            ),
        )
        .where(QuotationRow.brand_id == brand_id)
    )


def _view(session: BrandSession, row: Any) -> QuotationView:
    customer = None if row.customer_id is None else _Customer(row.customer_id, session.brand_id, row.name, row.phone)
    return QuotationView(
        id=row.id,
        guide_id=row.guide_id,
        guide_name=row.display_name,
        guide_title=row.title,
        guide_avatar_url=row.avatar_url,
        shop_id=row.shop_id,
        shop_slug=row.slug,
        code_id=row.code_id,
        token=row.token,
        is_revoked=row.revoked_at is not None,
        is_named=row.named_id is not None,
        customer_id=row.customer_id,
        customer_name=None if customer is None else profiles.display_name(session.vault, customer),
        state=state_now(QuotationState(row.state), expires_at=row.expires_at, now=session.now),
        subtotal_minor=row.subtotal_minor,
        note=session.vault.open(session.brand_id, NOTE, row.note),
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        order_id=row.order_id,
        order_number=row.number,
    )
