"""`/guide/care`: whose coupons soon run out, at home and on a page of their own, closed with a note."""

import sqlalchemy as sa

from app.marketing.care_models import CareTaskRow
from app.platform.db import Database
from tests.factories import Scene
from tests.marketing import couponing
from tests.trade import purchase
from tests.web.browser import Browser
from tests.web.staffing import come_in
from tests.web.test_guide_pages import sale


async def test_care_tasks_stand_at_home_and_are_closed_with_a_note(
    browser: Browser, database: Database, scene: Scene
) -> None:
    _, customer_id = await sale(database, scene)
    buyer = purchase.customer_actor(customer_id)
    coupon_id = await couponing.coupon_for(database, scene.brand, buyer, title="秋日券")
    async with database.transaction(scene.brand) as session:
        await couponing.make_task(session, coupon_id, customer_id)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    home = await browser.open("/guide", **{"accept-language": "zh-CN"})
    assert list(home.faults()) == [] and "秋日券" in home.text and "/guide/care" in home.links
    page = await browser.open("/guide/care", **{"accept-language": "zh-CN"})
    assert list(page.faults()) == [] and "王**您好" in page.text and "王小明" not in page.text
    [form] = [one for one in page._reader.forms if one.action.startswith("/guide/care/")]
    long = await browser.send(form.action, {**form.fields, "end": ["done"], "note": ["长" * 201]})
    assert long.status == 422 and "秋日券" in long.text and list(long.faults()) == []
    for _ in range(2):
        done = await browser.send(form.action, {**form.fields, "end": ["done"], "note": ["周六来"]})
        assert done.status == 200 and list(done.faults()) == [] and "秋日券" not in done.text
    async with database.reading(scene.brand) as session:
        states = await session.scalars(sa.select(CareTaskRow.state).where(CareTaskRow.brand_id == scene.brand.id))
        assert list(states) == ["DONE"]
    home = await browser.open("/guide")
    assert "/guide/care" not in home.links
