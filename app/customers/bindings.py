"""Bindings (绑定): the one live tie between a customer, an owning store and a serving guide.

The head row (brand, customer) points to the live binding and is its lock. Bindings, renewals and ends are only added.
A store without a guide makes no binding of its own. Nobody is bound to himself: where the guide's phone is the
customer's own, his scans, sign-ins and orders leave the binding as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers.events import CustomerBound
from app.customers.models import BindingEndRow, BindingHeadRow, BindingRenewalRow, BindingRow, CustomerRow
from app.customers.policies import Policy
from app.customers.rules import choose_touch_to_bind, decide_binding
from app.customers.touchpoints import TouchFact, latest_touches
from app.customers.values import (
    BindingCandidate,
    BindingDecision,
    BindingOutcome,
    BindingReason,
    BindingState,
    BindingTouch,
    BindingTrigger,
    BindOn,
    LiveBinding,
)
from app.employees.models import EmployeeRow
from app.platform.db import BrandSession

Decide = Callable[[LiveBinding | None], BindingDecision]

_HEAD_COLUMNS = (
    BindingHeadRow.binding_id,
    BindingHeadRow.guide_id,
    BindingHeadRow.store_id,
    BindingHeadRow.bound_at,
    BindingHeadRow.protected_until,
    BindingHeadRow.expires_at,
    BindingHeadRow.suspended_at,
)
_head = cast("sa.Table", BindingHeadRow.__table__)
_HEAD = sa.select(*(_head.c[column.key] for column in _HEAD_COLUMNS)).where(
    _head.c.brand_id == sa.bindparam("brand", type_=sa.Uuid()),
    _head.c.customer_id == sa.bindparam("customer", type_=sa.Uuid()),
)
"""Made once: every order and every touch asks."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided, and the id of the customer's binding afterwards; None: the customer has none."""

    decision: BindingDecision
    binding_id: UUID | None


async def live(session: BrandSession, *, customer_id: UUID, lock: bool = False) -> LiveBinding | None:
    """The binding that the customer's head points to; it may have run out. One statement.

    `lock` makes the head where there is none and holds it until the transaction ends.
    """
    if lock:
        head = insert(BindingHeadRow).values(brand_id=session.brand_id, customer_id=customer_id)
        found = await session.execute(
            head.on_conflict_do_update(
                index_elements=["brand_id", "customer_id"], set_={"customer_id": head.excluded.customer_id}
            ).returning(*_HEAD_COLUMNS)
        )
    else:
        found = await session.execute(_HEAD, {"brand": session.brand_id, "customer": customer_id})
    row = found.first()
    return None if row is None else live_of(row)


def live_of(row: sa.Row[*tuple[object, ...]]) -> LiveBinding | None:
    """The live binding in a row that has the head's columns by name."""
    found = row._mapping
    if found["binding_id"] is None:
        return None
    return LiveBinding(
        binding_id=found["binding_id"],
        guide_id=found["guide_id"],
        store_id=found["store_id"],
        bound_at=found["bound_at"],
        protected_until=found["protected_until"],
        expires_at=found["expires_at"],
        is_suspended=found["suspended_at"] is not None,
    )


async def on_touch(
    session: BrandSession,
    *,
    customer_id: UUID,
    candidate: BindingCandidate,
    is_signed_in: bool,
    is_visit: bool = False,
    policy: Policy,
    now: datetime,
) -> Settled:
    """Bind, renew or leave be after a scan of the candidate's code or a visit to the candidate's shop.

    A customer who is only recognised (the visitor was joined to him, nobody is signed in now) is bound by a scan under
    `bindOn: SCAN`; under SIGN_IN the scan waits for the next sign-in and may renew meanwhile. Emits: CustomerBound.
    """
    scanned = not is_visit and (is_signed_in or policy.bind_on is BindOn.SCAN)
    trigger = BindingTrigger.SCAN if scanned else BindingTrigger.VISIT

    def decide(present: LiveBinding | None) -> BindingDecision:
        return decide_binding(present, candidate, trigger, policy, now)

    # Most scans change nothing: those take no lock.
    present = await live(session, customer_id=customer_id)
    decision = decide(present)
    if not decision.is_change:
        return Settled(decision, None if present is None else present.binding_id)
    return await _decide_locked(
        session, customer_id=customer_id, decide=decide, trigger=trigger, policy=policy, now=now
    )


