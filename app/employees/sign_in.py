"""Signing employees in, by phone and one-time code."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.employees import sessions, sign_in_codes, staff
from app.employees.sessions import SessionTokens
from app.employees.values import Audience
from app.platform.db import BrandSession
from app.platform.errors import SignInRefused
from app.platform.secrets import KeyRing
from app.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, and the keys of the new session. `principal_id` is a customer's or an employee's."""

    principal_id: UUID
    tokens: SessionTokens


async def sign_in_employee(
    session: BrandSession, *, phone: str, code: str, settings: Settings, signing: KeyRing, now: datetime
) -> SignedIn | SignInRefused:
    """Open a session for an employee who works here.

    A refusal is returned, so that its try is counted. Raises: InvalidInput.
    """
    checked = await sign_in_codes.check(session, phone=phone, audience=Audience.EMPLOYEE, code=code, now=now)
    if isinstance(checked, SignInRefused):
        return checked
    employee_id = await staff.employee_id_by_phone(session, checked.phone)
    if employee_id is None:
        # A code that was never sent, guessed: it reads like any wrong one.
        return SignInRefused(attempts_left=0)
    opened = await sessions.open_session(
        session, audience=Audience.EMPLOYEE, principal_id=employee_id, settings=settings, signing=signing, now=now
    )
    return SignedIn(employee_id, opened)
