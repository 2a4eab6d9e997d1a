"""The sandbox payment provider: our adapter to it, and its sending of signed callbacks over HTTP.

A callback is a POST of JSON to `/callbacks/payments/sandbox`, with the headers `sandbox-timestamp` (seconds),
`sandbox-nonce`, `sandbox-key-id` and `sandbox-signature`: HMAC-SHA256 in hex over timestamp, nonce and body, each ended
by a newline. Its key is derived from the installation's signing keys, so that nothing has to be set up. Never offered
in production.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets as random
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx
import orjson

from app.platform import clock
from app.platform.integrations.payments import (
    BookedPage,
    CallbackRefused,
    Charge,
    ChargeRequest,
    ChargeState,
    Notice,
    ProviderUnavailable,
    RefundRequest,
)
from app.platform.integrations.sandbox_bank import Delivery, SandboxBank, falls_on
from app.platform.runtime import Runtime
from app.platform.secrets import Secrets
from app.platform.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")

CALLBACK_PATH = "/callbacks/payments/sandbox"
CONFIRM_PATH = "/sandbox/payments/{number}/confirm"
POLL_SECONDS = 0.3
SEND_TIMEOUT_SECONDS = 5.0
SENT_AT_ONCE = 20
_STATES = {"CHARGE.PAID": ChargeState.PAID, "CHARGE.FAILED": ChargeState.FAILED}


class SandboxPay:
    """The merchant's side: calls to the provider, and the check of its callbacks."""

    def __init__(self, bank: SandboxBank, settings: Settings, secrets: Secrets) -> None:
        self._bank = bank
        self._settings = settings
        self._secrets = secrets

    async def create(self, request: ChargeRequest) -> dict[str, Any]:
        await self._maybe_lost(self._bank.open(request))
        return {"confirmUrl": self._settings.base_url + CONFIRM_PATH.format(number=request.number)}

    async def query(self, number: str) -> Charge:
        return await self._maybe_lost(self._bank.find(number))

    async def close(self, number: str) -> ChargeState:
        return await self._maybe_lost(self._bank.close(number))

    async def refund(self, request: RefundRequest) -> None:
        await self._maybe_lost(self._bank.refund(request))

    async def booked(self, account: str, *, since: datetime, until: datetime, cursor: str | None = None) -> BookedPage:
        return await self._maybe_lost(self._bank.booked(account, since=since, until=until, cursor=cursor))

    def read_callback(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime, tolerance_seconds: int
    ) -> Notice:
        timestamp, nonce = headers.get("sandbox-timestamp", ""), headers.get("sandbox-nonce", "")
        key = signing_keys(self._secrets).get(headers.get("sandbox-key-id", ""))
        given = headers.get("sandbox-signature", "").encode()
        if key is None or not hmac.compare_digest(signature(key, timestamp, nonce, body).encode(), given):
            raise CallbackRefused("SIGNATURE", 401)
        # Only a signed timestamp gets here, so it is a number unless the provider itself is broken.
        is_number = timestamp.isascii() and timestamp.isdigit()
        if not is_number or abs(now.timestamp() - int(timestamp)) > tolerance_seconds:
            raise CallbackRefused("TIMESTAMP", 401)
        return _parse(body)

    async def _maybe_lost(self, call: Coroutine[Any, Any, T]) -> T:
        """The call's answer, unless a time-out falls on it: then either the request or only the answer was lost."""
        if not falls_on(self._settings.sandbox_payment_timeout_percent):
            return await call
        if falls_on(50):
            await call
        else:
            call.close()
        raise ProviderUnavailable("no answer")


def signing_keys(secrets: Secrets) -> dict[str, bytes]:
    """The provider's keys by id: the installation's signing keys, each bound to this purpose."""
    return {
        kid: hmac.new(key, b"sandbox payment callbacks", hashlib.sha256).digest()
        for kid, key in secrets.signing.keys.items()
    }


def signature(key: bytes, timestamp: str, nonce: str, body: bytes) -> str:
    """What the provider signs a callback with."""
    return hmac.new(key, f"{timestamp}\n{nonce}\n".encode() + body + b"\n", hashlib.sha256).hexdigest()


def signed_headers(secrets: Secrets, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a callback sent at the instant `at`."""
    kid = secrets.signing.current
    timestamp, nonce = str(int(at.timestamp())), random.token_hex(16)
    return {
        "content-type": "application/json",
        "sandbox-timestamp": timestamp,
        "sandbox-nonce": nonce,
        "sandbox-key-id": kid,
        "sandbox-signature": signature(signing_keys(secrets)[kid], timestamp, nonce, body),
    }


async def run_deliveries(runtime: Runtime) -> None:
    """Send the provider's callbacks as they fall due, until cancelled. Several processes may run it at once."""
    bank = SandboxBank(runtime.database, runtime.settings)
    async with httpx.AsyncClient(timeout=SEND_TIMEOUT_SECONDS, trust_env=False) as client:
        while True:
            try:
                sent = await deliver_due(runtime, bank, client)
            except Exception as error:
                log.warning("callbacks not sent", extra={"error": repr(error)})
                sent = 0
            if sent < SENT_AT_ONCE:
                await asyncio.sleep(POLL_SECONDS)


async def deliver_due(runtime: Runtime, bank: SandboxBank, client: httpx.AsyncClient) -> int:
    """Send the callbacks that are due now, at most SENT_AT_ONCE; gives how many were tried."""
    deliveries = await bank.due(SENT_AT_ONCE)
    await asyncio.gather(*(_deliver(runtime, bank, client, delivery) for delivery in deliveries))
    return len(deliveries)


async def _deliver(runtime: Runtime, bank: SandboxBank, client: httpx.AsyncClient, delivery: Delivery) -> None:
    body = delivery.body.encode()
    try:
        answer = await client.post(
            runtime.settings.base_url + CALLBACK_PATH,
            content=body,
            headers=signed_headers(runtime.secrets, body, clock.utc_now()),
        )
        is_taken = answer.status_code == 200 and answer.json().get("code") == "SUCCESS"
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        log.info("callback not delivered", extra={"delivery": str(delivery.id), "error": repr(error)})
        is_taken = False
    if is_taken and not falls_on(runtime.settings.sandbox_payment_timeout_percent):
        await bank.delivered(delivery)
    else:
        await bank.undelivered(delivery)


def _parse(body: bytes) -> Notice:
    try:
        message = orjson.loads(body)
        charge = message["charge"]
        state = _STATES[message["type"]]
        event_id, number, currency = message["id"], charge["number"], charge["currency"]
        amount_minor, transaction_id = charge["amount_minor"], charge["transaction_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise CallbackRefused("MALFORMED", 400) from None
    is_sound = (
        all(isinstance(text, str) and 0 < len(text) <= 64 for text in (event_id, number, currency))
        and isinstance(amount_minor, int)
        and (isinstance(transaction_id, str) if state is ChargeState.PAID else transaction_id is None)
    )
    if not is_sound:
        raise CallbackRefused("MALFORMED", 400)
    return Notice(event_id, Charge(number, state, amount_minor, currency, transaction_id))
