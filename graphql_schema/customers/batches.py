"""Batches: what several resolvers of one request ask for by id, read in one statement."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.customers import reads
from app.customers.reads import BindingFacts, CustomerFacts, TouchpointFacts
from app.platform.db import BrandSession
from graphql_schema.context import Context

T = TypeVar("T")


def customers(context: Context) -> DataLoader[UUID, CustomerFacts | None]:
    """Customers whom the caller may see whole; None for everybody else."""

    async def read(session: BrandSession, ids: list[UUID]) -> dict[UUID, CustomerFacts]:
        return await reads.visible_customers(session, await context.actor(), ids)

    return _batch(context, "whole", read)


def names(context: Context) -> DataLoader[UUID, str | None]:
    """Masked names, whoever asks: for what refers to a customer and was itself checked."""
    return _batch(context, "names", reads.display_names)


def last_touches(context: Context) -> DataLoader[UUID, datetime | None]:
    """When a customer last touched anything, whoever asks."""
    return _batch(context, "last_touches", reads.last_touches)


def bindings(context: Context) -> DataLoader[UUID, BindingFacts | None]:
    """Bindings, whoever asks."""
    return _batch(context, "bindings", reads.bindings_by_id)


def touchpoints(context: Context) -> DataLoader[UUID, TouchpointFacts | None]:
    """Touchpoints, whoever asks."""
    return _batch(context, "touchpoints", reads.touchpoints_by_id)


def _batch(
    context: Context, name: str, read: Callable[[BrandSession, list[UUID]], Awaitable[dict[UUID, T]]]
) -> DataLoader[UUID, T | None]:
    async def load(ids: list[UUID]) -> list[T | None]:
        async with context.reading() as session:
            found = await read(session, ids)
        return [found.get(one) for one in ids]

    key = f"customers.{name}"
    if key not in context.loaded:
        context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, T | None] = context.loaded[key]
    return loader
