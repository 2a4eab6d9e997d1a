"""What employees online tells the others, through the outbox: ids only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SignInCodeRequested:
    """Somebody asked for a one-time code, known or not; it is to be sent to the phone in the row."""

    sign_in_code_id: UUID
