"""Valkey (or Redis): wake-ups and live messages. Only hints travel here: flush it and nothing is lost."""

import logging
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

HINTS = "outbox:hints"


class Bus:
    """One process's connection to Valkey."""

    def __init__(self, url: str) -> None:
        self.redis: Redis = Redis.from_url(url, socket_timeout=20, socket_connect_timeout=2, health_check_interval=30)

    async def close(self) -> None:
        await self.redis.aclose()

    async def hint(self, brand_id: UUID) -> None:
        """Say that a brand has outbox events; a failure only makes the relay's sweep find them later."""
        try:
            await self.redis.lpush(HINTS, str(brand_id))  # type: ignore[misc]
            await self.redis.ltrim(HINTS, 0, 9_999)  # type: ignore[misc]
        except (RedisError, OSError) as error:
            log.warning("no hint sent", extra={"error": repr(error)})

    async def next_hint(self, timeout_seconds: float) -> UUID | None:
        """The next brand with work, or None when nobody called within the time."""
        found = await self.redis.brpop([HINTS], timeout=timeout_seconds)  # type: ignore[misc, arg-type]
        return UUID(found[1].decode()) if found else None

    async def publish(self, channel: str, message: dict[str, Any]) -> None:
        """Send a live message of ids and amounts to whoever listens now."""
        await self.redis.publish(channel, orjson.dumps(message))

    async def listen(self, channel: str) -> AsyncGenerator[dict[str, Any], None]:
        """Live messages of a channel until the caller stops."""
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(channel)
            while True:
                found = await pubsub.get_message(ignore_subscribe_messages=True, timeout=10.0)
                if found is not None:
                    yield orjson.loads(found["data"])


def guide_channel(brand_id: UUID, guide_id: UUID) -> str:
    return f"pulse:{brand_id}:guide:{guide_id}"


def sales_channel(brand_id: UUID) -> str:
    return f"pulse:{brand_id}:sales"
