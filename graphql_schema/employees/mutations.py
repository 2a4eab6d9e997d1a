"""Mutations over units, stores and sessions."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.employees import organisation, reads
from app.employees.values import OpeningHours
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.employees.inputs import OrgUnitCreateInput, StoreCreateInput
from graphql_schema.employees.types import OrgUnit, Store, store_from, to_unit
from graphql_schema.global_ids import input_id
from graphql_schema.permissions import HEADQUARTERS, Requires
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput, NotFound


@strawberry.type(description="The unit is made.")
class OrgUnitCreatePayload:
    org_unit: OrgUnit = strawberry.field(description="The new unit.")


@strawberry.type(description="The store is made.")
class StoreCreatePayload:
    store: Store = strawberry.field(description="The new store.")


OrgUnitCreateResult = Annotated[
    OrgUnitCreatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("OrgUnitCreateResult", description="The unit, or why it was not made."),
]
StoreCreateResult = Annotated[
    StoreCreatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("StoreCreateResult", description="The store, or why it was not made."),
]


@strawberry.type
class EmployeesMutation:
    @strawberry.mutation(
        description="Make a region, area or team. For headquarters and the owner.", extensions=[Requires(HEADQUARTERS)]
    )
    async def org_unit_create(
        self, info: Info, input: Annotated[OrgUnitCreateInput, strawberry.argument(description="The unit.")]
    ) -> OrgUnitCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            unit_id = await organisation.create_unit(
                session,
                actor,
                code=input.code,
                name=input.name,
                kind=input.kind,
                parent_id=input_id(input.parent_id, "OrgUnit", "parentId"),
                now=session.now,
            )
            return {"org_unit_id": unit_id}

        async def answer(session: BrandSession, made: Result) -> OrgUnitCreatePayload:
            unit_id = UUID(made["org_unit_id"])
            return OrgUnitCreatePayload(org_unit=to_unit((await reads.units_by_id(session, [unit_id]))[unit_id]))

        given: OrgUnitCreateResult = await mutate_input(info, "orgUnitCreate", input, act, answer)
        return given

    @strawberry.mutation(
        description="Make a store. For headquarters and the owner.", extensions=[Requires(HEADQUARTERS)]
    )
    async def store_create(
        self, info: Info, input: Annotated[StoreCreateInput, strawberry.argument(description="The store.")]
    ) -> StoreCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            hours = input.opening_hours or []
            store_id = await organisation.create_store(
                session,
                actor,
                code=input.code,
                name=input.name,
                org_unit_id=input_id(input.org_unit_id, "OrgUnit", "orgUnitId"),
                operator=input.operator,
                legal_entity=input.legal_entity,
                territory=input.territory,
                city=input.city,
                address=input.address,
                opening_hours=[OpeningHours(line.weekday, line.opens, line.closes) for line in hours],
                return_address=None if input.return_address is None else input.return_address.to_value(),
                now=session.now,
            )
            return {"store_id": store_id}

        async def answer(session: BrandSession, made: Result) -> StoreCreatePayload:
            store_id = UUID(made["store_id"])
            return StoreCreatePayload(store=store_from((await reads.stores_by_id(session, [store_id]))[store_id]))

        given: StoreCreateResult = await mutate_input(info, "storeCreate", input, act, answer)
        return given
