"""Real baskets come in by the services, to the cent, however often the import is killed and started again.

One import serves all tests of a worker: it is killed at three points, run to its end, and run once more.
"""

import asyncio
import contextlib
import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.commission.models import SaleLineRow, SaleRow, ShareRow, TransferRow
from app.commission.values import AccountKind
from app.customers.models import BindingRow, CustomerRow, TouchpointRow
from app.customers.policies import current_policy
from app.customers.values import BindingMode, Takeover
from app.employees.models import EmployeeRow, StoreRow
from app.imports import complete_journey
from app.platform import outbox
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import DirectoryRow, OutboxRow
from app.platform.runtime import Runtime
from app.platform.tables import Base
from app.products.models import ProductRow, StockRow
from app.trade.models import OrderLineRow, OrderRow
from app.verify import checks
from app.worker import business_jobs, make_relay
from tests.imports import complete_journey_query as files

LIMIT = 200
MORE = 215
CODE = "complete-journey"
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180

pytestmark = pytest.mark.xdist_group("complete_journey")


@dataclass(frozen=True)
class Imported:
    """What the import left behind: the brand, what each killed run had made, and all rows before and after a rerun."""

    brand: Brand
    killed_at: dict[str, tuple[int, int]]
    """Stores and orders when a run was killed."""
    output: str
    rejects: list[list[str]]
    rows: dict[str, int]
    rows_after_rerun: dict[str, int]
    brand_after_rerun: Brand
    rerun_output: str
    sums: dict[str, tuple[int, int]]


def start(*, pause_at: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "import", CODE, "--limit", str(LIMIT)],
        cwd=ROOT,
        env=os.environ | {"PAUSE_AT": pause_at},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def take_over(runtime: Runtime, *, limit: int) -> None:
    """The import inside this process."""
    done = await complete_journey.load(runtime, make_relay(runtime), business_jobs(), stores=None, limit=limit)
    assert done == 0


async def finish() -> str:
    """Run the import to its end; gives what it printed."""
    running = start()
    output, _ = await asyncio.to_thread(running.communicate, timeout=SECONDS)
    assert running.returncode == 0, output
    return output


async def count(database: Database, table: type[Base]) -> int:
    brand = await database.brand_by_code(CODE)
    if brand is None:
        return 0
    async with database.reading(brand) as session:
        rows = sa.select(sa.func.count()).select_from(table).where(table.brand_id == brand.id)  # type: ignore[attr-defined]
        return int((await session.execute(rows)).scalar_one())


async def kill_when(
    database: Database, is_time: Callable[[], Awaitable[bool]], *, pause_at: str = ""
) -> tuple[int, int]:
    """Start the import and kill it once it is time; gives how many stores and orders there are then."""
    running = start(pause_at=pause_at)
    try:
        async with asyncio.timeout(SECONDS):
            while not await is_time():
                assert running.poll() is None, f"the import ended by itself: {running.communicate()[0]}"
                await asyncio.sleep(0.1)
    finally:
        running.kill()
        await asyncio.to_thread(running.communicate)
    assert running.returncode == -signal.SIGKILL
    return await count(database, StoreRow), await count(database, OrderRow)


async def rows_of(database: Database, brand: Brand) -> dict[str, int]:
    """The number of the brand's rows in every table."""
    found = {}
    async with database.reading(brand) as session:
        for table in Base.metadata.sorted_tables:
            if "brand_id" in table.c:
                rows = sa.select(sa.func.count()).select_from(table).where(table.c.brand_id == brand.id)
                found[table.name] = int((await session.execute(rows)).scalar_one())
    assert found[DirectoryRow.__tablename__] > 0
    return found


