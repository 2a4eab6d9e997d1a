"""A brand's random story: visits, sign-ins, orders, payments, refunds, releases and payouts, with people and stores
moving between units meanwhile; and its events, to be relayed in any order and more than once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.boss import founding, rollups
from app.commission import holds, ledger, payees, plans, reversals
from app.commission.models import LineHoldRow, SaleLineRow
from app.commission.plans import NewRule
from app.commission.values import AccountKind, LedgerEvent, ShareRole
from app.customers import sign_in
from app.customers.values import Channel
from app.employees import organisation
from app.employees.models import EmployeeRow, StoreRow
from app.marketing import codes
from app.marketing import visits as shop_visits
from app.platform.actor import ANONYMOUS, SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.models import OutboxRow
from app.products import reads as products
from app.trade import orders, payments
from app.trade.basket import Address
from app.trade.models import OrderRow
from app.trade.values import LineRequest, ProviderName
from tests import factories
from tests.commission.market import customer_actor
from tests.factories import Staff

DAY = timedelta(days=1)


@dataclass(slots=True)
class Story:
    """What there is to act with, and where the clock stands."""

    database: Database
    brand: Brand
    random: Random
    now: datetime
    root_id: UUID
    units: list[UUID] = field(default_factory=list)
    stores: list[UUID] = field(default_factory=list)
    guides: list[Staff] = field(default_factory=list)
    sku_ids: list[UUID] = field(default_factory=list)
    product_ids: list[UUID] = field(default_factory=list)
    customers: list[UUID] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=lambda: [None])
    """Visitor tokens; None: somebody new."""
    phones: list[str] = field(default_factory=list)
    paid: list[tuple[UUID, UUID]] = field(default_factory=list)
    """(order, line) of what is paid."""

    async def act(self, steps: int) -> None:
        """So many random steps, each in a transaction at its own instant, minutes to a day apart."""
        for _ in range(steps):
            self.now += timedelta(minutes=self.random.choice((1, 7, 20, 29, 30, 31, 90, 600, 1_440)))
            step = self.random.choice(_STEPS)
            async with self.database.transaction(self.brand, now=self.now) as session:
                await step(self, session)

    def guide(self) -> Staff:
        return self.random.choice(self.guides)


async def begin(
    database: Database, *, seed: int, now: datetime, time_zone: str = "Asia/Shanghai", guides: int = 5
) -> Story:
    """A brand with three units below two, four stores, guides in and outside of them, three products."""
    brand = await factories.make_brand(database, time_zone=time_zone, simulated_now=now)
    async with database.transaction(brand, now=now) as session:
        root_id, _ = await founding.root_and_owner(session)
        story = Story(database, brand, Random(seed), now, root_id)
        for name, above in (("A", None), ("B", None), ("A1", 0), ("A2", 0), ("B1", 1)):
            story.units.append(
                await organisation.create_unit(
                    session,
                    SYSTEM,
                    code=name,
                    name=f"{name} 组",
                    kind="TEAM",
                    parent_id=root_id if above is None else story.units[above],
                    now=now,
                )
            )
        for unit in (2, 3, 4, 1):
            story.stores.append(await factories.make_store(session, org_unit_id=story.units[unit], name=f"店{unit}"))
        for number in range(guides):
            place = {"store_id": story.stores[number % 4]} if number else {"org_unit_id": story.units[2]}
            story.guides.append(await factories.make_employee(session, display_name=f"导购{number}", **place))
        for price in (999, 12_345, 40_001):
            product_id, sku_ids = await factories.make_product(session, price_minor=price, stock=9_999, skus=2)
            story.product_ids.append(product_id)
            story.sku_ids += sku_ids
        rules = [NewRule(ShareRole.SELLER, 777), NewRule(ShareRole.STORE, 111), NewRule(ShareRole.MANAGER, 50)]
        await plans.publish(session, SYSTEM, hold_days=7, rules=rules, now=now)
        # One customer is a guide: what he wins himself is an own purchase.
        own = factories.next_phone()
        story.guides.append(await factories.make_employee(session, store_id=story.stores[0], phone=own))
        story.phones = [own, *(factories.next_phone() for _ in range(6))]
        story.customers = [await factories.make_customer(session, phone=phone) for phone in story.phones[:4]]
    return story


# --- steps


async def _scan(story: Story, session: BrandSession) -> None:
    guide = story.guide()
    assert guide.token is not None
    actor = customer_actor(story.random.choice(story.customers)) if story.random.random() < 0.4 else ANONYMOUS
    seen = await codes.scan(
        session,
        actor,
        token=guide.token,
        visitor_token=story.random.choice(story.tokens),
        channel=Channel.IN_STORE,
        now=session.now,
    )
    story.tokens.append(seen.visitor_token)


async def _open(story: Story, session: BrandSession) -> None:
    shop_id = story.guide().shop_id
    assert shop_id is not None
    shop = await products.shop_facts(session, shop_id)
    assert shop is not None
    visit = await shop_visits.open_shop(
        session, shop=shop, visitor_token=story.random.choice(story.tokens), now=session.now
    )
    story.tokens.append(visit.visitor_token)


async def _sign_in(story: Story, session: BrandSession) -> None:
    from app.customers import visitors  # noqa: PLC0415

    visitor = await visitors.find(session, story.random.choice(story.tokens))
    customer_id = await sign_in.welcome(
        session,
        phone="+86" + story.random.choice(story.phones),
        visitor_id=None if visitor is None else visitor.visitor_id,
        now=session.now,
    )
    if customer_id not in story.customers:
        story.customers.append(customer_id)


async def _buy(story: Story, session: BrandSession) -> None:
    guide, customer_id = story.guide(), story.random.choice(story.customers)
    assert guide.shop_id is not None
    shop = await products.shop_facts(session, guide.shop_id)
    assert shop is not None
    buyer = customer_actor(customer_id)
    wanted = story.random.sample(story.sku_ids, story.random.randint(1, 3))
    order_id = await orders.place(
        session,
        buyer,
        shop=shop,
        lines=[LineRequest(sku_id, story.random.randint(1, 3)) for sku_id in wanted],
        address=Address(**factories.ADDRESS),
        code_token=guide.token if story.random.random() < 0.3 else None,
        now=session.now,
    )
    if story.random.random() < 0.15:
        return
    payment_id = await payments.start(session, buyer, order_id=order_id, provider=ProviderName.SANDBOX, now=session.now)
    total = sa.select(OrderRow.total_minor).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    await payments.book_success(
        session,
        payment_id=payment_id,
        transaction_id=f"T{payment_id.hex}",
        amount_minor=(await session.execute(total)).scalar_one(),
        now=session.now,
    )
    lines = sa.select(SaleLineRow.line_id).where(
        SaleLineRow.brand_id == session.brand_id, SaleLineRow.sale_id == order_id
    )
    story.paid += [(order_id, line_id) for line_id in (await session.execute(lines)).scalars()]


async def _refund(story: Story, session: BrandSession) -> None:
    if not story.paid:
        return
    order_id, line_id = story.random.choice(story.paid)
    left = (
        await session.execute(
            sa.select(SaleLineRow.base_minor - LineHoldRow.refunded_minor)
            .join(
                LineHoldRow,
                sa.and_(
                    LineHoldRow.brand_id == SaleLineRow.brand_id,
                    LineHoldRow.sale_id == SaleLineRow.sale_id,
                    LineHoldRow.line_id == SaleLineRow.line_id,
                ),
            )
            .where(
                SaleLineRow.brand_id == session.brand_id,
                LineHoldRow.brand_id == session.brand_id,
                SaleLineRow.sale_id == order_id,
                SaleLineRow.line_id == line_id,
            )
        )
    ).scalar_one()
    if left:
        await reversals.reverse(
            session,
            sale_id=order_id,
            line_id=line_id,
            after_sale_id=session.new_id(),
            refund_minor=story.random.choice((left, story.random.randint(1, left))),
            now=session.now,
        )


async def _release(story: Story, session: BrandSession) -> None:
    for order_id in {order_id for order_id, _ in story.random.sample(story.paid, min(4, len(story.paid)))}:
        await holds.received(session, sale_id=order_id, return_until=session.now, now=session.now)
    await holds.release(session)


async def _pay_out(story: Story, session: BrandSession) -> None:
    """Some guide's payable money leaves, and may come back; as a withdrawal moves it."""
    party_id = story.guide().employee_id
    await payees.lock(session, [party_id])
    parts = await ledger.payable(session, party_id)
    withdrawal_id = session.new_id()
    ends = story.random.choice((LedgerEvent.PAYOUT_DONE, LedgerEvent.PAYOUT_DONE, LedgerEvent.PAYOUT_FAILED))
    for event, standing in (
        (LedgerEvent.PAYOUT_STARTED, AccountKind.PAYABLE),
        (ends, AccountKind.IN_PAYOUT),
    ):
        postings = [
            posting
            for entry_id, amount_minor in parts
            for posting in ledger.postings_for(
                session,
                event,
                entry_id=entry_id,
                party_id=party_id,
                standing=standing,
                amount_minor=amount_minor,
                occasion_id=withdrawal_id,
            )
        ]
        await ledger.post(session, postings, now=session.now)


