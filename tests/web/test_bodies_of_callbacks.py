"""Callers who hang up, dawdle or send no number at all: answered shortly, and no fault of ours in the log."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.types import Message

from app.main import make_app
from app.platform.runtime import Runtime
from app.web import callbacks

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "path": "/callbacks/payments/sandbox",
    "query_string": b"",
    "headers": [(b"host", b"x"), (b"content-length", b"500")],
    "server": ("x", 80),
    "client": ("10.0.0.9", 5000),
    "scheme": "http",
    "http_version": "1.1",
}


async def status_of(runtime: Runtime, *received: Message) -> int:
    """The status that answers a callback of which only these messages come."""
    waiting, sent = list(received), []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        sent.append(message)

    await make_app(runtime)(dict(SCOPE), receive, send)
    return int(sent[0]["status"])


async def test_caller_who_hangs_up_is_no_fault_of_ours(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    part = {"type": "http.request", "body": b"abc", "more_body": True}
    with caplog.at_level(logging.WARNING):
        assert await status_of(runtime, part, {"type": "http.disconnect"}) == 400
    assert caplog.records == []


async def test_caller_who_dawdles_is_sent_away(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "BODY_SECONDS", 0.1)
    assert await status_of(runtime, {"type": "http.request", "body": b"abc", "more_body": True}) == 408


@pytest.mark.parametrize("number", ["a%00b", "..", "%F0%9F%92%B0", "nosuchnumber"])
async def test_sandbox_knows_no_charge_of_an_odd_number(http: httpx.AsyncClient, number: str) -> None:
    answer = await http.post(f"http://127.0.0.1:8000/sandbox/payments/{number}/confirm")
    assert answer.status_code == 404
