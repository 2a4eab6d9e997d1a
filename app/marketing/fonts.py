"""The fonts of posters: Noto Sans from a package, or a file of the brand's own first; each sign from one that has it.

A font without a sign draws an empty box instead, so what it has is read from its table of signs (`cmap`) beforehand.
"""

import importlib.resources
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

_PACKAGE: Final = "justmytype_intl_cjk"
_FILES: Final = (
    "notosanssc/NotoSansSC[wght].ttf",
    "notosanstc/NotoSansTC[wght].ttf",
    "notosansjp/NotoSansJP[wght].ttf",
)
"""The first has nearly everything; the others a few signs more, from Taiwan, Hong Kong and Japan."""
_UNICODE: Final = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3))
"""Platform and encoding of a font's tables of Unicode, the fullest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A font file and the signs that it has."""

    path: str
    signs: frozenset[int]


@lru_cache
def faces(own: str = "") -> tuple[Face, ...]:
    """The fonts in the order in which they are asked for a sign; `own` is a file that stands before the package's.

    Reads some 40 MB the first time: call it in a thread. Raises: OSError, ValueError for a file that is no font.
    """
    folder = importlib.resources.files(_PACKAGE) / "fonts" / "ofl"
    paths = [*([own] if own else []), *(str(folder / name) for name in _FILES)]
    return tuple(Face(path, read_signs(Path(path).read_bytes())) for path in paths)


def missing_signs(text: str, among: Sequence[Face]) -> str:
    """The signs of a text that no font has, each once."""
    seen = dict.fromkeys(sign for sign in text if not sign.isspace())
    return "".join(sign for sign in seen if not any(ord(sign) in face.signs for face in among))


def runs(text: str, among: Sequence[Face]) -> Iterator[tuple[Face, str]]:
    """A text in pieces of one font each. A sign that no font has is the first font's matter."""
    piece, face = "", among[0]
    for sign in text:
        own = next((one for one in among if ord(sign) in one.signs), among[0])
        if own is not face and piece:
            yield face, piece
            piece = ""
        piece, face = piece + sign, own
    if piece:
        yield face, piece


@lru_cache(maxsize=64)
def sized(face: Face, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """The font in a size and weight. A variable font is Thin until it is told otherwise."""
    font = ImageFont.truetype(face.path, size, layout_engine=ImageFont.Layout.BASIC)
    try:
        axes = font.get_variation_axes()
    except OSError:
        return font
    font.set_variation_by_axes([weight if axis["name"] == b"Weight" else axis["default"] or 0 for axis in axes])
    return font


def read_signs(font: bytes) -> frozenset[int]:
    """The signs that a TrueType or OpenType file has a picture for. Raises: ValueError."""
    try:
        (tables,) = struct.unpack_from(">4xH", font)
        for at in range(12, 12 + 16 * tables, 16):
            tag, start = struct.unpack_from(">4s4xI", font, at)
            if tag == b"cmap":
                return _signs(font, start)
    except struct.error as error:
        raise ValueError("the font ends early") from error
    raise ValueError("the file is no font")


def _signs(font: bytes, start: int) -> frozenset[int]:
    (number,) = struct.unpack_from(">2xH", font, start)
    listed = (struct.unpack_from(">HHI", font, start + 4 + 8 * at) for at in range(number))
    offsets = {(platform, encoding): start + offset for platform, encoding, offset in listed}
    for wanted in _UNICODE:
        if wanted in offsets:
            at = offsets[wanted]
            (form,) = struct.unpack_from(">H", font, at)
            if form == 12:
                return frozenset(_segmented(font, at))
            if form == 4:
                return frozenset(_basic(font, at))
    raise ValueError("the font has no table of Unicode")


def _segmented(font: bytes, at: int) -> Iterator[int]:
    """Format 12: groups of signs whose pictures follow each other."""
    (groups,) = struct.unpack_from(">12xI", font, at)
    for group in range(groups):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
        # Picture 0 is the empty box.
        yield from range(first + (glyph == 0), last + 1)


def _basic(font: bytes, at: int) -> Iterator[int]:
    """Format 4: segments of the first 65,536 signs."""
    (twice,) = struct.unpack_from(">6xH", font, at)
    count, ends = twice // 2, at + 14
    starts, deltas, offsets = ends + twice + 2, ends + 2 * twice + 2, ends + 3 * twice + 2
    for segment in range(count):
        (last,) = struct.unpack_from(">H", font, ends + 2 * segment)
        (first,) = struct.unpack_from(">H", font, starts + 2 * segment)
        (delta,) = struct.unpack_from(">H", font, deltas + 2 * segment)
        (offset,) = struct.unpack_from(">H", font, offsets + 2 * segment)
        for sign in range(first, min(last, 0xFFFE) + 1):
            glyph = sign
            if offset:
                (glyph,) = struct.unpack_from(">H", font, offsets + 2 * segment + offset + 2 * (sign - first))
            if glyph and (glyph + delta) & 0xFFFF:
                yield sign
