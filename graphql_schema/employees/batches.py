"""Batches: what several resolvers of one request ask for by id, read in one statement."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.employees import reads
from app.employees.reads import EmployeeFacts, StoreFacts, UnitFacts
from app.platform.db import BrandSession
from graphql_schema.context import Context

T = TypeVar("T")
Read = Callable[[BrandSession, Sequence[UUID]], Awaitable[dict[UUID, T]]]


def units(context: Context) -> DataLoader[UUID, UnitFacts | None]:
    """Units by id, whoever asks: the caller checks the scope."""
    return _batch(context, "units", reads.units_by_id)


def stores(context: Context) -> DataLoader[UUID, StoreFacts | None]:
    """Stores by id."""
    return _batch(context, "stores", reads.stores_by_id)


def employees(context: Context) -> DataLoader[UUID, EmployeeFacts | None]:
    """Employees by id, whoever asks: the caller checks the scope."""
    return _batch(context, "employees", reads.employees_by_id)


def _batch(context: Context, name: str, read: Read[T]) -> DataLoader[UUID, T | None]:
    async def load(ids: list[UUID]) -> list[T | None]:
        async with context.reading() as session:
            found = await read(session, ids)
        return [found.get(one) for one in ids]

    if name not in context.loaded:
        context.loaded[name] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, T | None] = context.loaded[name]
    return loader
