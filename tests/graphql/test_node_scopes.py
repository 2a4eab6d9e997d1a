"""Scope on rows: lists of a branch, ids of another brand that are equal, ids that are none, what a share betrays."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from app.employees import organisation
from app.employees.models import EmployeeRow
from app.main import make_app
from app.platform.actor import SYSTEM
from app.platform.db import BrandSession, Database
from app.platform.ids import new_id
from app.platform.runtime import Runtime
from graphql_schema.paging import decode_global_id, encode_global_id
from graphql_schema.schema import NODES as FETCHERS
from tests import factories
from tests.documents import Client
from tests.graphql import authorisation_cells as cells
from tests.graphql.authorisation_quotations import built
from tests.graphql.stage import Stage
from tests.trade import purchase

EAST, WEST = ["guide", "colleague", "manager"], ["guide_elsewhere", "manager_elsewhere"]
EVERYBODY = ["owner", "guide", "colleague", "guide_elsewhere", "manager", "manager_elsewhere", "headquarters"]
PAGE = "{ totalCount edges { node { id } } }"

LISTS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "orgUnits": (
        f"{{ orgUnits {PAGE} }}",
        {"manager": ["east"], "manager_elsewhere": ["west"], "headquarters": ["root", "east", "west"]},
    ),
    "employees": (
        f"{{ employees {PAGE} }}",
        {"manager": EAST, "manager_elsewhere": WEST, "headquarters": EVERYBODY, "owner": EVERYBODY},
    ),
    "employees of the west": (
        f"query ($west: ID!) {{ employees(orgUnitId: $west) {PAGE} }}",
        {"manager": [], "manager_elsewhere": WEST, "headquarters": WEST, "owner_of_other_brand": []},
    ),
    "employees of the whole": (
        f"query ($root: ID!) {{ employees(orgUnitId: $root) {PAGE} }}",
        {"manager": EAST, "manager_elsewhere": WEST, "headquarters": EVERYBODY, "owner_of_other_brand": []},
    ),
    "stores": (
        f"{{ stores {PAGE} }}",
        {who: ["east_store", "west_store"] for who in ("guide", "manager", "manager_elsewhere", "owner")},
    ),
    "orders": (
        f"{{ orders {PAGE} }}",
        {
            "manager": ["unwanted", "contested", "order"],
            "manager_elsewhere": ["fetched", "loose"],
            "headquarters": ["unwanted", "fetched", "loose", "contested", "order"],
            "owner": ["unwanted", "fetched", "loose", "contested", "order"],
            "owner_of_other_brand": [],
        },
    ),
    "orders of the west's store": (
        f"query ($west_store: ID!) {{ orders(filter: {{storeId: $west_store}}) {PAGE} }}",
        {"manager": [], "manager_elsewhere": ["fetched", "loose"], "owner": ["fetched", "loose"]},
    ),
    "pickups": (
        f"{{ pickups {PAGE} }}",
        {
            **{who: ["fetched"] for who in ("guide", "colleague", "manager", "headquarters", "owner")},
            **{who: [] for who in ("guide_elsewhere", "manager_elsewhere", "owner_of_other_brand")},
        },
    ),
    "materials": (
        f"{{ materials {PAGE} }}",
        {
            **{who: ["material_of_east", "material"] for who in ("guide", "colleague", "headquarters", "owner")},
            **{who: ["material"] for who in ("guide_elsewhere", "manager", "manager_elsewhere")},
            "owner_of_other_brand": [],
        },
    ),
    "materials with those withdrawn": (
        f"{{ materials(withWithdrawn: true) {PAGE} }}",
        {
            **{who: ["withdrawn_material", "material_of_east", "material"] for who in ("headquarters", "owner")},
            "guide": ["material_of_east", "material"],
            "manager_elsewhere": ["material"],
        },
    ),
    "quotations": (
        f"{{ quotations {PAGE} }}",
        {
            **{who: ["quotation"] for who in ("guide", "manager", "headquarters", "owner")},
            **{who: [] for who in ("colleague", "guide_elsewhere", "manager_elsewhere", "owner_of_other_brand")},
        },
    ),
    "products": (
        f"{{ products {PAGE} }}",
        {who: ["withdrawn", "hidden", "product"] for who in ("guide", "manager_elsewhere", "headquarters")},
    ),
}
"""Query of each list, and the rows of each caller in their order; who is not named stands in the table of fields."""


@pytest.mark.parametrize("name", LISTS)
async def test_list_has_exactly_the_rows_of_the_callers_scope(stage: Stage, name: str) -> None:
    query, rows = LISTS[name]
    variables = {unit: stage.ids[unit] for unit in ("west", "root", "west_store") if f"${unit}:" in query}
    names = {global_id: known for known, global_id in stage.ids.items()}
    for caller, expected in rows.items():
        answer = await stage.ask(caller, query, **variables)
        assert "errors" not in answer, (caller, answer)
        [page] = answer["data"].values()
        assert [names[edge["node"]["id"]] for edge in page["edges"]] == expected, caller
        assert page["totalCount"] == len(expected), caller


async def test_rows_below_a_guide_are_the_guides_own(stage: Stage) -> None:
    query = f"""query ($id: ID!) {{ node(id: $id) {{ ... on Employee {{
      customers {PAGE} orders {PAGE} commissionEntries {PAGE} }} }} }}"""
    names = {global_id: known for known, global_id in stage.ids.items()}
    for who, customers, orders, entries in (
        ("guide", ["customer"], ["contested", "order"], 2),
        ("guide_elsewhere", [], ["fetched", "loose"], 2),
        ("colleague", [], ["unwanted"], 1),
    ):
        found = (await stage.ask("owner", query, id=stage.ids[who]))["data"]["node"]
        assert [names[edge["node"]["id"]] for edge in found["customers"]["edges"]] == customers
        assert [names[edge["node"]["id"]] for edge in found["orders"]["edges"]] == orders
        assert found["commissionEntries"]["totalCount"] == len(found["commissionEntries"]["edges"]) == entries


# --- ids that are none, or of something else


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "0",
        "Order:1",
        "ä" * 20,
        "A" * 201,
        "A" * 100_000,
        "T3JkZXI",  # "Order"
        "T3JkZXI6",  # "Order:" without a key
        "T3JkZXI6MQ",  # "Order:1"
        "b3JkZXI6AAAAAAAAAAAAAAAAAAAAAA",  # "order:" in lower case
        "T3JkZXI6AAAAAAAAAAAAAAAAAAAAAB",  # not what base64url would write
        "T3JkZXI6AAAAAAAAAAAAAAAAAAAAAA==",
        "' OR 1=1 --",
        "../../etc/passwd",
    ],
)
async def test_garbage_is_refused_with_a_code_and_without_inner_words(stage: Stage, text: str) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for caller, code in (("owner", "BAD_USER_INPUT"), ("customer", "BAD_USER_INPUT"), ("anonymous", "UNAUTHENTICATED")):
        answer = await stage.ask(caller, query, id=text)
        assert answer["data"] == {"node": None}
        [error] = answer["errors"]
        assert error["extensions"] == {"code": code}
        assert error["message"] in ("The id is not one of this API.", "Sign in first.")


async def test_well_formed_ids_of_nothing_are_null(stage: Stage) -> None:
    nothing, product = new_id(factories.at("2026-01-01T00:00:00+00:00")), stage.uuid("product")
    strange = [
        *(encode_global_id(kind, nothing) for kind in FETCHERS),
        *(encode_global_id(kind, nothing, nothing) for kind in FETCHERS),
        *(encode_global_id(kind, nothing, nothing, nothing) for kind in FETCHERS),
        encode_global_id("Product", product, product),
        encode_global_id("ShelfItem", product),
        encode_global_id("Planet", product),
        encode_global_id("Query", product),
        encode_global_id("Money", product),
    ]
    for caller in ("owner", "guide", "customer"):
        assert await found_among(stage, caller, strange) == set()


async def test_key_of_one_thing_under_another_type_finds_nothing(stage: Stage) -> None:
    """Every key of the stage under every type: what is found is what the stage has under just that name."""
    keys = {decode_global_id(known).uuids[0] for known in stage.ids.values()}
    asked = [encode_global_id(kind, uuid) for kind in FETCHERS for uuid in keys]
    for caller, column in (("customer", 2), ("manager", 7)):
        found = await found_among(stage, caller, asked)
        tabled = {stage.ids[name] for name, row in cells.NODES.items() if row.split()[column] == "O"}
        others = {stage.ids[name] for name in stage.ids if name not in cells.NODES}
        assert found - others == tabled - {stage.ids["item"], stage.ids["hidden_item"]}, caller


async def found_among(stage: Stage, caller: str, ids: list[Any]) -> set[str]:
    """Those of these ids that a caller finds, asked for fourteen at a time."""
    found: set[str] = set()
    for start in range(0, len(ids), 14):
        some = ids[start : start + 14]
        variables = {f"v{at}": value for at, value in enumerate(some)}
        declared = ", ".join(f"${name}: ID!" for name in variables)
        fields = " ".join(f"{name}: node(id: ${name}) {{ id }}" for name in variables)
        answer = await stage.ask(caller, f"query ({declared}) {{ {fields} }}", **variables)
        assert "errors" not in answer, answer
        found |= {node["id"] for node in answer["data"].values() if node is not None}
    return found


# --- a brand whose things have the same ids


@contextmanager
def minted(record: list[UUID], *, is_replay: bool) -> Iterator[None]:
    """Ids of brands' rows are written down, or come from what was written down."""
    mint, written = BrandSession.new_id, iter(list(record))

    def new(self: BrandSession) -> UUID:
        if is_replay:
            return next(written)
        record.append(mint(self))
        return record[-1]

    BrandSession.new_id = new  # type: ignore[method-assign]
    try:
        yield
    finally:
        BrandSession.new_id = mint  # type: ignore[method-assign]


