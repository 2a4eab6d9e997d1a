"""The demo's withdrawals: one is paid, one waits, one was sent back with a comment; without money there is none."""

from app.commission.values import AccountKind
from app.commission.withdrawal_reads import page
from app.demo import drawings
from app.demo.brand_setup import DemoGuide, Setup
from app.platform.runtime import Runtime
from app.worker import make_relay
from tests.commission import wages
from tests.commission.wages import Office


async def draw(office: Office) -> list[tuple[str, int, bool]]:
    """Tell the story; gives state, amount and whether there is a comment, in the order of asking."""
    guides = [DemoGuide(guide.employee_id, guide.employee_id, "") for guide in office.market.guides]
    assert office.finance.employee_id is not None
    someone = office.finance.employee_id
    setup = Setup(
        guides=guides,
        skus=[],
        store_ids=office.market.stores,
        service_id=someone,
        branch_id=someone,
        template_ids=[],
    )
    async with office.database.transaction(office.market.brand) as session:
        asked = await drawings.ask(session, setup)
    async with office.database.transaction(office.market.brand) as session:
        await drawings.decide(session, setup, {name: str(value) for name, value in asked.items()})
    await make_relay(office.runtime).drain(office.market.brand)
    async with office.database.reading(office.market.brand) as session:
        views = await page(session, limit=9)
    return [(view.state.value, view.amount_minor, view.comment is not None) for view in reversed(views)]


async def test_the_richest_guides_draw_and_each_story_is_told(runtime: Runtime) -> None:
    office = await wages.make_office(runtime)
    for guide, amount in ((1, 90_000), (3, 70_000), (0, 50_000), (2, 30_000)):
        await wages.earn(office, amount, guide=guide)
    assert await draw(office) == [("PAID", 9_000, False), ("REQUESTED", 4_200, False), ("REJECTED", 5_000, True)]
    assert await wages.balance(office, guide=1) == {AccountKind.PAID: 9_000}
    assert await wages.balance(office, guide=2) == {AccountKind.PAYABLE: 3_000}
    await wages.assert_sound(office)


async def test_guides_without_money_draw_nothing(runtime: Runtime) -> None:
    office = await wages.make_office(runtime)
    assert await draw(office) == []
    await wages.earn(office, 900)
    assert await draw(office) == []
    await wages.earn(office, 200)
    assert await draw(office) == [("PAID", 110, False)]
