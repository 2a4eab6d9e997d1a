"""Rollups: the effects that keep them up to date, one a kind of event, and the rebuild that makes them anew.

Every effect first shares the brand's row in `rollup_state`, which a rebuild holds alone, and then adds its facts to
`rollup_fact`; only facts that were not there before are counted. So an event that comes twice, or after a rebuild that
saw its fact already, adds nothing. Visits are no sums: an effect reads anew what a person's touches in a shop come to,
with the person's row held, so the last one to come has seen them all.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.boss import sources
from app.boss.models import (
    ROLLUPS,
    BuyerRollupRow,
    CommissionRollupRow,
    FirstOrderRow,
    NewcomerRollupRow,
    ProductRollupRow,
    RollupFactRow,
    RollupStateRow,
    RollupTable,
    SalesRollupRow,
    VisitRollupRow,
)
from app.boss.sources import FactKind, Rows
from app.commission.events import CommissionHeld, CommissionReversed, LedgerMoved
from app.commission.values import LedgerEvent
from app.customers import figures
from app.customers.events import FirstSignIn, ShopOpened, VisitorJoined
from app.customers.models import CustomerRow, TouchpointRow, VisitorRow
from app.customers.touchpoints import REPEAT_OPEN
from app.platform import clock
from app.platform.db import BrandSession
from app.platform.models import OutboxRow
from app.platform.outbox import Effect, Subscriptions

NAME: Final = "rollups"
"""The subscriber's name in the outbox."""


async def on_paid(session: BrandSession, event: CommissionHeld, _: UUID) -> None:
    """An order was paid: sales, products, buyers, the first order, and the commission that is held now."""
    await _share(session)
    facts = [(FactKind.SALE.value, event.sale_id), (LedgerEvent.PAID.value, event.sale_id)]
    new = await _claim(session, facts)
    if facts[0] in new:
        await _add(session, _of_sale(), sale=event.sale_id)
    if facts[1] in new:
        await _add(session, _of_ledger(), occasion=event.sale_id, cause=LedgerEvent.PAID.value)


async def on_refunded(session: BrandSession, event: CommissionReversed, _: UUID) -> None:
    """Goods are refunded: every reversing entry of the sale that is not counted yet. The ledger tells of the money."""
    await _share(session)
    refund_ids = [subject_id for _, subject_id in await _claim_all(session, event.sale_id)]
    if refund_ids:
        await _add(session, _of_refunds(), refunds=refund_ids)


async def on_moved(session: BrandSession, event: LedgerMoved, _: UUID) -> None:
    """Commission was moved."""
    await _share(session)
    if await _claim(session, [(event.cause, event.occasion_id)]):
        await _add(session, _of_ledger(), occasion=event.occasion_id, cause=event.cause)


async def on_first_sign_in(session: BrandSession, event: FirstSignIn, _: UUID) -> None:
    """A new customer."""
    await _share(session)
    if await _claim(session, [(FactKind.SIGN_IN.value, event.customer_id)]):
        await _add(session, _of_newcomer(), customer=event.customer_id)


async def on_opened(session: BrandSession, event: ShopOpened, _: UUID) -> None:
    """A touch led into a shop: it may begin a visit, or make the next touch continue one."""
    await _share(session)
    touch = (
        await session.execute(
            sa.select(
                TouchpointRow.visitor_id, TouchpointRow.customer_id, TouchpointRow.shop_id, TouchpointRow.occurred_at
            ).where(TouchpointRow.brand_id == session.brand_id, TouchpointRow.id == event.touchpoint_id)
        )
    ).one()
    customer_id = touch.customer_id or await _lock_visitor(session, touch.visitor_id)
    if customer_id is not None:
        await _lock_customer(session, customer_id)
    person_id = customer_id or touch.visitor_id
    visitor_ids = [touch.visitor_id] if customer_id is None else await _visitors_of(session, customer_id)
    day, last = (session.brand.day_of(at) for at in (touch.occurred_at, touch.occurred_at + REPEAT_OPEN))
    zone = session.brand.time_zone
    since, until = clock.day_bounds(day, zone)[0], clock.day_bounds(last, zone)[1]
    await session.execute(
        sa.delete(VisitRollupRow).where(
            VisitRollupRow.brand_id == session.brand_id,
            VisitRollupRow.person_id == person_id,
            VisitRollupRow.shop_id == touch.shop_id,
            VisitRollupRow.day.between(day, last),
        )
    )
    begun = figures.visits(
        session.brand_id,
        TouchpointRow.shop_id == touch.shop_id,
        _is_touch_of(person_id, visitor_ids),
        since=since,
        until=until,
    )
    await _fill(session, VisitRollupRow, sources.visits(session.brand_id, zone, begun))


