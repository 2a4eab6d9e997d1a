"""Tables of commission: plans, attributed sales with candidates, lines and shares, commission entries, the ledger."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.tables import Base, Tenant, TenantBase, tenant_args, tenant_key


class PlanRow(TenantBase, Base):
    """A commission plan, one row a version. Append-only."""

    __tablename__ = "commission_plan"
    __table_args__ = tenant_args(sa.UniqueConstraint("brand_id", "id"), append_only=True)
    version: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    id: Mapped[UUID]
    hold_days: Mapped[int] = mapped_column(sa.Integer)
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class PlanRuleRow(Tenant, Base):
    """A rate of one plan version; the most specific rule of a role wins. Append-only."""

    __tablename__ = "commission_rule"
    __table_args__ = tenant_args(
        sa.ForeignKeyConstraint(["brand_id", "plan_version"], ["commission_plan.brand_id", "commission_plan.version"]),
        sa.Index("ix_commission_rule_plan", "brand_id", "plan_version"),
        tenant_key("product_id", "product"),
        tenant_key("category_id", "category"),
        tenant_key("org_unit_id", "org_unit"),
        append_only=True,
    )
    plan_version: Mapped[int] = mapped_column(sa.Integer)
    position: Mapped[int] = mapped_column(sa.Integer)
    role: Mapped[str]
    rate_bp: Mapped[int] = mapped_column(sa.Integer)
    product_id: Mapped[UUID | None]
    category_id: Mapped[UUID | None]
    org_unit_id: Mapped[UUID | None]


class SaleRow(Tenant, Base):
    """An attributed sale: the decision with its evidence, as it stood when the order was placed. Append-only.

    Its id is the order's. It keeps store, branch path and versions of that moment, so that neither reports nor a replay
    need anything else.
    """

    __tablename__ = "sale"
    __table_args__ = tenant_args(sa.Index("ix_sale_guide", "brand_id", "guide_id", "id"), append_only=True)
    source: Mapped[str]
    number: Mapped[str]
    customer_id: Mapped[UUID | None]
    guide_id: Mapped[UUID | None]
    store_id: Mapped[UUID | None]
    branch: Mapped[str]
    rule: Mapped[str]
    policy_version: Mapped[int] = mapped_column(sa.Integer)
    plan_version: Mapped[int] = mapped_column(sa.Integer)
    is_self_purchase: Mapped[bool]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    decided_at: Mapped[datetime]


class CandidateRow(TenantBase, Base):
    """A guide who could have won a sale, and why not (or why). Append-only."""

    __tablename__ = "sale_candidate"
    __table_args__ = tenant_args(tenant_key("sale_id", "sale"), append_only=True)
    sale_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    guide_id: Mapped[UUID]
    outcome: Mapped[str]
    reason: Mapped[str]
    touchpoint_id: Mapped[UUID | None]
    binding_id: Mapped[UUID | None]


class SaleLineRow(TenantBase, Base):
    """A line of a sale as commission sees it: what was sold and the amount that rates apply to. Append-only."""

    __tablename__ = "sale_line"
    __table_args__ = tenant_args(tenant_key("sale_id", "sale"), append_only=True)
    sale_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID]
    category_id: Mapped[UUID | None]
    quantity: Mapped[int]
    base_minor: Mapped[int]


class ShareRow(Tenant, Base):
    """One party's share of one line: performance and commission; the commission entry of kind ORDER. Append-only.

    Entries of other kinds (REVERSAL, ADJUSTMENT, BONUS) are further rows with `reverses_id` or none. Amounts: minor
    units; a reversal's are positive too, its direction is its kind.
    """

    __tablename__ = "commission_entry"
    __table_args__ = tenant_args(
        tenant_key("sale_id", "sale"),
        tenant_key("reverses_id", "commission_entry"),
        sa.Index("ix_commission_entry_sale", "brand_id", "sale_id"),
        sa.Index(
            "ix_commission_entry_reverses",
            "brand_id",
            "reverses_id",
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        ),
        sa.Index("ix_commission_entry_party", "brand_id", "party_id", "id"),
        append_only=True,
    )
    kind: Mapped[str]
    sale_id: Mapped[UUID | None]
    line_id: Mapped[UUID | None]
    role: Mapped[str]
    party_kind: Mapped[str]
    party_id: Mapped[UUID]
    performance_bp: Mapped[int] = mapped_column(sa.Integer)
    performance_minor: Mapped[int]
    rate_bp: Mapped[int] = mapped_column(sa.Integer)
    rule_id: Mapped[UUID | None]
    amount_minor: Mapped[int]
    reverses_id: Mapped[UUID | None]
    booked_at: Mapped[datetime]
    booked_on: Mapped[date]


class TransferRow(Tenant, Base):
    """The ledger: a row moves `amount_minor` > 0 from debit to credit account, so it balances by construction.

    An account is a kind and a party (the brand itself for COMMISSION_EXPENSE). The state of a commission entry is the
    account its money stands on. `cause` and `occasion_id` (an after-sale, a withdrawal, a release; None for what can
    happen to an entry only once) name the fact: the unique key makes booking twice impossible. Append-only.
    """

    __tablename__ = "ledger_transfer"
    __table_args__ = tenant_args(
        tenant_key("entry_id", "commission_entry"),
        sa.UniqueConstraint(
            *("brand_id", "entry_id", "cause", "occasion_id", "debit_account"),
            name="uq_ledger_transfer_once",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("debit_account <> credit_account OR debit_party_id <> credit_party_id", name="accounts"),
        sa.Index("ix_ledger_debit", "brand_id", "debit_party_id", "debit_account", postgresql_include=["amount_minor"]),
        sa.Index(
            "ix_ledger_credit", "brand_id", "credit_party_id", "credit_account", postgresql_include=["amount_minor"]
        ),
        sa.Index("ix_ledger_occasion", "brand_id", "occasion_id", postgresql_where=sa.text("occasion_id IS NOT NULL")),
        append_only=True,
    )
    entry_id: Mapped[UUID]
    cause: Mapped[str]
    occasion_id: Mapped[UUID | None]
    debit_account: Mapped[str]
    debit_party_id: Mapped[UUID]
    credit_account: Mapped[str]
    credit_party_id: Mapped[UUID]
    amount_minor: Mapped[int]
    booked_at: Mapped[datetime]
    booked_on: Mapped[date]


class LineHoldRow(TenantBase, Base):
    """The hold of a paid line's commission, and the lock over all of it.

    `held_until`: payment plus the plan's days of hold. `due_at`: when it becomes payable, known once the goods are with
    the customer. `pauses`: after-sales of the line that are open. `refunded_minor`: of the line's base, so far.
    """

    __tablename__ = "line_hold"
    __table_args__ = tenant_args(
        tenant_key(["sale_id", "line_id"], "sale_line", "sale_id", "line_id"),
        sa.Index(
            "ix_line_hold_due",
            "brand_id",
            "due_at",
            postgresql_where=sa.text("released_at IS NULL AND pauses = 0 AND due_at IS NOT NULL"),
        ),
        sa.CheckConstraint("pauses >= 0", name="pauses"),
        sa.CheckConstraint("refunded_minor >= 0", name="refunded"),
    )
    sale_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    held_until: Mapped[datetime]
    due_at: Mapped[datetime | None]
    pauses: Mapped[int] = mapped_column(sa.Integer)
    refunded_minor: Mapped[int]
    released_at: Mapped[datetime | None]


class PayeeRow(TenantBase, Base):
    """A party whose commission was ever payable: the lock over its payable money, payouts and debt."""

    __tablename__ = "payee"
    __table_args__ = tenant_args()
    party_id: Mapped[UUID] = mapped_column(primary_key=True)


class WithdrawalRow(Tenant, Base):
    """An employee's wish to be paid out, and what became of it. Amount: minor units.

    `number` is ours and makes the provider pay it once. `tries`: how often it was sent; `accept_by`: until when, by the
    provider's clock, the last one may be accepted. `query_at`: when somebody is to look after it, while it is on its
    way.
    """

    __tablename__ = "withdrawal"
    __table_args__ = tenant_args(
        tenant_key("employee_id", "employee"),
        tenant_key("decided_by", "employee"),
        sa.UniqueConstraint("brand_id", "number"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.Index("ix_withdrawal_employee", "brand_id", "employee_id", "id"),
        sa.Index("ix_withdrawal_state", "brand_id", "state", "id"),
        sa.Index("ix_withdrawal_query", "brand_id", "query_at", postgresql_where=sa.text("query_at IS NOT NULL")),
    )
    employee_id: Mapped[UUID]
    amount_minor: Mapped[int]
    state: Mapped[str]
    number: Mapped[str]
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    comment: Mapped[str | None]
    tries: Mapped[int] = mapped_column(sa.Integer)
    started_at: Mapped[datetime | None]
    accept_by: Mapped[datetime | None]
    query_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    transaction_id: Mapped[str | None]
    failure_reason: Mapped[str | None]


class WithdrawalMoveRow(Tenant, Base):
    """A step of a withdrawal's life: from, to, by whom. Append-only."""

    __tablename__ = "withdrawal_move"
    __table_args__ = tenant_args(
        tenant_key("withdrawal_id", "withdrawal"),
        sa.Index("ix_withdrawal_move_withdrawal", "brand_id", "withdrawal_id", "id"),
        append_only=True,
    )
    withdrawal_id: Mapped[UUID]
    event: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
