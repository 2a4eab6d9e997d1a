"""Pictures and options of products: who sets them, what is refused, and what the page shows."""

from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import media
from app.platform.actor import SYSTEM, Actor
from app.platform.db import BrandSession, Database
from app.platform.errors import Conflict, Forbidden, InvalidInput, NotFound, UserFault
from app.platform.media import Upload
from app.platform.storage import content_key
from app.products import catalogue, invariants, options, pictures, reads
from app.products.models import SkuRow
from app.products.option_rules import matrix_problem, options_problem
from app.products.pictures import NewPicture
from app.products.values import NewSku, ProductOption
from tests import factories
from tests.factories import Scene, next_number
from tests.products.conftest import guide_of, stock_of

COLOUR, SIZE = ProductOption("颜色", ("红", "蓝")), ProductOption("尺码", ("M", "L"))
PATHS = [("skus", str(at)) for at in range(9)]


async def uploaded(session: BrandSession, *, width: int | None = 4) -> str:
    data = factories.key().encode()
    kind = "image/jpeg" if width else "application/pdf"
    upload = Upload(content_key(session.brand_id, data, media_type=kind), data, kind, width, 3 if width else None)
    assert await media.register(session, "system", upload) == 0
    return upload.url


async def set_on(session: BrandSession, scene: Scene, *urls: str, actor: Actor = SYSTEM) -> None:
    shown = [NewPicture(url, f"图{at}") for at, url in enumerate(urls)]
    await pictures.set_pictures(session, actor, product_id=scene.product_id, pictures=shown, now=session.now)


async def test_pictures_are_shown_in_order_and_the_first_becomes_a_missing_cover(
    session: BrandSession, scene: Scene
) -> None:
    before = await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    one, two, three = [await uploaded(session) for _ in range(3)]
    await set_on(session, scene, two, one)
    shown = (await pictures.pictures_of_products(session, [scene.product_id]))[scene.product_id]
    assert [(picture.url, picture.alt, picture.width) for picture in shown] == [(two, "图0", 4), (one, "图1", 4)]
    await set_on(session, scene, three)
    product = (await reads.products_by_id(session, [scene.product_id]))[scene.product_id]
    assert product.cover_url == two
    await set_on(session, scene)
    assert await pictures.pictures_of_products(session, [scene.product_id]) == {scene.product_id: []}
    after = await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    assert before is not None and after is not None and before.page_tag != after.page_tag


async def test_pictures_that_are_not_the_brands_uploads_are_refused(
    session: BrandSession, database: Database, scene: Scene
) -> None:
    mine = await uploaded(session)
    elsewhere = await factories.make_scene(database)
    async with database.transaction(elsewhere.brand) as other:
        theirs = await uploaded(other)
    for urls, key, path in (
        ([theirs], "media_unknown", ("pictures", "0", "url")),
        ([mine, "/media/demo/01.svg"], "media_unknown", ("pictures", "1", "url")),
        (["https://a.example/b.jpg"], "media_unknown", ("pictures", "0", "url")),
        ([await uploaded(session, width=None)], "media_unknown", ("pictures", "0", "url")),
        ([mine, mine], "picture_repeated", ("pictures", "1", "url")),
        ([mine] * 10, "picture_count", ("pictures",)),
    ):
        with pytest.raises(InvalidInput) as refused:
            await set_on(session, scene, *urls)
        assert (refused.value.key, refused.value.path) == (key, path)
    with pytest.raises(Forbidden):
        await set_on(session, scene, mine, actor=guide_of(scene.guide))
    with pytest.raises(NotFound):
        await set_on(session, replace(scene, product_id=scene.sku_id), mine)
    assert await pictures.pictures_of_products(session, [scene.product_id]) == {scene.product_id: []}


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ([COLOUR, SIZE], None),
        ([], None),
        ([COLOUR] * 2, "option_repeated"),
        ([ProductOption("颜色", ("红", "红"))], "option_repeated"),
        ([ProductOption("颜色", ())], "option_value_count"),
        ([ProductOption("颜色", tuple(map(str, range(31))))], "option_value_count"),
        ([ProductOption(str(at), ("a",)) for at in range(4)], "option_count"),
    ],
)
def test_options_have_their_bounds(given: list[ProductOption], key: str | None) -> None:
    problem = options_problem(given)
    assert (problem.key if problem else None) == key


@pytest.mark.parametrize(
    ("choices", "key", "path"),
    [
        ([("红", "M"), ("红", "L"), ("蓝", "M")], None, None),
        ([("红", "M"), ("蓝", "L"), ("红", "M")], "sku_choices_taken", ("skus", "2", "choices")),
        ([("红", "M"), ("蓝",)], "sku_choices_missing", ("skus", "1", "choices")),
        ([("红", "M"), ()], "sku_choices_missing", ("skus", "1", "choices")),
        ([("红", "M", "x")], "sku_choices_missing", ("skus", "0", "choices")),
        ([("红", "XL")], "sku_choice_unknown", ("skus", "0", "choices", "1")),
        ([("M", "红")], "sku_choice_unknown", ("skus", "0", "choices", "0")),
        ([("红", "M"), ("红", "L")], "option_value_unused", ("options", "0", "values", "1")),
    ],
)
def test_every_sku_stands_for_one_combination(
    choices: list[tuple[str, ...]], key: str | None, path: tuple[str, ...] | None
) -> None:
    problem = matrix_problem([COLOUR, SIZE], choices, PATHS[: len(choices)])
    assert ((problem.key, problem.path) if problem else (None, None)) == (key, path)


