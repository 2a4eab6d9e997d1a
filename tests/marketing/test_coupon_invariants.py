"""`verify` finds what must not be in the rows of coupons and of their orders: each check is seen to fail."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.marketing.models import CouponHolderRow, CouponMoveRow, CouponRow, CouponTemplateRow
from app.platform.db import Database
from app.trade.models import OrderRow
from tests.factories import Scene
from tests.marketing import couponing
from tests.trade import purchase

Spoil = Callable[[Any], Any]


def update(kind: Any, **values: Any) -> Spoil:
    return lambda brand_id: sa.update(kind).where(kind.brand_id == brand_id).values(**values)


SPOILS: dict[str, tuple[Spoil, str]] = {
    "a coupon too many in the budget": (update(CouponTemplateRow, issued_count=2), "2 issued, 1 coupons"),
    "a claim too few": (update(CouponTemplateRow, claimed_count=0), "0 claimed, 1 coupons"),
    "a person's count": (update(CouponHolderRow, taken=2), "has 1, counted 2"),
    "a step that is missing": (update(CouponRow, steps=2), "to LOCKED"),
    "a state without its step": (update(CouponRow, state="USED"), "to USED"),
    "a held coupon of a paid order": (update(OrderRow, state="PAID"), "PAID, coupon LOCKED"),
    "a held coupon of a cancelled order": (update(OrderRow, state="CANCELLED"), "None, coupon LOCKED"),
    "a coupon that its order lost": (update(CouponRow, state="CLAIMED", order_id=None), "PENDING_PAYMENT, coupon None"),
    "a discount of nobody's": (
        update(OrderRow, discount_minor=1_999, total_minor=OrderRow.total_minor + 1),
        "discount 1999, coupons 2000",
    ),
    "a coupon looked after without a task": (update(CouponRow, cared_at=sa.func.now()), "its care task is missing"),
    "a transfer without its other end": (
        update(CouponRow, state="TRANSFERRED", order_id=None),
        "TRANSFERRED, became None",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
async def test_what_is_spoilt_is_found(database: Database, scene: Scene, name: str) -> None:
    spoil, found = SPOILS[name]
    buyer = await purchase.make_buyer(database, scene.brand)
    coupon_id = await couponing.coupon_for(database, scene.brand, buyer)
    await purchase.make_order(database, scene, buyer, coupon_ids=[coupon_id])
    assert await couponing.violations(database, scene.brand) == []
    async with database.transaction(scene.brand) as session:
        await session.execute(spoil(scene.brand.id).execution_options(synchronize_session=False))
    lines = await couponing.violations(database, scene.brand)
    assert any(found in line for line in lines), lines


async def test_history_of_coupons_cannot_be_changed(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    await couponing.coupon_for(database, scene.brand, buyer)
    for change in (
        sa.update(CouponMoveRow).where(CouponMoveRow.brand_id == scene.brand.id).values(actor="nobody"),
        sa.delete(CouponMoveRow).where(CouponMoveRow.brand_id == scene.brand.id),
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            async with database.transaction(scene.brand) as session:
                await session.execute(change.execution_options(synchronize_session=False))
