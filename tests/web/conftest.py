"""The customer's pages behind a client, without the rest of the application."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from app.platform.runtime import Runtime
from app.web import pages


@pytest.fixture
async def site(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of its own for each test: it keeps cookies and follows nothing by itself."""
    app = Starlette(routes=pages.routes(runtime), exception_handlers=pages.exception_handlers(runtime))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield client
