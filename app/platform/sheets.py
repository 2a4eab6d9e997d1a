"""Sheets from and for people: CSV and XLSX as rows of texts, within bounds, with nothing in them that calculates."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook, load_workbook

from app.platform.errors import InvalidInput

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 60 * 1024 * 1024
MOST_OF_OTHERS: Final = 2 * 1024 * 1024
"""What a part may unpack to that holds no cells: it is read whole, and becomes many times its size in memory."""
MOST_PARTS: Final = 500
MOST_ROWS: Final = 5_000
MOST_COLUMNS: Final = 40
LONGEST_CELL: Final = 10_000

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What spreadsheets take for the beginning of a formula."""


def read_sheet(data: bytes) -> list[list[str]]:
    """The rows of a CSV, or of an XLSX's first sheet, told by content: trimmed texts, empty rows at the end left out.

    CSV: UTF-8 or GB 18030, parted by commas, semicolons or tabs. At most 5,000 rows below the head, 40 columns and
    10,000 characters a cell. Raises: InvalidInput (path file).
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("sheet_bytes", path=("file",), most=MOST_BYTES // (1024 * 1024))
    rows: list[list[str]] = []
    for row in _xlsx_rows(data) if data.startswith(b"PK\x03\x04") else _csv_rows(data):
        if len(row) > MOST_COLUMNS:
            raise InvalidInput("sheet_columns", path=("file",), most=MOST_COLUMNS)
        if any(len(cell) > LONGEST_CELL for cell in row):
            raise InvalidInput("sheet_cell", path=("file",), row=len(rows) + 1, most=LONGEST_CELL)
        rows.append([_plain(cell) for cell in row])
        if len(rows) > MOST_ROWS + 1:
            raise InvalidInput("sheet_rows", path=("file",), most=MOST_ROWS)
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV that spreadsheets open as UTF-8 and take for texts and numbers only."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Iterable[Sequence[object]]) -> bytes:
    """A workbook of one sheet that holds texts and numbers only."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("1")
    for row in rows:
        sheet.append([_harmless(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _harmless(cell: object) -> object:
    """The cell as no formula: an apostrophe stands before a text that would begin one."""
    if cell is None:
        return ""
    if isinstance(cell, int | Decimal):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    """The cell without blanks around it, and without the apostrophe that `_harmless` put there."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _csv_rows(data: bytes) -> Iterator[list[str]]:
    if b"\0" in data:
        raise InvalidInput("sheet_type", path=("file",))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise InvalidInput("sheet_type", path=("file",)) from error
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise InvalidInput("sheet_unreadable", path=("file",)) from error


def _xlsx_rows(data: bytes) -> Iterator[list[str]]:
    _check_parts(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet: Any = book.worksheets[0]
            # What a sheet says of its own size may be anything.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS + 1, values_only=True):
                cells = [_text(cell) for cell in row]
                while cells and not cells[-1]:
                    cells.pop()
                yield cells
        finally:
            book.close()
    except InvalidInput:
        raise
    except Exception as error:
        # Parsers of damaged or hostile files fail in every way there is.
        raise InvalidInput("sheet_unreadable", path=("file",)) from error


def _check_parts(data: bytes) -> None:
    """Look at the archive's own list before anything is unpacked; nothing unpacks to more than the list says."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidInput("sheet_unreadable", path=("file",)) from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise InvalidInput("sheet_type", path=("file",))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise InvalidInput("sheet_unpacked", path=("file",), most=MOST_UNPACKED // (1024 * 1024))
    if any(part.file_size > MOST_OF_OTHERS and not _holds_cells(part.filename) for part in parts):
        raise InvalidInput("sheet_unpacked", path=("file",), most=MOST_OF_OTHERS // (1024 * 1024))


def _holds_cells(name: str) -> bool:
    """Whether a part is read row by row, or holds the cells' texts, which the number of rows bounds."""
    return name.startswith("xl/worksheets/") or name == "xl/sharedStrings.xml"


def _text(cell: Any) -> str:
    """A cell's value as it would be typed: a price that is held as 19.9 is 19.9, a code held as 1001.0 is 1001."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        # Fifteen digits are what a spreadsheet itself shows and keeps.
        return format(Decimal(f"{cell:.15g}").normalize(), "f")
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)
