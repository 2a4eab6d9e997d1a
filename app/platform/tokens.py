"""Access tokens: short JWTs that name brand, session and principal; signed by a key that the header names."""

import hashlib
import secrets as random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from app.platform.secrets import KeyRing

ISSUER = "guideshop"
PAGES = "guideshop-pages"
"""The issuer of keys that live in the cookies of our own pages: longer lived, and worth nothing at the API."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says. `audience` is CUSTOMER or EMPLOYEE."""

    brand_id: UUID
    session_id: UUID
    principal_id: UUID
    audience: str
    expires_at: datetime


def issue_access_token(ring: KeyRing, claims: AccessClaims, *, issuer: str = ISSUER) -> str:
    """Sign an access token with the current key. Token life is wall-clock time, also for a simulated brand."""
    body = {
        "iss": issuer,
        "brand": str(claims.brand_id),
        "sid": str(claims.session_id),
        "sub": str(claims.principal_id),
        "aud": claims.audience,
        "exp": int(claims.expires_at.timestamp()),
    }
    return jwt.encode(body, ring.key, algorithm="HS256", headers={"kid": ring.current})


def read_access_token(ring: KeyRing, token: str, *, issuer: str = ISSUER) -> AccessClaims | None:
    """The claims of a genuine, unexpired token of this issuer, else None."""
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
        key = ring.keys.get(kid)
        if key is None:
            return None
        body = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            issuer=issuer,
            audience=["CUSTOMER", "EMPLOYEE"],
            options={"require": ["exp", "sub", "aud"]},
        )
        return AccessClaims(
            brand_id=UUID(body["brand"]),
            session_id=UUID(body["sid"]),
            principal_id=UUID(body["sub"]),
            audience=str(body["aud"]),
            expires_at=datetime.fromtimestamp(body["exp"], UTC),
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        return None


def expiry(now: datetime, ttl_seconds: int) -> datetime:
    return now + timedelta(seconds=ttl_seconds)


def new_secret_token() -> str:
    """An unguessable token of 43 characters."""
    return random.token_urlsafe(32)


def token_key(token: str) -> str:
    """How a secret token stands in the directory: its SHA-256, so that a stolen table opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
