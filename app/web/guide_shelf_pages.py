"""The guide's shelf on the phone, without a script: sections, order, words and pictures of one's own."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.platform import media
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, RateLimited, UserFault
from app.platform.idempotency import Result
from app.platform.storage import StorageUnreachable
from app.products import pins_and_bans, shelf, shelf_reads, shelf_sections
from app.products.arrangement_rules import LONGEST_BADGE, LONGEST_SECTION, LONGEST_WORDS, MOST_PICTURES
from app.products.reads import ShopFacts, shop_of_employee
from app.products.shelf_reads import ShelfItem, ShelfKey
from app.products.values import ShelfChange, ShelfRuleKind, ShelfStep
from app.web import answers, forms, uploads, views
from app.web.answers import Refused
from app.web.forms import Form
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from app.web.shop_pages import cursor_of, key_in
from graphql_schema.paging import encode_global_id

PATH: Final = "/guide/shelf"
PAGE_SIZE: Final = 30


async def show_shelf(reader: StaffReader) -> Response:
    """`GET /guide/shelf`: sections, and the products with what can be done to each."""
    return await _shelf_page(reader)


async def arrange(reader: StaffReader) -> Response:
    """`POST /guide/shelf`: `do` moves a product (UP, DOWN, FIRST), or saves or deletes a section."""
    shop = await _shop(reader)
    form = await reader.form()
    what = form.text("do")

    async def act(session: BrandSession) -> Result:
        await _arrange(session, reader, shop, what, form)
        return {}

    body = [what, *(form.text(name) for name in ("product", "section", "name", "position"))]
    done = await reader.change("shelfArrange", act, key=form.text("key"), body=body)
    if isinstance(done, UserFault):
        return await _shelf_page(reader, notice=reader.explain(done), status=422)
    return answers.see(f"{PATH}?saved=yes")


async def show_item(reader: StaffReader) -> Response:
    """`GET /guide/shelf/{product_id}`: where a product stands, and what the guide says of it."""
    return await _item_page(reader)


async def change_item(reader: StaffReader) -> Response:
    """`POST /guide/shelf/{product_id}`: all that the form shows, as it was sent."""
    shop, product_id = await _shop(reader), _product_id(reader)
    form = await reader.form()
    section = form.text("section")
    kept = tuple(form.all("picture"))
    change = ShelfChange(
        is_featured=form.has("featured"),
        is_hidden=form.has("hidden"),
        badge=form.text("badge"),
        section_id=views.id_in(section, "ShelfSection"),
        words=form.text("words"),
        picture_urls=kept,
    )
    if form.has("pinned"):
        # What headquarters pinned has no such box: it stays as it was.
        change = ShelfChange(
            is_featured=change.is_featured,
            badge=change.badge,
            section_id=change.section_id,
            words=change.words,
            picture_urls=kept,
        )
    body = [str(change)]
    return await _changed(reader, shop, product_id, change, key=form.text("key"), body=body, typed=form)


async def add_picture(reader: StaffReader) -> Response:
    """`POST /guide/shelf/{product_id}/picture`, multipart: one more picture of the guide's own."""
    shop, product_id = await _shop(reader), _product_id(reader)
    try:
        data, token = await uploads.read_file(reader.request)
    except HTTPException as refused:
        raise Refused(forms.stale(reader.say, status=refused.status_code)) from None
    base_url = reader.runtime.settings.base_url
    is_ours = uploads.is_ours(reader.runtime, reader.request, token)
    if not is_ours or not forms.is_from_here(reader.request, base_url):
        raise Refused(forms.stale(reader.say))
    try:
        made = await media.accept(reader.runtime, reader.brand, reader.actor, data)
    except (InvalidInput, RateLimited) as fault:
        return await _item_page(reader, errors={"file": reader.explain(fault)}, status=422)
    except StorageUnreachable:
        return await _item_page(reader, errors={"file": reader.say("fault_change")}, status=503)
    item = await _item(reader, shop, product_id)
    change = ShelfChange(picture_urls=(*shelf_reads.picture_urls(item.picture_keys), made.url))
    return await _changed(reader, shop, product_id, change, key=forms.new_key(), body=[made.url])


async def _changed(
    reader: StaffReader,
    shop: ShopFacts,
    product_id: UUID,
    change: ShelfChange,
    *,
    key: str,
    body: list[str],
    typed: Form | None = None,
) -> Response:
    async def act(session: BrandSession) -> Result:
        await shelf.change_item(
            session, reader.actor, shop_id=shop.shop_id, product_id=product_id, change=change, now=session.now
        )
        return {}

    done = await reader.change("shelfItemUpdate", act, key=key, body=[str(product_id), *body])
    if isinstance(done, NotFound):
        raise Refused(_missing(reader))
    if isinstance(done, UserFault):
        field = {"words": "words", "badge": "badge", "pictureUrls": "file", "sectionId": "section"}.get(
            done.path[0] if done.path else "", "words"
        )
        return await _item_page(reader, errors={field: reader.explain(done)}, typed=typed, status=422)
    return answers.see(f"{_item_path(product_id)}?saved=yes")


