"""The dashboard's figures, their breakdowns, and a pulse of sales."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.boss import breakdowns
from app.boss.dashboard import Figures
from app.boss.dashboard import SalesToday as TodaysSales
from app.boss.values import BreakdownBy
from app.boss.values import Period as Days
from app.platform import messages
from app.platform.money import WHOLE_BP
from graphql_schema.boss.enums import BreakdownBy as By
from graphql_schema.commission.enums import PulseKind
from graphql_schema.money import Money, to_money
from graphql_schema.paging import encode_global_id
from graphql_schema.scalars import Long
from graphql_schema.trade.types import Order

NOBODY = "none"
FIRST = 50
_TYPES = {
    BreakdownBy.ORG_UNIT: "OrgUnit",
    BreakdownBy.STORE: "Store",
    BreakdownBy.GUIDE: "Guide",
    BreakdownBy.PRODUCT: "Product",
}
_UNNAMED = {BreakdownBy.GUIDE: "breakdown_nobody", BreakdownBy.STORE: "breakdown_no_store"}


@strawberry.type(description="Business days in the brand's time zone, both included.")
class Period:
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day.")


@strawberry.type(description="Sales of the period. Freight is in none of them.")
class SalesFigures:
    orders: int = strawberry.field(description="Orders paid. A guide counts those with a share of his.")
    customers: int = strawberry.field(description="Distinct customers with a paid order, over the whole period.")
    gross_sales: Money = strawberry.field(description="Goods after discounts, on the day of payment.")
    refunds: Money = strawberry.field(description="Goods refunded, on the day it was decided to pay the refund.")
    net_sales: Money = strawberry.field(description="Gross less refunds of the same period: it can be negative.")
    average_order_value: Money | None = strawberry.field(description="Gross by orders; null without orders.")
    repeat_purchase_rate: float | None = strawberry.field(
        description="Of the customers, the share with an order that was not their first ever: 0 to 1 in steps of "
        "0.0001; null without customers."
    )


@strawberry.type(description="Who came in the period.")
class TrafficFigures:
    visits: int = strawberry.field(description="A shop was opened: one per person, shop and 30 minutes.")
    visitors: int = strawberry.field(description="Distinct people; one who signed in counts as the customer.")
    new_customers: int = strawberry.field(description="Customers who signed in for the first time.")
    conversion_rate: float | None = strawberry.field(
        description="Customers with an order by visitors, in steps of 0.0001; null without visitors. Above 1 where "
        "people bought who did not come by a shop."
    )


@strawberry.type(description="Commission: balances at the end of the period's last day, and what was paid out in it.")
class CommissionFigures:
    held: Money = strawberry.field(description="Paid orders whose return window is open.")
    payable: Money = strawberry.field(description="The window is over and nothing is disputed.")
    paid: Money = strawberry.field(description="Paid out in the period.")
    debt: Money = strawberry.field(
        description="Owed after refunds of paid commission. In a branch, a debt that was offset with commission from "
        "another branch stays here and is negative there; over the brand it is 0 or more."
    )


@strawberry.type(description="A row of a breakdown.")
class BreakdownRow:
    key: str = strawberry.field(
        description="The global id of what the row is about, a day as YYYY-MM-DD, an hour as 00 to 23, or `none`: "
        "sales of the store without a guide, or without a store."
    )
    label: str = strawberry.field(description="Its name of today.")
    orders: int = strawberry.field(description="By guide and by product an order may count in several rows.")
    quantity: Long = strawberry.field(description="Pieces sold; refunds do not lessen them.")
    net_sales: Money = strawberry.field(description="Gross less refunds.")


@strawberry.type(description="Sales by something.")
class Breakdown:
    rows: list[BreakdownRow] = strawberry.field(
        description="Days and hours in order and without gaps, everything else by net sales, highest first. Own "
        "purchases of guides are in the figures, but do not move a row up."
    )


@strawberry.type(description="The figures of a period, of the brand or a part of it.")
class Dashboard:
    as_of: datetime = strawberry.field(description="Everything that happened up to then is in the figures.")
    period: Period = strawberry.field(description="The days that are counted.")
    sales: SalesFigures = strawberry.field(description="What was sold.")
    traffic: TrafficFigures = strawberry.field(description="Who came.")
    commission: CommissionFigures = strawberry.field(description="What is owed and paid for it.")
    read: strawberry.Private[dict[tuple[BreakdownBy, int], Breakdown]]
    """What was read with the figures, at the same instant."""

    @strawberry.field(description="The sales by something; they add up to the whole.")
    def breakdown(
        self,
        by: Annotated[By, strawberry.argument(description="By what.")],
        first: Annotated[int | None, strawberry.argument(description="At most so many rows, 1 to 400.")] = FIRST,
    ) -> Breakdown:
        return self.read[by, rows_of(first)]


@strawberry.type(description="The running business day.")
class SalesToday:
    orders: int = strawberry.field(description="Orders paid today.")
    net_sales: Money = strawberry.field(description="Gross less refunds of today.")


@strawberry.type(description="An order was paid or refunded.")
class SalesPulse:
    as_of: datetime = strawberry.field(description="Everything that happened up to then is in `today`.")
    kind: PulseKind = strawberry.field(description="What happened.")
    order: Order = strawberry.field(description="The order.")
    today: SalesToday = strawberry.field(description="The viewer's branch today, this order included.")


def to_dashboard(
    found: Figures, period: Days, read: dict[tuple[BreakdownBy, int], Breakdown], currency: str
) -> Dashboard:
    average = found.average_minor
    return Dashboard(
        as_of=found.as_of,
        period=Period(from_=period.first, to=period.last),
        sales=SalesFigures(
            orders=found.orders,
            customers=found.customers,
            gross_sales=to_money(found.gross_minor, currency),
            refunds=to_money(found.refunds_minor, currency),
            net_sales=to_money(found.net_minor, currency),
            average_order_value=None if average is None else to_money(average, currency),
            repeat_purchase_rate=_rate(found.repeat_rate_bp),
        ),
        traffic=TrafficFigures(
            visits=found.visits,
            visitors=found.visitors,
            new_customers=found.new_customers,
            conversion_rate=_rate(found.conversion_bp),
        ),
        commission=CommissionFigures(
            held=to_money(found.held_minor, currency),
            payable=to_money(found.payable_minor, currency),
            paid=to_money(found.paid_minor, currency),
            debt=to_money(found.debt_minor, currency),
        ),
        read=read,
    )


def to_breakdown(rows: list[breakdowns.BreakdownRow], by: BreakdownBy, currency: str, language: str) -> Breakdown:
    return Breakdown(
        rows=[
            BreakdownRow(
                key=_key(row, by),
                label=_label(row, by, language),
                orders=row.orders,
                quantity=Long(row.quantity),
                net_sales=to_money(row.net_minor, currency),
            )
            for row in rows
        ]
    )


def to_today(found: TodaysSales, currency: str) -> SalesToday:
    return SalesToday(orders=found.orders, net_sales=to_money(found.net_minor, currency))


def rows_of(first: int | str | None) -> int:
    """How many rows were asked for; a document's own number comes as it is written."""
    return FIRST if first is None else int(first)


def _key(row: breakdowns.BreakdownRow, by: BreakdownBy) -> str:
    match row.key:
        case None:
            return NOBODY
        case UUID():
            return encode_global_id(_TYPES[by], row.key)
        case int():
            return f"{row.key:02d}"
        case _:
            return row.key.isoformat()


def _label(row: breakdowns.BreakdownRow, by: BreakdownBy, language: str) -> str:
    if row.key is None:
        return messages.text(_UNNAMED[by], language)
    if isinstance(row.key, int):
        return f"{row.key:02d}:00"
    return row.label or _key(row, by)


def _rate(rate_bp: int | None) -> float | None:
    return None if rate_bp is None else rate_bp / WHOLE_BP