@pytest.fixture(scope="module")
async def twins(runtime: Runtime, http: httpx.AsyncClient) -> tuple[Stage, Stage]:
    """Two stages in which every name has the same id, with names and amounts of their own."""
    record: list[UUID] = []
    with minted(record, is_replay=False):
        first = await built(runtime, http)
    with minted(record, is_replay=True):
        second = await built(runtime, http, mark="乙", price_minor=7_700, hold_days=9)
    differing = {name for name in first.ids if first.ids[name] != second.ids[name]}
    assert (differing, set(first.ids)) == ({"brand"}, set(second.ids))
    return first, second


@pytest.fixture(params=["row level security", "filters alone"])
async def served(
    request: pytest.FixtureRequest, runtime: Runtime, twins: tuple[Stage, Stage]
) -> AsyncIterator[tuple[Stage, Stage]]:
    """The twins as the serving role shows them, and as a role that row level security does not stop."""
    if request.param == "row level security":
        yield twins
        return
    database = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets, pool_size=3)
    app = make_app(dataclasses.replace(runtime, database=database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000") as client:
        first, second = (dataclasses.replace(stage, http=client) for stage in twins)
        yield first, second
    await database.close()


TOOLBOX = ("material", "material_of_east", "withdrawn_material")


def telling(stage: Stage) -> dict[str, tuple[str, str, Any]]:
    """By node: who asks, for what, and what it is in this brand alone."""
    mark, price = stage.mark, stage.price_minor
    named = {name: ("owner", "displayName", f"{mark}{name}") for name in EVERYBODY if name != "owner"}
    return named | {
        "brand": ("owner", "code", stage.brand.code),
        "east": ("owner", "name", f"{mark}east"),
        "east_store": ("customer", "name", f"{mark}east店"),
        "public_guide": ("customer", "displayName", f"{mark}guide"),
        "customer": ("guide", "displayName", f"{mark}**"),
        "other_customer": ("other_customer", "displayName", f"{mark}**"),
        "binding": ("guide", "guide { displayName }", {"displayName": f"{mark}guide"}),
        "touch": ("customer", "guide { displayName }", {"displayName": f"{mark}guide"}),
        "touch_elsewhere": ("manager", "guide { displayName }", {"displayName": f"{mark}guide_elsewhere"}),
        "touch_of_visitor": ("manager", "guide { displayName }", {"displayName": f"{mark}guide"}),
        "shop_of_guide": ("customer", "slug", stage.slugs["guide"]),
        "item": ("customer", "product { title }", {"title": f"{mark}product"}),
        "hidden_item": ("guide", "product { title }", {"title": f"{mark}hidden"}),
        "product": ("customer", "title", f"{mark}product"),
        "hidden": ("customer", "title", f"{mark}hidden"),
        "withdrawn": ("guide", "title", f"{mark}withdrawn"),
        "sku": ("customer", "price { minor }", {"minor": price}),
        "withdrawn_sku": ("guide", "price { minor }", {"minor": price}),
        "category": ("customer", "name", f"{mark}围巾"),
        "code_of_guide": ("guide", "token", stage.codes["guide"]),
        "code_of_store": ("manager", "token", stage.codes["store"]),
        "order": ("customer", "number", stage.facts["order"]),
        "contested": ("guide_elsewhere", "number", stage.facts["contested"]),
        "loose": ("manager_elsewhere", "number", stage.facts["loose"]),
        "fetched": ("other_customer", "number", stage.facts["fetched"]),
        "line": ("guide", "total { minor }", {"minor": price}),
        "after_sale": ("colleague", "reason", f"{mark}不合适"),
        "payment": ("customer", "clientParameters", {"confirmUrl": stage.facts["confirm_url"]}),
        "entry": ("guide", "amount { minor }", {"minor": price // 10}),
        "entry_of_store": ("manager", "amount { minor }", {"minor": price // 50}),
        "withdrawal": ("manager", "amount { minor }", {"minor": price // 10}),
        "policy": ("guide", "validityDays", 100 + stage.hold_days),
        "plan": ("guide", "holdDays", stage.hold_days),
        **{name: ("owner", "title", f"{mark}{name}") for name in TOOLBOX},
        "template": ("customer", "title", f"{mark}礼券"),
        "coupon": ("customer", "template { title }", {"title": f"{mark}礼券"}),
        "price_list": ("owner", "name", mark),
        "share": ("guide", "material { title }", {"title": f"{mark}material"}),
        "transfer": ("owner", "note", f"{mark}补货"),
        "east_location": ("owner", "name", f"{mark}east店"),
        "message": ("guide", "text", f"{mark}上新"),
        "quotation": ("customer", "note", f"{mark}报价"),
        "care_task": ("guide", "coupon { template { title } }", {"template": {"title": f"{mark}礼券"}}),
        "freight_template": ("owner", "name", f"{mark}全国"),
        "invoice": ("customer", "title", f"{mark}小明"),
        "poster": ("guide", "issuedCode { token }", {"token": stage.facts["poster_code"]}),
    }


async def test_equal_ids_lead_each_brand_to_its_own(served: tuple[Stage, Stage]) -> None:
    first, second = served
    # The last two say nothing by which brands differ: every brand is founded with the templates, and a batch counts.
    untold = {"root", "owner", "withdrawn_item", "poster_template", "poster_batch"}
    assert set(telling(first)) >= set(cells.NODES) - untold
    for mine, others in ((first, second), (second, first)):
        for name, (caller, select, own) in telling(mine).items():
            type_name = decode_global_id(mine.ids[name]).type_name
            query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {select} }} }} }}"
            answer = await mine.ask(caller, query, id=mine.ids[name])
            field = select.split()[0]
            assert answer == {"data": {"node": {field: own}}}, name
            assert telling(others)[name][2] != own, name


async def test_mutations_by_equal_ids_change_the_own_brand_alone(served: tuple[Stage, Stage]) -> None:
    first, second = served
    query = "query ($id: ID!) { node(id: $id) { ... on Sku { stock } } }"

    async def stocks() -> list[int]:
        return [(await one.ask("owner", query, id=one.ids["hidden_sku"]))["data"]["node"]["stock"] for one in served]

    before = await stocks()
    changed = await first.as_("owner").do(
        "StockAdjust", idempotencyKey=factories.key(), skuId=first.ids["hidden_sku"], change=5, reason="盘点"
    )
    assert changed["sku"]["stock"] == before[0] + 5
    assert await stocks() == [before[0] + 5, before[1]]
    item = "query ($id: ID!) { node(id: $id) { ... on ShelfItem { badge } } }"
    await second.as_("guide").do("ShelfItemUpdate", shelfItemId=second.ids["item"], badge="乙新")
    badges = [(await one.ask("guide", item, id=one.ids["item"]))["data"]["node"]["badge"] for one in served]
    assert badges == [None, "乙新"]


# --- what is seen of people by their shares


async def test_manager_who_sees_a_share_reads_nothing_private_of_a_guide_who_has_moved_away(
    http: httpx.AsyncClient, runtime: Runtime, scene: factories.Scene
) -> None:
    database = runtime.database
    buyer = await purchase.make_buyer(database, scene.brand)
    order_id = await purchase.make_order(database, scene, buyer)
    async with database.transaction(scene.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id)
        root_id = (
            await session.execute(sa.select(EmployeeRow.org_unit_id).where(*_is(session, scene.owner_id)))
        ).scalar_one()
        west_id = await organisation.create_unit(
            session, SYSTEM, code="WEST", name="西区", kind="AREA", parent_id=root_id, now=session.now
        )
        await session.execute(
            sa.update(EmployeeRow)
            .where(*_is(session, scene.guide.employee_id))
            .values(org_unit_id=west_id, store_id=None)
            .execution_options(synchronize_session=False)
        )
    client = Client(http, await factories.token_for(runtime, scene.brand, manager.employee_id))
    query = """query ($id: ID!) { node(id: $id) { ... on Order { attribution { shares { commission { minor }
      party { ... on Employee { displayName %s } } } } } } }"""
    seen = await client.query(query % "", id=encode_global_id("Order", order_id))
    [share] = seen["data"]["node"]["attribution"]["shares"]
    assert share == {"commission": {"minor": 1_290}, "party": {"displayName": "林知夏"}}
    for private in (
        "today { orders }",
        "commission { held { minor } }",
        "commissionEntries { totalCount }",
        'commissionStatement(month: "2026-11") { asOf }',
        "withdrawals { totalCount }",
        "customers { totalCount }",
        "orders { totalCount }",
        "trainingAssignments { totalCount }",
        "shares { totalCount }",
        "inbox { totalCount }",
    ):
        answer = await client.query(query % private, id=encode_global_id("Order", order_id))
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"], private


def _is(session: BrandSession, employee_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == employee_id
