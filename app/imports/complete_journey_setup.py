"""The brand `complete-journey` before its baskets: founding, stores with their guides, catalogue.

Everything is found again by the name that the data gives it (store code, employee number, SKU code, member code), so
what an earlier import made is not made again, whenever that was. Names and phones are made up; the phones are of a
range that nobody has.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.boss import founding
from app.commission import policies
from app.customers.models import CustomerRow, VisitorRow
from app.customers.policies import current_policy
from app.customers.values import BindingMode, PolicyTerms, RenewOn, Takeover
from app.customers.visitors import token_of
from app.employees import organisation
from app.employees.models import EmployeeRow, StoreRow
from app.imports.complete_journey_data import GUIDES_A_STORE, Product, Store
from app.marketing import onboarding
from app.marketing.models import CodeRow
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import InvalidInput
from app.products import catalogue, reads
from app.products.models import CategoryRow, ShopRow, SkuRow
from app.products.reads import ShopFacts
from app.products.values import NewProduct, NewSku

CODE = "complete-journey"
ZONE = "America/New_York"
OWNER_PHONE = "19900000001"
TERMS = PolicyTerms(
    # A binding that never ends has nothing to renew.
    renew_on=RenewOn.NONE,
    binding_mode=BindingMode.PERMANENT,
    validity_days=None,
    takeover=Takeover.NEVER,
    protection_days=None,
)
PRODUCTS_AT_ONCE = 500
ABREAST = 4
"""What needs no order is done in so many transactions at once."""
_FIRST_HOUSEHOLD_PHONE, _FIRST_GUIDE_PHONE = 1_000, 5_000


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide's shop and the code that customers scan there."""

    shop: ShopFacts
    token: str


@dataclass(frozen=True, slots=True)
class Shopper:
    """A household as the brand knows it, with the token that its phone keeps."""

    customer_id: UUID
    visitor_id: UUID
    visitor_token: str


def household_phone(household_id: int) -> str:
    return f"1990000{_FIRST_HOUSEHOLD_PHONE + household_id:04d}"


def guide_phone(store: Store, number: int) -> str:
    return f"1990000{_FIRST_GUIDE_PHONE + GUIDES_A_STORE * store.rank + number:04d}"


async def found(database: Database, *, code: str, begins_at: datetime) -> Brand:
    """The brand; made at midnight before its first basket, on simulated time, if there is none.

    Raises: InvalidInput when another brand of that code lives on real time.
    """
    brand = await database.brand_by_code(code)
    if brand is not None and not brand.is_simulated:
        raise InvalidInput("import_brand_taken", brand=code)
    if brand is None:
        midnight = datetime.combine(begins_at.astimezone(ZoneInfo(ZONE)).date(), time(0), ZoneInfo(ZONE))
        brand = await founding.found_brand(
            database,
            code=code,
            name="Complete Journey",
            currency="USD",
            time_zone=ZONE,
            owner_name="Owner",
            owner_phone=OWNER_PHONE,
            simulated_now=midnight.astimezone(begins_at.tzinfo),
            now=clock.utc_now(),
        )
    await database.run(brand, _publish_policy)
    return brand


async def make_guides(database: Database, brand: Brand, stores: Sequence[Store]) -> dict[int, list[Guide]]:
    """Make the stores that are missing, each with its guides in one transaction; gives the guides of all, in order."""
    async with database.reading(brand) as session:
        known = await _store_codes(session)
        root_id, _ = await founding.root_and_owner(session)
    missing = iter([store for store in stores if str(store.store_id) not in known])

    async def make_next() -> None:
        for store in missing:
            await database.run(brand, partial(_make_store, store=store, root_id=root_id))

    await asyncio.gather(*(make_next() for _ in range(ABREAST)))
    async with database.reading(brand) as session:
        by_number = await _guides(session)
    return {
        store.store_id: [by_number[_employee_number(store, number)] for number in range(GUIDES_A_STORE)]
        for store in stores
    }


async def make_products(database: Database, brand: Brand, products: Sequence[Product]) -> dict[int, UUID]:
    """Make the categories and products that are missing; gives the SKU of each product."""
    async with database.reading(brand) as session:
        known = await _sku_ids(session)
    missing = [product for product in products if str(product.product_id) not in known]
    if missing:
        categories = await database.run(brand, lambda session: _make_categories(session, missing))
        for start in range(0, len(missing), PRODUCTS_AT_ONCE):
            some = [_new_product(product, categories) for product in missing[start : start + PRODUCTS_AT_ONCE]]
            await database.run(brand, partial(_make_products, products=some))
        async with database.reading(brand) as session:
            known = await _sku_ids(session)
    return {product.product_id: known[str(product.product_id)] for product in products}


