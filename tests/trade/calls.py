"""Trade's documents of the contract, sent as a customer sends them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene


@dataclass(frozen=True, slots=True)
class Callers:
    """Access tokens of a scene's people, and the customer's id."""

    customer: str
    other_customer: str
    guide: str
    other_guide: str
    owner: str
    stranger: str
    customer_id: UUID


def basket(scene: Scene, quantity: int = 1) -> list[dict[str, Any]]:
    return [{"skuId": encode_global_id("Sku", scene.sku_id), "quantity": quantity}]


def an_order(scene: Scene, **more: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": factories.key(),
        "shopSlug": scene.guide.slug,
        "lines": basket(scene),
        "fulfilment": {"method": "DELIVERY", "address": factories.ADDRESS},
    } | more


async def place(api: Api, scene: Scene, token: str, **more: Any) -> dict[str, Any]:
    placed = await api.mutate("OrderPlace", token, **an_order(scene, **more))
    assert placed["__typename"] == "OrderPlacePayload", placed
    order: dict[str, Any] = placed["order"]
    return order


async def start(api: Api, token: str, order_id: str, **more: Any) -> dict[str, Any]:
    started = await api.mutate(
        "PaymentStart", token, **{"idempotencyKey": factories.key(), "orderId": order_id, "provider": "SANDBOX"} | more
    )
    assert started["__typename"] == "PaymentStartPayload", started
    payment: dict[str, Any] = started["payment"]
    return payment
