"""`python -m app import complete-journey`: real baskets of a grocery chain, replayed as scans, orders and payments.

A basket is one transaction at the basket's own instant; a household's baskets come in order of time, so that the first
one's guide binds it for good. An import that was interrupted goes on where it stopped; one that is complete changes
nothing; a larger limit adds the baskets that come next. Between two days the brand's clock moves on, the due jobs run
and the outbox drains, as workers skip a brand on simulated time.
"""

import asyncio
import csv
import os
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from time import monotonic
from uuid import UUID

import sqlalchemy as sa
from tqdm import tqdm

from app.imports import complete_journey_data as data
from app.imports import complete_journey_returns as returns
from app.imports import complete_journey_setup as setup
from app.imports import complete_journey_visits as visits
from app.imports import set_wise
from app.imports.complete_journey_afterwards import RETURNED_IN_100, Return, ends_month, midnights, returned
from app.imports.complete_journey_data import Basket, Journey, Reject
from app.imports.complete_journey_setup import Guide
from app.imports.complete_journey_visits import Done
from app.platform import outbox
from app.platform.db import Brand
from app.platform.errors import InvalidInput
from app.platform.jobs import Job
from app.platform.models import BrandRow
from app.platform.outbox import Relay
from app.platform.runtime import Runtime

CODE = setup.CODE
REJECTS = "complete-journey-rejects.csv"


async def load(
    runtime: Runtime,
    relay: Relay,
    jobs: Sequence[Job],
    *,
    stores: int | None,
    limit: int | None,
    is_fast: bool = False,
    code: str = CODE,
) -> int:
    """Take over the first `limit` baskets of the `stores` busiest stores (None: of all), or what is missing.

    `is_fast`: by the set-wise loader, into a brand that has no baskets yet. Writes what was not taken over to
    APP_HOME/imports; gives 0. Raises: InvalidInput when the data is not installed, when the brand is somebody else's,
    when baskets are missing from before the last one that was taken over, and when a fast load finds some of them.
    """
    for name, number in (("stores", stores), ("limit", limit)):
        if number is not None and number < 1:
            raise InvalidInput("import_number", path=(name,))
    with data.opened(stores=stores, limit=limit) as journey:
        rejects = journey.rejects()
        path = _write_rejects(runtime.settings.app_home / "imports", rejects)
        await _Import(runtime, relay, jobs, journey, code, is_fast=is_fast).run()
    for reason, count in Counter(reject.reason for reject in rejects).most_common():
        tqdm.write(f"rejected {'baskets' if reason is data.Reason.NO_LINE_LEFT else 'lines'}, {reason}: {count}")
    tqdm.write(f"rejected, in full: {path}")
    tqdm.write(
        f"made up, where the data ends at the till: receipts, {RETURNED_IN_100} % of the lines brought back, payouts"
    )
    return 0


