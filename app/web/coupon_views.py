"""Coupons in words: what one is worth, on which conditions, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.marketing.coupon_reads import CouponView, TemplateView
from app.marketing.coupon_rules import refuse_claim
from app.marketing.values import ClaimFacts, CouponKind, CouponRefusal, CouponState, CouponTerms
from app.platform.money import WHOLE_BP
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_TAGS: Final = {CouponState.CLAIMED: "on", CouponState.ISSUED: "on", CouponState.LOCKED: "warn"}
LIVE: Final = (CouponState.ISSUED, CouponState.CLAIMED, CouponState.LOCKED)


@dataclass(frozen=True, slots=True)
class TemplateShown:
    """A template for whoever may claim it. `refusal`: why that cannot be; None: it can."""

    id: str
    href: str
    title: str
    worth: str
    conditions: str
    period: str
    refusal: str | None
    left: int


@dataclass(frozen=True, slots=True)
class CouponShown:
    """A coupon of a customer. `tag` colours its state."""

    id: str
    template_id: str
    href: str
    title: str
    worth: str
    conditions: str
    ends: str
    state: str
    tag: str
    is_waiting: bool
    is_usable: bool


def template_shown(
    view: TemplateView, held: Sequence[CouponView], *, path: str, is_invited: bool, now: datetime, say: Speech
) -> TemplateShown:
    template_id = encode_global_id("CouponTemplate", view.id)
    reason = refusal_of(view, held, is_invited=is_invited, now=now)
    return TemplateShown(
        id=template_id,
        href=f"{path}/coupons/{template_id}",
        title=view.title,
        worth=worth(view, say),
        conditions=conditions(view, say),
        period=say("coupon_days", days=view.valid_days),
        refusal=None if reason is None else say(f"coupon_refused_{reason}"),
        left=view.quantity - view.issued,
    )


def coupon_shown(view: CouponView, *, path: str, say: Speech) -> CouponShown:
    coupon_id = encode_global_id("Coupon", view.id)
    is_waiting = view.state is CouponState.ISSUED
    return CouponShown(
        id=coupon_id,
        template_id=encode_global_id("CouponTemplate", view.template.id),
        href=f"{path}/my-coupons/{coupon_id}",
        title=view.template.title,
        worth=worth(view.template, say),
        conditions=conditions(view.template, say),
        ends=say("coupon_accept_until" if is_waiting else "coupon_until", time=say.moment(view.expires_at)),
        state=say(f"coupon_state_{view.state}"),
        tag=_TAGS.get(view.state, ""),
        is_waiting=is_waiting,
        is_usable=view.state is CouponState.CLAIMED,
    )


def refusal_of(
    view: TemplateView, held: Sequence[CouponView], *, is_invited: bool, now: datetime
) -> CouponRefusal | None:
    """Why whoever has had `held` of a template's coupons cannot claim one more."""
    facts = ClaimFacts(
        claim_from=view.claim_from,
        claim_until=view.claim_until,
        quantity=view.quantity,
        issued=view.issued,
        per_person=view.per_person,
        taken=len(held),
        is_revoked=view.is_revoked,
        is_listed=view.is_listed,
        is_invited=is_invited,
    )
    return refuse_claim(facts, now)


def worth(view: TemplateView, say: Speech) -> str:
    return worth_of(view.terms, say)


def worth_of(terms: CouponTerms, say: Speech) -> str:
    """What it takes off, in a few characters; of a percentage Chinese names what is left, in tenths."""
    match terms.kind:
        case CouponKind.AMOUNT:
            return say.money(terms.amount_minor or 0).text
        case CouponKind.PERCENT:
            left_bp = WHOLE_BP - (terms.percent_bp or 0)
            if not left_bp:
                return say("coupon_worth_free")
            tenths = f"{(Decimal(left_bp) / 1000).normalize():f}"
            return say(
                "coupon_worth_percent", rate=tenths if say.language == "zh-CN" else say.rate(terms.percent_bp or 0)
            )
        case CouponKind.EXCHANGE:
            return say("coupon_worth_exchange")


def conditions(view: TemplateView, say: Speech) -> str:
    """Minimum spend, bound and goods, in one line."""
    terms = view.terms
    parts = []
    if terms.minimum_spend_minor:
        parts.append(say("coupon_minimum_spend", amount=say.money(terms.minimum_spend_minor).text))
    elif terms.kind is not CouponKind.EXCHANGE:
        parts.append(say("coupon_no_minimum"))
    if terms.kind is CouponKind.PERCENT and terms.amount_minor is not None:
        parts.append(say("coupon_most_off", amount=say.money(terms.amount_minor).text))
    parts.append(say("coupon_some_goods" if terms.product_ids else "coupon_all_goods"))
    return " · ".join(parts)
