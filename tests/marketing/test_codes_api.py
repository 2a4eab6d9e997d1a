"""CodeCreate, CodeScan, EmployeeCreate and codeRevoke over HTTP, with the clients' own documents."""

import asyncio
from collections import Counter

import httpx
import pytest

from app.customers import visitors
from app.customers.models import BindingRow, TouchpointRow, VisitorRow
from app.employees.models import EmployeeRow
from app.marketing.models import CodeRow
from app.platform.db import Database
from app.platform.runtime import Runtime
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.documents import OPERATIONS
from tests.factories import Scene
from tests.marketing.api import Api
from tests.marketing.walk import Walk

REVOKE = """mutation($input: CodeRevokeInput!) { codeRevoke(input: $input) { __typename
  ... on CodeRevokePayload { revokedCode { id isRevoked } replacement { token } } ... on UserError { code path } } }"""


@pytest.fixture
def api(http: httpx.AsyncClient) -> Api:
    return Api(http)


@pytest.fixture
def walk(database: Database, scene: Scene) -> Walk:
    return Walk(database, scene.brand)


async def staff_token(runtime: Runtime, scene: Scene, employee_id: object = None) -> str:
    return await factories.token_for(runtime, scene.brand, employee_id or scene.guide.employee_id)  # type: ignore[arg-type]


async def test_a_guide_makes_a_code_and_its_addresses_lead_here(api: Api, runtime: Runtime, scene: Scene) -> None:
    token = await staff_token(runtime, scene)
    made = await api.mutate(
        "CodeCreate", token=token, idempotencyKey=factories.key(), kind="SHOP", channel="POSTER", label="橱窗"
    )
    assert made["__typename"] == "CodeCreatePayload"
    code = made["issuedCode"]
    base = runtime.settings.base_url
    assert (code["kind"], code["label"], code["scanCount"]) == ("SHOP", "橱窗", 0)
    assert code["url"] == f"{base}/q/{code['token']}" and code["imageUrl"] == f"{base}/codes/{code['token']}.png"
    assert (await api.http.get(f"/codes/{code['token']}.svg")).status_code == 200
    await api.mutate("CodeScan", code=code["token"], idempotencyKey=factories.key())
    node = await api.post(
        "query($id: ID!) { node(id: $id) { ... on Code { scanCount } } }", {"id": code["id"]}, token=token
    )
    assert node["data"] == {"node": {"scanCount": 1}}


async def test_making_a_code_is_idempotent(api: Api, runtime: Runtime, walk: Walk, scene: Scene) -> None:
    token, key = await staff_token(runtime, scene), factories.key()
    before = await walk.count(CodeRow)
    answers = await asyncio.gather(
        *(api.mutate("CodeCreate", token=token, idempotencyKey=key, kind="SHOP") for _ in range(8))
    )
    assert len({answer["issuedCode"]["id"] for answer in answers}) == 1
    assert await walk.count(CodeRow) == before + 1
    other = await api.mutate("CodeCreate", token=token, idempotencyKey=key, kind="STORE")
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    assert await walk.count(CodeRow) == before + 1


async def test_bad_targets_are_user_errors(api: Api, runtime: Runtime, scene: Scene) -> None:
    token = await staff_token(runtime, scene)
    for kind, target, expected in (
        ("PRODUCT", "x", "InvalidInput"),
        ("CAMPAIGN", "x", "InvalidInput"),
        ("CAMPAIGN", encode_global_id("CouponTemplate", scene.product_id), "NotFound"),
        ("PRODUCT", encode_global_id("Shop", scene.product_id), "InvalidInput"),
        ("PRODUCT", encode_global_id("Product", scene.sku_id), "NotFound"),
        ("SHOP", encode_global_id("Shop", scene.other_guide.shop_id or scene.sku_id), "NotFound"),
    ):
        made = await api.mutate("CodeCreate", token=token, idempotencyKey=factories.key(), kind=kind, targetId=target)
        assert (made["__typename"], made["path"]) == (expected, ["targetId"])


async def test_an_anonymous_scan_answers_visitor_touchpoint_and_shop(api: Api, walk: Walk, scene: Scene) -> None:
    answer = await api.mutate("CodeScan", code=scene.guide.token, idempotencyKey=factories.key(), channel="POSTER")
    assert answer["__typename"] == "CodeScanPayload" and len(answer["visitorToken"]) == 43
    assert answer["shop"] == {"slug": scene.guide.slug} and answer["binding"] is None
    touchpoint = answer["touchpoint"]
    assert (touchpoint["kind"], touchpoint["channel"]) == ("SCAN", "POSTER")
    assert touchpoint["guide"]["displayName"] == "林知夏"
    again = await api.mutate(
        "CodeScan", code=scene.guide.token, idempotencyKey=factories.key(), visitorToken=answer["visitorToken"]
    )
    assert again["touchpoint"]["id"] == touchpoint["id"] and again["visitorToken"] == answer["visitorToken"]
    assert await walk.counts() == {"touchpoints": 1, "visitors": 1, "touch_heads": 1}


