"""The root field of the dashboard: every figure and breakdown that is asked for is read at one instant."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import strawberry

from app.boss import breakdowns, dashboard, scopes
from app.boss.scopes import Scope
from app.boss.values import BreakdownBy, Period
from app.platform import messages
from app.platform.db import BrandSession
from app.platform.errors import UserFault
from graphql_schema.boss.inputs import DashboardInput
from graphql_schema.boss.types import Breakdown, Dashboard, rows_of, to_breakdown, to_dashboard
from graphql_schema.context import Info
from graphql_schema.errors import BadUserInput
from graphql_schema.permissions import MANAGERS, Requires


@strawberry.type
class BossQuery:
    @strawberry.field(
        description="The figures of a period: of the brand, for owner and headquarters; of the own branch and less, "
        "for managers.",
        extensions=[Requires(MANAGERS)],
    )
    async def dashboard(
        self, info: Info, input: Annotated[DashboardInput, strawberry.argument(description="Period and scope.")]
    ) -> Dashboard:
        context = info.context
        actor, brand = await context.actor(), await context.brand()
        try:
            wanted = input.wanted()
            async with context.runtime.database.reading(brand, is_snapshot=True) as session:
                period = dashboard.period_of(session, preset=input.preset, first=input.from_, last=input.to)
                scope = await scopes.scope_of(
                    session,
                    actor,
                    org_unit_id=wanted.org_unit_id,
                    store_id=wanted.store_id,
                    guide_id=wanted.guide_id,
                )
                found = await dashboard.figures(session, scope, period)
                read = await _breakdowns(info, session, scope, period)
        except UserFault as fault:
            text = messages.text(fault.key, context.language, **fault.facts)
            raise BadUserInput(text, argument=".".join(fault.path)) from fault
        return to_dashboard(found, period, read, brand.currency)


async def _breakdowns(
    info: Info, session: BrandSession, scope: Scope, period: Period
) -> dict[tuple[BreakdownBy, int], Breakdown]:
    """The breakdowns in the selection, each once."""
    read: dict[tuple[BreakdownBy, int], Breakdown] = {}
    for arguments in _asked(info.selected_fields):
        by, first = BreakdownBy(arguments["by"]), rows_of(arguments.get("first"))
        if (by, first) not in read:
            rows = await breakdowns.breakdown(session, scope, period, by, first=first)
            read[by, first] = to_breakdown(rows, by, session.brand.currency, info.context.language)
    return read


def _asked(selections: Iterable[Any], *, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The arguments of every `breakdown` right below the current field, in fragments too."""
    for selection in selections:
        if hasattr(selection, "arguments") and depth == 1:
            if selection.name == "breakdown":
                yield selection.arguments
        elif hasattr(selection, "arguments"):
            yield from _asked(selection.selections, depth=1)
        else:
            yield from _asked(selection.selections, depth=depth)
