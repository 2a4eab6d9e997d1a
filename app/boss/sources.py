"""What the rollups are made of: one SELECT a table over commission's, trade's and customers' own rows.

Each counts facts that stand in `rollup_fact`, and nothing else. All of them gives a rebuild; those of one event give
what that event adds. The facts never change and sums do not depend on order, so the sums of what events added, in any
order, are what a rebuild gives. A first order is the least of all, and least does not depend on order either.

Brand, zone and ids may be given as bound parameters, for statements that are made once.
"""

from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from app.boss.models import NOBODY, RollupFactRow
from app.commission.models import SaleLineRow, SaleRow, ShareRow, TransferRow
from app.commission.values import AccountKind, CommissionKind, LedgerEvent, PartyKind, ShareRole
from app.customers import figures
from app.customers.models import CustomerRow
from app.products.models import ShopRow
from app.trade.models import OrderRow

Rows = sa.Select[*tuple[Any, ...]]
"""A SELECT whose columns are named as those of the table that it fills, the brand first."""

ACCOUNTS: Final = (AccountKind.HELD, AccountKind.PAYABLE, AccountKind.PAID, AccountKind.DEBT)
SALES_FIGURES: Final = ("orders", "shared_orders", "quantity", "shared_quantity", "gross_minor", "refunds_minor")
_COUNTS: Final = SALES_FIGURES[:4]


class FactKind(StrEnum):
    """Kinds of facts beside the ledger's causes, whose subject is the occasion.

    SALE: a paid order, by its id. REFUND: a reversing SELLER entry. SIGN_IN: a customer's first sign-in.
    """

    SALE = "SALE"
    REFUND = "REFUND"
    SIGN_IN = "SIGN_IN"


def facts(brand_id: Any) -> dict[str, Rows]:
    """Every fact there is, as (kind, subject_id), by where it stands."""
    sale = sa.select(_kind(FactKind.SALE), OrderRow.id.label("subject_id")).join(
        SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == OrderRow.id)
    )
    sign_in = sa.select(_kind(FactKind.SIGN_IN), CustomerRow.id.label("subject_id"))
    # A payment is a fact even where no commission is on it, and so nothing was moved.
    paid = sa.select(sa.literal(LedgerEvent.PAID.value).label("kind"), OrderRow.id.label("subject_id")).join(
        SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == OrderRow.id)
    )
    moved = sa.select(TransferRow.cause.label("kind"), TransferRow.occasion_id.label("subject_id")).distinct()
    return {
        "orders": sale.where(OrderRow.brand_id == brand_id, OrderRow.paid_on.is_not(None)),
        "payments": paid.where(OrderRow.brand_id == brand_id, OrderRow.paid_on.is_not(None)),
        "refunds": refund_facts(brand_id),
        "customers": sign_in.where(CustomerRow.brand_id == brand_id, CustomerRow.first_sign_in_at.is_not(None)),
        "ledger": moved.where(
            TransferRow.brand_id == brand_id,
            TransferRow.occasion_id.is_not(None),
            TransferRow.cause != LedgerEvent.PAID.value,
        ),
    }


def refund_facts(brand_id: Any, sale_id: Any = None) -> Rows:
    """The facts of refunds, of one sale or of all."""
    found = sa.select(_kind(FactKind.REFUND), ShareRow.id.label("subject_id")).where(
        ShareRow.brand_id == brand_id,
        ShareRow.kind == CommissionKind.REVERSAL.value,
        ShareRow.role == ShareRole.SELLER.value,
    )
    return found if sale_id is None else found.where(ShareRow.sale_id == sale_id)


def sales(brand_id: Any, zone: Any, *, by: str, sale_id: Any = None, refund_ids: Any = None) -> Rows:
    """Rows of `rollup_sales` (`by` "hour") or `rollup_product` (`by` "product"), in the order of their key.

    With `sale_id` those of one sale's payment, with `refund_ids` those of these reversing entries.
    """
    parts: list[Rows] = []
    if refund_ids is None:
        parts += [_won(brand_id, zone, by, sale_id), _shared(brand_id, zone, by, sale_id)]
    if sale_id is None:
        parts.append(_refunded(brand_id, zone, by, refund_ids))
    part = sa.union_all(*parts).subquery("part")
    keys = [part.c[name] for name in sales_keys(by)]
    sums = [_whole(sa.func.sum(part.c[name])).label(name) for name in SALES_FIGURES]
    return sa.select(_brand(brand_id), *keys, *sums).group_by(*keys).order_by(*keys)


def sales_keys(by: str) -> tuple[str, ...]:
    """The columns of the key beside the brand."""
    place = ("branch", "store_id", "guide_id")
    return ("day", "hour", *place, "is_self_purchase") if by == "hour" else ("day", *place, "product_id")


