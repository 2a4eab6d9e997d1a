"""The set-wise loader makes the rows that the services make; both come to the files' cents, however they are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.commission.models import LineHoldRow, WithdrawalRow
from app.commission.values import WithdrawalState
from app.imports import complete_journey_data as data
from app.platform.db import Brand, Database
from app.platform.errors import InvalidInput
from app.platform.models import SandboxPayoutRow
from app.platform.runtime import Runtime
from app.trade.models import AfterSaleRow, OrderRow
from app.trade.values import OrderState
from tests.imports import complete_journey_query as files
from tests.imports import same_rows, thin_journey
from tests.imports.loading import broken, commission, count, load

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240

pytestmark = pytest.mark.xdist_group("set_wise")


@dataclass(frozen=True)
class Thin:
    """The folder of the few baskets' files."""

    folder: Path


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thin]:
    folder = tmp_path_factory.mktemp("journey")
    thin_journey.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "data_folder", lambda: folder)
        patch.setattr(files, "files", lambda: folder)
        yield Thin(folder)


@pytest.fixture(scope="module")
async def fast(runtime: Runtime, thin: Thin) -> Brand:
    return await load(runtime, "thin-fast", is_fast=True)


@pytest.fixture(scope="module")
async def slow(runtime: Runtime, thin: Thin) -> Brand:
    return await load(runtime, "thin-slow", is_fast=False)


async def test_loader_makes_the_rows_of_the_services_in_every_table(
    runtime: Runtime, database: Database, fast: Brand, slow: Brand
) -> None:
    theirs = await same_rows.labelled_rows(database, slow)
    assert list(same_rows.differences(await same_rows.labelled_rows(database, fast), theirs)) == []
    rows = {name: sum(found.values()) for name, found in theirs.items()}
    assert rows["orders"] > 35 and rows["after_sale"] >= 4 and rows["withdrawal"] >= 4
    assert rows["rollup_commission"] > rows["withdrawal"] and rows["sale_candidate"] > rows["sale"]
    assert await broken(runtime, fast) == await broken(runtime, slow) == {}


async def test_what_is_rare_is_among_the_baskets(database: Database, fast: Brand) -> None:
    closed = OrderRow.state == OrderState.CLOSED.value
    assert await count(database, fast, OrderRow, closed) >= 1
    assert await count(database, fast, AfterSaleRow, AfterSaleRow.goods_minor == 0) == 1
    for held in (LineHoldRow.released_at.is_(None), LineHoldRow.released_at.is_not(None)):
        assert await count(database, fast, LineHoldRow, held) > 0


async def test_provider_has_paid_what_the_withdrawals_say(database: Database, fast: Brand, slow: Brand) -> None:
    async with database.directory() as session:
        for brand in (fast, slow):
            query = sa.select(sa.func.count(), sa.func.sum(SandboxPayoutRow.amount_minor))
            number, amount_minor = (await session.execute(query.where(SandboxPayoutRow.payer == str(brand.id)))).one()
            paid = WithdrawalRow.state == WithdrawalState.PAID.value
            assert number == await count(database, brand, WithdrawalRow, paid) > 0
            assert amount_minor == sum(one.paid for one in (await commission(database, brand)).values())


async def test_commission_of_each_guide_ends_where_the_files_say(database: Database, fast: Brand, slow: Brand) -> None:
    expected = files.commission_by_guide(limit=None)
    assert await commission(database, fast) == await commission(database, slow) == expected
    assert all(min(one.held, one.payable, one.paid, one.voided) >= 0 == one.debt for one in expected.values())
    for column in range(4):
        assert sum(one[column] for one in expected.values()) > 0


@pytest.mark.full
async def test_second_load_changes_nothing_and_a_part_is_refused(
    runtime: Runtime, database: Database, fast: Brand
) -> None:
    before = await same_rows.labelled_rows(database, fast)
    await load(runtime, fast.code, is_fast=True)
    await load(runtime, fast.code, is_fast=False)
    assert list(same_rows.differences(await same_rows.labelled_rows(database, fast), before)) == []
    some = await load(runtime, "thin-part", is_fast=True, limit=25)
    with pytest.raises(InvalidInput, match="import_fast_needs_empty"):
        await load(runtime, some.code, is_fast=True)
    await load(runtime, some.code, is_fast=False)
    assert await commission(database, some) == await commission(database, fast)
    assert await broken(runtime, some) == {}


def start(thin: Thin, code: str, *more: str, pause_at: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.imports.thin_journey", str(thin.folder)),
            *("import", "complete-journey", "--all", "--brand", code, *more),
        ],
        cwd=ROOT,
        env=os.environ | {"PAUSE_AT": pause_at, "PAYOUT_ACCEPTANCE_SECONDS": "5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def kill_when(running: subprocess.Popen[str], is_time: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            while not await is_time():
                assert running.poll() is None, f"the import ended by itself: {running.communicate()[0]}"
                await asyncio.sleep(0.05)
    finally:
        running.kill()
        await asyncio.to_thread(running.communicate)
    assert running.returncode == -signal.SIGKILL


@pytest.mark.full
async def test_import_that_is_killed_while_goods_come_back_and_money_goes_out_ends_at_the_same_cents(
    runtime: Runtime, database: Database, thin: Thin, slow: Brand
) -> None:
    code = "thin-killed"

    def has(table: Any, number: int, *conditions: sa.ColumnElement[bool]) -> Callable[[], Awaitable[bool]]:
        async def is_time() -> bool:
            brand = await database.brand_by_code(code)
            return brand is not None and await count(database, brand, table, *conditions) >= number

        return is_time

    await kill_when(start(thin, code), has(AfterSaleRow, 2))
    await kill_when(start(thin, code), has(LineHoldRow, 50, LineHoldRow.released_at.is_not(None)))
    sending = WithdrawalRow.state == WithdrawalState.IN_PAYOUT.value
    await kill_when(start(thin, code, pause_at="payout_recorded:60"), has(WithdrawalRow, 1, sending))
    running = start(thin, code)
    output, _ = await asyncio.to_thread(running.communicate, timeout=SECONDS)
    assert running.returncode == 0, output
    assert "made up, where the data ends at the till" in output
    brand = await database.brand_by_code(code)
    assert brand is not None
    assert await commission(database, brand) == await commission(database, slow)
    assert await count(database, brand, AfterSaleRow) == await count(database, slow, AfterSaleRow)
    assert await broken(runtime, brand) == {}


async def test_load_that_is_killed_has_left_nothing_and_begins_anew(
    runtime: Runtime, database: Database, thin: Thin, fast: Brand
) -> None:
    code = "thin-cut"
    running = start(thin, code, "--fast", pause_at="set_wise:60")

    async def is_writing() -> bool:
        async with database.directory() as session:
            writing = sa.text(
                "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = 'orders'::regclass "
                # Databases of one template have equal numbers for their tables.
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            return int((await session.execute(writing)).scalar_one()) > 0

    await kill_when(running, is_writing)
    cut = await database.brand_by_code(code)
    assert cut is not None
    assert await count(database, cut, OrderRow) == 0
    brand = await load(runtime, code, is_fast=True)
    assert (
        list(
            same_rows.differences(
                await same_rows.labelled_rows(database, brand), await same_rows.labelled_rows(database, fast)
            )
        )
        == []
    )
