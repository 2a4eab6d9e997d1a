"""Facts about messages that go out: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OutboundAllowed:
    """A message may go to its customer."""

    message_id: UUID
