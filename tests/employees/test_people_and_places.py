"""Units, stores and employees over the API: headquarters' documents, and who may send them."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.employees import sessions
from app.employees.models import OrgUnitRow, StoreRow
from app.platform.actor import Actor
from app.platform.db import Database
from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests.employees.api import Api, documents, make_api
from tests.employees.conftest import Company

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
STORE = """query ($id: ID!) { node(id: $id) { ... on Store { name address openingHours { weekday opens closes }
  code operator legalEntity territory orgUnit { code parent { code } } } } }"""
PRIVATE = (
    "trainingAssignments(first: 5, states: [PUSHED]) { totalCount edges { node { id } } }",
    "shares(first: 5) { totalCount edges { node { id } } }",
    "inbox(first: 5) { unreadCount totalCount edges { node { id } } }",
)


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[Api]:
    made = make_api(runtime)
    yield made
    await made.client.aclose()


async def token(runtime: Runtime, company: Company, who: str) -> str | None:
    """A fresh access token of one of the company's people, or of a customer of it; None for nobody."""
    if who == "nobody":
        return None
    async with runtime.database.transaction(company.brand) as session:
        actor: Actor | None = None if who == "customer" else getattr(company, who)
        opened = await sessions.open_session(
            session,
            audience="CUSTOMER" if actor is None else "EMPLOYEE",
            principal_id=session.new_id() if actor is None else actor.employee_id or company.root_id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
        return opened.access_token


def gid(kind: str, key: UUID | None) -> str:
    assert key is not None
    return str(encode_global_id(kind, key))


async def count(database: Database, company: Company, row: Any) -> int:
    async with database.reading(company.brand) as session:
        found = await session.execute(
            sa.select(sa.func.count()).select_from(row).where(row.brand_id == company.brand.id)
        )
        return int(found.scalar_one())


def a_unit(company: Company, **changes: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "unit-key-00000001", "code": "NORTH", "name": "北区", "kind": "AREA"}
    return given | {"parentId": gid("OrgUnit", company.root_id)} | changes


def a_store(company: Company, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "idempotencyKey": "store-key-0000001",
        "code": "N01",
        "name": "北店",
        "orgUnitId": gid("OrgUnit", company.west_id),
        "operator": "DEALER",
        "legalEntity": "某某有限公司",
        "territory": "四川",
        "city": "成都",
        "address": "中纱帽街 8 号",
        "openingHours": [{"weekday": 1, "opens": "10:00", "closes": "22:00"}],
        "returnAddress": {
            "recipient": "王小明",
            "phone": "19900000316",
            "province": "四川省",
            "city": "成都市",
            "district": "锦江区",
            "street": "中纱帽街 8 号",
        },
    }
    return given | changes


# --- lists


async def test_headquarters_list_units_in_the_order_of_the_tree(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "headquarters")
    page = await api.data("OrgUnits", token=key)
    root, east, west = (edge["node"] for edge in page["edges"])
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, False)
    assert [unit["code"] for unit in (root, east, west)] == ["HQ", "EAST", "WEST"]
    assert [unit["kind"] for unit in (root, east, west)] == ["HEADQUARTERS", "AREA", "AREA"]
    assert [unit["parent"] for unit in (root, east, west)] == [None, {"id": root["id"]}, {"id": root["id"]}]


async def test_a_manager_lists_the_own_branch_without_what_is_above(
    api: Api, runtime: Runtime, company: Company
) -> None:
    page = await api.data("OrgUnits", token=await token(runtime, company, "manager"))
    assert (page["totalCount"], [edge["node"]["code"] for edge in page["edges"]]) == (1, ["EAST"])
    assert page["edges"][0]["node"]["parent"] is None


