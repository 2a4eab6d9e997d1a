"""Signing in over the API: the documents of the mini-store, for customers and employees."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.customers import visitors
from app.customers.models import ConsentRow, CustomerRow, VisitorRow
from app.employees.events import SignInCodeRequested
from app.employees.jobs import send_sign_in_code
from app.employees.models import SessionRow, SignInCodeRow
from app.platform.integrations.sms import SMS_FILE
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime
from tests.employees.api import Api, documents, make_api
from tests.employees.conftest import Company, new_phone

VIEWER = "{ viewer { brand { id code } customer { id } employee { id displayName role store { name } guide { id } } } }"


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[Api]:
    made = make_api(runtime)
    yield made
    await made.client.aclose()


async def relay(runtime: Runtime, company: Company) -> None:
    """What the worker does with the outbox."""
    table = Subscriptions()
    table.delivery(SignInCodeRequested, "sms", send_sign_in_code(runtime))
    await Relay(runtime.database, table, runtime.settings).drain(company.brand)


def texts_to(runtime: Runtime, phone: str) -> list[str]:
    """The codes that were texted to a phone, the latest last."""
    path = runtime.settings.sandbox_dir / SMS_FILE
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return [line["code"] for line in lines if line["to"] == f"+86{phone}"]


async def code_for(api: Api, runtime: Runtime, company: Company, phone: str, audience: str) -> str:
    asked = await api.mutate("SignInCodeRequest", brandCode=company.brand.code, phone=phone, audience=audience)
    assert asked == {
        "__typename": "SignInCodeRequestPayload",
        "sentTo": f"{phone[:3]}****{phone[-4:]}",
        "retryAfterSeconds": 60,
    }
    await relay(runtime, company)
    return texts_to(runtime, phone)[-1]


async def sign_in(
    api: Api, runtime: Runtime, company: Company, phone: str, audience: str = "CUSTOMER", **more: Any
) -> dict[str, Any]:
    code = await code_for(api, runtime, company, phone, audience)
    given = {"brandCode": company.brand.code, "phone": phone, "code": code, "audience": audience} | more
    result: dict[str, Any] = await api.mutate("SignIn", **given)
    assert result["__typename"] == "SignInPayload", result
    return result


async def count(runtime: Runtime, company: Company, row: Any) -> int:
    async with runtime.database.reading(company.brand) as session:
        found = await session.execute(
            sa.select(sa.func.count()).select_from(row).where(row.brand_id == company.brand.id)
        )
        return int(found.scalar_one())


async def test_an_employee_signs_in_with_the_texted_code(api: Api, runtime: Runtime, company: Company) -> None:
    answer = await sign_in(api, runtime, company, company.guide_phone, "EMPLOYEE")
    viewer = answer["viewer"]
    assert viewer["brand"]["code"] == company.brand.code
    assert (viewer["brand"]["currency"], viewer["brand"]["timeZone"]) == ("CNY", "Asia/Shanghai")
    assert viewer["customer"] is None
    assert (viewer["employee"]["displayName"], viewer["employee"]["role"]) == ("Guide", "GUIDE")
    seen = await api.send(VIEWER, token=answer["session"]["accessToken"])
    assert seen["data"]["viewer"]["employee"] == {
        "id": viewer["employee"]["id"],
        "displayName": "Guide",
        "role": "GUIDE",
        "store": {"name": "上海店"},
        "guide": None,
    }


async def test_a_customer_signs_in_and_is_made_once(api: Api, runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    consents = [{"purpose": "MARKETING", "textVersion": "2026-01", "granted": True}]
    async with runtime.database.transaction(company.brand) as session:
        visitor = await visitors.create(session, now=session.now)
    first = await sign_in(api, runtime, company, phone, visitorToken=visitor.token, consents=consents)
    assert first["viewer"]["employee"] is None
    seen = await api.send(VIEWER, token=first["session"]["accessToken"])
    assert seen["data"]["viewer"]["customer"]["id"] == first["viewer"]["customer"]["id"]
    assert (await count(runtime, company, CustomerRow), await count(runtime, company, ConsentRow)) == (1, 1)
    async with runtime.database.reading(company.brand) as session:
        joined = await session.execute(sa.select(VisitorRow.customer_id).where(VisitorRow.brand_id == company.brand.id))
        assert joined.scalar_one() is not None


async def test_an_unknown_visitor_token_hinders_nobody(api: Api, runtime: Runtime, company: Company) -> None:
    await sign_in(api, runtime, company, new_phone(), visitorToken="no such token")
    assert await count(runtime, company, CustomerRow) == 1


async def test_unknown_and_known_employees_get_the_same_answer(api: Api, runtime: Runtime, company: Company) -> None:
    stranger = new_phone()
    answers = []
    for phone in (company.guide_phone, stranger):
        answer = await api.mutate("SignInCodeRequest", brandCode=company.brand.code, phone=phone, audience="EMPLOYEE")
        answers.append({**answer, "sentTo": answer["sentTo"][3:7]})
    assert answers[0] == answers[1]
    await relay(runtime, company)
    assert (len(texts_to(runtime, company.guide_phone)), texts_to(runtime, stranger)) == (1, [])


async def test_a_second_code_in_the_same_minute_is_refused(api: Api, runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    given = {"brandCode": company.brand.code, "phone": phone, "audience": "CUSTOMER"}
    await api.mutate("SignInCodeRequest", **given)
    refused = await api.mutate("SignInCodeRequest", **given)
    assert (refused["__typename"], refused["code"]) == ("RateLimited", "RATE_LIMITED")
    assert refused["message"].startswith("Too many requests; try again in ")
    assert await count(runtime, company, SignInCodeRow) == 1


async def test_wrong_codes_sent_at_once_cost_at_most_five_tries(api: Api, runtime: Runtime, company: Company) -> None:
    phone = new_phone()
    right = await code_for(api, runtime, company, phone, "CUSTOMER")
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    given = {"brandCode": company.brand.code, "phone": phone, "audience": "CUSTOMER"}
    text = documents()["SignIn"].replace(
        "...MiniStoreProblem", "...MiniStoreProblem ... on SignInRefused { attemptsLeft }"
    )
    bodies = await asyncio.gather(*(api.send(text, {"input": given | {"code": wrong}}) for _ in range(10)))
    left = sorted(body["data"]["signIn"]["attemptsLeft"] for body in bodies)
    assert left == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    refused = await api.mutate("SignIn", **given, code=right)
    assert (refused["__typename"], refused["code"]) == ("SignInRefused", "SIGN_IN_CODE_WRONG")
    assert (await count(runtime, company, CustomerRow), await count(runtime, company, SessionRow)) == (0, 4)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"brandCode": "no-such-brand"}, ["brandCode"]),
        ({"brandCode": "NO SUCH"}, ["brandCode"]),
        ({"phone": "12"}, ["phone"]),
        ({"code": "12345"}, ["code"]),
        ({"consents": [{"purpose": "LOCATION", "textVersion": "", "granted": True}]}, ["consents", "textVersion"]),
        (
            {"audience": "EMPLOYEE", "consents": [{"purpose": "LOCATION", "textVersion": "1", "granted": True}]},
            ["consents"],
        ),
    ],
)
async def test_bad_sign_in_input_names_its_field(
    api: Api, company: Company, changes: dict[str, Any], path: list[str]
) -> None:
    given = {"brandCode": company.brand.code, "phone": new_phone(), "code": "123456", "audience": "CUSTOMER"}
    refused = await api.mutate("SignIn", **(given | changes))
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", path)


async def test_messages_speak_the_callers_language(api: Api) -> None:
    given = {"input": {"brandCode": "no-such-brand", "phone": new_phone(), "audience": "CUSTOMER"}}
    spoken = [
        (await api.data("SignInCodeRequest", given, language=language))["message"]
        for language in ("zh-CN", "en", "fr, en;q=0.5", "fr")
    ]
    assert spoken == ["没有这个品牌。", "There is no such brand.", "There is no such brand.", "没有这个品牌。"]


async def test_a_refresh_changes_the_keys_and_a_second_use_signs_out(
    api: Api, runtime: Runtime, company: Company
) -> None:
    session = (await sign_in(api, runtime, company, new_phone()))["session"]
    refreshed = await api.mutate("SessionRefresh", refreshToken=session["refreshToken"])
    newer = refreshed["session"]
    assert newer["refreshToken"] != session["refreshToken"]
    assert await api.codes(VIEWER, token=newer["accessToken"]) == []
    for token in (session["refreshToken"], newer["refreshToken"]):
        refused = await api.mutate("SessionRefresh", refreshToken=token)
        assert (refused["__typename"], refused["code"]) == ("SignInRefused", "SIGN_IN_CODE_WRONG")
    for token in (session["accessToken"], newer["accessToken"]):
        assert await api.codes(VIEWER, token=token) == ["UNAUTHENTICATED"]


async def test_two_refreshes_of_one_token_at_once_leave_no_session(
    api: Api, runtime: Runtime, company: Company
) -> None:
    session = (await sign_in(api, runtime, company, new_phone()))["session"]
    answers = await asyncio.gather(
        *(api.mutate("SessionRefresh", refreshToken=session["refreshToken"]) for _ in range(2))
    )
    assert sorted(answer["__typename"] for answer in answers) == ["SessionRefreshPayload", "SignInRefused"]
    assert await api.codes(VIEWER, token=session["accessToken"]) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("token", ["", "unknown", "x" * 10_000])
async def test_what_is_no_refresh_token_is_refused(api: Api, token: str) -> None:
    assert (await api.mutate("SessionRefresh", refreshToken=token))["__typename"] == "SignInRefused"


async def test_signing_out_here_and_everywhere(api: Api, runtime: Runtime, company: Company) -> None:
    one = (await sign_in(api, runtime, company, company.guide_phone, "EMPLOYEE"))["session"]
    two = (await api.mutate("SessionRefresh", refreshToken=one["refreshToken"]))["session"]
    ended = await api.mutate("SignOut", token=two["accessToken"])
    assert ended == {"__typename": "SignOutPayload", "endedSessions": 1}
    assert await api.codes(VIEWER, token=two["accessToken"]) == ["UNAUTHENTICATED"]
    phone = new_phone()
    first = (await sign_in(api, runtime, company, phone))["session"]
    assert (await api.mutate("SignOut", token=first["accessToken"], everywhere=True))["endedSessions"] == 1
    assert (await api.mutate("SessionRefresh", refreshToken=first["refreshToken"]))["__typename"] == "SignInRefused"


async def test_nobody_signs_out_or_is_a_viewer_without_a_session(api: Api) -> None:
    assert await api.codes(VIEWER) == ["UNAUTHENTICATED"]
    assert await api.codes("mutation { signOut(input: {}) { __typename } }") == ["UNAUTHENTICATED"]
    assert await api.codes(VIEWER, token="not a token") == ["UNAUTHENTICATED"]
