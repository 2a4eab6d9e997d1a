"""Invoices: a customer asks for one of a paid order, finance has it issued or says why not; refunds follow by red ones.

Whatever touches an order's invoice holds the order first. So a refund is either booked before the invoice's amounts are
fixed, and lowers them, or after, and gets a red invoice of its own. Refunds are heard of by the outbox alone.
Locks: the order, the request, its documents.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.commission.withdrawals import may_decide
from app.employees import phones
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import Conflict, DeadlinePassed, Forbidden, InvalidInput, NotFound, WrongState
from app.platform.settings import load_settings
from app.trade import invoice_documents, invoice_providers, moves
from app.trade import invoice_rules as rules
from app.trade.events import OrderRefunded
from app.trade.invoice_models import InvoiceRow
from app.trade.invoice_values import InvoiceEvent, InvoiceState, TitleKind
from app.trade.models import OrderRow
from app.trade.moves import LockedOrder
from app.trade.rules import is_paid
from app.trade.values import ForbiddenMove

TITLE, TAX_NUMBER, EMAIL, PHONE, REASON = (
    f"invoice_{name}" for name in ("title", "tax_number", "email", "phone", "reason")
)
"""The fields under which they are sealed."""
LONGEST_TITLE: Final = 100
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Title:
    """Whom an invoice is made out to, and where it is sent to."""

    kind: TitleKind
    name: str
    tax_number: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class LockedInvoice:
    """A request whose row, and whose order's, this transaction holds."""

    id: UUID
    order_id: UUID
    state: InvoiceState


async def request(session: BrandSession, actor: Actor, *, order_id: UUID, title: Title, now: datetime) -> UUID:
    """A customer asks for an invoice of an own order; gives its id. Four statements.

    From payment on, for `invoice_request_days`, as long as anything of the order is paid; one that lives an order.
    Raises: InvalidInput, NotFound, WrongState for an order that is not paid or closed, DeadlinePassed, Conflict.
    """
    checked = _checked(title)
    order = await moves.lock_order(session, OrderRow.id == order_id, OrderRow.customer_id == actor.customer_id)
    if order is None or not actor.is_customer:
        raise NotFound("Order", path=("orderId",))
    if not is_paid(order.state):
        raise WrongState(order.state, path=("orderId",))
    await _refuse_late(session, order, now)
    if await find_live(session, order) is not None:
        raise Conflict("invoice_asked_for", path=("orderId",))
    invoice_id, seal, brand_id = session.new_id(), session.vault.seal, session.brand_id
    await session.execute(
        sa.insert(InvoiceRow).values(
            brand_id=brand_id,
            id=invoice_id,
            order_id=order.id,
            customer_id=order.customer_id,
            state=InvoiceState.REQUESTED.value,
            title_kind=checked.kind.value,
            title=seal(brand_id, TITLE, checked.name),
            tax_number=None if checked.tax_number is None else seal(brand_id, TAX_NUMBER, checked.tax_number),
            email=None if checked.email is None else seal(brand_id, EMAIL, checked.email),
            phone=None if checked.phone is None else seal(brand_id, PHONE, checked.phone),
            requested_at=now,
        )
    )
    return invoice_id


async def withdraw(session: BrandSession, actor: Actor, *, invoice_id: UUID, now: datetime) -> None:
    """The customer gives an own request up, before it is issued. Raises: NotFound, WrongState."""
    locked = await _lock(session, invoice_id, OrderRow.customer_id == actor.customer_id)
    if locked is None or not actor.is_customer:
        raise NotFound("Invoice", path=("invoiceId",))
    await move(session, locked[1], InvoiceEvent.WITHDRAW, ended_at=now)


async def issue(session: BrandSession, actor: Actor, *, invoice_id: UUID, now: datetime) -> None:
    """Finance has an invoice issued: its amounts are fixed by what is paid and not refunded now; the provider follows.

    Raises: Forbidden, NotFound, WrongState (also where everything is refunded), InvalidInput where nobody issues.
    Emits: InvoiceToSend.
    """
    if not may_decide(actor):
        raise Forbidden
    if not invoice_providers.is_offered(load_settings()):
        raise InvalidInput("invoices_not_offered", path=("invoiceId",))
    locked = await _lock(session, invoice_id)
    if locked is None:
        raise NotFound("Invoice", path=("invoiceId",))
    order, found = locked
    if found.state is not InvoiceState.REQUESTED:
        raise WrongState(found.state)
    if not await invoice_documents.write_blue(session, invoice_id=found.id, order_id=order.id, now=now):
        raise WrongState(InvoiceState.VOIDED)
    await move(
        session, found, InvoiceEvent.ISSUE, decided_at=now, decided_by=actor.principal, failure=None, reason=None
    )


async def reject(session: BrandSession, actor: Actor, *, invoice_id: UUID, reason: str, now: datetime) -> None:
    """Finance says why there is no invoice: 1 to 200 characters. The customer may ask again.

    Raises: Forbidden, InvalidInput, NotFound, WrongState.
    """
    if not may_decide(actor):
        raise Forbidden
    words = texts.line(reason, "reason", longest=LONGEST_REASON)
    locked = await _lock(session, invoice_id)
    if locked is None:
        raise NotFound("Invoice", path=("invoiceId",))
    sealed = session.vault.seal(session.brand_id, REASON, words)
    await move(
        session,
        locked[1],
        InvoiceEvent.REJECT,
        reason=sealed,
        decided_at=now,
        decided_by=actor.principal,
        ended_at=now,
    )


