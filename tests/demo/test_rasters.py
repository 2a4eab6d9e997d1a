"""The demo's drawings as PNG: every cover and face can be drawn, and looks like its SVG where it matters."""

import io

import pytest
from PIL import Image

from app.demo import covers, faces, rasters


@pytest.mark.parametrize("shape", covers.SHAPES)
def test_every_shape_stands_on_its_ground(shape: str) -> None:
    shown = Image.open(io.BytesIO(rasters.png(covers.cover(shape, 0), side=80))).convert("RGB")
    assert shown.size == (80, 80)
    # The ground's upper colour in the corner; the thing itself has others.
    assert max(abs(a - b) for a, b in zip(shown.getpixel((1, 1)), (0xEC, 0xE5, 0xD8), strict=True)) <= 3  # type: ignore[arg-type]
    assert len(shown.crop((20, 20, 60, 64)).getcolors(4_000) or []) > 10


def test_a_face_has_its_own_colours() -> None:
    shown = Image.open(io.BytesIO(rasters.png(faces.face(3), side=96))).convert("RGB")
    assert shown.getpixel((48, 53)) == (0xF3, 0xD3, 0xBD)