def buyers(brand_id: Any, zone: Any, *, sale_id: Any = None) -> Rows:
    """Rows of `rollup_buyer`."""
    paid = _paid(brand_id, zone, sale_id).where(SaleRow.customer_id.is_not(None)).subquery("paid")
    place = (paid.c.day, paid.c.customer_id, paid.c.branch, paid.c.store_id)
    won = sa.select(*place, paid.c.guide_id, sa.literal(1).label("orders"), sa.literal(0).label("shared_orders"))
    entry = _entries(brand_id, sale_id)
    shared = (
        sa.select(*place, entry.c.guide_id, sa.literal(0), sa.func.count(entry.c.sale_id.distinct()))
        .join_from(paid, entry, entry.c.sale_id == paid.c.sale_id)
        .group_by(*place, entry.c.guide_id)
    )
    part = sa.union_all(won, shared).subquery("part")
    keys = [part.c[name] for name in ("day", "customer_id", "branch", "store_id", "guide_id")]
    sums = [_whole(sa.func.sum(part.c[name])).label(name) for name in ("orders", "shared_orders")]
    return sa.select(_brand(brand_id), *keys, *sums).group_by(*keys).order_by(*keys)


def first_orders(brand_id: Any, zone: Any, *, sale_id: Any = None) -> Rows:
    """Rows of `rollup_first_order`: of each customer the order paid first; of two at one instant the lesser id."""
    paid = _paid(brand_id, zone, sale_id).where(SaleRow.customer_id.is_not(None)).subquery("paid")
    sellers = (
        sa.select(ShareRow.party_id)
        .distinct()
        .where(
            ShareRow.brand_id == brand_id,
            ShareRow.sale_id == paid.c.sale_id,
            *_is_share(),
            ShareRow.party_kind == PartyKind.EMPLOYEE.value,
        )
        .correlate(paid)
        .subquery("seller")
    )
    guides = sa.select(sa.func.array_agg(aggregate_order_by(sellers.c.party_id, sellers.c.party_id))).scalar_subquery()
    empty = sa.cast(sa.literal("{}"), sa.ARRAY(sa.Uuid()))
    return (
        sa.select(
            _brand(brand_id),
            paid.c.customer_id,
            paid.c.sale_id.label("order_id"),
            paid.c.paid_at,
            paid.c.day,
            paid.c.branch,
            paid.c.store_id,
            sa.func.coalesce(guides, empty).label("guide_ids"),
        )
        .ext(distinct_on(paid.c.customer_id))
        .order_by(paid.c.customer_id, paid.c.paid_at, paid.c.sale_id)
    )


def commission(brand_id: Any, *, cause: Any = None, occasion_id: Any = None) -> Rows:
    """Rows of `rollup_commission`: what transfers changed, those of one cause and occasion or all.

    The place is that of the sale whose commission moved.
    """
    sides = []
    for account, party, amount in (
        (TransferRow.debit_account, TransferRow.debit_party_id, -TransferRow.amount_minor),
        (TransferRow.credit_account, TransferRow.credit_party_id, TransferRow.amount_minor),
    ):
        side = sa.select(
            TransferRow.entry_id,
            TransferRow.booked_on.label("day"),
            party.label("party_id"),
            account.label("account"),
            amount.label("amount_minor"),
        ).where(TransferRow.brand_id == brand_id, account.in_([kind.value for kind in ACCOUNTS]))
        if occasion_id is not None and cause is not None:
            side = side.where(TransferRow.occasion_id == occasion_id, TransferRow.cause == cause)
        fact = sa.and_(
            RollupFactRow.brand_id == brand_id,
            RollupFactRow.kind == TransferRow.cause,
            RollupFactRow.subject_id == TransferRow.occasion_id,
        )
        sides.append(side.join(RollupFactRow, fact))
    flow = sa.union_all(*sides).subquery("flow")
    placed = (
        sa.select(
            flow.c.day,
            sa.func.coalesce(SaleRow.branch, "").label("branch"),
            sa.func.coalesce(SaleRow.store_id, NOBODY).label("store_id"),
            flow.c.party_id,
            flow.c.account,
            flow.c.amount_minor,
        )
        .join_from(flow, ShareRow, sa.and_(ShareRow.brand_id == brand_id, ShareRow.id == flow.c.entry_id))
        .outerjoin(SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == ShareRow.sale_id))
        .where(ShareRow.brand_id == brand_id)
        .subquery("placed")
    )
    keys = [placed.c[name] for name in ("day", "branch", "store_id", "party_id", "account")]
    amount_minor = _whole(sa.func.sum(placed.c.amount_minor)).label("amount_minor")
    return sa.select(_brand(brand_id), *keys, amount_minor).group_by(*keys).order_by(*keys)


