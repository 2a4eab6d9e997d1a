"""Signing in and out on pages: phone, code, cookie. Customers in a shop, employees at `/sign-in`.

The limits, the counting of tries and the answers that tell nobody which phones are known are the services' own.
"""

import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.customers import visitors
from app.customers.sign_in import sign_in_customer
from app.employees import sessions, sign_in_codes
from app.employees.sign_in import SignedIn, sign_in_employee
from app.employees.sign_in_codes import MINUTE_SECONDS
from app.employees.values import Audience
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, RateLimited, SignInRefused, UserFault
from app.platform.idempotency import Result
from app.platform.runtime import Runtime
from app.web import answers, callers, forms, signed_in
from app.web.forms import Form
from app.web.readers import BrandReader, Reader, ShopReader, StaffReader
from graphql_schema.context import client_address

_BRAND_CODE = re.compile(r"[a-z0-9-]{2,32}")
_PHONE_DIGITS: Final = 11


async def show_customer(reader: ShopReader) -> Response:
    """`GET /s/{slug}/sign-in`."""
    onward = forms.own_path(reader.request.query_params.get("next", ""), reader.path)
    return answers.see(onward) if reader.actor.is_customer else _show(reader, _asking(reader, onward))


async def sign_customer_in(reader: ShopReader) -> Response:
    """`POST /s/{slug}/sign-in`: ask for a code, or sign in with one."""
    form = await reader.form()
    onward = forms.own_path(form.text("next"), reader.path)
    return await _step(reader, form, Audience.CUSTOMER, _asking(reader, onward, form), onward)


async def show_staff(runtime: Runtime, request: Request) -> Response:
    """`GET /sign-in`: for employees; `?brand=` fills the brand's code in."""
    reader = Reader(runtime, request)
    given = {"brand": [request.query_params.get("brand", "")]}
    onward = forms.own_path(request.query_params.get("next", ""), "")
    return reader.part(_show(reader, _asking(reader, onward, Form(given))))


async def sign_staff_in(runtime: Runtime, request: Request) -> Response:
    """`POST /sign-in`: ask for a code, or sign in with one."""
    reader = Reader(runtime, request)
    form = await reader.form()
    onward = forms.own_path(form.text("next"), "")
    values = _asking(reader, onward, form)
    code = form.text("brand").lower()
    brand = await runtime.database.brand_by_code(code) if _BRAND_CODE.fullmatch(code) else None
    if brand is None:
        values["errors"] = {"brand": reader.say("brand_unknown")}
        return reader.part(_show(reader, values, status=422))
    staff = BrandReader(runtime, request, brand)
    return staff.part(await _step(staff, form, Audience.EMPLOYEE, values, onward))


async def sign_customer_out(reader: ShopReader) -> Response:
    """`POST /s/{slug}/sign-out`: ends the session, not only the cookie."""
    await reader.form()
    await _end(reader)
    signed_in.forget_customer(reader.runtime, response := answers.see(reader.path), reader.brand)
    return response


async def sign_staff_out(reader: StaffReader) -> Response:
    """`POST /sign-out`: for employees."""
    await reader.form()
    await _end(reader)
    signed_in.forget(reader.runtime, response := answers.see("/sign-in"), signed_in.STAFF)
    return response


async def _end(reader: BrandReader) -> None:
    async def act(session: BrandSession) -> Result:
        return {"ended": await sessions.end(session, reader.actor, now=session.now)}

    if reader.actor.session_id is not None:
        await reader.change("signOut", act)


def _asking(reader: Reader, onward: str, form: Form | None = None) -> dict[str, Any]:
    """What the page shows while it asks for the phone, with what was typed before."""
    shop = reader.shop if isinstance(reader, ShopReader) else None
    return {
        "step": "phone",
        "shop": shop,
        "shop_href": None if shop is None else f"/s/{shop.slug}",
        "action": "/sign-in" if shop is None else f"/s/{shop.slug}/sign-in",
        "onward": onward,
        "brand_code": "" if form is None else form.text("brand")[:32],
        "phone": "" if form is None else form.text("phone")[:20],
        "sent_to": None,
        "minutes": reader.runtime.settings.sign_in_code_ttl_seconds // 60,
        "is_sandbox": not reader.runtime.settings.is_production,
        "notice": None,
    }