class _Import:
    """One run over a selection of baskets."""

    def __init__(
        self, runtime: Runtime, relay: Relay, jobs: Sequence[Job], journey: Journey, code: str, *, is_fast: bool
    ) -> None:
        self._runtime, self._relay, self._jobs, self._journey = runtime, relay, jobs, journey
        self._code, self._is_fast = code, is_fast
        self._database = runtime.database

    async def run(self) -> None:
        began = monotonic()
        journey, database = self._journey, self._database
        brand = await setup.found(database, code=self._code, begins_at=journey.begins_at())
        async with database.reading(brand) as session:
            self._clock = session.now
            done = await visits.done(session)
        done.check_order(journey.baskets())
        guides = await setup.make_guides(database, brand, journey.stores())
        sku_ids = await setup.make_products(database, brand, journey.products())
        ready = monotonic()
        picked, kept = journey.counts()
        baskets = tqdm(journey.baskets(), total=kept, desc=f"{self._code}: baskets", unit="basket", disable=None)
        if not self._is_fast:
            added = await self._replay(brand, guides, sku_ids, baskets, done)
        elif not done.basket_ids:
            added = kept
            await set_wise.load(
                database, brand, self._runtime.settings, journey, guides=guides, sku_ids=sku_ids, baskets=iter(baskets)
            )
        elif all(basket.basket_id in done.basket_ids for basket in baskets):
            added = 0
        else:
            raise InvalidInput("import_fast_needs_empty", path=("fast",))
        seconds = monotonic() - ready
        tqdm.write(
            f"{self._code}: {picked} baskets read, {kept} to take over, {kept - added} there before, {added} added in "
            f"{seconds:.1f} s ({added / seconds:.1f} baskets/s), after {ready - began:.1f} s for stores and products"
        )

    async def _replay(
        self,
        brand: Brand,
        guides: Mapping[int, Sequence[Guide]],
        sku_ids: Mapping[int, UUID],
        baskets: Iterable[Basket],
        done: Done,
    ) -> int:
        """Take the missing baskets over by the services, day by day; gives how many."""
        database = self._database
        async with database.reading(brand) as session:
            shoppers = await setup.shoppers(session)
            are_back, owner = await returns.done(session), await returns.owner(session)

        async def take_over(basket: Basket) -> None:
            household = str(basket.household_id)
            work = partial(
                visits.visit,
                basket=basket,
                guides=guides[basket.store_id],
                sku_ids=sku_ids,
                shopper=shoppers.get(household),
            )
            shoppers[household] = await database.run(brand, work, now=basket.at)

        async def bring_back(coming: Return) -> None:
            shopper = shoppers[str(coming.basket.household_id)]
            work = partial(returns.bring_back, coming=coming, shopper=shopper, owner=owner)
            await database.run(brand, work, now=coming.at)

        # A kill may have come between the clock's last step and what was due then.
        await self._do_what_is_due(brand)
        added, latest, coming = 0, None, list[Return]()
        for _, of_day in groupby(baskets, key=lambda basket: brand.day_of(basket.at)):
            for some in visits.abreast(of_day, at_once=setup.ABREAST):
                if latest is not None:
                    for midnight in midnights(latest, some[0].at, brand.time_zone):
                        coming = await self._bring_back(coming, midnight, bring_back)
                        await self._close(brand, midnight)
                latest = some[-1].at
                missing = [basket for basket in some if basket.basket_id not in done.basket_ids]
                await asyncio.gather(*(take_over(basket) for basket in missing))
                added += len(missing)
                coming += [back for basket in some if (back := returned(basket)) and basket.basket_id not in are_back]
        if latest is not None:
            await self._bring_back(coming, latest, bring_back)
            await self._close(brand, latest)
        await self._drain(brand)
        await returns.settle(self._runtime, brand)
        await self._relay_all(brand)
        return added

    async def _bring_back(
        self, coming: list[Return], until: datetime, bring_back: Callable[[Return], Awaitable[None]]
    ) -> list[Return]:
        """Everything that comes back by an instant, each household's in order of time; gives what comes later."""
        due = sorted((back for back in coming if back.at <= until), key=lambda back: (back.at, back.basket.basket_id))
        by_household: defaultdict[int, list[Return]] = defaultdict(list)
        for back in due:
            by_household[back.basket.household_id].append(back)
        waiting = iter(by_household.values())

        async def work() -> None:
            for of_household in waiting:
                for back in of_household:
                    await bring_back(back)

        await asyncio.gather(*(work() for _ in range(setup.ABREAST)))
        return [back for back in coming if back.at > until]

    async def _close(self, brand: Brand, at: datetime) -> None:
        """Move the brand's clock on to `at` and do what is due by then; nothing where the clock is further already."""
        if at <= self._clock:
            return
        await self._set_clock(brand, at)
        await self._do_what_is_due(brand)

    async def _do_what_is_due(self, brand: Brand) -> None:
        """What workers would do by the brand's clock, and at a month's end the payout. Done twice it is done once."""
        for job in self._jobs:
            await job.run(self._runtime, brand)
        await self._relay_all(brand)
        if ends_month(self._clock, brand.time_zone):
            await returns.pay_out(self._database, brand, self._runtime.settings)
            await self._relay_all(brand)

    async def _drain(self, brand: Brand) -> None:
        """Relay what is left; what a killed import had claimed comes back once its lease is over."""
        await self._relay_all(brand)
        async with self._database.reading(brand) as session:
            waiting, _, _ = await outbox.waiting(session)
        if waiting:
            await self._set_clock(brand, self._clock + outbox.LEASE)
            await self._relay_all(brand)

    async def _relay_all(self, brand: Brand) -> None:
        """Relay what is due, by several relays: each event is one's, and most of its time is waiting for a commit."""
        await asyncio.gather(*(self._relay.drain(brand) for _ in range(setup.ABREAST)))

    async def _set_clock(self, brand: Brand, at: datetime) -> None:
        async with self._database.directory() as session:
            await session.execute(sa.update(BrandRow).where(BrandRow.id == brand.id).values(simulated_now=at))
        self._database.forget_brand(brand.id)
        self._clock = at


def _write_rejects(folder: Path, rejects: Sequence[Reject]) -> Path:
    """Write the list, whole or not at all; gives where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path, draft = folder / REJECTS, folder / f"{REJECTS}.{os.getpid()}"
    with draft.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["basket_id", "household_id", "store_id", "at", "product_id", "reason"])
        for reject in rejects:
            lines.writerow(
                [
                    reject.basket_id,
                    reject.household_id,
                    reject.store_id,
                    reject.at.isoformat(),
                    "" if reject.product_id is None else reject.product_id,
                    reject.reason.value,
                ]
            )
    draft.replace(path)
    return path
