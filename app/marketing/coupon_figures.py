"""What became of a template's coupons, by organisation unit or guide, live: counted from the coupons themselves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import TouchpointRow
from app.employees.models import EmployeeRow, OrgUnitRow
from app.employees.values import Role
from app.marketing.care_models import CareTaskRow
from app.marketing.models import CouponMoveRow, CouponRow, CouponTransferRow
from app.marketing.values import CareState, CouponEvent, CouponState
from app.platform.actor import Actor
from app.platform.db import BrandSession

MOST_ROWS = 500


class CouponFiguresBy(StrEnum):
    """ORG_UNIT: where the guide worked through whom the coupon came, or the store that serves the customer."""

    ORG_UNIT = "ORG_UNIT"
    GUIDE = "GUIDE"


@dataclass(frozen=True, slots=True)
class CouponFigures:
    """Coupons of one unit or guide; `key` None: of nobody's. `used`: by paid orders or in stores.

    `issued` and `claimed` leave those out that came by a transfer; `shared`: offered to a friend, taken or not.
    `stepped`: of the claimed ones, those whose customer went on: came back, held it in an order, or offered it to a
    friend. `cared`: unused ones that made a care task; `cared_done`: those of them that were done.
    """

    key: UUID | None
    label: str | None
    issued: int
    claimed: int
    shared: int
    stepped: int
    transferred: int
    cared: int
    cared_done: int
    used: int


async def figures(
    session: BrandSession, actor: Actor, *, template_id: UUID, by: CouponFiguresBy
) -> list[CouponFigures]:
    """Rows by claims, the most first, up to 500; a manager's are of the own branch. One statement."""
    unit, guide = OrgUnitRow, EmployeeRow
    key: Any = unit.id if by is CouponFiguresBy.ORG_UNIT else CouponRow.guide_id
    label: Any = unit.name if by is CouponFiguresBy.ORG_UNIT else guide.display_name
    is_first = CouponRow.from_coupon_id.is_(None)
    claimed = sa.func.count().filter(is_first, CouponRow.claimed_at.is_not(None))
    query = (
        sa.select(
            key.label("key"),
            label.label("label"),
            sa.func.count().filter(is_first),
            claimed,
            sa.func.count(CouponTransferRow.id),
            sa.func.count().filter(is_first, CouponRow.claimed_at.is_not(None), _went_on(session)),
            sa.func.count().filter(CouponRow.state == CouponState.TRANSFERRED.value),
            sa.func.count(CareTaskRow.id),
            sa.func.count(CareTaskRow.id).filter(CareTaskRow.state == CareState.DONE.value),
            sa.func.count().filter(CouponRow.state == CouponState.USED.value),
        )
        .select_from(CouponRow)
        .outerjoin(
            CouponTransferRow,
            sa.and_(CouponTransferRow.brand_id == session.brand_id, CouponTransferRow.coupon_id == CouponRow.id),
        )
        .outerjoin(
            CareTaskRow, sa.and_(CareTaskRow.brand_id == session.brand_id, CareTaskRow.coupon_id == CouponRow.id)
        )
        .where(CouponRow.brand_id == session.brand_id, CouponRow.template_id == template_id)
        .group_by(key, label)
        .order_by(claimed.desc(), sa.literal_column("1"))
        .limit(MOST_ROWS)
    )
    if by is CouponFiguresBy.ORG_UNIT:
        query = query.outerjoin(unit, sa.and_(unit.brand_id == session.brand_id, unit.path == CouponRow.branch))
    else:
        query = query.outerjoin(guide, sa.and_(guide.brand_id == session.brand_id, guide.id == CouponRow.guide_id))
    if not actor.sees_whole_brand:
        if actor.role != Role.MANAGER or not actor.branch:
            return []
        query = query.where(CouponRow.branch.startswith(actor.branch, autoescape=True))
    return [CouponFigures(*row) for row in await session.execute(query)]


def _went_on(session: BrandSession) -> sa.ColumnElement[bool]:
    """Whether something followed the claim of a coupon: an offer, an order that held it, a touch of its customer's."""
    ordered = sa.exists().where(
        CouponMoveRow.brand_id == session.brand_id,
        CouponMoveRow.coupon_id == CouponRow.id,
        CouponMoveRow.event == CouponEvent.LOCK.value,
    )
    came_back = sa.exists().where(
        TouchpointRow.brand_id == session.brand_id,
        TouchpointRow.customer_id == CouponRow.customer_id,
        TouchpointRow.occurred_at > CouponRow.claimed_at,
    )
    return sa.or_(CouponTransferRow.id.is_not(None), ordered.correlate(CouponRow), came_back.correlate(CouponRow))
