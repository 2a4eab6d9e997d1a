"""What a scanned code opens, and the pictures of codes."""

import asyncio
import hashlib
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.employees import reads as employee_reads
from app.marketing import codes, pictures
from app.marketing.destinations import Destination, destination
from app.platform.actor import ANONYMOUS
from app.platform.db import Brand, BrandSession
from app.platform.errors import NotFound
from app.platform.runtime import Runtime
from app.web import answers, callers, readers, views
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

PICTURE_SECONDS: Final = 86_400
_DRAWN: Final = {"png": (pictures.png, "image/png"), "svg": (pictures.svg, "image/svg+xml")}


async def open_code(runtime: Runtime, request: Request) -> Response:
    """`/q/{token}`: record the scan, and lead on into the shop. Whoever only looks at the link leaves no trace."""
    token, say = request.path_params["token"], Speech(readers.language_of(request))
    found = await _find(runtime, token)
    if found is None:
        return answers.missing("code", say=say)
    brand, _ = found
    if not callers.is_person(request):
        async with runtime.database.reading(brand) as session:
            return await _lead_on(session, await _destination(session, token), token, say)

    async def work(session: BrandSession) -> tuple[codes.Scan, Destination]:
        scan = await codes.scan(
            session, ANONYMOUS, token=token, visitor_token=callers.visitor_token(request), now=session.now
        )
        return scan, await _destination(session, token)

    scan, leads_to = await runtime.database.run(brand, work)
    async with runtime.database.reading(brand) as session:
        response = await _lead_on(session, leads_to, token, say)
    callers.keep_visitor(response, scan.visitor_token, runtime.settings)
    if leads_to.shop is not None:
        callers.keep_code(response, token, f"/s/{leads_to.shop.slug}", runtime.settings)
    return response


async def show_picture(runtime: Runtime, request: Request) -> Response:
    """`/codes/{token}.png` and `.svg`: the picture of a code that exists; it decodes to the code's link."""
    token, _, kind = request.path_params["name"].partition(".")
    if kind not in _DRAWN or await _find(runtime, token) is None:
        return answers.missing("code", say=Speech(readers.language_of(request)))
    draw, media_type = _DRAWN[kind]
    url = codes.link_of(token, runtime.settings.base_url)
    tag = f'"{hashlib.sha256(f"{url} {kind}".encode()).hexdigest()[:32]}"'
    headers = {**answers.PICTURE_HEADERS, "Cache-Control": f"public, max-age={PICTURE_SECONDS}", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(await asyncio.to_thread(draw, url), media_type=media_type, headers=headers)


async def _find(runtime: Runtime, token: str) -> tuple[Brand, UUID] | None:
    """Brand and code of a genuine token. A made-up one costs no look at the database."""
    if not codes.is_genuine(runtime.database.vault, token):
        return None
    return await runtime.database.resolve(codes.CODE_TOKEN, token)


async def _destination(session: BrandSession, token: str) -> Destination:
    code = await codes.facts_by_token(session, token)
    if code is None:
        raise NotFound("Code", path=("code",))
    return await destination(session, code)


async def _lead_on(session: BrandSession, leads_to: Destination, token: str, say: Speech) -> Response:
    if leads_to.shop is None:
        return await _store_page(session, leads_to.store_id, say)
    path = f"/s/{leads_to.shop.slug}"
    if leads_to.material_id is not None:
        # The token stays in the address: whoever passes the page on passes on whose share it is.
        path += f"/m/{token}"
    elif leads_to.quotation_id is not None:
        path += f"/quotations/{token}"
    elif leads_to.product_id is not None:
        path += f"/p/{encode_global_id('Product', leads_to.product_id)}"
    elif leads_to.template_id is not None:
        path += f"/coupons/{encode_global_id('CouponTemplate', leads_to.template_id)}"
    return answers.see(path)


async def _store_page(session: BrandSession, store_id: UUID | None, say: Speech) -> Response:
    """The store itself, where nobody who works there has a shop."""
    store = None if store_id is None else (await employee_reads.stores_by_id(session, [store_id])).get(store_id)
    if store is None:
        return answers.missing("code", say=say)
    values = {"store": store, "hours": views.hours_lines(store, say), "brand_name": session.brand.name}
    return answers.page("store.html", values, say=say, headers=answers.KEPT_NOWHERE)
