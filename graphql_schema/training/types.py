"""Training tasks and messages to staff, as the first clients name them; no task is published yet: empty lists."""

from datetime import datetime
from enum import StrEnum
from typing import Never
from uuid import UUID

import strawberry

from graphql_schema.paging import Connection, Edge, Node, PageInfo, build_connection, read_page


@strawberry.enum(description="State of a task given to one person. New values may be added.")
class TrainingState(StrEnum):
    SCHEDULED = "SCHEDULED"
    PUSHED = "PUSHED"
    OPENED = "OPENED"
    IN_PROGRESS = "IN_PROGRESS"
    SUBMITTED = "SUBMITTED"
    PASSED = "PASSED"
    RETURNED = "RETURNED"
    OVERDUE = "OVERDUE"
    ESCALATED = "ESCALATED"
    WAIVED = "WAIVED"
    CANCELLED = "CANCELLED"


@strawberry.enum(description="What a task asks for: learn, sit an exam, do and prove, or promote.")
class TrainingTaskKind(StrEnum):
    LEARN = "LEARN"
    EXAM = "EXAM"
    PROVE = "PROVE"
    PROMOTE = "PROMOTE"


@strawberry.enum(description="State of a task as a whole.")
class TrainingTaskState(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


@strawberry.enum(description="How a question is answered.")
class QuestionKind(StrEnum):
    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"
    TRUE_FALSE = "TRUE_FALSE"


@strawberry.enum(description="What became of a submission.")
class SubmissionOutcome(StrEnum):
    WAITING = "WAITING"
    PASSED = "PASSED"
    RETURNED = "RETURNED"
    FAILED = "FAILED"


@strawberry.enum(description="What a message is about. New values may be added.")
class MessageKind(StrEnum):
    TRAINING = "TRAINING"
    ORDER = "ORDER"
    CUSTOMER = "CUSTOMER"
    COMMISSION = "COMMISSION"
    ALERT = "ALERT"
    NOTICE = "NOTICE"


@strawberry.type(description="One answer to choose.")
class Choice:
    id: strawberry.ID = strawberry.field(description="Names the choice in an answer.")
    text: str = strawberry.field(description="Up to 200 characters.")


@strawberry.type(description="A question of an exam.")
class Question:
    id: strawberry.ID = strawberry.field(description="Names the question in an answer.")
    text: str = strawberry.field(description="Up to 1,000 characters.")
    kind: QuestionKind = strawberry.field(description="How it is answered.")
    choices: list[Choice] = strawberry.field(description="At most 10, in order.")


@strawberry.type(description="A training task of headquarters.")
class TrainingTask(Node):
    title: str = strawberry.field(description="Up to 100 characters.")
    kind: TrainingTaskKind = strawberry.field(description="What it asks for.")
    state: TrainingTaskState = strawberry.field(description="Whether it runs.")
    body: str | None = strawberry.field(description="Up to 20,000 characters.")
    due_at: datetime | None = strawberry.field(description="The deadline; null: none.")
    questions: list[Question] = strawberry.field(description="Of an exam, at most 100, in order; else empty.")


@strawberry.type(description="What somebody handed in for a task.")
class TrainingSubmission(Node):
    submitted_at: datetime = strawberry.field(description="When it was handed in.")
    score_percent: int | None = strawberry.field(description="Of an exam: 0 to 100.")
    outcome: SubmissionOutcome = strawberry.field(description="What became of it.")
    comment: str | None = strawberry.field(description="The reviewer's words, up to 1,000 characters.")


@strawberry.type(description="A task given to one person.")
class TrainingAssignment(Node):
    state: TrainingState = strawberry.field(description="How far it has come.")
    due_at: datetime | None = strawberry.field(description="The deadline; null: none.")
    attempts_left: int | None = strawberry.field(description="Of an exam; null: not counted.")
    task: TrainingTask = strawberry.field(description="The task.")
    submissions: list[TrainingSubmission] = strawberry.field(description="The latest first, at most 20.")


@strawberry.type(description="A message to an employee.")
class InboxMessage(Node):
    kind: MessageKind = strawberry.field(description="What it is about.")
    title: str = strawberry.field(description="Up to 100 characters.")
    body: str | None = strawberry.field(description="Up to 2,000 characters.")
    sent_at: datetime = strawberry.field(description="When it was sent.")
    read_at: datetime | None = strawberry.field(description="When it was first read; null: not yet.")
    subject: Node | None = strawberry.field(description="What it speaks of, where that is one thing.")


@strawberry.type(description="A page of messages.")
class InboxMessageConnection:
    unread_count: int = strawberry.field(description="Messages not read yet, in the whole inbox.")
    total_count: int | None = strawberry.field(description="Messages in the whole inbox.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    edges: list[Edge[InboxMessage]] = strawberry.field(description="The messages, the latest first.")


def no_assignments(first: int | None, after: str | None) -> Connection[TrainingAssignment]:
    """The page of somebody who was given no task. Raises: BadUserInput."""
    page = read_page(first, after, "training_assignments", (datetime, UUID))
    return build_connection([], page, to_node=_never, to_key=_never, total_count=0)


def no_messages(first: int | None, after: str | None) -> InboxMessageConnection:
    """The page of an empty inbox. Raises: BadUserInput."""
    page = read_page(first, after, "inbox", (datetime, UUID))
    empty: Connection[InboxMessage] = build_connection([], page, to_node=_never, to_key=_never, total_count=0)
    return InboxMessageConnection(unread_count=0, total_count=0, page_info=empty.page_info, edges=empty.edges)


def _never(row: object) -> Never:
    raise LookupError("an empty page has no row")
