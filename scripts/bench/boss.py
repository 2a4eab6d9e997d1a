"""The boss's dashboard (`BossDashboard`, 30 days) beside the same figures by SQL: over raw lines, and over the rollups.

The orders are copies of one that the services made, spread over 90 days; the rollups are made by the rebuild.
"""

import asyncio
import statistics
import time
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.boss import founding, rollups
from app.customers import profiles
from app.employees import sessions
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.runtime import Runtime, open_runtime
from app.products import reads
from app.trade import orders, payments
from app.trade.basket import Address
from app.trade.models import PaymentRow
from app.trade.values import LineRequest, ProviderName
from scripts.bench import load
from scripts.bench.documents import operation
from scripts.bench.orders import ADDRESS
from scripts.bench.site import Site

ORDERS, DAYS, LINES, ROUNDS, SECONDS = 20_000, 90, 3, 3, 3.0

_COPIES = """
    FROM {table} o CROSS JOIN generate_series(1, :copies) n
    CROSS JOIN LATERAL (SELECT make_interval(days => n % :days) AS back) shift
    CROSS JOIN LATERAL (
        SELECT c.id AS buyer FROM customer c WHERE c.brand_id = :brand ORDER BY c.id OFFSET n % 32 LIMIT 1
    ) who
    WHERE o.brand_id = :brand AND o.{key} = :order
"""
_COPYING = (
    """
    INSERT INTO sale (brand_id, id, source, number, customer_id, guide_id, store_id, branch, rule, policy_version,
        plan_version, is_self_purchase, evidence, decided_at)
    SELECT o.brand_id, md5(o.id::text || n)::uuid, o.source, o.number || n, buyer, o.guide_id, o.store_id, o.branch,
        o.rule, o.policy_version, o.plan_version, false, o.evidence, o.decided_at - back
    """
    + _COPIES.format(table="sale", key="id"),
    """
    INSERT INTO orders (brand_id, id, number, state, customer_id, shop_id, guide_id, store_id, branch, fulfilment,
        subtotal_minor, discount_minor, freight_minor, total_minor, refunded_minor, refunded_goods_minor,
        placed_at, pay_by, paid_at, paid_on)
    SELECT o.brand_id, md5(o.id::text || n)::uuid, o.number || n, o.state, buyer, o.shop_id, o.guide_id, o.store_id,
        o.branch, o.fulfilment, o.subtotal_minor, o.discount_minor, o.freight_minor, o.total_minor, 0, 0,
        o.placed_at - back, o.pay_by - back, o.paid_at - back, o.paid_on - n % :days
    """
    + _COPIES.format(table="orders", key="id"),
    """
    INSERT INTO sale_line (brand_id, sale_id, line_id, product_id, category_id, quantity, base_minor)
    SELECT o.brand_id, md5(o.sale_id::text || n)::uuid, o.line_id, o.product_id, o.category_id, o.quantity, o.base_minor
    """
    + _COPIES.format(table="sale_line", key="sale_id"),
    """
    INSERT INTO commission_entry (brand_id, id, kind, sale_id, line_id, role, party_kind, party_id, performance_bp,
        performance_minor, rate_bp, rule_id, amount_minor, booked_at, booked_on)
    SELECT o.brand_id, md5(o.id::text || n)::uuid, o.kind, md5(o.sale_id::text || n)::uuid, o.line_id, o.role,
        o.party_kind, o.party_id, o.performance_bp, o.performance_minor, o.rate_bp, o.rule_id, o.amount_minor,
        o.booked_at - back, o.booked_on - n % :days
    """
    + _COPIES.format(table="commission_entry", key="sale_id"),
    """
    INSERT INTO ledger_transfer (brand_id, id, entry_id, cause, occasion_id, debit_account, debit_party_id,
        credit_account, credit_party_id, amount_minor, booked_at, booked_on)
    SELECT o.brand_id, md5(o.id::text || n)::uuid, md5(o.entry_id::text || n)::uuid, o.cause,
        md5(o.occasion_id::text || n)::uuid, o.debit_account, o.debit_party_id, o.credit_account, o.credit_party_id,
        o.amount_minor, o.booked_at - back, o.booked_on - n % :days
    """
    + _COPIES.format(table="ledger_transfer", key="occasion_id"),
)
_LINES = """
    FROM orders o JOIN sale s ON s.brand_id = $1 AND s.id = o.id
    JOIN sale_line l ON l.brand_id = $1 AND l.sale_id = o.id
    JOIN commission_entry e ON e.brand_id = $1 AND e.sale_id = o.id AND e.line_id = l.line_id AND e.kind = 'ORDER'
        AND e.role = 'SELLER'
    WHERE o.brand_id = $1 AND o.paid_on BETWEEN $2 AND $3
"""
_SUMS = "count(DISTINCT o.id) AS orders, sum(l.quantity) AS quantity, sum(e.performance_minor) AS net"
_RAW = {
    "sales": f"SELECT {_SUMS}{_LINES}",
    "customers": """
        SELECT count(*) AS customers, count(*) FILTER (WHERE repeated) AS repeated FROM (
            SELECT o.customer_id, bool_or(EXISTS (SELECT 1 FROM orders p WHERE p.brand_id = $1
                AND p.customer_id = o.customer_id AND p.paid_at < o.paid_at)) AS repeated
            FROM orders o WHERE o.brand_id = $1 AND o.paid_on BETWEEN $2 AND $3 GROUP BY o.customer_id) c
    """,
    "traffic": """
        SELECT count(*), count(DISTINCT coalesce(t.customer_id, t.visitor_id)) FROM touchpoint t
        WHERE t.brand_id = $1 AND t.occurred_at >= $2 AND t.occurred_at < $3
    """,
    "commission": """
        SELECT sum(t.amount_minor) FILTER (WHERE t.credit_account = 'HELD')
            - sum(t.amount_minor) FILTER (WHERE t.debit_account = 'HELD') AS held,
            sum(t.amount_minor) FILTER (WHERE t.credit_account = 'PAID' AND t.booked_on >= $2) AS paid
        FROM ledger_transfer t WHERE t.brand_id = $1 AND t.booked_on <= $3
    """,
    "days": f"SELECT o.paid_on, {_SUMS}{_LINES} GROUP BY o.paid_on",
    "teams": f"SELECT s.branch, {_SUMS}{_LINES} GROUP BY s.branch",
    "guides": f"SELECT e.party_id, {_SUMS}{_LINES} GROUP BY e.party_id ORDER BY net DESC LIMIT 20",
    "products": f"SELECT l.product_id, {_SUMS}{_LINES} GROUP BY l.product_id ORDER BY net DESC LIMIT 20",
}
_ROWS = "FROM rollup_sales r WHERE r.brand_id = $1 AND r.day BETWEEN $2 AND $3"
_NET = "sum(r.orders) AS orders, sum(r.gross_minor - r.refunds_minor) AS net"
_ROLLED_UP = {
    "sales": f"SELECT {_NET} {_ROWS}",
    "customers": """
        SELECT count(DISTINCT r.customer_id) AS customers FROM rollup_buyer r
        WHERE r.brand_id = $1 AND r.day BETWEEN $2 AND $3
    """,
    "traffic": """
        SELECT sum(r.visits), count(DISTINCT r.person_id) FROM rollup_visit r
        WHERE r.brand_id = $1 AND r.day BETWEEN $2 AND $3
    """,
    "commission": """
        SELECT r.account, sum(r.amount_minor), sum(r.amount_minor) FILTER (WHERE r.day >= $2) FROM rollup_commission r
        WHERE r.brand_id = $1 AND r.day <= $3 GROUP BY r.account
    """,
    "days": f"SELECT r.day, {_NET} {_ROWS} GROUP BY r.day",
    "teams": f"SELECT r.branch, {_NET} {_ROWS} GROUP BY r.branch",
    "guides": f"SELECT r.guide_id, {_NET} {_ROWS} GROUP BY r.guide_id ORDER BY net DESC LIMIT 20",
    "products": f"SELECT r.product_id, {_NET} {_ROWS.replace('rollup_sales', 'rollup_product')} "
    "GROUP BY r.product_id ORDER BY net DESC LIMIT 20",
}


