"""Forms that browsers send: read within bounds, and believed only when a page of ours sent them."""

import asyncio
import secrets as random
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.web import answers
from app.web.answers import Refused
from app.web.texts import Speech

TOKEN: Final = "form"  # noqa: S105 - the name of a field
LARGEST_BODY_BYTES: Final = 32 * 1024
BODY_SECONDS: Final = 15.0
_MOST_FIELDS: Final = 300
_CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, by field."""

    fields: dict[str, list[str]]

    def text(self, name: str) -> str:
        """The field's text without blanks around it; empty where there is none."""
        return self.fields.get(name, [""])[-1].strip()

    def all(self, name: str) -> list[str]:
        """Every value of the field."""
        return self.fields.get(name, [])

    def has(self, name: str) -> bool:
        """Whether the field was sent: a box is sent when it is ticked."""
        return name in self.fields

    def number(self, name: str) -> int | None:
        """The field as a whole number of up to twelve digits; None for anything else."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


class Errors(dict[str, str]):
    """What is wrong with a form's fields, by field; templates may ask about any."""

    def __missing__(self, name: str) -> None:
        return None


def new_key() -> str:
    """A key under which a form does its work once, however often it is sent."""
    return random.token_hex(16)


def own_path(text: str, default: str) -> str:
    """A path on this site to go on to, or the default: never another site, however the address is dressed up."""
    is_own = (
        text.startswith("/")
        and not text.startswith("//")
        and "\\" not in text
        and len(text) <= 2_000
        and text.isprintable()
    )
    if not is_own:
        return default
    try:
        parts = urlsplit(text)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else text


async def read(request: Request, say: Speech) -> Form:
    """The form in a request's body. Raises: Refused for one that is none, too large, or never comes."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _CONTENT_TYPE:
        raise Refused(stale(say, status=415))
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY_BYTES:
                    raise Refused(answers.message(say("form_large"), say("form_large_text"), say=say, status=413))
    except (TimeoutError, ClientDisconnect):
        raise Refused(stale(say, status=408)) from None
    try:
        fields = parse_qs(
            bytes(body).decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Refused(stale(say, status=400)) from None
    return Form(fields)


def is_from_here(request: Request, base_url: str) -> bool:
    """Whether a page of this very site sent the request, as far as the browser says; an old one says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin == base_url or urlsplit(origin).netloc == request.headers.get("host")


def stale(say: Speech, *, status: int = 403) -> Response:
    """The page for a form that cannot be believed, or not be read."""
    return answers.message(
        say("form_stale"), say("form_stale_text"), say=say, status=status, ways=(say("form_stale_way"),)
    )
