"""Who sees and ends a quotation, what its lists say of the time, and where its code leads."""

from uuid import uuid4

import pytest

from app.marketing import codes, destinations
from app.marketing.values import CodeKind
from app.platform.errors import Forbidden, InvalidInput, NotFound
from app.platform.runtime import Runtime
from app.trade import quotation_reads, quotations
from app.trade.values import QuotationSight, QuotationState
from tests.factories import Scene
from tests.trade import fulfilling, quoting
from tests.trade.fulfilling import Staffed

S = QuotationState


@pytest.fixture
async def staffed(runtime: Runtime, scene: Scene) -> Staffed:
    return await fulfilling.staff(runtime.database, scene)


async def test_others_neither_make_nor_withdraw_nor_see_it_and_those_above_read_it(
    runtime: Runtime, staffed: Staffed
) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    for who in (staffed.colleague, staffed.west_guide, staffed.manager, staffed.owner):
        with pytest.raises(NotFound):
            await quoting.withdraw(database, scene.brand, who, quotation_id)
    with pytest.raises(Forbidden):
        await quoting.withdraw(database, scene.brand, staffed.buyer, quotation_id)
    with pytest.raises(Forbidden):
        await quoting.quote(database, scene, staffed.buyer)
    with pytest.raises(InvalidInput):
        await quoting.quote(database, scene, staffed.headquarters)
    async with database.reading(scene.brand) as session:
        seen = {
            name: [one.id for one in await quotation_reads.page(session, getattr(staffed, name), limit=9)]
            for name in (
                "guide",
                "manager",
                "owner",
                "headquarters",
                "colleague",
                "west_guide",
                "west_manager",
                "buyer",
            )
        }
        assert await quotation_reads.count(session, staffed.manager, states=[S.OPEN]) == 1
        assert await quotation_reads.count(session, staffed.manager, states=[S.EXPIRED, S.ACCEPTED]) == 0
    may = {"guide", "manager", "owner", "headquarters"}
    assert seen == {name: [quotation_id] if name in may else [] for name in seen}


async def test_lists_follow_the_clock_and_are_paged_newest_first(runtime: Runtime, staffed: Staffed) -> None:
    database, scene = runtime.database, staffed.scene
    made = [await quoting.quote(database, scene, staffed.guide) for _ in range(3)]
    await quoting.withdraw(database, scene.brand, staffed.guide, made[1])
    over = (await quoting.row(database, scene.brand, made[2])).expires_at
    async with database.reading(scene.brand, now=over) as session:
        pages = {
            state: [one.id for one in await quotation_reads.page(session, staffed.guide, states=[state], limit=9)]
            for state in S
        }
        first = await quotation_reads.page(session, staffed.guide, limit=2)
        rest = await quotation_reads.page(session, staffed.guide, limit=2, after=first[-1].id)
    assert pages == {S.OPEN: [], S.ACCEPTED: [], S.DECLINED: [], S.WITHDRAWN: [made[1]], S.EXPIRED: [made[2], made[0]]}
    assert [one.id for one in (*first, *rest)] == made[::-1]


async def test_its_code_leads_to_it_counts_the_touch_and_cannot_be_made_by_hand(
    runtime: Runtime, staffed: Staffed
) -> None:
    database, scene = runtime.database, staffed.scene
    quotation_id = await quoting.quote(database, scene, staffed.guide)
    async with database.transaction(scene.brand) as session:
        token = await quoting.token_of(session, quotation_id)
        await codes.scan(session, staffed.buyer, token=token, now=session.now)
        code = await codes.facts_by_token(session, token)
        assert code is not None
        leads_to = await destinations.destination(session, code)
        assert (leads_to.quotation_id, leads_to.product_id, leads_to.material_id) == (quotation_id, None, None)
        with pytest.raises(InvalidInput) as caught:
            await codes.create_code(
                session, staffed.guide, kind=CodeKind.QUOTATION, target_id=quotation_id, now=session.now
            )
        assert caught.value.path == ("kind",)
        await codes.revoke(session, staffed.guide, code_id=code.code_id, now=session.now)
        revoked = await codes.facts_by_token(session, token)
        assert revoked is not None
        leads_to = await destinations.destination(session, revoked)
        assert leads_to.quotation_id is None
        assert leads_to.shop is not None
        opened = await quotation_reads.opened(session, staffed.buyer, token)
        assert opened is not None
        assert opened.sight is QuotationSight.HIDDEN
    with pytest.raises(NotFound):
        await quoting.accept(database, scene.brand, staffed.buyer, quotation_id)
    for other in (scene.guide.token, "no-such-token", str(uuid4())):
        async with database.transaction(scene.brand) as session:
            assert await quotation_reads.opened(session, staffed.buyer, str(other)) is None
            with pytest.raises(NotFound):
                await quotations.accept(session, staffed.buyer, token=str(other), now=session.now)
