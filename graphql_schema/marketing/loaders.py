"""Codes by id, within the caller's scope, and the address of a shop's personal code."""

from uuid import UUID

from strawberry.dataloader import DataLoader

from app.employees.reads import may_see
from app.employees.rules import may_reach
from app.marketing import codes, reads
from app.marketing.reads import CodeCard
from app.platform.db import BrandSession
from graphql_schema.context import Context, Info
from graphql_schema.employees import batches
from graphql_schema.marketing.types import Code, to_code


async def code_url_of_shop(info: Info, shop_id: UUID) -> str:
    """The address that the picture of a shop's personal code decodes to."""
    token = await _personal_tokens(info.context).load(shop_id)
    if token is None:
        raise LookupError(f"shop {shop_id} has no personal code")
    return codes.link_of(token, info.context.runtime.settings.base_url)


async def code_in(session: BrandSession, code_id: UUID, base_url: str) -> Code:
    """A code as a transaction sees it, for a mutation's answer; one statement."""
    return to_code((await reads.codes_by_id(session, [code_id]))[code_id], base_url)


async def code_by_id(info: Info, code_id: UUID) -> Code:
    """The code of something that the caller may see; those of a page are read together."""
    card = await _cards(info.context).load(code_id)
    if card is None:
        raise LookupError(f"there is no code {code_id}")
    return to_code(card, info.context.runtime.settings.base_url)


async def fetch_code(info: Info, *keys: UUID) -> Code | None:
    """A code of the caller's own, or of a guide or store in the caller's scope."""
    actor = await info.context.actor()
    if len(keys) != 1 or not actor.is_employee:
        return None
    async with info.context.reading() as session:
        card = (await reads.codes_by_id(session, keys)).get(keys[0])
    if card is None:
        return None
    if card.guide_id is not None:
        guide = await batches.employees(info.context).load(card.guide_id)
        is_seen = guide is not None and may_see(actor, guide)
    else:
        store = None if card.store_id is None else await batches.stores(info.context).load(card.store_id)
        is_seen = store is not None and (
            store.id == actor.store_id or may_reach(role=actor.role, branch=actor.branch, path=store.unit.path)
        )
    return to_code(card, info.context.runtime.settings.base_url) if is_seen else None


def _cards(context: Context) -> DataLoader[UUID, CodeCard | None]:
    async def load(code_ids: list[UUID]) -> list[CodeCard | None]:
        async with context.reading() as session:
            found = await reads.codes_by_id(session, code_ids)
        return [found.get(code_id) for code_id in code_ids]

    key = "marketing.codes"
    if key not in context.loaded:
        context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, CodeCard | None] = context.loaded[key]
    return loader


def _personal_tokens(context: Context) -> DataLoader[UUID, str | None]:
    async def load(shop_ids: list[UUID]) -> list[str | None]:
        async with context.reading() as session:
            found = await reads.personal_tokens(session, shop_ids)
        return [found.get(shop_id) for shop_id in shop_ids]

    key = "marketing.personal_tokens"
    if key not in context.loaded:
        context.loaded[key] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, str | None] = context.loaded[key]
    return loader


NODES = {"Code": fetch_code}
"""What `node` fetches by the type in a global id."""
