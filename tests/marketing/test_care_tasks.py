"""Care for unused coupons: one task a coupon, with whoever serves now; what follows a claim is counted."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers import bindings
from app.customers.models import BindingHeadRow
from app.customers.values import BindingState
from app.marketing import care_reads, care_tasks, coupon_care, coupon_figures, coupon_reads, subscriptions
from app.marketing.care_models import CareTaskRow
from app.marketing.care_reads import CareTaskView
from app.marketing.coupon_figures import CouponFiguresBy
from app.marketing.models import OutboundMessageRow
from app.marketing.values import CareState, CouponState
from app.platform import clock
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound, WrongState
from app.platform.runtime import Runtime
from app.worker import make_relay
from tests.factories import Scene
from tests.marketing import couponing
from tests.marketing.couponing import claim, guide_actor
from tests.marketing.walk import Walk
from tests.trade import purchase

OWNER = Actor(kind=ActorKind.EMPLOYEE, role="OWNER")
URL = "https://shop.example"


@pytest.fixture
async def unused(runtime: Runtime, database: Database, scene: Scene) -> tuple[Actor, UUID, UUID]:
    """A customer of the guide's with a coupon that ends in two days, seen by the job; his template and coupon."""
    brand, long_ago = scene.brand, clock.utc_now() - timedelta(days=5)
    buyer = await purchase.make_buyer(database, brand)
    assert buyer.customer_id is not None
    await Walk(database, brand).scan(scene.guide.token, by=buyer.customer_id, now=long_ago - timedelta(days=1))
    async with database.transaction(brand, now=long_ago) as session:
        template_id = await couponing.make_template(
            session, valid_days=7, care_script="{customer}，我是{store}{guide}：{link}", title="礼券"
        )
    coupon_id = await claim(database, brand, buyer, template_id, at=long_ago)
    assert await coupon_care.look_after(runtime, brand) == 1
    return buyer, template_id, coupon_id


async def tasks(database: Database, scene: Scene, actor: Actor, **more: Any) -> list[CareTaskView]:
    async with database.reading(scene.brand) as session:
        return await care_reads.task_page(
            session, actor, **{"state": CareState.OPEN, "base_url": URL, "limit": 9, **more}
        )


async def close(database: Database, scene: Scene, actor: Actor, task_id: UUID, **more: Any) -> None:
    async def work(session: BrandSession) -> None:
        await care_tasks.close(session, actor, task_id=task_id, now=session.now, **{"is_done": True, **more})

    await database.run(scene.brand, work)


async def test_unused_coupon_makes_one_task_with_the_words_of_headquarters(
    runtime: Runtime, database: Database, scene: Scene, unused: tuple[Actor, UUID, UUID]
) -> None:
    _, _, coupon_id = unused
    assert await coupon_care.look_after(runtime, scene.brand) == 0
    async with database.transaction(scene.brand) as session:
        await care_tasks.begin(session, [(coupon_id, scene.owner_id, session.now)])
    [task] = await tasks(database, scene, guide_actor(scene))
    assert (task.coupon_id, task.state, task.coupon_state) == (coupon_id, CareState.OPEN, CouponState.CLAIMED)
    assert "{" not in task.words and task.words.endswith(f"{URL}/q/{scene.guide.token}")
    assert "我是" in task.words and task.due_at > clock.utc_now()
    assert await tasks(database, scene, guide_actor(scene), served_by=scene.owner_id) == []
    assert await couponing.violations(database, scene.brand) == []


