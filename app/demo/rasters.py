"""The demo's drawings as PNG, for posters and chats, which show no SVG. Knows what they use, and no more."""

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree

from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from PIL import Image, ImageDraw

_SMOOTH: Final = 2
_STEPS: Final = 16
_SVG: Final = "{http://www.w3.org/2000/svg}"

Point = tuple[float, float]
Line = list[Point]


def png(svg: str, *, side: int) -> bytes:
    """A drawing of ours as a PNG, `side` pixels wide and high."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    scale = side * _SMOOTH / float(root.attrib["viewBox"].split()[2])
    canvas = Image.new("RGB", (side * _SMOOTH, side * _SMOOTH), "#ffffff")
    ground = root.find(f"{_SVG}linearGradient")
    for shape in root:
        if shape.tag == f"{_SVG}linearGradient":
            continue
        if shape.attrib.get("fill", "").startswith("url(") and ground is not None:
            _fade(canvas, [stop.attrib["stop-color"] for stop in ground])
        else:
            _draw(canvas, shape, scale)
    held = io.BytesIO()
    canvas.reduce(_SMOOTH).save(held, "PNG", compress_level=3)
    return held.getvalue()


def _draw(canvas: Image.Image, shape: ElementTree.Element, scale: float) -> None:
    given = shape.attrib
    lines = [[(x * scale, y * scale) for x, y in line] for line in _lines(shape)]
    opacity = round(255 * float(given.get("opacity", "1")))
    fill, stroke = given.get("fill", "#000000"), given.get("stroke")
    if fill != "none" and not (stroke and "fill" not in given and _is_open(shape)):
        sheet = Image.new("L", canvas.size)
        for line in lines:
            if len(line) > 2:
                ImageDraw.Draw(sheet).polygon(line, fill=opacity)
        canvas.paste(fill, (0, 0), sheet)
    if stroke:
        sheet, width = Image.new("L", canvas.size), float(given.get("stroke-width", "1")) * scale
        pen = ImageDraw.Draw(sheet)
        for line in lines:
            pen.line(line, fill=opacity, width=max(1, round(width)), joint="curve")
            if given.get("stroke-linecap") == "round":
                for x, y in (line[0], line[-1]):
                    pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=opacity)
        canvas.paste(stroke, (0, 0), sheet)


def _fade(canvas: Image.Image, colours: list[str]) -> None:
    """A ground from one colour above to another below."""
    sheet = Image.linear_gradient("L").resize(canvas.size)
    canvas.paste(colours[0], (0, 0, *canvas.size))
    canvas.paste(colours[1], (0, 0), sheet)


def _is_open(shape: ElementTree.Element) -> bool:
    """A path of strokes alone, such as M10 10h20."""
    return shape.tag == f"{_SVG}path" and re.fullmatch(r"[MmHhVvLl\d\s.,-]+", shape.attrib["d"]) is not None


def _lines(shape: ElementTree.Element) -> list[Line]:
    pen = RecordingPen()
    parse_path(_path(shape), pen)
    return list(_flat(pen.value))


def _path(shape: ElementTree.Element) -> str:
    """Any shape as the data of a path."""
    number = {name: float(value) for name, value in shape.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    match shape.tag.removeprefix(_SVG):
        case "path":
            return shape.attrib["d"]
        case "rect":
            x, y, width, height = (number.get(name, 0.0) for name in ("x", "y", "width", "height"))
            r = min(number.get("rx", 0.0), width / 2, height / 2)
            arc = f"a{r} {r} 0 0 1 "
            return (
                f"M{x + r} {y}h{width - 2 * r}{arc}{r} {r}v{height - 2 * r}{arc}{-r} {r}h{2 * r - width}"
                f"{arc}{-r} {-r}v{2 * r - height}{arc}{r} {-r}z"
            )
        case _:
            cx, cy = number["cx"], number["cy"]
            rx, ry = number.get("rx", number.get("r", 0.0)), number.get("ry", number.get("r", 0.0))
            return f"M{cx - rx} {cy}a{rx} {ry} 0 1 1 {2 * rx} 0a{rx} {ry} 0 1 1 {-2 * rx} 0z"


def _flat(moves: list[tuple[str, tuple[Point, ...]]]) -> Iterator[Line]:
    """Lines of points, curves in steps."""
    line: Line = []
    for name, points in moves:
        if name == "moveTo":
            if line:
                yield line
            line = [points[0]]
        elif name == "lineTo":
            line.append(points[0])
        elif name in ("curveTo", "qCurveTo"):
            start = line[-1]
            line += [_at((start, *points), step / _STEPS) for step in range(1, _STEPS + 1)]
        elif name == "closePath" and line:
            line.append(line[0])
    if line:
        yield line


def _at(points: tuple[Point, ...], share: float) -> Point:
    """A point of a Bezier curve, by de Casteljau."""
    while len(points) > 1:
        points = tuple((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share) for a, b in pairwise(points))
    return points[0]
