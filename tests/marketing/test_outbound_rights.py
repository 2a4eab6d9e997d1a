"""Who may write to whom, texts and rules within bounds, answers without writing, texts forgotten, spoilt rows found."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.marketing import outbound, outbound_reads, outbound_sending
from app.marketing.models import OutboundMessageRow, OutboundRuleRow
from app.marketing.values import OutboundChannel, OutboundKind, OutboundReason, OutboundState
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound
from tests import statements
from tests.factories import Scene
from tests.marketing.test_outbound import CARE, DAY, NIGHT, NOON, SMS, WECOM, ask, at_time, broken, known, row_of
from tests.marketing.walk import Walk, customer, employee


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def test_who_may_send_to_whom(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    path = await branch_of(walk, scene)
    for actor in (
        employee(scene.other_guide.employee_id),
        employee(scene.other_guide.employee_id, role="MANAGER", branch="/elsewhere/"),
    ):
        with pytest.raises(NotFound):
            await ask(walk, customer_id, actor=actor)
    for actor in (
        employee(scene.owner_id, role="HEADQUARTERS", functions=frozenset({"FINANCE"})),
        customer(customer_id),
    ):
        with pytest.raises(Forbidden):
            await ask(walk, customer_id, actor=actor)
    with pytest.raises(NotFound):
        await ask(walk, scene.owner_id)
    assert await walk.count(OutboundMessageRow) == 0
    for number, actor in enumerate(
        (
            employee(scene.guide.employee_id),
            employee(scene.other_guide.employee_id, role="MANAGER", branch=path),
            employee(scene.owner_id, role="HEADQUARTERS", functions=frozenset({"PROMOTION"})),
            employee(scene.owner_id, role="OWNER"),
        )
    ):
        made = await ask(walk, customer_id, NOON + number * DAY, actor=actor, channel=WECOM)
        assert made.verdict.state is OutboundState.ALLOWED
    with pytest.raises(InvalidInput) as refused:
        await ask(walk, customer_id, actor=employee(scene.owner_id, role="OWNER"), kind=OutboundKind.PAYMENT)
    assert refused.value.path == ("kind",)


async def branch_of(walk: Walk, scene: Scene) -> str:
    async with walk.database.reading(walk.brand) as session:
        path = await session.scalar(
            sa.select(OrgUnitRow.path).where(OrgUnitRow.brand_id == walk.brand.id, OrgUnitRow.id == scene.area_id)
        )
    return str(path)


@pytest.mark.parametrize("text", ["", "   ", "长" * 501, "【银行】您好", "a\x00b"])
async def test_texts_that_are_refused_leave_nothing(walk: Walk, scene: Scene, text: str) -> None:
    customer_id = await known(walk, scene)
    with pytest.raises(InvalidInput) as refused:
        await ask(walk, customer_id, text=text)
    assert refused.value.path == ("text",) and await walk.count(OutboundMessageRow) == 0


async def test_rule_that_is_set_counts_from_then_on_and_is_kept_with_its_author(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    owner = employee(scene.owner_id, role="OWNER")
    first = await ask(walk, customer_id, NOON - 40 * DAY)
    assert (await ask(walk, customer_id)).verdict.reason is OutboundReason.OVER_BUDGET
    await at_time(walk, NOON, lambda s: outbound.set_rule(s, owner, channel=SMS, days=30, now=s.now))
    await at_time(
        walk,
        NOON + timedelta(minutes=1),
        lambda s: outbound.set_rule(s, owner, channel=SMS, quiet_from="12:00", quiet_until="14:30", now=s.now),
    )
    made = await ask(walk, customer_id, NOON + timedelta(minutes=2))
    assert made.verdict.due_at == NOON.replace(hour=14, minute=30)
    assert [(await row_of(walk, one.message_id)).rule_days for one in (first, made)] == [60, 30]
    async with walk.database.reading(walk.brand) as session:
        rules = await outbound_reads.rules_in_force(session)
        authors = await session.scalars(
            sa.select(OutboundRuleRow.set_by).where(OutboundRuleRow.brand_id == walk.brand.id)
        )
    assert (rules[SMS].rule.days, rules[SMS].rule.quiet_until) == (30, 870)
    assert rules[SMS].set_at == NOON + timedelta(minutes=1) and rules[WECOM].set_at is None
    assert authors.all() == [owner.principal] * 2
    for fields, path in (
        ({"days": 0}, "days"),
        ({"most": 32}, "most"),
        ({"quiet_from": "25:00"}, "quietFrom"),
        ({"quiet_until": "9"}, "quietUntil"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await at_time(walk, NOON, lambda s, f=fields: outbound.set_rule(s, owner, channel=SMS, now=s.now, **f))
        assert refused.value.path == (path,)
    assert await broken(walk) == []


async def test_answer_without_writing_is_the_one_that_writing_gives(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    await ask(walk, customer_id, NOON - DAY)
    for at in (NOON, NIGHT):
        async with walk.database.reading(walk.brand, now=at) as session:
            async with statements.count_statements(walk.database) as seen:
                answers = await outbound_reads.answers(session, customer_id, CARE, now=at)
            assert len(seen) == 4
        for channel in OutboundChannel:
            made = await ask(walk, customer_id, at, channel=channel)
            assert made.verdict == answers[channel], (at, channel)
            await forget_message(walk, made.message_id)


async def forget_message(walk: Walk, message_id: UUID) -> None:
    """Let a trial not count."""

    async def work(session: BrandSession) -> None:
        await session.execute(
            sa.update(OutboundMessageRow)
            .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id == message_id)
            .values(counts_at=None)
        )

    await at_time(walk, NOON, work)


async def test_texts_are_forgotten_thirty_days_after_they_were_sent_or_refused(walk: Walk, scene: Scene) -> None:
    customer_id = await known(walk, scene)
    sent = await ask(walk, customer_id)
    await at_time(walk, NOON, lambda session: outbound_sending.begin(session, sent.message_id))
    await at_time(walk, NOON + DAY, lambda session: outbound_sending.mark_sent(session, sent.message_id))
    refused = await ask(walk, customer_id)
    waiting = await ask(walk, customer_id, NIGHT, channel=WECOM)
    for days, forgotten in ((30, 0), (30.5, 1), (31, 0), (31.5, 1)):
        at = NOON + timedelta(days=days)
        assert await at_time(walk, at, outbound_sending.forget_texts) == forgotten, days
    async with walk.database.reading(walk.brand) as session:
        facts = await outbound_reads.messages_by_id(session, [one.message_id for one in (sent, refused, waiting)])
    assert [facts[one.message_id].text for one in (sent, refused, waiting)] == [None, None, "新到一批羊绒围巾"]
    assert await broken(walk) == []


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"counts_at": NOON - DAY}, "beyond the budget"),
        ({"begun_at": NIGHT}, "in quiet hours"),
        ({"counts_at": NOON - 100 * DAY}, "without consent"),
        ({"state": "REFUSED", "counts_at": None}, "not where its last move put it"),
    ],
)
async def test_checks_find_what_is_wrong(walk: Walk, scene: Scene, values: dict[str, Any], wrong: str) -> None:
    customer_id = await known(walk, scene)
    await ask(walk, customer_id, NOON - DAY)
    made = await ask(walk, customer_id, NOON + 60 * DAY)
    assert made.verdict.state is OutboundState.ALLOWED and await broken(walk) == []

    async def spoil(session: BrandSession) -> None:
        await session.execute(
            sa.update(OutboundMessageRow)
            .where(OutboundMessageRow.brand_id == session.brand_id, OutboundMessageRow.id == made.message_id)
            .values(**values)
        )

    await at_time(walk, NOON, spoil)
    assert [line.partition(": ")[2] for line in await broken(walk)] == [wrong]
