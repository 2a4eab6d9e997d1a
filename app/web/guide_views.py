"""What the guide's pages show, out of facts: entries of commission with their reasons, codes, customers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.commission.grounds import Ground
from app.commission.reads import Entry
from app.commission.values import CommissionKind, CommissionState, ShareRole
from app.customers.reads import CustomerFacts
from app.customers.values import BindingState
from app.marketing.reads import CodeCard
from app.marketing.values import CodeKind
from app.trade.reads import NO_SALES, CustomerSales
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_TAGS: Final = {
    CommissionState.PAYABLE: "on",
    CommissionState.PAID: "on",
    CommissionState.DISPUTED: "bad",
}
_CODE_KINDS: Final = {CodeKind.PRODUCT: "code_of_product", CodeKind.STORE: "code_of_store"}


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry of commission as a row: what, where it stands, why so much, since when or until when."""

    title: str
    state: str
    tag: str
    reason: str
    notes: tuple[str, ...]
    sign: str
    amount: Amount
    order_href: str | None


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One of the guide's codes as a row."""

    name: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer bound to the guide as a row. `coupons_href`: where the guide gives a coupon; `quote_href`: quotes."""

    href: str
    coupons_href: str
    quote_href: str
    name: str
    phone: str | None
    binding: str
    details: str
    orders: str
    bought: Amount | None


def entry_line(entry: Entry, ground: Ground | None, *, now: datetime, say: Speech) -> EntryLine:
    is_back = entry.kind is CommissionKind.REVERSAL
    is_gone = entry.state is CommissionState.VOIDED
    is_unpaid = is_gone and not is_back and ground is not None and not ground.is_paid
    state = "reversed" if is_gone and not is_unpaid else "paused" if entry.is_paused else entry.state.lower()
    return EntryLine(
        title=_title(entry, ground, say),
        state=say(f"state_{state}"),
        tag="warn" if state in ("reversed", "paused") else _TAGS.get(entry.state, ""),
        reason="" if ground is None else _reason(entry, ground, say),
        notes=tuple(_notes(entry, ground, is_unpaid=is_unpaid, now=now, say=say)),
        sign="" if is_unpaid else "−" if is_back else "+",
        amount=say.money(entry.amount_minor),
        order_href=None if entry.sale_id is None else order_path(encode_global_id("Order", entry.sale_id)),
    )


def order_path(order_id: str) -> str:
    return f"/guide/orders/{order_id}"


def code_line(card: CodeCard, say: Speech) -> CodeLine:
    channel = None if card.channel is None else say(f"channel_{card.channel.lower()}")
    target = say(_CODE_KINDS.get(card.kind, "code_of_shop"))
    parts = [target, channel if card.label else None, say("code_scans", count=card.scan_count)]
    return CodeLine(
        name=say("code_mine") if card.is_personal else card.label or channel or target,
        detail=" · ".join(part for part in parts if part),
        href=f"/guide/code?code={encode_global_id('Code', card.code_id)}",
    )


def customer_line(
    facts: CustomerFacts, sales: CustomerSales | None, last_touch: str | None, say: Speech
) -> CustomerLine:
    bought = sales or NO_SALES
    parts = [
        None if facts.binding is None else say("customer_bound", day=say.day(facts.binding.bound_at)),
        None if last_touch is None else say("customer_last_touch", day=last_touch),
    ]
    return CustomerLine(
        href=f"/guide/customers/{encode_global_id('Customer', facts.customer_id)}",
        coupons_href=f"/guide/customers/{encode_global_id('Customer', facts.customer_id)}/coupons",
        quote_href=f"/guide/quotations/new?customer={encode_global_id('Customer', facts.customer_id)}",
        name=facts.display_name,
        phone=facts.phone_masked,
        binding=_binding(facts, say),
        details=" · ".join(part for part in parts if part),
        orders=say("customer_bought", orders=bought.orders) if bought.orders else say("customer_bought_none"),
        bought=say.money(bought.net_sales_minor) if bought.orders else None,
    )


def _binding(facts: CustomerFacts, say: Speech) -> str:
    binding = facts.binding
    if binding is None:
        return ""
    if binding.state is BindingState.SUSPENDED:
        return say("customer_suspended")
    if binding.state is BindingState.ACTIVE_PROTECTED and binding.protected_until is not None:
        return say("customer_protected", day=say.day(binding.protected_until))
    return say("customer_open") if binding.state is BindingState.ACTIVE_OPEN else ""


def _title(entry: Entry, ground: Ground | None, say: Speech) -> str:
    if ground is None:
        return say("entry_bonus" if entry.kind is CommissionKind.BONUS else "entry_adjustment")
    if entry.kind is CommissionKind.REVERSAL:
        return say("entry_back", title=ground.product_title)
    return ground.product_title


def _reason(entry: Entry, ground: Ground, say: Speech) -> str:
    """The rule with its rate, what it applied to, and why the order counts for the guide."""
    percent = say.rate(ground.rate_bp)
    if entry.kind is CommissionKind.REVERSAL:
        if ground.refunded_minor is None:
            return say("entry_taken", rate=percent)
        return say("entry_taken_part", refund=say.money(ground.refunded_minor).text, rate=percent)
    return say(
        "entry_sum",
        role=say(f"role_{entry.role.lower()}"),
        scope=_scope(ground, say),
        rate=percent,
        base=say.money(ground.base_minor).text,
        why=_why(entry, ground, say),
    )


def _scope(ground: Ground, say: Speech) -> str:
    """Which goods, and where, the rule of the plan names."""
    if not ground.has_rule:
        return say("scope_fulfilment")
    if ground.is_for_product:
        scope = say("scope_product")
    elif ground.category_name is not None:
        scope = say("scope_category", name=ground.category_name)
    else:
        scope = say("scope_everything")
    return scope if ground.unit_name is None else say("scope_unit", scope=scope, unit=ground.unit_name)


def _why(entry: Entry, ground: Ground, say: Speech) -> str:
    if entry.role is not ShareRole.SELLER:
        return say("why_manager")
    return say("why_self" if ground.is_self_purchase else f"why_{ground.attribution_rule.lower()}")


def _notes(entry: Entry, ground: Ground | None, *, is_unpaid: bool, now: datetime, say: Speech) -> list[str]:
    notes = [say.moment(entry.booked_at)]
    if entry.kind is CommissionKind.REVERSAL:
        if entry.number is not None:
            notes.append(say("order_number", number=entry.number))
    elif is_unpaid:
        notes.append(say("until_never"))
    elif entry.state is CommissionState.ESTIMATED:
        notes.append(say("until_paid"))
    elif entry.is_paused:
        notes.append(say("until_after_sale"))
    elif entry.payable_at is not None:
        notes.append(_until(entry.payable_at, is_received=ground is not None and ground.is_received, now=now, say=say))
    elif entry.state is CommissionState.PAYABLE and ground is not None and ground.released_at is not None:
        notes.append(say("since_payable", day=say.day(ground.released_at)))
    return notes


def _until(payable_at: datetime, *, is_received: bool, now: datetime, say: Speech) -> str:
    """When held commission can be drawn: the day is certain once the goods are there, the earliest one before."""
    if is_received:
        return say("until_payable", day=say.day(payable_at))
    return say("until_received") if payable_at <= now else say("until_earliest", day=say.day(payable_at))
