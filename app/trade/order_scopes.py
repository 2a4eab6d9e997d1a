"""Who may see an order, what of it, and who may carry it on.

The sale is one store's, the goods may be handed over in another: people of the pickup store see such an order from its
payment on, and whose order it is, but neither whose sale it is nor in whose shop it was placed. People of another store
that is to send an order see it from its payment on, with where it goes.
"""

from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from app.commission.models import CandidateRow
from app.employees.models import OrgUnitRow, StoreRow
from app.employees.rules import is_inside, may_reach
from app.employees.values import Role, StaffFunction
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.trade.models import OrderRow
from app.trade.values import FulfilmentMethod


class PlacedOrder(Protocol):
    """What decides about an order's people. `branch`: path of the attributed store's unit, as it was.

    `location_branch`: path of the unit of the store whose stock it has, as it is now; None at the shipping location.
    """

    @property
    def customer_id(self) -> UUID: ...
    @property
    def guide_id(self) -> UUID | None: ...
    @property
    def store_id(self) -> UUID | None: ...
    @property
    def branch(self) -> str: ...
    @property
    def pickup_store_id(self) -> UUID | None: ...
    @property
    def location_id(self) -> UUID: ...
    @property
    def location_branch(self) -> str | None: ...


def is_of_pickup_store(actor: Actor, order: PlacedOrder, pickup_branch: str | None) -> bool:
    """Whether the actor hands this order over: works in its pickup store, or manages the branch it is in now."""
    if not actor.is_employee or order.pickup_store_id is None:
        return False
    if actor.role in (Role.GUIDE, Role.MANAGER) and actor.store_id == order.pickup_store_id:
        return True
    return actor.role == Role.MANAGER and is_inside(pickup_branch or "", actor.branch)


def is_of_sending_store(actor: Actor, order: PlacedOrder) -> bool:
    """Whether the actor works in the store that is to send this order, or manages the branch it is in now."""
    if not actor.is_employee or order.location_branch is None or order.pickup_store_id is not None:
        return False
    if actor.role in (Role.GUIDE, Role.MANAGER) and actor.store_id == order.location_id:
        return True
    return actor.role == Role.MANAGER and is_inside(order.location_branch, actor.branch)


def may_ship(actor: Actor, order: PlacedOrder) -> bool:
    """Whether the actor may send an order's goods: headquarters, and the people of the store where they lie.

    Of what lies at the shipping location those of the store whose sale it is, and managers of its branch.
    """
    if actor.kind is ActorKind.SYSTEM:
        return True
    if not actor.is_employee:
        return False
    if order.location_branch is not None and order.pickup_store_id is None:
        return actor.sees_whole_brand or is_of_sending_store(actor, order)
    if may_reach(role=actor.role, branch=actor.branch, path=order.branch):
        return True
    if order.store_id is None:
        return order.guide_id == actor.employee_id
    return order.store_id == actor.store_id


def may_refuse(actor: Actor, order: PlacedOrder) -> bool:
    """Whether the actor may say that a place will not send an order: the store's people, headquarters."""
    is_above = actor.kind is ActorKind.SYSTEM or (actor.is_employee and actor.sees_whole_brand)
    return is_above or is_of_sending_store(actor, order)


def may_write_off(actor: Actor, order: PlacedOrder) -> bool:
    """Whether the actor may say that pieces of an order are not there: the store's manager, headquarters."""
    is_guide = actor.is_employee and actor.role == "GUIDE"
    return may_refuse(actor, order) and not is_guide


def may_reroute(actor: Actor) -> bool:
    """Whether the actor may have any place send an order: headquarters."""
    return actor.kind is ActorKind.SYSTEM or (actor.is_employee and actor.sees_whole_brand)


def may_make_ready(actor: Actor, order: PlacedOrder, pickup_branch: str | None) -> bool:
    """Whether the actor may lay out an order in its pickup store: the store's people, headquarters."""
    is_above = actor.kind is ActorKind.SYSTEM or (actor.is_employee and actor.sees_whole_brand)
    return order.pickup_store_id is not None and (is_above or is_of_pickup_store(actor, order, pickup_branch))


def may_hand_over(actor: Actor, order: PlacedOrder, pickup_branch: str | None) -> bool:
    """Whether the actor may give an order to its customer: the pickup store's people, service, the owner."""
    is_above = actor.kind is ActorKind.SYSTEM or (
        actor.is_employee and (actor.role == Role.OWNER or StaffFunction.SERVICE in actor.functions)
    )
    return order.pickup_store_id is not None and (is_above or is_of_pickup_store(actor, order, pickup_branch))