def measure(site: Site) -> None:
    """Print milliseconds of the document, of SQL over raw lines and of SQL over rollups, and the ratios."""
    asyncio.run(_measure(site))


async def _measure(site: Site) -> None:
    async with open_runtime(site.settings) as runtime:
        token, today = await _fill(runtime, site)
    body = orjson.dumps(
        {"query": operation("boss.graphql", "BossDashboard"), "variables": {"input": {"preset": "LAST_30_DAYS"}}}
    )
    url = make_url(site.settings.database_url)
    host, port = (url.query.get(name) or getattr(url, name) for name in ("host", "port"))
    connection = await asyncpg.connect(
        user=url.username, password=url.password, database=url.database, host=str(host), port=int(str(port or 5432))
    )
    try:
        arguments = (site.brand.id, today - timedelta(days=29), today)
        sums = [await _sums(connection, site.brand.id, queries, arguments) for queries in (_RAW, _ROLLED_UP)]
        shown = _ask(site, body, token)["data"]["dashboard"]["sales"]
        same = [(shown["orders"], shown["netSales"]["minor"], shown["customers"]), *sums]
        if len(set(same)) != 1:
            raise SystemExit(f"the three do not say the same: {same}")
        ours, raw, rolled_up = [], [], []
        request = load.post("/graphql", body, token)
        for _ in range(ROUNDS):
            ours.append(
                (await load.run(site.port, lambda: request, connections=1, seconds=SECONDS, expect=b'"sales"')).p50_ms
            )
            for times, queries in ((raw, _RAW), (rolled_up, _ROLLED_UP)):
                times.append(await _timed(lambda q=queries: _sums(connection, site.brand.id, q, arguments)))  # type: ignore[misc]
    finally:
        await connection.close()
    found = [statistics.median(times) for times in (ours, raw, rolled_up)]
    print(f"dashboard of 30 days, {ORDERS} orders of {LINES} lines in {DAYS} days, median of {ROUNDS} rounds")
    for name, took in zip(("API (BossDashboard)", "SQL over raw lines", "SQL over rollups"), found, strict=True):
        print(f"  {name:26} {took:8.2f} ms")
    print(f"  API / SQL over raw lines: {found[0] / found[1]:.3f}")
    print(f"  API / SQL over rollups: {found[0] / found[2]:.3f}")


