"""Tables of products online: catalogue, stock with movements, transfers and reservations, shops, changes of shelves."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class CategoryRow(Tenant, Base):
    """A category; `path` is `/<root>/…/<own id>/` of hex ids."""

    __tablename__ = "category"
    __table_args__ = tenant_args(
        tenant_key("parent_id", "category"),
        sa.UniqueConstraint("brand_id", "parent_id", "name", postgresql_nulls_not_distinct=True),
    )
    name: Mapped[str]
    parent_id: Mapped[UUID | None]
    path: Mapped[str]
    created_at: Mapped[datetime]


class ProductRow(Tenant, Base):
    """What the brand sells. Published products are on every shelf at once.

    `search_text` is the folded title, `search_grams` the hashes of its parts of one and two characters.
    """

    __tablename__ = "product"
    __table_args__ = tenant_args(
        tenant_key("category_id", "category"),
        sa.Index("ix_product_shelf", "brand_id", "state", "created_at", "id"),
    )
    title: Mapped[str]
    description: Mapped[str | None]
    cover_url: Mapped[str | None]
    category_id: Mapped[UUID | None]
    state: Mapped[str]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    search_text: Mapped[str]
    search_grams: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger()))


class ProductPictureRow(TenantBase, Base):
    """A picture on a product's page, in order. The file is one that the brand uploaded; it stays while it is shown."""

    __tablename__ = "product_picture"
    __table_args__ = tenant_args(
        tenant_key("product_id", "product"),
        tenant_key("media_key", "media", "key"),
        sa.Index("ix_product_picture_media", "brand_id", "media_key"),
    )
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    media_key: Mapped[str]
    alt: Mapped[str | None]


class ProductOptionRow(TenantBase, Base):
    """What a product's SKUs differ in, such as colour, with its values in order."""

    __tablename__ = "product_option"
    __table_args__ = tenant_args(tenant_key("product_id", "product"))
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    name: Mapped[str]
    values: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))


class SkuRow(Tenant, Base):
    """A variant that can be bought. Prices: minor units of the brand's currency.

    `choices`: a value of each of its product's options, in their order; none where the product has no options.
    `weight_grams`: of one piece as it is sent; None: nobody said.
    """

    __tablename__ = "sku"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "code"),
        sa.UniqueConstraint("brand_id", "barcode"),
        tenant_key("product_id", "product"),
        sa.Index("ix_sku_product", "brand_id", "product_id", "position"),
        sa.Index(
            "uq_sku_choices",
            "brand_id",
            "product_id",
            "choices",
            unique=True,
            postgresql_where=sa.text("choices IS NOT NULL"),
        ),
        sa.CheckConstraint("price_minor >= 0", name="price"),
        sa.CheckConstraint("weight_grams > 0", name="weight"),
    )
    product_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(sa.Integer)
    name: Mapped[str]
    code: Mapped[str]
    barcode: Mapped[str | None]
    price_minor: Mapped[int]
    market_price_minor: Mapped[int | None]
    created_at: Mapped[datetime]
    choices: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text()))
    weight_grams: Mapped[int | None] = mapped_column(sa.Integer)


class PriceListRow(Tenant, Base):
    """Prices of a branch for a time: from `starts_at` until before `ends_at`, None: until it is ended.

    Its prices never change; a later list takes their place, an end is set once.
    """

    __tablename__ = "price_list"
    __table_args__ = tenant_args(
        tenant_key("org_unit_id", "org_unit"),
        sa.Index("ix_price_list_org_unit", "brand_id", "org_unit_id"),
        sa.CheckConstraint("ends_at >= starts_at", name="period"),
    )
    org_unit_id: Mapped[UUID]
    name: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    published_by: Mapped[str]
    created_at: Mapped[datetime]


class PriceListItemRow(TenantBase, Base):
    """A SKU's price on a list. Amounts: minor units of the brand's currency."""

    __tablename__ = "price_list_item"
    __table_args__ = tenant_args(
        tenant_key("sku_id", "sku"),
        tenant_key("price_list_id", "price_list"),
        sa.Index("ix_price_list_item_list", "brand_id", "price_list_id"),
        sa.CheckConstraint("price_minor > 0", name="price"),
        append_only=True,
    )
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    price_list_id: Mapped[UUID] = mapped_column(primary_key=True)
    price_minor: Mapped[int]
    market_price_minor: Mapped[int | None]


class LocationRow(Tenant, Base):
    """Where stock lies: the shipping location, or a store, whose location has the store's own id.

    `ships_orders`: whether orders that are sent may be routed here.
    """

    __tablename__ = "location"
    __table_args__ = tenant_args(
        tenant_key("store_id", "store"),
        sa.Index("uq_location_shipping", "brand_id", unique=True, postgresql_where=sa.text("kind = 'SHIPPING'")),
        sa.CheckConstraint("(kind = 'STORE') = (store_id IS NOT NULL)", name="store"),
        sa.CheckConstraint("store_id = id", name="own_id"),
    )
    kind: Mapped[str]
    name: Mapped[str]
    store_id: Mapped[UUID | None]
    ships_orders: Mapped[bool]
    created_at: Mapped[datetime]


class StockRow(TenantBase, Base):
    """Pieces of a SKU at a location. `on_hand - reserved` can be sold; the checks make overselling impossible."""

    __tablename__ = "stock"
    __table_args__ = tenant_args(
        tenant_key("sku_id", "sku"),
        tenant_key("location_id", "location"),
        sa.CheckConstraint("reserved >= 0", name="reserved"),
        sa.CheckConstraint("on_hand >= reserved", name="on_hand"),
    )
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]


