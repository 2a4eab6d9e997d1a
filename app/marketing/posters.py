"""Posters: a guide asks for one, it is drawn outside any transaction, and only what was read back is shown.

The asking and the picture are two transactions. The first keeps what the poster shows, under a key made of it: the same
template, price, guide and code are the same poster. Whoever asked draws at once; what is still RENDERING when `due_at`
has come, because a process died or the storage was away, is a worker's (`poster_works`).
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.marketing import codes, fonts, material_reads, poster_reads
from app.marketing.fonts import Face
from app.marketing.models import CodeRow
from app.marketing.poster_models import PosterCodeRow, PosterRow
from app.marketing.poster_reads import TemplateVersion
from app.marketing.poster_rules import all_words, content_key, read_layout
from app.marketing.poster_values import Facts, LayerKind, Layout, PosterFailure, PosterState
from app.marketing.values import Channel, CodeKind
from app.platform.actor import Actor
from app.platform.db import BrandSession, TryAgain
from app.platform.errors import InvalidInput, NotFound
from app.platform.money import Money
from app.products import reads, shelf_reads
from app.products.reads import ShopFacts
from app.products.rules import cheapest


@dataclass(frozen=True, slots=True)
class Studio:
    """What a poster needs besides the database: the address that codes lead to, and the fonts."""

    base_url: str
    faces: tuple[Face, ...]


async def request(
    session: BrandSession,
    actor: Actor,
    *,
    template_id: UUID,
    version: int | None = None,
    product_id: UUID | None = None,
    material_id: UUID | None = None,
    studio: Studio,
    due_at: datetime,
    now: datetime,
) -> UUID:
    """The guide's poster of this content: the one that is there, or a new one that is RENDERING.

    `version` None: the template's present one. A poster that FAILED is RENDERING once more. The price is the one that
    the guide's shop shows. A material stands in for the product, but has no price. Raises: InvalidInput (no shop, a
    product and a material, a template that needs a product, a sign in no font), NotFound (template; a product that is
    not published; a material that is withdrawn or not for this guide).
    """
    template = await _template(session, template_id, version)
    layout = read_layout(template.document)
    if actor.shop_id is None or actor.employee_id is None:
        raise InvalidInput("poster_without_shop", path=("templateId",))
    shop = await reads.shop_facts(session, actor.shop_id)
    if shop is None:
        raise InvalidInput("poster_without_shop", path=("templateId",))
    _check_target(layout, product_id, material_id)
    if material_id is None:
        shown = await facts_of(session, shop, product_id=product_id)
    else:
        shown = await _material_facts(session, actor, shop, material_id)
    _check_signs(layout, shown, studio)
    code_id, token = await _code(session, actor, shop, product_id=product_id, material_id=material_id, now=now)
    facts = replace(shown, link=codes.link_of(token, studio.base_url))
    key = content_key(template_id=template.template_id, version=template.version, facts=facts)
    return await _keep(
        session, template, shop.employee_id, code_id, product_id, key=key, facts=facts, due_at=due_at, now=now
    )


async def finish(
    session: BrandSession, *, poster_id: UUID, image_key: str | None = None, failure: PosterFailure | None = None
) -> bool:
    """End the drawing of a poster, with its picture or with why there is none; False when another has ended it."""
    done = await session.execute(
        sa.update(PosterRow)
        .where(
            PosterRow.brand_id == session.brand_id,
            PosterRow.id == poster_id,
            PosterRow.state == PosterState.RENDERING.value,
        )
        .values(
            state=(PosterState.FAILED if image_key is None else PosterState.READY).value,
            image_key=image_key,
            failure=None if image_key is not None else (failure or PosterFailure.FAULT).value,
            ended_at=session.now,
        )
        .returning(PosterRow.id)
        .execution_options(synchronize_session=False)
    )
    return done.scalar_one_or_none() is not None


async def facts_of(session: BrandSession, shop: ShopFacts, *, product_id: UUID | None) -> Facts:
    """What a poster or share card of a shop, or of a product in it, shows; without a link.

    Raises: NotFound for a product that is not published, InvalidInput for one without a variant.
    """
    brand, store = session.brand.name, shop.store_name or shop.store_city or ""
    plain = Facts(brand=brand, guide=shop.display_name, store=store, link="", avatar=shop.avatar_url)
    if product_id is None:
        return plain
    item = await shelf_reads.shelf_item(
        session, shop_id=shop.shop_id, branch=shop.branch, product_id=product_id, has_hidden=True
    )
    if item is None:
        raise NotFound("Product", path=("productId",))
    skus = (await reads.skus_of_products(session, [product_id], branch=shop.branch))[product_id]
    shown = cheapest(skus)
    if shown is None:
        raise InvalidInput("poster_without_price", path=("productId",))
    return replace(
        plain,
        title=item.product.title,
        price=Money(shown.price_minor, session.brand.currency).display,
        is_from=any(sku.price_minor != shown.price_minor for sku in skus),
        cover=item.product.cover_url,
    )


async def _material_facts(session: BrandSession, actor: Actor, shop: ShopFacts, material_id: UUID) -> Facts:
    """What a poster of a material shows: its title and cover as they are now. Raises: NotFound."""
    material = (await material_reads.visible(session, actor, [material_id])).get(material_id)
    if material is None or material.is_withdrawn:
        raise NotFound("Material", path=("materialId",))
    plain = await facts_of(session, shop, product_id=None)
    return replace(plain, title=material.content.title, cover=material.content.cover_url)


async def _template(session: BrandSession, template_id: UUID, version: int | None) -> TemplateVersion:
    if version is None:
        found = await poster_reads.present_version(session, template_id)
    else:
        found = await poster_reads.one_version(session, template_id, version)
    if found is None:
        raise NotFound("PosterTemplate", path=("templateId",))
    return found


def _check_target(layout: Layout, product_id: UUID | None, material_id: UUID | None) -> None:
    """Whether the template can show what it is asked for, and that is one thing. Raises: InvalidInput."""
    if product_id is not None and material_id is not None:
        raise InvalidInput("poster_one_target", path=("materialId",))
    shows_price = any(layer.kind is LayerKind.PRICE for layer in layout.layers)
    if product_id is None and (shows_price or (layout.needs_product and material_id is None)):
        raise InvalidInput("poster_needs_product", path=("productId",))


def _check_signs(layout: Layout, facts: Facts, studio: Studio) -> None:
    """Whether the fonts have every sign of the poster: none is drawn as an empty box. Raises: InvalidInput."""
    missing = fonts.missing_signs(all_words(layout, facts), studio.faces)
    if missing:
        raise InvalidInput("poster_sign_missing", path=("templateId",), signs=" ".join(missing[:10]))


async def _code(
    session: BrandSession,
    actor: Actor,
    shop: ShopFacts,
    *,
    product_id: UUID | None,
    material_id: UUID | None,
    now: datetime,
) -> tuple[UUID, str]:
    """The code that the guide's posters of this target carry, made at the first one and after one was revoked."""
    kind, target_id = CodeKind.SHOP, shop.shop_id
    if product_id is not None:
        kind, target_id = CodeKind.PRODUCT, product_id
    elif material_id is not None:
        kind, target_id = CodeKind.MATERIAL, material_id
    its = (
        PosterCodeRow.brand_id == session.brand_id,
        PosterCodeRow.guide_id == shop.employee_id,
        PosterCodeRow.kind == kind.value,
        PosterCodeRow.target_id == target_id,
    )
    row = (
        await session.execute(
            sa.select(CodeRow.id, CodeRow.token, CodeRow.revoked_at)
            .join(
                PosterCodeRow,
                sa.and_(PosterCodeRow.brand_id == CodeRow.brand_id, PosterCodeRow.code_id == CodeRow.id),
            )
            .where(CodeRow.brand_id == session.brand_id, *its)
            .with_for_update(of=PosterCodeRow)
        )
    ).first()
    if row is not None and row.revoked_at is None:
        return row.id, row.token
    made = await codes.create_code(session, actor, kind=kind, target_id=target_id, channel=Channel.POSTER, now=now)
    if row is not None:
        await session.execute(
            sa.update(PosterCodeRow)
            .where(*its)
            .values(code_id=made.code_id)
            .execution_options(synchronize_session=False)
        )
        return made.code_id, made.token
    kept = await session.execute(
        insert(PosterCodeRow)
        .values(
            brand_id=session.brand_id,
            guide_id=shop.employee_id,
            kind=kind.value,
            target_id=target_id,
            code_id=made.code_id,
        )
        .on_conflict_do_nothing()
        .returning(PosterCodeRow.code_id)
    )
    if kept.scalar_one_or_none() is None:
        # Another request made the first code at this moment: begin anew and find it.
        raise TryAgain
    return made.code_id, made.token