async def sums_by_guide(session: BrandSession) -> dict[str, tuple[int, int]]:
    """Gross sales of each guide's attributed sales, and commission held for him on the ledger, by employee number."""
    brand_id, held = session.brand_id, AccountKind.HELD.value
    gross = (
        sa.select(SaleRow.guide_id, sa.func.sum(SaleLineRow.base_minor).label("minor"))
        .join(SaleLineRow, sa.and_(SaleLineRow.brand_id == brand_id, SaleLineRow.sale_id == SaleRow.id))
        .where(SaleRow.brand_id == brand_id)
        .group_by(SaleRow.guide_id)
        .subquery()
    )
    inflow = sa.func.sum(TransferRow.amount_minor).filter(TransferRow.credit_account == held)
    outflow = sa.func.sum(TransferRow.amount_minor).filter(TransferRow.debit_account == held)
    ledger = (
        sa.select(ShareRow.party_id, (sa.func.coalesce(inflow, 0) - sa.func.coalesce(outflow, 0)).label("minor"))
        .join(TransferRow, sa.and_(TransferRow.brand_id == brand_id, TransferRow.entry_id == ShareRow.id))
        .where(ShareRow.brand_id == brand_id)
        .group_by(ShareRow.party_id)
        .subquery()
    )
    rows = await session.execute(
        sa.select(EmployeeRow.employee_number, gross.c.minor, ledger.c.minor)
        .select_from(gross)
        .join(ledger, ledger.c.party_id == gross.c.guide_id, full=True)
        .join(
            EmployeeRow,
            sa.and_(
                EmployeeRow.brand_id == brand_id,
                EmployeeRow.id == sa.func.coalesce(gross.c.guide_id, ledger.c.party_id),
            ),
        )
    )
    return {str(number): (int(sales or 0), int(commission or 0)) for number, sales, commission in rows}


@pytest.fixture(scope="module")
async def imported(runtime: Runtime) -> Imported:
    database, killed_at = runtime.database, {}

    async def stores_are_half_made() -> bool:
        return await count(database, StoreRow) >= 10

    async def orders_are_half_made() -> bool:
        return await count(database, OrderRow) >= 60

    async def events_are_claimed() -> bool:
        brand = await database.brand_by_code(CODE)
        assert brand is not None
        async with database.reading(brand) as session:
            claimed = sa.select(sa.func.count()).where(
                OutboxRow.brand_id == brand.id, OutboxRow.due_at > OutboxRow.created_at
            )
            return (await session.execute(claimed)).scalar_one() > 0

    killed_at["stores"] = await kill_when(database, stores_are_half_made)
    killed_at["orders"] = await kill_when(database, orders_are_half_made)
    killed_at["events"] = await kill_when(database, events_are_claimed, pause_at="relay:60")
    output = await finish()
    brand = await database.brand_by_code(CODE)
    assert brand is not None
    rows = await rows_of(database, brand)
    with contextlib.redirect_stdout(io.StringIO()) as rerun_output:
        await take_over(runtime, limit=LIMIT)
    again = await database.brand_by_code(CODE)
    assert again is not None
    with (runtime.settings.app_home / "imports" / complete_journey.REJECTS).open(encoding="utf-8", newline="") as file:
        rejects = list(csv.reader(file))
    async with database.reading(brand) as session:
        sums = await sums_by_guide(session)
    rows_again = await rows_of(database, brand)
    return Imported(brand, killed_at, output, rejects, rows, rows_again, again, rerun_output.getvalue(), sums)


async def test_import_was_killed_while_it_made_stores_while_it_sold_and_while_it_relayed(imported: Imported) -> None:
    baskets, *_ = files.totals(limit=LIMIT)
    stores, orders = imported.killed_at["stores"]
    assert 10 <= stores < imported.rows["store"] and orders == 0
    stores, orders = imported.killed_at["orders"]
    assert stores == imported.rows["store"] and 60 <= orders < baskets
    assert orders <= imported.killed_at["events"][1] <= baskets


async def test_sales_and_commission_of_each_guide_equal_the_files_to_the_cent(imported: Imported) -> None:
    assert imported.sums == files.sums_by_guide(limit=LIMIT)
    assert sum(gross for gross, _ in imported.sums.values()) == files.totals(limit=LIMIT)[3] > 0


async def test_each_basket_is_one_order_of_its_lines_pieces_and_cents(database: Database, imported: Imported) -> None:
    baskets, lines, pieces, cents, households = files.totals(limit=LIMIT)
    rows = imported.rows
    assert (rows["orders"], rows["payment"], rows["sale"], rows["order_line"]) == (baskets, baskets, baskets, lines)
    assert (rows["customer"], rows["binding"]) == (households, households)
    assert rows["employee"] == 4 * rows["store"] + 1 and rows["shop"] == rows["code"] == 4 * rows["store"]
    async with database.reading(imported.brand) as session:
        brand_id, [first] = session.brand_id, files.ask("SELECT max(moment) FROM chosen", limit=LIMIT)
        of_limit = OrderRow.placed_at <= first[0].replace(tzinfo=imported.brand.simulated_now.tzinfo)  # type: ignore[union-attr]
        sold = sa.select(sa.func.sum(OrderRow.total_minor), sa.func.array_agg(OrderRow.state.distinct()))
        assert (await session.execute(sold.where(OrderRow.brand_id == brand_id, of_limit))).one() == (
            cents,
            ["COMPLETED"],
        )
        piece = sa.select(sa.func.sum(OrderLineRow.quantity)).join(
            OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == OrderLineRow.order_id)
        )
        assert (await session.execute(piece.where(OrderLineRow.brand_id == brand_id, of_limit))).scalar_one() == pieces


