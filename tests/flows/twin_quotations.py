"""Quotations in a story of two brands: one for the customer, one that the member accepted; their reads and writes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.platform.db import BrandSession
from app.platform.runtime import Runtime
from app.trade import quotation_reads, quotations
from app.trade.basket import Address
from app.trade.values import LineRequest
from tests import factories
from tests.trade.quoting import token_of

if TYPE_CHECKING:
    from tests.flows.twins import Tale


async def make(session: BrandSession, tale: "Tale", **more: Any) -> tuple[UUID, str]:
    """A quotation of the guide's, and its token."""
    lines = [LineRequest(tale.ids["sku_of_product"], 2)]
    made = await quotations.create(
        session, tale.employee("guide"), lines=lines, note=f"{tale.mark}价", now=session.now, **more
    )
    return made, await token_of(session, made)


async def accept(session: BrandSession, tale: "Tale", who: str, token: str) -> UUID:
    return await quotations.accept(
        session, tale.customer(who), token=token, address=Address(**factories.ADDRESS), now=session.now
    )


async def promise(runtime: Runtime, session: BrandSession, tale: "Tale", pieces: int) -> None:
    ids, tokens = tale.ids, tale.tokens
    ids["quotation"], tokens["quotation"] = await make(session, tale, customer_id=ids["customer"])
    ids["accepted_quotation"], token = await make(session, tale)
    ids["quoted_order"] = await accept(session, tale, "member", token)


READS: dict[str, Callable[[BrandSession, "Tale"], Awaitable[Any]]] = {
    "quotations": lambda s, t: quotation_reads.page(s, t.employee("guide"), limit=9),
    "number of quotations": lambda s, t: quotation_reads.count(s, t.owner),
    "quotations by id": lambda s, t: quotation_reads.by_id(s, t.customer(), [t.ids["quotation"]]),
    "quotation of an order": lambda s, t: quotation_reads.of_orders(s, t.owner, [t.ids["quoted_order"]]),
    "quotation of a token": lambda s, t: quotation_reads.opened(s, t.customer(), t.tokens["quotation"]),
    "lines of quotations": lambda s, t: quotation_reads.lines_of(s, [t.ids["quotation"]]),
    "what is promised": lambda s, t: quotations.promised(s, t.ids["quotation"], guide_id=t.ids["guide"]),
}


async def go_round(runtime: Runtime, s: BrandSession, t: "Tale") -> None:
    """One accepted, one declined, one withdrawn."""
    (_, first), (_, second), (third, _) = [await make(s, t) for _ in range(3)]
    await accept(s, t, "customer", first)
    await quotations.decline(s, t.customer("member"), token=second, now=s.now)
    await quotations.withdraw(s, t.employee("guide"), quotation_id=third, now=s.now)
