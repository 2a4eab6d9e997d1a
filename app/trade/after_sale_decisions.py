"""After-sales, the brand's side: approved or rejected, received, refunds asked for anew; and both sides' time-outs.

SERVICE and the owner decide for the whole brand, managers for the own branch; nobody what he gains from.
"""

import logging
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.commission.values import Decision
from app.customers.models import CustomerRow
from app.employees.models import EmployeeRow
from app.platform import texts
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Brand, BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound
from app.platform.runtime import Runtime
from app.products import locations
from app.trade import after_sale_moves, after_sale_reads, after_sale_refunds, refunds
from app.trade import after_sale_rules as rules
from app.trade.after_sale_moves import LockedAfterSale
from app.trade.after_sales import COMMENT
from app.trade.models import AfterSaleRow
from app.trade.moves import LockedOrder
from app.trade.values import AfterSaleEvent, AfterSaleKind, AfterSaleState

log = logging.getLogger(__name__)

DUE_AT_ONCE = 200
"""After-sales past their time that one run of the job goes on with."""


async def decide(
    session: BrandSession,
    actor: Actor,
    *,
    after_sale_id: UUID,
    decision: Decision,
    comment: str | None = None,
    now: datetime,
) -> None:
    """Approve or reject a request. An approved refund without return is decided at once, a return waits for its goods.

    `comment`: up to 500 characters that the customer reads; whoever rejects has to say why. Raises: NotFound,
    WrongState, InvalidInput; Forbidden for whoever gains from it. Emits: RefundRequested, CommissionReversed.
    """
    words = texts.optional_block(comment, "comment", longest=rules.LONGEST_REASON)
    if words is None and decision is Decision.REJECT:
        raise InvalidInput("text_required", path=("comment",))
    order, after_sale = await _lock(session, actor, after_sale_id)
    sealed = None if words is None else session.vault.seal(session.brand_id, COMMENT, words)
    if decision is Decision.REJECT:
        await after_sale_moves.end(
            session,
            after_sale,
            AfterSaleEvent.REJECT,
            actor=actor.principal,
            now=now,
            decided_at=now,
            decided_by=actor.principal,
            comment=sealed,
        )
        return
    await _approve(session, order, after_sale, actor=actor, comment=sealed, now=now)


async def receive(
    session: BrandSession,
    actor: Actor,
    *,
    after_sale_id: UUID,
    is_restocked: bool,
    location_id: UUID | None = None,
    now: datetime,
) -> None:
    """The goods of a return are back, sent or brought: their refund is decided. `is_restocked`: they can be sold again.

    They go into the stock of the place where they were received: the one that is named, else the store that the actor
    works in, else where they were sold. Raises: NotFound, WrongState; Forbidden for whoever gains from it.
    Emits: RefundRequested, CommissionReversed.
    """
    order, after_sale = await _lock(session, actor, after_sale_id)
    place_id = location_id or actor.store_id
    if place_id is not None and is_restocked:
        place_id = (await locations.open_for(session, actor, place_id, "locationId", now=now)).location_id
    await _receive(session, order, after_sale, actor=actor, is_restocked=is_restocked, location_id=place_id, now=now)


async def retry_refund(session: BrandSession, actor: Actor, *, after_sale_id: UUID, now: datetime) -> None:
    """Have the provider asked again, at once, for a refund that it refused. Its commission is not taken back again.

    Raises: NotFound, WrongState; Forbidden for whoever gains from it. Emits: RefundRequested.
    """
    _, after_sale = await _lock(session, actor, after_sale_id)
    await refunds.ask_again(session, after_sale, actor=actor.principal, now=now)


