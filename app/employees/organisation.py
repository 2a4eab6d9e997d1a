"""The organisation tree and the stores that hang on it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.employees.models import OrgUnitRow, StoreRow
from app.employees.phones import read_phone
from app.employees.rules import hours_are_sound, unit_path
from app.employees.values import OpeningHours, OrgUnitKind, PostalAddress, StoreOperator
from app.platform import texts
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound

RETURN_ADDRESS = "return_address"
ROOT_CODE = "HQ"
LONGEST_CODE = 64
LONGEST_NAME = 60
LONGEST_LINE = 200


async def create_root(session: BrandSession, *, name: str, now: datetime) -> UUID:
    """Make a brand's headquarters, the root of its tree, with the code HQ. Raises: InvalidInput."""
    unit_id = session.new_id()
    await session.execute(
        sa.insert(OrgUnitRow).values(
            brand_id=session.brand_id,
            id=unit_id,
            code=ROOT_CODE,
            name=texts.line(name, "name", longest=LONGEST_NAME),
            kind=OrgUnitKind.HEADQUARTERS,
            parent_id=None,
            path=unit_path("", unit_id),
            created_at=now,
        )
    )
    return unit_id


async def create_unit(
    session: BrandSession, actor: Actor, *, code: str, name: str, kind: str, parent_id: UUID, now: datetime
) -> UUID:
    """Make a region, area or team below a unit.

    Code: up to 64 characters; name: up to 60. Raises: Forbidden, InvalidInput, NotFound (parent), Conflict (code).
    """
    _check_right(actor)
    own_code = texts.line(code, "code", longest=LONGEST_CODE)
    own_name = texts.line(name, "name", longest=LONGEST_NAME)
    own_kind = OrgUnitKind(kind)
    if own_kind is OrgUnitKind.HEADQUARTERS:
        raise InvalidInput("org_unit_kind", path=("kind",))
    parent_path = await _path_of(session, parent_id, "parentId")
    unit_id = session.new_id()
    made = await session.execute(
        insert(OrgUnitRow)
        .values(
            brand_id=session.brand_id,
            id=unit_id,
            code=own_code,
            name=own_name,
            kind=own_kind,
            parent_id=parent_id,
            path=unit_path(parent_path, unit_id),
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["brand_id", "code"])
        .returning(OrgUnitRow.id)
    )
    if made.scalar_one_or_none() is None:
        raise Conflict("org_unit_code_taken", path=("code",))
    return unit_id


async def create_store(
    session: BrandSession,
    actor: Actor,
    *,
    code: str,
    name: str,
    org_unit_id: UUID,
    operator: str,
    legal_entity: str | None = None,
    territory: str | None = None,
    city: str | None = None,
    address: str | None = None,
    opening_hours: Sequence[OpeningHours] = (),
    return_address: PostalAddress | None = None,
    now: datetime,
) -> UUID:
    """Make a store on a unit.

    Code: up to 64 characters, the name that tills and files use; name: up to 60; the other lines: up to 200. The return
    address is sealed. Raises: Forbidden, InvalidInput, NotFound (the unit), Conflict (the code).
    """
    _check_right(actor)
    if not hours_are_sound(opening_hours):
        raise InvalidInput("opening_hours_form", path=("openingHours",))
    values = {
        "code": texts.line(code, "code", longest=LONGEST_CODE),
        "name": texts.line(name, "name", longest=LONGEST_NAME),
        "operator": StoreOperator(operator),
        "legal_entity": texts.optional_line(legal_entity, "legalEntity", longest=LONGEST_LINE),
        "territory": texts.optional_line(territory, "territory", longest=LONGEST_LINE),
        "city": texts.optional_line(city, "city", longest=LONGEST_NAME),
        "address": texts.optional_line(address, "address", longest=LONGEST_LINE),
        "opening_hours": [asdict(line) for line in opening_hours],
        "return_address": _sealed(session, return_address),
    }
    await _path_of(session, org_unit_id, "orgUnitId")
    store_id = session.new_id()
    made = await session.execute(
        insert(StoreRow)
        .values(brand_id=session.brand_id, id=store_id, org_unit_id=org_unit_id, created_at=now, **values)
        .on_conflict_do_nothing(index_elements=["brand_id", "code"])
        .returning(StoreRow.id)
    )
    if made.scalar_one_or_none() is None:
        raise Conflict("store_code_taken", path=("code",))
    return store_id


async def return_address(session: BrandSession, *, store_id: UUID) -> PostalAddress | None:
    """Where goods are sent back to a store; None where none is known. One statement."""
    found = await session.execute(
        sa.select(StoreRow.return_address).where(StoreRow.brand_id == session.brand_id, StoreRow.id == store_id)
    )
    text = session.vault.open(session.brand_id, RETURN_ADDRESS, found.scalar_one_or_none())
    return None if text is None else PostalAddress(**orjson.loads(text))


def _check_right(actor: Actor) -> None:
    if actor.kind is not ActorKind.SYSTEM and not actor.sees_whole_brand:
        raise Forbidden


async def _path_of(session: BrandSession, unit_id: UUID, argument: str) -> str:
    found = await session.execute(
        sa.select(OrgUnitRow.path).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == unit_id)
    )
    path = found.scalar_one_or_none()
    if path is None:
        raise NotFound("OrgUnit", path=(argument,))
    return path


def _sealed(session: BrandSession, address: PostalAddress | None) -> bytes | None:
    if address is None:
        return None
    at = RETURN_ADDRESS
    sound = PostalAddress(
        recipient=texts.line(address.recipient, "returnAddress", "recipient", longest=LONGEST_NAME),
        phone=read_phone(address.phone, "returnAddress", "phone"),
        province=texts.line(address.province, "returnAddress", "province", longest=LONGEST_NAME),
        city=texts.line(address.city, "returnAddress", "city", longest=LONGEST_NAME),
        district=texts.optional_line(address.district, "returnAddress", "district", longest=LONGEST_NAME) or "",
        street=texts.line(address.street, "returnAddress", "street", longest=LONGEST_LINE),
    )
    return session.vault.seal(session.brand_id, at, orjson.dumps(asdict(sound)).decode())
