"""The rollups told by plain Python over the source rows: written apart from the program's SQL, for comparison."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.boss.models import ROLLUPS
from app.commission.models import SaleLineRow, SaleRow, ShareRow, TransferRow
from app.customers.models import CustomerRow, TouchpointRow, VisitorRow
from app.platform.db import BrandSession
from app.products.models import ShopRow
from app.trade.models import OrderRow

NOBODY = UUID(int=0)
Table = dict[tuple[Any, ...], tuple[Any, ...]]


async def kept(session: BrandSession) -> dict[str, Table]:
    """What stands in the tables: key → figures, by table."""
    found = {}
    for table in ROLLUPS:
        columns = list(sa.inspect(table).columns)[1:]
        keys = [column.name for column in columns if column.primary_key]
        rows = await session.execute(sa.select(*columns).where(table.brand_id == session.brand_id))
        found[table.__tablename__] = {
            tuple(row._mapping[name] for name in sorted(keys)): tuple(
                tuple(value) if isinstance(value := row._mapping[column.name], list) else value
                for column in sorted(columns, key=lambda column: column.name)
                if not column.primary_key
            )
            for row in rows
        }
    return found


async def computed(session: BrandSession) -> dict[str, Table]:
    """The same by hand."""
    plain = _Plain(session.brand.time_zone)
    await plain.read(session)
    plain.count_sales()
    plain.count_commission()
    plain.count_traffic()
    return plain.tables


class _Plain:
    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.tables: dict[str, Table] = {table.__tablename__: {} for table in ROLLUPS}

    async def read(self, session: BrandSession) -> None:
        async def rows(table: Any) -> list[Any]:
            return list((await session.execute(sa.select(table).where(table.brand_id == session.brand_id))).scalars())

        self.orders = {row.id: row for row in await rows(OrderRow) if row.paid_on is not None}
        self.sales = {row.id: row for row in await rows(SaleRow)}
        self.lines = {(row.sale_id, row.line_id): row for row in await rows(SaleLineRow)}
        self.entries = await rows(ShareRow)
        self.transfers = await rows(TransferRow)
        self.visitors = {row.id: row for row in await rows(VisitorRow)}
        self.touches = await rows(TouchpointRow)
        self.customers = await rows(CustomerRow)
        self.shops = {row.id: row for row in await rows(ShopRow)}

    def add(self, table: str, key: dict[str, Any], **figures: int) -> None:
        names = sorted(figures)
        at = tuple(key[name] for name in sorted(key))
        old = self.tables[table].get(at, (0,) * len(names))
        self.tables[table][at] = tuple(a + figures[name] for a, name in zip(old, names, strict=True))

    def local(self, at: Any) -> Any:
        return at.astimezone(self.zone)

    def count_sales(self) -> None:
        first: dict[UUID, Any] = {}
        for order in self.orders.values():
            sale = self.sales[order.id]
            shares = [e for e in self.entries if e.sale_id == order.id and e.kind == "ORDER" and e.role == "SELLER"]
            lines = [line for (sale_id, _), line in self.lines.items() if sale_id == order.id]
            at = self.local(order.paid_at)
            place = {"day": at.date(), "branch": sale.branch, "store_id": sale.store_id or NOBODY}
            winner = sale.guide_id or NOBODY
            self._sell(sale, place, at.hour, winner, orders=1, quantity=sum(line.quantity for line in lines))
            for product_id in {line.product_id for line in lines}:
                quantity = sum(line.quantity for line in lines if line.product_id == product_id)
                self._sell_product(place, winner, product_id, orders=1, quantity=quantity)
            self._buy(sale, place, winner, orders=1)
            for guide in {_guide(share) for share in shares}:
                own = [(share, self.lines[share.sale_id, share.line_id]) for share in shares if _guide(share) == guide]
                self._sell(
                    sale,
                    place,
                    at.hour,
                    guide,
                    shared_orders=1,
                    shared_quantity=sum(line.quantity for _, line in own),
                    gross_minor=sum(share.performance_minor for share, _ in own),
                )
                for product_id in {line.product_id for _, line in own}:
                    of_it = [(share, line) for share, line in own if line.product_id == product_id]
                    self._sell_product(
                        place,
                        guide,
                        product_id,
                        shared_orders=1,
                        shared_quantity=sum(line.quantity for _, line in of_it),
                        gross_minor=sum(share.performance_minor for share, _ in of_it),
                    )
                self._buy(sale, place, guide, shared_orders=1)
            if sale.customer_id is not None:
                best = first.get(sale.customer_id)
                if best is None or (order.paid_at, order.id) < (best[0].paid_at, best[0].id):
                    first[sale.customer_id] = (order, place, {_guide(share) for share in shares} - {NOBODY})
        for customer_id, (order, place, guides) in first.items():
            figures = {**place, "guide_ids": tuple(sorted(guides)), "order_id": order.id, "paid_at": order.paid_at}
            self.tables["rollup_first_order"][customer_id,] = tuple(figures[name] for name in sorted(figures))
        for entry in self.entries:
            if entry.kind == "REVERSAL" and entry.role == "SELLER":
                sale, line = self.sales[entry.sale_id], self.lines[entry.sale_id, entry.line_id]
                at = self.local(entry.booked_at)
                place = {"day": at.date(), "branch": sale.branch, "store_id": sale.store_id or NOBODY}
                back = entry.performance_minor
                self._sell(sale, place, at.hour, _guide(entry), refunds_minor=back)
                self._sell_product(place, _guide(entry), line.product_id, refunds_minor=back)

    def _sell(self, sale: Any, place: dict[str, Any], hour: int, guide: UUID, **figures: int) -> None:
        key = {**place, "hour": hour, "guide_id": guide, "is_self_purchase": sale.is_self_purchase}
        self.add("rollup_sales", key, **{**_NO_SALES, **figures})

    def _sell_product(self, place: dict[str, Any], guide: UUID, product_id: UUID, **figures: int) -> None:
        key = {**place, "guide_id": guide, "product_id": product_id}
        self.add("rollup_product", key, **{**_NO_SALES, **figures})

    def _buy(self, sale: Any, place: dict[str, Any], guide: UUID, **figures: int) -> None:
        if sale.customer_id is not None:
            key = {**place, "guide_id": guide, "customer_id": sale.customer_id}
            self.add("rollup_buyer", key, **{"orders": 0, "shared_orders": 0, **figures})

    def count_commission(self) -> None:
        entries = {entry.id: entry for entry in self.entries}
        for transfer in self.transfers:
            sale = self.sales[entries[transfer.entry_id].sale_id]
            for account, party, amount in (
                (transfer.debit_account, transfer.debit_party_id, -transfer.amount_minor),
                (transfer.credit_account, transfer.credit_party_id, transfer.amount_minor),
            ):
                if account in ("HELD", "PAYABLE", "PAID", "DEBT"):
                    key = {
                        "day": self.local(transfer.booked_at).date(),
                        "branch": sale.branch,
                        "store_id": sale.store_id or NOBODY,
                        "party_id": party,
                        "account": account,
                    }
                    self.add("rollup_commission", key, amount_minor=amount)

    def count_traffic(self) -> None:
        by_person: dict[tuple[UUID, UUID], list[Any]] = defaultdict(list)
        for touch in self.touches:
            if touch.shop_id is not None and touch.kind in ("SCAN", "OPEN"):
                visitor = self.visitors.get(touch.visitor_id)
                person = touch.customer_id or (visitor and visitor.customer_id) or touch.visitor_id
                by_person[touch.shop_id, person].append(touch)
        guides: dict[tuple[Any, ...], UUID] = {}
        for (shop_id, person_id), touches in by_person.items():
            last = None
            for touch in sorted(touches, key=lambda touch: (touch.occurred_at, touch.id)):
                if last is None or touch.occurred_at - last >= timedelta(minutes=30):
                    key = {
                        "day": self.local(touch.occurred_at).date(),
                        "branch": touch.branch or "",
                        "store_id": touch.store_id or NOBODY,
                        "shop_id": shop_id,
                        "person_id": person_id,
                    }
                    self.add("rollup_visit", key, visits=1)
                    guides[tuple(key[name] for name in sorted(key))] = self.shops[shop_id].employee_id
                last = touch.occurred_at
        visits = self.tables["rollup_visit"]
        self.tables["rollup_visit"] = {key: (guides[key], *figures) for key, figures in visits.items()}
        for customer in self.customers:
            if customer.first_sign_in_at is not None:
                key = {
                    "day": self.local(customer.first_sign_in_at).date(),
                    "branch": customer.first_branch or "",
                    "store_id": customer.first_store_id or NOBODY,
                    "guide_id": customer.first_guide_id or NOBODY,
                }
                self.add("rollup_newcomer", key, customers=1)


_NO_SALES = dict.fromkeys(("orders", "shared_orders", "quantity", "shared_quantity", "gross_minor", "refunds_minor"), 0)


def _guide(entry: Any) -> UUID:
    return entry.party_id if entry.party_kind == "EMPLOYEE" else NOBODY
