"""The guide's coupons: those that can be given or claimed by a code of the guide's, and giving one to a customer."""

from typing import Any, Final

from starlette.responses import Response

from app.customers import reads as customers
from app.customers.reads import CustomerFacts
from app.marketing import codes, coupon_reads, coupons
from app.marketing.values import CodeKind
from app.platform.db import BrandSession
from app.platform.errors import CouponUnavailable, UserFault
from app.platform.idempotency import Result
from app.web import answers, coupon_views, forms, views
from app.web.answers import Refused
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader
from graphql_schema.paging import encode_global_id

MOST_TEMPLATES: Final = 50
MOST_COUPONS: Final = 20


async def show_all(reader: StaffReader) -> Response:
    """`GET /guide/coupons`: templates that go, each with the way to a code of the guide's own."""
    require_guide(reader)
    return await _page(reader)


async def make_code(reader: StaffReader) -> Response:
    """`POST /guide/coupons`: a code that leads to a template's page; then on to its picture."""
    require_guide(reader)
    form = await reader.form()
    template_id = views.id_in(form.text("template"), "CouponTemplate")

    async def act(session: BrandSession) -> Result:
        made = await codes.create_code(
            session, reader.actor, kind=CodeKind.CAMPAIGN, target_id=template_id, now=session.now
        )
        return {"code_id": encode_global_id("Code", made.code_id)}

    done = await reader.change("codeCreate", act, key=form.text("key"), body=str(template_id))
    if isinstance(done, UserFault):
        return await _page(reader, notice=reader.explain(done), status=409)
    return answers.see(f"/guide/code?code={done['code_id']}")


async def show_customer(reader: StaffReader) -> Response:
    """`GET /guide/customers/{customerId}/coupons`: what a customer has, and what can be given."""
    require_guide(reader)
    return await _page(reader, customer=await _customer(reader))


async def give(reader: StaffReader) -> Response:
    """`POST /guide/customers/{customerId}/coupons`."""
    require_guide(reader)
    form = await reader.form()
    customer = await _customer(reader)
    template_id = views.id_in(form.text("template"), "CouponTemplate")
    if template_id is None:
        raise Refused(_missing(reader))

    async def act(session: BrandSession) -> Result:
        coupon_id = await coupons.give(
            session, reader.actor, template_id=template_id, customer_id=customer.customer_id, now=session.now
        )
        return {"coupon_id": coupon_id}

    body = [str(template_id), str(customer.customer_id)]
    done = await reader.change("couponGive", act, key=form.text("key"), body=body)
    if isinstance(done, CouponUnavailable):
        return await _page(reader, customer=customer, notice=reader.say(f"coupon_refused_{done.reason}"), status=409)
    if isinstance(done, UserFault):
        return await _page(reader, customer=customer, notice=reader.explain(done), status=409)
    return answers.see(f"{_path(customer)}?given=yes")


async def _page(
    reader: StaffReader, *, customer: CustomerFacts | None = None, notice: str | None = None, status: int = 200
) -> Response:
    say = reader.say
    path = "/guide" if customer is None else _path(customer)
    async with reader.reading() as session:
        templates = await coupon_reads.template_page(session, is_claimable=False, limit=MOST_TEMPLATES)
        own = []
        held: dict[Any, Any] = {one.id: [] for one in templates}
        if customer is not None:
            own = await coupon_reads.coupons_of_customer(session, customer.customer_id, limit=MOST_COUPONS)
            held = await coupon_reads.taken_by(session, customer.customer_id, [one.id for one in templates])
        now = session.now
    live = [one for one in templates if not one.is_revoked and one.claim_until > now]
    name = "" if customer is None else customer.display_name
    values = {
        "customer": customer,
        "title": say("give_coupons") if customer is None else say("give_coupons_to", name=name),
        "action": "/guide/coupons" if customer is None else path,
        "templates": [
            coupon_views.template_shown(one, held[one.id], path=path, is_invited=True, now=now, say=say) for one in live
        ],
        "own": [coupon_views.coupon_shown(one, path=path, say=say) for one in own],
        "own_title": "" if customer is None else say("coupons_they_have", name=name),
        "given": say("given_coupon", name=name) if reader.request.query_params.get("given") == "yes" else None,
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("guide_coupons.html", values, status=status)


async def _customer(reader: StaffReader) -> CustomerFacts:
    """The customer whom the address names, served by the reader. Raises: Refused with the page for a missing one."""
    customer_id = views.id_in(reader.request.path_params["customer_id"], "Customer")
    found = None
    if customer_id is not None:
        async with reader.reading() as session:
            found = (await customers.visible_customers(session, reader.actor, [customer_id])).get(customer_id)
    if found is None or found.binding is None or found.binding.guide_id != reader.actor.employee_id:
        raise Refused(_missing(reader))
    return found


def _path(customer: CustomerFacts) -> str:
    return f"/guide/customers/{encode_global_id('Customer', customer.customer_id)}/coupons"


def _missing(reader: StaffReader) -> Response:
    say = reader.say
    return answers.missing("page", say=say, href="/guide/customers", label=say("customers"))