async def _keep(
    session: BrandSession,
    template: TemplateVersion,
    guide_id: UUID,
    code_id: UUID,
    product_id: UUID | None,
    *,
    key: str,
    facts: Facts,
    due_at: datetime,
    now: datetime,
) -> UUID:
    made = await session.execute(
        insert(PosterRow)
        .values(
            brand_id=session.brand_id,
            id=session.new_id(),
            template_id=template.template_id,
            template_version=template.version,
            guide_id=guide_id,
            code_id=code_id,
            product_id=product_id,
            content_key=key,
            facts=asdict(facts),
            state=PosterState.RENDERING.value,
            failure=None,
            image_key=None,
            tries=0,
            due_at=due_at,
            created_at=now,
            ended_at=None,
        )
        .on_conflict_do_nothing(index_elements=["brand_id", "content_key"])
        .returning(PosterRow.id)
    )
    poster_id = made.scalar_one_or_none()
    if poster_id is not None:
        return poster_id
    its = (PosterRow.brand_id == session.brand_id, PosterRow.content_key == key)
    await session.execute(
        sa.update(PosterRow)
        .where(*its, PosterRow.state == PosterState.FAILED.value)
        .values(state=PosterState.RENDERING.value, failure=None, ended_at=None, tries=0, due_at=due_at)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(sa.select(PosterRow.id).where(*its))).scalar_one()
