"""A few after-sales of the demo's last day, each told as far as it has come: staff and customers go on from there."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.commission.values import Decision
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.trade import after_sale_decisions, after_sale_reads, after_sales
from app.trade.models import AfterSaleRow, OrderLineRow, OrderRow
from app.trade.values import AfterSaleKind, OrderState


@dataclass(frozen=True, slots=True)
class Story:
    """An after-sale of the newest order in one of these states; `steps`: APPROVE, REJECT, SEND, RECEIVE, in order."""

    name: str
    states: tuple[OrderState, ...]
    kind: AfterSaleKind
    reason: str
    steps: tuple[str, ...] = ()


_AT_THE_BRAND = (OrderState.PAID, OrderState.FULFILLING)
_AT_THE_CUSTOMER = (OrderState.DELIVERED, OrderState.COMPLETED)
_REFUND_ONLY, _RETURN = AfterSaleKind.REFUND_ONLY, AfterSaleKind.RETURN_AND_REFUND
STORIES = (
    Story("asked", _AT_THE_BRAND, _REFUND_ONLY, "拍错了颜色，想重新下单。"),
    Story("refunded", _AT_THE_BRAND, _REFUND_ONLY, "暂时不需要了。", ("APPROVE",)),
    Story("rejected", (*_AT_THE_BRAND, *_AT_THE_CUSTOMER), _REFUND_ONLY, "朋友说别家便宜十块。", ("REJECT",)),
    Story("asked-to-return", _AT_THE_CUSTOMER, _RETURN, "尺寸比想象中小。"),
    Story("to-be-sent", _AT_THE_CUSTOMER, _RETURN, "颜色和家里不搭。", ("APPROVE",)),
    Story("returning", _AT_THE_CUSTOMER, _RETURN, "收到时有一处勾丝。", ("APPROVE", "SEND")),
    Story("returned", _AT_THE_CUSTOMER, _RETURN, "送礼对方已有同款。", ("APPROVE", "SEND", "RECEIVE")),
)


async def tell(session: BrandSession, *, owner_id: UUID, story: Story) -> dict[str, Any]:
    """Tell one story in one transaction; gives the after-sale's id, or nothing where there is no order for it."""
    found = await _newest(session, story)
    if found is None:
        return {}
    customer_id, line_id = found
    customer = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)
    owner = Actor(kind=ActorKind.EMPLOYEE, employee_id=owner_id, role="OWNER")
    after_sale_id = await after_sales.request(
        session, customer, line_id=line_id, quantity=1, kind=story.kind, reason=story.reason, now=session.now
    )
    for step in story.steps:
        match step:
            case "SEND":
                await after_sales.ship_return(
                    session,
                    customer,
                    after_sale_id=after_sale_id,
                    carrier="顺丰速运",
                    tracking_number=f"SF{after_sale_id.int % 10**12:012d}",
                    now=session.now,
                )
            case "RECEIVE":
                await after_sale_decisions.receive(
                    session, owner, after_sale_id=after_sale_id, is_restocked=True, now=session.now
                )
            case said:
                await after_sale_decisions.decide(
                    session,
                    owner,
                    after_sale_id=after_sale_id,
                    decision=Decision(said),
                    comment="您好，价格差异不在退款范围内。" if said == "REJECT" else "已同意，请留意后续通知。",
                    now=session.now,
                )
    return {"after_sale_id": after_sale_id}


async def _newest(session: BrandSession, story: Story) -> tuple[UUID, UUID] | None:
    """Customer and first line of the newest order that the story can be told of."""
    is_told = sa.exists().where(AfterSaleRow.brand_id == session.brand_id, AfterSaleRow.order_id == OrderRow.id)
    newest = (
        await session.execute(
            sa.select(OrderRow.id, OrderRow.customer_id, OrderLineRow.id.label("line_id"))
            .join(
                OrderLineRow,
                sa.and_(
                    OrderLineRow.brand_id == session.brand_id,
                    OrderLineRow.order_id == OrderRow.id,
                    OrderLineRow.position == 0,
                ),
            )
            .where(
                OrderRow.brand_id == session.brand_id,
                OrderRow.state.in_([state.value for state in story.states]),
                ~is_told,
            )
            .order_by(OrderRow.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if newest is None or not (await after_sale_reads.standings(session, [newest.id]))[newest.id].is_refundable:
        return None
    return newest.customer_id, newest.line_id
