"""What belongs to a guide: for the guide, a manager of the branch, headquarters and the owner, by the real loaders."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.employees import staff
from app.employees.sessions import open_session
from app.marketing import onboarding
from app.platform.actor import SYSTEM
from app.platform.runtime import Runtime
from tests.employees.api import Api, make_api
from tests.employees.conftest import Company, actor_of, new_phone
from tests.employees.test_people_and_places import gid, token

PRIVATE = {
    "today": "today { visits newCustomers orders netSales { minor } commission { minor } }",
    "commission": "commission { held { minor } }",
    "commissionEntries": "commissionEntries { totalCount edges { node { id } } }",
    "customers": "customers { totalCount edges { node { id } } }",
    "orders": "orders { totalCount edges { node { id } } }",
    "trainingAssignments": "trainingAssignments { totalCount }",
    "shares": "shares { totalCount }",
    "inbox": "inbox { unreadCount }",
}


@dataclass(frozen=True, slots=True)
class People:
    """The company, with a seller of the east store who has a shop, a colleague there, and a manager of the west."""

    company: Company
    seller_id: UUID
    slug: str | None
    tokens: dict[str, str | None]


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[Api]:
    made = make_api(runtime)
    yield made
    await made.client.aclose()


@pytest.fixture
async def people(runtime: Runtime, company: Company, other_company: Company) -> People:
    async with runtime.database.transaction(company.brand) as session:
        made = await onboarding.onboard(
            session,
            SYSTEM,
            display_name="林知夏",
            phone=new_phone(),
            role="GUIDE",
            store_id=company.east_store_id,
            now=session.now,
        )
        stranger_id = await staff.create_employee(
            session,
            SYSTEM,
            display_name="West manager",
            phone=new_phone(),
            role="MANAGER",
            org_unit_id=company.west_id,
            now=session.now,
        )
        seller = await actor_of(runtime, session, made.employee_id)
        stranger = await actor_of(runtime, session, stranger_id)
    assert (seller.shop_id, stranger.shop_id) == (made.shop_id, None)
    tokens = {who: await token(runtime, company, who) for who in ("nobody", "customer", "guide", "manager")}
    tokens |= {who: await token(runtime, company, who) for who in ("headquarters", "owner")}
    tokens["owner of another brand"] = await token(runtime, other_company, "owner")
    for who, actor in (("seller", seller), ("manager of another branch", stranger)):
        tokens[who] = await _token_of(runtime, company, actor.employee_id)
    return People(company, made.employee_id, made.slug, tokens)


async def _token_of(runtime: Runtime, company: Company, employee_id: UUID | None) -> str:
    assert employee_id is not None
    async with runtime.database.transaction(company.brand) as session:
        opened = await open_session(
            session,
            audience="EMPLOYEE",
            principal_id=employee_id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    return opened.access_token


@pytest.mark.parametrize("field", list(PRIVATE))
async def test_whose_private_fields_are_read_by_whom(api: Api, people: People, field: str) -> None:
    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Employee {{ {PRIVATE[field]} }} }} }}"
    seen = {}
    for who, key in people.tokens.items():
        body = await api.send(query, {"id": gid("Employee", people.seller_id)}, token=key)
        codes = [error["extensions"]["code"] for error in body.get("errors", [])]
        seen[who] = codes or ("hidden" if body["data"]["node"] is None else "seen")
    assert seen == {
        "nobody": ["UNAUTHENTICATED"],
        "customer": "hidden",
        "guide": "hidden",
        "manager": "seen",
        "headquarters": "seen",
        "owner": "seen",
        "owner of another brand": "hidden",
        "seller": "seen",
        "manager of another branch": "hidden",
    }


async def test_the_guides_home_is_answered_in_a_bounded_number_of_statements(
    api: Api, people: People, counted: Callable[[], Any]
) -> None:
    with counted() as statements:
        viewer = await api.data("GuideHome", token=people.tokens["seller"])
    employee = viewer["employee"]
    assert (employee["displayName"], employee["role"]) == ("林知夏", "GUIDE")
    assert employee["store"] == {"id": gid("Store", people.company.east_store_id), "name": "上海店"}
    assert employee["shop"]["slug"] == people.slug and employee["shop"]["codeUrl"]
    assert [employee["today"][name] for name in ("visits", "newCustomers", "orders")] == [0, 0, 0]
    assert [employee["commission"][name]["minor"] for name in ("estimated", "held", "payable", "paid", "debt")] == [
        0
    ] * 5
    assert employee["trainingAssignments"] == {"totalCount": 0, "edges": []}
    assert len(statements) <= 12, statements


async def test_a_shop_makes_a_guide_whom_customers_see(api: Api, people: People) -> None:
    page = await api.data("StaffEmployees", token=people.tokens["manager"])
    guides = {edge["node"]["displayName"]: edge["node"]["guide"] for edge in page["edges"]}
    assert guides == {"Manager": None, "Guide": None, "林知夏": {"id": gid("Guide", people.seller_id)}}
    query = "query ($id: ID!) { node(id: $id) { __typename ... on Guide { displayName title store { name city } } } }"
    seen = await api.send(query, {"id": gid("Guide", people.seller_id)}, token=people.tokens["customer"])
    assert seen["data"]["node"] == {
        "__typename": "Guide",
        "displayName": "林知夏",
        "title": None,
        "store": {"name": "上海店", "city": "上海"},
    }
