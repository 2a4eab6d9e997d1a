"""How many statements trade's documents of the contract take, in all; the first names who asks."""

import pytest

from app.platform.runtime import Runtime
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.calls import Callers, an_order, basket, place


@pytest.mark.parametrize(("operation", "statements"), [("OrderPlace", 15), ("PaymentStart", 12), ("OrderCancel", 12)])
async def test_mutations_take_few_statements(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers, operation: str, statements: int
) -> None:
    order = await place(api, scene, callers.customer)
    key = {"idempotencyKey": factories.key()}
    given = {
        "OrderPlace": an_order(scene, code=scene.other_guide.token, expectedTotalMinor=12_900),
        "PaymentStart": key | {"orderId": order["id"], "provider": "SANDBOX"},
        "OrderCancel": key | {"orderId": order["id"]},
    }[operation]
    with purchase.counted(runtime.database) as seen:
        answer = await api.mutate(operation, callers.customer, **given)
    assert answer["__typename"] == f"{operation}Payload"
    assert len(seen) == statements, "\n\n".join(seen)


@pytest.mark.parametrize(
    ("operation", "statements"), [("MyOrders", 4), ("GuideOrders", 4), ("MyOrder", 3), ("OrderQuote", 2)]
)
async def test_reads_take_as_many_statements_for_many_orders_as_for_one(
    api: Api, runtime: Runtime, scene: Scene, callers: Callers, operation: str, statements: int
) -> None:
    """Who asks is one of them; a shop's brand is looked up once a process."""
    await api.data("OrderQuote", {"input": {"shopSlug": scene.guide.slug, "lines": basket(scene)}})
    counts = []
    for _ in range(2):
        order = await place(api, scene, callers.customer)
        variables, token = {
            "MyOrders": ({}, callers.customer),
            "GuideOrders": ({}, callers.guide),
            "MyOrder": ({"id": order["id"]}, callers.customer),
            "OrderQuote": ({"input": {"shopSlug": scene.guide.slug, "lines": basket(scene)}}, None),
        }[operation]
        with purchase.counted(runtime.database) as seen:
            await api.data(operation, variables, token=token)
        counts.append(len(seen))
    assert counts == [statements, statements]
