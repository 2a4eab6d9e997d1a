"""The lists of orders that staff work with: all of the branch, searched and filtered, and those to be fetched."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import CustomerRow
from app.customers.profiles import PHONE_TAIL
from app.employees import phones
from app.employees.rules import normalise_phone
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput
from app.platform.ids import first_id, last_id
from app.trade import reads
from app.trade.models import OrderRow
from app.trade.order_scopes import orders_of_branch, orders_sent_from, orders_to_hand_over
from app.trade.reads import OrderView
from app.trade.rules import ORDER_DIGITS
from app.trade.values import OrderState

COUNTED = 10_000
"""More orders than these are not counted."""
_NUMBER = re.compile(rf"\d{{1,{ORDER_DIGITS}}}", re.ASCII)
_TAIL = re.compile(r"\d{4}", re.ASCII)
_FOUND_CUSTOMERS = 500
"""Customers of one tail of a phone whose orders are looked for; the latest ones."""
_TO_SEND = (OrderState.PAID, OrderState.FULFILLING)
_WAITING = (OrderState.PAID, OrderState.FULFILLING, OrderState.READY_FOR_PICKUP)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list of orders is narrowed to; what is None or empty narrows nothing. `placed_to` is not included.

    `search`: the beginning of an order number, a customer's phone, or the last four digits of one.
    """

    states: Sequence[OrderState] = ()
    store_id: UUID | None = None
    guide_id: UUID | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    search: str | None = None


ALL = OrderFilter()


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders. `total`: orders in the whole list; None where it was not asked for or there are too many."""

    orders: list[OrderView]
    total: int | None


async def page(
    session: BrandSession,
    actor: Actor,
    *,
    narrowed: OrderFilter = ALL,
    limit: int,
    after: UUID | None = None,
    is_counted: bool = False,
) -> OrderPage:
    """Orders, the latest first: of the whole brand, or those a manager's branch sold or sends.

    One statement, one more for a search that may be a phone, one for the total. Raises: Forbidden for guides and
    customers; InvalidInput for a search that can find nothing.
    """
    scope = orders_of_branch(session, actor)
    if scope is None:
        raise Forbidden
    conditions = _conditions(narrowed)
    if narrowed.search is not None and narrowed.search.strip():
        conditions.append(await _found_by(session, narrowed.search, "filter", "search"))
    return await _read(session, scope, conditions, limit=limit, after=after, is_counted=is_counted)


async def pickup_page(
    session: BrandSession,
    actor: Actor,
    *,
    search: str | None = None,
    limit: int,
    after: UUID | None = None,
    is_counted: bool = False,
) -> OrderPage:
    """Paid orders that wait to be laid out or handed over where the actor works, the oldest first.

    `search`: as for `page`. As many statements, and what it raises, as for `page`; for every employee.
    """
    scope = orders_to_hand_over(session, actor)
    conditions: list[sa.ColumnElement[bool]] = [OrderRow.state.in_([state.value for state in _WAITING])]
    if search is not None and search.strip():
        conditions.append(await _found_by(session, search, "search"))
    return await _read(
        session, scope, conditions, limit=limit, after=after, is_counted=is_counted, is_oldest_first=True
    )


async def sending_page(
    session: BrandSession,
    actor: Actor,
    *,
    is_stranded: bool = False,
    limit: int,
    after: UUID | None = None,
    is_counted: bool = False,
) -> OrderPage:
    """Paid orders that wait to be sent from where the actor works, the oldest first; for headquarters from everywhere.

    `is_stranded`: only those that no place would send. One statement, one for the total.
    """
    scope = orders_sent_from(session, actor)
    conditions: list[sa.ColumnElement[bool]] = [OrderRow.state.in_([state.value for state in _TO_SEND])]
    if is_stranded:
        conditions.append(OrderRow.is_stranded.is_(True))
    return await _read(
        session, scope, conditions, limit=limit, after=after, is_counted=is_counted, is_oldest_first=True
    )


async def _read(
    session: BrandSession,
    scope: sa.ColumnElement[bool] | None,
    conditions: Sequence[sa.ColumnElement[bool]],
    *,
    limit: int,
    after: UUID | None,
    is_counted: bool,
    is_oldest_first: bool = False,
) -> OrderPage:
    found = await reads.page(session, scope, *conditions, limit=limit, after=after, is_oldest_first=is_oldest_first)
    total = await reads.count(session, scope, *conditions, up_to=COUNTED) if is_counted else None
    return OrderPage(found, total)


def _conditions(narrowed: OrderFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if narrowed.states:
        found.append(OrderRow.state.in_([state.value for state in narrowed.states]))
    if narrowed.store_id is not None:
        found.append(OrderRow.store_id == narrowed.store_id)
    if narrowed.guide_id is not None:
        found.append(OrderRow.guide_id == narrowed.guide_id)
    # An order's id was minted when it was placed, so that a range of time is a range of the key too.
    if narrowed.placed_from is not None:
        found += [OrderRow.placed_at >= narrowed.placed_from, OrderRow.id >= first_id(narrowed.placed_from)]
    if narrowed.placed_to is not None:
        found += [OrderRow.placed_at < narrowed.placed_to, OrderRow.id <= last_id(narrowed.placed_to)]
    return found


async def _found_by(session: BrandSession, text: str, *path: str) -> sa.ColumnElement[bool]:
    """The orders that a search means. One statement where it may be a phone. Raises: InvalidInput."""
    wanted = unicodedata.normalize("NFKC", text).strip()
    ways: list[sa.ColumnElement[bool]] = []
    phone = normalise_phone(wanted)
    if phone is None and _NUMBER.fullmatch(wanted):
        ways.append(OrderRow.number.between(wanted.ljust(ORDER_DIGITS, "0"), wanted.ljust(ORDER_DIGITS, "9")))
    whose: sa.ColumnElement[bool] | None = None
    if phone is not None:
        whose = CustomerRow.phone_hash.in_(phones.phone_hashes(session.vault, session.brand_id, phone))
    elif _TAIL.fullmatch(wanted):
        whose = CustomerRow.phone_tail_hash.in_(session.vault.digests(session.brand_id, PHONE_TAIL, wanted))
    if whose is not None:
        customers = await session.scalars(
            sa.select(CustomerRow.id)
            .where(CustomerRow.brand_id == session.brand_id, whose)
            .order_by(CustomerRow.id.desc())
            .limit(_FOUND_CUSTOMERS)
        )
        ways.append(OrderRow.customer_id.in_(list(customers)))
    if not ways:
        raise InvalidInput("order_search_form", path=path)
    return sa.or_(*ways)
