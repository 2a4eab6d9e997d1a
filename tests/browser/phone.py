"""A phone's browser: Debian's Chromium, driven by Playwright, with what every page must keep.

Whatever a page logs as an error, asks of another origin or weighs is noted; `assert_sound` says what broke.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, async_playwright

WIDTH, HEIGHT = 390, 844
NARROW = 320
HEAVIEST_PAGE_BYTES = 150 * 1024
SERIOUS = {"serious", "critical"}
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""The folder where pictures go; none are made without one."""

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Fonts and pictures are drawn alike everywhere, so that screenshots can be compared.
    "--font-render-hinting=none",
)


def chromium() -> str | None:
    """Where a Chromium is: CHROMIUM names it, or the system has one."""
    return os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


def required_chromium() -> str:
    """The browser's path; skips where there is none, and fails where one is required (REQUIRE_BROWSER)."""
    found = chromium()
    if found is None:
        reason = "no Chromium is installed (apt install chromium, or CHROMIUM=/path/to/it)"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@dataclass
class Phone:
    """One person's phone: a page with cookies of its own, and notes of what went wrong on it."""

    page: Page
    origin: str
    problems: list[str] = field(default_factory=list)
    is_scripted: bool = True
    """False: the phone runs no scripts, so accessibility cannot be looked at there."""
    _weights: dict[str, int] = field(default_factory=dict)

    def watch(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._note_request)
        self.page.on("response", self._note_response)

    async def goto(self, path: str) -> None:
        """Open a path of the site; notes the page's whole weight."""
        self._weights.clear()
        await self.page.goto(f"{self.origin}{path}" if path.startswith("/") else path)
        await self.weigh()

    async def weigh(self) -> None:
        """Note the page that is shown now if it is too heavy, with all that it loaded since the last look."""
        await self.page.wait_for_load_state("networkidle")
        total = sum(self._weights.values())
        if total > HEAVIEST_PAGE_BYTES:
            self.problems.append(f"{self.page.url}: {total} bytes")
        self._weights.clear()

    async def look(self, name: str) -> None:
        """Check accessibility of the page that is shown, and take its picture where SCREENSHOTS says so."""
        if self.is_scripted:
            await self._look_with_scripts(name)
        if SCREENSHOTS is not None:
            await self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)

    async def look_every_way(self, name: str) -> None:
        """Look at the page in light and dark, and on the narrowest screen."""
        ways: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", WIDTH), ("dark", WIDTH), ("light", NARROW))
        for scheme, width in ways:
            await self.page.emulate_media(color_scheme=scheme)
            await self.page.set_viewport_size({"width": width, "height": HEIGHT})
            await self.look(f"{name}-{scheme}-{width}")

    async def _look_with_scripts(self, name: str) -> None:
        found = await Axe().run(self.page)
        for violation in found.response["violations"]:
            if violation["impact"] in SERIOUS:
                targets = [node["target"] for node in violation["nodes"]][:3]
                self.problems.append(f"{name}: {violation['id']} ({violation['impact']}) at {targets}")
        overflow = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if overflow > 0:
            self.problems.append(f"{name}: {overflow} px wider than the screen")

    def assert_sound(self) -> None:
        assert self.problems == [], "\n".join(self.problems)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{self.page.url}: {message.type}: {message.text}")

    def _note_request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and f"{where.scheme}://{where.netloc}" != self.origin:
            self.problems.append(f"{self.page.url}: asks {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.url}: {response.status}")
        self._weights[response.url] = int(response.headers.get("content-length", "0"))


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """The browser, for as long as the block runs."""
    path = required_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_phone(
    browser: Browser, origin: str, *, scheme: Literal["light", "dark"] = "light", width: int = WIDTH, **more: Any
) -> AsyncIterator[Phone]:
    """A new phone: nobody is signed in on it. `more`: options of the browser's context."""
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        locale="zh-CN",
        color_scheme=scheme,
        is_mobile=True,
        has_touch=True,
        **more,
    )
    try:
        phone = Phone(await context.new_page(), origin, is_scripted=more.get("java_script_enabled", True))
        phone.watch()
        yield phone
    finally:
        await context.close()
