"""Rows that are copied in many at once are held to the brand, the keys and the checks as any other."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform import bulk, ids
from app.platform.bulk import Heap
from app.platform.db import Brand, Database
from app.platform.models import OutboxRow
from app.products.models import LocationRow
from tests import factories

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
                "created_at": NOW,
            }
        ],
    )
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction(brand) as session:
            await bulk.copy_in(session, heap)
