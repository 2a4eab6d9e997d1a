"""The hot-product report: which few products make most sales, where stock will run out, what lies idle. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.platform.money import WHOLE_BP, divide_half_even

TOP_BP = 400
"""The 4 in 4/96: so much of the range is what the report asks about first."""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product's pieces sold and net sales of a period, in minor units, and the pieces it has free now."""

    product_id: UUID
    title: str
    quantity: int
    net_minor: int
    stock: int


@dataclass(frozen=True, slots=True)
class HotProduct:
    """A product in the report. `share_bp` and `cumulative_bp`: of net sales, None where nothing was sold.

    `days_left`: whole days that the stock lasts at the period's pace; None: nothing of it was sold.
    """

    facts: ProductFacts
    share_bp: int | None
    cumulative_bp: int | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class HotProducts:
    """The report. `hottest` by net sales; `running_out` by days left; `idle`, unsold with stock, by pieces."""

    products: int
    sold_products: int
    net_minor: int
    top_count: int
    top_net_minor: int
    top_share_bp: int | None
    hottest: tuple[HotProduct, ...]
    running_out: tuple[HotProduct, ...]
    idle: tuple[HotProduct, ...]


def hot_products(facts: Sequence[ProductFacts], *, days: int) -> HotProducts:
    """The report over a range of products and a period of so many days.

    The top 4 % are at least one product; a part of a product counts as one. Among equals the id decides.
    """
    ranked = sorted(facts, key=lambda one: (-one.net_minor, -one.quantity, one.product_id.hex))
    net_minor = sum(one.net_minor for one in ranked)
    rows: list[HotProduct] = []
    so_far = 0
    for one in ranked:
        so_far += one.net_minor
        rows.append(
            HotProduct(
                facts=one,
                share_bp=_share_bp(one.net_minor, net_minor),
                cumulative_bp=_share_bp(so_far, net_minor),
                days_left=days_left(one, days=days),
            )
        )
    top_count = min(-(-len(ranked) * TOP_BP // WHOLE_BP), len(ranked))
    top_net_minor = sum(one.net_minor for one in ranked[:top_count])
    return HotProducts(
        products=len(ranked),
        sold_products=sum(1 for one in ranked if one.quantity > 0),
        net_minor=net_minor,
        top_count=top_count,
        top_net_minor=top_net_minor,
        top_share_bp=_share_bp(top_net_minor, net_minor),
        hottest=tuple(row for row in rows if row.facts.quantity > 0),
        running_out=tuple(
            sorted(
                (row for row in rows if row.days_left is not None),
                key=lambda row: (row.days_left, -row.facts.quantity, row.facts.product_id.hex),
            )
        ),
        idle=tuple(
            sorted(
                (row for row in rows if row.facts.quantity == 0 and row.facts.stock > 0),
                key=lambda row: (-row.facts.stock, row.facts.product_id.hex),
            )
        ),
    )


def days_left(facts: ProductFacts, *, days: int) -> int | None:
    """Whole days that the stock lasts at the pace of `days` days; None where nothing was sold."""
    return None if facts.quantity <= 0 else max(facts.stock, 0) * days // facts.quantity


def _share_bp(part: int, whole: int) -> int | None:
    """A part in basis points; None where there are no sales, or refunds of earlier ones outweigh them."""
    return None if whole <= 0 else divide_half_even(part * WHOLE_BP, whole)
