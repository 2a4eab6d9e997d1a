"""`POST /callbacks/payments/{provider}`: what payment providers tell us. Public; only a signature is believed."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.platform import clock
from app.platform.runtime import Runtime
from app.trade import callbacks

LARGEST_BODY_BYTES = 64 * 1024
BODY_SECONDS = 15.0


def routes(runtime: Runtime) -> list[Route]:
    """The callback route of every provider."""

    async def payment(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return JSONResponse({"code": "FAIL", "message": "TIME"}, status_code=408, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        if body is None:
            return JSONResponse({"code": "FAIL", "message": "BODY"}, status_code=413)
        answer = await callbacks.take(
            runtime, request.path_params["provider"], dict(request.headers), body, now=clock.utc_now()
        )
        return JSONResponse(answer.body, status_code=answer.status)

    return [Route("/callbacks/payments/{provider}", payment, methods=["POST"])]


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is larger than any provider's."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            return None
    return bytes(body)
