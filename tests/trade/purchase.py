"""The steps of a purchase as tests take them: order, start to pay, and what the provider says, through the services."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson
import sqlalchemy as sa

from app.commission.models import TransferRow
from app.platform.actor import Actor, ActorKind
from app.platform.db import Brand, BrandSession, Database
from app.platform.integrations import sandbox_pay
from app.platform.integrations.sandbox_bank import SandboxBank
from app.platform.models import CallbackRow, OutboxRow
from app.platform.runtime import Runtime
from app.products import locations
from app.products import reads as products
from app.products.models import ReservationRow, StockRow
from app.trade import charges, invariants, orders, payments
from app.trade.basket import Address
from app.trade.models import OrderRow, PaymentRow, RefundRow
from app.trade.payments import Booking
from app.trade.values import LineRequest, ProviderName
from tests import factories
from tests.factories import Scene, Staff

ADDRESS = Address(**factories.ADDRESS)


def customer_actor(customer_id: UUID) -> Actor:
    return Actor(kind=ActorKind.CUSTOMER, customer_id=customer_id)


async def make_buyer(database: Database, brand: Brand) -> Actor:
    async with database.transaction(brand) as session:
        return customer_actor(await factories.make_customer(session))


async def shop_of(session: BrandSession, scene: Scene) -> products.ShopFacts:
    """The first guide's shop."""
    assert scene.guide.shop_id is not None
    shop = await products.shop_facts(session, scene.guide.shop_id)
    assert shop is not None
    return shop


async def place(
    session: BrandSession,
    scene: Scene,
    buyer: Actor,
    *,
    lines: Sequence[tuple[UUID, int]] | None = None,
    shop_of: Staff | None = None,
    **more: Any,
) -> UUID:
    """An order in the first guide's shop: one piece of the scene's SKU unless lines are given."""
    shop_id = (shop_of or scene.guide).shop_id
    assert shop_id is not None
    shop = await products.shop_facts(session, shop_id)
    assert shop is not None
    return await orders.place(
        session,
        buyer,
        shop=shop,
        lines=[LineRequest(sku_id, quantity) for sku_id, quantity in lines or [(scene.sku_id, 1)]],
        address=more.pop("address", ADDRESS),
        now=more.pop("now", session.now),
        **more,
    )


async def make_order(database: Database, scene: Scene, buyer: Actor, **more: Any) -> UUID:
    async with database.transaction(scene.brand) as session:
        return await place(session, scene, buyer, **more)


async def start(database: Database, brand: Brand, buyer: Actor, order_id: UUID) -> UUID:
    async with database.transaction(brand) as session:
        return await payments.start(session, buyer, order_id=order_id, provider=ProviderName.SANDBOX, now=session.now)


async def start_charge(runtime: Runtime, brand: Brand, buyer: Actor, order_id: UUID) -> str:
    """Start a payment and open its charge; gives its number."""
    payment_id = await start(runtime.database, brand, buyer, order_id)
    assert await charges.open_charge(runtime, brand, payment_id)
    return await number_of(runtime.database, brand, payment_id)


async def pay(database: Database, brand: Brand, payment_id: UUID, *, amount_minor: int | None = None) -> Booking:
    """Book the provider's word that a payment succeeded; its own amount unless another is given."""
    async with database.transaction(brand) as session:
        if amount_minor is None:
            amount_minor = (await payment_row(session, payment_id)).amount_minor
        return await payments.book_success(
            session,
            payment_id=payment_id,
            transaction_id=f"t{uuid.uuid4().hex}",
            amount_minor=amount_minor,
            now=session.now,
        )


async def order_row(session: BrandSession, order_id: UUID) -> Any:
    rows = sa.select(OrderRow).where(OrderRow.brand_id == session.brand_id, OrderRow.id == order_id)
    return (await session.execute(rows)).scalar_one()


