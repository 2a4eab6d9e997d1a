"""Where a code leads: into a shop, to something in it, or to the store itself. Always somewhere."""

from dataclasses import dataclass
from uuid import UUID

from app.marketing.codes import CodeFacts
from app.marketing.targets import shop_of_store
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from app.products import reads, shelf_reads
from app.products.reads import ShopFacts


@dataclass(frozen=True, slots=True)
class Destination:
    """`shop` None: the store alone, since nobody who works there has a shop.

    `product_id`, `template_id`, `material_id` and `quotation_id` None: the shop's shelf; else the page of the product,
    the coupon template, the material or the quotation, which say themselves what is over.
    """

    shop: ShopFacts | None
    product_id: UUID | None
    store_id: UUID | None
    template_id: UUID | None = None
    material_id: UUID | None = None
    quotation_id: UUID | None = None


async def destination(session: BrandSession, code: CodeFacts) -> Destination:
    """Where the code leads today. At most three statements.

    A product no longer on the shelf leads to the shelf, and so does a revoked code of a material or quotation; the page
    of a withdrawn one says so itself.
    """
    shop_id = code.shop_id or await shop_of_store(session, code.store_id)
    shop = None if shop_id is None else await reads.shop_facts(session, shop_id)
    product_id = code.target_id if code.kind is CodeKind.PRODUCT else None
    if shop is not None and product_id is not None:
        item = await shelf_reads.shelf_item(session, shop_id=shop.shop_id, branch=shop.branch, product_id=product_id)
        product_id = None if item is None else product_id
    template_id = code.target_id if code.kind is CodeKind.CAMPAIGN and shop is not None else None
    has_page = shop is not None and not code.is_revoked
    return Destination(
        shop,
        product_id,
        code.store_id,
        template_id,
        material_id=code.target_id if has_page and code.kind is CodeKind.MATERIAL else None,
        quotation_id=code.target_id if has_page and code.kind is CodeKind.QUOTATION else None,
    )
