"""The shopping bag: what a visitor wants to buy in one shop, kept by the browser in a sealed cookie of its path.

It holds no price that is charged: with each line stands only what the visitor saw, so that a change can be told.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.trade.rules import LARGEST_QUANTITY, MOST_LINES
from app.web import seals, signed_in
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id

COOKIE: Final = "cart"
TTL_SECONDS: Final = 30 * 86_400
_LARGEST_PRICE_MINOR: Final = 10**12


@dataclass(frozen=True, slots=True)
class CartLine:
    """Pieces of a SKU that somebody wants, and the price of one as it was seen. Amounts: minor units."""

    sku_id: UUID
    quantity: int
    seen_minor: int


def read(reader: ShopReader) -> list[CartLine]:
    """What is in the bag; nothing where the cookie is none of ours, or another shop's."""
    seal, _, body = reader.request.cookies.get(COOKIE, "").partition(".")
    vault = reader.runtime.database.vault
    if not body or not seals.is_sealed(vault, COOKIE, _named(reader, body), seal):
        return []
    lines = [_line(part) for part in body.split("~")]
    return [line for line in lines if line is not None]


def keep(reader: ShopReader, lines: Sequence[CartLine]) -> None:
    """Let the browser keep these lines, and forget those it had."""

    def act(response: Response) -> None:
        secure = signed_in.is_secure(reader.runtime.settings)
        if not lines:
            response.delete_cookie(COOKIE, path=reader.path, httponly=True, samesite="lax", secure=secure)
            return
        body = "~".join(f"{_short(line.sku_id)}_{line.quantity}_{line.seen_minor}" for line in lines)
        seal = seals.seal(reader.runtime.database.vault, COOKIE, _named(reader, body))
        response.set_cookie(
            COOKIE,
            f"{seal}.{body}",
            max_age=TTL_SECONDS,
            path=reader.path,
            httponly=True,
            samesite="lax",
            secure=secure,
        )

    reader.on_parting(act)


def added(lines: Sequence[CartLine], line: CartLine) -> list[CartLine] | None:
    """The lines with another one; equal SKUs add up, to the most that can be ordered. None when the bag is full."""
    found = {kept.sku_id: kept for kept in lines}
    before = found.get(line.sku_id)
    if before is None and len(found) >= MOST_LINES:
        return None
    quantity = line.quantity + (0 if before is None else before.quantity)
    found[line.sku_id] = CartLine(line.sku_id, min(quantity, LARGEST_QUANTITY), line.seen_minor)
    return list(found.values())


def line_text(line: CartLine) -> str:
    """A line as it stands in an address or a form."""
    return f"{encode_global_id('Sku', line.sku_id)}.{line.quantity}.{line.seen_minor}"


def _named(reader: ShopReader, body: str) -> str:
    return f"{reader.brand.id}/{reader.shop.slug}/{body}"


def _short(sku_id: UUID) -> str:
    return urlsafe_b64encode(sku_id.bytes).rstrip(b"=").decode("ascii").replace("_", ".")


def _line(text: str) -> CartLine | None:
    """A line of a sealed body; None for one of a form that is no longer ours."""
    try:
        sku, quantity, seen = text.split("_")
        line = CartLine(UUID(bytes=urlsafe_b64decode(sku.replace(".", "_") + "==")), int(quantity), int(seen))
    except ValueError:
        return None
    is_sane = 1 <= line.quantity <= LARGEST_QUANTITY and 0 <= line.seen_minor < _LARGEST_PRICE_MINOR
    return line if is_sane else None
