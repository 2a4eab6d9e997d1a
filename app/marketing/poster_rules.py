"""What a poster's template may say, and what makes two posters the same one. Pure.

A template is a JSON object: `width`, `height`, `background`, `format` and `layers`. Each layer has a `kind` and a `box`
[left, top, width, height], and the fields of its kind; anything else is refused with the path to it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from app.marketing.poster_values import (
    COLOURS,
    COVER,
    Align,
    Box,
    Facts,
    Layer,
    LayerKind,
    Layout,
    LayoutProblem,
    PictureFormat,
)

DRAWING: Final = 1
"""The version of the drawing itself: raise it when the same template and facts give other pixels."""
SHORTEST_SIDE, LONGEST_SIDE, MOST_PIXELS = 240, 2_400, 4_000_000
MOST_LAYERS: Final = 40
LONGEST_TEXT: Final = 200
SMALLEST_SIZE, LARGEST_SIZE, MOST_LINES = 12, 400, 12
MODULE_PIXELS: Final = 4
SMALLEST_CODE: Final = MODULE_PIXELS * (37 + 8)
"""A link of 44 characters makes 37 modules a side at level H (version 5), and four of quiet zone around them."""
PLACEHOLDERS: Final = ("brand", "guide", "store", "product")

Path = tuple[str, ...]
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_PICTURE = re.compile(r"/media/[A-Za-z0-9_-][A-Za-z0-9._/-]{0,180}", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def read_layout(document: object, *, path: Path = ("layout",), has_code: bool = True) -> Layout:
    """The template in a JSON document; `has_code`: with exactly one code. Raises: LayoutProblem."""
    given = _object(document, path, {"width", "height", "background", "format", "layers"})
    width = _number(given, "width", path, SHORTEST_SIDE, LONGEST_SIDE)
    height = _number(given, "height", path, SHORTEST_SIDE, LONGEST_SIDE)
    if width * height > MOST_PIXELS:
        raise LayoutProblem("poster_canvas", (*path, "height"), most=MOST_PIXELS)
    listed = given.get("layers")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_LAYERS:
        raise LayoutProblem("poster_layers", (*path, "layers"), most=MOST_LAYERS)
    layers = tuple(_layer(one, (*path, "layers", str(at)), Box(0, 0, width, height)) for at, one in enumerate(listed))
    if has_code:
        _check_code(layers, path)
    return Layout(
        width=width,
        height=height,
        background=_colour(given.get("background", "paper"), (*path, "background")),
        format=_one_of(PictureFormat, given.get("format", "JPEG"), (*path, "format")),
        layers=layers,
        has_code=has_code,
        needs_product=any(_shows_product(layer) for layer in layers),
    )


def words(layer: Layer, facts: Facts) -> str:
    """What a layer of text says on this poster, on one line."""
    match layer.kind:
        case LayerKind.GUIDE_NAME:
            said = facts.guide
        case LayerKind.GUIDE_STORE:
            said = facts.store
        case LayerKind.PRICE:
            said = facts.price
        case LayerKind.TEXT:
            known = {"brand": facts.brand, "guide": facts.guide, "store": facts.store, "product": facts.title}
            said = _PLACEHOLDER.sub(lambda found: known[found[1]], layer.text)
        case _:
            said = ""
    return " ".join(said.split())


def all_words(layout: Layout, facts: Facts) -> str:
    """Every sign that the poster's text layers show."""
    return "".join(words(layer, facts) for layer in layout.layers)


def content_key(*, template_id: UUID, version: int, facts: Facts) -> str:
    """What names a poster: the same version of a template with the same facts is the same picture, and no other."""
    return _digest({"drawing": DRAWING, "template": template_id.hex, "version": version, "facts": asdict(facts)})


def picture_key(*, layout: object, facts: Facts) -> str:
    """The same for a picture without a template of its own: the layout's document stands in for it."""
    return _digest({"drawing": DRAWING, "layout": layout, "facts": asdict(facts)})


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _shows_product(layer: Layer) -> bool:
    match layer.kind:
        case LayerKind.PRICE:
            return True
        case LayerKind.PICTURE:
            return layer.source == COVER
        case _:
            return "{product}" in layer.text


def _check_code(layers: tuple[Layer, ...], path: Path) -> None:
    """One code, large enough, on which nothing lies. Raises: LayoutProblem."""
    found = [at for at, layer in enumerate(layers) if layer.kind is LayerKind.CODE]
    if len(found) != 1:
        raise LayoutProblem("poster_one_code", (*path, "layers"))
    (at,) = found
    box = layers[at].box
    if min(box.width, box.height) < SMALLEST_CODE:
        raise LayoutProblem("poster_code_small", (*path, "layers", str(at), "box"), least=SMALLEST_CODE)
    for above in range(at + 1, len(layers)):
        if layers[above].box.overlaps(box):
            raise LayoutProblem("poster_code_covered", (*path, "layers", str(above), "box"))


