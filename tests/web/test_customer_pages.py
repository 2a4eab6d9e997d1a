"""`/guide/customers/<id>`: who it is, what was bought, what was written and why not, and writing once more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.customers import consents
from app.customers.consents import Consent
from app.customers.values import ConsentPurpose
from app.marketing import outbound
from app.marketing.models import OutboundMessageRow
from app.marketing.values import OutboundChannel
from app.platform.actor import SYSTEM
from app.platform.db import Database
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.factories import Scene
from tests.marketing.walk import Walk
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in
from tests.web.test_guide_pages import sale


@dataclass(frozen=True)
class Shown:
    """A customer of the guide's who bought something, and the way to the page."""

    walk: Walk
    customer_id: UUID

    @property
    def path(self) -> str:
        return f"/guide/customers/{encode_global_id('Customer', self.customer_id)}"

    async def say(self, *, granted: bool) -> None:
        consent = Consent(ConsentPurpose.MARKETING, "1", granted=granted)
        async with self.walk.database.transaction(self.walk.brand) as session:
            await consents.record(session, customer_id=self.customer_id, consents=[consent], now=session.now)

    async def written(self) -> int:
        return await self.walk.count(OutboundMessageRow)


@pytest.fixture
async def scene(database: Database) -> Scene:
    scene = await factories.make_scene(database, price_minor=10_000)
    async with database.transaction(scene.brand) as session:
        for channel in OutboundChannel:
            # These pages are read at any hour.
            await outbound.set_rule(
                session, SYSTEM, channel=channel, quiet_from="00:00", quiet_until="00:00", now=session.now
            )
    return scene


@pytest.fixture
async def shown(database: Database, scene: Scene, browser: Browser) -> AsyncIterator[Shown]:
    _, customer_id = await sale(database, scene)
    await come_in(browser, scene.brand, scene.guide.employee_id)
    yield Shown(Walk(database, scene.brand), customer_id)


def writing(page: Page) -> dict[str, list[str]]:
    return page.form().choices


async def test_list_leads_to_the_page_which_is_sound_in_both_languages(browser: Browser, shown: Shown) -> None:
    listed = await browser.open("/guide/customers")
    assert shown.path in listed.links
    for language in ("zh-CN", "en"):
        page = await browser.open(shown.path, **{"accept-language": language})
        assert page.status == 200 and list(page.faults()) == []
        assert "王**" in page.text and "王小明" not in page.text and "¥100.00" in page.text
        assert page.response.headers["cache-control"] == "no-store"
    assert any(link.startswith("/guide/orders/") for link in page.links)


async def test_without_consent_nothing_can_be_chosen_and_the_button_says_why(browser: Browser, shown: Shown) -> None:
    page = await browser.open(shown.path, **{"accept-language": "zh-CN"})
    assert writing(page).get("channel", []) == []
    assert page.text.count("顾客没有同意接收营销消息") == 5 and "现在哪种方式都发不了" in page.text
    assert 'disabled aria-describedby="cannot"' in page.text


async def test_message_is_written_once_and_the_next_one_is_told_from_when_on(browser: Browser, shown: Shown) -> None:
    await shown.say(granted=True)
    page = await browser.open(shown.path, **{"accept-language": "zh-CN"})
    assert writing(page)["channel"] == ["WECOM", "SMS", "OFFICIAL_ACCOUNT", "MAIL"]
    form = page.form()
    fields = {**form.fields, "channel": ["SMS"], "text": ["新到一批\n羊绒围巾"]}
    for _ in range(2):
        after = await browser.send(form.action, fields)
        assert after.status == 200 and list(after.faults()) == []
    assert await shown.written() == 1
    assert "新到一批" in after.text and "发送中" in after.text
    assert writing(after)["channel"] == ["WECOM", "OFFICIAL_ACCOUNT", "MAIL"]
    assert "发得够多了" in after.text and "起可以再发" in after.text
    # Whoever sends it all the same is told in the list.
    again = {**fields, "key": ["k" * 32]}
    refused = await browser.send(form.action, again)
    assert refused.status == 200 and "没有发出" in refused.text and await shown.written() == 2


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": [""]}, 422),
        ({"text": ["长" * 501]}, 422),
        ({"text": ["【银行】"]}, 422),
        ({"channel": ["PIGEON"]}, 422),
        ({"kind": ["PAYMENT"]}, 422),
        ({"key": ["short"]}, 409),
    ],
)
async def test_what_is_wrong_is_said_and_leaves_nothing(
    browser: Browser, shown: Shown, fields: dict[str, list[str]], status: int
) -> None:
    await shown.say(granted=True)
    page = await browser.open(shown.path)
    form = page.form()
    answer = await browser.send(form.action, {**form.fields, "channel": ["SMS"], "text": ["好"], **fields})
    assert answer.status == status and list(answer.faults()) == []
    assert await shown.written() == 0


async def test_another_guide_and_an_owner_find_no_such_page(
    browser: Browser, other_browser: Browser, scene: Scene, shown: Shown
) -> None:
    await come_in(other_browser, scene.brand, scene.other_guide.employee_id)
    assert (await other_browser.open(shown.path)).status == 404
    assert (await other_browser.open("/guide/customers/none")).status == 404
    page = await browser.open(shown.path)
    form = page.form()
    own = (await other_browser.open("/guide/code")).form().fields["form"]
    sent = await other_browser.send(form.action, {**form.fields, "form": own, "channel": ["SMS"], "text": ["好"]})
    assert sent.status == 404 and await shown.written() == 0
    await come_in(other_browser, scene.brand, scene.owner_id)
    assert (await other_browser.open(shown.path)).status == 403
