"""The customer's coupons: the centre, a template's page, a coupon of one's own, and what a friend gives."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from app.employees import reads as employees
from app.marketing import codes, coupon_reads, coupon_transfers, coupons
from app.marketing.coupon_reads import CouponView, TemplateView
from app.marketing.values import CodeKind, CouponState
from app.platform.db import BrandSession
from app.platform.errors import CouponUnavailable, UserFault
from app.platform.idempotency import Result
from app.products import reads as products
from app.web import answers, callers, coupon_views, forms, views
from app.web.answers import Refused
from app.web.code_pictures import code_picture
from app.web.readers import ShopReader
from graphql_schema.paging import encode_global_id

MOST_COUPONS: Final = 100
MOST_TEMPLATES: Final = 50
MOST_GOODS: Final = 12


async def show_centre(reader: ShopReader) -> Response:
    """`GET /s/{slug}/coupons`: what the customer has, and what can be claimed."""
    say, customer_id = reader.say, reader.actor.customer_id
    async with reader.reading() as session:
        own: list[CouponView] = []
        if customer_id is not None:
            own = await coupon_reads.coupons_of_customer(session, customer_id, limit=MOST_COUPONS)
        templates = await coupon_reads.template_page(session, is_claimable=True, limit=MOST_TEMPLATES)
        held = await _held(session, customer_id, [one.id for one in templates])
        now = session.now
    shown = [coupon_views.coupon_shown(one, path=reader.path, say=say) for one in own]
    # What the customer has had as many of as there can be stands with his own.
    claimable = [
        one
        for one in templates
        if coupon_views.refusal_of(one, held[one.id], is_invited=False, now=now) is None
        and not any(had.state is CouponState.ISSUED for had in held[one.id])
    ]
    is_live = [one.state in coupon_views.LIVE for one in own]
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "who": views.who_serves(reader.shop, reader.brand.name, say),
        "mine": [one for one, live in zip(shown, is_live, strict=True) if live],
        "past": [one for one, live in zip(shown, is_live, strict=True) if not live],
        "templates": [
            coupon_views.template_shown(one, held[one.id], path=reader.path, is_invited=False, now=now, say=say)
            for one in claimable
        ],
        "is_claimed": reader.request.query_params.get("claimed") == "yes",
        "key": forms.new_key(),
    }
    return reader.show("coupons.html", values)


async def show_template(reader: ShopReader) -> Response:
    """`GET /s/{slug}/coupons/{templateId}`: what it is, and the way to have one."""
    return await _template_page(reader, await _found_template(reader))


async def claim(reader: ShopReader) -> Response:
    """`POST /s/{slug}/coupons/{templateId}`: claim one, or accept one that a guide has given."""
    reader.require_customer()
    form = await reader.form()
    template = await _found_template(reader)
    token = callers.code_token(reader.request)

    async def act(session: BrandSession) -> Result:
        # A code that the browser still has and the brand does not is nobody's.
        code = None if token is None else await codes.facts_by_token(session, token)
        coupon_id = await coupons.claim(
            session,
            reader.actor,
            template_id=template.id,
            code_token=None if code is None else token,
            now=session.now,
        )
        return {"coupon_id": coupon_id}

    done = await reader.change("couponClaim", act, key=form.text("key"), body=str(template.id))
    if isinstance(done, UserFault):
        return await _template_page(reader, template, notice=_words(reader, done), status=409)
    return answers.see(f"{reader.path}/coupons?claimed=yes")


async def show_own(reader: ShopReader) -> Response:
    """`GET /s/{slug}/my-coupons/{couponId}`: a coupon of one's own, and the link that hands it on."""
    reader.require_customer()
    return await _own_page(reader, await _found_own(reader))


async def offer(reader: ShopReader) -> Response:
    """`POST /s/{slug}/my-coupons/{couponId}`: make the link that hands it on."""
    reader.require_customer()
    form = await reader.form()
    own = await _found_own(reader)

    async def act(session: BrandSession) -> Result:
        return {"transfer_id": await coupon_transfers.offer(session, reader.actor, coupon_id=own.id, now=session.now)}

    done = await reader.change("couponTransferOffer", act, key=form.text("key"), body=str(own.id))
    if isinstance(done, UserFault):
        return await _own_page(reader, own, notice=reader.explain(done), status=409)
    return answers.see(f"{reader.path}/my-coupons/{encode_global_id('Coupon', own.id)}")


async def show_gift(reader: ShopReader) -> Response:
    """`GET /s/{slug}/gifts/{token}`: what a friend gives."""
    return await _gift_page(reader)


async def take_gift(reader: ShopReader) -> Response:
    """`POST /s/{slug}/gifts/{token}`."""
    reader.require_customer()
    form = await reader.form()
    token = reader.request.path_params["token"]

    async def act(session: BrandSession) -> Result:
        return {"coupon_id": await coupon_transfers.take(session, reader.actor, token=token, now=session.now)}

    done = await reader.change("couponTransferTake", act, key=form.text("key"), body=token)
    if isinstance(done, UserFault):
        return await _gift_page(reader, notice=_words(reader, done), status=409)
    return answers.see(f"{reader.path}/coupons?claimed=yes")


