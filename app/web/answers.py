"""How a page leaves the server: rendered, with the headers that let it do no more than it needs."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.web import icons
from app.web.texts import Speech

_HERE: Final = Path(__file__).resolve().parent
_STATIC: Final = {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir()) if path.is_file()}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}

BUILD: Final = hashlib.sha256(
    b"".join(_STATIC.values())
    + b"".join(path.read_bytes() for folder in ("templates", "texts") for path in sorted((_HERE / folder).glob("*.*")))
).hexdigest()[:12]
"""Changes with every template, text and static file: part of their addresses and of a page's ETag."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https:; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
PICTURE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
"""For what is shown inside pages, also those of others, and could hold a script: SVG."""
KEPT_NOWHERE: Final = {"Cache-Control": "no-store"}

_WAYS: Final = {"code": 3, "shop": 2, "page": 1}
"""How many ways out the page for a missing thing names; none for what is not here."""

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Refused(Exception):
    """The request is answered with this instead of what was asked for; nothing was changed."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so that it may be kept for ever."""
    return f"/static/{BUILD}/{name}"


_templates.globals |= {
    "stylesheet": static_url("pages.css"),
    "icon": static_url("icon.svg"),
    "touch_icon": static_url("apple-touch-icon.png"),
    "paths": icons.PATHS,
}


def page(
    template: str,
    values: Mapping[str, Any],
    *,
    say: Speech,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A rendered page. It may be kept but is asked for again; nothing between us and the reader keeps it."""
    text = _templates.get_template(template).render({**values, "t": say})
    return HTMLResponse(text, status, headers=page_headers(headers))


def page_headers(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of a page; those of `more` count before the usual ones."""
    return {**HEADERS, "Cache-Control": "private, no-cache", "Vary": "Accept-Language", **(more or {})}


def message(
    heading: str,
    text: str,
    *,
    say: Speech,
    status: int,
    ways: tuple[str, ...] = (),
    href: str | None = None,
    label: str = "",
    reference: str | None = None,
) -> HTMLResponse:
    """A page that says one thing, and what to do next."""
    values = {
        "heading": heading,
        "text": text,
        "ways": ways,
        "href": href,
        "label": label,
        "reference": reference,
    }
    return page("message.html", values, say=say, status=status, headers=KEPT_NOWHERE)


def missing(what: str, *, say: Speech, status: int = 404, href: str | None = None, label: str = "") -> HTMLResponse:
    """The page for a code, shop, product, order or page that is not there: what it may be, and what to do next."""
    ways = tuple(say(f"missing_{what}_way{number}") for number in range(1, _WAYS.get(what, 0) + 1))
    return message(
        say(f"missing_{what}"), say(f"missing_{what}_text"), say=say, status=status, ways=ways, href=href, label=label
    )


def fault(reference: str, *, say: Speech, is_reading: bool) -> HTMLResponse:
    """The page for a fault of ours; the log has the reference too."""
    text = say("fault_read" if is_reading else "fault_change")
    return message(say("fault"), text, say=say, status=500, reference=say("fault_reference", reference=reference))


def unchanged(tag: str) -> Response:
    """304 for a reader who has the page of this ETag."""
    return Response(
        status_code=304, headers={"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
    )


def see(url: str) -> RedirectResponse:
    """303: the reader goes on to `url`, and the answer is kept by nobody."""
    return RedirectResponse(url, 303, headers={**HEADERS, **KEPT_NOWHERE})


def static_file(build: str, name: str) -> Response | None:
    """A static file, None where there is no such file; one of another build is given, but not to be kept."""
    content = _STATIC.get(name)
    if content is None:
        return None
    kept = "public, max-age=31536000, immutable" if build == BUILD else "no-cache"
    headers = {**PICTURE_HEADERS, "Cache-Control": kept}
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
