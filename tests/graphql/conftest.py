"""The stage on which permissions are tried: one for each module, since mutations change it."""

import httpx
import pytest

from app.platform.runtime import Runtime
from tests.graphql.authorisation_quotations import built
from tests.graphql.stage import Stage


@pytest.fixture(scope="module")
async def stage(runtime: Runtime, http: httpx.AsyncClient) -> Stage:
    return await built(runtime, http)
