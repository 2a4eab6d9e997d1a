"""Portraits of the demo's guides, drawn: nobody in particular."""

from typing import Final

_GROUNDS: Final = ("dfe9e0", "f0e3d4", "e1e5ee", "f1e0de", "ece6d3")
_HAIR: Final = ("3a2c26", "2a2a30", "5a3d2c", "201c1a")
_SKIN: Final = ("f3d3bd", "ebc3a6", "f7dcc9")
_CLOTHES: Final = ("1b6852", "7c4a38", "39506b", "6b4d63", "8a6a2c", "40584c")
_STYLES: Final = (
    # behind the head, and over the brow: long, short, tied up
    (
        "M22 50c-4-32 12-38 26-38s30 6 26 38c-1 12 2 22 4 26H18c2-4 5-14 4-26z",
        "M29 43c4-2 14-6 21-15 3 8 11 13 17 15 2-15-4-24-19-24S27 28 29 43z",
    ),
    (
        "M28 46c-4-24 8-34 20-34s24 10 20 34z",
        "M28 42c2-6 8-10 14-10 10 0 18-2 22-6 4 4 5 10 4 16 3-18-4-30-20-30S25 24 28 42z",
    ),
    (
        "M27 48c-3-22 6-32 21-32s24 10 21 32zM48 18a11 11 0 1 1 .1 0z",
        "M29 44c2-12 9-17 19-17s17 5 19 17c2-16-6-26-19-26s-21 10-19 26z",
    ),
)


def face(number: int) -> str:
    """An SVG of 96 pixels; `number` chooses hair, skin and clothes."""
    ground, hair = _GROUNDS[number % 5], _HAIR[number * 3 % 4]
    skin, clothes = _SKIN[number % 3], _CLOTHES[number % 6]
    behind, brow = _STYLES[(number + number // 3) % 3]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96">'
        f'<path fill="#{ground}" d="M0 0h96v96H0z"/><path d="{behind}" fill="#{hair}"/>'
        f'<path d="M12 96c2-18 15-24 36-24s34 6 36 24z" fill="#{clothes}"/>'
        f'<path d="M39 60h18v11c0 5-4 9-9 9s-9-4-9-9z" fill="#{skin}"/>'
        '<path d="M39 65c5 4 13 4 18 0v4c-5 4-13 4-18 0z" opacity=".08"/>'
        f'<ellipse cx="48" cy="45" rx="18" ry="21" fill="#{skin}"/><path d="{brow}" fill="#{hair}"/>'
        f'<path d="M40 46v2M56 46v2" stroke="#{hair}" stroke-width="2.4" stroke-linecap="round"/>'
        '<path d="M42 56c3.5 3.5 8.5 3.5 12 0" stroke="#a85f4a" stroke-width="2.2" stroke-linecap="round" '
        'fill="none"/></svg>\n'
    )
