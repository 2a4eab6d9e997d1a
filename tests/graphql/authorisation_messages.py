"""What the mutations over messages to customers are sent."""

from typing import Any

from tests.factories import key, next_number
from tests.graphql.stage import Stage

Input = dict[str, Any]


async def message(stage: Stage, caller: str) -> Input:
    return {
        "idempotencyKey": key(),
        "customerId": stage.ids["customer"],
        "channel": "SMS",
        "kind": "CARE",
        "text": "好",
    }


async def rule(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key(), "channel": "SMS", "days": next_number() % 366 + 1}


async def subscription(stage: Stage, caller: str) -> Input:
    return {"idempotencyKey": key()}
