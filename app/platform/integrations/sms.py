"""Text messages. The sandbox writes them to a file; a provider's client takes its place in production."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.platform import clock
from app.platform.integrations.sandbox_lines import append_once
from app.platform.settings import Settings

SMS_FILE = "sms.jsonl"


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """A text to one phone (E.164). `id` is the sender's own: sent twice under it, a message should arrive once."""

    id: UUID
    to: str
    text: str
    code: str | None = None
    """The sign-in code in the text, for whoever reads the sandbox's file."""


class SmsSender(Protocol):
    """Whoever carries text messages. Blocks: call it in a thread."""

    def send(self, message: SmsMessage) -> None: ...


class SmsNotConfigured(RuntimeError):
    """Production has no provider for text messages."""


class SandboxSms:
    """Appends each message to a file as a JSON line with `id`, `at`, `to`, `channel`, `text` and `code`.

    A line is on the disk when `send` returns. A message whose id stands in the file's last 64 KiB is not written again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, message: SmsMessage) -> None:
        fields = {
            "at": clock.utc_now(),
            "to": message.to,
            "channel": "SMS",
            "text": message.text,
            "code": message.code,
        }
        append_once(self.path, message.id, fields)


class _NoSms:
    def send(self, message: SmsMessage) -> None:
        raise SmsNotConfigured("no provider for text messages is set up")


def open_sms_sender(settings: Settings) -> SmsSender:
    """The sender for this installation. In production, without a provider, every send fails with SmsNotConfigured."""
    return _NoSms() if settings.is_production else SandboxSms(settings.sandbox_dir / SMS_FILE)
