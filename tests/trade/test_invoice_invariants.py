"""What is wrong with invoices is found, once by each check that it concerns."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.trade import invoice_invariants
from app.trade.models import AfterSaleRow
from tests.factories import Scene
from tests.trade.invoicing import issued, refund, relay
from tests.trade.returns import Sold, sell

SUMS, BLUE, RED = (
    "documents of invoices are the sum of their lines",
    "blue invoices are what was left of the order",
    "red invoices are their refunds",
)
AGREE, PARTS, STATES = (
    "invoices and refunds agree",
    "red lines are parts of blue ones",
    "requests and documents of invoices agree",
)
MORE = "UPDATE invoice_document SET gross_minor = gross_minor + 1, net_minor = net_minor + 1 WHERE brand_id = :brand"
ANOTHER_LINE = (
    "INSERT INTO invoice_line (brand_id, id, document_id, position, order_line_id, name, quantity, gross_minor,"
    " net_minor, tax_minor, tax_rate_bp) SELECT l.brand_id, gen_random_uuid(), document_id, 9, order_line_id, name, 1,"
    " 20000, 20000, 0, 0 FROM invoice_line l JOIN invoice_document d ON d.brand_id = :brand AND d.id = l.document_id"
    " AND d.kind = 'RED' WHERE l.brand_id = :brand"
)
UNSENT = (
    "UPDATE invoice_document SET state = 'SENDING', official_number = NULL, due_at = now()"
    " WHERE brand_id = :brand AND kind = 'BLUE'"
)
SETTLED = (
    "UPDATE invoice_document SET settled = ARRAY(SELECT id FROM after_sale WHERE brand_id = :brand)"
    " WHERE brand_id = :brand AND kind = 'BLUE'"
)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (f"{MORE} AND kind = 'BLUE'", {SUMS, BLUE, AGREE}),
        (f"{MORE} AND kind = 'RED'", {SUMS, RED, AGREE}),
        (SETTLED, {BLUE, RED}),
        (ANOTHER_LINE, {SUMS, PARTS}),
        ("UPDATE invoice SET state = 'REQUESTED', issued_at = NULL WHERE brand_id = :brand", {STATES}),
        (UNSENT, {STATES, RED}),
    ],
)
async def test_planted_faults_are_found(runtime: Runtime, scene: Scene, change: str, names: set[str]) -> None:
    sold = await sell(runtime, scene, quantity=2)
    await issued(sold)
    await refund(sold)
    await relay(sold)
    await no_grace(sold)
    async with runtime.database.reading(scene.brand) as session:
        # Never committed: only this session sees what is broken.
        assert await broken(session) == {}
        await session.execute(sa.text(change), {"brand": scene.brand.id})
        assert await broken(session) == dict.fromkeys(names, 1)


async def test_refund_without_its_red_invoice_is_found_after_a_while(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    await issued(sold)
    await refund(sold)
    async with runtime.database.reading(scene.brand) as session:
        assert await broken(session) == {}
    await no_grace(sold)
    async with runtime.database.reading(scene.brand) as session:
        assert await broken(session) == {AGREE: 1}


async def no_grace(sold: Sold) -> None:
    async with sold.runtime.database.transaction(sold.brand) as session:
        await session.execute(
            sa.update(AfterSaleRow)
            .where(AfterSaleRow.brand_id == sold.brand.id)
            .values(refunded_at=session.now - timedelta(hours=1))
            .execution_options(synchronize_session=False)
        )


async def broken(session: BrandSession) -> dict[str, int]:
    return {name: len(lines) for name, check in invoice_invariants.CHECKS.items() if (lines := await check(session))}
