"""Materials through the database: versions, audience, withdrawal, who may, and what is refused."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from app.boss.founding import root_and_owner
from app.employees import audiences
from app.marketing import materials
from app.marketing.models import MaterialRow, MaterialVersionRow
from app.marketing.values import MaterialKind
from app.platform.actor import ANONYMOUS, SYSTEM, Actor
from app.platform.db import Database
from app.platform.errors import Forbidden, InvalidInput, NotFound, UserFault, WrongState
from app.platform.ids import new_id
from tests import factories
from tests.factories import Scene
from tests.marketing.toolbox import Toolbox, branch_of
from tests.marketing.walk import Walk, customer, employee


@pytest.fixture
async def box(database: Database, scene: Scene) -> Toolbox:
    async with database.reading(scene.brand) as session:
        root_id, _ = await root_and_owner(session)
    return Toolbox(Walk(database, scene.brand), scene, branch_of(scene, root_id))


async def versions(box: Toolbox) -> list[tuple[int, str]]:
    async with box.walk.database.reading(box.walk.brand) as session:
        rows = await session.execute(
            sa.select(MaterialVersionRow.version, MaterialVersionRow.title)
            .where(MaterialVersionRow.brand_id == box.walk.brand.id)
            .order_by(MaterialVersionRow.material_id, MaterialVersionRow.version)
        )
        return [(row.version, row.title) for row in rows]


@pytest.mark.parametrize("kind", MaterialKind)
async def test_every_kind_is_kept_as_it_was_given(box: Toolbox, kind: MaterialKind) -> None:
    made = await box.put(
        "  春季画册 ",
        kind=kind,
        actor=box.owner,
        body=" 一\n二 ",
        cover_url=" /media/a.png ",
        attachment_urls=("https://a.example/b.pdf",),
        script="{customer}，{link}",
        product_ids=(box.scene.product_id, box.scene.product_id),
    )
    view = await box.newest(made)
    content = view.content
    assert (view.kind, view.version, view.is_withdrawn) == (kind, 1, False)
    assert (content.title, content.body, content.cover_url) == ("春季画册", "一\n二", "/media/a.png")
    assert (content.attachment_urls, content.script) == (("https://a.example/b.pdf",), "{customer}，{link}")
    assert content.product_ids == (box.scene.product_id,)
    assert await box.violations() == []


async def test_what_is_said_differently_is_a_new_version_and_the_old_one_stays(box: Toolbox) -> None:
    made = await box.put("一", body="旧", script="{link}")
    assert await box.change(made, title="二", body=None) == 2
    assert await box.change(made, title="二") == 2  # nothing changes
    assert await box.change(made, attachment_urls=("/media/a.pdf",)) == 3
    view = await box.newest(made)
    assert (view.version, view.content.body, view.content.script) == (3, None, "{link}")
    assert await versions(box) == [(1, "一"), (2, "二"), (3, "二")]
    assert await box.violations() == []


async def test_changes_at_once_follow_one_another(box: Toolbox) -> None:
    made = await box.put("一")
    numbers = await asyncio.gather(*(box.change(made, body=f"第{number}次") for number in range(5)))
    assert sorted(numbers) == [2, 3, 4, 5, 6]
    assert len(await versions(box)) == 6
    assert await box.violations() == []


async def test_a_withdrawn_material_is_gone_for_guides_and_cannot_be_changed(box: Toolbox) -> None:
    made = await box.put()
    for _ in range(2):
        await box.withdraw(made, actor=box.owner)
    assert await box.listed(box.guide()) == [] and await box.listed(box.owner) == []
    assert await box.listed(box.owner, with_withdrawn=True) == [made]
    assert await box.listed(box.guide(), with_withdrawn=True) == []
    with pytest.raises(WrongState) as refused:
        await box.change(made, title="又来")
    assert refused.value.state == "WITHDRAWN"
    assert await versions(box) == [(1, "新品到店")]


async def test_lists_show_each_caller_what_is_for_them(box: Toolbox) -> None:
    scene = box.scene
    everybody = await box.put("所有人")
    managers = await box.put("店长", audience={"roles": ["MANAGER"]})
    area = await box.put("华东", audience={"org_unit_ids": [scene.area_id]})
    named = await box.put("一个人", audience={"employee_ids": [scene.other_guide.employee_id]})
    assert await box.listed(box.guide()) == [area, everybody]
    assert await box.listed(box.guide(scene.other_guide)) == [named, area, everybody]
    assert await box.listed(box.guide(role="MANAGER")) == [area, managers, everybody]
    elsewhere = box.guide(branch=f"/{new_id(factories.at('2026-01-01T00:00:00+00:00')).hex}/")
    assert await box.listed(elsewhere) == [everybody]
    assert await box.listed(box.owner) == [named, area, managers, everybody]
    # A new audience is no new version.
    async with box.walk.database.transaction(box.walk.brand) as session:
        own = await audiences.checked(session, "audience", roles=["GUIDE"])
        assert await materials.update(session, SYSTEM, material_id=managers, audience=own, now=session.now) == 1
    assert await box.listed(box.guide()) == [area, managers, everybody]
    assert await box.listed(box.guide(), kinds=[MaterialKind.CASE]) == []


@pytest.mark.parametrize("who", ["guide", "manager", "customer", "anonymous"])
async def test_only_promotion_headquarters_and_the_owner_fill_the_toolbox(box: Toolbox, who: str) -> None:
    customer_id = await box.walk.make_customer()
    actors: dict[str, Actor] = {
        "guide": box.guide(),
        "manager": box.guide(role="MANAGER"),
        "customer": customer(customer_id),
        "anonymous": ANONYMOUS,
    }
    made = await box.put()
    before = await versions(box)
    for attempt in (
        box.put(actor=actors[who]),
        box.change(made, title="改", actor=actors[who]),
        box.withdraw(made, actor=actors[who]),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert await versions(box) == before and await box.listed(box.owner) == [made]


async def test_promotion_fills_the_toolbox(box: Toolbox) -> None:
    promoter = employee(box.scene.owner_id, role="HEADQUARTERS", functions=frozenset({"PROMOTION"}))
    made = await box.put(actor=promoter)
    assert await box.change(made, title="改", actor=promoter) == 2
    await box.withdraw(made, actor=promoter)


@pytest.mark.parametrize(
    ("content", "key", "path"),
    [
        ({"title": " "}, "text_required", ("title",)),
        ({"title": "字" * 101}, "text_too_long", ("title",)),
        ({"title": "a\nb"}, "text_form", ("title",)),
        ({"body": "字" * 20_001}, "text_too_long", ("body",)),
        ({"script": "字" * 501}, "text_too_long", ("script",)),
        ({"script": "{phone}"}, "material_script_placeholder", ("script",)),
        ({"cover_url": "javascript:alert(1)"}, "cover_url_form", ("coverUrl",)),
        ({"attachment_urls": ("data:x",)}, "material_attachment_form", ("attachmentUrls", "0")),
    ],
)
async def test_bad_content_is_refused_at_creation_and_change(
    box: Toolbox, content: dict[str, Any], key: str, path: tuple[str, ...]
) -> None:
    made = await box.put()
    given = {"title": "标题", **content}
    for attempt in (box.put(**given), box.change(made, **given)):
        with pytest.raises(InvalidInput) as refused:
            await attempt
        assert (refused.value.key, refused.value.path) == (key, path)
    assert await box.walk.count(MaterialRow) == 1 and len(await versions(box)) == 1


async def test_units_employees_and_products_are_the_brands_own(box: Toolbox, database: Database) -> None:
    other = await factories.make_scene(database)
    wrong: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"audience": {"org_unit_ids": [other.area_id]}}, ("audience", "orgUnitIds")),
        ({"audience": {"org_unit_ids": [box.scene.area_id, other.area_id]}}, ("audience", "orgUnitIds")),
        ({"audience": {"employee_ids": [other.guide.employee_id]}}, ("audience", "employeeIds")),
        (
            {"audience": {"org_unit_ids": [new_id(factories.at("2026-01-01T00:00:00+00:00")) for _ in range(501)]}},
            ("audience", "orgUnitIds"),
        ),
        ({"product_ids": (box.scene.product_id, other.product_id)}, ("productIds",)),
    ]
    for given, path in wrong:
        with pytest.raises(InvalidInput) as refused:
            await box.put(**given)
        assert refused.value.path == path
    assert await box.walk.count(MaterialRow) == 0


async def test_another_brands_material_is_not_found(box: Toolbox, database: Database) -> None:
    other = await factories.make_scene(database)
    elsewhere = Toolbox(Walk(database, other.brand), other, "")
    made = await elsewhere.put()
    attempts: list[Any] = [box.change(made, title="改"), box.withdraw(made)]
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt
    assert (await elsewhere.newest(made)).version == 1
    with pytest.raises(UserFault):
        await box.share(made)