async def on_sign_in(session: BrandSession, *, customer_id: UUID, policy: Policy, now: datetime) -> Settled:
    """Bind to the latest eligible touch of the customer and the visitors joined to the customer.

    Call it after `visitors.join`. Emits: CustomerBound.
    """
    since = None if policy.validity_days is None else now - timedelta(days=policy.validity_days)
    facts = await latest_touches(session, customer_id=customer_id, since=since)
    touches = [binding_touch(fact) for fact in facts]

    def decide(present: LiveBinding | None) -> BindingDecision:
        choice = choose_touch_to_bind(touches, present, policy, now)
        if choice is not None:
            return choice.decision
        return BindingDecision(BindingOutcome.KEEP, BindingReason.NOT_DUE)

    present = await live(session, customer_id=customer_id)
    decision = decide(present)
    if not decision.is_change:
        return Settled(decision, None if present is None else present.binding_id)
    return await _decide_locked(
        session, customer_id=customer_id, decide=decide, trigger=BindingTrigger.SIGN_IN, policy=policy, now=now
    )


async def on_order(
    session: BrandSession,
    *,
    customer_id: UUID,
    guide_id: UUID | None,
    store_id: UUID | None,
    policy: Policy,
    now: datetime,
) -> Settled:
    """Begin or renew after an order that this guide won; None: nobody did, and nothing changes.

    It reads and locks in one statement and writes in one more. Emits: CustomerBound.
    """
    if guide_id is None:
        return Settled(BindingDecision(BindingOutcome.KEEP, BindingReason.STORE_TAKES_NOBODY), None)
    candidate = BindingCandidate(guide_id=guide_id, store_id=store_id)

    def decide(present: LiveBinding | None) -> BindingDecision:
        return decide_binding(present, candidate, BindingTrigger.ORDER, policy, now)

    return await _decide_locked(
        session, customer_id=customer_id, decide=decide, trigger=BindingTrigger.ORDER, policy=policy, now=now
    )


def binding_touch(fact: TouchFact) -> BindingTouch:
    """The fact as the rules see it."""
    return BindingTouch(
        BindingCandidate(
            guide_id=fact.guide_id,
            store_id=fact.store_id,
            touchpoint_id=fact.touchpoint_id,
            guide_is_active=fact.guide_is_active,
            is_self=fact.is_self,
        ),
        fact.occurred_at,
    )


async def _decide_locked(
    session: BrandSession,
    *,
    customer_id: UUID,
    decide: Decide,
    trigger: BindingTrigger,
    policy: Policy,
    now: datetime,
) -> Settled:
    """Decide under the head's lock and write what was decided."""
    present = await live(session, customer_id=customer_id, lock=True)
    decision = decide(present)
    present_id = None if present is None else present.binding_id
    if not decision.is_change:
        return Settled(decision, present_id)
    if present is not None and decision.outcome is BindingOutcome.RENEW:
        await _renew(session, customer_id=customer_id, present=present, decision=decision, trigger=trigger, now=now)
        return Settled(decision, present_id)
    guide_id = decision.guide_id
    if guide_id is None:
        return Settled(BindingDecision(BindingOutcome.KEEP, BindingReason.STORE_TAKES_NOBODY), present_id)
    if await _is_self(session, customer_id=customer_id, guide_id=guide_id):
        # Asked for last, since few touches come this far.
        return Settled(BindingDecision(BindingOutcome.KEEP, BindingReason.SELF), present_id)
    binding_id = await _begin(
        session,
        customer_id=customer_id,
        guide_id=guide_id,
        present=present,
        decision=decision,
        trigger=trigger,
        policy_version=policy.version,
        now=now,
    )
    return Settled(decision, binding_id)


