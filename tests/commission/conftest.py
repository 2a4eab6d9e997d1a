"""What tests of the clients' documents start from, and those of withdrawals."""

import pytest

from app.platform import clock
from app.platform.runtime import Runtime
from tests.commission import wages
from tests.commission.sold import Sale, make_sale
from tests.commission.wages import Office, Watch


@pytest.fixture
async def sale(runtime: Runtime) -> Sale:
    return await make_sale(runtime)


@pytest.fixture
async def office(runtime: Runtime) -> Office:
    return await wages.make_office(runtime)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The wall clock, ahead of the real one by as much as the test turns it."""
    watch = Watch()
    monkeypatch.setattr(clock, "utc_now", watch)
    return watch
