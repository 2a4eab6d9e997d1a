"""A brand with two stores, guides in both, goods in two categories, and the steps of a sale as trade takes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.boss import founding
from app.commission import ledger, sales
from app.commission.sales import Attributed, SaleLine
from app.customers import profiles
from app.employees import organisation
from app.employees.models import EmployeeRow
from app.marketing import codes
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.products import catalogue, reads
from app.trade import orders, payments
from app.trade.basket import Address
from app.trade.values import LineRequest, ProviderName
from tests import factories
from tests.factories import Staff


@dataclass(frozen=True, slots=True)
class Goods:
    """A product with its category."""

    product_id: UUID
    category_id: UUID
    category_path: str


@dataclass(slots=True)
class Market:
    brand: Brand
    owner: Actor
    area_id: UUID
    stores: list[UUID] = field(default_factory=list)
    guides: list[Staff] = field(default_factory=list)
    """Two of the first store, then two of the second."""
    goods: list[Goods] = field(default_factory=list)
    """A tea of the category tea below drinks, and a scarf of the category wear."""


async def make_market(database: Database, **more: Any) -> Market:
    brand = await factories.make_brand(database, **more)
    async with database.transaction(brand) as session:
        root_id, owner_id = await founding.root_and_owner(session)
        now = session.now
        area_id = await organisation.create_unit(
            session, SYSTEM, code="EAST", name="华东", kind="AREA", parent_id=root_id, now=now
        )
        owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=owner_id, role="OWNER", branch=f"/{root_id.hex}/")
        market = Market(brand, owner, area_id)
        for number in range(2):
            team_id = await organisation.create_unit(
                session, SYSTEM, code=f"T{number}", name=f"{number} 组", kind="TEAM", parent_id=area_id, now=now
            )
            store_id = await factories.make_store(session, org_unit_id=team_id, code=f"S{number}")
            market.stores.append(store_id)
            for _ in range(2):
                market.guides.append(await factories.make_employee(session, store_id=store_id))
        drinks = await catalogue.create_category(session, SYSTEM, name="饮品", now=now)
        tea = await catalogue.create_category(session, SYSTEM, name="茶", parent_id=drinks, now=now)
        wear = await catalogue.create_category(session, SYSTEM, name="服饰", now=now)
        for category_id, path in ((tea, f"/{drinks.hex}/{tea.hex}/"), (wear, f"/{wear.hex}/")):
            product_id, _ = await factories.make_product(session, category_id=category_id)
            market.goods.append(Goods(product_id, category_id, path))
    return market


async def buy(
    session: BrandSession,
    market: Market,
    *,
    customer_id: UUID,
    shop_of: Staff,
    code_of: Staff | None = None,
    amounts: Sequence[int] = (10_000,),
    now: datetime | None = None,
    order_id: UUID | None = None,
) -> tuple[UUID, Attributed]:
    """Attribute an order of one line per amount, the goods in turn."""
    assert shop_of.shop_id is not None
    shop = await reads.shop_facts(session, shop_of.shop_id)
    assert shop is not None
    code = None if code_of is None or code_of.token is None else await codes.facts_by_token(session, code_of.token)
    order_id = order_id or session.new_id()
    lines = [
        SaleLine(
            line_id=session.new_id(),
            product_id=goods.product_id,
            category_id=goods.category_id,
            category_path=goods.category_path,
            quantity=1,
            base_minor=amount,
        )
        for amount, goods in zip(amounts, market.goods * len(amounts), strict=False)
    ]
    attributed = await sales.attribute(
        session,
        order_id=order_id,
        number=f"N{order_id.hex[-12:]}",
        customer_id=customer_id,
        shop=shop,
        code=code,
        lines=lines,
        now=now or session.now,
    )
    return order_id, attributed


async def make_customer(session: BrandSession, *, phone: str | None = None) -> UUID:
    return await profiles.create_customer(session, phone=phone or factories.next_phone(), now=session.now)


def customer_actor(customer_id: UUID) -> Actor:
    return Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)


async def scan(session: BrandSession, customer_id: UUID, guide: Staff, *, now: datetime | None = None) -> None:
    assert guide.token is not None
    await codes.scan(session, customer_actor(customer_id), token=guide.token, now=now or session.now)


async def leave(session: BrandSession, guide: Staff) -> None:
    """The guide no longer works here: only the row that decisions ask for."""
    await session.execute(
        sa.update(EmployeeRow)
        .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == guide.employee_id)
        .values(state="RESIGNED")
        .execution_options(synchronize_session=False)
    )


async def assert_books_are_sound(session: BrandSession) -> None:
    found = await ledger.trial_balance(session)
    assert found.is_zero, found


async def order_goods(
    session: BrandSession, *, customer_id: UUID, sku_id: UUID, shop_of: Staff, quantity: int = 1
) -> UUID:
    """An order as trade places it."""
    assert shop_of.shop_id is not None
    shop = await reads.shop_facts(session, shop_of.shop_id)
    assert shop is not None
    return await orders.place(
        session,
        customer_actor(customer_id),
        shop=shop,
        lines=[LineRequest(sku_id, quantity)],
        address=Address(**factories.ADDRESS),
        now=session.now,
    )


async def pay(session: BrandSession, *, order_id: UUID, customer_id: UUID, total_minor: int) -> None:
    """The provider's word that an order's money is there."""
    actor = customer_actor(customer_id)
    payment_id = await payments.start(session, actor, order_id=order_id, provider=ProviderName.SANDBOX, now=session.now)
    await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id=f"T{payment_id.hex}",
        amount_minor=total_minor,
        now=session.now,
    )
