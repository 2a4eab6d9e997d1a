"""A care task as a guide reads it."""

from dataclasses import dataclass
from typing import Final

from app.marketing.care_reads import CareTaskView
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

CARE: Final = "/guide/care"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """An open task as a card; `href` leads to the customer, `action` closes it."""

    name: str
    href: str
    why: str
    words: str
    action: str


def task_line(view: CareTaskView, say: Speech) -> TaskLine:
    return TaskLine(
        name=view.customer_name,
        href=f"/guide/customers/{encode_global_id('Customer', view.customer_id)}",
        why=say("care_unused", title=view.coupon_title, day=say.day(view.due_at)),
        words=view.words,
        action=f"{CARE}/{encode_global_id('CareTask', view.id)}",
    )
