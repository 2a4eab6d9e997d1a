"""An order that one guide won in the shop of another, with a key for everybody who asks about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.commission.market import order_goods, pay, scan
from tests.factories import Scene


@dataclass(frozen=True, slots=True)
class Sale:
    """The scene's guide won an order of two pieces (at 100.00 each) that was placed in the shop of the other one."""

    scene: Scene
    customer_id: UUID
    order_id: UUID
    owner: str
    guide: str
    other: str
    stranger: str
    """A guide of another store, who had nothing to do with it."""

    @property
    def node(self) -> str:
        return encode_global_id("Order", self.order_id)


async def make_sale(runtime: Runtime) -> Sale:
    database = runtime.database
    scene = await factories.make_scene(database, price_minor=10_000)
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)
        await scan(session, customer_id, scene.guide)
        far = await factories.make_store(session, org_unit_id=scene.area_id)
        stranger = await factories.make_employee(session, store_id=far)
    async with database.transaction(scene.brand) as session:
        order_id = await order_goods(
            session, customer_id=customer_id, sku_id=scene.sku_id, shop_of=scene.other_guide, quantity=2
        )
    tokens = [
        await factories.token_for(runtime, scene.brand, employee_id)
        for employee_id in (
            scene.owner_id,
            scene.guide.employee_id,
            scene.other_guide.employee_id,
            stranger.employee_id,
        )
    ]
    return Sale(scene, customer_id, order_id, *tokens)


async def pay_for(runtime: Runtime, sale: Sale) -> datetime:
    async with runtime.database.transaction(sale.scene.brand) as session:
        await pay(session, order_id=sale.order_id, customer_id=sale.customer_id, total_minor=20_000)
        return session.now


def cny(minor: int, display: str) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY", "display": display}
