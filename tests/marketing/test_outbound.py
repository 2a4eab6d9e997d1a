"""Messages to customers on PostgreSQL: decided once, carried once, with a reason for each that was not sent."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
import sqlalchemy as sa

from app.customers import consents, profiles
from app.customers.consents import Consent
from app.customers.values import ConsentPurpose
from app.marketing import outbound, outbound_invariants, outbound_reads, outbound_sending, subscriptions
from app.marketing.models import OutboundMessageRow, OutboundMoveRow
from app.marketing.outbound_events import OutboundAllowed
from app.marketing.outbound_rules import Verdict
from app.marketing.values import OutboundChannel, OutboundKind, OutboundReason, OutboundState
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput
from app.platform.integrations.push import PushNotConfigured, open_push_sender
from app.platform.models import OutboxRow
from app.platform.runtime import Runtime
from app.worker import make_relay
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk, employee

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 12, tzinfo=ZONE)
NIGHT = datetime(2026, 3, 2, 22, 30, tzinfo=ZONE)
MORNING = datetime(2026, 3, 3, 9, tzinfo=ZONE)
DAY = timedelta(days=1)
SMS, WECOM = OutboundChannel.SMS, OutboundChannel.WECOM
CARE = OutboundKind.CARE


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def known(walk: Walk, scene: Scene, *, is_willing: bool = True, has_phone: bool = True) -> UUID:
    """A customer of the guide's, who said yes to marketing long ago, or nothing."""
    async with walk.database.transaction(walk.brand, now=NOON - 99 * DAY) as session:
        phone = factories.next_phone() if has_phone else None
        customer_id = await profiles.create_customer(session, phone=phone, name="王小明", now=session.now)
        if is_willing:
            await say(session, customer_id, granted=True)
    await walk.scan(scene.guide.token, by=customer_id, now=NOON - 10 * DAY)
    return customer_id


async def say(session: BrandSession, customer_id: UUID, *, granted: bool) -> None:
    consent = Consent(ConsentPurpose.MARKETING, "1", granted=granted)
    await consents.record(session, customer_id=customer_id, consents=[consent], now=session.now)


async def ask(
    walk: Walk,
    customer_id: UUID,
    at: datetime = NOON,
    *,
    actor: Actor = SYSTEM,
    channel: OutboundChannel = SMS,
    kind: OutboundKind = CARE,
    text: str = "新到一批羊绒围巾",
    **more: Any,
) -> outbound.Outcome:
    async def work(session: BrandSession) -> outbound.Outcome:
        return await outbound.request(
            session, actor, customer_id=customer_id, channel=channel, kind=kind, text=text, now=session.now, **more
        )

    return await walk.database.run(walk.brand, work, now=at)


async def row_of(walk: Walk, message_id: UUID) -> Any:
    async with walk.database.reading(walk.brand) as session:
        found = await session.execute(
            sa.select(*OutboundMessageRow.__table__.columns).where(
                OutboundMessageRow.brand_id == walk.brand.id, OutboundMessageRow.id == message_id
            )
        )
        return found.one()


async def moves_of(walk: Walk, message_id: UUID) -> list[str]:
    async with walk.database.reading(walk.brand) as session:
        found = await session.scalars(
            sa.select(OutboundMoveRow.state)
            .where(OutboundMoveRow.brand_id == walk.brand.id, OutboundMoveRow.message_id == message_id)
            .order_by(OutboundMoveRow.id)
        )
        return list(found)


async def at_time(walk: Walk, at: datetime, work: Callable[[BrandSession], Any]) -> Any:
    async with walk.database.transaction(walk.brand, now=at) as session:
        return await work(session)


async def broken(walk: Walk) -> list[str]:
    async with walk.database.reading(walk.brand) as session:
        return [line for check in outbound_invariants.CHECKS.values() for line in await check(session)]


def lines(runtime: Runtime, name: str, message_id: UUID) -> list[dict[str, Any]]:
    path = Path(runtime.settings.sandbox_dir) / name
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [line for line in found if line["id"] == str(message_id)]


async def test_allowed_message_is_carried_once_with_signature_and_way_out(
    walk: Walk, scene: Scene, runtime: Runtime
) -> None:
    customer_id = await known(walk, scene)
    made = await ask(walk, customer_id, actor=employee(scene.guide.employee_id))
    assert made.verdict == Verdict(OutboundState.ALLOWED)
    row = await row_of(walk, made.message_id)
    assert "羊绒".encode() not in row.text and row.actor == f"employee:{scene.guide.employee_id}"
    deliver = outbound_sending.sender(runtime)
    event = OutboundAllowed(made.message_id)
    # The relay lost its word twice: first after the carrier had the message, then after it was marked.
    begun = await at_time(walk, NOON, lambda session: outbound_sending.begin(session, made.message_id))
    assert begun is not None
    for _ in range(2):
        await deliver(walk.brand, event, made.message_id)
    [line] = lines(runtime, "sms.jsonl", made.message_id)
    assert line["text"] == "【测试品牌】新到一批羊绒围巾 拒收请回复R" and line["code"] is None
    assert await moves_of(walk, made.message_id) == ["ALLOWED", "SENT"]
    after = await row_of(walk, made.message_id)
    assert (after.state, after.begun_at, after.counts_at) == ("SENT", NOON, NOON) and after.sent_at is not None
    assert await broken(walk) == []


