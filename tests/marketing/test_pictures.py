"""Pictures of codes decode to their link, also small, on a dark page, and after a chat's compression."""

import io
import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from app.marketing import pictures

LINK = "http://127.0.0.1:8000/q/Ab3dEf6hIj9kLm2nOp5q"
LONG = f"https://shop.a-rather-long-brand-name.example.com/q/{'x' * 20}"


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def drawn(svg: bytes, *, pixels: int = 8) -> Image.Image:
    """The SVG's dark path painted by a few lines of our own; it holds only `M x y h n v1 h-n z` pieces."""
    text = svg.decode()
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', text)[1])  # type: ignore[index]
    picture = Image.new("L", (side * pixels, side * pixels), 255)
    pen = ImageDraw.Draw(picture)
    dark = text.split('<path d="')[1].split('"')[0]
    pieces = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", dark)
    assert "".join(f"M{x} {y}h{n}v1h-{n}z" for x, y, n in pieces) == dark
    for x, y, n in ((int(x), int(y), int(n)) for x, y, n in pieces):
        pen.rectangle((x * pixels, y * pixels, (x + n) * pixels - 1, (y + 1) * pixels - 1), fill=0)
    return picture


@pytest.mark.parametrize("link", [LINK, LONG])
def test_png_and_svg_decode_to_the_link(link: str) -> None:
    assert read(Image.open(io.BytesIO(pictures.png(link)))) == [link]
    assert read(drawn(pictures.svg(link))) == [link]


def test_png_has_ten_pixels_a_module_and_four_quiet_modules() -> None:
    picture = Image.open(io.BytesIO(pictures.png(LINK))).convert("L")
    # 44 bytes at level H are version 5: 37 modules, and four on each side.
    assert picture.size == (450, 450)
    box = Image.eval(picture, lambda value: 255 - value).getbbox()
    assert box == (40, 40, 410, 410)


def test_png_survives_compression_and_a_logo_over_its_middle() -> None:
    picture = Image.open(io.BytesIO(pictures.png(LINK))).convert("L")
    middle = picture.width // 2
    ImageDraw.Draw(picture).rectangle((middle - 40, middle - 40, middle + 40, middle + 40), fill=200)
    held = io.BytesIO()
    picture.resize((200, 200)).save(held, format="JPEG", quality=40)
    assert read(Image.open(held)) == [LINK]


def test_svg_is_white_behind_so_that_it_reads_on_a_dark_page() -> None:
    text = pictures.svg(LINK).decode()
    assert text.index('fill="#fff"') < text.index('<path d="') and "style" not in text and "<script" not in text
