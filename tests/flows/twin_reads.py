"""Every read of the program over one brand's story. Each gives something: an empty answer must not pass for right."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app.boss import breakdowns, dashboard, founding, guide_days, scopes
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.commission import (
    evidence,
    ledger,
    plans,
    pulses,
    reversals,
    statements,
    terms,
    withdrawal_reads,
    withdrawals,
)
from app.commission import policies as published
from app.commission import reads as commission
from app.commission.values import WithdrawalState
from app.customers import bindings, consents, figures, policies, profiles, touchpoints, visitors
from app.customers import reads as customers
from app.employees import organisation, sessions, sign_in_codes, staff
from app.employees import reads as employees
from app.marketing import codes, destinations, targets
from app.marketing import reads as marketing
from app.marketing.values import CodeKind
from app.platform import outbox
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.tokens import AccessClaims
from app.products import reads as products
from app.products import shelf_reads
from app.trade import payment_reads, payments, pickups, staff_orders
from app.trade import reads as trade
from app.trade.models import PaymentRow
from app.trade.staff_orders import OrderFilter
from app.verify.checks import CHECKS
from tests.flows import (
    twin_catalogue,
    twin_coupons,
    twin_invoices,
    twin_messages,
    twin_pages,
    twin_posters,
    twin_quotations,
    twin_returns,
    twin_shelves,
    twin_stock,
    twin_toolbox,
)
from tests.flows.twins import NOW, Tale, at

Read = Callable[[BrandSession, Tale], Awaitable[Any]]

DAY = {"since": NOW - timedelta(days=1), "until": NOW + timedelta(days=1)}


def manager(t: Tale) -> Actor:
    return t.employee("manager", "MANAGER", branch=f"/{t.ids['root'].hex}/{t.ids['area'].hex}/")


def several(t: Tale, *names: str) -> list[Any]:
    return [t.ids[name] for name in names]


async def first_entry(s: BrandSession, t: Tale) -> Any:
    [entry, *_] = await commission.entries(s, party_id=t.ids["guide"], limit=1)
    return await commission.entries_by_id(s, [entry.entry_id])


async def entries_standings(s: BrandSession, t: Tale) -> Any:
    entries = await commission.entries(s, party_id=t.ids["guide"], limit=50)
    found = await ledger.standings(s, [entry.entry_id for entry in entries])
    return {entry_id: dict(sorted(accounts.items())) for entry_id, accounts in found.items()}


async def standing(s: BrandSession, t: Tale) -> Any:
    found = await withdrawals.find(s, t.ids["withdrawal"], lock=True)
    assert found is not None
    return dataclasses.replace(found, number="made at random")


async def first_binding(s: BrandSession, t: Tale) -> Any:
    live = await bindings.live(s, customer_id=t.ids["customer"])
    assert live is not None
    return await customers.bindings_by_id(s, [live.binding_id])


async def first_line(s: BrandSession, t: Tale) -> Any:
    lines = await trade.lines_of_orders(s, [t.ids["paid"]])
    return await trade.line_by_id(s, t.customer(), lines[t.ids["paid"]][0].id)


async def gathered(s: BrandSession, t: Tale) -> Any:
    shop = await products.shop_facts(s, t.ids["shop_of_guide"])
    code = await codes.facts_by_token(s, t.tokens["product_code"])
    policy = await policies.current_policy(s)
    assert shop is not None
    return await evidence.gather(s, customer_id=t.ids["customer"], shop=shop, code=code, policy=policy, now=NOW)


async def destinations_of_codes(s: BrandSession, t: Tale) -> Any:
    found = [await codes.facts_by_token(s, t.tokens[name]) for name in ("product_code", "code_of_guide")]
    return [await destinations.destination(s, code) for code in found if code is not None]


async def actors(s: BrandSession, t: Tale) -> Any:
    claims = [
        AccessClaims(s.brand_id, t.ids[f"session_of_{name}"], t.ids[name], audience, NOW)
        for name, audience in (("guide", "EMPLOYEE"), ("owner", "EMPLOYEE"), ("customer", "CUSTOMER"))
    ]
    found = [await sessions.load_actor(s, one) for one in claims]
    assert None not in found
    return found


async def rules_by_id(s: BrandSession, t: Tale) -> Any:
    plan, policy = await plans.current(s), await policies.current_policy(s)
    return [
        plan,
        policy,
        await plans.by_id(s, plan.id),
        await plans.by_version(s, 1),
        await published.by_id(s, policy.id),
        await published.by_version(s, 1),
    ]


def days(s: BrandSession) -> Period:
    today = s.brand.day_of(NOW)
    return Period(today - timedelta(days=1), today)


async def of_a_branch(s: BrandSession, t: Tale) -> Any:
    scope = await scopes.scope_of(
        s, manager(t), org_unit_id=t.ids["area"], store_id=t.ids["store"], guide_id=t.ids["guide"]
    )
    return await dashboard.figures(s, scope, days(s))


def broken_down(by: str) -> Read:
    return lambda s, t: breakdowns.breakdown(s, Scope(), days(s), BreakdownBy(by), first=50)


EMPLOYEES: dict[str, Read] = {
    "units": lambda s, t: employees.unit_page(s, t.owner, limit=50, after=None),
    "units of a branch": lambda s, t: employees.unit_page(s, manager(t), limit=50, after=None),
    "number of units": lambda s, t: employees.count_units(s, t.owner),
    "units by id": lambda s, t: employees.units_by_id(s, several(t, "root", "area")),
    "stores": lambda s, t: employees.store_page(s, limit=50, after=None),
    "number of stores": lambda s, t: employees.count_stores(s),
    "stores by id": lambda s, t: employees.stores_by_id(s, several(t, "store", "other_store")),
    "employees": lambda s, t: employees.employee_page(s, t.owner, limit=50, after=None),
    "employees of a branch": lambda s, t: employees.employee_page(s, manager(t), limit=50, after=None),
    "employees of a unit": lambda s, t: employees.employee_page(
        s, t.owner, org_unit_id=t.ids["area"], limit=50, after=None
    ),
    "number of employees": lambda s, t: employees.count_employees(s, t.owner),
    "employees by id": lambda s, t: employees.employees_by_id(s, several(t, "owner", "guide", "colleague", "manager")),
    "employee of a phone": lambda s, t: staff.employee_id_by_phone(s, "+8619911110001"),
    "return address": lambda s, t: organisation.return_address(s, store_id=t.ids["store"]),
    "actors": actors,
    "code to send": lambda s, t: sign_in_codes.code_to_send(s, sign_in_code_id=t.ids["open_sign_in_code"]),
    "root and owner": lambda s, t: founding.root_and_owner(s),
}

PRODUCTS: dict[str, Read] = {
    "shop by slug": lambda s, t: products.shop_facts_by_slug(s, t.tokens["slug_of_guide"]),
    "shop": lambda s, t: products.shop_facts(s, t.ids["shop_of_guide"]),
    "shop of an employee": lambda s, t: products.shop_of_employee(s, t.ids["colleague"]),
    "shops by id": lambda s, t: products.shops_by_id(s, several(t, "shop_of_guide", "shop_of_colleague")),
    "shops of employees": lambda s, t: products.shops_of_employees(s, several(t, "guide", "colleague")),
    "prices": lambda s, t: products.price_facts(s, several(t, "sku_of_product", "sku_of_other_product")),
    "SKUs": lambda s, t: products.skus_by_id(s, several(t, "sku_of_product", "sku_of_withdrawn")),
    "SKUs of products": lambda s, t: products.skus_of_products(s, several(t, "product", "other_product")),
    "SKU ids": lambda s, t: products.sku_ids_of(s, t.ids["product"]),
    "products by id": lambda s, t: products.products_by_id(s, several(t, "product", "withdrawn")),
    "products": lambda s, t: products.product_page(s, limit=50),
    "products by search": lambda s, t: products.product_page(s, limit=50, search="other_product"),
    "number of products": lambda s, t: products.product_count(s),
    "number of products by search": lambda s, t: products.product_count(s, search="product"),
    "categories": lambda s, t: products.categories_by_id(s, several(t, "top_category", "category")),
    "shelf": lambda s, t: shelf_reads.shelf_page(s, shop_id=t.ids["shop_of_guide"], branch="", limit=50),
    "shelf with hidden": lambda s, t: shelf_reads.shelf_page(
        s, shop_id=t.ids["shop_of_guide"], branch="", limit=50, has_hidden=True
    ),
    "shelf item": lambda s, t: shelf_reads.shelf_item(
        s, shop_id=t.ids["shop_of_guide"], branch="", product_id=t.ids["product"], has_hidden=True
    ),
}

CUSTOMERS: dict[str, Read] = {
    "display names": lambda s, t: customers.display_names(s, several(t, "customer", "member")),
    "customers that the owner sees": lambda s, t: customers.visible_customers(
        s, t.owner, several(t, "customer", "member")
    ),
    "customers that a manager sees": lambda s, t: customers.visible_customers(
        s, manager(t), several(t, "customer", "member")
    ),
    "customers that the guide sees": lambda s, t: customers.visible_customers(
        s, t.employee("guide"), several(t, "customer", "member")
    ),
    "customers of a guide": lambda s, t: customers.guide_customers(s, guide_id=t.ids["guide"], limit=50),
    "customers of a guide by name": lambda s, t: customers.guide_customers(
        s, guide_id=t.ids["guide"], search="小明", limit=50
    ),
    "customers of a guide by phone": lambda s, t: customers.guide_customers(
        s, guide_id=t.ids["guide"], search="2222", limit=50
    ),
    "number of customers of a guide": lambda s, t: customers.count_guide_customers(s, guide_id=t.ids["guide"]),
    "last touches": lambda s, t: customers.last_touches(s, several(t, "customer", "member")),
    "bindings": first_binding,
    "touchpoints": lambda s, t: customers.touchpoints_by_id(s, several(t, "touch")),
    "visits": lambda s, t: figures.shop_visits(s, several(t, "shop_of_guide", "shop_of_colleague"), **DAY),
    "newly bound": lambda s, t: figures.newly_bound(s, several(t, "guide", "colleague"), **DAY),
    "live binding": lambda s, t: bindings.live(s, customer_id=t.ids["member"]),
    "locked binding": lambda s, t: bindings.live(s, customer_id=t.ids["customer"], lock=True),
    "latest touches": lambda s, t: touchpoints.latest_touches(s, customer_id=t.ids["customer"]),
    "consents": lambda s, t: consents.in_force(s, customer_id=t.ids["customer"]),
    "customer of a phone": lambda s, t: profiles.customer_id_by_phone(s, "+8619911113333"),
    "visitor of a token": lambda s, t: visitors.find(s, t.tokens["visitor"]),
    "codes": lambda s, t: marketing.codes_by_id(s, several(t, "code_of_guide", "product_code", "revoked_code")),
    "personal tokens": lambda s, t: marketing.personal_tokens(s, several(t, "shop_of_guide", "shop_of_colleague")),
    "code of a token": lambda s, t: codes.facts_by_token(s, t.tokens["code_of_colleague"]),
    "destinations of codes": destinations_of_codes,
    "shop of a store": lambda s, t: targets.shop_of_store(s, t.ids["store"]),
    "target of a code": lambda s, t: targets.target_of(s, t.employee("guide"), CodeKind.PRODUCT, t.ids["product"]),
}

MONEY: dict[str, Read] = {
    "balance": lambda s, t: commission.balances(s, [t.ids["guide"]]),
    "balance at an hour": lambda s, t: commission.balances(
        s, [t.ids["guide"]], at=NOW - timedelta(hours=2, minutes=25)
    ),
    "entries": lambda s, t: commission.entries(s, party_id=t.ids["guide"], limit=50),
    "number of entries": lambda s, t: commission.count_entries(s, party_id=t.ids["store"]),
    "entry by id": first_entry,
    "attributions": lambda s, t: commission.attributions(s, several(t, "paid", "waiting", "late")),
    "shares of lines": lambda s, t: commission.shares_of_lines(s, several(t, "paid", "waiting")),
    "ledger's balances": lambda s, t: ledger.balances(s, party_ids=[s.brand_id]),
    "trial balance": lambda s, t: ledger.trial_balance(s),
    "ledger's standings": entries_standings,
    "what is payable": lambda s, t: ledger.payable(s, t.ids["guide"]),
    "what refunds took back": lambda s, t: reversals.taken_back(s, t.ids["after_sale"]),
    "withdrawals": lambda s, t: withdrawal_reads.page(s, limit=50),
    "withdrawals of an employee": lambda s, t: withdrawal_reads.page(
        s, limit=50, employee_id=t.ids["guide"], states=[WithdrawalState.PAID]
    ),
    "number of withdrawals": lambda s, t: withdrawal_reads.count(s, states=[WithdrawalState.REQUESTED]),
    "withdrawals by id": lambda s, t: withdrawal_reads.by_id(s, several(t, "withdrawal", "open_withdrawal")),
    "standing of a withdrawal": standing,
    "statement": lambda s, t: statements.of_party(
        s, party_id=t.ids["guide"], first_day=NOW.date() - timedelta(days=9), end_day=NOW.date() + timedelta(days=9)
    ),
    "rules": rules_by_id,
    "terms": lambda s, t: terms.in_force(
        s, product_ids=several(t, "product"), category_ids=several(t, "top_category", "category")
    ),
    "pulses": lambda s, t: pulses.pulses_of(s, sale_id=t.ids["paid"], held_at=NOW),
    "pulses of a refund": lambda s, t: pulses.pulses_of_refund(
        s, sale_id=t.ids["paid"], after_sale_id=t.ids["after_sale"], reversed_at=at(45)
    ),
    "evidence": gathered,
    "guide's day": lambda s, t: guide_days.of_guides(s, [t.ids["guide"]], now=NOW - timedelta(hours=2)),
    "orders by id": lambda s, t: trade.orders_by_id(s, t.owner, several(t, "paid", "waiting", "late", "cancelled")),
    "orders of a customer": lambda s, t: trade.orders_of_customer(
        s, t.customer(), customer_id=t.ids["customer"], limit=50
    ),
    "orders of a guide": lambda s, t: trade.orders_of_guide(s, t.owner, guide_id=t.ids["guide"], limit=50),
    "number of orders of a customer": lambda s, t: trade.count_of_customer(
        s, t.customer("member"), customer_id=t.ids["member"]
    ),
    "number of orders of a guide": lambda s, t: trade.count_of_guide(s, manager(t), guide_id=t.ids["guide"]),
    "shipments": lambda s, t: trade.shipments_of_orders(s, several(t, "sent", "fetched")),
    "orders to hand over": lambda s, t: staff_orders.pickup_page(s, manager(t), limit=50, is_counted=True),
    "staff orders": lambda s, t: staff_orders.page(s, t.owner, limit=50, is_counted=True),
    "staff orders of a branch": lambda s, t: staff_orders.page(s, manager(t), limit=50, is_counted=True),
    "staff orders by phone": lambda s, t: staff_orders.page(
        s, t.owner, narrowed=OrderFilter(search="2222", store_id=t.ids["store"]), limit=50, is_counted=True
    ),
    "pickup code to send": lambda s, t: pickups.fill_code(s, t.ids["fetched"], "********"),
    "order that waits to be fetched": lambda s, t: pickups.waiting_order(s, order_id=t.ids["fetched"]),
    "lines": lambda s, t: trade.lines_of_orders(s, several(t, "paid", "waiting")),
    "line by id": first_line,
    "payments by id": lambda s, t: payment_reads.payments_by_id(s, t.customer(), several(t, "payment_of_paid")),
    "customers' sales": lambda s, t: trade.customer_sales(s, several(t, "customer", "member")),
    "payments": lambda s, t: payments.payment_facts(s, PaymentRow.order_id == t.ids["paid"], limit=9),
    "outbox": lambda s, t: outbox.waiting(s),
}

BOSS: dict[str, Read] = {
    "dashboard": lambda s, t: dashboard.figures(s, Scope(), days(s)),
    "dashboard of a guide": lambda s, t: dashboard.figures(s, Scope(guide_id=t.ids["guide"]), days(s)),
    "dashboard of a branch": of_a_branch,
    "sales today": lambda s, t: dashboard.today(s, Scope()),
    **{f"sales by {by}": broken_down(by) for by in ("DAY", "HOUR", "ORG_UNIT", "STORE", "GUIDE", "PRODUCT")},
}

READS = {
    **EMPLOYEES,
    **PRODUCTS,
    **CUSTOMERS,
    **MONEY,
    **twin_returns.READS,
    **twin_messages.READS,
    **twin_pages.READS,
    **twin_stock.READS,
    **twin_shelves.READS,
    **twin_toolbox.READS,
    **twin_catalogue.READS,
    **twin_coupons.READS,
    **twin_posters.READS,
    **twin_invoices.READS,
    **twin_quotations.READS,
    **BOSS,
}


async def read_all(session: BrandSession, tale: Tale) -> dict[str, str]:
    """What every read says of a story, as text; the invariants hold."""
    found = {}
    for name, read in READS.items():
        answer = await read(session, tale)
        assert answer not in (None, {}, [], 0), f"{name} found nothing"
        found[name] = repr(_in_order(answer))
    assert await broken(session) == {}
    return found


async def broken(session: BrandSession) -> dict[str, list[str]]:
    """The invariants that do not hold for the session's brand."""
    return {name: lines for name, check in CHECKS.items() if (lines := await check(session))}


def _in_order(answer: Any) -> Any:
    """Answers by id come in any order: sorted, they can be compared."""
    return sorted(answer.items(), key=str) if isinstance(answer, dict) else answer
