"""The layouts that every brand begins with, and the one of share cards. Documents as headquarters would send them."""

from typing import Any, Final

_HINT: Final = "长按识别二维码，来我的小店看看"


def _text(box: list[int], text: str, size: int, **more: Any) -> dict[str, Any]:
    return {"kind": "TEXT", "box": box, "text": text, "size": size, **more}


PRODUCT: Final[dict[str, Any]] = {
    "width": 1080,
    "height": 1660,
    "background": "paper",
    "layers": [
        {"kind": "FILL", "box": [60, 60, 960, 1236], "colour": "surface", "edge": "line", "radius": 40},
        {"kind": "PICTURE", "box": [84, 84, 912, 880], "source": "COVER", "radius": 24},
        _text([108, 992, 864, 136], "{product}", 48, weight=700, lines=2, lineHeight=1.4),
        {"kind": "PRICE", "box": [108, 1146, 560, 120], "size": 80, "weight": 700},
        _text([680, 1176, 292, 60], "{brand}", 30, colour="ink2", align="RIGHT"),
        {"kind": "GUIDE_AVATAR", "box": [60, 1352, 128, 128]},
        {"kind": "GUIDE_NAME", "box": [216, 1352, 460, 64], "size": 42, "weight": 700},
        {"kind": "GUIDE_STORE", "box": [216, 1424, 460, 48], "size": 30, "colour": "ink2"},
        _text([60, 1528, 616, 48], _HINT, 30, colour="ink2"),
        {"kind": "FILL", "box": [720, 1320, 300, 300], "colour": "surface", "edge": "line", "radius": 28},
        {"kind": "CODE", "box": [735, 1335, 270, 270]},
    ],
}
"""A product on a white card, its price, and the guide who sells it."""

PICTURE_FIRST: Final[dict[str, Any]] = {
    "width": 1080,
    "height": 1440,
    "background": "surface",
    "layers": [
        {"kind": "PICTURE", "box": [0, 0, 1080, 920], "source": "COVER"},
        _text([60, 964, 620, 128], "{product}", 44, weight=700, lines=2, lineHeight=1.4),
        {"kind": "PRICE", "box": [60, 1104, 620, 104], "size": 72, "weight": 700},
        {"kind": "FILL", "box": [60, 1240, 620, 1], "colour": "line"},
        {"kind": "GUIDE_AVATAR", "box": [60, 1276, 104, 104]},
        {"kind": "GUIDE_NAME", "box": [188, 1276, 492, 56], "size": 36, "weight": 700},
        {"kind": "GUIDE_STORE", "box": [188, 1336, 492, 44], "size": 28, "colour": "ink2"},
        {"kind": "CODE", "box": [720, 964, 300, 300]},
        _text([720, 1284, 300, 44], "长按识别，进店看看", 28, colour="ink2", align="CENTRE"),
        _text([720, 1336, 300, 44], "{brand}", 26, colour="ink2", align="CENTRE"),
    ],
}
"""The cover over the whole width, everything else below it."""

SHOP: Final[dict[str, Any]] = {
    "width": 1080,
    "height": 1440,
    "background": "paper",
    "layers": [
        _text([120, 92, 840, 52], "{brand}", 34, colour="ink2", align="CENTRE"),
        {"kind": "FILL", "box": [500, 164, 80, 2], "colour": "accent"},
        {"kind": "FILL", "box": [60, 300, 960, 1040], "colour": "surface", "edge": "line", "radius": 40},
        {"kind": "FILL", "box": [432, 192, 216, 216], "colour": "paper", "radius": 108},
        {"kind": "GUIDE_AVATAR", "box": [440, 200, 200, 200]},
        {"kind": "GUIDE_NAME", "box": [120, 432, 840, 92], "size": 60, "weight": 700, "align": "CENTRE"},
        {"kind": "GUIDE_STORE", "box": [120, 532, 840, 48], "size": 32, "colour": "ink2", "align": "CENTRE"},
        _text([150, 640, 780, 56], "想看什么、想问什么，都在我的小店里", 36, align="CENTRE"),
        {"kind": "CODE", "box": [315, 744, 450, 450]},
        _text([120, 1244, 840, 48], _HINT, 30, colour="ink2", align="CENTRE"),
    ],
}
"""The guide's shop: a person, a store, a code."""

BUILT_IN: Final = (("商品海报·暖纸", PRODUCT), ("商品海报·大图", PICTURE_FIRST), ("小店名片", SHOP))
"""Title and layout."""

PRODUCT_CARD: Final[dict[str, Any]] = {
    "width": 1000,
    "height": 800,
    "background": "surface",
    "layers": [
        {"kind": "PICTURE", "box": [0, 0, 1000, 636], "source": "COVER"},
        {"kind": "PRICE", "box": [48, 656, 500, 124], "size": 84, "weight": 700},
        {"kind": "GUIDE_AVATAR", "box": [560, 668, 100, 100]},
        {"kind": "GUIDE_NAME", "box": [684, 662, 276, 60], "size": 38, "weight": 700},
        {"kind": "GUIDE_STORE", "box": [684, 726, 276, 44], "size": 28, "colour": "ink2"},
    ],
}
"""What a chat shows of a link to a product: five to four, without a code, as the link itself is the way."""

SHOP_CARD: Final[dict[str, Any]] = {
    "width": 1000,
    "height": 800,
    "background": "paper",
    "layers": [
        {"kind": "PICTURE", "box": [520, 0, 480, 800], "source": "COVER"},
        {"kind": "GUIDE_AVATAR", "box": [60, 130, 176, 176]},
        {"kind": "GUIDE_NAME", "box": [60, 350, 420, 84], "size": 58, "weight": 700},
        {"kind": "GUIDE_STORE", "box": [60, 442, 420, 52], "size": 34, "colour": "ink2"},
        {"kind": "FILL", "box": [60, 540, 64, 3], "colour": "accent"},
        _text([60, 580, 420, 104], "{brand}", 34, colour="ink2", lines=2, lineHeight=1.5),
    ],
}
"""The same of a link to a shop; the cover is that of its first product."""
