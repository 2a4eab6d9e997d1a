"""Inputs of the mutations over the toolbox.

Where an update leaves a field out, it stays as it is; an explicit null empties a field that may be empty.
"""

from uuid import UUID

import strawberry

from app.employees import audiences
from app.employees.values import StaffAudience
from app.platform.db import BrandSession
from graphql_schema.customers.enums import Channel
from graphql_schema.employees.inputs import AudienceInput
from graphql_schema.global_ids import input_id
from graphql_schema.marketing.enums import MaterialKind

_KEY = "16 to 64 characters; the same key gives the same answer."
_SCRIPT = (
    "Words that go with a share, up to 500 characters; {guide} {store} {customer} {link} are filled in then, at most "
    "ten of them, and no other braces."
)


@strawberry.input(description="A material to put into the toolbox.")
class MaterialCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: MaterialKind = strawberry.field(description="What it is; never changed.")
    title: str = strawberry.field(description="1 to 100 characters.")
    body: str | None = strawberry.field(default=None, description="Up to 20,000 characters, with line breaks.")
    cover_url: str | None = strawberry.field(
        default=None, description="An https:// address, or a path below /media/ of this server; up to 500 characters."
    )
    attachment_urls: list[str] | None = strawberry.field(
        default=None, description="http(s) addresses, or paths below /media/; at most 20, each up to 500 characters."
    )
    script: str | None = strawberry.field(default=None, description=_SCRIPT)
    product_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Products that its page leads on to, at most 20."
    )
    audience: AudienceInput | None = strawberry.field(default=None, description="Null: every employee.")


@strawberry.input(description="Changes of a material; what is left out stays.")
class MaterialUpdateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    material_id: strawberry.ID = strawberry.field(description="The material; not a withdrawn one.")
    title: str | None = strawberry.field(default=None, description="1 to 100 characters; null: it stays.")
    body: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 20,000 characters; null: none any more."
    )
    cover_url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="An https:// address, or a path below /media/ of this server; null: none any more.",
    )
    attachment_urls: list[str] | None = strawberry.field(
        default=None, description="The whole list, at most 20; null: they stay."
    )
    script: str | None = strawberry.field(default=strawberry.UNSET, description=f"{_SCRIPT} Null: none any more.")
    product_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The whole list, at most 20; null: they stay."
    )
    audience: AudienceInput | None = strawberry.field(
        default=None, description="The whole audience; null: it stays. A new one makes no new version."
    )


@strawberry.input(description="A material to withdraw.")
class MaterialWithdrawInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    material_id: strawberry.ID = strawberry.field(description="The material.")


@strawberry.input(description="A material to share.")
class MaterialShareInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    material_id: strawberry.ID = strawberry.field(description="One of the own toolbox.")
    channel: Channel = strawberry.field(description="Where it goes.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom the words are for: a customer whom the caller serves."
    )


async def audience_of(session: BrandSession, given: AudienceInput) -> StaffAudience:
    """The audience that is meant. Raises: InvalidInput for a unit or employee that the brand has not."""
    return await audiences.checked(
        session,
        "audience",
        org_unit_ids=_ids(given.org_unit_ids, "OrgUnit", "audience", "orgUnitIds"),
        roles=given.roles or (),
        employee_ids=_ids(given.employee_ids, "Employee", "audience", "employeeIds"),
    )


def product_ids_of(given: list[strawberry.ID] | None) -> tuple[UUID, ...]:
    """The keys of products. Raises: InvalidInput."""
    return tuple(_ids(given, "Product", "productIds"))


def _ids(given: list[strawberry.ID] | None, type_name: str, *path: str) -> list[UUID]:
    return [input_id(one, type_name, *path, str(number)) for number, one in enumerate(given or ())]
