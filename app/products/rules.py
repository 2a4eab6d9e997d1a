"""Rules of products online: names, prices, stock corrections, shop slugs. Pure.

A rule that refuses gives the first `Problem`; the caller raises it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from app.products.values import NewSku, Problem, StockLine

LONGEST_TITLE = 120
LONGEST_NAME = 60
LONGEST_DESCRIPTION = 5_000
LONGEST_URL = 500
LONGEST_REASON = 200
LONGEST_SEARCH = 100
MOST_SKUS = 100
MOST_PICTURES = 9
HIGHEST_PRICE_MINOR = 10_000_000_000
HEAVIEST_GRAMS = 1_000_000
"""100 million of the currency: with quantities up to 9,999 an order still fits a JSON number."""
MOST_PIECES = 1_000_000_000
DEEPEST_CATEGORY = 5
SLUG_CHARACTERS = 10

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_BARCODE = re.compile(r"[A-Za-z0-9-]{4,32}", re.ASCII)
_WEB_URL = re.compile(
    r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:/[^\x00-\x20\x7f\"'<>\\`]*)?", re.ASCII
)
_MEDIA_PATH = re.compile(r"/media(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+", re.ASCII)
_SLUG_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o, which people mix up when they type a slug."""


class Priced(Protocol):
    """Anything with a price, in minor units."""

    @property
    def price_minor(self) -> int: ...


P = TypeVar("P", bound=Priced)


def number_problem(number: int, path: Sequence[str], *, least: int, most: int) -> Problem | None:
    if least <= number <= most:
        return None
    return Problem("number_range", tuple(path), {"least": least, "most": most})


def is_picture_url(url: str) -> bool:
    """Whether it is an https address or a path below /media/ here: at most 500 characters, no quotes or blanks."""
    return len(url) <= LONGEST_URL and bool(_WEB_URL.fullmatch(url) or _MEDIA_PATH.fullmatch(url))


def cover_problem(url: str | None, path: Sequence[str]) -> Problem | None:
    """A cover is an https address or a path below /media/ here; at most 500 characters, no quotes or blanks."""
    if url is None or is_picture_url(url):
        return None
    return Problem("cover_url_form", (*path, "coverUrl"), {"most": LONGEST_URL})


def picture_count_problem(number: int) -> Problem | None:
    return None if number <= MOST_PICTURES else Problem("picture_count", ("pictures",), {"most": MOST_PICTURES})


def sku_count_problem(number: int, path: Sequence[str]) -> Problem | None:
    return None if 1 <= number <= MOST_SKUS else Problem("sku_count", (*path, "skus"), {"most": MOST_SKUS})


def sku_problem(sku: NewSku, path: Sequence[str]) -> Problem | None:
    """Code: 1 to 40 letters, digits and . _ -; barcode: 4 to 32 letters, digits and -; prices, weight; stock from 0."""
    if _CODE.fullmatch(sku.code) is None:
        return Problem("sku_code_form", (*path, "code"))
    if sku.barcode is not None and _BARCODE.fullmatch(sku.barcode) is None:
        return Problem("barcode_form", (*path, "barcode"))
    return (
        price_problem(sku.price_minor, sku.market_price_minor, path)
        or weight_problem(sku.weight_grams, path)
        or number_problem(sku.stock, (*path, "stock"), least=0, most=MOST_PIECES)
    )


def weight_problem(weight_grams: int | None, path: Sequence[str]) -> Problem | None:
    """A piece weighs from 1 gram to a ton, where anybody said."""
    if weight_grams is None:
        return None
    return number_problem(weight_grams, (*path, "weightGrams"), least=1, most=HEAVIEST_GRAMS)


def price_problem(price_minor: int, market_price_minor: int | None, path: Sequence[str]) -> Problem | None:
    """A price is from 1 minor unit to 100 million; a market price, which is shown struck out, is never below it."""
    problem = number_problem(price_minor, (*path, "priceMinor"), least=1, most=HIGHEST_PRICE_MINOR)
    if problem is not None or market_price_minor is None:
        return problem
    if market_price_minor < price_minor:
        return Problem("market_price_below_price", (*path, "marketPriceMinor"))
    return number_problem(market_price_minor, (*path, "marketPriceMinor"), least=1, most=HIGHEST_PRICE_MINOR)


def first_taken(
    skus: Sequence[NewSku], paths: Sequence[tuple[str, ...]], *, codes: Iterable[str], barcodes: Iterable[str]
) -> Problem | None:
    """The first code or barcode that is among those taken, or that an earlier SKU of the same input has."""
    codes_seen, barcodes_seen = set(codes), set(barcodes)
    for sku, path in zip(skus, paths, strict=True):
        if sku.code in codes_seen:
            return Problem("sku_code_taken", (*path, "code"))
        if sku.barcode is not None and sku.barcode in barcodes_seen:
            return Problem("barcode_taken", (*path, "barcode"))
        codes_seen.add(sku.code)
        if sku.barcode is not None:
            barcodes_seen.add(sku.barcode)
    return None


def adjustment_problem(*, on_hand: int, reserved: int, change: int) -> Problem | None:
    """A correction changes something, and leaves what orders have reserved."""
    if change == 0:
        return Problem("stock_change_zero", ("change",))
    if on_hand + change < reserved:
        return Problem("stock_below_reserved", ("change",), {"available": on_hand - reserved})
    if on_hand + change > MOST_PIECES:
        return Problem("number_range", ("change",), {"least": reserved - on_hand, "most": MOST_PIECES - on_hand})
    return None


def merged_lines(lines: Iterable[StockLine]) -> list[StockLine]:
    """One line a SKU, in the order in which stock rows are locked. Raises: ValueError for a quantity below 1."""
    wanted: dict[str, StockLine] = {}
    for line in lines:
        if line.quantity < 1:
            raise ValueError("a stock line takes at least one piece")
        before = wanted.get(line.sku_id.hex)
        wanted[line.sku_id.hex] = StockLine(line.sku_id, line.quantity + (before.quantity if before else 0))
    return [wanted[key] for key in sorted(wanted)]


def cheapest(skus: Sequence[P]) -> P | None:
    """The SKU whose price a product shows: the lowest, of equal ones the first."""
    return min(skus, key=lambda sku: sku.price_minor, default=None)


def folded(text: str) -> str:
    """The text as it is searched: of one width and case, its words apart by one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def search_grams(brand_id: UUID, text: str) -> list[int]:
    """Hashes of the parts of one and two characters of a folded text's words: sorted, each once, the brand's own.

    They are compared row by row, title by title: row level security lets the serving role use no index of an array.
    """
    parts = {word[at : at + size] for word in text.split() for size in (1, 2) for at in range(len(word) - size + 1)}
    return sorted(_hashed(brand_id, part) for part in parts)


def wanted_grams(brand_id: UUID, words: Iterable[str]) -> list[int]:
    """The hashes that a text with all these folded words has: of two characters, of one where a word is no longer."""
    parts = {word[at : at + 2] for word in words for at in range(max(1, len(word) - 1))}
    return sorted(_hashed(brand_id, part) for part in parts)


def _hashed(brand_id: UUID, part: str) -> int:
    digest = hashlib.blake2b(part.encode(), digest_size=8, key=brand_id.bytes).digest()
    return int.from_bytes(digest, "big", signed=True)


def slug_of(number: int) -> str:
    """A slug of ten letters and digits out of a random number (the lowest 49 bits count)."""
    letters = []
    for _ in range(SLUG_CHARACTERS):
        number, index = divmod(number, len(_SLUG_LETTERS))
        letters.append(_SLUG_LETTERS[index])
    return "".join(letters)