async def shoppers(session: BrandSession, *, household_id: int | None = None) -> dict[str, Shopper]:
    """The households that have come before, or the one that is asked for, by member code."""
    query = (
        sa.select(CustomerRow.member_code, CustomerRow.id, sa.func.min(sa.cast(VisitorRow.id, sa.Text)))
        .join(
            VisitorRow, sa.and_(VisitorRow.brand_id == CustomerRow.brand_id, VisitorRow.customer_id == CustomerRow.id)
        )
        .where(
            CustomerRow.brand_id == session.brand_id,
            VisitorRow.brand_id == session.brand_id,
            CustomerRow.member_code.is_not(None),
        )
        .group_by(CustomerRow.member_code, CustomerRow.id)
    )
    if household_id is not None:
        query = query.where(CustomerRow.member_code == str(household_id))
    return {
        member_code: Shopper(customer_id, UUID(visitor_id), token_of(session.vault, session.brand_id, UUID(visitor_id)))
        for member_code, customer_id, visitor_id in await session.execute(query)
        if member_code is not None
    }


async def _publish_policy(session: BrandSession) -> None:
    """Put the import's policy in force, unless one has been published since the founding."""
    if (await current_policy(session)).version == 1:
        await policies.publish(session, SYSTEM, terms=TERMS, now=session.now)


async def _store_codes(session: BrandSession) -> set[str]:
    return set(await session.scalars(sa.select(StoreRow.code).where(StoreRow.brand_id == session.brand_id)))


async def _make_store(session: BrandSession, *, store: Store, root_id: UUID) -> None:
    store_id = await organisation.create_store(
        session,
        SYSTEM,
        code=str(store.store_id),
        name=f"Store {store.store_id}",
        org_unit_id=root_id,
        operator="OWN",
        now=session.now,
    )
    for number in range(GUIDES_A_STORE):
        await onboarding.onboard(
            session,
            SYSTEM,
            display_name=f"Guide {store.store_id}-{number + 1}",
            phone=guide_phone(store, number),
            role="GUIDE",
            store_id=store_id,
            employee_number=_employee_number(store, number),
            now=session.now,
        )


def _employee_number(store: Store, number: int) -> str:
    return f"{store.store_id}-{number + 1}"


async def _guides(session: BrandSession) -> dict[str, Guide]:
    """The guides by employee number. Two statements."""
    brand_id = session.brand_id
    rows = await session.execute(
        sa.select(EmployeeRow.employee_number, ShopRow.id, CodeRow.token)
        .join(ShopRow, sa.and_(ShopRow.brand_id == brand_id, ShopRow.employee_id == EmployeeRow.id))
        .join(CodeRow, sa.and_(CodeRow.brand_id == brand_id, CodeRow.guide_id == EmployeeRow.id, CodeRow.is_personal))
        .where(EmployeeRow.brand_id == brand_id, EmployeeRow.employee_number.is_not(None))
    )
    found = {number: (shop_id, token) for number, shop_id, token in rows if number is not None}
    shops = await reads.shops_by_id(session, [shop_id for shop_id, _ in found.values()])
    return {number: Guide(shops[shop_id], token) for number, (shop_id, token) in found.items()}


async def _make_products(session: BrandSession, *, products: Sequence[NewProduct]) -> None:
    await catalogue.create_products(session, SYSTEM, products=products, now=session.now)


async def _sku_ids(session: BrandSession) -> dict[str, UUID]:
    rows = await session.execute(sa.select(SkuRow.code, SkuRow.id).where(SkuRow.brand_id == session.brand_id))
    return {row.code: row.id for row in rows}


async def _make_categories(session: BrandSession, products: Sequence[Product]) -> dict[tuple[str, str | None], UUID]:
    """A category for each department, below it one for each product category; gives all by department and category."""
    rows = await session.execute(
        sa.select(CategoryRow.parent_id, CategoryRow.name, CategoryRow.id).where(
            CategoryRow.brand_id == session.brand_id
        )
    )
    known = {(parent_id, name): category_id for parent_id, name, category_id in rows}
    made: dict[tuple[str, str | None], UUID] = {}

    async def category(name: str, parent_id: UUID | None) -> UUID:
        if (parent_id, name) not in known:
            known[parent_id, name] = await catalogue.create_category(
                session, SYSTEM, name=name, parent_id=parent_id, now=session.now
            )
        return known[parent_id, name]

    for department, name in sorted({(product.department, product.category or "") for product in products}):
        department_id = made[department, None] = await category(department, None)
        if name:
            made[department, name] = await category(name, department_id)
    return made


def _new_product(product: Product, categories: dict[tuple[str, str | None], UUID]) -> NewProduct:
    sku = NewSku(
        name=product.size or "each",
        code=str(product.product_id),
        barcode=None,
        price_minor=product.price_minor,
        market_price_minor=None,
        stock=product.stock,
    )
    title = f"{product.title} {product.size}" if product.size else product.title
    return NewProduct(title, (sku,), category_id=categories[product.department, product.category])
