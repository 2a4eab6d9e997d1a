"""The serving process: GraphQL, pages, provider callbacks, health and metrics, put together."""

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial

import sqlalchemy as sa
import uvicorn
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.platform import metrics, outbox
from app.platform.integrations import sandbox_pay
from app.platform.logs import set_up_logs
from app.platform.runtime import Runtime, open_runtime
from app.platform.settings import Settings
from app.trade import reconciliation
from app.web import callbacks, pages, sandbox, uploads
from graphql_schema.context import make_context
from graphql_schema.endpoint import GraphQLEndpoint
from graphql_schema.schema import schema

log = logging.getLogger(__name__)


def make_app(runtime: Runtime) -> Starlette:
    """The ASGI application on an open runtime; the caller closes the runtime."""
    endpoint = GraphQLEndpoint(schema, runtime.settings, partial(make_context, runtime))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """The sandbox provider plays an outside party without a process of its own: callbacks leave from here."""
        deliveries = (
            None if runtime.settings.is_production else asyncio.create_task(sandbox_pay.run_deliveries(runtime))
        )
        yield
        if deliveries is not None:
            deliveries.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await deliveries

    async def healthz(_: Request) -> Response:
        return await _health(runtime)

    async def show_metrics(_: Request) -> Response:
        await _measure(runtime)
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    routes = [
        *endpoint.routes(),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", show_metrics, methods=["GET"]),
        *callbacks.routes(runtime),
        *uploads.routes(runtime),
        *([] if runtime.settings.is_production else sandbox.routes(runtime)),
        *pages.routes(runtime),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=pages.exception_handlers(runtime))


async def _health(runtime: Runtime) -> Response:
    """200 when the database answers; Valkey may be away, then hints wait for the sweep."""
    try:
        async with asyncio.timeout(3):
            async with runtime.database.directory() as session:
                await session.execute(sa.text("SELECT 1 FROM brand LIMIT 1"))
    except (sa.exc.SQLAlchemyError, OSError, TimeoutError):
        return JSONResponse({"status": "unavailable", "database": "unreachable"}, status_code=503)
    try:
        async with asyncio.timeout(1):
            await runtime.bus.redis.ping()
        valkey = "ok"
    except (RedisError, OSError, TimeoutError):
        valkey = "unreachable"
    return JSONResponse({"status": "ok", "database": "ok", "valkey": valkey})


async def _measure(runtime: Runtime) -> None:
    """Set the gauges over all brands. Without a database they tell nothing; the counters are shown all the same."""
    waiting, parked, oldest, differences = 0.0, 0.0, 0.0, 0.0
    try:
        for brand in await runtime.database.brands():
            if not brand.is_simulated:
                async with runtime.database.reading(brand) as session:
                    more, stuck, age = await outbox.waiting(session)
                    differences += await reconciliation.open_differences(session)
                waiting, parked, oldest = waiting + more, parked + stuck, max(oldest, age)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        log.warning("gauges not measured", extra={"error": repr(error)})
        waiting = parked = oldest = differences = math.nan
    metrics.events_waiting.set(waiting)
    metrics.events_parked.set(parked)
    metrics.oldest_event_seconds.set(oldest)
    metrics.reconciliation_differences.set(differences)


class Server(uvicorn.Server):
    """A uvicorn server whose owner handles signals, and which says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready.set()

    def install_signal_handlers(self) -> None:
        """Left to the command line, which also has a worker and embedded servers to end in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_server(settings: Settings, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
    """Serve until `stop`; open requests get ten seconds to finish. Raises: OSError when the port is taken."""
    set_up_logs(settings.log_level)
    async with open_runtime(settings) as runtime:
        config = uvicorn.Config(
            make_app(runtime),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            # Who may say where a call comes from is TRUSTED_PROXIES' to tell; uvicorn would believe any local caller.
            proxy_headers=False,
            # Longer than proxies and clients keep a connection: who sends on one that was just closed gets no answer.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
            ws_max_size=settings.websocket_message_bytes + 1024,
            ws="websockets-sansio",
        )
        server = Server(config, ready or asyncio.Event())
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving
