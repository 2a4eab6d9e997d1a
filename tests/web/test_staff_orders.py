"""Orders to send and to hand over, on the guide's pages and the boss's."""

from uuid import UUID

import pytest

from app.platform.db import Database
from app.trade import pickups
from app.trade.models import ShipmentRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.trade import fulfilling, purchase
from tests.trade.fulfilling import Staffed
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in


@pytest.fixture
async def staffed(database: Database, scene: Scene) -> Staffed:
    return await fulfilling.staff(database, scene)


def path(order_id: UUID, *, desk: str = "guide") -> str:
    return f"/{desk}/orders/{encode_global_id('Order', order_id)}"


async def as_(browser: Browser, staffed: Staffed, actor: object, where: str) -> Page:
    employee_id = getattr(actor, "employee_id", None)
    assert isinstance(employee_id, UUID)
    await come_in(browser, staffed.brand, employee_id)
    return await browser.open(where)


async def shipments(database: Database, staffed: Staffed) -> int:
    async with database.reading(staffed.brand) as session:
        return await purchase.count(session, ShipmentRow)


async def test_a_guide_sends_an_own_order_once(browser: Browser, staffed: Staffed, database: Database) -> None:
    order_id = await fulfilling.paid(database, staffed)
    page = await as_(browser, staffed, staffed.guide, path(order_id))
    assert "现在要做的" in page.text and list(page.faults()) == []
    # Whoever sends it reads where to, whole.
    for words in ("王小明", "+8619900001001", "上海市", "人民大道 1 号"):
        assert words in page.text, words
    long = await browser.submit(page, path(order_id), carrier="长" * 61, button=("step", "ship"))
    assert long.status == 422 and 'aria-invalid="true"' in long.text and "长" * 61 in long.text
    assert list(long.faults()) == [] and await shipments(database, staffed) == 0
    sent = await browser.submit(
        page, path(order_id), carrier="示例快递", tracking_number="DEMO-0316", button=("step", "ship")
    )
    assert sent.status == 200 and sent.path == path(order_id) and "已寄出 示例快递 DEMO-0316" in sent.text
    assert not sent.has_form(path(order_id)) and "人民大道" not in sent.text
    again = await browser.submit(
        page, path(order_id), carrier="示例快递", tracking_number="DEMO-0316", button=("step", "ship")
    )
    assert again.status == 200 and await shipments(database, staffed) == 1
    assert await purchase.state_of(database, staffed.brand, order_id) == "SHIPPED"
    fresh = page.form(path(order_id)).fields | {"key": ["k" * 32], "step": ["ship"]}
    late = await browser.send(path(order_id), fresh)
    assert late.status == 409 and 'role="alert"' in late.text and await shipments(database, staffed) == 1


async def test_only_those_who_may_send_are_offered_it(browser: Browser, staffed: Staffed, database: Database) -> None:
    order_id = await fulfilling.paid(database, staffed)
    for actor, desk, status, offered, learns in (
        (staffed.guide, "guide", 200, True, True),
        (staffed.colleague, "guide", 200, True, False),
        (staffed.manager, "boss", 200, True, True),
        (staffed.owner, "boss", 200, True, True),
        (staffed.west_guide, "guide", 404, False, False),
        (staffed.west_manager, "boss", 404, False, False),
    ):
        page = await as_(browser, staffed, actor, path(order_id, desk=desk))
        assert page.status == status
        assert ('value="ship"' in page.text) is offered and ("人民大道" in page.text) is learns
    for actor, desk in ((staffed.owner, "guide"), (staffed.guide, "boss")):
        assert (await as_(browser, staffed, actor, path(order_id, desk=desk))).status == 403
        assert (await browser.send(path(order_id, desk=desk), {})).status == 403


async def test_an_order_is_laid_out_and_handed_over_for_its_code(
    browser: Browser, staffed: Staffed, database: Database
) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed)
    listed = await as_(browser, staffed, staffed.west_guide, "/guide/orders?list=pickup")
    assert path(order_id) in listed.links and "共 1 单" in listed.text
    page = await browser.open(path(order_id))
    assert 'value="ready"' in page.text and 'value="ship"' not in page.text and list(page.faults()) == []
    ready = await browser.submit(page, path(order_id), button=("step", "ready"))
    assert "请顾客出示 8 位取货码" in ready.text and 'value="ready"' not in ready.text
    odd = await browser.submit(ready, path(order_id), code="123", button=("step", "hand_over"))
    assert odd.status == 422 and "取货码是 8 位数字。" in odd.text and list(odd.faults()) == []
    async with database.reading(staffed.brand) as session:
        code = pickups.code_for(session.vault, staffed.brand.id, order_id)
    wrong = await browser.submit(
        odd, path(order_id), code=f"{(int(code) + 1) % 10**8:08d}", button=("step", "hand_over")
    )
    assert wrong.status == 422 and "取货码不正确。" in wrong.text and code not in wrong.text
    done = await browser.submit(wrong, path(order_id), code=code, button=("step", "hand_over"))
    assert done.status == 200 and 'value="hand_over"' not in done.text
    assert await purchase.state_of(database, staffed.brand, order_id) == "DELIVERED"
    empty = await browser.open("/guide/orders?list=pickup")
    assert "没有要交给顾客的订单" in empty.text


