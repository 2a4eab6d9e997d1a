"""Withdrawals and monthly statements of commission."""

from collections.abc import Mapping
from datetime import date, datetime

import strawberry

from app.commission.statement_rules import Statement
from app.commission.values import AccountKind
from app.commission.withdrawal_reads import WithdrawalView
from graphql_schema.commission.enums import WithdrawalState
from graphql_schema.context import Info
from graphql_schema.employees import loaders as employees
from graphql_schema.employees.types import Employee
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Node, encode_global_id
from graphql_schema.selections import is_enough, only


@strawberry.type(
    description="An employee's wish to be paid out, and what became of it: for the person, finance and the owner."
)
class Withdrawal(Node):
    state: WithdrawalState = strawberry.field(description="Where it stands.")
    amount: Money = strawberry.field(description="What was asked for, and nothing else is ever paid.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    decided_at: datetime | None = strawberry.field(description="When finance approved or rejected it.")
    comment: str | None = strawberry.field(description="What finance said to it, up to 500 characters.")
    paid_at: datetime | None = strawberry.field(description="When the provider had paid it.")
    failure_reason: str | None = strawberry.field(
        description="FAILED: the provider's word for why, for programs, such as NOT_CONFIRMED; up to 100 characters."
    )
    view: strawberry.Private[WithdrawalView]

    @strawberry.field(description="Who asked, and is paid.")
    async def employee(self, info: Info) -> Employee:
        if is_enough(info, "id", "displayName"):
            return only(
                Employee,
                id=encode_global_id("Employee", self.view.employee_id),
                display_name=self.view.employee_name,
            )
        found = await employees.employee_of(info, self.view.employee_id)
        if found is None:
            raise LookupError(f"employee {self.view.employee_id} is gone")
        return found


@strawberry.type(description="What the brand owed an employee at one moment, by where the money stood.")
class CommissionStatementBalance:
    held: Money = strawberry.field(description="Paid orders whose return window was open.")
    disputed: Money = strawberry.field(description="In dispute.")
    payable: Money = strawberry.field(description="Ready to be drawn.")
    in_payout: Money = strawberry.field(description="On its way to the person.")
    debt: Money = strawberry.field(description="Owed by the person after refunds of paid commission; 0 or more.")
    total: Money = strawberry.field(description="All of them, less the debt; negative when the person owes more.")


@strawberry.type(
    description="A month of commission, from the ledger: opening + earned − reversed − paidOut = closing, to the cent."
)
class CommissionStatement:
    month: str = strawberry.field(description="YYYY-MM.")
    first_day: date = strawberry.field(description="The month's first business day.")
    last_day: date = strawberry.field(description="The month's last business day.")
    as_of: datetime = strawberry.field(description="When the ledger was read; a month that is over changes no more.")
    opening: CommissionStatementBalance = strawberry.field(description="As the month began.")
    earned: Money = strawberry.field(description="Commission of orders paid in the month.")
    reversed: Money = strawberry.field(description="What refunds decided in the month took back; 0 or more.")
    paid_out: Money = strawberry.field(description="Paid to the person in the month.")
    closing: CommissionStatementBalance = strawberry.field(description="As the month ended, or now.")


def to_withdrawal(view: WithdrawalView, currency: str) -> Withdrawal:
    return Withdrawal(
        id=encode_global_id("Withdrawal", view.id),
        state=view.state,
        amount=to_money(view.amount_minor, currency),
        requested_at=view.requested_at,
        decided_at=view.decided_at,
        comment=view.comment,
        paid_at=view.paid_at,
        failure_reason=view.failure_reason,
        view=view,
    )


def to_statement(
    found: Statement, *, month: str, first_day: date, last_day: date, as_of: datetime, currency: str
) -> CommissionStatement:
    return CommissionStatement(
        month=month,
        first_day=first_day,
        last_day=last_day,
        as_of=as_of,
        opening=_balance(found.opening, currency),
        earned=to_money(found.earned_minor, currency),
        reversed=to_money(found.reversed_minor, currency),
        paid_out=to_money(found.paid_out_minor, currency),
        closing=_balance(found.closing, currency),
    )


def _balance(accounts: Mapping[AccountKind, int], currency: str) -> CommissionStatementBalance:
    return CommissionStatementBalance(
        held=to_money(accounts[AccountKind.HELD], currency),
        disputed=to_money(accounts[AccountKind.DISPUTED], currency),
        payable=to_money(accounts[AccountKind.PAYABLE], currency),
        in_payout=to_money(accounts[AccountKind.IN_PAYOUT], currency),
        debt=to_money(-accounts[AccountKind.DEBT], currency),
        total=to_money(sum(accounts.values()), currency),
    )
