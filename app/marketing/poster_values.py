"""Plain values of posters: what a template says layer by layer, and what one poster shows in it."""

from dataclasses import dataclass
from enum import StrEnum

INK, INK2, PAPER, SURFACE, SUNKEN, LINE, EDGE, ACCENT, ACCENT_SOFT = (
    "#23211d",
    "#5e594f",
    "#f6f4ef",
    "#ffffff",
    "#edeae3",
    "#e0dbd1",
    "#8a8377",
    "#1b6852",
    "#e1eee8",
)
COLOURS = {
    "ink": INK,
    "ink2": INK2,
    "paper": PAPER,
    "surface": SURFACE,
    "sunken": SUNKEN,
    "line": LINE,
    "edge": EDGE,
    "accent": ACCENT,
    "accent-soft": ACCENT_SOFT,
}
"""The colours that a template may call by name: those of the pages."""


class PosterState(StrEnum):
    """Where a poster stands. Only a READY one, whose code was read back, is shown."""

    RENDERING = "RENDERING"
    READY = "READY"
    FAILED = "FAILED"


class PosterFailure(StrEnum):
    """Why there is no picture."""

    UNREADABLE = "UNREADABLE"
    CODE_TOO_SMALL = "CODE_TOO_SMALL"
    FAULT = "FAULT"


class BatchState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"


class LayerKind(StrEnum):
    FILL = "FILL"
    PICTURE = "PICTURE"
    TEXT = "TEXT"
    PRICE = "PRICE"
    CODE = "CODE"
    GUIDE_NAME = "GUIDE_NAME"
    GUIDE_STORE = "GUIDE_STORE"
    GUIDE_AVATAR = "GUIDE_AVATAR"


class Align(StrEnum):
    LEFT = "LEFT"
    CENTRE = "CENTRE"
    RIGHT = "RIGHT"


class PictureFormat(StrEnum):
    JPEG = "JPEG"
    PNG = "PNG"


COVER = "COVER"
"""The source of a picture layer that shows the product's cover."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the canvas."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing on the canvas. What a kind has no use for keeps its default; colours are #rrggbb."""

    kind: LayerKind
    box: Box
    text: str = ""
    size: int = 0
    weight: int = 400
    colour: str = INK
    align: Align = Align.LEFT
    lines: int = 1
    line_height: float = 1.4
    source: str = COVER
    radius: int = 0
    edge: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked template: the canvas and its layers, the lowest first."""

    width: int
    height: int
    background: str
    format: PictureFormat
    layers: tuple[Layer, ...]
    has_code: bool
    needs_product: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What one poster shows. `price` as the shop shows it, `is_from`: variants differ and it is the lowest.

    `link` is what the code decodes to. `cover` and `avatar` are addresses; only our own are drawn.
    """

    brand: str
    guide: str
    store: str
    link: str
    title: str = ""
    price: str = ""
    is_from: bool = False
    cover: str | None = None
    avatar: str | None = None


class LayoutProblem(Exception):
    """A template breaks a rule; `path` leads to the field, outermost first."""

    def __init__(self, key: str, path: tuple[str, ...], **facts: object) -> None:
        super().__init__(key, path)
        self.key = key
        self.path = path
        self.facts = facts
