"""`POST /callbacks/payments/{provider}`: what payment providers tell us. Public; only a signature is believed."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.platform import clock
from app.platform.runtime import Runtime
from app.trade import callbacks

LARGEST_BODY_BYTES = 64 * 1024


def routes(runtime: Runtime) -> list[Route]:
    """The callback route of every provider."""

    async def payment(request: Request) -> Response:
        body = await _body(request)
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
