"""Employees signed in on pages, without walking through the sign-in again."""

from uuid import UUID

from app.employees import sessions
from app.employees.values import Audience
from app.platform import clock, tokens
from app.platform.db import Brand
from app.platform.runtime import Runtime
from app.platform.tokens import AccessClaims
from app.web import signed_in
from tests.web.browser import Browser


async def come_in(browser: Browser, brand: Brand, employee_id: UUID) -> Browser:
    """The browser with an employee's key; whoever was signed in on it is no longer."""
    browser.client.cookies.clear()
    browser.client.cookies.set(
        signed_in.STAFF, await key_of(browser.runtime, brand, employee_id), domain="127.0.0.1", path="/"
    )
    return browser


async def key_of(runtime: Runtime, brand: Brand, employee_id: UUID) -> str:
    """The key that the cookie of an employee's new session holds."""
    async with runtime.database.transaction(brand) as session:
        opened = await sessions.open_session(
            session,
            audience=Audience.EMPLOYEE,
            principal_id=employee_id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    lasting = tokens.expiry(clock.utc_now(), runtime.settings.refresh_token_ttl_seconds)
    claims = AccessClaims(brand.id, opened.session_id, employee_id, Audience.EMPLOYEE, lasting)
    return tokens.issue_access_token(runtime.secrets.signing, claims, issuer=tokens.PAGES)
