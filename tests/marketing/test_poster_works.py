"""Posters whose drawing was cut short: left to the worker, tried again, ended; and previews that come later."""

import asyncio
from typing import Any

import pytest

from app.marketing import poster_works
from app.platform.runtime import Runtime
from app.platform.storage import Storage
from tests.factories import Scene
from tests.marketing.poster_desk import POSTERS, Desk, away, make_due, states


@pytest.fixture
async def desk(http: Any, runtime: Runtime, scene: Scene) -> Desk:
    return await Desk(http, runtime, scene).open()


async def test_storage_that_is_away_leaves_the_poster_to_the_worker(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", away)
        waiting = await desk.poster()
        assert (waiting["state"], waiting["imageUrl"]) == ("RENDERING", None)
        await make_due(desk)
        for _ in range(poster_works.MOST_TRIES - 1):
            await poster_works.draw_due(desk.runtime, desk.scene.brand)
            await make_due(desk)
    assert await states(desk) == ["RENDERING"]
    assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 1 + 3  # with the built-in previews
    assert await states(desk) == ["READY"]
    assert (await desk.guide.query(POSTERS))["data"]["posters"]["totalCount"] == 1


async def broken(*_: Any, **__: Any) -> None:
    raise RuntimeError("on purpose")


async def test_after_several_faults_a_poster_is_failed_and_waits_for_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster_works, "_previews", lambda *_: asyncio.sleep(0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", away)
        await desk.poster()
        # A storage that is away, however long, is no fault of the poster's.
        for _ in range(poster_works.MOST_TRIES + 1):
            await make_due(desk)
            assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 0
    monkeypatch.setattr(Storage, "put", broken)
    for _ in range(poster_works.MOST_TRIES):
        assert await states(desk) == ["RENDERING"]
        await make_due(desk)
        assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 0
    assert await states(desk) == ["FAILED"]
    assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 0


async def test_what_somebody_draws_already_is_not_taken_by_the_worker(desk: Desk, monkeypatch: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", away)
        await desk.poster()
    assert await poster_works._claim(desk.runtime, desk.scene.brand) == []
    await make_due(desk)
    taken = await asyncio.gather(*(poster_works._claim(desk.runtime, desk.scene.brand) for _ in range(3)))
    assert sorted(len(some) for some in taken) == [0, 0, 1]


async def test_a_template_made_while_the_storage_is_away_gets_its_preview_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", away)
        assert (await desk.create())["posterTemplate"]["previewUrl"] is None
    assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 4
    listed = (await desk.guide.data("PosterTemplates"))["posterTemplates"]["edges"]
    assert all(edge["node"]["previewUrl"] for edge in listed)
    assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == 0
