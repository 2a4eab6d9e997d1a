"""Customers, bindings and touchpoints over HTTP: whose they are, and what a guide's list costs."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from app.boss import founding
from app.customers.values import Takeover
from app.employees import organisation
from app.platform import clock
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from graphql_schema.scalars import format_instant
from tests import factories, statements
from tests.factories import Scene
from tests.marketing.api import Api
from tests.marketing.walk import Walk
from tests.trade import purchase

PRIVATE = """query($id: ID!) { node(id: $id) { ... on Customer { displayName phoneMasked lastTouchAt orderCount
  netSales { minor } tags { id } guide { displayName } binding { id state } orders(first: 1) { totalCount } } } }"""
KIND = "query($id: ID!) { node(id: $id) { __typename } }"


@pytest.fixture
def api(http: httpx.AsyncClient) -> Api:
    return Api(http)


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def bound_customer(walk: Walk, scene: Scene, **more: str) -> UUID:
    customer_id = await walk.make_customer(**more)
    await walk.scan(scene.guide.token, by=customer_id)
    return customer_id


async def test_a_guide_lists_the_own_customers_with_what_they_bought(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    buyer = await bound_customer(walk, scene, phone="19900010316", name="王小明")
    looker = await bound_customer(walk, scene, phone="19900010999", name="李四")
    stranger = await walk.make_customer()
    await walk.scan(scene.other_guide.token, by=stranger)
    order_id = await purchase.make_order(walk.database, scene, purchase.customer_actor(buyer))
    payment_id = await purchase.start(walk.database, scene.brand, purchase.customer_actor(buyer), order_id)
    await purchase.pay(walk.database, scene.brand, payment_id)
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    found = (await api.send("GuideCustomers", token=token))["viewer"]["employee"]["customers"]
    assert found["totalCount"] == 2 and found["pageInfo"]["hasNextPage"] is False
    first, second = (edge["node"] for edge in found["edges"])
    assert [first["id"], second["id"]] == [encode_global_id("Customer", one) for one in (looker, buyer)]
    assert (second["displayName"], second["phoneMasked"]) == ("王**", "199****0316")
    assert (second["orderCount"], second["netSales"]["minor"]) == (1, 12_900)
    assert (first["orderCount"], first["netSales"]["display"], first["tags"]) == (0, "¥0.00", [])
    assert second["binding"]["state"] == "ACTIVE_PROTECTED" and second["lastTouchAt"] is not None


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("小明", ["王**"]),
        ("王", ["王**", "王**"]),
        ("0316", ["王**"]),
        ("1031", []),
        ("明小", []),
        ("", None),
        ("  ", None),
    ],
)
async def test_customers_are_found_by_part_of_the_name_or_the_phones_tail(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene, search: str, names: list[str] | None
) -> None:
    for phone, name in (("19900010316", "王小明"), ("19900020317", "王芳"), ("19900030318", "李小红")):
        await bound_customer(walk, scene, phone=phone, name=name)
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    found = (await api.send("GuideCustomers", token=token, search=search))["viewer"]["employee"]["customers"]
    shown = [edge["node"]["displayName"] for edge in found["edges"]]
    assert (len(shown), found["totalCount"]) == ((3, 3) if names is None else (len(names), len(names)))
    assert names is None or shown == names


async def test_pages_of_customers_meet_each_once(api: Api, runtime: Runtime, walk: Walk, scene: Scene) -> None:
    made = [await bound_customer(walk, scene) for _ in range(7)]
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    seen: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        data = await api.send("GuideCustomers", token=token, first=3, after=after)
        found = data["viewer"]["employee"]["customers"]
        seen += [edge["node"]["id"] for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None
        pages += 1
    assert pages == 3 and seen == [encode_global_id("Customer", one) for one in reversed(made)]
    variables = {"search": "x" * 61}
    assert await api.codes("GuideCustomers", variables, token=token) == ["BAD_USER_INPUT"]
    assert await api.codes("GuideCustomers", {"first": 101}, token=token) == ["BAD_USER_INPUT"]
    assert await api.codes("GuideCustomers", {"after": "x"}, token=token) == ["BAD_USER_INPUT"]


async def test_a_list_of_customers_takes_the_same_statements_for_one_and_for_many(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    # Once before, so that the brand is known.
    await api.send("GuideCustomers", token=token)
    counts = []
    for more in (1, 9):
        for _ in range(more):
            await bound_customer(walk, scene)
        async with statements.count_statements(walk.database) as seen:
            await api.send("GuideCustomers", token=token)
        counts.append(len(seen))
    # The caller, the employee, the page, the count, what they bought, the last touches.
    assert counts == [6, 6]


async def test_a_customer_is_whole_for_himself_his_guide_and_those_above_and_nobody_else(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene, database: Database
) -> None:
    customer_id = await bound_customer(walk, scene)
    other = await factories.make_scene(database)
    async with walk.database.transaction(walk.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id)
        far_area = await organisation.create_unit(
            session,
            SYSTEM,
            code="far",
            name="华南",
            kind="AREA",
            parent_id=(await founding.root_and_owner(session))[0],
            now=session.now,
        )
        far_manager = await factories.make_employee(session, role="MANAGER", org_unit_id=far_area)
    callers = {
        "himself": (customer_id, "CUSTOMER"),
        "guide": (scene.guide.employee_id, "EMPLOYEE"),
        "manager": (manager.employee_id, "EMPLOYEE"),
        "owner": (scene.owner_id, "EMPLOYEE"),
        "other customer": (await walk.make_customer(), "CUSTOMER"),
        "other guide": (scene.other_guide.employee_id, "EMPLOYEE"),
        "manager of another branch": (far_manager.employee_id, "EMPLOYEE"),
    }
    live = await walk.live(customer_id)
    scan = await walk.scan(scene.guide.token, by=customer_id)
    assert live is not None
    ids = [
        encode_global_id("Customer", customer_id),
        encode_global_id("Binding", live.binding_id),
        encode_global_id("Touchpoint", scan.touchpoint_id),
    ]
    for who, (principal_id, audience) in callers.items():
        token = await factories.token_for(runtime, scene.brand, principal_id, audience)
        nodes = [(await api.post(KIND, {"id": id}, token=token))["data"]["node"] for id in ids]
        sees = who in ("himself", "guide", "manager", "owner")
        assert [node is not None for node in nodes] == [sees] * 3, who
        whole = await api.post(PRIVATE, {"id": ids[0]}, token=token)
        assert "errors" not in whole and (whole["data"]["node"] is not None) is sees
    stranger = await factories.token_for(runtime, other.brand, other.owner_id)
    assert [(await api.post(KIND, {"id": id}, token=stranger))["data"]["node"] for id in ids] == [None] * 3
    assert await api.codes(KIND, {"id": ids[0]}) == ["UNAUTHENTICATED"]


async def test_an_orders_customer_shows_only_the_masked_name_to_whom_he_does_not_belong(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    await walk.publish(takeover=Takeover.ANY_TIME)
    customer_id = await bound_customer(walk, scene)
    await purchase.make_order(walk.database, scene, purchase.customer_actor(customer_id))
    await walk.scan(scene.other_guide.token, by=customer_id)
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    orders = "{ viewer { employee { orders(first: 1) { edges { node { customer { id %s } } } } } } }"
    shown = await api.post(orders % "displayName", token=token)
    edges = shown["data"]["viewer"]["employee"]["orders"]["edges"]
    assert [edge["node"]["customer"]["displayName"] for edge in edges] == ["王**"]
    for field in ("phoneMasked", "lastTouchAt", "orderCount", "netSales { minor }", "tags { id }", "binding { id }"):
        assert await api.codes(orders % field, token=token) == ["FORBIDDEN"], field
    for field in ("guide { id }", "orders(first: 1) { totalCount }"):
        assert await api.codes(orders % field, token=token) == ["FORBIDDEN"], field


async def test_a_customer_whose_binding_ran_out_is_nobodys(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    customer_id = await walk.make_customer()
    long_ago = factories.at("2024-01-01T00:00:00+00:00")
    await walk.scan(scene.guide.token, by=customer_id, now=long_ago)
    token = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    found = (await api.send("GuideCustomers", token=token))["viewer"]["employee"]["customers"]
    assert (found["totalCount"], found["edges"]) == (0, [])
    id = {"id": encode_global_id("Customer", customer_id)}
    assert (await api.post(KIND, id, token=token))["data"]["node"] is None
    own = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    node = (await api.post(PRIVATE, id, token=own))["data"]["node"]
    assert node["binding"]["state"] == "EXPIRED" and node["guide"] is None


async def test_a_past_binding_shows_how_it_ended(api: Api, runtime: Runtime, walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    start = clock.utc_now().replace(microsecond=0) - timedelta(days=60)
    first = await walk.scan(scene.guide.token, by=customer_id, now=start)
    await walk.scan(scene.other_guide.token, by=customer_id, now=start + timedelta(days=31))
    assert first.binding_id is not None
    query = "query($id: ID!) { node(id: $id) { ... on Binding { state guide { displayName } expiresAt } } }"
    id = {"id": encode_global_id("Binding", first.binding_id)}
    token = await factories.token_for(runtime, scene.brand, scene.other_guide.employee_id)
    assert (await api.post(query, id, token=token))["data"]["node"] == {
        "state": "TAKEN_OVER",
        "guide": {"displayName": "林知夏"},
        "expiresAt": format_instant(start + timedelta(days=180)),
    }
    former = await factories.token_for(runtime, scene.brand, scene.guide.employee_id)
    assert (await api.post(query, id, token=former))["data"]["node"] is None
