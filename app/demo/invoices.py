"""The demo's invoices: one waits for finance, two are issued, and a refund of the last hour takes one of these back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.trade import invoice_terms, invoices
from app.trade.invoice_values import TitleKind
from app.trade.invoices import Title
from app.trade.models import OrderRow
from app.trade.values import OrderState

ASKED, ISSUED = timedelta(hours=22, minutes=40), timedelta(hours=22, minutes=50)
"""When on the last day: before its after-sales, of which one is of an order that is invoiced by then."""
SELLER, SELLER_TAX_NUMBER, TAX_RATE_BP = "样板生活（上海）贸易有限公司", "91310106MA1FY0XW3T", 1_300
_COMPANY: Final = Title(TitleKind.COMPANY, "杭州青禾文化创意有限公司", "91330106MA2B0C1D55", email="fapiao@example.com")
_PERSONAL: Final = Title(TitleKind.PERSONAL, "个人", phone="19900001001")
_AT_THE_BRAND: Final = (OrderState.PAID, OrderState.FULFILLING)
_AT_THE_CUSTOMER: Final = (OrderState.DELIVERED, OrderState.COMPLETED)


async def ask(session: BrandSession, *, owner_id: UUID) -> dict[str, Any]:
    """The brand says who sells; customers ask. Gives the requests that finance is to issue, by their numbers."""
    await invoice_terms.publish(
        session,
        _owner(owner_id),
        seller_name=SELLER,
        seller_tax_number=SELLER_TAX_NUMBER,
        tax_rate_bp=TAX_RATE_BP,
        now=session.now,
    )
    made: dict[str, Any] = {}
    for number, order in enumerate(await _newest(session, _AT_THE_BRAND, 2)):
        made[f"issue-{number}"] = await _request(session, order, (_COMPANY, _PERSONAL)[number])
    for order in await _newest(session, _AT_THE_CUSTOMER, 1):
        await _request(session, order, _PERSONAL)
    return made


async def issue(session: BrandSession, *, owner_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
    """The owner has them issued; the relay asks the provider."""
    for invoice_id in asked.values():
        await invoices.issue(session, _owner(owner_id), invoice_id=UUID(str(invoice_id)), now=session.now)
    return {}


def _owner(owner_id: UUID) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=owner_id, role="OWNER")


async def _request(session: BrandSession, order: tuple[UUID, UUID], title: Title) -> UUID:
    order_id, customer_id = order
    customer = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)
    return await invoices.request(session, customer, order_id=order_id, title=title, now=session.now)


async def _newest(session: BrandSession, states: Sequence[OrderState], most: int) -> list[tuple[UUID, UUID]]:
    """The newest orders in these states, each with its customer."""
    rows = await session.execute(
        sa.select(OrderRow.id, OrderRow.customer_id)
        .where(OrderRow.brand_id == session.brand_id, OrderRow.state.in_([state.value for state in states]))
        .order_by(OrderRow.id.desc())
        .limit(most)
    )
    return [(row.id, row.customer_id) for row in rows]
