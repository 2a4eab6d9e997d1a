"""One installation and one browser for all walks; a test that finds no browser says so."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests import factories
from tests.browser.phone import Phone, open_browser, open_phone, required_chromium
from tests.factories import Scene
from tests.flows.servers import Installation, installed


@pytest.fixture(scope="session")
async def site() -> AsyncIterator[Installation]:
    """A server and a worker, each a process."""
    required_chromium()
    async with installed() as installation:
        await installation.start()
        yield installation


@pytest.fixture(scope="session")
async def browser(site: Installation) -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest.fixture
async def shop(site: Installation) -> Scene:
    """A brand of the test's own on the site: a store, two guides and something to sell."""
    return await factories.make_scene(site.runtime.database)


@pytest.fixture
async def phone(browser: Browser, site: Installation) -> AsyncIterator[Phone]:
    """A customer's phone on which nobody is signed in; whatever goes wrong on it fails the test at its end."""
    async with open_phone(browser, site.base_url) as opened:
        yield opened
        opened.assert_sound()