def test_without_options_skus_have_no_values_and_may_be_many() -> None:
    assert matrix_problem([], [(), ()], PATHS[:2]) is None
    problem = matrix_problem([], [(), ("红",)], PATHS[:2])
    assert problem is not None and problem.key == "sku_choices_missing"


def sku(*choices: str, code: str = "") -> NewSku:
    return NewSku("规格", code or f"O{next_number()}", None, 100, None, 2, choices)


async def product_with(session: BrandSession, *skus: NewSku) -> tuple[UUID, list[UUID]]:
    product_id = await catalogue.create_product(
        session, SYSTEM, title="大衣", options=[COLOUR, SIZE], skus=skus, now=session.now
    )
    return product_id, await reads.sku_ids_of(session, product_id)


async def chosen(session: BrandSession, product_id: UUID) -> list[list[str] | None]:
    return [view.choices for view in (await reads.skus_of_products(session, [product_id]))[product_id]]


async def test_product_is_made_with_its_matrix_or_not_at_all(session: BrandSession) -> None:
    product_id, _ = await product_with(session, sku("红", "M"), sku("蓝", "L"))
    assert await chosen(session, product_id) == [["红", "M"], ["蓝", "L"]]
    assert (await options.options_of_products(session, [product_id]))[product_id] == [COLOUR, SIZE]
    count = await reads.product_count(session)
    for skus, key in (
        ([sku("红", "M"), sku("红", "M")], "sku_choices_taken"),
        ([sku("红", "M"), sku()], "sku_choices_missing"),
        ([sku("红", "M")], "option_value_unused"),
    ):
        with pytest.raises(InvalidInput, match=key):
            await product_with(session, *skus)
    assert await reads.product_count(session) == count


async def test_skus_change_places_are_added_and_lose_their_options(session: BrandSession) -> None:
    product_id, [first, second] = await product_with(session, sku("红", "M"), sku("蓝", "L"))

    async def become(given: list[ProductOption], choices: dict[UUID, tuple[str, ...]], *new: NewSku) -> None:
        await options.set_options(
            session, SYSTEM, product_id=product_id, options=given, choices=choices, new_skus=new, now=session.now
        )

    await become([COLOUR, SIZE], {first: ("蓝", "L"), second: ("红", "M")}, sku("红", "L"))
    assert await chosen(session, product_id) == [["蓝", "L"], ["红", "M"], ["红", "L"]]
    *_, third = await reads.sku_ids_of(session, product_id)
    assert await stock_of(session, third) == (2, 0)
    before = await chosen(session, product_id)
    taken = sku("蓝", "M", code="taken")
    await catalogue.create_product(session, SYSTEM, title="别的", skus=[replace(taken, choices=())], now=session.now)
    all_three: dict[UUID, tuple[str, ...]] = {first: ("蓝", "L"), second: ("红", "M"), third: ("红", "L")}
    refusals: list[tuple[dict[UUID, tuple[str, ...]], list[NewSku], type[UserFault], tuple[str, ...]]] = [
        ({first: ("蓝", "L"), second: ("红", "M")}, [], InvalidInput, ("skus", "2", "choices")),
        (all_three | {product_id: ("红", "L")}, [], NotFound, ("skus", "3", "skuId")),
        (all_three, [taken], Conflict, ("newSkus", "0", "code")),
        (all_three, [sku("红", "M")], InvalidInput, ("newSkus", "0", "choices")),
        (all_three, [sku("红", "M", code="!")], InvalidInput, ("newSkus", "0", "code")),
    ]
    for choices, new, kind, path in refusals:
        with pytest.raises(kind) as refused:
            async with session.begin_nested():
                await become([COLOUR, SIZE], choices, *new)
        assert refused.value.path == path
        assert await chosen(session, product_id) == before
    check = invariants.CHECKS["SKUs stand for combinations"]
    assert await check(session) == []
    async with session.begin_nested() as part:
        await session.execute(
            sa.update(SkuRow).where(SkuRow.brand_id == session.brand_id, SkuRow.id == third).values(choices=["绿", "L"])
        )
        assert len(await check(session)) == 1
        await session.execute(
            sa.update(SkuRow).where(SkuRow.brand_id == session.brand_id, SkuRow.id == third).values(choices=["红"])
        )
        assert len(await check(session)) == 1
        await part.rollback()
    await become([], {})
    assert await check(session) == []
    assert await chosen(session, product_id) == [None, None, None]
    assert await options.options_of_products(session, [product_id]) == {product_id: []}
