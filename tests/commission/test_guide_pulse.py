"""Live: the guide's money, over the schema's own subscription."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection

from app.commission import plans, pulses
from app.commission.events import CommissionHeld
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.platform.actor import SYSTEM
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from graphql_schema.context import make_context
from graphql_schema.execution import Execution, Request
from graphql_schema.schema import schema
from tests import factories
from tests.commission.market import order_goods
from tests.commission.sold import Sale, cny, pay_for
from tests.commission.wire import document


async def listen(runtime: Runtime, token: str) -> AsyncIterator[dict[str, Any]]:
    """What a client with this key hears of `guidePulse`."""
    execution = Execution(schema, runtime.settings, partial(make_context, runtime))
    headers = [(b"authorization", f"Bearer {token}".encode())]
    context = await execution.make_context(HTTPConnection({"type": "websocket", "headers": headers}))
    request = Request(document("guide", "GuidePulse"), None, None)
    async for answer in execution.stream(request, execution.prepare(request), context):
        yield answer.body


async def test_payment_is_on_the_guides_phone_within_two_seconds(runtime: Runtime, sale: Sale) -> None:
    heard, unheard = listen(runtime, sale.guide), listen(runtime, sale.other)
    waiting = asyncio.ensure_future(anext(heard))
    silent = asyncio.ensure_future(anext(unheard))
    await asyncio.sleep(0.3)
    paid_at = await pay_for(runtime, sale)
    table = Subscriptions()
    table.delivery(CommissionHeld, "guide_pulse", pulses.publisher(runtime))
    await Relay(runtime.database, table, runtime.settings).drain(sale.scene.brand)
    answer = await asyncio.wait_for(waiting, 2)
    assert "errors" not in answer, answer
    pulse = answer["data"]["guidePulse"]
    assert (pulse["kind"], pulse["rule"]) == ("PAID", "LIVE_BINDING")
    assert pulse["order"]["id"] == sale.node
    assert pulse["commission"] == cny(2_000, "¥20.00")
    assert pulse["payableOn"] == sale.scene.brand.day_of(paid_at + timedelta(days=7)).isoformat()
    assert not silent.done()
    silent.cancel()
    await asyncio.gather(silent, return_exceptions=True)


async def test_nobody_listens_without_an_employees_session(runtime: Runtime, sale: Sale) -> None:
    customer = await factories.token_for(runtime, sale.scene.brand, sale.customer_id, "CUSTOMER")
    refused = await asyncio.wait_for(anext(listen(runtime, customer)), 5)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_manager_of_the_store_hears_the_own_share(runtime: Runtime, sale: Sale) -> None:
    async with runtime.database.transaction(sale.scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=sale.scene.store_id)
        rules = [NewRule(ShareRole.SELLER, 1_000), NewRule(ShareRole.MANAGER, 100)]
        await plans.publish(session, SYSTEM, hold_days=7, rules=rules, now=session.now)
        order_id = await order_goods(
            session, customer_id=sale.customer_id, sku_id=sale.scene.sku_id, shop_of=sale.scene.guide
        )
        found = await pulses.pulses_of(session, sale_id=order_id, held_at=session.now)
    assert found[manager.employee_id].commission_minor == 100