async def test_a_repeated_key_gives_the_same_visitor_token_and_another_body_a_conflict(
    api: Api, walk: Walk, scene: Scene
) -> None:
    key = factories.key()
    answers = await asyncio.gather(
        *(api.mutate("CodeScan", code=scene.guide.token, idempotencyKey=key) for _ in range(10))
    )
    assert len({answer["visitorToken"] for answer in answers}) == 1
    assert await walk.count(VisitorRow) == 1
    other = await api.mutate("CodeScan", code=scene.guide.token, idempotencyKey=key, channel="SMS")
    assert other["__typename"] == "IdempotencyConflict"
    # An anonymous key counts for its code alone.
    elsewhere = await api.mutate("CodeScan", code=scene.other_guide.token, idempotencyKey=key)
    assert elsewhere["__typename"] == "CodeScanPayload" and await walk.count(TouchpointRow) == 2


async def test_a_customers_scan_tells_the_binding(api: Api, runtime: Runtime, walk: Walk, scene: Scene) -> None:
    customer_id = await walk.make_customer()
    token = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    key = factories.key()
    first = await api.mutate("CodeScan", token=token, code=scene.guide.token, idempotencyKey=key)
    assert first["binding"]["state"] == "ACTIVE_PROTECTED"
    assert first["binding"]["guide"]["displayName"] == "林知夏"
    assert first["binding"]["protectedUntil"] < first["binding"]["expiresAt"]
    assert await api.mutate("CodeScan", token=token, code=scene.guide.token, idempotencyKey=key) == first
    lost = await api.mutate("CodeScan", token=token, code=scene.other_guide.token, idempotencyKey=factories.key())
    assert lost["binding"] == first["binding"] and lost["touchpoint"]["guide"]["displayName"] == "周予安"
    assert await walk.count(BindingRow) == 1


@pytest.mark.parametrize("code", ["", "x", "x" * 20, "x" * 10_240, "\u0001" * 20, "码" * 20])
async def test_a_forged_code_is_not_found(api: Api, walk: Walk, scene: Scene, code: str) -> None:
    answer = await api.mutate("CodeScan", code=code, idempotencyKey=factories.key())
    assert (answer["__typename"], answer["code"], answer["path"]) == ("NotFound", "NOT_FOUND", ["code"])
    assert await walk.counts() == {}


async def test_short_keys_and_unknown_channels_are_refused(api: Api, walk: Walk, scene: Scene) -> None:
    answer = await api.mutate("CodeScan", code=scene.guide.token, idempotencyKey="short")
    assert (answer["__typename"], answer["path"]) == ("InvalidInput", ["idempotencyKey"])
    variables = {"input": {"code": scene.guide.token, "idempotencyKey": factories.key(), "channel": "PIGEON"}}
    assert await api.codes("CodeScan", variables) == ["BAD_USER_INPUT"]
    assert await walk.counts() == {}


async def test_another_brands_code_is_not_there_for_who_is_signed_in(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene, database: Database
) -> None:
    other = await factories.make_scene(database)
    customer_id = await walk.make_customer()
    token = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    answer = await api.mutate("CodeScan", token=token, code=other.guide.token, idempotencyKey=factories.key())
    assert answer["__typename"] == "NotFound"
    assert await walk.counts() == {} and await Walk(database, other.brand).counts() == {}


