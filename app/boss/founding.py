"""Founding a brand: its row, the root of its organisation, its owner, a place to ship from, and its first rules."""

import re
import zoneinfo
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.boss.models import RollupStateRow
from app.commission import plans, policies
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.customers.values import PolicyTerms
from app.employees import organisation, staff
from app.employees.models import EmployeeRow, OrgUnitRow
from app.marketing import poster_templates
from app.platform import db, ids
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import Conflict, InvalidInput
from app.platform.models import BrandRow
from app.platform.money import CURRENCIES
from app.products import locations

SELLER_RATE_BP = 1_000
HOLD_DAYS = 7
LONGEST_NAME = 60
_CODE = re.compile(r"[a-z0-9-]{2,32}")


async def found_brand(
    database: Database,
    *,
    code: str,
    name: str,
    currency: str,
    time_zone: str,
    owner_name: str,
    owner_phone: str,
    simulated_now: datetime | None = None,
    now: datetime,
) -> Brand:
    """Make a brand that can sell at once: owner, place to ship from, policy, plan, posters, all in one transaction.

    `simulated_now` starts a brand that replays history at that instant. Raises: InvalidInput (code of 2 to 32 of a-z,
    0-9 and -, one of seven currencies, an IANA time zone, the owner's name or phone), Conflict when the code is taken.
    """
    _check(code=code, name=name, currency=currency, time_zone=time_zone)
    at = simulated_now or now
    brand = Brand(ids.new_id(at), code, name.strip(), currency, time_zone, simulated_now)
    try:
        async with database.transaction(brand, now=at) as session:
            await session.execute(
                sa.insert(BrandRow).values(
                    id=brand.id,
                    code=brand.code,
                    name=brand.name,
                    currency=brand.currency,
                    time_zone=brand.time_zone,
                    simulated_now=simulated_now,
                    created_at=now,
                )
            )
            await session.execute(sa.insert(RollupStateRow).values(brand_id=brand.id))
            root_id = await organisation.create_root(session, name=brand.name, now=at)
            await staff.create_employee(
                session,
                SYSTEM,
                display_name=owner_name,
                phone=owner_phone,
                role="OWNER",
                org_unit_id=root_id,
                now=at,
            )
            await locations.create_shipping_location(session, now=at)
            await policies.publish(session, SYSTEM, terms=PolicyTerms(), now=at)
            await plans.publish(
                session,
                SYSTEM,
                hold_days=HOLD_DAYS,
                rules=[NewRule(role=ShareRole.SELLER, rate_bp=SELLER_RATE_BP)],
                now=at,
            )
            await poster_templates.create_built_in(session, now=at)
    except sa.exc.IntegrityError as error:
        if db.violated(error) == "uq_brand_code":
            raise Conflict("brand_code_taken", path=("code",)) from error
        raise
    return brand


async def root_and_owner(session: BrandSession) -> tuple[UUID, UUID]:
    """The root of the organisation and the first owner, as the founding made them. One statement."""
    row = (
        await session.execute(
            sa.select(OrgUnitRow.id, EmployeeRow.id)
            .join(EmployeeRow, sa.and_(EmployeeRow.brand_id == OrgUnitRow.brand_id, EmployeeRow.role == "OWNER"))
            .where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.parent_id.is_(None))
            .order_by(EmployeeRow.created_at, EmployeeRow.id)
            .limit(1)
        )
    ).one()
    return row[0], row[1]


def _check(*, code: str, name: str, currency: str, time_zone: str) -> None:
    if not _CODE.fullmatch(code):
        raise InvalidInput("brand_code_form", path=("code",))
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise InvalidInput("brand_name_length", path=("name",), longest=LONGEST_NAME)
    if currency not in CURRENCIES:
        raise InvalidInput("brand_currency", path=("currency",), currencies=", ".join(CURRENCIES))
    if time_zone not in zoneinfo.available_timezones():
        raise InvalidInput("brand_time_zone", path=("timeZone",))
