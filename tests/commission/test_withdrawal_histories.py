"""Any history of sales, releases, refunds, withdrawals and a bad provider: no balance lies, nothing is paid twice.

Beside the books runs a small model of them: sums kept by hand, and the provider's own book. Commission is a tenth.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.commission import payouts
from app.commission.models import SaleLineRow, WithdrawalRow
from app.commission.payout_providers import confirm_in_sandbox
from app.commission.values import AccountKind, Decision, WithdrawalState
from app.platform import faults
from app.platform.errors import AmountTooLarge
from app.platform.integrations.payouts import PayoutState
from app.platform.integrations.sandbox_payout import SandboxPayout
from app.platform.money import divide_half_even, portion_bp
from app.platform.runtime import Runtime
from tests.commission import wages
from tests.commission.wages import Office, Watch

T = TypeVar("T")
State = WithdrawalState
UNDER_WAY = (State.APPROVED, State.IN_PAYOUT)
AMOUNTS = st.lists(st.sampled_from([1, 99, 1_234, 10_000, 77_777]), min_size=1, max_size=3)
DECISIONS = [None, *[Decision.APPROVE] * 3]
TROUBLES: list[dict[str, Any]] = [
    {},
    {},
    {"refused_percent": 100},
    {"unanswered_percent": 100},
    {"unreached_percent": 100},
    {"unanswered_percent": 100, "refused_percent": 100},
    {"delay_seconds": 100},
    {"waiting_percent": 100},
]
DEATHS = ["", "", "", "payout_recorded", "payout_called", "payout_queried"]


class Died(BaseException):
    """The process is gone."""


class Line:
    """A sold line as the model knows it."""

    def __init__(self, order_id: UUID, line_id: UUID, base_minor: int) -> None:
        self.order_id, self.line_id, self.base_minor = order_id, line_id, base_minor
        self.commission_minor = portion_bp(base_minor, 1_000)
        self.refunded_minor = 0
        self.is_released = False

    @property
    def reversed_minor(self) -> int:
        return divide_half_even(self.commission_minor * self.refunded_minor, self.base_minor)


class Histories(RuleBasedStateMachine):
    """Runs in a thread of its own; everything asynchronous is done on the test's loop."""

    runtime: Runtime
    loop: asyncio.AbstractEventLoop
    watch: Watch
    deaths: list[str]
    rows: dict[UUID, Any] | None = None
    """The withdrawals as they are, until something is done."""

    def call(self, work: Coroutine[Any, Any, T], *, reads: bool = False) -> T:
        if not reads:
            self.rows = None
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize()
    def open(self) -> None:
        self.office: Office = self.call(wages.make_office(self.runtime))
        self.lines: list[Line] = []
        self.withdrawals: dict[UUID, int] = {}
        self.deaths[:] = [""]
        for amounts in ([10_000, 77_777], [1_234]):
            self._sell(amounts, is_released=True)
        self.withdrawals[self.call(wages.approved(self.office, 5_000))] = 5_000

    # --- what happens

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """One rule for all steps: a machine of several leaves most of them out of most of its runs."""
        possible = [self.sell, self.ask, self.ask]
        if any(not line.is_released for line in self.lines):
            possible.append(self.release)
        if any(line.refunded_minor < line.base_minor for line in self.lines):
            possible += [self.refund, self.refund]
        if self._in(State.REQUESTED):
            possible.append(self.decide)
        if self._in(*UNDER_WAY):
            possible += [self.work, self.work, self.work]
        if self._in(State.IN_PAYOUT):
            possible.append(self.confirm)
        names = [step.__name__ for step in possible]
        possible[names.index(data.draw(st.sampled_from(names)))](data)

    def sell(self, data: st.DataObject) -> None:
        self._sell(data.draw(AMOUNTS), is_released=data.draw(st.booleans()))

    def _sell(self, amounts: list[int], *, is_released: bool) -> None:
        order_id = self.call(wages.sell(self.office, *amounts))
        bases = self.call(self._bases(order_id))
        self.lines += [Line(order_id, line_id, base_minor) for line_id, base_minor in bases.items()]
        if is_released:
            self._release(order_id)

    async def _bases(self, order_id: UUID) -> dict[UUID, int]:
        async with self.office.database.reading(self.office.market.brand) as session:
            rows = await session.execute(
                sa.select(SaleLineRow.line_id, SaleLineRow.base_minor).where(
                    SaleLineRow.brand_id == session.brand_id, SaleLineRow.sale_id == order_id
                )
            )
            return {row.line_id: row.base_minor for row in rows}

    def release(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from([line for line in self.lines if not line.is_released]))
        self._release(chosen.order_id)

    def _release(self, order_id: UUID) -> None:
        self.call(wages.release(self.office, order_id))
        for line in self.lines:
            line.is_released |= line.order_id == order_id

    def refund(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from([line for line in self.lines if line.refunded_minor < line.base_minor]))
        left = line.base_minor - line.refunded_minor
        part = data.draw(st.sampled_from([left, (left + 1) // 2, (left + 2) // 3, 1]))
        self.call(wages.refund(self.office, (line.order_id, line.line_id), part))
        line.refunded_minor += part

    def ask(self, data: st.DataObject) -> None:
        share, decision = data.draw(st.sampled_from([10, 50, 100, 100, 101])), data.draw(st.sampled_from(DECISIONS))
        limit = max(0, self._owed()) - sum(self.withdrawals[one] for one in self._in(State.REQUESTED))
        amount = max(100, limit * share // 100 + (share > 100))
        try:
            asked = self.call(wages.ask(self.office, amount))
        except AmountTooLarge as refused:
            assert (amount > limit, refused.limit_minor) == (True, max(0, limit))
            return
        assert amount <= limit
        self.withdrawals[asked] = amount
        if decision is not None:
            self._decide(asked, decision)

    def decide(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self._in(State.REQUESTED)))
        self._decide(chosen, data.draw(st.sampled_from(list(Decision))))

    def _decide(self, chosen: UUID, decision: Decision) -> None:
        payable = max(0, self._owed())
        try:
            self.call(wages.decide(self.office, chosen, decision))
        except AmountTooLarge as refused:
            assert (self.withdrawals[chosen] > payable, refused.limit_minor) == (True, payable)
            return
        assert decision is Decision.REJECT or self.withdrawals[chosen] <= payable

    def work(self, data: st.DataObject) -> None:
        """Time passes, and the approval's event comes, for the first time or again, or the job runs."""
        self.watch.turn(data.draw(st.sampled_from([0, 0, 90, 130, 90_000])))
        trouble, death = data.draw(st.sampled_from(TROUBLES)), data.draw(st.sampled_from(DEATHS))
        chosen = data.draw(st.sampled_from([*self._in(*UNDER_WAY), None]))
        runtime, brand = wages.with_faults(self.runtime, **trouble), self.office.market.brand
        if chosen is None:
            self._until(death, wages.look(self.office, **trouble))
        else:
            self._until(death, payouts.send(runtime, brand, chosen, after_tries=0))

    def confirm(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self._in(State.IN_PAYOUT)))
        self.call(confirm_in_sandbox(self.runtime, self._rows()[chosen].number))

    def _until(self, death: str, work: Coroutine[Any, Any, Any]) -> None:
        self.deaths[:] = [death]
        try:
            self.call(work)
        except Died:
            pass
        finally:
            self.deaths[:] = [""]

    # --- what is always so

    @invariant()
    def books_agree_with_the_model_and_with_the_provider(self) -> None:
        if not hasattr(self, "office"):
            return
        balance = self.call(wages.balance(self.office), reads=True)
        owed = self._owed()
        expected = {
            AccountKind.HELD: sum(line.commission_minor - line.reversed_minor for line in self._held()),
            AccountKind.PAYABLE: max(0, owed),
            AccountKind.DEBT: min(0, owed),
            AccountKind.IN_PAYOUT: sum(self.withdrawals[one] for one in self._in(*UNDER_WAY)),
            AccountKind.PAID: sum(self.withdrawals[one] for one in self._in(State.PAID)),
            AccountKind.VOIDED: sum(line.reversed_minor for line in self.lines),
        }
        assert balance == {account: amount for account, amount in expected.items() if amount}
        self.call(wages.assert_sound(self.office), reads=True)
        rows = {row.number: row for row in self._rows().values()}
        for number, state in self._provider().items():
            ours = State(rows[number].state)
            assert ours in {PayoutState.PAID: {State.IN_PAYOUT, State.PAID}}.get(
                state, {State.IN_PAYOUT, State.FAILED} if state is PayoutState.FAILED else {State.IN_PAYOUT}
            ), (state, ours)

    def teardown(self) -> None:
        """Everything that is under way comes to its end, and then both books are the same."""
        if not hasattr(self, "office"):
            return
        for _ in range(5):
            if self._in(*UNDER_WAY):
                self.watch.turn(90_000)
                self.call(wages.look(self.office))
        assert self._in(*UNDER_WAY) == []
        self.books_agree_with_the_model_and_with_the_provider()
        paid = {number for number, state in self._provider().items() if state is PayoutState.PAID}
        assert paid == {self._rows()[one].number for one in self._in(State.PAID)}
        sent = self.call(wages.sent(self.office))
        assert sum(sent[number] for number in paid) == sum(self.withdrawals[one] for one in self._in(State.PAID))

    # --- the model

    def _owed(self) -> int:
        """What is payable, or below zero what is owed: everything earned, less what is elsewhere."""
        earned = sum(line.commission_minor - line.reversed_minor for line in self.lines)
        held = sum(line.commission_minor - line.reversed_minor for line in self._held())
        gone = sum(self.withdrawals[one] for one in self._in(*UNDER_WAY, State.PAID))
        return earned - held - gone

    def _held(self) -> list[Line]:
        return [line for line in self.lines if not line.is_released]

    def _rows(self) -> dict[UUID, Any]:
        async def read() -> dict[UUID, Any]:
            async with self.office.database.reading(self.office.market.brand) as session:
                rows = await session.execute(
                    sa.select(WithdrawalRow.id, WithdrawalRow.number, WithdrawalRow.state)
                    .where(WithdrawalRow.brand_id == session.brand_id)
                    .order_by(WithdrawalRow.id)
                )
                return {row.id: row for row in rows}

        if self.rows is None:
            self.rows = self.call(read(), reads=True)
        return self.rows

    def _in(self, *states: State) -> list[UUID]:
        return [one for one, row in self._rows().items() if row.state in states]

    def _provider(self) -> dict[str, PayoutState]:
        sandbox, payer = SandboxPayout(self.office.database, self.runtime.settings), str(self.office.market.brand.id)
        long_ago, now = datetime(2000, 1, 1, tzinfo=UTC), self.watch()
        found = self.call(sandbox.accepted(payer=payer, since=long_ago, until=now), reads=True)
        return {payout.number: payout.state for payout in found}


async def test_no_history_makes_a_balance_lie_or_pays_anything_twice(
    runtime: Runtime, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = [""]

    async def maybe_die(point: str) -> None:
        if point == deaths[0]:
            raise Died(point)

    monkeypatch.setattr(faults, "pause_point", maybe_die)
    loop = asyncio.get_running_loop()
    parts = {"runtime": runtime, "loop": loop, "watch": watch, "deaths": deaths}
    machine = type("Machine", (Histories,), parts)
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=10, stateful_step_count=16, deadline=None, suppress_health_check=checks)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=chosen)