async def _arrange(session: BrandSession, reader: StaffReader, shop: ShopFacts, what: str, form: Form) -> None:
    actor, now = reader.actor, session.now
    section_id = views.id_in(form.text("section"), "ShelfSection")
    doings: dict[str, Callable[[], Awaitable[Any]]] = {
        "section": lambda: shelf_sections.save(
            session, actor, section_id=section_id, name=form.text("name"), position=form.number("position"), now=now
        )
    }
    if section_id is not None:
        doings["delete"] = lambda: shelf_sections.delete(session, actor, section_id=section_id)
    product_id = views.id_in(form.text("product"), "Product")
    if product_id is not None:
        for step in ShelfStep:
            doings[step.value] = lambda step=step: shelf.move_item(  # type: ignore[misc]
                session, actor, shop_id=shop.shop_id, product_id=product_id, step=step, now=now
            )
    if what not in doings:
        raise NotFound("shelf item")
    await doings[what]()


async def _shelf_page(reader: StaffReader, *, notice: str | None = None, status: int = 200) -> Response:
    shop = await _shop(reader)
    after: ShelfKey | None = key_in(reader.request.query_params.get("after"))
    async with reader.reading() as session:
        sections = await shelf_reads.sections_of_shop(session, shop.shop_id)
        page = await shelf_reads.shelf_page(
            session, shop_id=shop.shop_id, branch=shop.branch, limit=PAGE_SIZE + 1, after=after, has_hidden=True
        )
        rules = await pins_and_bans.in_force(session, branch=shop.branch)
    names = {one.section_id: one.name for one in sections}
    items = page.items[:PAGE_SIZE]
    values = {
        "shop": shop,
        "sections": [
            {"id": encode_global_id("ShelfSection", one.section_id), "name": one.name, "position": one.position}
            for one in sections
        ],
        "items": [_row(item, names) for item in items],
        "total_count": page.total_count,
        "next_href": f"{PATH}?after={cursor_of(items[-1])}" if len(page.items) > PAGE_SIZE else None,
        "bans": [(one.product_title, one.reason) for one in rules if one.kind is ShelfRuleKind.FORBID],
        "is_silent": any(one.kind is ShelfRuleKind.NO_WORDS for one in rules),
        "longest_section": LONGEST_SECTION,
        "saved": reader.request.query_params.get("saved") == "yes",
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("guide_shelf.html", values, status=status)


def _row(item: ShelfItem, names: dict[UUID, str]) -> dict[str, Any]:
    product = item.product
    return {
        "id": encode_global_id("Product", product.product_id),
        "href": _item_path(product.product_id),
        "title": product.title,
        "cover_url": product.cover_url,
        "words": item.words,
        "section": names.get(item.section_id) if item.section_id else None,
        "is_pinned": item.is_pinned,
        "is_featured": item.is_featured,
        "is_hidden": item.is_hidden,
        "taken_down": item.taken_down_reason,
    }


async def _item_page(
    reader: StaffReader, *, errors: dict[str, str] | None = None, typed: Form | None = None, status: int = 200
) -> Response:
    shop, product_id = await _shop(reader), _product_id(reader)
    item = await _item(reader, shop, product_id)
    async with reader.reading() as session:
        sections = await shelf_reads.sections_of_shop(session, shop.shop_id)
    chosen = encode_global_id("ShelfSection", item.section_id) if item.section_id else ""
    values = {
        "item": item,
        "product": item.product,
        "action": _item_path(product_id),
        "pictures": shelf_reads.picture_urls(item.picture_keys),
        "has_room": len(item.picture_keys) < MOST_PICTURES,
        "sections": [("", reader.say("arrange_no_section"))]
        + [(encode_global_id("ShelfSection", one.section_id), one.name) for one in sections],
        "section": chosen if typed is None else typed.text("section"),
        "words": (item.words or "") if typed is None else typed.text("words"),
        "badge": (item.badge or "") if typed is None else typed.text("badge"),
        "longest_words": LONGEST_WORDS,
        "longest_badge": LONGEST_BADGE,
        "saved": reader.request.query_params.get("saved") == "yes",
        "key": forms.new_key(),
        "errors": errors or {},
    }
    return reader.show("guide_shelf_item.html", values, status=status)


async def _shop(reader: StaffReader) -> ShopFacts:
    """The guide's own shop. Raises: Refused for whoever has none."""
    employee_id = require_guide(reader)
    async with reader.reading() as session:
        shop = await shop_of_employee(session, employee_id)
    if shop is None or reader.actor.shop_id != shop.shop_id:
        raise Refused(answers.missing("page", say=reader.say, href="/guide", label=reader.say("today")))
    return shop


async def _item(reader: StaffReader, shop: ShopFacts, product_id: UUID) -> ShelfItem:
    """The product on the guide's shelf. Raises: Refused with the page for a missing one."""
    async with reader.reading() as session:
        item = await shelf_reads.shelf_item(
            session, shop_id=shop.shop_id, branch=shop.branch, product_id=product_id, has_hidden=True
        )
    if item is None:
        raise Refused(_missing(reader))
    return item


def _product_id(reader: StaffReader) -> UUID:
    product_id = views.id_in(reader.request.path_params["product_id"], "Product")
    if product_id is None:
        raise Refused(_missing(reader))
    return product_id


def _item_path(product_id: UUID) -> str:
    return f"{PATH}/{encode_global_id('Product', product_id)}"


def _missing(reader: StaffReader) -> Response:
    return answers.missing("product", say=reader.say, href=PATH, label=reader.say("arrange"))
