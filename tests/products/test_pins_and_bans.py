"""What headquarters decides for the shelves of a branch: pinned, forbidden, and no words of guides' own."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound, WrongState
from app.products import arrangement_rules, pins_and_bans, reads, shelf
from app.products.values import ShelfRuleKind, ShelfStep
from tests.factories import Scene
from tests.products.test_shelf import put_on, rows, shop_of
from tests.products.test_shelf_sections import change, guide, ids_on, item

PIN, FORBID, NO_WORDS = ShelfRuleKind.PIN, ShelfRuleKind.FORBID, ShelfRuleKind.NO_WORDS


async def decide(
    session: BrandSession, actor: Actor, kind: ShelfRuleKind, product_id: UUID | None, **more: Any
) -> UUID:
    if kind is not PIN:
        more.setdefault("reason", "召回")
    return await pins_and_bans.decide(session, actor, kind=kind, product_id=product_id, now=session.now, **more)


async def test_what_is_pinned_stands_first_and_a_guide_neither_hides_nor_moves_it(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    actor, (older, newer) = await guide(session, scene.guide), await put_on(session, owner, 2)
    await change(session, actor, older, is_featured=True)
    await change(session, actor, scene.product_id, is_hidden=True)
    before = await reads.shop_facts(session, shop_of(scene.guide))
    rule_id = await decide(session, owner, PIN, scene.product_id, org_unit_id=scene.area_id)
    await decide(session, owner, PIN, newer, position=1)
    assert await ids_on(session, actor) == [newer, scene.product_id, older]
    pinned = await item(session, actor, scene.product_id)
    assert (pinned.is_pinned, pinned.is_hidden) == (True, False)
    for what in ({"is_hidden": True}, {"position": 3}):
        with pytest.raises(InvalidInput, match="shelf_item_pinned"):
            await change(session, actor, newer, **what)
    with pytest.raises(InvalidInput, match="shelf_item_pinned"):
        await shelf.move_item(
            session, actor, shop_id=shop_of(scene.guide), product_id=newer, step=ShelfStep.DOWN, now=session.now
        )
    after = await reads.shop_facts(session, shop_of(scene.guide))
    assert before is not None and after is not None and after.version > before.version
    await pins_and_bans.end(session, owner, rule_id=rule_id, now=session.now)
    assert await ids_on(session, actor) == [newer, older]
    with pytest.raises(WrongState):
        await pins_and_bans.end(session, owner, rule_id=rule_id, now=session.now)


async def test_what_is_forbidden_is_on_no_shelf_of_the_branch_and_not_for_sale(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    actor = await guide(session, scene.guide)
    [other_id] = await put_on(session, owner, 1)
    await decide(session, owner, PIN, scene.product_id)
    await decide(session, owner, FORBID, scene.product_id, org_unit_id=scene.area_id)
    for more in ({}, {"has_hidden": True}, {"search": "围巾"}):
        assert scene.product_id not in await ids_on(session, actor, **more)
    with pytest.raises(NotFound):
        await change(session, actor, scene.product_id, is_featured=True)
    elsewhere = Actor(kind=ActorKind.EMPLOYEE, shop_id=actor.shop_id, branch=f"/{uuid4().hex}/")
    assert await ids_on(session, elsewhere) == [scene.product_id, other_id]
    for branch, is_forbidden in ((actor.branch, True), (elsewhere.branch, False)):
        fact = (await reads.price_facts(session, [scene.sku_id], branch=branch))[scene.sku_id]
        assert (fact.is_forbidden, fact.is_sellable) == (is_forbidden, not is_forbidden)
    [ban, _] = await pins_and_bans.in_force(session, branch=actor.branch)
    assert (ban.kind, ban.reason, ban.product_id) == (FORBID, "召回", scene.product_id)


async def test_where_guides_may_say_nothing_nothing_is_shown_or_added(
    session: BrandSession, scene: Scene, owner: Actor
) -> None:
    actor = await guide(session, scene.guide)
    await change(session, actor, scene.product_id, words="好用")
    await decide(session, owner, NO_WORDS, None)
    silent = await item(session, actor, scene.product_id)
    assert (silent.words, silent.words_shown, silent.is_silent) == ("好用", None, True)
    with pytest.raises(InvalidInput, match="shelf_words_forbidden"):
        await change(session, actor, scene.product_id, words="很好用")
    await change(session, actor, scene.product_id, words=None)
    assert await rows(session) == 0


async def test_a_decision_counts_for_its_time_and_says_so_by_the_version(
    database: Database, scene: Scene, owner: Actor
) -> None:
    async with database.transaction(scene.brand) as session:
        now = session.now
        actor = await guide(session, scene.guide)
        await decide(
            session,
            owner,
            FORBID,
            scene.product_id,
            starts_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2),
        )
    versions, shown = [], []
    for minutes in (0, 61, 121):
        async with database.reading(scene.brand, now=now + timedelta(minutes=minutes)) as session:
            facts = await reads.shop_facts(session, shop_of(scene.guide))
            assert facts is not None
            versions.append(facts.version)
            shown.append(len(await ids_on(session, actor)))
            assert await pins_and_bans.count(session, is_live=True) == (0 if minutes > 120 else 1)
    assert shown == [1, 0, 1]
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


async def test_decisions_are_headquarters_and_have_bounds(
    session: BrandSession, scene: Scene, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoter = Actor(
        kind=ActorKind.EMPLOYEE, employee_id=uuid4(), role="HEADQUARTERS", functions=frozenset({"PROMOTION"})
    )
    product_id, now = scene.product_id, session.now
    with pytest.raises(Forbidden):
        await decide(session, await guide(session, scene.guide), PIN, product_id)
    for kind, product, more in (
        (PIN, None, {}),
        (NO_WORDS, product_id, {}),
        (FORBID, product_id, {"reason": " "}),
        (FORBID, product_id, {"position": 1}),
        (PIN, product_id, {"position": 0}),
        (PIN, product_id, {"position": 100}),
        (PIN, product_id, {"ends_at": now}),
        (PIN, product_id, {"starts_at": now + timedelta(days=2), "ends_at": now + timedelta(days=1)}),
    ):
        with pytest.raises(InvalidInput):
            await decide(session, promoter, kind, product, **more)
    for more in ({"org_unit_id": uuid4()}, {}):
        with pytest.raises(NotFound):
            await decide(session, promoter, PIN, product_id if more else uuid4(), **more)
    await decide(session, promoter, PIN, product_id)
    monkeypatch.setattr(arrangement_rules, "MOST_RULES", 1)
    with pytest.raises(InvalidInput, match="shelf_rules"):
        await decide(session, promoter, PIN, product_id)
    assert await pins_and_bans.count(session) == 1
