"""Coupons (优惠券) on their way to customers: claimed in the coupon centre or by a code, given by a guide, revoked.

A claim's last statements move the template's count, the customer's own count and the coupon's rows: the template's row,
which everybody wants, is held for as short as can be, and whoever can be refused before is refused without it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers import bindings, touchpoints
from app.customers.values import BindingState, Channel
from app.employees.reads import branch_of
from app.marketing import codes, coupon_moves
from app.marketing.coupon_rules import refuse_claim
from app.marketing.coupon_templates import promoters_only
from app.marketing.events import CouponClaimed, CouponGiven
from app.marketing.models import CouponHolderRow, CouponRow, CouponTemplateRow
from app.marketing.values import ClaimFacts, CodeKind, CouponEvent, CouponRefusal, CouponState
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import CouponUnavailable, Forbidden, NotFound, WrongState


@dataclass(frozen=True, slots=True)
class Giver:
    """By whom a coupon comes to a customer; `guide_id` None: by nobody. `code_id` None: not by a code."""

    guide_id: UUID | None = None
    store_id: UUID | None = None
    shop_id: UUID | None = None
    code_id: UUID | None = None
    channel: Channel = Channel.OTHER


@dataclass(frozen=True, slots=True)
class _Looked:
    """A template as one statement saw it, with what the customer has of it. `waiting_id`: a gift to be accepted."""

    facts: ClaimFacts
    valid_days: int
    branch: str
    waiting_id: UUID | None


async def claim(
    session: BrandSession, actor: Actor, *, template_id: UUID, code_token: str | None = None, now: datetime
) -> UUID:
    """A customer claims a coupon; gives its id. Six to eight statements.

    A coupon that a guide has given the customer, and that waits to be accepted, is that coupon. `code_token`: the code
    that led here; its guide is a touchpoint of the customer, a revoked code's is not. Without one the coupon is counted
    for who serves the customer, and no touch is recorded.
    Raises: Forbidden, NotFound for a template or code that is none of the brand's, CouponUnavailable.
    Emits: CouponClaimed.
    """
    if not actor.is_customer or actor.customer_id is None:
        raise Forbidden
    customer_id = actor.customer_id
    giver, is_invited = await _giver_of_code(session, template_id, code_token)
    if giver is None:
        giver = await _who_serves(session, customer_id)
    looked = await _look(session, template_id, customer_id, giver, is_invited=is_invited)
    if looked.waiting_id is not None:
        await _accept(session, actor, looked.waiting_id, template_id, looked.valid_days, now=now)
        return looked.waiting_id
    _refuse(looked.facts, now)
    coupon_id = session.new_id()
    if giver.code_id is not None:
        await touch(session, customer_id=customer_id, giver=giver, now=now)
    await _take_from_budget(session, template_id, customer_id, looked.facts, is_claimed=True, now=now)
    await coupon_moves.begin(
        session,
        {
            "id": coupon_id,
            "template_id": template_id,
            "customer_id": customer_id,
            "guide_id": giver.guide_id,
            "branch": looked.branch,
            "code_id": giver.code_id,
            "issued_at": now,
            "claimed_at": now,
            "expires_at": now + timedelta(days=looked.valid_days),
        },
        (CouponEvent.ISSUE, CouponEvent.CLAIM),
        actor=actor.principal,
        now=now,
    )
    session.emit(CouponClaimed(coupon_id))
    return coupon_id


async def give(session: BrandSession, actor: Actor, *, template_id: UUID, customer_id: UUID, now: datetime) -> UUID:
    """A guide gives a coupon to a customer whom he serves; it waits to be accepted. Gives its id.

    It counts in budget and limit from now on, and can be accepted as long as coupons can be claimed. Raises: Forbidden;
    NotFound for a template, and for a customer whom the guide does not serve; CouponUnavailable. Emits: CouponGiven.
    """
    if not actor.is_employee or actor.employee_id is None or actor.shop_id is None:
        raise Forbidden
    binding = await bindings.live(session, customer_id=customer_id)
    if binding is None or binding.guide_id != actor.employee_id or binding.state_at(now) is BindingState.EXPIRED:
        raise NotFound("Customer", path=("customerId",))
    giver = Giver(actor.employee_id, actor.store_id, actor.shop_id)
    looked = await _look(session, template_id, customer_id, giver, is_invited=True)
    _refuse(looked.facts, now)
    await _take_from_budget(session, template_id, customer_id, looked.facts, is_claimed=False, now=now)
    coupon_id = await coupon_moves.begin(
        session,
        {
            "id": session.new_id(),
            "template_id": template_id,
            "customer_id": customer_id,
            "guide_id": actor.employee_id,
            "branch": looked.branch,
            "issued_at": now,
            "expires_at": looked.facts.claim_until,
        },
        (CouponEvent.ISSUE,),
        actor=actor.principal,
        now=now,
    )
    session.emit(CouponGiven(coupon_id))
    return coupon_id


async def revoke(session: BrandSession, actor: Actor, *, coupon_id: UUID, now: datetime) -> None:
    """Headquarters takes back one coupon that nothing holds. Raises: Forbidden, NotFound, WrongState."""
    promoters_only(actor)
    if await coupon_moves.move(
        session, CouponRow.id == coupon_id, event=CouponEvent.REVOKE, actor=actor.principal, now=now
    ):
        return
    state = await session.scalar(
        sa.select(CouponRow.state).where(CouponRow.brand_id == session.brand_id, CouponRow.id == coupon_id)
    )
    if state is None:
        raise NotFound("Coupon", path=("couponId",))
    raise WrongState(state)


async def guide_of(session: BrandSession, coupon_id: UUID) -> UUID | None:
    """The guide by whom a coupon came to its customer; None: by nobody. One statement."""
    return await session.scalar(
        sa.select(CouponRow.guide_id).where(CouponRow.brand_id == session.brand_id, CouponRow.id == coupon_id)
    )


async def touch(session: BrandSession, *, customer_id: UUID, giver: Giver, now: datetime) -> None:
    """Record that a guide's coupon reached a customer; nothing where it came by nobody."""
    if giver.guide_id is not None:
        await touchpoints.record_coupon(
            session,
            customer_id=customer_id,
            guide_id=giver.guide_id,
            store_id=giver.store_id,
            shop_id=giver.shop_id,
            code_id=giver.code_id,
            channel=giver.channel,
            now=now,
        )


