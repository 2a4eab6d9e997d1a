"""When a phone has painted the largest thing on a customer's page: Chromium at 390 × 844 with a processor 4× slower.

Beside it an empty page of fixed bytes in the same browser, which is what no page can do without. The pages are opened
anew each time, with an empty cache.
"""

import asyncio
import statistics
from collections.abc import Sequence

from playwright.async_api import Browser

from graphql_schema.paging import encode_global_id
from scripts.bench.pages import product_of
from scripts.bench.site import Site
from tests.browser.phone import chromium, open_browser, open_phone

SLOWER, ROUNDS = 4, 7
_LARGEST = """() => new Promise(done => {
  let last = 0
  new PerformanceObserver(list => { for (const entry of list.getEntries()) last = entry.startTime })
    .observe({type: 'largest-contentful-paint', buffered: true})
  setTimeout(() => done(last), 400)
})"""


def measure(site: Site) -> None:
    if chromium() is None:
        print("largest paint: no Chromium here")
    else:
        asyncio.run(_measure(site))


async def _measure(site: Site) -> None:
    product = encode_global_id("Product", await product_of(site))
    paths = {"shop": f"/s/{site.slug}", "product": f"/s/{site.slug}/p/{product}", "coupons": f"/s/{site.slug}/coupons"}
    print(f"largest paint with a processor {SLOWER}× slower, median and slowest of {ROUNDS}")
    async with open_browser() as browser:
        bare = await _paints(browser, f"http://127.0.0.1:{site.hand_port}", "/page")
        print(f"  {'fixed bytes':12} {statistics.median(bare):6.0f} ms   {max(bare):6.0f} ms")
        for name, path in paths.items():
            times = await _paints(browser, f"http://127.0.0.1:{site.port}", path)
            ratio = statistics.median(times) / statistics.median(bare)
            print(f"  {name:12} {statistics.median(times):6.0f} ms   {max(times):6.0f} ms   {ratio:.2f} of fixed bytes")


async def _paints(browser: Browser, origin: str, path: str) -> Sequence[float]:
    times = []
    for _ in range(ROUNDS):
        async with open_phone(browser, origin) as phone:
            slow = await phone.page.context.new_cdp_session(phone.page)
            await slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            await phone.page.goto(f"{origin}{path}", wait_until="load")
            times.append(float(await phone.page.evaluate(_LARGEST)))
    return times
