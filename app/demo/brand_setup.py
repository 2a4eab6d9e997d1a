"""The demo brand before its first day: areas, stores, staff, catalogue, pictures."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.boss import founding
from app.demo import coupons, covers, faces, merchandise, people, rasters
from app.demo.goods import CATEGORIES, GOODS
from app.employees import organisation
from app.employees.values import OpeningHours
from app.marketing import onboarding
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.storage import Storage
from app.products import catalogue, locations, reads, shelf, stock
from app.products.values import NewSku, ShelfChange, StockLine

STOCK = 400
GUIDES = 4 * len(people.STORES)
_TITLES = ("资深导购", "导购", "导购", "见习导购")

Runner = Callable[[str, datetime, Callable[[BrandSession], Awaitable[dict[str, Any]]]], Awaitable[dict[str, Any]]]
"""Runs a step once: name, the brand's instant, the work; gives what it made, ids as strings."""


@dataclass(frozen=True, slots=True)
class DemoGuide:
    """A guide as the month needs one."""

    employee_id: UUID
    shop_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Setup:
    """The guides in order of their phones, each product's SKUs, the stores in their order, headquarters' service,
    and the coupon templates. `branch_id`: the area that has prices of its own.
    """

    guides: list[DemoGuide]
    skus: list[list[UUID]]
    store_ids: list[UUID]
    service_id: UUID
    branch_id: UUID
    template_ids: list[UUID]


