"""Messages by other ways than text messages. The sandbox writes them to a file; a provider's client takes its place.

The sandbox knows people by their phones; providers have ids of their own for them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.platform import clock
from app.platform.integrations.sandbox_lines import append_once
from app.platform.settings import Settings

PUSH_FILE = "push.jsonl"


@dataclass(frozen=True, slots=True)
class PushMessage:
    """A message to one person. `id` is the sender's own: sent twice under it, a message should arrive once."""

    id: UUID
    to: str
    channel: str
    text: str


class PushSender(Protocol):
    """Whoever carries messages. Blocks: call it in a thread."""

    def send(self, message: PushMessage) -> None: ...


class PushNotConfigured(RuntimeError):
    """Production has no provider for messages of this kind."""


class SandboxPush:
    """Appends each message to a file as a JSON line with `id`, `at`, `to`, `channel` and `text`, once for each id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, message: PushMessage) -> None:
        fields = {"at": clock.utc_now(), "to": message.to, "channel": message.channel, "text": message.text}
        append_once(self.path, message.id, fields)


class _NoPush:
    def send(self, message: PushMessage) -> None:
        raise PushNotConfigured("no provider for messages is set up")


def open_push_sender(settings: Settings) -> PushSender:
    """The sender for this installation. In production, without a provider, every send fails with PushNotConfigured."""
    return _NoPush() if settings.is_production else SandboxPush(settings.sandbox_dir / PUSH_FILE)