def _layer(document: object, path: Path, canvas: Box) -> Layer:
    if not isinstance(document, dict):
        raise LayoutProblem("poster_object", path)
    kind = _one_of(LayerKind, document.get("kind"), (*path, "kind"))
    fields = _FIELDS[kind]
    given = _object(document, path, {"kind", "box", *fields})
    box = _box(given.get("box"), (*path, "box"), canvas)
    values: dict[str, Any] = {}
    for name in fields:
        if name in given:
            values[_NAMES.get(name, name)] = _READERS[name](given[name], (*path, name))
        elif name in _NEEDED:
            raise LayoutProblem("poster_field_missing", (*path, name))
    layer = Layer(kind=kind, box=box, **values)
    if "size" in fields:
        _check_fit(layer, path)
    return layer


def _check_fit(layer: Layer, path: Path) -> None:
    """Whether the lines have room in the box. Raises: LayoutProblem."""
    needed = layer.lines * line_pixels(layer)
    if needed > layer.box.height or layer.size > layer.box.width:
        raise LayoutProblem("poster_text_room", (*path, "box"), height=needed, width=layer.size)


def line_pixels(layer: Layer) -> int:
    """The height of one line of a layer's text."""
    return round(layer.size * layer.line_height)


def _object(document: object, path: Path, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise LayoutProblem("poster_object", path)
    for name in document:
        if name not in known:
            raise LayoutProblem("poster_field_unknown", (*path, str(name)[:40]))
    return document


def _number(given: Mapping[str, Any], name: str, path: Path, least: int, most: int) -> int:
    return _whole(least, most)(given.get(name), (*path, name))


def _whole(least: int, most: int) -> Callable[[object, Path], int]:
    def read(value: object, path: Path) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise LayoutProblem("poster_number", path, least=least, most=most)
        return value

    return read


def _box(value: object, path: Path, canvas: Box) -> Box:
    if not isinstance(value, list) or len(value) != 4 or not all(type(one) is int for one in value):
        raise LayoutProblem("poster_box", path)
    box = Box(*value)
    is_inside = box.left >= 0 and box.top >= 0 and box.right <= canvas.width and box.bottom <= canvas.height
    if not is_inside or box.width < 1 or box.height < 1:
        raise LayoutProblem("poster_box", path)
    return box


def _colour(value: object, path: Path) -> str:
    if isinstance(value, str) and value in COLOURS:
        return COLOURS[value]
    if not isinstance(value, str) or _COLOUR.fullmatch(value) is None:
        raise LayoutProblem("poster_colour", path, names=", ".join(COLOURS))
    return value.lower()


def _one_of(kinds: Any, value: object, path: Path) -> Any:
    if isinstance(value, str) and value in kinds.__members__:
        return kinds[value]
    raise LayoutProblem("poster_choice", path, choices=", ".join(kinds.__members__))


def _text(value: object, path: Path) -> str:
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= LONGEST_TEXT:
        raise LayoutProblem("poster_text", path, most=LONGEST_TEXT)
    if any(name not in PLACEHOLDERS for name in _PLACEHOLDER.findall(value)):
        raise LayoutProblem("poster_placeholder", path, names=", ".join(PLACEHOLDERS))
    return value.strip()


def _source(value: object, path: Path) -> str:
    if value == COVER or (isinstance(value, str) and _PICTURE.fullmatch(value) and ".." not in value):
        return str(value)
    raise LayoutProblem("poster_source", path)


def _weight(value: object, path: Path) -> int:
    if value not in (400, 700) or not isinstance(value, int):
        raise LayoutProblem("poster_weight", path)
    return value


def _line_height(value: object, path: Path) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1.3 <= value <= 3:
        raise LayoutProblem("poster_number", path, least=1.3, most=3)
    return float(value)


def _align(value: object, path: Path) -> Align:
    return Align(_one_of(Align, value, path))


_TYPE: Final = ("size", "weight", "colour", "align")
_FIELDS: Final[dict[LayerKind, tuple[str, ...]]] = {
    LayerKind.FILL: ("colour", "radius", "edge"),
    LayerKind.PICTURE: ("source", "radius"),
    LayerKind.TEXT: ("text", *_TYPE, "lines", "lineHeight"),
    LayerKind.PRICE: _TYPE,
    LayerKind.GUIDE_NAME: _TYPE,
    LayerKind.GUIDE_STORE: _TYPE,
    LayerKind.GUIDE_AVATAR: (),
    LayerKind.CODE: (),
}
_NEEDED: Final = frozenset({"text", "size"})
_NAMES: Final = {"lineHeight": "line_height"}
_READERS: Final[dict[str, Callable[[object, Path], Any]]] = {
    "text": _text,
    "size": _whole(SMALLEST_SIZE, LARGEST_SIZE),
    "weight": _weight,
    "colour": _colour,
    "align": _align,
    "lines": _whole(1, MOST_LINES),
    "lineHeight": _line_height,
    "source": _source,
    "radius": _whole(0, 400),
    "edge": _colour,
}