class StockMovementRow(Tenant, Base):
    """A change of `on_hand`; the sum over a SKU and location is its stock. Append-only."""

    __tablename__ = "stock_movement"
    __table_args__ = tenant_args(
        tenant_key(["sku_id", "location_id"], "stock", "sku_id", "location_id"),
        tenant_key("transfer_id", "stock_transfer"),
        sa.Index("ix_stock_movement_sku", "brand_id", "sku_id", "location_id"),
        sa.Index(
            "ix_stock_movement_transfer",
            "brand_id",
            "transfer_id",
            postgresql_where=sa.text("transfer_id IS NOT NULL"),
        ),
        sa.Index("ix_stock_movement_return", "brand_id", "order_id", postgresql_where=sa.text("kind = 'RETURN'")),
        append_only=True,
    )
    sku_id: Mapped[UUID]
    location_id: Mapped[UUID]
    change: Mapped[int]
    kind: Mapped[str]
    reason: Mapped[str | None]
    order_id: Mapped[UUID | None]
    transfer_id: Mapped[UUID | None]
    actor: Mapped[str]
    at: Mapped[datetime]


class StockTransferRow(Tenant, Base):
    """Goods on their way from one location to another: REQUESTED, SENT, RECEIVED, or CANCELLED before they left."""

    __tablename__ = "stock_transfer"
    __table_args__ = tenant_args(
        tenant_key("from_location_id", "location"),
        tenant_key("to_location_id", "location"),
        sa.Index("ix_stock_transfer_from", "brand_id", "from_location_id", "id"),
        sa.Index("ix_stock_transfer_to", "brand_id", "to_location_id", "id"),
        sa.CheckConstraint("from_location_id <> to_location_id", name="places"),
        sa.CheckConstraint("(state IN ('SENT', 'RECEIVED')) = (sent_at IS NOT NULL)", name="sent"),
        sa.CheckConstraint("(state = 'RECEIVED') = (received_at IS NOT NULL)", name="received"),
    )
    from_location_id: Mapped[UUID]
    to_location_id: Mapped[UUID]
    state: Mapped[str]
    note: Mapped[str | None]
    difference_note: Mapped[str | None]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[str | None]
    received_at: Mapped[datetime | None]
    received_by: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]


class StockTransferLineRow(TenantBase, Base):
    """Pieces of a SKU in a transfer, as they were wanted, as they left and as they were counted on arrival."""

    __tablename__ = "stock_transfer_line"
    __table_args__ = tenant_args(
        tenant_key("transfer_id", "stock_transfer"),
        tenant_key("sku_id", "sku"),
        sa.CheckConstraint("requested > 0", name="requested"),
        sa.CheckConstraint("sent BETWEEN 0 AND requested", name="sent"),
        sa.CheckConstraint("received BETWEEN 0 AND sent", name="received"),
    )
    transfer_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested: Mapped[int]
    sent: Mapped[int | None]
    received: Mapped[int | None]


class ReservationRow(TenantBase, Base):
    """Pieces held for an order: HELD, then SOLD at payment or RELEASED at cancellation, or when they lie elsewhere."""

    __tablename__ = "reservation"
    __table_args__ = tenant_args(
        tenant_key(["sku_id", "location_id"], "stock", "sku_id", "location_id"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
    )
    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int]
    state: Mapped[str]
    at: Mapped[datetime]


class CatalogueRow(TenantBase, Base):
    """One row a brand: `version` grows with every change that headquarters or stock make to what shop pages show.

    A page's version is this one plus its shop's own, so that a new price need not touch ten thousand shops.
    """

    __tablename__ = "catalogue"
    __table_args__ = tenant_args()
    version: Mapped[int]


class ShopRow(Tenant, Base):
    """A guide's virtual shop. `version` grows with every change by its guide that the page shows."""

    __tablename__ = "shop"
    __table_args__ = tenant_args(
        sa.UniqueConstraint("brand_id", "employee_id"),
        sa.UniqueConstraint("brand_id", "slug"),
        tenant_key("employee_id", "employee"),
    )
    employee_id: Mapped[UUID]
    slug: Mapped[str]
    name: Mapped[str]
    announcement: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]


class ShelfItemRow(TenantBase, Base):
    """What a guide changed about one product on the own shelf. No row: as headquarters published it.

    `words` and `picture_keys` are the guide's own; while they are taken down only guide and headquarters see them.
    """

    __tablename__ = "shelf_item"
    __table_args__ = tenant_args(
        tenant_key("shop_id", "shop"),
        tenant_key("product_id", "product"),
        tenant_key("section_id", "shelf_section"),
        sa.Index("ix_shelf_item_section", "brand_id", "section_id", postgresql_where=sa.text("section_id IS NOT NULL")),
        sa.Index(
            "ix_shelf_item_said",
            "brand_id",
            "changed_at",
            postgresql_where=sa.text("words IS NOT NULL OR picture_keys <> '{}'"),
        ),
        sa.CheckConstraint("(taken_down_at IS NULL) = (taken_down_reason IS NULL)", name="taken_down"),
    )
    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_featured: Mapped[bool]
    is_hidden: Mapped[bool]
    position: Mapped[int | None] = mapped_column(sa.Integer)
    badge: Mapped[str | None]
    changed_at: Mapped[datetime]
    section_id: Mapped[UUID | None]
    words: Mapped[str | None]
    picture_keys: Mapped[list[str]] = mapped_column(ARRAY(sa.Text()))
    taken_down_at: Mapped[datetime | None]
    taken_down_reason: Mapped[str | None]
    taken_down_by: Mapped[str | None]
