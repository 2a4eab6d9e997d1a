"""What was known when a sale was placed: gathered in few statements, kept with the sale, read back to decide again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import ARRAY

from app.commission.values import (
    AttributionFacts,
    GuideClaim,
    SaleSource,
    TouchClaim,
)
from app.customers import bindings, touchpoints
from app.customers.models import CustomerRow
from app.customers.policies import Policy
from app.customers.touchpoints import TouchFact
from app.customers.values import LiveBinding
from app.employees.models import EmployeeRow, OrgUnitRow, StoreRow
from app.marketing.codes import CodeFacts
from app.platform.db import BrandSession
from app.products.reads import ShopFacts

EXPLAINED = timedelta(days=30)
"""Touches this much older than the policy's window are still named among the candidates, as too old."""
_NO_STORE = sa.null().cast(sa.Uuid())
_NO_PATH = sa.null().cast(sa.Text())


@dataclass(frozen=True, slots=True)
class People:
    """Guides (active or not, store and unit path now), paths of stores, managers of stores, the buyer as employee."""

    is_active: dict[UUID, bool]
    store_ids: dict[UUID, UUID | None]
    units: dict[UUID, str]
    branches: dict[UUID, str]
    managers: dict[UUID, UUID]
    buyer_employee_id: UUID | None


async def gather(
    session: BrandSession,
    *,
    customer_id: UUID,
    shop: ShopFacts,
    code: CodeFacts | None,
    quoted_by: UUID | None = None,
    policy: Policy,
    now: datetime,
) -> tuple[AttributionFacts, People]:
    """The facts of an online sale. Three statements: the live binding, the latest touches, everybody concerned.

    `quoted_by`: the guide whose quotation the customer accepts; `code` is that quotation's own then.
    """
    binding = await bindings.live(session, customer_id=customer_id)
    since = now - timedelta(days=policy.last_touch_days) - EXPLAINED
    touches = await touchpoints.latest_touches(session, customer_id=customer_id, since=since)
    if code is not None and (code.is_revoked or code.guide_id is None):
        # A revoked code still leads to the shop, and a store's code names nobody: neither claims the sale.
        code = None
    guide_ids = {shop.employee_id} | {touch.guide_id for touch in touches if touch.guide_id is not None}
    store_ids = set() if shop.store_id is None else {shop.store_id}
    if code is not None and code.guide_id is not None:
        guide_ids.add(code.guide_id)
    if binding is not None:
        guide_ids |= {binding.guide_id} if binding.guide_id is not None else set()
        store_ids |= {binding.store_id} if binding.store_id is not None else set()
    if quoted_by is not None:
        guide_ids.add(quoted_by)
    people = await people_of(session, customer_id=customer_id, guide_ids=guide_ids, store_ids=store_ids)
    facts = facts_of(
        shop=shop, code=code, quoted_by=quoted_by, binding=binding, touches=touches, people=people, now=now
    )
    return facts, people


def facts_of(
    *,
    shop: ShopFacts,
    code: CodeFacts | None,
    quoted_by: UUID | None = None,
    binding: LiveBinding | None,
    touches: Sequence[TouchFact],
    people: People,
    now: datetime,
) -> AttributionFacts:
    """The facts of an online sale out of what was read. `code`: one that claims; `touches`: the newest first."""

    def claim(guide_id: UUID, touchpoint_id: UUID | None = None) -> GuideClaim:
        return GuideClaim(guide_id, people.store_ids[guide_id], people.is_active[guide_id], touchpoint_id)

    touched_by_code = None if code is None else _of_code(touches, code)
    return AttributionFacts(
        source=SaleSource.ONLINE,
        at=now,
        store_id=shop.store_id,
        explicit_code=None if code is None or code.guide_id is None else claim(code.guide_id, touched_by_code),
        binding=binding,
        binding_guide_is_active=binding is None
        or binding.guide_id is None
        or people.is_active.get(binding.guide_id, False),
        touches=_claims(touches, people),
        shop=claim(shop.employee_id),
        buyer_employee_id=people.buyer_employee_id,
        quotation=None if quoted_by is None else claim(quoted_by, touched_by_code),
    )


