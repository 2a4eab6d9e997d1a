"""Signing in and out on pages: cookies and their flags, forged forms, onward addresses, limits."""

import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from starlette.requests import Request

from app.customers.models import CustomerRow, VisitorRow
from app.employees.models import EmployeeRow, SessionRow
from app.platform import clock, tokens
from app.platform.db import Brand, Database
from app.platform.runtime import Runtime
from app.platform.tokens import AccessClaims
from app.web import forms, signed_in
from tests import factories
from tests.factories import Scene
from tests.web.browser import HOST, Browser, newest_code


async def rows(database: Database, brand: Brand, kind: type, *conditions: sa.ColumnElement[bool]) -> int:
    async with database.reading(brand) as session:
        query = sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == brand.id, *conditions)
        return (await session.execute(query)).scalar_one()


def door(scene: Scene, onward: str = "") -> str:
    return f"/s/{scene.guide.slug}/sign-in" + (f"?next={onward}" if onward else "")


def set_cookies(answer: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


async def test_customer_signs_in_with_phone_and_code_and_goes_on(
    browser: Browser, scene: Scene, database: Database
) -> None:
    await browser.open(f"/q/{scene.guide.token}")
    onward = f"/s/{scene.guide.slug}?after=x"
    phone = factories.next_phone()
    page = await browser.open(door(scene, onward.replace("?", "%3F")))
    assert page.status == 200 and list(page.faults()) == []
    asked = await browser.submit(page, phone=phone)
    assert asked.status == 200 and f"已发到 {phone[:3]}****{phone[-4:]}" in asked.text and list(asked.faults()) == []
    done = await browser.submit(asked, code=await newest_code(browser.runtime, scene.brand, phone), follow=False)
    assert (done.status, done.response.headers["location"]) == (303, onward)
    cookie = set_cookies(done.response)[f"customer-{scene.brand.code}"]
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=2592000", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie and done.response.headers["cache-control"] == "no-store"
    assert await rows(database, scene.brand, CustomerRow) == 1
    assert await rows(database, scene.brand, VisitorRow, VisitorRow.customer_id.is_not(None)) == 1
    assert await rows(database, scene.brand, SessionRow, SessionRow.ended_at.is_(None)) == 1
    again = await browser.client.get(door(scene))
    assert (again.status_code, again.headers["location"]) == (303, f"/s/{scene.guide.slug}")


async def test_signing_out_ends_the_session_itself(browser: Browser, scene: Scene, database: Database) -> None:
    page = await browser.sign_in(door(scene), scene.brand, factories.next_phone())
    assert page.path == f"/s/{scene.guide.slug}"
    key = browser.cookies[f"customer-{scene.brand.code}"]
    token = (await browser.open("/sign-in")).form().fields["form"]
    out = await browser.send(f"/s/{scene.guide.slug}/sign-out", {"form": token}, follow=False)
    assert (out.status, out.response.headers["location"]) == (303, f"/s/{scene.guide.slug}")
    assert f"customer-{scene.brand.code}" not in browser.cookies
    assert await rows(database, scene.brand, SessionRow, SessionRow.end_reason == "SIGNED_OUT") == 1
    browser.client.cookies.set(f"customer-{scene.brand.code}", key)
    assert (await browser.client.get(door(scene))).status_code == 200


async def test_what_was_typed_stays_and_the_error_says_why(browser: Browser, scene: Scene) -> None:
    page = await browser.open(door(scene))
    wrong = await browser.submit(page, phone="1990000")
    assert wrong.status == 422 and "还差 4 位，手机号是 11 位数字。" in wrong.text and 'value="1990000"' in wrong.text
    assert 'aria-invalid="true" aria-describedby="e-phone"' in wrong.text and list(wrong.faults()) == []
    phone = factories.next_phone()
    asked = await browser.submit(wrong, phone=phone)
    code = await newest_code(browser.runtime, scene.brand, phone)
    odd = await browser.submit(asked, code="12ab")
    assert odd.status == 422 and "验证码是 6 位数字。" in odd.text
    for left in (4, 3, 2, 1):
        refused = await browser.submit(asked, code=f"{(int(code) + 1) % 10**6:06d}")
        assert refused.status == 422 and f"还能试 {left} 次" in refused.text
    over = await browser.submit(asked, code=f"{(int(code) + 1) % 10**6:06d}")
    assert over.status == 422 and "这个验证码不能用了" in over.text
    assert "不能用了" in (await browser.submit(asked, code=code)).text
    assert f"customer-{scene.brand.code}" not in browser.cookies


async def test_second_code_within_a_minute_waits_and_keeps_the_first(browser: Browser, scene: Scene) -> None:
    phone = factories.next_phone()
    page = await browser.open(door(scene))
    asked = await browser.submit(page, phone=phone)
    again = await browser.submit(asked, button=("step", "phone"))
    assert again.status == 429 and re.search(r"刚发过一次，\d+ 秒后可以重发。", again.text)
    done = await browser.submit(again, code=await newest_code(browser.runtime, scene.brand, phone))
    assert done.path == f"/s/{scene.guide.slug}"


async def test_forms_that_no_page_of_ours_sent_change_nothing(
    browser: Browser, other_browser: Browser, scene: Scene, database: Database
) -> None:
    page = await browser.open(door(scene))
    good = page.form().fields | {"phone": [factories.next_phone()], "step": ["phone"]}
    foreign = (await other_browser.open(door(scene))).form().fields["form"]
    for fields, headers in (
        (good | {"form": [""]}, {}),
        (good | {"form": ["x" * 43]}, {}),
        (good | {"form": foreign}, {}),
        (good, {"origin": "https://evil.example"}),
        (good, {"origin": "null"}),
        (good, {"sec_fetch_site": "cross-site"}),
        (good, {"sec_fetch_site": "same-site"}),
    ):
        answer = await browser.send(door(scene), fields, **headers)
        assert answer.status == 403 and "请再提交一次" in answer.text and "什么也没有改动" in answer.text
    assert (await browser.send(door(scene), good, content_type="text/plain")).status == 415
    assert (await browser.send(door(scene), good | {"phone": ["1" * 40_000]})).status == 413
    assert (await browser.send(door(scene), {str(number): ["x"] for number in range(400)})).status == 400
    assert await rows(database, scene.brand, SessionRow) == 0
    assert (await browser.send(door(scene), good)).status == 200


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "evil.example",
        "/" + "x" * 3_000,
    ],
)
async def test_nobody_is_led_to_another_site(browser: Browser, scene: Scene, onward: str) -> None:
    page = await browser.client.get(f"/s/{scene.guide.slug}/sign-in", params={"next": onward})
    assert "evil" not in page.text and "javascript" not in page.text
    assert forms.own_path(onward, "/here") == "/here"