async def _begin(
    session: BrandSession,
    *,
    customer_id: UUID,
    guide_id: UUID,
    present: LiveBinding | None,
    decision: BindingDecision,
    trigger: BindingTrigger,
    policy_version: int,
    now: datetime,
) -> UUID:
    """Add the binding, end the one it replaces, and point the head to it: one statement. Emits: CustomerBound."""
    binding_id = session.new_id()
    made = (
        sa.insert(BindingRow)
        .values(
            brand_id=session.brand_id,
            id=binding_id,
            customer_id=customer_id,
            guide_id=guide_id,
            store_id=decision.store_id,
            touchpoint_id=decision.touchpoint_id,
            replaces_id=None if present is None else present.binding_id,
            trigger=trigger.value,
            policy_version=policy_version,
            bound_at=now,
            protected_until=decision.protected_until,
            expires_at=decision.expires_at,
        )
        .cte("made")
    )
    head = _point_head(session, customer_id=customer_id).values(
        binding_id=binding_id,
        guide_id=guide_id,
        store_id=decision.store_id,
        bound_at=now,
        protected_until=decision.protected_until,
        expires_at=decision.expires_at,
        suspended_at=None,
    )
    head = head.add_cte(made)
    if present is not None:
        has_expired = present.state_at(now) is BindingState.EXPIRED
        ended = (
            sa.insert(BindingEndRow)
            .values(
                brand_id=session.brand_id,
                binding_id=present.binding_id,
                kind=(BindingState.EXPIRED if has_expired else BindingState.TAKEN_OVER).value,
                ended_at=now,
            )
            .cte("ended")
        )
        head = head.add_cte(ended)
    await session.execute(head)
    session.emit(
        CustomerBound(
            customer_id=customer_id,
            binding_id=binding_id,
            guide_id=guide_id,
            replaced_guide_id=None if present is None else present.guide_id,
        )
    )
    return binding_id


async def _renew(
    session: BrandSession,
    *,
    customer_id: UUID,
    present: LiveBinding,
    decision: BindingDecision,
    trigger: BindingTrigger,
    now: datetime,
) -> None:
    """Add the renewal and put its terms on the head: one statement."""
    renewed = (
        sa.insert(BindingRenewalRow)
        .values(
            brand_id=session.brand_id,
            id=session.new_id(),
            binding_id=present.binding_id,
            trigger=trigger.value,
            renewed_at=now,
            protected_until=decision.protected_until,
            expires_at=decision.expires_at,
        )
        .cte("renewed")
    )
    head = _point_head(session, customer_id=customer_id).values(
        protected_until=decision.protected_until, expires_at=decision.expires_at
    )
    await session.execute(head.add_cte(renewed))


def _point_head(session: BrandSession, *, customer_id: UUID) -> sa.Update:
    return (
        sa.update(BindingHeadRow)
        .where(BindingHeadRow.brand_id == session.brand_id, BindingHeadRow.customer_id == customer_id)
        .execution_options(synchronize_session=False)
    )


async def _is_self(session: BrandSession, *, customer_id: UUID, guide_id: UUID) -> bool:
    """Whether the guide's phone is the customer's own."""
    found = await session.execute(
        sa.select(sa.literal(1))
        .select_from(CustomerRow)
        .join(
            EmployeeRow,
            sa.and_(EmployeeRow.brand_id == CustomerRow.brand_id, EmployeeRow.phone_hash == CustomerRow.phone_hash),
        )
        .where(
            CustomerRow.brand_id == session.brand_id,
            CustomerRow.id == customer_id,
            EmployeeRow.brand_id == session.brand_id,
            EmployeeRow.id == guide_id,
        )
    )
    return found.first() is not None
