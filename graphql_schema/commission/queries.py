"""Root fields over the rules in force."""

import strawberry

from app.commission import plans
from app.customers import policies
from graphql_schema.commission.types import AttributionPolicy, CommissionPlan, to_plan, to_policy
from graphql_schema.context import Info
from graphql_schema.permissions import EMPLOYEES, Requires


@strawberry.type
class CommissionQuery:
    @strawberry.field(description="The attribution policy in force. For employees.", extensions=[Requires(EMPLOYEES)])
    async def attribution_policy(self, info: Info) -> AttributionPolicy:
        async with info.context.reading() as session:
            return to_policy(await policies.current_policy(session))

    @strawberry.field(description="The commission plan in force. For employees.", extensions=[Requires(EMPLOYEES)])
    async def commission_plan(self, info: Info) -> CommissionPlan:
        async with info.context.reading() as session:
            return to_plan(await plans.current(session))
