"""What comes back of a basket in a set-wise load, as the rows that after-sales, refunds and reversals write."""

from typing import Any
from uuid import UUID

from app.commission import reversals
from app.commission.ledger_rules import take_back
from app.commission.models import ShareRow, TransferRow
from app.commission.plan_rules import reversal_parts
from app.commission.values import AccountKind, LedgerEvent, LineShare, PartyKind, ShareRole
from app.imports.complete_journey_afterwards import REASON, Return
from app.imports.complete_journey_data import BasketLine
from app.imports.set_wise_visits import Bought, Till, Values
from app.platform.actor import SYSTEM, Actor
from app.platform.bulk import Heap
from app.platform.db import BrandSession
from app.products.models import StockMovementRow
from app.products.values import MovementKind
from app.trade import after_sale_moves, numbers
from app.trade.after_sale_rules import Taken, pieces_share
from app.trade.after_sales import REASON as REASON_FIELD
from app.trade.models import AfterSaleMoveRow, AfterSaleRow, RefundRow
from app.trade.rules import move_after_sale
from app.trade.values import (
    AfterSaleEvent,
    AfterSaleKind,
    AfterSaleState,
    OrderEvent,
    PaymentState,
    RefundCause,
    RefundState,
)

KIND = AfterSaleKind.RETURN_AND_REFUND


