"""How a page leaves the server: rendered, with the headers that let it do no more than it needs."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse, RedirectResponse, Response

_HERE: Final = Path(__file__).resolve().parent
_STATIC: Final = {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir()) if path.is_file()}
_TYPES: Final = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}

BUILD: Final = hashlib.sha256(
    b"".join(_STATIC.values()) + b"".join(path.read_bytes() for path in sorted((_HERE / "templates").iterdir()))
).hexdigest()[:12]
"""Changes with every template and static file: part of their addresses and of a page's ETag."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
PICTURE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
"""For what is shown inside pages, also those of others, and could hold a script: SVG."""

_MISSING: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "code": (
        "认不出这个码",
        "可能没有扫全，也可能链接被改过。",
        (
            "把码放平、离近一点，再扫一次。",
            "链接是别人转来的，就请对方重新发一次。",
            "码印在门店里，请店员换一张新的。",
        ),
    ),
    "shop": (
        "没有找到这家小店",
        "地址可能少了几个字。",
        ("再扫一次导购给你的码。", "或请导购把小店重新发给你。"),
    ),
    "product": ("这件商品不在货架上了", "可能已经下架。货架上还有别的。", ()),
    "page": ("没有这个页面", "地址可能输错了。", ("回到上一页，或再扫一次导购给你的码。",)),
}

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so that it may be kept for ever."""
    return f"/static/{BUILD}/{name}"


_templates.globals["stylesheet"] = static_url("shop.css")
_templates.globals["icon"] = static_url("icon.svg")


def page(
    template: str, values: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A rendered page. It may be kept but is asked for again; nothing between us and the reader keeps it."""
    text = _templates.get_template(template).render(values)
    return HTMLResponse(text, status, headers={**HEADERS, "Cache-Control": "private, no-cache", **(headers or {})})


def missing(what: str, *, status: int = 404, href: str | None = None, label: str = "") -> HTMLResponse:
    """The page for a code, shop, product or page that is not there: what it may be, and what to do next."""
    heading, text, ways = _MISSING[what]
    values = {"heading": heading, "text": text, "ways": ways, "href": href, "label": label, "reference": None}
    return page("message.html", values, status=status, headers={"Cache-Control": "no-store"})


def fault(reference: str) -> HTMLResponse:
    """The page for a fault of ours; the log has the reference too."""
    values = {
        "heading": "没打开，是我们的问题",
        "text": "什么也没有改动，也没有扣钱。过一会儿再试一次。",
        "ways": (),
        "href": None,
        "label": "",
        "reference": reference,
    }
    return page("message.html", values, status=500, headers={"Cache-Control": "no-store"})


def unchanged(tag: str) -> Response:
    """304 for a reader who has the page of this ETag."""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache"})


def see(url: str) -> RedirectResponse:
    """303: the reader goes on to `url`, and the answer is kept by nobody."""
    return RedirectResponse(url, 303, headers={**HEADERS, "Cache-Control": "no-store"})


def static_file(build: str, name: str) -> Response | None:
    """A static file, None where there is no such file; one of another build is given, but not to be kept."""
    content = _STATIC.get(name)
    if content is None:
        return None
    kept = "public, max-age=31536000, immutable" if build == BUILD else "no-cache"
    headers = {**PICTURE_HEADERS, "Cache-Control": kept}
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
