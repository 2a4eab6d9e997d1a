"""Coupons on their way to customers: claimed, given, handed on, ended; budgets and limits under a crowd."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.customers.models import TouchpointRow
from app.employees.values import Role, StaffFunction
from app.marketing import codes, coupon_care, coupon_transfers, coupons
from app.marketing.coupon_templates import revoke
from app.marketing.models import CouponRow
from app.marketing.values import CodeKind, CouponKind
from app.platform import clock
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import CouponUnavailable, Forbidden, InvalidInput, NotFound, WrongState
from app.platform.models import OutboxRow
from app.platform.runtime import Runtime
from tests import factories
from tests.factories import Scene
from tests.marketing import couponing
from tests.marketing.couponing import claim, coupon_row, guide_actor, history, state_of, template, template_row, terms
from tests.trade import purchase


async def touches_of(session: BrandSession, buyer: Actor) -> list[tuple[str, Any]]:
    rows = await session.execute(
        sa.select(TouchpointRow.kind, TouchpointRow.guide_id)
        .where(TouchpointRow.brand_id == session.brand_id, TouchpointRow.customer_id == buyer.customer_id)
        .order_by(TouchpointRow.id)
    )
    return [(row.kind, row.guide_id) for row in rows]


async def campaign_code(database: Database, scene: Scene, template_id: Any) -> str:
    async with database.transaction(scene.brand) as session:
        made = await codes.create_code(
            session, guide_actor(scene), kind=CodeKind.CAMPAIGN, target_id=template_id, now=session.now
        )
    return made.token


async def serve(database: Database, scene: Scene, buyer: Actor) -> None:
    """The buyer scans the first guide's code and is bound to him."""
    async with database.transaction(scene.brand) as session:
        await codes.scan(session, buyer, token=scene.guide.token or "", now=session.now)


