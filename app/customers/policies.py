"""The attribution policy in force. Bindings follow it, so it is read here; `commission` publishes its versions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import BindingPolicyRow
from app.customers.values import BindingMode, BindOn, PolicyTerms, RenewOn, SelfPurchase, Takeover
from app.platform.db import BrandSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(PolicyTerms):
    """The terms of one published version, with what identifies it."""

    id: UUID
    version: int
    published_at: datetime
    published_by: str


POLICY_COLUMNS = (
    BindingPolicyRow.id,
    BindingPolicyRow.version,
    BindingPolicyRow.published_at,
    BindingPolicyRow.published_by,
    BindingPolicyRow.bind_on,
    BindingPolicyRow.renew_on,
    BindingPolicyRow.binding_mode,
    BindingPolicyRow.validity_days,
    BindingPolicyRow.takeover,
    BindingPolicyRow.protection_days,
    BindingPolicyRow.last_touch_days,
    BindingPolicyRow.self_purchase,
    BindingPolicyRow.offline_split_bp,
    BindingPolicyRow.fulfilment_store_bp,
)
"""What `policy_of` needs of a row; whoever joins the policy to something selects these."""


async def current_policy(session: BrandSession) -> Policy:
    """The version in force: the highest one. Every brand has at least the one it was founded with."""
    newest = (
        sa.select(*POLICY_COLUMNS)
        .where(BindingPolicyRow.brand_id == session.brand_id)
        .order_by(BindingPolicyRow.version.desc())
        .limit(1)
    )
    return policy_of((await session.execute(newest)).one())


def policy_of(row: sa.Row[*tuple[object, ...]]) -> Policy:
    """The policy in a row that has POLICY_COLUMNS."""
    found = row._mapping
    return Policy(
        id=found[BindingPolicyRow.id],
        version=found[BindingPolicyRow.version],
        published_at=found[BindingPolicyRow.published_at],
        published_by=found[BindingPolicyRow.published_by],
        bind_on=BindOn(found[BindingPolicyRow.bind_on]),
        renew_on=RenewOn(found[BindingPolicyRow.renew_on]),
        binding_mode=BindingMode(found[BindingPolicyRow.binding_mode]),
        validity_days=found[BindingPolicyRow.validity_days],
        takeover=Takeover(found[BindingPolicyRow.takeover]),
        protection_days=found[BindingPolicyRow.protection_days],
        last_touch_days=found[BindingPolicyRow.last_touch_days],
        self_purchase=SelfPurchase(found[BindingPolicyRow.self_purchase]),
        offline_split_bp=found[BindingPolicyRow.offline_split_bp],
        fulfilment_store_bp=found[BindingPolicyRow.fulfilment_store_bp],
    )
