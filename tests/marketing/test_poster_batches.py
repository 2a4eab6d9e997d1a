"""A poster for every guide: once for each, also when workers die or meet, with progress, and with what went wrong."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from app.employees.models import EmployeeRow
from app.marketing import poster_batches, poster_layouts, poster_templates, poster_works
from app.marketing.poster_models import PosterBatchGuideRow, PosterRow
from app.platform.runtime import Runtime
from graphql_schema.paging import decode_global_id, encode_global_id
from tests import factories
from tests.factories import Scene, key
from tests.marketing.poster_desk import PROBLEM, Desk

GUIDES = 2
START = f"""mutation ($input: PosterBatchStartInput!) {{ posterBatchStart(input: $input) {{
  ... on PosterBatchStartPayload {{ posterBatch {{ id state total ready failed waiting endedAt }} }} {PROBLEM} }} }}"""
PROGRESS = "query ($id: ID!) { node(id: $id) { ... on PosterBatch { state total ready failed waiting } } }"


@pytest.fixture
async def desk(http: Any, runtime: Runtime, scene: Scene) -> Desk:
    return await Desk(http, runtime, scene).open()


async def start(desk: Desk, title: str = "小店名片", **more: Any) -> dict[str, Any]:
    sent = {"idempotencyKey": key(), "templateId": desk.templates[title]} | more
    return dict((await desk.owner.query(START, input=sent))["data"]["posterBatchStart"])


async def progress(desk: Desk, batch_id: str) -> dict[str, Any]:
    return dict((await desk.owner.query(PROGRESS, id=batch_id))["data"]["node"])


async def carry_on(desk: Desk) -> int:
    return await poster_batches.carry_on(desk.runtime, desk.scene.brand)


async def test_every_guide_gets_the_poster_with_the_own_code(desk: Desk) -> None:
    batch = (await start(desk, "商品海报·暖纸", productId=desk.product_id))["posterBatch"]
    assert (batch["state"], batch["total"], batch["ready"], batch["waiting"]) == ("RUNNING", GUIDES, 0, GUIDES)
    assert await carry_on(desk) == GUIDES
    assert await progress(desk, batch["id"]) == {
        "state": "DONE",
        "total": GUIDES,
        "ready": GUIDES,
        "failed": 0,
        "waiting": 0,
    }
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        rows = (
            await session.execute(
                sa.select(PosterRow.guide_id, PosterRow.code_id, PosterRow.state).where(
                    PosterRow.brand_id == desk.scene.brand.id
                )
            )
        ).all()
    assert {row.guide_id for row in rows} == {desk.scene.guide.employee_id, desk.scene.other_guide.employee_id}
    assert (len({row.code_id for row in rows}), {row.state for row in rows}) == (GUIDES, {"READY"})
    # The guide who asks for the same has it already, and it is done: nothing is left for the next slot.
    assert (await desk.poster())["state"] == "READY"
    assert (await desk.count(PosterRow), await carry_on(desk), await desk.broken()) == (GUIDES, 0, [])


async def test_a_worker_killed_between_asking_and_drawing_leaves_the_rest_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = (await start(desk))["posterBatch"]

    async def killed(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(poster_works, "draw", killed)
        with pytest.raises(asyncio.CancelledError):
            await carry_on(desk)
    assert (await progress(desk, batch["id"]))["waiting"] == GUIDES
    # Whoever comes next neither asks again nor calls the batch done.
    assert await carry_on(desk) == 0
    assert (await progress(desk, batch["id"]))["state"] == "RUNNING"
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        await session.execute(
            sa.update(PosterRow).where(PosterRow.brand_id == desk.scene.brand.id).values(due_at=session.now)
        )
    monkeypatch.setattr(poster_works, "_previews", lambda *_: asyncio.sleep(0, 0))
    assert await poster_works.draw_due(desk.runtime, desk.scene.brand) == GUIDES
    assert await carry_on(desk) == 0
    done = await progress(desk, batch["id"])
    assert (done["state"], done["ready"], await desk.count(PosterRow)) == ("DONE", GUIDES, GUIDES)


async def test_workers_that_meet_ask_for_each_guide_once(desk: Desk) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        for number in range(4):
            await factories.make_employee(session, store_id=desk.scene.store_id, display_name=f"导购{number}")
    batch = (await start(desk))["posterBatch"]
    await asyncio.gather(*(carry_on(desk) for _ in range(3)))
    done = await progress(desk, batch["id"])
    assert (done["state"], done["ready"], done["total"]) == ("DONE", GUIDES + 4, GUIDES + 4)
    assert await desk.count(PosterRow) == GUIDES + 4


async def test_a_guide_whose_name_cannot_be_drawn_fails_alone(desk: Desk) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        await factories.make_employee(session, store_id=desk.scene.store_id, display_name="𓀀")
    batch = (await start(desk))["posterBatch"]
    assert await carry_on(desk) == GUIDES
    done = await progress(desk, batch["id"])
    assert (done["state"], done["ready"], done["failed"], done["waiting"]) == ("DONE", GUIDES, 1, 0)
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        problems = await session.execute(
            sa.select(PosterBatchGuideRow.problem).where(
                PosterBatchGuideRow.brand_id == desk.scene.brand.id, PosterBatchGuideRow.problem.is_not(None)
            )
        )
        assert list(problems.scalars()) == ["poster_sign_missing"]


async def test_who_has_left_is_left_out_and_a_batch_for_nobody_is_done(desk: Desk) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        await session.execute(
            sa.update(EmployeeRow)
            .where(EmployeeRow.brand_id == desk.scene.brand.id, EmployeeRow.role == "GUIDE")
            .values(state="RESIGNED")
        )
    batch = (await start(desk))["posterBatch"]
    assert (batch["state"], batch["total"]) == ("DONE", 0)
    assert batch["endedAt"] is not None
    assert (await carry_on(desk), await desk.broken()) == (0, [])


async def test_a_batch_keeps_the_version_that_it_began_with(desk: Desk) -> None:
    batch = (await start(desk))["posterBatch"]
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        for change in ({"document": poster_layouts.SHOP | {"background": "sunken"}}, {"is_withdrawn": True}):
            await poster_templates.change(
                session,
                factories.SYSTEM,
                template_id=decode_global_id(desk.templates["小店名片"]).uuids[0],
                now=session.now,
                **change,  # type: ignore[arg-type]
            )
    assert await carry_on(desk) == GUIDES
    assert (await progress(desk, batch["id"]))["state"] == "DONE"
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        versions = await session.execute(
            sa.select(PosterRow.template_version).where(PosterRow.brand_id == desk.scene.brand.id)
        )
        assert set(versions.scalars()) == {1}


async def test_what_a_batch_needs_is_named(desk: Desk) -> None:
    refused = await start(desk, "商品海报·暖纸")
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["productId"])
    unknown = await start(desk, templateId=encode_global_id("PosterTemplate", desk.scene.product_id))
    assert (unknown["__typename"], unknown["path"]) == ("NotFound", ["templateId"])
    product = await start(desk, productId=encode_global_id("Product", desk.scene.store_id))
    assert (product["__typename"], product["path"]) == ("NotFound", ["productId"])
    answer = await desk.guide.query(START, input={"idempotencyKey": key(), "templateId": "x"})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
