"""Coupons and templates by id, and their pages, within the caller's scope."""

from uuid import UUID

from app.marketing import coupon_reads as reads
from app.marketing.values import CouponState
from graphql_schema.context import Info
from graphql_schema.marketing.coupon_types import Coupon, CouponTemplate, to_coupon, to_template
from graphql_schema.paging import Connection, Page, build_connection, is_asked_for, read_page


async def customer_coupons(
    info: Info, customer_id: UUID, first: int | None, after: str | None, states: list[CouponState] | None
) -> Connection[Coupon]:
    """The coupons of a customer whom the caller may see. Two statements, three with the count."""
    scope = "customer_coupons:" + ",".join(sorted(set(states or ())))
    page = read_page(first, after, scope, (UUID,))
    async with info.context.reading() as session:
        rows = await reads.coupons_of_customer(
            session, customer_id, states=states, limit=page.limit, after=_after(page)
        )
        total = None
        if is_asked_for(info, "totalCount"):
            total = await reads.count_of_customer(session, customer_id, states=states)
        currency = session.brand.currency
    return build_connection(
        rows,
        page,
        to_node=lambda view: to_coupon(view, currency),
        to_key=lambda view: (view.id,),
        total_count=total,
    )


async def template_connection(
    info: Info, first: int | None, after: str | None, *, is_claimable: bool
) -> Connection[CouponTemplate]:
    """Templates, the newest first; for customers those that they can claim. One statement; not counted."""
    is_claimable = is_claimable or not (await info.context.actor()).is_employee
    page = read_page(first, after, f"coupon_templates:{is_claimable}", (UUID,))
    async with info.context.reading() as session:
        rows = await reads.template_page(session, is_claimable=is_claimable, limit=page.limit, after=_after(page))
        currency = session.brand.currency
    return build_connection(
        rows, page, to_node=lambda view: to_template(view, currency), to_key=lambda view: (view.id,)
    )


async def coupon_by_id(info: Info, coupon_id: UUID) -> Coupon:
    """A coupon for the answer of whoever has just changed it."""
    async with info.context.reading() as session:
        return to_coupon((await reads.coupons_by_id(session, [coupon_id]))[coupon_id], session.brand.currency)


async def template_by_id(info: Info, template_id: UUID) -> CouponTemplate:
    """A template for the answer of whoever has just changed it."""
    async with info.context.reading() as session:
        return to_template((await reads.templates_by_id(session, [template_id]))[template_id], session.brand.currency)


async def _coupon(info: Info, *ids: UUID) -> Coupon | None:
    """A coupon of the caller's, or of a customer whom the caller may see whole."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        view = await reads.coupon_for(session, actor, ids[0])
        return None if view is None else to_coupon(view, session.brand.currency)


async def _template(info: Info, *ids: UUID) -> CouponTemplate | None:
    """A template, for whoever is signed in to its brand."""
    if len(ids) != 1:
        return None
    async with info.context.reading() as session:
        view = (await reads.templates_by_id(session, ids)).get(ids[0])
        return None if view is None else to_template(view, session.brand.currency)


def _after(page: Page) -> UUID | None:
    key = None if page.after is None else page.after[0]
    return key if isinstance(key, UUID) else None


NODES = {"Coupon": _coupon, "CouponTemplate": _template}
"""What `node` fetches by the type in a global id."""
