"""Over the real baskets the boss's dashboard, guides' own day and a query over the files alone say the same cents."""

import contextlib
import io
from datetime import date, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from app.boss import breakdowns, dashboard, guide_days
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.employees.models import EmployeeRow, StoreRow
from app.imports import complete_journey
from app.platform import clock
from app.platform.db import Brand, BrandSession
from app.platform.money import divide_half_even
from app.platform.runtime import Runtime
from app.products.models import SkuRow
from app.trade.models import OrderRow
from app.worker import business_jobs, make_relay
from tests.imports import complete_journey_query as files

LIMIT = 215
"""As many as the other tests of this worker take over: whoever comes first, the brand has these."""

pytestmark = pytest.mark.xdist_group("complete_journey")


@pytest.fixture(scope="module")
async def brand(runtime: Runtime) -> Brand:
    with contextlib.redirect_stdout(io.StringIO()):
        await complete_journey.load(runtime, make_relay(runtime), business_jobs(), stores=None, limit=LIMIT)
    found = await runtime.database.brand_by_code("complete-journey")
    assert found is not None
    return found


async def names(session: BrandSession, key: str) -> dict[object, str]:
    """What the files call a guide, a store or a product, by id."""
    columns = {
        "guide": (EmployeeRow.id, EmployeeRow.employee_number, EmployeeRow.brand_id),
        "store": (StoreRow.id, StoreRow.code, StoreRow.brand_id),
        "product_id": (SkuRow.product_id, SkuRow.code, SkuRow.brand_id),
    }
    key_id, name, brand_id = columns[key]
    return {
        row[0]: str(row[1])
        for row in await session.execute(sa.select(key_id, name).where(brand_id == session.brand_id))
    }


@pytest.mark.full
async def test_dashboard_equals_the_files_to_the_cent_for_any_period_and_store(runtime: Runtime, brand: Brand) -> None:
    random = Random(3)
    async with runtime.database.reading(brand) as session:
        spans = sa.select(sa.func.min(OrderRow.paid_on), sa.func.max(OrderRow.paid_on))
        first, last = (await session.execute(spans.where(OrderRow.brand_id == brand.id))).one()
        stores, guides, goods = [await names(session, key) for key in ("store", "guide", "product_id")]
        selling = files.sales_by("store", limit=LIMIT, since=_start(brand, first), until=_end(brand, last))
        store_ids = [key for key, code in stores.items() if code in selling]
        compared = 0
        for number in range(12):
            days = sorted(first + timedelta(days=random.randint(0, (last - first).days)) for _ in range(2))
            period = Period(first, last) if number < 2 else Period(*days)
            store_id = random.choice(store_ids) if number % 2 else None
            bounds = {
                "limit": LIMIT,
                "since": _start(brand, period.first),
                "until": _end(brand, period.last),
                "store": None if store_id is None else stores[store_id],
            }
            scope = Scope(store_id=store_id)  # type: ignore[arg-type]
            orders, pieces, cents, households, repeated = files.figures(**bounds)  # type: ignore[arg-type]
            found = await dashboard.figures(session, scope, period)
            assert (found.orders, found.gross_minor, found.net_minor) == (orders, cents, cents)
            assert found.customers == households
            rate = None if not households else divide_half_even(repeated * 10_000, households)
            assert found.repeat_rate_bp == rate
            for by, what, called in (
                (BreakdownBy.GUIDE, "guide", guides),
                (BreakdownBy.STORE, "store", stores),
                (BreakdownBy.PRODUCT, "product_id", goods),
            ):
                rows = await breakdowns.breakdown(session, scope, period, by, first=400)
                expected = files.sales_by(what, **bounds)  # type: ignore[arg-type]
                got = {called[row.key]: (row.orders, row.quantity, row.net_minor) for row in rows}
                if by is BreakdownBy.PRODUCT and len(expected) > 400:
                    assert len(got) == 400
                    assert got.items() <= expected.items()
                    assert (
                        min(net for *_, net in got.values())
                        == sorted((net for *_, net in expected.values()), reverse=True)[399]
                    )
                else:
                    assert got == expected
            days_of = await breakdowns.breakdown(session, scope, period, BreakdownBy.DAY, first=400)
            assert sum(row.net_minor for row in days_of) == cents
            assert sum(row.quantity for row in days_of) == pieces
            compared += orders
        assert compared > 400


@pytest.mark.full
async def test_every_guides_own_day_is_the_days_row_of_the_boss_and_of_the_files(
    runtime: Runtime, brand: Brand
) -> None:
    compared = 0
    async with runtime.database.reading(brand) as session:
        guides = await names(session, "guide")
        spans = sa.select(OrderRow.paid_on).where(OrderRow.brand_id == brand.id).distinct()
        days = sorted((await session.execute(spans)).scalars())
        for day in days[:: max(1, len(days) // 4)]:
            expected = files.sales_by("guide", limit=LIMIT, since=_start(brand, day), until=_end(brand, day))
            rows = await breakdowns.breakdown(session, Scope(), Period(day, day), BreakdownBy.GUIDE, first=400)
            assert {guides[row.key]: (row.orders, row.quantity, row.net_minor) for row in rows} == expected
            ids = [row.key for row in rows]
            own = await guide_days.of_guides(session, ids, now=_end(brand, day) - timedelta(seconds=1))  # type: ignore[arg-type]
            assert {guides[key]: (found.orders, found.net_sales_minor) for key, found in own.items()} == {
                guide: (orders, cents) for guide, (orders, _, cents) in expected.items()
            }
            compared += len(own)
    assert compared > 20


def _start(brand: Brand, day: date) -> datetime:
    return clock.day_bounds(day, brand.time_zone)[0]


def _end(brand: Brand, day: date) -> datetime:
    return clock.day_bounds(day, brand.time_zone)[1]
