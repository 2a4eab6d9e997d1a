"""After-sales in the words of their customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.trade.after_sale_reads import AfterSaleView
from app.trade.customer_view import AfterSaleStep
from app.trade.reads import LineView
from app.trade.values import AfterSaleKind, AfterSaleState
from app.web.amounts import Amount
from app.web.purchase_views import StepShown
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id

_S: Final = AfterSaleState
_RETURN: Final = (_S.REQUESTED, _S.APPROVED, _S.RETURNING, _S.RECEIVED, _S.REFUNDED)
_REFUND: Final = (_S.REQUESTED, _S.APPROVED, _S.REFUNDED)
_WITHOUT_MONEY: Final = (_S.REJECTED, _S.WITHDRAWN)
_TAGS: Final = {_S.REFUNDED: "on", _S.REJECTED: "", _S.WITHDRAWN: "", _S.REFUND_FAILED: "bad"}
_SAY_MONEY: Final = {_S.REFUNDING: "", _S.REFUNDED: "", _S.REFUND_FAILED: "warn"}


@dataclass(frozen=True, slots=True)
class AfterSaleShown:
    """An after-sale in a list, and at the head of its page."""

    href: str
    title: str
    state: str
    tag: str
    refund: Amount


def after_sale_shown(view: AfterSaleView, line: LineView | None, *, path: str, say: Speech) -> AfterSaleShown:
    title = "" if line is None else line.ordered_title
    return AfterSaleShown(
        href=f"{path}/after-sales/{encode_global_id('AfterSale', view.id)}",
        title=say("after_sale_pieces_of", title=title, count=view.quantity),
        state=state_words(view, say),
        tag=_TAGS.get(view.state, "warn"),
        refund=say.money(view.goods_minor + view.freight_minor),
    )


def state_words(view: AfterSaleView, say: Speech) -> str:
    if view.state is _S.APPROVED and view.kind is AfterSaleKind.RETURN_AND_REFUND:
        return say("after_sale_TO_SEND")
    return say(f"after_sale_{view.state}")


def money_words(view: AfterSaleView, say: Speech) -> tuple[str, str] | None:
    """Words and kind of what has become of the money, once that is decided."""
    kind = _SAY_MONEY.get(view.state)
    if kind is None:
        return None
    amount = say.money(view.goods_minor + view.freight_minor).text
    return say(f"after_sale_money_{view.state}", amount=amount), kind


def amounts(view: AfterSaleView, say: Speech) -> list[tuple[str, Amount]]:
    """What goes back, each part with its reason."""
    parts = [(say("goods"), say.money(view.goods_minor))]
    if view.freight_minor:
        parts.append((say("after_sale_freight"), say.money(view.freight_minor)))
    return parts


def course(view: AfterSaleView, steps: Sequence[AfterSaleStep], say: Speech) -> list[StepShown]:
    """The way of an after-sale: what was, with its time, and what is to come."""
    reached: dict[AfterSaleState, datetime] = {}
    for step in steps:
        reached.setdefault(step.state, step.at)
    reached.setdefault(_S.REQUESTED, view.requested_at)
    way: tuple[AfterSaleState, ...] = _RETURN if view.kind is AfterSaleKind.RETURN_AND_REFUND else _REFUND
    if view.state in _WITHOUT_MONEY:
        way = (*(state for state in way if state in reached), view.state)
    elif _S.REFUNDING in reached:
        # Brought to the store instead of sent: a step that never was is left out.
        before = tuple(state for state in way if state in reached and state is not _S.REFUNDED)
        failed = (_S.REFUND_FAILED,) if view.state is _S.REFUND_FAILED else ()
        way = (*before, _S.REFUNDING, *failed, _S.REFUNDED)
    now = max((state for state in way if state in reached), key=way.index)
    return [
        StepShown(
            words=say(f"after_sale_step_{state}"),
            detail=_due(view, say) if state is now else None,
            at=reached.get(state),
            is_done=state in reached,
            is_now=state is now and view.state is not _S.REFUNDED,
        )
        for state in way
    ]


def _due(view: AfterSaleView, say: Speech) -> str | None:
    if view.due_at is None or view.state not in (_S.REQUESTED, _S.APPROVED, _S.RETURNING):
        return None
    return say(f"after_sale_due_{view.state}", time=say.moment(view.due_at))
