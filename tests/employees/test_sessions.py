"""Sessions: refresh tokens are used once, a second use ends the family, ended sessions open nothing."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees import sessions
from app.employees.models import EmployeeRow, RefreshTokenRow, SessionRow
from app.employees.sessions import SessionTokens
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import NotFound, SignInRefused
from app.platform.ids import new_id
from app.platform.models import DirectoryRow
from app.platform.runtime import Runtime
from app.platform.tokens import AccessClaims, read_access_token, token_key
from tests.employees.conftest import Company


async def opened(
    runtime: Runtime, session: BrandSession, principal_id: UUID, audience: str = "EMPLOYEE"
) -> SessionTokens:
    return await sessions.open_session(
        session,
        audience=audience,
        principal_id=principal_id,
        settings=runtime.settings,
        signing=runtime.secrets.signing,
        now=session.now,
    )


async def refreshed(runtime: Runtime, company: Company, token: str, **changes: Any) -> SessionTokens | SignInRefused:
    found = await runtime.database.resolve(sessions.REFRESH_TOKEN, token_key(token))
    assert found is not None and found[0] == company.brand
    async with runtime.database.transaction(company.brand, **changes) as session:
        return await sessions.rotate(
            session,
            refresh_token_id=found[1],
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )


def claims_of(runtime: Runtime, tokens: SessionTokens) -> AccessClaims:
    claims = read_access_token(runtime.secrets.signing, tokens.access_token)
    assert claims is not None
    return claims


async def actor_of(runtime: Runtime, company: Company, tokens: SessionTokens) -> Actor | None:
    async with runtime.database.reading(company.brand) as session:
        return await sessions.load_actor(session, claims_of(runtime, tokens))


async def ends(database: Database, company: Company, session_id: UUID) -> str | None:
    async with database.reading(company.brand) as session:
        row = await session.execute(
            sa.select(SessionRow.end_reason).where(SessionRow.brand_id == company.brand.id, SessionRow.id == session_id)
        )
        return row.scalar_one()


@pytest.fixture
async def tokens(runtime: Runtime, company: Company) -> SessionTokens:
    assert company.guide.employee_id is not None
    async with runtime.database.transaction(company.brand) as session:
        return await opened(runtime, session, company.guide.employee_id)


async def test_a_token_is_stored_as_its_hash_only(database: Database, tokens: SessionTokens) -> None:
    async with database.directory() as directory:
        keys = (
            await directory.execute(sa.select(DirectoryRow.key).where(DirectoryRow.kind == sessions.REFRESH_TOKEN))
        ).scalars()
        kept = set(keys)
    assert token_key(tokens.refresh_token) in kept and tokens.refresh_token not in kept


async def test_an_access_token_lives_for_fifteen_minutes(runtime: Runtime, company: Company) -> None:
    assert company.guide.employee_id is not None
    async with runtime.database.transaction(company.brand) as session:
        made = await opened(runtime, session, company.guide.employee_id)
        assert made.expires_at == session.now + timedelta(minutes=15)
    claims = claims_of(runtime, made)
    assert (claims.brand_id, claims.session_id, claims.audience) == (company.brand.id, made.session_id, "EMPLOYEE")


async def test_an_employee_is_loaded_in_one_statement(
    runtime: Runtime, company: Company, tokens: SessionTokens, counted: Callable[[], Any]
) -> None:
    with counted() as statements:
        actor = await actor_of(runtime, company, tokens)
    assert len(statements) == 1 and actor is not None
    assert (actor.kind, actor.role, actor.employee_id) == (ActorKind.EMPLOYEE, "GUIDE", company.guide.employee_id)
    assert (actor.store_id, actor.branch, actor.session_id) == (
        company.east_store_id,
        company.manager.branch,
        tokens.session_id,
    )


async def test_a_customer_is_loaded_in_one_statement(
    runtime: Runtime, company: Company, counted: Callable[[], Any]
) -> None:
    async with runtime.database.transaction(company.brand) as session:
        customer_id = session.new_id()
        made = await opened(runtime, session, customer_id, "CUSTOMER")
    with counted() as statements:
        actor = await actor_of(runtime, company, made)
    assert len(statements) == 1
    assert actor == Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id, session_id=made.session_id)


async def test_claims_that_do_not_fit_the_session_load_nobody(
    runtime: Runtime, company: Company, other_company: Company, tokens: SessionTokens
) -> None:
    claims = claims_of(runtime, tokens)
    async with runtime.database.reading(company.brand) as session:
        for wrong in (
            AccessClaims(claims.brand_id, new_id(session.now), claims.principal_id, "EMPLOYEE", claims.expires_at),
            AccessClaims(claims.brand_id, claims.session_id, new_id(session.now), "EMPLOYEE", claims.expires_at),
            AccessClaims(claims.brand_id, claims.session_id, claims.principal_id, "CUSTOMER", claims.expires_at),
        ):
            assert await sessions.load_actor(session, wrong) is None
    async with runtime.database.reading(other_company.brand) as session:
        assert await sessions.load_actor(session, claims) is None


async def test_a_resigned_employee_is_nobody_and_refreshes_nothing(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    async with runtime.database.transaction(company.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == company.brand.id, EmployeeRow.id == company.guide.employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
    assert await actor_of(runtime, company, tokens) is None
    assert isinstance(await refreshed(runtime, company, tokens.refresh_token), SignInRefused)


async def test_a_refresh_gives_a_new_pair_of_the_same_session(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    second = await refreshed(runtime, company, tokens.refresh_token)
    assert isinstance(second, SessionTokens)
    third = await refreshed(runtime, company, second.refresh_token)
    assert isinstance(third, SessionTokens)
    assert {second.session_id, third.session_id} == {tokens.session_id}
    assert len({tokens.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert await actor_of(runtime, company, third) is not None


async def test_a_second_use_ends_the_session_for_good(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    newer = await refreshed(runtime, company, tokens.refresh_token)
    assert isinstance(newer, SessionTokens)
    assert isinstance(await refreshed(runtime, company, tokens.refresh_token), SignInRefused)
    assert await ends(runtime.database, company, tokens.session_id) == "REFRESH_TOKEN_REUSED"
    assert isinstance(await refreshed(runtime, company, newer.refresh_token), SignInRefused)
    assert await actor_of(runtime, company, newer) is None


async def test_a_second_use_leaves_the_principals_other_session_alone(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    assert company.guide.employee_id is not None
    async with runtime.database.transaction(company.brand) as session:
        other = await opened(runtime, session, company.guide.employee_id)
    await refreshed(runtime, company, tokens.refresh_token)
    await refreshed(runtime, company, tokens.refresh_token)
    assert await ends(runtime.database, company, other.session_id) is None
    assert isinstance(await refreshed(runtime, company, other.refresh_token), SessionTokens)


async def test_ten_refreshes_at_once_give_one_pair_and_end_the_session(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    given = await asyncio.gather(*(refreshed(runtime, company, tokens.refresh_token) for _ in range(10)))
    won = [answer for answer in given if isinstance(answer, SessionTokens)]
    assert (len(won), len(given) - len(won)) == (1, 9)
    assert await ends(runtime.database, company, tokens.session_id) == "REFRESH_TOKEN_REUSED"
    assert await actor_of(runtime, company, won[0]) is None
    async with runtime.database.reading(company.brand) as session:
        made = await session.execute(
            sa.select(sa.func.count())
            .select_from(RefreshTokenRow)
            .where(RefreshTokenRow.brand_id == company.brand.id, RefreshTokenRow.session_id == tokens.session_id)
        )
        assert made.scalar_one() == 2


async def test_a_refresh_token_ends_after_thirty_days(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    async with runtime.database.reading(company.brand) as session:
        now = session.now
    late = await refreshed(runtime, company, tokens.refresh_token, now=now + timedelta(days=30, seconds=1))
    assert isinstance(late, SignInRefused)
    assert await ends(runtime.database, company, tokens.session_id) is None
    assert isinstance(
        await refreshed(runtime, company, tokens.refresh_token, now=now + timedelta(days=29)), SessionTokens
    )


async def test_signing_out_ends_this_session_only(runtime: Runtime, company: Company, tokens: SessionTokens) -> None:
    actor = await actor_of(runtime, company, tokens)
    assert actor is not None
    async with runtime.database.transaction(company.brand) as session:
        assert await sessions.end(session, actor, now=session.now) == 1
    async with runtime.database.transaction(company.brand) as session:
        with pytest.raises(NotFound):
            await sessions.end(session, actor, now=session.now)
    assert await ends(runtime.database, company, tokens.session_id) == "SIGNED_OUT"
    assert company.guide.session_id is not None
    assert await ends(runtime.database, company, company.guide.session_id) is None
    assert isinstance(await refreshed(runtime, company, tokens.refresh_token), SignInRefused)


async def test_signing_out_everywhere_ends_the_principals_sessions_and_nobody_elses(
    runtime: Runtime, company: Company, tokens: SessionTokens
) -> None:
    async with runtime.database.transaction(company.brand) as session:
        same_id = await opened(runtime, session, claims_of(runtime, tokens).principal_id, "CUSTOMER")
    async with runtime.database.transaction(company.brand) as session:
        assert await sessions.end(session, company.guide, everywhere=True, now=session.now) == 2
    assert await actor_of(runtime, company, tokens) is None
    assert await actor_of(runtime, company, same_id) is not None
    assert company.manager.session_id is not None
    assert await ends(runtime.database, company, company.manager.session_id) is None
