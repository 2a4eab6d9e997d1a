"""Batches of coupons: what several resolvers of one request ask for by id, read in one go."""

from uuid import UUID

from strawberry.dataloader import DataLoader

from app.marketing import coupon_reads
from app.marketing.coupon_reads import CouponView
from graphql_schema.context import Context


def used_counts(context: Context) -> DataLoader[UUID, int]:
    """How many coupons of a template paid orders have used."""

    async def load(ids: list[UUID]) -> list[int]:
        async with context.reading() as session:
            found = await coupon_reads.used_counts(session, ids)
        return [found[one] for one in ids]

    if "coupons.used" not in context.loaded:
        context.loaded["coupons.used"] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, int] = context.loaded["coupons.used"]
    return loader


def coupons(context: Context) -> DataLoader[UUID, CouponView | None]:
    """Coupons, whoever asks."""

    async def load(ids: list[UUID]) -> list[CouponView | None]:
        async with context.reading() as session:
            found = await coupon_reads.coupons_by_id(session, ids)
        return [found.get(one) for one in ids]

    if "coupons.views" not in context.loaded:
        context.loaded["coupons.views"] = DataLoader(load_fn=load)
    loader: DataLoader[UUID, CouponView | None] = context.loaded["coupons.views"]
    return loader
