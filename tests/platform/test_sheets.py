"""Sheets: CSV and XLSX read alike within bounds; what is none, or a bomb, is refused; nothing written calculates."""

import io
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from app.platform.errors import InvalidInput
from app.platform.sheets import LONGEST_CELL, MOST_BYTES, MOST_COLUMNS, MOST_ROWS, read_sheet, write_csv, write_xlsx

ROWS = [["标题", "价格"], ["羊绒围巾", "129.00"], ["手套, 黑", "9.5"]]


def workbook(rows: list[list[object]]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, **changes: bytes) -> bytes:
    """The archive with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        '标题,价格\r\n羊绒围巾,129.00\r\n"手套, 黑",9.5\r\n\r\n'.encode("utf-8-sig"),
        '标题,价格\n 羊绒围巾 ,129.00\n"手套, 黑",9.5'.encode("gb18030"),
        "标题;价格\n羊绒围巾;129.00\n手套, 黑;9.5\n;\n".encode(),
        "标题\t价格\n羊绒围巾\t129.00\n手套, 黑\t9.5\n".encode(),
        write_csv(ROWS),
        write_xlsx(ROWS),
        workbook([["标题", "价格"], ["羊绒围巾", "129.00"], ["手套, 黑", 9.5], [None, None]]),
    ],
)
def test_every_kind_of_file_gives_the_same_rows(data: bytes) -> None:
    assert read_sheet(data) == ROWS


def test_numbers_of_a_workbook_are_what_was_typed() -> None:
    typed = [1001, 1001.0, 19.9, 0.1 + 0.2, 1299.99, 690123456789012, True, None, "00123"]
    [row] = read_sheet(workbook([[*typed]]))
    assert row == ["1001", "1001", "19.9", "0.3", "1299.99", "690123456789012", "TRUE", "", "00123"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://a")', "=cmd|' /C calc'!A0"]
)
def test_formulas_are_written_as_texts_and_come_back_as_they_were(text: str) -> None:
    data = write_csv([["a", text]])
    assert f"'{text.replace(chr(34), chr(34) * 2)}" in data.decode("utf-8-sig")
    book = write_xlsx([["a", text]])
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert (sheet.cell(1, 2).data_type, sheet.cell(1, 2).value) == ("s", f"'{text}")
    assert read_sheet(data) == read_sheet(book) == [["a", text.strip()]] or text.startswith("\t")


@given(st.lists(st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=8), min_size=1, max_size=4))
def test_what_was_written_is_read(cells: list[str]) -> None:
    wanted = [cell.strip() for cell in cells]
    wanted = [
        cell[1:] if cell.startswith("'") and cell[1:].startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else cell
        for cell in wanted
    ]
    assert read_sheet(write_csv([["head"], ["x", *wanted]]))[1][: len(wanted) + 1] == ["x", *wanted]


def test_amounts_are_written_as_numbers() -> None:
    assert write_csv([[Decimal("129.00"), 5, None]]) == b"\xef\xbb\xbf129.00,5,\r\n"
    sheet = load_workbook(io.BytesIO(write_xlsx([[Decimal("129.00"), 5]]))).active
    assert sheet is not None and [cell.data_type for cell in sheet[1]] == ["n", "n"]


BOMB = repacked(workbook([["a"]]), **{"xl/worksheets/sheet1.xml": b"<worksheet>" + b" " * 70_000_000})
FAR = b"""<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>"""
WIDE = FAR.replace(b'r="1048576"', b'r="1"').replace(b"A1048576", b"AO1")
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "'
    + b"ha" * 500
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (n + 1, b"&%c;" % n * 50) for n in range(97, 102))
    + b']><worksheet><sheetData><row><c t="inlineStr"><is><t>&f;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"a\n" * (MOST_ROWS + 2), "sheet_rows"),
        (b"," * MOST_COLUMNS, "sheet_columns"),
        (b"a" * (LONGEST_CELL + 1), "sheet_cell"),
        (b"a" * 200_000, "sheet_unreadable"),
        (b'a,"b\n', "sheet_unreadable"),
        (b" " * (MOST_BYTES + 1), "sheet_bytes"),
        (b"a\0b", "sheet_type"),
        (b"\xff\xfe\xff\xff", "sheet_type"),
        (b"PK\x03\x04 not really", "sheet_unreadable"),
        (repacked(workbook([["a"]]), **{"xl/worksheets/sheet1.xml": b"<worksheet><broken"}), "sheet_unreadable"),
        (BOMB, "sheet_unpacked"),
        (repacked(workbook([["a"]]), **{"xl/styles.xml": b"<styleSheet>" + b" " * 2_100_000}), "sheet_unpacked"),
        (repacked(workbook([["a"]]), **{"docProps/app.xml": b" " * 2_100_000}), "sheet_unpacked"),
        (repacked(workbook([["a"]]), **{f"x/{n}": b"" for n in range(600)}), "sheet_unpacked"),
        (repacked(workbook([["a"]]), **{"xl/worksheets/sheet1.xml": WIDE}), "sheet_columns"),
        (repacked(workbook([["a"]]), **{"xl/worksheets/sheet1.xml": LAUGHS}), "sheet_unreadable"),
        (workbook([["a"]] * (MOST_ROWS + 2)), "sheet_rows"),
        (repacked(workbook([["a"]]), **{"xl/worksheets/sheet1.xml": FAR}), "sheet_rows"),
    ],
)
def test_what_is_no_sheet_or_too_much_of_one_is_refused(data: bytes, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_sheet(data)
    assert (refused.value.key, refused.value.path) == (key, ("file",))


def test_archive_of_something_else_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(InvalidInput, match="sheet_type"):
        read_sheet(out.getvalue())
