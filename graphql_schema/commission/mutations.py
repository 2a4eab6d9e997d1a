"""Publishing the rules: each publication is a new version for orders placed from then on."""

from typing import Annotated, Any

import strawberry

from app.commission import plans, policies
from app.platform.db import BrandSession
from graphql_schema.commission.inputs import AttributionPolicyPublishInput, CommissionPlanPublishInput
from graphql_schema.commission.types import AttributionPolicy, CommissionPlan, to_plan, to_policy
from graphql_schema.context import Info
from graphql_schema.permissions import OWNER, Requires
from graphql_schema.transaction import mutate
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput


@strawberry.type(description="The policy is in force.")
class AttributionPolicyPublishPayload:
    policy: AttributionPolicy = strawberry.field(description="The new version.")


@strawberry.type(description="The plan is in force.")
class CommissionPlanPublishPayload:
    plan: CommissionPlan = strawberry.field(description="The new version.")


AttributionPolicyPublishResult = Annotated[
    AttributionPolicyPublishPayload | InvalidInput | IdempotencyConflict,
    strawberry.union("AttributionPolicyPublishResult", description="The new policy, or why there is none."),
]
CommissionPlanPublishResult = Annotated[
    CommissionPlanPublishPayload | InvalidInput | Conflict | IdempotencyConflict,
    strawberry.union("CommissionPlanPublishResult", description="The new plan, or why there is none."),
]


@strawberry.type
class CommissionMutation:
    @strawberry.mutation(
        description="Put an attribution policy in force for new orders; older orders keep theirs. For the owner.",
        extensions=[Requires(OWNER)],
    )
    async def attribution_policy_publish(
        self,
        info: Info,
        input: Annotated[AttributionPolicyPublishInput, strawberry.argument(description="The policy.")],
    ) -> AttributionPolicyPublishResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> dict[str, Any]:
            return {"version": await policies.publish(session, actor, terms=input.terms(), now=session.now)}

        async def answer(session: BrandSession, made: dict[str, Any]) -> AttributionPolicyPublishPayload:
            policy = await policies.by_version(session, made["version"])
            if policy is None:
                raise LookupError(f"policy version {made['version']} is gone")
            return AttributionPolicyPublishPayload(policy=to_policy(policy))

        return await mutate(  # type: ignore[no-any-return]
            info.context,
            await info.context.brand(),
            operation="attributionPolicyPublish",
            actor=actor,
            key=input.idempotency_key,
            body=input,
            act=act,
            answer=answer,
        )

    @strawberry.mutation(
        description="Put a commission plan in force for new orders; older orders keep theirs. For the owner.",
        extensions=[Requires(OWNER)],
    )
    async def commission_plan_publish(
        self, info: Info, input: Annotated[CommissionPlanPublishInput, strawberry.argument(description="The plan.")]
    ) -> CommissionPlanPublishResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> dict[str, Any]:
            rules = [rule.rule(index) for index, rule in enumerate(input.rules)]
            version = await plans.publish(session, actor, hold_days=input.hold_days, rules=rules, now=session.now)
            return {"version": version}

        async def answer(session: BrandSession, made: dict[str, Any]) -> CommissionPlanPublishPayload:
            plan = await plans.by_version(session, made["version"])
            if plan is None:
                raise LookupError(f"plan version {made['version']} is gone")
            return CommissionPlanPublishPayload(plan=to_plan(plan))

        return await mutate(  # type: ignore[no-any-return]
            info.context,
            await info.context.brand(),
            operation="commissionPlanPublish",
            actor=actor,
            key=input.idempotency_key,
            body=input,
            act=act,
            answer=answer,
        )
