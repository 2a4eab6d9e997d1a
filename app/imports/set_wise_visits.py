"""One basket of a set-wise load as the rows that the services would write: scan, order, sale, payment, receipt.

Everything that has to be decided is decided by the rules that the services use, and rows that a service can give away
are its own. What a service changes step by step is written once here, as it stands at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.commission import evidence, ledger, sales
from app.commission.evidence import EXPLAINED
from app.commission.models import LineHoldRow, ShareRow, TransferRow
from app.commission.sales import Attributed
from app.commission.values import AccountKind, LedgerEvent
from app.customers.models import TouchpointRow
from app.customers.rules import decide_binding
from app.customers.touchpoints import MOST_TOUCHES, REPEAT, TouchFact
from app.customers.values import BindingCandidate, BindingTrigger, Channel, TouchpointKind
from app.imports import complete_journey_visits as visits
from app.imports.complete_journey_data import Basket
from app.imports.complete_journey_setup import Guide
from app.imports.set_wise_world import Household, World
from app.marketing.codes import CodeFacts
from app.platform.actor import SYSTEM
from app.platform.bulk import Heap
from app.platform.db import BrandSession
from app.platform.models import DirectoryRow
from app.platform.settings import Settings
from app.products.models import ReservationRow, StockMovementRow
from app.products.values import MovementKind, ReservationState
from app.trade import basket as baskets
from app.trade import numbers, rules, writing
from app.trade.basket import Basket as Priced
from app.trade.models import OrderLineRow, OrderMoveRow, OrderRow, PaymentRow, ShipmentRow
from app.trade.moves import move_values
from app.trade.payments import PAYMENT_NUMBER
from app.trade.values import FulfilmentMethod, LineRequest, OrderEvent, OrderState, PaymentState, ProviderName
from app.trade.writing import NewOrder

Values = dict[str, Any]


@dataclass(slots=True)
class Bought:
    """A basket's order as far as it has come: what is still to be written may change its rows."""

    basket: Basket
    household: Household
    order: Values
    lines: list[Values]
    """Those of `order_line`, in the order of the basket's."""
    payment: Values
    holds: list[Values]
    entries: list[Values]
    taken_back: dict[UUID, int] = field(default_factory=dict)
    """What returns took of each entry."""


