"""Shops, shelf items, products, SKUs, categories, campaigns.

A product always comes with its SKUs, as its price is a SKU's; so they are plain attributes, and nothing is read for
them one by one. What other packages know of a shop is read by their loaders. Those import these types, so they are
imported where they are called.
"""

from datetime import datetime
from types import NoneType
from typing import Annotated
from uuid import UUID

import strawberry

from app.platform.db import Brand
from app.products import reads, rules, shelf_reads
from app.products.reads import CategoryView, ProductView, ShopFacts, SkuView
from app.products.shelf_reads import ShelfKey
from graphql_schema.context import Info
from graphql_schema.employees.types import Guide, to_guide, to_store
from graphql_schema.errors import BadUserInput, Forbidden, Unauthenticated
from graphql_schema.money import Money, to_money
from graphql_schema.paging import (
    Connection,
    Node,
    build_connection,
    decode_global_id,
    encode_global_id,
    is_asked_for,
    read_page,
)
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.products import batches
from graphql_schema.products.enums import CampaignKind, ProductState
from graphql_schema.products.places import StockLevel, to_stock_level

After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row before the page; null: from the start.")
]
First = Annotated[int | None, strawberry.argument(description="Rows of the page, 1 to 100.")]
_SHELF_KEY = (int, (int, NoneType), datetime, UUID)


@strawberry.type(description="A category of products, at most five levels deep.")
class Category(Node):
    name: str = strawberry.field(description="Up to 60 characters, unique among its siblings.")
    view: strawberry.Private[CategoryView]

    @strawberry.field(description="The category above; null at the top.")
    async def parent(self, info: Info) -> "Category | None":
        return await category_of(info, self.view.parent_id)


