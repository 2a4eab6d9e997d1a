"""What /metrics says of GraphQL operations: kind and outcome, never a name that a client made up."""

import httpx

from app.platform.runtime import Runtime
from tests.documents import Client
from tests.factories import Scene


async def counted(http: httpx.AsyncClient) -> dict[str, float]:
    lines = (await http.get("/metrics")).text.splitlines()
    wanted = [line.rsplit(" ", 1) for line in lines if line.startswith("graphql_operation")]
    return {name: float(value) for name, value in wanted}


async def test_operations_are_counted_by_kind_and_outcome(
    http: httpx.AsyncClient, runtime: Runtime, scene: Scene
) -> None:
    before = await counted(http)
    anybody = Client(http)
    await anybody.data("ShopPage", slug=scene.guide.slug)
    await anybody.query("query MadeUpName { viewer { brand { code } } }")
    after = await counted(http)
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert grown['graphql_operations_total{kind="query",outcome="ok"}'] == 1
    assert grown['graphql_operations_total{kind="query",outcome="errors"}'] == 1
    assert grown['graphql_operation_seconds_count{kind="query"}'] == 2
    assert "MadeUpName" not in "".join(after)
