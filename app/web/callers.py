"""Who asks for a page: a person with a browser, or a program that only looks at the link; and the visitor's cookie."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.platform.settings import Settings

COOKIE: Final = "visitor"
CODE_COOKIE: Final = "code"
LONGEST_CODE_TOKEN: Final = 64
CODE_SECONDS: Final = 86_400
"""How long a code that led into a shop goes with the orders placed there."""

_PREVIEWS = re.compile(
    r"bot\b|bot[/ ;_-]|crawl|spider|slurp|preview|facebookexternalhit|facebot|whatsapp/|embedly|quora link|vkshare|"
    r"skypeuri|bitlybot|redditbot|mediapartners|lighthouse|pingdom|uptimerobot|monitis|headless link",
    re.IGNORECASE,
)
"""Search engines, link previews of chats, and watchers say so in their user agent."""
_AHEAD = ("prefetch", "prerender", "preview")


def is_person(request: Request) -> bool:
    """Whether somebody opens the page: not a HEAD, a link preview, a crawler, or a browser that fetches ahead."""
    if request.method == "HEAD" or _PREVIEWS.search(request.headers.get("user-agent", "")):
        return False
    purposes = " ".join(
        request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")
    ).lower()
    return not any(word in purposes for word in _AHEAD)


def visitor_token(request: Request) -> str | None:
    """The token in the visitor's cookie, as it was sent: it may be anything."""
    return request.cookies.get(COOKIE)


def keep_visitor(response: Response, token: str, settings: Settings) -> None:
    """Let the browser keep the token, for 180 days from now."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.visitor_ttl_seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.base_url.startswith("https://"),
    )


def code_token(request: Request) -> str | None:
    """The token of the code that led into this shop, as it was sent: it may be anything."""
    token = request.cookies.get(CODE_COOKIE)
    return token if token and len(token) <= LONGEST_CODE_TOKEN else None


def keep_code(response: Response, token: str, path: str, settings: Settings) -> None:
    """Let the browser send the code's token along in the shop that it led to, for a day, and nowhere else."""
    response.set_cookie(
        CODE_COOKIE,
        token,
        max_age=CODE_SECONDS,
        path=path,
        httponly=True,
        samesite="lax",
        secure=settings.base_url.startswith("https://"),
    )