async def make(step: Runner, start: datetime) -> Setup:
    """Make everything that the first visit needs; `start` is the first day's midnight."""
    opening = start + timedelta(hours=8, minutes=5)
    stores = await step("organisation", opening, _organisation)
    leaders = await step("leaders", opening, lambda session: _leaders(session, UUID(stores["EAST"])))
    guides = [
        await step(f"guide-{number}", opening + timedelta(seconds=number), _guide(number, UUID(stores[place.code])))
        for number, place in ((n, people.STORES[n // 4]) for n in range(GUIDES))
    ]
    categories = await step("categories", opening, _categories)
    # The last in the list is published first, so that a shelf shows the list's order.
    products = [
        await step(
            f"product-{number}",
            opening + timedelta(minutes=len(GOODS) - number),
            _product(number, UUID(categories[GOODS[number].category])),
        )
        for number in range(len(GOODS))
    ]
    skus = [[UUID(sku) for sku in made["skus"]] for made in products]
    for place in people.STORES:
        at = opening + timedelta(minutes=len(GOODS) + 1)
        await step(f"stock-{place.code}", at, _store_stock(place.code, UUID(stores[place.code]), skus))
    # Each guide puts another product first.
    for number, made in enumerate(guides):
        at = opening + timedelta(hours=1, seconds=number)
        await step(f"featured-{number}", at, _feature(made, UUID(products[number * 7 % len(GOODS)]["product_id"])))
    ids = [UUID(made["product_id"]) for made in products]
    await step("merchandise", opening + timedelta(hours=2), lambda session: merchandise.dress(session, ids))
    first_product_id = UUID(products[0]["product_id"])
    coupons_made = await step(
        "coupons", opening + timedelta(hours=1, minutes=1), lambda session: coupons.make(session, first_product_id)
    )
    return Setup(
        guides=[DemoGuide(UUID(made["employee_id"]), UUID(made["shop_id"]), made["token"]) for made in guides],
        skus=skus,
        store_ids=[UUID(stores[place.code]) for place in people.STORES],
        service_id=UUID(leaders["headquarters"]),
        branch_id=UUID(stores[people.STORES[-1].area]),
        template_ids=[UUID(template_id) for template_id in coupons_made["ids"]],
    )


async def draw_pictures(kept: Storage) -> None:
    """Draw the covers and portraits; each load draws them alike."""
    for number, good in enumerate(GOODS):
        await _draw(kept, f"{number:02d}", covers.cover(good.shape, number), side=640)
    for number in range(GUIDES):
        await _draw(kept, f"guide-{number:02d}", faces.face(number), side=240)


async def _draw(kept: Storage, name: str, drawing: str, *, side: int) -> None:
    """Keep a drawing, and beside it the PNG that posters and chats show."""
    await kept.put(f"demo/{name}.svg", drawing.encode(), media_type="image/svg+xml")
    await kept.put(f"demo/{name}.png", rasters.png(drawing, side=side), media_type="image/png")


async def _organisation(session: BrandSession) -> dict[str, Any]:
    root_id, _ = await founding.root_and_owner(session)
    made: dict[str, Any] = {}
    for code, name in people.AREAS:
        made[code] = await organisation.create_unit(
            session, SYSTEM, code=code, name=name, kind="AREA", parent_id=root_id, now=session.now
        )
    hours = [OpeningHours(weekday=day, opens="10:00", closes="22:00") for day in range(1, 8)]
    for place in people.STORES:
        made[place.code] = await organisation.create_store(
            session,
            SYSTEM,
            code=place.code,
            name=place.name,
            org_unit_id=made[place.area],
            operator="OWN",
            city=place.city,
            address=place.district + place.street,
            opening_hours=hours,
            now=session.now,
        )
    return made


async def _leaders(session: BrandSession, area_id: UUID) -> dict[str, Any]:
    root_id, _ = await founding.root_and_owner(session)
    headquarters = await onboarding.onboard(
        session,
        SYSTEM,
        display_name="顾总部",
        phone="19900000002",
        role="HEADQUARTERS",
        org_unit_id=root_id,
        functions=("MEMBER_OPERATIONS", "FINANCE", "SERVICE"),
        now=session.now,
    )
    manager = await onboarding.onboard(
        session,
        SYSTEM,
        display_name="秦店长",
        phone="19900000003",
        role="MANAGER",
        org_unit_id=area_id,
        now=session.now,
    )
    return {"headquarters": headquarters.employee_id, "manager": manager.employee_id}


def _guide(number: int, store_id: UUID) -> Callable[[BrandSession], Awaitable[dict[str, Any]]]:
    async def work(session: BrandSession) -> dict[str, Any]:
        made = await onboarding.onboard(
            session,
            SYSTEM,
            display_name=people.name(number),
            phone=people.guide_phone(number),
            role="GUIDE",
            store_id=store_id,
            employee_number=f"G{number + 1:03d}",
            title=_TITLES[number % 4],
            avatar_url=f"/media/demo/guide-{number:02d}.svg",
            announcement=people.ANNOUNCEMENTS[number % len(people.ANNOUNCEMENTS)],
            now=session.now,
        )
        return {"employee_id": made.employee_id, "shop_id": made.shop_id, "token": made.token}

    return work


async def _categories(session: BrandSession) -> dict[str, Any]:
    return {name: await catalogue.create_category(session, SYSTEM, name=name, now=session.now) for name in CATEGORIES}


def _product(number: int, category_id: UUID) -> Callable[[BrandSession], Awaitable[dict[str, Any]]]:
    good = GOODS[number]

    async def work(session: BrandSession) -> dict[str, Any]:
        product_id = await catalogue.create_product(
            session,
            SYSTEM,
            title=good.title,
            description=good.description,
            cover_url=f"/media/demo/{number:02d}.svg",
            category_id=category_id,
            skus=[
                NewSku(
                    name=variant,
                    code=f"{number + 1:03d}-{position + 1}",
                    barcode=f"69012345{number + 1:03d}{position + 1}",
                    price_minor=good.price_minor + position * (good.price_minor // 1_000 * 100),
                    market_price_minor=good.market_price_minor
                    and good.market_price_minor + position * (good.price_minor // 1_000 * 100),
                    stock=STOCK,
                )
                for position, variant in enumerate(good.variants)
            ],
            now=session.now,
        )
        return {
            "product_id": product_id,
            "skus": [str(sku_id) for sku_id in await reads.sku_ids_of(session, product_id)],
        }

    return work


def _store_stock(
    code: str, store_id: UUID, skus: Sequence[Sequence[UUID]]
) -> Callable[[BrandSession], Awaitable[dict[str, Any]]]:
    """What a store has of everything when it opens, the same each time."""
    rng = Random(f"stock of {code}")

    async def work(session: BrandSession) -> dict[str, Any]:
        place = await locations.open_place(session, store_id, now=session.now)
        lines = [StockLine(sku_id, rng.randrange(12, 30)) for variants in skus for sku_id in variants]
        await stock.put_initial(session, SYSTEM, lines=lines, location_id=place.location_id, now=session.now)
        return {}

    return work


def _feature(guide: dict[str, Any], product_id: UUID) -> Callable[[BrandSession], Awaitable[dict[str, Any]]]:
    actor = Actor(
        kind=ActorKind.EMPLOYEE, employee_id=UUID(guide["employee_id"]), role="GUIDE", shop_id=UUID(guide["shop_id"])
    )

    async def work(session: BrandSession) -> dict[str, Any]:
        change = ShelfChange(is_featured=True, badge="本周到货")
        await shelf.change_item(
            session, actor, shop_id=UUID(guide["shop_id"]), product_id=product_id, change=change, now=session.now
        )
        return {}

    return work
