"""A dashboard told by plain Python over rollups told by plain Python, for comparison."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from tests.boss.plain_rollups import NOBODY, Table

_KEYS = {
    "rollup_sales": "branch day guide_id hour is_self_purchase store_id",
    "rollup_product": "branch day guide_id product_id store_id",
    "rollup_buyer": "branch customer_id day guide_id store_id",
    "rollup_first_order": "customer_id",
    "rollup_commission": "account branch day party_id store_id",
    "rollup_visit": "branch day person_id shop_id store_id",
    "rollup_newcomer": "branch day guide_id store_id",
}
_FIGURES = {
    "rollup_sales": "gross_minor orders quantity refunds_minor shared_orders shared_quantity",
    "rollup_product": "gross_minor orders quantity refunds_minor shared_orders shared_quantity",
    "rollup_buyer": "orders shared_orders",
    "rollup_first_order": "branch day guide_ids order_id paid_at store_id",
    "rollup_commission": "amount_minor",
    "rollup_visit": "guide_id visits",
    "rollup_newcomer": "customers",
}


@dataclass(frozen=True)
class Place:
    """Whose figures: rows below all of `units`, of this store and guide where one is named."""

    units: tuple[UUID, ...] = ()
    store_id: UUID | None = None
    guide_id: UUID | None = None

    def holds(self, row: dict[str, Any], guide: str = "guide_id") -> bool:
        below = all(unit.hex in row["branch"].split("/") for unit in self.units)
        of_guide = self.guide_id is None or self.guide_id in (
            row[guide] if isinstance(row[guide], tuple) else (row[guide],)
        )
        return below and of_guide and self.store_id in (None, row["store_id"])


def rows_of(tables: dict[str, Table], name: str) -> list[dict[str, Any]]:
    keys, figures = _KEYS[name].split(), _FIGURES[name].split()
    return [
        {**dict(zip(keys, key, strict=True)), **dict(zip(figures, values, strict=True))}
        for key, values in tables[name].items()
    ]


def figures(tables: dict[str, Table], place: Place, first: date, last: date) -> dict[str, Any]:
    """Every figure by the name that `Figures` has for it; rates as exact fractions."""

    def within(name: str, guide: str = "guide_id") -> list[dict[str, Any]]:
        return [row for row in rows_of(tables, name) if first <= row["day"] <= last and place.holds(row, guide)]

    once = "orders" if place.guide_id is None else "shared_orders"
    sales, buyers = within("rollup_sales"), [row for row in within("rollup_buyer") if row[once]]
    by_customer: dict[UUID, int] = {}
    for row in buyers:
        by_customer[row["customer_id"]] = by_customer.get(row["customer_id"], 0) + row[once]
    first_here = {row["customer_id"] for row in within("rollup_first_order", "guide_ids")}
    repeated = sum(orders > (customer in first_here) for customer, orders in by_customer.items())
    visits = within("rollup_visit")
    visitors = len({row["person_id"] for row in visits})
    changes = [
        row for row in rows_of(tables, "rollup_commission") if row["day"] <= last and place.holds(row, "party_id")
    ]

    def balance(account: str, since: date = date.min) -> int:
        return sum(row["amount_minor"] for row in changes if row["account"] == account and row["day"] >= since)

    orders, gross = sum(row[once] for row in sales), sum(row["gross_minor"] for row in sales)
    return {
        "orders": orders,
        "customers": len(by_customer),
        "gross_minor": gross,
        "refunds_minor": sum(row["refunds_minor"] for row in sales),
        "average_minor": round(Fraction(gross, orders)) if orders else None,
        "repeat_rate_bp": round(Fraction(repeated * 10_000, len(by_customer))) if by_customer else None,
        "visits": sum(row["visits"] for row in visits),
        "visitors": visitors,
        "new_customers": sum(row["customers"] for row in within("rollup_newcomer")),
        "conversion_bp": round(Fraction(len(by_customer) * 10_000, visitors)) if visitors else None,
        "held_minor": balance("HELD"),
        "payable_minor": balance("PAYABLE"),
        "paid_minor": balance("PAID", first),
        "debt_minor": -balance("DEBT"),
    }


def broken_down(
    tables: dict[str, Table], place: Place, first: date, last: date, *, by: str, unit: UUID | None, root: UUID
) -> dict[Any, tuple[int, int, int]]:
    """Orders, pieces and net sales by key, rows without any of orders, gross and refunds left out."""
    name = "rollup_product" if by == "PRODUCT" else "rollup_sales"
    is_shared = by == "GUIDE" or place.guide_id is not None
    sums: dict[Any, list[int]] = {}
    for row in rows_of(tables, name):
        if not (first <= row["day"] <= last and place.holds(row)):
            continue
        match by:
            case "ORG_UNIT":
                path = [UUID(part) for part in row["branch"].split("/") if part]
                above = unit or root
                key: Any = (path[path.index(above) + 1 :] or [above])[0]
            case "DAY" | "HOUR":
                key = row[by.lower()]
            case _:
                key = row[f"{by.lower()}_id"]
        key = None if key == NOBODY else key
        counted = (
            row["shared_orders"] if is_shared else row["orders"],
            row["shared_quantity"] if is_shared else row["quantity"],
            row["gross_minor"],
            row["refunds_minor"],
        )
        sums[key] = [a + b for a, b in zip(sums.get(key, [0] * 4), counted, strict=True)]
    return {
        key: (orders, quantity, gross - refunds)
        for key, (orders, quantity, gross, refunds) in sums.items()
        if by in ("DAY", "HOUR") or orders or gross or refunds
    }
