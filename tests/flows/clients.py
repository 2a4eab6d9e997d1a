"""Customers at their phones: the contract's documents over HTTP, and asking again until an answer comes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from app.employees import sessions
from app.platform.db import Brand
from app.platform.runtime import Runtime
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.employees.api import documents
from tests.factories import Scene

CONNECTIONS = 250
PATIENCE_SECONDS = 90.0
GIVEN_UP = {"INTERNAL", "TIMEOUT"}
"""Codes upon which a client asks again with the same key; any other error is the client's own."""


class Unanswered(Exception):
    """No answer that says what became of the request."""


@dataclass
class Line:
    """What came over the wire: how often each HTTP status with its error codes. Shared by the callers of a test."""

    http: httpx.AsyncClient
    seen: Counter[tuple[int, str]] = field(default_factory=Counter)

    def faults(self) -> dict[tuple[int, str], int]:
        """Answers that a server should never give: a status of 500 or more, or INTERNAL in the body."""
        return {key: times for key, times in self.seen.items() if key[0] >= 500 or "INTERNAL" in key[1]}


@asynccontextmanager
async def line_to(base_url: str, *, seconds: float = 60.0) -> AsyncIterator[Line]:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=seconds, trust_env=False) as http:
        yield Line(http)


@dataclass(frozen=True)
class Caller:
    """A client; without a token, a visitor's."""

    line: Line
    token: str | None = None
    customer_id: UUID | None = None

    async def ask(self, operation: str, **input: Any) -> dict[str, Any]:
        """The root field's answer to a mutation of the contract. Raises: Unanswered, or AssertionError at any error."""
        headers = {"Accept": "application/graphql-response+json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        body = {"query": documents()[operation], "operationName": operation, "variables": {"input": input}}
        try:
            answer = await self.line.http.post("/graphql", json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unanswered(repr(error)) from error
        try:
            content = answer.json()
        except ValueError:
            content = {}
        codes = sorted({error["extensions"]["code"] for error in content.get("errors", [])})
        self.line.seen[(answer.status_code, ",".join(codes))] += 1
        if answer.status_code >= 500 or GIVEN_UP & set(codes):
            raise Unanswered(f"{operation}: {answer.status_code} {answer.text[:500]}")
        assert answer.status_code == 200 and not codes, f"{operation}: {answer.status_code} {answer.text[:500]}"
        [given] = content["data"].values()
        assert isinstance(given, dict)
        return given

    async def insist(self, operation: str, **input: Any) -> dict[str, Any]:
        """The same request, with the same key, until it is answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self.ask(operation, **input)
            except Unanswered:
                assert time.monotonic() < deadline, f"{operation} was not answered within {PATIENCE_SECONDS:.0f} s"
                await asyncio.sleep(0.1)

    async def confirm(self, payment: dict[str, Any], *, late: bool = False) -> tuple[int, str]:
        """Pay in the sandbox: status and what the provider says. Raises: Unanswered."""
        url = payment["clientParameters"]["confirmUrl"] + ("?late=true" if late else "")
        try:
            answer = await self.line.http.post(url)
        except httpx.HTTPError as error:
            raise Unanswered(repr(error)) from error
        self.line.seen[(answer.status_code, "")] += 1
        if answer.status_code >= 500:
            raise Unanswered(f"confirm: {answer.status_code}")
        return answer.status_code, str(answer.json()["state"])


def an_order(scene: Scene, **changes: Any) -> dict[str, Any]:
    """The input of an order of one piece of the scene's SKU in the first guide's shop."""
    return {
        "idempotencyKey": factories.key(),
        "shopSlug": scene.guide.slug,
        "lines": [{"skuId": encode_global_id("Sku", scene.sku_id), "quantity": 1}],
        "fulfilment": {"method": "DELIVERY", "address": factories.ADDRESS},
        **changes,
    }


def a_payment(order_id: str, **changes: Any) -> dict[str, Any]:
    return {"idempotencyKey": factories.key(), "orderId": order_id, "provider": "SANDBOX", **changes}


def a_scan(token: str | None, **changes: Any) -> dict[str, Any]:
    return {"idempotencyKey": factories.key(), "code": token, **changes}


def uuid_of(global_id: str) -> UUID:
    return decode_global_id(global_id).uuids[0]


def number_of(payment: dict[str, Any]) -> str:
    """The number under which the provider knows a started payment."""
    return str(payment["clientParameters"]["confirmUrl"].split("/")[-2])


async def sign_in(runtime: Runtime, brand: Brand, line: Line, count: int) -> list[Caller]:
    """So many new customers, each with a session; one transaction."""
    async with runtime.database.transaction(brand) as session:
        callers = []
        for _ in range(count):
            customer_id = await factories.make_customer(session)
            opened = await sessions.open_session(
                session,
                audience="CUSTOMER",
                principal_id=customer_id,
                settings=runtime.settings,
                signing=runtime.secrets.signing,
                now=session.now,
            )
            callers.append(Caller(line, opened.access_token, customer_id))
        return callers


async def place(caller: Caller, scene: Scene, **changes: Any) -> dict[str, Any]:
    """An order that has to succeed."""
    placed = await caller.ask("OrderPlace", **an_order(scene, **changes))
    assert placed["__typename"] == "OrderPlacePayload", placed
    order: dict[str, Any] = placed["order"]
    return order


async def start_payment(caller: Caller, order_id: str, **changes: Any) -> dict[str, Any]:
    started = await caller.ask("PaymentStart", **a_payment(order_id, **changes))
    assert started["__typename"] == "PaymentStartPayload", started
    payment: dict[str, Any] = started["payment"]
    return payment
