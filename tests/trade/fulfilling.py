"""What tests of shipping, pickup and receipt share: who acts, and orders brought to a state through the services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.boss import founding
from app.commission.models import LineHoldRow
from app.employees import organisation
from app.employees.models import OrgUnitRow
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.trade import after_sale_reads, pickups, receipts, shipments
from app.trade.models import OrderMoveRow, ShipmentRow
from app.trade.payments import Booking
from app.trade.values import FulfilmentMethod
from tests import factories
from tests.factories import Scene
from tests.trade import purchase


@dataclass(frozen=True, slots=True)
class Staffed:
    """A scene with its people as actors, and another area whose store has a guide and a manager of its own."""

    scene: Scene
    buyer: Actor
    guide: Actor
    colleague: Actor
    manager: Actor
    owner: Actor
    headquarters: Actor
    service: Actor
    west_store_id: UUID
    west_guide: Actor
    west_manager: Actor

    @property
    def brand(self) -> Brand:
        return self.scene.brand


async def staff(database: Database, scene: Scene) -> Staffed:
    buyer = await purchase.make_buyer(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        west_id = await organisation.create_unit(
            session,
            SYSTEM,
            code=f"W{factories.next_number()}",
            name="西区",
            kind="AREA",
            parent_id=root_id,
            now=session.now,
        )
        west_store_id = await factories.make_store(session, org_unit_id=west_id, name="春熙路店")
        for store_id in (scene.store_id, west_store_id):
            await factories.fill(session, store_id, scene.sku_id)
        paths = {
            row.id: row.path
            for row in await session.execute(
                sa.select(OrgUnitRow.id, OrgUnitRow.path).where(OrgUnitRow.brand_id == scene.brand.id)
            )
        }

        async def hire(role: str, unit_id: UUID, store_id: UUID | None = None, *functions: str) -> Actor:
            made = await factories.make_employee(
                session, role=role, org_unit_id=unit_id, store_id=store_id, functions=functions
            )
            return Actor(
                kind=ActorKind.EMPLOYEE,
                employee_id=made.employee_id,
                role=role,
                branch=paths[unit_id],
                store_id=store_id,
                shop_id=made.shop_id,
                functions=frozenset(functions),
            )

        def of_scene(who: Any) -> Actor:
            return Actor(
                kind=ActorKind.EMPLOYEE,
                employee_id=who.employee_id,
                role="GUIDE",
                branch=paths[scene.area_id],
                store_id=scene.store_id,
                shop_id=who.shop_id,
            )

        owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.owner_id, role="OWNER", branch=paths[root_id])
        return Staffed(
            scene=scene,
            buyer=buyer,
            guide=of_scene(scene.guide),
            colleague=of_scene(scene.other_guide),
            manager=await hire("MANAGER", scene.area_id),
            owner=owner,
            headquarters=await hire("HEADQUARTERS", root_id),
            service=await hire("HEADQUARTERS", root_id, None, "SERVICE"),
            west_store_id=west_store_id,
            west_guide=await hire("GUIDE", west_id, west_store_id),
            west_manager=await hire("MANAGER", west_id),
        )


async def paid(database: Database, staffed: Staffed, **more: Any) -> UUID:
    """A paid order of the first guide's shop; to be sent unless `more` says otherwise."""
    order_id = await purchase.make_order(database, staffed.scene, staffed.buyer, **more)
    payment_id = await purchase.start(database, staffed.brand, staffed.buyer, order_id)
    assert await purchase.pay(database, staffed.brand, payment_id) is Booking.PAID
    return order_id


async def paid_pickup(database: Database, staffed: Staffed, store_id: UUID | None = None) -> UUID:
    """A paid order that is fetched in the other area's store, though the sale is the first one's."""
    return await paid(
        database,
        staffed,
        fulfilment=FulfilmentMethod.PICKUP,
        pickup_store_id=store_id or staffed.west_store_id,
        address=None,
    )


async def ship(database: Database, brand: Brand, actor: Actor, order_id: UUID, **more: Any) -> UUID:
    async with database.transaction(brand, now=more.pop("now", None)) as session:
        return await shipments.ship(session, actor, order_id=order_id, now=session.now, **more)


async def confirm(
    database: Database, brand: Brand, buyer: Actor, order_id: UUID, *, now: datetime | None = None
) -> None:
    async with database.transaction(brand, now=now) as session:
        await receipts.confirm(session, buyer, order_id=order_id, now=session.now)


async def make_ready(database: Database, brand: Brand, actor: Actor, order_id: UUID) -> None:
    async with database.transaction(brand) as session:
        await pickups.make_ready(session, actor, order_id=order_id, now=session.now)


async def hand_over(
    database: Database,
    brand: Brand,
    actor: Actor,
    order_id: UUID,
    *,
    code: str | None = None,
    now: datetime | None = None,
) -> Any:
    """Give an order out; with its own code unless another is given. The refusal that commits, or None."""
    async with database.transaction(brand, now=now) as session:
        shown = code if code is not None else pickups.code_for(session.vault, brand.id, order_id)
        return await pickups.hand_over(session, actor, order_id=order_id, code=shown, now=session.now)


def wrong_code(database: Database, brand: Brand, order_id: UUID) -> str:
    right = int(pickups.code_for(database.vault, brand.id, order_id))
    return f"{(right + 1) % 10**8:08d}"


async def steps(session: BrandSession, order_id: UUID) -> list[tuple[str, str, str]]:
    """Event, state and actor of each step since the payment."""
    rows = await session.execute(
        sa.select(OrderMoveRow.event, OrderMoveRow.to_state, OrderMoveRow.actor)
        .where(
            OrderMoveRow.brand_id == session.brand_id,
            OrderMoveRow.order_id == order_id,
            OrderMoveRow.event.not_in(["PLACE", "PAY"]),
        )
        .order_by(OrderMoveRow.id)
    )
    return [(row.event, row.to_state, row.actor) for row in rows]


async def parcels(session: BrandSession, order_id: UUID) -> Sequence[Any]:
    rows = await session.scalars(
        sa.select(ShipmentRow).where(ShipmentRow.brand_id == session.brand_id, ShipmentRow.order_id == order_id)
    )
    return rows.all()


async def due_ats(session: BrandSession, order_id: UUID) -> list[datetime | None]:
    """When the commission of each line falls due."""
    rows = await session.scalars(
        sa.select(LineHoldRow.due_at).where(LineHoldRow.brand_id == session.brand_id, LineHoldRow.sale_id == order_id)
    )
    return list(rows)


def open_after_sales(patch: pytest.MonkeyPatch, *order_ids: UUID) -> None:
    """Whoever carries an order on finds that these have an after-sale under way."""

    async def has_open_after_sale(_: BrandSession, order_id: UUID) -> bool:
        return order_id in order_ids

    patch.setattr(after_sale_reads, "has_open_after_sale", has_open_after_sale)
