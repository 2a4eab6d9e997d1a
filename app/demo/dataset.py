"""Loads the demo brand through the services, on simulated time: once, and on from where an interrupted load stopped.

Each step is one transaction with an idempotency key of its own; a repeated load finds the keys and goes on. When the
month is over the brand switches to the real clock, and is a brand like any other.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from tqdm import tqdm

from app.boss import founding
from app.demo import (
    after_sales,
    brand_setup,
    drawings,
    goods_rounds,
    invoices,
    merchandise,
    month,
    outbound_messages,
    people,
    posters,
    quotations,
    shelves,
    toolbox,
    visits,
)
from app.demo.brand_setup import Setup
from app.demo.month import Visit
from app.employees import phones, staff
from app.marketing import poster_works
from app.platform import clock, idempotency
from app.platform.db import Brand, BrandSession
from app.platform.errors import Conflict
from app.platform.ids import minted_at
from app.platform.jobs import Job
from app.platform.models import BrandRow
from app.platform.outbox import Relay
from app.platform.runtime import Runtime
from app.products import reads
from app.trade import charges

CODE = "demo"
_ZONE = "Asia/Shanghai"

Step = Callable[[BrandSession], Awaitable[dict[str, Any]]]


async def _keep_pictures(runtime: Runtime, brand: Brand) -> None:
    """Before anything names them; those that are there are drawn alike again."""
    await brand_setup.draw_pictures(runtime.storage)
    await merchandise.keep_pictures(runtime.storage, brand)


async def load(runtime: Runtime, relay: Relay, jobs: Sequence[Job]) -> int:
    """Make the demo brand and its month, or what is missing of them; gives 0."""
    brand = await runtime.database.brand_by_code(CODE)
    if brand is not None and not brand.is_simulated:
        await _keep_pictures(runtime, brand)
        return 0
    if brand is None:
        today = clock.utc_now().astimezone(ZoneInfo(_ZONE)).date()
        start = datetime.combine(today - timedelta(days=month.DAYS), time(8), ZoneInfo(_ZONE))
        brand = await _found(runtime, start)
    await _Loader(runtime, relay, jobs, brand).run()
    return 0


async def _found(runtime: Runtime, start: datetime) -> Brand:
    try:
        return await founding.found_brand(
            runtime.database,
            code=CODE,
            name="样板生活",
            currency="CNY",
            time_zone=_ZONE,
            owner_name="何老板",
            owner_phone="19900000001",
            simulated_now=start,
            now=clock.utc_now(),
        )
    except Conflict:
        # Another program began at the same moment: both go on with its brand, and each step is made once.
        found = await runtime.database.brand_by_code(CODE)
        if found is None:
            raise
        return found


@dataclass(slots=True)
class _Made:
    """What the visits of this load left behind, by their numbers."""

    order_ids: dict[int, UUID] = field(default_factory=dict)
    customer_ids: dict[int, UUID] = field(default_factory=dict)


class _Loader:
    """One load of the demo: the brand, its beginning, and steps with keys."""

    def __init__(self, runtime: Runtime, relay: Relay, jobs: Sequence[Job], brand: Brand) -> None:
        self.runtime, self.relay, self.jobs, self.brand = runtime, relay, jobs, brand

    async def run(self) -> None:
        start = await self._beginning()
        await _keep_pictures(self.runtime, self.brand)
        setup = await brand_setup.make(self._step, start)
        filled = await self._step("toolbox", start + toolbox.FILLED, toolbox.fill)
        planned = list(month.visits())
        made = _Made()
        with tqdm(total=len(planned), desc="demo: a month of visits", unit="visit", disable=None) as bar:
            for day in range(month.DAYS):
                await self._goods_leave(setup, planned, made, start, day)
                for visit in planned:
                    if visit.day == day:
                        await self._visit(setup, visit, start, made)
                        bar.update()
                await self._goods_arrive(setup, planned, made, start, day)
                if day == toolbox.SHARED.days:
                    await self._shares(setup, filled, start)
                if day == month.DAYS - 1:
                    at = start + timedelta(days=day, hours=22)
                    await self._step("stock-moved", at, partial(_move_stock, setup=setup))
                if day == month.DAYS - 2:
                    await self._withdrawals(setup, start + timedelta(days=day))
                if day == month.DAYS - 1:
                    await self._quotations(setup, start + timedelta(days=day))
                    await self._invoices(start + timedelta(days=day))
                    await self._after_sales(start + timedelta(days=day, hours=23))
                    await self._messages(setup, start + timedelta(days=day))
                await self._close_day(start, day)
        await self._posters(setup, start + timedelta(days=month.DAYS - 1, hours=23, minutes=10))
        await self._step(
            "price-list",
            start + timedelta(days=month.DAYS - 1, hours=23, minutes=31),
            lambda session: merchandise.price_branch(session, setup.branch_id, setup.skus),
        )
        last = start + timedelta(days=month.DAYS - 1, hours=23)
        await self._step("redeemed", last + timedelta(minutes=32), partial(shelves.redeem, setup=setup))
        await self._step("shelves", last + timedelta(minutes=33), partial(shelves.arrange, setup=setup))
        await self._set_clock(None)

    async def _posters(self, setup: Setup, at: datetime) -> None:
        """Some guides have posters, and every template has its preview; drawn outside the step, as always."""
        studio = await poster_works.open_studio(self.runtime)
        await self._step("posters", at, partial(posters.ask, setup=setup, studio=studio))
        await poster_works.draw_due(self.runtime, self.brand)

    async def _beginning(self) -> datetime:
        """Midnight of the month's first day, from the brand's first row: a resumed load keeps the days of the first."""
        async with self.runtime.database.reading(self.brand) as session:
            _, owner_id = await founding.root_and_owner(session)
        local = minted_at(owner_id).astimezone(ZoneInfo(_ZONE))
        return datetime.combine(local.date(), time(0), ZoneInfo(_ZONE))

    async def _step(self, name: str, at: datetime, work: Step) -> dict[str, Any]:
        """Run `work` once over all loads, at the brand's instant `at`; gives what it made, as strings where ids."""

        async def inside(session: BrandSession) -> dict[str, Any]:
            # A crash of the machine may cost the last steps, all of them whole; the next load makes them again.
            await session.execute(sa.text("SET LOCAL synchronous_commit = off"))
            key = f"demo:{name}".ljust(16, ".")
            made = await idempotency.claim(session, principal="demo", operation="demo", key=key, body="demo")
            if made is None:
                made = await work(session)
                await idempotency.remember(session, principal="demo", operation="demo", key=key, result=made)
            return {name: str(value) if isinstance(value, UUID) else value for name, value in made.items()}

        return await self.runtime.database.run(self.brand, inside, now=at.astimezone(UTC))

    async def _visit(self, setup: Setup, visit: Visit, start: datetime, month_made: _Made) -> None:
        at = start + timedelta(days=visit.day, minutes=visit.minute)
        made: dict[str, Any] = {}
        for step in visits.steps(setup, visit):
            if step.name == visits.PAY:
                # A call to the provider, so outside any transaction; repeated, it gives the same.
                payment_id = UUID(str(made["payment_id"]))
                made["transaction_id"] = await charges.settle(self.runtime, self.brand, payment_id)
            work = partial(step.work, made=dict(made))
            made |= await self._step(
                f"visit-{visit.number}-{step.name}", at + timedelta(minutes=step.delay_minutes), work
            )
        if "order_id" in made:
            month_made.order_ids[visit.number] = UUID(str(made["order_id"]))
            month_made.customer_ids[visit.number] = UUID(str(made["customer_id"]))

    async def _goods_leave(
        self, setup: Setup, planned: Sequence[Visit], made: _Made, start: datetime, day: int
    ) -> None:
        async def work(session: BrandSession) -> dict[str, Any]:
            await goods_rounds.leave(session, setup, goods_rounds.leaving(planned, day), made.order_ids)
            return {}

        await self._step(f"goods-leave-{day}", start + timedelta(days=day, minutes=goods_rounds.MORNING), work)

    async def _goods_arrive(
        self, setup: Setup, planned: Sequence[Visit], made: _Made, start: datetime, day: int
    ) -> None:
        async def work(session: BrandSession) -> dict[str, Any]:
            arriving = goods_rounds.arriving(planned, day)
            await goods_rounds.arrive(session, setup, arriving, made.order_ids, made.customer_ids)
            return {}

        await self._step(f"goods-arrive-{day}", start + timedelta(days=day, minutes=goods_rounds.EVENING), work)

    async def _shares(self, setup: Setup, filled: dict[str, Any], start: datetime) -> None:
        """Some guides share a material, and people open and read it."""
        base_url = self.runtime.settings.base_url
        shared = await self._step(
            "shares", start + toolbox.SHARED, lambda session: toolbox.share(session, setup, filled, base_url)
        )
        opened = await self._step(
            "shares-opened", start + toolbox.OPENED, lambda session: toolbox.open_shares(session, shared)
        )
        await self._step("shares-read", start + toolbox.READ, lambda session: toolbox.read_them(session, opened))

    async def _withdrawals(self, setup: Setup, day_start: datetime) -> None:
        """Some guides draw what has become payable."""
        asked = await self._step(
            "withdrawals-asked", day_start + drawings.ASKED, lambda session: drawings.ask(session, setup)
        )
        await self._step(
            "withdrawals-decided",
            day_start + drawings.DECIDED,
            lambda session: drawings.decide(session, setup, asked),
        )

    async def _after_sales(self, at: datetime) -> None:
        async with self.runtime.database.reading(self.brand) as session:
            _, owner_id = await founding.root_and_owner(session)
        for story in after_sales.STORIES:
            await self._step(f"after-sale-{story.name}", at, partial(after_sales.tell, owner_id=owner_id, story=story))

    async def _quotations(self, setup: Setup, day_start: datetime) -> None:
        """A guide quotes a customer, who accepts and pays."""
        made = await self._step(
            "quotations", day_start + quotations.MADE, lambda session: quotations.make(session, setup)
        )
        if not made:
            return
        made |= await self._step(
            "quotation-accepted", day_start + quotations.ACCEPTED, partial(quotations.accept, made=dict(made))
        )
        at = day_start + quotations.PAID
        made |= await self._step("quotation-pays", at, partial(visits.start_payment, made=dict(made)))
        payment_id = UUID(str(made["payment_id"]))
        made["transaction_id"] = await charges.settle(self.runtime, self.brand, payment_id)
        await self._step("quotation-paid", at, partial(visits.book_payment, made=dict(made)))

    async def _invoices(self, day_start: datetime) -> None:
        """Customers ask for invoices, and the owner has some of them issued."""
        async with self.runtime.database.reading(self.brand) as session:
            _, owner_id = await founding.root_and_owner(session)
        asked = await self._step("invoices-asked", day_start + invoices.ASKED, partial(invoices.ask, owner_id=owner_id))
        await self._step(
            "invoices-issued", day_start + invoices.ISSUED, partial(invoices.issue, owner_id=owner_id, asked=asked)
        )

    async def _messages(self, setup: Setup, day_start: datetime) -> None:
        for story in outbound_messages.STORIES:
            work = partial(outbound_messages.tell, guides=setup.guides, story=story)
            await self._step(f"message-{story.name}", day_start + story.at, work)

    async def _close_day(self, start: datetime, day: int) -> None:
        """Move the brand's clock to the day's end and do what was due: unpaid orders are cancelled, events relayed."""
        await self._set_clock(start + timedelta(days=day, hours=23, minutes=30))
        brand = await self.runtime.database.brand_by_code(CODE)
        if brand is None:
            raise LookupError("the demo brand is gone")
        if not brand.is_simulated:
            return  # another program's load was faster and is whole; here only the keys are found
        self.brand = brand
        for job in self.jobs:
            await job.run(self.runtime, brand)
        await self.relay.drain(brand)

    async def _set_clock(self, at: datetime | None) -> None:
        """Set the brand's time; None ends its simulation, and no other load can take it back there."""
        async with self.runtime.database.directory() as session:
            await session.execute(
                sa.update(BrandRow)
                .where(BrandRow.id == self.brand.id, BrandRow.simulated_now.is_not(None))
                .values(simulated_now=at)
            )
        self.runtime.database.forget_brand(self.brand.id)


async def _move_stock(session: BrandSession, *, setup: Setup) -> dict[str, Any]:
    await goods_rounds.move_stock(session, setup)
    return {}


async def where_to_look(runtime: Runtime) -> str:
    """What `make demo` prints when it serves."""
    settings, base, slug = runtime.settings, runtime.settings.base_url, ""
    brand = await runtime.database.brand_by_code(CODE)
    if brand is not None:
        async with runtime.database.reading(brand) as session:
            guide_id = await staff.employee_id_by_phone(session, phones.read_phone(people.guide_phone(0), "phone"))
            shop = None if guide_id is None else await reads.shop_of_employee(session, guide_id)
            slug = shop.slug if shop is not None else ""
    return f"""
The demo is ready.
  a guide's shop     {base}/s/{slug}
  GraphQL            {base}/graphql
  health, metrics    {base}/healthz  {base}/metrics
  sign in            brand "demo", owner 19900000001, headquarters 19900000002, manager 19900000003,
                     guides 19900000011 to 19900000034, customers 19900001001 to 19900001200
  a token            .venv/bin/python -m app token --brand demo --phone 19900000011
  codes are sent to  {settings.sandbox_dir / "sms.jsonl"}
Ctrl-C stops it.
"""
