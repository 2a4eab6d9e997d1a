"""Posters of the twins: a template of each brand's own, a poster of the guide's, and a batch for everybody."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.marketing import (
    poster_batches,
    poster_layouts,
    poster_reads,
    poster_templates,
    poster_works,
    posters,
    share_cards,
)
from app.marketing.poster_values import PosterFailure
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import reads
from tests import factories

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def ask(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """Headquarters makes a template, the guide asks for a poster, and everybody is to get one."""
    now, ids = session.now, tale.ids
    ids["poster_template"] = await poster_templates.create(
        session, tale.owner, title=f"{tale.mark}海报", document=poster_layouts.PRODUCT, now=now
    )
    ids["poster"] = await posters.request(
        session,
        tale.employee("guide"),
        template_id=ids["poster_template"],
        product_id=ids["product"],
        studio=await poster_works.open_studio(runtime),
        due_at=now,
        now=now,
    )
    ids["poster_batch"] = await poster_batches.start(
        session, tale.owner, template_id=ids["poster_template"], product_id=ids["product"], now=now
    )


async def draw(runtime: Runtime, tale: "Tale") -> None:
    """The worker's part; one template more waits for its preview."""
    await poster_batches.carry_on(runtime, tale.brand)
    await poster_works.draw_due(runtime, tale.brand)
    async with runtime.database.transaction(tale.brand) as session:
        tale.ids["new_template"] = await poster_templates.create(
            session, tale.owner, title=f"{tale.mark}新海报", document=poster_layouts.SHOP, now=session.now
        )


async def facts(session: BrandSession, tale: "Tale") -> Any:
    shop = await reads.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    return await posters.facts_of(session, shop, product_id=tale.ids["product"])


async def work(runtime: Runtime, tale: "Tale") -> None:
    """Everything that changes posters: made, changed, failed, drawn at once, by the worker, and for everybody."""
    studio, ids = await poster_works.open_studio(runtime), tale.ids
    made = []
    async with runtime.database.transaction(tale.brand) as session:
        now = session.now
        template_id = await poster_templates.create(
            session,
            tale.owner,
            title=f"模板{factories.next_number()}",
            document=poster_layouts.SHOP,
            now=now,
        )
        document = poster_layouts.SHOP | {"background": "sunken"}
        await poster_templates.change(session, tale.owner, template_id=template_id, document=document, now=now)
        preview_key = f"{tale.brand.id.hex}/{'0' * 64}.jpg"
        await poster_templates.keep_preview(session, template_id=template_id, version=2, image_key=preview_key)
        for who, due_in in (("guide", 60), ("colleague", 0), ("manager", 60)):
            made.append(
                await posters.request(
                    session,
                    tale.employee(who),
                    template_id=template_id,
                    studio=studio,
                    due_at=now + timedelta(seconds=due_in),
                    now=now,
                )
            )
        await posters.finish(session, poster_id=made[2], failure=PosterFailure.UNREADABLE)
        await poster_batches.start(
            session, tale.owner, template_id=ids["poster_template"], product_id=ids["product"], now=now
        )
    await poster_works.draw_now(runtime, tale.brand, made[0])
    await poster_works.preview(runtime, tale.brand, document)
    assert await poster_works.draw_due(runtime, tale.brand) >= 1
    await poster_batches.carry_on(runtime, tale.brand)
    async with runtime.database.reading(tale.brand) as session:
        shop = await reads.shop_facts(session, ids["shop_of_guide"])
    assert shop is not None
    assert await share_cards.card(runtime, tale.brand, shop=shop, product_id=ids["product"]) is not None


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "poster templates": lambda s, t: poster_reads.template_page(s, limit=50),
    "number of poster templates": lambda s, t: poster_reads.template_count(s),
    "poster templates by id": lambda s, t: poster_reads.templates_by_id(s, [t.ids["poster_template"]]),
    "what a poster template says": lambda s, t: poster_reads.present_version(s, t.ids["poster_template"]),
    "what it said": lambda s, t: poster_reads.one_version(s, t.ids["poster_template"], 1),
    "poster templates without a preview": lambda s, t: poster_reads.without_preview(s, limit=50),
    "posters by id": lambda s, t: poster_reads.posters_by_id(s, [t.ids["poster"]]),
    "posters of a guide": lambda s, t: poster_reads.posters_of_guide(s, t.ids["guide"], limit=50),
    "number of posters of a guide": lambda s, t: poster_reads.count_posters_of_guide(s, t.ids["guide"]),
    "what drawing a poster takes": lambda s, t: poster_reads.work_of(s, t.ids["poster"]),
    "poster batches": lambda s, t: poster_reads.batches_by_id(s, [t.ids["poster_batch"]]),
    "what a poster shows": facts,
}
