"""The contract's operations as text."""

from pathlib import Path

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast

CONTRACT = Path(__file__).resolve().parents[2] / "documents" / "contract"


def operation(file: str, name: str) -> str:
    """One operation of a contract file with all of the file's fragments that it uses (directly or not)."""
    document = parse((CONTRACT / file).read_text(encoding="utf-8"))
    fragments = {d.name.value: print_ast(d) for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    (text,) = (
        print_ast(d)
        for d in document.definitions
        if isinstance(d, OperationDefinitionNode) and d.name is not None and d.name.value == name
    )
    added: set[str] = set()
    while missing := {f for f in fragments if f"...{f}" in text} - added:
        text += "".join("\n" + fragments[fragment] for fragment in sorted(missing))
        added |= missing
    return text