async def count_for(session: BrandSession, *, template_id: UUID, customer_id: UUID, per_person: int) -> bool:
    """Count one more coupon of a template for a customer; False where that would be more than the limit."""
    return await _count(session, sa.select(sa.literal(template_id, sa.Uuid())), customer_id, per_person) is not None


async def _giver_of_code(session: BrandSession, template_id: UUID, code_token: str | None) -> tuple[Giver | None, bool]:
    """By whom the code brings the coupon, and whether it is the template's own. Raises: NotFound."""
    if code_token is None:
        return None, False
    code = await codes.facts_by_token(session, code_token)
    if code is None:
        raise NotFound("Code", path=("code",))
    is_own = code.kind is CodeKind.CAMPAIGN and code.target_id == template_id
    if code.is_revoked or not code.guide_is_active:
        return None, is_own
    return Giver(code.guide_id, code.store_id, code.shop_id, code.code_id, code.channel or Channel.OTHER), is_own


async def _who_serves(session: BrandSession, customer_id: UUID) -> Giver:
    binding = await bindings.live(session, customer_id=customer_id)
    if binding is None or binding.state_at(session.now) is BindingState.EXPIRED:
        return Giver()
    return Giver(binding.guide_id, binding.store_id)


async def _look(
    session: BrandSession, template_id: UUID, customer_id: UUID, giver: Giver, *, is_invited: bool
) -> _Looked:
    """The template, the customer's count and a waiting gift; one statement without a lock. Raises: NotFound."""
    waiting = (
        sa.select(CouponRow.id)
        .where(
            CouponRow.brand_id == session.brand_id,
            CouponRow.customer_id == customer_id,
            CouponRow.template_id == template_id,
            CouponRow.state == CouponState.ISSUED.value,
            CouponRow.expires_at > session.now,
        )
        .order_by(CouponRow.id)
        .limit(1)
        .scalar_subquery()
    )
    row = (
        await session.execute(
            sa.select(
                CouponTemplateRow,
                CouponHolderRow.taken,
                waiting.label("waiting_id"),
                branch_of(session.brand_id, store_id=giver.store_id, employee_id=giver.guide_id).label("branch"),
            )
            .outerjoin(
                CouponHolderRow,
                sa.and_(
                    CouponHolderRow.brand_id == session.brand_id,
                    CouponHolderRow.template_id == CouponTemplateRow.id,
                    CouponHolderRow.customer_id == customer_id,
                ),
            )
            .where(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == template_id)
        )
    ).first()
    if row is None:
        raise NotFound("CouponTemplate", path=("couponTemplateId",))
    template: CouponTemplateRow = row.CouponTemplateRow
    return _Looked(
        facts=ClaimFacts(
            claim_from=template.claim_from,
            claim_until=template.claim_until,
            quantity=template.quantity,
            issued=template.issued_count,
            per_person=template.per_person,
            taken=row.taken or 0,
            is_revoked=template.revoked_at is not None,
            is_listed=template.is_listed,
            is_invited=is_invited,
        ),
        valid_days=template.valid_days,
        branch=row.branch or "",
        waiting_id=None if template.revoked_at is not None else row.waiting_id,
    )