async def test_lists_are_walked_page_by_page(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "owner")
    for operation, total in (("OrgUnits", 3), ("StaffStores", 2), ("StaffEmployees", 5)):
        seen: list[str] = []
        after = None
        while True:
            page = await api.data(operation, {"first": 1, "after": after}, token=key)
            assert page["totalCount"] == total
            seen += [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert len(seen) == len(set(seen)) == total


async def test_any_employee_lists_stores(api: Api, runtime: Runtime, company: Company) -> None:
    page = await api.data("StaffStores", token=await token(runtime, company, "guide"))
    stores = [edge["node"] for edge in page["edges"]]
    assert [(store["code"], store["city"], store["operator"]) for store in stores] == [
        ("EAST01", "上海", "OWN"),
        ("WEST01", "成都", "OWN"),
    ]
    assert stores[0]["orgUnit"] == {"id": gid("OrgUnit", company.east_id)}


async def test_a_manager_lists_the_branchs_employees(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "manager")
    page = await api.data("StaffEmployees", token=key)
    assert [edge["node"]["displayName"] for edge in page["edges"]] == ["Manager", "Guide"]
    guide = page["edges"][1]["node"]
    assert (guide["role"], guide["state"], guide["functions"], guide["guide"]) == ("GUIDE", "ACTIVE", [], None)
    assert guide["store"]["id"] == gid("Store", company.east_store_id)
    other = await api.data("StaffEmployees", {"orgUnitId": gid("OrgUnit", company.west_id)}, token=key)
    assert (other["totalCount"], other["edges"]) == (0, [])


@pytest.mark.parametrize(("operation", "most"), [("OrgUnits", 4), ("StaffStores", 3), ("StaffEmployees", 3)])
async def test_statements_do_not_grow_with_the_list(
    api: Api, runtime: Runtime, company: Company, counted: Callable[[], Any], operation: str, most: int
) -> None:
    key = await token(runtime, company, "owner")
    for first in (1, 50):
        with counted() as statements:
            await api.data(operation, {"first": first}, token=key)
        own = [text for text in statements if "FROM brand" not in text]
        assert len(own) <= most, own


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("nobody", []),
        ("customer", []),
        ("guide", ["StaffStores"]),
        ("manager", ["OrgUnits", "StaffEmployees", "StaffStores"]),
        ("headquarters", ["OrgUnits", "StaffEmployees", "StaffStores"]),
        ("owner", ["OrgUnits", "StaffEmployees", "StaffStores"]),
    ],
)
async def test_who_may_list_what(api: Api, runtime: Runtime, company: Company, who: str, allowed: list[str]) -> None:
    key = await token(runtime, company, who)
    refused = "UNAUTHENTICATED" if who == "nobody" else "FORBIDDEN"
    for operation in ("OrgUnits", "StaffEmployees", "StaffStores"):
        codes = await api.codes(documents()[operation], token=key)
        assert codes == ([] if operation in allowed else [refused]), operation


@pytest.mark.parametrize(
    "variables", [{"first": 0}, {"first": 101}, {"first": -1}, {"after": "x"}, {"orgUnitId": "x"}, {"orgUnitId": ""}]
)
async def test_bad_arguments_of_a_list_are_the_callers_fault(
    api: Api, runtime: Runtime, company: Company, variables: dict[str, Any]
) -> None:
    key = await token(runtime, company, "owner")
    assert await api.codes(documents()["StaffEmployees"], variables, token=key) == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_list_is_refused(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "owner")
    page = await api.data("StaffStores", {"first": 1}, token=key)
    variables = {"after": page["pageInfo"]["endCursor"]}
    assert await api.codes(documents()["OrgUnits"], variables, token=key) == ["BAD_USER_INPUT"]


# --- nodes


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("owner", {"brand", "root", "east", "west", "store", "guide", "manager", "headquarters"}),
        ("headquarters", {"brand", "root", "east", "west", "store", "guide", "manager", "headquarters"}),
        ("manager", {"brand", "east", "store", "guide", "manager"}),
        ("guide", {"brand", "store", "guide"}),
        ("customer", {"brand", "store"}),
    ],
)
async def test_which_nodes_are_whose(
    api: Api, runtime: Runtime, company: Company, other_company: Company, who: str, seen: set[str]
) -> None:
    def ids(of: Company) -> dict[str, str]:
        return {
            "brand": gid("Brand", of.brand.id),
            "root": gid("OrgUnit", of.root_id),
            "east": gid("OrgUnit", of.east_id),
            "west": gid("OrgUnit", of.west_id),
            "store": gid("Store", of.east_store_id),
            "guide": gid("Employee", of.guide.employee_id),
            "manager": gid("Employee", of.manager.employee_id),
            "headquarters": gid("Employee", of.headquarters.employee_id),
        }

    key = await token(runtime, company, who)
    found = {}
    for name, node_id in ids(company).items():
        found[name] = (await api.send(NODE, {"id": node_id}, token=key))["data"]["node"]
    assert {name for name, node in found.items() if node is not None} == seen
    assert all(node["id"] == ids(company)[name] for name, node in found.items() if node is not None)
    for node_id in ids(other_company).values():
        assert (await api.send(NODE, {"id": node_id}, token=key))["data"] == {"node": None}


async def test_whoever_has_no_shop_is_no_guide(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "owner")
    answer = await api.send(NODE, {"id": gid("Guide", company.manager.employee_id)}, token=key)
    assert answer["data"] == {"node": None}


async def test_a_stores_staff_fields_are_for_employees(api: Api, runtime: Runtime, company: Company) -> None:
    node_id = {"id": gid("Store", company.east_store_id)}
    public = "query ($id: ID!) { node(id: $id) { ... on Store { name city address openingHours { opens } } } }"
    key = await token(runtime, company, "customer")
    assert await api.codes(public, node_id, token=key) == []
    for field in ("code", "operator", "legalEntity", "territory", "orgUnit { id }"):
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Store {{ {field} }} }} }}"
        assert await api.codes(query, node_id, token=key) == ["FORBIDDEN"], field
    seen = (await api.send(STORE, node_id, token=await token(runtime, company, "guide")))["data"]["node"]
    assert (seen["code"], seen["orgUnit"]) == ("EAST01", {"code": "EAST", "parent": None})


