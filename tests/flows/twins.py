"""Two brands that live the same story at the same instants: every row of one has a twin of equal id in the other.

Only names, amounts and what must be unique over all brands (slugs, tokens, payment numbers) differ.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.boss import founding
from app.commission import plans, policies
from app.commission.plans import NewRule
from app.commission.values import ShareRole
from app.customers import profiles, sign_in
from app.customers.consents import Consent
from app.customers.values import Channel, ConsentPurpose, PolicyTerms, Takeover
from app.employees import organisation, sessions, sign_in_codes
from app.employees.sign_in import SignedIn
from app.employees.values import OpeningHours, PostalAddress
from app.marketing import codes, onboarding
from app.marketing.values import CodeKind
from app.platform import clock, idempotency, rate_limits
from app.platform.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from app.products import catalogue, reads, shelf, stock
from app.products.values import NewSku, ShelfChange
from app.trade import numbers, orders, payments, rules
from app.trade.models import PaymentRow
from app.trade.values import LineRequest, ProviderName
from tests import factories
from tests.flows import (
    twin_catalogue,
    twin_coupons,
    twin_endings,
    twin_goods,
    twin_invoices,
    twin_posters,
    twin_quotations,
    twin_returns,
    twin_shelves,
    twin_stock,
    twin_toolbox,
)

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
"""When the stories are read. They began three hours before."""


@dataclass
class Tale:
    """One brand's story. `ids`: what it made, by name; `tokens`: what leads to it from outside."""

    brand: Brand
    mark: str
    price_minor: int
    ids: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def employee(self, name: str, role: str = "GUIDE", **more: Any) -> Actor:
        return Actor(
            kind=ActorKind.EMPLOYEE,
            employee_id=self.ids[name],
            role=role,
            shop_id=self.ids.get(f"shop_of_{name}"),
            store_id=self.ids["store"],
            **more,
        )

    def customer(self, name: str = "customer") -> Actor:
        return Actor(kind=ActorKind.CUSTOMER, customer_id=self.ids[name])

    @property
    def owner(self) -> Actor:
        return self.employee("owner", "OWNER")