async def test_relay_carries_other_channels_to_the_push_file(walk: Walk, scene: Scene, runtime: Runtime) -> None:
    customer_id = await known(walk, scene)
    async with walk.database.transaction(walk.brand) as session:
        await outbound.set_rule(
            session, SYSTEM, channel=WECOM, quiet_from="00:00", quiet_until="00:00", now=session.now
        )
        made = await outbound.request(
            session, SYSTEM, customer_id=customer_id, channel=WECOM, kind=CARE, text="你好", now=session.now
        )
    await make_relay(runtime).drain(walk.brand)
    [line] = lines(runtime, "push.jsonl", made.message_id)
    assert {name: line[name] for name in ("channel", "text")} == {"channel": "WECOM", "text": "你好"}
    assert line["to"].startswith("+86") and set(line) == {"id", "at", "to", "channel", "text"}
    assert (await row_of(walk, made.message_id)).state == "SENT" and await broken(walk) == []


async def test_production_without_a_provider_says_so(runtime: Runtime) -> None:
    elsewhere = runtime.settings.model_copy(update={"environment": "production"})
    with pytest.raises(PushNotConfigured):
        open_push_sender(elsewhere).send(None)  # type: ignore[arg-type]


async def test_message_of_the_night_waits_for_the_morning_once(walk: Walk, scene: Scene, runtime: Runtime) -> None:
    customer_id = await known(walk, scene)
    made = await ask(walk, customer_id, NIGHT)
    assert made.verdict == Verdict(OutboundState.WAITING, OutboundReason.QUIET_HOURS, due_at=MORNING)
    # A second one of the same night would be beyond the budget in the morning, and is told so at once.
    second = await ask(walk, customer_id, NIGHT + timedelta(minutes=1))
    assert second.verdict.reason is OutboundReason.OVER_BUDGET
    early = await at_time(walk, MORNING - timedelta(seconds=1), lambda s: outbound.decide_due(s, made.message_id))
    assert early is False and await moves_of(walk, made.message_id) == ["WAITING"]

    async def morning() -> bool:
        async with walk.database.transaction(walk.brand, now=MORNING) as session:
            return await outbound.decide_due(session, made.message_id)

    assert Counter(await asyncio.gather(*(morning() for _ in range(3)))) == {True: 1, False: 2}
    assert await moves_of(walk, made.message_id) == ["WAITING", "ALLOWED"]
    events = await at_time(walk, MORNING, count_events)
    assert events == 1 and await broken(walk) == []


async def count_events(session: BrandSession) -> int:
    found = await session.scalar(
        sa.select(sa.func.count()).where(
            OutboxRow.brand_id == session.brand_id, OutboxRow.kind == OutboundAllowed.__name__
        )
    )
    return found or 0


async def test_job_finds_what_is_due(walk: Walk, scene: Scene, runtime: Runtime) -> None:
    customer_id = await known(walk, scene)
    made = await ask(walk, customer_id, NIGHT)
    assert await outbound_sending.send_waiting_messages(runtime, walk.brand) == 1
    row = await row_of(walk, made.message_id)
    # The job's own time is the wall clock's: by day it goes, by night it waits for the next morning.
    assert row.state in ("ALLOWED", "WAITING") and row.decided_at > MORNING
    assert await outbound_sending.send_waiting_messages(runtime, walk.brand) == 0


