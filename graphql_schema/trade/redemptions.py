"""One place for codes at the counter: what a code is good for, and redeeming it."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from app.trade import redemptions
from app.trade.redemptions import Redeemable as RedeemableFound
from graphql_schema.context import Info
from graphql_schema.employees.types import Store, to_store
from graphql_schema.global_ids import optional_input_id
from graphql_schema.marketing import coupon_loaders
from graphql_schema.marketing.coupon_types import CouponTemplate
from graphql_schema.money import Money, to_money
from graphql_schema.permissions import Requires
from graphql_schema.products import loaders
from graphql_schema.products.types import Sku
from graphql_schema.scalars import Long
from graphql_schema.trade.changes import changed_order
from graphql_schema.trade.errors import InsufficientStock
from graphql_schema.trade.fulfilment_mutations import COUNTER
from graphql_schema.trade.types import Order
from graphql_schema.transaction import Result, change, shown
from graphql_schema.user_errors import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    RateLimited,
    UserError,
    WrongState,
)

_CODE = "8 digits of a pickup, 16 of a coupon, a gift's link, or the address in a picture of one; up to 500 characters."
_STORE = "Where it is; null: the caller's own store."


@strawberry.input(description="A code that a customer shows.")
class RedeemInput:
    idempotency_key: str = strawberry.field(description="16 to 64 characters; the same key gives the same answer.")
    code: str = strawberry.field(description=_CODE)
    store_id: strawberry.ID | None = strawberry.field(default=None, description=_STORE)
    sku_id: strawberry.ID | None = strawberry.field(
        default=None, description="For an EXCHANGE coupon: which piece is given; null where there is one choice."
    )
    spend_minor: Long | None = strawberry.field(
        default=None,
        description="For a coupon that takes something off, or has a minimum spend: what its goods come to at the "
        "till, in minor units.",
    )
    receipt: str | None = strawberry.field(default=None, description="The till's number, up to 40 characters.")


@strawberry.type(description="What a code is good for in a store: an order to hand over, or a coupon to take.")
class Redeemable:
    store: Store = strawberry.field(description="Where it is.")
    order: Order | None = strawberry.field(description="The order that the code fetches.")
    coupon_template: CouponTemplate | None = strawberry.field(description="What the coupon takes off.")
    expires_at: datetime | None = strawberry.field(description="Until when the coupon can be used.")
    choices: list[Sku] = strawberry.field(description="For an EXCHANGE coupon: what the store has to give for it.")


@strawberry.type(description="The code has done what it is for, once.")
class RedeemPayload:
    order: Order | None = strawberry.field(description="The order that was handed over.")
    coupon_template: CouponTemplate | None = strawberry.field(description="What the coupon takes off.")
    sku: Sku | None = strawberry.field(description="For an EXCHANGE coupon: what was given for it.")
    worth: Money | None = strawberry.field(
        description="What the coupon took off at the till, or the price of the piece; null: an order."
    )


RedeemableResult = Annotated[
    Redeemable | InvalidInput | NotFound | RateLimited,
    strawberry.union("RedeemableResult", description="What the code is good for, or why it is good for nothing."),
]
RedeemResult = Annotated[
    RedeemPayload | InvalidInput | NotFound | WrongState | RateLimited | InsufficientStock | IdempotencyConflict,
    strawberry.union("RedeemResult", description="What the code did, or why it did nothing."),
]


@strawberry.type
class RedemptionQuery:
    @strawberry.field(
        description="What a code is good for in a store. A code that nothing has counts, and after twenty in an "
        "hour none is looked at. For the store's people, managers of its branch, headquarters' people of SERVICE, and "
        "the owner.",
        extensions=[Requires(COUNTER)],
    )
    async def redeemable(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description=_CODE)],
        store_id: Annotated[strawberry.ID | None, strawberry.argument(description=_STORE)] = None,
    ) -> RedeemableResult:
        actor, brand = await info.context.actor(), await info.context.brand()

        async def work(session: BrandSession) -> RedeemableFound | errors.UserFault:
            return await redemptions.look(
                session, actor, code=code, store_id=optional_input_id(store_id, "Store", "storeId")
            )

        try:
            found = await info.context.runtime.database.run(brand, work)
        except errors.UserFault as fault:
            found = fault
        if isinstance(found, errors.UserFault):
            return cast("RedeemableResult", await shown(info.context, brand, found))
        coupon = found.coupon
        async with info.context.reading() as session:
            skus = await loaders.skus_in(session, [one.sku_id for one in found.choices]) if found.choices else {}
        return Redeemable(
            store=to_store(found.store.id, name=found.store.name, city=found.store.city),
            order=None if found.order_id is None else await changed_order(info, str(found.order_id)),
            coupon_template=None if coupon is None else await coupon_loaders.template_by_id(info, coupon.template_id),
            expires_at=None if coupon is None else coupon.expires_at,
            choices=[skus[one.sku_id] for one in found.choices if one.sku_id in skus],
        )


@strawberry.type
class RedemptionMutation:
    @strawberry.mutation(
        description="Do what a code is for: hand an order over, or take a coupon in the store. A code that nothing has "
        "counts, and after twenty in an hour none is taken. For the store's people, managers of its branch, "
        "headquarters' people of SERVICE, and the owner.",
        extensions=[Requires(COUNTER)],
    )
    async def redeem(
        self, info: Info, input: Annotated[RedeemInput, strawberry.argument(description="The code.")]
    ) -> RedeemResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result | errors.UserFault:
            done = await redemptions.redeem(
                session,
                actor,
                code=input.code,
                store_id=optional_input_id(input.store_id, "Store", "storeId"),
                sku_id=optional_input_id(input.sku_id, "Sku", "skuId"),
                spend_minor=input.spend_minor,
                receipt=input.receipt,
                now=session.now,
            )
            if isinstance(done, errors.UserFault):
                return done
            return {
                "order_id": done.order_id,
                "template_id": done.template_id,
                "sku_id": done.sku_id,
                "worth_minor": done.worth_minor,
            }

        made = await change(info, "redeem", input, act)
        if isinstance(made, UserError):
            return cast("RedeemResult", made)
        return await _payload(info, made)


async def _payload(info: Info, made: Result) -> RedeemPayload:
    order_id, template_id, sku_id = made["order_id"], made["template_id"], made["sku_id"]
    brand = await info.context.brand()
    sku = None
    if sku_id is not None:
        async with info.context.reading() as session:
            sku = (await loaders.skus_in(session, [UUID(str(sku_id))])).get(UUID(str(sku_id)))
    return RedeemPayload(
        order=None if order_id is None else await changed_order(info, order_id),
        coupon_template=None
        if template_id is None
        else await coupon_loaders.template_by_id(info, UUID(str(template_id))),
        sku=sku,
        worth=None if made["worth_minor"] is None else to_money(made["worth_minor"], brand.currency),
    )
