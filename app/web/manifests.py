"""Where the manifest of an entrance is: the mini-store of a brand, the guide's desk, the boss's."""

from typing import Final

GUIDE: Final = "/guide.webmanifest"
BOSS: Final = "/boss.webmanifest"
SHOP: Final = "/s/{slug}/app.webmanifest"


def manifest_of(path: str) -> str | None:
    """The manifest of the entrance that a page belongs to; None: of none."""
    first, _, rest = path.lstrip("/").partition("/")
    if first == "s" and rest:
        return SHOP.format(slug=rest.partition("/")[0])
    return {"guide": GUIDE, "boss": BOSS}.get(first)
