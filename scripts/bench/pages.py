"""The shop's page as a browser opens it, whole and unchanged, beside fixed bytes and the same answer unkept."""

import asyncio
import statistics
import urllib.request
from uuid import UUID

from app.platform.runtime import open_runtime
from app.products import reads
from scripts.bench import load
from scripts.bench.site import Site

ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 8
BOT = "facebookexternalhit/1.1"
"""Not a person: reading the page is measured, not writing the visit."""


def measure(site: Site) -> None:
    """Print requests a second of `/s/{slug}`: kept by the server, rendered anew (by a search), known to the browser."""
    path = f"/s/{site.slug}"
    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}{path}", timeout=10) as answer:
        tag = answer.headers["ETag"]
    agent = {"User-Agent": BOT}
    targets = {
        "kept by the server": (site.port, _get(path, agent), b"</html>"),
        "rendered anew": (site.port, _get(f"{path}?q=%E6%B0%B4", agent), b"</html>"),
        "unchanged (304)": (site.port, _get(path, agent | {"If-None-Match": tag}), b""),
        "a person's visit, kept": (site.port, _get(path, {"User-Agent": "Mozilla/5.0 (iPhone)"}), b"</html>"),
        "fixed bytes": (site.hand_port, _get("/page", agent), b"</html>"),
    }
    runs: dict[str, list[load.Load]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, (port, request, expect) in targets.items():
            runs[name].append(
                asyncio.run(
                    load.run(port, lambda r=request: r, connections=CONNECTIONS, seconds=SECONDS, expect=expect)  # type: ignore[misc]
                )
            )
    rates = {name: statistics.median(run.per_second for run in found) for name, found in runs.items()}
    print(f"shop page, {CONNECTIONS} connections, median of {ROUNDS} rounds of {SECONDS:.0f} s")
    for name, found in runs.items():
        middle = statistics.median(run.p50_ms for run in found)
        refused, ratio = sum(run.refused for run in found), rates[name] / rates["fixed bytes"]
        print(
            f"  {name:26} {rates[name]:8.0f}/s   p50 {middle:6.2f} ms   {ratio:.3f} of fixed bytes   refused {refused}"
        )


def _get(path: str, headers: dict[str, str]) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: {load.HOST}\r\n{more}\r\n".encode()


async def product_of(site: Site) -> UUID:
    """The product of the site's first SKU."""
    async with open_runtime(site.settings) as runtime, runtime.database.reading(site.brand) as session:
        return (await reads.skus_by_id(session, [site.sku_ids[0]]))[site.sku_ids[0]].product_id
