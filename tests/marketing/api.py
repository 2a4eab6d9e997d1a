"""Asks the whole application as several callers in one test: each call names its token."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.documents import OPERATIONS, Client


@dataclass(frozen=True)
class Api:
    http: httpx.AsyncClient

    async def post(self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None) -> Any:
        """The whole answer to a query of the test's own."""
        return await Client(self.http, token).query(query, **(variables or {}))

    async def send(self, operation: str, *, token: str | None = None, **variables: Any) -> Any:
        """The data of a contract's operation; it has no top-level errors."""
        return await Client(self.http, token).data(operation, **variables)

    async def mutate(self, operation: str, *, token: str | None = None, **input: Any) -> Any:
        """The one field of a contract's mutation: payload or user error."""
        return await Client(self.http, token).do(operation, **input)

    async def codes(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None
    ) -> list[str]:
        """The codes of the top-level errors of a query, or of a contract's operation."""
        text = OPERATIONS[query].text if query in OPERATIONS else query
        answer = await self.post(text, variables, token=token)
        return [error["extensions"]["code"] for error in answer.get("errors", [])]
