"""Paying: a payment is begun, made on the sandbox provider's page, and asked about when the customer comes back."""

from uuid import UUID

from starlette.responses import Response

from app.platform.db import BrandSession
from app.platform.errors import UserFault
from app.platform.idempotency import Result
from app.trade import charges, customer_view, payments, providers
from app.trade.customer_view import PaymentTry
from app.trade.values import PaymentState, ProviderName
from app.web import answers, order_pages, views
from app.web.answers import Refused
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id


async def start_payment(reader: ShopReader) -> Response:
    """`POST /s/{slug}/orders/{orderId}/pay`: on to the provider. The one under way, where there is one."""
    reader.require_customer(back_to=order_pages.here(reader))
    form = await reader.form()
    order = await order_pages.found_order(reader)

    async def act(session: BrandSession) -> Result:
        payment_id = await payments.start(
            session, reader.actor, order_id=order.id, provider=ProviderName.SANDBOX, now=session.now
        )
        return {"payment_id": payment_id}

    begun = await reader.change("paymentStart", act, key=form.text("key"), body=str(order.id))
    if isinstance(begun, UserFault):
        return await order_pages.after_change(reader, begun)
    payment_id = UUID(begun["payment_id"])
    # Two transactions around the provider's call: sent again, the form finishes what a crash left between them.
    if not await charges.open_charge(reader.runtime, reader.brand, payment_id):
        silent = (reader.say("provider_silent"), "bad")
        return await order_pages.shown_order(reader, order, notice=silent, status=503)
    return answers.see(f"{reader.path}/pay/{encode_global_id('Payment', payment_id)}")


async def show_payment(reader: ShopReader) -> Response:
    """`GET /s/{slug}/pay/{paymentId}`: plays the provider's own page. Never there in production."""
    reader.require_customer()
    payment = await _found(reader)
    order_href = _order_href(reader, payment)
    if payment.state is not PaymentState.STARTED:
        return answers.see(f"{order_href}?from=pay")
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "order_href": order_href,
        "action": f"{reader.path}/pay/{encode_global_id('Payment', payment.id)}",
        "amount": reader.say.money(payment.amount_minor),
        "number": payment.number,
        "brand_name": reader.brand.name,
    }
    return reader.show("sandbox_pay.html", values)


async def confirm_payment(reader: ShopReader) -> Response:
    """`POST /s/{slug}/pay/{paymentId}`: the customer pays. What came of it, the provider is asked at once."""
    reader.require_customer(back_to=f"{reader.path}/orders")
    await reader.form()
    payment = await _found(reader)
    await providers.confirm_in_sandbox(reader.runtime, payment.number, is_late=False)
    await charges.ask_about(reader.runtime, reader.brand, payment.id)
    return answers.see(f"{_order_href(reader, payment)}?from=pay")


async def _found(reader: ShopReader) -> PaymentTry:
    """The own payment that the address names, at a provider that can be played. Raises: Refused."""
    payment_id = views.id_in(reader.request.path_params["payment_id"], "Payment")
    found = None
    if payment_id is not None and providers.is_offered(reader.runtime.settings, ProviderName.SANDBOX):
        async with reader.reading() as session:
            found = next(iter(await customer_view.payment_tries(session, reader.actor, payment_id=payment_id)), None)
    if found is None or found.provider is not ProviderName.SANDBOX:
        raise Refused(order_pages.missing_order(reader))
    return found


def _order_href(reader: ShopReader, payment: PaymentTry) -> str:
    return f"{reader.path}/orders/{encode_global_id('Order', payment.order_id)}"
