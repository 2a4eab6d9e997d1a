"""Tables of boss online: rollups that the outbox feeds, what they hold already, and the lock that a rebuild takes.

A rollup row keeps the place of its day: store and branch path as the source row has them, so later moves change
nothing. `NOBODY` stands where a source row names no store or guide: parts of a primary key are never empty.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, TenantBase, tenant_args

NOBODY: Final = UUID(int=0)


class SalesRollupRow(TenantBase, Base):
    """Sales of an hour. `orders`, `quantity` stand once, with the guide who won the order (NOBODY: the store won).

    `shared_orders`, `shared_quantity`: orders and pieces that the guide has a SELLER share in; each guide counts them.
    `gross_minor`, `refunds_minor`: the guide's shares of them, minor units. Own purchases are in rows of their own, so
    that rankings can leave them out.
    """

    __tablename__ = "rollup_sales"
    __table_args__ = tenant_args()
    day: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_self_purchase: Mapped[bool] = mapped_column(primary_key=True)
    orders: Mapped[int]
    shared_orders: Mapped[int]
    quantity: Mapped[int]
    shared_quantity: Mapped[int]
    gross_minor: Mapped[int]
    refunds_minor: Mapped[int]


class ProductRollupRow(TenantBase, Base):
    """Sales of a product on a day; the columns mean what they mean in `rollup_sales`."""

    __tablename__ = "rollup_product"
    __table_args__ = tenant_args()
    day: Mapped[date] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    orders: Mapped[int]
    shared_orders: Mapped[int]
    quantity: Mapped[int]
    shared_quantity: Mapped[int]
    gross_minor: Mapped[int]
    refunds_minor: Mapped[int]


class BuyerRollupRow(TenantBase, Base):
    """Orders that a customer paid on a day, so that customers can be counted over any period."""

    __tablename__ = "rollup_buyer"
    __table_args__ = tenant_args()
    day: Mapped[date] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    orders: Mapped[int]
    shared_orders: Mapped[int]


class FirstOrderRow(TenantBase, Base):
    """A customer's first paid order ever. `guide_ids`: who has a SELLER share in it."""

    __tablename__ = "rollup_first_order"
    __table_args__ = tenant_args()
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    paid_at: Mapped[datetime]
    day: Mapped[date]
    branch: Mapped[str]
    store_id: Mapped[UUID]
    guide_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()))


class CommissionRollupRow(TenantBase, Base):
    """What a day's transfers changed of one account of a party: credits less debits, so DEBT is zero or below."""

    __tablename__ = "rollup_commission"
    __table_args__ = tenant_args()
    day: Mapped[date] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int]


class VisitRollupRow(TenantBase, Base):
    """Visits that a person began in a shop on a day. `person_id`: the customer, or the visitor while nobody's."""

    __tablename__ = "rollup_visit"
    __table_args__ = tenant_args(sa.Index("ix_rollup_visit_person", "brand_id", "person_id", "shop_id", "day"))
    day: Mapped[date] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID]
    visits: Mapped[int]


class NewcomerRollupRow(TenantBase, Base):
    """Customers who signed in for the first time on a day, by the guide whom they were bound to then."""

    __tablename__ = "rollup_newcomer"
    __table_args__ = tenant_args()
    day: Mapped[date] = mapped_column(primary_key=True)
    branch: Mapped[str] = mapped_column(primary_key=True)
    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    guide_id: Mapped[UUID] = mapped_column(primary_key=True)
    customers: Mapped[int]


class RollupFactRow(TenantBase, Base):
    """A fact that the rollups hold: counted once, whatever repeats. `kind` and what `subject_id` is: see `FactKind`."""

    __tablename__ = "rollup_fact"
    __table_args__ = tenant_args()
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)


class RollupStateRow(TenantBase, Base):
    """One row a brand: whoever adds to the rollups shares it, a rebuild holds it alone."""

    __tablename__ = "rollup_state"
    __table_args__ = tenant_args()
    rebuilt_at: Mapped[datetime | None]


RollupTable = (
    type[SalesRollupRow]
    | type[ProductRollupRow]
    | type[BuyerRollupRow]
    | type[FirstOrderRow]
    | type[CommissionRollupRow]
    | type[VisitRollupRow]
    | type[NewcomerRollupRow]
)
ROLLUPS: Final[tuple[RollupTable, ...]] = (
    SalesRollupRow,
    ProductRollupRow,
    BuyerRollupRow,
    FirstOrderRow,
    CommissionRollupRow,
    VisitRollupRow,
    NewcomerRollupRow,
)
"""The tables that a rebuild empties and fills."""
