"""Name cards as files that phones keep: vCard 3.0, which all of them read."""

from dataclasses import dataclass
from typing import Final

_LINE_BYTES: Final = 75


@dataclass(frozen=True, slots=True)
class NameCard:
    """What a guide's card says. `address`: street, city."""

    name: str
    brand: str
    store: str | None
    title: str | None
    street: str | None
    city: str | None
    url: str
    photo_url: str | None


def vcard(card: NameCard) -> str:
    """The card as text; lines end in CRLF and have at most 75 bytes."""
    organisation = ";".join(_escaped(part) for part in (card.brand, card.store) if part)
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{_escaped(card.name)};;;;",
        f"FN:{_escaped(card.name)}",
        f"ORG:{organisation}",
        f"URL:{card.url}",
    ]
    if card.title:
        lines.append(f"TITLE:{_escaped(card.title)}")
    if card.street or card.city:
        lines.append(f"ADR;TYPE=WORK:;;{_escaped(card.street or '')};{_escaped(card.city or '')};;;")
    if card.photo_url:
        lines.append(f"PHOTO;VALUE=URI:{card.photo_url}")
    lines.append("END:VCARD")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _escaped(text: str) -> str:
    """Backslash, comma, semicolon and line breaks mean something of their own in a card."""
    for mark in ("\\", ",", ";"):
        text = text.replace(mark, f"\\{mark}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> list[str]:
    """A long line in pieces, of which all but the first begin with a blank; no character is cut in two."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > _LINE_BYTES:
            pieces.append(piece)
            piece = " "
        piece += character
    return [*pieces, piece]
