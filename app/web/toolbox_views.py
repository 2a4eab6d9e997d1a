"""What the pages of the toolbox show, out of facts: materials, shares with their figures, and who opened one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.customers.reads import CustomerFacts
from app.marketing.material_reads import MaterialView
from app.marketing.share_reads import Opener, ShareFigures, ShareView
from app.trade.code_sales import CodeSales
from app.web.amounts import Amount
from app.web.texts import Speech
from graphql_schema.paging import encode_global_id


@dataclass(frozen=True, slots=True)
class MaterialLine:
    """A material as a row."""

    title: str
    kind: str
    detail: str
    cover_url: str | None
    href: str


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A share as a row: what, where and when, and what became of it."""

    title: str
    detail: str
    opened: str
    led_to: str
    net_sales: Amount | None
    href: str


@dataclass(frozen=True, slots=True)
class OpenerLine:
    """Somebody who opened a share, as a row."""

    name: str
    detail: str
    at: datetime
    tags: tuple[str, ...]


def material_line(view: MaterialView, say: Speech) -> MaterialLine:
    kind = say(f"material_{view.kind.lower()}")
    return MaterialLine(
        title=view.content.title,
        kind=kind,
        detail=say("material_from", kind=kind, day=say.day(view.changed_at)),
        cover_url=view.content.cover_url,
        href=f"/guide/toolbox/{encode_global_id('Material', view.material_id)}",
    )


def share_line(view: ShareView, figures: ShareFigures, sales: CodeSales, say: Speech) -> ShareLine:
    parts = [
        say("share_new", count=figures.new_customers) if figures.new_customers else None,
        say("share_bound", count=figures.bound) if figures.bound else None,
        say("share_orders", count=sales.orders) if sales.orders else None,
    ]
    return ShareLine(
        title=view.material.content.title,
        detail=f"{say(f'channel_{view.channel.lower()}')} · {say.moment(view.shared_at)}",
        opened=say("share_opened", times=figures.opens, people=figures.visitors)
        if figures.opens
        else say("share_unopened"),
        led_to=" · ".join(part for part in parts if part),
        net_sales=say.money(sales.net_sales_minor) if sales.orders else None,
        href=share_path(view.share_id),
    )


def share_path(share_id: UUID) -> str:
    return f"/guide/shares/{encode_global_id('Share', share_id)}"


def opener_lines(openers: Sequence[Opener], seen: Mapping[UUID, CustomerFacts], say: Speech) -> list[OpenerLine]:
    """Who opened a share; a customer has a name only for whoever may see that customer."""
    lines = []
    for opener in openers:
        facts = None if opener.customer_id is None else seen.get(opener.customer_id)
        if facts is not None:
            name = facts.display_name
        elif opener.customer_id is not None:
            name = say("opener_customer")
        else:
            name = say("opener_visitor", mark=opener.person_id.hex[-4:].upper())
        detail = say("opener_times", count=opener.opens)
        if opener.reading_seconds:
            detail = f"{detail} · {reading_words(opener.reading_seconds, say)}"
        tags = (say("opener_new") if opener.is_new else "", say("opener_bound") if opener.is_bound else "")
        lines.append(OpenerLine(name, detail, opener.last_opened_at, tuple(tag for tag in tags if tag)))
    return lines


def reading_words(seconds: int, say: Speech) -> str:
    """How long something was read, in minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    return say("read_for", minutes=minutes, seconds=f"{rest:02d}") if minutes else say("read_briefly", seconds=rest)