@strawberry.type(description="A variant of a product: what is ordered.")
class Sku(Node):
    name: str = strawberry.field(description="Up to 60 characters.")
    code: str = strawberry.field(description="For tills and files, unique in the brand: 1 to 40 characters.")
    barcode: str | None = strawberry.field(description="Unique in the brand: 4 to 32 characters.")
    price: Money = strawberry.field(
        description="What it costs now: in a shop its branch's price, elsewhere the brand's. An order keeps its own."
    )
    market_price: Money | None = strawberry.field(description="A higher price to show struck out.")
    choices: list[str] = strawberry.field(
        description="A value of each of the product's options, in their order; none where it has no options."
    )
    weight_grams: int | None = strawberry.field(
        description="Of one piece as it is sent, 1 to 1,000,000; null: nobody said. Freight by weight counts it."
    )
    is_in_stock: bool = strawberry.field(description="Whether at least one piece can be ordered now, sent or fetched.")
    is_deliverable: bool = strawberry.field(description="Whether at least one piece can be sent now.")
    pickup_store_count: int = strawberry.field(description="How many stores have a piece to fetch now; 0 or more.")
    view: strawberry.Private[SkuView]

    @strawberry.field(
        description="For employees: pieces that no order holds, over all places, 0 to 1,000,000,000.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def stock(self) -> int | None:
        return self.view.available

    @strawberry.field(
        description="For employees: what lies where, the place that online orders are sent from first, then stores by "
        "name; none: never anywhere.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def stock_levels(self, info: Info) -> list[StockLevel]:
        levels = await batches.stock_levels(info.context).load(self.view.sku_id)
        return [to_stock_level(level) for level in levels or ()]


@strawberry.type(description="A picture on a product's page.")
class Picture:
    url: str = strawberry.field(description="A path below /media/ of this server; what it shows never changes.")
    width: int = strawberry.field(description="Pixels.")
    height: int = strawberry.field(description="Pixels.")
    alt: str | None = strawberry.field(description="What it shows, in words: up to 120 characters.")


@strawberry.type(description="What a product's SKUs differ in.")
class ProductOption:
    name: str = strawberry.field(description="Up to 20 characters.")
    values: list[str] = strawberry.field(description="1 to 30, in the order in which they are shown.")


@strawberry.type(description="What the brand sells, as headquarters published it.")
class Product(Node):
    title: str = strawberry.field(description="Up to 120 characters.")
    description: str | None = strawberry.field(description="Up to 5,000 characters, with line breaks.")
    state: ProductState = strawberry.field(description="Whether it is on shelves.")
    cover_url: str | None = strawberry.field(
        description="An https:// address, or a path below /media/ of this server; up to 500 characters."
    )
    price: Money = strawberry.field(description="The price of its cheapest SKU.")
    market_price: Money | None = strawberry.field(description="That SKU's higher price to show struck out.")
    skus: list[Sku] = strawberry.field(description="1 to 100, in the order in which they are shown.")
    view: strawberry.Private[ProductView]

    @strawberry.field(description="Where it stands in the catalogue.")
    async def category(self, info: Info) -> Category | None:
        return await category_of(info, self.view.category_id)

    @strawberry.field(description="Its pictures besides the cover, in order: at most nine.")
    async def pictures(self, info: Info) -> list[Picture]:
        found = await batches.pictures(info.context).load(self.view.product_id)
        return [Picture(url=one.url, width=one.width, height=one.height, alt=one.alt) for one in found or []]

    @strawberry.field(description="What its SKUs differ in, in order: at most three.")
    async def options(self, info: Info) -> list[ProductOption]:
        found = await batches.options(info.context).load(self.view.product_id)
        return [ProductOption(name=one.name, values=list(one.values)) for one in found or []]


@strawberry.type(
    description="A product on a guide's shelf. Its id names shop and product, whether or not it was changed."
)
class ShelfItem(Node):
    position: int | None = strawberry.field(
        description="The guide's own order, 1 to 9,999; null: after those that have one, the newest first."
    )
    is_featured: bool = strawberry.field(description="主推: stands before all that are not featured.")
    is_hidden: bool = strawberry.field(description="Whether only the guide sees it.")
    badge: str | None = strawberry.field(description="A word of the guide's on the picture, up to 12 characters.")
    product: Product = strawberry.field(description="The product.")
    is_pinned: bool = strawberry.field(
        description="Whether headquarters put it before all others: the guide can neither hide nor move it."
    )
    section_id: strawberry.ID | None = strawberry.field(
        description="The section of the shop that it is in; null: none."
    )
    words: str | None = strawberry.field(
        description="What the guide says of it (店主推荐): a line of up to 80 characters, never a price of the brand's."
    )
    picture_urls: list[str] = strawberry.field(
        description="The guide's own pictures, at most three: paths below /media/."
    )
    view: strawberry.Private[shelf_reads.ShelfItem]

    @strawberry.field(
        description="For employees: the guide's words and pictures, shown or not, and why they are not.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def own_words(self) -> "OwnWords":
        return OwnWords(
            words=self.view.words,
            picture_urls=shelf_reads.picture_urls(self.view.picture_keys),
            taken_down_reason=self.view.taken_down_reason,
            is_forbidden=self.view.is_silent,
        )


@strawberry.type(description="What a guide says of a product, whether or not customers see it.")
class OwnWords:
    words: str | None = strawberry.field(description="A line of up to 80 characters.")
    picture_urls: list[str] = strawberry.field(description="At most three paths below /media/.")
    taken_down_reason: str | None = strawberry.field(
        description="Why headquarters shows them no more, up to 100 characters; null: it did not take them down."
    )
    is_forbidden: bool = strawberry.field(description="Whether headquarters lets the branch's guides say nothing now.")


@strawberry.type(description="A named group of products on a guide's shelf (分区). A product is in one at most.")
class ShelfSection:
    id: strawberry.ID = strawberry.field(description="A global id.")
    name: str = strawberry.field(description="1 to 20 characters, once in a shop.")
    position: int = strawberry.field(description="Among the shop's, from 1.")


@strawberry.type(description="Something that runs for a time and that customers can join.")
class Campaign(Node):
    kind: CampaignKind = strawberry.field(description="What it is.")
    title: str = strawberry.field(description="Up to 60 characters.")
    starts_at: datetime = strawberry.field(description="When it begins.")
    ends_at: datetime | None = strawberry.field(description="When it ends; null: not before it is ended by hand.")


@strawberry.type(description="A guide's virtual shop.")
class Shop(Node):
    slug: str = strawberry.field(description="Names the shop without its brand, as in /s/{slug}: 10 characters.")
    name: str = strawberry.field(description="Up to 60 characters.")
    announcement: str | None = strawberry.field(description="A word to customers.")
    guide: Guide = strawberry.field(description="Whose shop it is.")
    facts: strawberry.Private[ShopFacts]

    @strawberry.field(description="What the picture of the guide's personal code decodes to; it leads here.")
    async def code_url(self, info: Info) -> str:
        from graphql_schema.marketing.loaders import code_url_of_shop  # noqa: PLC0415

        return await code_url_of_shop(info, self.facts.shop_id)

    @strawberry.field(description="The guide's sections in their order, with products or without: at most 12.")
    async def sections(self, info: Info) -> list[ShelfSection]:
        async with info.context.reading() as session:
            found = await shelf_reads.sections_of_shop(session, self.facts.shop_id)
        return [to_section(one) for one in found]

    @strawberry.field(
        description="Every published product that headquarters does not forbid here: pinned first, then featured, then "
        "by position, then the newest."
    )
    async def shelf(
        self,
        info: Info,
        first: First = 24,
        after: After = None,
        include_hidden: Annotated[
            bool | None, strawberry.argument(description="With what the guide hid; only for the shop's own guide.")
        ] = False,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Only what has all these words in its title, in any width and case; up to 100 characters."
            ),
        ] = None,
        section_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this section of the shop; null: of all.")
        ] = None,
    ) -> Connection[ShelfItem]:
        page = read_page(first, after, "shelf", _SHELF_KEY, default=24)
        if search is not None and len(search) > rules.LONGEST_SEARCH:
            raise BadUserInput(f"search has at most {rules.LONGEST_SEARCH} characters.", argument="search")
        if include_hidden:
            await _check_own(info, self.facts.shop_id)
        brand = await info.context.brand()
        async with info.context.reading() as session:
            found = await shelf_reads.shelf_page(
                session,
                shop_id=self.facts.shop_id,
                branch=self.facts.branch,
                limit=page.limit,
                after=None if page.after is None else ShelfKey(*page.after),  # type: ignore[arg-type]
                has_hidden=bool(include_hidden),
                has_count=is_asked_for(info, "totalCount"),
                search=search,
                section_id=None if section_id is None else _section_id(section_id),
            )
            # The last item only tells that another page follows.
            skus = await reads.skus_of_products(
                session,
                [item.product.product_id for item in found.items[: page.first]],
                branch=self.facts.branch,
            )
        return build_connection(
            found.items,
            page,
            to_node=lambda item: to_shelf_item(item, skus[item.product.product_id], brand),
            to_key=_shelf_key,
            total_count=found.total_count,
        )

    @strawberry.field(description="What runs now and can be joined in this shop, the latest first.")
    async def campaigns(self, first: First = 10, after: After = None) -> Connection[Campaign]:
        page = read_page(first, after, "campaigns", (UUID,), default=10)
        rows: list[Campaign] = []
        return build_connection(rows, page, to_node=lambda row: row, to_key=lambda row: (row.id,), total_count=0)


