"""Making, reading and ending codes, and onboarding, through the database."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.customers.values import Channel
from app.employees import organisation
from app.employees.models import EmployeeRow
from app.marketing import codes, onboarding, reads
from app.marketing.models import CodeRow
from app.marketing.rules import TOKEN_CHARACTERS
from app.marketing.values import CodeKind
from app.platform.actor import SYSTEM, Actor
from app.platform.db import Database
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound, UserFault
from app.products.models import ShopRow
from tests import factories
from tests.factories import Scene, Staff
from tests.marketing.walk import Walk, customer, employee


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


def guide(scene: Scene, staff: Staff | None = None, **more: Any) -> Actor:
    own = staff or scene.guide
    return employee(own.employee_id, shop_id=own.shop_id, store_id=scene.store_id, **more)


async def create(walk: Walk, actor: Actor, **what: Any) -> codes.CodeMade:
    async with walk.database.transaction(walk.brand) as session:
        return await codes.create_code(session, actor, now=session.now, **what)


async def facts(walk: Walk, token: str) -> codes.CodeFacts | None:
    async with walk.database.reading(walk.brand) as session:
        return await codes.facts_by_token(session, token)


async def card(walk: Walk, code_id: UUID) -> reads.CodeCard:
    async with walk.database.reading(walk.brand) as session:
        return (await reads.codes_by_id(session, [code_id]))[code_id]


async def test_a_guides_code_leads_to_the_own_shop(walk: Walk, scene: Scene) -> None:
    made = await create(walk, guide(scene), kind=CodeKind.SHOP, channel=Channel.POSTER, label="橱窗")
    assert len(made.token) == TOKEN_CHARACTERS and codes.is_genuine(walk.database.vault, made.token)
    assert await facts(walk, made.token) == codes.CodeFacts(
        code_id=made.code_id,
        kind=CodeKind.SHOP,
        guide_id=scene.guide.employee_id,
        guide_is_active=True,
        shop_id=scene.guide.shop_id,
        store_id=scene.store_id,
        target_id=scene.guide.shop_id,
        channel=Channel.POSTER,
        is_revoked=False,
    )
    found = await walk.database.resolve(codes.CODE_TOKEN, made.token)
    assert found is not None and (found[0].id, found[1]) == (walk.brand.id, made.code_id)
    assert (await card(walk, made.code_id)).label == "橱窗"


async def test_product_and_store_codes_name_their_target(walk: Walk, scene: Scene) -> None:
    product = await create(walk, guide(scene), kind=CodeKind.PRODUCT, target_id=scene.product_id)
    read = await facts(walk, product.token)
    assert read is not None and (read.target_id, read.shop_id) == (scene.product_id, scene.guide.shop_id)
    store = await create(walk, guide(scene), kind=CodeKind.STORE)
    read = await facts(walk, store.token)
    assert read is not None and (read.guide_id, read.shop_id, read.store_id) == (None, None, scene.store_id)


async def test_a_stores_own_code_leads_to_a_shop_of_the_store_and_binds_nobody(walk: Walk, scene: Scene) -> None:
    made = await create(walk, guide(scene), kind=CodeKind.STORE)
    customer_id = await walk.make_customer()
    scan = await walk.scan(made.token, by=customer_id)
    assert scan.shop_id == scene.guide.shop_id and scan.binding_id is None
    assert await walk.live(customer_id) is None


@pytest.mark.parametrize("label", ["字" * 41, "a\x00b"])
async def test_labels_are_short_lines(walk: Walk, scene: Scene, label: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await create(walk, guide(scene), kind=CodeKind.SHOP, label=label)
    assert refused.value.path == ("label",)
    assert (await card(walk, (await create(walk, guide(scene), kind=CodeKind.SHOP, label="字" * 40)).code_id)).label


async def test_what_is_out_of_reach_is_not_found(walk: Walk, scene: Scene, database: Database) -> None:
    other = await factories.make_scene(database)
    async with walk.database.transaction(walk.brand) as session:
        root_id = await session.scalar(
            sa.select(EmployeeRow.org_unit_id).where(
                EmployeeRow.brand_id == walk.brand.id, EmployeeRow.id == scene.owner_id
            )
        )
        assert root_id is not None
        area = await organisation.create_unit(
            session, SYSTEM, code="far", name="华南", kind="AREA", parent_id=root_id, now=session.now
        )
        far_store = await factories.make_store(session, org_unit_id=area)
        far = await factories.make_employee(session, store_id=far_store)
    before = await walk.count(CodeRow)
    manager = guide(scene, role="MANAGER", branch=f"/x/{scene.area_id.hex}/")
    refused: list[tuple[Actor, CodeKind, UUID | None]] = [
        (guide(scene), CodeKind.SHOP, scene.other_guide.shop_id),
        (guide(scene), CodeKind.SHOP, other.guide.shop_id),
        (guide(scene), CodeKind.PRODUCT, other.product_id),
        (guide(scene), CodeKind.STORE, far_store),
        (guide(scene), CodeKind.STORE, other.store_id),
        (manager, CodeKind.SHOP, far.shop_id),
        (manager, CodeKind.STORE, far_store),
    ]
    for actor, kind, target in refused:
        with pytest.raises(NotFound) as fault:
            await create(walk, actor, kind=kind, target_id=target)
        assert fault.value.path == ("targetId",)
    for actor in (customer(far_store), Actor(kind=SYSTEM.kind.ANONYMOUS)):
        with pytest.raises(Forbidden):
            await create(walk, actor, kind=CodeKind.SHOP, target_id=scene.guide.shop_id)
    assert await walk.count(CodeRow) == before


async def test_a_manager_makes_codes_for_the_own_branch_and_headquarters_for_all(walk: Walk, scene: Scene) -> None:
    async with walk.database.reading(walk.brand) as session:
        path = await session.scalar(
            sa.text("SELECT path FROM org_unit WHERE brand_id = :brand AND id = :id"),
            {"brand": walk.brand.id, "id": scene.area_id},
        )
    manager = employee(scene.other_guide.employee_id, role="MANAGER", branch=path)
    boss = employee(scene.owner_id, role="OWNER", branch="/")
    for actor in (manager, boss):
        made = await create(walk, actor, kind=CodeKind.SHOP, target_id=scene.guide.shop_id)
        read = await facts(walk, made.token)
        assert read is not None and read.guide_id == scene.guide.employee_id
        await create(walk, actor, kind=CodeKind.STORE, target_id=scene.store_id)


async def test_a_code_without_anything_to_lead_to_is_refused(walk: Walk, scene: Scene) -> None:
    boss = employee(scene.owner_id, role="OWNER", branch="/")
    for kind, key in (
        (CodeKind.SHOP, "code_target_required"),
        (CodeKind.PRODUCT, "code_target_required"),
        (CodeKind.STORE, "code_target_required"),
    ):
        with pytest.raises(InvalidInput, match=key):
            await create(walk, boss, kind=kind)
    with pytest.raises(InvalidInput, match="code_without_shop"):
        await create(walk, boss, kind=CodeKind.PRODUCT, target_id=scene.product_id)


async def test_scan_count_counts_touchpoints_by_the_code(walk: Walk, scene: Scene) -> None:
    made = await create(walk, guide(scene), kind=CodeKind.SHOP)
    customer_id = await walk.make_customer()
    for by in (None, None, customer_id, customer_id):
        await walk.scan(made.token, by=by)
    await walk.scan(scene.guide.token)
    assert (await card(walk, made.code_id)).scan_count == 3


async def test_revoking_a_code_twice_does_it_once(walk: Walk, scene: Scene) -> None:
    made = await create(walk, guide(scene), kind=CodeKind.SHOP)
    for _ in range(2):
        async with walk.database.transaction(walk.brand) as session:
            assert await codes.revoke(session, guide(scene), code_id=made.code_id, now=session.now) is None
    assert (await card(walk, made.code_id)).is_revoked


async def test_a_revoked_personal_code_is_replaced_so_that_the_shop_keeps_one(walk: Walk, scene: Scene) -> None:
    assert scene.guide.code_id and scene.guide.shop_id
    async with walk.database.transaction(walk.brand) as session:
        made = await codes.revoke(session, guide(scene), code_id=scene.guide.code_id, now=session.now)
    assert made is not None
    async with walk.database.reading(walk.brand) as session:
        tokens = await reads.personal_tokens(session, [scene.guide.shop_id, scene.other_guide.shop_id or made.code_id])
    assert tokens == {scene.guide.shop_id: made.token, scene.other_guide.shop_id: scene.other_guide.token}


async def test_a_colleagues_code_cannot_be_revoked(walk: Walk, scene: Scene) -> None:
    assert scene.other_guide.code_id
    with pytest.raises(NotFound):
        async with walk.database.transaction(walk.brand) as session:
            await codes.revoke(session, guide(scene), code_id=scene.other_guide.code_id, now=session.now)
    assert not (await card(walk, scene.other_guide.code_id)).is_revoked


@pytest.mark.parametrize(
    ("role", "has_store", "sells"),
    [("GUIDE", True, True), ("MANAGER", True, True), ("MANAGER", False, False), ("HEADQUARTERS", False, False)],
)
async def test_who_sells_is_onboarded_with_shop_and_code(
    walk: Walk, scene: Scene, role: str, has_store: bool, sells: bool
) -> None:
    shops, held = await walk.count(ShopRow), await walk.count(CodeRow)
    async with walk.database.transaction(walk.brand) as session:
        made = await onboarding.onboard(
            session,
            SYSTEM,
            display_name=" 沈知意 ",
            phone=factories.next_phone(),
            role=role,
            org_unit_id=scene.area_id,
            store_id=scene.store_id if has_store else None,
            now=session.now,
        )
    assert (made.shop_id is not None, made.token is not None) == (sells, sells)
    assert await walk.count(ShopRow) == shops + sells and await walk.count(CodeRow) == held + sells
    if sells and made.token:
        read = await facts(walk, made.token)
        assert read is not None and (read.guide_id, read.shop_id) == (made.employee_id, made.shop_id)


async def test_a_refused_onboarding_leaves_nothing(walk: Walk, scene: Scene) -> None:
    phone = factories.next_phone()
    faults: list[type[UserFault]] = []
    counts: list[tuple[int, int, int]] = []
    for _ in range(2):
        try:
            async with walk.database.transaction(walk.brand) as session:
                await onboarding.onboard(
                    session,
                    SYSTEM,
                    display_name="沈知意",
                    phone=phone,
                    role="GUIDE",
                    store_id=scene.store_id,
                    now=session.now,
                )
        except UserFault as fault:
            faults.append(type(fault))
        counts.append((await walk.count(EmployeeRow), await walk.count(ShopRow), await walk.count(CodeRow)))
    assert faults == [Conflict] and counts[0] == counts[1]
