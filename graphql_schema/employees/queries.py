"""Root fields over people and places."""

from typing import Annotated

import strawberry

from graphql_schema.context import Info
from graphql_schema.employees import loaders
from graphql_schema.employees.types import After, Employee, First, OrgUnit, Store, Viewer
from graphql_schema.employees.viewer import viewer_of
from graphql_schema.paging import Connection
from graphql_schema.permissions import EMPLOYEES, MANAGERS, SIGNED_IN, Requires


@strawberry.type
class EmployeesQuery:
    @strawberry.field(description="Who is signed in.", extensions=[Requires(SIGNED_IN)])
    async def viewer(self, info: Info) -> Viewer:
        return await viewer_of(info)

    @strawberry.field(
        description="Organisation units in the order of the tree, each followed by all below it. "
        "For headquarters and the owner; a manager sees the own branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def org_units(self, info: Info, first: First = 50, after: After = None) -> Connection[OrgUnit]:
        return await loaders.unit_connection(info, first, after)

    @strawberry.field(description="The brand's stores by code. For any employee.", extensions=[Requires(EMPLOYEES)])
    async def stores(self, info: Info, first: First = 50, after: After = None) -> Connection[Store]:
        return await loaders.store_connection(info, first, after)

    @strawberry.field(
        description="Employees in the order of hiring. For headquarters and the owner; a manager sees the own branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def employees(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        org_unit_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only of this unit and all below it; null: of every one in sight."),
        ] = None,
    ) -> Connection[Employee]:
        return await loaders.employee_connection(info, first, after, org_unit_id)
