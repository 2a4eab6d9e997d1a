"""Facts of commission that others act on: ids and instants only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CommissionHeld:
    """An order was paid at `held_at`, and its commission is held. A sale has its order's id."""

    sale_id: UUID
    held_at: datetime
