"""Short ways to scan, sign in and look, for tests of codes and bindings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission import policies as publishing
from app.customers import bindings, invariants, policies, sign_in
from app.customers.models import (
    BindingEndRow,
    BindingHeadRow,
    BindingRenewalRow,
    BindingRow,
    TouchHeadRow,
    TouchpointRow,
    VisitorRow,
)
from app.customers.values import Channel, LiveBinding, PolicyTerms
from app.marketing import codes
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import Brand, Database
from tests import factories


def customer(customer_id: UUID) -> Actor:
    return Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)


def employee(employee_id: UUID, **more: Any) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id, **{"role": "GUIDE", **more})


@dataclass(frozen=True)
class Walk:
    """One brand, walked through at instants of the test's choosing."""

    database: Database
    brand: Brand

    async def scan(
        self,
        token: str | None,
        *,
        by: UUID | None = None,
        visitor: str | None = None,
        channel: Channel | None = None,
        now: datetime | None = None,
    ) -> codes.Scan:
        assert token is not None
        async with self.database.transaction(self.brand, now=now) as session:
            return await codes.scan(
                session,
                ANONYMOUS if by is None else customer(by),
                token=token,
                visitor_token=visitor,
                channel=channel,
                now=session.now,
            )

    async def sign_in(self, phone: str, visitor_id: UUID | None = None, *, now: datetime | None = None) -> UUID:
        """What a sign-in does once the phone is proven."""
        async with self.database.transaction(self.brand, now=now) as session:
            return await sign_in.welcome(session, phone=f"+86{phone}", visitor_id=visitor_id, now=session.now)

    async def order(self, customer_id: UUID, guide: factories.Staff | None, store_id: UUID, *, now: datetime) -> None:
        async with self.database.transaction(self.brand, now=now) as session:
            await bindings.on_order(
                session,
                customer_id=customer_id,
                guide_id=None if guide is None else guide.employee_id,
                store_id=store_id,
                policy=await policies.current_policy(session),
                now=session.now,
            )

    async def make_customer(self, **more: Any) -> UUID:
        async with self.database.transaction(self.brand) as session:
            return await factories.make_customer(session, **more)

    async def publish(self, **terms: Any) -> None:
        async with self.database.transaction(self.brand) as session:
            await publishing.publish(session, SYSTEM, terms=PolicyTerms(**terms), now=session.now)

    async def live(self, customer_id: UUID, *, now: datetime | None = None) -> LiveBinding | None:
        async with self.database.reading(self.brand, now=now) as session:
            return await bindings.live(session, customer_id=customer_id)

    async def count(self, row: Any, *conditions: Any) -> int:
        async with self.database.reading(self.brand) as session:
            found = await session.execute(
                sa.select(sa.func.count()).select_from(row).where(row.brand_id == self.brand.id, *conditions)
            )
            return int(found.scalar_one())

    async def counts(self) -> dict[str, int]:
        """How many rows each table of touches and bindings has."""
        tables = {
            "touchpoints": TouchpointRow,
            "visitors": VisitorRow,
            "bindings": BindingRow,
            "renewals": BindingRenewalRow,
            "ends": BindingEndRow,
            "heads": BindingHeadRow,
            "touch_heads": TouchHeadRow,
        }
        return {name: found for name, row in tables.items() if (found := await self.count(row))}

    async def ends(self) -> list[str]:
        """How past bindings ended, oldest first."""
        async with self.database.reading(self.brand) as session:
            found = await session.execute(
                sa.select(BindingEndRow.kind)
                .where(BindingEndRow.brand_id == self.brand.id)
                .order_by(BindingEndRow.ended_at)
            )
            return list(found.scalars())

    async def violations(self) -> list[str]:
        async with self.database.reading(self.brand) as session:
            return [line for check in invariants.CHECKS.values() for line in await check(session)]
