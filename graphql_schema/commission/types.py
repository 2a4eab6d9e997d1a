"""Rules in force, attribution with its candidates and shares, balances and entries of commission."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from app.boss import guide_days
from app.commission import explanations, reads
from app.commission.plans import PublishedPlan
from app.commission.values import PartyKind
from app.customers.policies import Policy
from app.platform.actor import Actor
from graphql_schema.commission import batches
from graphql_schema.commission.enums import (
    BindingMode,
    BindOn,
    CandidateOutcome,
    CommissionKind,
    CommissionState,
    PulseKind,
    RenewOn,
    SelfPurchase,
    ShareRole,
    Takeover,
)
from graphql_schema.context import Info
from graphql_schema.employees import batches as people
from graphql_schema.employees.types import Employee, Guide, Store, guide_of_facts, store_of_facts, to_employee
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id

if TYPE_CHECKING:
    from graphql_schema.customers.types import Touchpoint
    from graphql_schema.trade.types import Order


@strawberry.type(description="A version of the attribution policy. Validity, protection and takeover are separate.")
class AttributionPolicy(Node):
    version: int = strawberry.field(description="1, 2, 3…: the highest is in force for new orders.")
    published_at: datetime = strawberry.field(description="When it came into force.")
    bind_on: BindOn = strawberry.field(description="When a binding begins.")
    renew_on: RenewOn = strawberry.field(description="What begins its time anew.")
    binding_mode: BindingMode = strawberry.field(description="Whether it ends by itself.")
    validity_days: int | None = strawberry.field(description="TIMED: 1 to 3,650 days; null for PERMANENT.")
    takeover: Takeover = strawberry.field(description="Whether another guide may win the customer.")
    protection_days: int | None = strawberry.field(description="AFTER_PROTECTION: days without takeover, 0 to 3,650.")
    last_touch_days: int | None = strawberry.field(
        description="How long a touchpoint can win an order, 0 to 365 days; 0: not at all."
    )
    self_purchase: SelfPurchase = strawberry.field(description="What a guide earns on the own purchase.")
    offline_split_bp: int | None = strawberry.field(
        description="Share of the bound guide in a till sale of somebody else, 0 to 10,000 bp."
    )
    fulfilment_store_bp: int | None = strawberry.field(
        description="Share of a store that hands over another store's sale, 0 to 10,000 bp."
    )


@strawberry.type(description="A rate. The most specific rule of a role wins: product, then category, then unit.")
class CommissionRule:
    rate_bp: int = strawberry.field(description="Of the line after discounts, without freight: 0 to 10,000 bp.")
    role: ShareRole = strawberry.field(description="Who earns it.")
    product_id: strawberry.ID | None = strawberry.field(description="For one product; null: for any.")
    category_id: strawberry.ID | None = strawberry.field(description="For a category with all below it; null: for any.")
    org_unit_id: strawberry.ID | None = strawberry.field(
        description="In a unit with all below it; null: in the whole brand."
    )


@strawberry.type(description="A version of the commission plan.")
class CommissionPlan(Node):
    version: int = strawberry.field(description="1, 2, 3…: the highest is in force for new orders.")
    published_at: datetime = strawberry.field(description="When it came into force.")
    hold_days: int = strawberry.field(description="Days from payment before commission can be drawn, 7 to 365.")
    rules: list[CommissionRule] = strawberry.field(description="At most 1,000, in the order of publication.")


AttributionParty = Annotated[
    Employee | Store,
    strawberry.union("AttributionParty", description="Who earns: an employee, or a store."),
]


@strawberry.type(description="A party's share of a line, or of a whole order.")
class AttributionShare:
    role: ShareRole = strawberry.field(description="What the party earns for.")
    performance_bp: int = strawberry.field(description="Performance (业绩) in basis points of the goods sold.")
    performance: Money = strawberry.field(description="Goods after discounts, without freight, credited to the party.")
    commission: Money = strawberry.field(description="What the party earns by it.")
    party_kind: strawberry.Private[PartyKind]
    party_id: strawberry.Private[UUID]

    @strawberry.field(description="Who earns.")
    async def party(self, info: Info) -> AttributionParty:
        if self.party_kind is PartyKind.EMPLOYEE:
            employee = await people.employees(info.context).load(self.party_id)
            if employee is not None:
                return to_employee(employee)
        store = store_of_facts(await people.stores(info.context).load(self.party_id))
        if store is None:
            raise LookupError(f"party {self.party_id} is gone")
        return store


@strawberry.type(description="A guide who could have won the order.")
class AttributionCandidate:
    outcome: CandidateOutcome = strawberry.field(description="Whether the guide won.")
    reason: str = strawberry.field(description="Why, in words, in the language of Accept-Language.")
    guide_id: strawberry.Private[UUID]
    touchpoint_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The guide.")
    async def guide(self, info: Info) -> Guide:
        found = await people.employees(info.context).load(self.guide_id)
        if found is None:
            raise LookupError(f"guide {self.guide_id} is gone")
        return guide_of_facts(found)

    @strawberry.field(description="The meeting that the claim rests on; null where it rests on something else.")
    async def touchpoint(
        self, info: Info
    ) -> Annotated["Touchpoint", strawberry.lazy("graphql_schema.customers.types")] | None:
        from graphql_schema.customers.loaders import touchpoint_by_id  # noqa: PLC0415

        return None if self.touchpoint_id is None else await touchpoint_by_id(info, self.touchpoint_id)


@strawberry.type(
    description="Whose an order is and why, as it was decided when it was placed; nothing later changes it. Owner and "
    "headquarters see all of it; others see themselves and candidates of the own branch, a guide the own share only."
)
class Attribution:
    decided_at: datetime = strawberry.field(description="When it was decided: as the order was placed.")
    policy_version: int = strawberry.field(description="The version of the attribution policy that decided.")
    rule: str = strawberry.field(
        description="The rule that decided, for programs: QUOTATION, EXPLICIT_CODE, LIVE_BINDING, LAST_TOUCH, "
        "SHOP_GUIDE, STORE or CASHIER_CHOICE."
    )
    explanation: str = strawberry.field(description="The decision in words, in the language of Accept-Language.")
    candidates: list[AttributionCandidate] = strawberry.field(description="The winner first; at most 100.")
    shares: list[AttributionShare] = strawberry.field(description="Each party's share, summed over the lines.")
    my_outcome: CandidateOutcome | None = strawberry.field(
        description="Whether the caller won; null for those who were no candidate."
    )
    my_reason: str | None = strawberry.field(description="Why the caller won or lost, in words.")


@strawberry.type(description="What an employee has on the commission ledger.")
class CommissionBalance:
    as_of: datetime = strawberry.field(description="When the ledger was read.")
    estimated: Money = strawberry.field(description="On orders placed and not yet paid.")
    held: Money = strawberry.field(description="On orders paid, while the return window is open.")
    payable: Money = strawberry.field(description="Return window over, nothing disputed.")
    paid: Money = strawberry.field(description="Paid out, ever.")
    debt: Money = strawberry.field(description="Owed after refunds of paid commission; 0 or more.")


@strawberry.type(description="A guide's business day in figures, as it stands now.")
class GuideDay:
    visits: int = strawberry.field(description="Visits to the own shop: one per visitor and 30 minutes.")
    new_customers: int = strawberry.field(description="Customers bound to the guide today.")
    orders: int = strawberry.field(description="Orders paid today that the guide sold.")
    net_sales: Money = strawberry.field(
        description="The guide's share of goods paid today, without freight, less refunds of today."
    )
    commission: Money = strawberry.field(
        description="The guide's commission on them, less what refunds took back today."
    )


@strawberry.type(description="An amount of commission on one line of an order, or a correction of one.")
class CommissionEntry(Node):
    kind: CommissionKind = strawberry.field(description="A REVERSAL takes back, everything else gives.")
    state: CommissionState = strawberry.field(description="Where the money stands.")
    role: ShareRole = strawberry.field(description="What it was earned for.")
    amount: Money = strawberry.field(description="Above zero, also for a REVERSAL.")
    booked_at: datetime = strawberry.field(description="When it was booked.")
    payable_at: datetime | None = strawberry.field(
        description="While it is held: the earliest it can be drawn, the payment plus the plan's holdDays or the end "
        "of the return window, whichever is later. Null before the payment and once it no longer waits."
    )
    is_paused: bool = strawberry.field(
        description="Whether it is held for longer, because an after-sale of the line is open."
    )
    sale_id: strawberry.Private[UUID | None]
    reverses_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The order that it was earned on; null for a bonus.")
    async def order(self, info: Info) -> Annotated["Order", strawberry.lazy("graphql_schema.trade.types")] | None:
        from graphql_schema.trade.loaders import order_by_id  # noqa: PLC0415

        return None if self.sale_id is None else await order_by_id(info, self.sale_id)

    @strawberry.field(description="The entry that this one takes back.")
    async def reverses(self, info: Info) -> "CommissionEntry | None":
        if self.reverses_id is None:
            return None
        found = await batches.entries(info.context).load(self.reverses_id)
        return None if found is None else to_entry(found, (await info.context.brand()).currency)


@strawberry.type(description="The moment an order is paid (or refunded): the guide's money.")
class GuidePulse:
    at: datetime = strawberry.field(description="When it happened.")
    kind: PulseKind = strawberry.field(description="What happened.")
    commission: Money = strawberry.field(description="The caller's own, over all lines.")
    rule: str = strawberry.field(description="The rule by which the order is whose it is, as in `Attribution.rule`.")
    payable_on: date | None = strawberry.field(description="The first business day on which it can be drawn.")
    order: Annotated["Order", strawberry.lazy("graphql_schema.trade.types")] = strawberry.field(
        description="The order."
    )


def to_policy(policy: Policy) -> AttributionPolicy:
    return AttributionPolicy(
        id=encode_global_id("AttributionPolicy", policy.id),
        version=policy.version,
        published_at=policy.published_at,
        bind_on=policy.bind_on,
        renew_on=policy.renew_on,
        binding_mode=policy.binding_mode,
        validity_days=policy.validity_days,
        takeover=policy.takeover,
        protection_days=policy.protection_days,
        last_touch_days=policy.last_touch_days,
        self_purchase=policy.self_purchase,
        offline_split_bp=policy.offline_split_bp,
        fulfilment_store_bp=policy.fulfilment_store_bp,
    )


def to_plan(plan: PublishedPlan) -> CommissionPlan:
    return CommissionPlan(
        id=encode_global_id("CommissionPlan", plan.id),
        version=plan.version,
        published_at=plan.published_at,
        hold_days=plan.hold_days,
        rules=[
            CommissionRule(
                rate_bp=rule.rate_bp,
                role=rule.role,
                product_id=_id("Product", rule.product_id),
                category_id=_id("Category", rule.category_id),
                org_unit_id=_id("OrgUnit", rule.org_unit_id),
            )
            for rule in plan.rules
        ],
    )


def to_balance(balance: reads.Balance, currency: str) -> CommissionBalance:
    return CommissionBalance(
        as_of=balance.as_of,
        estimated=to_money(balance.estimated_minor, currency),
        held=to_money(balance.held_minor, currency),
        payable=to_money(balance.payable_minor, currency),
        paid=to_money(balance.paid_minor, currency),
        debt=to_money(balance.debt_minor, currency),
    )


def to_day(day: guide_days.GuideDay, currency: str) -> GuideDay:
    return GuideDay(
        visits=day.visits,
        new_customers=day.new_customers,
        orders=day.orders,
        net_sales=to_money(day.net_sales_minor, currency),
        commission=to_money(day.commission_minor, currency),
    )


def to_entry(entry: reads.Entry, currency: str) -> CommissionEntry:
    return CommissionEntry(
        id=encode_global_id("CommissionEntry", entry.entry_id),
        kind=entry.kind,
        state=entry.state,
        role=entry.role,
        amount=to_money(entry.amount_minor, currency),
        booked_at=entry.booked_at,
        payable_at=entry.payable_at,
        is_paused=entry.is_paused,
        sale_id=entry.sale_id,
        reverses_id=entry.reverses_id,
    )


def to_share(share: reads.Share, currency: str) -> AttributionShare:
    return AttributionShare(
        role=share.role,
        performance_bp=share.performance_bp,
        performance=to_money(share.performance_minor, currency),
        commission=to_money(share.commission_minor, currency),
        party_kind=share.party_kind,
        party_id=share.party_id,
    )


def to_attribution(whole: reads.Attribution, actor: Actor, *, language: str, currency: str) -> Attribution:
    """What `actor` may see of a decision, in words of `language`."""
    shown = reads.seen_by(whole, actor)
    own = next((one for one in shown.candidates if one.guide_id == actor.employee_id), None)
    return Attribution(
        decided_at=shown.decided_at,
        policy_version=shown.policy_version,
        rule=shown.rule.value,
        explanation=explanations.explain(shown, language),
        candidates=[
            AttributionCandidate(
                outcome=one.outcome,
                reason=explanations.reason_text(one.reason, language),
                guide_id=one.guide_id,
                touchpoint_id=one.touchpoint_id,
            )
            for one in shown.candidates
        ],
        shares=[to_share(share, currency) for share in shown.shares],
        my_outcome=None if own is None else own.outcome,
        my_reason=None if own is None else explanations.reason_text(own.reason, language),
    )


def _id(type_name: str, value: UUID | None) -> strawberry.ID | None:
    return None if value is None else encode_global_id(type_name, value)
