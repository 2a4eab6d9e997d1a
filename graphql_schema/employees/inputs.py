"""Inputs of the mutations over units and stores, and the audience of whatever is made for employees."""

import strawberry

from graphql_schema.addresses import AddressInput
from graphql_schema.employees.enums import OrgUnitKind, Role, StoreOperator


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


@strawberry.input(
    description="Whom among the employees something is for: whoever is in one of the units or below (none: anywhere) "
    "and has one of the roles (none: any), and the employees named one by one. Where only employees are named, it is "
    "for them alone; where nothing is named, for everybody."
)
class AudienceInput:
    org_unit_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Units with everything below, at most 500."
    )
    roles: list[Role] | None = strawberry.field(default=None, description="Roles.")
    employee_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Employees one by one, at most 500."
    )
