"""Drawing a poster with Pillow, and reading its code back before anybody sees it.

It takes a processor for a tenth of a second: call it in a thread. Text is drawn on a sheet of its box's size, so none
can stand outside it.
"""

import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import zxingcpp
from PIL import Image, ImageDraw

from app.marketing import fonts, pictures
from app.marketing.fonts import Face
from app.marketing.poster_lines import wrap
from app.marketing.poster_rules import MODULE_PIXELS, line_pixels, words
from app.marketing.poster_values import (
    ACCENT,
    ACCENT_SOFT,
    SUNKEN,
    Align,
    Box,
    Facts,
    Layer,
    LayerKind,
    Layout,
    PictureFormat,
    PosterFailure,
)

QUALITIES: Final = (88, 80, 72, 64)
HEAVIEST_BYTES: Final = 110_000
"""What a phone should have to load of a poster: it takes the best quality that keeps within, else the last."""
LIST_QUALITY: Final = 75
COMPRESSED_QUALITY: Final = 60
"""What a chat makes of a picture, and half its size: the code is read from that too."""
MOST_SOURCE_PIXELS: Final = 40_000_000
_SMOOTH: Final = 4
_SMALL, _TINY, _SMALLEST = 0.58, 0.40, 0.4
"""Sizes beside a price's whole number: symbol and decimals, the word behind it; and how far a long price shrinks."""
_BASELINE: Final = 0.88
"""Where the em box of Chinese signs has its base line."""
_FROM: Final = "起"

Pictures = Mapping[str, bytes]
"""The bytes of pictures by their addresses; one that is not there leaves its place holder."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished poster whose code was read back."""

    data: bytes
    media_type: str


