"""Sessions: a sign-in and the family of its refresh tokens, of customers and employees alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.employees.models import EmployeeRow, OrgUnitRow, RefreshTokenRow, SessionRow, StoreRow
from app.employees.reads import SHOPS
from app.employees.values import Audience, EmployeeState, Role
from app.platform import clock, retention, tokens
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, register
from app.platform.errors import NotFound, SignInRefused
from app.platform.models import DirectoryRow
from app.platform.secrets import KeyRing
from app.platform.settings import Settings
from app.platform.tokens import AccessClaims

REFRESH_TOKEN = "REFRESH_TOKEN"  # noqa: S105 - a kind in the directory, not a secret


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a sign-in or a refresh hands out. The access token ends at `expires_at`."""

    session_id: UUID
    access_token: str
    refresh_token: str
    expires_at: datetime


async def open_session(
    session: BrandSession, *, audience: str, principal_id: UUID, settings: Settings, signing: KeyRing, now: datetime
) -> SessionTokens:
    """Sign a customer or an employee in. Three statements."""
    session_id = session.new_id()
    await session.execute(
        sa.insert(SessionRow).values(
            brand_id=session.brand_id,
            id=session_id,
            audience=Audience(audience),
            principal_id=principal_id,
            created_at=now,
            ended_at=None,
            end_reason=None,
        )
    )
    return await _hand_out(session, session_id, audience, principal_id, settings, signing, now)


def access_token(
    session: BrandSession,
    *,
    session_id: UUID,
    audience: str,
    principal_id: UUID,
    settings: Settings,
    signing: KeyRing,
    now: datetime,
) -> tuple[str, datetime]:
    """An access token for an open session, and when it ends."""
    # Who checks the token looks at the wall clock, also where the brand lives in the past.
    begins_at = clock.utc_now() if session.brand.is_simulated else now
    expires_at = tokens.expiry(begins_at, settings.access_token_ttl_seconds)
    claims = AccessClaims(
        brand_id=session.brand_id,
        session_id=session_id,
        principal_id=principal_id,
        audience=audience,
        expires_at=expires_at,
    )
    return tokens.issue_access_token(signing, claims), expires_at


async def rotate(
    session: BrandSession, *, refresh_token_id: UUID, settings: Settings, signing: KeyRing, now: datetime
) -> SessionTokens | SignInRefused:
    """Change a refresh token for a new pair. A token that was used before ends its whole session.

    The refusal is returned, not raised, since the end of the session must be committed with it.
    """
    used = await session.execute(
        sa.update(RefreshTokenRow)
        .where(
            RefreshTokenRow.brand_id == session.brand_id,
            RefreshTokenRow.id == refresh_token_id,
            RefreshTokenRow.used_at.is_(None),
            RefreshTokenRow.expires_at > now,
            SessionRow.brand_id == RefreshTokenRow.brand_id,
            SessionRow.id == RefreshTokenRow.session_id,
            SessionRow.ended_at.is_(None),
            sa.or_(SessionRow.audience == Audience.CUSTOMER, _has_active_employee()),
        )
        .values(used_at=now)
        .returning(SessionRow.id, SessionRow.audience, SessionRow.principal_id)
        .execution_options(synchronize_session=False)
    )
    row = used.one_or_none()
    if row is None:
        await _end_family_of_used(session, refresh_token_id, now)
        return SignInRefused()
    return await _hand_out(session, row.id, row.audience, row.principal_id, settings, signing, now)


async def end(session: BrandSession, actor: Actor, *, everywhere: bool = False, now: datetime) -> int:
    """Sign the actor out of this session or of every one; gives how many ended. Raises: NotFound when none was open."""
    if everywhere:
        which = SessionRow.principal_id == (actor.customer_id if actor.is_customer else actor.employee_id)
        audience = Audience.CUSTOMER if actor.is_customer else Audience.EMPLOYEE
        ended = await _end(session, which, SessionRow.audience == audience, reason="SIGNED_OUT", now=now)
    else:
        ended = await _end(session, SessionRow.id == actor.session_id, reason="SIGNED_OUT", now=now)
    if not ended:
        raise NotFound("Session")
    return ended


async def forget_old_tokens(session: BrandSession) -> int:
    """Delete refresh tokens past their life, used or not, with their directory entries; gives how many.

    A used one is kept till then: until its life is over, its second use tells that somebody has a copy.
    """
    old = sa.select(RefreshTokenRow.id).where(
        RefreshTokenRow.brand_id == session.brand_id, RefreshTokenRow.expires_at < session.now
    )
    forgotten = (await session.scalars(old.limit(retention.AT_ONCE))).all()
    if forgotten:
        await session.execute(
            sa.delete(DirectoryRow)
            .where(
                DirectoryRow.kind == REFRESH_TOKEN,
                DirectoryRow.brand_id == session.brand_id,
                DirectoryRow.target_id.in_(forgotten),
            )
            .execution_options(synchronize_session=False)
        )
        await session.execute(
            sa.delete(RefreshTokenRow)
            .where(RefreshTokenRow.brand_id == session.brand_id, RefreshTokenRow.id.in_(forgotten))
            .execution_options(synchronize_session=False)
        )
    return len(forgotten)


