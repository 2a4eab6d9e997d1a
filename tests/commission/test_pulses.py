"""The moment an order is paid, the guide is told: on any process, the own money only."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.commission import plans, pulses, sales
from app.commission.events import CommissionHeld
from app.commission.plans import NewRule
from app.commission.pulses import Pulse
from app.commission.values import ShareRole
from app.platform.actor import SYSTEM
from app.platform.bus import Bus, guide_channel
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from tests import factories
from tests.commission.market import Market, buy, make_customer, make_market


@pytest.fixture
async def market(runtime: Runtime) -> Market:
    return await make_market(runtime.database)


async def heard(runtime: Runtime, market: Market, guide_id: UUID, started: asyncio.Event) -> Pulse:
    """The first pulse that another process hears for a guide."""
    bus = Bus(runtime.settings.redis_url)
    try:
        async with bus.redis.pubsub() as probe:
            await probe.subscribe(guide_channel(market.brand.id, guide_id))
            started.set()
            while True:
                found = await probe.get_message(ignore_subscribe_messages=True, timeout=5.0)
                if found is not None:
                    import orjson  # noqa: PLC0415

                    return pulses.read_pulse(orjson.loads(found["data"]))
    finally:
        await bus.close()


async def test_payment_reaches_the_guides_phone_through_the_outbox(runtime: Runtime, market: Market) -> None:
    guide = market.guides[0]
    started = asyncio.Event()
    listener = asyncio.create_task(heard(runtime, market, guide.employee_id, started))
    await started.wait()
    async with runtime.database.transaction(market.brand) as session:
        order_id, _ = await buy(
            session, market, customer_id=await make_customer(session), shop_of=guide, amounts=(10_000, 2_500)
        )
        paid_at = session.now
        await sales.book_paid(session, order_id=order_id, now=paid_at)
    table = Subscriptions()
    table.delivery(CommissionHeld, "guide_pulse", pulses.publisher(runtime))
    assert await Relay(runtime.database, table, runtime.settings).drain(market.brand) >= 1
    pulse = await asyncio.wait_for(listener, 5)
    assert pulse == Pulse(
        at=paid_at,
        kind="PAID",
        order_id=order_id,
        number=f"N{order_id.hex[-12:]}",
        commission_minor=1_250,
        rule="SHOP_GUIDE",
        payable_on=market.brand.day_of(paid_at + timedelta(days=7)),
    )


async def test_each_party_hears_the_own_money_only(runtime: Runtime, market: Market) -> None:
    guide = market.guides[0]
    async with runtime.database.transaction(market.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", store_id=market.stores[0])
        rules = [
            NewRule(ShareRole.SELLER, 1_000),
            NewRule(ShareRole.MANAGER, 100),
            NewRule(ShareRole.STORE, 50),
        ]
        await plans.publish(session, SYSTEM, hold_days=20, rules=rules, now=session.now)
        order_id, _ = await buy(session, market, customer_id=await make_customer(session), shop_of=guide)
        found = await pulses.pulses_of(session, sale_id=order_id, held_at=session.now)
        assert await pulses.pulses_of(session, sale_id=uuid4(), held_at=session.now) == {}
    assert {party: pulse.commission_minor for party, pulse in found.items()} == {
        guide.employee_id: 1_000,
        manager.employee_id: 100,
    }


async def test_pulse_survives_its_journey(market: Market) -> None:
    pulse = Pulse(
        at=factories.at("2026-03-02T12:00:00+00:00"),
        kind="PAID",
        order_id=uuid4(),
        number="N1",
        commission_minor=1,
        rule="STORE",
        payable_on=market.brand.day_of(factories.at("2026-03-09T12:00:00+00:00")),
    )
    assert pulses.read_pulse(pulse.as_message()) == pulse
