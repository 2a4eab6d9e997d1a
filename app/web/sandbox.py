"""`POST /sandbox/payments/{number}/confirm`: plays the customer who pays a sandbox charge. Never there in production.

With `?late=true` a charge that was closed is paid all the same, as when the customer's payment was under way at that
very moment: so a payment after cancellation can be shown.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.platform.runtime import Runtime
from app.trade import providers

_STATUS = {"PAID": 200, "FAILED": 402, "CLOSED": 409, "UNKNOWN": 404}


def routes(runtime: Runtime) -> list[Route]:
    """The sandbox's own route."""

    async def confirm(request: Request) -> Response:
        number = request.path_params["number"]
        if not number.isalnum():
            return JSONResponse({"state": "UNKNOWN"}, status_code=404)
        is_late = request.query_params.get("late", "") == "true"
        outcome = await providers.confirm_in_sandbox(runtime, number, is_late=is_late)
        return JSONResponse({"state": outcome.value}, status_code=_STATUS[outcome.value])

    return [Route("/sandbox/payments/{number}/confirm", confirm, methods=["POST"])]
