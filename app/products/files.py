"""Product files: a catalogue out of a CSV or XLSX, with a report for every row, and the catalogue as such a file.

What can be understood is done, what cannot is refused with its reason; a new product comes whole or not at all. SKUs
are known by their codes: those that are there get new prices, and their products new words; their stock, names and
barcodes stay, as tills and shelves may already show them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from app.platform import sheets
from app.platform.actor import Actor
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import InvalidInput, UserFault
from app.products import catalogue, guards, import_rules, options, reads, rules, versions
from app.products.import_changes import (
    KnownProduct,
    apply_changes,
    changes_of,
    first_given,
    known_products,
    new_sku,
)
from app.products.import_rules import COLUMNS, STATE_WORDS, Outcome, ReadSheet, RowReport, SheetRow
from app.products.models import CategoryRow, ProductRow, SkuRow
from app.products.reads import PRODUCT_COLUMNS, CategoryView, ProductView
from app.products.values import NewProduct, Problem, ProductState

EXPORTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each row, in the order of the file."""

    rows: tuple[RowReport, ...]
    is_dry_run: bool = False

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows came to which end."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in Outcome}


class _DryRun(Exception):
    """Takes a report out of a transaction that is rolled back."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__("dry run")
        self.report = report


async def import_file(
    database: Database, brand: Brand, actor: Actor, data: bytes, *, is_dry_run: bool = False
) -> ImportReport:
    """Do what a file says in one transaction; a dry run does the same and leaves nothing behind.

    Raises: Forbidden, InvalidInput (path file: what is no sheet, is too big, or has wrong columns).
    """
    guards.headquarters_only(actor)
    rows = await asyncio.to_thread(sheets.read_sheet, data)
    if len(rows) < 2:
        raise InvalidInput("sheet_empty", path=("file",))
    columns, problem = import_rules.columns_of(rows[0])
    guards.refuse(problem)
    read = import_rules.read_rows(rows[1:], columns, currency=brand.currency)

    async def work(session: BrandSession) -> ImportReport:
        report = ImportReport(await _import(session, actor, read), is_dry_run)
        if is_dry_run:
            raise _DryRun(report)
        return report

    try:
        return await database.run(brand, work)
    except _DryRun as done:
        return done.report


async def export_rows(session: BrandSession) -> list[list[object]]:
    """The whole catalogue as rows below a head, a row a SKU, in the order in which products were made.

    Amounts are decimals in the brand's currency; `stock` is what can be ordered now.
    """
    categories = await _categories(session)
    path_of = {view.category_id: path for path, view in categories.items()}
    rows: list[list[object]] = [[words[0] for words in COLUMNS.values()]]
    after: UUID | None = None
    while products := await _products_after(session, after):
        ids = [product.product_id for product in products]
        after = ids[-1]
        skus = await reads.skus_of_products(session, ids)
        chosen_from = await options.options_of_products(session, ids)
        for product in products:
            path = "" if product.category_id is None else path_of[product.category_id]
            category = "/".join(_names(path, categories))
            for sku in skus[product.product_id]:
                pairs = zip(chosen_from[product.product_id], sku.choices or [], strict=False)
                rows.append(
                    [
                        product.title,
                        category,
                        ";".join(f"{option.name}={value}" for option, value in pairs),
                        sku.name,
                        sku.code,
                        sku.barcode,
                        _amount(sku.price_minor),
                        None if sku.market_price_minor is None else _amount(sku.market_price_minor),
                        sku.available,
                        sku.weight_grams,
                        STATE_WORDS[ProductState(product.state)],
                        product.description,
                        product.cover_url,
                    ]
                )
    return rows


# --- a file into the catalogue


@dataclass(slots=True)
class _Work:
    """What a run knows of the catalogue, and the reports so far. Titles that several products have are left out."""

    session: BrandSession
    actor: Actor
    known: dict[UUID, KnownProduct]
    product_of_code: dict[str, UUID]
    product_of_title: dict[str, UUID]
    barcodes: set[str]
    categories: dict[tuple[str, ...], UUID]
    reports: list[RowReport] = field(default_factory=list)

    def refuse(self, rows: Sequence[SheetRow], fault: UserFault, *, at: int | None = None) -> None:
        """Refuse a product's rows: the one at fault with the reason, the others because of it; all where none is."""
        for index, row in enumerate(rows):
            problem = Problem(fault.key, fault.path, fault.facts)
            if at is not None and index != at:
                problem = Problem("import_product_refused", (), {"row": rows[at].number})
            self.reports.append(RowReport(row.number, row.sku_code, Outcome.REFUSED, problem))


