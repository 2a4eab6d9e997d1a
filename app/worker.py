"""The working process: who subscribes to which event, which jobs run when, and the loop that runs them."""

import asyncio
import logging

from app.boss import pulses as boss_pulses
from app.boss import rollups
from app.commission import holds, payout_reconciliation, payouts, pulses
from app.commission.events import CommissionHeld, CommissionReversed, WithdrawalApproved
from app.employees import reads as employee_reads
from app.employees import sessions, sign_in_codes
from app.employees.events import SignInCodeRequested
from app.employees.jobs import send_sign_in_code
from app.marketing import coupon_care, coupon_notices, media_names, outbound_sending, poster_batches, poster_works
from app.marketing.events import CouponClaimed, CouponGiven, CouponUnused
from app.marketing.outbound_events import OutboundAllowed
from app.marketing.values import OutboundKind
from app.platform import idempotency, jobs, media, outbox, rate_limits, retention
from app.platform.db import Brand
from app.platform.integrations.sandbox_bank import SandboxBank
from app.platform.jobs import Job
from app.platform.logs import set_up_logs
from app.platform.outbox import Relay, Subscriptions
from app.platform.runtime import Runtime, open_runtime
from app.platform.settings import Settings
from app.products import pictures, shelf
from app.trade import (
    after_sale_decisions,
    after_sale_reads,
    charges,
    invoice_sending,
    invoices,
    orders,
    pickups,
    receipts,
    reconciliation,
    refunds,
)
from app.trade.events import InvoiceToSend, OrderCancelled, OrderReadyForPickup, OrderRefunded, RefundRequested

log = logging.getLogger(__name__)

MEDIA_NAMERS = (
    pictures.named_media,
    shelf.named_media,
    employee_reads.named_media,
    after_sale_reads.named_media,
    media_names.named_media,
)
"""Whose rows name uploaded files: nothing that one of them names is taken away."""


FILLERS = {OutboundKind.DELIVERY: pickups.fill_code}
"""What owed messages hold that is written down nowhere."""


def subscriptions(runtime: Runtime) -> Subscriptions:
    """Every subscriber of every event, in one place."""
    table = Subscriptions()
    table.delivery(SignInCodeRequested, "sms", send_sign_in_code(runtime))
    table.delivery(OrderCancelled, "provider", charges.closer(runtime))
    table.effect(OrderReadyForPickup, "message", pickups.ask_to_send_code)
    table.effect(CouponGiven, "notice", coupon_notices.tell_given)
    table.effect(CouponClaimed, "notice", coupon_notices.tell_taken)
    table.effect(CouponUnused, "notice", coupon_notices.tell_unused)
    table.delivery(RefundRequested, "provider", refunds.refunder(runtime))
    table.effect(OrderRefunded, "invoice", invoices.follow_refund)
    table.delivery(InvoiceToSend, "invoice_provider", invoice_sending.sender(runtime))
    table.delivery(WithdrawalApproved, "payout", payouts.sender(runtime))
    table.delivery(OutboundAllowed, "carrier", outbound_sending.sender(runtime, FILLERS))
    rollups.subscribe(table)
    table.delivery(CommissionHeld, "guide_pulse", pulses.publisher(runtime))
    table.delivery(CommissionReversed, "guide_pulse", pulses.refund_publisher(runtime))
    table.delivery(CommissionHeld, "sales_pulse", boss_pulses.payment_publisher(runtime))
    table.delivery(CommissionReversed, "sales_pulse", boss_pulses.refund_publisher(runtime))
    return table


def business_jobs() -> list[Job]:
    """The jobs that belong to what a brand does; whoever replays a brand's history runs them on its time."""
    return [
        Job("cancel_unpaid_orders", 10, orders.cancel_due),
        Job("receive_and_complete_orders", 60, receipts.carry_on_due),
        Job("query_started_payments", 30, charges.query_started),
        Job("retry_refunds", 60, refunds.retry_failed),
        Job("look_after_invoices", 60, invoice_sending.look_after),
        Job("go_on_with_after_sales", 60, after_sale_decisions.act_when_due),
        Job("release_commission", 60, holds.release_due),
        Job("look_after_payouts", 30, payouts.look_after),
        Job("send_waiting_messages", 60, outbound_sending.send_waiting_messages),
        Job("look_after_coupons", 60, coupon_care.look_after),
    ]


def scheduled_jobs() -> list[Job]:
    """Every job with its rhythm."""
    return [
        *business_jobs(),
        Job("draw_due_posters", 10, poster_works.draw_due),
        Job("carry_on_poster_batches", 10, poster_batches.carry_on),
        Job("reconcile_payments", 3_600, reconciliation.reconcile),
        Job("reconcile_payouts", 3_600, payout_reconciliation.reconcile),
        Job("forget_old_rows", 3_600, forget_old_rows),
        Job("remove_unnamed_media", 600, media.sweeper(MEDIA_NAMERS)),
    ]


async def forget_old_rows(runtime: Runtime, brand: Brand) -> int:
    """Drop what is past its time: keys and events, sign-in codes, refresh tokens, counted tries, texts of
    messages, slots, callbacks sent.

    Many rows go in several transactions; what is left when the job's time is over goes in the next slot.
    """
    kept_seconds = runtime.settings.idempotency_ttl_seconds
    dropped = 0
    while True:
        async with runtime.database.transaction(brand) as session:
            numbers = [
                await idempotency.forget_old(session, ttl_seconds=kept_seconds),
                await outbox.forget_done(session, ttl_seconds=kept_seconds),
                await rate_limits.forget_old(session, longest_window_seconds=sign_in_codes.DAY_SECONDS),
                await sign_in_codes.forget_old(session),
                await sessions.forget_old_tokens(session),
                await outbound_sending.forget_texts(session),
            ]
        dropped += sum(numbers)
        if max(numbers) < retention.AT_ONCE:
            break
    await jobs.forget_old_slots(runtime)
    if not runtime.settings.is_production:
        await SandboxBank(runtime.database, runtime.settings).forget_delivered()
    return dropped


def make_relay(runtime: Runtime) -> Relay:
    return Relay(runtime.database, subscriptions(runtime), runtime.settings)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Relay events and run jobs until `stop`; what is under way is finished or comes back to the next worker."""
    set_up_logs(settings.log_level)
    async with open_runtime(settings) as runtime, asyncio.TaskGroup() as tasks:
        log.info("the worker is at work")
        tasks.create_task(jobs.run_relay(runtime, make_relay(runtime), stop))
        tasks.create_task(jobs.run_scheduler(runtime, scheduled_jobs(), stop))
