"""What becomes payable and is paid out in a set-wise load, as the rows that the release and withdrawals write.

The services release by batches, at the midnights on which the import runs their job, and once more where it ends; and
at the end of a month every guide is paid whatever is payable, if it is enough.
"""

import secrets
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.commission import withdrawal_rules
from app.commission.holds import RELEASED_AT_ONCE
from app.commission.models import TransferRow, WithdrawalMoveRow, WithdrawalRow
from app.commission.values import AccountKind, LedgerEvent, WithdrawalEvent, WithdrawalState
from app.imports.complete_journey_afterwards import ends_month, midnights
from app.imports.set_wise_visits import Bought, Till, Values
from app.platform import clock, ids
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.bulk import Heap
from app.platform.db import BrandSession
from app.platform.models import SandboxPayoutRow
from app.platform.settings import Settings


@dataclass(slots=True)
class _Account:
    """A guide's commission on its way: released at these instants, in order of time, and payable but not paid yet."""

    released: deque[tuple[datetime, Values, int]] = field(default_factory=deque)
    payable: list[tuple[Values, int]] = field(default_factory=list)


class Cashier:
    """Releases what is due and pays it out, up to the end of the load."""

    def __init__(
        self, till: Till, pen: BrandSession, owner: Actor, settings: Settings, *, begins_at: datetime, ends_at: datetime
    ) -> None:
        self._till, self._pen, self._owner, self._ends_at, self._settings = till, pen, owner, ends_at, settings
        self._midnights = deque(midnights(begins_at, ends_at, pen.brand.time_zone))
        self._month_ends = deque(at for at in self._midnights if ends_month(at, pen.brand.time_zone))
        self._accounts: defaultdict[UUID, _Account] = defaultdict(_Account)
        self._batch: tuple[datetime | None, int, UUID | None] = (None, 0, None)
        self.payees: set[UUID] = set()

    def release(self, heap: Heap, bought: Bought) -> None:
        """Make the commission of a basket payable, if its time comes before the load ends."""
        at = self._released_at(bought.holds[0]["due_at"])
        if at is None:
            return
        self._pen.now = at
        by_line: defaultdict[UUID, list[Values]] = defaultdict(list)
        for entry in bought.entries:
            by_line[entry["line_id"]].append(entry)
        for hold in bought.holds:
            hold["released_at"] = at
            occasion_id = self._occasion(at)
            for entry in by_line[hold["line_id"]]:
                if not entry["amount_minor"]:
                    continue
                self.payees.add(entry["party_id"])
                amount_minor = entry["amount_minor"] - bought.taken_back.get(entry["id"], 0)
                if amount_minor:
                    heap.add(
                        TransferRow,
                        self._till.transfers(entry, LedgerEvent.RELEASED, AccountKind.HELD, amount_minor, occasion_id),
                    )
                    self._accounts[entry["party_id"]].released.append((at, entry, amount_minor))

    def pay_out(self, heap: Heap, until: datetime) -> None:
        """Pay at the ends of months that have come by `until`."""
        while self._month_ends and self._month_ends[0] <= until:
            self._pen.now = at = self._month_ends.popleft()
            for employee_id, account in sorted(self._accounts.items()):
                while account.released and account.released[0][0] <= at:
                    account.payable.append(account.released.popleft()[1:])
                if sum(amount_minor for _, amount_minor in account.payable) >= self._settings.withdrawal_minimum_minor:
                    self._withdraw(heap, employee_id, account.payable)
                    account.payable = []

    def _released_at(self, due_at: datetime) -> datetime | None:
        """Baskets come in order of time, and so does what is due."""
        while self._midnights and self._midnights[0] < due_at:
            self._midnights.popleft()
        if self._midnights:
            return self._midnights[0]
        return self._ends_at if due_at <= self._ends_at else None

    def _occasion(self, at: datetime) -> UUID:
        """The release that a line falls into: the next one once that is full, or its midnight is over."""
        began_at, lines, occasion_id = self._batch
        if occasion_id is None or began_at != at or lines == RELEASED_AT_ONCE:
            lines, occasion_id = 0, self._pen.new_id()
        self._batch = (at, lines + 1, occasion_id)
        return occasion_id

    def _withdraw(self, heap: Heap, employee_id: UUID, parts: list[tuple[Values, int]]) -> None:
        pen, withdrawal_id, number = self._pen, self._pen.new_id(), ids.random_number()
        amount_minor = sum(part for _, part in parts)
        transaction_id, wall = f"sp{secrets.token_hex(12)}", clock.utc_now()
        heap.add(
            WithdrawalRow,
            [
                {
                    "brand_id": pen.brand_id,
                    "id": withdrawal_id,
                    "employee_id": employee_id,
                    "amount_minor": amount_minor,
                    "state": WithdrawalState.PAID.value,
                    "number": number,
                    "requested_at": pen.now,
                    "decided_at": pen.now,
                    "decided_by": self._owner.employee_id,
                    "comment": None,
                    "tries": 1,
                    "started_at": pen.now,
                    # The provider lives on the wall clock, whatever time the brand has.
                    "accept_by": wall + timedelta(seconds=self._settings.payout_acceptance_seconds),
                    "query_at": None,
                    "ended_at": pen.now,
                    "transaction_id": transaction_id,
                    "failure_reason": None,
                }
            ],
        )
        heap.add(WithdrawalMoveRow, self._steps(withdrawal_id, employee_id))
        for event, standing in (
            (LedgerEvent.PAYOUT_STARTED, AccountKind.PAYABLE),
            (LedgerEvent.PAYOUT_DONE, AccountKind.IN_PAYOUT),
        ):
            for entry, part in parts:
                heap.add(TransferRow, self._till.transfers(entry, event, standing, part, withdrawal_id))
        heap.add(
            SandboxPayoutRow,
            [
                {
                    "number": number,
                    "payer": str(pen.brand_id),
                    "recipient": str(employee_id),
                    "amount_minor": amount_minor,
                    "currency": pen.brand.currency,
                    "transaction_id": transaction_id,
                    "is_refused": False,
                    "created_at": wall,
                    "ends_at": wall,
                    "confirm_by": None,
                    "confirmed_at": None,
                }
            ],
        )

    def _steps(self, withdrawal_id: UUID, employee_id: UUID) -> list[Values]:
        guide = Actor(kind=ActorKind.EMPLOYEE, employee_id=employee_id)
        taken = (
            (WithdrawalEvent.REQUEST, guide),
            (WithdrawalEvent.APPROVE, self._owner),
            (WithdrawalEvent.SEND, SYSTEM),
            (WithdrawalEvent.PAY, SYSTEM),
        )
        rows: list[Values] = []
        state: WithdrawalState | None = None
        for event, actor in taken:
            before = state
            state = WithdrawalState.REQUESTED if before is None else withdrawal_rules.move(before, event)
            rows.append(
                {
                    "brand_id": self._pen.brand_id,
                    "id": self._pen.new_id(),
                    "withdrawal_id": withdrawal_id,
                    "event": event.value,
                    "from_state": None if before is None else before.value,
                    "to_state": state.value,
                    "actor": actor.principal,
                    "at": self._pen.now,
                }
            )
        return rows

    def payee_rows(self) -> list[Values]:
        """Whoever had something payable."""
        return [{"brand_id": self._pen.brand_id, "party_id": party_id} for party_id in sorted(self.payees)]
