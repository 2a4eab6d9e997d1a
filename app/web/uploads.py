"""Uploads: an employee sends a picture or file and gets the address under which it is shown."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.employees import sessions
from app.platform import media, messages, tokens
from app.platform.actor import Actor
from app.platform.db import Brand
from app.platform.errors import Forbidden, RateLimited, UserFault
from app.platform.runtime import Runtime
from app.platform.storage import StorageUnreachable
from app.platform.tokens import AccessClaims
from app.web import answers, forms, readers, seals, signed_in

MOST_BODY_BYTES: Final = media.MOST_FILE_BYTES + 64 * 1024
BODY_SECONDS: Final = 120.0
FORM_HEADER: Final = "x-form-token"
_AT_ONCE: Final = asyncio.Semaphore(4)
"""Bodies are held in memory: a process reads so many at a time."""


def routes(runtime: Runtime) -> list[BaseRoute]:
    """The route of uploads."""

    async def handle(request: Request) -> Response:
        return await upload(runtime, request)

    return [Route("/media", handle, methods=["POST"])]


async def upload(runtime: Runtime, request: Request) -> Response:
    """`POST /media`, multipart with one `file`: 201 with its address, type and size, else why not, as JSON.

    Employees only, by the API's bearer token or by the pages' cookie; a cookie counts together with a form token of
    the browser, in the field `form` or the header X-Form-Token.
    """
    claims, is_by_cookie = _claims(runtime, request)
    brand = None if claims is None else await runtime.database.brand(claims.brand_id)
    if claims is None or brand is None:
        return _refusal(request, 401, "UNAUTHENTICATED")
    async with runtime.database.reading(brand) as session:
        actor = await sessions.load_actor(session, claims)
    if actor is None:
        return _refusal(request, 401, "UNAUTHENTICATED")
    if is_by_cookie and not forms.is_from_here(request, runtime.settings.base_url):
        return _refusal(request, 403, "FORBIDDEN")
    try:
        async with _AT_ONCE:
            data, token = await read_file(request)
            if is_by_cookie and not is_ours(runtime, request, token):
                return _refusal(request, 403, "FORBIDDEN")
            return await _accept(runtime, request, brand, actor, data)
    except HTTPException as refused:
        return _refusal(request, refused.status_code, refused.detail)


async def _accept(runtime: Runtime, request: Request, brand: Brand, actor: Actor, data: bytes) -> Response:
    try:
        made = await media.accept(runtime, brand, actor, data)
    except Forbidden:
        return _refusal(request, 403, "FORBIDDEN")
    except RateLimited as fault:
        return _refusal(request, 429, fault.code, fault, {"Retry-After": str(fault.retry_after_seconds)})
    except UserFault as fault:
        return _refusal(request, 422, fault.code, fault)
    except StorageUnreachable:
        return _refusal(request, 503, "UNAVAILABLE", headers={"Retry-After": "5"})
    shown = {"url": made.url, "mediaType": made.media_type, "width": made.width, "height": made.height}
    return JSONResponse(shown, 201, headers={**answers.KEPT_NOWHERE, "Location": made.url})


def _claims(runtime: Runtime, request: Request) -> tuple[AccessClaims | None, bool]:
    """Who asks, and whether only the browser's cookie says so."""
    header = request.headers.get("authorization", "")
    if not header:
        return signed_in.staff_claims(runtime, request), True
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None, False
    return tokens.read_access_token(runtime.secrets.signing, token.strip()), False


def is_ours(runtime: Runtime, request: Request, token: str) -> bool:
    """Whether a page of ours in this browser gave the token."""
    secret = request.cookies.get(signed_in.own_name(runtime.settings, readers.FORM_COOKIE), "")
    given = token or request.headers.get(FORM_HEADER, "")
    return bool(secret) and seals.is_sealed(runtime.database.vault, readers.FORM_COOKIE, secret, given)


async def read_file(request: Request) -> tuple[bytes, str]:
    """The file and the form token of a body. Raises: HTTPException for one that is none, too large, or never comes."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415, "UNSUPPORTED_MEDIA_TYPE")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdecimal() and int(declared[:19]) > MOST_BODY_BYTES:
        raise HTTPException(413, "BODY_TOO_LARGE")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            parser = MultiPartParser(request.headers, _bounded(request), max_files=1, max_fields=4)
            form = await parser.parse()
            try:
                file, token = form.get("file"), form.get(forms.TOKEN)
                if not isinstance(file, UploadFile):
                    raise HTTPException(400, "BAD_REQUEST")
                return await file.read(), token if isinstance(token, str) else ""
            finally:
                await form.close()
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408, "REQUEST_TIMEOUT") from None
    except (MultiPartException, KeyError, ValueError):
        raise HTTPException(400, "BAD_REQUEST") from None


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > MOST_BODY_BYTES:
            raise HTTPException(413, "BODY_TOO_LARGE")
        yield chunk


def _refusal(
    request: Request,
    status: int,
    code: str,
    fault: UserFault | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {"error": code}
    if fault is not None:
        body["message"] = messages.text(fault.key, readers.language_of(request), **fault.facts)
    return JSONResponse(body, status, headers={**answers.KEPT_NOWHERE, **(headers or {})})
