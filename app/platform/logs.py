"""Structured logs: one JSON object a line on stderr, without personal data (ids only, and no request bodies)."""

import logging
import sys
from typing import Any

import structlog

_HIDDEN = frozenset(
    {
        "phone",
        "code",
        "token",
        "authorization",
        "cookie",
        "address",
        "street",
        "name",
        "recipient",
        "openid",
        "note",
        "password",
        "secret",
        "body",
    }
)
"""Last words of the fields that are not shown: `phone`, and `owner_phone` as well."""


def set_up_logs(level: str = "info") -> None:
    """Send every logger of this process through structlog."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _drop_colours,
        _hide_personal_data,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_wanted)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    # Loggers made by structlog itself take the same way.
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "httpx", "httpcore", "alembic.runtime.migration", "arq.worker"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _is_wanted(record: logging.LogRecord) -> bool:
    """Not uvicorn's lines about opened sockets: they hold the caller's address and the whole query string."""
    return record.name != "uvicorn.error" or '"WebSocket ' not in str(record.msg)


def _drop_colours(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """uvicorn sends each message a second time, with colours for a terminal."""
    event.pop("color_message", None)
    return event


def _hide_personal_data(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    return _hidden(event)


def _hidden(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: "***"
        if str(key).lower().rsplit("_", 1)[-1] in _HIDDEN
        else _hidden(value)
        if isinstance(value, dict)
        else value
        for key, value in values.items()
    }
