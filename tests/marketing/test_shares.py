"""Shares through the database: code, words, openings, readings, and what they led to."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.boss.founding import root_and_owner
from app.customers.values import BindOn, Channel
from app.marketing import codes, share_reads
from app.marketing.destinations import destination
from app.marketing.models import CodeRow, MaterialReadingRow, ShareRow
from app.marketing.share_reads import ShareFigures
from app.marketing.values import CodeKind
from app.platform.db import Database
from app.platform.errors import Forbidden, InvalidInput, NotFound
from app.platform.runtime import Runtime
from app.products import reads
from app.trade import orders
from app.trade.code_sales import CodeSales
from app.trade.models import OrderRow
from app.trade.payments import Booking
from app.trade.values import LineRequest
from tests import factories
from tests.factories import Scene
from tests.ground import statements
from tests.marketing.toolbox import BASE_URL, Toolbox, branch_of
from tests.marketing.walk import Walk, customer
from tests.statements import count_statements
from tests.trade import purchase

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def box(database: Database, scene: Scene) -> Toolbox:
    async with database.reading(scene.brand) as session:
        root_id, _ = await root_and_owner(session)
    return Toolbox(Walk(database, scene.brand), scene, branch_of(scene, root_id))


@pytest.fixture
def t0() -> datetime:
    return datetime.fromisoformat("2030-01-07T10:00:00+00:00")


async def test_a_share_has_a_code_of_its_own_and_its_words(box: Toolbox) -> None:
    made = await box.put(script="{customer}，{store}的{guide}：{link}")
    first, second = await box.share(made), await box.share(made, channel=Channel.WECHAT_MOMENTS)
    assert first.text == f"朋友，人民广场店的林知夏：{BASE_URL}/q/{first.token}"
    assert first.token != second.token and second.channel is Channel.WECHAT_MOMENTS
    async with box.walk.database.reading(box.walk.brand) as session:
        facts = await codes.facts_by_token(session, first.token)
        assert facts is not None
        leads_to = await destination(session, facts)
        sealed = await session.scalar(
            sa.select(ShareRow.text).where(ShareRow.brand_id == box.walk.brand.id, ShareRow.id == first.share_id)
        )
    assert (facts.kind, facts.guide_id, facts.target_id) == (CodeKind.MATERIAL, box.scene.guide.employee_id, made)
    assert leads_to.material_id == made and leads_to.shop is not None
    assert leads_to.shop.shop_id == box.scene.guide.shop_id
    assert sealed is not None and "朋友".encode() not in sealed
    assert await box.violations() == []


async def test_a_share_keeps_its_version(box: Toolbox) -> None:
    made = await box.put("旧", script="旧话术")
    share = await box.share(made)
    await box.change(made, title="新", script=None)
    again = await box.share(made)
    kept = await box.found(share.share_id)
    assert (kept.material.content.title, kept.material.version, kept.text) == ("旧", 1, "旧话术")
    assert (again.material.content.title, again.material.version, again.text) == ("新", 2, None)
    assert (await box.newest(made)).content.title == "新"


async def test_words_name_only_a_customer_whom_the_guide_serves(box: Toolbox, t0: datetime) -> None:
    made = await box.put(script="{customer}您好")
    customer_id = await box.walk.make_customer(name="王小明")
    with pytest.raises(NotFound) as refused:
        await box.share(made, customer_id=customer_id)
    assert refused.value.path == ("customerId",)
    await box.walk.publish(bind_on=BindOn.SCAN)
    await box.walk.scan(box.scene.guide.token, by=customer_id)
    share = await box.share(made, customer_id=customer_id)
    assert (share.text, share.customer_id) == ("王**您好", customer_id)
    for actor in (box.guide(box.scene.other_guide), box.guide(box.scene.other_guide, role="MANAGER")):
        with pytest.raises(NotFound):
            await box.share(made, actor=actor, customer_id=customer_id)
    with pytest.raises(NotFound):  # the binding has run out
        await box.share(made, customer_id=customer_id, now=t0 + timedelta(days=20_000))
    assert await box.walk.count(ShareRow) == 1


async def test_nobody_shares_what_is_not_for_them(box: Toolbox) -> None:
    managers = await box.put(audience={"roles": ["MANAGER"]})
    withdrawn = await box.put()
    await box.withdraw(withdrawn)
    before = await box.walk.count(CodeRow)
    for material_id, actor, fault in (
        (managers, box.guide(), NotFound),
        (withdrawn, box.guide(), NotFound),
        (withdrawn, box.owner, InvalidInput),
        (managers, box.guide(role="MANAGER", shop_id=None), InvalidInput),
        (managers, customer(await box.walk.make_customer()), Forbidden),
    ):
        with pytest.raises(fault):
            await box.share(material_id, actor=actor)
    assert (await box.walk.count(ShareRow), await box.walk.count(CodeRow)) == (0, before)
    shared = await box.share(managers, actor=box.guide(role="MANAGER"))
    assert shared.text is None


async def test_a_code_for_a_poster_leads_to_the_material_without_a_share(box: Toolbox) -> None:
    made, managers = await box.put(), await box.put(audience={"roles": ["MANAGER"]})
    async with box.walk.database.transaction(box.walk.brand) as session:
        code = await codes.create_code(
            session, box.guide(), kind=CodeKind.MATERIAL, target_id=made, label="海报", now=session.now
        )
        facts = await codes.facts_by_token(session, code.token)
        assert facts is not None and (await destination(session, facts)).material_id == made
        with pytest.raises(NotFound):
            await codes.create_code(session, box.guide(), kind=CodeKind.MATERIAL, target_id=managers, now=session.now)
        with pytest.raises(InvalidInput):
            await codes.create_code(session, box.guide(), kind=CodeKind.MATERIAL, now=session.now)
    assert await box.walk.count(ShareRow) == 0 and await box.violations() == []


async def test_a_revoked_code_leads_into_the_shop(box: Toolbox) -> None:
    share = await box.share(await box.put())
    scanned = await box.walk.scan(share.token)
    async with box.walk.database.transaction(box.walk.brand) as session:
        await codes.revoke(session, box.guide(), code_id=share.code_id, now=session.now)
    async with box.walk.database.reading(box.walk.brand) as session:
        facts = await codes.facts_by_token(session, share.token)
        assert facts is not None
        leads_to = await destination(session, facts)
    assert leads_to.material_id is None and leads_to.shop is not None
    later = await box.walk.scan(share.token)
    assert (scanned.material_id is None, later.material_id, later.shop_id) == (
        False,
        None,
        box.scene.guide.shop_id,
    )
    assert (await box.found(share.share_id)).is_revoked
    assert (await box.figures(share)).opens == 2 and await box.violations() == []


async def test_the_trail_tells_who_opened_how_often_and_how_long(box: Toolbox, t0: datetime) -> None:
    share = await box.share(await box.put(), now=t0)
    first = await box.walk.scan(share.token, now=t0 + MINUTE)
    await box.walk.scan(share.token, visitor=first.visitor_token, now=t0 + 2 * MINUTE)  # a repeat
    again = await box.walk.scan(share.token, visitor=first.visitor_token, now=t0 + 20 * MINUTE)
    other = await box.walk.scan(share.token, now=t0 + 30 * MINUTE)
    assert await box.read(first.touchpoint_id, 40, now=t0 + 2 * MINUTE) == 40
    assert await box.read(first.touchpoint_id, 15, now=t0 + 3 * MINUTE) == 15  # shorter: changes nothing
    assert await box.read(again.touchpoint_id, 500, now=t0 + 21 * MINUTE) == 60
    assert await box.read(again.touchpoint_id, 10**9, now=t0 + 300 * MINUTE) == 1_800
    assert await box.read(other.touchpoint_id, -5, now=t0 + 31 * MINUTE) == 0
    assert await box.figures(share) == ShareFigures(
        opens=3, visitors=2, last_opened_at=t0 + 30 * MINUTE, reading_seconds=1_840
    )
    seen = [(one.person_id, one.opens, one.reading_seconds, one.last_opened_at) for one in await box.openers(share)]
    assert seen == [
        (other.visitor_id, 1, 0, t0 + 30 * MINUTE),
        (first.visitor_id, 2, 1_840, t0 + 20 * MINUTE),
    ]
    assert await box.violations() == []


async def test_only_openings_of_materials_are_read(box: Toolbox, t0: datetime) -> None:
    plain = await box.walk.scan(box.scene.guide.token, now=t0)
    for touchpoint_id in (plain.touchpoint_id, plain.visitor_id):
        assert await box.read(touchpoint_id, 30, now=t0 + MINUTE) == 0
    assert await box.walk.count(MaterialReadingRow) == 0


async def test_new_customers_are_those_who_met_the_brand_by_the_share(box: Toolbox, t0: datetime) -> None:
    walk, made = box.walk, await box.put()
    share = await box.share(made, now=t0)
    # One comes first by the share, signs in, and is bound by it.
    newcomer = await walk.scan(share.token, now=t0 + MINUTE)
    customer_id = await walk.sign_in(factories.next_phone(), newcomer.visitor_id, now=t0 + 2 * MINUTE)
    await walk.scan(share.token, by=customer_id, now=t0 + 60 * MINUTE)
    # One was in the shop before, on a browser that is joined later; one never signs in.
    known = await walk.scan(box.scene.guide.token, now=t0)
    await walk.scan(share.token, visitor=known.visitor_token, now=t0 + MINUTE)
    await walk.sign_in(factories.next_phone(), known.visitor_id, now=t0 + 3 * MINUTE)
    await walk.scan(share.token, now=t0 + 4 * MINUTE)
    figures = await box.figures(share)
    assert (figures.opens, figures.visitors, figures.new_customers, figures.bound) == (4, 3, 1, 2)
    openers = {one.customer_id: (one.is_new, one.is_bound, one.opens) for one in await box.openers(share)}
    assert openers[customer_id] == (True, True, 2)
    assert openers[None] == (False, False, 1)
    assert sorted(openers.values()) == [(False, False, 1), (False, True, 1), (True, True, 2)]
    # The same person met another share second: not new there.
    second = await box.share(made, now=t0 + 70 * MINUTE)
    await walk.scan(second.token, by=customer_id, now=t0 + 71 * MINUTE)
    assert ((await box.figures(second)).new_customers, (await box.figures(second)).bound) == (0, 0)
    assert await box.violations() == []


async def test_orders_count_once_paid_and_net_of_what_was_refunded(box: Toolbox, runtime: Runtime) -> None:
    database, scene = box.walk.database, box.scene
    share, other = await box.share(await box.put()), await box.share(await box.put())
    buyer = await purchase.make_buyer(database, scene.brand)
    order_ids = []
    for _ in range(3):
        async with database.transaction(scene.brand) as session:
            shop = await reads.shop_facts(session, scene.guide.shop_id or scene.sku_id)
            assert shop is not None
            order_ids.append(
                await orders.place(
                    session,
                    buyer,
                    shop=shop,
                    lines=[LineRequest(scene.sku_id, 1)],
                    address=purchase.ADDRESS,
                    code_token=share.token,
                    now=session.now,
                )
            )
    assert await box.sales(share) == CodeSales()
    for order_id in order_ids[:2]:
        payment_id = await purchase.start(database, scene.brand, buyer, order_id)
        assert await purchase.pay(database, scene.brand, payment_id) is Booking.PAID
    assert await box.sales(share) == CodeSales(2, 25_800)
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(OrderRow)
            .where(OrderRow.brand_id == scene.brand.id, OrderRow.id == order_ids[0])
            .values(refunded_goods_minor=2_900)
            .execution_options(synchronize_session=False)
        )
    assert await box.sales(share) == CodeSales(2, 22_900)
    assert await box.sales(other) == CodeSales()


async def test_figures_of_many_shares_take_one_statement(box: Toolbox, t0: datetime) -> None:
    made = await box.put()
    shared = [await box.share(made, now=t0) for _ in range(6)]
    for share in shared[:4]:
        await box.walk.scan(share.token, now=t0 + MINUTE)
    async with box.walk.database.reading(box.walk.brand) as session, count_statements(box.walk.database) as seen:
        figures = await share_reads.figures_of_codes(session, [share.code_id for share in shared])
        openers = await share_reads.openers_of_codes(session, [share.code_id for share in shared])
    assert len(seen) == 2 and len(figures) == 4
    assert [len(openers[share.code_id]) for share in shared] == [1, 1, 1, 1, 0, 0]


async def test_verify_finds_what_is_wrong(box: Toolbox, t0: datetime, owner_url: str) -> None:
    made = await box.put(product_ids=(box.scene.product_id,))
    share = await box.share(made, now=t0)
    scanned = await box.walk.scan(share.token, now=t0 + MINUTE)
    await box.read(scanned.touchpoint_id, 30, now=t0 + 2 * MINUTE)
    assert await box.violations() == []
    brand = box.walk.brand.id
    statements(
        owner_url,
        f"UPDATE material SET version = 3 WHERE brand_id = '{brand}'",
        f"UPDATE material_version SET product_ids = ARRAY['{made}'::uuid] WHERE brand_id = '{brand}'",
        f"UPDATE code SET kind = 'SHOP' WHERE brand_id = '{brand}' AND id = '{share.code_id}'",
        f"UPDATE touchpoint SET kind = 'OPEN', guide_id = '{box.scene.other_guide.employee_id}' "
        f"WHERE brand_id = '{brand}' AND id = '{scanned.touchpoint_id}'",
    )
    found = await box.violations()
    assert found == [
        f"material {made}: version 3 of 1",
        f"share {share.share_id}: its code is not its own",
        f"touchpoint {scanned.touchpoint_id}: not of the guide who shared",
        f"code {share.code_id}: None shown, (1, {t0 + MINUTE!r}) touched",
        f"touchpoint {scanned.touchpoint_id}: cannot have been read so long",
        f"material {made}, version 1: no product {made}",
    ]
