"""Who is signed in, as the answer of `viewer` and of a sign-in."""

from typing import TYPE_CHECKING
from uuid import UUID

from app.employees import reads
from graphql_schema.context import Info
from graphql_schema.employees.types import Viewer, to_brand, to_employee
from graphql_schema.errors import Unauthenticated

if TYPE_CHECKING:
    from graphql_schema.customers.types import Customer


async def viewer_of(info: Info) -> Viewer:
    """The caller: a customer or an employee. One statement beside the actor's own. Raises: Unauthenticated."""
    actor = await info.context.actor()
    brand = to_brand(await info.context.brand())
    if actor.customer_id is not None:
        return Viewer(brand=brand, customer=await _customer(info, actor.customer_id), employee=None)
    if actor.employee_id is None:
        raise Unauthenticated
    async with info.context.reading() as session:
        facts = (await reads.employees_by_id(session, [actor.employee_id]))[actor.employee_id]
    return Viewer(brand=brand, customer=None, employee=to_employee(facts))


async def _customer(info: Info, customer_id: UUID) -> "Customer | None":
    from graphql_schema.customers.loaders import fetch_customer  # noqa: PLC0415 - it imports the types of this package

    return await fetch_customer(info, customer_id)
