"""What the guide's poster page says."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "posters": ("海报", "Posters"),
    "poster_of": ("{name}的海报", "{name}'s poster"),
    "poster_keep": ("长按图片保存，再发给顾客或朋友圈。", "Press and hold the picture to keep it, then send it."),
    "poster_failed": (
        "这张没画成：二维码读不出来。换一个模板再试，或告诉总部。",
        "This one was not drawn: its code cannot be read. Try another template, or tell headquarters.",
    ),
    "poster_under_way": (
        "还在画，一分钟内好。刷新就能看到。",
        "It is being drawn and ready within a minute. Reload to see it.",
    ),
    "poster_template": ("模板", "Template"),
    "poster_template_required": ("选一个模板。", "Choose a template."),
    "poster_product": ("商品", "Product"),
    "poster_product_help": (
        "码会带顾客到这件商品；不选就到你的小店。",
        "The code leads to this product; without one it leads to your shop.",
    ),
    "poster_whole_shop": ("整个小店", "The whole shop"),
    "poster_make": ("画海报", "Draw the poster"),
    "poster_latest": ("最近的海报", "Latest posters"),
    "poster_link": ("做一张海报", "Make a poster"),
    "poster_link_text": ("商品或小店，带上你的码", "A product or the shop, with your code"),
}