async def _move_guide(story: Story, session: BrandSession) -> None:
    await session.execute(
        sa.update(EmployeeRow)
        .where(EmployeeRow.brand_id == session.brand_id, EmployeeRow.id == story.guide().employee_id)
        .values(store_id=story.random.choice([None, *story.stores]), org_unit_id=story.random.choice(story.units))
        .execution_options(synchronize_session=False)
    )


async def _move_store(story: Story, session: BrandSession) -> None:
    await session.execute(
        sa.update(StoreRow)
        .where(StoreRow.brand_id == session.brand_id, StoreRow.id == story.random.choice(story.stores))
        .values(org_unit_id=story.random.choice(story.units))
        .execution_options(synchronize_session=False)
    )


_STEPS: tuple[Callable[[Story, BrandSession], Awaitable[None]], ...] = (
    *(_scan, _scan, _scan, _open, _open, _open, _sign_in, _sign_in),
    *(_buy, _buy, _buy, _buy, _refund, _refund, _release, _pay_out, _move_guide, _move_store),
)


# --- events


async def events_of(database: Database, brand: Brand) -> list[tuple[Any, UUID]]:
    """The brand's events that feed rollups, each with its id, in the order of their making."""
    kinds = {kind.__name__: kind for kind in rollups.EFFECTS}
    async with database.reading(brand) as session:
        rows = await session.execute(
            sa.select(OutboxRow.id, OutboxRow.kind, OutboxRow.payload)
            .where(OutboxRow.brand_id == brand.id, OutboxRow.kind.in_(kinds))
            .order_by(OutboxRow.id)
        )
        return [(_read(kinds[row.kind], row.payload), row.id) for row in rows]


async def apply(database: Database, brand: Brand, event: Any, event_id: UUID) -> None:
    """What the relay does with an event, without the mark: only the effect's own care keeps it from repeating."""

    async def work(session: BrandSession) -> None:
        await rollups.EFFECTS[type(event)](session, event, event_id)

    await database.run(brand, work)


def _read(kind: type[Any], payload: dict[str, Any]) -> Any:
    read = {"UUID": UUID, "datetime": datetime.fromisoformat, "str": str}
    return kind(
        **{item.name: read[getattr(item.type, "__name__", str(item.type))](payload[item.name]) for item in fields(kind)}
    )
