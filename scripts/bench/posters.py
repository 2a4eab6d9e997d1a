"""Posters a second on one core, each drawn, encoded and read back, beside a bare Pillow paste of the same layers.

No two posters are the same: name, price, title and code differ, the cover is one of eight. The bare paste puts a ready
sheet of each layer's size on the canvas and saves the JPEG: what no drawing can do without.
"""

import io
import random
import time
from collections.abc import Callable, Iterator

from PIL import Image

from app.marketing import fonts, poster_drawing, poster_layouts
from app.marketing.poster_rules import read_layout
from app.marketing.poster_values import Facts, Layout
from scripts.bench.site import Site

SECONDS, COVER = 8.0, "/media/cover.jpg"
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def measure(_: Site) -> None:
    faces = fonts.faces()
    covers = [_cover(number) for number in range(8)]
    print("posters: a second on one core")
    for title, document in poster_layouts.BUILT_IN:
        _compare(title, read_layout(document), covers, faces)


def _compare(title: str, layout: Layout, covers: list[bytes], faces: tuple[fonts.Face, ...]) -> None:
    sheets = list(_sheets(layout))
    drawn = _rate(lambda number: poster_drawing.make(layout, _facts(number), {COVER: covers[number % 8]}, faces))
    bare = _rate(lambda _: _paste(layout, sheets))
    print(f"  {title}: {drawn:6.1f} drawn and read back, {bare:6.1f} pasted and saved: {bare / drawn:.1f} times")


def _rate(work: Callable[[int], object]) -> float:
    work(0)
    done, start = 0, time.process_time()
    while time.process_time() - start < SECONDS:
        done += 1
        work(done)
    return done / (time.process_time() - start)


def _facts(number: int) -> Facts:
    rng = random.Random(number)
    return Facts(
        brand="样板生活",
        guide=f"{chr(0x4E00 + number % 20_000)}知夏",
        store=f"第 {number} 店",
        link="http://127.0.0.1:8000/q/" + "".join(rng.choice(_SIGNS) for _ in range(20)),
        title=f"新疆长绒棉四件套 1.5 m 床笠款 {number}",
        price=f"¥{number % 10_000:,}.{number % 100:02d}",
        cover=COVER,
    )


def _cover(number: int) -> bytes:
    rng = random.Random(number)
    small = Image.new("RGB", (8, 8))
    small.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(64)])
    held = io.BytesIO()
    small.resize((640, 640), Image.Resampling.BICUBIC).save(held, "JPEG")
    return held.getvalue()


def _sheets(layout: Layout) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    for layer in layout.layers:
        box = layer.box
        yield Image.new("RGB", (box.width, box.height), layer.colour), (box.left, box.top)


def _paste(layout: Layout, sheets: list[tuple[Image.Image, tuple[int, int]]]) -> bytes:
    canvas = Image.new("RGB", (layout.width, layout.height), layout.background)
    for sheet, place in sheets:
        canvas.paste(sheet, place)
    return poster_drawing.encode(canvas, layout.format).data
