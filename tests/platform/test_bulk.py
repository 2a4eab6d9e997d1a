"""Rows that are copied in many at once are held to the brand, the keys and the checks as any other."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import bulk, ids
from app.platform.bulk import Heap
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import OutboxRow
from app.products.models import CategoryRow, LocationRow, ProductRow
from tests import factories, statements

NOW = datetime(2017, 1, 1, tzinfo=UTC)


def event(brand_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "brand_id": brand_id,
        "id": ids.new_id(NOW),
        "kind": "Copied",
        "payload": {"text": 'a "quoted"\ttext', "number": 7},
        "created_at": NOW,
        "due_at": NOW,
        "attempts": 0,
        "done_by": ["one", "two"],
        "done_at": None,
        "parked_at": None,
        "last_error": None,
        **changes,
    }


async def copied(database: Database, brand: Brand) -> list[Any]:
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(OutboxRow.payload, OutboxRow.done_by, OutboxRow.created_at, OutboxRow.last_error).where(
                OutboxRow.brand_id == brand.id, OutboxRow.kind == "Copied"
            )
        )
        return [tuple(row) for row in rows]


async def test_rows_arrive_with_their_json_arrays_instants_and_nulls(database: Database, brand: Brand) -> None:
    heap = Heap()
    heap.add(OutboxRow, [event(brand.id), event(brand.id)])
    assert heap.size == 2
    async with database.transaction(brand) as session:
        await bulk.copy_in(session, heap)
        await bulk.copy_in(session, Heap())
    assert await copied(database, brand) == [({"text": 'a "quoted"\ttext', "number": 7}, ["one", "two"], NOW, None)] * 2


async def test_row_of_another_brand_is_refused_and_nothing_is_left(database: Database, brand: Brand) -> None:
    other = await factories.make_brand(database)
    heap = Heap()
    heap.add(OutboxRow, [event(brand.id), event(other.id)])
    with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
        async with database.transaction(brand) as session:
            await bulk.copy_in(session, heap)
    assert await copied(database, brand) == await copied(database, other) == []


async def test_row_without_a_column_is_refused_at_once(brand: Brand) -> None:
    heap = Heap()
    row = event(brand.id)
    del row["attempts"]
    with pytest.raises(KeyError, match="attempts"):
        heap.add(OutboxRow, [row])
    assert heap.size == 0


async def test_foreign_keys_and_checks_hold(database: Database, brand: Brand) -> None:
    heap = Heap()
    heap.add(
        LocationRow,
        [
            {
                "brand_id": brand.id,
                "id": ids.new_id(NOW),
                "kind": "STORE",
                "name": "nowhere",
                "store_id": ids.new_id(NOW),
                "ships_orders": False,
                "created_at": NOW,
            }
        ],
    )
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction(brand) as session:
            await bulk.copy_in(session, heap)


def category(brand_id: UUID, category_id: UUID) -> dict[str, Any]:
    path = f"/{category_id.hex}/"
    row = {"brand_id": brand_id, "id": category_id, "name": "copied", "parent_id": None, "path": path}
    return row | {"created_at": NOW}


def product(brand_id: UUID, category_id: UUID) -> dict[str, Any]:
    plain = dict.fromkeys(column.name for column in sa.inspect(ProductRow).columns if column.nullable)
    row = {"brand_id": brand_id, "id": ids.new_id(NOW), "title": "copied", "category_id": category_id}
    return plain | row | {"state": "DRAFT", "created_at": NOW, "search_text": "copied", "search_grams": [1, -2]}


async def count(session: BrandSession, kind: Any) -> int:
    rows = sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == session.brand_id)
    return int((await session.execute(rows)).scalar_one())


async def test_rows_go_in_after_those_that_they_name_however_they_came(database: Database, brand: Brand) -> None:
    category_id, heap = ids.new_id(NOW), Heap()
    heap.add(ProductRow, [product(brand.id, category_id), product(brand.id, category_id)])
    heap.add(CategoryRow, [category(brand.id, category_id)])
    async with database.transaction(brand) as session:
        await bulk.copy_in(session, heap)
    async with database.reading(brand) as session:
        assert (await count(session, CategoryRow), await count(session, ProductRow)) == (1, 2)


async def test_two_heaps_of_one_transaction_arrive_once_each_and_leave_no_stage(
    database: Database, brand: Brand
) -> None:
    async with database.transaction(brand) as session:
        for number in (2, 3):
            heap = Heap()
            heap.add(OutboxRow, [event(brand.id) for _ in range(number)])
            await bulk.copy_in(session, heap)
    assert len(await copied(database, brand)) == 5
    async with database.transaction(brand) as session:
        stages = sa.text("SELECT count(*) FROM pg_class WHERE relname = 'bulk_outbox'")
        assert (await session.execute(stages)).scalar_one() == 0


async def test_heap_of_a_transaction_that_fails_leaves_nothing(database: Database, brand: Brand) -> None:
    heap = Heap()
    heap.add(OutboxRow, [event(brand.id)])
    with pytest.raises(RuntimeError, match="later"):
        async with database.transaction(brand) as session:
            await bulk.copy_in(session, heap)
            raise RuntimeError("later")
    assert await copied(database, brand) == []


async def test_limits_that_a_load_lifts_hold_again_after_it(database: Database, brand: Brand) -> None:
    names = ("statement_timeout", "enable_nestloop", "work_mem")

    async def shown(session: BrandSession) -> list[str]:
        return [str((await session.execute(sa.text(f"SHOW {name}"))).scalar_one()) for name in names]

    async with database.transaction(brand) as session:
        before = await shown(session)
    async with database.transaction(brand) as session:
        await bulk.lift_time_limit(session)
        await bulk.join_by_hash(session)
        lifted = await shown(session)
    assert lifted == ["0", "off", "64MB"] and not set(lifted) & set(before)
    async with database.transaction(brand) as session:
        assert await shown(session) == before


def test_statements_of_a_copy_are_read_as_any_others(brand: Brand) -> None:
    columns = ", ".join(column.name for column in sa.inspect(OutboxRow).columns)
    copy = f'INSERT INTO "outbox" ({columns}) SELECT {columns} FROM "bulk_outbox"'
    assert statements.problems_of(copy, (), str(brand.id)) == []
    assert statements.problems_of(copy, (), None) == ["no brand was named in this transaction"]
    without = columns.replace("brand_id, ", "")
    assert statements.problems_of(f"INSERT INTO outbox ({without}) SELECT {without} FROM bulk_outbox", (), "x") != []
    joined = f"INSERT INTO outbox ({columns}) SELECT {columns} FROM bulk_outbox b JOIN orders o ON o.id = b.id"
    assert statements.problems_of(joined, (), str(brand.id)) != []
