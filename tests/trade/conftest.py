"""Trade over the API: a client, its callers, and the routes beside GraphQL."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from app.platform.runtime import Runtime
from app.web import callbacks, sandbox
from tests import factories
from tests.employees.api import Api, make_api
from tests.factories import Scene
from tests.trade import purchase
from tests.trade.calls import Callers


@pytest.fixture
async def api(runtime: Runtime) -> Api:
    return make_api(runtime)


@pytest.fixture
async def outside(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The routes beside GraphQL: the sandbox's, and the callbacks'."""
    async with purchase.client_of(Starlette(routes=[*callbacks.routes(runtime), *sandbox.routes(runtime)])) as client:
        yield client


@pytest.fixture
async def callers(runtime: Runtime, scene: Scene) -> Callers:
    database = runtime.database
    stranger = await factories.make_scene(database)
    async with database.transaction(scene.brand) as session:
        customer_id, other_id = [await factories.make_customer(session) for _ in range(2)]

    async def key(principal_id: UUID, audience: str = "EMPLOYEE", of: Scene = scene) -> str:
        return await factories.token_for(runtime, of.brand, principal_id, audience)

    return Callers(
        customer=await key(customer_id, "CUSTOMER"),
        other_customer=await key(other_id, "CUSTOMER"),
        guide=await key(scene.guide.employee_id),
        other_guide=await key(scene.other_guide.employee_id),
        owner=await key(scene.owner_id),
        stranger=await key(stranger.owner_id, of=stranger),
        customer_id=customer_id,
    )
