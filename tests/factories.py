"""Makers of test data: each takes the services' own road, with short defaults. Every test founds a brand of its own."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.boss import founding
from app.customers import profiles
from app.employees import organisation, sessions
from app.marketing import onboarding
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.runtime import Runtime
from app.products import catalogue, stock

_numbers = itertools.count(1)


def next_number() -> int:
    """A number that no other test of this run has (workers differ by their process)."""
    return os.getpid() * 100_000 % 9_000_000 + next(_numbers)


def next_phone() -> str:
    return f"199{next_number() % 100_000_000:08d}"


@dataclass(frozen=True, slots=True)
class Staff:
    """An employee as tests name one."""

    employee_id: UUID
    shop_id: UUID | None = None
    slug: str | None = None
    code_id: UUID | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A brand with one area, one store, two guides with shops and codes, and one product of one SKU."""

    brand: Brand
    owner_id: UUID
    area_id: UUID
    store_id: UUID
    guide: Staff
    other_guide: Staff
    product_id: UUID
    sku_id: UUID


async def make_brand(
    database: Database, *, currency: str = "CNY", time_zone: str = "Asia/Shanghai", **more: Any
) -> Brand:
    number = next_number()
    return await founding.found_brand(
        database,
        code=more.pop("code", f"t{number}"),
        name="测试品牌",
        currency=currency,
        time_zone=time_zone,
        owner_name="老板",
        owner_phone=more.pop("owner_phone", next_phone()),
        now=more.pop("now", clock.utc_now()),
        **more,
    )


async def make_employee(
    session: BrandSession,
    *,
    role: str = "GUIDE",
    store_id: UUID | None = None,
    org_unit_id: UUID | None = None,
    **more: Any,
) -> Staff:
    """An employee; a guide comes with shop and personal code."""
    made = await onboarding.onboard(
        session,
        SYSTEM,
        display_name=more.pop("display_name", "林知夏"),
        phone=more.pop("phone", next_phone()),
        role=role,
        store_id=store_id,
        org_unit_id=org_unit_id,
        now=session.now,
        **more,
    )
    return Staff(made.employee_id, made.shop_id, made.slug, made.code_id, made.token)


async def make_store(
    session: BrandSession, *, org_unit_id: UUID, code: str | None = None, name: str = "人民广场店"
) -> UUID:
    return await organisation.create_store(
        session,
        SYSTEM,
        code=code or f"S{next_number()}",
        name=name,
        org_unit_id=org_unit_id,
        operator="OWN",
        city="上海",
        now=session.now,
    )


async def make_product(
    session: BrandSession,
    *,
    price_minor: int = 12_900,
    stock: int = 100,
    title: str = "羊绒围巾",
    skus: int = 1,
    **more: Any,
) -> tuple[UUID, list[UUID]]:
    """A published product; gives its id and its SKUs' ids in order."""
    from app.products import reads  # noqa: PLC0415 - keeps this module importable while the reads change

    number = next_number()
    product_id = await catalogue.create_product(
        session,
        SYSTEM,
        title=title,
        skus=[
            catalogue.NewSku(
                name=f"规格{i}",
                code=f"K{number}-{i}",
                barcode=None,
                price_minor=price_minor,
                market_price_minor=None,
                stock=stock,
            )
            for i in range(skus)
        ],
        now=session.now,
        **more,
    )
    return product_id, await reads.sku_ids_of(session, product_id)


async def fill(session: BrandSession, place_id: UUID, *sku_ids: UUID, pieces: int = 100) -> None:
    """Put pieces of SKUs into a store, or any other place."""
    for sku_id in sku_ids:
        await stock.adjust(
            session, SYSTEM, sku_id=sku_id, change=pieces, reason="到货", location_id=place_id, now=session.now
        )


async def make_customer(session: BrandSession, *, phone: str | None = None, name: str = "王小明") -> UUID:
    return await profiles.create_customer(session, phone=phone or next_phone(), name=name, now=session.now)


async def make_scene(
    database: Database, *, stock: int = 100, price_minor: int = 12_900, brand: Brand | None = None, **more: Any
) -> Scene:
    brand = brand or await make_brand(database, **more)
    async with database.transaction(brand) as session:
        root_id, owner_id = await founding.root_and_owner(session)
        area_id = await organisation.create_unit(
            session, SYSTEM, code=f"A{next_number()}", name="华东", kind="AREA", parent_id=root_id, now=session.now
        )
        store_id = await make_store(session, org_unit_id=area_id)
        guide = await make_employee(session, store_id=store_id)
        other = await make_employee(session, store_id=store_id, display_name="周予安")
        product_id, sku_ids = await make_product(session, stock=stock, price_minor=price_minor)
    return Scene(brand, owner_id, area_id, store_id, guide, other, product_id, sku_ids[0])


async def token_for(runtime: Runtime, brand: Brand, principal_id: UUID, audience: str = "EMPLOYEE") -> str:
    """An access token of a fresh session."""
    async with runtime.database.transaction(brand) as session:
        opened = await sessions.open_session(
            session,
            audience=audience,
            principal_id=principal_id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    return opened.access_token


def key() -> str:
    """An idempotency key."""
    return f"key-{next_number():020d}"


ADDRESS = {
    "recipient": "王小明",
    "phone": "19900001001",
    "province": "上海市",
    "city": "上海市",
    "district": "黄浦区",
    "street": "人民大道 1 号",
}


def at(text: str) -> datetime:
    """An aware instant from ISO text."""
    return datetime.fromisoformat(text)


def ids(rows: Sequence[Any]) -> list[UUID]:
    return [row.id for row in rows]