async def load_actor(session: BrandSession, claims: AccessClaims) -> Actor | None:
    """Who an access token speaks for, as things are now. None: the session has ended, or the employee has resigned.

    One statement for customers and employees alike.
    """
    found = await session.execute(
        _ACTOR,
        {
            "brand": session.brand_id,
            "session": claims.session_id,
            "principal": claims.principal_id,
            "audience": claims.audience,
        },
    )
    row = found.one_or_none()
    if row is None:
        return None
    if claims.audience == Audience.CUSTOMER:
        return Actor(kind=ActorKind.CUSTOMER, customer_id=claims.principal_id, session_id=claims.session_id)
    if row.employee_id is None:
        return None
    return Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=row.employee_id,
        session_id=claims.session_id,
        role=row.role,
        functions=frozenset(row.functions),
        branch=row.path,
        store_id=row.store_id,
        shop_id=row.shop_id,
    )


async def _hand_out(
    session: BrandSession,
    session_id: UUID,
    audience: str,
    principal_id: UUID,
    settings: Settings,
    signing: KeyRing,
    now: datetime,
) -> SessionTokens:
    token_id, refresh_token = session.new_id(), tokens.new_secret_token()
    await session.execute(
        sa.insert(RefreshTokenRow).values(
            brand_id=session.brand_id,
            id=token_id,
            session_id=session_id,
            expires_at=tokens.expiry(now, settings.refresh_token_ttl_seconds),
            used_at=None,
        )
    )
    await session.execute(register(session, REFRESH_TOKEN, tokens.token_key(refresh_token), token_id))
    access, expires_at = access_token(
        session,
        session_id=session_id,
        audience=audience,
        principal_id=principal_id,
        settings=settings,
        signing=signing,
        now=now,
    )
    return SessionTokens(session_id, access, refresh_token, expires_at)


async def _end_family_of_used(session: BrandSession, refresh_token_id: UUID, now: datetime) -> None:
    """End the session of a refresh token if that token was used: somebody else has a copy of it."""
    used = sa.exists().where(
        RefreshTokenRow.brand_id == SessionRow.brand_id,
        RefreshTokenRow.session_id == SessionRow.id,
        RefreshTokenRow.id == refresh_token_id,
        RefreshTokenRow.used_at.is_not(None),
    )
    await _end(session, used, reason="REFRESH_TOKEN_REUSED", now=now)


async def _end(session: BrandSession, *which: sa.ColumnElement[bool], reason: str, now: datetime) -> int:
    done = await session.execute(
        sa.update(SessionRow)
        .where(SessionRow.brand_id == session.brand_id, SessionRow.ended_at.is_(None), *which)
        .values(ended_at=now, end_reason=reason)
        .returning(SessionRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def _has_active_employee() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        EmployeeRow.brand_id == SessionRow.brand_id,
        EmployeeRow.id == SessionRow.principal_id,
        EmployeeRow.state == EmployeeState.ACTIVE,
    )


def _actor_statement() -> sa.Select[Any]:
    """Every request with a key begins with it, so it is made once.

    `path`: a guide may be hired at the root and work in one store; then that store's unit is the guide's branch.
    """
    opened, employee, unit, store = (
        cast("sa.Table", row.__table__) for row in (SessionRow, EmployeeRow, OrgUnitRow, StoreRow)
    )
    unit_id = sa.case(
        (employee.c.role == Role.GUIDE, sa.func.coalesce(store.c.org_unit_id, employee.c.org_unit_id)),
        else_=employee.c.org_unit_id,
    )
    employs = sa.and_(
        opened.c.audience == Audience.EMPLOYEE,
        employee.c.brand_id == opened.c.brand_id,
        employee.c.id == opened.c.principal_id,
        employee.c.state == EmployeeState.ACTIVE,
    )
    return (
        sa.select(
            employee.c.id.label("employee_id"),
            employee.c.role,
            employee.c.functions,
            employee.c.store_id,
            unit.c.path,
            SHOPS.c.id.label("shop_id"),
        )
        .select_from(opened)
        .outerjoin(employee, employs)
        .outerjoin(store, sa.and_(store.c.brand_id == employee.c.brand_id, store.c.id == employee.c.store_id))
        .outerjoin(unit, sa.and_(unit.c.brand_id == employee.c.brand_id, unit.c.id == unit_id))
        .outerjoin(SHOPS, sa.and_(SHOPS.c.brand_id == employee.c.brand_id, SHOPS.c.employee_id == employee.c.id))
        .where(
            opened.c.brand_id == sa.bindparam("brand", type_=sa.Uuid()),
            opened.c.id == sa.bindparam("session", type_=sa.Uuid()),
            opened.c.principal_id == sa.bindparam("principal", type_=sa.Uuid()),
            opened.c.audience == sa.bindparam("audience", type_=sa.Text()),
            opened.c.ended_at.is_(None),
        )
    )


_ACTOR = _actor_statement()
