"""Operations of a crowd: a few run at once, the others wait in order, nobody waits for ever."""

import asyncio

import pytest

from tests.graphql.tiny import GRAPHQL, Tiny, codes, post


async def test_operations_beyond_the_limit_wait_and_their_own_time_begins_with_their_turn() -> None:
    # Two that run into their time one after the other: the second has the whole of it.
    tiny = Tiny(graphql_at_once=1, graphql_seconds=0.3, graphql_queue_seconds=5)
    began = asyncio.get_running_loop().time()
    answers = await asyncio.gather(
        *(post(tiny, query, accept=GRAPHQL) for query in ("{ slow }", "{ slow }", "{ hello }"))
    )
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert asyncio.get_running_loop().time() - began >= 0.6
    assert tiny.trail.events.count("slow was cancelled") == 2


@pytest.mark.parametrize("turns", [1, 2])
async def test_whoever_waits_too_long_is_told_so_and_nothing_was_begun(turns: int) -> None:
    tiny = Tiny(graphql_at_once=turns, graphql_seconds=0.6, graphql_queue_seconds=0.1)
    running = [asyncio.create_task(post(tiny, "{ slow }")) for _ in range(turns)]
    await asyncio.sleep(0.05)
    begun = tiny.trail.contexts
    waited = await post(tiny, "mutation { act }", accept=GRAPHQL)
    assert (waited.status_code, codes(waited)) == (503, ["TIMEOUT"])
    assert "acted" not in tiny.trail.events and (tiny.trail.contexts, begun) == (turns, turns)
    await asyncio.gather(*running)
    assert (await post(tiny, "mutation { act }")).json() == {"data": {"act": "done"}}