async def _template_page(
    reader: ShopReader, template: TemplateView, *, notice: str | None = None, status: int = 200
) -> Response:
    say, customer_id = reader.say, reader.actor.customer_id
    token = callers.code_token(reader.request)
    async with reader.reading() as session:
        code = None if token is None else await codes.facts_by_token(session, token)
        is_invited = code is not None and code.kind is CodeKind.CAMPAIGN and code.target_id == template.id
        held = (await _held(session, customer_id, [template.id]))[template.id]
        goods = await products.products_by_id(session, sorted(template.terms.product_ids)[:MOST_GOODS])
        now = session.now
    waiting = any(one.state is CouponState.ISSUED for one in held)
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "heading": template.title,
        "coupon": coupon_views.template_shown(
            template, held, path=reader.path, is_invited=is_invited, now=now, say=say
        ),
        "claim_until": say("coupon_claim_until", time=say.moment(template.claim_until)),
        "per_person": say("coupon_per_person_words", count=template.per_person),
        "goods": [one.title for one in goods.values()],
        "is_open": waiting or coupon_views.refusal_of(template, held, is_invited=is_invited, now=now) is None,
        "label": say("coupon_accept") if waiting else say("coupon_claim"),
        "action": f"{reader.path}/coupons/{encode_global_id('CouponTemplate', template.id)}",
        "who": views.who_serves(reader.shop, reader.brand.name, say),
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("coupon.html", values, status=status)


async def _gift_page(reader: ShopReader, *, notice: str | None = None, status: int = 200) -> Response:
    say, token = reader.say, reader.request.path_params["token"]
    async with reader.reading() as session:
        offered = await coupon_transfers.look(session, token)
        found = {} if offered is None else await coupon_reads.templates_by_id(session, [offered.template_id])
        now = session.now
    if offered is None:
        raise Refused(_missing(reader))
    template = found[offered.template_id]
    if not offered.is_open and notice is None:
        notice = say("coupon_gift_gone")
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "heading": say("coupon_gift"),
        "coupon": coupon_views.template_shown(template, [], path=reader.path, is_invited=True, now=now, say=say),
        "claim_until": say("coupon_until", time=say.moment(offered.expires_at)),
        "per_person": say("coupon_per_person_words", count=template.per_person),
        "goods": [],
        "is_open": offered.is_open and offered.giver_id != reader.actor.customer_id,
        "label": say("coupon_take"),
        "action": f"{reader.path}/gifts/{token}",
        "who": views.who_serves(reader.shop, reader.brand.name, say),
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("coupon.html", values, status=status)


async def _own_page(reader: ShopReader, own: CouponView, *, notice: str | None = None, status: int = 200) -> Response:
    async with reader.reading() as session:
        transfer_id = await coupon_transfers.offered(session, own.id)
        guide_id = await coupons.guide_of(session, own.id)
        guide = None if guide_id is None else (await employees.employees_by_id(session, [guide_id])).get(guide_id)
    base_url, vault = reader.runtime.settings.base_url, reader.runtime.database.vault
    link = None
    if transfer_id is not None:
        token = coupon_transfers.token_of(vault, reader.brand.id, transfer_id)
        link = f"{base_url}{reader.path}/gifts/{token}"
    values = {
        "shop": reader.shop,
        "shop_href": reader.path,
        "coupon": coupon_views.coupon_shown(own, path=reader.path, say=reader.say),
        "from_guide": None if guide is None else reader.say("coupon_from_guide", name=guide.display_name),
        "link": link,
        "code": " ".join(own.code[at : at + 4] for at in range(0, len(own.code), 4)),
        "picture": code_picture(base_url, own.code),
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("my_coupon.html", values, status=status)


async def _held(
    session: BrandSession, customer_id: UUID | None, template_ids: list[UUID]
) -> dict[UUID, list[CouponView]]:
    """What the reader has had of each template; nothing for who is not signed in."""
    if customer_id is None:
        return {template_id: [] for template_id in template_ids}
    return await coupon_reads.taken_by(session, customer_id, template_ids)


async def _found_template(reader: ShopReader) -> TemplateView:
    """The template that the address names. Raises: Refused with the page for a missing one."""
    template_id = views.id_in(reader.request.path_params["template_id"], "CouponTemplate")
    found = None
    if template_id is not None:
        async with reader.reading() as session:
            found = (await coupon_reads.templates_by_id(session, [template_id])).get(template_id)
    if found is None:
        raise Refused(_missing(reader))
    return found


async def _found_own(reader: ShopReader) -> CouponView:
    """The own coupon that the address names. Raises: Refused with the page for a missing one."""
    coupon_id = views.id_in(reader.request.path_params["coupon_id"], "Coupon")
    found = None
    if coupon_id is not None:
        async with reader.reading() as session:
            found = (await coupon_reads.coupons_by_id(session, [coupon_id])).get(coupon_id)
    if found is None or found.customer_id != reader.actor.customer_id:
        raise Refused(_missing(reader))
    return found


def _words(reader: ShopReader, fault: UserFault) -> str:
    if isinstance(fault, CouponUnavailable):
        return reader.say(f"coupon_refused_{fault.reason}")
    return reader.explain(fault)


def _missing(reader: ShopReader) -> Response:
    say = reader.say
    return answers.missing("coupon", say=say, href=f"{reader.path}/coupons", label=say("coupon_back"))