def _show(reader: Reader, values: dict[str, Any], *, status: int = 200) -> Response:
    return reader.show("sign_in.html", values, status=status)


async def _step(reader: BrandReader, form: Form, audience: Audience, values: dict[str, Any], onward: str) -> Response:
    if form.text("step") != "code":
        return await _send_code(reader, form, audience, values)
    given = await _check_in(reader, form, audience)
    if isinstance(given, UserFault):
        values |= {"step": "code"} | _why_refused(reader, given)
        return _show(reader, values, status=422)
    claims = signed_in.claims_of(reader.runtime, reader.brand, given, audience)
    response = answers.see(onward or "/staff")
    signed_in.keep(reader.runtime, response, reader.brand, claims)
    return response


async def _send_code(reader: BrandReader, form: Form, audience: Audience, values: dict[str, Any]) -> Response:
    address = client_address(reader.request, reader.runtime.settings.trusted_proxies)

    async def act(session: BrandSession) -> Result | UserFault:
        asked = await sign_in_codes.request(
            session,
            phone=form.text("phone"),
            audience=audience,
            address=address,
            settings=reader.runtime.settings,
            now=session.now,
        )
        return asked if isinstance(asked, UserFault) else {"sent_to": asked.sent_to}

    asked = await reader.change("signInCodeRequest", act)
    if isinstance(asked, RateLimited):
        wait = asked.retry_after_seconds
        if wait <= MINUTE_SECONDS:  # one is on its way already
            notice = reader.say("code_wait", seconds=wait)
            return _show(reader, values | {"step": "code", "notice": notice}, status=429)
        notice = reader.say("code_wait_long", minutes=-(-wait // 60))
        return _show(reader, values | {"notice": notice}, status=429)
    if isinstance(asked, UserFault):
        return _show(reader, values | {"errors": {"phone": _phone_error(reader, form, asked)}}, status=422)
    return _show(reader, values | {"step": "code", "sent_to": asked["sent_to"]})


async def _check_in(reader: BrandReader, form: Form, audience: Audience) -> SignedIn | UserFault:
    settings, signing = reader.runtime.settings, reader.runtime.secrets.signing
    phone, code = form.text("phone"), form.text("code")

    async def work(session: BrandSession) -> SignedIn | SignInRefused:
        if audience is Audience.EMPLOYEE:
            return await sign_in_employee(
                session, phone=phone, code=code, settings=settings, signing=signing, now=session.now
            )
        visitor = await visitors.find(session, callers.visitor_token(reader.request))
        return await sign_in_customer(
            session,
            phone=phone,
            code=code,
            visitor_id=None if visitor is None else visitor.visitor_id,
            consents=(),
            settings=settings,
            signing=signing,
            now=session.now,
        )

    try:
        return await reader.runtime.database.run(reader.brand, work)
    except UserFault as fault:
        return fault


def _why_refused(reader: BrandReader, fault: UserFault) -> dict[str, Any]:
    if isinstance(fault, SignInRefused):
        text = (
            reader.say("code_wrong", attempts=fault.attempts_left) if fault.attempts_left else reader.say("code_over")
        )
        return {"errors": {"code": text}}
    if isinstance(fault, InvalidInput) and fault.path == ("phone",):
        return {"step": "phone", "errors": {"phone": reader.explain(fault)}}
    return {"errors": {"code": reader.explain(fault)}}


def _phone_error(reader: BrandReader, form: Form, fault: UserFault) -> str:
    digits = re.sub(r"\D", "", form.text("phone"))
    if 0 < len(digits) < _PHONE_DIGITS:
        return reader.say("phone_short", missing=_PHONE_DIGITS - len(digits))
    return reader.explain(fault)


async def lead_home(reader: StaffReader) -> Response:
    """`GET /staff`: guides to their day, everybody else to the figures."""
    return answers.see("/guide" if reader.actor.role == "GUIDE" else "/boss")
