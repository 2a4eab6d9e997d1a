"""A small HTTP/1.1 load generator: keep-alive connections to 127.0.0.1, bounded in time, cheap to run."""

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"

Flow = Generator[bytes, bytes, bool]
"""Requests that follow from each other: gives one, is sent the body of its answer, returns whether all went well."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of requests gave. Times: milliseconds."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    """Answers that were not as expected."""


def post(path: str, body: bytes, token: str | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """A request as bytes."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    key = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n{key}{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def run(port: int, make_request: Callable[[], bytes], *, connections: int, seconds: float, expect: bytes) -> Load:
    """Send as fast as `connections` allow for `seconds`; an answer without `expect` in it is counted as refused."""

    def one() -> Flow:
        return expect in (yield make_request())

    return await run_flows(port, one, connections=connections, seconds=seconds)


async def run_flows(
    port: int, make_flow: Callable[[], Flow], *, connections: int, seconds: float, every_seconds: float = 0.0
) -> Load:
    """Run flows of requests, each connection one after the other; counted and timed as wholes.

    `every_seconds`: a connection begins a flow no sooner than so long after it began the one before.
    """
    times: list[float] = []
    refused = 0
    ends_at = time.perf_counter() + seconds

    async def hold() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection(HOST, port)
        while (began := time.perf_counter()) < ends_at:
            flow = make_flow()
            request = next(flow)
            try:
                while True:
                    writer.write(request)
                    request = flow.send(await body(reader))
            except StopIteration as end:
                refused += not end.value
            times.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, every_seconds - times[-1]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(hold() for _ in range(connections)))
    took = time.perf_counter() - began
    ordered = sorted(times)
    return Load(
        requests=len(times),
        per_second=len(times) / took,
        p50_ms=ordered[len(ordered) // 2] * 1000,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        refused=refused,
    )


async def body(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.split(b" ", 2)[1] == b"304":
        return b""
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return await reader.readexactly(length)
