"""What makes the pages installable: a manifest for each entrance, with icons of ours. No service worker.

A page without a network says so by the browser itself; nothing of a shop is kept on the phone that could be old.
"""

from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.platform.runtime import Runtime
from app.products.reads import shop_facts_by_slug
from app.web import answers, readers, shop_pages
from app.web.texts import Speech

_BACKGROUND, _THEME = "#f6f4ef", "#f6f4ef"
"""The light paper; pages name the dark one beside it in their own theme-color."""
_SHORTEST: Final = 12


async def show_shop(runtime: Runtime, request: Request) -> Response:
    """`/s/{slug}/app.webmanifest`: the brand's mini-store, which opens in this guide's shop."""
    brand = await shop_pages.brand_of(runtime, request)
    say = Speech(readers.language_of(request), brand)
    shop = None
    if brand is not None:
        async with runtime.database.reading(brand) as session:
            shop = await shop_facts_by_slug(session, request.path_params["slug"])
    if brand is None or shop is None:
        return answers.missing("shop", say=say)
    path = f"/s/{shop.slug}"
    return _manifest(brand.name, say, app_id=f"/?brand={brand.code}", start=path, scope="/s/")


async def show_guide(runtime: Runtime, request: Request) -> Response:
    """`/guide.webmanifest`: the guide's desk, the same for every brand."""
    say = Speech(readers.language_of(request))
    return _manifest(say("app_guide"), say, app_id="/guide", start="/guide", scope="/")


async def show_boss(runtime: Runtime, request: Request) -> Response:
    """`/boss.webmanifest`: the boss's desk."""
    say = Speech(readers.language_of(request))
    return _manifest(say("app_boss"), say, app_id="/boss", start="/boss", scope="/")


def _manifest(name: str, say: Speech, *, app_id: str, start: str, scope: str) -> Response:
    icons = [("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any")]
    icons.append(("icon-maskable-512.png", "512x512", "maskable"))
    body: dict[str, Any] = {
        "id": app_id,
        "name": name,
        "short_name": name[:_SHORTEST],
        "lang": say.language,
        "start_url": start,
        "scope": scope,
        "display": "standalone",
        "background_color": _BACKGROUND,
        "theme_color": _THEME,
        "icons": [
            {"src": answers.static_url(file), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for file, sizes, purpose in icons
        ],
    }
    headers = {**answers.HEADERS, "Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
    return Response(orjson.dumps(body), media_type="application/manifest+json", headers=headers)
