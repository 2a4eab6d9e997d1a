"""The customer's pages, put together: which address leads to which page, and what is shown when one is missing."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.platform.runtime import Runtime
from app.web import answers, code_pages, shop_pages

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def routes(runtime: Runtime) -> list[BaseRoute]:
    """The routes of the customer's pages; GET and HEAD."""

    def bound(handler: Callable[[Runtime, Request], Awaitable[Response]]) -> Handler:
        async def handle(request: Request) -> Response:
            return await handler(runtime, request)

        return handle

    media = runtime.settings.app_home / "media"
    media.mkdir(parents=True, exist_ok=True)
    return [
        Route("/q/{token}", bound(code_pages.open_code), methods=["GET"]),
        Route("/codes/{name}", bound(code_pages.show_picture), methods=["GET"]),
        Route("/s/{slug}", bound(shop_pages.open_shop), methods=["GET"]),
        Route("/s/{slug}/p/{product_id}", bound(shop_pages.open_product), methods=["GET"]),
        Route("/static/{build}/{name}", show_static, methods=["GET"]),
        Mount("/media", _Media(directory=media)),
    ]


def exception_handlers(runtime: Runtime) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Pages for a missing address and for a fault of ours; what is no page gets a short JSON answer."""

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if not _wants_page(request):
            return JSONResponse({"error": status}, status, headers=getattr(error, "headers", None))
        return answers.missing("page", status=status)

    async def failed(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(8)
        log.error("page failed", exc_info=error, extra={"reference": reference, "path": request.url.path})
        if not _wants_page(request):
            return JSONResponse({"error": 500, "reference": reference}, 500)
        return answers.fault(reference)

    return {HTTPException: refused, Exception: failed}


async def show_static(request: Request) -> Response:
    """The stylesheet, the icon."""
    found = answers.static_file(request.path_params["build"], request.path_params["name"])
    return answers.missing("page") if found is None else found


def _wants_page(request: Request) -> bool:
    accepts = request.headers.get("accept", "*/*")
    return request.method in ("GET", "HEAD") and ("text/html" in accepts or "*/*" in accepts)


class _Media(StaticFiles):
    """Pictures of this installation: shown, never run, and kept by browsers for a day."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(answers.PICTURE_HEADERS)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response