def visits(brand_id: Any, zone: Any, begun: Rows | None = None) -> Rows:
    """Rows of `rollup_visit`: these visits (as `figures.visits` gives them), or all. The guide is the shop's own."""
    visit = (figures.visits(brand_id) if begun is None else begun).subquery("visit")
    placed = (
        sa.select(
            sa.cast(sa.func.timezone(zone, visit.c.occurred_at), sa.Date).label("day"),
            sa.func.coalesce(visit.c.branch, "").label("branch"),
            sa.func.coalesce(visit.c.store_id, NOBODY).label("store_id"),
            visit.c.shop_id,
            visit.c.person_id,
            ShopRow.employee_id.label("guide_id"),
        )
        .join_from(visit, ShopRow, sa.and_(ShopRow.brand_id == brand_id, ShopRow.id == visit.c.shop_id))
        .where(ShopRow.brand_id == brand_id)
        .subquery("placed")
    )
    keys = [placed.c[name] for name in ("day", "branch", "store_id", "shop_id", "person_id", "guide_id")]
    return sa.select(_brand(brand_id), *keys, sa.func.count().label("visits")).group_by(*keys).order_by(*keys)


def newcomers(brand_id: Any, zone: Any, *, customer_id: Any = None) -> Rows:
    """Rows of `rollup_newcomer`."""
    came = (
        sa.select(
            sa.cast(sa.func.timezone(zone, CustomerRow.first_sign_in_at), sa.Date).label("day"),
            sa.func.coalesce(CustomerRow.first_branch, "").label("branch"),
            sa.func.coalesce(CustomerRow.first_store_id, NOBODY).label("store_id"),
            sa.func.coalesce(CustomerRow.first_guide_id, NOBODY).label("guide_id"),
        )
        .join(RollupFactRow, _is_fact(brand_id, FactKind.SIGN_IN, CustomerRow.id))
        .where(CustomerRow.brand_id == brand_id)
    )
    if customer_id is not None:
        came = came.where(CustomerRow.id == customer_id)
    one = came.subquery("came")
    keys = [one.c[name] for name in ("day", "branch", "store_id", "guide_id")]
    return sa.select(_brand(brand_id), *keys, sa.func.count().label("customers")).group_by(*keys).order_by(*keys)


# --- parts


def _paid(brand_id: Any, zone: Any, sale_id: Any) -> Rows:
    """Paid orders with the place and the winner of their sale; `hour` is the clock's, so a repeated hour is one."""
    found = (
        sa.select(
            SaleRow.id.label("sale_id"),
            SaleRow.customer_id,
            OrderRow.paid_at,
            OrderRow.paid_on.label("day"),
            _hour(zone, OrderRow.paid_at),
            SaleRow.branch,
            sa.func.coalesce(SaleRow.store_id, NOBODY).label("store_id"),
            sa.func.coalesce(SaleRow.guide_id, NOBODY).label("guide_id"),
            SaleRow.is_self_purchase,
        )
        .join(OrderRow, sa.and_(OrderRow.brand_id == brand_id, OrderRow.id == SaleRow.id))
        .join(RollupFactRow, _is_fact(brand_id, FactKind.SALE, SaleRow.id))
        .where(SaleRow.brand_id == brand_id, OrderRow.paid_on.is_not(None))
    )
    return found if sale_id is None else found.where(SaleRow.id == sale_id)


def _won(brand_id: Any, zone: Any, by: str, sale_id: Any) -> Rows:
    """Orders and pieces, once, with the winner."""
    paid = _paid(brand_id, zone, sale_id).subquery("paid")
    keys = _keys_of(paid, by, guide=paid.c.guide_id, product=SaleLineRow.product_id)
    counts = {"orders": paid.c.sale_id.distinct(), "quantity": None}
    return (
        sa.select(*keys, *_figures(counts, SaleLineRow.quantity))
        .join_from(paid, SaleLineRow, _lines_of(brand_id, paid.c.sale_id))
        .where(SaleLineRow.brand_id == brand_id)
        .group_by(*keys)
    )


def _shared(brand_id: Any, zone: Any, by: str, sale_id: Any) -> Rows:
    """Every seller's part: orders and pieces shared in, gross sales by share."""
    paid = _paid(brand_id, zone, sale_id).subquery("paid")
    entry = _entries(brand_id, sale_id)
    keys = _keys_of(paid, by, guide=entry.c.guide_id, product=SaleLineRow.product_id)
    counts = {"shared_orders": paid.c.sale_id.distinct(), "shared_quantity": None}
    line = sa.and_(_lines_of(brand_id, paid.c.sale_id), SaleLineRow.line_id == entry.c.line_id)
    return (
        sa.select(*keys, *_figures(counts, SaleLineRow.quantity, gross=entry.c.performance_minor))
        .join_from(paid, entry, entry.c.sale_id == paid.c.sale_id)
        .join(SaleLineRow, line)
        .where(SaleLineRow.brand_id == brand_id)
        .group_by(*keys)
    )


