"""Draw the icons of the installed pages: the bag of `icon.svg`, as PNG, whole and with room for a mask around it."""

from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).resolve().parent.parent / "app" / "web" / "static"
PINE, PAPER = "#1b6852", "#ffffff"
FINER = 4
"""Drawn so much larger, then made smaller, so that edges are smooth."""
UNITS = 24


def draw(side: int, *, is_whole: bool, size: float) -> Image.Image:
    """The bag on pine, on a square or one with round corners; `size`: how much of the side the 24 units take."""
    full = side * FINER
    unit = full * size / UNITS
    margin = full * (1 - size) / 2
    picture = Image.new("RGBA", (full, full), PINE if is_whole else (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if not is_whole:
        pen.rounded_rectangle((0, 0, full - 1, full - 1), radius=full // 4, fill=PINE)

    def at(x: float, y: float) -> tuple[float, float]:
        return margin + x * unit, margin + y * unit

    width = round(1.5 * unit)
    bag = [at(6, 9.5), at(18, 9.5), at(18.8, 18.5), at(5.2, 18.5), at(6, 9.5), at(18, 9.5)]
    pen.line(bag, fill=PAPER, width=width, joint="curve")
    pen.arc((*at(9, 5), *at(15, 11)), 180, 360, fill=PAPER, width=width)
    for x in (9.0, 15.0):
        pen.line([at(x, 8), at(x, 11)], fill=PAPER, width=width)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def main() -> None:
    for name, side, is_whole, size in (
        ("icon-192.png", 192, False, 1.0),
        ("icon-512.png", 512, False, 1.0),
        ("icon-maskable-512.png", 512, True, 0.75),
        ("apple-touch-icon.png", 180, True, 0.9),
    ):
        picture = draw(side, is_whole=is_whole, size=size)
        shown = picture.convert("RGB") if is_whole else picture
        shown.quantize(32).save(STATIC / name, format="PNG", optimize=True)


if __name__ == "__main__":
    main()
