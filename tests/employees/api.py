"""The API over HTTP, as the first clients call it: their documents, unchanged, one operation at a time."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
from graphql import parse, print_ast
from graphql.utilities import separate_operations
from starlette.applications import Starlette

from app.platform.runtime import Runtime
from graphql_schema.context import make_context
from graphql_schema.endpoint import GraphQLEndpoint
from graphql_schema.schema import schema

CONTRACT = Path(__file__).resolve().parents[2] / "documents" / "contract"


@cache
def documents() -> dict[str, str]:
    """Each operation of the contract by its name, with its fragments."""
    found: dict[str, str] = {}
    for path in sorted(CONTRACT.glob("*.graphql")):
        separated = separate_operations(parse(path.read_text(encoding="utf-8")))
        found |= {name: print_ast(document) for name, document in separated.items()}
    return found


@dataclass(frozen=True, slots=True)
class Api:
    """A client of the endpoint."""

    client: httpx.AsyncClient

    async def send(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None, language: str = "en"
    ) -> dict[str, Any]:
        """The whole answer to a query text."""
        headers = {"Accept-Language": language, "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, operation: str, variables: dict[str, Any] | None = None, **more: Any) -> Any:
        """The only root field's answer to a document of the contract, which must have no errors."""
        body = await self.send(documents()[operation], variables, **more)
        assert "errors" not in body, body
        [field] = body["data"].values()
        return field

    async def mutate(self, operation: str, token: str | None = None, **given: Any) -> Any:
        """The result of a mutation of the contract."""
        return await self.data(operation, {"input": given}, token=token)

    async def codes(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> list[str]:
        """The codes of the top-level errors of a query text."""
        body = await self.send(query, variables, **more)
        return [error["extensions"]["code"] for error in body.get("errors", [])]


def make_api(runtime: Runtime) -> Api:
    endpoint = GraphQLEndpoint(schema, runtime.settings, partial(make_context, runtime))
    transport = httpx.ASGITransport(app=Starlette(routes=list(endpoint.routes())))
    return Api(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000"))
