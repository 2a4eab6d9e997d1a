"""Orders over HTTP beside pgbench, which sends the same statements and checks no answer: placed, and paid."""

import asyncio
import itertools
import statistics
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson

from app.platform import clock, tokens
from app.platform.integrations.sandbox_pay import CALLBACK_PATH, signed_headers
from app.platform.runtime import Runtime, open_runtime
from app.platform.secrets import Secrets, load_secrets
from app.trade import callbacks
from graphql_schema.context import Context
from graphql_schema.paging import encode_global_id
from graphql_schema.schema import schema
from scripts.bench import load, pgbench
from scripts.bench.documents import operation
from scripts.bench.load import Flow, Load
from scripts.bench.pgbench import Script
from scripts.bench.site import Site

ROUNDS, SECONDS, CONNECTIONS = 3, 4.0, 8
ADDRESS = {
    "recipient": "王小明",
    "phone": "19900001001",
    "province": "上海市",
    "city": "上海市",
    "district": "黄浦区",
    "street": "1 号",
}
PLACE, PAY = (operation("ministore.graphql", name) for name in ("OrderPlace", "PaymentStart"))
_numbers = itertools.count()


def measure(site: Site) -> None:
    """Print the rate of orders that are placed, and of those that are paid until their commission is held."""
    placing = asyncio.run(_captured(site, is_paid=False))
    # One transaction, as the order itself is: what is read before and after it goes along for nothing.
    placing.transactions[:] = [[statement for statements in placing.transactions for statement in statements]]
    _compare(site, "order placement", "API (OrderPlace)", placing, lambda: _placed(site))
    paying = asyncio.run(_captured(site, is_paid=True))
    secrets = load_secrets(site.settings)
    _compare(
        site, "order, payment, callback, commission HELD", "API (three requests)", paying, lambda: paid(site, secrets)
    )


def _compare(site: Site, title: str, name: str, script: Script, make_flow: Callable[[], Flow]) -> None:
    ours: list[Load] = []
    limit: list[float] = []
    for _ in range(ROUNDS):
        ours.append(asyncio.run(load.run_flows(site.port, make_flow, connections=CONNECTIONS, seconds=SECONDS)))
        limit.append(
            pgbench.rate(script, site, customer_id=site.customer_ids[0], connections=CONNECTIONS, seconds=SECONDS)
        )
    rate, bound = statistics.median(r.per_second for r in ours), statistics.median(limit)
    middle = statistics.median(r.p50_ms for r in ours), statistics.median(r.p99_ms for r in ours)
    refused = sum(r.refused for r in ours)
    print(
        f"{title}, {CONNECTIONS} connections, {script.statements} statements in {len(script.transactions)} "
        f"transactions, median of {ROUNDS} rounds"
    )
    print(f"  {name}  {rate:7.0f}/s   p50 {middle[0]:6.2f} ms   p99 {middle[1]:6.2f} ms   refused {refused}")
    print(f"  pgbench, same statements {bound:7.0f}/s")
    print(f"  API / pgbench: {rate / bound:.3f}")


def _placed(site: Site) -> Flow:
    number = next(_numbers)
    sku_id = site.sku_ids[number % len(site.sku_ids)]
    answer = yield _request(PLACE, _order(site, sku_id, f"bench-order-{number:012d}"), _token(site, number))
    return b"OrderPlacePayload" in answer


def paid(site: Site, secrets: Secrets) -> Flow:
    """Placed, its payment begun, and the provider's signed word that the money is there."""
    number = next(_numbers)
    sku_id, token = site.sku_ids[number % len(site.sku_ids)], _token(site, number)
    answer = yield _request(PLACE, _order(site, sku_id, f"bench-order-{number:012d}"), token)
    order = orjson.loads(answer)["data"]["orderPlace"].get("order")
    if order is None:
        return False
    answer = yield _request(PAY, _payment(order["id"], f"bench-order-{number:012d}"), token)
    payment = orjson.loads(answer)["data"]["paymentStart"].get("payment")
    if payment is None:
        return False
    body = _notice(payment)
    answer = yield load.post(CALLBACK_PATH, body, headers=_signed(secrets, body))
    return b"SUCCESS" in answer


def _token(site: Site, number: int) -> str:
    return site.tokens[number % len(site.tokens)]


def _request(document: str, given: dict[str, Any], token: str) -> bytes:
    return load.post("/graphql", orjson.dumps({"query": document, "variables": {"input": given}}), token)


def _order(site: Site, sku_id: UUID, key: str) -> dict[str, Any]:
    return {
        "idempotencyKey": key,
        "shopSlug": site.slug,
        "lines": [{"skuId": encode_global_id("Sku", sku_id), "quantity": 1}],
        "fulfilment": {"method": "DELIVERY", "address": ADDRESS},
    }


def _payment(order_id: str, key: str) -> dict[str, Any]:
    return {"idempotencyKey": key, "orderId": order_id, "provider": "SANDBOX"}


def _notice(payment: dict[str, Any]) -> bytes:
    """What the provider says of a payment; its number stands in the address that the customer is sent to."""
    number = payment["clientParameters"]["confirmUrl"].split("/")[-2]
    return orjson.dumps(
        {
            "id": f"ev{number[:22]}",
            "type": "CHARGE.PAID",
            "created_at": clock.utc_now(),
            "charge": {
                "number": number,
                "transaction_id": f"tx{number[:22]}",
                "amount_minor": payment["amount"]["minor"],
                "currency": "CNY",
            },
        }
    )


def _signed(secrets: Secrets, body: bytes) -> dict[str, str]:
    headers = signed_headers(secrets, body, clock.utc_now())
    return {name: value for name, value in headers.items() if name != "content-type"}


async def _captured(site: Site, *, is_paid: bool) -> Script:
    """The statements of one order, the reading of the caller included."""
    async with open_runtime(site.settings) as runtime:
        await _run_once(runtime, site, "bench-capture-0-0000", is_paid=is_paid)  # fills what a process keeps
        with pgbench.captured(runtime.database.engine) as script:
            await _run_once(runtime, site, "bench-capture-1-0000", is_paid=is_paid)
    return script


async def _run_once(runtime: Runtime, site: Site, key: str, *, is_paid: bool) -> None:
    if is_paid:
        key = key.replace("capture-", "capture-1")
    order = (await _execute(runtime, site, PLACE, _order(site, site.sku_ids[0], key)))["orderPlace"]["order"]
    if is_paid:
        payment = (await _execute(runtime, site, PAY, _payment(order["id"], key)))["paymentStart"]["payment"]
        body = _notice(payment)
        answer = await callbacks.take(runtime, "sandbox", _signed(runtime.secrets, body), body, now=clock.utc_now())
        if answer.reason:
            raise SystemExit(answer.reason)


async def _execute(runtime: Runtime, site: Site, document: str, given: dict[str, Any]) -> dict[str, Any]:
    claims = tokens.read_access_token(runtime.secrets.signing, site.tokens[0])
    answer = await schema.execute(
        document, variable_values={"input": given}, context_value=Context(runtime=runtime, claims=claims)
    )
    if answer.errors or answer.data is None:
        raise SystemExit(str(answer.errors))
    return answer.data
