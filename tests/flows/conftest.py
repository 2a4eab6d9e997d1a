"""One installation with a server and a worker for all tests that only use them; those that kill have their own."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.clients import Line, line_to
from tests.flows.servers import Installation, installed


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Installation]:
    """A server and a worker, each a process."""
    async with installed() as installation:
        await installation.start()
        yield installation


@pytest.fixture
async def line(running: Installation) -> AsyncIterator[Line]:
    async with line_to(running.base_url) as opened:
        yield opened
