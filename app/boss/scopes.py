"""What a reader may see of the rollups, and what he asks for: units, a store, a guide.

A unit's branch is every row on whose path of that day the unit stands: what a team sold is the team's wherever it hung
then, and stays with the branch that it hung in. A manager's own unit is always one of the conditions, so no row from
outside the own branch is ever read, whatever is asked for.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.employees import reads
from app.employees.rules import may_reach
from app.employees.values import Role
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows on whose path every one of `unit_ids` stands, of this store and guide where one is named.

    `unit_id`: the unit whose children a breakdown shows, None: the root.
    """

    unit_ids: tuple[UUID, ...] = ()
    unit_id: UUID | None = None
    store_id: UUID | None = None
    guide_id: UUID | None = None

    @property
    def shape(self) -> "Shape":
        return Shape(len(self.unit_ids), self.unit_id is not None, self.store_id is not None, self.guide_id is not None)

    def parameters(self, brand_id: UUID, first: date, last: date) -> dict[str, Any]:
        """The values of what statements of this scope's shape name."""
        return {
            "brand": brand_id,
            "first": first,
            "last": last,
            **{f"unit_{number}": f"%/{unit_id.hex}/%" for number, unit_id in enumerate(self.unit_ids)},
            **({} if self.unit_id is None else {"above": f"/{self.unit_id.hex}/", "own": self.unit_id.hex}),
            **({} if self.store_id is None else {"store": self.store_id}),
            **({} if self.guide_id is None else {"guide": self.guide_id}),
        }


BRAND = sa.bindparam("brand", type_=sa.Uuid())
FIRST, LAST = (sa.bindparam(name, type_=sa.Date()) for name in ("first", "last"))
_STORE, _GUIDE = (sa.bindparam(name, type_=sa.Uuid()) for name in ("store", "guide"))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a scope names, without values: a statement is made once a shape, as making it takes longer than it runs.

    `units`: how many units it is bounded by; `has_unit`: a breakdown shows the children of one of them.
    """

    units: int
    has_unit: bool
    has_store: bool
    has_guide: bool

    def of(self, table: Any, *, guide: Any = None) -> list[sa.ColumnElement[bool]]:
        """The conditions on a rollup. `guide`: the column that names him, where it is not `guide_id`."""
        found: list[sa.ColumnElement[bool]] = [
            table.branch.like(sa.bindparam(f"unit_{number}", type_=sa.Text())) for number in range(self.units)
        ]
        if self.has_store:
            found.append(table.store_id == _STORE)
        if self.has_guide:
            found.append((table.guide_id if guide is None else guide) == _GUIDE)
        return found

    def within(self, table: Any) -> list[sa.ColumnElement[bool]]:
        """The conditions on a rollup's rows of the scope and the period."""
        return [table.brand_id == BRAND, table.day.between(FIRST, LAST), *self.of(table)]


async def scope_of(
    session: BrandSession,
    actor: Actor,
    *,
    org_unit_id: UUID | None = None,
    store_id: UUID | None = None,
    guide_id: UUID | None = None,
) -> Scope:
    """The scope that is asked for, within what the actor may see. One statement for each thing that is named.

    Owner and headquarters see the brand, a manager the own branch. Raises: Forbidden for anybody else; NotFound for
    what does not exist or lies outside, which nobody can tell apart.
    """
    own = own_unit(actor)
    if org_unit_id is not None:
        unit = (await reads.units_by_id(session, [org_unit_id])).get(org_unit_id)
        if unit is None or not _reaches(actor, unit.path):
            raise NotFound("OrgUnit", path=("orgUnitId",))
    if store_id is not None:
        store = (await reads.stores_by_id(session, [store_id])).get(store_id)
        if store is None or not _reaches(actor, store.unit.path):
            raise NotFound("Store", path=("storeId",))
    if guide_id is not None:
        guide = (await reads.employees_by_id(session, [guide_id])).get(guide_id)
        if guide is None or not _reaches(actor, guide.branch):
            raise NotFound("Guide", path=("guideId",))
    units = dict.fromkeys(unit_id for unit_id in (own, org_unit_id) if unit_id is not None)
    return Scope(tuple(units), org_unit_id or own, store_id, guide_id)


def own_unit(actor: Actor) -> UUID | None:
    """The unit that the actor's view is bounded by; None: none. Raises: Forbidden for who has no dashboard."""
    if actor.sees_whole_brand:
        return None
    parts = [part for part in actor.branch.split("/") if part]
    if actor.role != Role.MANAGER or not parts:
        raise Forbidden
    return UUID(parts[-1])


def _reaches(actor: Actor, path: str) -> bool:
    return may_reach(role=actor.role, branch=actor.branch, path=path)
