"""Mutations and root fields over withdrawals."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from app.commission import withdrawals
from app.platform import errors
from app.platform.db import BrandSession
from graphql_schema.commission.enums import Decision, WithdrawalState
from graphql_schema.commission.inputs import KEY
from graphql_schema.commission.withdrawal_loaders import withdrawal_connection, withdrawal_in
from graphql_schema.commission.withdrawal_types import Withdrawal
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.global_ids import input_id
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Connection
from graphql_schema.permissions import FINANCE, GUIDES, Requires
from graphql_schema.scalars import Long
from graphql_schema.transaction import mutate_input
from graphql_schema.user_errors import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    UserError,
    WrongState,
    converts,
)


@strawberry.input(description="Commission to be paid out.")
class WithdrawalRequestInput:
    idempotency_key: str = strawberry.field(description=KEY)
    amount_minor: Long = strawberry.field(
        description="Minor units: 100 or more, and no more than is payable and not asked for yet."
    )


@strawberry.input(description="What finance says to a withdrawal.")
class WithdrawalDecideInput:
    idempotency_key: str = strawberry.field(description=KEY)
    withdrawal_id: strawberry.ID = strawberry.field(description="A withdrawal that is REQUESTED, not the own.")
    decision: Decision = strawberry.field(description="APPROVE sends the money on its way.")
    comment: str | None = strawberry.field(
        default=None, description="For the person, up to 500 characters; say why when rejecting."
    )


@strawberry.type(description="More was asked for than there is.")
class AmountTooLarge(UserError):
    limit: Money = strawberry.field(description="The most that is possible now; 0 or more.")


@strawberry.type(description="The withdrawal waits for finance.")
class WithdrawalRequestPayload:
    withdrawal: Withdrawal = strawberry.field(description="The withdrawal.")


@strawberry.type(description="The withdrawal is decided.")
class WithdrawalDecidePayload:
    withdrawal: Withdrawal = strawberry.field(description="The withdrawal as it is now.")


WithdrawalRequestResult = Annotated[
    WithdrawalRequestPayload | AmountTooLarge | InvalidInput | IdempotencyConflict,
    strawberry.union("WithdrawalRequestResult", description="The withdrawal, or why there is none."),
]
WithdrawalDecideResult = Annotated[
    WithdrawalDecidePayload | AmountTooLarge | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("WithdrawalDecideResult", description="The withdrawal, or why it was not decided."),
]


@converts(errors.AmountTooLarge)
async def _too_large(session: BrandSession, fault: errors.AmountTooLarge, fields: dict[str, Any]) -> UserError:
    return AmountTooLarge(**fields, limit=to_money(fault.limit_minor, session.brand.currency))


@strawberry.type
class WithdrawalQuery:
    @strawberry.field(
        description="Withdrawals of everybody, the latest first. For finance and the owner.",
        extensions=[Requires(FINANCE)],
    )
    async def withdrawals(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        states: Annotated[
            list[WithdrawalState] | None, strawberry.argument(description="Only in one of these states; null: in any.")
        ] = None,
    ) -> Connection[Withdrawal]:
        scope = "withdrawals:" + ",".join(sorted(set(states or ())))
        return await withdrawal_connection(info, first, after, scope=scope, states=states, default=50)


@strawberry.type
class WithdrawalMutation:
    @strawberry.mutation(
        description="Ask for own payable commission to be paid out. For guides and managers.",
        extensions=[Requires(GUIDES)],
    )
    async def withdrawal_request(
        self, info: Info, input: Annotated[WithdrawalRequestInput, strawberry.argument(description="The withdrawal.")]
    ) -> WithdrawalRequestResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> dict[str, Any]:
            amount_minor = int(input.amount_minor)
            return {"id": await withdrawals.request(session, actor, amount_minor=amount_minor, now=session.now)}

        async def answer(session: BrandSession, made: dict[str, Any]) -> WithdrawalRequestPayload:
            return WithdrawalRequestPayload(withdrawal=await withdrawal_in(session, UUID(made["id"])))

        return cast("WithdrawalRequestResult", await mutate_input(info, "withdrawalRequest", input, act, answer))

    @strawberry.mutation(
        description="Approve or reject a withdrawal of somebody else; the approval sends the money on its way. "
        "For finance and the owner.",
        extensions=[Requires(FINANCE)],
    )
    async def withdrawal_decide(
        self, info: Info, input: Annotated[WithdrawalDecideInput, strawberry.argument(description="The decision.")]
    ) -> WithdrawalDecideResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> dict[str, Any]:
            withdrawal_id = input_id(input.withdrawal_id, "Withdrawal", "withdrawalId")
            await withdrawals.decide(
                session,
                actor,
                withdrawal_id=withdrawal_id,
                decision=input.decision,
                comment=input.comment,
                now=session.now,
            )
            return {"id": withdrawal_id}

        async def answer(session: BrandSession, made: dict[str, Any]) -> WithdrawalDecidePayload:
            return WithdrawalDecidePayload(withdrawal=await withdrawal_in(session, UUID(made["id"])))

        return cast("WithdrawalDecideResult", await mutate_input(info, "withdrawalDecide", input, act, answer))
