"""What a resolver knows of its request: who asks, for which brand, in which language, and the way to the database."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import strawberry
from starlette.requests import HTTPConnection

from app.employees import sessions
from app.platform import messages, tokens
from app.platform.actor import ANONYMOUS, Actor
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from graphql_schema.errors import BadUserInput, Unauthenticated


@dataclass(slots=True)
class Context:
    """One request. It touches one brand: the caller's, or the one that a slug, code or brand code leads to."""

    runtime: Runtime
    language: str = "zh-CN"
    address: str = ""
    claims: tokens.AccessClaims | None = None
    loaded: dict[Any, Any] = field(default_factory=dict)
    """What loaders keep for the length of the request."""
    _brand: Brand | None = None
    _actor: Actor | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def actor(self) -> Actor:
        """Who asks; read once a request: an ended session or a new role counts at once. Raises: Unauthenticated."""
        if self.claims is None:
            return ANONYMOUS
        async with self._lock:
            if self._actor is None:
                async with self.reading(await self.brand()) as session:
                    self._actor = await sessions.load_actor(session, self.claims)
                if self._actor is None:
                    raise Unauthenticated("The session has ended.")
            return self._actor

    async def brand(self) -> Brand:
        """The request's brand. Raises: Unauthenticated when nothing has led to one."""
        if self._brand is None:
            if self.claims is None:
                raise Unauthenticated
            found = await self.runtime.database.brand(self.claims.brand_id)
            if found is None:
                raise Unauthenticated
            self._brand = found
        return self._brand

    def enter_brand(self, brand: Brand) -> Brand:
        """Take the brand that an anonymous call names. Raises: BadUserInput when the request already is in another."""
        if self.claims is not None and self.claims.brand_id != brand.id:
            raise BadUserInput("This belongs to another brand than the one you are signed in to.")
        if self._brand is not None and self._brand.id != brand.id:
            raise BadUserInput("One request reads one brand.")
        self._brand = brand
        return brand

    def become(self, brand: Brand, claims: tokens.AccessClaims | None) -> None:
        """Go on as whoever has just signed in: the answer of a sign-in is read with his rights."""
        self.claims, self._brand, self._actor = claims, brand, None

    @asynccontextmanager
    async def reading(self, brand: Brand | None = None) -> AsyncIterator[BrandSession]:
        """A short read session of the request's brand; sibling fields each take their own."""
        async with self.runtime.database.reading(brand or await self.brand()) as session:
            yield session


Info = strawberry.Info[Context, None]


async def make_context(runtime: Runtime, connection: HTTPConnection, parameters: dict[str, Any] | None) -> Context:
    """The context of a request, or of a socket, whose key may come in `connection_init`. Raises: Unauthenticated."""
    header = connection.headers.get("authorization", "")
    if not header and parameters:
        header = str(parameters.get("Authorization") or parameters.get("authorization") or "")
    claims = None
    if header:
        scheme, _, token = header.partition(" ")
        claims = (
            tokens.read_access_token(runtime.secrets.signing, token.strip()) if scheme.lower() == "bearer" else None
        )
        if claims is None:
            raise Unauthenticated("The access token is not valid, or it has expired.")
    return Context(
        runtime=runtime,
        language=messages.language_of(connection.headers.get("accept-language", "")),
        address=client_address(connection, runtime.settings.trusted_proxies),
        claims=claims,
    )


def client_address(connection: HTTPConnection, trusted_proxies: int) -> str:
    """The caller's address: the peer's own, or the entry that our outermost trusted proxy wrote.

    A proxy may add a header of its own to the one that the caller sent: all of them count, in their order. Of an IPv6
    address only the network of 64 bits is given: whoever has one address has them all.
    """
    found = connection.client.host if connection.client else ""
    if trusted_proxies:
        sent = ",".join(connection.headers.getlist("x-forwarded-for"))
        hops = [hop.strip() for hop in sent.split(",") if hop.strip()]
        if len(hops) >= trusted_proxies:
            found = hops[-trusted_proxies]
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return found
    if address.version == 4 or address.ipv4_mapped is not None:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
