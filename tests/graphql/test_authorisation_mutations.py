"""Every mutation as every caller: done for whom the table says, refused for the others without a trace."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.platform.tables import import_models
from tests import factories, statements
from tests.graphql.authorisation_mutations import ATTEMPTS, Attempt
from tests.graphql.stage import CALLERS, Stage

LETTERS = {
    "UNAUTHENTICATED": "U",
    "FORBIDDEN": "F",
    "BAD_USER_INPUT": "B",
    "NotFound": "X",
    "InvalidInput": "I",
    "AmountTooLarge": "A",
}


def document(field: str) -> str:
    return (
        f"mutation ($input: {field[0].upper()}{field[1:]}Input!) "
        f"{{ {field}(input: $input) {{ __typename ... on UserError {{ code message path }} }} }}"
    )


async def send(stage: Stage, caller: str, attempt: Attempt, given: dict[str, Any]) -> str:
    """One call; signing out ends a session of its own."""
    kept = stage.tokens.get(caller)
    if attempt.field == "signOut" and kept is not None:
        brand = stage.other_brand if caller == "owner_of_other_brand" else stage.brand
        audience = "CUSTOMER" if "customer" in caller else "EMPLOYEE"
        stage.tokens[caller] = await factories.token_for(stage.runtime, brand, stage.people[caller], audience)
    answer = await stage.ask(caller, document(attempt.field), input=given)
    if kept is not None:
        stage.tokens[caller] = kept
    if "errors" in answer:
        [error] = answer["errors"]
        return LETTERS.get(error["extensions"]["code"], str(error))
    name = answer["data"][attempt.field]["__typename"]
    is_done = name == f"{attempt.field[0].upper()}{attempt.field[1:]}Payload"
    return "O" if is_done else LETTERS.get(name, str(answer["data"]))


async def footprint(stage: Stage) -> dict[str, tuple[int, int]]:
    """Number and contents of the rows of every table that says whose brand a row is, in one statement."""
    tables = sorted(table.name for table in import_models().tables.values() if "brand_id" in table.c)
    assert len(tables) > 30
    parts = [
        f"SELECT '{name}', count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM \"{name}\" t "
        "WHERE t.brand_id = :brand"
        for name in tables
    ]
    async with stage.runtime.database.reading(stage.brand) as session:
        with statements.unguarded():
            rows = await session.execute(
                sa.text(" UNION ALL ".join(parts)).bindparams(sa.bindparam("brand", stage.brand.id, sa.Uuid()))
            )
            return {row[0]: (row[1], row[2]) for row in rows}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: f"{attempt.field} {attempt.about}".strip())
async def test_mutation_is_done_for_whom_the_table_says_and_leaves_no_trace_of_others(
    stage: Stage, attempt: Attempt
) -> None:
    expected = dict(zip(CALLERS, attempt.outcomes.split(), strict=True))
    refused = [caller for caller in CALLERS if expected[caller] != "O"]
    inputs = {caller: await attempt.prepare(stage, caller) for caller in refused}
    seen: dict[str, str] = {}
    before = await footprint(stage)
    for caller in refused:
        seen[caller] = await send(stage, caller, attempt, inputs[caller])
        if (seen[caller], expected[caller]) == ("O", "E"):
            seen[caller] = "E"
    assert await footprint(stage) == before
    for caller in CALLERS:
        if caller not in refused:
            seen[caller] = await send(stage, caller, attempt, await attempt.prepare(stage, caller))
    assert seen == expected
    assert await footprint(stage) != before


async def test_change_of_one_value_shows_in_the_footprint(stage: Stage) -> None:
    """What proves that nothing was changed can itself fail."""
    before = await footprint(stage)
    made = await stage.as_("guide").do("ShelfItemUpdate", shelfItemId=stage.ids["item"], position=7)
    assert made["shelfItem"]["position"] == 7
    after = await footprint(stage)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"shelf_item", "shop"}