async def act_when_due(runtime: Runtime, brand: Brand) -> int:
    """Go on with the after-sales whose time is over, one transaction each; gives how many. A job.

    Not decided: approved. Not sent back: withdrawn. Sent and not received: received, but not for sale again. Those that
    somebody is busy with are left to the next run; one that fails stops no other.
    """
    async with runtime.database.reading(brand) as session:
        due = (
            await session.scalars(
                sa.select(AfterSaleRow.id)
                .where(AfterSaleRow.brand_id == brand.id, AfterSaleRow.due_at <= session.now)
                .order_by(AfterSaleRow.due_at)
                .limit(DUE_AT_ONCE)
            )
        ).all()
    done = 0
    for after_sale_id in due:

        async def work(session: BrandSession, after_sale_id: UUID = after_sale_id) -> int:
            return await _act_if_due(session, after_sale_id)

        try:
            done += await runtime.database.run(brand, work)
        except Exception:
            log.exception("after-sale did not go on", extra={"after_sale": str(after_sale_id)})
    return done


async def _act_if_due(session: BrandSession, after_sale_id: UUID) -> int:
    locked = await after_sale_moves.lock(session, after_sale_id, skip_locked=True)
    # Somebody may have gone on with it between the two looks.
    if locked is None or locked[1].due_at is None or locked[1].due_at > session.now:
        return 0
    order, after_sale = locked
    match after_sale.state:
        case AfterSaleState.REQUESTED:
            await _approve(session, order, after_sale, actor=SYSTEM, comment=None, now=session.now)
        case AfterSaleState.APPROVED:
            await after_sale_moves.end(
                session, after_sale, AfterSaleEvent.WITHDRAW, actor=SYSTEM.principal, now=session.now
            )
        case AfterSaleState.RETURNING:
            await _receive(session, order, after_sale, actor=SYSTEM, is_restocked=False, now=session.now)
        case state:
            raise LookupError(f"nobody is waited for in {state}")
    return 1


async def _approve(
    session: BrandSession,
    order: LockedOrder,
    after_sale: LockedAfterSale,
    *,
    actor: Actor,
    comment: bytes | None,
    now: datetime,
) -> None:
    approved = await after_sale_moves.move(
        session,
        after_sale,
        AfterSaleEvent.APPROVE,
        actor=actor.principal,
        now=now,
        decided_at=now,
        decided_by=actor.principal,
        comment=comment,
    )
    if approved.kind is AfterSaleKind.REFUND_ONLY:
        await after_sale_refunds.start(session, order, approved, actor=actor.principal, is_back=False, now=now)


async def _receive(
    session: BrandSession,
    order: LockedOrder,
    after_sale: LockedAfterSale,
    *,
    actor: Actor,
    is_restocked: bool,
    location_id: UUID | None = None,
    now: datetime,
) -> None:
    received = await after_sale_moves.move(
        session, after_sale, AfterSaleEvent.RECEIVE, actor=actor.principal, now=now, received_at=now
    )
    await after_sale_refunds.start(
        session, order, received, actor=actor.principal, is_back=is_restocked, location_id=location_id, now=now
    )


async def _lock(session: BrandSession, actor: Actor, after_sale_id: UUID) -> tuple[LockedOrder, LockedAfterSale]:
    """Hold an after-sale that the actor may decide. Raises: NotFound, Forbidden for whoever gains from it."""
    scope = after_sale_reads.decided_by(actor)
    locked = None if scope is None else await after_sale_moves.lock(session, after_sale_id, scope)
    if locked is None:
        raise NotFound("AfterSale", path=("afterSaleId",))
    order, after_sale = locked
    is_buyer = (
        sa.select(EmployeeRow.id)
        .join(
            CustomerRow,
            sa.and_(CustomerRow.brand_id == session.brand_id, CustomerRow.phone_hash == EmployeeRow.phone_hash),
        )
        .where(
            EmployeeRow.brand_id == session.brand_id,
            EmployeeRow.id == actor.employee_id,
            CustomerRow.id == order.customer_id,
        )
    )
    if order.guide_id == actor.employee_id or await session.scalar(is_buyer) is not None:
        raise Forbidden
    return order, after_sale
