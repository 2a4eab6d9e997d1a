"""The clients' documents over HTTP in two brands of equal ids: no answer shows, and no mutation touches, the other's.

A global id names no brand, so the very same ids lead each caller to the own things only.
"""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.commission.models import PlanRow, ShareRow
from app.customers.models import BindingHeadRow, BindingPolicyRow
from app.main import make_app
from app.platform.db import BrandSession, Database
from app.platform.runtime import Runtime
from app.trade.models import OrderLineRow
from tests.flows import twin_documents, twin_goods, twin_rows, twins
from tests.flows.twins import NOW, Tale

pytestmark = pytest.mark.xdist_group("two brands")


@dataclasses.dataclass(frozen=True)
class Pair:
    """The two stories. `alone`: every answer about the first before the second began."""

    first: Tale
    second: Tale
    alone: dict[str, Any]


@asynccontextmanager
async def client_of(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=make_app(runtime), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def equal_ids() -> Iterator[None]:
    with twins.equal_ids():
        yield


@pytest.fixture(scope="module")
async def pair(runtime: Runtime) -> Pair:
    first = await twins.tell(runtime, "甲", price_minor=11_100, stock_pieces=30)
    await find_the_rest(runtime, first)
    async with client_of(runtime) as http:
        alone = await twin_documents.ask_all(http, first)
    second = await twins.tell(runtime, "乙", price_minor=7_700, stock_pieces=45, has_epilogue=True)
    await find_the_rest(runtime, second)
    return Pair(first, second, alone)


async def find_the_rest(runtime: Runtime, tale: Tale) -> None:
    """Ids that the story's steps do not give."""

    async def one(session: BrandSession, kind: Any, column: Any, *conditions: Any) -> Any:
        found = sa.select(column).where(kind.brand_id == session.brand_id, *conditions).order_by(column).limit(1)
        return (await session.execute(found)).scalar_one()

    async with runtime.database.reading(tale.brand) as session:
        is_customers = BindingHeadRow.customer_id == tale.ids["customer"]
        tale.ids["binding"] = await one(session, BindingHeadRow, BindingHeadRow.binding_id, is_customers)
        tale.ids["line"] = await one(session, OrderLineRow, OrderLineRow.id, OrderLineRow.order_id == tale.ids["paid"])
        tale.ids["entry"] = await one(session, ShareRow, ShareRow.id, ShareRow.party_id == tale.ids["guide"])
        tale.ids["policy"] = await one(session, BindingPolicyRow, BindingPolicyRow.id)
        tale.ids["plan"] = await one(session, PlanRow, PlanRow.id)


@pytest.fixture(params=["row level security", "filters alone"])
async def http(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The application as it is served, and on a role that row level security does not stop."""
    if request.param == "row level security":
        async with client_of(runtime) as client:
            yield client
        return
    database = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets, pool_size=5)
    async with client_of(dataclasses.replace(runtime, database=database)) as client:
        yield client
    await database.close()


def test_every_operation_of_today_is_tried() -> None:
    assert {name for name, _, _ in twin_documents.QUERIES} == twin_documents.answered("query")
    tried = {word for name in twin_documents.MUTATIONS for word in name.split() if word[0].isupper()}
    assert tried == twin_documents.answered("mutation")


async def test_answers_about_a_brand_are_those_from_before_the_other_existed(
    http: httpx.AsyncClient, pair: Pair
) -> None:
    found = await twin_documents.ask_all(http, pair.first)
    different = [name for name in found if found[name] != pair.alone[name]]
    assert different == []
    assert [name for name, answer in found.items() if "乙" in str(answer)] == []


async def test_the_same_ids_lead_callers_of_the_other_brand_to_their_own(http: httpx.AsyncClient, pair: Pair) -> None:
    kinds, others = twin_documents.nodes(pair.first), twin_documents.nodes(pair.second)
    assert {kind for kind in kinds if kinds[kind] != others[kind]} == {"Brand"}
    found = await twin_documents.ask_all(http, pair.second)
    assert [name for name, answer in found.items() if "甲" in str(answer)] == []


async def test_id_of_the_other_brand_itself_leads_nowhere(http: httpx.AsyncClient, pair: Pair) -> None:
    [foreign] = twin_documents.nodes(pair.first)["Brand"]
    for caller in twin_documents.CALLERS:
        answer = await twin_documents.as_(http, pair.second, caller).query(twin_documents.NODE, id=foreign)
        assert answer == {"data": {"node": None}}


async def test_tokens_and_slugs_of_one_brand_are_refused_to_callers_of_the_other(
    http: httpx.AsyncClient, pair: Pair, owner_url: str
) -> None:
    before = [twin_rows.hashes(owner_url, tale.brand) for tale in (pair.first, pair.second)]
    stranger = twin_documents.as_(http, pair.second, "customer")
    place = twin_documents.order_fields(pair.first)
    for name, variables in (
        ("ShopPage", {"slug": pair.first.tokens["slug_of_guide"]}),
        ("OrderPlace", {"input": place}),
        ("CodeScan", {"input": twin_documents.keyed(code=pair.first.tokens["code_of_guide"])}),
    ):
        answer = await stranger.send(name, **variables)
        assert "甲" not in str(answer.get("data", answer)), name
        assert answer.get("errors") or "Payload" not in str(answer), (name, answer)
    assert [twin_rows.hashes(owner_url, tale.brand) for tale in (pair.first, pair.second)] == before


@pytest.mark.parametrize("path", ["/s/{slug_of_guide}", "/q/{code_of_guide}", "/q/{product_code}"])
async def test_pages_of_one_brand_show_nothing_of_the_other(
    http: httpx.AsyncClient, pair: Pair, owner_url: str, path: str
) -> None:
    theirs = twin_rows.hashes(owner_url, pair.first.brand)
    answer = await http.get(path.format(**pair.second.tokens), follow_redirects=True)
    assert answer.status_code == 200
    assert "乙" in answer.text
    assert "甲" not in answer.text
    assert twin_rows.hashes(owner_url, pair.first.brand) == theirs


@pytest.mark.parametrize("name", twin_documents.MUTATIONS)
async def test_no_mutation_touches_a_row_of_the_other_brand(
    runtime: Runtime, http: httpx.AsyncClient, pair: Pair, owner_url: str, name: str
) -> None:
    if name == "SignOut":
        await sign_in_again(runtime, pair.second)
    if "OrderShip" in name:
        async with runtime.database.transaction(pair.second.brand, now=NOW) as session:
            pair.second.ids["to_send"] = await twin_goods.buy_one(session, pair.second)
    mine, theirs = (twin_rows.hashes(owner_url, tale.brand) for tale in (pair.second, pair.first))
    await twin_documents.MUTATIONS[name](http, pair.second)
    assert twin_rows.hashes(owner_url, pair.first.brand) == theirs
    assert twin_rows.hashes(owner_url, pair.second.brand) != mine


async def sign_in_again(runtime: Runtime, tale: Tale) -> None:
    """Mutations run once for each role: what the first run ended begins anew."""
    async with runtime.database.transaction(tale.brand, now=NOW) as session:
        await twins.open_session(runtime, session, tale, "manager", "EMPLOYEE")


async def test_after_all_that_the_answers_about_the_first_brand_are_still_the_same(
    http: httpx.AsyncClient, pair: Pair
) -> None:
    assert await twin_documents.ask_all(http, pair.first) == pair.alone
