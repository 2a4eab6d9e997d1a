"""Root fields over locations and transfers."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.products import locations, stock_reads, transfers
from app.products.stock_reads import TransferView
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id
from graphql_schema.paging import Connection, build_connection, is_asked_for, read_page
from graphql_schema.permissions import HEADQUARTERS, MANAGERS, Requires
from graphql_schema.products.enums import TransferState
from graphql_schema.products.places import Location, place_id, to_location
from graphql_schema.products.transfer_inputs import (
    LocationUpdateInput,
    StockTransferCancelInput,
    StockTransferReceiveInput,
    StockTransferRequestInput,
    StockTransferSendInput,
    to_stock_lines,
)
from graphql_schema.products.transfer_types import StockTransfer, to_transfer
from graphql_schema.products.types import After, First
from graphql_schema.trade.errors import InsufficientStock
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, WrongState


@strawberry.type(description="The place is changed.")
class LocationUpdatePayload:
    location: Location = strawberry.field(description="The place as it is now.")


@strawberry.type(description="The transfer is asked for.")
class StockTransferRequestPayload:
    transfer: StockTransfer = strawberry.field(description="The transfer as it is now.")


@strawberry.type(description="The goods are on their way.")
class StockTransferSendPayload:
    transfer: StockTransfer = strawberry.field(description="The transfer as it is now.")


@strawberry.type(description="The goods are in stock.")
class StockTransferReceivePayload:
    transfer: StockTransfer = strawberry.field(description="The transfer as it is now.")


@strawberry.type(description="The transfer is called off.")
class StockTransferCancelPayload:
    transfer: StockTransfer = strawberry.field(description="The transfer as it is now.")


LocationUpdateResult = Annotated[
    LocationUpdatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("LocationUpdateResult", description="The place, or why it was not changed."),
]
StockTransferRequestResult = Annotated[
    StockTransferRequestPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("StockTransferRequestResult", description="The transfer, or why it was not asked for."),
]
StockTransferSendResult = Annotated[
    StockTransferSendPayload | InsufficientStock | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("StockTransferSendResult", description="The transfer, or why it was not sent."),
]
StockTransferReceiveResult = Annotated[
    StockTransferReceivePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("StockTransferReceiveResult", description="The transfer, or why it was not received."),
]
StockTransferCancelResult = Annotated[
    StockTransferCancelPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("StockTransferCancelResult", description="The transfer, or why it was not called off."),
]

Step = Callable[[BrandSession, Actor, UUID], Awaitable[object]]


@strawberry.type
class TransfersQuery:
    @strawberry.field(
        description="The places whose stock the caller answers for: for headquarters and the owner all, the place that "
        "online orders are sent from first; for managers the stores of the own branch, by name.",
        extensions=[Requires(MANAGERS)],
    )
    async def locations(self, info: Info) -> list[Location]:
        actor = await info.context.actor()
        async with info.context.reading() as session:
            return [to_location(place) for place in await locations.places_of(session, actor)]

    @strawberry.field(
        description="Transfers between places, the latest first: all for headquarters and the owner, for managers "
        "those to and from stores of the own branch.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_transfers(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[TransferState | None, strawberry.argument(description="Only those; null: any.")] = None,
    ) -> Connection[StockTransfer]:
        page = read_page(first, after, "stock_transfers", (UUID,), default=20)
        actor = await info.context.actor()
        key = None if page.after is None else page.after[0]
        async with info.context.reading() as session:
            rows = await stock_reads.transfer_page(
                session, actor, state=state, limit=page.limit, after=key if isinstance(key, UUID) else None
            )
            total = None
            if is_asked_for(info, "totalCount"):
                total = await stock_reads.transfer_count(session, actor, state=state)
        return build_connection(rows, page, to_node=to_transfer, to_key=_key, total_count=total)


@strawberry.type
class TransfersMutation:
    @strawberry.mutation(
        description="Say whether orders that are sent may be routed to a store. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def location_update(
        self, info: Info, input: Annotated[LocationUpdateInput, strawberry.argument(description="The change.")]
    ) -> LocationUpdateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            location_id = place_id(input.location_id, "locationId")
            await locations.set_shipping(
                session, actor, location_id=location_id, ships_orders=input.ships_orders, now=session.now
            )
            return {"location_id": location_id}

        async def answer(session: BrandSession, made: Result) -> LocationUpdatePayload:
            location_id = UUID(made["location_id"])
            places = await locations.places_by_id(session, [location_id])
            return LocationUpdatePayload(location=to_location(places[location_id]))

        given = await mutate_input(info, "locationUpdate", input, act, answer)
        return cast("LocationUpdateResult", given)

    @strawberry.mutation(
        description="Ask for goods from one place at another. For headquarters, the owner, and managers of either end.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_transfer_request(
        self, info: Info, input: Annotated[StockTransferRequestInput, strawberry.argument(description="The goods.")]
    ) -> StockTransferRequestResult:
        async def step(session: BrandSession, actor: Actor, _: UUID) -> UUID:
            return await transfers.request(
                session,
                actor,
                from_id=place_id(input.from_location_id, "fromLocationId"),
                to_id=place_id(input.to_location_id, "toLocationId"),
                lines=to_stock_lines(input.lines),
                note=input.note,
                now=session.now,
            )

        return cast(
            "StockTransferRequestResult",
            await _change(info, "stockTransferRequest", input, step, StockTransferRequestPayload),
        )

    @strawberry.mutation(
        description="The goods leave, and the stock of the place with them. For headquarters, the owner, and managers "
        "of where they leave.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_transfer_send(
        self, info: Info, input: Annotated[StockTransferSendInput, strawberry.argument(description="What leaves.")]
    ) -> StockTransferSendResult:
        async def step(session: BrandSession, actor: Actor, transfer_id: UUID) -> None:
            lines = None if input.lines is None else to_stock_lines(input.lines)
            await transfers.send(session, actor, transfer_id=transfer_id, lines=lines, now=session.now)

        return cast(
            "StockTransferSendResult", await _change(info, "stockTransferSend", input, step, StockTransferSendPayload)
        )

    @strawberry.mutation(
        description="The goods are there, and in stock; what is missing stays on record. For headquarters, the owner, "
        "and managers of where they go to.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_transfer_receive(
        self, info: Info, input: Annotated[StockTransferReceiveInput, strawberry.argument(description="What arrived.")]
    ) -> StockTransferReceiveResult:
        async def step(session: BrandSession, actor: Actor, transfer_id: UUID) -> None:
            await transfers.receive(
                session,
                actor,
                transfer_id=transfer_id,
                lines=None if input.lines is None else to_stock_lines(input.lines),
                difference_note=input.difference_note,
                now=session.now,
            )

        return cast(
            "StockTransferReceiveResult",
            await _change(info, "stockTransferReceive", input, step, StockTransferReceivePayload),
        )

    @strawberry.mutation(
        description="Call a transfer off before it is sent. For headquarters, the owner, and managers of either end.",
        extensions=[Requires(MANAGERS)],
    )
    async def stock_transfer_cancel(
        self, info: Info, input: Annotated[StockTransferCancelInput, strawberry.argument(description="The transfer.")]
    ) -> StockTransferCancelResult:
        async def step(session: BrandSession, actor: Actor, transfer_id: UUID) -> None:
            await transfers.cancel(session, actor, transfer_id=transfer_id, now=session.now)

        return cast(
            "StockTransferCancelResult",
            await _change(info, "stockTransferCancel", input, step, StockTransferCancelPayload),
        )


async def _change(info: Info, operation: str, input: Any, step: Step, payload: Callable[..., Any]) -> Any:
    """One transaction under the input's key, and the transfer as the transaction leaves it."""
    actor = await info.context.actor()

    async def act(session: BrandSession) -> Result:
        given = getattr(input, "transfer_id", None)
        transfer_id = UUID(int=0) if given is None else input_id(given, "StockTransfer", "transferId")
        made = await step(session, actor, transfer_id)
        return {"transfer_id": made if isinstance(made, UUID) else transfer_id}

    async def answer(session: BrandSession, made: Result) -> Any:
        transfer_id = UUID(made["transfer_id"])
        found = await stock_reads.transfers_by_id(session, actor, [transfer_id])
        return payload(transfer=to_transfer(found[transfer_id]))

    return await mutate_input(info, operation, input, act, answer)


async def transfer_by_id(info: Info, *ids: UUID) -> StockTransfer | None:
    """A transfer of which the caller answers for one end."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        found = (await stock_reads.transfers_by_id(session, actor, ids)).get(ids[0])
    return None if found is None else to_transfer(found)


async def location_by_id(info: Info, *ids: UUID) -> Location | None:
    """A place whose stock the caller answers for."""
    if len(ids) != 1:
        return None
    actor = await info.context.actor()
    async with info.context.reading() as session:
        place = (await locations.places_by_id(session, ids)).get(ids[0])
    return None if place is None or not locations.may_manage(actor, place) else to_location(place)


def _key(view: TransferView) -> tuple[UUID]:
    return (view.id,)


NODES = {"StockTransfer": transfer_by_id, "Location": location_by_id}
"""What `node` fetches by the type in a global id."""