def test_own_paths_are_kept() -> None:
    for path in ("/s/abc", "/s/abc/checkout?line=x.1&order=y", "/orders#top", "/s/雪"):
        assert forms.own_path(path, "/") == path
    assert forms.own_path("", "/") == "/"


async def test_employee_signs_in_by_brand_and_phone(browser: Browser, scene: Scene, database: Database) -> None:
    phone = factories.next_phone()
    async with database.transaction(scene.brand) as session:
        await factories.make_employee(session, phone=phone, store_id=scene.store_id, display_name="何思远")
    page = await browser.open(f"/sign-in?brand={scene.brand.code}&next=/guide/orders")
    assert list(page.faults()) == []
    asked = await browser.submit(page, phone=phone)
    done = await browser.submit(asked, code=await newest_code(browser.runtime, scene.brand, phone), follow=False)
    assert done.response.headers["location"] == "/guide/orders" and "HttpOnly" in set_cookies(done.response)["staff"]
    home = await browser.client.get("/staff")
    assert (home.status_code, home.headers["location"]) == (303, "/guide")
    async with database.transaction(scene.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == scene.brand.id, EmployeeRow.display_name == "何思远")
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
    assert (await browser.client.get("/staff")).headers["location"].startswith("/sign-in?next=%2Fstaff")


