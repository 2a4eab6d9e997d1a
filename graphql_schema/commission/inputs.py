"""Inputs of commission: publishing the attribution policy and the commission plan."""

import strawberry

from app.commission.plans import NewRule
from app.customers.rules import policy_terms
from app.customers.values import PolicyTerms
from graphql_schema.commission.enums import BindingMode, BindOn, RenewOn, SelfPurchase, ShareRole, Takeover
from graphql_schema.global_ids import optional_input_id

KEY = "16 to 64 characters of the client's choice: the same key with the same input gives the same answer."


@strawberry.input(description="A policy to put in force for orders placed from now on.")
class AttributionPolicyPublishInput:
    idempotency_key: str = strawberry.field(description=KEY)
    bind_on: BindOn = strawberry.field(description="When a binding begins.")
    renew_on: RenewOn = strawberry.field(description="What begins its time anew.")
    binding_mode: BindingMode = strawberry.field(description="Whether it ends by itself.")
    validity_days: int | None = strawberry.field(
        default=None, description="Required for TIMED, 1 to 3,650; not allowed for PERMANENT."
    )
    takeover: Takeover = strawberry.field(description="Whether another guide may win a bound customer.")
    protection_days: int | None = strawberry.field(
        default=None, description="Required for AFTER_PROTECTION: 0 to 3,650, no longer than the validity."
    )
    last_touch_days: int | None = strawberry.field(default=None, description="0 to 365; left out: 30.")
    self_purchase: SelfPurchase = strawberry.field(description="What a guide earns on the own purchase.")
    offline_split_bp: int | None = strawberry.field(default=None, description="0 to 10,000; left out: 5,000.")
    fulfilment_store_bp: int | None = strawberry.field(default=None, description="0 to 10,000; left out: 0.")

    def terms(self) -> PolicyTerms:
        return policy_terms(
            bind_on=self.bind_on,
            renew_on=self.renew_on,
            binding_mode=self.binding_mode,
            takeover=self.takeover,
            self_purchase=self.self_purchase,
            validity_days=self.validity_days,
            protection_days=self.protection_days,
            last_touch_days=self.last_touch_days,
            offline_split_bp=self.offline_split_bp,
            fulfilment_store_bp=self.fulfilment_store_bp,
        )


@strawberry.input(description="A rate of a plan. It names a product or a category, not both; left out: all goods.")
class CommissionRuleInput:
    rate_bp: int = strawberry.field(description="0 to 10,000 bp of the line after discounts, without freight.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="For one product.")
    category_id: strawberry.ID | None = strawberry.field(default=None, description="For a category with all below it.")
    org_unit_id: strawberry.ID | None = strawberry.field(default=None, description="In a unit with all below it.")
    role: ShareRole = strawberry.field(description="Who earns it.")

    def rule(self, index: int) -> NewRule:
        """The rule that stands at `index` of its plan. Raises: InvalidInput for an id of another type."""
        path = ("rules", str(index))
        return NewRule(
            role=self.role,
            rate_bp=self.rate_bp,
            product_id=optional_input_id(self.product_id, "Product", *path, "productId"),
            category_id=optional_input_id(self.category_id, "Category", *path, "categoryId"),
            org_unit_id=optional_input_id(self.org_unit_id, "OrgUnit", *path, "orgUnitId"),
        )


@strawberry.input(description="A plan to put in force for orders placed from now on.")
class CommissionPlanPublishInput:
    idempotency_key: str = strawberry.field(description=KEY)
    hold_days: int = strawberry.field(description="Days from payment before commission can be drawn, 7 to 365.")
    rules: list[CommissionRuleInput] = strawberry.field(
        description="1 to 1,000. No two of a role name the same goods and place; the brand-wide ones add up to at most "
        "10,000 bp."
    )
