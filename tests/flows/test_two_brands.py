"""Two brands that lived the same story, down to equal ids: no row of one crosses into the other.

Once with row level security, as the program is served; once with the filters alone, as a role that no policy stops.
"""

import dataclasses
import inspect
import pkgutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import pytest

import app
from app.platform.db import Database
from app.platform.runtime import Runtime
from tests.flows import twin_reads, twin_rows, twin_writes, twins
from tests.flows.twins import NOW, Tale

pytestmark = pytest.mark.xdist_group("two brands")  # the last test looks at what the others called

OUTSIDE = (
    *("app.cli", "app.demo", "app.imports", "app.main", "app.platform"),
    *("app.product_commands", "app.verify", "app.web", "app.worker"),
)
"""Packages that compose the others, or that have no rows of a brand's own."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """The two stories. `alone`: what every read said of the first before the second began."""

    first: Tale
    second: Tale
    alone: dict[str, str]


@pytest.fixture(scope="module", autouse=True)
def equal_ids() -> Iterator[None]:
    with twins.equal_ids():
        yield


@pytest.fixture(scope="module")
async def pair(runtime: Runtime) -> Pair:
    first = await twins.tell(runtime, "甲", price_minor=11_100, stock_pieces=30)
    async with runtime.database.reading(first.brand, now=NOW) as session:
        alone = await twin_reads.read_all(session, first)
    second = await twins.tell(runtime, "乙", price_minor=7_700, stock_pieces=45, has_epilogue=True)
    return Pair(first, second, alone)


@pytest.fixture(params=["row level security", "filters alone"])
async def guarded(request: pytest.FixtureRequest, runtime: Runtime) -> AsyncIterator[Runtime]:
    """The program as it is served, and on a role that row level security does not stop."""
    if request.param == "row level security":
        yield runtime
        return
    database = Database(request.getfixturevalue("bypass_url"), runtime.settings, runtime.secrets, pool_size=3)
    yield dataclasses.replace(runtime, database=database)
    await database.close()


CALLED: set[str] = set()
DONE: set[str] = set()


@contextmanager
def noting_calls(name: str) -> Iterator[None]:
    """Remember which of the program's functions run in the block of that name."""

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            CALLED.add(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
    DONE.add(name)


def services() -> set[str]:
    """Every public coroutine that works on a brand's rows: its first argument is a session, or runtime and brand."""
    found = set()
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.startswith(OUTSIDE) or module.name == "app.__main__":
            continue
        for name, function in vars(import_module(module.name)).items():
            if inspect.iscoroutinefunction(function) and function.__module__ == module.name and name[0] != "_":
                first, *others = inspect.signature(function).parameters
                if first == "session" or (first == "runtime" and others[:1] == ["brand"]):
                    found.add(f"{module.name}.{name}")
    return found


def test_every_row_of_the_first_has_a_twin_of_equal_id_in_the_second(pair: Pair, owner_url: str) -> None:
    first, second = (twin_rows.keys(owner_url, tale.brand) for tale in (pair.first, pair.second))
    # Buckets are named by hashes, in which the brand takes part.
    first.pop("rate_bucket"), second.pop("rate_bucket")
    assert [name for name, found in first.items() if not found or not found <= second[name]] == []
    assert pair.first.ids == pair.second.ids
    assert not set(pair.first.tokens.values()) & set(pair.second.tokens.values())


def test_the_twins_differ_in_what_they_hold(pair: Pair, owner_url: str) -> None:
    first, second = (twin_rows.hashes(owner_url, tale.brand) for tale in (pair.first, pair.second))
    assert set(first) == {*twin_rows.tenant_names(), "directory"}
    assert [name for name in first if first[name] == second[name]] == []


async def test_every_read_says_of_a_brand_what_it_said_before_the_other_existed(guarded: Runtime, pair: Pair) -> None:
    async with guarded.database.reading(pair.first.brand, now=NOW) as session:
        with noting_calls("reads"):
            found = await twin_reads.read_all(session, pair.first)
    assert found == pair.alone
    assert [name for name, text in found.items() if "乙" in text] == []


async def test_every_read_of_the_other_brand_gives_its_own(guarded: Runtime, pair: Pair) -> None:
    async with guarded.database.reading(pair.second.brand, now=NOW) as session:
        found = await twin_reads.read_all(session, pair.second)
    assert set(found) == set(pair.alone)
    assert [name for name, text in found.items() if "甲" in text] == []
    only_ids_or_counts = [name for name, text in found.items() if text == pair.alone[name]]
    assert len(only_ids_or_counts) < len(found) / 2


@pytest.mark.parametrize("name", twin_writes.WRITES)
async def test_no_write_touches_a_row_of_the_other_brand(
    guarded: Runtime, pair: Pair, owner_url: str, name: str
) -> None:
    mine, theirs = (twin_rows.hashes(owner_url, tale.brand) for tale in (pair.second, pair.first))
    with noting_calls(name):
        await twin_writes.WRITES[name](guarded, pair.second)
    assert twin_rows.hashes(owner_url, pair.first.brand) == theirs
    assert twin_rows.hashes(owner_url, pair.second.brand) != mine
    async with guarded.database.reading(pair.second.brand, now=NOW) as session:
        assert await twin_reads.broken(session) == {}


async def test_another_brand_is_founded_beside_them(guarded: Runtime, pair: Pair, owner_url: str) -> None:
    before = [twin_rows.hashes(owner_url, tale.brand) for tale in (pair.first, pair.second)]
    with noting_calls("founding"):
        await twin_writes.found_another(guarded, pair.first)
    assert [twin_rows.hashes(owner_url, tale.brand) for tale in (pair.first, pair.second)] == before


async def test_first_brand_still_reads_the_same_after_all_that_the_other_did(guarded: Runtime, pair: Pair) -> None:
    async with guarded.database.reading(pair.first.brand, now=NOW) as session:
        assert await twin_reads.read_all(session, pair.first) == pair.alone


def test_no_service_was_left_out() -> None:
    """A new service gets a line in `twin_reads` or `twin_writes`. Stands last: it looks at what the others did."""
    if not {"reads", "founding", *twin_writes.WRITES} <= DONE:
        pytest.skip("some of the tests above did not run")
    assert len(services()) > 90
    assert sorted(services() - CALLED) == []
