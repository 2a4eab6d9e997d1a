"""What an access token no longer, or never, opens: each answers UNAUTHENTICATED, with nothing of the brand in it."""

import base64
import dataclasses
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from app.customers import visitors
from app.employees.models import EmployeeRow
from app.platform import clock, tokens
from app.platform.ids import new_id
from app.platform.tokens import AccessClaims
from tests import factories
from tests.documents import Client
from tests.graphql.stage import Stage

VIEWER = "{ viewer { brand { code } } }"


def claims_of(stage: Stage, caller: str) -> AccessClaims:
    claims = tokens.read_access_token(stage.runtime.secrets.signing, stage.tokens[caller])
    assert claims is not None
    return claims


def issued(stage: Stage, claims: AccessClaims, **changes: Any) -> str:
    """A token that we sign ourselves, with changed claims."""
    return tokens.issue_access_token(stage.runtime.secrets.signing, dataclasses.replace(claims, **changes))


async def answer_to(stage: Stage, authorization: str, query: str = VIEWER) -> tuple[int, Any]:
    sent = await stage.http.post("/graphql", json={"query": query}, headers={"Authorization": authorization})
    return sent.status_code, sent.json()


async def is_refused(stage: Stage, token: str, *, is_request: bool) -> bool:
    """Whether the token opens nothing: the whole request is refused, or every field that needs somebody."""
    node = f'{{ node(id: "{stage.ids["order"]}") {{ id }} }}'
    for query in (VIEWER, node, "{ stores { totalCount } }", "{ commissionPlan { version } }"):
        _, body = await answer_to(stage, f"Bearer {token}", query)
        codes = [error["extensions"]["code"] for error in body["errors"]]
        if codes != ["UNAUTHENTICATED"] or body.get("data") not in (None, {"node": None}):
            return False
        if is_request == ("data" in body):
            return False
    return True


async def test_the_unchanged_token_opens(stage: Stage) -> None:
    """What the others are measured by."""
    for caller in ("guide", "customer", "owner"):
        _, body = await answer_to(stage, f"Bearer {stage.tokens[caller]}")
        assert body == {"data": {"viewer": {"brand": {"code": stage.brand.code}}}}
        _, again = await answer_to(stage, f"bearer {issued(stage, claims_of(stage, caller))}")
        assert again == body


async def test_expired_token_is_refused(stage: Stage) -> None:
    claims = claims_of(stage, "owner")
    late = clock.utc_now() - timedelta(seconds=1)
    assert await is_refused(stage, issued(stage, claims, expires_at=late), is_request=True)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_tampered_tokens_are_refused(stage: Stage) -> None:
    header, body, signature = stage.tokens["guide"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    owner = claims | {"sub": str(stage.people["owner"])}
    other = base64.urlsafe_b64encode(json.dumps(owner).encode()).rstrip(b"=").decode()
    ring = stage.runtime.secrets.signing
    forged = [
        f"{header}.{other}.{signature}",
        f"{header}.{body}.{'A' * len(signature)}",
        f"{header}.{body}.",
        f"{header}.{body}",
        jwt.encode(owner, "", algorithm="none", headers={"kid": ring.current}),
        jwt.encode(owner, "another key of thirty-two characters", algorithm="HS256", headers={"kid": ring.current}),
        jwt.encode(owner, ring.key, algorithm="HS256", headers={"kid": "unknown"}),
        jwt.encode(owner, ring.key, algorithm="HS256"),
        jwt.encode(owner, ring.key, algorithm="HS384", headers={"kid": ring.current}),
        jwt.encode(owner | {"iss": "somebody"}, ring.key, algorithm="HS256", headers={"kid": ring.current}),
        jwt.encode(owner | {"aud": "SYSTEM"}, ring.key, algorithm="HS256", headers={"kid": ring.current}),
        jwt.encode({"exp": owner["exp"]}, ring.key, algorithm="HS256", headers={"kid": ring.current}),
        "",
        "x",
        "a.b.c",
        "é.é.é",
    ]
    seen = {token: await is_refused(stage, token, is_request=True) for token in forged if token.isascii()}
    assert [token for token, is_out in seen.items() if not is_out] == []
    assert len(seen) == 15


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearer  Bearer"])
async def test_key_in_another_scheme_is_refused(stage: Stage, scheme: str) -> None:
    _, body = await answer_to(stage, f"{scheme} {stage.tokens['owner']}".strip())
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]
    assert "data" not in body


