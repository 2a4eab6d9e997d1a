"""The command line: `python -m app COMMAND`. It starts what it needs (servers, migrations) and says what it did."""

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from pydantic import ValidationError

from app import product_commands
from app.boss import founding, rollups
from app.customers import access
from app.demo import dataset
from app.imports import complete_journey
from app.main import run_server
from app.platform import clock, migrations
from app.platform.db import Brand, is_unreachable
from app.platform.embedded import EmbeddedServerError, normalise_database_url, running_servers
from app.platform.errors import UserFault
from app.platform.logs import set_up_logs
from app.platform.messages import text
from app.platform.runtime import Runtime, open_runtime
from app.platform.secrets import SecretsMissing, load_secrets
from app.platform.settings import Settings, load_settings, reload_settings
from app.verify import checks
from app.worker import business_jobs, make_relay, run_worker
from graphql_schema.schema import print_sdl

Command = Callable[[argparse.Namespace], int]
T = TypeVar("T")


def main() -> None:
    """Run one command; its exit status is 0 for done, 1 for a violation or refusal, 2 for wrong use."""
    arguments = _parser().parse_args()
    run: Command = arguments.run
    signal.signal(signal.SIGTERM, _leave)
    try:
        status = run(arguments)
    except ValidationError as error:
        for wrong in error.errors():
            print(f"error: {'.'.join(map(str, wrong['loc'])).upper()}: {wrong['msg']}", file=sys.stderr)
        status = 1
    except (EmbeddedServerError, SecretsMissing, migrations.NotServable, CommandRefused) as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except UserFault as fault:
        path = f" ({'.'.join(fault.path)})" if fault.path else ""
        print(f"error: {text(fault.key, 'en', **fault.facts)}{path}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = 130
    raise SystemExit(status)


def _leave(number: int, _: object) -> None:
    """SIGTERM ends a command as Ctrl-C does: what it opened is closed, and our servers are stopped in order."""
    raise SystemExit(128 + number)


class CommandRefused(Exception):
    """A command cannot be carried out; the text says why and what to do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Virtual shops for sales guides.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    add("serve", _serve, "Serve GraphQL and pages on PORT.")
    worker = add("worker", _work, "Relay events and run scheduled jobs.")
    worker.add_argument("--until-input-ends", action="store_true", help=argparse.SUPPRESS)
    add("demo", _demo, "Load the demo brand once, then serve with a worker.")
    add("migrate", _migrate, "Bring the database up to date.")
    add("export-schema", _export_schema, "Print the GraphQL schema.")
    verify = add("verify", _verify, "Check the invariants on live data; non-zero on any violation.")
    verify.add_argument("--brand", metavar="CODE", help="only this brand")
    rebuild = add("rebuild-rollups", _rebuild, "Make the boss's figures anew from orders, ledger and touchpoints.")
    rebuild.add_argument("--brand", required=True, metavar="CODE")
    token = add("token", _token, "Print an access token (for operators with shell access).")
    token.add_argument("--brand", required=True, metavar="CODE")
    token.add_argument("--phone", required=True)
    token.add_argument("--audience", choices=["employee", "customer"], default="employee")
    brand = commands.add_parser("brand", help="Brands.").add_subparsers(required=True, metavar="COMMAND")
    create = brand.add_parser("create", help="Make a brand with its owner.")
    create.set_defaults(run=_create_brand)
    for name, default in (("code", None), ("name", None), ("owner-phone", None), ("owner-name", "老板")):
        create.add_argument(f"--{name}", required=default is None, default=default)
    create.add_argument("--currency", default="CNY")
    create.add_argument("--time-zone", default="Asia/Shanghai")
    products = commands.add_parser("products", help="Catalogues as files.").add_subparsers(
        required=True, metavar="COMMAND"
    )
    for name, work, help in (
        (
            "import",
            product_commands.import_products,
            "Read products out of a CSV or XLSX, with a line for every refused row; exit status 1 where there is one.",
        ),
        ("export", product_commands.export_products, "Write all products into a CSV or XLSX; - for standard output."),
    ):
        command = products.add_parser(name, help=help, description=help)
        command.add_argument("file", metavar="FILE")
        command.add_argument("--brand", required=True, metavar="CODE")
        command.set_defaults(run=partial(_on_products, work))
        if name == "import":
            command.add_argument("--dry-run", action="store_true", help="report what would be done, and do nothing")
    sources = commands.add_parser("import", help="Load outside data.").add_subparsers(required=True, metavar="SOURCE")
    journey = sources.add_parser("complete-journey", help="Real baskets of a grocery chain, replayed as orders.")
    journey.set_defaults(run=_import_complete_journey)
    journey.add_argument("--stores", type=int, metavar="N", help="only the N busiest stores")
    number = journey.add_mutually_exclusive_group()
    number.add_argument("--limit", type=int, default=2_000, metavar="N", help="at most N baskets (default 2,000)")
    number.add_argument("--all", action="store_true", help="all 155,848 baskets")
    journey.add_argument(
        "--brand", default=complete_journey.CODE, metavar="CODE", help="the brand to make or go on with"
    )
    journey.add_argument("--fast", action="store_true", help="in one transaction, by the set-wise loader")
    return parser


@contextmanager
def _servers() -> Iterator[Settings]:
    """Settings that name running servers, embedded where none is given.

    The database is brought up to date where its owner is known. Raises: CommandRefused, SecretsMissing, NotServable.
    """
    settings = load_settings()
    _check_settings(settings)
    load_secrets(settings)
    with running_servers(settings) as servers:
        try:
            if servers.database_owner_url:
                migrations.upgrade(servers.database_owner_url, serving_role=servers.serving_role)
            migrations.check_serving(servers.database_url)
        except (sa.exc.DBAPIError, OSError) as error:
            if not is_unreachable(error):
                raise
            raise CommandRefused(f"the database does not let us in: {getattr(error, 'orig', error)}") from error
        yield reload_settings(
            APP_HOME=str(settings.app_home),
            DATABASE_URL=servers.database_url,
            DATABASE_OWNER_URL=servers.database_owner_url,
            REDIS_URL=servers.redis_url,
        )


def _check_settings(settings: Settings) -> None:
    """Raises: CommandRefused for addresses that are none, and for a production that would run on defaults."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        if url := getattr(settings, name.lower()):
            try:
                normalise_database_url(url)
            except (ValueError, sa.exc.ArgumentError) as error:
                raise CommandRefused(f"{name}: {error}") from error
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise CommandRefused("REDIS_URL begins with redis://, rediss:// or unix://")
    if settings.is_production:
        missing = [name for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL") if not getattr(settings, name.lower())]
        if missing:
            raise CommandRefused(f"production needs {', '.join(missing)}")


def _run(settings: Settings, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run a short command on an open runtime. SIGTERM cancels it where it waits, and ends it as `_leave` does."""
    signalled = False

    async def inside() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def leave() -> None:
            nonlocal signalled
            signalled = True
            if task is not None:
                task.cancel()

        # An exception out of a signal handler could surface anywhere, even inside the database driver.
        loop.add_signal_handler(signal.SIGTERM, leave)
        async with open_runtime(settings) as runtime:
            return await work(runtime)

    set_up_logs(settings.log_level if settings.log_level != "info" else "warning")
    try:
        return asyncio.run(inside())
    except asyncio.CancelledError:
        if signalled:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, _leave)


async def _brand(runtime: Runtime, code: str) -> Brand:
    brand = await runtime.database.brand_by_code(code)
    if brand is None:
        raise CommandRefused(f"there is no brand with code {code!r}")
    return brand


def _check_port(settings: Settings) -> None:
    """Raises: CommandRefused when somebody else listens on PORT, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandRefused(
                    f"HOST {settings.host}, PORT {settings.port}: {error.strerror or error}"
                ) from error
            raise CommandRefused(
                f"port {settings.port} is taken by another program; "
                f"end it or choose another, for example PORT={settings.port + 1}"
            ) from error


def _until_signal(work: Callable[[asyncio.Event], Awaitable[None]], *, or_input_ends: bool = False) -> int:
    """Run a long process; Ctrl-C and SIGTERM drain it, a second one ends it.

    `or_input_ends`: so does the end of its input, which is the end of the program that holds the other side.
    """

    async def inside() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: sys.exit(1) if stop.is_set() else stop.set())

        def read_input() -> None:
            if not os.read(0, 1_024):
                loop.remove_reader(0)
                stop.set()

        if or_input_ends:
            loop.add_reader(0, read_input)
        await work(stop)

    asyncio.run(inside())
    return 0


def _serve(_: argparse.Namespace) -> int:
    _check_port(load_settings())
    with _servers() as settings:
        return _until_signal(lambda stop: run_server(settings, stop))


def _work(arguments: argparse.Namespace) -> int:
    with _servers() as settings:
        return _until_signal(lambda stop: run_worker(settings, stop), or_input_ends=arguments.until_input_ends)


def _demo(_: argparse.Namespace) -> int:
    async def load(runtime: Runtime) -> str:
        await dataset.load(runtime, make_relay(runtime), business_jobs())
        return await dataset.where_to_look(runtime)

    _check_port(load_settings())
    with _servers() as settings:
        where = _run(settings, load)

        async def both(stop: asyncio.Event) -> None:
            ready = asyncio.Event()
            command = (sys.executable, "-m", "app", "worker", "--until-input-ends")
            # The pipe is never written to: it ends with this program, however that ends, and the worker with it.
            worker = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
            try:
                serving = asyncio.create_task(run_server(settings, stop, ready))
                waiting = asyncio.create_task(ready.wait())
                await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if ready.is_set():
                    print(where, flush=True)
                await serving
            finally:
                with contextlib.suppress(ProcessLookupError):
                    worker.terminate()
                await worker.wait()

        return _until_signal(both)


def _migrate(_: argparse.Namespace) -> int:
    with _servers() as settings:
        print("the database is up to date" if settings.database_owner_url else "DATABASE_OWNER_URL is not set")
        return 0 if settings.database_owner_url else 1


def _verify(arguments: argparse.Namespace) -> int:
    async def work(runtime: Runtime) -> int:
        brands = [await _brand(runtime, arguments.brand)] if arguments.brand else await runtime.database.brands()
        return await checks.report(runtime, brands)

    with _servers() as settings:
        return _run(settings, work)


def _rebuild(arguments: argparse.Namespace) -> int:
    async def work(runtime: Runtime) -> int:
        brand = await _brand(runtime, arguments.brand)
        for name, rows in (await runtime.database.run(brand, rollups.rebuild)).items():
            print(f"{name}: {rows} rows")
        return 0

    with _servers() as settings:
        return _run(settings, work)


def _token(arguments: argparse.Namespace) -> int:
    async def work(runtime: Runtime) -> int:
        brand = await _brand(runtime, arguments.brand)
        print(await access.operator_token(runtime, brand, phone=arguments.phone, audience=arguments.audience.upper()))
        return 0

    with _servers() as settings:
        return _run(settings, work)


def _on_products(
    work: Callable[[Runtime, Brand, argparse.Namespace], Awaitable[int]], arguments: argparse.Namespace
) -> int:
    async def inside(runtime: Runtime) -> int:
        try:
            return await work(runtime, await _brand(runtime, arguments.brand), arguments)
        except OSError as error:
            if error.filename is None:
                raise
            raise CommandRefused(f"{error.filename}: {error.strerror}") from error

    with _servers() as settings:
        return _run(settings, inside)


def _create_brand(arguments: argparse.Namespace) -> int:
    async def work(runtime: Runtime) -> int:
        brand = await founding.found_brand(
            runtime.database,
            code=arguments.code,
            name=arguments.name,
            currency=arguments.currency,
            time_zone=arguments.time_zone,
            owner_name=arguments.owner_name,
            owner_phone=arguments.owner_phone,
            now=clock.utc_now(),
        )
        print(f"brand {brand.code} is made; its owner signs in with {arguments.owner_phone}")
        return 0

    with _servers() as settings:
        return _run(settings, work)


def _export_schema(_: argparse.Namespace) -> int:
    print(print_sdl(), end="")
    return 0


def _import_complete_journey(arguments: argparse.Namespace) -> int:
    with _servers() as settings:
        return _run(
            settings,
            lambda runtime: complete_journey.load(
                runtime,
                make_relay(runtime),
                business_jobs(),
                stores=arguments.stores,
                limit=None if arguments.all else arguments.limit,
                is_fast=arguments.fast,
                code=arguments.brand,
            ),
        )
