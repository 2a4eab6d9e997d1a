"""What must hold for the rollups at any time, checked on live data; each check names what breaks it."""

from collections.abc import Awaitable, Callable
from typing import Final

import sqlalchemy as sa

from app.boss import rollups, sources
from app.boss.models import RollupFactRow, RollupTable, VisitRollupRow
from app.platform.db import BrandSession


async def rollups_are_what_a_rebuild_gives(session: BrandSession) -> list[str]:
    """Every rollup holds what its sources give for the facts it counts; visits once no event is waiting."""
    waiting = (await session.execute(rollups.pending(session.brand_id))).one().events
    problems: list[str] = []
    for table, source in rollups.all_sources(session).items():
        if table is VisitRollupRow and waiting:
            continue
        problems += [f"{table.__tablename__}: {line}" for line in await _differences(session, table, source)]
    return problems


async def every_fact_is_counted(session: BrandSession) -> list[str]:
    """Once no event is waiting the rollups count every fact that there is; they never count another."""
    waiting = (await session.execute(rollups.pending(session.brand_id))).one().events
    facts = sa.union_all(*sources.facts(session.brand_id).values()).subquery("fact")
    counted = sa.select(RollupFactRow.kind, RollupFactRow.subject_id).where(RollupFactRow.brand_id == session.brand_id)
    there = sa.select(facts.c.kind, facts.c.subject_id)
    problems = [f"{row[0]} {row[1]}: there is no such fact" for row in await session.execute(counted.except_(there))]
    if not waiting:
        problems += [f"{row[0]} {row[1]}: not counted" for row in await session.execute(there.except_(counted))]
    return problems


CHECKS: Final[dict[str, Callable[[BrandSession], Awaitable[list[str]]]]] = {
    "rollups are what a rebuild gives": rollups_are_what_a_rebuild_gives,
    "every fact is counted once": every_fact_is_counted,
}


async def _differences(session: BrandSession, table: RollupTable, source: sources.Rows) -> list[str]:
    names = [column.name for column in source.selected_columns]
    live = sa.select(*(getattr(table, name) for name in names)).where(table.brand_id == session.brand_id)
    rebuilt = sa.select(*source.subquery("rebuilt").c)
    extra = await session.execute(live.except_(rebuilt))
    missing = await session.execute(rebuilt.except_(live))
    return [f"has {_text(row)}" for row in extra] + [f"lacks {_text(row)}" for row in missing]


def _text(row: sa.Row[*tuple[object, ...]]) -> str:
    return " ".join(str(value) for value in row[1:])