async def refused(database: Database, brand: Brand, buyer: Actor, template_id: Any, **more: Any) -> str:
    with pytest.raises(CouponUnavailable) as caught:
        await claim(database, brand, buyer, template_id, **more)
    return caught.value.reason


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"title": " "}, ("title",)),
        ({"title": "券" * 61}, ("title",)),
        ({"of": terms(amount_minor=-1)}, ("amountMinor",)),
        ({"of": terms(CouponKind.PERCENT, percent_bp=10_001)}, ("percentBp",)),
        ({"of": terms(minimum_spend_minor=-1)}, ("minimumSpendMinor",)),
        ({"of": terms(CouponKind.EXCHANGE)}, ("productIds",)),
        ({"quantity": 0}, ("quantity",)),
        ({"quantity": 10_000_001}, ("quantity",)),
        ({"per_person": 0}, ("perPerson",)),
        ({"per_person": 101}, ("perPerson",)),
        ({"valid_days": 0}, ("validDays",)),
        ({"claim_until": clock.utc_now() - timedelta(seconds=1)}, ("claimUntil",)),
        ({"claim_from": clock.utc_now() + timedelta(days=99)}, ("claimUntil",)),
    ],
)
async def test_template_out_of_bounds_is_refused(
    database: Database, brand: Brand, changed: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await template(database, brand, **changed)
    assert caught.value.path == path


async def test_template_is_promotions_and_headquarters(database: Database, scene: Scene) -> None:
    person = {"kind": ActorKind.EMPLOYEE, "employee_id": scene.owner_id}
    await template(database, scene.brand, actor=Actor(**person, role=Role.HEADQUARTERS))
    promoter = Actor(**person, role=Role.HEADQUARTERS, functions=frozenset({StaffFunction.PROMOTION}))
    made = await template(database, scene.brand, actor=promoter)
    for actor in (guide_actor(scene), Actor(**person, role=Role.MANAGER, branch="/x/"), ANONYMOUS):
        with pytest.raises(Forbidden):
            await template(database, scene.brand, actor=actor)
        with pytest.raises(Forbidden):
            async with database.transaction(scene.brand) as session:
                await revoke(session, actor, template_id=made, now=session.now)
    with pytest.raises(NotFound) as caught:
        await template(database, scene.brand, terms(product_ids=frozenset({scene.product_id, uuid4()})))
    assert caught.value.path == ("productIds",)


async def test_claim_counts_once_and_runs_for_its_days(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    template_id = await template(database, scene.brand, quantity=2, valid_days=7)
    coupon_id = await claim(database, scene.brand, buyer, template_id)
    assert await refused(database, scene.brand, buyer, template_id) == "LIMIT_REACHED"
    async with database.reading(scene.brand) as session:
        row = await coupon_row(session, coupon_id)
        assert (row.state, row.steps, row.guide_id, row.branch) == ("CLAIMED", 2, None, "")
        assert row.expires_at == row.claimed_at + timedelta(days=7)
        assert await touches_of(session, buyer) == []
    assert await history(database, scene.brand, coupon_id) == ["ISSUE", "CLAIM"]
    second = await purchase.make_buyer(database, scene.brand)
    await claim(database, scene.brand, second, template_id)
    third = await purchase.make_buyer(database, scene.brand)
    assert await refused(database, scene.brand, third, template_id) == "SOLD_OUT"
    row = await template_row(database, scene.brand, template_id)
    assert (row.issued_count, row.claimed_count) == (2, 2)
    assert await couponing.violations(database, scene.brand) == []


async def test_claim_out_of_its_time_is_refused(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    now = clock.utc_now()
    early = await template(database, scene.brand, claim_from=now + timedelta(days=1))
    assert await refused(database, scene.brand, buyer, early) == "NOT_YET"
    assert await refused(database, scene.brand, buyer, early, at=now + timedelta(days=11)) == "OVER"
    ended = await template(database, scene.brand)
    async with database.transaction(scene.brand) as session:
        await revoke(session, SYSTEM, template_id=ended, now=session.now)
        await revoke(session, SYSTEM, template_id=ended, now=session.now + timedelta(days=1))
    assert await refused(database, scene.brand, buyer, ended) == "OVER"
    assert (await template_row(database, scene.brand, ended)).issued_count == 0
    with pytest.raises(NotFound):
        await claim(database, scene.brand, buyer, uuid4())
    with pytest.raises(Forbidden):
        await claim(database, scene.brand, guide_actor(scene), early)


async def test_code_makes_its_guide_a_touchpoint_also_right_after_a_scan(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    hidden = await template(database, scene.brand, is_listed=False, per_person=2)
    assert await refused(database, scene.brand, buyer, hidden) == "NOT_ELIGIBLE"
    assert await refused(database, scene.brand, buyer, hidden, code_token=scene.guide.token) == "NOT_ELIGIBLE"
    token = await campaign_code(database, scene, hidden)
    async with database.transaction(scene.brand) as session:
        await codes.scan(session, buyer, token=token, now=session.now)
    coupon_id = await claim(database, scene.brand, buyer, hidden, code_token=token)
    async with database.reading(scene.brand) as session:
        guide_id = scene.guide.employee_id
        assert await touches_of(session, buyer) == [("SCAN", guide_id), ("COUPON", guide_id)]
        row = await coupon_row(session, coupon_id)
        assert (row.guide_id, row.branch.count("/") > 1, row.code_id is not None) == (guide_id, True, True)
    with pytest.raises(NotFound) as caught:
        await claim(database, scene.brand, buyer, hidden, code_token="x" * 20)
    assert caught.value.path == ("code",)


async def test_revoked_code_still_brings_the_coupon_and_touches_nobody(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    template_id = await template(database, scene.brand, is_listed=False)
    token = await campaign_code(database, scene, template_id)
    async with database.transaction(scene.brand) as session:
        code = await codes.facts_by_token(session, token)
        assert code is not None
        await codes.revoke(session, guide_actor(scene), code_id=code.code_id, now=session.now)
    coupon_id = await claim(database, scene.brand, buyer, template_id, code_token=token)
    async with database.reading(scene.brand) as session:
        assert (await coupon_row(session, coupon_id)).guide_id is None
        assert await touches_of(session, buyer) == []


async def test_gift_waits_to_be_accepted_and_counts_at_once(database: Database, scene: Scene) -> None:
    buyer, guide = await purchase.make_buyer(database, scene.brand), guide_actor(scene)
    template_id = await template(database, scene.brand, quantity=1, is_listed=False)

    async def give(actor: Actor) -> Any:
        async with database.transaction(scene.brand) as session:
            assert buyer.customer_id is not None
            return await coupons.give(
                session, actor, template_id=template_id, customer_id=buyer.customer_id, now=session.now
            )

    with pytest.raises(NotFound):
        await give(guide)
    await serve(database, scene, buyer)
    with pytest.raises(NotFound):
        await give(guide_actor(scene, scene.other_guide))
    coupon_id = await give(guide)
    with pytest.raises(CouponUnavailable):
        await give(guide)
    row = await template_row(database, scene.brand, template_id)
    assert (row.issued_count, row.claimed_count) == (1, 0)
    assert await claim(database, scene.brand, buyer, template_id) == coupon_id
    row = await template_row(database, scene.brand, template_id)
    assert (row.issued_count, row.claimed_count) == (1, 1)
    async with database.reading(scene.brand) as session:
        given = await coupon_row(session, coupon_id)
        assert (given.state, given.expires_at) == ("CLAIMED", given.claimed_at + timedelta(days=7))
        assert (await touches_of(session, buyer))[-1] == ("COUPON", scene.guide.employee_id)
    assert await couponing.violations(database, scene.brand) == []


async def test_friend_takes_an_offer_once_and_the_giver_has_it_no_more(database: Database, scene: Scene) -> None:
    brand = scene.brand
    giver, friend, late = [await purchase.make_buyer(database, brand) for _ in range(3)]
    template_id = await template(database, brand)
    token = await campaign_code(database, scene, template_id)
    coupon_id = await claim(database, brand, giver, template_id, code_token=token)

    async def take(buyer: Actor, link: str) -> Any:
        async with database.transaction(brand) as session:
            return await coupon_transfers.take(session, buyer, token=link, now=session.now)

    async with database.transaction(brand) as session:
        with pytest.raises(NotFound):
            await coupon_transfers.offer(session, friend, coupon_id=coupon_id, now=session.now)
        offers = [await coupon_transfers.offer(session, giver, coupon_id=coupon_id, now=session.now) for _ in "ab"]
    assert offers[0] == offers[1]
    link = coupon_transfers.token_of(database.vault, brand.id, offers[0])
    with pytest.raises(CouponUnavailable, match="not_eligible"):
        await take(giver, link)
    for forged in (link[:-1] + ("A" if link[-1] != "A" else "B"), "", "ü" * 36, "A" * 36):
        with pytest.raises(NotFound):
            await take(friend, forged)
    taken = await take(friend, link)
    assert await take(friend, link) == taken != coupon_id
    with pytest.raises(CouponUnavailable, match="sold_out"):
        await take(late, link)
    assert await history(database, brand, coupon_id) == ["ISSUE", "CLAIM", "TRANSFER"]
    async with database.transaction(brand) as session:
        old, new = await coupon_row(session, coupon_id), await coupon_row(session, taken)
        assert (old.state, new.state, new.customer_id) == ("TRANSFERRED", "CLAIMED", friend.customer_id)
        assert (new.expires_at, new.guide_id) == (old.expires_at, scene.guide.employee_id)
        assert await touches_of(session, friend) == [("COUPON", scene.guide.employee_id)]
        with pytest.raises(WrongState):
            await coupon_transfers.offer(session, giver, coupon_id=coupon_id, now=session.now)
    assert await refused(database, brand, friend, template_id) == "LIMIT_REACHED"
    row = await template_row(database, brand, template_id)
    assert (row.issued_count, row.claimed_count) == (1, 1)
    assert await couponing.violations(database, brand) == []


async def test_offer_raced_by_two_friends_is_one_friends(database: Database, scene: Scene) -> None:
    giver, *friends = [await purchase.make_buyer(database, scene.brand) for _ in range(6)]
    coupon_id = await couponing.coupon_for(database, scene.brand, giver)
    async with database.transaction(scene.brand) as session:
        offered = await coupon_transfers.offer(session, giver, coupon_id=coupon_id, now=session.now)
    link = coupon_transfers.token_of(database.vault, scene.brand.id, offered)

    async def take(friend: Actor) -> str:
        async def work(session: BrandSession) -> Any:
            return await coupon_transfers.take(session, friend, token=link, now=session.now)

        try:
            await database.run(scene.brand, work)
        except CouponUnavailable as fault:
            return fault.reason
        return "TAKEN"

    assert Counter(await asyncio.gather(*map(take, friends))) == {"TAKEN": 1, "SOLD_OUT": 4}
    assert await couponing.violations(database, scene.brand) == []


async def test_job_ends_what_is_over_and_tells_once_what_soon_will_be(
    runtime: Runtime, database: Database, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, buyer = scene.brand, await purchase.make_buyer(database, scene.brand)
    long_ago = clock.utc_now() - timedelta(days=5)

    async def made(valid_days: int) -> Any:
        async with database.transaction(brand, now=long_ago) as session:
            template_id = await couponing.make_template(session, valid_days=valid_days)
        return template_id, await claim(database, brand, buyer, template_id, at=long_ago)

    _, over = await made(5)
    _, soon = await made(7)
    _, later = await made(30)
    ended, revoked = await made(30)
    async with database.transaction(brand) as session:
        await revoke(session, SYSTEM, template_id=ended, now=session.now)
    assert await coupon_care.look_after(runtime, brand) == 3
    assert await coupon_care.look_after(runtime, brand) == 0
    states = [await state_of(database, brand, one) for one in (over, soon, later, revoked)]
    assert states == ["EXPIRED", "CLAIMED", "CLAIMED", "REVOKED"]
    async with database.reading(brand) as session:
        told = await session.scalars(
            sa.select(OutboxRow.payload).where(OutboxRow.brand_id == brand.id, OutboxRow.kind == "CouponUnused")
        )
        assert [one["coupon_id"] for one in told] == [str(soon)]
    assert await couponing.violations(database, brand) == []


async def test_one_coupon_is_taken_back_while_nothing_holds_it(database: Database, scene: Scene) -> None:
    buyer = await purchase.make_buyer(database, scene.brand)
    coupon_id = await couponing.coupon_for(database, scene.brand, buyer)
    async with database.transaction(scene.brand) as session:
        with pytest.raises(NotFound):
            await coupons.revoke(session, SYSTEM, coupon_id=uuid4(), now=session.now)
        with pytest.raises(Forbidden):
            await coupons.revoke(session, guide_actor(scene), coupon_id=coupon_id, now=session.now)
        await coupons.revoke(session, SYSTEM, coupon_id=coupon_id, now=session.now)
        with pytest.raises(WrongState):
            await coupons.revoke(session, SYSTEM, coupon_id=coupon_id, now=session.now)
    assert await state_of(database, scene.brand, coupon_id) == "REVOKED"


# --- a crowd


async def crowd(
    database: Database, brand: Brand, *, people: int, tries: int, quantity: int, per_person: int, at_once: int
) -> Counter[str]:
    """So many people try to claim so often each, all mixed; gives how the tries ended."""
    async with database.transaction(brand) as session:
        template_id = await couponing.make_template(session, quantity=quantity, per_person=per_person)
        buyers = [purchase.customer_actor(await factories.make_customer(session)) for _ in range(people)]
    slots = asyncio.Semaphore(at_once)

    async def one(buyer: Actor) -> str:
        async def work(session: BrandSession) -> Any:
            return await coupons.claim(session, buyer, template_id=template_id, now=session.now)

        async with slots:
            try:
                await database.run(brand, work)
            except CouponUnavailable as fault:
                return fault.reason
            return "CLAIMED"

    ended = Counter(await asyncio.gather(*(one(buyer) for _ in range(tries) for buyer in buyers)))
    async with database.reading(brand) as session:
        held = await session.execute(
            sa.select(sa.func.count())
            .where(CouponRow.brand_id == brand.id, CouponRow.template_id == template_id)
            .group_by(CouponRow.customer_id)
        )
        counts = [count for (count,) in held]
    row = await template_row(database, brand, template_id)
    assert (
        sum(counts)
        == row.issued_count
        == row.claimed_count
        == ended["CLAIMED"]
        == min(quantity, people * min(tries, per_person))
    )
    assert max(counts) <= per_person
    assert await couponing.violations(database, brand) == []
    return ended


async def test_crowd_gets_the_budget_and_nobody_more_than_the_limit(database: Database, brand: Brand) -> None:
    ended = await crowd(database, brand, people=20, tries=4, quantity=30, per_person=2, at_once=40)
    assert sum(ended.values()) == 80
    assert set(ended) <= {"CLAIMED", "SOLD_OUT", "LIMIT_REACHED"}


@pytest.mark.full
async def test_five_thousand_claims_of_a_thousand_coupons_give_exactly_a_thousand(
    database: Database, brand: Brand
) -> None:
    ended = await crowd(database, brand, people=1_000, tries=5, quantity=1_000, per_person=2, at_once=200)
    assert (sum(ended.values()), ended["CLAIMED"]) == (5_000, 1_000)
