"""The guide's care tasks: customers whose coupon soon runs out, with the words to open with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.marketing import care_reads, care_tasks
from app.marketing.care_tasks import LONGEST_NOTE
from app.marketing.values import CareState
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput, NotFound, UserFault
from app.platform.idempotency import Result
from app.web import answers, care_views, forms, lists, views
from app.web.answers import Refused
from app.web.care_views import CARE
from app.web.guide_pages import require_guide
from app.web.readers import StaffReader


async def show_tasks(reader: StaffReader) -> Response:
    """`GET /guide/care`: open tasks of the customers whom the reader serves, the most urgent first."""
    require_guide(reader)
    return await _page(reader)


async def close_task(reader: StaffReader) -> Response:
    """`POST /guide/care/{task_id}`: done, or not needed, with what came of it."""
    require_guide(reader)
    form = await reader.form()
    task_id = views.id_in(reader.request.path_params["task_id"], "CareTask")
    if task_id is None:
        raise _missing(reader)
    is_done, note = form.text("end") == "done", form.text("note")

    async def act(session: BrandSession) -> Result:
        await care_tasks.close(
            session, reader.actor, task_id=task_id, is_done=is_done, note=note or None, now=session.now
        )
        return {"task_id": str(task_id)}

    done = await reader.change("careTaskClose", act, key=form.text("key"), body=[str(task_id), is_done, note])
    if isinstance(done, NotFound):
        raise _missing(reader)
    if isinstance(done, UserFault):
        return await _page(reader, notice=reader.explain(done), status=422 if isinstance(done, InvalidInput) else 409)
    return answers.see(f"{CARE}?closed=yes")


async def _page(reader: StaffReader, *, notice: str | None = None, status: int = 200) -> Response:
    asked = lists.read(reader.request, "page_care", (datetime, UUID))
    async with reader.reading() as session:
        found = await care_reads.task_page(
            session,
            reader.actor,
            state=CareState.OPEN,
            base_url=reader.runtime.settings.base_url,
            limit=asked.limit,
            served_by=reader.actor.employee_id,
            after=None if asked.after is None else (asked.after[0], asked.after[1]),
        )
    listed = asked.listed(found, lambda view: (view.due_at, view.id))
    values: dict[str, Any] = {
        "tasks": [care_views.task_line(view, reader.say) for view in listed.rows],
        "listed": listed,
        "longest": LONGEST_NOTE,
        "is_closed": reader.request.query_params.get("closed") == "yes",
        "notice": notice,
        "key": forms.new_key(),
    }
    return reader.show("guide_care.html", values, status=status)


def _missing(reader: StaffReader) -> Refused:
    return Refused(answers.missing("page", say=reader.say, href=CARE, label=reader.say("care")))
