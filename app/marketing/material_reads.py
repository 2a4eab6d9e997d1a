"""Reads of materials: the toolbox of whoever asks, and single ones with their newest or an older version."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees import audiences
from app.employees.values import Role, StaffAudience
from app.marketing import materials
from app.marketing.models import MaterialRow, MaterialVersionRow
from app.marketing.values import MaterialContent, MaterialKind
from app.platform.actor import Actor
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True)
class MaterialView:
    """A material in one of its versions. `changed_at`: when the version was made."""

    material_id: UUID
    kind: MaterialKind
    version: int
    content: MaterialContent
    audience: StaffAudience
    changed_at: datetime
    is_withdrawn: bool


async def page(
    session: BrandSession,
    actor: Actor,
    *,
    kinds: Collection[MaterialKind] | None = None,
    with_withdrawn: bool = False,
    limit: int,
    after: UUID | None = None,
) -> list[MaterialView]:
    """Materials that an employee may see, in their newest version, the newest material first; one statement.

    `with_withdrawn`: for whoever fills the toolbox; nobody else sees a withdrawn one. `after`: the last id read.
    """
    listed = _newest(session).where(*_seen(actor, kinds, with_withdrawn=with_withdrawn))
    if after is not None:
        listed = listed.where(MaterialRow.id < after)
    rows = await session.execute(listed.order_by(MaterialRow.id.desc()).limit(limit))
    return [view_of(row) for row in rows]


async def count(
    session: BrandSession,
    actor: Actor,
    *,
    kinds: Collection[MaterialKind] | None = None,
    with_withdrawn: bool = False,
) -> int:
    """How many `page` walks through. One statement."""
    found = await session.execute(
        sa.select(sa.func.count(MaterialRow.id)).where(
            MaterialRow.brand_id == session.brand_id, *_seen(actor, kinds, with_withdrawn=with_withdrawn)
        )
    )
    return int(found.scalar_one())


async def visible(session: BrandSession, actor: Actor, material_ids: Iterable[UUID]) -> dict[UUID, MaterialView]:
    """Those of these materials that the actor may see, in their newest version; one statement, none for customers."""
    wanted = list(set(material_ids))
    if not wanted or not (actor.is_employee or materials.may_make(actor)):
        return {}
    rows = await session.execute(
        _newest(session).where(MaterialRow.id.in_(wanted), *_seen(actor, None, with_withdrawn=True))
    )
    return {row.id: view_of(row) for row in rows}


async def by_id(session: BrandSession, material_id: UUID) -> MaterialView | None:
    """A material in its newest version, withdrawn or not, whoever asks: for the page that a code opens."""
    row = (await session.execute(_newest(session).where(MaterialRow.id == material_id))).one_or_none()
    return None if row is None else view_of(row)


def columns() -> tuple[Any, ...]:
    """What `view_of` needs of the two tables."""
    return (
        MaterialRow.id,
        MaterialRow.kind,
        MaterialRow.unit_ids,
        MaterialRow.roles,
        MaterialRow.employee_ids,
        MaterialRow.withdrawn_at,
        MaterialVersionRow.version,
        MaterialVersionRow.title,
        MaterialVersionRow.body,
        MaterialVersionRow.cover_url,
        MaterialVersionRow.attachment_urls,
        MaterialVersionRow.script,
        MaterialVersionRow.product_ids,
        MaterialVersionRow.created_at.label("changed_at"),
    )


def _newest(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(*columns())
        .join(
            MaterialVersionRow,
            sa.and_(
                MaterialVersionRow.brand_id == MaterialRow.brand_id,
                MaterialVersionRow.material_id == MaterialRow.id,
                MaterialVersionRow.version == MaterialRow.version,
            ),
        )
        .where(MaterialRow.brand_id == session.brand_id, MaterialVersionRow.brand_id == session.brand_id)
    )


def _seen(
    actor: Actor, kinds: Collection[MaterialKind] | None, *, with_withdrawn: bool
) -> list[sa.ColumnElement[bool]]:
    """Whoever fills the toolbox sees all that is in it, anybody else what is for them."""
    is_maker = materials.may_make(actor)
    conditions: list[sa.ColumnElement[bool]] = []
    if not (is_maker and with_withdrawn):
        conditions.append(MaterialRow.withdrawn_at.is_(None))
    if not is_maker:
        conditions.append(
            audiences.includes(
                actor,
                org_unit_ids=MaterialRow.unit_ids,
                roles=MaterialRow.roles,
                employee_ids=MaterialRow.employee_ids,
            )
        )
    if kinds is not None:
        conditions.append(MaterialRow.kind.in_([kind.value for kind in kinds]))
    return conditions


def view_of(row: Any) -> MaterialView:
    return MaterialView(
        material_id=row.id,
        kind=MaterialKind(row.kind),
        version=row.version,
        content=MaterialContent(
            row.title, row.body, row.cover_url, tuple(row.attachment_urls), row.script, tuple(row.product_ids)
        ),
        audience=StaffAudience(tuple(row.unit_ids), tuple(Role(role) for role in row.roles), tuple(row.employee_ids)),
        changed_at=row.changed_at,
        is_withdrawn=row.withdrawn_at is not None,
    )
