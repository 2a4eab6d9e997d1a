"""An after-sale from its request to its end: what is asked for, decided, sent back; what changes and what does not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.models import LineHoldRow, ShareRow
from app.commission.values import Decision
from app.platform.actor import Actor, ActorKind
from app.platform.errors import DeadlinePassed, Forbidden, InvalidInput, NotFound, UserFault, WrongState
from app.platform.runtime import Runtime
from app.trade import after_sale_reads
from app.trade.models import AfterSaleRow
from app.trade.values import AfterSaleKind, OrderState
from tests import factories
from tests.factories import Scene
from tests.trade import purchase, returns
from tests.trade.returns import REFUND_ONLY, RETURN, Sold, sell, sell_and


async def hold(sold: Sold, line: int = 0) -> Any:
    async with sold.runtime.database.reading(sold.brand) as session:
        rows = sa.select(LineHoldRow).where(
            LineHoldRow.brand_id == sold.brand.id, LineHoldRow.line_id == sold.lines[line]
        )
        return (await session.execute(rows)).scalar_one()


async def taken_back(sold: Sold) -> list[tuple[int, int]]:
    """Performance and commission of the reversals, in their order."""
    async with sold.runtime.database.reading(sold.brand) as session:
        rows = await session.execute(
            sa.select(ShareRow.performance_minor, ShareRow.amount_minor)
            .where(ShareRow.brand_id == sold.brand.id, ShareRow.kind == "REVERSAL")
            .order_by(ShareRow.id)
        )
        return [(row[0], row[1]) for row in rows]


async def number_of_after_sales(sold: Sold) -> int:
    async with sold.runtime.database.reading(sold.brand) as session:
        return await purchase.count(session, AfterSaleRow)


async def test_unshipped_piece_is_refunded_with_freight_goes_into_stock_and_closes_the_order(runtime: Runtime) -> None:
    scene = await factories.make_scene(runtime.database, price_minor=5_000)
    sold = await sell(runtime, scene)
    after_sale_id = await sold.request()
    asked = await sold.after_sale(after_sale_id)
    assert (asked.state, asked.goods_minor, asked.share_minor, asked.freight_minor) == (
        "REQUESTED",
        5_000,
        5_000,
        1_000,
    )
    assert asked.due_at - asked.requested_at == timedelta(hours=48)
    assert ((await hold(sold)).pauses, await sold.stock()) == (1, (99, 0))
    assert "尺码".encode() not in asked.reason
    await sold.assert_sound()

    await sold.decide(after_sale_id, comment="已同意")
    decided = await sold.after_sale(after_sale_id)
    assert (decided.state, decided.is_restocked, decided.due_at) == ("REFUNDING", True, None)
    assert decided.refund_on == sold.brand.day_of(decided.decided_at)
    assert (await sold.order()).refunded_goods_minor == 5_000 and (await sold.order()).refunded_minor == 0
    assert await sold.stock() == (100, 0)
    assert await taken_back(sold) == [(5_000, 500)]
    assert (await hold(sold)).pauses == 1
    await sold.assert_sound()

    assert await sold.pay_back() == [True]
    order, payment = await sold.order(), await sold.payment()
    assert (order.state, order.refunded_minor, order.refunded_goods_minor) == ("CLOSED", 6_000, 5_000)
    assert order.ended_at is not None
    assert payment.state == "REFUNDED"
    assert (await hold(sold)).pauses == 0
    assert await sold.sent_back() == [6_000]
    assert await sold.path(after_sale_id) == ["REQUESTED", "APPROVED", "REFUNDING", "REFUNDED"]
    await sold.assert_sound()


async def test_return_waits_for_the_goods_and_keeps_the_freight(runtime: Runtime) -> None:
    scene = await factories.make_scene(runtime.database, price_minor=5_000)
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    assert (await sold.after_sale(after_sale_id)).freight_minor == 0
    await sold.decide(after_sale_id)
    approved = await sold.after_sale(after_sale_id)
    assert (approved.state, approved.due_at - approved.decided_at) == ("APPROVED", timedelta(days=7))
    assert await sold.refunds() == [] and await taken_back(sold) == []
    await sold.send(after_sale_id)
    sent = await sold.after_sale(after_sale_id)
    assert (sent.state, sent.return_carrier, sent.return_tracking_number) == ("RETURNING", "顺丰", "SF1000000001")
    await sold.assert_sound()
    await sold.receive(after_sale_id, is_restocked=True)
    assert await sold.stock() == (100, 0)
    await sold.pay_back()
    order = await sold.order()
    assert (order.state, order.refunded_minor, order.refunded_goods_minor) == ("CLOSED", 5_000, 5_000)
    # The freight stays with the brand, so the payment has not gone back whole.
    assert (await sold.payment()).state == "SUCCEEDED"
    states = ["REQUESTED", "APPROVED", "RETURNING", "RECEIVED", "REFUNDING", "REFUNDED"]
    assert await sold.path(after_sale_id) == states
    await sold.assert_sound()


async def test_goods_that_cannot_be_sold_again_stay_out_of_stock(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.COMPLETED)
    after_sale_id = await sold.request(kind=RETURN)
    await sold.decide(after_sale_id)
    # Brought to the store instead of sent.
    await sold.receive(after_sale_id, is_restocked=False)
    await sold.pay_back()
    assert await sold.stock() == (99, 0)
    assert (await sold.order()).state == "CLOSED"
    await sold.assert_sound()


async def test_line_refunded_in_three_steps_comes_to_the_whole_for_line_and_seller(runtime: Runtime) -> None:
    scene = await factories.make_scene(runtime.database, price_minor=3_333)
    sold = await sell_and(runtime, scene, OrderState.SHIPPED, quantity=5)
    for quantity, state in ((1, "SHIPPED"), (3, "SHIPPED"), (1, "CLOSED")):
        await sold.decide(await sold.request(quantity))
        await sold.pay_back()
        assert (await sold.order()).state == state
        await sold.assert_sound()
    assert await sold.sent_back() == [3_333, 3_333, 9_999]
    parts = await taken_back(sold)
    assert (sum(performance for performance, _ in parts), sum(amount for _, amount in parts)) == (16_665, 1_666)
    order = await sold.order()
    assert (order.refunded_goods_minor, order.refunded_minor) == (16_665, 16_665)
    assert await sold.stock() == (95, 0)


async def test_amount_below_the_share_leaves_the_rest_with_the_brand_and_the_order_open(
    runtime: Runtime, scene: Scene
) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(amount_minor=2_900)
    await sold.decide(after_sale_id)
    await sold.pay_back()
    order = await sold.order()
    assert (order.state, order.refunded_goods_minor, order.refunded_minor) == ("DELIVERED", 2_900, 2_900)
    assert await taken_back(sold) == [(2_900, 290)]
    assert (await sold.payment()).state == "SUCCEEDED"
    with pytest.raises(InvalidInput) as refused:
        await sold.request()
    assert refused.value.key == "after_sale_nothing_left"
    await sold.assert_sound()


async def test_freight_goes_back_with_whichever_piece_is_decided_last(runtime: Runtime) -> None:
    scene = await factories.make_scene(runtime.database, price_minor=3_000)
    sold = await sell(runtime, scene, quantity=3)
    first, last = await sold.request(2), await sold.request(1)
    assert [(await sold.after_sale(one)).freight_minor for one in (first, last)] == [0, 1_000]
    await sold.decide(last)
    await sold.assert_sound()
    await sold.decide(first)
    assert [(await sold.after_sale(one)).freight_minor for one in (first, last)] == [1_000, 0]
    await sold.pay_back()
    assert await sold.sent_back() == [3_000, 7_000]
    assert ((await sold.order()).state, (await sold.payment()).state) == ("CLOSED", "REFUNDED")
    await sold.assert_sound()


async def test_rejected_and_withdrawn_pieces_can_be_asked_for_again(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, quantity=2)
    rejected, withdrawn = await sold.request(1), await sold.request(1)
    assert (await hold(sold)).pauses == 2
    await sold.decide(rejected, Decision.REJECT, comment="已使用")
    await sold.withdraw(withdrawn)
    row = await sold.after_sale(rejected)
    assert (row.state, row.decided_by) == ("REJECTED", sold.owner.principal)
    assert row.ended_at is not None
    assert (await hold(sold)).pauses == 0
    assert await sold.refunds() == [] and await sold.stock() == (98, 0)
    for done in (rejected, withdrawn):
        for step in (sold.withdraw, sold.decide):
            with pytest.raises(WrongState):
                await step(done)
    await sold.request(2)
    assert await number_of_after_sales(sold) == 3
    await sold.assert_sound()


async def test_free_goods_go_back_without_a_refund(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene, prices={scene.sku_id: 0}, address=None)
    after_sale_id = await sold.request()
    await sold.decide(after_sale_id)
    assert await sold.state(after_sale_id) == "REFUNDED"
    assert await sold.refunds() == [] and await taken_back(sold) == []
    assert ((await sold.order()).state, await sold.stock(), (await hold(sold)).pauses) == ("CLOSED", (100, 0), 0)
    await sold.assert_sound()


@pytest.mark.parametrize("days", [0, 7, 8])
@pytest.mark.parametrize("kind", AfterSaleKind)
async def test_days_for_returns_run_from_receipt(
    runtime: Runtime, scene: Scene, days: int, kind: AfterSaleKind
) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED)
    now = datetime.now(UTC)
    await sold.go(*returns.ROAD[1:], now=now - timedelta(days=days) + timedelta(minutes=1))
    if days < 8:
        await sold.request(kind=kind)
        return
    with pytest.raises(DeadlinePassed) as refused:
        await sold.request(kind=kind)
    assert refused.value.path == ("orderLineId",)
    assert await number_of_after_sales(sold) == 0


async def test_order_that_never_arrived_can_be_asked_for_at_any_time(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.SHIPPED)
    await sold.request(now=datetime.now(UTC) + timedelta(days=60))


WRONG: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"quantity": 0}, "number_range", ("quantity",)),
    ({"quantity": 3}, "number_range", ("quantity",)),
    ({"quantity": -1}, "number_range", ("quantity",)),
    ({"quantity": 2**60}, "number_range", ("quantity",)),
    ({"amount_minor": 0}, "number_range", ("amountMinor",)),
    ({"amount_minor": -5}, "number_range", ("amountMinor",)),
    ({"amount_minor": 12_901}, "number_range", ("amountMinor",)),
    ({"kind": RETURN}, "after_sale_nothing_to_return", ("kind",)),
    ({"reason": " "}, "text_required", ("reason",)),
    ({"reason": "长" * 501}, "text_too_long", ("reason",)),
    ({"reason": "a\0b"}, "text_form", ("reason",)),
    ({"evidence_urls": ["https://a.example/1.jpg"] * 10}, "evidence_urls_too_many", ("evidenceUrls",)),
    ({"evidence_urls": ["/media/a.jpg", "http://a.example/1.jpg"]}, "evidence_url_form", ("evidenceUrls", "1")),
    ({"evidence_urls": ["javascript:alert(1)"]}, "evidence_url_form", ("evidenceUrls", "0")),
]


@pytest.mark.parametrize(("given", "key", "path"), WRONG)
async def test_wrong_request_is_refused_and_leaves_nothing(
    runtime: Runtime, scene: Scene, given: dict[str, Any], key: str, path: tuple[str, ...]
) -> None:
    sold = await sell(runtime, scene, quantity=2)
    with pytest.raises(InvalidInput) as refused:
        await sold.request(**given)
    assert (refused.value.key, refused.value.path) == (key, path)
    assert await number_of_after_sales(sold) == 0
    assert (await hold(sold)).pauses == 0


async def test_pictures_and_long_words_are_kept(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    urls = ["https://cdn.example.com/a.jpg", "/media/evidence/b.png"]
    after_sale_id = await sold.request(reason="长" * 500, evidence_urls=urls, amount_minor=12_900)
    async with runtime.database.reading(scene.brand) as session:
        view = (await after_sale_reads.after_sales_by_id(session, sold.buyer, [after_sale_id]))[after_sale_id]
    assert (view.reason, view.evidence_urls, view.order_number) == ("长" * 500, urls, (await sold.order()).number)


async def test_only_the_buyer_asks_and_only_for_what_is_paid(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    sold = await sell(runtime, scene)
    other = await purchase.make_buyer(database, scene.brand)
    with pytest.raises(NotFound):
        await sold.request(actor=other)
    unpaid_id = await purchase.make_order(database, scene, sold.buyer)
    async with database.reading(scene.brand) as session:
        (line,) = (await lines_of(session, unpaid_id)).values()
    sold.lines.append(line)
    with pytest.raises(WrongState) as refused:
        await sold.request(line=1)
    assert refused.value.state == "PENDING_PAYMENT"
    closing = await sold.request()
    await sold.decide(closing)
    await sold.pay_back()
    with pytest.raises(WrongState) as refused:
        await sold.request()
    assert refused.value.state == "CLOSED"


async def lines_of(session: Any, order_id: UUID) -> dict[UUID, UUID]:
    from app.trade import reads  # noqa: PLC0415

    found = await reads.lines_of_orders(session, [order_id])
    return {line.sku_id: line.id for line in found[order_id]}


async def test_whoever_gains_from_it_or_is_elsewhere_decides_nothing(runtime: Runtime, scene: Scene) -> None:
    database = runtime.database
    phone = factories.next_phone()
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session, phone=phone)
        posting = {"role": "HEADQUARTERS", "org_unit_id": scene.area_id, "functions": ["SERVICE"]}
        shopper = await factories.make_employee(session, phone=phone, **posting)
        service = await factories.make_employee(session, **posting)
    sold = await sell(runtime, scene, buyer=purchase.customer_actor(customer_id))
    after_sale_id = await sold.request()
    branch = (await sold.order()).branch

    def employee(employee_id: UUID, role: str, **more: Any) -> Actor:
        return Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id, role=role, **more)

    functions = frozenset({"SERVICE"})
    refused: list[tuple[Actor, type[Exception]]] = [
        (employee(scene.guide.employee_id, "MANAGER", branch=branch), Forbidden),
        (employee(shopper.employee_id, "HEADQUARTERS", functions=functions), Forbidden),
        (employee(service.employee_id, "HEADQUARTERS"), NotFound),
        (employee(scene.other_guide.employee_id, "GUIDE", branch=branch), NotFound),
        (employee(scene.other_guide.employee_id, "MANAGER", branch="/elsewhere/"), NotFound),
        (employee(scene.other_guide.employee_id, "MANAGER"), NotFound),
        (sold.buyer, NotFound),
    ]
    for actor, fault in refused:
        for decision in Decision:
            with pytest.raises(fault):
                await sold.decide(after_sale_id, decision, actor=actor, comment="好")
        with pytest.raises(fault):
            await sold.receive(after_sale_id, actor=actor)
    assert await sold.state(after_sale_id) == "REQUESTED"
    await sold.decide(after_sale_id, actor=employee(service.employee_id, "HEADQUARTERS", functions=functions))
    manager = employee(scene.other_guide.employee_id, "MANAGER", branch=branch)
    another = await sell(runtime, scene)
    await another.decide(await another.request(), actor=manager)
    await another.assert_sound()


async def test_rejection_needs_a_reason_that_the_customer_reads(runtime: Runtime, scene: Scene) -> None:
    sold = await sell(runtime, scene)
    after_sale_id = await sold.request()
    for comment in (None, "  "):
        with pytest.raises(InvalidInput) as refused:
            await sold.decide(after_sale_id, Decision.REJECT, comment=comment)
        assert refused.value.path == ("comment",)
    with pytest.raises(InvalidInput):
        await sold.decide(after_sale_id, comment="长" * 501)
    await sold.decide(after_sale_id, Decision.REJECT, comment="商品已使用")
    async with runtime.database.reading(scene.brand) as session:
        view = (await after_sale_reads.after_sales_by_id(session, sold.buyer, [after_sale_id]))[after_sale_id]
    assert view.comment == "商品已使用"


async def test_steps_out_of_order_are_refused(runtime: Runtime, scene: Scene) -> None:
    sold = await sell_and(runtime, scene, OrderState.DELIVERED)
    after_sale_id = await sold.request(kind=RETURN)
    for step in (sold.send, sold.receive, sold.retry):
        with pytest.raises(WrongState):
            await step(after_sale_id)
    await sold.decide(after_sale_id)
    await sold.send(after_sale_id)
    for step in (sold.send, sold.withdraw, sold.retry, sold.decide):
        with pytest.raises(WrongState):
            await step(after_sale_id)
    refund_only = await sell_and(runtime, scene, OrderState.DELIVERED)
    other = await refund_only.request(kind=REFUND_ONLY)
    with pytest.raises(WrongState):
        await refund_only.send(other)
    with pytest.raises(InvalidInput):
        async with runtime.database.transaction(scene.brand) as session:
            await returns.after_sales.ship_return(
                session, sold.buyer, after_sale_id=after_sale_id, carrier="", tracking_number="1" * 61, now=session.now
            )
    await sold.assert_sound()


async def test_unknown_and_foreign_after_sales_are_not_found(runtime: Runtime, scene: Scene) -> None:
    sold, other = await sell(runtime, scene), await sell(runtime, scene)
    after_sale_id = await sold.request()
    stranger = returns.Sold(**{**vars(sold), "buyer": other.buyer})
    for step, target in (
        (stranger.withdraw, after_sale_id),
        (stranger.send, after_sale_id),
        (sold.withdraw, scene.sku_id),
        (sold.decide, scene.sku_id),
        (sold.receive, scene.sku_id),
        (sold.retry, scene.sku_id),
    ):
        with pytest.raises(UserFault) as refused:
            await step(target)
        assert isinstance(refused.value, NotFound)
