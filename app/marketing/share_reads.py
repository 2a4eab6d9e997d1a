"""Reads of shares and of what became of them, told by the touchpoints of their codes. Each is one statement."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.customers.models import BindingRow, CustomerRow, TouchpointRow, VisitorRow
from app.customers.values import TouchpointKind
from app.marketing import material_reads
from app.marketing.material_reads import MaterialView
from app.marketing.models import CodeRow, MaterialReadingRow, MaterialRow, MaterialVersionRow, ShareRow
from app.marketing.shares import SHARE_TEXT
from app.marketing.values import Channel
from app.platform.db import BrandSession

MOST_OPENERS = 100
"""People whom the trail of one share names, those who opened it last."""


@dataclass(frozen=True, slots=True)
class ShareView:
    """A share with the version of the material that it was made of, and its code."""

    share_id: UUID
    guide_id: UUID
    material: MaterialView
    code_id: UUID
    token: str
    is_revoked: bool
    channel: Channel
    customer_id: UUID | None
    text: str | None
    shared_at: datetime


@dataclass(frozen=True, slots=True)
class ShareFigures:
    """What the touchpoints of a code tell. A visitor joined to a customer counts as the customer.

    `new_customers`: those who signed in, and whose first touchpoint of all is one of this code. `bound`: bindings that
    one of its touchpoints began. `reading_seconds`: how long its pages were read in all.
    """

    opens: int = 0
    visitors: int = 0
    last_opened_at: datetime | None = None
    reading_seconds: int = 0
    new_customers: int = 0
    bound: int = 0


@dataclass(frozen=True, slots=True)
class Opener:
    """Somebody who opened a share. `customer_id` None: a visitor whom nobody knows yet."""

    person_id: UUID
    customer_id: UUID | None
    opens: int
    first_opened_at: datetime
    last_opened_at: datetime
    reading_seconds: int
    is_new: bool
    is_bound: bool


NO_FIGURES = ShareFigures()


async def page(session: BrandSession, *, guide_id: UUID, limit: int, after: UUID | None = None) -> list[ShareView]:
    """A guide's shares, the latest first. `after`: the last id read."""
    listed = _shares(session).where(ShareRow.guide_id == guide_id).order_by(ShareRow.id.desc()).limit(limit)
    if after is not None:
        listed = listed.where(ShareRow.id < after)
    return [_view(session, row) for row in await session.execute(listed)]


async def count(session: BrandSession, *, guide_id: UUID) -> int:
    """How many shares a guide has made."""
    found = await session.execute(
        sa.select(sa.func.count(ShareRow.id)).where(
            ShareRow.brand_id == session.brand_id, ShareRow.guide_id == guide_id
        )
    )
    return int(found.scalar_one())


async def by_id(session: BrandSession, share_ids: Iterable[UUID]) -> dict[UUID, ShareView]:
    """These shares, without a row scope of its own."""
    wanted = list(set(share_ids))
    if not wanted:
        return {}
    rows = await session.execute(_shares(session).where(ShareRow.id.in_(wanted)))
    return {row.share_id: _view(session, row) for row in rows}


async def figures_of_codes(session: BrandSession, code_ids: Collection[UUID]) -> dict[UUID, ShareFigures]:
    """What became of these codes; one that nobody opened is left out (NO_FIGURES)."""
    if not code_ids:
        return {}
    touch = _touches(session, code_ids)
    rows = await session.execute(
        sa.select(
            touch.c.code_id,
            sa.func.count(),
            sa.func.count(touch.c.person_id.distinct()),
            sa.func.max(touch.c.occurred_at),
            sa.cast(sa.func.sum(touch.c.seconds), sa.BigInteger),
            sa.func.count(touch.c.customer_id.distinct()).filter(touch.c.is_first),
            sa.cast(sa.func.sum(touch.c.bound), sa.BigInteger),
        ).group_by(touch.c.code_id)
    )
    return {row[0]: ShareFigures(*row[1:]) for row in rows}


async def openers_of_codes(session: BrandSession, code_ids: Collection[UUID]) -> dict[UUID, list[Opener]]:
    """Who opened each of these codes, the last first, at most 100 a code."""
    found: dict[UUID, list[Opener]] = {code_id: [] for code_id in code_ids}
    if not found:
        return found
    touch = _touches(session, code_ids)
    last = sa.func.max(touch.c.occurred_at)
    person = (
        sa.select(
            touch.c.code_id,
            touch.c.person_id,
            touch.c.customer_id,
            sa.func.count().label("opens"),
            sa.func.min(touch.c.occurred_at).label("first_at"),
            last.label("last_at"),
            sa.cast(sa.func.sum(touch.c.seconds), sa.BigInteger).label("seconds"),
            sa.func.bool_or(touch.c.is_first).label("is_new"),
            (sa.func.sum(touch.c.bound) > 0).label("is_bound"),
            sa.func.row_number()
            .over(partition_by=touch.c.code_id, order_by=(last.desc(), touch.c.person_id))
            .label("place"),
        )
        .group_by(touch.c.code_id, touch.c.person_id, touch.c.customer_id)
        .subquery("person")
    )
    rows = await session.execute(
        sa.select(person).where(person.c.place <= MOST_OPENERS).order_by(person.c.code_id, person.c.place)
    )
    for row in rows:
        found[row.code_id].append(
            Opener(
                row.person_id,
                row.customer_id,
                row.opens,
                row.first_at,
                row.last_at,
                row.seconds,
                bool(row.is_new),
                bool(row.is_bound),
            )
        )
    return found


