"""Inputs of boss online."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import strawberry

from app.platform.errors import InvalidInput
from graphql_schema.boss.enums import PeriodPreset
from graphql_schema.global_ids import input_id, optional_input_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """The places that an input names."""

    org_unit_id: UUID | None
    store_id: UUID | None
    guide_id: UUID | None


@strawberry.input(description="Either a preset or both days; what else is named narrows the figures down.")
class DashboardInput:
    preset: PeriodPreset | None = strawberry.field(default=None, description="A period by name; then no days.")
    from_: date | None = strawberry.field(name="from", default=None, description="The first day.")
    to: date | None = strawberry.field(default=None, description="The last day; at most 400 days in all.")
    org_unit_id: strawberry.ID | None = strawberry.field(default=None, description="A unit with all below it.")
    store_id: strawberry.ID | None = strawberry.field(default=None, description="A store.")
    guide_id: strawberry.ID | None = strawberry.field(
        default=None, description="A guide, by the id of the Guide or the Employee: then sales are those by share."
    )

    def wanted(self) -> Wanted:
        """Raises: InvalidInput for an id of another type."""
        return Wanted(
            org_unit_id=optional_input_id(self.org_unit_id, "OrgUnit", "orgUnitId"),
            store_id=optional_input_id(self.store_id, "Store", "storeId"),
            guide_id=None if self.guide_id is None else _guide_id(self.guide_id),
        )


def _guide_id(text: str) -> UUID:
    try:
        return input_id(text, "Guide", "guideId")
    except InvalidInput:
        return input_id(text, "Employee", "guideId")
