"""The customer's pages, put together: which address leads to which page, and what is shown when one is missing."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.platform.runtime import Runtime
from app.web import (
    after_sale_pages,
    answers,
    card_pages,
    cart_pages,
    checkout_pages,
    code_pages,
    consent_pages,
    coupon_pages,
    installing,
    invoice_pages,
    link_card_pages,
    manifests,
    material_pages,
    media,
    order_pages,
    payment_pages,
    quotation_pages,
    readers,
    shop_pages,
    sign_in_pages,
    staff_pages,
)
from app.web.answers import Refused
from app.web.readers import Reader, ShopReader, StaffReader
from app.web.texts import Speech

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
ShopPage = Callable[[ShopReader], Awaitable[Response]]
StaffPage = Callable[[StaffReader], Awaitable[Response]]
R = TypeVar("R", bound=Reader)


def shop_route(runtime: Runtime, path: str, *, show: ShopPage | None = None, act: ShopPage | None = None) -> Route:
    """A page below `/s/{slug}`: `show` answers GET, `act` a form that was sent."""

    async def read(request: Request) -> ShopReader:
        reader = await readers.in_shop(runtime, request)
        if reader is None:
            raise Refused(answers.missing("shop", say=Speech(readers.language_of(request))))
        return reader

    return _route(f"/s/{{slug}}{path}", read, show, act)


def staff_route(runtime: Runtime, path: str, *, show: StaffPage | None = None, act: StaffPage | None = None) -> Route:
    """A page for employees: whoever is not signed in is led to sign in, and back."""

    async def read(request: Request) -> StaffReader:
        reader = await readers.of_staff(runtime, request)
        if reader is None:
            onward = urlencode({"next": readers.address_of(request)}) if request.method == "GET" else ""
            raise Refused(answers.see(f"/sign-in?{onward}".rstrip("?")))
        return reader

    return _route(path, read, show, act)


def _route(
    path: str,
    read: Callable[[Request], Awaitable[R]],
    show: Callable[[R], Awaitable[Response]] | None,
    act: Callable[[R], Awaitable[Response]] | None,
) -> Route:
    """One address: GET is shown, POST acts; what is refused on the way is the answer."""
    handlers = {method: handler for method, handler in (("GET", show), ("POST", act)) if handler is not None}

    async def handle(request: Request) -> Response:
        try:
            reader = await read(request)
        except Refused as refused:
            return refused.response
        try:
            return reader.part(await handlers["POST" if request.method == "POST" else "GET"](reader))
        except Refused as refused:
            return reader.part(refused.response)

    return Route(path, handle, methods=list(handlers))


def routes(runtime: Runtime) -> list[BaseRoute]:
    """The routes of all pages."""

    def bound(handler: Callable[[Runtime, Request], Awaitable[Response]]) -> Handler:
        async def handle(request: Request) -> Response:
            try:
                return await handler(runtime, request)
            except Refused as refused:
                return refused.response

        return handle

    return [
        Route("/q/{token}", bound(code_pages.open_code), methods=["GET"]),
        Route("/codes/{name}", bound(code_pages.show_picture), methods=["GET"]),
        Route("/cards/{slug}.jpg", bound(link_card_pages.show_card), methods=["GET"]),
        Route("/cards/{slug}/{product_id}.jpg", bound(link_card_pages.show_card), methods=["GET"]),
        Route("/s/{slug}", bound(shop_pages.open_shop), methods=["GET"]),
        Route(manifests.SHOP, bound(installing.show_shop), methods=["GET"]),
        Route(manifests.GUIDE, bound(installing.show_guide), methods=["GET"]),
        Route(manifests.BOSS, bound(installing.show_boss), methods=["GET"]),
        shop_route(runtime, "/p/{product_id}", show=shop_pages.open_product),
        shop_route(runtime, "/m/{token}", show=material_pages.open_material),
        Route("/s/{slug}/m/{token}/reading", bound(material_pages.note_reading), methods=["POST"]),
        shop_route(runtime, "/card", show=card_pages.open_card),
        shop_route(runtime, "/card.vcf", show=card_pages.download_card),
        shop_route(runtime, "/cart", show=cart_pages.show_cart, act=cart_pages.change_cart),
        shop_route(runtime, "/checkout", show=checkout_pages.show_checkout, act=checkout_pages.place_order),
        shop_route(runtime, "/coupons", show=coupon_pages.show_centre, act=coupon_pages.subscribe),
        shop_route(runtime, "/coupons/{template_id}", show=coupon_pages.show_template, act=coupon_pages.claim),
        shop_route(runtime, "/my-coupons/{coupon_id}", show=coupon_pages.show_own, act=coupon_pages.offer),
        shop_route(runtime, "/quotations/{token}", show=quotation_pages.show_quotation, act=quotation_pages.accept),
        shop_route(runtime, "/quotations/{token}/decline", act=quotation_pages.decline),
        shop_route(runtime, "/gifts/{token}", show=coupon_pages.show_gift, act=coupon_pages.take_gift),
        shop_route(runtime, "/consents", show=consent_pages.show_consents, act=consent_pages.save_consents),
        shop_route(runtime, "/orders", show=order_pages.show_orders),
        shop_route(runtime, "/orders/{order_id}", show=order_pages.show_order),
        shop_route(runtime, "/orders/{order_id}/cancel", act=order_pages.cancel_order),
        shop_route(runtime, "/orders/{order_id}/receipt", act=order_pages.confirm_receipt),
        shop_route(runtime, "/orders/{order_id}/pay", act=payment_pages.start_payment),
        shop_route(runtime, "/orders/{order_id}/invoice", show=invoice_pages.show_own, act=invoice_pages.request),
        shop_route(
            runtime,
            "/orders/{order_id}/lines/{line_id}/after-sale",
            show=after_sale_pages.show_request,
            act=after_sale_pages.request_after_sale,
        ),
        shop_route(runtime, "/after-sales/{after_sale_id}", show=after_sale_pages.show_after_sale),
        shop_route(runtime, "/after-sales/{after_sale_id}/withdraw", act=after_sale_pages.withdraw),
        shop_route(runtime, "/after-sales/{after_sale_id}/return", act=after_sale_pages.send_back),
        shop_route(runtime, "/pay/{payment_id}", show=payment_pages.show_payment, act=payment_pages.confirm_payment),
        shop_route(runtime, "/sign-in", show=sign_in_pages.show_customer, act=sign_in_pages.sign_customer_in),
        shop_route(runtime, "/sign-out", act=sign_in_pages.sign_customer_out),
        Route("/sign-in", bound(sign_in_pages.show_staff), methods=["GET"]),
        Route("/sign-in", bound(sign_in_pages.sign_staff_in), methods=["POST"]),
        staff_route(runtime, "/sign-out", act=sign_in_pages.sign_staff_out),
        staff_route(runtime, "/staff", show=sign_in_pages.lead_home),
        *(staff_route(runtime, path, show=show, act=act) for path, show, act in staff_pages.PAGES),
        Route("/static/{build}/{name}", show_static, methods=["GET"]),
        Route("/media/{key:path}", bound(media.show_media), methods=["GET"]),
    ]


def exception_handlers(runtime: Runtime) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Pages for a missing address and for a fault of ours; what is no page gets a short JSON answer."""

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if not _wants_page(request):
            return JSONResponse({"error": status}, status, headers=getattr(error, "headers", None))
        return answers.missing("page", say=Speech(readers.language_of(request)), status=status)

    async def failed(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(8)
        log.error("page failed", exc_info=error, extra={"reference": reference, "path": request.url.path})
        if not _wants_page(request):
            return JSONResponse({"error": 500, "reference": reference}, 500)
        return answers.fault(
            reference, say=Speech(readers.language_of(request)), is_reading=request.method in ("GET", "HEAD")
        )

    return {HTTPException: refused, Exception: failed}


async def show_static(request: Request) -> Response:
    """The stylesheet, the icon."""
    found = answers.static_file(request.path_params["build"], request.path_params["name"])
    return answers.missing("page", say=Speech(readers.language_of(request))) if found is None else found


def _wants_page(request: Request) -> bool:
    """Whether a person reads the answer: a browser says so, also when it sends a form."""
    accepts = request.headers.get("accept", "*/*")
    return "text/html" in accepts or (request.method in ("GET", "HEAD") and "*/*" in accepts)
