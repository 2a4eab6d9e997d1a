"""Reads of codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.customers.models import TouchpointRow
from app.customers.values import TouchpointKind
from app.marketing.models import CodeRow
from app.marketing.values import Channel, CodeKind
from app.platform.db import BrandSession

_OF_ONE_USE = (CodeKind.MATERIAL.value, CodeKind.QUOTATION.value)


@dataclass(frozen=True, slots=True)
class CodeCard:
    """A code as its owner sees it. `scan_count`: touchpoints by it, repeats within ten minutes counted once.

    `is_personal`: the one that the shop itself shows.
    """

    code_id: UUID
    token: str
    kind: CodeKind
    label: str | None
    channel: Channel | None
    is_personal: bool
    guide_id: UUID | None
    store_id: UUID | None
    is_revoked: bool
    scan_count: int


async def codes_by_id(session: BrandSession, code_ids: Iterable[UUID]) -> dict[UUID, CodeCard]:
    """These codes with their scans. One statement, without a row scope of its own."""
    wanted = list(set(code_ids))
    if not wanted:
        return {}
    return {card.code_id: card for card in await _cards(session, _cards_query(session).where(CodeRow.id.in_(wanted)))}


async def codes_of_guide(session: BrandSession, guide_id: UUID, *, limit: int) -> list[CodeCard]:
    """A guide's codes that are not revoked with their scans: the personal one first, then the newest. One statement.

    Those of materials and quotations are left out: each share and quotation has one, and stands in a list of its own.
    """
    wanted = _cards_query(session).where(
        CodeRow.guide_id == guide_id, CodeRow.revoked_at.is_(None), CodeRow.kind.not_in(_OF_ONE_USE)
    )
    return await _cards(session, wanted.order_by(CodeRow.is_personal.desc(), CodeRow.id.desc()).limit(limit))


async def personal_tokens(session: BrandSession, shop_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The token of each shop's personal code. One statement."""
    wanted = list(set(shop_ids))
    if not wanted:
        return {}
    rows = await session.execute(
        sa.select(CodeRow.shop_id, CodeRow.token).where(
            CodeRow.brand_id == session.brand_id, CodeRow.is_personal, CodeRow.shop_id.in_(wanted)
        )
    )
    return {row.shop_id: row.token for row in rows if row.shop_id is not None}


def _cards_query(session: BrandSession) -> sa.Select[*tuple[Any, ...]]:
    scans = (
        sa.select(sa.func.count())
        .where(
            TouchpointRow.brand_id == session.brand_id,
            TouchpointRow.code_id == CodeRow.id,
            TouchpointRow.kind == TouchpointKind.SCAN.value,
        )
        .correlate(CodeRow)
        .scalar_subquery()
    )
    return sa.select(
        CodeRow.id,
        CodeRow.token,
        CodeRow.kind,
        CodeRow.label,
        CodeRow.channel,
        CodeRow.is_personal,
        CodeRow.guide_id,
        CodeRow.store_id,
        CodeRow.revoked_at,
        scans.label("scan_count"),
    ).where(CodeRow.brand_id == session.brand_id)


async def _cards(session: BrandSession, query: sa.Select[*tuple[Any, ...]]) -> list[CodeCard]:
    return [
        CodeCard(
            code_id=row.id,
            token=row.token,
            kind=CodeKind(row.kind),
            label=row.label,
            channel=None if row.channel is None else Channel(row.channel),
            is_personal=row.is_personal,
            guide_id=row.guide_id,
            store_id=row.store_id,
            is_revoked=row.revoked_at is not None,
            scan_count=row.scan_count,
        )
        for row in await session.execute(query)
    ]
