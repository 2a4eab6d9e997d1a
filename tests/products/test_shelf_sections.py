"""Sections of a shelf, the guide's own words and pictures, and what headquarters takes down of them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.platform import media, storage
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound, UserFault, WrongState
from app.products import arrangement_rules, invariants, reads, shelf, shelf_reads, shelf_sections
from app.products.arrangement_rules import rearranged, reordered
from app.products.models import ShelfItemRow
from app.products.shelf_models import ShelfSectionRow
from app.products.values import ShelfChange, ShelfStep
from tests.factories import Scene, Staff
from tests.products.test_shelf import put_on, rows, shop_of


async def guide(session: BrandSession, staff: Staff) -> Actor:
    """The guide with the branch of the store."""
    facts = await reads.shop_facts(session, shop_of(staff))
    assert facts is not None
    return Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=staff.employee_id,
        role="GUIDE",
        shop_id=staff.shop_id,
        branch=facts.branch,
    )


async def change(session: BrandSession, actor: Actor, product_id: UUID, **what: Any) -> Any:
    assert actor.shop_id is not None
    return await shelf.change_item(
        session, actor, shop_id=actor.shop_id, product_id=product_id, change=ShelfChange(**what), now=session.now
    )


async def ids_on(session: BrandSession, actor: Actor, **more: Any) -> list[UUID]:
    """The whole shelf in pages of two, in order; its count is the number of items."""
    assert actor.shop_id is not None
    found: list[UUID] = []
    after = None
    while True:
        page = await shelf_reads.shelf_page(
            session, shop_id=actor.shop_id, branch=actor.branch, limit=2, after=after, **more
        )
        found += [item.product.product_id for item in page.items]
        if len(page.items) < 2:
            assert page.total_count == len(found)
            return found
        after = page.items[-1].key


async def item(session: BrandSession, actor: Actor, product_id: UUID) -> shelf_reads.ShelfItem:
    assert actor.shop_id is not None
    found = await shelf_reads.shelf_item(
        session, shop_id=actor.shop_id, branch=actor.branch, product_id=product_id, has_hidden=True
    )
    assert found is not None
    return found


async def picture(session: BrandSession, number: int) -> str:
    key = storage.content_key(session.brand_id, bytes([number]), media_type="image/png")
    await media.register(session, "employee:test", media.Upload(key, bytes([number]), "image/png", 8, 8))
    return storage.media_url(key)


async def broken(session: BrandSession) -> dict[str, list[str]]:
    return {name: found for name, check in invariants.CHECKS.items() if (found := await check(session))}


# --- rules


@given(
    placed=st.lists(st.integers(1, 50), max_size=6),
    rest=st.integers(1, 6),
    at=st.integers(0, 11),
    step=st.sampled_from(ShelfStep),
)
def test_a_step_moves_one_item_by_one_place_and_keeps_all_others_in_order(
    placed: list[int], rest: int, at: int, step: ShelfStep
) -> None:
    order: list[tuple[UUID, int | None]] = [(uuid4(), place) for place in sorted(placed)]
    order += [(uuid4(), None) for _ in range(rest)]
    ids = [one for one, _ in order]
    moved = ids[at % len(ids)]
    changed = rearranged(order, moved, step)
    after = {one: changed.get(one, place) for one, place in order}
    now = sorted(ids, key=lambda one: (after[one] is None, after[one] or 0, ids.index(one)))
    before = ids.index(moved)
    wanted = {ShelfStep.UP: max(before - 1, 0), ShelfStep.DOWN: min(before + 1, len(ids) - 1), ShelfStep.FIRST: 0}[step]
    assert now.index(moved) == wanted
    assert [one for one in now if one != moved] == [one for one in ids if one != moved]
    if wanted == before:
        assert changed == {}


def test_sections_are_put_where_they_are_wanted() -> None:
    a, b, c = (UUID(int=number) for number in (1, 2, 3))
    assert reordered([a, b], c, None) == [a, b, c]
    assert reordered([a, b], c, 1) == [c, a, b]
    assert reordered([a, b, c], a, 99) == [b, c, a]
    assert reordered([a, b, c], b, None) == [a, b, c]


# --- sections


async def test_products_of_a_section_stand_in_it_and_the_rest_outside(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    actor, (first, second) = await guide(session, scene.guide), await put_on(session, owner, 2)
    section_id = await shelf_sections.save(session, actor, name=" 本周新品 ", now=session.now)
    assert await rows(session) == 0
    await change(session, actor, first, section_id=section_id)
    await change(session, actor, scene.product_id, section_id=section_id, is_featured=True)
    assert await ids_on(session, actor) == [scene.product_id, second, first]
    assert await ids_on(session, actor, section_id=section_id) == [scene.product_id, first]
    assert await ids_on(session, actor, is_outside=True) == [second]
    assert await ids_on(session, await guide(session, scene.other_guide), is_outside=True) == [
        second,
        first,
        scene.product_id,
    ]
    await change(session, actor, first, is_hidden=True)
    [strip] = await shelf_reads.strips(session, shop_id=shop_of(scene.guide), branch=actor.branch, limit=4)
    assert (strip.name, [one.product.product_id for one in strip.items], strip.item_count) == (
        "本周新品",
        [scene.product_id],
        1,
    )
    await change(session, actor, first, is_hidden=False)
    await shelf_sections.delete(session, actor, section_id=section_id)
    assert await ids_on(session, actor, is_outside=True) == [scene.product_id, second, first]
    assert await rows(session) == 1  # what is featured still; the other is as headquarters published it
    assert await broken(session) == {}


async def test_sections_have_bounds_and_are_their_shops_own(
    session: BrandSession, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, other = await guide(session, scene.guide), await guide(session, scene.other_guide)
    made = [await shelf_sections.save(session, actor, name=f"区{at}", now=session.now) for at in range(12)]
    for name, path in (("十三", ()), ("", ("name",)), ("字" * 21, ("name",)), ("换\n行", ("name",)), ("区1", ())):
        with pytest.raises(InvalidInput) as caught:
            await shelf_sections.save(session, actor, name=name, now=session.now)
        assert caught.value.path == path
    with pytest.raises(InvalidInput) as taken:
        await shelf_sections.save(session, actor, section_id=made[0], name="区1", now=session.now)
    assert (taken.value.key, taken.value.path) == ("shelf_section_taken", ("name",))
    await shelf_sections.save(session, actor, section_id=made[11], name="区11", position=1, now=session.now)
    order = await shelf_reads.sections_of_shop(session, shop_of(scene.guide))
    assert [(one.name, one.position) for one in order[:2]] == [("区11", 1), ("区0", 2)]
    for wrong in (
        shelf_sections.delete(session, other, section_id=made[0]),
        shelf_sections.save(session, other, section_id=made[0], name="我的", now=session.now),
        change(session, other, scene.product_id, section_id=made[0]),
    ):
        with pytest.raises(NotFound):
            await wrong
    monkeypatch.setattr(arrangement_rules, "MOST_IN_SECTION", 0)
    with pytest.raises(InvalidInput, match="shelf_section_full"):
        await change(session, actor, scene.product_id, section_id=made[0])
    assert await rows(session) == 0


async def test_steps_move_items_on_the_shelf(session: BrandSession, scene: Scene, owner: Actor) -> None:
    actor, (older, newer) = await guide(session, scene.guide), await put_on(session, owner, 2)

    async def step(product_id: UUID, one: ShelfStep) -> list[UUID]:
        await shelf.move_item(
            session, actor, shop_id=shop_of(scene.guide), product_id=product_id, step=one, now=session.now
        )
        return await ids_on(session, actor)

    assert await ids_on(session, actor) == [newer, older, scene.product_id]
    assert await step(newer, ShelfStep.UP) == [newer, older, scene.product_id]
    assert await rows(session) == 0
    assert await step(scene.product_id, ShelfStep.UP) == [newer, scene.product_id, older]
    assert await step(older, ShelfStep.FIRST) == [older, newer, scene.product_id]
    assert await step(older, ShelfStep.DOWN) == [newer, older, scene.product_id]


# --- words and pictures


async def test_a_guides_words_and_pictures_are_the_own_shops(session: BrandSession, scene: Scene) -> None:
    actor = await guide(session, scene.guide)
    urls = tuple([await picture(session, number) for number in range(2)])
    await change(session, actor, scene.product_id, words=" <b>自己用了三年</b> ", picture_urls=urls)
    said = await item(session, actor, scene.product_id)
    assert said.words_shown == "<b>自己用了三年</b>"
    assert tuple(shelf_reads.picture_urls(said.pictures_shown)) == urls
    assert await shelf.named_media(session, [*said.picture_keys, "x/y.png"]) == set(said.picture_keys)
    assert (await item(session, await guide(session, scene.other_guide), scene.product_id)).words is None
    [listed] = await shelf_reads.said_page(session, limit=9)
    assert (listed.words, listed.picture_keys) == (said.words, said.picture_keys)
    await change(session, actor, scene.product_id, words=None, picture_urls=())
    assert (await rows(session), await shelf_reads.said_page(session, limit=9)) == (0, [])


@pytest.mark.parametrize(
    ("what", "path"),
    [
        ({"words": "字" * 81}, ("words",)),
        ({"words": "两\n行"}, ("words",)),
        ({"words": "\x00"}, ("words",)),
        ({"picture_urls": ("/media/none.png",)}, ("pictureUrls", "0")),
        ({"picture_urls": ("https://example.com/a.png",)}, ("pictureUrls", "0")),
        ({"picture_urls": ("a", "b", "c", "d")}, ("pictureUrls",)),
    ],
)
async def test_words_and_pictures_have_bounds(
    session: BrandSession, scene: Scene, what: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await change(session, await guide(session, scene.guide), scene.product_id, **what)
    assert (caught.value.path, await rows(session)) == (path, 0)


async def test_what_is_taken_down_is_shown_no_more_and_does_not_come_back(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    actor, url = await guide(session, scene.guide), await picture(session, 7)
    where: dict[str, Any] = {"shop_id": shop_of(scene.guide), "product_id": scene.product_id, "now": session.now}
    with pytest.raises(NotFound):
        await shelf.take_down(session, owner, reason="夸大", **where)
    await change(session, actor, scene.product_id, words="治百病", picture_urls=(url,))
    with pytest.raises(Forbidden):
        await shelf.take_down(session, actor, reason="夸大", **where)
    with pytest.raises(InvalidInput):
        await shelf.take_down(session, owner, reason=" ", **where)
    await shelf.take_down(session, owner, reason="夸大功效", **where)
    with pytest.raises(WrongState):
        await shelf.take_down(session, owner, reason="再来", **where)
    down = await item(session, actor, scene.product_id)
    assert (down.words, down.words_shown, down.pictures_shown) == ("治百病", None, ())
    assert down.taken_down_reason == "夸大功效"
    await change(session, actor, scene.product_id, is_featured=True)
    for again in ({"words": "治百病", "picture_urls": ()}, {"words": "换一句"}):
        with pytest.raises(InvalidInput, match="shelf_words_taken_down"):
            await change(session, actor, scene.product_id, **again)
    await change(session, actor, scene.product_id, words="摸着舒服", picture_urls=())
    said = await item(session, actor, scene.product_id)
    assert (said.words_shown, said.taken_down_reason, said.is_featured) == ("摸着舒服", None, True)


async def test_of_two_who_name_a_section_alike_one_does(database: Database, scene: Scene) -> None:
    """And the last place among twelve goes once: both wait for the shop's row."""

    async def save() -> str:
        try:
            async with database.transaction(scene.brand) as session:
                actor = await guide(session, scene.guide)
                await shelf_sections.save(session, actor, name="新品", now=session.now)
        except UserFault as fault:
            return fault.key
        return "made"

    assert sorted(await asyncio.gather(save(), save())) == ["made", "shelf_section_taken"]


async def test_planted_faults_of_shelves_are_found(session: BrandSession, scene: Scene) -> None:
    actor = await guide(session, scene.guide)
    section_id = await shelf_sections.save(session, actor, name="新品", now=session.now)
    await change(session, actor, scene.product_id, section_id=section_id)
    assert await broken(session) == {}
    for statement in (
        sa.update(ShelfSectionRow)
        .where(ShelfSectionRow.brand_id == session.brand_id)
        .values(shop_id=scene.other_guide.shop_id),
        sa.update(ShelfItemRow).where(ShelfItemRow.brand_id == session.brand_id).values(section_id=None),
    ):
        await session.execute(statement)
        [name] = await broken(session)
        assert name in ("items stand in sections of their shop", "an item of a shelf is changed in something")
