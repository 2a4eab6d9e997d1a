"""Placeholder covers of the demo: a quiet ground, a soft light, one shape. Drawn, so that no photograph is needed."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIZE = 640
_SCALE = 2
_GROUNDS = (
    ((236, 229, 216), (217, 207, 189)),
    ((227, 233, 228), (201, 213, 205)),
    ((242, 226, 211), (227, 201, 178)),
    ((227, 229, 234), (200, 204, 214)),
    ((243, 233, 210), (230, 211, 168)),
    ((238, 227, 225), (220, 199, 196)),
)
_INKS = ((122, 98, 74), (74, 107, 92), (166, 104, 66), (84, 98, 126), (158, 124, 52), (142, 92, 92))

Draw = ImageDraw.ImageDraw
Colour = tuple[int, int, int]


def draw_cover(path: Path, *, shape: str, number: int) -> None:
    """Write a square JPEG of 640 pixels; `number` chooses ground and colour."""
    ground = _GROUNDS[number % len(_GROUNDS)]
    ink = _INKS[(number + number // 6) % len(_INKS)]
    side = SIZE * _SCALE
    image = Image.linear_gradient("L").resize((side, side))
    picture = Image.composite(
        Image.new("RGB", (side, side), ground[1]), Image.new("RGB", (side, side), ground[0]), image
    )
    light = Image.new("L", (side, side), 0)
    ImageDraw.Draw(light).ellipse([side * 0.55, side * 0.02, side * 1.05, side * 0.52], fill=90)
    picture.paste((255, 255, 255), mask=light.filter(ImageFilter.GaussianBlur(60)))
    shadow = Image.new("L", (side, side), 0)
    ImageDraw.Draw(shadow).ellipse([side * 0.2, side * 0.78, side * 0.8, side * 0.85], fill=60)
    picture.paste((40, 30, 20), mask=shadow.filter(ImageFilter.GaussianBlur(24)))
    _SHAPES[shape](ImageDraw.Draw(picture), side, ink, _paler(ink))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(path, "JPEG", quality=82, optimize=True)


def _paler(colour: Colour) -> Colour:
    return (colour[0] + (255 - colour[0]) // 3, colour[1] + (255 - colour[1]) // 3, colour[2] + (255 - colour[2]) // 3)


def _box(side: int, left: float, top: float, right: float, bottom: float) -> list[float]:
    return [side * left, side * top, side * right, side * bottom]


def _cloth(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    for index, top in enumerate((0.34, 0.46, 0.58, 0.70)):
        draw.rounded_rectangle(
            _box(side, 0.2, top, 0.8, top + 0.1), radius=side * 0.04, fill=ink if index % 2 else pale
        )


def _cup(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    draw.arc(_box(side, 0.58, 0.42, 0.8, 0.68), 270, 90, fill=ink, width=int(side * 0.035))
    draw.rounded_rectangle(_box(side, 0.27, 0.34, 0.67, 0.81), radius=side * 0.07, fill=ink)
    draw.rectangle(_box(side, 0.27, 0.52, 0.67, 0.6), fill=pale)


def _candle(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    draw.rounded_rectangle(_box(side, 0.31, 0.46, 0.69, 0.81), radius=side * 0.04, fill=ink)
    draw.rounded_rectangle(_box(side, 0.38, 0.56, 0.62, 0.72), radius=side * 0.01, fill=pale)
    draw.line(_box(side, 0.5, 0.46, 0.5, 0.39), fill=ink, width=int(side * 0.012))
    draw.ellipse(_box(side, 0.47, 0.27, 0.53, 0.4), fill=(236, 188, 112))


def _plaid(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    draw.rounded_rectangle(_box(side, 0.22, 0.24, 0.78, 0.8), radius=side * 0.03, fill=pale)
    for step in range(4):
        at = 0.27 + step * 0.135
        draw.rectangle(_box(side, at, 0.24, at + 0.045, 0.8), fill=ink)
        draw.line(_box(side, 0.22, at + 0.02, 0.78, at + 0.02), fill=ink, width=int(side * 0.016))


def _crate(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    draw.rounded_rectangle(_box(side, 0.2, 0.44, 0.8, 0.81), radius=side * 0.03, fill=ink)
    draw.rounded_rectangle(_box(side, 0.18, 0.37, 0.82, 0.49), radius=side * 0.03, fill=pale)
    draw.rounded_rectangle(_box(side, 0.41, 0.57, 0.59, 0.63), radius=side * 0.03, fill=pale)


def _pot(draw: Draw, side: int, ink: Colour, pale: Colour) -> None:
    draw.polygon([(side * x, side * y) for x, y in ((0.2, 0.5), (0.16, 0.42), (0.36, 0.54), (0.36, 0.68))], fill=ink)
    draw.arc(_box(side, 0.6, 0.44, 0.84, 0.72), 270, 90, fill=ink, width=int(side * 0.03))
    draw.ellipse(_box(side, 0.3, 0.4, 0.72, 0.82), fill=ink)
    draw.rounded_rectangle(_box(side, 0.4, 0.35, 0.62, 0.44), radius=side * 0.02, fill=pale)
    draw.ellipse(_box(side, 0.48, 0.29, 0.54, 0.36), fill=ink)


_SHAPES: dict[str, Callable[[Draw, int, Colour, Colour], None]] = {
    "cloth": _cloth,
    "cup": _cup,
    "candle": _candle,
    "plaid": _plaid,
    "box": _crate,
    "pot": _pot,
}
