"""Payloads and results of the mutations over codes and of onboarding."""

from typing import Annotated

import strawberry

from graphql_schema.customers.types import Binding, Touchpoint
from graphql_schema.employees.types import Employee
from graphql_schema.marketing.toolbox_types import Material
from graphql_schema.marketing.types import Code
from graphql_schema.products.types import Shop
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput, NotFound


@strawberry.type(description="The code is made.")
class CodeCreatePayload:
    issued_code: Code = strawberry.field(description="The new code.")


@strawberry.type(description="The code no longer counts for its guide. It goes on leading into the shop.")
class CodeRevokePayload:
    revoked_code: Code = strawberry.field(description="The code.")
    replacement: Code | None = strawberry.field(
        description="The new personal code, where a personal one was revoked: a shop always has one."
    )


@strawberry.type(description="The scan is recorded.")
class CodeScanPayload:
    visitor_token: str = strawberry.field(description="Keep it and send it with the next scan and the sign-in.")
    touchpoint: Touchpoint = strawberry.field(description="The touchpoint; of a repeat, the one that it repeats.")
    shop: Shop | None = strawberry.field(description="Where the code leads; null for a store without any shop.")
    binding: Binding | None = strawberry.field(
        description="The signed-in customer's binding as it stands now; null for anybody else."
    )
    material: Material | None = strawberry.field(
        description="What the code of a share leads to, in its newest version; null for other codes, and once code or "
        "material is withdrawn: then the shop is what it leads to."
    )


@strawberry.type(description="The person is hired.")
class EmployeeCreatePayload:
    employee: Employee = strawberry.field(description="The person; a guide with shop and personal code.")


CodeCreateResult = Annotated[
    CodeCreatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CodeCreateResult", description="The code, or why it was not made."),
]
CodeRevokeResult = Annotated[
    CodeRevokePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CodeRevokeResult", description="The code, or why it was not revoked."),
]
CodeScanResult = Annotated[
    CodeScanPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("CodeScanResult", description="What the scan did, or why it was refused."),
]
EmployeeCreateResult = Annotated[
    EmployeeCreatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("EmployeeCreateResult", description="The person, or why nobody was hired."),
]