class Till:
    """Turns baskets into rows, in order of time. `pen` mints ids and days; it is no transaction."""

    def __init__(self, world: World, pen: BrandSession, settings: Settings) -> None:
        self._world, self._pen = world, pen
        self._pay_within = timedelta(seconds=settings.order_payment_ttl_seconds)
        self._returned_within = settings.return_window_seconds
        self._numbers: set[str] = set()

    def visit(self, heap: Heap, basket: Basket) -> Bought:
        """The household scans, orders, pays and carries home; what the order comes to later is the caller's to add."""
        world, pen = self._world, self._pen
        pen.now = basket.at
        household = world.households[basket.household_id]
        guide = world.guides[basket.store_id][basket.guide_number]
        code = world.codes[guide.token]
        if basket.basket_id != household.first_basket_id:
            self._scan(heap, household, code)
        wanted = self._priced(basket)
        order_id, number, line_ids = pen.new_id(), self._number(), [pen.new_id() for _ in wanted.lines]
        attributed, entries = self._attribute(heap, household, guide, wanted, order_id, number, line_ids)
        placed = writing.rows_of(
            pen,
            NewOrder(
                id=order_id,
                number=number,
                customer_id=household.customer_id,
                shop_id=guide.shop.shop_id,
                attributed=attributed,
                code_id=code.code_id,
                fulfilment=FulfilmentMethod.DELIVERY,
                pickup_store_id=None,
                location_id=world.location_id,
                address=None,
                note=None,
                pay_by=pen.now + self._pay_within,
            ),
            wanted,
            line_ids,
            actor=household.actor,
            now=pen.now,
        )
        heap.add(OrderLineRow, placed[OrderLineRow])
        heap.add(OrderMoveRow, placed[OrderMoveRow])
        [order] = placed[OrderRow]
        bought = Bought(
            basket=basket,
            household=household,
            order=dict(order),
            lines=[dict(line) for line in placed[OrderLineRow]],
            payment=self._payment(heap, basket, order_id),
            holds=[],
            entries=entries,
        )
        self._pay(heap, bought)
        self._hand_over(heap, bought)
        return bought

    def _priced(self, basket: Basket) -> Priced:
        """The basket at its own prices."""
        lines = [(self._world.skus[line.product_id], line) for line in basket.lines]
        wanted = baskets.priced(
            [LineRequest(sku.sku_id, line.quantity) for sku, line in lines],
            {sku.sku_id: sku for sku, _ in lines},
            method=FulfilmentMethod.DELIVERY,
            prices={sku.sku_id: line.total_minor for sku, line in lines},
        )
        wanted.refuse_unsellable()
        return wanted

    def _attribute(
        self,
        heap: Heap,
        household: Household,
        guide: Guide,
        wanted: Priced,
        order_id: UUID,
        number: str,
        line_ids: list[UUID],
    ) -> tuple[Attributed, list[Values]]:
        """Decide whose sale it is; gives the decision and the entries of commission."""
        world, pen = self._world, self._pen
        attributed, rows = sales.decided(
            pen,
            order_id=order_id,
            number=number,
            customer_id=household.customer_id,
            lines=wanted.sale_lines(line_ids),
            facts=evidence.facts_of(
                shop=guide.shop,
                code=world.codes[guide.token],
                binding=household.binding,
                touches=self._touches(household),
                people=world.people,
                now=pen.now,
            ),
            people=world.people,
            policy=world.policy,
            plan=world.plan,
            now=pen.now,
        )
        for kind, made in rows.items():
            heap.add(kind, made)
        return attributed, [dict(entry) for entry in rows[ShareRow]]

    def write(self, heap: Heap, bought: Bought) -> None:
        """Write what stood open: the order, its payment, its holds."""
        heap.add(OrderRow, [bought.order])
        heap.add(PaymentRow, [bought.payment])
        heap.add(LineHoldRow, bought.holds)

    def step(self, heap: Heap, order: Values, event: OrderEvent, *, actor: str, at: datetime, **columns: Any) -> None:
        """Take an order one step on, with what else changes by it."""
        before = OrderState(order["state"])
        state = rules.move(before, event)
        order |= {"state": state.value, **columns}
        move = move_values(self._pen, order["id"], event, from_state=before, to_state=state, actor=actor, now=at)
        heap.add(OrderMoveRow, [move])

    def _number(self) -> str:
        while (number := numbers.random_order_number()) in self._numbers:
            pass
        self._numbers.add(number)
        return number

    def _scan(self, heap: Heap, household: Household, code: CodeFacts) -> None:
        """Record the touch, unless it repeats one; by the policy of the import it binds nobody."""
        pen, world = self._pen, self._world
        head = household.heads.get(code.code_id)
        if head is not None and head[0] > pen.now - REPEAT:
            self._keep_binding(household, code, head[1], BindingTrigger.SCAN)
            return
        touchpoint_id = pen.new_id()
        household.heads[code.code_id] = (pen.now, touchpoint_id)
        if code.guide_id is None:
            raise ValueError("a personal code names its guide")
        heap.add(
            TouchpointRow,
            [
                {
                    "brand_id": pen.brand_id,
                    "id": touchpoint_id,
                    "visitor_id": household.visitor_id,
                    "customer_id": household.customer_id,
                    "guide_id": code.guide_id,
                    "store_id": code.store_id,
                    "shop_id": code.shop_id,
                    "code_id": code.code_id,
                    "kind": TouchpointKind.SCAN.value,
                    "channel": Channel.IN_STORE.value,
                    "occurred_at": pen.now,
                    "branch": world.people.units[code.guide_id]
                    if code.store_id is None
                    else world.people.branches[code.store_id],
                }
            ],
        )
        household.touches.append(
            TouchFact(
                touchpoint_id=touchpoint_id,
                guide_id=code.guide_id,
                store_id=code.store_id,
                shop_id=code.shop_id,
                code_id=code.code_id,
                kind=TouchpointKind.SCAN,
                channel=Channel.IN_STORE,
                occurred_at=pen.now,
                guide_is_active=code.guide_is_active,
                is_self=False,
            )
        )
        self._keep_binding(household, code, touchpoint_id, BindingTrigger.SCAN)

    def _keep_binding(
        self, household: Household, code: CodeFacts, touchpoint_id: UUID | None, trigger: BindingTrigger
    ) -> None:
        """Ask the rule all the same. Raises: ValueError where it would change the binding."""
        candidate = BindingCandidate(
            guide_id=code.guide_id,
            store_id=code.store_id,
            touchpoint_id=touchpoint_id,
            guide_is_active=code.guide_is_active,
        )
        if decide_binding(household.binding, candidate, trigger, self._world.policy, self._pen.now).is_change:
            raise ValueError("a set-wise load knows no policy under which bindings change")

    def _touches(self, household: Household) -> list[TouchFact]:
        """The latest touches as a decision reads them, the newest first; older ones are dropped for good."""
        since = self._pen.now - timedelta(days=self._world.policy.last_touch_days) - EXPLAINED
        household.touches = [touch for touch in household.touches if touch.occurred_at >= since]
        return household.touches[: -MOST_TOUCHES - 1 : -1]

    def _payment(self, heap: Heap, basket: Basket, order_id: UUID) -> Values:
        pen = self._pen
        payment_id, number = pen.new_id(), numbers.random_number()
        heap.add(
            DirectoryRow, [{"kind": PAYMENT_NUMBER, "key": number, "brand_id": pen.brand_id, "target_id": payment_id}]
        )
        return {
            "brand_id": pen.brand_id,
            "id": payment_id,
            "order_id": order_id,
            "provider": ProviderName.SANDBOX.value,
            "number": number,
            "state": PaymentState.SUCCEEDED.value,
            "amount_minor": basket.total_minor,
            "client_parameters": None,
            "transaction_id": f"{visits.PREFIX}{basket.basket_id}",
            "started_at": pen.now,
            "ended_at": pen.now,
            "reconciled_at": None,
        }

    def _pay(self, heap: Heap, bought: Bought) -> None:
        pen, order = self._pen, bought.order
        paid_on = pen.brand.day_of(pen.now)
        self.step(heap, order, OrderEvent.PAY, actor=SYSTEM.principal, at=pen.now, paid_at=pen.now, paid_on=paid_on)
        guide_id, store_id = order["guide_id"], order["store_id"]
        winner = BindingCandidate(guide_id=guide_id, store_id=store_id)
        if decide_binding(
            bought.household.binding, winner, BindingTrigger.ORDER, self._world.policy, pen.now
        ).is_change:
            raise ValueError("a set-wise load knows no policy under which bindings change")
        for entry in bought.entries:
            heap.add(
                TransferRow,
                self.transfers(entry, LedgerEvent.PAID, AccountKind.ESTIMATED, entry["amount_minor"], order["id"]),
            )
        held_until = pen.now + timedelta(days=self._world.plan.hold_days)
        bought.holds = [
            {
                "brand_id": pen.brand_id,
                "sale_id": order["id"],
                "line_id": line["id"],
                "held_until": held_until,
                "due_at": None,
                "pauses": 0,
                "refunded_minor": 0,
                "released_at": None,
            }
            for line in bought.lines
        ]
        heap.add(ReservationRow, [self._reservation(line) for line in bought.lines])
        heap.add(StockMovementRow, [self.movement(line, -line["quantity"], MovementKind.SALE) for line in bought.lines])

    def _hand_over(self, heap: Heap, bought: Bought) -> None:
        """The goods are carried home: sent, received and completed at once, so that their time for returns begins."""
        pen, order, buyer = self._pen, bought.order, bought.household.actor.principal
        steps: tuple[tuple[OrderEvent, str, dict[str, Any]], ...] = (
            (OrderEvent.FULFIL, SYSTEM.principal, {}),
            (OrderEvent.SHIP, SYSTEM.principal, {"shipped_at": pen.now}),
            (OrderEvent.DELIVER, buyer, {"delivered_at": pen.now}),
            (OrderEvent.COMPLETE, buyer, {"completed_at": pen.now}),
        )
        for event, actor, columns in steps:
            self.step(heap, order, event, actor=actor, at=pen.now, **columns)
        shipment = {
            "brand_id": pen.brand_id,
            "id": pen.new_id(),
            "order_id": order["id"],
            "carrier": None,
            "tracking_number": None,
            "shipped_at": pen.now,
            "shipped_by": SYSTEM.principal,
        }
        heap.add(ShipmentRow, [shipment])
        for hold in bought.holds:
            hold["due_at"] = max(hold["held_until"], rules.return_until(pen.now, window_seconds=self._returned_within))

    def transfers(
        self, entry: Mapping[str, Any], event: LedgerEvent, standing: AccountKind, amount_minor: int, occasion_id: UUID
    ) -> list[Values]:
        """The transfers of one event of an entry, as the ledger books them; `pen.now` is when."""
        return [
            ledger.transfer_values(self._pen, posting, now=self._pen.now)
            for posting in ledger.postings_for(
                self._pen,
                event,
                entry_id=entry["id"],
                party_id=entry["party_id"],
                standing=standing,
                amount_minor=amount_minor,
                occasion_id=occasion_id,
            )
        ]

    def _reservation(self, line: Values) -> Values:
        return {
            "brand_id": self._pen.brand_id,
            "order_id": line["order_id"],
            "sku_id": line["sku_id"],
            "location_id": self._world.location_id,
            "quantity": line["quantity"],
            "state": ReservationState.SOLD.value,
            "at": self._pen.now,
        }

    def movement(self, line: Values, change: int, kind: MovementKind) -> Values:
        """The movement of a line's pieces out of stock or back."""
        return {
            "brand_id": self._pen.brand_id,
            "id": self._pen.new_id(),
            "sku_id": line["sku_id"],
            "location_id": self._world.location_id,
            "change": change,
            "kind": kind.value,
            "reason": None,
            "order_id": line["order_id"],
            "transfer_id": None,
            "actor": SYSTEM.principal,
            "at": self._pen.now,
        }
