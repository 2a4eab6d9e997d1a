"""Access tokens: only ours, only whole, only for their time, under any key that is still in the ring."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from app.platform import tokens
from app.platform.secrets import KeyRing
from app.platform.tokens import AccessClaims, issue_access_token, read_access_token


def make_ring(*kids: str) -> KeyRing:
    keys = {kid: os.urandom(64) for kid in kids}
    return KeyRing(current=kids[0], keys=keys)


def make_claims(**changes: Any) -> AccessClaims:
    values = {
        "brand_id": uuid4(),
        "session_id": uuid4(),
        "principal_id": uuid4(),
        "audience": "EMPLOYEE",
        "expires_at": datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=15),
    }
    return AccessClaims(**{**values, **changes})


def forge(ring: KeyRing, headers: dict[str, Any] | None = None, algorithm: str = "HS256", **changes: Any) -> str:
    """A token signed with the ring's own key, whose body differs from what the server would sign."""
    claims = make_claims()
    body = {
        "iss": tokens.ISSUER,
        "brand": str(claims.brand_id),
        "sid": str(claims.session_id),
        "sub": str(claims.principal_id),
        "aud": claims.audience,
        "exp": int(claims.expires_at.timestamp()),
    }
    body = {name: value for name, value in {**body, **changes}.items() if value is not None}
    return jwt.encode(body, ring.key, algorithm=algorithm, headers={"kid": ring.current, **(headers or {})})


@pytest.mark.parametrize("audience", ["CUSTOMER", "EMPLOYEE"])
def test_token_gives_back_its_claims(audience: str) -> None:
    ring, claims = make_ring("k1"), make_claims(audience=audience)
    assert read_access_token(ring, issue_access_token(ring, claims)) == claims


def test_forged_token_of_the_server_itself_would_be_read() -> None:
    ring = make_ring("k1")
    assert read_access_token(ring, forge(ring)) is not None


def test_old_key_still_reads_after_a_rotation_and_new_tokens_name_the_new_key() -> None:
    old = make_ring("k1")
    claims = make_claims()
    token = issue_access_token(old, claims)
    rotated = KeyRing(current="k2", keys={"k2": os.urandom(32), **old.keys})
    assert read_access_token(rotated, token) == claims
    assert jwt.get_unverified_header(issue_access_token(rotated, claims))["kid"] == "k2"
    retired = KeyRing(current="k2", keys={"k2": rotated.keys["k2"]})
    assert read_access_token(retired, token) is None


def test_key_of_the_ring_counts_only_under_its_own_name() -> None:
    ring = make_ring("k1", "k2")
    token = jwt.encode({"any": 1}, ring.keys["k1"], algorithm="HS256", headers={"kid": "k2"})
    assert read_access_token(ring, token) is None
    swapped = KeyRing(current="k1", keys={"k1": ring.keys["k2"], "k2": ring.keys["k1"]})
    assert read_access_token(swapped, issue_access_token(ring, make_claims())) is None


def test_token_ends_at_its_second() -> None:
    ring = make_ring("k1")
    now = datetime.now(UTC).replace(microsecond=0)
    ended = make_claims(expires_at=now - timedelta(seconds=1))
    open_still = make_claims(expires_at=now + timedelta(seconds=60))
    assert read_access_token(ring, issue_access_token(ring, ended)) is None
    assert read_access_token(ring, issue_access_token(ring, open_still)) == open_still


def test_no_bit_of_a_token_can_be_changed() -> None:
    ring = make_ring("k1")
    token = issue_access_token(ring, make_claims())
    head, body, signature = token.split(".")
    padded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    other = {**json.loads(padded), "sub": str(uuid4())}
    changed = base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b"=").decode()
    assert read_access_token(ring, f"{head}.{changed}.{signature}") is None
    for place in range(len(token) - 1):
        # The last character of base64 may hold spare bits; every other one counts.
        swapped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        if place not in (len(head) - 1, len(head) + len(body)):
            assert read_access_token(ring, swapped) is None, place


def test_unsigned_token_and_other_algorithms_are_refused() -> None:
    ring = make_ring("k1")
    for algorithm in ("HS384", "HS512"):
        assert read_access_token(ring, forge(ring, algorithm=algorithm)) is None
    body = forge(ring).split(".")[1]
    for name in ("none", "None", "NONE"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": name, "typ": "JWT", "kid": "k1"}).encode()).rstrip(b"=")
        assert read_access_token(ring, f"{head.decode()}.{body}.") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody-else"},
        {"iss": None},
        {"aud": "HEADQUARTERS"},
        {"aud": None},
        {"exp": None},
        {"sub": None},
        {"sub": "not-an-id"},
        {"brand": None},
        {"brand": "not-an-id"},
        {"sid": None},
    ],
)
def test_claim_that_is_missing_or_odd_makes_the_token_worthless(changes: dict[str, Any]) -> None:
    ring = make_ring("k1")
    assert read_access_token(ring, forge(ring, **changes)) is None


@pytest.mark.parametrize("kid", ["", "k2", "k1 ", "../k1", "k" * 1_000])
def test_unknown_key_name_is_refused(kid: str) -> None:
    ring = make_ring("k1")
    assert read_access_token(ring, forge(ring, headers={"kid": kid})) is None


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "Bearer x", "é.é.é", "\ud800", "x" * 100_000, "\0"])
def test_what_is_no_token_at_all_is_refused_without_an_error(text: str) -> None:
    assert read_access_token(make_ring("k1"), text) is None


def test_secret_tokens_are_long_and_never_the_same() -> None:
    made = {tokens.new_secret_token() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(token) for token in made} == {43}


def test_directory_key_of_a_token_does_not_hold_the_token() -> None:
    token = tokens.new_secret_token()
    key = tokens.token_key(token)
    assert len(key) == 64
    assert token not in key
    assert key == tokens.token_key(token) != tokens.token_key(token + "x")
