"""The pages behind a client, without the rest of the application."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.platform.runtime import Runtime
from app.web import pages
from tests.web.browser import HOST, PHONE, Browser


def client_of(runtime: Runtime) -> httpx.AsyncClient:
    app = Starlette(routes=pages.routes(runtime), exception_handlers=pages.exception_handlers(runtime))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HOST, headers={"user-agent": PHONE})


@pytest.fixture
async def site(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own for each test: it keeps cookies and follows nothing by itself."""
    async with client_of(runtime) as client:
        yield client


@pytest.fixture
def browser(site: httpx.AsyncClient, runtime: Runtime) -> Browser:
    """The same browser, which follows and fills in forms."""
    return Browser(site, runtime)


@pytest.fixture
async def other_browser(runtime: Runtime) -> AsyncIterator[Browser]:
    """Somebody else's."""
    async with client_of(runtime) as client:
        yield Browser(client, runtime)
