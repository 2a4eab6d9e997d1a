"""Enums of marketing online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.coupon_figures import CouponFiguresBy
from app.marketing.values import CodeKind, CouponKind, CouponRefusal, CouponState, MaterialKind

strawberry.enum(CodeKind, description="What a code leads to. New values may be added.")
strawberry.enum(MaterialKind, description="What a material of the toolbox is. New values may be added.")
strawberry.enum(
    CouponKind,
    description="AMOUNT: so much off. PERCENT: such a part off. EXCHANGE: a piece of its products for nothing.",
)
strawberry.enum(
    CouponState,
    description="ISSUED: given by a guide and not accepted yet. LOCKED: an unpaid order holds it. What is over shows "
    "so at once.",
)
strawberry.enum(CouponRefusal, description="Why a coupon cannot be had.")
strawberry.enum(CouponFiguresBy, description="What figures of coupons are broken down by.")

__all__ = ["CodeKind", "CouponFiguresBy", "CouponKind", "CouponRefusal", "CouponState", "MaterialKind"]
