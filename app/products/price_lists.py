"""Price lists: prices of a branch for a time. A list's prices never change; a later one takes their place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, WrongState
from app.products import guards, rules, versions
from app.products.models import PriceListItemRow, PriceListRow, SkuRow
from app.products.values import ListedPrice

MOST_PRICES = 1_000


@dataclass(frozen=True, slots=True)
class PriceListView:
    """A price list without its prices. `ends_at` None: until it is ended."""

    price_list_id: UUID
    org_unit_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime


async def publish(
    session: BrandSession,
    actor: Actor,
    *,
    org_unit_id: UUID,
    name: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    prices: Sequence[ListedPrice],
    now: datetime,
) -> UUID:
    """Give a unit and all below it prices of their own, from `starts_at` (None: now) until before `ends_at`.

    Name: 1 to 60 characters; 1 to 1,000 SKUs, each once. Raises: Forbidden, InvalidInput (paths such as prices, 0,
    priceMinor), NotFound (the unit, a SKU).
    """
    guards.headquarters_only(actor)
    own_name = texts.line(name, "name", longest=rules.LONGEST_NAME)
    begins = now if starts_at is None else starts_at
    if ends_at is not None and ends_at <= max(begins, now):
        raise InvalidInput("price_list_period", path=("endsAt",))
    if not 1 <= len(prices) <= MOST_PRICES:
        raise InvalidInput("price_list_count", path=("prices",), most=MOST_PRICES)
    for at, price in enumerate(prices):
        guards.refuse(rules.price_problem(price.price_minor, price.market_price_minor, ("prices", str(at))))
    await _check_unit(session, org_unit_id)
    await _check_skus(session, [price.sku_id for price in prices])
    price_list_id = session.new_id()
    await session.execute(
        sa.insert(PriceListRow).values(
            brand_id=session.brand_id,
            id=price_list_id,
            org_unit_id=org_unit_id,
            name=own_name,
            starts_at=begins,
            ends_at=ends_at,
            published_by=actor.principal,
            created_at=now,
        )
    )
    await session.execute(
        sa.insert(PriceListItemRow).execution_options(render_nulls=True),
        [
            {
                "brand_id": session.brand_id,
                "sku_id": price.sku_id,
                "price_list_id": price_list_id,
                "price_minor": price.price_minor,
                "market_price_minor": price.market_price_minor,
            }
            for price in prices
        ],
    )
    await versions.touch_catalogue(session)
    return price_list_id


async def end(
    session: BrandSession, actor: Actor, *, price_list_id: UUID, ends_at: datetime | None = None, now: datetime
) -> None:
    """Let a list end, at once or at `ends_at`; one that has not begun never does.

    Raises: Forbidden, NotFound, WrongState once it has ended or was called off, InvalidInput for an end before now.
    """
    guards.headquarters_only(actor)
    at = now if ends_at is None else ends_at
    if at < now:
        raise InvalidInput("price_list_over", path=("endsAt",))
    found = await session.execute(
        sa.select(PriceListRow.starts_at, PriceListRow.ends_at)
        .where(PriceListRow.brand_id == session.brand_id, PriceListRow.id == price_list_id)
        .with_for_update(key_share=True)
    )
    row = found.first()
    if row is None:
        raise NotFound("price list", path=("priceListId",))
    if row.ends_at is not None and row.ends_at <= max(now, row.starts_at):
        raise WrongState("ENDED", path=("priceListId",))
    await session.execute(
        sa.update(PriceListRow)
        .where(PriceListRow.brand_id == session.brand_id, PriceListRow.id == price_list_id)
        .values(ends_at=max(at, row.starts_at))
        .execution_options(synchronize_session=False)
    )
    await versions.touch_catalogue(session)


async def price_list_page(
    session: BrandSession, *, limit: int, after: UUID | None = None, org_unit_id: UUID | None = None
) -> list[PriceListView]:
    """Price lists of every time, the newest first, after the list `after`; of one unit where it is named."""
    query = sa.select(*_COLUMNS).where(*_found(session, org_unit_id)).order_by(PriceListRow.id.desc()).limit(limit)
    if after is not None:
        query = query.where(PriceListRow.id < after)
    return [PriceListView(*row) for row in await session.execute(query)]


async def price_list_count(session: BrandSession, *, org_unit_id: UUID | None = None) -> int:
    """How many lists `price_list_page` walks through."""
    query = sa.select(sa.func.count()).select_from(PriceListRow).where(*_found(session, org_unit_id))
    return (await session.execute(query)).scalar_one()


async def price_lists_by_id(session: BrandSession, ids: Collection[UUID]) -> dict[UUID, PriceListView]:
    rows = await session.execute(
        sa.select(*_COLUMNS).where(PriceListRow.brand_id == session.brand_id, PriceListRow.id.in_(ids))
    )
    return {row[0]: PriceListView(*row) for row in rows}


async def prices_of_lists(session: BrandSession, ids: Collection[UUID]) -> dict[UUID, list[ListedPrice]]:
    """The prices on each list, by the SKU's code; every list asked for has an entry. One statement."""
    found: dict[UUID, list[ListedPrice]] = {list_id: [] for list_id in ids}
    rows = await session.execute(
        sa.select(
            PriceListItemRow.price_list_id,
            PriceListItemRow.sku_id,
            PriceListItemRow.price_minor,
            PriceListItemRow.market_price_minor,
        )
        .join(SkuRow, sa.and_(SkuRow.brand_id == session.brand_id, SkuRow.id == PriceListItemRow.sku_id))
        .where(PriceListItemRow.brand_id == session.brand_id, PriceListItemRow.price_list_id.in_(found))
        .order_by(PriceListItemRow.price_list_id, SkuRow.code)
    )
    for list_id, sku_id, price_minor, market_price_minor in rows:
        found[list_id].append(ListedPrice(sku_id, price_minor, market_price_minor))
    return found


_COLUMNS = (
    PriceListRow.id,
    PriceListRow.org_unit_id,
    PriceListRow.name,
    PriceListRow.starts_at,
    PriceListRow.ends_at,
    PriceListRow.created_at,
)


def _found(session: BrandSession, org_unit_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    own = [PriceListRow.brand_id == session.brand_id]
    return own if org_unit_id is None else [*own, PriceListRow.org_unit_id == org_unit_id]


async def _check_unit(session: BrandSession, org_unit_id: UUID) -> None:
    found = await session.execute(
        sa.select(OrgUnitRow.id).where(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == org_unit_id)
    )
    if found.first() is None:
        raise NotFound("unit", path=("orgUnitId",))


async def _check_skus(session: BrandSession, sku_ids: Sequence[UUID]) -> None:
    """Raises: InvalidInput for a SKU named twice, NotFound for one that the brand does not have."""
    found = await session.execute(
        sa.select(SkuRow.id).where(SkuRow.brand_id == session.brand_id, SkuRow.id.in_(sku_ids))
    )
    known = set(found.scalars())
    for at, sku_id in enumerate(sku_ids):
        if sku_id in sku_ids[:at]:
            raise InvalidInput("sku_repeated", path=("prices", str(at), "skuId"))
        if sku_id not in known:
            raise NotFound("sku", path=("prices", str(at), "skuId"))
