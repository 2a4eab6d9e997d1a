"""Posters to draw: titles, names and prices as a shop has them, a cover, and links of the longest form."""

import io
import random
from collections.abc import Iterator

from PIL import Image

from app.marketing.poster_values import Facts

COVER = "/media/cover.jpg"
RARE = "玥祎喆堃镕"
_TITLES = ("新疆长绒棉四件套 1.5 m 床笠款", "羊绒围巾", "Ultra-Soft 云朵枕（一对装）", "手作陶瓷马克杯·釉下彩·350 ml")
_TOKEN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def cover(seed: int = 0) -> bytes:
    """A photograph-like JPEG: soft colours with grain, different for each seed."""
    rng = random.Random(seed)
    small = Image.new("RGB", (8, 8))
    small.putdata([(rng.randrange(60, 240), rng.randrange(60, 240), rng.randrange(60, 240)) for _ in range(64)])
    held = io.BytesIO()
    small.resize((640, 640), Image.Resampling.BICUBIC).save(held, "JPEG", quality=85)
    return held.getvalue()


def facts(number: int) -> Facts:
    """The facts of a poster; no two numbers have the same link, name or price."""
    rng = random.Random(number)
    token = "".join(rng.choice(_TOKEN) for _ in range(20))
    return Facts(
        brand="样板生活",
        guide=f"{rng.choice(RARE)}{chr(0x4E00 + number * 37 % 20_000)}",
        store=f"第{number}店",
        link=f"http://127.0.0.1:8000/q/{token}",
        title=f"{_TITLES[number % len(_TITLES)]} {number}",
        price=f"¥{number * 7919 % 100_000:,}.{number % 100:02d}",
        is_from=number % 3 == 0,
        cover=COVER,
    )


def many(count: int) -> Iterator[tuple[Facts, dict[str, bytes]]]:
    """Posters that differ in everything, each with the bytes of its pictures."""
    for number in range(count):
        yield facts(number), {COVER: cover(number % 8)}
