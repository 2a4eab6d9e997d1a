"""Named points where a fault test can hold a process, to kill it. Off unless PAUSE_AT is set; never in production."""

import asyncio
import logging

from app.platform.settings import load_settings

log = logging.getLogger(__name__)


async def pause_point(name: str) -> None:
    """Sleep here if PAUSE_AT is `name:seconds`; a line on the log says that the point was reached."""
    settings = load_settings()
    if not settings.pause_at or settings.is_production:
        return
    point, _, seconds = settings.pause_at.partition(":")
    if point == name:
        log.warning("paused at a named point", extra={"point": name})
        await asyncio.sleep(float(seconds or 30))