def may_see_sale(actor: Actor, order: PlacedOrder) -> bool:
    """Whether a viewer of the order sees the sale whole: the buyer, the guide who won it, the branch above do."""
    if actor.is_customer:
        return actor.customer_id == order.customer_id
    if not actor.is_employee:
        return False
    return actor.employee_id == order.guide_id or may_reach(role=actor.role, branch=actor.branch, path=order.branch)


def may_see_customer(actor: Actor, order: PlacedOrder, pickup_branch: str | None) -> bool:
    """Whether a viewer of the order also learns whose it is: who sees the sale, and who hands the goods over.

    A guide who lost the order sees it to learn why, one of the same store to send it; neither learns who bought.
    """
    return may_see_sale(actor, order) or is_of_pickup_store(actor, order, pickup_branch)


def may_see_winner(actor: Actor, order: PlacedOrder) -> bool:
    """Whether a viewer of the order learns which guide won it: outside the sale, only one of the own branch."""
    return may_see_sale(actor, order) or (actor.is_employee and is_inside(order.branch, actor.branch))


def may_see_shop(actor: Actor, order: PlacedOrder, shop_id: UUID) -> bool:
    """Whether a viewer of the order learns in whose shop it was placed: outside the sale, only in the own one."""
    return may_see_sale(actor, order) or (actor.is_employee and actor.shop_id == shop_id)


def visible_orders(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """The orders an actor may see, as a condition; None: no order at all.

    One's own, those one sold or lost, those that one's store sends or hands over, the branch's, or all.
    """
    if actor.is_customer:
        return OrderRow.customer_id == actor.customer_id
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = [
        OrderRow.guide_id == actor.employee_id,
        sa.exists().where(
            CandidateRow.brand_id == session.brand_id,
            CandidateRow.sale_id == OrderRow.id,
            CandidateRow.guide_id == actor.employee_id,
        ),
    ]
    if actor.store_id is not None:
        ways.append(sa.and_(OrderRow.store_id == actor.store_id, OrderRow.paid_on.is_not(None)))
    if actor.role == Role.MANAGER and actor.branch:
        ways.append(OrderRow.branch.startswith(actor.branch, autoescape=True))
    elsewhere = (orders_to_hand_over(session, actor), orders_sent_from(session, actor))
    return sa.or_(*ways, *(scope for scope in elsewhere if scope is not None))


def orders_of_branch(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """The orders of a staff list: all for headquarters; a manager's by their sale, and what the branch's stores send.

    None: the actor has no such list.
    """
    if not actor.is_employee:
        return None
    if actor.sees_whole_brand:
        return sa.true()
    if actor.role != Role.MANAGER:
        return None
    if not actor.branch:
        return sa.false()
    sold = OrderRow.branch.startswith(actor.branch, autoescape=True)
    sent = orders_sent_from(session, actor)
    return sold if sent is None else sa.or_(sold, sent)


def orders_sent_from(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """Paid orders that stores send where the actor works, in the branch, or any place; None: nowhere."""
    if not actor.is_employee:
        return None
    is_sent = sa.and_(OrderRow.fulfilment == FulfilmentMethod.DELIVERY.value, OrderRow.paid_on.is_not(None))
    if actor.sees_whole_brand:
        return is_sent
    places: list[sa.ColumnElement[bool]] = []
    if actor.store_id is not None:
        places.append(OrderRow.location_id == actor.store_id)
    if actor.role == Role.MANAGER and actor.branch:
        places.append(OrderRow.location_id.in_(_stores_of_branch(session, actor.branch)))
    return sa.and_(is_sent, sa.or_(*places)) if places else None


def orders_to_hand_over(session: BrandSession, actor: Actor) -> sa.ColumnElement[bool] | None:
    """Paid orders that are fetched where the actor works, in the branch, or anywhere; None: nowhere."""
    if not actor.is_employee:
        return None
    is_fetched = sa.and_(OrderRow.pickup_store_id.is_not(None), OrderRow.paid_on.is_not(None))
    if actor.sees_whole_brand:
        return is_fetched
    places: list[sa.ColumnElement[bool]] = []
    if actor.store_id is not None:
        places.append(OrderRow.pickup_store_id == actor.store_id)
    if actor.role == Role.MANAGER and actor.branch:
        places.append(OrderRow.pickup_store_id.in_(_stores_of_branch(session, actor.branch)))
    return sa.and_(is_fetched, sa.or_(*places)) if places else None


def _stores_of_branch(session: BrandSession, branch: str) -> sa.Select[UUID]:
    return (
        sa.select(StoreRow.id)
        .join(OrgUnitRow, sa.and_(OrgUnitRow.brand_id == session.brand_id, OrgUnitRow.id == StoreRow.org_unit_id))
        .where(StoreRow.brand_id == session.brand_id, OrgUnitRow.path.startswith(branch, autoescape=True))
    )
