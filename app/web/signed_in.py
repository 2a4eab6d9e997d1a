"""Who is signed in on our pages: a cookie with a signed key that names the session.

The key is worth nothing without its session, which is looked up for every page, so signing out, resigning and a stolen
refresh token's alarm end it at once. It lives as long as a refresh token and is made anew in the second half of its
life. It does not rotate with each use as refresh tokens do: a browser opens pages side by side, and no script can read
it. Customers have one key for each brand, since one address serves many; employees have one.
"""

from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.employees.sign_in import SignedIn
from app.employees.values import Audience
from app.platform import clock, tokens
from app.platform.db import Brand
from app.platform.runtime import Runtime
from app.platform.settings import Settings
from app.platform.tokens import AccessClaims

STAFF: Final = "staff"
CUSTOMER: Final = "customer"


def own_name(settings: Settings, name: str) -> str:
    """A cookie's name; where pages are served by https, one that no other host or path may set."""
    return f"__Host-{name}" if is_secure(settings) else name


def is_secure(settings: Settings) -> bool:
    """Whether customers reach us by https, so that cookies go no other way."""
    return settings.base_url.startswith("https://")


def customer_claims(runtime: Runtime, request: Request, brand: Brand) -> AccessClaims | None:
    """What the browser's key for customers of the brand says; None without a genuine one of this brand."""
    claims = _read(runtime, request, _customer_cookie(brand))
    is_right = claims is not None and claims.audience == Audience.CUSTOMER and claims.brand_id == brand.id
    return claims if is_right else None


def staff_claims(runtime: Runtime, request: Request) -> AccessClaims | None:
    """What the browser's key for employees says; it names the brand."""
    claims = _read(runtime, request, STAFF)
    return claims if claims is not None and claims.audience == Audience.EMPLOYEE else None


def claims_of(runtime: Runtime, brand: Brand, signed_in: SignedIn, audience: Audience) -> AccessClaims:
    """The claims of a key for a session that has just been opened."""
    return AccessClaims(
        brand_id=brand.id,
        session_id=signed_in.tokens.session_id,
        principal_id=signed_in.principal_id,
        audience=audience,
        expires_at=_expiry(runtime),
    )


def is_old(runtime: Runtime, claims: AccessClaims) -> bool:
    """Whether half of the key's life is over."""
    return claims.expires_at - clock.utc_now() < timedelta(seconds=runtime.settings.refresh_token_ttl_seconds / 2)


def renewed(runtime: Runtime, claims: AccessClaims) -> AccessClaims:
    return AccessClaims(
        brand_id=claims.brand_id,
        session_id=claims.session_id,
        principal_id=claims.principal_id,
        audience=claims.audience,
        expires_at=_expiry(runtime),
    )


def keep(runtime: Runtime, response: Response, brand: Brand, claims: AccessClaims) -> None:
    """Let the browser keep the key."""
    settings = runtime.settings
    response.set_cookie(
        own_name(settings, _customer_cookie(brand) if claims.audience == Audience.CUSTOMER else STAFF),
        tokens.issue_access_token(runtime.secrets.signing, claims, issuer=tokens.PAGES),
        max_age=settings.refresh_token_ttl_seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


def forget(runtime: Runtime, response: Response, name: str) -> None:
    """Let the browser forget a key."""
    settings = runtime.settings
    response.delete_cookie(
        own_name(settings, name), path="/", httponly=True, samesite="lax", secure=is_secure(settings)
    )


def forget_customer(runtime: Runtime, response: Response, brand: Brand) -> None:
    forget(runtime, response, _customer_cookie(brand))


def _customer_cookie(brand: Brand) -> str:
    return f"{CUSTOMER}-{brand.code}"


def _read(runtime: Runtime, request: Request, name: str) -> AccessClaims | None:
    key = request.cookies.get(own_name(runtime.settings, name))
    if key is None:
        return None
    return tokens.read_access_token(runtime.secrets.signing, key, issuer=tokens.PAGES)


def _expiry(runtime: Runtime) -> datetime:
    return tokens.expiry(clock.utc_now(), runtime.settings.refresh_token_ttl_seconds)