async def people_of(session: BrandSession, *, customer_id: UUID, guide_ids: set[UUID], store_ids: set[UUID]) -> People:
    """Everybody that a sale to this customer may concern. One statement."""
    rows = await session.execute(
        _concerned(),
        {
            "brand": session.brand_id,
            "guides": sorted(guide_ids),
            "stores": sorted(store_ids),
            "customer": customer_id,
        },
    )
    found: dict[str, list[sa.Row[Any]]] = {"guide": [], "store": [], "manager": [], "buyer": []}
    for row in rows:
        found[row.kind].append(row)
    return People(
        is_active={row.id: row.is_active for row in found["guide"]},
        store_ids={row.id: row.store_id for row in found["guide"]},
        units={row.id: row.path for row in found["guide"]},
        branches={row.id: row.path for row in found["store"]},
        # Of several managers the one who came first stands for the store: ids grow with time.
        managers={row.store_id: row.id for row in sorted(found["manager"], key=lambda row: row.id, reverse=True)},
        buyer_employee_id=found["buyer"][0].id if found["buyer"] else None,
    )


@cache
def _concerned() -> sa.CompoundSelect[Any]:
    """Everybody concerned in one statement of four parts. Built once: orders ask for it all the time."""
    brand_id, guides = sa.bindparam("brand", type_=sa.Uuid()), sa.bindparam("guides", type_=ARRAY(sa.Uuid()))
    guide_stores = sa.select(EmployeeRow.store_id).where(
        EmployeeRow.brand_id == brand_id, EmployeeRow.id == sa.any_(guides), EmployeeRow.store_id.is_not(None)
    )
    given_stores = sa.select(sa.func.unnest(sa.bindparam("stores", type_=ARRAY(sa.Uuid()))))
    stores = sa.union(guide_stores, given_stores).cte("stores")
    wanted_stores = sa.select(stores.c[0])
    return sa.union_all(
        _part("guide", EmployeeRow.id, EmployeeRow.store_id, EmployeeRow.state == "ACTIVE", OrgUnitRow.path)
        .join(
            OrgUnitRow, sa.and_(OrgUnitRow.brand_id == EmployeeRow.brand_id, OrgUnitRow.id == EmployeeRow.org_unit_id)
        )
        .where(EmployeeRow.brand_id == brand_id, OrgUnitRow.brand_id == brand_id, EmployeeRow.id == sa.any_(guides)),
        _part("store", StoreRow.id, _NO_STORE, sa.true(), OrgUnitRow.path)
        .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == StoreRow.brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
        .where(StoreRow.brand_id == brand_id, OrgUnitRow.brand_id == brand_id, StoreRow.id.in_(wanted_stores)),
        _part("manager", EmployeeRow.id, EmployeeRow.store_id, sa.true(), _NO_PATH).where(
            EmployeeRow.brand_id == brand_id,
            EmployeeRow.role == "MANAGER",
            EmployeeRow.state == "ACTIVE",
            EmployeeRow.store_id.in_(wanted_stores),
        ),
        _part("buyer", EmployeeRow.id, EmployeeRow.store_id, sa.true(), _NO_PATH)
        .join(
            CustomerRow,
            sa.and_(CustomerRow.brand_id == EmployeeRow.brand_id, CustomerRow.phone_hash == EmployeeRow.phone_hash),
        )
        .where(
            EmployeeRow.brand_id == brand_id,
            CustomerRow.brand_id == brand_id,
            CustomerRow.id == sa.bindparam("customer", type_=sa.Uuid()),
        ),
    )


def _part(kind: str, id_: Any, store_id: Any, is_active: Any, path: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal(kind).label("kind"),
        id_.label("id"),
        store_id.label("store_id"),
        is_active.label("is_active"),
        path.label("path"),
    )


def _claims(touches: Sequence[TouchFact], people: People) -> tuple[TouchClaim, ...]:
    """The newest touch of each guide: where that one does not win, an older one of the same guide cannot."""
    claims: dict[UUID, TouchClaim] = {}
    for touch in touches:
        if touch.guide_id is not None and touch.guide_id not in claims:
            claims[touch.guide_id] = TouchClaim(
                guide_id=touch.guide_id,
                store_id=people.store_ids[touch.guide_id],
                touchpoint_id=touch.touchpoint_id,
                occurred_at=touch.occurred_at,
                is_active=people.is_active[touch.guide_id],
            )
    return tuple(claims.values())


def _of_code(touches: Sequence[TouchFact], code: CodeFacts) -> UUID | None:
    return next((touch.touchpoint_id for touch in touches if touch.code_id == code.code_id), None)


def as_json(facts: AttributionFacts) -> dict[str, Any]:
    """The facts as they are kept with the sale: ids and instants as text."""
    kept: dict[str, Any] = _FACTS.dump_python(facts, mode="json")
    return kept


def from_json(kept: dict[str, Any]) -> AttributionFacts:
    """The facts that `as_json` kept; under the same policy they decide the same."""
    return _FACTS.validate_python(kept)


_FACTS = TypeAdapter(AttributionFacts)
