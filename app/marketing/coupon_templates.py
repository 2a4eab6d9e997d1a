"""Coupon templates: made by promotion and headquarters, ended by them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.employees.values import StaffFunction
from app.marketing import coupon_rules as rules
from app.marketing.material_rules import LONGEST_SCRIPT, script_problem
from app.marketing.models import CouponProductRow, CouponTemplateRow
from app.marketing.values import CouponKind, CouponTerms
from app.platform import texts
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.platform.errors import Forbidden, InvalidInput, NotFound
from app.products.models import ProductRow

LONGEST_TITLE = 60


async def create(
    session: BrandSession,
    actor: Actor,
    *,
    title: str,
    terms: CouponTerms,
    quantity: int,
    per_person: int,
    claim_from: datetime,
    claim_until: datetime,
    valid_days: int,
    is_listed: bool = True,
    care_script: str | None = None,
    now: datetime,
) -> UUID:
    """Make a template; gives its id. Coupons can be claimed from `claim_from` to `claim_until`.

    Title: up to 60 characters. Terms: see `coupon_rules.check_terms`. Quantity: 1 to 10,000,000; per person: 1 to 1,000
    and at most the quantity; valid for 1 to 3,650 days from the claim on. `is_listed`: claimed in the coupon centre by
    anybody, else only by the template's own codes or out of a guide's hand. `care_script`: a guide's opening words to
    whom an unused coupon is about to run out, up to 500 characters, with the placeholders of a material's script.
    Raises: Forbidden, InvalidInput, NotFound.
    """
    promoters_only(actor)
    text = texts.line(title, "title", longest=LONGEST_TITLE)
    words = _script(care_script)
    _check(terms, quantity, per_person, claim_from, claim_until, valid_days, now)
    await _check_products(session, terms.product_ids)
    template_id = session.new_id()
    await session.execute(
        sa.insert(CouponTemplateRow).values(
            brand_id=session.brand_id,
            id=template_id,
            title=text,
            kind=terms.kind.value,
            amount_minor=terms.amount_minor,
            percent_bp=terms.percent_bp,
            minimum_spend_minor=terms.minimum_spend_minor,
            quantity=quantity,
            per_person=per_person,
            claim_from=claim_from,
            claim_until=claim_until,
            valid_days=valid_days,
            is_listed=is_listed,
            care_script=words,
            issued_count=0,
            claimed_count=0,
            created_at=now,
            created_by=actor.principal,
            revoked_at=None,
        )
    )
    if terms.product_ids:
        await session.execute(
            sa.insert(CouponProductRow),
            [
                {"brand_id": session.brand_id, "template_id": template_id, "product_id": product_id}
                for product_id in sorted(terms.product_ids)
            ],
        )
    return template_id


async def revoke(session: BrandSession, actor: Actor, *, template_id: UUID, now: datetime) -> None:
    """End a template at once: none of its coupons can be claimed or used any more. Done twice it is done once.

    Coupons that an order holds stay with it; should it be given up, they are revoked too. The job writes the others'
    end down. Raises: Forbidden, NotFound.
    """
    promoters_only(actor)
    ended = await session.execute(
        sa.update(CouponTemplateRow)
        .where(CouponTemplateRow.brand_id == session.brand_id, CouponTemplateRow.id == template_id)
        .values(revoked_at=sa.func.coalesce(CouponTemplateRow.revoked_at, now))
        .returning(CouponTemplateRow.id)
        .execution_options(synchronize_session=False)
    )
    if ended.scalar_one_or_none() is None:
        raise NotFound("CouponTemplate", path=("couponTemplateId",))


def promoters_only(actor: Actor) -> None:
    """Coupons are promotion's, headquarters' and the owner's to make and to end. Raises: Forbidden."""
    is_promoter = actor.is_employee and StaffFunction.PROMOTION in actor.functions
    if actor.kind is not ActorKind.SYSTEM and not actor.sees_whole_brand and not is_promoter:
        raise Forbidden


def _script(care_script: str | None) -> str | None:
    words = texts.optional_block(care_script, "careScript", longest=LONGEST_SCRIPT)
    problem = None if words is None else script_problem(words)
    if problem is not None:
        raise InvalidInput(problem.key, path=("careScript",), **problem.facts)
    return words


def _check(
    terms: CouponTerms,
    quantity: int,
    per_person: int,
    claim_from: datetime,
    claim_until: datetime,
    valid_days: int,
    now: datetime,
) -> None:
    """Raises: InvalidInput for the first field out of bounds."""
    if field := rules.check_terms(terms):
        is_exchange = terms.kind is CouponKind.EXCHANGE
        raise InvalidInput("coupon_exchange_terms" if is_exchange else "coupon_terms", path=(field,))
    if not 1 <= quantity <= rules.LARGEST_QUANTITY:
        raise InvalidInput("coupon_quantity", path=("quantity",), most=rules.LARGEST_QUANTITY)
    if not 1 <= per_person <= min(quantity, rules.LARGEST_PER_PERSON):
        raise InvalidInput("coupon_per_person", path=("perPerson",), most=min(quantity, rules.LARGEST_PER_PERSON))
    if claim_from >= claim_until or claim_until <= now:
        raise InvalidInput("coupon_window", path=("claimUntil",))
    if not 1 <= valid_days <= rules.LONGEST_VALID_DAYS:
        raise InvalidInput("coupon_valid_days", path=("validDays",), most=rules.LONGEST_VALID_DAYS)


async def _check_products(session: BrandSession, product_ids: Collection[UUID]) -> None:
    if not product_ids:
        return
    found = await session.scalars(
        sa.select(ProductRow.id).where(ProductRow.brand_id == session.brand_id, ProductRow.id.in_(sorted(product_ids)))
    )
    if len(found.all()) != len(product_ids):
        raise NotFound("Product", path=("productIds",))
