"""Orders, payments and after-sales change only by moves of their tables."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.rules import (
    AFTER_SALE_MOVES,
    ORDER_MOVES,
    PAUSABLE,
    PAYMENT_MOVES,
    allowed_actions,
    automatic_step,
    move,
    move_after_sale,
    move_payment,
    return_until,
)
from app.trade.values import (
    AfterSaleEvent,
    AfterSaleKind,
    AfterSaleState,
    ForbiddenMove,
    FulfilmentMethod,
    OrderAction,
    OrderEvent,
    OrderState,
    PaymentEvent,
    PaymentState,
)

Order, Happened = OrderState, OrderEvent
Payment, Said = PaymentState, PaymentEvent
Case, Step = AfterSaleState, AfterSaleEvent


def after(*events: OrderEvent) -> OrderState:
    state = Order.DRAFT
    for event in events:
        state = move(state, event)
    return state


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((Happened.PLACE,), Order.PENDING_PAYMENT),
        ((Happened.CANCEL,), Order.CANCELLED),
        ((Happened.PLACE, Happened.PAY), Order.PAID),
        ((Happened.PLACE, Happened.CANCEL), Order.CANCELLED),
        ((Happened.PLACE, Happened.EXPIRE), Order.CANCELLED),
        ((Happened.PLACE, Happened.PAY, Happened.AWAIT_GROUP), Order.GROUP_WAITING),
        ((Happened.PLACE, Happened.PAY, Happened.AWAIT_GROUP, Happened.FULFIL), Order.FULFILLING),
        ((Happened.PLACE, Happened.PAY, Happened.FULFIL, Happened.SHIP, Happened.DELIVER), Order.DELIVERED),
        ((Happened.PLACE, Happened.PAY, Happened.FULFIL, Happened.MAKE_READY, Happened.HAND_OVER), Order.DELIVERED),
        ((Happened.PLACE, Happened.PAY, Happened.TAKE), Order.DELIVERED),
        (
            (Happened.PLACE, Happened.PAY, Happened.FULFIL, Happened.SHIP, Happened.DELIVER, Happened.COMPLETE),
            Order.COMPLETED,
        ),
        ((Happened.PLACE, Happened.PAY, Happened.REFUND_WHOLE), Order.CLOSED),
    ],
)
def test_order_walks_the_declared_road(events: tuple[OrderEvent, ...], state: OrderState) -> None:
    assert after(*events) is state


def test_every_other_step_of_an_order_is_forbidden() -> None:
    refused = [(state, event) for state in Order for event in Happened if (state, event) not in ORDER_MOVES]
    assert (len(ORDER_MOVES), len(refused)) == (21, 11 * 13 - 21)
    for state, event in refused:
        with pytest.raises(ForbiddenMove) as caught:
            move(state, event)
        assert (caught.value.state, caught.value.event) == (state, event)


def test_cancelled_and_closed_orders_move_no_more_and_every_state_can_be_reached() -> None:
    for end in (Order.CANCELLED, Order.CLOSED):
        assert not [event for state, event in ORDER_MOVES if state is end]
    assert set(ORDER_MOVES.values()) | {Order.DRAFT} == set(Order)


def test_only_unpaid_orders_are_cancelled_and_only_paid_ones_closed() -> None:
    cancelled = {state for (state, _), target in ORDER_MOVES.items() if target is Order.CANCELLED}
    closed = {state for (state, _), target in ORDER_MOVES.items() if target is Order.CLOSED}
    assert cancelled == {Order.DRAFT, Order.PENDING_PAYMENT}
    assert closed == set(Order) - cancelled - {Order.CANCELLED, Order.CLOSED}


def test_money_that_arrived_stays_arrived_whatever_the_provider_says_later() -> None:
    for early in (Payment.STARTED, Payment.FAILED, Payment.CLOSED, Payment.SUCCEEDED):
        assert move_payment(early, Said.SUCCEED) is Payment.SUCCEEDED
    assert move_payment(Payment.SUCCEEDED, Said.FAIL) is Payment.SUCCEEDED
    assert move_payment(Payment.SUCCEEDED, Said.REFUND) is Payment.REFUNDED
    for said in (Said.SUCCEED, Said.FAIL, Said.REFUND):
        assert move_payment(Payment.REFUNDED, said) is Payment.REFUNDED


def test_payment_that_succeeded_is_not_closed_and_only_a_successful_one_is_refunded() -> None:
    refused = [(state, event) for state in Payment for event in Said if (state, event) not in PAYMENT_MOVES]
    assert sorted(refused) == sorted(
        [
            (Payment.SUCCEEDED, Said.CLOSE),
            (Payment.REFUNDED, Said.CLOSE),
            (Payment.STARTED, Said.REFUND),
            (Payment.FAILED, Said.REFUND),
            (Payment.CLOSED, Said.REFUND),
        ]
    )
    for state, event in refused:
        with pytest.raises(ForbiddenMove):
            move_payment(state, event)


@given(said=st.lists(st.sampled_from([Said.SUCCEED, Said.FAIL, Said.CLOSE]), max_size=10))
def test_callbacks_in_any_order_and_number_end_as_if_each_had_come_once(said: list[PaymentEvent]) -> None:
    state = Payment.STARTED
    changes_to_succeeded = 0
    for event in said:
        try:
            following = move_payment(state, event)
        except ForbiddenMove:
            assert (state, event) == (Payment.SUCCEEDED, Said.CLOSE)
            continue
        changes_to_succeeded += following is Payment.SUCCEEDED and state is not Payment.SUCCEEDED
        state = following
    assert (state is Payment.SUCCEEDED) == (Said.SUCCEED in said)
    assert changes_to_succeeded == (Said.SUCCEED in said)


def walk(kind: AfterSaleKind, *steps: AfterSaleEvent) -> AfterSaleState:
    state = Case.REQUESTED
    for step in steps:
        state = move_after_sale(kind, state, step)
    return state


def test_goods_that_come_back_are_received_before_their_money_goes() -> None:
    back = AfterSaleKind.RETURN_AND_REFUND
    assert walk(back, Step.APPROVE, Step.SHIP_RETURN, Step.RECEIVE, Step.START_REFUND, Step.REFUND) is Case.REFUNDED
    assert walk(back, Step.APPROVE, Step.RECEIVE) is Case.RECEIVED
    for state in (Case.APPROVED, Case.RETURNING):
        with pytest.raises(ForbiddenMove):
            move_after_sale(back, state, Step.START_REFUND)


def test_refund_without_return_knows_no_parcel() -> None:
    only = AfterSaleKind.REFUND_ONLY
    assert walk(only, Step.APPROVE, Step.START_REFUND, Step.REFUND) is Case.REFUNDED
    for step in (Step.SHIP_RETURN, Step.RECEIVE):
        with pytest.raises(ForbiddenMove):
            move_after_sale(only, Case.APPROVED, step)


@pytest.mark.parametrize("kind", AfterSaleKind)
def test_after_sale_is_rejected_withdrawn_or_tried_again(kind: AfterSaleKind) -> None:
    assert walk(kind, Step.REJECT) is Case.REJECTED
    assert walk(kind, Step.WITHDRAW) is Case.WITHDRAWN
    assert walk(kind, Step.APPROVE, Step.WITHDRAW) is Case.WITHDRAWN
    assert move_after_sale(kind, Case.REFUNDING, Step.FAIL_REFUND) is Case.REFUND_FAILED
    assert move_after_sale(kind, Case.REFUND_FAILED, Step.START_REFUND) is Case.REFUNDING
    for end in (Case.REFUNDED, Case.REJECTED, Case.WITHDRAWN):
        assert not [step for state, step in AFTER_SALE_MOVES[kind] if state is end]
    for late in (Case.RETURNING, Case.RECEIVED, Case.REFUNDING):
        with pytest.raises(ForbiddenMove):
            move_after_sale(kind, late, Step.WITHDRAW)


def test_after_sale_tables_hold_exactly_the_declared_steps() -> None:
    assert len(AFTER_SALE_MOVES[AfterSaleKind.REFUND_ONLY]) == 8
    assert len(AFTER_SALE_MOVES[AfterSaleKind.RETURN_AND_REFUND]) == 11


def test_buyer_pays_or_cancels_an_unpaid_order_until_its_deadline() -> None:
    assert allowed_actions(Order.PENDING_PAYMENT, is_buyer=True) == (OrderAction.PAY, OrderAction.CANCEL)
    assert allowed_actions(Order.PENDING_PAYMENT, is_buyer=True, is_overdue=True) == (OrderAction.CANCEL,)
    assert allowed_actions(Order.PENDING_PAYMENT, is_buyer=False, may_ship=True, has_refundable_lines=True) == ()


def test_buyer_confirms_receipt_unless_an_after_sale_is_open() -> None:
    for state in (Order.SHIPPED, Order.DELIVERED):
        assert allowed_actions(state, is_buyer=True) == (OrderAction.CONFIRM_RECEIPT,)
        assert allowed_actions(state, is_buyer=True, has_open_after_sale=True) == ()
        assert allowed_actions(state, is_buyer=False, may_ship=True) == ()


def test_after_sale_is_for_the_buyer_of_a_paid_order_with_something_left_to_refund() -> None:
    able = {
        state
        for state in Order
        if OrderAction.REQUEST_AFTER_SALE in allowed_actions(state, is_buyer=True, has_refundable_lines=True)
    }
    assert able == set(Order) - {Order.DRAFT, Order.PENDING_PAYMENT, Order.CANCELLED, Order.CLOSED}
    for state in Order:
        assert OrderAction.REQUEST_AFTER_SALE not in allowed_actions(state, is_buyer=True)
        assert allowed_actions(state, is_buyer=False, has_refundable_lines=True) == ()


def test_staff_lays_out_only_paid_pickups_and_hands_over_only_what_is_ready() -> None:
    def able(action: OrderAction, method: FulfilmentMethod) -> set[OrderState]:
        def may(state: OrderState) -> tuple[OrderAction, ...]:
            return allowed_actions(state, is_buyer=False, may_make_ready=True, may_hand_over=True, method=method)

        return {state for state in Order if action in may(state)}

    assert able(OrderAction.MAKE_READY, FulfilmentMethod.PICKUP) == {Order.PAID, Order.FULFILLING}
    assert able(OrderAction.MAKE_READY, FulfilmentMethod.DELIVERY) == set()
    assert able(OrderAction.HAND_OVER, FulfilmentMethod.PICKUP) == {Order.READY_FOR_PICKUP}


def test_open_after_sale_pauses_all_but_payment_and_itself() -> None:
    for state in Order:
        for method in FulfilmentMethod:
            able = partial(
                allowed_actions,
                state,
                is_buyer=True,
                may_ship=True,
                may_make_ready=True,
                may_hand_over=True,
                has_refundable_lines=True,
                method=method,
            )
            assert able(has_open_after_sale=True) == tuple(action for action in able() if action not in PAUSABLE)


def test_staff_ships_only_paid_orders_that_are_delivered() -> None:
    able = {state for state in Order if OrderAction.SHIP in allowed_actions(state, is_buyer=False, may_ship=True)}
    assert able == {Order.PAID, Order.FULFILLING}
    for state in Order:
        pickup = allowed_actions(state, is_buyer=False, may_ship=True, method=FulfilmentMethod.PICKUP)
        assert pickup == ()


INSTANTS = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
SECONDS = st.integers(0, 90 * 86_400)


@given(
    state=st.sampled_from(Order),
    shipped_at=st.none() | INSTANTS,
    delivered_at=st.none() | INSTANTS,
    receipt=SECONDS,
    completion=SECONDS,
)
def test_an_order_goes_on_by_itself_only_from_shipped_and_delivered_and_never_before_its_time(
    state: OrderState,
    shipped_at: datetime | None,
    delivered_at: datetime | None,
    receipt: int,
    completion: int,
) -> None:
    step = automatic_step(
        state,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        receipt_ttl_seconds=receipt,
        completion_ttl_seconds=completion,
    )
    since, event, ttl_seconds = {
        Order.SHIPPED: (shipped_at, Happened.DELIVER, receipt),
        Order.DELIVERED: (delivered_at, Happened.COMPLETE, completion),
    }.get(state, (None, None, 0))
    if since is None:
        assert step is None
        return
    assert step is not None
    assert step[0] is event
    assert (step[1] - since).total_seconds() == ttl_seconds
    assert (state, step[0]) in ORDER_MOVES


@given(shipped_at=INSTANTS, receipt=SECONDS, completion=SECONDS)
def test_an_order_that_nobody_touches_ends_completed_in_two_steps(
    shipped_at: datetime, receipt: int, completion: int
) -> None:
    state, delivered_at, taken = Order.SHIPPED, None, []
    while step := automatic_step(
        state,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        receipt_ttl_seconds=receipt,
        completion_ttl_seconds=completion,
    ):
        state, delivered_at = move(state, step[0]), step[1]
        taken.append(step)
    assert [event for event, _ in taken] == [Happened.DELIVER, Happened.COMPLETE]
    assert state is Order.COMPLETED
    assert taken[-1][1] == shipped_at + timedelta(seconds=receipt + completion)


@given(delivered_at=INSTANTS)
def test_goods_may_go_back_for_seven_days_from_receipt(delivered_at: datetime) -> None:
    assert return_until(delivered_at, window_seconds=7 * 86_400) - delivered_at == timedelta(days=7)


@pytest.mark.parametrize("end", [Order.CANCELLED, Order.CLOSED, Order.DRAFT])
def test_nothing_can_be_done_with_an_order_that_is_over_or_not_placed(end: OrderState) -> None:
    assert allowed_actions(end, is_buyer=True, may_ship=True, has_refundable_lines=True) == ()
