"""The address that limits count: nobody chooses his own by a header, and a network of IPv6 is one caller."""

import pytest
from starlette.requests import HTTPConnection

from graphql_schema.context import client_address


def connection(peer: str | None, *forwarded: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return HTTPConnection({"type": "http", "headers": headers, "client": None if peer is None else (peer, 5000)})


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, [], "10.0.0.9"),
        (0, ["1.1.1.1"], "10.0.0.9"),
        (1, ["203.0.113.7"], "203.0.113.7"),
        (1, ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        (1, ["1.1.1.1", "203.0.113.7"], "203.0.113.7"),
        (2, ["1.1.1.1", "203.0.113.7, 10.0.0.8"], "203.0.113.7"),
        (2, ["203.0.113.7"], "10.0.0.9"),
        (1, [" , "], "10.0.0.9"),
        (1, ["unknown"], "unknown"),
    ],
)
def test_only_what_a_trusted_proxy_wrote_counts(proxies: int, forwarded: list[str], address: str) -> None:
    assert client_address(connection("10.0.0.9", *forwarded), proxies) == address


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
    ],
)
def test_network_of_ipv6_is_one_caller(peer: str | None, address: str) -> None:
    assert client_address(connection(peer), 0) == address
