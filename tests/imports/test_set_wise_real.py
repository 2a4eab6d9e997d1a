"""The set-wise loader on the real files: five hundred baskets as the services make them, and all of them."""

import pytest

from app.platform.db import Database
from app.platform.runtime import Runtime
from tests.imports import complete_journey_query as files
from tests.imports import same_rows
from tests.imports.loading import broken, commission, load

pytestmark = pytest.mark.xdist_group("set_wise")


@pytest.mark.full
async def test_five_hundred_real_baskets_are_the_same_both_ways(runtime: Runtime, database: Database) -> None:
    stores, limit = 2, 660
    brands = [
        await load(runtime, code, is_fast=code == "real-fast", stores=stores, limit=limit)
        for code in ("real-fast", "real-slow")
    ]
    rows = [await same_rows.labelled_rows(database, brand) for brand in brands]
    assert list(same_rows.differences(*rows)) == []
    assert sum(rows[0]["orders"].values()) > 500
    for brand in brands:
        assert await commission(database, brand) == files.commission_by_guide(limit=limit, stores=stores)
        assert await broken(runtime, brand) == {}


@pytest.mark.full
async def test_all_baskets_load_and_end_where_the_files_say(runtime: Runtime, database: Database) -> None:
    brand = await load(runtime, "real-whole", is_fast=True)
    assert await commission(database, brand) == files.commission_by_guide(limit=None)
    assert await broken(runtime, brand) == {}
