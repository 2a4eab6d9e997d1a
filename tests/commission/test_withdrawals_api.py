"""Withdrawals and statements over the API, by the clients' documents: who asks, who decides, who sees."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from app.boss import founding
from app.commission.models import WithdrawalRow
from app.employees.models import EmployeeRow
from app.worker import make_relay
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.commission import wages
from tests.commission.wages import Office
from tests.documents import Client
from tests.factories import key

PAGE = """query ($first: Int, $after: String, $states: [WithdrawalState!]) {
  withdrawals(first: $first, after: $after, states: $states) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id state } } } }"""
OWN = """{ viewer { employee { withdrawals { totalCount edges { node {
  id state comment decidedAt paidAt failureReason amount { display } employee { id displayName role } } } } } } }"""
STATEMENT = """query ($month: String!) { viewer { employee { commissionStatement(month: $month) {
  month firstDay lastDay asOf earned { minor } reversed { minor } paidOut { minor }
  opening { total { minor } }
  closing { held { minor } disputed { minor } payable { minor } inPayout { minor } debt { minor } total { minor } }
} } } }"""


async def client(office: Office, http: httpx.AsyncClient, who: Any, language: str = "zh-CN") -> Client:
    token = await factories.token_for(office.runtime, office.market.brand, who.employee_id)
    return Client(http, token, language)


@pytest.fixture
async def guide(office: Office, http: httpx.AsyncClient) -> Client:
    return await client(office, http, office.guide)


@pytest.fixture
async def finance(office: Office, http: httpx.AsyncClient) -> Client:
    return await client(office, http, office.finance)


async def ask(guide: Client, amount_minor: Any, **more: Any) -> dict[str, Any]:
    return await guide.do("WithdrawalRequest", **{"idempotencyKey": key(), "amountMinor": amount_minor} | more)


async def decide(who: Client, withdrawal_id: str, decision: str = "APPROVE", **more: Any) -> dict[str, Any]:
    fields = {"idempotencyKey": key(), "withdrawalId": withdrawal_id, "decision": decision}
    return await who.do("WithdrawalDecide", **fields | more)


async def test_guide_asks_finance_approves_and_the_guide_sees_it_paid(
    office: Office, guide: Client, finance: Client
) -> None:
    await wages.earn(office, 10_000)
    asked = (await ask(guide, 800))["withdrawal"]
    assert (asked["state"], asked["amount"]) == ("REQUESTED", {"minor": 800, "currency": "CNY", "display": "¥8.00"})
    listed = (await finance.data("StaffWithdrawals", states=["REQUESTED"]))["withdrawals"]
    assert listed["totalCount"] == 1
    node = listed["edges"][0]["node"]
    assert (node["id"], node["employee"]["displayName"]) == (asked["id"], "林知夏")
    assert node["requestedAt"].endswith("Z") or "+00:00" in node["requestedAt"]
    decided = await decide(finance, asked["id"], comment="已核对")
    assert decided["withdrawal"]["state"] == "APPROVED"
    assert (await finance.data("StaffWithdrawals", states=["REQUESTED"]))["withdrawals"]["totalCount"] == 0
    await make_relay(office.runtime).drain(office.market.brand)
    own = (await guide.query(OWN))["data"]["viewer"]["employee"]["withdrawals"]
    assert own["totalCount"] == 1
    seen = own["edges"][0]["node"]
    assert (seen["state"], seen["comment"], seen["failureReason"]) == ("PAID", "已核对", None)
    assert seen["paidAt"] >= seen["decidedAt"]
    assert seen["employee"] == {
        "id": encode_global_id("Employee", office.guide.employee_id),  # type: ignore[arg-type]
        "displayName": "林知夏",
        "role": "GUIDE",
    }
    home = (await guide.data("GuideHome"))["viewer"]["employee"]["commission"]
    assert (home["payable"]["minor"], home["paid"]["minor"]) == (200, 800)


async def test_same_key_is_one_withdrawal_and_another_body_is_refused(office: Office, guide: Client) -> None:
    await wages.earn(office, 10_000)
    once = key()
    first, again = [await ask(guide, 500, idempotencyKey=once) for _ in range(2)]
    assert first == again
    assert (await ask(guide, 400, idempotencyKey=once))["__typename"] == "IdempotencyConflict"
    async with office.database.reading(office.market.brand) as session:
        count = sa.select(sa.func.count()).where(WithdrawalRow.brand_id == session.brand_id)
        assert (await session.execute(count)).scalar_one() == 1


LIMIT = """mutation ($input: WithdrawalRequestInput!) { withdrawalRequest(input: $input) { __typename
  ... on AmountTooLarge { code message path limit { minor display } }
  ... on InvalidInput { code message path } } }"""


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (1_001, {"__typename": "AmountTooLarge", "code": "AMOUNT_TOO_LARGE", "message": "That is more than there is."}),
        (99, {"__typename": "InvalidInput", "code": "INVALID_INPUT", "message": "Withdraw at least ¥1.00."}),
        (-1, {"__typename": "InvalidInput", "code": "INVALID_INPUT", "message": "Withdraw at least ¥1.00."}),
    ],
)
async def test_refusals_say_what_is_possible(
    office: Office, http: httpx.AsyncClient, amount: int, expected: dict[str, Any]
) -> None:
    await wages.earn(office, 10_000)
    guide = await client(office, http, office.guide, "en")
    answer = await guide.query(LIMIT, input={"idempotencyKey": key(), "amountMinor": amount})
    facts = {"limit": {"minor": 1_000, "display": "¥10.00"}} if "Large" in expected["__typename"] else {}
    assert answer["data"]["withdrawalRequest"] == expected | {"path": ["amountMinor"]} | facts


@pytest.mark.parametrize("amount", ["1", 1.5, None, 2**53, True])
async def test_amounts_that_are_no_amounts_are_refused(office: Office, guide: Client, amount: Any) -> None:
    await wages.earn(office, 10_000)
    fields = {"idempotencyKey": key(), "amountMinor": amount}
    answer = await guide.send("WithdrawalRequest", input=fields)
    assert "errors" in answer or answer["data"]["withdrawalRequest"]["__typename"] != "WithdrawalRequestPayload"
    assert await wages.events(office, "WithdrawalApproved") == []


@pytest.mark.parametrize(
    ("fields", "typename"),
    [
        ({"withdrawalId": "x"}, "InvalidInput"),
        ({"withdrawalId": encode_global_id("Order", UUID(int=1))}, "InvalidInput"),
        ({"withdrawalId": encode_global_id("Withdrawal", UUID(int=1))}, "NotFound"),
        ({"comment": "x" * 501}, "InvalidInput"),
        ({"idempotencyKey": "short"}, "InvalidInput"),
    ],
)
async def test_bad_decisions_are_refused(
    office: Office, guide: Client, finance: Client, fields: dict[str, Any], typename: str
) -> None:
    await wages.earn(office, 10_000)
    asked = (await ask(guide, 500))["withdrawal"]["id"]
    refused = await decide(finance, asked, **fields)
    assert refused["__typename"] == typename
    assert (await finance.data("StaffWithdrawals"))["withdrawals"]["edges"][0]["node"]["state"] == "REQUESTED"


async def test_second_decision_and_too_little_money_are_named(office: Office, guide: Client, finance: Client) -> None:
    await wages.earn(office, 10_000)
    first, second = [(await ask(guide, 500))["withdrawal"]["id"] for _ in range(2)]
    rejected = await decide(finance, first, "REJECT", comment="缺资料")
    assert rejected["withdrawal"]["state"] == "REJECTED"
    assert (await decide(finance, first))["__typename"] == "WrongState"
    await wages.refund(office, office.lines[0], 6_000)
    refused = await decide(finance, second)
    assert (refused["__typename"], refused["code"]) == ("AmountTooLarge", "AMOUNT_TOO_LARGE")
    assert (await decide(finance, second, "REJECT"))["withdrawal"]["state"] == "REJECTED"


async def test_finance_decides_and_sees_all_and_others_of_headquarters_do_not(
    office: Office, http: httpx.AsyncClient, guide: Client, finance: Client
) -> None:
    await wages.earn(office, 10_000)
    asked = (await ask(guide, 500))["withdrawal"]["id"]
    async with office.database.transaction(office.market.brand) as session:
        root_id, _ = await founding.root_and_owner(session)
        made = await factories.make_employee(
            session, role="HEADQUARTERS", org_unit_id=root_id, functions=("SERVICE", "IT", "TRAINING")
        )
    other = await client(office, http, made)
    node = "query ($id: ID!) { node(id: $id) { ... on Withdrawal { state employee { displayName } } } }"
    list_of = "query ($id: ID!) { node(id: $id) { ... on Employee { withdrawals { totalCount } } } }"
    guide_id = encode_global_id("Employee", office.guide.employee_id)  # type: ignore[arg-type]
    fields = {"idempotencyKey": key(), "withdrawalId": asked, "decision": "APPROVE"}
    assert await other.code_of_error("WithdrawalDecide", input=fields) == "FORBIDDEN"
    assert await other.code_of_error("StaffWithdrawals") == "FORBIDDEN"
    assert (await other.query(node, id=asked)) == {"data": {"node": None}}
    assert (await other.query(list_of, id=guide_id))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await finance.query(node, id=asked))["data"]["node"] == {
        "state": "REQUESTED",
        "employee": {"displayName": "林知夏"},
    }
    assert (await finance.query(list_of, id=guide_id))["data"]["node"]["withdrawals"]["totalCount"] == 1
    assert (await other.code_of_error("WithdrawalRequest", input={"idempotencyKey": key(), "amountMinor": 100})) == (
        "FORBIDDEN"
    )
    assert (await decide(finance, asked))["withdrawal"]["state"] == "APPROVED"


async def test_nobody_approves_the_own_withdrawal(office: Office, guide: Client, finance: Client) -> None:
    """A guide who moved to finance still has a request of before."""
    await wages.earn(office, 10_000)
    asked = (await ask(guide, 500))["withdrawal"]["id"]
    async with office.database.transaction(office.market.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == office.guide.employee_id)
            .values(role="HEADQUARTERS", functions=["FINANCE"])
            .execution_options(synchronize_session=False)
        )
    for decision in ("APPROVE", "REJECT"):
        fields = {"idempotencyKey": key(), "withdrawalId": asked, "decision": decision}
        assert await guide.code_of_error("WithdrawalDecide", input=fields) == "FORBIDDEN"
    assert (await decide(finance, asked))["withdrawal"]["state"] == "APPROVED"


async def test_pages_of_withdrawals_are_newest_first_and_by_state(
    office: Office, guide: Client, finance: Client
) -> None:
    await wages.earn(office, 10_000)
    made = [(await ask(guide, 100))["withdrawal"]["id"] for _ in range(5)]
    await decide(finance, made[1], "REJECT")
    states, seen, after = ["REQUESTED"], [], None
    for expected in (3, 1):
        page = (await finance.query(PAGE, first=3, after=after, states=states))["data"]["withdrawals"]
        assert (page["totalCount"], len(page["edges"])) == (4, expected)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert not page["pageInfo"]["hasNextPage"]
    assert seen == [made[4], made[3], made[2], made[0]]
    assert (await finance.query(PAGE, states=[]))["data"]["withdrawals"]["totalCount"] == 0
    crossed = await finance.query(PAGE, after=after, states=["PAID"])
    assert crossed["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for first in (0, 101):
        answer = await finance.query(PAGE, first=first)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_statement_of_the_month_adds_up_and_that_of_the_next_opens_with_it(
    office: Office, guide: Client, finance: Client
) -> None:
    await wages.earn(office, 10_000, 5_000)
    await wages.sell(office, 30_000)
    await wages.send(office, await wages.approved(office, 700))
    await wages.approved(office, 400)
    await wages.refund(office, office.lines[0], 8_000)
    today = office.market.brand.day_of(datetime.now(UTC))
    following = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
    found = (await guide.query(STATEMENT, month=f"{today:%Y-%m}"))["data"]["viewer"]["employee"]["commissionStatement"]
    minor = {name: value["minor"] for name, value in found["closing"].items()}
    assert minor == {"held": 3_000, "disputed": 0, "payable": 0, "inPayout": 400, "debt": 400, "total": 3_000}
    assert [found[name]["minor"] for name in ("earned", "reversed", "paidOut")] == [4_500, 800, 700]
    assert found["opening"]["total"]["minor"] == 0
    assert (found["firstDay"], found["lastDay"]) == (
        f"{today:%Y-%m}-01",
        (following - timedelta(days=1)).isoformat(),
    )
    later = (await guide.query(STATEMENT, month=f"{following:%Y-%m}"))["data"]["viewer"]["employee"]
    assert later["commissionStatement"]["opening"]["total"] == found["closing"]["total"]
    assert later["commissionStatement"]["earned"]["minor"] == 0


@pytest.mark.parametrize("month", ["", "2026-13", "2026-1", "now", "2026-11-01", "' OR 1=1 --"])
async def test_month_that_is_none_is_refused(guide: Client, month: str) -> None:
    answer = await guide.query(STATEMENT, month=month)
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "month"}
