"""Short ways to fill a toolbox, share from it and open what was shared, for tests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.customers.values import Channel
from app.employees import audiences
from app.employees.rules import unit_path
from app.marketing import material_reads, materials, readings, share_reads, shares, toolbox_invariants
from app.marketing.material_reads import MaterialView
from app.marketing.share_reads import NO_FIGURES, Opener, ShareFigures, ShareView
from app.marketing.values import MaterialContent, MaterialKind
from app.platform.actor import SYSTEM, Actor
from app.trade import code_sales
from app.trade.code_sales import NO_CODE_SALES, CodeSales
from tests.factories import Scene, Staff
from tests.marketing.walk import Walk, employee

BASE_URL = "https://shop.example"


@dataclass(frozen=True)
class Toolbox:
    """One brand's toolbox."""

    walk: Walk
    scene: Scene
    branch: str
    """Path of the area that the scene's store hangs on."""

    def guide(self, staff: Staff | None = None, **more: Any) -> Actor:
        own = staff or self.scene.guide
        given = {"shop_id": own.shop_id, "store_id": self.scene.store_id, "branch": self.branch, **more}
        return employee(own.employee_id, **given)

    @property
    def owner(self) -> Actor:
        return employee(self.scene.owner_id, role="OWNER")

    async def put(
        self,
        title: str = "新品到店",
        *,
        kind: MaterialKind = MaterialKind.NEWS,
        actor: Actor = SYSTEM,
        audience: dict[str, Any] | None = None,
        now: datetime | None = None,
        **content: Any,
    ) -> UUID:
        """A material; `audience` by the names of `audiences.checked`."""
        async with self.walk.database.transaction(self.walk.brand, now=now) as session:
            own = None if audience is None else await audiences.checked(session, "audience", **audience)
            return await materials.create(
                session,
                actor,
                kind=kind,
                content=MaterialContent(title, **content),
                audience=own,
                now=session.now,
            )

    async def change(self, material_id: UUID, *, actor: Actor = SYSTEM, **changes: Any) -> int:
        async with self.walk.database.transaction(self.walk.brand) as session:
            return await materials.update(session, actor, material_id=material_id, now=session.now, **changes)

    async def withdraw(self, material_id: UUID, *, actor: Actor = SYSTEM) -> None:
        async with self.walk.database.transaction(self.walk.brand) as session:
            await materials.withdraw(session, actor, material_id=material_id, now=session.now)

    async def listed(self, actor: Actor, **more: Any) -> list[UUID]:
        async with self.walk.database.reading(self.walk.brand) as session:
            found = await material_reads.page(session, actor, limit=50, **more)
            assert await material_reads.count(session, actor, **more) == len(found)
        return [view.material_id for view in found]

    async def newest(self, material_id: UUID) -> MaterialView:
        async with self.walk.database.reading(self.walk.brand) as session:
            view = await material_reads.by_id(session, material_id)
        assert view is not None
        return view

    async def share(
        self,
        material_id: UUID,
        *,
        actor: Actor | None = None,
        channel: Channel = Channel.WECHAT_CHAT,
        customer_id: UUID | None = None,
        now: datetime | None = None,
    ) -> ShareView:
        async with self.walk.database.transaction(self.walk.brand, now=now) as session:
            share_id = await shares.share(
                session,
                actor or self.guide(),
                material_id=material_id,
                channel=channel,
                customer_id=customer_id,
                base_url=BASE_URL,
                now=session.now,
            )
        return await self.found(share_id)

    async def found(self, share_id: UUID) -> ShareView:
        async with self.walk.database.reading(self.walk.brand) as session:
            return (await share_reads.by_id(session, [share_id]))[share_id]

    async def figures(self, share: ShareView) -> ShareFigures:
        async with self.walk.database.reading(self.walk.brand) as session:
            return (await share_reads.figures_of_codes(session, [share.code_id])).get(share.code_id, NO_FIGURES)

    async def openers(self, share: ShareView) -> list[Opener]:
        async with self.walk.database.reading(self.walk.brand) as session:
            return (await share_reads.openers_of_codes(session, [share.code_id]))[share.code_id]

    async def sales(self, share: ShareView) -> CodeSales:
        async with self.walk.database.reading(self.walk.brand) as session:
            return (await code_sales.sales_of_codes(session, [share.code_id])).get(share.code_id, NO_CODE_SALES)

    async def read(self, touchpoint_id: UUID, seconds: int, *, now: datetime) -> int:
        async with self.walk.database.transaction(self.walk.brand, now=now) as session:
            return await readings.note(session, touchpoint_id=touchpoint_id, seconds=seconds, now=session.now)

    async def violations(self) -> list[str]:
        async with self.walk.database.reading(self.walk.brand) as session:
            return [line for check in toolbox_invariants.CHECKS.values() for line in await check(session)]


def branch_of(scene: Scene, root_id: UUID) -> str:
    return unit_path(unit_path("", root_id), scene.area_id)
