"""The demo's drawn covers and portraits: whole, small, and nothing but drawings."""

import xml.etree.ElementTree as ET
from pathlib import Path

from app.demo import brand_setup, covers, faces
from app.demo.brand_setup import GUIDES
from app.demo.goods import GOODS
from app.platform.settings import Settings
from app.platform.storage import open_storage

ALLOWED = {"svg", "path", "rect", "circle", "ellipse", "linearGradient", "stop"}


def test_every_good_has_a_small_drawing_of_its_own_kind() -> None:
    assert len(GOODS) == 60 and {good.shape for good in GOODS} == set(covers.SHAPES)
    drawings = [covers.cover(good.shape, number) for number, good in enumerate(GOODS)]
    assert len(set(drawings)) == 60 and max(len(drawing) for drawing in drawings) < 1_500


def test_pictures_hold_nothing_that_runs() -> None:
    for text in (*(covers.cover(shape, 3) for shape in covers.SHAPES), *(faces.face(n) for n in range(GUIDES))):
        root = ET.fromstring(text)
        assert {element.tag.rpartition("}")[2] for element in root.iter()} <= ALLOWED


async def test_pictures_are_kept_where_pages_ask_for_them(tmp_path: Path) -> None:
    kept = open_storage(Settings(media_folder=tmp_path))
    await brand_setup.draw_pictures(kept)
    for name in ("00", f"{len(GOODS) - 1:02d}", "guide-00", f"guide-{GUIDES - 1:02d}"):
        found = await kept.get(f"demo/{name}.svg")
        assert found is not None and found.data.startswith(b"<svg ") and found.media_type == "image/svg+xml"
        beside = await kept.get(f"demo/{name}.png")
        assert beside is not None and beside.data.startswith(b"\x89PNG") and beside.media_type == "image/png"
