"""Mutations over codes, and the onboarding of employees."""

from typing import Annotated
from uuid import UUID

import strawberry

from app.marketing import codes, onboarding
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.employees.loaders import employee_in
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.marketing.inputs import CodeCreateInput, CodeRevokeInput, CodeScanInput, EmployeeCreateInput
from graphql_schema.marketing.loaders import code_in
from graphql_schema.marketing.payloads import (
    CodeCreatePayload,
    CodeCreateResult,
    CodeRevokePayload,
    CodeRevokeResult,
    CodeScanResult,
    EmployeeCreatePayload,
    EmployeeCreateResult,
)
from graphql_schema.marketing.scanning import scan_code
from graphql_schema.permissions import ANYBODY, EMPLOYEES, MANAGERS, Requires
from graphql_schema.transaction import Result, mutate_input

_TARGETS = {
    CodeKind.SHOP: "Shop",
    CodeKind.PRODUCT: "Product",
    CodeKind.MATERIAL: "Material",
    CodeKind.STORE: "Store",
    CodeKind.CAMPAIGN: "CouponTemplate",
}


@strawberry.type
class MarketingMutation:
    @strawberry.mutation(
        description="Make a code: a guide for the own shop and store, a manager for the branch, headquarters for all.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def code_create(
        self, info: Info, input: Annotated[CodeCreateInput, strawberry.argument(description="The code.")]
    ) -> CodeCreateResult:
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url

        async def act(session: BrandSession) -> Result:
            target_type = _TARGETS.get(input.kind)
            made = await codes.create_code(
                session,
                actor,
                kind=input.kind,
                target_id=None if target_type is None else optional_input_id(input.target_id, target_type, "targetId"),
                channel=input.channel,
                label=input.label,
                now=session.now,
            )
            return {"code_id": made.code_id}

        async def answer(session: BrandSession, made: Result) -> CodeCreatePayload:
            return CodeCreatePayload(issued_code=await code_in(session, UUID(made["code_id"]), base_url))

        given: CodeCreateResult = await mutate_input(info, "codeCreate", input, act, answer)
        return given

    @strawberry.mutation(
        description="Revoke a code: it goes on leading into the shop, and no longer counts for its guide.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def code_revoke(
        self, info: Info, input: Annotated[CodeRevokeInput, strawberry.argument(description="The code.")]
    ) -> CodeRevokeResult:
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url

        async def act(session: BrandSession) -> Result:
            code_id = input_id(input.code_id, "Code", "codeId")
            replacement = await codes.revoke(session, actor, code_id=code_id, now=session.now)
            return {"code_id": code_id, "replacement_id": None if replacement is None else replacement.code_id}

        async def answer(session: BrandSession, made: Result) -> CodeRevokePayload:
            replacement_id = made["replacement_id"]
            return CodeRevokePayload(
                revoked_code=await code_in(session, UUID(made["code_id"]), base_url),
                replacement=None if replacement_id is None else await code_in(session, UUID(replacement_id), base_url),
            )

        given: CodeRevokeResult = await mutate_input(info, "codeRevoke", input, act, answer)
        return given

    @strawberry.mutation(
        description="Record that somebody scanned a code. For everybody; a signed-in customer may be bound by it. The "
        "same visitor and code within ten minutes is one touchpoint.",
        extensions=[Requires(ANYBODY)],
    )
    async def code_scan(
        self, info: Info, input: Annotated[CodeScanInput, strawberry.argument(description="The scan.")]
    ) -> CodeScanResult:
        given: CodeScanResult = await scan_code(info.context, input)
        return given

    @strawberry.mutation(
        description="Hire a person. Headquarters and the owner anybody up to the own role, a manager guides of the own "
        "branch. A guide, and a manager of a store, gets a virtual shop and a personal code at once.",
        extensions=[Requires(MANAGERS)],
    )
    async def employee_create(
        self, info: Info, input: Annotated[EmployeeCreateInput, strawberry.argument(description="The person.")]
    ) -> EmployeeCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            made = await onboarding.onboard(
                session,
                actor,
                display_name=input.display_name,
                phone=input.phone,
                role=input.role,
                org_unit_id=input_id(input.org_unit_id, "OrgUnit", "orgUnitId"),
                store_id=optional_input_id(input.store_id, "Store", "storeId"),
                employee_number=input.employee_number,
                functions=input.functions or (),
                title=input.title,
                now=session.now,
            )
            return {"employee_id": made.employee_id}

        async def answer(session: BrandSession, made: Result) -> EmployeeCreatePayload:
            return EmployeeCreatePayload(employee=await employee_in(session, UUID(made["employee_id"])))

        given: EmployeeCreateResult = await mutate_input(info, "employeeCreate", input, act, answer)
        return given
