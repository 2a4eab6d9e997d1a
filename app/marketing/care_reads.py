"""Reads of care tasks: those of the customers whom somebody serves, with the words to open with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.customers import profiles
from app.customers import reads as customers
from app.customers.models import BindingHeadRow, CustomerRow
from app.employees.models import EmployeeRow, StoreRow
from app.marketing import codes
from app.marketing.care_models import CareTaskRow
from app.marketing.care_tasks import NOTE
from app.marketing.coupon_rules import state_now
from app.marketing.material_rules import fill_script
from app.marketing.models import CodeRow, CouponRow, CouponTemplateRow
from app.marketing.values import CareReason, CareState, CouponState, ScriptFacts
from app.platform import clock, messages
from app.platform.actor import Actor
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class CareTaskView:
    """A task. `customer_name` is masked. `words`: what to open with, headquarters' where the template has a script."""

    id: UUID
    reason: CareReason
    state: CareState
    customer_id: UUID
    customer_name: str
    coupon_id: UUID
    coupon_title: str
    coupon_state: CouponState
    words: str
    due_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    note: str | None


async def task_page(
    session: BrandSession,
    actor: Actor,
    *,
    state: CareState | None,
    base_url: str,
    limit: int,
    served_by: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> list[CareTaskView]:
    """Tasks for customers whom the actor may see whole, the most urgent first; an open one is over with its coupon.

    `served_by`: only those of this guide's customers. `after`: (due_at, id) of the last row. One statement at most.
    """
    scope = _scope(session, actor)
    if scope is None:
        return []
    statement = _tasks(session, scope).order_by(CareTaskRow.due_at, CareTaskRow.id).limit(limit)
    if state is not None:
        statement = statement.where(CareTaskRow.state == state.value)
    if state is CareState.OPEN:
        statement = statement.where(CareTaskRow.due_at > session.now, CouponTemplateRow.revoked_at.is_(None))
    if served_by is not None:
        statement = statement.where(BindingHeadRow.guide_id == served_by, customers.is_live(session.now))
    if after is not None:
        statement = statement.where(
            sa.tuple_(CareTaskRow.due_at, CareTaskRow.id)
            > sa.tuple_(sa.literal(after[0], sa.DateTime(timezone=True)), sa.literal(after[1], sa.Uuid()))
        )
    return [_view(session, row, base_url) for row in await session.execute(statement)]


async def tasks_by_id(
    session: BrandSession, actor: Actor, task_ids: Collection[UUID], *, base_url: str
) -> dict[UUID, CareTaskView]:
    """Those of these tasks whose customer the actor may see whole. One statement, none for no ids."""
    scope = _scope(session, actor)
    if scope is None or not task_ids:
        return {}
    rows = await session.execute(_tasks(session, scope).where(CareTaskRow.id.in_(sorted(task_ids))))
    return {row.id: _view(session, row, base_url) for row in rows}


def _scope(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """The customers whom the actor may see whole, as a condition; None: nobody."""
    return customers.visible_scope(session, actor) if actor.is_employee else None


def _tasks(session: BrandSession, scope: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    code, guide, store = aliased(CodeRow), aliased(EmployeeRow), aliased(StoreRow)
    return (
        sa.select(
            CareTaskRow.id,
            CareTaskRow.brand_id,
            CareTaskRow.reason,
            CareTaskRow.state,
            CareTaskRow.customer_id,
            CareTaskRow.coupon_id,
            CareTaskRow.due_at,
            CareTaskRow.opened_at,
            CareTaskRow.closed_at,
            CareTaskRow.note,
            CustomerRow.name,
            CustomerRow.phone,
            CouponRow.state.label("coupon_state"),
            CouponRow.expires_at,
            CouponTemplateRow.title,
            CouponTemplateRow.care_script,
            CouponTemplateRow.revoked_at,
            guide.display_name.label("guide"),
            store.name.label("store"),
            code.token,
        )
        .join(CustomerRow, sa.and_(CustomerRow.brand_id == session.brand_id, CustomerRow.id == CareTaskRow.customer_id))
        .join(CouponRow, sa.and_(CouponRow.brand_id == session.brand_id, CouponRow.id == CareTaskRow.coupon_id))
        .join(
            CouponTemplateRow,
            sa.and_(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == CouponRow.template_id),
        )
        .outerjoin(BindingHeadRow, customers.head_of_customer())
        .outerjoin(guide, sa.and_(guide.brand_id == session.brand_id, guide.id == BindingHeadRow.guide_id))
        .outerjoin(store, sa.and_(store.brand_id == session.brand_id, store.id == BindingHeadRow.store_id))
        .outerjoin(
            code,
            sa.and_(code.brand_id == session.brand_id, code.guide_id == BindingHeadRow.guide_id, code.is_personal),
        )
        .where(CareTaskRow.brand_id == session.brand_id, scope)
    )


def _view(session: BrandSession, row: Any, base_url: str) -> CareTaskView:
    name = profiles.display_name(session.vault, row)
    return CareTaskView(
        id=row.id,
        reason=CareReason(row.reason),
        state=CareState(row.state),
        customer_id=row.customer_id,
        customer_name=name,
        coupon_id=row.coupon_id,
        coupon_title=row.title,
        coupon_state=state_now(
            CouponState(row.coupon_state),
            expires_at=row.expires_at,
            is_template_revoked=row.revoked_at is not None,
            now=session.now,
        ),
        words=_words(session, row, name, base_url),
        due_at=row.due_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        note=session.vault.open(session.brand_id, NOTE, row.note),
    )


def _words(session: BrandSession, row: Any, name: str, base_url: str) -> str:
    link = "" if row.token is None else codes.link_of(row.token, base_url)
    if row.care_script is not None:
        facts = ScriptFacts(
            guide=row.guide or session.brand.name, store=row.store or session.brand.name, customer=name, link=link
        )
        return fill_script(row.care_script, facts)
    day = clock.business_day(row.expires_at, session.brand.time_zone)
    return messages.text("care_words", customer=name, title=row.title, day=day, link=link).strip()
