"""Root fields over coupons."""

from typing import Annotated

import strawberry

from app.marketing import coupon_figures
from app.marketing.coupon_figures import CouponFiguresBy
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.errors import BadUserInput
from graphql_schema.marketing.coupon_loaders import template_connection
from graphql_schema.marketing.coupon_types import CouponFiguresRow, CouponTemplate, to_figures
from graphql_schema.paging import Connection, decode_global_id
from graphql_schema.permissions import MANAGERS, SIGNED_IN, Requires

_KEYS = {CouponFiguresBy.ORG_UNIT: "OrgUnit", CouponFiguresBy.GUIDE: "Guide"}


@strawberry.type
class CouponQuery:
    @strawberry.field(
        description="Coupon templates, the newest first. Customers see those that they can claim now.",
        extensions=[Requires(SIGNED_IN)],
    )
    async def coupon_templates(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        claimable: Annotated[bool, strawberry.argument(description="Only those that anybody can claim now.")] = False,
    ) -> Connection[CouponTemplate]:
        return await template_connection(info, first, after, is_claimable=claimable)

    @strawberry.field(
        description="What became of a template's coupons, the most claimed first, at most 500 rows, live. For "
        "headquarters and the owner; a manager sees the own branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def coupon_figures(
        self,
        info: Info,
        coupon_template_id: Annotated[strawberry.ID, strawberry.argument(description="The template.")],
        by: Annotated[CouponFiguresBy, strawberry.argument(description="What a row is.")],
    ) -> list[CouponFiguresRow]:
        decoded = decode_global_id(coupon_template_id, "CouponTemplate")
        if len(decoded.uuids) != 1:
            raise BadUserInput("The id is not one of a CouponTemplate.", argument="couponTemplateId")
        actor = await info.context.actor()
        async with info.context.reading() as session:
            rows = await coupon_figures.figures(session, actor, template_id=decoded.uuids[0], by=by)
        return [to_figures(row, _KEYS[by]) for row in rows]
