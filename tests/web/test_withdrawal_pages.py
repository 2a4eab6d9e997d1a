"""Withdrawals: guides ask for what is payable, finance and the owner decide, everybody else does neither."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.models import WithdrawalRow
from app.commission.values import Decision
from app.platform.runtime import Runtime
from app.web.withdrawal_pages import read_amount
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.commission import wages
from tests.commission.wages import Office
from tests.trade import purchase
from tests.web.browser import Browser, Page
from tests.web.staffing import come_in


@pytest.fixture
async def office(runtime: Runtime) -> Office:
    return await wages.make_office(runtime)


def path(withdrawal_id: UUID) -> str:
    return f"/boss/withdrawals/{encode_global_id('Withdrawal', withdrawal_id)}"


async def read_as(browser: Browser, office: Office, employee_id: UUID | None, where: str) -> Page:
    assert employee_id is not None
    await come_in(browser, office.market.brand, employee_id)
    return await browser.open(where)


async def states(office: Office) -> list[tuple[str, int]]:
    async with office.database.reading(office.market.brand) as session:
        rows = await session.execute(
            sa.select(WithdrawalRow.state, WithdrawalRow.amount_minor)
            .where(WithdrawalRow.brand_id == session.brand_id)
            .order_by(WithdrawalRow.id)
        )
        return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12", 1_200),
        ("12.3", 1_230),
        ("1,234.56", 123_456),
        ("¥0.01", 1),
        ("0", 0),
        ("12.345", None),
        ("-1", None),
        ("1e3", None),
        ("", None),
        (".5", None),
        ("１２", None),
        ("9" * 10, None),
        ("12.", None),
    ],
)
def test_amounts_are_read_as_people_type_them(text: str, minor: int | None) -> None:
    assert read_amount(text) == minor


async def test_a_guide_asks_for_payable_commission_once(browser: Browser, office: Office) -> None:
    await wages.earn(office, 10_000, 5_000)
    home = await read_as(browser, office, office.guide.employee_id, "/guide")
    assert "/guide/withdrawals" in home.links and "申请提现" in home.text
    page = await browser.open("/guide/withdrawals")
    assert list(page.faults()) == [] and page.form("/withdrawals").fields["amount"] == ["15.00"]
    assert "还没有提现" in page.text and "每次至少 ¥1.00" in page.text
    asked = await browser.submit(page, "/withdrawals", amount="12.5")
    assert asked.path == "/guide/withdrawals" and "有 1 笔在等财务处理。" in asked.text and "¥12.50" in asked.text
    assert "等财务处理" in asked.text
    again = await browser.submit(page, "/withdrawals", amount="12.5")
    assert again.status == 200 and await states(office) == [("REQUESTED", 1_250)]
    changed = await browser.submit(page, "/withdrawals", amount="2")
    assert changed.status == 422 and await states(office) == [("REQUESTED", 1_250)]


async def test_what_cannot_be_drawn_says_why_and_keeps_what_was_typed(browser: Browser, office: Office) -> None:
    await wages.earn(office, 10_000)
    page = await read_as(browser, office, office.guide.employee_id, "/guide/withdrawals")
    for amount, words in (
        ("10.01", "最多可以提 ¥10.00"),
        ("0.99", "每次至少提现 ¥1.00。"),
        ("x", "金额写数字"),
        ("", "金额写数字"),
    ):
        refused = await browser.submit(page, "/withdrawals", amount=amount, key=factories.key())
        assert refused.status == 422 and words in refused.text and f'value="{amount}"' in refused.text
        assert list(refused.faults()) == []
    forged = await browser.send("/guide/withdrawals", page.form("/withdrawals").fields | {"form": ["x"]})
    assert forged.status == 403 and await states(office) == []


async def test_without_payable_commission_there_is_no_form(browser: Browser, office: Office) -> None:
    page = await read_as(browser, office, office.guide.employee_id, "/guide/withdrawals")
    assert "现在没有可提的佣金" in page.text and not page.has_form("/withdrawals") and list(page.faults()) == []


async def test_finance_decides_and_the_guide_reads_it(browser: Browser, office: Office) -> None:
    await wages.earn(office, 10_000, 5_000)
    first, second = await wages.ask(office, 500), await wages.ask(office, 700)
    listed = await read_as(browser, office, office.finance.employee_id, "/boss/withdrawals")
    assert listed.status == 200 and {path(first), path(second)} <= set(listed.links) and list(listed.faults()) == []
    page = await browser.open(path(first))
    assert "林知夏的提现" in page.text and "<i>¥</i>5<i>.00</i>" in page.text and list(page.faults()) == []
    fresh = await browser.open(path(second))
    done = await browser.submit(fresh, path(second), button=("decision", "APPROVE"))
    assert done.path == "/boss/withdrawals" and path(second) not in done.links
    assert dict.fromkeys(state for state, _ in await states(office)).keys() >= {"APPROVED"}
    late = await browser.send(
        path(second), fresh.form(path(second)).fields | {"key": ["k" * 32], "decision": ["REJECT"]}
    )
    assert late.status == 409 and 'role="alert"' in late.text
    everything = await browser.open("/boss/withdrawals?list=all")
    assert {path(first), path(second)} <= set(everything.links)
    own = await read_as(browser, office, office.guide.employee_id, "/guide/withdrawals")
    assert "已同意，等发放" in own.text


async def test_a_rejection_tells_the_guide_why(browser: Browser, office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 500)
    page = await read_as(browser, office, office.finance.employee_id, path(withdrawal_id))
    long = await browser.submit(page, path(withdrawal_id), comment="长" * 501, button=("decision", "REJECT"))
    assert long.status == 422 and 'aria-invalid="true"' in long.text and list(long.faults()) == []
    done = await browser.submit(long, path(withdrawal_id), comment="先补实名", button=("decision", "REJECT"))
    assert done.path == "/boss/withdrawals" and await states(office) == [("REJECTED", 500)]
    own = await read_as(browser, office, office.guide.employee_id, "/guide/withdrawals")
    assert "没有通过" in own.text and "先补实名" in own.text


async def test_nobody_else_decides_and_nobody_the_own(browser: Browser, office: Office) -> None:
    await wages.earn(office, 10_000)
    withdrawal_id = await wages.ask(office, 500)
    market = office.market
    async with office.database.transaction(market.brand) as session:
        plain = await factories.make_employee(session, role="HEADQUARTERS", org_unit_id=market.area_id)
        manager = await factories.make_employee(session, role="MANAGER", store_id=market.stores[0])
        await wages.grant(session, manager.employee_id, 900)
    for employee_id in (market.guides[1].employee_id, plain.employee_id, manager.employee_id):
        for where in ("/boss/withdrawals", path(withdrawal_id)):
            assert (await read_as(browser, office, employee_id, where)).status == 403
        assert (await browser.send(path(withdrawal_id), {"decision": ["APPROVE"]})).status == 403
    board = await read_as(browser, office, manager.employee_id, "/boss")
    assert "/boss/withdrawals" not in board.links
    owner = await read_as(browser, office, market.owner.employee_id, "/boss")
    assert "/boss/withdrawals" in owner.links
    mine = await read_as(browser, office, office.finance.employee_id, "/guide/withdrawals")
    assert mine.status == 403
    other = await wages.make_office(office.runtime)
    foreign = await read_as(browser, other, other.finance.employee_id, path(withdrawal_id))
    assert foreign.status == 404 and "没有找到这笔提现" in foreign.text
    assert "没有要处理的提现" in (await browser.open("/boss/withdrawals")).text
    for odd in ("x", "%00", encode_global_id("Order", withdrawal_id)):
        assert (await browser.open(f"/boss/withdrawals/{odd}")).status == 404
    assert await states(office) == [("REQUESTED", 500)]


async def test_the_own_withdrawal_waits_for_somebody_else(browser: Browser, office: Office) -> None:
    async with office.database.transaction(office.market.brand) as session:
        await wages.grant(session, office.market.owner.employee_id or UUID(int=0), 900)
    withdrawal_id = await wages.ask(office, 900, actor=office.market.owner)
    page = await read_as(browser, office, office.market.owner.employee_id, path(withdrawal_id))
    assert "自己的提现要由别人处理。" in page.text and not page.has_form(path(withdrawal_id))
    token = (await browser.open("/boss")).form("/sign-out").fields["form"]
    forced = await browser.send(path(withdrawal_id), {"form": token, "key": ["k" * 32], "decision": ["APPROVE"]})
    assert forced.status == 403 and await states(office) == [("REQUESTED", 900)]


async def test_decided_ones_leave_the_list_of_those_that_wait(browser: Browser, office: Office) -> None:
    await wages.earn(office, 100_000)
    ids = [await wages.ask(office, 100 + number) for number in range(23)]
    await wages.decide(office, ids[0], Decision.REJECT, comment="x")
    page = await read_as(browser, office, office.finance.employee_id, "/boss/withdrawals")
    assert "共 22 笔" in page.text
    following = next(link for link in page.links if "after=" in link)
    rest = await browser.open(following)
    shown = [link for link in (*page.links, *rest.links) if link.startswith("/boss/withdrawals/")]
    assert shown == [path(one) for one in reversed(ids[1:])]
    async with office.database.reading(office.market.brand) as session:
        assert await purchase.count(session, WithdrawalRow) == 23
