"""The guide's toolbox on the phone: find, share, and see what became of it."""

import pytest

from app.boss.founding import root_and_owner
from app.customers.values import BindOn
from app.marketing.models import ShareRow
from app.marketing.values import MaterialKind
from app.platform.db import Database
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.marketing.toolbox import Toolbox, branch_of
from tests.marketing.walk import Walk
from tests.web.browser import Browser
from tests.web.staffing import come_in


@pytest.fixture
async def box(database: Database, scene: Scene) -> Toolbox:
    async with database.reading(scene.brand) as session:
        root_id, _ = await root_and_owner(session)
    return Toolbox(Walk(database, scene.brand), scene, branch_of(scene, root_id))


async def test_a_guide_finds_shares_and_follows_a_material(browser: Browser, box: Toolbox, scene: Scene) -> None:
    await box.walk.publish(bind_on=BindOn.SCAN)
    customer_id = await box.walk.make_customer(name="王小明")
    await box.walk.scan(scene.guide.token, by=customer_id)
    await box.put("给店长", audience={"roles": ["MANAGER"]})
    await box.put("春季画册", kind=MaterialKind.BROCHURE, script="{customer}，{guide}：{link}")
    await come_in(browser, scene.brand, scene.guide.employee_id)
    toolbox = await browser.open("/guide/toolbox?kind=BROCHURE")
    assert "春季画册" in toolbox.text and "给店长" not in toolbox.text
    [href] = [link for link in toolbox.links if link.startswith("/guide/toolbox/")]
    material = await browser.open(href)
    assert list(material.faults()) == [] and "{customer}，{guide}：{link}" in material.text
    chosen = encode_global_id("Customer", customer_id)
    shared = await browser.submit(material, channel="WECHAT_MOMENTS", customer=chosen)
    assert shared.path.startswith("/guide/shares/") and list(shared.faults()) == []
    assert "王**，林知夏：http://127.0.0.1:8000/q/" in shared.text and "还没有人打开" in shared.text
    again = await browser.submit(material, channel="WECHAT_MOMENTS", customer=chosen)
    assert again.path == shared.path and await box.walk.count(ShareRow) == 1

    token = shared.text.partition("/codes/")[2].partition(".svg")[0]
    await box.walk.scan(token, by=customer_id)
    await box.walk.scan(token)
    followed = await browser.open(shared.path)
    assert "<b>王**</b>" in followed.text and "访客 " in followed.text
    listed = await browser.open("/guide/shares")
    assert "打开 2 次 · 2 人" in listed.text and shared.path in listed.links and "朋友圈" in listed.text
    # The code stands with its share, not among the codes that hang somewhere.
    assert f"{token}" not in (await browser.open("/guide/code")).text


async def test_a_colleagues_customer_has_no_name_and_a_colleagues_share_is_not_shown(
    browser: Browser, other_browser: Browser, box: Toolbox, scene: Scene
) -> None:
    await box.walk.publish(bind_on=BindOn.SCAN)
    customer_id = await box.walk.make_customer(name="王小明")
    await box.walk.scan(scene.other_guide.token, by=customer_id)
    share = await box.share(await box.put())
    await box.walk.scan(share.token, by=customer_id)
    path = f"/guide/shares/{encode_global_id('Share', share.share_id)}"
    await come_in(browser, scene.brand, scene.guide.employee_id)
    mine = await browser.open(path)
    assert "已登录的顾客" in mine.text and "王**" not in mine.text
    await come_in(other_browser, scene.brand, scene.other_guide.employee_id)
    theirs = await other_browser.open(path)
    assert theirs.status == 404 and share.token not in theirs.text
    assert "还没有分享过" in (await other_browser.open("/guide/shares")).text


async def test_what_is_not_for_the_guide_is_refused(browser: Browser, box: Toolbox, scene: Scene) -> None:
    made, managers = await box.put(script="{customer}"), await box.put(audience={"roles": ["MANAGER"]})
    await come_in(browser, scene.brand, scene.guide.employee_id)
    material = await browser.open(f"/guide/toolbox/{encode_global_id('Material', made)}")
    for typed, status in (
        ({"channel": "POSTBOX"}, 422),
        ({"channel": "IN_STORE"}, 422),
        ({"customer": "x"}, 422),
        ({"customer": encode_global_id("Customer", scene.owner_id)}, 422),
    ):
        refused = await browser.submit(material, **typed)
        assert refused.status == status and list(refused.faults()) == [], typed
    for path in ("x", encode_global_id("Material", managers), encode_global_id("Product", made)):
        assert (await browser.open(f"/guide/toolbox/{path}")).status == 404
    await box.withdraw(made)
    gone = await browser.submit(material, channel="LINK")
    assert gone.status == 404 and "没有找到这份内容" in gone.text
    assert await box.walk.count(ShareRow) == 0
    assert (await browser.open("/guide/shares/x")).status == 404


async def test_a_manager_without_a_shop_is_told_why(browser: Browser, box: Toolbox, scene: Scene) -> None:
    made = await box.put()
    async with box.walk.database.transaction(scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id)
    await come_in(browser, scene.brand, manager.employee_id)
    path = f"/guide/toolbox/{encode_global_id('Material', made)}"
    page = await browser.open(path)
    assert page.status == 200 and "还没有小店" in page.text and not page.has_form()
    # Whom the manager may see, the shares are shown of, too.
    share = await box.share(made)
    assert (await browser.open(f"/guide/shares/{encode_global_id('Share', share.share_id)}")).status == 200
