"""The guide's live money: who may listen, to what, and when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.commission.pulses import PAID, Pulse
from app.employees.models import EmployeeRow
from app.main import make_app
from app.platform import clock
from app.platform.bus import guide_channel
from app.platform.runtime import Runtime
from tests import factories
from tests.documents import OPERATIONS, Client
from tests.graphql.stage import CALLERS, Stage
from tests.graphql.wire import Wire

PULSE = OPERATIONS["GuidePulse"].text
LISTENERS = "U U F F O O O O O O O O"
"""Every employee may listen to the own money, in the columns of `stage.CALLERS`."""


@pytest.fixture(scope="module")
def app(runtime: Runtime) -> Any:
    return make_app(runtime)


def channel_of(stage: Stage, caller: str) -> str:
    brand = stage.other_brand if caller == "owner_of_other_brand" else stage.brand
    return guide_channel(brand.id, stage.people[caller])


async def listeners(stage: Stage, channel: str) -> int:
    [(_, number)] = await stage.runtime.bus.redis.pubsub_numsub(channel)
    return int(number)


async def until_heard(stage: Stage, channel: str, number: int = 1) -> None:
    async with asyncio.timeout(5):
        while await listeners(stage, channel) != number:  # noqa: ASYNC110 - the other side is Valkey
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(stage: Stage, app: Any, caller: str, token: str | None = None) -> AsyncIterator[Wire]:
    """A caller who listens to the own money."""
    async with Wire(app, token or stage.tokens[caller]) as wire:
        before = await listeners(stage, channel_of(stage, caller))
        wire.subscribe("1", PULSE)
        await until_heard(stage, channel_of(stage, caller), before + 1)
        yield wire


async def tell(stage: Stage, caller: str, order: str) -> None:
    """What the relay sends when an order is paid."""
    pulse = Pulse(clock.utc_now(), PAID, stage.uuid(order), "123456789012", 1_290, "EXPLICIT_CODE", date(2026, 1, 9))
    await stage.runtime.bus.publish(channel_of(stage, caller), pulse.as_message())


def data_of(message: dict[str, Any]) -> Any:
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]["guidePulse"]


def codes_of(message: dict[str, Any]) -> list[str]:
    """The codes of a message that brings errors and nothing else; `error` ends the operation by itself."""
    payload = message["payload"]
    if message["type"] != "error":
        assert payload["data"] in (None, {"node": None})
        payload = payload["errors"]
    return [error["extensions"]["code"] for error in payload]


@pytest.mark.parametrize(("caller", "expected"), list(zip(CALLERS, LISTENERS.split(), strict=True)))
async def test_who_may_listen_listens_to_the_own_channel(stage: Stage, app: Any, caller: str, expected: str) -> None:
    if expected == "O":
        async with listening(stage, app, caller) as wire:
            assert await wire.is_silent(0.05)
        await until_heard(stage, channel_of(stage, caller), 0)
        return
    async with Wire(app, stage.tokens.get(caller)) as wire:
        wire.subscribe("1", PULSE)
        code = {"U": "UNAUTHENTICATED", "F": "FORBIDDEN"}[expected]
        assert codes_of(await wire.message()) == [code]
        assert await wire.is_silent()


async def test_event_reaches_the_guide_whose_money_it_is_and_nobody_else(stage: Stage, app: Any) -> None:
    async with (
        listening(stage, app, "guide") as guide,
        listening(stage, app, "colleague") as colleague,
        listening(stage, app, "owner") as owner,
    ):
        await tell(stage, "guide", "order")
        seen = data_of(await guide.message())
        assert (seen["order"], seen["kind"]) == ({"id": stage.ids["order"], "number": stage.facts["order"]}, "PAID")
        assert await colleague.is_silent() and await owner.is_silent(0.05) and await guide.is_silent(0.05)


async def test_event_about_an_order_that_is_not_the_listeners_is_not_shown(stage: Stage, app: Any) -> None:
    async with listening(stage, app, "guide_elsewhere") as wire:
        await tell(stage, "guide_elsewhere", "order")
        assert await wire.is_silent()
        await tell(stage, "guide_elsewhere", "loose")
        assert data_of(await wire.message())["order"]["number"] == stage.facts["loose"]


async def test_who_signed_out_hears_nothing_more_and_asks_in_vain_on_the_same_socket(stage: Stage, app: Any) -> None:
    token = await factories.token_for(stage.runtime, stage.brand, stage.people["guide"])
    async with listening(stage, app, "guide", token) as wire, listening(stage, app, "guide") as other:
        await tell(stage, "guide", "order")
        assert data_of(await wire.message())["commission"]["minor"] == 1_290
        assert data_of(await other.message())["commission"]["minor"] == 1_290
        assert (await Client(stage.http, token).do("SignOut", everywhere=False))["endedSessions"] == 1
        await tell(stage, "guide", "order")
        assert codes_of(await wire.message()) == ["UNAUTHENTICATED"]
        await until_heard(stage, channel_of(stage, "guide"), 1)
        for document in ("{ viewer { brand { id } } }", '{ node(id: "x") { id } }'):
            wire.subscribe("2", document)
            assert codes_of(await wire.message()) == ["UNAUTHENTICATED"]
            assert await wire.message() == {"id": "2", "type": "complete"}
        wire.subscribe("3", PULSE)
        assert codes_of(await wire.message()) == ["UNAUTHENTICATED"]
        assert await wire.is_silent()
        # The same guide's other phone is not signed out.
        assert data_of(await other.message())["commission"]["minor"] == 1_290


async def test_who_resigned_hears_nothing_more(stage: Stage, app: Any) -> None:
    async with listening(stage, app, "colleague") as wire:
        await resign(stage, stage.people["colleague"])
        await tell(stage, "colleague", "order")
        assert codes_of(await wire.message()) == ["UNAUTHENTICATED"]
        await until_heard(stage, channel_of(stage, "colleague"), 0)


async def test_socket_of_a_key_that_is_not_valid_is_closed(app: Any) -> None:
    async with Wire(app, "x.y.z") as wire:
        assert wire.close_code == 4401


async def resign(stage: Stage, employee_id: UUID) -> None:
    async with stage.runtime.database.transaction(stage.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == stage.brand.id, EmployeeRow.id == employee_id)
            .values(state="RESIGNED")
            .execution_options(synchronize_session=False)
        )
