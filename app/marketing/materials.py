"""Materials of the toolbox (营销百宝箱): headquarters makes, changes and withdraws them.

What a material says is a row a version, and versions are never changed. Whom it is for stands beside them and may
change without a new version.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees.values import StaffAudience, StaffFunction
from app.marketing import material_rules as rules
from app.marketing.models import MaterialRow, MaterialVersionRow
from app.marketing.values import MaterialContent, MaterialKind
from app.platform import media, texts
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound, WrongState
from app.products.models import ProductRow
from app.products.values import KEEP, Kept

WITHDRAWN = "WITHDRAWN"


def may_make(actor: Actor) -> bool:
    """Whether the actor fills the toolbox: headquarters, the owner, and whoever does promotion."""
    if actor.kind is ActorKind.SYSTEM:
        return True
    return actor.is_employee and (actor.sees_whole_brand or StaffFunction.PROMOTION in actor.functions)


async def create(
    session: BrandSession,
    actor: Actor,
    *,
    kind: MaterialKind,
    content: MaterialContent,
    audience: StaffAudience | None = None,
    now: datetime,
) -> UUID:
    """Make a material in its first version. `audience` as `audiences.checked` gives it; None: everybody.

    Title: 1 to 100 characters; body up to 20,000; script up to 500 with {guide} {store} {customer} {link}; up to 20
    attachments and 20 products. Raises: Forbidden, InvalidInput.
    """
    _makers_only(actor)
    kept = await _checked(session, content)
    material_id = session.new_id()
    await session.execute(
        sa.insert(MaterialRow).values(
            brand_id=session.brand_id,
            id=material_id,
            kind=kind.value,
            version=1,
            **_kept_audience(audience or StaffAudience()),
            created_at=now,
            withdrawn_at=None,
            withdrawn_by=None,
        )
    )
    await _write_version(session, actor, material_id=material_id, version=1, content=kept, now=now)
    return material_id


async def update(
    session: BrandSession,
    actor: Actor,
    *,
    material_id: UUID,
    title: str | None = None,
    body: str | Kept | None = KEEP,
    cover_url: str | Kept | None = KEEP,
    attachment_urls: tuple[str, ...] | None = None,
    script: str | Kept | None = KEEP,
    product_ids: tuple[UUID, ...] | None = None,
    audience: StaffAudience | None = None,
    now: datetime,
) -> int:
    """Change a material; gives its version now. What is said differently makes a new version, anything else none.

    A title, list or audience of None stays; KEEP leaves a text as it is, None empties it. Shares keep the version that
    they were made of, and pages show the newest. Raises: Forbidden, InvalidInput, NotFound, WrongState (withdrawn).
    """
    _makers_only(actor)
    version, is_withdrawn = await _lock(session, material_id)
    if is_withdrawn:
        raise WrongState(WITHDRAWN, path=("materialId",))
    before = await _content(session, material_id=material_id, version=version)
    wanted = await _checked(
        session,
        MaterialContent(
            title=before.title if title is None else title,
            body=before.body if body is KEEP else body,
            cover_url=before.cover_url if cover_url is KEEP else cover_url,
            attachment_urls=before.attachment_urls if attachment_urls is None else attachment_urls,
            script=before.script if script is KEEP else script,
            product_ids=before.product_ids if product_ids is None else product_ids,
        ),
    )
    changes: dict[str, Any] = {} if audience is None else _kept_audience(audience)
    if wanted != before:
        version += 1
        changes["version"] = version
        await _write_version(session, actor, material_id=material_id, version=version, content=wanted, now=now)
    if changes:
        await _change(session, material_id, changes)
    return version


async def withdraw(session: BrandSession, actor: Actor, *, material_id: UUID, now: datetime) -> None:
    """End a material: nobody finds or shares it any more, and its pages say so. Done twice it is done once.

    Raises: Forbidden, NotFound.
    """
    _makers_only(actor)
    _, is_withdrawn = await _lock(session, material_id)
    if not is_withdrawn:
        await _change(session, material_id, {"withdrawn_at": now, "withdrawn_by": actor.principal})


def _makers_only(actor: Actor) -> None:
    if not may_make(actor):
        raise Forbidden


async def _lock(session: BrandSession, material_id: UUID) -> tuple[int, bool]:
    """The version, and whether the material is withdrawn. Raises: NotFound."""
    found = await session.execute(
        sa.select(MaterialRow.version, MaterialRow.withdrawn_at)
        .where(MaterialRow.brand_id == session.brand_id, MaterialRow.id == material_id)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("Material", path=("materialId",))
    return row.version, row.withdrawn_at is not None


async def _change(session: BrandSession, material_id: UUID, changes: dict[str, Any]) -> None:
    await session.execute(
        sa.update(MaterialRow)
        .where(MaterialRow.brand_id == session.brand_id, MaterialRow.id == material_id)
        .values(changes)
        .execution_options(synchronize_session=False)
    )


async def _content(session: BrandSession, *, material_id: UUID, version: int) -> MaterialContent:
    row = (
        await session.execute(
            sa.select(
                MaterialVersionRow.title,
                MaterialVersionRow.body,
                MaterialVersionRow.cover_url,
                MaterialVersionRow.attachment_urls,
                MaterialVersionRow.script,
                MaterialVersionRow.product_ids,
            ).where(
                MaterialVersionRow.brand_id == session.brand_id,
                MaterialVersionRow.material_id == material_id,
                MaterialVersionRow.version == version,
            )
        )
    ).one()
    return MaterialContent(
        row.title, row.body, row.cover_url, tuple(row.attachment_urls), row.script, tuple(row.product_ids)
    )


async def _checked(session: BrandSession, content: MaterialContent) -> MaterialContent:
    """The content as it is kept, each product once. One statement where it names products. Raises: InvalidInput."""
    kept = MaterialContent(
        title=texts.line(content.title, "title", longest=rules.LONGEST_TITLE),
        body=texts.optional_block(content.body, "body", longest=rules.LONGEST_BODY),
        cover_url=(content.cover_url or "").strip() or None,
        attachment_urls=tuple(url.strip() for url in content.attachment_urls),
        script=texts.optional_block(content.script, "script", longest=rules.LONGEST_SCRIPT),
        product_ids=tuple(dict.fromkeys(content.product_ids)),
    )
    problem = rules.content_problem(kept)
    if problem is not None:
        raise InvalidInput(problem.key, path=problem.path, **problem.facts)
    attached = [(("attachmentUrls", str(number)), url) for number, url in enumerate(kept.attachment_urls)]
    await media.hold_urls(session, [(("coverUrl",), kept.cover_url), *attached])
    if kept.product_ids:
        known = await session.execute(
            sa.select(sa.func.count())
            .select_from(ProductRow)
            .where(ProductRow.brand_id == session.brand_id, ProductRow.id.in_(kept.product_ids))
        )
        if known.scalar_one() != len(kept.product_ids):
            raise InvalidInput("material_product_unknown", path=("productIds",))
    return kept


async def _write_version(
    session: BrandSession,
    actor: Actor,
    *,
    material_id: UUID,
    version: int,
    content: MaterialContent,
    now: datetime,
) -> None:
    await session.execute(
        sa.insert(MaterialVersionRow).values(
            brand_id=session.brand_id,
            material_id=material_id,
            version=version,
            title=content.title,
            body=content.body,
            cover_url=content.cover_url,
            attachment_urls=list(content.attachment_urls),
            script=content.script,
            product_ids=list(content.product_ids),
            created_at=now,
            created_by=actor.principal,
        )
    )


def _kept_audience(audience: StaffAudience) -> dict[str, Any]:
    return {
        "unit_ids": list(audience.org_unit_ids),
        "roles": [role.value for role in audience.roles],
        "employee_ids": list(audience.employee_ids),
    }
