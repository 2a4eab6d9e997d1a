"""Signing customers in: the first sign-in makes the customer, and the visitor's past becomes his."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers import bindings, policies, profiles, visitors
from app.customers import consents as consent_book
from app.customers.consents import Consent
from app.customers.events import FirstSignIn
from app.customers.models import CustomerRow
from app.employees import sessions, sign_in_codes
from app.employees.reads import branch_of
from app.employees.sign_in import SignedIn
from app.employees.values import Audience
from app.platform.db import BrandSession
from app.platform.errors import SignInRefused
from app.platform.secrets import KeyRing
from app.platform.settings import Settings


async def sign_in_customer(
    session: BrandSession,
    *,
    phone: str,
    code: str,
    visitor_id: UUID | None,
    consents: Sequence[Consent],
    settings: Settings,
    signing: KeyRing,
    now: datetime,
) -> SignedIn | SignInRefused:
    """Open a session for the customer of a phone, who is made here at the first sign-in.

    The visitor (who has to be the brand's) is joined to the customer, consents are recorded, and the latest eligible
    touch may bind. A refusal is returned, so that its try is counted. Raises: InvalidInput. Emits: CustomerBound,
    FirstSignIn.
    """
    given = consent_book.checked(consents)
    checked = await sign_in_codes.check(session, phone=phone, audience=Audience.CUSTOMER, code=code, now=now)
    if isinstance(checked, SignInRefused):
        return checked
    customer_id = await welcome(session, phone=checked.phone, visitor_id=visitor_id, consents=given, now=now)
    opened = await sessions.open_session(
        session, audience=Audience.CUSTOMER, principal_id=customer_id, settings=settings, signing=signing, now=now
    )
    return SignedIn(customer_id, opened)


async def welcome(
    session: BrandSession, *, phone: str, visitor_id: UUID | None, consents: Sequence[Consent] = (), now: datetime
) -> UUID:
    """What a sign-in does once the phone (E.164) is proven; gives the customer's id.

    Emits: CustomerBound; FirstSignIn.
    """
    customer_id, is_first = await _customer_of(session, phone, now)
    await consent_book.record(session, customer_id=customer_id, consents=consents, now=now)
    if visitor_id is not None:
        await visitors.join(session, visitor_id=visitor_id, customer_id=customer_id, now=now)
    policy = await policies.current_policy(session)
    await bindings.on_sign_in(session, customer_id=customer_id, policy=policy, now=now)
    if is_first:
        await _keep_first_place(session, customer_id)
        session.emit(FirstSignIn(customer_id))
    return customer_id


async def _customer_of(session: BrandSession, phone: str, now: datetime) -> tuple[UUID, bool]:
    """The phone's customer, made if nobody has it, and whether this is the first sign-in, which it marks."""
    found = await profiles.customer_id_by_phone(session, phone)
    if found is None:
        made = await profiles.insert_customer(session, phone=phone, first_sign_in_at=now, now=now)
        if made is not None:
            return made, True
        found = await profiles.customer_id_by_phone(session, phone)
        if found is None:
            raise LookupError("a phone is taken, and nobody has it")
    marked = await session.execute(
        sa.update(CustomerRow)
        .where(
            CustomerRow.brand_id == session.brand_id,
            CustomerRow.id == found,
            CustomerRow.first_sign_in_at.is_(None),
        )
        .values(first_sign_in_at=now)
        .returning(CustomerRow.id)
        .execution_options(synchronize_session=False)
    )
    return found, marked.scalar_one_or_none() is not None


async def _keep_first_place(session: BrandSession, customer_id: UUID) -> None:
    """Write down whom the customer is bound to now, and where that is today: later reports say the same for ever."""
    bound = await bindings.live(session, customer_id=customer_id)
    if bound is None:
        return
    await session.execute(
        sa.update(CustomerRow)
        .where(CustomerRow.brand_id == session.brand_id, CustomerRow.id == customer_id)
        .values(
            first_guide_id=bound.guide_id,
            first_store_id=bound.store_id,
            first_branch=branch_of(session.brand_id, store_id=bound.store_id, employee_id=bound.guide_id),
        )
        .execution_options(synchronize_session=False)
    )
