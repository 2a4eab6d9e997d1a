"""Care tasks (二次关怀): who is to be written to before a coupon runs out unused."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.marketing import care_reads, care_tasks
from app.marketing.care_reads import CareTaskView
from app.marketing.values import CareReason, CareState
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.customers.types import Customer, to_named_customer
from graphql_schema.employees.types import After, First
from graphql_schema.global_ids import input_id
from graphql_schema.marketing import coupon_batches
from graphql_schema.marketing.coupon_types import Coupon, to_coupon
from graphql_schema.paging import Connection, Node, build_connection, encode_global_id, read_page
from graphql_schema.permissions import EMPLOYEES, Requires
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState

strawberry.enum(CareReason, description="Why. COUPON_UNUSED: a coupon soon runs out unused. New values may be added.")
strawberry.enum(
    CareState,
    description="OPEN: to do. DONE and DISMISSED: by somebody. LAPSED: its coupon was used, handed on, or is over.",
)


@strawberry.type(
    description="Something to do for a customer. For the guide who serves him now, a manager of the branch, "
    "headquarters and the owner."
)
class CareTask(Node):
    state: CareState = strawberry.field(description="Where it stands.")
    reason: CareReason = strawberry.field(description="Why.")
    opening_words: str = strawberry.field(description="What to open with: headquarters' words, or a sentence of ours.")
    opened_at: datetime = strawberry.field(description="Since when it is there.")
    due_at: datetime = strawberry.field(description="From then on it is too late.")
    closed_at: datetime | None = strawberry.field(description="When it ended.")
    note: str | None = strawberry.field(description="What came of it, up to 200 characters.")
    view: strawberry.Private[CareTaskView]

    @strawberry.field(description="For whom.")
    async def customer(self) -> Customer:
        return to_named_customer(self.view.customer_id, self.view.customer_name)

    @strawberry.field(description="The coupon that it is about.")
    async def coupon(self, info: Info) -> Coupon:
        found = await coupon_batches.coupons(info.context).load(self.view.coupon_id)
        if found is None:
            raise LookupError(f"coupon {self.view.coupon_id} is gone")
        return to_coupon(found, (await info.context.brand()).currency)


@strawberry.input(description="A care task to close.")
class CareTaskCloseInput:
    idempotency_key: str = strawberry.field(description="16 to 64 characters; the same key gives the same answer.")
    care_task_id: strawberry.ID = strawberry.field(description="An open task.")
    is_done: bool = strawberry.field(description="True: the customer was written or spoken to. False: need not be.")
    note: str | None = strawberry.field(default=None, description="What came of it, up to 200 characters.")


@strawberry.type(description="The task is closed.")
class CareTaskClosePayload:
    care_task: CareTask = strawberry.field(description="The task as it is now.")


CareTaskCloseResult = Annotated[
    CareTaskClosePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("CareTaskCloseResult", description="The task, or why it was not closed."),
]


@strawberry.type
class CareQuery:
    @strawberry.field(
        description="Care tasks of the customers whom the caller may see whole, the most urgent first. A guide's are "
        "those of the customers served now. Not counted.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def care_tasks(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        state: Annotated[
            CareState | None, strawberry.argument(description="Only those in this state; null: all.")
        ] = CareState.OPEN,
    ) -> Connection[CareTask]:
        page = read_page(first, after, f"care_tasks:{state}", (datetime, UUID))
        key = None if page.after is None else cast("tuple[datetime, UUID]", tuple(page.after))
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url
        async with info.context.reading() as session:
            rows = await care_reads.task_page(
                session, actor, state=state, base_url=base_url, limit=page.limit, after=key
            )
        return build_connection(rows, page, to_node=to_task, to_key=lambda view: (view.due_at, view.id))


@strawberry.type
class CareMutation:
    @strawberry.mutation(
        description="Close a care task with what came of it. For the guide who serves, a manager of the branch, "
        "headquarters and the owner.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def care_task_close(
        self, info: Info, input: Annotated[CareTaskCloseInput, strawberry.argument(description="The task.")]
    ) -> CareTaskCloseResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            task_id = input_id(input.care_task_id, "CareTask", "careTaskId")
            await care_tasks.close(
                session, actor, task_id=task_id, is_done=input.is_done, note=input.note, now=session.now
            )
            return {"id": task_id}

        made = await change(info, "careTaskClose", input, act)
        if isinstance(made, UserError):
            return cast("CareTaskCloseResult", made)
        task = await _task(info, UUID(made["id"]))
        if task is None:
            raise LookupError("a task that was just closed is out of sight")
        return CareTaskClosePayload(care_task=task)


def to_task(view: CareTaskView) -> CareTask:
    return CareTask(
        id=encode_global_id("CareTask", view.id),
        state=view.state,
        reason=view.reason,
        opening_words=view.words,
        opened_at=view.opened_at,
        due_at=view.due_at,
        closed_at=view.closed_at,
        note=view.note,
        view=view,
    )


async def _task(info: Info, *ids: UUID) -> CareTask | None:
    """A task for a customer whom the caller may see whole."""
    if len(ids) != 1:
        return None
    actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url
    async with info.context.reading() as session:
        view = (await care_reads.tasks_by_id(session, actor, ids, base_url=base_url)).get(ids[0])
    return None if view is None else to_task(view)


NODES = {"CareTask": _task}
"""What `node` fetches by the type in a global id."""