async def follow_refund(session: BrandSession, event: OrderRefunded, _: UUID) -> None:
    """The effect of OrderRefunded: see `settle`."""
    await settle(session, event.order_id)


async def settle(session: BrandSession, order_id: UUID) -> bool:
    """Bring an order's invoice to what was refunded; done twice it is done once. False: nothing was to do.

    Before it is issued its amount follows by itself, and at nothing it is void; once it is issued each refund that it
    does not know of gets a red one. While the provider is asked nothing is done: its answer does it. Emits:
    InvoiceToSend.
    """
    order = await moves.lock_order(session, OrderRow.id == order_id)
    found = None if order is None else await find_live(session, order)
    if order is None or found is None:
        return False
    if found.state is InvoiceState.ISSUED:
        return bool(await invoice_documents.write_reds(session, order_id=order.id, now=session.now))
    return found.state is InvoiceState.REQUESTED and await void_if_nothing_is_left(session, order, found)


async def void_if_nothing_is_left(session: BrandSession, order: LockedOrder, found: LockedInvoice) -> bool:
    """End a request of an order that was refunded whole. Gives whether it was."""
    left = await session.scalar(
        sa.select(OrderRow.total_minor - OrderRow.refunded_minor).where(
            OrderRow.brand_id == session.brand_id, OrderRow.id == order.id
        )
    )
    if left:
        return False
    await move(session, found, InvoiceEvent.VOID, ended_at=session.now)
    return True


async def find_live(session: BrandSession, order: LockedOrder) -> LockedInvoice | None:
    """Hold the live request of an order that this transaction holds."""
    return await _hold(
        session, InvoiceRow.order_id == order.id, InvoiceRow.state.in_([state.value for state in rules.LIVE])
    )


async def move(session: BrandSession, found: LockedInvoice, event: InvoiceEvent, **columns: Any) -> None:
    """Take a locked request one step on, with what else changes by it. One statement. Raises: WrongState."""
    try:
        state = rules.move_invoice(found.state, event)
    except ForbiddenMove:
        raise WrongState(found.state) from None
    moved = await session.execute(
        sa.update(InvoiceRow)
        .where(
            InvoiceRow.brand_id == session.brand_id,
            InvoiceRow.id == found.id,
            InvoiceRow.state == found.state.value,
        )
        .values(state=state.value, **columns)
        .returning(InvoiceRow.id)
        .execution_options(synchronize_session=False)
    )
    moved.one()


async def _lock(
    session: BrandSession, invoice_id: UUID, *conditions: sa.ColumnElement[bool]
) -> tuple[LockedOrder, LockedInvoice] | None:
    """Hold a request and, before it, its order; None where there is none, or its order does not meet the conditions."""
    its_order = sa.select(InvoiceRow.order_id).where(
        InvoiceRow.brand_id == session.brand_id, InvoiceRow.id == invoice_id
    )
    order = await moves.lock_order(session, OrderRow.id == its_order.scalar_subquery(), *conditions)
    found = None if order is None else await _hold(session, InvoiceRow.id == invoice_id)
    return None if order is None or found is None else (order, found)


async def _hold(session: BrandSession, *conditions: sa.ColumnElement[bool]) -> LockedInvoice | None:
    row = (
        await session.execute(
            sa.select(InvoiceRow.id, InvoiceRow.order_id, InvoiceRow.state)
            .where(InvoiceRow.brand_id == session.brand_id, *conditions)
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else LockedInvoice(row.id, row.order_id, InvoiceState(row.state))


async def _refuse_late(session: BrandSession, order: LockedOrder, now: datetime) -> None:
    """Raises: DeadlinePassed, WrongState where nothing of the order is paid any more."""
    row = (
        await session.execute(
            sa.select(OrderRow.paid_at, OrderRow.total_minor - OrderRow.refunded_minor).where(
                OrderRow.brand_id == session.brand_id, OrderRow.id == order.id
            )
        )
    ).one()
    if not row[1]:
        raise WrongState(order.state, path=("orderId",))
    days = load_settings().invoice_request_days
    if row.paid_at is None or now > row.paid_at + timedelta(days=days):
        raise DeadlinePassed("invoice_window_over", path=("orderId",), days=days)


def _checked(title: Title) -> Title:
    """The title as it is kept. Raises: InvalidInput."""
    name = texts.line(title.name, "title", longest=LONGEST_TITLE)
    given = texts.optional_line(title.tax_number, "taxNumber", longest=40)
    tax_number = None if given is None else rules.read_tax_number(given)
    if given is not None and tax_number is None:
        raise InvalidInput("tax_number_form", path=("taxNumber",))
    if (tax_number is not None) != (title.kind is TitleKind.COMPANY):
        key = "tax_number_required" if tax_number is None else "tax_number_of_nobody"
        raise InvalidInput(key, path=("taxNumber",))
    mail = texts.optional_line(title.email, "email", longest=rules.LONGEST_EMAIL)
    email = None if mail is None else rules.read_email(mail)
    if mail is not None and email is None:
        raise InvalidInput("email_form", path=("email",))
    number = texts.optional_line(title.phone, "phone", longest=40)
    phone = None if number is None else phones.read_phone(number, "phone")
    if email is None and phone is None:
        raise InvalidInput("invoice_recipient", path=("email",))
    return Title(title.kind, name, tax_number, email, phone)
