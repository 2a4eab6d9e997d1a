"""The clients' documents over HTTP and WebSocket, one operation at a time."""

from functools import cache
from pathlib import Path
from typing import Any

import httpx
from graphql import FragmentDefinitionNode, FragmentSpreadNode, Node, OperationDefinitionNode, Visitor, parse, visit
from graphql.language.printer import print_ast

DOCUMENTS = Path(__file__).resolve().parents[2] / "documents" / "contract"


@cache
def document(file: str, operation: str) -> str:
    """One operation of a file of the contract, unchanged, with the fragments it names."""
    tree = parse((DOCUMENTS / f"{file}.graphql").read_text("utf-8"))
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}
    [wanted] = [
        node
        for node in tree.definitions
        if isinstance(node, OperationDefinitionNode) and node.name is not None and node.name.value == operation
    ]
    found: dict[str, Node] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            name = node.name.value
            if name not in found:
                found[name] = fragments[name]
                visit(fragments[name], self)

    visit(wanted, Spreads())
    return "\n".join(print_ast(node) for node in (wanted, *found.values()))


async def ask(
    http: httpx.AsyncClient,
    file: str,
    operation: str,
    variables: dict[str, Any] | None = None,
    *,
    token: str | None = None,
    language: str = "zh-CN",
) -> dict[str, Any]:
    """Send a document of the contract; gives the whole answer."""
    return await send(http, document(file, operation), variables, token=token, language=language)


async def send(
    http: httpx.AsyncClient,
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    token: str | None = None,
    language: str = "zh-CN",
) -> dict[str, Any]:
    headers = {"Accept-Language": language}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    answer = await http.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)
    body: dict[str, Any] = answer.json()
    return body


def code_of(answer: dict[str, Any]) -> str:
    """The code of the answer's first top-level error."""
    return str(answer["errors"][0]["extensions"]["code"])
