"""The hot-product report: which few products make most sales, where stock will run out, what lies idle."""

from typing import Annotated

import strawberry

from app.boss import dashboard, hot_products, scopes
from app.boss.hot_product_rules import HotProduct as Row
from app.boss.hot_product_rules import HotProducts as Report
from app.boss.values import Period as Days
from app.platform import messages
from app.platform.errors import UserFault
from app.platform.money import WHOLE_BP
from graphql_schema.boss.inputs import DashboardInput
from graphql_schema.boss.types import Period
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.money import Money, to_money
from graphql_schema.paging import encode_global_id
from graphql_schema.permissions import MANAGERS, Requires
from graphql_schema.scalars import Long

MOST_ROWS = 100
FirstRows = Annotated[int, strawberry.argument(description="At most so many rows, 1 to 100.")]


@strawberry.type(description="A product in the report.")
class HotProduct:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    title: str = strawberry.field(description="Its title of today.")
    quantity: Long = strawberry.field(description="Pieces sold in the period; refunds do not lessen them.")
    net_sales: Money = strawberry.field(description="Gross less refunds of the period.")
    share: float | None = strawberry.field(description="Of all net sales, in steps of 0.0001; null without any.")
    cumulative_share: float | None = strawberry.field(description="With all that sold more; null without any.")
    stock: Long = strawberry.field(description="Pieces that no order holds now; of a branch or store, in its stores.")
    days_left: Long | None = strawberry.field(
        description="Whole days that the stock lasts at the period's pace; null where nothing was sold."
    )


@strawberry.type(description="Which few products make most sales, where stock will run out, what lies idle.")
class HotProductReport:
    period: Period = strawberry.field(description="The days that are counted.")
    product_count: int = strawberry.field(description="Products on sale, sold in the period, or in stock.")
    sold_product_count: int = strawberry.field(description="Those of them that were sold in the period.")
    net_sales: Money = strawberry.field(description="Of all products.")
    top_count: int = strawberry.field(description="4 % of the products, rounded up.")
    top_net_sales: Money = strawberry.field(description="Of the top 4 %.")
    top_share: float | None = strawberry.field(description="Their share of net sales; null without any.")
    report: strawberry.Private[Report]
    currency: strawberry.Private[str]

    @strawberry.field(description="What was sold, by net sales.")
    def hottest(self, first: FirstRows = 20) -> list[HotProduct]:
        return self._shown(self.report.hottest, first)

    @strawberry.field(description="What was sold, what runs out first in front.")
    def running_out(self, first: FirstRows = 20) -> list[HotProduct]:
        return self._shown(self.report.running_out, first)

    @strawberry.field(description="What has stock and was not sold, most pieces first.")
    def idle(self, first: FirstRows = 20) -> list[HotProduct]:
        return self._shown(self.report.idle, first)

    def _shown(self, rows: tuple[Row, ...], first: int) -> list[HotProduct]:
        if not 1 <= first <= MOST_ROWS:
            raise BadUserInput(f"first must be from 1 to {MOST_ROWS}.", argument="first")
        return [_to_row(row, self.currency) for row in rows[:first]]


@strawberry.type
class HotProductQuery:
    @strawberry.field(
        description="The hot-product report of a period: of the brand, for owner and headquarters; of the own branch "
        "and less, for managers. A guide has none.",
        extensions=[Requires(MANAGERS)],
    )
    async def hot_products(
        self, info: Info, input: Annotated[DashboardInput, strawberry.argument(description="Period and scope.")]
    ) -> HotProductReport:
        context = info.context
        actor, brand = await context.actor(), await context.brand()
        try:
            wanted = input.wanted()
            async with context.runtime.database.reading(brand, is_snapshot=True) as session:
                period = dashboard.period_of(session, preset=input.preset, first=input.from_, last=input.to)
                scope = await scopes.scope_of(
                    session,
                    actor,
                    org_unit_id=wanted.org_unit_id,
                    store_id=wanted.store_id,
                    guide_id=wanted.guide_id,
                )
                found = await hot_products.report(session, scope, period)
        except UserFault as fault:
            text = messages.text(fault.key, context.language, **fault.facts)
            raise BadUserInput(text, argument=".".join(fault.path)) from fault
        return _to_report(found, period, brand.currency)


def _to_report(found: Report, period: Days, currency: str) -> HotProductReport:
    return HotProductReport(
        period=Period(from_=period.first, to=period.last),
        product_count=found.products,
        sold_product_count=found.sold_products,
        net_sales=to_money(found.net_minor, currency),
        top_count=found.top_count,
        top_net_sales=to_money(found.top_net_minor, currency),
        top_share=_share(found.top_share_bp),
        report=found,
        currency=currency,
    )


def _to_row(row: Row, currency: str) -> HotProduct:
    facts = row.facts
    return HotProduct(
        product_id=encode_global_id("Product", facts.product_id),
        title=facts.title,
        quantity=Long(facts.quantity),
        net_sales=to_money(facts.net_minor, currency),
        share=_share(row.share_bp),
        cumulative_share=_share(row.cumulative_bp),
        stock=Long(facts.stock),
        days_left=None if row.days_left is None else Long(row.days_left),
    )


def _share(share_bp: int | None) -> float | None:
    return None if share_bp is None else share_bp / WHOLE_BP
