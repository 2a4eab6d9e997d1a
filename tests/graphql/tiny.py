"""A small schema with one field for each thing that can go wrong, and an endpoint over it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from app.platform.settings import Settings
from graphql_schema.endpoint import GraphQLEndpoint
from graphql_schema.errors import BadUserInput, Forbidden, TooManyRequests, Unauthenticated
from graphql_schema.paging import Node, decode_global_id
from graphql_schema.scalars import JSON, SCALARS, Long

GRAPHQL = "application/graphql-response+json"
LEGACY = "application/json"


@dataclass
class Trail:
    """What happened on the server's side of a test."""

    events: list[str] = field(default_factory=list)
    contexts: int = 0


@dataclass
class Context:
    trail: Trail
    who: str


Info = strawberry.Info[Context, None]


class SignedIn(BasePermission):
    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return info.context.who != "anonymous"

    def on_unauthorized(self) -> None:
        raise Unauthenticated


class Shouting(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        return (await next_(source, info, **kwargs)).upper()


class Watching(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        self.execution_context.context.trail.events.append("operation begins")
        yield
        self.execution_context.context.trail.events.append("operation ends")

    async def on_execute(self) -> AsyncIterator[None]:
        yield
        self.execution_context.context.trail.events.append("executed")


@strawberry.type
class Thing(Node):
    name: str


@strawberry.type
class Tree:
    name: str = "leaf"

    @strawberry.field
    def child(self, value: JSON | None = None) -> "Tree":
        return Tree()

    @strawberry.field
    def other(self) -> "Tree":
        return Tree()


@strawberry.input
class Filter:
    name: str
    size: int = 1


def tell_secret() -> str:
    return "42"


async def whisper() -> str:
    return "quiet"


async def tell_one() -> AsyncGenerator[int, None]:
    yield 1


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.who

    secret: str = strawberry.field(resolver=tell_secret, permission_classes=[SignedIn])
    shout: str = strawberry.field(resolver=whisper, extensions=[Shouting()])

    @strawberry.field
    def tree(self) -> Tree:
        return Tree()

    @strawberry.field
    def count(self, value: Long, filter: Filter | None = None) -> Long:
        return value

    @strawberry.field
    def json(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def unspeakable(self) -> JSON:
        return JSON({1, 2})

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:
        return Thing(id=id, name=str(decode_global_id(id).uuids[0]))

    @strawberry.field
    def forbidden(self) -> str | None:
        raise Forbidden("Only for the owner.")

    @strawberry.field
    def refused(self) -> str:
        raise BadUserInput("first must be from 1 to 100.", argument="first")

    @strawberry.field
    def broken(self, phone: str = "") -> str | None:
        try:
            raise KeyError(f"inner secret of {phone}")
        except KeyError as error:
            raise RuntimeError(f"password=hunter2 phone={phone}") from error

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    async def slow(self, info: Info) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            info.context.trail.events.append("slow was cancelled")
            raise
        return "late"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def act(self, info: Info) -> str:
        info.context.trail.events.append("acted")
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(
        self, info: Info, count: Annotated[int, strawberry.argument(description="How many.")] = 3
    ) -> AsyncGenerator[int, None]:
        info.context.trail.events.append("ticks open")
        try:
            for tick in range(count):
                yield tick
                await asyncio.sleep(0.005)
        finally:
            info.context.trail.events.append("ticks closed")

    @strawberry.subscription
    async def silence(self, info: Info) -> AsyncGenerator[int, None]:
        info.context.trail.events.append("silence open")
        try:
            await asyncio.sleep(60)
            yield 0
        finally:
            await asyncio.sleep(0)
            info.context.trail.events.append("silence closed")

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("password=hunter2")

    private: AsyncGenerator[int, None] = strawberry.subscription(resolver=tell_one, permission_classes=[SignedIn])


def build_schema() -> strawberry.Schema:
    return strawberry.Schema(
        Query,
        Mutation,
        Subscription,
        types=[Thing],
        extensions=[Watching],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


class Tiny:
    """An endpoint over the small schema. Key `anna` is fine; `expired`, `busy` and `crash` fail in their ways."""

    def __init__(self, **changes: Any) -> None:
        self.trail = Trail()
        self.settings = Settings(**changes)
        self.expired: set[str] = {"expired"}
        endpoint = GraphQLEndpoint(build_schema(), self.settings, self._make_context)
        self.app = Starlette(routes=endpoint.routes())

    async def _make_context(self, connection: HTTPConnection, parameters: dict[str, Any] | None) -> Context:
        self.trail.contexts += 1
        given = connection.headers.get("authorization") or (parameters or {}).get("Authorization", "")
        who = given.removeprefix("Bearer ") or "anonymous"
        if who in self.expired:
            raise Unauthenticated("The key has expired.")
        if who == "busy":
            raise TooManyRequests(retry_after_seconds=7)
        if who == "crash":
            raise RuntimeError("password=hunter2")
        return Context(self.trail, who)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://tiny") as client:
            yield client


async def post(tiny: Tiny, query: str, *, accept: str = GRAPHQL, key: str = "", **parameters: Any) -> httpx.Response:
    headers = {"accept": accept} | ({"authorization": f"Bearer {key}"} if key else {})
    async with tiny.client() as client:
        return await client.post("/graphql", json={"query": query, **parameters}, headers=headers)


async def post_raw(tiny: Tiny, body: Any, **headers: str) -> httpx.Response:
    async with tiny.client() as client:
        given = {"content-type": "application/json", "accept": GRAPHQL} | headers
        return await client.post("/graphql", content=body, headers=given)


def codes(response: httpx.Response) -> list[str]:
    body = response.json()
    assert all(error["message"] for error in body["errors"])
    return [error["extensions"]["code"] for error in body["errors"]]
