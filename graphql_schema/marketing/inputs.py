"""Inputs of the mutations over codes and of onboarding."""

import strawberry

from graphql_schema.customers.enums import Channel
from graphql_schema.employees.enums import Role, StaffFunction
from graphql_schema.marketing.enums import CodeKind

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="A code to make.")
class CodeCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: CodeKind = strawberry.field(
        description="What it leads to. QUOTATION is refused: each quotation has the one code that was made with it."
    )
    target_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="SHOP: a shop, by default the own. PRODUCT: a product on the shelf, needed. MATERIAL: one of the "
        "own toolbox, needed. STORE: a store, by default the own. CAMPAIGN: a coupon template, needed.",
    )
    channel: Channel | None = strawberry.field(default=None, description="Where it will hang or be sent.")
    label: str | None = strawberry.field(default=None, description="A note of the maker's, up to 40 characters.")


@strawberry.input(description="A code to revoke.")
class CodeRevokeInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    code_id: strawberry.ID = strawberry.field(description="A code of one's own or of one's branch.")


@strawberry.input(description="A scan.")
class CodeScanInput:
    code: str = strawberry.field(description="The token: what follows /q/ in the code's address.")
    idempotency_key: str = strawberry.field(
        description="16 to 64 characters; the same key gives the same answer. Without a sign-in it is scoped to the "
        "code, so let it be random."
    )
    visitor_token: str | None = strawberry.field(
        default=None,
        description="From an earlier answer, to be known again. One that is unknown or somebody else's makes a new "
        "visitor.",
    )
    channel: Channel | None = strawberry.field(
        default=None, description="Where it was scanned; null: what the code was made for, else OTHER."
    )


@strawberry.input(description="A person to hire.")
class EmployeeCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    display_name: str = strawberry.field(description="Up to 30 characters.")
    phone: str = strawberry.field(description="11 digits or +86…; unique among the brand's employees.")
    role: Role = strawberry.field(description="Not above the own. A GUIDE gets shop and code at once.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit of the posting.")
    store_id: strawberry.ID | None = strawberry.field(default=None, description="A store in that unit.")
    employee_number: str | None = strawberry.field(
        default=None, description="工号, unique in the brand, up to 64 characters."
    )
    functions: list[StaffFunction] | None = strawberry.field(
        default=None, description="For headquarters' people and the owner only."
    )
    title: str | None = strawberry.field(default=None, description="Up to 30 characters.")
