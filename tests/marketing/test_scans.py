"""What a scan records and whom it binds, through the database."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers import visitors
from app.customers.models import BindingEndRow, BindingRow, TouchpointRow
from app.customers.values import BindingMode, BindOn, Channel, RenewOn, Takeover
from app.employees.models import EmployeeRow
from app.marketing import codes
from app.marketing.values import CodeKind
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.errors import NotFound
from app.platform.models import OutboxRow
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk

T0 = factories.at("2026-03-02T02:00:00+00:00")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def touch_row(walk: Walk, touchpoint_id: UUID) -> Any:
    async with walk.database.reading(walk.brand) as session:
        found = await session.execute(
            sa.select(
                TouchpointRow.visitor_id,
                TouchpointRow.customer_id,
                TouchpointRow.guide_id,
                TouchpointRow.store_id,
                TouchpointRow.shop_id,
                TouchpointRow.kind,
                TouchpointRow.channel,
                TouchpointRow.occurred_at,
            ).where(TouchpointRow.brand_id == walk.brand.id, TouchpointRow.id == touchpoint_id)
        )
        return found.one()


async def resign(walk: Walk, employee_id: UUID) -> None:
    async with walk.database.transaction(walk.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == walk.brand.id, EmployeeRow.id == employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )


async def test_anonymous_scan_records_a_touch_and_binds_nobody(walk: Walk, scene: Scene) -> None:
    made = await walk.scan(scene.guide.token, channel=Channel.POSTER, now=T0)
    assert made.shop_id == scene.guide.shop_id and made.binding_id is None
    row = await touch_row(walk, made.touchpoint_id)
    assert tuple(row) == (
        made.visitor_id, None, scene.guide.employee_id, scene.store_id, scene.guide.shop_id, "SCAN", "POSTER", T0,
    )  # fmt: skip
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}


async def test_scan_without_a_channel_takes_the_codes_own(walk: Walk, scene: Scene) -> None:
    async with walk.database.transaction(walk.brand) as session:
        made = await codes.create_code(
            session, SYSTEM, kind=CodeKind.SHOP, target_id=scene.guide.shop_id, channel=Channel.SMS, now=T0
        )
    assert (await touch_row(walk, (await walk.scan(made.token)).touchpoint_id)).channel == "SMS"
    assert (await touch_row(walk, (await walk.scan(scene.guide.token)).touchpoint_id)).channel == "OTHER"


async def test_the_same_visitor_and_code_within_ten_minutes_is_one_touchpoint(walk: Walk, scene: Scene) -> None:
    first = await walk.scan(scene.guide.token, now=T0)
    token = visitors.token_of(walk.database.vault, walk.brand.id, first.visitor_id)
    again = await walk.scan(scene.guide.token, visitor=token, now=T0 + 10 * MINUTE - timedelta(microseconds=1))
    assert again == first
    other_code = await walk.scan(scene.other_guide.token, visitor=token, now=T0 + MINUTE)
    assert other_code.touchpoint_id != first.touchpoint_id and other_code.visitor_id == first.visitor_id
    later = await walk.scan(scene.guide.token, visitor=token, now=T0 + 10 * MINUTE)
    assert later.touchpoint_id != first.touchpoint_id
    assert await walk.counts() == {"touchpoints": 3, "visitors": 1, "touch_heads": 2}


async def test_a_repeat_across_the_sign_in_stays_one_touchpoint(walk: Walk, scene: Scene) -> None:
    first = await walk.scan(scene.guide.token, now=T0)
    customer_id = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + MINUTE)
    again = await walk.scan(scene.guide.token, by=customer_id, now=T0 + 2 * MINUTE)
    assert again.touchpoint_id == first.touchpoint_id
    assert await walk.count(TouchpointRow) == 1


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "é" * 43, "y" * 10_000])
async def test_unknown_visitor_token_makes_a_new_visitor(walk: Walk, scene: Scene, token: str) -> None:
    made = await walk.scan(scene.guide.token, visitor=token)
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}
    assert made.binding_id is None


async def test_visitor_token_of_another_brand_makes_a_new_visitor(walk: Walk, scene: Scene, database: Database) -> None:
    other = await factories.make_scene(database)
    foreign = await Walk(database, other.brand).scan(other.guide.token)
    token = visitors.token_of(database.vault, other.brand.id, foreign.visitor_id)
    made = await walk.scan(scene.guide.token, visitor=token)
    assert made.visitor_id != foreign.visitor_id
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}


async def test_visitor_of_another_customer_is_not_taken_over_by_whoever_scans_next(walk: Walk, scene: Scene) -> None:
    first = await walk.scan(scene.guide.token, now=T0)
    owner = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + MINUTE)
    second = await walk.make_customer()
    token = visitors.token_of(walk.database.vault, walk.brand.id, first.visitor_id)
    made = await walk.scan(scene.other_guide.token, by=second, visitor=token, now=T0 + 2 * MINUTE)
    assert made.visitor_id != first.visitor_id
    mine, theirs = await walk.live(owner), await walk.live(second)
    assert mine is not None and mine.guide_id == scene.guide.employee_id
    assert theirs is not None and theirs.guide_id == scene.other_guide.employee_id


async def test_visitor_token_is_not_stored(walk: Walk, scene: Scene) -> None:
    made = await walk.scan(scene.guide.token)
    token = visitors.token_of(walk.database.vault, walk.brand.id, made.visitor_id)
    found = await walk.database.resolve(visitors.VISITOR_TOKEN, token)
    assert found is None and len(token) == 43
    async with walk.database.reading(walk.brand) as session:
        assert await visitors.find(session, token) == visitors.Visitor(made.visitor_id, None)


async def test_signed_in_customers_scan_binds_at_once_and_emits_it(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    made = await walk.scan(scene.guide.token, by=customer_id, now=T0)
    live = await walk.live(customer_id)
    assert live is not None and live.binding_id == made.binding_id
    assert (live.guide_id, live.store_id) == (scene.guide.employee_id, scene.store_id)
    assert (live.bound_at, live.protected_until, live.expires_at) == (T0, T0 + 30 * DAY, T0 + 180 * DAY)
    async with walk.database.reading(walk.brand) as session:
        events = await session.execute(
            sa.select(OutboxRow.payload).where(OutboxRow.brand_id == walk.brand.id, OutboxRow.kind == "CustomerBound")
        )
        assert [row.payload for row in events] == [
            {
                "customer_id": str(customer_id),
                "binding_id": str(made.binding_id),
                "guide_id": str(scene.guide.employee_id),
                "replaced_guide_id": None,
            }
        ]


async def test_sign_in_binds_to_the_visitors_latest_touch(walk: Walk, scene: Scene) -> None:
    first = await walk.scan(scene.guide.token, now=T0)
    token = visitors.token_of(walk.database.vault, walk.brand.id, first.visitor_id)
    last = await walk.scan(scene.other_guide.token, visitor=token, now=T0 + MINUTE)
    customer_id = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + 2 * MINUTE)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id == scene.other_guide.employee_id
    async with walk.database.reading(walk.brand) as session:
        touch = await session.execute(
            sa.select(BindingRow.touchpoint_id, BindingRow.trigger, BindingRow.policy_version).where(
                BindingRow.brand_id == walk.brand.id, BindingRow.id == live.binding_id
            )
        )
        assert touch.one() == (last.touchpoint_id, "SIGN_IN", 1)
    assert await walk.counts() == {
        "touchpoints": 2, "visitors": 1, "bindings": 1, "heads": 1, "touch_heads": 4,
    }  # fmt: skip


async def test_scan_of_another_guide_inside_protection_leaves_binding_unchanged(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id, now=T0)
    before = await walk.live(customer_id)
    lost = await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 30 * DAY - MINUTE)
    assert await walk.live(customer_id) == before and before is not None
    assert lost.binding_id == before.binding_id
    assert (await touch_row(walk, lost.touchpoint_id)).guide_id == scene.other_guide.employee_id
    assert (await walk.counts())["bindings"] == 1 and await walk.ends() == []


async def test_after_protection_another_guide_takes_over_and_the_old_binding_ends_once(
    walk: Walk, scene: Scene
) -> None:
    customer_id = await walk.make_customer()
    first = await walk.scan(scene.guide.token, by=customer_id, now=T0)
    second = await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 30 * DAY)
    live = await walk.live(customer_id)
    assert live is not None and live.binding_id == second.binding_id != first.binding_id
    async with walk.database.reading(walk.brand) as session:
        rows = await session.execute(
            sa.select(BindingRow.id, BindingRow.replaces_id, BindingEndRow.kind, BindingEndRow.ended_at)
            .outerjoin(
                BindingEndRow,
                sa.and_(BindingEndRow.brand_id == BindingRow.brand_id, BindingEndRow.binding_id == BindingRow.id),
            )
            .where(BindingRow.brand_id == walk.brand.id)
            .order_by(BindingRow.bound_at)
        )
        assert [tuple(row) for row in rows] == [
            (first.binding_id, None, "TAKEN_OVER", T0 + 30 * DAY),
            (second.binding_id, first.binding_id, None, None),
        ]
    assert await walk.violations() == []


async def test_a_binding_past_its_time_is_replaced_and_ends_as_expired(walk: Walk, scene: Scene) -> None:
    await walk.publish(takeover=Takeover.NEVER)
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id, now=T0)
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 180 * DAY - MINUTE)
    assert await walk.ends() == []
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 180 * DAY + 10 * MINUTE)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id == scene.other_guide.employee_id
    assert await walk.ends() == ["EXPIRED"] and await walk.violations() == []


async def test_takeover_never_keeps_the_first_guide(walk: Walk, scene: Scene) -> None:
    await walk.publish(binding_mode=BindingMode.PERMANENT, validity_days=None, takeover=Takeover.NEVER)
    customer_id = await walk.make_customer()
    first = await walk.scan(scene.guide.token, by=customer_id, now=T0)
    later = await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 5_000 * DAY)
    assert later.binding_id == first.binding_id
    live = await walk.live(customer_id)
    assert live is not None and (live.protected_until, live.expires_at) == (None, None)


async def test_takeover_at_any_time_goes_to_the_latest_scan(walk: Walk, scene: Scene) -> None:
    await walk.publish(takeover=Takeover.ANY_TIME)
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id, now=T0)
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + MINUTE)
    await walk.scan(scene.guide.token, by=customer_id, now=T0 + 11 * MINUTE)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id == scene.guide.employee_id
    assert await walk.ends() == ["TAKEN_OVER", "TAKEN_OVER"] and await walk.violations() == []


async def test_renewal_on_order_prolongs_the_same_guides_binding_only(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id, now=T0)
    before = await walk.live(customer_id)
    assert before is not None
    await walk.scan(scene.guide.token, by=customer_id, now=T0 + DAY)
    assert await walk.live(customer_id) == before
    await walk.order(customer_id, scene.guide, scene.store_id, now=T0 + 2 * DAY)
    renewed = await walk.live(customer_id)
    assert renewed is not None and renewed.binding_id == before.binding_id and renewed.bound_at == T0
    assert (renewed.protected_until, renewed.expires_at) == (T0 + 32 * DAY, T0 + 182 * DAY)
    await walk.order(customer_id, scene.other_guide, scene.store_id, now=T0 + 40 * DAY)
    await walk.order(customer_id, None, scene.store_id, now=T0 + 41 * DAY)
    assert await walk.live(customer_id) == renewed
    assert (await walk.counts())["renewals"] == 1 and await walk.violations() == []


async def test_renewal_on_visit_prolongs_at_a_scan(walk: Walk, scene: Scene) -> None:
    await walk.publish(renew_on=RenewOn.VISIT)
    customer_id = await walk.make_customer()
    await walk.scan(scene.guide.token, by=customer_id, now=T0)
    await walk.order(customer_id, scene.guide, scene.store_id, now=T0 + DAY)
    assert (await walk.counts()).get("renewals") is None
    await walk.scan(scene.guide.token, by=customer_id, now=T0 + 2 * DAY)
    live = await walk.live(customer_id)
    assert live is not None and live.expires_at == T0 + 182 * DAY
    assert (await walk.counts())["renewals"] == 1 and await walk.violations() == []


async def test_bind_on_first_order_waits_for_the_order(walk: Walk, scene: Scene) -> None:
    await walk.publish(bind_on=BindOn.FIRST_ORDER)
    first = await walk.scan(scene.guide.token, now=T0)
    customer_id = await walk.sign_in(factories.next_phone(), first.visitor_id, now=T0 + MINUTE)
    scanned = await walk.scan(scene.guide.token, by=customer_id, now=T0 + 20 * MINUTE)
    assert scanned.binding_id is None and await walk.live(customer_id) is None
    await walk.order(customer_id, scene.guide, scene.store_id, now=T0 + DAY)
    live = await walk.live(customer_id)
    assert live is not None and (live.guide_id, live.bound_at) == (scene.guide.employee_id, T0 + DAY)
    assert await walk.violations() == []


@pytest.mark.parametrize(("bind_on", "is_bound"), [(BindOn.SCAN, True), (BindOn.SIGN_IN, False)])
async def test_a_recognised_customers_scan_binds_only_where_scans_do(
    walk: Walk, scene: Scene, bind_on: BindOn, is_bound: bool
) -> None:
    await walk.publish(bind_on=bind_on)
    async with walk.database.transaction(walk.brand, now=T0) as session:
        made = await visitors.create(session, now=T0)
    phone = factories.next_phone()
    customer_id = await walk.sign_in(phone, made.visitor_id, now=T0)
    scanned = await walk.scan(scene.guide.token, visitor=made.token, now=T0 + MINUTE)
    # Nobody is signed in, so nobody is told of a binding.
    assert scanned.binding_id is None
    live = await walk.live(customer_id)
    assert (live is not None) is is_bound
    await walk.sign_in(phone, made.visitor_id, now=T0 + 2 * MINUTE)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id == scene.guide.employee_id


async def test_nobody_is_bound_to_himself(walk: Walk, scene: Scene) -> None:
    phone = factories.next_phone()
    async with walk.database.transaction(walk.brand) as session:
        guide = await factories.make_employee(session, store_id=scene.store_id, phone=phone)
    first = await walk.scan(guide.token, now=T0)
    customer_id = await walk.sign_in(phone, first.visitor_id, now=T0 + MINUTE)
    made = await walk.scan(guide.token, by=customer_id, now=T0 + 20 * MINUTE)
    await walk.order(customer_id, guide, scene.store_id, now=T0 + 30 * MINUTE)
    assert made.binding_id is None and await walk.live(customer_id) is None
    # His own touches stand in nobody else's way.
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0 + 40 * MINUTE)
    live = await walk.live(customer_id)
    assert live is not None and live.guide_id == scene.other_guide.employee_id


async def test_scan_of_a_resigned_guides_code_leads_to_the_shop_and_binds_nobody(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    await resign(walk, scene.guide.employee_id)
    made = await walk.scan(scene.guide.token, by=customer_id)
    assert made.shop_id == scene.guide.shop_id and made.binding_id is None
    assert (await touch_row(walk, made.touchpoint_id)).store_id == scene.store_id
    assert await walk.live(customer_id) is None and await walk.count(TouchpointRow) == 1


async def test_scan_of_a_revoked_code_leaves_binding_unchanged_and_names_no_guide(walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    async with walk.database.transaction(walk.brand) as session:
        made = await codes.create_code(
            session, SYSTEM, kind=CodeKind.SHOP, target_id=scene.guide.shop_id, now=session.now
        )
        assert await codes.revoke(session, SYSTEM, code_id=made.code_id, now=session.now) is None
    await walk.scan(scene.other_guide.token, by=customer_id, now=T0)
    before = await walk.live(customer_id)
    scanned = await walk.scan(made.token, by=customer_id, now=T0 + 100 * DAY)
    assert scanned.shop_id == scene.guide.shop_id
    assert (await touch_row(walk, scanned.touchpoint_id)).guide_id is None
    assert before is not None and await walk.live(customer_id) == before and scanned.binding_id == before.binding_id


async def test_forged_unknown_or_foreign_token_is_not_found_and_leaves_nothing(
    walk: Walk, scene: Scene, database: Database
) -> None:
    other = await factories.make_scene(database)
    assert scene.guide.token and other.guide.token
    flipped = scene.guide.token[:-1] + ("A" if scene.guide.token[-1] != "A" else "B")
    for token in ["", "x" * 10_240, "x" * 20, "码" * 20, flipped, other.guide.token]:
        with pytest.raises(NotFound) as refused:
            await walk.scan(token)
        assert refused.value.path == ("code",)
    assert await walk.counts() == {}