async def _import(session: BrandSession, actor: Actor, read: ReadSheet) -> tuple[RowReport, ...]:
    work = await _look(session, actor, read.rows)
    work.reports += read.refused
    groups: dict[UUID | str, list[SheetRow]] = {}
    for row in _with_possible_categories(work, read.rows):
        product_id = work.product_of_code.get(row.sku_code) or work.product_of_title.get(row.title)
        groups.setdefault(product_id or row.title, []).append(row)
    unread = {report.title: report.number for report in reversed(read.refused)}
    new: list[tuple[NewProduct, list[SheetRow]]] = []
    for key, rows in groups.items():
        if isinstance(key, UUID):
            await _change(work, work.known[key], rows)
        elif key in unread:
            work.refuse(rows, InvalidInput("import_product_refused", row=unread[key]))
        elif (product := _new_product(work, rows)) is not None:
            new.append((product, rows))
    await _create(work, new)
    # The row is held to the commit, and orders that empty a place want it: it is taken once, after everything.
    await versions.touch_catalogue(session)
    return tuple(sorted(work.reports, key=lambda report: report.number))


@asynccontextmanager
async def _whole(work: _Work) -> AsyncIterator[None]:
    """What is done inside is done wholly or not at all, the categories made for it among it."""
    before = dict(work.categories)
    try:
        async with work.session.begin_nested():
            yield
    except UserFault:
        work.categories = before
        raise


async def _change(work: _Work, product: KnownProduct, rows: list[SheetRow]) -> None:
    """Bring a product that is there to what its rows say, wholly or not at all."""
    other = next((at for at, row in enumerate(rows) if row.title != rows[0].title), None)
    if other is not None:
        work.refuse(rows, InvalidInput("import_titles_differ", row=rows[0].number), at=other)
        return
    path = first_given(row.category for row in rows)
    category_id = None if path is None else work.categories.get(path)
    changes = changes_of(product, rows, category_id)
    is_new_category = path is not None and category_id is None
    if is_new_category or not changes.is_none:
        try:
            async with _whole(work):
                if path is not None and is_new_category:
                    changes = replace(changes, category_id=await _category(work, path))
                await apply_changes(work.session, work.actor, product, changes)
        except UserFault as fault:
            work.refuse(rows, fault, at=changes.row_at_fault(fault, rows))
            return
    for row in rows:
        work.reports.append(RowReport(row.number, row.sku_code, changes.outcome(product, row)))


async def _create(work: _Work, new: Sequence[tuple[NewProduct, list[SheetRow]]]) -> None:
    """Make the new products, all at once; where one of them cannot be, one by one, and that one is refused."""
    try:
        async with _whole(work):
            await _create_products(work, new)
        made = list(new)
    except UserFault:
        made = []
        for product, rows in new:
            try:
                async with _whole(work):
                    await _create_products(work, [(product, rows)])
                made.append((product, rows))
            except UserFault as fault:
                work.refuse(rows, fault, at=_row_at_fault(fault))
    work.reports += [RowReport(row.number, row.sku_code, Outcome.CREATED) for _, rows in made for row in rows]


async def _create_products(work: _Work, new: Sequence[tuple[NewProduct, list[SheetRow]]]) -> None:
    products = []
    for product, rows in new:
        path = first_given(row.category for row in rows)
        products.append(product if path is None else replace(product, category_id=await _category(work, path)))
    await catalogue.create_products(work.session, work.actor, products=products, now=work.session.now)


def _row_at_fault(fault: UserFault) -> int | None:
    """Which row of a new product a failure's path speaks of; None for one that speaks of the product."""
    path = fault.path[2:] if fault.path[:1] == ("products",) else fault.path
    return int(path[1]) if path[:1] == ("skus",) and len(path) > 1 and path[1].isdigit() else None


