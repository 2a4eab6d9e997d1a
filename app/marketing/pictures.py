"""Pictures of codes: QR codes that survive a phone camera and a chat's compression."""

import io
from functools import lru_cache
from typing import Any, Final

from PIL import Image
from qrcode.constants import ERROR_CORRECT_H
from qrcode.main import QRCode

MODULE_PIXELS: Final = 10
QUIET_MODULES: Final = 4


@lru_cache(maxsize=256)
def png(url: str) -> bytes:
    """A black and white PNG, ten pixels a module, a quiet zone of four modules. Takes some 20 ms the first time."""
    picture = modules(url)
    side = picture.width * MODULE_PIXELS
    held = io.BytesIO()
    picture.resize((side, side), Image.Resampling.NEAREST).save(held, format="PNG", optimize=True)
    return held.getvalue()


@lru_cache(maxsize=256)
def modules(url: str) -> Image.Image:
    """The code with its quiet zone, one pixel a module. It is made once: nobody may draw on it."""
    rows = _matrix(url)
    picture = Image.new("1", (len(rows), len(rows)))
    picture.putdata([0 if is_dark else 255 for row in rows for is_dark in row])
    return picture


@lru_cache(maxsize=256)
def svg(url: str) -> bytes:
    """The same code as an SVG of one path, on white, so that it can be read on a dark page too."""
    rows = _matrix(url)
    side = len(rows)
    path = "".join(
        f"M{column} {line}h{length}v1h-{length}z" for line, row in enumerate(rows) for column, length in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'width="{side * MODULE_PIXELS}" height="{side * MODULE_PIXELS}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>'
    ).encode()


def _matrix(url: str) -> list[list[bool]]:
    """The modules with their quiet zone, row by row; true is dark."""
    code: Any = QRCode(error_correction=ERROR_CORRECT_H, border=QUIET_MODULES)
    code.add_data(url)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for column, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = column
        elif not is_dark and start is not None:
            runs.append((start, column - start))
            start = None
    return runs
