"""What belongs to one employee: who may ask for it."""

from typing import Any

from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension

from app.commission import withdrawal_reads
from app.employees.reads import may_see
from graphql_schema.context import Info
from graphql_schema.errors import Forbidden


class OfEmployee(FieldExtension):
    """Guards a field of `Employee` for the person, a manager of the branch, headquarters and the owner.

    Raises: Forbidden (a top-level error) for everybody else.
    """

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        if not may_see(await info.context.actor(), source.facts):
            raise Forbidden
        return await next_(source, info, **kwargs)


class OfEmployeeAndFinance(FieldExtension):
    """Guards a field of `Employee` for the person, finance and the owner. Raises: Forbidden for everybody else."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        if not withdrawal_reads.may_see(await info.context.actor(), source.facts.id):
            raise Forbidden
        return await next_(source, info, **kwargs)