async def test_visitor_token_and_refresh_token_are_no_keys(stage: Stage) -> None:
    async with stage.runtime.database.transaction(stage.brand) as session:
        made = await visitors.create(session, now=session.now)
    assert await is_refused(stage, made.token, is_request=True)
    assert await is_refused(stage, stage.visitor_token, is_request=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"brand_id": "unknown"},
        {"brand_id": "other"},
        {"session_id": "unknown"},
        {"session_id": "somebody's"},
        {"principal_id": "owner"},
        {"audience": "CUSTOMER"},
    ],
    ids=str,
)
async def test_genuine_signature_over_claims_that_do_not_belong_together_opens_nothing(
    stage: Stage, changes: dict[str, str]
) -> None:
    unknown = new_id(clock.utc_now())
    values = {
        "unknown": unknown,
        "other": stage.other_brand.id,
        "somebody's": claims_of(stage, "owner").session_id,
        "owner": stage.people["owner"],
    }
    changed = {name: values.get(value, value) for name, value in changes.items()}
    token = issued(stage, claims_of(stage, "guide"), **changed)
    assert await is_refused(stage, token, is_request=False)


async def test_customers_session_is_no_employees(stage: Stage) -> None:
    token = issued(stage, claims_of(stage, "customer"), audience="EMPLOYEE")
    assert await is_refused(stage, token, is_request=False)


async def test_ended_session_opens_nothing_and_others_go_on(stage: Stage) -> None:
    for caller, audience in (("guide", "EMPLOYEE"), ("customer", "CUSTOMER")):
        one, two, three = [
            await factories.token_for(stage.runtime, stage.brand, stage.people[caller], audience) for _ in range(3)
        ]
        client = Client(stage.http, one)
        assert (await client.do("SignOut", everywhere=False))["endedSessions"] == 1
        assert await is_refused(stage, one, is_request=False)
        assert await client.code_of_error("SignOut", input={"everywhere": False}) == "UNAUTHENTICATED"
        assert "errors" not in await Client(stage.http, two).query(VIEWER)
        ended = (await Client(stage.http, two).do("SignOut", everywhere=True))["endedSessions"]
        # This one, the third, and the stage's own.
        assert ended == 3
        for token in (two, three, stage.tokens[caller]):
            assert await is_refused(stage, token, is_request=False)
        stage.tokens[caller] = await factories.token_for(stage.runtime, stage.brand, stage.people[caller], audience)
        assert "errors" not in await stage.as_(caller).query(VIEWER)


async def test_ended_session_still_sees_what_anybody_sees(stage: Stage) -> None:
    token = await factories.token_for(stage.runtime, stage.brand, stage.people["colleague"])
    client = Client(stage.http, token)
    await client.do("SignOut", everywhere=False)
    page = await client.data("ShopPage", slug=stage.slugs["guide"])
    assert page["shop"]["shelf"]["totalCount"] == 1
    hidden = await client.query(
        "query ($slug: String!) { shop(slug: $slug) { shelf(includeHidden: true) { totalCount } } }",
        slug=stage.slugs["colleague"],
    )
    assert [error["extensions"]["code"] for error in hidden["errors"]] == ["UNAUTHENTICATED"]


async def test_resigned_employee_is_out_at_once_on_every_way(stage: Stage) -> None:
    who = "manager_elsewhere"
    async with stage.runtime.database.transaction(stage.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == stage.brand.id, EmployeeRow.id == stage.people[who])
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
    assert await is_refused(stage, stage.tokens[who], is_request=False)
    fresh = await factories.token_for(stage.runtime, stage.brand, stage.people[who])
    assert await is_refused(stage, fresh, is_request=False)
    for operation, given in (
        ("CodeCreate", {"idempotencyKey": factories.key(), "kind": "SHOP"}),
        ("SignOut", {"everywhere": True}),
        ("CodeScan", {"idempotencyKey": factories.key(), "code": stage.codes["guide"]}),
    ):
        assert await Client(stage.http, fresh).code_of_error(operation, input=given) == "UNAUTHENTICATED"


async def test_new_role_counts_at_once(stage: Stage) -> None:
    """Rights are read anew at every request, not out of the token."""
    client = stage.as_("headquarters")
    assert "errors" not in await client.query("{ orgUnits { totalCount } }")
    async with stage.runtime.database.transaction(stage.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == stage.brand.id, EmployeeRow.id == stage.people["headquarters"])
            .values(role="GUIDE", functions=[])
            .execution_options(synchronize_session=False)
        )
    answer = await client.query("{ orgUnits { totalCount } }")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