class OrderNumbers:
    """Gives the same numbers in the same order after every restart."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._counts = itertools.count(1)

    def __call__(self) -> str:
        return rules.order_number(next(self._counts).to_bytes(8, "big"))


ORDER_NUMBERS = OrderNumbers()


@contextmanager
def equal_ids() -> Iterator[None]:
    """Every brand counts its own ids from one, every story its order numbers; the clock stands still at `NOW`."""
    counts: defaultdict[UUID, Iterator[int]] = defaultdict(lambda: itertools.count(1))

    def new_id(session: BrandSession) -> UUID:
        milliseconds = int(session.now.timestamp() * 1_000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | next(counts[session.brand.id]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BrandSession, "new_id", new_id)
        patch.setattr(numbers, "random_order_number", ORDER_NUMBERS)
        patch.setattr(clock, "utc_now", lambda: NOW)
        yield


def at(minutes: float) -> datetime:
    return NOW - timedelta(hours=3) + timedelta(minutes=minutes)


def address(mark: str) -> PostalAddress:
    return PostalAddress(f"{mark}收", "+8619911110099", "上海市", "上海市", "黄浦区", f"{mark}大道 1 号")


async def tell(runtime: Runtime, mark: str, *, price_minor: int, stock_pieces: int, has_epilogue: bool = False) -> Tale:
    """Live the story once, through the services. With its epilogue there is more under the same ids, and other."""
    ORDER_NUMBERS.restart()
    brand = await founding.found_brand(
        runtime.database,
        code=f"twin{factories.next_number()}",
        name=f"{mark}牌",
        currency="CNY",
        time_zone="Asia/Shanghai",
        owner_name=f"{mark}老板",
        owner_phone="19911110000",
        now=at(0),
    )
    tale = Tale(brand, mark, price_minor)
    for minutes, chapter in (
        (1, _organise),
        (2, _stock),
        (3, _issue_codes),
        (5, _come_in),
        (20, _publish),
        (25, _come_again),
        (26, twin_toolbox.fill),
        (26, twin_catalogue.fill),
        (27, twin_toolbox.open_share),
        (29, twin_toolbox.read_share),
        (30, _order),
        (35, twin_coupons.hand_out),
        (36, twin_quotations.promise),
        (40, _pay),
        (43, twin_goods.send_one_and_lay_one_out),
        (44, twin_stock.move_and_reroute),
        (44, twin_shelves.arrange),
        (45, twin_returns.release),
        (46, twin_invoices.fill),
        (47, twin_endings.withdraw_and_write),
        (50, _sign_in_all),
        (55, twin_posters.ask),
        (60, twin_endings.roll_up),
    ):
        async with runtime.database.transaction(brand, now=at(minutes)) as session:
            await chapter(runtime, session, tale, stock_pieces)
    await twin_returns.compare_books(runtime, tale)
    await twin_posters.draw(runtime, tale)
    if has_epilogue:
        async with runtime.database.transaction(brand, now=at(70)) as session:
            await twin_endings.go_on(session, tale, address(tale.mark))
    return tale


async def _organise(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    mark, now, ids = tale.mark, session.now, tale.ids
    ids["root"], ids["owner"] = await founding.root_and_owner(session)
    ids["area"] = await organisation.create_unit(
        session, SYSTEM, code="EAST", name=f"{mark}华东", kind="AREA", parent_id=ids["root"], now=now
    )
    for name in ("store", "other_store"):
        ids[name] = await organisation.create_store(
            session,
            SYSTEM,
            code=name,
            name=f"{mark}店",
            org_unit_id=ids["area"],
            operator="FRANCHISE",
            legal_entity=f"{mark}公司",
            territory=f"{mark}区",
            city=f"{mark}城",
            address=f"{mark}路 1 号",
            opening_hours=[OpeningHours(1, "09:00", "21:00")],
            return_address=address(mark),
            now=now,
        )
    people = (("guide", "GUIDE"), ("colleague", "GUIDE"), ("manager", "MANAGER"), ("headquarters", "HEADQUARTERS"))
    for number, (name, role) in enumerate(people, start=1):
        made = await onboarding.onboard(
            session,
            SYSTEM,
            display_name=f"{mark}{name}",
            phone=f"1991111000{number}",
            role=role,
            store_id=ids["store"] if role in ("GUIDE", "MANAGER") else None,
            org_unit_id=ids["root"] if role == "HEADQUARTERS" else None,
            employee_number=f"N-{number}",
            title=f"{mark}顾问",
            now=now,
        )
        ids[name] = made.employee_id
        if made.shop_id is not None and made.code_id is not None:
            ids[f"shop_of_{name}"], ids[f"code_of_{name}"] = made.shop_id, made.code_id
            tale.tokens[f"slug_of_{name}"] = str(made.slug)
            tale.tokens[f"code_of_{name}"] = str(made.token)


async def _stock(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    mark, now, ids = tale.mark, session.now, tale.ids
    ids["top_category"] = await catalogue.create_category(session, SYSTEM, name=f"{mark}服装", now=now)
    ids["category"] = await catalogue.create_category(
        session, SYSTEM, name=f"{mark}围巾", parent_id=ids["top_category"], now=now
    )
    for number, name in enumerate(("product", "other_product", "withdrawn")):
        ids[name] = await catalogue.create_product(
            session,
            SYSTEM,
            title=f"{mark}{name}",
            description=f"{mark}的货",
            cover_url=f"https://example.com/{ord(mark)}.png",
            category_id=ids["category"],
            skus=[
                NewSku(f"{mark}色", f"K-{number}", f"69{number:011d}", tale.price_minor, tale.price_minor + 55, pieces)
            ],
            now=now,
        )
        [ids[f"sku_of_{name}"]] = await reads.sku_ids_of(session, ids[name])
    await catalogue.update_product(session, SYSTEM, product_id=ids["withdrawn"], state="WITHDRAWN", now=now)
    await stock.adjust(session, SYSTEM, sku_id=ids["sku_of_product"], change=pieces, reason=f"{mark}盘点", now=now)
    for name, change in (
        ("product", ShelfChange(is_featured=True, position=1, badge=f"{mark}荐")),
        ("other_product", ShelfChange(is_hidden=True)),
    ):
        await shelf.change_item(
            session, tale.employee("guide"), shop_id=ids["shop_of_guide"], product_id=ids[name], change=change, now=now
        )


async def _issue_codes(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    guide, now = tale.employee("guide"), session.now
    product = await codes.create_code(
        session, guide, kind=CodeKind.PRODUCT, target_id=tale.ids["product"], label=f"{tale.mark}签", now=now
    )
    revoked = await codes.create_code(session, guide, kind=CodeKind.SHOP, channel=Channel.POSTER, now=now)
    await codes.revoke(session, guide, code_id=revoked.code_id, now=now)
    tale.ids["product_code"], tale.tokens["product_code"] = product.code_id, product.token
    tale.ids["revoked_code"], tale.tokens["revoked_code"] = revoked.code_id, revoked.token


async def _come_in(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    mark, now, ids = tale.mark, session.now, tale.ids
    seen = await codes.scan(session, ANONYMOUS, token=tale.tokens["code_of_guide"], now=now)
    ids["visitor"], ids["touch"] = seen.visitor_id, seen.touchpoint_id
    tale.tokens["visitor"] = seen.visitor_token
    asked = await sign_in_codes.request(
        session, phone="19911112222", audience="CUSTOMER", address="192.0.2.1", settings=runtime.settings, now=now
    )
    assert isinstance(asked, sign_in_codes.CodeRequested)
    ids["sign_in_code"] = asked.sign_in_code_id
    signed_in = await sign_in.sign_in_customer(
        session,
        phone="19911112222",
        code=sign_in_codes.code_for(session.vault, asked.sign_in_code_id),
        visitor_id=seen.visitor_id,
        consents=[Consent(ConsentPurpose.MARKETING, f"{mark}-1", granted=True)],
        settings=runtime.settings,
        signing=runtime.secrets.signing,
        now=now,
    )
    assert isinstance(signed_in, SignedIn)
    ids["customer"], ids["customer_session"] = signed_in.principal_id, signed_in.tokens.session_id
    ids["member"] = await profiles.create_customer(
        session, phone="19911113333", name=f"{mark}小明", member_code="M-1", now=now
    )


async def _come_again(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    visits = (
        ("customer", "product_code"),
        ("member", "code_of_colleague"),
        ("member", "code_of_guide"),
        ("member", "revoked_code"),
    )
    for name, token in visits:
        await codes.scan(session, tale.customer(name), token=tale.tokens[token], channel=Channel.SMS, now=session.now)


async def _publish(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    now, owner = session.now, tale.owner
    await policies.publish(
        session, owner, terms=PolicyTerms(last_touch_days=pieces, takeover=Takeover.ANY_TIME), now=now
    )
    rules = [
        NewRule(ShareRole.SELLER, tale.price_minor // 10),
        NewRule(ShareRole.STORE, 100, category_id=tale.ids["top_category"]),
        NewRule(ShareRole.MANAGER, 50, product_id=tale.ids["product"], org_unit_id=tale.ids["area"]),
    ]
    await plans.publish(session, owner, hold_days=8, rules=rules, now=now)


async def _order(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    shop = await reads.shop_facts(session, tale.ids["shop_of_guide"])
    assert shop is not None
    for name, buyer in (("paid", "customer"), ("waiting", "member"), ("late", "customer"), ("cancelled", "member")):
        tale.ids[name] = await orders.place(
            session,
            tale.customer(buyer),
            shop=shop,
            lines=[LineRequest(tale.ids["sku_of_product"], 2), LineRequest(tale.ids["sku_of_other_product"], 1)],
            address=address(tale.mark),
            note=f"{tale.mark}请包好",
            code_token=tale.tokens["product_code"] if name == "paid" else None,
            now=session.now,
        )
    await idempotency.claim(session, principal="customer:1", operation="orderPlace", key="k" * 20, body="b")
    await rate_limits.take(session, kind="twin", subject="one", limit=pieces, window_seconds=60)


async def _pay(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    now, buyer, ids = session.now, tale.customer(), tale.ids
    for name in ("paid", "late"):
        ids[f"payment_of_{name}"] = await payments.start(
            session, buyer, order_id=ids[name], provider=ProviderName.SANDBOX, now=now
        )
    await orders.cancel(session, buyer, order_id=ids["late"], now=now)
    await orders.cancel(session, tale.customer("member"), order_id=ids["cancelled"], now=now)
    for name in ("paid", "late"):
        amount = sa.select(PaymentRow.amount_minor).where(
            PaymentRow.brand_id == session.brand_id, PaymentRow.id == ids[f"payment_of_{name}"]
        )
        await payments.book_success(
            session,
            payment_id=ids[f"payment_of_{name}"],
            transaction_id=f"T-{name}",
            amount_minor=(await session.execute(amount)).scalar_one(),
            now=now,
        )


async def _sign_in_all(runtime: Runtime, session: BrandSession, tale: Tale, pieces: int) -> None:
    for name, audience in (
        ("owner", "EMPLOYEE"),
        ("manager", "EMPLOYEE"),
        ("guide", "EMPLOYEE"),
        ("customer", "CUSTOMER"),
        ("member", "CUSTOMER"),
    ):
        await open_session(runtime, session, tale, name, audience)
    asked = await sign_in_codes.request(
        session,
        phone="19911110001",
        audience="EMPLOYEE",
        address="192.0.2.1",
        settings=runtime.settings.model_copy(update={"sign_in_code_ttl_seconds": 6 * 3_600}),
        now=session.now,
    )
    assert isinstance(asked, sign_in_codes.CodeRequested)
    tale.ids["open_sign_in_code"] = asked.sign_in_code_id


async def open_session(runtime: Runtime, session: BrandSession, tale: Tale, name: str, audience: str) -> None:
    """Sign somebody in, for six hours: the story's clock is not the wall clock that tokens end by."""
    opened = await sessions.open_session(
        session,
        audience=audience,
        principal_id=tale.ids[name],
        settings=runtime.settings.model_copy(update={"access_token_ttl_seconds": 6 * 3_600}),
        signing=runtime.secrets.signing,
        now=session.now,
    )
    tale.tokens[f"access_of_{name}"], tale.tokens[f"refresh_of_{name}"] = opened.access_token, opened.refresh_token
    tale.ids[f"session_of_{name}"] = opened.session_id
