"""People who work for the brand: hiring them, and the few facts that other packages ask for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from app.employees import phones
from app.employees.models import EmployeeRow, OrgUnitRow, PostingRow, StoreRow
from app.employees.rules import HiringProblem, hiring_problem, is_inside
from app.employees.values import EmployeeState, Role, StaffFunction
from app.platform import media, texts
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound

LONGEST_NAME = 30
LONGEST_NUMBER = 64
LONGEST_URL = 500


async def create_employee(
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
    now: datetime,
) -> UUID:
    """Hire a person, posted from now on; a store stands for its unit where none is named.

    Name and title: up to 30 characters; phone: 11 digits or +86…; employee number: up to 64. Nobody makes a role above
    the own; a manager makes guides, in the own branch; functions are for headquarters' people and the owner. Three
    statements. Raises: Forbidden, InvalidInput, NotFound (unit or store, also when outside a manager's branch),
    Conflict (phone, employee number).
    """
    own_role, roles_functions = Role(role), sorted({StaffFunction(name) for name in functions})
    number = phones.read_phone(phone, "phone")
    values = {
        "display_name": texts.line(display_name, "displayName", longest=LONGEST_NAME),
        "employee_number": texts.optional_line(employee_number, "employeeNumber", longest=LONGEST_NUMBER),
        "title": texts.optional_line(title, "title", longest=LONGEST_NAME),
        "avatar_url": await _portrait(session, avatar_url),
    }
    unit_id, path = await _posting_of(session, org_unit_id, store_id)
    _check_hiring(actor, own_role, path, roles_functions, "storeId" if org_unit_id is None else "orgUnitId")
    vault, brand_id, employee_id = session.vault, session.brand_id, session.new_id()
    hashes = phones.phone_hashes(vault, brand_id, number)
    if len(hashes) > 1 and await _is_phone_taken(session, hashes):
        # The unique key sees only hashes of one key; between two keys the look decides.
        raise Conflict("phone_taken", path=("phone",))
    made = await session.execute(
        insert(EmployeeRow)
        .values(
            brand_id=brand_id,
            id=employee_id,
            phone=phones.seal_phone(vault, brand_id, number),
            phone_hash=hashes[0],
            role=own_role,
            functions=roles_functions,
            state=EmployeeState.ACTIVE,
            org_unit_id=unit_id,
            store_id=store_id,
            created_at=now,
            **values,
        )
        .on_conflict_do_nothing()
        .returning(EmployeeRow.id)
    )
    if made.scalar_one_or_none() is None:
        raise await _conflict(session, hashes)
    await session.execute(
        sa.insert(PostingRow).values(
            brand_id=brand_id,
            id=session.new_id(),
            employee_id=employee_id,
            org_unit_id=unit_id,
            store_id=store_id,
            role=own_role,
            valid_from=now,
            valid_to=None,
        )
    )
    return employee_id


async def employee_id_by_phone(session: BrandSession, phone: str) -> UUID | None:
    """The employee who works here under this phone. `phone` is E.164."""
    found = await session.execute(
        sa.select(EmployeeRow.id).where(
            EmployeeRow.brand_id == session.brand_id,
            EmployeeRow.phone_hash.in_(phones.phone_hashes(session.vault, session.brand_id, phone)),
            EmployeeRow.state == EmployeeState.ACTIVE,
        )
    )
    return found.scalar_one_or_none()


async def _posting_of(session: BrandSession, org_unit_id: UUID | None, store_id: UUID | None) -> tuple[UUID, str]:
    """The unit of a posting, with its path, which says whose branch it is in."""
    if store_id is None:
        if org_unit_id is None:
            raise InvalidInput("unit_or_store_required", path=("orgUnitId",))
        found = await session.execute(
            sa.select(OrgUnitRow.path).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == org_unit_id)
        )
        path = found.scalar_one_or_none()
        if path is None:
            raise NotFound("OrgUnit", path=("orgUnitId",))
        return org_unit_id, path
    own = aliased(OrgUnitRow)
    row = (
        await session.execute(
            sa.select(StoreRow.org_unit_id, OrgUnitRow.path, own.path.label("own_path"))
            .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == StoreRow.brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
            .outerjoin(own, sa.and_(own.brand_id == StoreRow.brand_id, own.id == org_unit_id))
            .where(StoreRow.brand_id == session.brand_id, StoreRow.id == store_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("Store", path=("storeId",))
    if org_unit_id is None:
        return row.org_unit_id, row.path
    if row.own_path is None:
        raise NotFound("OrgUnit", path=("orgUnitId",))
    if not is_inside(row.path, row.own_path):
        raise InvalidInput("store_outside_unit", path=("storeId",))
    return org_unit_id, row.own_path


def _check_hiring(actor: Actor, role: Role, path: str, functions: Sequence[StaffFunction], argument: str) -> None:
    """Raises: Forbidden, NotFound (what lies outside the own branch is not there), InvalidInput."""
    own_role = Role.OWNER if actor.kind is ActorKind.SYSTEM else Role(actor.role) if actor.role else None
    if own_role is None:
        raise Forbidden
    match hiring_problem(own_role=own_role, own_branch=actor.branch, role=role, path=path, functions=functions):
        case HiringProblem.ROLE_ABOVE_OWN:
            raise Forbidden
        case HiringProblem.OUTSIDE_BRANCH:
            raise NotFound("OrgUnit" if argument == "orgUnitId" else "Store", path=(argument,))
        case HiringProblem.FUNCTIONS_NOT_FOR_ROLE:
            raise InvalidInput("functions_for_headquarters", path=("functions",))


async def _conflict(session: BrandSession, phone_hashes: Sequence[str]) -> Conflict:
    """Which of the two things that must be unique somebody else has."""
    if await _is_phone_taken(session, phone_hashes):
        return Conflict("phone_taken", path=("phone",))
    return Conflict("employee_number_taken", path=("employeeNumber",))


async def _is_phone_taken(session: BrandSession, phone_hashes: Sequence[str]) -> bool:
    taken = await session.execute(
        sa.select(EmployeeRow.id)
        .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.phone_hash.in_(phone_hashes))
        .limit(1)
    )
    return taken.scalar_one_or_none() is not None


async def _portrait(session: BrandSession, text: str | None) -> str | None:
    found = texts.optional_line(text, "avatarUrl", longest=LONGEST_URL)
    if found is not None and not found.startswith(("https://", "http://", "/")):
        raise InvalidInput("url_form", path=("avatarUrl",))
    await media.hold_urls(session, [(("avatarUrl",), found)])
    return found
