"""The stage on which permissions are tried: one for each module, since mutations change it."""

import httpx
import pytest

from app.platform.runtime import Runtime
from tests.graphql.authorisation_quotations import promise
from tests.graphql.stage import Stage, build


@pytest.fixture(scope="module")
async def stage(runtime: Runtime, http: httpx.AsyncClient) -> Stage:
    built = await build(runtime, http)
    built.ids["quotation"], built.codes["quotation"] = await promise(built)
    return built
