"""Inputs of the mutations over units and stores."""

import strawberry

from graphql_schema.addresses import AddressInput
from graphql_schema.employees.enums import OrgUnitKind, StoreOperator


@strawberry.input(description="A unit to make below another.")
class OrgUnitCreateInput:
    idempotency_key: str = strawberry.field(description="16 to 64 characters; the same key gives the same answer.")
    code: str = strawberry.field(description="Unique in the brand, up to 64 characters.")
    name: str = strawberry.field(description="Up to 60 characters.")
    kind: OrgUnitKind = strawberry.field(description="REGION, AREA or TEAM.")
    parent_id: strawberry.ID = strawberry.field(description="The unit above.")


@strawberry.input(description="One opening of a weekday, in the brand's time zone.")
class OpeningHoursInput:
    weekday: int = strawberry.field(description="1 (Monday) to 7 (Sunday).")
    opens: str = strawberry.field(description="HH:MM.")
    closes: str = strawberry.field(description="HH:MM, later than `opens`; up to 24:00.")


@strawberry.input(description="A store to make on a unit.")
class StoreCreateInput:
    idempotency_key: str = strawberry.field(description="16 to 64 characters; the same key gives the same answer.")
    code: str = strawberry.field(
        description="The name that tills and files use, unique in the brand, up to 64 characters."
    )
    name: str = strawberry.field(description="Up to 60 characters.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit that the store hangs on.")
    operator: StoreOperator = strawberry.field(description="Who runs the store.")
    legal_entity: str | None = strawberry.field(
        default=None, description="The company behind it, up to 200 characters."
    )
    territory: str | None = strawberry.field(
        default=None, description="Of a franchisee or dealer, up to 200 characters."
    )
    city: str | None = strawberry.field(default=None, description="Up to 60 characters.")
    address: str | None = strawberry.field(default=None, description="Street and number, up to 200 characters.")
    opening_hours: list[OpeningHoursInput] | None = strawberry.field(
        default=None, description="At most 21 lines; no two of a day overlap."
    )
    return_address: AddressInput | None = strawberry.field(
        default=None, description="Where customers send goods back to."
    )