@pytest.mark.parametrize("field", PRIVATE)
async def test_what_is_a_persons_own(api: Api, runtime: Runtime, company: Company, field: str) -> None:
    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Employee {{ {field} }} }} }}"
    for who in ("guide", "manager", "headquarters", "owner"):
        key = await token(runtime, company, who)
        body = await api.send(query, {"id": gid("Employee", company.guide.employee_id)}, token=key)
        [page] = body["data"]["node"].values()
        assert (page["totalCount"], page["edges"]) == (0, [])


# --- making


async def test_a_unit_is_made_once_for_a_key(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "headquarters")
    first = await api.mutate("OrgUnitCreate", token=key, **a_unit(company))
    again = await api.mutate("OrgUnitCreate", token=key, **a_unit(company))
    assert first == again and first["orgUnit"]["code"] == "NORTH"
    other = await api.mutate("OrgUnitCreate", token=key, **a_unit(company, name="南区"))
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert await count(runtime.database, company, OrgUnitRow) == 4


async def test_a_store_is_made_with_all_that_is_told(api: Api, runtime: Runtime, company: Company) -> None:
    key = await token(runtime, company, "owner")
    made = await api.mutate("StoreCreate", token=key, **a_store(company))
    assert (made["store"]["code"], made["store"]["name"], made["store"]["city"]) == ("N01", "北店", "成都")
    seen = (await api.send(STORE, {"id": made["store"]["id"]}, token=key))["data"]["node"]
    assert seen == {
        "name": "北店",
        "address": "中纱帽街 8 号",
        "openingHours": [{"weekday": 1, "opens": "10:00", "closes": "22:00"}],
        "code": "N01",
        "operator": "DEALER",
        "legalEntity": "某某有限公司",
        "territory": "四川",
        "orgUnit": {"code": "WEST", "parent": {"code": "HQ"}},
    }


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"code": "EAST"}, "Conflict", ["code"]),
        ({"code": " "}, "InvalidInput", ["code"]),
        ({"kind": "HEADQUARTERS"}, "InvalidInput", ["kind"]),
        ({"parentId": "x"}, "InvalidInput", ["parentId"]),
        ({"parentId": gid("Store", UUID(int=7))}, "InvalidInput", ["parentId"]),
        ({"parentId": gid("OrgUnit", UUID(int=7))}, "NotFound", ["parentId"]),
        ({"idempotencyKey": "short"}, "InvalidInput", ["idempotencyKey"]),
    ],
)
async def test_a_refused_unit_is_not_made_and_its_key_stays_free(
    api: Api, runtime: Runtime, company: Company, changes: dict[str, Any], kind: str, path: list[str]
) -> None:
    key = await token(runtime, company, "owner")
    refused = await api.mutate("OrgUnitCreate", token=key, **a_unit(company, **changes))
    assert (refused["__typename"], refused["path"]) == (kind, path)
    assert await count(runtime.database, company, OrgUnitRow) == 3
    made = await api.mutate("OrgUnitCreate", token=key, **a_unit(company))
    assert made["__typename"] == "OrgUnitCreatePayload"


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"code": "EAST01"}, "Conflict", ["code"]),
        ({"openingHours": [{"weekday": 9, "opens": "1", "closes": "2"}]}, "InvalidInput", ["openingHours"]),
        ({"orgUnitId": gid("OrgUnit", UUID(int=7))}, "NotFound", ["orgUnitId"]),
    ],
)
async def test_a_refused_store_is_not_made(
    api: Api, runtime: Runtime, company: Company, changes: dict[str, Any], kind: str, path: list[str]
) -> None:
    key = await token(runtime, company, "owner")
    refused = await api.mutate("StoreCreate", token=key, **a_store(company, **changes))
    assert (refused["__typename"], refused["path"]) == (kind, path)
    assert await count(runtime.database, company, StoreRow) == 2


async def test_another_brands_unit_is_not_found(
    api: Api, runtime: Runtime, company: Company, other_company: Company
) -> None:
    key = await token(runtime, company, "owner")
    strange = gid("OrgUnit", other_company.root_id)
    unit = await api.mutate("OrgUnitCreate", token=key, **a_unit(company, parentId=strange))
    store = await api.mutate("StoreCreate", token=key, **a_store(company, orgUnitId=strange))
    assert (unit["__typename"], store["__typename"]) == ("NotFound", "NotFound")


@pytest.mark.parametrize("who", ["nobody", "customer", "guide", "manager"])
async def test_only_headquarters_make_units_and_stores(api: Api, runtime: Runtime, company: Company, who: str) -> None:
    key = await token(runtime, company, who)
    refused = ["UNAUTHENTICATED" if who == "nobody" else "FORBIDDEN"]
    for operation, given in (("OrgUnitCreate", a_unit(company)), ("StoreCreate", a_store(company))):
        assert await api.codes(documents()[operation], {"input": given}, token=key) == refused
    counted = await count(runtime.database, company, OrgUnitRow), await count(runtime.database, company, StoreRow)
    assert counted == (3, 2)
