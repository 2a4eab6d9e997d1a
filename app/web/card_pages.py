"""A guide's name card: who it is, where, the code of the shop, and a file for the phone's address book."""

from urllib.parse import quote

from starlette.responses import Response

from app.employees import reads as employees
from app.employees.reads import StoreFacts
from app.marketing import reads as codes
from app.web import answers, views
from app.web.readers import ShopReader
from app.web.shop_pages import with_visit
from app.web.vcards import NameCard, vcard


async def open_card(reader: ShopReader) -> Response:
    """`GET /s/{slug}/card`: the card; where the guide has left, the store's. A person's visit is recorded."""
    shop, say = reader.shop, reader.say
    store = await _store(reader)
    async with reader.reading() as session:
        token = (await codes.personal_tokens(session, [shop.shop_id])).get(shop.shop_id)
    base_url = reader.runtime.settings.base_url
    avatar = shop.avatar_url if shop.guide_is_active else None
    values = {
        "shop": shop,
        "shop_href": reader.path,
        "brand_name": reader.brand.name,
        "who": views.who_serves(shop, reader.brand.name, say),
        "store": store,
        "hours": [] if store is None else views.hours_lines(store, say),
        "token": token,
        "page_url": f"{base_url}{reader.path}/card",
        "picture_url": views.absolute(avatar, base_url),
    }
    response = reader.show("card.html", values, headers={})
    return await with_visit(reader.runtime, reader.request, reader.brand, shop, response)


async def download_card(reader: ShopReader) -> Response:
    """`GET /s/{slug}/card.vcf`: the card as a file. Nobody keeps the card of a guide who has left."""
    shop, say = reader.shop, reader.say
    if not shop.guide_is_active:
        return answers.missing("card", say=say, href=reader.path, label=say("go_shop", shop=shop.name))
    store = await _store(reader)
    base_url = reader.runtime.settings.base_url
    avatar = shop.avatar_url
    card = NameCard(
        name=shop.display_name,
        brand=reader.brand.name,
        store=None if store is None else store.name,
        title=shop.title,
        street=None if store is None else store.address,
        city=None if store is None else store.city,
        url=f"{base_url}{reader.path}",
        photo_url=views.absolute(avatar, base_url),
    )
    name = quote(f"{shop.display_name}.vcf", safe="")
    headers = {
        **answers.HEADERS,
        **answers.KEPT_NOWHERE,
        "Content-Disposition": f"attachment; filename=\"card.vcf\"; filename*=UTF-8''{name}",
    }
    return Response(vcard(card), media_type="text/vcard; charset=utf-8", headers=headers)


async def _store(reader: ShopReader) -> StoreFacts | None:
    """The store where the guide works."""
    store_id = reader.shop.store_id
    if store_id is None:
        return None
    async with reader.reading() as session:
        return (await employees.stores_by_id(session, [store_id])).get(store_id)
