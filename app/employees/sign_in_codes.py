"""One-time codes for signing in: asked for, counted, checked.

The digits are stored nowhere: they follow from the row's id.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.employees import phones, staff
from app.employees.events import SignInCodeRequested
from app.employees.models import SignInCodeRow
from app.employees.rules import mask_phone
from app.employees.values import Audience
from app.platform import rate_limits, retention
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, RateLimited, SignInRefused
from app.platform.personal_data import PersonalData
from app.platform.settings import Settings

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
_DIGITS = 6
_CODE = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """The answer to every request inside the limits, the phone known or not. `sent_to` is the masked phone."""

    sign_in_code_id: UUID
    sent_to: str
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class CheckedCode:
    """A right code, now used up. `phone` is E.164."""

    sign_in_code_id: UUID
    phone: str


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """What the sender needs, while the code can still be used. `phone` is E.164."""

    phone: str
    code: str
    ttl_seconds: int


async def request(
    session: BrandSession, *, phone: str, audience: str, address: str, settings: Settings, now: datetime
) -> CodeRequested | RateLimited:
    """Ask for a code to a phone (11 digits, or +86 with them). Unknown phones get the same answer for the same work.

    Limits, each counted by a hash: by address and hour, by phone and minute, by phone and day. A refusal is returned,
    not raised, so that it counts. Raises: InvalidInput. Emits: SignInCodeRequested.
    """
    number = phones.read_phone(phone, "phone")
    vault, brand_id = session.vault, session.brand_id
    own_audience = Audience(audience)
    by_phone = vault.digest(brand_id, "rate:phone", f"{own_audience}:{number}")
    limits = (
        (
            "code_address",
            vault.digest(brand_id, "rate:address", address),
            settings.codes_per_address_hour,
            HOUR_SECONDS,
        ),
        ("code_minute", by_phone, settings.sign_in_codes_per_phone_minute, MINUTE_SECONDS),
        ("code_day", by_phone, settings.sign_in_codes_per_phone_day, DAY_SECONDS),
    )
    for kind, subject, limit, window_seconds in limits:
        wait_seconds = await rate_limits.take(
            session, kind=kind, subject=subject, limit=limit, window_seconds=window_seconds
        )
        if wait_seconds:
            return RateLimited(wait_seconds)
    code_id = session.new_id()
    await session.execute(
        sa.insert(SignInCodeRow).values(
            brand_id=brand_id,
            id=code_id,
            audience=own_audience,
            phone=phones.seal_phone(vault, brand_id, number),
            phone_hash=phones.phone_hash(vault, brand_id, number),
            created_at=now,
            expires_at=now + timedelta(seconds=settings.sign_in_code_ttl_seconds),
            attempts_left=settings.sign_in_code_attempts,
            used_at=None,
        )
    )
    session.emit(SignInCodeRequested(code_id))
    return CodeRequested(code_id, mask_phone(number), MINUTE_SECONDS)


async def check(
    session: BrandSession, *, phone: str, audience: str, code: str, now: datetime
) -> CheckedCode | SignInRefused:
    """Try a code. Only the newest code of a phone counts, once, until it ends or its tries are spent.

    The row is locked, so that tries made at once are counted one by one. A refusal is returned, not raised: the try
    that it cost must be committed. Raises: InvalidInput for what is no phone or not six digits, which costs no try.
    """
    number = phones.read_phone(phone, "phone")
    if _CODE.fullmatch(code.strip()) is None:
        raise InvalidInput("sign_in_code_form", path=("code",))
    hashes = phones.phone_hashes(session.vault, session.brand_id, number)
    row = (
        await session.execute(
            sa.select(SignInCodeRow.id, SignInCodeRow.expires_at, SignInCodeRow.attempts_left, SignInCodeRow.used_at)
            .where(
                SignInCodeRow.brand_id == session.brand_id,
                SignInCodeRow.phone_hash.in_(hashes),
                SignInCodeRow.audience == Audience(audience),
            )
            .order_by(SignInCodeRow.created_at.desc(), SignInCodeRow.id.desc())
            .limit(1)
            .with_for_update()
        )
    ).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now or row.attempts_left <= 0:
        return SignInRefused(attempts_left=0)
    if not hmac.compare_digest(code_for(session.vault, row.id), code.strip()):
        await session.execute(_change(session, row.id).values(attempts_left=SignInCodeRow.attempts_left - 1))
        return SignInRefused(attempts_left=row.attempts_left - 1)
    await session.execute(_change(session, row.id).values(used_at=now))
    return CheckedCode(row.id, number)


def code_for(vault: PersonalData, sign_in_code_id: UUID) -> str:
    """The six digits of a row: a keyed HMAC of its id."""
    mac = vault.mac("sign-in-code", sign_in_code_id.bytes)
    return f"{int.from_bytes(mac, 'big') % 10**_DIGITS:0{_DIGITS}d}"


async def code_to_send(session: BrandSession, *, sign_in_code_id: UUID) -> CodeToSend | None:
    """What to send, or None where nothing is: the code was used or has ended, or no employee works under that phone."""
    row = (
        await session.execute(
            sa.select(
                SignInCodeRow.audience, SignInCodeRow.phone, SignInCodeRow.created_at, SignInCodeRow.expires_at
            ).where(
                SignInCodeRow.brand_id == session.brand_id,
                SignInCodeRow.id == sign_in_code_id,
                SignInCodeRow.used_at.is_(None),
                SignInCodeRow.expires_at > session.now,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    phone = phones.open_phone(session.vault, session.brand_id, row.phone)
    if row.audience == Audience.EMPLOYEE and await staff.employee_id_by_phone(session, phone) is None:
        return None
    return CodeToSend(
        phone=phone,
        code=code_for(session.vault, sign_in_code_id),
        ttl_seconds=round((row.expires_at - row.created_at).total_seconds()),
    )


async def forget_old(session: BrandSession) -> int:
    """Delete codes that ended a day ago or earlier, a bounded number; gives how many."""
    ended_before = session.now - timedelta(seconds=DAY_SECONDS)
    return await retention.forget(session, SignInCodeRow, SignInCodeRow.expires_at < ended_before)


def _change(session: BrandSession, sign_in_code_id: UUID) -> sa.Update:
    return (
        sa.update(SignInCodeRow)
        .where(SignInCodeRow.brand_id == session.brand_id, SignInCodeRow.id == sign_in_code_id)
        .execution_options(synchronize_session=False)
    )