async def test_task_is_closed_once_by_whoever_serves_now(
    database: Database, scene: Scene, unused: tuple[Actor, UUID, UUID]
) -> None:
    buyer, template_id, _ = unused
    mine, colleague = guide_actor(scene), guide_actor(scene, scene.other_guide)
    [task] = await tasks(database, scene, mine)
    assert await tasks(database, scene, colleague) == []
    with pytest.raises(NotFound):
        await close(database, scene, colleague, task.id)
    with pytest.raises(Forbidden):
        await close(database, scene, buyer, task.id)
    with pytest.raises(InvalidInput):
        await close(database, scene, mine, task.id, note="长" * 201)
    tries = (close(database, scene, mine, task.id, note="已约周六到店") for _ in range(5))
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert Counter(type(one) for one in ends) == {type(None): 1, WrongState: 4}
    assert await tasks(database, scene, mine) == []
    [done] = await tasks(database, scene, mine, state=CareState.DONE)
    assert done.note == "已约周六到店" and done.closed_at is not None
    async with database.reading(scene.brand) as session:
        kept = await session.scalar(sa.select(CareTaskRow.note).where(CareTaskRow.brand_id == scene.brand.id))
        assert kept is not None and "周六".encode() not in kept
        [row] = await coupon_figures.figures(session, OWNER, template_id=template_id, by=CouponFiguresBy.GUIDE)
    assert (row.claimed, row.stepped, row.cared, row.cared_done, row.used) == (1, 0, 1, 1, 0)


async def test_task_goes_with_the_binding_and_ends_with_the_coupon(
    runtime: Runtime, database: Database, scene: Scene, unused: tuple[Actor, UUID, UUID]
) -> None:
    buyer, template_id, coupon_id = unused
    [task] = await tasks(database, scene, guide_actor(scene))
    assert buyer.customer_id is not None
    async with database.transaction(scene.brand) as session:
        live = await bindings.live(session, customer_id=buyer.customer_id)
        assert live is not None and live.state_at(session.now) is not BindingState.EXPIRED
        await session.execute(move_head(scene, buyer.customer_id))
    assert await tasks(database, scene, guide_actor(scene)) == []
    [moved] = await tasks(database, scene, guide_actor(scene, scene.other_guide))
    assert moved.id == task.id
    order_id = await purchase.make_order(database, scene, buyer, coupon_ids=[coupon_id])
    assert await coupon_care.look_after(runtime, scene.brand) == 0
    await purchase.pay(database, scene.brand, await purchase.start(database, scene.brand, buyer, order_id))
    assert await coupon_care.look_after(runtime, scene.brand) == 1
    async with database.reading(scene.brand) as session:
        state = await session.scalar(sa.select(CareTaskRow.state).where(CareTaskRow.brand_id == scene.brand.id))
        assert state == "LAPSED"
        [row] = await coupon_figures.figures(session, OWNER, template_id=template_id, by=CouponFiguresBy.GUIDE)
        assert await coupon_reads.used_counts(session, [template_id]) == {template_id: 1}
    assert (row.claimed, row.stepped, row.cared, row.cared_done, row.used) == (1, 1, 1, 0, 1)
    with pytest.raises(WrongState):
        await close(database, scene, guide_actor(scene, scene.other_guide), task.id)


async def test_customer_is_told_once_by_a_subscription_of_his(
    runtime: Runtime, database: Database, scene: Scene, unused: tuple[Actor, UUID, UUID]
) -> None:
    buyer, _, coupon_id = unused
    async with database.transaction(scene.brand) as session:
        await subscriptions.grant(session, buyer, messages=1, now=session.now)
    for _ in range(2):
        await make_relay(runtime).drain(scene.brand)
    async with database.reading(scene.brand) as session:
        rows = await session.execute(
            sa.select(OutboundMessageRow.channel, OutboundMessageRow.kind, OutboundMessageRow.subject_id).where(
                OutboundMessageRow.brand_id == scene.brand.id
            )
        )
        assert rows.all() == [("SUBSCRIPTION", "CARE", coupon_id)]


def move_head(scene: Scene, customer_id: UUID) -> sa.Update:
    """What a handover does to the head."""
    head = BindingHeadRow
    return (
        sa.update(head)
        .where(head.brand_id == scene.brand.id, head.customer_id == customer_id)
        .values(guide_id=scene.other_guide.employee_id)
        .execution_options(synchronize_session=False)
    )