def _shares(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ShareRow.id.label("share_id"),
            ShareRow.guide_id,
            ShareRow.code_id,
            ShareRow.channel,
            ShareRow.customer_id,
            ShareRow.text.label("sealed_text"),
            ShareRow.shared_at,
            CodeRow.token,
            CodeRow.revoked_at,
            *material_reads.columns(),
        )
        .join(CodeRow, sa.and_(CodeRow.brand_id == ShareRow.brand_id, CodeRow.id == ShareRow.code_id))
        .join(MaterialRow, sa.and_(MaterialRow.brand_id == ShareRow.brand_id, MaterialRow.id == ShareRow.material_id))
        .join(
            MaterialVersionRow,
            sa.and_(
                MaterialVersionRow.brand_id == ShareRow.brand_id,
                MaterialVersionRow.material_id == ShareRow.material_id,
                MaterialVersionRow.version == ShareRow.version,
            ),
        )
        .where(ShareRow.brand_id == session.brand_id)
    )


def _view(session: BrandSession, row: Any) -> ShareView:
    return ShareView(
        share_id=row.share_id,
        guide_id=row.guide_id,
        material=material_reads.view_of(row),
        code_id=row.code_id,
        token=row.token,
        is_revoked=row.revoked_at is not None,
        channel=Channel(row.channel),
        customer_id=row.customer_id,
        text=session.vault.open(session.brand_id, SHARE_TEXT, row.sealed_text),
        shared_at=row.shared_at,
    )


def _touches(session: BrandSession, code_ids: Collection[UUID]) -> sa.Subquery:
    """The openings by these codes: person, customer, seconds read, whether it was a new customer's first touch of all,
    and how many bindings it began."""
    customer_id = sa.func.coalesce(TouchpointRow.customer_id, VisitorRow.customer_id)
    bound = (
        sa.select(sa.func.count())
        .where(
            BindingRow.brand_id == session.brand_id,
            BindingRow.customer_id == customer_id,
            BindingRow.touchpoint_id == TouchpointRow.id,
        )
        .correlate(TouchpointRow, VisitorRow)
        .scalar_subquery()
    )
    signed_in = (
        sa.exists()
        .where(
            CustomerRow.brand_id == session.brand_id,
            CustomerRow.id == customer_id,
            CustomerRow.first_sign_in_at.is_not(None),
        )
        .correlate(TouchpointRow, VisitorRow)
    )
    return (
        sa.select(
            TouchpointRow.code_id,
            TouchpointRow.occurred_at,
            customer_id.label("customer_id"),
            sa.func.coalesce(customer_id, TouchpointRow.visitor_id).label("person_id"),
            sa.func.coalesce(MaterialReadingRow.seconds, 0).label("seconds"),
            bound.label("bound"),
            sa.and_(customer_id.is_not(None), signed_in, ~_touched_before(session, customer_id)).label("is_first"),
        )
        .outerjoin(
            VisitorRow,
            sa.and_(VisitorRow.brand_id == TouchpointRow.brand_id, VisitorRow.id == TouchpointRow.visitor_id),
        )
        .outerjoin(
            MaterialReadingRow,
            sa.and_(
                MaterialReadingRow.brand_id == TouchpointRow.brand_id,
                MaterialReadingRow.touchpoint_id == TouchpointRow.id,
            ),
        )
        .where(
            TouchpointRow.brand_id == session.brand_id,
            # One array, however many they are: a statement has room for 32,767 parameters.
            TouchpointRow.code_id == sa.any_(sa.cast(list(code_ids), ARRAY(sa.Uuid()))),
            TouchpointRow.kind == TouchpointKind.SCAN.value,
        )
        .subquery("touch")
    )


def _touched_before(session: BrandSession, customer_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether the customer, or a visitor joined to the customer, had touched anything earlier."""
    own, others, browser = aliased(TouchpointRow), aliased(TouchpointRow), aliased(VisitorRow)
    by_self = (
        sa.exists()
        .where(own.brand_id == session.brand_id, own.customer_id == customer_id, own.id < TouchpointRow.id)
        .correlate(TouchpointRow, VisitorRow)
    )
    by_browser = (
        sa.select(browser.id)
        .join(others, sa.and_(others.brand_id == browser.brand_id, others.visitor_id == browser.id))
        .where(
            browser.brand_id == session.brand_id,
            others.brand_id == session.brand_id,
            browser.customer_id == customer_id,
            others.customer_id.is_(None),
            others.id < TouchpointRow.id,
        )
        .correlate(TouchpointRow, VisitorRow)
        .exists()
    )
    return sa.or_(by_self, by_browser)
