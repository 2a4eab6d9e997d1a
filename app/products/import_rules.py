"""Rules of product files: which columns there are, and what stands in a row. Pure.

A row is a SKU; rows with the same title are one product. A row is told from the others by its SKU's code.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.products.values import Problem, ProductOption, ProductState

COLUMNS = {
    "title": ("商品名称", "标题"),
    "category": ("分类", "类目"),
    "options": ("规格项",),
    "sku_name": ("规格", "规格名称"),
    "sku_code": ("规格编码", "SKU", "货号"),
    "barcode": ("条码", "条形码"),
    "price": ("价格", "售价"),
    "market_price": ("划线价", "市场价"),
    "stock": ("库存",),
    "weight_grams": ("重量", "重量(克)", "重量（克）", "克重"),
    "state": ("状态",),
    "description": ("描述", "商品说明"),
    "cover_url": ("封面",),
}
"""Each column with the names that a file may give it besides its own; the first is the one that is written."""
REQUIRED = ("title", "sku_code", "price")
STATES = {
    "": None,
    "草稿": ProductState.DRAFT,
    "上架": ProductState.PUBLISHED,
    "下架": ProductState.WITHDRAWN,
    **{state.value: state for state in ProductState},
}
STATE_WORDS = {ProductState.DRAFT: "草稿", ProductState.PUBLISHED: "上架", ProductState.WITHDRAWN: "下架"}
MOST_DIGITS = 11

_AMOUNT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?", re.ASCII)
_SYMBOLS = {"CNY": ("¥", "￥", "CNY", "RMB"), "USD": ("$", "US$", "USD"), "HKD": ("HK$", "HKD")}


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of a row; `number` as a spreadsheet counts, the head being 1. A refused one has its reason."""

    number: int
    sku_code: str
    outcome: Outcome
    problem: Problem | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it is meant. Prices: minor units. What a file leaves open is None and stays, or begins, as it does.

    `options`: name and value of each.
    """

    number: int
    title: str
    sku_code: str
    price_minor: int
    category: tuple[str, ...] | None = None
    options: tuple[tuple[str, str], ...] = ()
    sku_name: str = ""
    barcode: str | None = None
    market_price_minor: int | None = None
    stock: int | None = None
    weight_grams: int | None = None
    state: ProductState | None = None
    description: str | None = None
    cover_url: str | None = None


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """The rows that can be understood, and the reports of those that cannot."""

    rows: list[SheetRow] = field(default_factory=list)
    refused: list[RowReport] = field(default_factory=list)


def columns_of(head: Sequence[str]) -> tuple[dict[str, int], Problem | None]:
    """Where each column stands. A problem for one that is missing, unknown, or there twice: it names the column."""
    names = {word.casefold(): name for name, words in COLUMNS.items() for word in (name, *words)}
    found: dict[str, int] = {}
    for at, title in enumerate(head):
        if not title:
            continue
        name = names.get(title.casefold())
        if name is None:
            known = "、".join(words[0] for words in COLUMNS.values())
            return {}, Problem("import_column_unknown", ("file",), {"column": title[:40], "known": known})
        if name in found:
            return {}, Problem("import_column_twice", ("file",), {"column": title[:40]})
        found[name] = at
    missing = [COLUMNS[name][0] for name in REQUIRED if name not in found]
    if missing:
        return {}, Problem("import_column_missing", ("file",), {"columns": "、".join(missing)})
    return found, None


def read_rows(rows: Sequence[Sequence[str]], columns: Mapping[str, int], *, currency: str) -> ReadSheet:
    """The rows below the head; empty ones are passed over, a code that stood before is refused."""
    read = ReadSheet()
    seen: dict[str, int] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        values = {name: cells[at] if at < len(cells) else "" for name, at in columns.items()}
        made = _row(number, values, currency)
        code = values["sku_code"]
        if isinstance(made, SheetRow) and code in seen:
            made = Problem("import_code_twice", ("sku_code",), {"row": seen[code]})
        if isinstance(made, Problem):
            read.refused.append(RowReport(number, code[:40], Outcome.REFUSED, made, values["title"]))
            continue
        seen[code] = number
        read.rows.append(made)
    return read


def price_of(text: str, *, currency: str) -> int | None:
    """An amount in minor units out of `1299.99`, `1,299.99` or `¥1,299.99`; None for everything else.

    A price is never guessed: words behind it, a range, a third decimal, or another currency's sign make it none.
    """
    bare = text.strip()
    for symbol in sorted(_SYMBOLS.get(currency, (currency,)), key=len, reverse=True):
        if bare.startswith(symbol):
            bare = bare[len(symbol) :].lstrip()
            break
    if _AMOUNT.fullmatch(bare) is None:
        return None
    units, _, hundredths = bare.replace(",", "").partition(".")
    return int(units) * 100 + int(f"{hundredths:0<2}") if len(units) <= MOST_DIGITS else None


def options_of(text: str) -> tuple[tuple[str, str], ...] | None:
    """Name and value of each option out of `颜色=红;尺码=M`; None for what cannot be read so."""
    pairs: list[tuple[str, str]] = []
    for part in text.replace("；", ";").replace("＝", "=").replace("：", "=").split(";"):
        if not part.strip():
            continue
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value) or name in [other for other, _ in pairs]:
            return None
        pairs.append((name, value))
    return tuple(pairs)


def merged_options(
    before: Sequence[ProductOption], rows: Sequence[Sequence[tuple[str, str]]]
) -> tuple[ProductOption, ...]:
    """The options that a product has, with what rows add: names and values in the order in which they first stand."""
    values: dict[str, list[str]] = {option.name: list(option.values) for option in before}
    for pairs in rows:
        for name, value in pairs:
            own = values.setdefault(name, [])
            if value not in own:
                own.append(value)
    return tuple(ProductOption(name, tuple(own)) for name, own in values.items())


def choices_of(options: Sequence[ProductOption], pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A row's values in the order of the options; one that it leaves out is missing."""
    given = dict(pairs)
    return tuple(given[option.name] for option in options if option.name in given)


