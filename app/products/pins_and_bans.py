"""What headquarters decides for the shelves of a branch or of all shops: pinned, forbidden, no words of guides' own.

A decision never changes; it is ended, and another is made. What it does to shelves is in `branch_decisions`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.products import arrangement_rules, versions
from app.products.branch_decisions import AT_BRANCH, IS_IN_FORCE
from app.products.guards import is_promoter, promoters_only, refuse
from app.products.models import ProductRow
from app.products.shelf_models import ShelfRuleRow
from app.products.values import ShelfRuleKind


@dataclass(frozen=True, slots=True)
class ShelfRule:
    """A decision. `org_unit_id` None: for all shops; `ends_at` None: until it is ended."""

    rule_id: UUID
    kind: ShelfRuleKind
    org_unit_id: UUID | None
    unit_name: str | None
    product_id: UUID | None
    product_title: str | None
    position: int | None
    reason: str | None
    starts_at: datetime
    ends_at: datetime | None


def may_decide(actor: Actor) -> bool:
    """Whether the actor decides for all shops: promotion, headquarters and the owner do."""
    return is_promoter(actor)


async def decide(
    session: BrandSession,
    actor: Actor,
    *,
    kind: ShelfRuleKind,
    product_id: UUID | None = None,
    org_unit_id: UUID | None = None,
    position: int | None = None,
    reason: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    now: datetime,
) -> UUID:
    """Decide for shelves of a unit and all below it, or of all shops, from `starts_at` (None: now) on.

    Gives the decision's id. `position`: of a pin, 1 to 99, the lowest first. `reason`: up to 100 characters; what
    takes something away says why. At most 200 decisions that have not ended. Raises: Forbidden, InvalidInput, NotFound
    (the unit, the product).
    """
    promoters_only(actor)
    why = texts.optional_line(reason, "reason", longest=arrangement_rules.LONGEST_REASON)
    refuse(arrangement_rules.check_rule(kind, product_id=product_id, position=position, reason=why))
    begins = now if starts_at is None else starts_at
    if ends_at is not None and ends_at <= max(begins, now):
        raise InvalidInput("price_list_period", path=("endsAt",))
    await _check_named(session, product_id, org_unit_id)
    # Whoever decides at the same time waits here, so that the limit holds.
    await versions.touch_catalogue(session)
    live = await session.scalar(
        sa.select(sa.func.count())
        .select_from(ShelfRuleRow)
        .where(ShelfRuleRow.brand_id == session.brand_id, sa.not_(_is_over(now)))
    )
    if (live or 0) >= arrangement_rules.MOST_RULES:
        raise InvalidInput("shelf_rules", most=arrangement_rules.MOST_RULES)
    rule_id = session.new_id()
    await session.execute(
        sa.insert(ShelfRuleRow).values(
            brand_id=session.brand_id,
            id=rule_id,
            kind=kind.value,
            org_unit_id=org_unit_id,
            product_id=product_id,
            position=position,
            reason=why,
            starts_at=begins,
            ends_at=ends_at,
            created_by=actor.principal,
            created_at=now,
        )
    )
    return rule_id


async def end(session: BrandSession, actor: Actor, *, rule_id: UUID, now: datetime) -> None:
    """Let a decision end now; one that has not begun never does. Raises: Forbidden, NotFound, WrongState (ended)."""
    promoters_only(actor)
    found = await session.execute(
        sa.select(ShelfRuleRow.starts_at, ShelfRuleRow.ends_at)
        .where(ShelfRuleRow.brand_id == session.brand_id, ShelfRuleRow.id == rule_id)
        .with_for_update(key_share=True)
    )
    row = found.first()
    if row is None:
        raise NotFound("shelf rule", path=("ruleId",))
    if row.ends_at is not None and row.ends_at <= max(now, row.starts_at):
        raise WrongState("ENDED", path=("ruleId",))
    await session.execute(
        sa.update(ShelfRuleRow)
        .where(ShelfRuleRow.brand_id == session.brand_id, ShelfRuleRow.id == rule_id)
        .values(ends_at=max(now, row.starts_at))
        .execution_options(synchronize_session=False)
    )
    await versions.touch_catalogue(session)


async def page(
    session: BrandSession, *, is_live: bool = False, limit: int, after: UUID | None = None
) -> list[ShelfRule]:
    """Decisions, the newest first, after the one `after`; `is_live`: that have not ended. One statement."""
    query = _rules(session).order_by(ShelfRuleRow.id.desc()).limit(limit)
    if is_live:
        query = query.where(sa.not_(_is_over(session.now)))
    if after is not None:
        query = query.where(ShelfRuleRow.id < after)
    return [_rule(row) for row in await session.execute(query)]


async def count(session: BrandSession, *, is_live: bool = False) -> int:
    """How many decisions `page` walks through."""
    query = sa.select(sa.func.count()).select_from(ShelfRuleRow).where(ShelfRuleRow.brand_id == session.brand_id)
    if is_live:
        query = query.where(sa.not_(_is_over(session.now)))
    return (await session.execute(query)).scalar_one()


async def rules_by_id(session: BrandSession, ids: Collection[UUID]) -> dict[UUID, ShelfRule]:
    return {
        row.id: _rule(row) for row in await session.execute(_rules(session).where(ShelfRuleRow.id.in_(sorted(ids))))
    }


async def in_force(session: BrandSession, *, branch: str) -> list[ShelfRule]:
    """The decisions that hold for the shelves of a branch now, the newest first. One statement."""
    ids = sa.select(ShelfRuleRow.id).select_from(AT_BRANCH).where(IS_IN_FORCE)
    query = _rules(session).where(ShelfRuleRow.id.in_(ids)).order_by(ShelfRuleRow.id.desc())
    rows = await session.execute(query, {"brand": session.brand_id, "branch": branch, "now": session.now})
    return [_rule(row) for row in rows]


def _rules(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ShelfRuleRow.id,
            ShelfRuleRow.kind,
            ShelfRuleRow.org_unit_id,
            OrgUnitRow.name,
            ShelfRuleRow.product_id,
            ProductRow.title,
            ShelfRuleRow.position,
            ShelfRuleRow.reason,
            ShelfRuleRow.starts_at,
            ShelfRuleRow.ends_at,
        )
        .outerjoin(
            OrgUnitRow, sa.and_(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == ShelfRuleRow.org_unit_id)
        )
        .outerjoin(
            ProductRow, sa.and_(ProductRow.brand_id == session.brand_id, ProductRow.id == ShelfRuleRow.product_id)
        )
        .where(ShelfRuleRow.brand_id == session.brand_id)
    )


def _rule(row: Any) -> ShelfRule:
    return ShelfRule(row[0], ShelfRuleKind(row[1]), *row[2:])


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a decision has ended, or was called off before it began."""
    return sa.and_(
        ShelfRuleRow.ends_at.is_not(None),
        sa.or_(ShelfRuleRow.ends_at <= now, ShelfRuleRow.ends_at <= ShelfRuleRow.starts_at),
    )


async def _check_named(session: BrandSession, product_id: UUID | None, org_unit_id: UUID | None) -> None:
    """Raises: NotFound for a product or unit that the brand does not have."""
    wanted: tuple[tuple[UUID | None, Any, str, str], ...] = (
        (product_id, ProductRow, "product", "productId"),
        (org_unit_id, OrgUnitRow, "unit", "orgUnitId"),
    )
    for one, row, what, path in wanted:
        if one is not None:
            found = await session.execute(sa.select(row.id).where(row.brand_id == session.brand_id, row.id == one))
            if found.first() is None:
                raise NotFound(what, path=(path,))