async def test_household_scans_at_every_basket_and_stays_with_the_first_ones_guide(
    database: Database, imported: Imported
) -> None:
    async with database.reading(imported.brand) as session:
        brand_id = session.brand_id
        policy = await current_policy(session)
        assert (policy.version, policy.binding_mode, policy.takeover) == (2, BindingMode.PERMANENT, Takeover.NEVER)
        strays = await session.execute(
            sa.select(sa.func.count())
            .select_from(OrderRow)
            .join(BindingRow, sa.and_(BindingRow.brand_id == brand_id, BindingRow.customer_id == OrderRow.customer_id))
            .where(OrderRow.brand_id == brand_id, OrderRow.guide_id != BindingRow.guide_id)
        )
        assert strays.scalar_one() == 0
        unscanned = await session.execute(
            sa.select(sa.func.count())
            .select_from(CustomerRow)
            .where(
                CustomerRow.brand_id == brand_id,
                ~sa.exists().where(
                    TouchpointRow.brand_id == brand_id,
                    TouchpointRow.id == BindingRow.touchpoint_id,
                    BindingRow.brand_id == brand_id,
                    BindingRow.customer_id == CustomerRow.id,
                    TouchpointRow.guide_id == BindingRow.guide_id,
                ),
            )
        )
        assert unscanned.scalar_one() == 0


async def test_second_run_adds_no_row_and_leaves_the_clock(imported: Imported) -> None:
    assert imported.rows_after_rerun == imported.rows
    assert imported.brand_after_rerun == imported.brand
    assert "0 added" in imported.rerun_output


async def test_rejects_are_counted_by_reason_and_listed_in_full(imported: Imported) -> None:
    header, *listed = imported.rejects
    assert header == ["basket_id", "household_id", "store_id", "at", "product_id", "reason"]
    [(offered,)] = files.ask(
        "SELECT count(*) FROM transactions WHERE basket_id IN (SELECT basket_id FROM chosen)", limit=LIMIT
    )
    baskets, lines, *_ = files.totals(limit=LIMIT)
    whole = [row for row in listed if row[5] == "no line left"]
    assert len(listed) - len(whole) == offered - lines and len(whole) == LIMIT - baskets
    by_reason = {reason: sum(row[5] == reason for row in listed) for reason in {row[5] for row in listed}}
    for reason, number in by_reason.items():
        unit = "baskets" if reason == "no line left" else "lines"
        assert f"rejected {unit}, {reason}: {number}\n" in imported.output
    assert imported.output.count("rejected ") == len(by_reason)


async def test_catalogue_holds_what_is_sold_and_stock_is_left_of_it(database: Database, imported: Imported) -> None:
    [(products,)] = files.ask("SELECT count(DISTINCT product_id) FROM sold", limit=LIMIT)
    assert imported.rows["product"] == imported.rows["sku"] == products
    async with database.reading(imported.brand) as session:
        short = await session.execute(
            sa.select(sa.func.count()).where(StockRow.brand_id == session.brand_id, StockRow.on_hand < 1)
        )
        assert short.scalar_one() == 0
        bare = await session.execute(
            sa.select(sa.func.count()).where(ProductRow.brand_id == session.brand_id, ProductRow.category_id.is_(None))
        )
        assert bare.scalar_one() == 0


async def test_invariants_hold_and_no_event_waits(runtime: Runtime, imported: Imported) -> None:
    found = await checks.violations(runtime, imported.brand)
    assert {name: lines for name, lines in found.items() if lines} == {}
    async with runtime.database.reading(imported.brand) as session:
        assert (await outbox.waiting(session))[:2] == (0, 0)


async def test_larger_limit_adds_the_baskets_that_come_next(runtime: Runtime, imported: Imported) -> None:
    before = await count(runtime.database, OrderRow)
    await take_over(runtime, limit=MORE)
    assert (
        await count(runtime.database, OrderRow) - before == files.totals(limit=MORE)[0] - files.totals(limit=LIMIT)[0]
    )
    async with runtime.database.reading(imported.brand) as session:
        assert await sums_by_guide(session) == files.sums_by_guide(limit=MORE)
