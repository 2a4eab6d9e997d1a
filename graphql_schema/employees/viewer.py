"""Who is signed in, as the answer of `viewer` and of a sign-in."""

from uuid import UUID

from app.employees import reads
from graphql_schema.context import Info
from graphql_schema.employees.types import Viewer, to_brand, to_employee
from graphql_schema.errors import Unauthenticated
from graphql_schema.paging import Node


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


async def _customer(info: Info, customer_id: UUID) -> Node | None:
    from graphql_schema.customers.loaders import NODES  # noqa: PLC0415 - those loaders import the types of this package

    return await NODES["Customer"](info, customer_id)
