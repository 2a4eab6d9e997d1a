"""Counters and gauges that /metrics shows; no personal data, no brand names in labels."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

events_relayed = Counter("outbox_relayed_total", "Outbox events completed.", ["kind"])
events_failed = Counter("outbox_failed_total", "Tries to relay an outbox event that failed.", ["kind"])
events_waiting = Gauge("outbox_waiting", "Outbox events not yet relayed, over all brands.")
events_parked = Gauge("outbox_parked", "Outbox events parked after too many failures.")
oldest_event_seconds = Gauge("outbox_oldest_seconds", "Age of the oldest waiting outbox event.")
reconciliation_differences = Gauge(
    "reconciliation_differences", "Open differences between our books and the payment providers', over all brands."
)
operations = Counter("graphql_operations_total", "GraphQL operations by kind and outcome.", ["kind", "outcome"])
operation_seconds = Histogram("graphql_operation_seconds", "Time of a query or mutation, from its turn.", ["kind"])
callbacks = Counter("payment_callbacks_total", "Payment callbacks by outcome.", ["provider", "outcome"])
payout_differences = Counter("payout_differences_total", "Payouts not the same in both books, each find.", ["kind"])
jobs = Counter("jobs_total", "Scheduled jobs by outcome.", ["job", "outcome"])


def exposition() -> bytes:
    """The metrics of this process in Prometheus' text form."""
    return generate_latest(REGISTRY)