async def payment_row(session: BrandSession, payment_id: UUID) -> Any:
    rows = sa.select(PaymentRow).where(PaymentRow.brand_id == session.brand_id, PaymentRow.id == payment_id)
    return (await session.execute(rows)).scalar_one()


async def refund_of(session: BrandSession, after_sale_id: UUID) -> UUID | None:
    """The refund of an after-sale; None where nothing goes back."""
    return await session.scalar(
        sa.select(RefundRow.id).where(RefundRow.brand_id == session.brand_id, RefundRow.after_sale_id == after_sale_id)
    )


async def number_of(database: Database, brand: Brand, payment_id: UUID) -> str:
    async with database.reading(brand) as session:
        return str((await payment_row(session, payment_id)).number)


async def state_of(database: Database, brand: Brand, order_id: UUID) -> str:
    async with database.reading(brand) as session:
        return str((await order_row(session, order_id)).state)


async def stock_of(
    database: Database, brand: Brand, sku_id: UUID, *, location_id: UUID | None = None
) -> tuple[int, int]:
    """Pieces on hand and reserved at the shipping location, or at another place."""
    async with database.reading(brand) as session:
        place_id = location_id or await locations.shipping_location(session)
        rows = sa.select(StockRow.on_hand, StockRow.reserved).where(
            StockRow.brand_id == brand.id, StockRow.sku_id == sku_id, StockRow.location_id == place_id
        )
        row = (await session.execute(rows)).one()
        return row.on_hand, row.reserved


async def count(session: BrandSession, kind: Any, *conditions: Any) -> int:
    query = sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == session.brand_id, *conditions)
    return (await session.execute(query)).scalar_one()


async def footprint(database: Database, brand: Brand) -> dict[str, int]:
    """How many rows an order may leave behind: the same before and after means that nothing was done."""
    async with database.reading(brand) as session:
        kinds = (OrderRow, PaymentRow, ReservationRow, TransferRow, OutboxRow)
        return {kind.__tablename__: await count(session, kind) for kind in kinds}


async def events(database: Database, brand: Brand, kind: str) -> int:
    async with database.reading(brand) as session:
        return await count(session, OutboxRow, OutboxRow.kind == kind)


async def traces(database: Database, number: str) -> list[tuple[str, str]]:
    """Outcome and reason of each callback about a payment, in the order they came."""
    async with database.directory() as session:
        rows = await session.execute(
            sa.select(CallbackRow.outcome, CallbackRow.reason)
            .where(CallbackRow.number == number)
            .order_by(CallbackRow.received_at, CallbackRow.id)
        )
        return [(row.outcome, row.reason) for row in rows]


async def assert_sound(database: Database, brand: Brand) -> None:
    """Every invariant of trade holds."""
    async with database.reading(brand) as session:
        broken = {name: found for name, check in invariants.CHECKS.items() if (found := await check(session))}
    assert broken == {}


def notice(number: str, amount_minor: int, **changes: Any) -> bytes:
    """A provider's notice that a charge was paid, as bytes; `changes` spoil it."""
    kind = changes.pop("kind", "CHARGE.PAID")
    charge = {
        "number": number,
        "transaction_id": f"sb{uuid.uuid4().hex}" if kind == "CHARGE.PAID" else None,
        "amount_minor": amount_minor,
        "currency": "CNY",
    }
    event_id = changes.pop("id", str(uuid.uuid4()))
    return orjson.dumps({"id": event_id, "type": kind, "charge": {**charge, **changes}})


def signed(runtime: Runtime, body: bytes, at: datetime | None = None) -> dict[str, str]:
    return sandbox_pay.signed_headers(runtime.secrets, body, at or datetime.now(UTC))


def bank_of(runtime: Runtime) -> SandboxBank:
    return SandboxBank(runtime.database, runtime.settings)


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that run inside, without those that open a transaction."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if "set_config('app.brand'" not in statement:
            seen.append(statement)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