def _refuse(facts: ClaimFacts, now: datetime) -> None:
    reason = refuse_claim(facts, now)
    if reason is not None:
        raise CouponUnavailable(reason)


async def _take_from_budget(
    session: BrandSession, template_id: UUID, customer_id: UUID, facts: ClaimFacts, *, is_claimed: bool, now: datetime
) -> None:
    """Count one coupon in the template's budget and the customer's limit, both guarded; one statement.

    Raises: CouponUnavailable when the last one went, or another of this customer's claims came first.
    """
    counted = (
        sa.update(CouponTemplateRow)
        .where(
            CouponTemplateRow.brand_id == session.brand_id,
            CouponTemplateRow.id == template_id,
            CouponTemplateRow.issued_count < CouponTemplateRow.quantity,
            CouponTemplateRow.revoked_at.is_(None),
            CouponTemplateRow.claim_from <= now,
            CouponTemplateRow.claim_until > now,
        )
        .values(
            issued_count=CouponTemplateRow.issued_count + 1,
            claimed_count=CouponTemplateRow.claimed_count + int(is_claimed),
        )
        .returning(CouponTemplateRow.brand_id, CouponTemplateRow.id)
        .cte("counted")
    )
    of_template = sa.select(counted.c.id).where(counted.c.brand_id == session.brand_id)
    if await _count(session, of_template, customer_id, facts.per_person) is not None:
        return
    # One of the two guards held; the customer's own count says which.
    taken = await session.scalar(
        sa.select(CouponHolderRow.taken).where(
            CouponHolderRow.brand_id == session.brand_id,
            CouponHolderRow.template_id == template_id,
            CouponHolderRow.customer_id == customer_id,
        )
    )
    is_full = taken is not None and taken >= facts.per_person
    raise CouponUnavailable(CouponRefusal.LIMIT_REACHED if is_full else CouponRefusal.SOLD_OUT)


async def _count(
    session: BrandSession, of_template: sa.Select[tuple[UUID]], customer_id: UUID, per_person: int
) -> int | None:
    (template_id,) = of_template.selected_columns
    own = insert(CouponHolderRow).from_select(
        ["brand_id", "template_id", "customer_id", "taken"],
        of_template.with_only_columns(
            sa.literal(session.brand_id, sa.Uuid()),
            template_id,
            sa.literal(customer_id, sa.Uuid()),
            sa.literal(1, sa.BigInteger()),
        ),
    )
    counted = await session.execute(
        own.on_conflict_do_update(
            index_elements=["brand_id", "template_id", "customer_id"],
            set_={"taken": CouponHolderRow.taken + 1},
            where=CouponHolderRow.taken < per_person,
        ).returning(CouponHolderRow.taken)
    )
    return counted.scalar_one_or_none()


async def _accept(
    session: BrandSession, actor: Actor, coupon_id: UUID, template_id: UUID, valid_days: int, *, now: datetime
) -> None:
    """The customer takes what a guide has given. Raises: CouponUnavailable when its time is over."""
    accepted = await session.execute(
        sa.update(CouponTemplateRow)
        .where(
            CouponTemplateRow.brand_id == session.brand_id,
            CouponTemplateRow.id == template_id,
            CouponTemplateRow.revoked_at.is_(None),
        )
        .values(claimed_count=CouponTemplateRow.claimed_count + 1)
        .returning(CouponTemplateRow.id)
        .execution_options(synchronize_session=False)
    )
    moved = accepted.scalar_one_or_none() and await coupon_moves.move(
        session,
        CouponRow.id == coupon_id,
        CouponRow.expires_at > now,
        event=CouponEvent.CLAIM,
        actor=actor.principal,
        now=now,
        claimed_at=now,
        expires_at=now + timedelta(days=valid_days),
    )
    if not moved:
        raise CouponUnavailable(CouponRefusal.OVER)
    row = (
        await session.execute(
            sa.select(CouponRow.customer_id, CouponRow.guide_id).where(
                CouponRow.brand_id == session.brand_id, CouponRow.id == coupon_id
            )
        )
    ).one()
    await touch(session, customer_id=row.customer_id, giver=Giver(row.guide_id), now=now)
    session.emit(CouponClaimed(coupon_id))
