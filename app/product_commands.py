"""`python -m app products import` and `export`: what they read, write and say."""

import argparse
import sys
from pathlib import Path

from app.platform import sheets
from app.platform.actor import SYSTEM
from app.platform.db import Brand
from app.platform.messages import text
from app.platform.runtime import Runtime
from app.products import files
from app.products.files import ImportReport
from app.products.import_rules import Outcome


async def import_products(runtime: Runtime, brand: Brand, arguments: argparse.Namespace) -> int:
    """Import a file; prints every refused row with its reason. Gives 0 when none was refused, else 1."""
    report = await files.import_file(
        runtime.database, brand, SYSTEM, _read(arguments.file), is_dry_run=arguments.dry_run
    )
    _print(report)
    return 1 if report.counts[Outcome.REFUSED] else 0


async def export_products(runtime: Runtime, brand: Brand, arguments: argparse.Namespace) -> int:
    """Write the catalogue as a CSV or XLSX, as the file's name ends; `-` is a CSV on the standard output."""
    async with runtime.database.reading(brand) as session:
        rows = await files.export_rows(session)
    if arguments.file == "-":
        sys.stdout.buffer.write(sheets.write_csv(rows))
        return 0
    is_workbook = arguments.file.lower().endswith(".xlsx")
    _write(arguments.file, sheets.write_xlsx(rows) if is_workbook else sheets.write_csv(rows))
    print(f"{len(rows) - 1} SKUs are in {arguments.file}")
    return 0


def _print(report: ImportReport) -> None:
    for row in report.rows:
        if row.problem is not None:
            column = f" ({'.'.join(row.problem.path)})" if row.problem.path else ""
            why = text(row.problem.key, "en", **row.problem.facts)
            print(f"row {row.number} {row.sku_code}: {why}{column}")
    said = ", ".join(f"{number} {outcome.value.lower()}" for outcome, number in report.counts.items())
    print(f"{said}{'; a dry run, nothing was changed' if report.is_dry_run else ''}")


def _read(name: str) -> bytes:
    """The file, no more of it than a sheet may have. Raises: OSError."""
    with Path(name).open("rb") as file:
        return file.read(sheets.MOST_BYTES + 1)


def _write(name: str, data: bytes) -> None:
    Path(name).write_bytes(data)