async def test_a_visitors_past_joins_the_customer_who_signs_in(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    scanned = await api.mutate("CodeScan", code=scene.other_guide.token, idempotencyKey=factories.key())
    async with walk.database.reading(walk.brand) as session:
        visitor = await visitors.find(session, scanned["visitorToken"])
    assert visitor is not None
    customer_id = await walk.sign_in(factories.next_phone(), visitor.visitor_id)
    token = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    answer = await api.post("{ viewer { customer { displayName guide { displayName } } } }", token=token)
    assert answer["data"]["viewer"]["customer"]["guide"] == {"displayName": "周予安"}


async def test_scans_at_once_over_http_leave_one_binding_and_every_touchpoint(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    customer_id = await walk.make_customer()
    token = await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER")
    staff = [await staff_token(runtime, scene, guide.employee_id) for guide in (scene.guide, scene.other_guide)]
    tokens = [
        (await api.mutate("CodeCreate", token=staff[n % 2], idempotencyKey=factories.key(), kind="SHOP"))["issuedCode"][
            "token"
        ]
        for n in range(40)
    ]
    answers = await asyncio.gather(
        *(api.mutate("CodeScan", token=token, code=code, idempotencyKey=factories.key()) for code in tokens)
    )
    assert Counter(answer["__typename"] for answer in answers) == {"CodeScanPayload": 40}
    assert len({answer["binding"]["id"] for answer in answers}) == 1
    assert await walk.count(TouchpointRow) == 40 and await walk.count(BindingRow) == 1
    assert await walk.violations() == []


async def test_hiring_a_guide_gives_shop_and_code(api: Api, runtime: Runtime, walk: Walk, scene: Scene) -> None:
    token = await staff_token(runtime, scene, scene.owner_id)
    person = {
        "idempotencyKey": factories.key(),
        "displayName": "沈知意",
        "phone": factories.next_phone(),
        "role": "GUIDE",
        "orgUnitId": encode_global_id("OrgUnit", scene.area_id),
        "storeId": encode_global_id("Store", scene.store_id),
        "employeeNumber": "G-1",
    }
    made = await api.mutate("EmployeeCreate", token=token, **person)
    assert made["__typename"] == "EmployeeCreatePayload"
    employee = made["employee"]
    assert (employee["displayName"], employee["role"], employee["employeeNumber"]) == ("沈知意", "GUIDE", "G-1")
    assert employee["guide"] is not None
    base, link = runtime.settings.base_url, employee["shop"]["codeUrl"]
    assert link.startswith(f"{base}/q/")
    answer = await api.http.get(link.removeprefix(base))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{employee['shop']['slug']}")
    assert await api.mutate("EmployeeCreate", token=token, **person) == made
    again = await api.mutate("EmployeeCreate", token=token, **{**person, "idempotencyKey": factories.key()})
    assert (again["__typename"], again["path"]) == ("Conflict", ["phone"])
    assert await walk.count(EmployeeRow) == 4


async def test_guides_hire_nobody_and_managers_only_guides_of_their_branch(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    async with walk.database.transaction(walk.brand) as session:
        manager = await factories.make_employee(session, role="MANAGER", org_unit_id=scene.area_id, display_name="店长")
    person = {
        "displayName": "沈知意",
        "phone": factories.next_phone(),
        "orgUnitId": encode_global_id("OrgUnit", scene.area_id),
    }
    query = OPERATIONS["EmployeeCreate"].text

    def variables(**more: str) -> dict[str, object]:
        return {"input": {**person, "idempotencyKey": factories.key(), **more}}

    guide_token, manager_token = (
        await staff_token(runtime, scene),
        await staff_token(runtime, scene, manager.employee_id),
    )
    before = await walk.count(EmployeeRow)
    assert await api.codes(query, variables(role="GUIDE"), token=guide_token) == ["FORBIDDEN"]
    assert await api.codes(query, variables(role="GUIDE")) == ["UNAUTHENTICATED"]
    assert await api.codes(query, variables(role="OWNER"), token=manager_token) == ["FORBIDDEN"]
    assert await walk.count(EmployeeRow) == before
    made = await api.post(query, variables(role="GUIDE"), token=manager_token)
    assert made["data"]["employeeCreate"]["__typename"] == "EmployeeCreatePayload"


async def test_a_guide_revokes_the_own_code_only(api: Api, runtime: Runtime, scene: Scene) -> None:
    assert scene.guide.code_id and scene.other_guide.code_id
    token = await staff_token(runtime, scene)
    foreign = {"idempotencyKey": factories.key(), "codeId": encode_global_id("Code", scene.other_guide.code_id)}
    answer = await api.post(REVOKE, {"input": foreign}, token=token)
    assert answer["data"]["codeRevoke"] == {"__typename": "NotFound", "code": "NOT_FOUND", "path": ["codeId"]}
    own = {"idempotencyKey": factories.key(), "codeId": encode_global_id("Code", scene.guide.code_id)}
    answers = [await api.post(REVOKE, {"input": own}, token=token) for _ in range(2)]
    assert answers[0] == answers[1]
    revoked = answers[0]["data"]["codeRevoke"]
    assert revoked["revokedCode"]["isRevoked"] and revoked["replacement"]["token"] != scene.guide.token
    home = await api.post("{ viewer { employee { shop { codeUrl } } } }", token=token)
    assert home["data"]["viewer"]["employee"]["shop"]["codeUrl"].endswith(revoked["replacement"]["token"])


async def test_codes_are_nodes_for_their_guide_and_those_above(
    api: Api, runtime: Runtime, walk: Walk, scene: Scene
) -> None:
    assert scene.guide.code_id
    query = "query($id: ID!) { node(id: $id) { __typename } }"
    id = {"id": encode_global_id("Code", scene.guide.code_id)}
    customer_id = await walk.make_customer()
    tokens = {
        "own": await staff_token(runtime, scene),
        "owner": await staff_token(runtime, scene, scene.owner_id),
        "other": await staff_token(runtime, scene, scene.other_guide.employee_id),
        "customer": await factories.token_for(runtime, scene.brand, customer_id, "CUSTOMER"),
    }
    seen = {name: (await api.post(query, id, token=token))["data"]["node"] for name, token in tokens.items()}
    assert seen == {"own": {"__typename": "Code"}, "owner": {"__typename": "Code"}, "other": None, "customer": None}
    assert await api.codes(query, id) == ["UNAUTHENTICATED"]
