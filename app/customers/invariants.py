"""What must hold of touchpoints and bindings at any time: each check is a read that names every row that breaks it."""

from collections.abc import Awaitable, Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from app.customers.models import (
    BindingEndRow,
    BindingHeadRow,
    BindingRenewalRow,
    BindingRow,
    TouchHeadRow,
    TouchpointRow,
)
from app.customers.touchpoints import REPEAT
from app.customers.values import TouchpointKind
from app.platform.db import BrandSession


def _ended() -> sa.ColumnElement[bool]:
    return sa.and_(BindingEndRow.brand_id == BindingRow.brand_id, BindingEndRow.binding_id == BindingRow.id)


async def heads_point_to_live_bindings(session: BrandSession) -> list[str]:
    """A head points to a binding of its customer that has not ended, with the same guide, store and start."""
    rows = await session.execute(
        sa.select(BindingHeadRow.customer_id)
        .outerjoin(
            BindingRow,
            sa.and_(
                BindingRow.brand_id == BindingHeadRow.brand_id,
                BindingRow.id == BindingHeadRow.binding_id,
                BindingRow.customer_id == BindingHeadRow.customer_id,
                BindingRow.guide_id == BindingHeadRow.guide_id,
                BindingRow.store_id.is_not_distinct_from(BindingHeadRow.store_id),
                BindingRow.bound_at == BindingHeadRow.bound_at,
            ),
        )
        .outerjoin(BindingEndRow, _ended())
        .where(
            BindingHeadRow.brand_id == session.brand_id,
            BindingHeadRow.binding_id.is_not(None),
            sa.or_(BindingRow.id.is_(None), BindingEndRow.binding_id.is_not(None)),
        )
    )
    return [f"customer {row.customer_id}: the head does not point to a live binding" for row in rows]


async def bindings_are_live_or_ended(session: BrandSession) -> list[str]:
    """Every binding has ended (the key makes that once), or is the one its customer's head points to."""
    rows = await session.execute(
        sa.select(BindingRow.id)
        .outerjoin(BindingEndRow, _ended())
        .outerjoin(
            BindingHeadRow,
            sa.and_(
                BindingHeadRow.brand_id == BindingRow.brand_id,
                BindingHeadRow.customer_id == BindingRow.customer_id,
                BindingHeadRow.binding_id == BindingRow.id,
            ),
        )
        .where(
            BindingRow.brand_id == session.brand_id,
            BindingEndRow.binding_id.is_(None),
            BindingHeadRow.customer_id.is_(None),
        )
    )
    return [f"binding {row.id}: neither live nor ended" for row in rows]


async def replaced_bindings_ended(session: BrandSession) -> list[str]:
    """What a binding replaces is the same customer's, and ended at the instant the new one began."""
    older = sa.orm.aliased(BindingRow)
    rows = await session.execute(
        sa.select(BindingRow.id)
        .outerjoin(
            older,
            sa.and_(
                older.brand_id == BindingRow.brand_id,
                older.id == BindingRow.replaces_id,
                older.customer_id == BindingRow.customer_id,
            ),
        )
        .outerjoin(
            BindingEndRow,
            sa.and_(
                BindingEndRow.brand_id == BindingRow.brand_id,
                BindingEndRow.binding_id == older.id,
                BindingEndRow.ended_at == BindingRow.bound_at,
            ),
        )
        .where(
            BindingRow.brand_id == session.brand_id,
            BindingRow.replaces_id.is_not(None),
            BindingEndRow.binding_id.is_(None),
        )
    )
    return [f"binding {row.id}: what it replaces did not end with its start" for row in rows]


async def heads_have_the_latest_terms(session: BrandSession) -> list[str]:
    """Protection and end on a head are those of the latest renewal, else of the binding itself."""
    latest = (
        sa.select(BindingRenewalRow.binding_id, BindingRenewalRow.protected_until, BindingRenewalRow.expires_at)
        .ext(distinct_on(BindingRenewalRow.binding_id))
        .where(BindingRenewalRow.brand_id == session.brand_id)
        .order_by(BindingRenewalRow.binding_id, BindingRenewalRow.renewed_at.desc(), BindingRenewalRow.id.desc())
        .subquery("latest")
    )
    is_renewed = latest.c.binding_id.is_not(None)
    protected_until = sa.case((is_renewed, latest.c.protected_until), else_=BindingRow.protected_until)
    expires_at = sa.case((is_renewed, latest.c.expires_at), else_=BindingRow.expires_at)
    rows = await session.execute(
        sa.select(BindingHeadRow.customer_id)
        .join(
            BindingRow,
            sa.and_(BindingRow.brand_id == BindingHeadRow.brand_id, BindingRow.id == BindingHeadRow.binding_id),
        )
        .outerjoin(latest, latest.c.binding_id == BindingRow.id)
        .where(
            BindingHeadRow.brand_id == session.brand_id,
            sa.or_(
                BindingHeadRow.protected_until.is_distinct_from(protected_until),
                BindingHeadRow.expires_at.is_distinct_from(expires_at),
            ),
        )
    )
    return [f"customer {row.customer_id}: the head's terms are not the latest" for row in rows]


async def touch_heads_point_to_touchpoints(session: BrandSession) -> list[str]:
    """A touch head points to a touchpoint of its source, at the same instant."""
    rows = await session.execute(
        sa.select(TouchHeadRow.subject_id, TouchHeadRow.source_id)
        .outerjoin(
            TouchpointRow,
            sa.and_(
                TouchpointRow.brand_id == TouchHeadRow.brand_id,
                TouchpointRow.id == TouchHeadRow.touchpoint_id,
                TouchpointRow.occurred_at == TouchHeadRow.occurred_at,
                sa.func.coalesce(TouchpointRow.code_id, TouchpointRow.shop_id) == TouchHeadRow.source_id,
            ),
        )
        .where(TouchHeadRow.brand_id == session.brand_id, TouchpointRow.id.is_(None))
    )
    return [f"touch head {row.subject_id} at {row.source_id}: no such touchpoint" for row in rows]


async def repeats_are_one_touchpoint(session: BrandSession) -> list[str]:
    """No one has two scans of one code within ten minutes."""
    person = sa.func.coalesce(TouchpointRow.customer_id, TouchpointRow.visitor_id)
    before = sa.func.lag(TouchpointRow.occurred_at).over(
        partition_by=(TouchpointRow.code_id, person), order_by=(TouchpointRow.occurred_at, TouchpointRow.id)
    )
    scan = (
        sa.select(TouchpointRow.id, TouchpointRow.occurred_at, before.label("before"))
        .where(
            TouchpointRow.brand_id == session.brand_id,
            TouchpointRow.kind == TouchpointKind.SCAN.value,
            TouchpointRow.code_id.is_not(None),
        )
        .subquery("scan")
    )
    rows = await session.execute(sa.select(scan.c.id).where(scan.c.before > scan.c.occurred_at - REPEAT))
    return [f"touchpoint {row.id}: repeats another within ten minutes" for row in rows]


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "a head points to its customer's one live binding": heads_point_to_live_bindings,
    "a binding is live or has ended once": bindings_are_live_or_ended,
    "a replaced binding ended when its successor began": replaced_bindings_ended,
    "a head has the latest terms": heads_have_the_latest_terms,
    "a touch head points to its touchpoint": touch_heads_point_to_touchpoints,
    "a repeated scan is one touchpoint": repeats_are_one_touchpoint,
}
