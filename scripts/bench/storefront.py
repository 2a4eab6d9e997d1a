"""The storefront read (`ShopPage`, 24 products of 2 SKUs) beside a hand-written endpoint and beside fixed bytes."""

import asyncio
import statistics
import urllib.request
from pathlib import Path

import orjson

from scripts.bench import load
from scripts.bench.documents import operation
from scripts.bench.site import Site

ROUNDS, SECONDS, CONNECTIONS = 3, 3.0, 8


def measure(site: Site) -> None:
    """Print requests a second, latencies and ratios; the three take turns, so that a slow moment hits all."""
    body = orjson.dumps({"query": operation("ministore.graphql", "ShopPage"), "variables": {"slug": site.slug}})
    targets = {
        "API (ShopPage)": (site.port, "/graphql"),
        "hand-written, same reads": (site.hand_port, "/shop"),
        "fixed bytes": (site.hand_port, "/fixed"),
    }
    _check_same_answer(site, body)
    results: dict[str, list[load.Load]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, (port, path) in targets.items():
            request = load.post(path, body)
            results[name].append(
                asyncio.run(
                    load.run(port, lambda r=request: r, connections=CONNECTIONS, seconds=SECONDS, expect=b'"shop"')  # type: ignore[misc]
                )
            )
    print(f"storefront read, {CONNECTIONS} connections, median of {ROUNDS} rounds of {SECONDS:.0f} s")
    rates = {name: statistics.median(r.per_second for r in runs) for name, runs in results.items()}
    for name, runs in results.items():
        middle = statistics.median(r.p50_ms for r in runs), statistics.median(r.p99_ms for r in runs)
        refused = sum(r.refused for r in runs)
        print(
            f"  {name:26} {rates[name]:8.0f}/s   p50 {middle[0]:6.2f} ms   p99 {middle[1]:6.2f} ms   refused {refused}"
        )
    api = rates["API (ShopPage)"]
    for name in list(targets)[1:]:
        print(f"  API / {name}: {api / rates[name]:.3f}")


def _check_same_answer(site: Site, body: bytes) -> None:
    """The limit counts only if it gives the same answer."""
    answers = []
    for port, path in ((site.port, "/graphql"), (site.hand_port, "/shop")):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json", "Accept": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answers.append(orjson.loads(answer.read()))
    if answers[0] != answers[1]:
        Path("bench-api.json").write_bytes(orjson.dumps(answers[0], option=orjson.OPT_INDENT_2))
        Path("bench-hand.json").write_bytes(orjson.dumps(answers[1], option=orjson.OPT_INDENT_2))
        raise SystemExit("the hand-written endpoint gives another answer: see bench-api.json and bench-hand.json")