async def on_joined(session: BrandSession, event: VisitorJoined, _: UUID) -> None:
    """A visitor turned out to be a customer: the visits of both are the customer's."""
    await _share(session)
    await _lock_visitor(session, event.visitor_id)
    await _lock_customer(session, event.customer_id)
    visitor_ids = await _visitors_of(session, event.customer_id)
    await session.execute(
        sa.delete(VisitRollupRow).where(
            VisitRollupRow.brand_id == session.brand_id,
            VisitRollupRow.person_id.in_([event.visitor_id, event.customer_id]),
        )
    )
    begun = figures.visits(session.brand_id, _is_touch_of(event.customer_id, visitor_ids))
    await _fill(session, VisitRollupRow, sources.visits(session.brand_id, session.brand.time_zone, begun))


EFFECTS: Final[dict[type[Any], Effect]] = {
    CommissionHeld: on_paid,
    CommissionReversed: on_refunded,
    LedgerMoved: on_moved,
    FirstSignIn: on_first_sign_in,
    ShopOpened: on_opened,
    VisitorJoined: on_joined,
}


_BRAND = sa.bindparam("brand", type_=sa.Uuid())
_ZONE = sa.bindparam("zone", type_=sa.Text())


def subscribe(table: Subscriptions) -> None:
    """Let every event that the rollups are made of feed them."""
    for kind, effect in EFFECTS.items():
        table.effect(kind, NAME, effect)


def pending(brand_id: Any) -> Rows:
    """When the oldest event happened that the rollups do not hold yet, and how many there are; parked ones too."""
    return sa.select(sa.func.min(OutboxRow.created_at).label("since"), sa.func.count().label("events")).where(
        OutboxRow.brand_id == brand_id,
        OutboxRow.done_at.is_(None),
        OutboxRow.kind.in_([kind.__name__ for kind in EFFECTS]),
        sa.literal(NAME) != sa.all_(OutboxRow.done_by),
    )


async def rebuild(session: BrandSession) -> dict[str, int]:
    """Make all rollups of the brand anew from their sources, one statement a table; gives the rows of each.

    Effects wait for it, and it for those under way. Facts of events that are still to come are counted here, where
    they are committed already; their events add nothing then.
    """
    await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
    await session.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
    await session.execute(
        sa.select(RollupStateRow.brand_id).where(RollupStateRow.brand_id == session.brand_id).with_for_update()
    )
    for table in (*ROLLUPS, RollupFactRow):
        await session.execute(sa.delete(table).where(table.brand_id == session.brand_id))
    facts = sa.union_all(*sources.facts(session.brand_id).values()).subquery("fact")
    every = sa.select(sa.literal(session.brand_id, sa.Uuid()).label("brand_id"), *facts.c)
    made = {RollupFactRow.__tablename__: await _fill(session, RollupFactRow, every)}
    for table, source in all_sources(session).items():
        made[table.__tablename__] = await _fill(session, table, source)
    await session.execute(
        sa.update(RollupStateRow)
        .where(RollupStateRow.brand_id == session.brand_id)
        .values(rebuilt_at=session.now)
        .execution_options(synchronize_session=False)
    )
    return made


def all_sources(session: BrandSession) -> dict[RollupTable, Rows]:
    """What each rollup holds if it counts the facts of `rollup_fact` and, of visits, every touch."""
    brand_id, zone = session.brand_id, session.brand.time_zone
    return {
        SalesRollupRow: sources.sales(brand_id, zone, by="hour"),
        ProductRollupRow: sources.sales(brand_id, zone, by="product"),
        BuyerRollupRow: sources.buyers(brand_id, zone),
        FirstOrderRow: sources.first_orders(brand_id, zone),
        CommissionRollupRow: sources.commission(brand_id),
        VisitRollupRow: sources.visits(brand_id, zone),
        NewcomerRollupRow: sources.newcomers(brand_id, zone),
    }


# --- steps


async def _share(session: BrandSession) -> None:
    """Keep a rebuild away until the transaction ends. Raises: LookupError for a brand that was not founded whole."""
    held = await session.execute(
        sa.select(RollupStateRow.brand_id).where(RollupStateRow.brand_id == session.brand_id).with_for_update(read=True)
    )
    if held.scalar_one_or_none() is None:
        raise LookupError(f"brand {session.brand_id} has no rollups")


async def _claim(session: BrandSession, facts: Sequence[tuple[str, UUID]]) -> list[tuple[str, UUID]]:
    """Add facts; gives those that were not there."""
    rows = [{"brand_id": session.brand_id, "kind": kind, "subject_id": subject_id} for kind, subject_id in facts]
    return await _claimed(session, insert(RollupFactRow).values(rows))


async def _claim_all(session: BrandSession, sale_id: UUID) -> list[tuple[str, UUID]]:
    """Add the refunds of a sale; gives those that were not there."""
    found = sources.refund_facts(session.brand_id, sale_id).subquery("found")
    rows = sa.select(sa.literal(session.brand_id, sa.Uuid()).label("brand_id"), *found.c).order_by(*found.c)
    return await _claimed(session, insert(RollupFactRow).from_select(_names(rows), rows))