async def test_a_code_is_tried_a_few_times_only(browser: Browser, staffed: Staffed, database: Database) -> None:
    order_id = await fulfilling.paid_pickup(database, staffed)
    page = await as_(browser, staffed, staffed.west_guide, path(order_id))
    page = await browser.submit(page, path(order_id), button=("step", "ready"))
    async with database.reading(staffed.brand) as session:
        code = pickups.code_for(session.vault, staffed.brand.id, order_id)
    statuses = []
    for number in range(1, 12):
        page = await browser.submit(
            page, path(order_id), code=f"{(int(code) + number) % 10**8:08d}", button=("step", "hand_over")
        )
        statuses.append(page.status)
        if page.status == 429:
            break
    assert statuses[-1] == 429 and set(statuses[:-1]) == {422} and 'role="alert"' in page.text
    assert await purchase.state_of(database, staffed.brand, order_id) == "READY_FOR_PICKUP"


async def test_the_boss_lists_what_waits_and_searches(browser: Browser, staffed: Staffed, database: Database) -> None:
    waiting, fetched = await fulfilling.paid(database, staffed), await fulfilling.paid_pickup(database, staffed)
    unpaid = await purchase.make_order(database, staffed.scene, staffed.buyer)
    page = await as_(browser, staffed, staffed.owner, "/boss/orders")
    assert page.status == 200 and list(page.faults()) == [] and "共 2 单" in page.text
    assert {path(waiting, desk="boss"), path(fetched, desk="boss")} <= set(page.links)
    everything = await browser.open("/boss/orders?list=all")
    assert path(unpaid, desk="boss") in everything.links and "共 3 单" in everything.text
    pickup = await browser.open("/boss/orders?list=pickup")
    assert path(fetched, desk="boss") in pickup.links and path(waiting, desk="boss") not in pickup.links
    async with database.reading(staffed.brand) as session:
        number = (await purchase.order_row(session, unpaid)).number
    found = await browser.open(f"/boss/orders?list=all&q={number[:8]}")
    assert path(unpaid, desk="boss") in found.links and f'value="{number[:8]}"' in found.text
    odd = await browser.open("/boss/orders?list=all&q=%E7%8E%8B")
    assert odd.status == 422 and 'aria-invalid="true"' in odd.text and list(odd.faults()) == []
    none = await browser.open("/boss/orders?list=all&q=1")
    assert none.status == 200


async def test_a_manager_lists_the_own_branch_only(browser: Browser, staffed: Staffed, database: Database) -> None:
    order_id = await fulfilling.paid(database, staffed)
    mine = await as_(browser, staffed, staffed.manager, "/boss/orders?list=all")
    assert path(order_id, desk="boss") in mine.links
    for query in ("", "?list=all", "?list=pickup", "?list=all&q=王", "?after=x&list=%00"):
        page = await as_(browser, staffed, staffed.west_manager, f"/boss/orders{query}")
        assert page.status in (200, 422) and path(order_id, desk="boss") not in page.links and "王**" not in page.text
    assert (await as_(browser, staffed, staffed.guide, "/boss/orders")).status == 403
    other = await factories.make_scene(database)
    await come_in(browser, other.brand, other.owner_id)
    assert "没有要发的订单" in (await browser.open("/boss/orders")).text
    assert (await browser.open(path(order_id, desk="boss"))).status == 404


async def test_a_step_that_does_not_exist_and_a_forged_form_change_nothing(
    browser: Browser, other_browser: Browser, staffed: Staffed, database: Database
) -> None:
    order_id = await fulfilling.paid(database, staffed)
    page = await as_(browser, staffed, staffed.guide, path(order_id))
    fields = page.form(path(order_id)).fields
    assert (await browser.send(path(order_id), fields | {"step": ["fly"]})).status == 404
    assert (await browser.send(path(order_id), fields | {"step": ["hand_over"], "code": ["12345678"]})).status == 404
    assert (await browser.send(path(order_id), fields | {"step": ["ship"], "form": ["x"]})).status == 403
    await as_(other_browser, staffed, staffed.colleague, path(order_id))
    assert (await other_browser.send(path(order_id), fields | {"step": ["ship"]})).status == 403
    assert (await browser.send(path(order_id), fields | {"step": ["ship"], "key": ["short"]})).status == 409
    assert await shipments(database, staffed) == 0
    assert await purchase.state_of(database, staffed.brand, order_id) == "PAID"
