"""The clients' documents: each operation of documents/contract with the fragments that it names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast
from graphql.language.visitor import Visitor, visit

CONTRACT = Path(__file__).resolve().parent.parent / "documents" / "contract"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, ready to send."""

    name: str
    file: str
    kind: str
    text: str


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: Any, *_: Any) -> None:
        self.names.append(node.name.value)


def _read() -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for path in sorted(CONTRACT.glob("*.graphql")):
        document = parse(path.read_text(encoding="utf-8"))
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        for definition in document.definitions:
            if not isinstance(definition, OperationDefinitionNode) or definition.name is None:
                continue
            needed: list[str] = []
            pending: list[Any] = [definition]
            while pending:
                spreads = _Spreads()
                visit(pending.pop(), spreads)
                for name in spreads.names:
                    if name not in needed:
                        needed.append(name)
                        pending.append(fragments[name])
            text = "\n".join([print_ast(definition), *(print_ast(fragments[name]) for name in needed)])
            found[definition.name.value] = Operation(definition.name.value, path.name, definition.operation.value, text)
    return found


OPERATIONS = _read()


class Client:
    """Sends contract operations as one caller. A top-level error fails the test unless it is asked for."""

    def __init__(self, http: httpx.AsyncClient, token: str | None = None, language: str = "zh-CN") -> None:
        self.http, self.token, self.language = http, token, language

    async def send(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The whole answer: `data`, and `errors` if any."""
        return await self.query(OPERATIONS[operation].text, **variables)

    async def query(self, text: str, **variables: Any) -> dict[str, Any]:
        headers = {"Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = await self.http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.send(operation, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def do(self, operation: str, **fields: Any) -> dict[str, Any]:
        """The result of a mutation: `fields` are its input."""
        data = await self.data(operation, input=fields)
        (result,) = data.values()
        return dict(result)

    async def code_of_error(self, operation: str, **variables: Any) -> str:
        """The code of the first top-level error."""
        answer = await self.send(operation, **variables)
        return str(answer["errors"][0]["extensions"]["code"])