async def _claimed(session: BrandSession, adding: Any) -> list[tuple[str, UUID]]:
    rows = await session.execute(
        adding.on_conflict_do_nothing().returning(RollupFactRow.kind, RollupFactRow.subject_id)
    )
    return [(row.kind, row.subject_id) for row in rows]


async def _add(session: BrandSession, statements: Sequence[sa.Insert], **values: Any) -> None:
    given = {"brand": session.brand_id, "zone": session.brand.time_zone, **values}
    for statement in statements:
        await session.execute(statement, given)


# Made once: to make them takes longer than to run them.


@cache
def _of_sale() -> tuple[sa.Insert, ...]:
    sale_id = sa.bindparam("sale", type_=sa.Uuid())
    return (
        _adding(SalesRollupRow, sources.sales(_BRAND, _ZONE, by="hour", sale_id=sale_id)),
        _adding(ProductRollupRow, sources.sales(_BRAND, _ZONE, by="product", sale_id=sale_id)),
        _adding(BuyerRollupRow, sources.buyers(_BRAND, _ZONE, sale_id=sale_id)),
        _least(sources.first_orders(_BRAND, _ZONE, sale_id=sale_id)),
    )


@cache
def _of_refunds() -> tuple[sa.Insert, ...]:
    refund_ids = sa.bindparam("refunds", type_=sa.Uuid(), expanding=True)
    return (
        _adding(SalesRollupRow, sources.sales(_BRAND, _ZONE, by="hour", refund_ids=refund_ids)),
        _adding(ProductRollupRow, sources.sales(_BRAND, _ZONE, by="product", refund_ids=refund_ids)),
    )


@cache
def _of_ledger() -> tuple[sa.Insert, ...]:
    cause, occasion_id = sa.bindparam("cause", type_=sa.Text()), sa.bindparam("occasion", type_=sa.Uuid())
    return (_adding(CommissionRollupRow, sources.commission(_BRAND, cause=cause, occasion_id=occasion_id)),)


@cache
def _of_newcomer() -> tuple[sa.Insert, ...]:
    customer_id = sa.bindparam("customer", type_=sa.Uuid())
    return (_adding(NewcomerRollupRow, sources.newcomers(_BRAND, _ZONE, customer_id=customer_id)),)


def _adding(table: RollupTable, source: Rows) -> sa.Insert:
    """Add to the figures of the rows that are there, and make those that are not; in the order of the key."""
    into = cast("sa.Table", table.__table__)
    adding = insert(into).from_select(_names(source), source)
    key = [column.name for column in into.primary_key]
    return adding.on_conflict_do_update(
        index_elements=key,
        set_={name: into.c[name] + adding.excluded[name] for name in _names(source) if name not in key},
    )


def _least(source: Rows) -> sa.Insert:
    """Keep the lesser of what is there and what comes."""
    into = cast("sa.Table", FirstOrderRow.__table__)
    adding = insert(into).from_select(_names(source), source)
    new = adding.excluded
    return adding.on_conflict_do_update(
        index_elements=["brand_id", "customer_id"],
        set_={name: new[name] for name in _names(source)[2:]},
        where=sa.tuple_(new["paid_at"], new["order_id"]) < sa.tuple_(into.c.paid_at, into.c.order_id),
    )


async def _fill(session: BrandSession, table: RollupTable | type[RollupFactRow], source: Rows) -> int:
    filled: Any = await session.execute(insert(table).from_select(_names(source), source))
    return int(filled.rowcount)


def _names(source: Rows) -> list[str]:
    return [column.name for column in source.selected_columns]


async def _lock_visitor(session: BrandSession, visitor_id: UUID) -> UUID | None:
    """Hold a visitor; gives the customer whom it is joined to."""
    found = await session.execute(
        sa.select(VisitorRow.customer_id)
        .where(VisitorRow.brand_id == session.brand_id, VisitorRow.id == visitor_id)
        .with_for_update(key_share=True)
    )
    return found.scalar_one()


async def _lock_customer(session: BrandSession, customer_id: UUID) -> None:
    await session.execute(
        sa.select(CustomerRow.id)
        .where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
        .with_for_update(key_share=True)
    )


async def _visitors_of(session: BrandSession, customer_id: UUID) -> list[UUID]:
    found = await session.execute(
        sa.select(VisitorRow.id).where(VisitorRow.brand_id == session.brand_id, VisitorRow.customer_id == customer_id)
    )
    return list(found.scalars())


def _is_touch_of(person_id: UUID, visitor_ids: Sequence[UUID]) -> sa.ColumnElement[bool]:
    """Touches of a customer, or of these visitors while nobody else was signed in on them."""
    return sa.or_(
        TouchpointRow.customer_id == person_id,
        sa.and_(TouchpointRow.customer_id.is_(None), TouchpointRow.visitor_id.in_(visitor_ids)),
    )
