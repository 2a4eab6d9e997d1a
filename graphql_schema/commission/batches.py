"""Batches: what several orders or employees of one request ask for of commission, read in few statements."""

from uuid import UUID

from strawberry.dataloader import DataLoader

from app.boss import guide_days
from app.boss.guide_days import GuideDay
from app.commission import reads
from app.commission.reads import Attribution, Balance, Entry, Share
from graphql_schema.context import Context


def attributions(context: Context) -> DataLoader[UUID, Attribution | None]:
    """The decisions on orders, whole: `reads.seen_by` says what the caller may see."""

    async def load(order_ids: list[UUID]) -> list[Attribution | None]:
        async with context.reading() as session:
            found = await reads.attributions(session, order_ids)
        return [found.get(one) for one in order_ids]

    loader: DataLoader[UUID, Attribution | None] = context.loaded.setdefault("attributions", DataLoader(load_fn=load))
    return loader


def line_shares(context: Context) -> DataLoader[UUID, dict[UUID, list[Share]]]:
    """The shares of orders by line."""

    async def load(order_ids: list[UUID]) -> list[dict[UUID, list[Share]]]:
        async with context.reading() as session:
            found = await reads.shares_of_lines(session, order_ids)
        return [found.get(one, {}) for one in order_ids]

    loader: DataLoader[UUID, dict[UUID, list[Share]]] = context.loaded.setdefault(
        "line_shares", DataLoader(load_fn=load)
    )
    return loader


def entries(context: Context) -> DataLoader[UUID, Entry | None]:
    """Commission entries by id, whoever asks: the caller checks the scope."""

    async def load(entry_ids: list[UUID]) -> list[Entry | None]:
        async with context.reading() as session:
            found = await reads.entries_by_id(session, entry_ids)
        return [found.get(one) for one in entry_ids]

    loader: DataLoader[UUID, Entry | None] = context.loaded.setdefault("commission_entries", DataLoader(load_fn=load))
    return loader


def balances(context: Context) -> DataLoader[UUID, Balance]:
    """What employees have on the ledger now, whoever asks: the caller checks the scope."""

    async def load(party_ids: list[UUID]) -> list[Balance]:
        async with context.reading() as session:
            found = await reads.balances(session, party_ids)
        return [found[one] for one in party_ids]

    loader: DataLoader[UUID, Balance] = context.loaded.setdefault("commission_balances", DataLoader(load_fn=load))
    return loader


def days(context: Context) -> DataLoader[UUID, GuideDay]:
    """The running business day of employees, whoever asks: the caller checks the scope."""

    async def load(guide_ids: list[UUID]) -> list[GuideDay]:
        async with context.reading() as session:
            found = await guide_days.of_guides(session, guide_ids, now=session.now)
        return [found[one] for one in guide_ids]

    loader: DataLoader[UUID, GuideDay] = context.loaded.setdefault("guide_days", DataLoader(load_fn=load))
    return loader