async def test_unknown_employees_get_the_same_answers(browser: Browser, scene: Scene, database: Database) -> None:
    page = await browser.open(f"/sign-in?brand={scene.brand.code}")
    known, unknown = factories.next_phone(), factories.next_phone()
    async with database.transaction(scene.brand) as session:
        await factories.make_employee(session, phone=known, store_id=scene.store_id)
    texts = []
    for phone in (known, unknown):
        asked = await browser.submit(page, phone=phone)
        code = await newest_code(browser.runtime, scene.brand, phone)
        wrong = await browser.submit(asked, code=f"{(int(code) + 1) % 10**6:06d}")
        texts.append([part.text.replace(phone, "").replace(phone[-4:], "") for part in (asked, wrong)])
    assert texts[0] == texts[1]
    guessed = await browser.submit(asked, code=code)
    assert guessed.status == 422 and "staff" not in browser.cookies
    missing = await browser.submit(page, brand="nosuchbrand", phone=known)
    assert missing.status == 422 and "没有这个品牌" in missing.text and f'value="{known}"' in missing.text


async def test_a_key_of_another_brand_or_kind_opens_nothing(
    browser: Browser, scene: Scene, database: Database, runtime: Runtime
) -> None:
    other = await factories.make_scene(database)
    await browser.sign_in(door(scene), scene.brand, factories.next_phone())
    key = browser.cookies[f"customer-{scene.brand.code}"]
    browser.client.cookies.set(f"customer-{other.brand.code}", key)
    browser.client.cookies.set("staff", key)
    assert (await browser.client.get(f"/s/{other.guide.slug}/sign-in")).status_code == 200
    assert (await browser.client.get("/staff")).headers["location"].startswith("/sign-in")
    assert tokens.read_access_token(runtime.secrets.signing, key) is None
    claims = tokens.read_access_token(runtime.secrets.signing, key, issuer=tokens.PAGES)
    assert claims is not None
    access = tokens.issue_access_token(runtime.secrets.signing, claims)
    browser.client.cookies.set(f"customer-{scene.brand.code}", access)
    assert (await browser.client.get(door(scene))).status_code == 200


async def test_a_key_is_renewed_in_the_second_half_of_its_life(
    browser: Browser, scene: Scene, runtime: Runtime
) -> None:
    await browser.sign_in(door(scene), scene.brand, factories.next_phone())
    name = f"customer-{scene.brand.code}"
    claims = tokens.read_access_token(runtime.secrets.signing, browser.cookies[name], issuer=tokens.PAGES)
    assert claims is not None and claims.expires_at - clock.utc_now() > timedelta(days=29)
    fresh = await browser.client.get(door(scene))
    assert name not in set_cookies(fresh)
    old = AccessClaims(
        claims.brand_id, claims.session_id, claims.principal_id, claims.audience, clock.utc_now() + timedelta(days=14)
    )
    browser.client.cookies.clear()
    browser.client.cookies.set(
        name, tokens.issue_access_token(runtime.secrets.signing, old, issuer=tokens.PAGES), domain="127.0.0.1", path="/"
    )
    renewed = await browser.client.get(door(scene))
    assert renewed.status_code == 303 and name in set_cookies(renewed)


async def test_cookies_are_secure_and_bound_to_the_host_where_the_address_is(runtime: Runtime, scene: Scene) -> None:
    secure = runtime.settings.model_copy(update={"public_url": "https://shop.example"})
    assert signed_in.own_name(secure, "form") == "__Host-form" and signed_in.is_secure(secure)
    assert signed_in.own_name(runtime.settings, "form") == "form"


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"origin": HOST}, True),
        ({"origin": "http://localhost:8000", "host": "localhost:8000"}, True),
        ({"origin": "http://localhost:8000"}, False),
        ({"origin": HOST, "sec-fetch-site": "same-origin"}, True),
        ({"origin": HOST, "sec-fetch-site": "cross-site"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
    ],
)
def test_where_a_form_comes_from(headers: dict[str, str], is_ours: bool) -> None:
    given = {"host": "127.0.0.1:8000", **headers}
    scope = {"type": "http", "headers": [(name.encode(), value.encode()) for name, value in given.items()]}
    assert forms.is_from_here(Request(scope), HOST) is is_ours
