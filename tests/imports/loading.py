"""Imports inside the test's own process, and what they left behind."""

import contextlib
import io
from typing import Any

import sqlalchemy as sa

from app.commission import ledger
from app.commission.values import AccountKind
from app.employees.models import EmployeeRow
from app.imports import complete_journey
from app.platform.db import Brand, Database
from app.platform.runtime import Runtime
from app.verify import checks
from app.worker import business_jobs, make_relay
from tests.imports.complete_journey_query import Commission


async def load(
    runtime: Runtime, code: str, *, is_fast: bool, stores: int | None = None, limit: int | None = None
) -> Brand:
    """An import inside this process."""
    with contextlib.redirect_stdout(io.StringIO()):
        await complete_journey.load(
            runtime, make_relay(runtime), business_jobs(), stores=stores, limit=limit, is_fast=is_fast, code=code
        )
    brand = await runtime.database.brand_by_code(code)
    assert brand is not None
    return brand


async def commission(database: Database, brand: Brand) -> dict[str, Commission]:
    """Where each guide's commission stands in the ledger, by employee number."""
    async with database.reading(brand) as session:
        await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        rows = (
            await session.execute(
                sa.select(EmployeeRow.id, EmployeeRow.employee_number).where(
                    EmployeeRow.brand_id == brand.id, EmployeeRow.role == "GUIDE"
                )
            )
        ).all()
        found = await ledger.balances(session, party_ids=[row.id for row in rows])
    kinds = (AccountKind.HELD, AccountKind.PAYABLE, AccountKind.PAID, AccountKind.VOIDED, AccountKind.DEBT)
    return {
        str(row.employee_number): Commission(*(abs(found[row.id].get(kind, 0)) for kind in kinds))
        for row in rows
        if row.id in found
    }


async def count(database: Database, brand: Brand, table: Any, *conditions: sa.ColumnElement[bool]) -> int:
    async with database.reading(brand) as session:
        rows = sa.select(sa.func.count()).select_from(table).where(table.brand_id == brand.id, *conditions)
        return int((await session.execute(rows)).scalar_one())


async def broken(runtime: Runtime, brand: Brand) -> dict[str, list[str]]:
    found = await checks.violations(runtime, brand)
    return {name: lines for name, lines in found.items() if lines}