def _refunded(brand_id: Any, zone: Any, by: str, refund_ids: Any) -> Rows:
    """Goods refunded by share, on the day that the refund was decided to be paid."""
    back = (
        sa.select(
            ShareRow.booked_on.label("day"),
            _hour(zone, ShareRow.booked_at),
            SaleRow.branch,
            sa.func.coalesce(SaleRow.store_id, NOBODY).label("store_id"),
            _seller(ShareRow).label("guide_id"),
            SaleRow.is_self_purchase,
            SaleLineRow.product_id,
            ShareRow.performance_minor,
        )
        .join(SaleRow, sa.and_(SaleRow.brand_id == brand_id, SaleRow.id == ShareRow.sale_id))
        .join(SaleLineRow, sa.and_(_lines_of(brand_id, ShareRow.sale_id), SaleLineRow.line_id == ShareRow.line_id))
        .join(RollupFactRow, _is_fact(brand_id, FactKind.REFUND, ShareRow.id))
        .where(ShareRow.brand_id == brand_id, ShareRow.kind == CommissionKind.REVERSAL.value)
    )
    if refund_ids is not None:
        back = back.where(ShareRow.id.in_(refund_ids))
    one = back.subquery("back")
    keys = [one.c[name] for name in sales_keys(by)]
    nothing = [sa.literal(0).label(name) for name in (*_COUNTS, "gross_minor")]
    return sa.select(*keys, *nothing, sa.func.sum(one.c.performance_minor).label("refunds_minor")).group_by(*keys)


def _figures(counts: dict[str, Any], quantity: Any, *, gross: Any = None) -> list[sa.ColumnElement[Any]]:
    """The figures in their order: orders counted, pieces and sales added up, the others 0."""
    found: list[sa.ColumnElement[Any]] = []
    for name in _COUNTS:
        if name not in counts:
            found.append(sa.literal(0).label(name))
        elif counts[name] is None:
            found.append(sa.func.sum(quantity).label(name))
        else:
            found.append(sa.func.count(counts[name]).label(name))
    found.append((sa.literal(0) if gross is None else sa.func.sum(gross)).label("gross_minor"))
    return [*found, sa.literal(0).label("refunds_minor")]


def _keys_of(paid: sa.Subquery, by: str, *, guide: Any, product: Any) -> list[Any]:
    given = {"guide_id": guide, "product_id": product}
    return [given[name] if name in given else paid.c[name] for name in sales_keys(by)]


def _entries(brand_id: Any, sale_id: Any) -> sa.Subquery:
    """The SELLER shares of orders."""
    found = sa.select(
        ShareRow.sale_id, ShareRow.line_id, _seller(ShareRow).label("guide_id"), ShareRow.performance_minor
    ).where(ShareRow.brand_id == brand_id, *_is_share())
    return (found if sale_id is None else found.where(ShareRow.sale_id == sale_id)).subquery("entry")


def _seller(share: type[ShareRow]) -> sa.ColumnElement[UUID]:
    """The guide of a SELLER share; NOBODY where the store sold."""
    return sa.case((share.party_kind == PartyKind.EMPLOYEE.value, share.party_id), else_=NOBODY)


def _is_share() -> tuple[sa.ColumnElement[bool], ...]:
    return (ShareRow.kind == CommissionKind.ORDER.value, ShareRow.role == ShareRole.SELLER.value)


def _lines_of(brand_id: Any, sale_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(SaleLineRow.brand_id == brand_id, SaleLineRow.sale_id == sale_id)


def _is_fact(brand_id: Any, kind: FactKind, subject_id: Any) -> sa.ColumnElement[bool]:
    return sa.and_(
        RollupFactRow.brand_id == brand_id, RollupFactRow.kind == kind.value, RollupFactRow.subject_id == subject_id
    )


def _kind(kind: FactKind) -> sa.Label[str]:
    return sa.literal(kind.value).label("kind")


def _hour(zone: Any, at: Any) -> sa.Label[int]:
    return sa.cast(sa.extract("hour", sa.func.timezone(zone, at)), sa.Integer).label("hour")


def _whole(total: Any) -> sa.ColumnElement[int]:
    return sa.cast(total, sa.BigInteger)


def _brand(brand_id: Any) -> sa.Label[UUID]:
    given = brand_id if isinstance(brand_id, sa.BindParameter) else sa.literal(brand_id, sa.Uuid())
    return given.label("brand_id")
