"""The page of a shared material, in the shop of the guide who shared it; and how long it was read."""

from typing import Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.marketing import codes, material_reads, readings
from app.marketing.material_reads import MaterialView
from app.marketing.rules import is_slug
from app.marketing.values import CodeKind, MaterialKind
from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.products import reads, shelf_reads
from app.products.shops import SHOP_SLUG
from app.web import answers, forms, openings, readers, seals, views
from app.web.readers import ShopReader
from app.web.texts import Speech

READING: Final = "reading"
"""What the seal of a visit is for."""
LONGEST_DESCRIPTION: Final = 80
_HEADERS: Final = {
    **answers.KEPT_NOWHERE,
    "Content-Security-Policy": (
        f"{answers.HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'; media-src 'self'"
    ),
}
"""These pages run one script of ours, which tells how long they were read, and may show a film of ours."""


async def open_material(reader: ShopReader) -> Response:
    """`GET /s/{slug}/m/{token}`: what the code of a share leads to, in its newest version.

    Opened without the code's own address, which is what a page passed on is, it counts for the share all the same. A
    withdrawn material says so; a revoked code leads into the shop.
    """
    token = reader.request.path_params["token"]
    async with reader.reading() as session:
        code = await codes.facts_by_token(session, token)
        if code is None:
            return answers.missing("code", say=reader.say, href=reader.path, label=_to_shop(reader))
        if code.kind is not CodeKind.MATERIAL or code.shop_id != reader.shop.shop_id:
            return answers.see(f"/q/{token}")
        material = None if code.target_id is None else await material_reads.by_id(session, code.target_id)
        if material is None or code.is_revoked:
            return answers.see(reader.path)
        values = await _values(session, reader, material)
    scan = await openings.record(reader, token)
    values["visit"] = None if scan is None else sealed_visit(reader.runtime, reader.brand.id, scan.touchpoint_id)
    values["reading_href"] = f"{reader.path}/m/{token}/reading"
    return reader.show("material.html", values, status=410 if material.is_withdrawn else 200, headers=_HEADERS)


async def note_reading(runtime: Runtime, request: Request) -> Response:
    """`POST /s/{slug}/m/{token}/reading`: the browser that opened the page tells for how long it was in sight.

    It is believed for the visit whose seal it sends, and within what is possible.
    """
    say = Speech(readers.language_of(request))
    form = await forms.read(request, say)
    slug = request.path_params["slug"]
    found = await runtime.database.resolve(SHOP_SLUG, slug) if is_slug(slug) else None
    brand = None if found is None else found[0]
    visit, _, seal = form.text("visit").partition(".")
    is_ours = (
        brand is not None
        and seals.is_sealed(runtime.database.vault, READING, f"{brand.id.hex}{visit}", seal)
        and forms.is_from_here(request, runtime.settings.base_url)
    )
    if brand is None or not is_ours:
        return forms.stale(say)
    seconds = form.number("seconds") or 0

    async def work(session: BrandSession) -> int:
        return await readings.note(session, touchpoint_id=UUID(visit), seconds=seconds, now=session.now)

    await runtime.database.run(brand, work)
    return Response(status_code=204, headers=answers.KEPT_NOWHERE)


def sealed_visit(runtime: Runtime, brand_id: UUID, touchpoint_id: UUID) -> str:
    """What a page hands its browser, so that it can tell of this visit and of no other."""
    return f"{touchpoint_id.hex}.{seals.seal(runtime.database.vault, READING, brand_id.hex + touchpoint_id.hex)}"


async def _values(session: BrandSession, reader: ShopReader, material: MaterialView) -> dict[str, Any]:
    shop, say, content = reader.shop, reader.say, material.content
    items = []
    if not material.is_withdrawn:
        items = await shelf_reads.shelf_items(
            session, shop_id=shop.shop_id, branch=shop.branch, product_ids=content.product_ids
        )
    skus = await reads.skus_of_products(session, [item.product.product_id for item in items], branch=shop.branch)
    cards = [views.product_card(item, skus[item.product.product_id], slug=shop.slug, say=say) for item in items]
    films, files = _attachments(content.attachment_urls)
    base_url = reader.runtime.settings.base_url
    return {
        "shop": shop,
        "shop_href": reader.path,
        "brand_name": session.brand.name,
        "who": views.who_serves(shop, session.brand.name, say),
        "material": None if material.is_withdrawn else content,
        "kind": say(f"material_{material.kind.lower()}"),
        "is_card": material.kind is MaterialKind.NAME_CARD,
        "changed_on": say.day(material.changed_at),
        "products": [card for card in cards if card is not None],
        "films": films,
        "files": files,
        "description": _description(content.body),
        "page_url": f"{base_url}{reader.request.url.path}",
        "picture_url": views.absolute(content.cover_url, base_url),
        "script": answers.static_url("reading.js"),
    }


def _attachments(urls: tuple[str, ...]) -> tuple[list[str], list[tuple[str, str]]]:
    """The films that the page can show by itself, and all other attachments with their names."""
    films = [url for url in urls if url.startswith("/media/") and url.lower().endswith((".mp4", ".webm"))]
    files = [(url, unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or urlsplit(url).netloc) for url in urls]
    return films, [(url, name) for url, name in files if url not in films]


def _description(body: str | None) -> str | None:
    """The beginning of the text, for the card that a chat shows of a link."""
    if body is None:
        return None
    text = " ".join(body.split())
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"


def _to_shop(reader: ShopReader) -> str:
    return reader.say("go_shop", shop=reader.shop.name)
