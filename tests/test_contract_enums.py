"""The enums of the domain carry exactly the values that the clients' contract names."""

from enum import StrEnum
from pathlib import Path

import pytest
from graphql import EnumTypeDefinitionNode, parse

from app.boss import values as boss
from app.commission import values as commission
from app.customers import values as customers
from app.employees import values as employees
from app.marketing import poster_values as posters
from app.marketing import values as marketing
from app.products import values as products
from app.trade import values as trade

SKELETON = Path(__file__).resolve().parent.parent / "documents" / "contract" / "skeleton.graphqls"
ENUMS: dict[str, type[StrEnum]] = {
    "Role": employees.Role,
    "EmployeeState": employees.EmployeeState,
    "StaffFunction": employees.StaffFunction,
    "OrgUnitKind": employees.OrgUnitKind,
    "StoreOperator": employees.StoreOperator,
    "Audience": employees.Audience,
    "ConsentPurpose": customers.ConsentPurpose,
    "BindOn": customers.BindOn,
    "RenewOn": customers.RenewOn,
    "BindingMode": customers.BindingMode,
    "Takeover": customers.Takeover,
    "SelfPurchase": customers.SelfPurchase,
    "BindingState": customers.BindingState,
    "Channel": customers.Channel,
    "TouchpointKind": customers.TouchpointKind,
    "ProductState": products.ProductState,
    "CampaignKind": marketing.CampaignKind,
    "PosterState": posters.PosterState,
    "MaterialKind": marketing.MaterialKind,
    "CouponKind": marketing.CouponKind,
    "CouponState": marketing.CouponState,
    "CouponRefusal": marketing.CouponRefusal,
    "OrderState": trade.OrderState,
    "PaymentProvider": trade.ProviderName,
    "PaymentState": trade.PaymentState,
    "AfterSaleKind": trade.AfterSaleKind,
    "Decision": commission.Decision,
    "CommissionState": commission.CommissionState,
    "CommissionKind": commission.CommissionKind,
    "ShareRole": commission.ShareRole,
    "CandidateOutcome": commission.CandidateOutcome,
    "WithdrawalState": commission.WithdrawalState,
    "PeriodPreset": boss.PeriodPreset,
    "BreakdownBy": boss.BreakdownBy,
}


def named_in_the_contract() -> dict[str, set[str]]:
    document = parse(SKELETON.read_text(encoding="utf-8"))
    return {
        node.name.value: {value.name.value for value in node.values or ()}
        for node in document.definitions
        if isinstance(node, EnumTypeDefinitionNode)
    }


@pytest.mark.parametrize("name", ENUMS)
def test_enum_has_the_values_of_the_contract_and_each_is_its_own_name(name: str) -> None:
    assert {member.value for member in ENUMS[name]} == named_in_the_contract()[name]
    assert all(member.name == member.value for member in ENUMS[name])


def test_staff_have_actions_that_the_first_clients_do_not_know() -> None:
    """Handing goods over in a store, and having another place send them (O3, P3); the contract is the floor."""
    more = {action.value for action in trade.OrderAction} - named_in_the_contract()["OrderAction"]
    assert more == {"MAKE_READY", "HAND_OVER", "REFUSE", "REROUTE"}


def test_goods_may_be_taken_in_the_store_which_the_first_clients_do_not_know() -> None:
    """Paid on the phone and taken there (P3); the contract is the floor."""
    more = {method.value for method in trade.FulfilmentMethod} - named_in_the_contract()["FulfilmentMethod"]
    assert more == {"IN_STORE"}
    assert {method.value for method in trade.FulfilmentMethod} >= named_in_the_contract()["FulfilmentMethod"]


def test_codes_lead_to_quotations_which_the_first_clients_do_not_know() -> None:
    """A quotation's own code (P4); the contract is the floor."""
    assert {kind.value for kind in marketing.CodeKind} - named_in_the_contract()["CodeKind"] == {"QUOTATION"}
    assert {kind.value for kind in marketing.CodeKind} >= named_in_the_contract()["CodeKind"]


def test_after_sale_knows_one_state_more_than_the_first_clients() -> None:
    """A refund that the provider did not do (O4); the contract is the floor."""
    more = {state.value for state in trade.AfterSaleState} - named_in_the_contract()["AfterSaleState"]
    assert more == {"REFUND_FAILED"}
