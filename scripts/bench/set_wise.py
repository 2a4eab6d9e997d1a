"""The set-wise load of real baskets beside a bare COPY of the same rows into tables that have nothing but columns."""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from app.imports import complete_journey
from app.platform.db import Brand
from app.platform.runtime import Runtime, open_runtime
from app.platform.settings import Settings
from app.platform.tables import import_models
from app.verify import checks
from app.worker import business_jobs, make_relay
from scripts.bench.site import Site

SOME = 3_000
"""Baskets; all of them are a part of its own, as they take a while."""


def measure(site: Site) -> None:
    """Print what some baskets take."""
    asyncio.run(_measure(site.settings, SOME))


def measure_all(site: Site) -> None:
    """Print what all baskets take."""
    asyncio.run(_measure(site.settings, None))


async def _measure(settings: Settings, limit: int | None) -> None:
    async with open_runtime(settings) as runtime:
        began = time.perf_counter()
        await complete_journey.load(
            runtime, make_relay(runtime), business_jobs(), stores=None, limit=limit, is_fast=True
        )
        whole = time.perf_counter() - began
        brand = await runtime.database.brand_by_code(complete_journey.CODE)
        if brand is None:
            raise SystemExit("the load made no brand")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began = time.perf_counter()
        broken = sum(map(len, (await checks.violations(runtime, brand)).values()))
        verified = time.perf_counter() - began
        rows, bare = await _bare_copy(runtime, brand)
    print(f"set-wise load, {'all' if limit is None else limit} baskets, {rows} rows")
    print(
        f"  import, stores and goods included {whole:8.1f} s  {rows / whole:9.0f} rows/s   peak memory {peak:5.0f} MB"
    )
    print(f"  bare COPY of the same rows        {bare:8.1f} s  {rows / bare:9.0f} rows/s")
    print(f"  import / bare COPY: {whole / bare:.1f}")
    print(f"  verify {verified:.1f} s, {broken} violations")


async def _bare_copy(runtime: Runtime, brand: Brand) -> tuple[int, float]:
    """Copy the brand's rows out, and in again into tables that have nothing but columns; gives rows and seconds."""
    url = make_url(runtime.settings.database_owner_url)
    connection: Any = await asyncpg.connect(
        host=url.query.get("host") or url.host,
        port=int(str(url.query.get("port") or url.port or 5432)),
        user=url.username,
        password=url.password,
        database=url.database,
    )
    names = [table.name for table in import_models().sorted_tables if "brand_id" in table.c]
    rows, seconds = 0, 0.0
    try:
        await connection.execute("CREATE SCHEMA bare")
        for name in names:
            with tempfile.NamedTemporaryFile() as file:
                mine = f"SELECT * FROM {name} WHERE brand_id = '{brand.id}'"
                await connection.copy_from_query(mine, output=Path(file.name), format="binary")
                await connection.execute(f"CREATE TABLE bare.{name} (LIKE public.{name})")
                began = time.perf_counter()
                done = await connection.copy_to_table(name, schema_name="bare", source=Path(file.name), format="binary")
                seconds += time.perf_counter() - began
            rows += int(done.split()[-1])
        await connection.execute("DROP SCHEMA bare CASCADE")
    finally:
        await connection.close()
    return rows, seconds