def _ask(site: Site, body: bytes, token: str) -> Any:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{site.port}/graphql", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return orjson.loads(answer.read())


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    times = []
    ends_at = time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < ends_at:
        await work()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


async def _sums(
    connection: asyncpg.Connection, brand_id: UUID, queries: dict[str, str], arguments: tuple[object, ...]
) -> tuple[int, int, int]:
    """All figures and breakdowns of one way; gives orders, net sales and customers."""
    found = {}
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.brand', $1, true)", str(brand_id))
        for name, query in queries.items():
            found[name] = await connection.fetch(query, *arguments)
    [sales], [customers] = found["sales"], found["customers"]
    return int(sales["orders"]), int(sales["net"]), int(customers["customers"])


async def _fill(runtime: Runtime, site: Site) -> tuple[str, date]:
    """One order by the services, its copies, the rollups; gives the owner's token and today."""
    async with runtime.database.transaction(site.brand) as session:
        _, owner_id = await founding.root_and_owner(session)
        opened = await sessions.open_session(
            session,
            audience="EMPLOYEE",
            principal_id=owner_id,
            settings=site.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
        order_id = await _buy(session, site)
        await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        await _copy(session, order_id)
        today = session.brand.day_of(session.now)
    await runtime.database.run(site.brand, rollups.rebuild)
    return opened.access_token, today


async def _buy(session: BrandSession, site: Site) -> UUID:
    customer_id = await profiles.create_customer(session, phone="19900009999", now=session.now)
    buyer = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)
    shop = await reads.shop_facts_by_slug(session, site.slug)
    if shop is None:
        raise LookupError("the bench has no shop")
    order_id = await orders.place(
        session,
        buyer,
        shop=shop,
        lines=[LineRequest(sku_id, 1) for sku_id in site.sku_ids[: LINES * 2 : 2]],
        address=Address(**ADDRESS),
        now=session.now,
    )
    payment_id = await payments.start(session, buyer, order_id=order_id, provider=ProviderName.SANDBOX, now=session.now)
    [facts] = await payments.payment_facts(session, PaymentRow.id == payment_id)
    await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id="bench-boss",
        amount_minor=facts.amount_minor,
        now=session.now,
    )
    return order_id


async def _copy(session: BrandSession, order_id: UUID) -> None:
    for statement in _COPYING:
        await session.execute(
            sa.text(statement), {"brand": session.brand_id, "order": order_id, "copies": ORDERS, "days": DAYS}
        )