def _new_product(work: _Work, rows: list[SheetRow]) -> NewProduct | None:
    """The product that these rows make; None where they are refused."""
    own_options = import_rules.merged_options((), [row.options for row in rows])
    product = NewProduct(
        title=rows[0].title,
        skus=tuple(new_sku(row, import_rules.choices_of(own_options, row.options)) for row in rows),
        description=first_given(row.description for row in rows),
        cover_url=first_given(row.cover_url for row in rows),
        options=own_options,
        state=first_given(row.state for row in rows) or ProductState.PUBLISHED,
    )
    try:
        product = catalogue.checked_product(product, ())
        for at, sku in enumerate(product.skus):
            if sku.barcode is not None and sku.barcode in work.barcodes:
                raise InvalidInput("barcode_taken", path=("skus", str(at), "barcode"))
    except UserFault as fault:
        work.refuse(rows, fault, at=_row_at_fault(fault))
        return None
    work.barcodes |= {sku.barcode for sku in product.skus if sku.barcode is not None}
    return product


async def _look(session: BrandSession, actor: Actor, rows: Sequence[SheetRow]) -> _Work:
    """What the catalogue has of these rows: by code, else by title. Seven statements."""
    codes, titles = [row.sku_code for row in rows], {row.title for row in rows}
    barcodes = {row.barcode for row in rows} - {None}
    own = SkuRow.brand_id == session.brand_id
    found = await session.execute(sa.select(SkuRow.code, SkuRow.product_id).where(own, SkuRow.code.in_(codes)))
    product_of_code = {row.code: row.product_id for row in found}
    named = await session.execute(
        sa.select(ProductRow.title, ProductRow.id).where(
            ProductRow.brand_id == session.brand_id, ProductRow.title.in_(titles)
        )
    )
    of_title: dict[str, list[UUID]] = {}
    for title, product_id in named:
        of_title.setdefault(title, []).append(product_id)
    product_of_title = {title: ids[0] for title, ids in of_title.items() if len(ids) == 1}
    taken = await session.execute(sa.select(SkuRow.barcode).where(own, SkuRow.barcode.in_(barcodes)))
    known = await known_products(session, {*product_of_code.values(), *product_of_title.values()})
    names = await _categories(session)
    return _Work(
        session,
        actor,
        known,
        product_of_code,
        product_of_title,
        barcodes={barcode for barcode in taken.scalars() if barcode},
        categories={tuple(_names(path, names)): view.category_id for path, view in names.items()},
    )


def _with_possible_categories(work: _Work, rows: Sequence[SheetRow]) -> list[SheetRow]:
    """The rows whose category is there or can be made; the others are refused."""
    kept = []
    for row in rows:
        path = row.category or ()
        if len(path) > rules.DEEPEST_CATEGORY or any(len(name) > rules.LONGEST_NAME for name in path):
            facts = {"most": rules.DEEPEST_CATEGORY, "longest": rules.LONGEST_NAME}
            work.refuse([row], InvalidInput("import_category_depth", path=("category",), **facts))
        else:
            kept.append(row)
    return kept


async def _category(work: _Work, path: tuple[str, ...]) -> UUID:
    """The category of a path of names, made with those above it where it is not there. Raises: UserFault."""
    for depth in range(1, len(path) + 1):
        part = path[:depth]
        if part not in work.categories:
            work.categories[part] = await catalogue.create_category(
                work.session, work.actor, name=part[-1], parent_id=work.categories.get(part[:-1]), now=work.session.now
            )
    return work.categories[path]


# --- the catalogue as rows


async def _categories(session: BrandSession) -> dict[str, CategoryView]:
    """Every category by its path."""
    found = await session.execute(
        sa.select(CategoryRow.id, CategoryRow.parent_id, CategoryRow.name, CategoryRow.path).where(
            CategoryRow.brand_id == session.brand_id
        )
    )
    views = [CategoryView(*row) for row in found]
    return {view.path: view for view in views}


def _names(path: str, categories: Mapping[str, CategoryView]) -> list[str]:
    """The names on the way to a category, from the top."""
    parts = path.strip("/").split("/") if path else []
    return [categories["/" + "/".join(parts[: at + 1]) + "/"].name for at in range(len(parts))]


async def _products_after(session: BrandSession, after: UUID | None) -> list[ProductView]:
    query = sa.select(*PRODUCT_COLUMNS).where(ProductRow.brand_id == session.brand_id)
    if after is not None:
        query = query.where(ProductRow.id > after)
    found = await session.execute(query.order_by(ProductRow.id).limit(EXPORTED_AT_ONCE))
    return [ProductView(*row) for row in found]


def _amount(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)
