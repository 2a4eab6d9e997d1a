"""How long after a payment's callback was answered the boss's dashboard counts the order, while customers go on buying.

The dashboard is asked over and over. An order is fresh when the dashboard first counts as many orders as were paid up
to it; so a wait is the order's own or longer.
"""

import asyncio
import bisect
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from app.boss import founding
from app.employees import sessions
from app.platform.runtime import open_runtime
from app.platform.secrets import load_secrets
from scripts.bench import load, orders
from scripts.bench.documents import operation
from scripts.bench.load import Flow
from scripts.bench.site import Site

SECONDS, CATCH_UP_SECONDS, ASKED_EVERY_SECONDS = 15.0, 60.0, 0.1
PACES = {"5 orders a second": (5, 5.0), "as fast as 8 connections can": (8, None)}
"""Connections, and orders a second of them all; None: no pause between two."""


@dataclass
class Watch:
    """When the n-th order was paid, and when how many were counted."""

    paid_at: list[float] = field(default_factory=list)
    counted: list[tuple[int, float]] = field(default_factory=list)

    def waits(self) -> list[float]:
        """Seconds from each payment to the first answer that counts it. Raises: SystemExit if one was never counted."""
        numbers = [number for number, _ in self.counted]
        if not numbers or numbers[-1] < len(self.paid_at):
            raise SystemExit(f"of {len(self.paid_at)} orders the dashboard counts {numbers[-1:]}")
        at = [self.counted[bisect.bisect_left(numbers, n + 1)][1] for n in range(len(self.paid_at))]
        return sorted(max(0.0, seen - paid) for seen, paid in zip(at, self.paid_at, strict=True))


def measure(site: Site) -> None:
    """Print how long the dashboard was behind at each pace."""
    with _worker():
        for name, (connections, rate) in PACES.items():
            watch = asyncio.run(_watch(site, connections, rate))
            waits, rate_seen = watch.waits(), len(watch.paid_at) / SECONDS
            print(f"dashboard after payments, {name}: {len(waits)} orders, {rate_seen:.0f} a second")
            shown = [waits[int(len(waits) * part)] for part in (0.5, 0.95)]
            print(f"  behind by p50 {shown[0]:.2f} s   p95 {shown[1]:.2f} s   most {waits[-1]:.2f} s")


@contextmanager
def _worker() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "app", "worker"], env={**os.environ, "LOG_LEVEL": "error"})
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _watch(site: Site, connections: int, rate: float | None) -> Watch:
    token = await _boss_token(site)
    body = orjson.dumps(
        {"query": operation("boss.graphql", "BossDashboard"), "variables": {"input": {"preset": "TODAY"}}}
    )
    ask = partial(_ask, site.port, load.post("/graphql", body, token))
    before, watch, secrets = await ask(), Watch(), load_secrets(site.settings)

    def one() -> Flow:
        is_paid = yield from orders.paid(site, secrets)
        if is_paid:
            watch.paid_at.append(time.perf_counter())
        return is_paid

    async def look() -> None:
        until = time.perf_counter() + SECONDS + CATCH_UP_SECONDS
        while time.perf_counter() < until:
            number = await ask() - before
            if not watch.counted or number > watch.counted[-1][0]:
                watch.counted.append((number, time.perf_counter()))
            if buying.done() and number >= len(watch.paid_at):
                return
            await asyncio.sleep(ASKED_EVERY_SECONDS)

    pause = 0.0 if rate is None else connections / rate
    buying = asyncio.create_task(
        load.run_flows(site.port, one, connections=connections, seconds=SECONDS, every_seconds=pause)
    )
    await look()
    if refused := (await buying).refused:
        raise SystemExit(f"{refused} orders were refused")
    return watch


async def _ask(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(load.HOST, port)
    writer.write(request)
    answer: dict[str, Any] = orjson.loads(await load.body(reader))
    writer.close()
    return int(answer["data"]["dashboard"]["sales"]["orders"])


async def _boss_token(site: Site) -> str:
    async with open_runtime(site.settings) as runtime, runtime.database.transaction(site.brand) as session:
        _, owner_id = await founding.root_and_owner(session)
        opened = await sessions.open_session(
            session,
            audience="EMPLOYEE",
            principal_id=owner_id,
            settings=site.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    return str(opened.access_token)
