"""What must hold of materials, shares and readings at any time: each check names every row that breaks it."""

from collections.abc import Awaitable, Callable
from typing import Final

import sqlalchemy as sa

from app.customers.models import TouchpointRow
from app.marketing.models import CodeRow, MaterialReadingRow, MaterialRow, MaterialVersionRow, ShareRow
from app.marketing.share_reads import figures_of_codes
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from app.products.models import ProductRow


async def versions_have_no_gap(session: BrandSession) -> list[str]:
    """A material's versions count from 1 to the one that it names."""
    versions = sa.func.count(MaterialVersionRow.version)
    rows = await session.execute(
        sa.select(MaterialRow.id, MaterialRow.version, versions)
        .outerjoin(
            MaterialVersionRow,
            sa.and_(
                MaterialVersionRow.brand_id == MaterialRow.brand_id, MaterialVersionRow.material_id == MaterialRow.id
            ),
        )
        .where(MaterialRow.brand_id == session.brand_id)
        .group_by(MaterialRow.id, MaterialRow.version)
        .having(
            sa.or_(
                versions != MaterialRow.version,
                sa.func.min(MaterialVersionRow.version) != 1,
                sa.func.max(MaterialVersionRow.version) != MaterialRow.version,
            )
        )
        .order_by(MaterialRow.id)
    )
    return [f"material {row[0]}: version {row[1]} of {row[2]}" for row in rows]


async def shares_have_their_code(session: BrandSession) -> list[str]:
    """A share's code is of kind MATERIAL, of the same guide and material, and no personal one."""
    rows = await session.execute(
        sa.select(ShareRow.id)
        .outerjoin(
            CodeRow,
            sa.and_(
                CodeRow.brand_id == ShareRow.brand_id,
                CodeRow.id == ShareRow.code_id,
                CodeRow.kind == CodeKind.MATERIAL.value,
                CodeRow.guide_id == ShareRow.guide_id,
                CodeRow.target_id == ShareRow.material_id,
                CodeRow.shop_id.is_not(None),
                ~CodeRow.is_personal,
            ),
        )
        .where(ShareRow.brand_id == session.brand_id, CodeRow.id.is_(None))
        .order_by(ShareRow.id)
    )
    return [f"share {share_id}: its code is not its own" for share_id in rows.scalars()]


async def openings_are_the_sharers(session: BrandSession) -> list[str]:
    """A touchpoint by a share's code names the guide who shared, or nobody where the code was revoked by then."""
    rows = await session.execute(
        sa.select(TouchpointRow.id)
        .join(ShareRow, sa.and_(ShareRow.brand_id == TouchpointRow.brand_id, ShareRow.code_id == TouchpointRow.code_id))
        .join(CodeRow, sa.and_(CodeRow.brand_id == ShareRow.brand_id, CodeRow.id == ShareRow.code_id))
        .where(
            TouchpointRow.brand_id == session.brand_id,
            ShareRow.brand_id == session.brand_id,
            TouchpointRow.guide_id.is_distinct_from(
                sa.case((CodeRow.revoked_at <= TouchpointRow.occurred_at, None), else_=ShareRow.guide_id)
            ),
        )
        .order_by(TouchpointRow.id)
    )
    return [f"touchpoint {touchpoint_id}: not of the guide who shared" for touchpoint_id in rows.scalars()]


async def figures_equal_touchpoints(session: BrandSession) -> list[str]:
    """The openings that a share shows are all the touchpoints of its code."""
    codes = await session.execute(sa.select(ShareRow.code_id).where(ShareRow.brand_id == session.brand_id))
    told = await figures_of_codes(session, codes.scalars().all())
    rows = await session.execute(
        sa.select(ShareRow.code_id, sa.func.count(), sa.func.max(TouchpointRow.occurred_at))
        .join(
            TouchpointRow,
            sa.and_(TouchpointRow.brand_id == ShareRow.brand_id, TouchpointRow.code_id == ShareRow.code_id),
        )
        .where(ShareRow.brand_id == session.brand_id, TouchpointRow.brand_id == session.brand_id)
        .group_by(ShareRow.code_id)
    )
    touched = {row[0]: (row[1], row[2]) for row in rows}
    shown = {code_id: (figures.opens, figures.last_opened_at) for code_id, figures in told.items()}
    return [
        f"code {code_id}: {shown.get(code_id)} shown, {touched.get(code_id)} touched"
        for code_id in sorted(set(shown) | set(touched))
        if shown.get(code_id) != touched.get(code_id)
    ]


async def readings_are_of_materials(session: BrandSession) -> list[str]:
    """A reading is of a touchpoint by a material's code, and no longer than from its opening to when it was told."""
    open_for = sa.func.extract("epoch", MaterialReadingRow.told_at - TouchpointRow.occurred_at)
    rows = await session.execute(
        sa.select(MaterialReadingRow.touchpoint_id)
        .join(
            TouchpointRow,
            sa.and_(
                TouchpointRow.brand_id == MaterialReadingRow.brand_id,
                TouchpointRow.id == MaterialReadingRow.touchpoint_id,
            ),
        )
        .outerjoin(
            CodeRow,
            sa.and_(
                CodeRow.brand_id == TouchpointRow.brand_id,
                CodeRow.id == TouchpointRow.code_id,
                CodeRow.kind == CodeKind.MATERIAL.value,
            ),
        )
        .where(
            MaterialReadingRow.brand_id == session.brand_id,
            sa.or_(CodeRow.id.is_(None), MaterialReadingRow.seconds > open_for),
        )
        .order_by(MaterialReadingRow.touchpoint_id)
    )
    return [f"touchpoint {touchpoint_id}: cannot have been read so long" for touchpoint_id in rows.scalars()]


async def products_of_materials_exist(session: BrandSession) -> list[str]:
    """Every product that a version names is the brand's own."""
    named = (
        sa.select(
            MaterialVersionRow.material_id,
            MaterialVersionRow.version,
            sa.func.unnest(MaterialVersionRow.product_ids).label("product_id"),
        )
        .where(MaterialVersionRow.brand_id == session.brand_id)
        .subquery("named")
    )
    rows = await session.execute(
        sa.select(named.c.material_id, named.c.version, named.c.product_id)
        .outerjoin(ProductRow, sa.and_(ProductRow.brand_id == session.brand_id, ProductRow.id == named.c.product_id))
        .where(ProductRow.id.is_(None))
        .order_by(named.c.material_id, named.c.version)
    )
    return [f"material {row[0]}, version {row[1]}: no product {row[2]}" for row in rows]


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "a material's versions have no gap": versions_have_no_gap,
    "a share has a code of its own": shares_have_their_code,
    "a share's openings are its guide's": openings_are_the_sharers,
    "a share's figures equal its touchpoints": figures_equal_touchpoints,
    "a reading is of a material, and can be": readings_are_of_materials,
    "a material's products exist": products_of_materials_exist,
}
