"""Reads the text of a statement as far as tenancy goes: which tables it names, and whether each stands under a brand.

No SQL grammar in full: words, nested parentheses, the clauses of SELECT, INSERT, UPDATE and DELETE. What it cannot
place it reports, so that nothing passes because it was not understood.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Union

Node = Union[str, "list[Node]"]
Nodes = Sequence[Node]

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|(?P<t>[eE]?'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\d+|[A-Za-z_][\w$]*|\d+(?:\.\d+)?|"
    r"::|<>|!=|<=|>=|\|\||[()\[\]]|\S)",
    re.DOTALL,
)
_STARTS = {"select", "with", "values", "insert", "update", "delete", "merge"}
_SET_OPERATIONS = {"union", "intersect", "except"}
_JOIN_WORDS = {"natural", "inner", "cross", "left", "right", "full", "outer", "join"}
_CLOCKS = {
    "now",
    "current_timestamp",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
}


@dataclass(frozen=True)
class Reading:
    """What a statement says. `problems`: breaches of the data rules; `brands`: the ids, as `$n` or written out."""

    problems: tuple[str, ...]
    brands: frozenset[str]
    names_tenants: bool


@dataclass
class _Ref:
    """A table in a FROM list, an UPDATE or a DELETE; `table` None for a subquery or a common table expression."""

    table: str | None
    is_tenant: bool
    is_anchored: bool = False


@dataclass
class _Scope:
    """One query: its tables by alias, and equalities of brand ids as (alias that is held, alias or value it equals)."""

    parent: "_Scope | None"
    refs: dict[str, _Ref] = field(default_factory=dict)
    equal: list[tuple[str, str]] = field(default_factory=list)

    def find(self, alias: str) -> tuple["_Scope", _Ref] | None:
        if alias in self.refs:
            return self, self.refs[alias]
        return self.parent.find(alias) if self.parent else None


@lru_cache(maxsize=20_000)
def read(sql: str, tenants: frozenset[str]) -> Reading:
    """Read a statement; `tenants` are the names of the tenant tables."""
    words = [found["t"] for found in _TOKEN.finditer(sql) if found["t"]]
    nodes = _nest(iter(words))
    reader = _Reader(tenants)
    names = {_name(word) for word in words} & tenants
    if _first(nodes) in _STARTS or (nodes and isinstance(nodes[0], list)):
        reader.query(nodes, None, frozenset())
    elif names and _first(nodes) not in ("set", "show"):
        reader.problems.append(f"cannot place {', '.join(sorted(names))} in a statement of this kind")
    if names - reader.seen and not reader.problems:
        reader.overlooked(nodes, names - reader.seen)
    return Reading(tuple(reader.problems), frozenset(reader.brands), bool(reader.seen))


class _Reader:
    def __init__(self, tenants: frozenset[str]) -> None:
        self.tenants = tenants
        self.problems: list[str] = []
        self.brands: set[str] = set()
        self.seen: set[str] = set()

    def query(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        """A statement or subquery; `known` are the common table expressions that it may name."""
        if _first(nodes) == "with":
            nodes, known = self._expressions(nodes, parent, known)
        if not nodes:
            return
        kind = _first(nodes)
        if kind in ("insert", "update", "delete", "merge"):
            getattr(self, f"_{kind}")(nodes, parent, known)
            return
        for part in _split(nodes, _SET_OPERATIONS):
            rest = part[1:] if _first(part) in ("all", "distinct") else part
            if rest and isinstance(rest[0], list) and _is_query(rest[0]):
                self.query(rest[0], parent, known)
                self._inside(rest[1:], _Scope(parent), known)
            else:
                self._select(rest, parent, known)

    def overlooked(self, nodes: Nodes, names: set[str]) -> None:
        """Names of tables that stand where no table was seen; columns and aliases of that name are no matter."""
        for before, node in zip(["", *_flat(nodes)], _flat(nodes), strict=False):
            if before.lower() in ("from", "join", "into", "update", "table", "only") and _name(node) in names:
                self.problems.append(f"{_name(node)} was not read")

    def _expressions(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> tuple[Nodes, frozenset[str]]:
        at = 2 if _word(nodes, 1) == "recursive" else 1
        while True:
            known |= {_name(str(nodes[at]))}
            while not (isinstance(nodes[at], list) and _is_query(nodes[at])):
                at += 1
            self.query(nodes[at], parent, known)
            at += 1
            if _word(nodes, at) != ",":
                return nodes[at:], known
            at += 1

    def _select(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        scope = _Scope(parent)
        clauses = _clauses(nodes, {"select", "from", "where", "group", "having", "order", "limit", "for", "values"})
        for name, part in clauses:
            if name == "from":
                self._from(part, scope, known)
        for name, part in clauses:
            if name == "where":
                self._conditions(part, scope, known, None)
            elif name != "from":
                self._inside(part, scope, known)
        self._settle(scope)

    def _insert(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        table = _name(str(nodes[2]))
        begin = 5 if _word(nodes, 3) == "as" else 3
        columns: Nodes = []
        if begin < len(nodes) and isinstance(nodes[begin], list) and not _is_query(nodes[begin]):
            columns = nodes[begin]
            begin += 1
        if table in self.tenants:
            self.seen.add(table)
            if "brand_id" not in [_name(str(column)) for column in columns]:
                self.problems.append(f"INSERT INTO {table} does not name brand_id")
        (_, source), *tail = _clauses(nodes[begin:], {"on", "returning"})
        if _first(source) in ("select", "with") or _is_query(source[0]):
            self.query(source, parent, known)
        else:
            self._inside(source, _Scope(parent), known)
        for name, part in tail:
            if name == "on":
                self._conflict(part)
            self._inside(part, _Scope(parent), known)

    def _conflict(self, nodes: Nodes) -> None:
        words = [word.lower() for word in _flat(nodes)]
        self.problems += [f"{word}() in ON CONFLICT" for word in sorted(_CLOCKS & set(words))]
        if "select" in words:
            self.problems.append("a subquery in ON CONFLICT")

    def _update(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        self._change(nodes, parent, known, {"update": "target", "from": "from"})

    def _delete(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        self._change(nodes[1:], parent, known, {"from": "target", "using": "from"})

    def _merge(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str]) -> None:
        self.problems.append("MERGE")

    def _change(self, nodes: Nodes, parent: _Scope | None, known: frozenset[str], tables: dict[str, str]) -> None:
        scope = _Scope(parent)
        clauses = _clauses(nodes, {*tables, "set", "where", "returning"})
        for name, part in clauses:
            if name in tables:
                self._from(part, scope, known)
        for name, part in clauses:
            if name == "where":
                self._conditions(part, scope, known, None)
            elif name not in tables:
                self._inside(part, scope, known)
        self._settle(scope)

    def _from(self, nodes: Nodes, scope: _Scope, known: frozenset[str]) -> set[str]:
        """A FROM list: its tables go into the scope, what ON says of brands too. Gives the aliases."""
        aliases: set[str] = set()
        for side, item, condition in _from_items(nodes):
            found = self._table(item, scope, known)
            held = {"left": found, "right": aliases, "full": set()}.get(side, aliases | found)
            aliases |= found
            if condition:
                self._conditions(condition, scope, known, held)
        return aliases

    def _table(self, item: Nodes, scope: _Scope, known: frozenset[str]) -> set[str]:
        item = [node for node in item if node not in ("LATERAL", "lateral", "ONLY", "only")]
        first = item[0]
        if isinstance(first, list):
            if not _is_query(first):
                return self._from(first, scope, known)
            self.query(first, scope, known)
            alias = _alias(item[1:]) or f"?{len(scope.refs)}"
            scope.refs[alias] = _Ref(None, is_tenant=False, is_anchored=True)
            return {alias}
        at = 3 if _word(item, 1) == "." else 1
        table = _name(str(item[at - 1]))
        is_function = at < len(item) and isinstance(item[at], list)
        alias = _alias(item[at + is_function :]) or table
        is_tenant = table in self.tenants and table not in known and not is_function
        if is_tenant:
            self.seen.add(table)
        scope.refs[alias] = _Ref(table, is_tenant=is_tenant, is_anchored=table in known)
        self._inside(item, scope, known)
        return {alias}

    def _conditions(self, nodes: Nodes, scope: _Scope, known: frozenset[str], held: set[str] | None) -> None:
        """Note what an AND-chain says of brand ids; an alternative (OR) holds nothing. `held` None: every table."""
        self._inside(nodes, scope, known)
        if any(str(node).lower() == "or" for node in nodes if isinstance(node, str)):
            return
        for part in _split(nodes, {"and"}):
            if len(part) == 1 and isinstance(part[0], list) and not _is_query(part[0]):
                self._conditions(part[0], scope, known, held)
                continue
            sides = _split(part, {"="})
            if len(sides) != 2 or _first(part) == "not":
                continue
            one, other = (_brand_side(side, scope) for side in sides)
            for mine, its in ((one, other), (other, one)):
                if mine and its and not _is_value(mine) and (held is None or mine in held):
                    scope.equal.append((mine, its))
            self.brands |= {side for side in (one, other) if one and other and _is_value(side)}

    def _inside(self, nodes: Nodes, scope: _Scope, known: frozenset[str]) -> None:
        for node in nodes:
            if isinstance(node, list):
                if _is_query(node):
                    self.query(node, scope, known)
                else:
                    self._inside(node, scope, known)

    def _settle(self, scope: _Scope) -> None:
        """Spread from what equals a parameter or stands in an enclosing query; what is left over is a problem."""
        changed = True
        while changed:
            changed = False
            for mine, its in scope.equal:
                ref = scope.refs.get(mine)
                if ref is None or ref.is_anchored:
                    continue
                found = None if _is_value(its) else scope.find(its)
                if _is_value(its) or (found and (found[0] is not scope or found[1].is_anchored)):
                    ref.is_anchored = changed = True
        self.problems += [
            f"{ref.table} (as {alias}) has no brand_id condition"
            for alias, ref in scope.refs.items()
            if ref.is_tenant and not ref.is_anchored
        ]


def _nest(words: Iterator[str]) -> list[Node]:
    nodes: list[Node] = []
    for word in words:
        if word in "([":
            nodes.append(_nest(words))
        elif word in ")]":
            return nodes
        else:
            nodes.append(word)
    return nodes


def _flat(nodes: Nodes) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, list):
            yield from _flat(node)
        else:
            yield node


def _first(nodes: Nodes) -> str:
    return _word(nodes, 0)


def _word(nodes: Nodes, at: int) -> str:
    return str(nodes[at]).lower() if at < len(nodes) and isinstance(nodes[at], str) else ""


def _name(word: str) -> str:
    return word.strip('"').lower() if not word.startswith("'") else ""


def _is_query(node: Node) -> bool:
    return isinstance(node, list) and (_first(node) in _STARTS or (bool(node) and _is_query(node[0])))


def _split(nodes: Nodes, words: set[str]) -> list[list[Node]]:
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, str) and node.lower() in words:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _clauses(nodes: Nodes, words: set[str]) -> list[tuple[str, list[Node]]]:
    """The clauses of one level, by the word that begins each."""
    found: list[tuple[str, list[Node]]] = [("", [])]
    for at, node in enumerate(nodes):
        word, after = _word(nodes, at), _word(nodes, at + 1)
        begins = word in words and not (
            (word == "from" and at > 1 and _word(nodes, at - 1) == "distinct")
            or (word in ("group", "order") and after != "by")
            or (word == "for" and after not in ("update", "share", "no", "key"))
            or (word == "on" and after != "conflict")
        )
        if begins:
            found.append((word, []))
        else:
            found[-1][1].append(node)
    return found


def _from_items(nodes: Nodes) -> Iterator[tuple[str, Nodes, Nodes]]:
    """Each table of a FROM list with the kind of its join and its ON condition."""
    side, item, condition, is_condition = "", list[Node](), list[Node](), False
    for node in nodes:
        word = node.lower() if isinstance(node, str) else ""
        if word in _JOIN_WORDS or word == ",":
            if item:
                yield side, item, condition
                side, item, condition, is_condition = "", [], [], False
            side = word if word in ("left", "right", "full") else side
        elif word == "on":
            is_condition = True
        else:
            (condition if is_condition else item).append(node)
    if item:
        yield side, item, condition


def _alias(nodes: Iterable[Node]) -> str | None:
    words = [node for node in nodes if isinstance(node, str) and node.lower() not in ("as", "with", "ordinality")]
    return _name(words[0]) if words else None


def _is_value(side: str) -> bool:
    return side.startswith(("$", "'"))


def _brand_side(side: Nodes, scope: _Scope) -> str:
    """A value, the alias whose brand_id this is, or an empty string for anything else."""
    words = [node for node in side if isinstance(node, str)]
    if len(words) != len(side) or not words:
        return ""
    if _is_value(words[0]):
        return words[0]
    if len(words) == 3 and words[1] == "." and _name(words[2]) == "brand_id":
        return _name(words[0])
    if len(words) == 1 and _name(words[0]) == "brand_id":
        return next(iter(scope.refs), "")
    return ""
