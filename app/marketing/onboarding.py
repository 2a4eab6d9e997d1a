"""Onboarding: a person who sells gets employee, virtual shop and personal code in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.employees import staff
from app.employees.values import Role
from app.marketing import codes
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products import shops


@dataclass(frozen=True, slots=True)
class Onboarded:
    """A new employee; shop and code are None for those who do not sell."""

    employee_id: UUID
    shop_id: UUID | None = None
    slug: str | None = None
    code_id: UUID | None = None
    token: str | None = None


async def onboard(
    session: BrandSession,
    actor: Actor,
    *,
    display_name: str,
    phone: str,
    role: str,
    org_unit_id: UUID | None = None,
    store_id: UUID | None = None,
    employee_number: str | None = None,
    functions: Sequence[str] = (),
    title: str | None = None,
    avatar_url: str | None = None,
    announcement: str | None = None,
    now: datetime,
) -> Onboarded:
    """Hire a person as `staff.create_employee` does; a guide, and a manager of a store, get shop and personal code too.

    Raises: Forbidden, InvalidInput, NotFound, Conflict.
    """
    employee_id = await staff.create_employee(
        session,
        actor,
        display_name=display_name,
        phone=phone,
        role=role,
        org_unit_id=org_unit_id,
        store_id=store_id,
        employee_number=employee_number,
        functions=functions,
        title=title,
        avatar_url=avatar_url,
        now=now,
    )
    sells = role == Role.GUIDE or (role == Role.MANAGER and store_id is not None)
    if not sells:
        return Onboarded(employee_id)
    shop = await shops.create_shop(
        session, employee_id=employee_id, name=f"{display_name.strip()}的小店", announcement=announcement, now=now
    )
    code = await codes.create_personal_code(
        session, guide_id=employee_id, shop_id=shop.shop_id, store_id=store_id, now=now
    )
    return Onboarded(employee_id, shop.shop_id, shop.slug, code.code_id, code.token)
