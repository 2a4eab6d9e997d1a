"""The demo's drawn covers and portraits: whole, small, and nothing but drawings."""

import xml.etree.ElementTree as ET
from pathlib import Path

from app.demo import covers, faces
from app.demo.brand_setup import GUIDES
from app.demo.goods import GOODS

ALLOWED = {"svg", "path", "rect", "circle", "ellipse", "linearGradient", "stop"}


def test_every_good_has_a_small_drawing_of_its_own_kind() -> None:
    assert len(GOODS) == 60 and {good.shape for good in GOODS} == set(covers.SHAPES)
    drawings = [covers.cover(good.shape, number) for number, good in enumerate(GOODS)]
    assert len(set(drawings)) == 60 and max(len(drawing) for drawing in drawings) < 1_500


def test_pictures_hold_nothing_that_runs() -> None:
    for text in (*(covers.cover(shape, 3) for shape in covers.SHAPES), *(faces.face(n) for n in range(GUIDES))):
        root = ET.fromstring(text)
        assert {element.tag.rpartition("}")[2] for element in root.iter()} <= ALLOWED


def test_pictures_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    covers.draw_cover(tmp_path / "a" / "1.svg", shape="mug", number=1)
    faces.draw_face(tmp_path / "b" / "2.svg", number=2)
    assert (tmp_path / "a" / "1.svg").read_text().startswith("<svg ") and (tmp_path / "b" / "2.svg").exists()
