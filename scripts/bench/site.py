"""What the benchmarks measure on: servers of their own in a temporary folder, a small brand, one serving process."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.boss import founding
from app.customers import profiles
from app.employees import organisation, sessions
from app.marketing import onboarding
from app.platform import clock, migrations
from app.platform.actor import SYSTEM
from app.platform.db import Brand
from app.platform.embedded import running_servers
from app.platform.runtime import open_runtime
from app.platform.settings import Settings, reload_settings
from app.products import catalogue, reads
from app.products.values import NewSku

PRODUCTS, SKUS, CUSTOMERS, STOCK = 24, 2, 32, 1_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """The brand under measurement and where it is served."""

    settings: Settings
    brand: Brand
    slug: str
    sku_ids: list[UUID]
    customer_ids: list[UUID]
    tokens: list[str]
    port: int
    hand_port: int


@contextmanager
def open_site() -> Iterator[Site]:
    """Servers, data, a serving process and the hand-written endpoint; everything is stopped and removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    home.chmod(0o755)  # so that the servers, when root starts them as nobody, keep their data here
    port, hand_port = _free_port(), _free_port()
    try:
        with running_servers(reload_settings(APP_HOME=str(home), PORT=str(port))) as servers:
            migrations.upgrade(servers.database_owner_url, serving_role=servers.serving_role)
            settings = reload_settings(
                DATABASE_URL=servers.database_url,
                DATABASE_OWNER_URL=servers.database_owner_url,
                REDIS_URL=servers.redis_url,
                ACCESS_TOKEN_TTL_SECONDS="36000",
            )
            brand, slug, sku_ids, customer_ids, tokens = asyncio.run(_fill(settings))
            commands = (["-m", "app", "serve"], ["-m", "scripts.bench.hand"])
            environment = {**os.environ, "BENCH_PORT": str(hand_port), "LOG_LEVEL": "error"}
            processes = [subprocess.Popen([sys.executable, *command], env=environment) for command in commands]
            try:
                _wait_for(f"http://127.0.0.1:{port}/healthz")
                _wait_for(f"http://127.0.0.1:{hand_port}/")
                yield Site(settings, brand, slug, sku_ids, customer_ids, tokens, port, hand_port)
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    process.wait(20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def _fill(settings: Settings) -> tuple[Brand, str, list[UUID], list[UUID], list[str]]:
    async with open_runtime(settings) as runtime:
        brand = await founding.found_brand(
            runtime.database,
            code="bench",
            name="Bench",
            currency="CNY",
            time_zone="Asia/Shanghai",
            owner_name="Owner",
            owner_phone="19900000001",
            now=clock.utc_now(),
        )
        async with runtime.database.transaction(brand) as session:
            root_id, _ = await founding.root_and_owner(session)
            store_id = await organisation.create_store(
                session,
                SYSTEM,
                code="S1",
                name="一店",
                org_unit_id=root_id,
                operator="OWN",
                city="上海",
                now=session.now,
            )
            guide = await onboarding.onboard(
                session,
                SYSTEM,
                display_name="林知夏",
                phone="19900000011",
                role="GUIDE",
                store_id=store_id,
                now=session.now,
            )
            sku_ids: list[UUID] = []
            for number in range(PRODUCTS):
                product_id = await catalogue.create_product(
                    session,
                    SYSTEM,
                    title=f"水洗亚麻四件套 {number}",
                    cover_url=f"/media/bench/{number}.jpg",
                    skus=[
                        NewSku(f"规格 {i}", f"{number}-{i}", None, 10_000 + number * 100 + i, 20_000, STOCK)
                        for i in range(SKUS)
                    ],
                    now=session.now,
                )
                sku_ids += await reads.sku_ids_of(session, product_id)
            customer_ids, tokens = [], []
            for number in range(CUSTOMERS):
                customer_id = await profiles.create_customer(session, phone=f"1990000{1001 + number}", now=session.now)
                opened = await sessions.open_session(
                    session,
                    audience="CUSTOMER",
                    principal_id=customer_id,
                    settings=settings,
                    signing=runtime.secrets.signing,
                    now=session.now,
                )
                customer_ids.append(customer_id)
                tokens.append(opened.access_token)
    return brand, str(guide.slug), sku_ids, customer_ids, tokens


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    """Until something answers, whatever it says; 30 seconds at most."""
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"nothing answers at {url}")
