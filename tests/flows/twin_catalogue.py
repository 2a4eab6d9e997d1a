"""Pictures, options, price lists and files in one brand's story: what is there, its reads and its writes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from app.employees import reads as employee_reads
from app.marketing import media_names
from app.platform import media
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession
from app.platform.media import Upload
from app.platform.runtime import Runtime
from app.products import files, options, pictures, price_lists
from app.products import reads as products
from app.products.pictures import NewPicture
from app.products.values import ListedPrice, NewSku, ProductOption
from app.trade import after_sale_reads, orders, routing
from app.trade.values import LineRequest
from tests import factories

if TYPE_CHECKING:
    from tests.flows.twins import Tale

KEY = "twins/shown.jpg"


async def fill(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    """What is not on sale has a picture, an option and, in the area, a price of its own."""
    ids, now, mark = tale.ids, session.now, tale.mark
    upload = Upload(KEY, mark.encode() * pieces, "image/jpeg", pieces, pieces)
    assert await media.register(session, mark, upload) == 0
    shown = [NewPicture(upload.url, f"{mark}图")]
    await pictures.set_pictures(session, SYSTEM, product_id=ids["withdrawn"], pictures=shown, now=now)
    await _choose(session, tale, f"{mark}色")
    ids["price_list"] = await _publish(session, tale, pieces)


async def _choose(session: BrandSession, tale: "Tale", value: str, *new: NewSku) -> None:
    withdrawn, sku_id = tale.ids["withdrawn"], tale.ids["sku_of_withdrawn"]
    skus = (await products.skus_of_products(session, [withdrawn]))[withdrawn]
    choices = {sku.sku_id: (value if sku.sku_id == sku_id else f"{value}{sku.code}",) for sku in skus}
    values = [*(chosen for (chosen,) in choices.values()), *(sku.choices[0] for sku in new)]
    own = [ProductOption("颜色", tuple(values))]
    await options.set_options(
        session, SYSTEM, product_id=withdrawn, options=own, choices=choices, new_skus=new, now=session.now
    )


async def _publish(session: BrandSession, tale: "Tale", minor: int) -> Any:
    return await price_lists.publish(
        session,
        SYSTEM,
        org_unit_id=tale.ids["area"],
        name=f"{tale.mark}价",
        prices=[ListedPrice(tale.ids["sku_of_withdrawn"], minor)],
        now=session.now,
    )


async def can_be_sent(s: BrandSession, t: "Tale") -> bool:
    return await routing.can_be_sent(s, await quote(s, t))


async def quote(s: BrandSession, t: "Tale") -> Any:
    shop = await products.shop_facts(s, t.ids["shop_of_guide"])
    assert shop is not None
    return await orders.quote(s, shop=shop, lines=[LineRequest(t.ids["sku_of_product"], 3)])


async def prices_in_the_area(s: BrandSession, t: "Tale") -> Any:
    branch = f"/{t.ids['root'].hex}/{t.ids['area'].hex}/"
    return await products.price_facts(s, [t.ids["sku_of_withdrawn"]], branch=branch)


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "quote": quote,
    "prices in the area": prices_in_the_area,
    "pictures": lambda s, t: pictures.pictures_of_products(s, [t.ids["withdrawn"]]),
    "options": lambda s, t: options.options_of_products(s, [t.ids["withdrawn"]]),
    "price lists": lambda s, t: price_lists.price_list_page(s, limit=9, org_unit_id=t.ids["area"]),
    "number of price lists": lambda s, t: price_lists.price_list_count(s),
    "price lists by id": lambda s, t: price_lists.price_lists_by_id(s, [t.ids["price_list"]]),
    "prices of lists": lambda s, t: price_lists.prices_of_lists(s, [t.ids["price_list"]]),
    "the catalogue as rows": lambda s, t: files.export_rows(s),
    "files that goods name": lambda s, t: pictures.named_media(s, [KEY]),
    "files that portraits name": lambda s, t: employee_reads.named_media(s, [KEY]),
    "files that after-sales name": lambda s, t: after_sale_reads.named_media(s, [KEY]),
    "files that marketing names": lambda s, t: media_names.named_media(s, [KEY]),
    "whether a basket can be sent": can_be_sent,
}


async def change(runtime: Runtime, s: BrandSession, t: "Tale") -> None:
    """Other pictures, another option with a SKU more, another price list; the first one ends."""
    number = factories.next_number()
    upload = Upload(f"twins/{number}.jpg", b"new", "image/jpeg", 9, 9)
    assert await media.register(s, "someone", upload) == 0
    assert await media.hold(s, [upload.key]) == {upload.key}
    shown = [NewPicture(upload.url)]
    await pictures.set_pictures(s, t.owner, product_id=t.ids["withdrawn"], pictures=shown, now=s.now)
    await _choose(s, t, f"新{number}", NewSku("单色", f"Q{number}", None, 500, None, 1, (f"又{number}",)))
    await price_lists.end(s, t.owner, price_list_id=await _publish(s, t, number), now=s.now)


async def load_file(runtime: Runtime, t: "Tale") -> None:
    """A file that changes a product which is there and brings a new one."""
    number = factories.next_number()
    title = f"{t.mark}other_product"
    text = f"标题,SKU,价格,分类\n{title},K-1,{number % 50 + 1},新类{number}\n新{number},F{number},5,\n"
    report = await files.import_file(runtime.database, t.brand, t.owner, text.encode())
    assert [row.problem for row in report.rows] == [None, None]
