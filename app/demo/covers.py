"""Covers of the demo: a quiet ground, a soft light, one thing. Drawn as SVG, so that no photograph is needed.

In a drawing {m} is the main colour, {d} its shade and {p} a pale one; the view box is 160 by 160, the ground at 130.
"""

from typing import Final

_GROUNDS: Final = (
    ("ece5d8", "d9cfbd"),
    ("e3e9e4", "c9d5cd"),
    ("f2e2d3", "e3c9b2"),
    ("e3e5ea", "c8ccd6"),
    ("f3e9d2", "e6d3a8"),
    ("eee3e1", "dcc7c4"),
)
_COLOURS: Final = (
    ("7f9a8a", "587565", "f7f4ee"),
    ("c06a4c", "96492f", "f3dfd0"),
    ("5d6d80", "39434f", "eef0f4"),
    ("b9a88e", "8b7759", "fdfbf6"),
    ("b7797a", "8a5355", "f6e9e7"),
    ("c79a4b", "8a6a2c", "fffaf0"),
)


def cover(shape: str, number: int) -> str:
    """An SVG of 640 pixels; `number` chooses ground and colours, never the same hue for both."""
    above, below = _GROUNDS[number % len(_GROUNDS)]
    main, dark, pale = _COLOURS[(number + number // len(_GROUNDS)) % len(_COLOURS)]
    drawing = SHAPES[shape].format(m=f"#{main}", d=f"#{dark}", p=f"#{pale}")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="640" viewBox="0 0 160 160">'
        f'<linearGradient id="g" x2="0" y2="1"><stop stop-color="#{above}"/><stop offset="1" stop-color="#{below}"/>'
        '</linearGradient><path fill="url(#g)" d="M0 0h160v160H0z"/>'
        '<circle cx="118" cy="44" r="40" fill="#fff" opacity=".32"/>'
        '<ellipse cx="80" cy="131" rx="56" ry="6" opacity=".1"/>'
        f"{drawing}</svg>\n"
    )


SHAPES: Final[dict[str, str]] = {
    "bed": (
        '<rect x="26" y="50" width="108" height="56" rx="12" fill="{d}"/><path d="M22 112h116v12H22z" fill="{d}"/>'
        '<path d="M28 122v9M132 122v9" stroke="{d}" stroke-width="6"/><rect x="36" y="72" width="40" height="24" '
        'rx="10" fill="#fff"/><rect x="84" y="72" width="40" height="24" rx="10" fill="#fff"/><path d="M18 104c0-6 '
        '4-9 10-9h104c6 0 10 3 10 9v12c0 4-3 6-6 6H24c-3 0-6-2-6-6z" fill="{p}"/><path d="M96 95h30v27c-10 2-20 2-30 '
        '0z" fill="{m}"/><path d="M96 102h30M96 108h30" stroke="#fff" opacity=".5"/>'
    ),
    "stack": (
        '<rect x="30" y="102" width="100" height="27" rx="12" fill="{d}"/><rect x="30" y="76" width="100" '
        'height="29" rx="12" fill="{m}"/><rect x="30" y="52" width="100" height="27" rx="12" fill="{p}"/><path '
        'd="M98 65h26M98 91h26M98 116h26" stroke="#fff" stroke-width="2" opacity=".6"/><path d="M56 52v27M62 '
        '52v27M56 76v29M62 76v29" stroke="#fff" stroke-width="2" opacity=".45"/>'
    ),
    "quilt": (
        '<path d="M22 70c0-8 6-12 14-12h88c8 0 14 4 14 12v50c0 6-4 9-10 9H32c-6 0-10-3-10-9z" fill="{p}"/><path '
        'd="M22 70c0-8 6-12 14-12h88c8 0 14 4 14 12v14c-30 8-86 8-116 0z" fill="{m}"/><path d="M51 86v43M80 '
        '88v41M109 86v43M22 104h116" stroke="{d}" stroke-width="1.5" opacity=".35"/>'
    ),
    "pillow": (
        '<path d="M26 76c18-8 90-8 108 0 6 3 4 9 3 22s3 20-3 23c-18 8-90 8-108 0-6-3-2-10-3-23s-3-19 3-22z" '
        'fill="{p}"/><path d="M34 84c26 6 66 6 92 0M34 113c26-6 66-6 92 0" stroke="{m}" stroke-width="2" '
        'fill="none"/><path d="M36 62c20-8 68-8 88 0 4 2 3 6 3 10-26-5-68-5-94 0 0-4-1-8 3-10z" fill="{m}"/>'
    ),
    "throw": (
        '<rect x="30" y="98" width="100" height="30" rx="13" fill="{d}"/><rect x="30" y="70" width="100" height="32" '
        'rx="14" fill="{m}"/><rect x="30" y="44" width="100" height="30" rx="14" fill="{m}"/><path d="M30 58h100M58 '
        '44v30M64 44v30M58 70v32M64 70v32M58 98v30M64 98v30" stroke="{p}" stroke-width="2.5" opacity=".8"/><path '
        'd="M98 86h26M98 113h26" stroke="{p}" stroke-width="2" opacity=".5"/><path d="M33 122v9M39 124v9M45 125v9M51 '
        '126v8" stroke="{d}" stroke-width="3" stroke-linecap="round"/>'
    ),
    "mug": (
        '<path d="M106 74h8c10 0 15 6 15 15s-7 17-19 17h-8" fill="none" stroke="{p}" stroke-width="8"/><path d="M42 '
        '60h66v48c0 11-8 18-18 18H60c-10 0-18-7-18-18z" fill="{p}"/><path d="M42 92h66v16c0 11-8 18-18 18H60c-10 '
        '0-18-7-18-18z" fill="{m}"/><ellipse cx="75" cy="60" rx="33" ry="6" fill="#e3dccf"/><ellipse cx="75" cy="61" '
        'rx="28" ry="4" fill="#7a5540"/><path d="M66 46c-5-6 5-9 0-16M82 46c-5-6 5-9 0-16" stroke="#fff" '
        'stroke-width="3" fill="none" stroke-linecap="round" opacity=".75"/>'
    ),
    "bowl": (
        '<path d="M28 78h104c0 28-18 46-38 48H66c-20-2-38-20-38-48z" fill="{m}"/><path d="M30 90c4 22 20 34 36 '
        '36h28c16-2 32-14 36-36-30 10-70 10-100 0z" fill="{d}" opacity=".5"/><ellipse cx="80" cy="78" rx="52" ry="9" '
        'fill="{p}"/><ellipse cx="80" cy="79" rx="44" ry="6" fill="{d}" opacity=".35"/><path d="M62 126h36v5H62z" '
        'fill="{d}"/>'
    ),
    "plate": (
        '<circle cx="80" cy="84" r="46" fill="{p}"/><circle cx="80" cy="84" r="46" fill="none" stroke="{m}" '
        'stroke-width="4"/><circle cx="80" cy="84" r="28" fill="#fff" opacity=".7"/><path d="M66 92c8-16 18-18 '
        '28-20-2 12-10 20-28 20zM66 92c6-2 10-6 14-10" fill="{m}" stroke="{d}" stroke-width="1.5" '
        'stroke-linecap="round"/>'
    ),
    "casserole": (
        '<path d="M20 84h12M128 84h12" stroke="{d}" stroke-width="9" stroke-linecap="round"/><path d="M32 76h96v36c0 '
        '10-7 18-17 18H49c-10 0-17-8-17-18z" fill="{m}"/><path d="M30 76c0-14 22-22 50-22s50 8 50 22z" fill="{d}"/>'
        '<rect x="70" y="43" width="20" height="12" rx="5" fill="{p}"/><path d="M42 92c2 14 4 22 12 26" '
        'stroke="#fff" stroke-width="4" opacity=".35" fill="none" stroke-linecap="round"/>'
    ),
    "board": (
        '<path d="M74 26h12c4 0 6 3 6 6v16h14c8 0 12 4 12 12v58c0 8-4 12-12 12H54c-8 0-12-4-12-12V60c0-8 4-12 '
        '12-12h14V32c0-3 2-6 6-6z" fill="{m}"/><circle cx="80" cy="36" r="4" fill="{p}"/><path d="M56 58c6 22-4 44 2 '
        '64M74 54c6 24-6 46 0 70M94 54c6 22-4 46 2 68" stroke="{d}" stroke-width="2" fill="none" opacity=".5"/>'
    ),
    "flask": (
        '<path d="M104 70c16 0 20 8 20 18s-6 18-20 18" fill="none" stroke="{d}" stroke-width="6"/><rect x="54" '
        'y="50" width="52" height="80" rx="14" fill="{m}"/><rect x="54" y="50" width="15" height="80" rx="7" '
        'fill="#fff" opacity=".16"/><path d="M62 50c0-9 4-12 8-12h20c4 0 8 3 8 12z" fill="{d}"/><rect x="68" y="25" '
        'width="24" height="14" rx="5" fill="{p}"/><path d="M54 56h-8l-4-6 10-4h6z" fill="{d}"/><path d="M54 '
        '110h52v3H54z" fill="{p}"/>'
    ),
    "bottle": (
        '<path d="M50 64c0-6 4-8 4-16V34h14v14c0 8 4 10 4 16v60c0 4-2 6-6 6H56c-4 0-6-2-6-6z" fill="{p}"/><path '
        'd="M50 88h22v36c0 4-2 6-6 6H56c-4 0-6-2-6-6z" fill="{m}"/><path d="M88 74c0-6 4-8 4-16V44h14v14c0 8 4 10 4 '
        '16v50c0 4-2 6-6 6H94c-4 0-6-2-6-6z" fill="{p}"/><path d="M88 100h22v24c0 4-2 6-6 6H94c-4 0-6-2-6-6z" '
        'fill="{d}"/><path d="M56 26h10v9H56zM94 36h10v9H94z" fill="{d}"/>'
    ),
    "lunchbox": (
        '<rect x="34" y="92" width="92" height="38" rx="9" fill="{m}"/><rect x="34" y="64" width="92" height="32" '
        'rx="9" fill="{p}"/><rect x="30" y="52" width="100" height="16" rx="8" fill="{d}"/><path d="M72 '
        '46h16v90H72z" fill="{d}" opacity=".55"/><circle cx="80" cy="94" r="4" fill="{p}"/>'
    ),
    "saucepan": (
        '<path d="M104 82h44" stroke="{d}" stroke-width="8" stroke-linecap="round"/><path d="M28 74h80v38c0 10-7 '
        '18-17 18H45c-10 0-17-8-17-18z" fill="{m}"/><ellipse cx="68" cy="74" rx="40" ry="8" fill="{p}"/><ellipse '
        'cx="68" cy="75" rx="33" ry="5" fill="{d}" opacity=".45"/><path d="M38 92v20M46 94v24" stroke="#fff" '
        'stroke-width="3" opacity=".35" stroke-linecap="round"/>'
    ),
    "apron": (
        '<path d="M62 34c0 16 36 16 36 0" fill="none" stroke="{d}" stroke-width="4"/><path d="M58 40h44l4 28 16 '
        '8v50c0 3-2 5-5 5H43c-3 0-5-2-5-5V76l16-8z" fill="{m}"/><rect x="60" y="88" width="40" height="26" rx="4" '
        'fill="{p}"/><path d="M80 88v26" stroke="{d}" stroke-width="1.5" opacity=".5"/><path d="M38 78l-14 8M122 '
        '78l14 8" stroke="{d}" stroke-width="3" stroke-linecap="round"/>'
    ),
    "candle": (
        '<circle cx="80" cy="46" r="30" fill="#fff" opacity=".4"/><rect x="46" y="66" width="68" height="64" rx="10" '
        'fill="#fffaf0" opacity=".65"/><rect x="51" y="82" width="58" height="44" rx="7" fill="{p}"/><rect x="60" '
        'y="94" width="40" height="20" rx="3" fill="#fff"/><path d="M67 101h26M71 107h18" stroke="{m}" '
        'stroke-width="2" stroke-linecap="round"/><path d="M80 82V66" stroke="{d}" stroke-width="2.5"/><path d="M80 '
        '36c8 11 10 16 10 20 0 7-4 11-10 11s-10-4-10-11c0-4 2-9 10-20z" fill="#eaa53f"/><path d="M80 50c4 5 5 8 5 '
        '10a5 5 0 0 1-10 0c0-2 1-5 5-10z" fill="#fff1c9"/>'
    ),
    "reeds": (
        '<path d="M80 84L58 28M80 84L72 24M80 84L88 24M80 84l24-54" stroke="{d}" stroke-width="3" '
        'stroke-linecap="round"/><path d="M70 66h20v14h10c6 0 10 4 10 10v32c0 5-3 8-8 8H58c-5 0-8-3-8-8V90c0-6 4-10 '
        '10-10h10z" fill="{m}"/><rect x="60" y="94" width="40" height="22" rx="3" fill="{p}"/><path d="M68 102h24M72 '
        '108h16" stroke="{d}" stroke-width="2" stroke-linecap="round"/>'
    ),
    "incense": (
        '<path d="M94 30c-8 8 8 14 0 24s6 12 0 20" stroke="#fff" stroke-width="3" fill="none" opacity=".7" '
        'stroke-linecap="round"/><path d="M92 78L70 120" stroke="{d}" stroke-width="3" stroke-linecap="round"/><path '
        'd="M28 118c8-24 26-30 40-30 6 0 8 6 14 6 14-2 34 6 50 24 0 8-4 12-10 12H38c-6 0-10-4-10-12z" fill="{m}"/>'
        '<path d="M28 118c30 8 74 8 104 0 0 8-4 12-10 12H38c-6 0-10-4-10-12z" fill="{d}"/>'
    ),
    "spray": (
        '<path d="M70 40h22v14H70z" fill="{d}"/><path d="M66 30h26v12H76l-10 4z" fill="{p}"/><path d="M56 '
        '46l-10-6M54 38l-10 0M56 30l-10 6" stroke="#fff" stroke-width="3" stroke-linecap="round" opacity=".8"/><path '
        'd="M58 66c0-8 6-12 12-12h22c6 0 12 4 12 12v56c0 5-3 8-8 8H66c-5 0-8-3-8-8z" fill="{m}"/><rect x="66" y="78" '
        'width="30" height="34" rx="3" fill="{p}"/><path d="M72 88h18M72 95h18M72 102h11" stroke="{d}" '
        'stroke-width="2" stroke-linecap="round"/>'
    ),
    "soap": (
        '<rect x="26" y="92" width="74" height="36" rx="11" fill="{m}"/><rect x="26" y="92" width="74" height="12" '
        'rx="6" fill="#fff" opacity=".2"/><rect x="62" y="60" width="72" height="36" rx="11" fill="{p}"/><path '
        'd="M78 78h40M86 84h24" stroke="{d}" stroke-width="2" stroke-linecap="round" opacity=".6"/><circle cx="48" '
        'cy="72" r="8" fill="#fff" opacity=".7"/><circle cx="38" cy="58" r="5" fill="#fff" opacity=".6"/><circle '
        'cx="54" cy="52" r="3" fill="#fff" opacity=".6"/>'
    ),
    "diffuser": (
        '<path d="M76 40c-8-8 8-12 2-22M88 42c-6-6 6-10 2-18" stroke="#fff" stroke-width="3" fill="none" '
        'stroke-linecap="round" opacity=".8"/><path d="M44 104c0-34 16-56 36-56s36 22 36 56z" fill="{p}"/><path '
        'd="M40 104h80v14c0 7-5 12-12 12H52c-7 0-12-5-12-12z" fill="{m}"/><circle cx="80" cy="117" r="4" fill="{p}"/>'
        '<path d="M58 96c1-18 8-32 16-38" stroke="#fff" stroke-width="4" opacity=".7" fill="none" '
        'stroke-linecap="round"/>'
    ),
    "sachet": (
        '<path d="M62 56c-12 14-22 36-22 54 0 14 8 20 18 20h44c10 0 18-6 18-20 0-18-10-40-22-54z" fill="{p}"/><path '
        'd="M58 40l8 14h28l8-14-12 4-10-6-10 6z" fill="{p}"/><path d="M60 56h40" stroke="{m}" stroke-width="6" '
        'stroke-linecap="round"/><path d="M80 124V88M80 104l-10-10M80 112l11-11M80 96l8-9" stroke="{d}" '
        'stroke-width="2.5" stroke-linecap="round"/><circle cx="80" cy="84" r="4" fill="{m}"/><circle cx="69" '
        'cy="92" r="3.5" fill="{m}"/>'
    ),
    "jar": (
        '<rect x="46" y="58" width="68" height="72" rx="12" fill="#fff" opacity=".6"/><path d="M50 84c10-6 20 4 30 '
        '0s20-4 30 0v34c0 5-3 8-8 8H58c-5 0-8-3-8-8z" fill="{m}"/><rect x="42" y="42" width="76" height="20" rx="6" '
        'fill="{d}"/><rect x="60" y="94" width="40" height="20" rx="3" fill="{p}"/><path d="M67 101h26M71 107h18" '
        'stroke="{d}" stroke-width="2" stroke-linecap="round"/>'
    ),
    "cushion": (
        '<path d="M30 40c16 5 34 6 50 6s34-1 50-6c-4 14-5 28-5 42s1 28 5 42c-16-4-34-5-50-5s-34 1-50 5c4-14 5-28 '
        '5-42s-1-28-5-42z" fill="{m}"/><path d="M46 52c-2 20-2 40 0 60M62 50c-1 20-1 44 0 64M80 49v65M98 50c1 20 1 '
        '44 0 64M114 52c2 20 2 40 0 60" stroke="{p}" stroke-width="2" fill="none" opacity=".7"/>'
    ),
    "curtain": (
        '<path d="M20 26h120" stroke="{d}" stroke-width="5" stroke-linecap="round"/><rect x="46" y="34" width="68" '
        'height="84" fill="#fff" opacity=".55"/><path d="M80 34v84M46 74h68" stroke="{p}" stroke-width="3"/><path '
        'd="M26 28h34c2 34-6 68-8 102H24c2-34 2-68 2-102zM134 28h-34c-2 34 6 68 8 102h28c-2-34-2-68-2-102z" '
        'fill="{m}"/><path d="M36 30c2 34-2 68-4 100M48 30c2 34-4 68-6 100M124 30c-2 34 2 68 4 100M112 30c-2 34 4 68 '
        '6 100" stroke="{d}" stroke-width="1.5" opacity=".5" fill="none"/>'
    ),
    "rug": (
        '<path d="M36 60h88l20 66H16z" fill="{m}"/><path d="M46 68h68l14 50H32z" fill="none" stroke="{p}" '
        'stroke-width="3"/><path d="M62 80h36l7 26H55z" fill="{p}" opacity=".6"/><path d="M16 126v8M28 126v8M40 '
        '126v8M52 126v8M64 126v8M76 126v8M88 126v8M100 126v8M112 126v8M124 126v8M136 126v8" stroke="{d}" '
        'stroke-width="2.5" stroke-linecap="round"/>'
    ),
    "towel": (
        '<path d="M26 38h108" stroke="{d}" stroke-width="6" stroke-linecap="round"/><path d="M44 36h40v88c0 3-2 4-4 '
        '4H48c-2 0-4-1-4-4z" fill="{m}"/><path d="M44 104h40M44 110h40" stroke="{p}" stroke-width="3"/><path d="M92 '
        '36h28v62c0 3-2 4-4 4H96c-2 0-4-1-4-4z" fill="{p}"/><path d="M92 84h28" stroke="{m}" stroke-width="3"/><path '
        'd="M52 42v56M60 42v56" stroke="#fff" stroke-width="2" opacity=".25"/>'
    ),
    "basket": (
        '<path d="M50 72c0-44 60-44 60 0" fill="none" stroke="{d}" stroke-width="6"/><path d="M30 70h100l-10 54c-1 '
        '4-4 6-8 6H48c-4 0-7-2-8-6z" fill="{m}"/><path d="M34 84h92M37 98h86M40 112h80M56 70l6 60M80 70v60M104 70l-6 '
        '60" stroke="{d}" stroke-width="2" opacity=".5"/><rect x="26" y="64" width="108" height="12" rx="6" '
        'fill="{p}"/>'
    ),
    "box": (
        '<rect x="32" y="70" width="96" height="60" rx="7" fill="{m}"/><rect x="26" y="52" width="108" height="24" '
        'rx="7" fill="{p}"/><path d="M32 76h96v6H32z" fill="{d}" opacity=".35"/><rect x="64" y="92" width="32" '
        'height="12" rx="6" fill="{d}"/>'
    ),
    "rack": (
        '<path d="M80 26v104M80 34L60 24M80 34l20-10M80 48L58 40M80 48l22-8" stroke="{d}" stroke-width="5" '
        'stroke-linecap="round"/><path d="M80 118l-24 12M80 118l24 12" stroke="{d}" stroke-width="5" '
        'stroke-linecap="round"/><path d="M58 42c-12 4-20 18-22 44h32c0-18-2-34-10-44z" fill="{m}"/><path d="M102 '
        '42c10 4 18 14 20 34H96c0-12 0-26 6-34z" fill="{p}"/>'
    ),
    "tray": (
        '<path d="M22 92h116v20c0 10-8 18-18 18H40c-10 0-18-8-18-18z" fill="{m}"/><path d="M22 92h116" stroke="{d}" '
        'stroke-width="7" stroke-linecap="round"/><path d="M40 70h22v20H40z" fill="{p}"/><path d="M70 62c0-4 3-6 '
        '6-6h20c3 0 6 2 6 6v28H70z" fill="{p}"/><path d="M110 76h16v14h-16z" fill="{d}"/><path d="M102 68h6c6 0 6 12 '
        '0 12h-6" fill="none" stroke="{p}" stroke-width="4"/>'
    ),
    "shelf": (
        '<path d="M36 30v100M124 30v100" stroke="{d}" stroke-width="5" stroke-linecap="round"/><path d="M32 62h96M32 '
        '96h96M32 128h96" stroke="{d}" stroke-width="5"/><rect x="46" y="40" width="10" height="20" fill="{m}"/>'
        '<rect x="58" y="36" width="9" height="24" fill="{p}"/><rect x="69" y="42" width="11" height="18" '
        'fill="{m}"/><path d="M94 60c0-12 4-16 10-16s10 4 10 16z" fill="{p}"/><rect x="46" y="76" width="30" '
        'height="18" rx="4" fill="{p}"/><rect x="88" y="72" width="26" height="22" rx="4" fill="{m}"/><circle '
        'cx="64" cy="116" r="10" fill="{m}"/>'
    ),
    "pens": (
        '<path d="M62 78L50 30M76 78V22M90 78l8-50M100 78l16-38" stroke="{p}" stroke-width="6" '
        'stroke-linecap="round"/><path d="M62 78L50 30" stroke="{d}" stroke-width="6" stroke-linecap="round"/><path '
        'd="M48 74h64l-6 50c0 4-3 6-7 6H61c-4 0-7-2-7-6z" fill="{m}"/><path d="M50 90h60" stroke="#fff" '
        'stroke-width="3" opacity=".35"/>'
    ),
    "kettle": (
        '<path d="M46 96c-20-6-20-30-28-46" fill="none" stroke="{d}" stroke-width="6" stroke-linecap="round"/><path '
        'd="M104 70c24-10 34 20 22 44" fill="none" stroke="{d}" stroke-width="7" stroke-linecap="round"/><path '
        'd="M54 62h52l10 58c1 6-3 10-9 10H53c-6 0-10-4-9-10z" fill="{m}"/><path d="M58 62c2-10 10-14 22-14s20 4 22 '
        '14z" fill="{d}"/><circle cx="80" cy="44" r="6" fill="{p}"/><path d="M58 76l-6 40" stroke="#fff" '
        'stroke-width="4" opacity=".3" stroke-linecap="round"/>'
    ),
    "gaiwan": (
        '<ellipse cx="80" cy="124" rx="48" ry="8" fill="{p}"/><path d="M42 76h76c0 26-14 44-28 '
        '46H70c-14-2-28-20-28-46z" fill="{p}"/><path d="M44 84c12 8 60 8 72 0-2 10-5 18-9 24-16 6-38 6-54 '
        '0-4-6-7-14-9-24z" fill="{m}"/><path d="M46 74c4-14 18-20 34-20s30 6 34 20z" fill="{p}"/><path d="M72 54c0-6 '
        '3-8 8-8s8 2 8 8z" fill="{d}"/><path d="M46 74h68" stroke="{d}" stroke-width="2" opacity=".4"/>'
    ),
    "pitcher": (
        '<path d="M106 72c22-4 24 34 0 36" fill="none" stroke="{d}" stroke-width="6"/><path d="M48 56l-8-8h70l-4 '
        '66c0 9-6 16-16 16H66c-10 0-16-7-16-16z" fill="#fff" opacity=".6"/><path d="M49 82h59l-2 32c0 9-6 16-16 '
        '16H66c-10 0-16-7-16-16z" fill="{m}"/><ellipse cx="78" cy="82" rx="29" ry="5" fill="{p}"/>'
    ),
    "tin": (
        '<rect x="48" y="58" width="64" height="72" rx="8" fill="{m}"/><rect x="44" y="40" width="72" height="24" '
        'rx="7" fill="{d}"/><rect x="48" y="58" width="14" height="72" rx="7" fill="#fff" opacity=".16"/><rect '
        'x="60" y="78" width="40" height="34" rx="3" fill="{p}"/><path d="M80 104c-10-8-8-18 0-22 8 4 10 14 0 22zM80 '
        '104V88" fill="{m}" stroke="{d}" stroke-width="1.5"/>'
    ),
    "grinder": (
        '<path d="M80 40h34" stroke="{d}" stroke-width="5" stroke-linecap="round"/><circle cx="116" cy="38" r="7" '
        'fill="{d}"/><path d="M56 66c0-16 10-24 24-24s24 8 24 24z" fill="{p}"/><rect x="46" y="66" width="68" '
        'height="12" rx="4" fill="{d}"/><path d="M50 78h60l6 46c0 4-2 6-6 6H50c-4 0-6-2-6-6z" fill="{m}"/><rect '
        'x="62" y="96" width="36" height="22" rx="3" fill="{d}"/><circle cx="80" cy="107" r="3" fill="{p}"/>'
    ),
    "bag": (
        '<path d="M50 44h60l6 80c0 4-2 6-6 6H50c-4 0-6-2-6-6z" fill="{m}"/><path d="M50 44h60l-2-12H52z" fill="{d}"/>'
        '<path d="M62 66h36v36H62z" fill="{p}"/><ellipse cx="80" cy="84" rx="9" ry="12" fill="{d}"/><path d="M80 '
        '73c-5 7 5 15 0 22" stroke="{p}" stroke-width="2" fill="none"/><path d="M66 112h28M70 118h20" stroke="{p}" '
        'stroke-width="2" stroke-linecap="round"/>'
    ),
}