async def category_of(info: Info, category_id: UUID | None) -> Category | None:
    """A category; read in one statement with what else is asked for at once."""
    if category_id is None:
        return None
    view = await batches.categories(info.context).load(category_id)
    return None if view is None else to_category(view)


def to_category(view: CategoryView) -> Category:
    return Category(id=encode_global_id("Category", view.category_id), name=view.name, view=view)


def to_sku(view: SkuView, brand: Brand) -> Sku:
    return Sku(
        id=encode_global_id("Sku", view.sku_id),
        name=view.name,
        code=view.code,
        barcode=view.barcode,
        price=to_money(view.price_minor, brand.currency),
        market_price=_money_or_none(view.market_price_minor, brand),
        choices=view.choices or [],
        weight_grams=view.weight_grams,
        is_in_stock=view.can_be_had,
        is_deliverable=view.to_send > 0,
        pickup_store_count=view.stores,
        view=view,
    )


def to_product(view: ProductView, skus: list[SkuView], brand: Brand) -> Product:
    """A product with its SKUs in order; there is at least one."""
    shown = [to_sku(sku, brand) for sku in skus]
    cheapest = rules.cheapest(skus)
    if cheapest is None:
        raise LookupError(f"product {view.product_id} has no SKU")
    lead = shown[skus.index(cheapest)]
    return Product(
        id=encode_global_id("Product", view.product_id),
        title=view.title,
        description=view.description,
        state=ProductState(view.state),
        cover_url=view.cover_url,
        price=lead.price,
        market_price=lead.market_price,
        skus=shown,
        view=view,
    )


def to_shelf_item(item: shelf_reads.ShelfItem, skus: list[SkuView], brand: Brand) -> ShelfItem:
    return ShelfItem(
        id=encode_global_id("ShelfItem", item.shop_id, item.product.product_id),
        position=item.position,
        is_featured=item.is_featured,
        is_hidden=item.is_hidden,
        badge=item.badge,
        product=to_product(item.product, skus, brand),
        is_pinned=item.is_pinned,
        section_id=None if item.section_id is None else encode_global_id("ShelfSection", item.section_id),
        words=item.words_shown,
        picture_urls=shelf_reads.picture_urls(item.pictures_shown),
        view=item,
    )


def to_section(view: shelf_reads.SectionView) -> ShelfSection:
    return ShelfSection(id=encode_global_id("ShelfSection", view.section_id), name=view.name, position=view.position)


def to_shop(facts: ShopFacts) -> Shop:
    store = None
    if facts.store_id is not None:
        store = to_store(facts.store_id, name=facts.store_name or "", city=facts.store_city)
    guide = to_guide(
        facts.employee_id,
        display_name=facts.display_name,
        title=facts.title,
        avatar_url=facts.avatar_url,
        store=store,
    )
    return Shop(
        id=encode_global_id("Shop", facts.shop_id),
        slug=facts.slug,
        name=facts.name,
        announcement=facts.announcement,
        guide=guide,
        facts=facts,
    )


def _money_or_none(minor: int | None, brand: Brand) -> Money | None:
    return None if minor is None else to_money(minor, brand.currency)


def _shelf_key(item: shelf_reads.ShelfItem) -> tuple[int, int | None, datetime, UUID]:
    key = item.key
    return key.rank, key.position, key.created_at, key.product_id


def _section_id(text: str) -> UUID:
    """Raises: BadUserInput."""
    found = decode_global_id(text, "ShelfSection").uuids
    if len(found) != 1:
        raise BadUserInput("sectionId is not valid.", argument="sectionId")
    return found[0]


async def _check_own(info: Info, shop_id: UUID) -> None:
    """Only a shop's own guide sees what is hidden. Raises: Unauthenticated, Forbidden (top-level errors)."""
    actor = await info.context.actor()
    if actor.shop_id != shop_id:
        raise (Forbidden if actor.is_customer or actor.is_employee else Unauthenticated)()