def _row(number: int, values: Mapping[str, str], currency: str) -> SheetRow | Problem:
    """What a row means, or the first thing wrong with it, whose path is the column."""
    for name in REQUIRED:
        if not values[name]:
            return Problem("text_required", (name,))
    price = price_of(values["price"], currency=currency)
    if price is None:
        return Problem("import_price_form", ("price",), {"text": values["price"][:40]})
    market_text = values.get("market_price", "")
    market = price_of(market_text, currency=currency) if market_text else None
    if market_text and market is None:
        return Problem("import_price_form", ("market_price",), {"text": market_text[:40]})
    for name in ("stock", "weight_grams"):
        text = values.get(name, "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            return Problem(f"import_{name}_form", (name,), {"text": text[:40]})
    state_text = values.get("state", "").upper()
    if state_text not in STATES:
        return Problem("import_state_form", ("state",), {"known": "、".join(STATE_WORDS.values())})
    options = options_of(values.get("options", ""))
    if options is None:
        return Problem("import_options_form", ("options",))
    category = tuple(part.strip() for part in values.get("category", "").split("/") if part.strip())
    return SheetRow(
        number=number,
        title=values["title"],
        sku_code=values["sku_code"],
        price_minor=price,
        category=category or None,
        options=options,
        sku_name=values.get("sku_name", ""),
        barcode=values.get("barcode") or None,
        market_price_minor=market,
        stock=int(values["stock"]) if values.get("stock") else None,
        weight_grams=int(values["weight_grams"]) if values.get("weight_grams") else None,
        state=STATES[state_text],
        description=values.get("description") or None,
        cover_url=values.get("cover_url") or None,
    )