class Unfit(Exception):
    """The picture would not do its work."""

    def __init__(self, failure: PosterFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


def make(layout: Layout, facts: Facts, sources: Pictures, faces: Sequence[Face]) -> Drawn:
    """Draw, encode, and read the code back, also out of what compression leaves of it. Raises: Unfit."""
    canvas = draw(layout, facts, sources, faces)
    drawn = encode(canvas, layout.format)
    if layout.has_code:
        with Image.open(io.BytesIO(drawn.data)) as kept:
            # In grey, as a camera's code reader sees it.
            whole = kept.convert("L")
        if not (reads(whole, facts.link) and reads(compressed(whole), facts.link)):
            raise Unfit(PosterFailure.UNREADABLE)
    return drawn


def draw(layout: Layout, facts: Facts, sources: Pictures, faces: Sequence[Face]) -> Image.Image:
    """The canvas with every layer. Raises: Unfit when the link makes more modules than the code's box has room for."""
    canvas = Image.new("RGB", (layout.width, layout.height), layout.background)
    for layer in layout.layers:
        match layer.kind:
            case LayerKind.FILL:
                _fill(canvas, layer)
            case LayerKind.PICTURE:
                _picture(canvas, layer, facts, sources)
            case LayerKind.GUIDE_AVATAR:
                _avatar(canvas, layer, facts, sources, tuple(faces))
            case LayerKind.CODE:
                _code(canvas, layer, facts)
            case LayerKind.PRICE:
                _stamp(canvas, layer, _price_sheet(layer, words(layer, facts), facts.is_from, tuple(faces)))
            case _:
                _stamp(canvas, layer, _text_sheet(layer, words(layer, facts), tuple(faces)))
    return canvas


def encode(canvas: Image.Image, form: PictureFormat) -> Drawn:
    held = io.BytesIO()
    if form is PictureFormat.PNG:
        canvas.save(held, "PNG")
        return Drawn(held.getvalue(), "image/png")
    for quality in QUALITIES:
        held = io.BytesIO()
        # Colour at full resolution: chat programs compress it once more.
        canvas.save(held, "JPEG", quality=quality, subsampling=0, optimize=True)
        if held.tell() <= HEAVIEST_BYTES:
            break
    return Drawn(held.getvalue(), "image/jpeg")


def halved(drawn: Drawn) -> Drawn:
    """A poster at half its size, for lists: a fifth of the bytes."""
    held = io.BytesIO()
    with Image.open(io.BytesIO(drawn.data)) as whole:
        whole.convert("RGB").reduce(2).save(held, "JPEG", quality=LIST_QUALITY)
    return Drawn(held.getvalue(), "image/jpeg")


def compressed(picture: Image.Image) -> Image.Image:
    """What a chat leaves of a picture: half the size, JPEG quality 60."""
    held = io.BytesIO()
    picture.reduce(2).save(held, "JPEG", quality=COMPRESSED_QUALITY)
    return Image.open(io.BytesIO(held.getvalue()))


def reads(picture: Image.Image, link: str) -> bool:
    """Whether the only code on the picture says `link`."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [one.text for one in found] == [link]


def _fill(canvas: Image.Image, layer: Layer) -> None:
    box = layer.box
    sheet = _rounded(box.width, box.height, layer.radius)
    if layer.edge is not None:
        canvas.paste(layer.edge, (box.left, box.top), sheet)
        if min(box.width, box.height) > 2:
            inner = _rounded(box.width - 2, box.height - 2, max(0, layer.radius - 1))
            canvas.paste(layer.colour, (box.left + 1, box.top + 1), inner)
        return
    canvas.paste(layer.colour, (box.left, box.top), sheet)


def _picture(canvas: Image.Image, layer: Layer, facts: Facts, sources: Pictures) -> None:
    box = layer.box
    url = facts.cover if layer.source == "COVER" else layer.source
    sheet = _rounded(box.width, box.height, layer.radius)
    found = _fitted(sources.get(url or ""), box.width, box.height)
    if found is None:
        canvas.paste(SUNKEN, (box.left, box.top), sheet)
        return
    canvas.paste(found, (box.left, box.top), sheet)


def _avatar(canvas: Image.Image, layer: Layer, facts: Facts, sources: Pictures, faces: tuple[Face, ...]) -> None:
    side = min(layer.box.width, layer.box.height)
    place = (layer.box.left, layer.box.top)
    sheet = _rounded(side, side, side // 2)
    found = _fitted(sources.get(facts.avatar or ""), side, side)
    canvas.paste(ACCENT_SOFT if found is None else found, place, sheet)
    if found is None:
        size = side // 2
        box = Box(*place, side, side)
        letter = Layer(LayerKind.TEXT, box, size=size, weight=700, align=Align.CENTRE, colour=ACCENT)
        _stamp(canvas, letter, _text_sheet(letter, facts.guide[:1], faces), down=(side - line_pixels(letter)) // 2)


def _code(canvas: Image.Image, layer: Layer, facts: Facts) -> None:
    """The code in the middle of its box, as large as whole pixels a module allow, on white."""
    box, picture = layer.box, pictures.modules(facts.link)
    scale = min(box.width, box.height) // picture.width
    if scale < MODULE_PIXELS:
        raise Unfit(PosterFailure.CODE_TOO_SMALL)
    side = picture.width * scale
    canvas.paste("#ffffff", (box.left, box.top, box.right, box.bottom))
    place = (box.left + (box.width - side) // 2, box.top + (box.height - side) // 2)
    canvas.paste(picture.resize((side, side), Image.Resampling.NEAREST), place)


def _stamp(canvas: Image.Image, layer: Layer, sheet: Image.Image, down: int = 0) -> None:
    canvas.paste(layer.colour, (layer.box.left, layer.box.top + down), sheet)


@lru_cache(maxsize=128)
def _text_sheet(layer: Layer, said: str, faces: tuple[Face, ...]) -> Image.Image:
    """The text of a layer, white on black, no larger than its box."""
    width, step = layer.box.width, line_pixels(layer)
    lines = wrap(
        said, measure=lambda text: _width(text, layer.size, layer.weight, faces), width=width, lines=layer.lines
    )
    sheet = Image.new("L", (width, min(layer.box.height, max(1, step * len(lines)))))
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        base = number * step + (step - layer.size) // 2 + round(layer.size * _BASELINE)
        left = _start(layer.align, width, _width(line, layer.size, layer.weight, faces))
        _write(pen, left, base, line, layer.size, layer.weight, faces)
    return sheet


@lru_cache(maxsize=128)
def _price_sheet(layer: Layer, price: str, is_from: bool, faces: tuple[Face, ...]) -> Image.Image:
    """A price as the shop's pages write it: the whole number large, symbol and decimals smaller, 起 behind a lowest."""
    size = layer.size
    parts = _price_parts(price, is_from, size, layer.weight)
    while _total(parts, faces) > layer.box.width and size > max(12, round(layer.size * _SMALLEST)):
        size -= max(1, size // 20)
        parts = _price_parts(price, is_from, size, layer.weight)
    sheet = Image.new("L", (layer.box.width, min(layer.box.height, line_pixels(layer))))
    pen, left = ImageDraw.Draw(sheet), _start(layer.align, layer.box.width, _total(parts, faces))
    base = (sheet.height - layer.size) // 2 + round(layer.size * _BASELINE)
    for text, part_size, weight in parts:
        _write(pen, left, base, text, part_size, weight, faces)
        left += _width(text, part_size, weight, faces)
    return sheet


def _price_parts(price: str, is_from: bool, size: int, weight: int) -> list[tuple[str, int, int]]:
    small = max(8, round(size * _SMALL))
    whole, dot, decimals = price.partition(".")
    symbol = whole.rstrip("0123456789,")
    parts = [(symbol, small, weight), (whole.removeprefix(symbol), size, weight), (dot + decimals, small, weight)]
    if is_from:
        parts.append((f" {_FROM}", max(8, round(size * _TINY)), 400))
    return [part for part in parts if part[0]]


def _total(parts: Sequence[tuple[str, int, int]], faces: tuple[Face, ...]) -> float:
    return sum(_width(text, size, weight, faces) for text, size, weight in parts)


def _start(align: Align, width: int, used: float) -> float:
    match align:
        case Align.CENTRE:
            return max(0.0, (width - used) / 2)
        case Align.RIGHT:
            return max(0.0, width - used)
        case _:
            return 0.0


def _write(
    pen: ImageDraw.ImageDraw, left: float, base: int, text: str, size: int, weight: int, faces: tuple[Face, ...]
) -> None:
    for face, piece in fonts.runs(text, faces):
        font = fonts.sized(face, size, weight)
        pen.text((left, base), piece, fill=255, font=font, anchor="ls")
        left += _width(piece, size, weight, faces)


def _width(text: str, size: int, weight: int, faces: tuple[Face, ...]) -> float:
    return sum(_sign_width(sign, size, weight, faces) for sign in text)


@lru_cache(maxsize=20_000)
def _sign_width(sign: str, size: int, weight: int, faces: tuple[Face, ...]) -> float:
    ((face, _),) = fonts.runs(sign, faces)
    return math.ceil(fonts.sized(face, size, weight).getlength(sign) * 64) / 64


@lru_cache(maxsize=64)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    """A sheet of a rectangle with round corners, smooth at the edge."""
    radius = min(radius, width // 2, height // 2)
    if not radius:
        return Image.new("L", (width, height), 255)
    corner = Image.new("L", (2 * radius * _SMOOTH, 2 * radius * _SMOOTH))
    ImageDraw.Draw(corner).ellipse((0, 0, corner.width - 1, corner.height - 1), fill=255)
    corner = corner.reduce(_SMOOTH)
    sheet = Image.new("L", (width, height), 255)
    for left, top in ((0, 0), (1, 0), (0, 1), (1, 1)):
        quarter = corner.crop((left * radius, top * radius, (left + 1) * radius, (top + 1) * radius))
        sheet.paste(quarter, (left * (width - radius), top * (height - radius)))
    return sheet


def _fitted(data: bytes | None, width: int, height: int) -> Image.Image | None:
    """A picture cut to a size; None for what is none, or is too large to be opened."""
    return None if data is None else _fitted_once(_Bytes(data), width, height)


class _Bytes:
    """Bytes that are told apart by their digest, so that a cache need not compare megabytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes) and other.digest == self.digest


@lru_cache(maxsize=16)
def _fitted_once(source: _Bytes, width: int, height: int) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(source.data), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_SOURCE_PIXELS:
                return None
            opened.draft("RGB", (width, height))
            picture = opened.convert("RGBA")
    except Exception:
        # Decoders of damaged files fail in every way there is; the place holder stands in.
        return None
    ground = Image.new("RGBA", picture.size, SUNKEN)
    whole = Image.alpha_composite(ground, picture).convert("RGB")
    share = width / height
    cut_width = min(whole.width, round(whole.height * share)) or 1
    cut_height = min(whole.height, round(whole.width / share)) or 1
    left, top = (whole.width - cut_width) // 2, (whole.height - cut_height) // 2
    return whole.resize((width, height), Image.Resampling.LANCZOS, (left, top, left + cut_width, top + cut_height))