class Counter:
    """Where goods come back."""

    def __init__(self, till: Till, pen: BrandSession, owner: Actor) -> None:
        self._till, self._pen, self._owner = till, pen, owner

    def bring_back(self, heap: Heap, bought: Bought, coming: Return) -> None:
        """Everything that comes back of the basket: what is left of its entries stands in them afterwards."""
        self._pen.now = coming.at
        by_product = dict(zip((line.product_id for line in bought.basket.lines), range(len(bought.lines)), strict=True))
        pieces_back = 0
        for line, pieces in coming.lines:
            self._line_back(heap, bought, by_product[line.product_id], line, pieces)
            pieces_back += pieces
            if pieces_back == sum(line.quantity for line in bought.basket.lines):
                actor = SYSTEM.principal
                self._till.step(
                    heap, bought.order, OrderEvent.REFUND_WHOLE, actor=actor, at=coming.at, ended_at=coming.at
                )

    def _line_back(self, heap: Heap, bought: Bought, at: int, line: BasketLine, pieces: int) -> None:
        pen, row = self._pen, bought.lines[at]
        goods_minor = pieces_share(
            line_minor=row["total_minor"], line_pieces=line.quantity, taken=Taken(), pieces=pieces
        )
        after_sale = self._after_sale(bought, row["id"], pieces, goods_minor)
        heap.add(AfterSaleRow, [after_sale])
        heap.add(AfterSaleMoveRow, self._steps(bought, after_sale["id"], has_refund=goods_minor > 0))
        heap.add(StockMovementRow, [self._till.movement(row, pieces, MovementKind.RETURN)])
        if not goods_minor:
            return
        bought.order["refunded_goods_minor"] += goods_minor
        bought.order["refunded_minor"] += goods_minor
        if bought.order["refunded_minor"] == bought.payment["amount_minor"]:
            bought.payment |= {"state": PaymentState.REFUNDED.value, "ended_at": pen.now}
        bought.holds[at]["refunded_minor"] = goods_minor
        heap.add(RefundRow, [self._refund(bought, after_sale["id"], goods_minor)])
        self._reverse(heap, bought, row, after_sale["id"], goods_minor)

    def _after_sale(self, bought: Bought, line_id: UUID, pieces: int, goods_minor: int) -> Values:
        pen, now = self._pen, self._pen.now
        return {
            "brand_id": pen.brand_id,
            "id": pen.new_id(),
            "order_id": bought.order["id"],
            "line_id": line_id,
            "kind": KIND.value,
            "state": AfterSaleState.REFUNDED.value,
            "steps": 5,
            "quantity": pieces,
            "reason": pen.vault.seal(pen.brand_id, REASON_FIELD, REASON),
            "evidence_urls": [],
            "share_minor": goods_minor,
            "goods_minor": goods_minor,
            "freight_minor": 0,
            "requested_at": now,
            "decided_at": now,
            "decided_by": self._owner.principal,
            "comment": None,
            "return_carrier": None,
            "return_tracking_number": None,
            "received_at": now,
            "is_restocked": True,
            "refund_on": pen.brand.day_of(now),
            "refunded_at": now,
            "ended_at": now,
            "due_at": None,
        }

    def _steps(self, bought: Bought, after_sale_id: UUID, *, has_refund: bool) -> list[dict[str, Any]]:
        """The after-sale's history: asked for, approved, received, refunded."""
        owner, pen = self._owner.principal, self._pen
        taken: list[tuple[AfterSaleEvent, str]] = [
            (AfterSaleEvent.APPROVE, owner),
            (AfterSaleEvent.RECEIVE, owner),
            (AfterSaleEvent.START_REFUND, owner),
            (AfterSaleEvent.REFUND, SYSTEM.principal if has_refund else owner),
        ]
        state = AfterSaleState.REQUESTED
        rows = [
            after_sale_moves.move_values(
                pen,
                after_sale_id,
                "REQUEST",
                step=1,
                from_state=None,
                to_state=state,
                actor=bought.household.actor.principal,
                now=pen.now,
            )
        ]
        for step, (event, actor) in enumerate(taken, start=2):
            before, state = state, move_after_sale(KIND, state, event)
            rows.append(
                after_sale_moves.move_values(
                    pen,
                    after_sale_id,
                    event.value,
                    step=step,
                    from_state=before,
                    to_state=state,
                    actor=actor,
                    now=pen.now,
                )
            )
        return rows

    def _refund(self, bought: Bought, after_sale_id: UUID, amount_minor: int) -> Values:
        pen = self._pen
        return {
            "brand_id": pen.brand_id,
            "id": pen.new_id(),
            "payment_id": bought.payment["id"],
            "order_id": bought.order["id"],
            "after_sale_id": after_sale_id,
            "cause": RefundCause.AFTER_SALE.value,
            "number": numbers.random_number(),
            "state": RefundState.SUCCEEDED.value,
            "amount_minor": amount_minor,
            "tries": 0,
            "requested_at": pen.now,
            "due_at": None,
            "ended_at": pen.now,
            "reconciled_at": None,
        }

    def _reverse(self, heap: Heap, bought: Bought, line: Values, after_sale_id: UUID, refund_minor: int) -> None:
        pen = self._pen
        entries = [entry for entry in bought.entries if entry["line_id"] == line["id"]]
        parts = reversal_parts(
            [_share(entry) for entry in entries],
            refunded_before_minor=0,
            refund_minor=refund_minor,
            line_total_minor=line["total_minor"],
        )
        for entry, part in zip(entries, parts, strict=True):
            if not part.commission_minor and not part.performance_minor:
                continue
            reversal = reversals.entry_values(pen, bought.order["id"], pen.new_id(), entry["id"], part, pen.now)
            heap.add(ShareRow, [reversal])
            for standing, amount_minor in take_back({AccountKind.HELD: entry["amount_minor"]}, part.commission_minor):
                heap.add(
                    TransferRow,
                    self._till.transfers(reversal, LedgerEvent.REVERSED, standing, amount_minor, after_sale_id),
                )
            bought.taken_back[entry["id"]] = part.commission_minor


def _share(entry: Values) -> LineShare:
    return LineShare(
        line_id=entry["line_id"],
        role=ShareRole(entry["role"]),
        party_kind=PartyKind(entry["party_kind"]),
        party_id=entry["party_id"],
        performance_bp=entry["performance_bp"],
        performance_minor=entry["performance_minor"],
        rate_bp=entry["rate_bp"],
        rule_id=entry["rule_id"],
        commission_minor=entry["amount_minor"],
    )
