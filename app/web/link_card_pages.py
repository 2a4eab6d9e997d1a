"""The pictures that chats show of links to shops and products."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.marketing import share_cards
from app.marketing.rules import is_slug
from app.platform.runtime import Runtime
from app.platform.storage import StorageUnreachable
from app.products import reads
from app.products.shops import SHOP_SLUG
from app.web import answers, readers, views
from app.web.texts import Speech

_AN_HOUR: Final = "public, max-age=3600"


async def show_card(runtime: Runtime, request: Request) -> Response:
    """`/cards/{slug}.jpg`, `/cards/{slug}/{productId}.jpg`: five to four, with the price of this moment."""
    say = Speech(readers.language_of(request))
    slug = request.path_params["slug"]
    found = await runtime.database.resolve(SHOP_SLUG, slug) if is_slug(slug) else None
    if found is None:
        return answers.missing("shop", say=say)
    brand, named = found[0], request.path_params.get("product_id")
    product_id = None if named is None else views.id_in(named, "Product")
    async with runtime.database.reading(brand) as session:
        shop = await reads.shop_facts_by_slug(session, slug)
    if shop is None or (named is not None and product_id is None):
        return answers.missing("product", say=say)
    try:
        card = await share_cards.card(runtime, brand, shop=shop, product_id=product_id)
    except StorageUnreachable:
        return Response(status_code=503, headers={**answers.KEPT_NOWHERE, "Retry-After": "5"})
    if card is None:
        return answers.missing("product", say=say)
    tag = f'"{card.name[:32]}"'
    headers = {**answers.PICTURE_HEADERS, "Cache-Control": _AN_HOUR, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(card.data, media_type="image/jpeg", headers=headers)