async def test_consent_withdrawn_in_the_night_ends_the_waiting(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    made = await ask(walk, customer_id, NIGHT)
    await at_time(walk, NIGHT + timedelta(hours=1), lambda session: say(session, customer_id, granted=False))
    await at_time(walk, MORNING, lambda session: outbound.decide_due(session, made.message_id))
    row = await row_of(walk, made.message_id)
    assert (row.state, row.reason, row.counts_at) == ("REFUSED", "NO_CONSENT", None)
    assert await broken(walk) == []


async def test_event_that_comes_late_waits_or_is_refused_and_no_longer_counts(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    evening = NIGHT.replace(hour=20, minute=59)
    made = await ask(walk, customer_id, evening)
    late = await at_time(walk, NIGHT, lambda session: outbound_sending.begin(session, made.message_id))
    row = await row_of(walk, made.message_id)
    assert (late, row.state, row.due_at, row.begun_at) == (None, "WAITING", MORNING, None)
    await at_time(walk, MORNING, lambda session: outbound.decide_due(session, made.message_id))
    await at_time(walk, MORNING, lambda session: say(session, customer_id, granted=False))
    too_late = await at_time(
        walk, MORNING + timedelta(minutes=5), lambda session: outbound_sending.begin(session, made.message_id)
    )
    row = await row_of(walk, made.message_id)
    assert (too_late, row.state, row.reason, row.counts_at) == (None, "REFUSED", "NO_CONSENT", None)
    assert await moves_of(walk, made.message_id) == ["ALLOWED", "WAITING", "ALLOWED", "REFUSED"]
    assert await broken(walk) == []


async def test_each_refusal_is_kept_with_its_reason(walk: Walk, scene: Scene) -> None:
    willing = await known(walk, scene)
    silent = await known(walk, scene, is_willing=False)
    nameless = await known(walk, scene, has_phone=False)
    await ask(walk, willing, NOON - DAY)
    for customer_id, channel, reason, again in (
        (willing, SMS, OutboundReason.OVER_BUDGET, datetime(2026, 4, 30, 9, tzinfo=ZONE)),
        (silent, SMS, OutboundReason.NO_CONSENT, None),
        (nameless, SMS, OutboundReason.NO_ADDRESS, None),
        (willing, OutboundChannel.SUBSCRIPTION, OutboundReason.NO_SUBSCRIPTION, None),
    ):
        made = await ask(walk, customer_id, channel=channel)
        assert made.verdict == Verdict(OutboundState.REFUSED, reason, again_at=again)
        row = await row_of(walk, made.message_id)
        assert (row.state, row.reason, row.again_at, row.counts_at) == ("REFUSED", reason.value, again, None)
    other = await ask(walk, willing, channel=WECOM)
    assert other.verdict.state is OutboundState.ALLOWED
    assert await broken(walk) == []


async def test_what_is_owed_passes_and_never_counts(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene, is_willing=False)
    for _ in range(3):
        made = await ask(walk, customer_id, NIGHT, kind=OutboundKind.DELIVERY)
        assert made.verdict.state is OutboundState.ALLOWED
        assert (await row_of(walk, made.message_id)).counts_at is None
    outgoing = await at_time(walk, NIGHT, lambda session: outbound_sending.begin(session, made.message_id))
    assert outbound_sending.sms_text(walk.brand, outgoing) == "【测试品牌】新到一批羊绒围巾"
    await at_time(walk, NIGHT, lambda session: say(session, customer_id, granted=True))
    assert (await ask(walk, customer_id, MORNING)).verdict.state is OutboundState.ALLOWED
    assert await broken(walk) == []


@pytest.fixture
async def crowd(runtime: Runtime) -> AsyncIterator[Database]:
    database = Database(runtime.settings.database_url, runtime.settings, runtime.secrets, pool_size=20)
    yield database
    await database.close()


async def test_of_twenty_requests_at_once_one_is_allowed(crowd: Database, scene: Scene) -> None:
    walk = Walk(crowd, scene.brand)
    customer_id = await known(walk, scene)
    made = await asyncio.gather(*(ask(walk, customer_id, text=f"第 {number} 条") for number in range(20)))
    assert Counter(one.verdict.reason for one in made) == {None: 1, OutboundReason.OVER_BUDGET: 19}
    async with crowd.reading(scene.brand) as session:
        states = await session.execute(
            sa.select(OutboundMessageRow.state, sa.func.count())
            .where(OutboundMessageRow.brand_id == scene.brand.id, OutboundMessageRow.customer_id == customer_id)
            .group_by(OutboundMessageRow.state)
        )
        assert dict(states.all()) == {"ALLOWED": 1, "REFUSED": 19}
    assert await broken(walk) == []


# --- subscriptions, and carriers that are not there


def buyer_of(customer_id: UUID) -> Actor:
    return Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)


async def grant(walk: Walk, customer_id: UUID, messages: int) -> None:
    async def work(session: BrandSession) -> None:
        await subscriptions.grant(session, buyer_of(customer_id), messages=messages, now=session.now)

    await walk.database.run(walk.brand, work, now=NOON)


async def left(walk: Walk, customer_id: UUID) -> int:
    async with walk.database.reading(walk.brand) as session:
        return await outbound_reads.subscriptions_left(session, customer_id)


async def test_each_subscription_lets_one_message_go_also_in_a_crowd(crowd: Database, scene: Scene) -> None:
    walk = Walk(crowd, scene.brand)
    customer_id, other_id = await known(walk, scene), await known(walk, scene)
    await grant(walk, customer_id, 2)
    asked = (ask(walk, customer_id, channel=OutboundChannel.SUBSCRIPTION, text=f"第 {n} 条") for n in range(12))
    made = await asyncio.gather(*asked)
    assert Counter(one.verdict.reason for one in made) == {None: 2, OutboundReason.NO_SUBSCRIPTION: 10}
    assert (await left(walk, customer_id), await left(walk, other_id)) == (0, 0)
    await grant(walk, customer_id, 1)
    assert await left(walk, customer_id) == 1
    again = await ask(walk, customer_id, channel=OutboundChannel.SUBSCRIPTION)
    assert again.verdict.state is OutboundState.ALLOWED
    assert await left(walk, customer_id) == 0 and await broken(walk) == []


async def test_subscription_of_a_message_that_does_not_go_can_be_used_again(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    await grant(walk, customer_id, 1)
    made = await ask(walk, customer_id, NIGHT, channel=OutboundChannel.SUBSCRIPTION)
    assert made.verdict.state is OutboundState.WAITING and await left(walk, customer_id) == 0
    await at_time(walk, NIGHT, lambda session: say(session, customer_id, granted=False))
    await at_time(walk, MORNING, lambda session: outbound.decide_due(session, made.message_id))
    assert await left(walk, customer_id) == 1 and await broken(walk) == []


async def test_subscriptions_are_bounded_and_customers_own(crowd: Database, scene: Scene) -> None:
    walk = Walk(crowd, scene.brand)
    customer_id = await known(walk, scene)
    for messages in (0, -1, 4):
        with pytest.raises(InvalidInput):
            await grant(walk, customer_id, messages)
    async with walk.database.transaction(walk.brand) as session:
        with pytest.raises(Forbidden):
            await subscriptions.grant(session, employee(scene.guide.employee_id), messages=1, now=session.now)
    done = await asyncio.gather(*(grant(walk, customer_id, 3) for _ in range(9)), return_exceptions=True)
    assert [type(one) for one in done].count(InvalidInput) == 3 and await left(walk, customer_id) == 18


async def test_message_that_nobody_carries_ends_with_that_reason_and_counts_no_longer(
    walk: Walk, scene: Scene, runtime: Runtime
) -> None:
    customer_id = await known(walk, scene)
    bare = dataclasses.replace(runtime, settings=runtime.settings.model_copy(update={"environment": "production"}))
    for channel in (SMS, WECOM):
        made = await ask(walk, customer_id, channel=channel, kind=CARE)
        await at_time(walk, NOON, lambda session, made=made: outbound_sending.begin(session, made.message_id))
        await outbound_sending.sender(bare)(walk.brand, OutboundAllowed(made.message_id), made.message_id)
        row = await row_of(walk, made.message_id)
        assert (row.state, row.reason, row.counts_at, row.sent_at) == ("REFUSED", "NO_CARRIER", None, None)
        assert await moves_of(walk, made.message_id) == ["ALLOWED", "REFUSED"]
        # The budget is as it was.
        assert (await ask(walk, customer_id, channel=channel)).verdict.state is OutboundState.ALLOWED
    assert await broken(walk) == []


async def test_message_that_its_carrier_never_took_is_given_up_after_a_day(
    walk: Walk, scene: Scene, runtime: Runtime
) -> None:
    customer_id, fresh = await known(walk, scene), await known(walk, scene, is_willing=False)
    made = await ask(walk, customer_id)
    late = await ask(walk, fresh, datetime.now(ZONE) - timedelta(hours=23), kind=OutboundKind.DELIVERY)
    assert await outbound_sending.send_waiting_messages(runtime, walk.brand) == 1
    assert await outbound_sending.send_waiting_messages(runtime, walk.brand) == 0
    row = await row_of(walk, made.message_id)
    assert (row.state, row.reason, row.counts_at) == ("REFUSED", "NOT_CARRIED", None)
    assert (await row_of(walk, late.message_id)).state == "ALLOWED" and await broken(walk) == []


async def test_owed_message_without_a_phone_says_so(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene, has_phone=False)
    made = await ask(walk, customer_id, kind=OutboundKind.DELIVERY)
    assert await at_time(walk, NOON, lambda session: outbound_sending.begin(session, made.message_id)) is None
    row = await row_of(walk, made.message_id)
    assert (row.state, row.reason) == ("REFUSED", "NO_ADDRESS") and await broken(walk) == []


def test_only_the_decision_point_and_the_sign_in_code_reach_a_carrier() -> None:
    root = Path(outbound.__file__).resolve().parents[1]
    opens = ("open_sms_sender(", "open_push_sender(")
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "integrations" not in path.parts and any(word in path.read_text(encoding="utf-8") for word in opens)
    }
    assert found == {"employees/jobs.py", "marketing/outbound_sending.py"}
