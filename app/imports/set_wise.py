"""The set-wise loader: any number of baskets in one transaction, as the rows that the services would have written.

Founding, stores and goods are the services' work, and so is each household's first visit. From there on the baskets go
by in order of time, and every decision is made by the services' own rules; only the writing is different: rows are
gathered over many baskets and copied (`platform.bulk`). Nothing is seen before all of it is there, so a load that was
killed has left nothing and begins anew.

What the services need only for a while is not made: events, which have nobody left to tell, and idempotency keys. The
rollups, which events feed, are rebuilt from their sources instead.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.boss import rollups
from app.commission.models import PayeeRow
from app.customers.models import TouchHeadRow
from app.imports import complete_journey_returns as returns
from app.imports import set_wise_world
from app.imports.complete_journey_afterwards import returned
from app.imports.complete_journey_data import Basket, Journey
from app.imports.complete_journey_setup import Guide
from app.imports.set_wise_payouts import Cashier
from app.imports.set_wise_returns import Counter
from app.imports.set_wise_visits import Till
from app.imports.set_wise_world import World
from app.platform import bulk, faults
from app.platform.actor import Actor
from app.platform.bulk import Heap
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import BrandRow
from app.platform.settings import Settings
from app.products.models import StockRow

BASKETS_AT_ONCE = 1_000
"""So many are on the heap that is built, and on the one that is written meanwhile."""


async def load(
    database: Database,
    brand: Brand,
    settings: Settings,
    journey: Journey,
    *,
    guides: Mapping[int, Sequence[Guide]],
    sku_ids: Mapping[int, UUID],
    baskets: Iterator[Basket],
) -> int:
    """Load all baskets of the selection into a brand that has none; gives how many rows. All of it or nothing."""
    async with database.transaction(brand) as session:
        await bulk.lift_time_limit(session)
        owner = await returns.owner(session)
        world = await set_wise_world.read(
            session, guides=guides, sku_ids=sku_ids, first_baskets=journey.first_baskets()
        )
        run = _Load(session, world, settings, owner, journey, baskets)
        rows = await run.go()
        # Whatever they were to tell is in the tables that are rebuilt from their sources.
        session.events.clear()
        await bulk.join_by_hash(session)
        await rollups.rebuild(session)
    database.forget_brand(brand.id)
    return rows


class _Load:
    """One load: rows are built in a thread while those of the baskets before are written."""

    def __init__(
        self,
        session: BrandSession,
        world: World,
        settings: Settings,
        owner: Actor,
        journey: Journey,
        baskets: Iterator[Basket],
    ) -> None:
        self._session, self._world, self._ends_at, self._baskets = session, world, journey.ends_at(), baskets
        pen = BrandSession()
        pen.brand, pen.now, pen.vault = session.brand, session.now, session.vault
        self._till = Till(world, pen, settings)
        self._counter = Counter(self._till, pen, owner)
        self._cashier = Cashier(self._till, pen, owner, settings, begins_at=journey.begins_at(), ends_at=self._ends_at)
        self._is_over = False
        self._sold: defaultdict[UUID, int] = defaultdict(int)

    async def go(self) -> int:
        """Write everything; gives how many rows were copied."""
        written = 0
        building = asyncio.create_task(asyncio.to_thread(self._build))
        try:
            while (heap := await building).size:
                building = asyncio.create_task(asyncio.to_thread(self._build))
                await bulk.copy_in(self._session, heap)
                await faults.pause_point("set_wise")
                written += heap.size
        finally:
            with contextlib.suppress(Exception):
                await building
        await self._finish()
        return written

    def _build(self) -> Heap:
        """The rows of the next baskets; an empty heap when there are none left."""
        heap = Heap()
        for basket in islice(self._baskets, BASKETS_AT_ONCE):
            self._cashier.pay_out(heap, basket.at)
            self._take_over(heap, basket)
        if not heap.size and not self._is_over:
            self._is_over = True
            self._cashier.pay_out(heap, self._ends_at)
            heap.add(PayeeRow, self._cashier.payee_rows())
        return heap

    def _take_over(self, heap: Heap, basket: Basket) -> None:
        """A basket with everything that becomes of it before the load ends."""
        bought = self._till.visit(heap, basket)
        for row in bought.lines:
            self._sold[row["sku_id"]] += row["quantity"]
        coming = returned(basket)
        if coming is not None and coming.at <= self._ends_at:
            self._counter.bring_back(heap, bought, coming)
            for line, pieces in coming.lines:
                self._sold[self._world.skus[line.product_id].sku_id] -= pieces
        self._cashier.release(heap, bought)
        self._till.write(heap, bought)

    async def _finish(self) -> None:
        """What many baskets change: stock, heads of touches, the brand's clock."""
        session = self._session
        await _take_out_of_stock(session, self._world.location_id, self._sold)
        await _put_heads(session, self._world)
        await session.execute(
            sa.update(BrandRow).where(BrandRow.id == session.brand_id).values(simulated_now=self._ends_at)
        )


async def _take_out_of_stock(session: BrandSession, location_id: UUID, sold: Mapping[UUID, int]) -> None:
    line = (
        sa.func.unnest(
            sa.bindparam("skus", type_=ARRAY(sa.Uuid())), sa.bindparam("pieces", type_=ARRAY(sa.BigInteger()))
        )
        .table_valued(sa.column("sku_id", sa.Uuid()), sa.column("pieces", sa.BigInteger()), name="line")
        .render_derived()
    )
    await session.execute(
        sa.update(StockRow)
        .where(
            StockRow.brand_id == session.brand_id,
            StockRow.location_id == location_id,
            StockRow.sku_id == line.c.sku_id,
        )
        .values(on_hand=StockRow.on_hand - line.c.pieces)
        .execution_options(synchronize_session=False),
        {"skus": list(sold), "pieces": list(sold.values())},
    )


async def _put_heads(session: BrandSession, world: World) -> None:
    """Point each household's heads to its latest touches."""
    heads = [
        {
            "brand_id": session.brand_id,
            "subject_id": household.customer_id,
            "source_id": code_id,
            "touchpoint_id": touchpoint_id,
            "occurred_at": at,
        }
        for household in world.households.values()
        for code_id, (at, touchpoint_id) in household.heads.items()
    ]
    adding = insert(TouchHeadRow)
    adding = adding.on_conflict_do_update(
        index_elements=["brand_id", "subject_id", "source_id"],
        set_={"touchpoint_id": adding.excluded.touchpoint_id, "occurred_at": adding.excluded.occurred_at},
    )
    for start in range(0, len(heads), 1_000):
        await session.execute(adding, heads[start : start + 1_000])
