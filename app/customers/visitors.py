"""Visitors: a browser or phone that is known before anybody signs in on it.

A visitor token is a keyed HMAC of the row's brand and id: it stands in no table and is made anew for a replayed
answer. The directory holds its SHA-256 and leads from it to the brand.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.customers.events import VisitorJoined
from app.customers.models import TouchHeadRow, VisitorRow
from app.platform.db import BrandSession, register
from app.platform.models import DirectoryRow
from app.platform.personal_data import PersonalData
from app.platform.tokens import token_key

VISITOR_TOKEN = "VISITOR_TOKEN"  # noqa: S105 - the kind of a directory entry
_PURPOSE = "visitor"
_TOKEN_LENGTH = 43


@dataclass(frozen=True, slots=True)
class VisitorMade:
    """A new visitor and the token that its client keeps."""

    visitor_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """A visitor; `customer_id` is who signed in there first, None: nobody yet."""

    visitor_id: UUID
    customer_id: UUID | None


async def create(session: BrandSession, *, customer_id: UUID | None = None, now: datetime) -> VisitorMade:
    """Make a visitor, for a signed-in customer one that is joined already. Two statements."""
    visitor_id = session.new_id()
    token = token_of(session.vault, session.brand_id, visitor_id)
    await session.execute(
        sa.insert(VisitorRow).values(
            brand_id=session.brand_id,
            id=visitor_id,
            customer_id=customer_id,
            joined_at=None if customer_id is None else now,
            created_at=now,
        )
    )
    await session.execute(register(session, VISITOR_TOKEN, token_key(token), visitor_id))
    return VisitorMade(visitor_id, token)


async def find(session: BrandSession, token: str | None) -> Visitor | None:
    """The brand's visitor of a token; None for no token, one that is unknown, or another brand's."""
    if token is None or len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    found = await session.execute(
        sa.select(VisitorRow.id, VisitorRow.customer_id)
        .join(
            DirectoryRow, sa.and_(DirectoryRow.target_id == VisitorRow.id, DirectoryRow.brand_id == VisitorRow.brand_id)
        )
        .where(
            DirectoryRow.kind == VISITOR_TOKEN,
            DirectoryRow.key == token_key(token),
            DirectoryRow.brand_id == session.brand_id,
            VisitorRow.brand_id == session.brand_id,
        )
    )
    row = found.first()
    return None if row is None else Visitor(row.id, row.customer_id)


def token_of(vault: PersonalData, brand_id: UUID, visitor_id: UUID) -> str:
    """The token of a visitor: 43 characters of base64url."""
    return urlsafe_b64encode(vault.mac(_PURPOSE, brand_id.bytes + visitor_id.bytes)).rstrip(b"=").decode("ascii")


async def join(session: BrandSession, *, visitor_id: UUID, customer_id: UUID, now: datetime) -> bool:
    """Make the visitor's past the customer's; whether it is, now.

    A visitor belongs to the customer who signed in there first: on a shared phone the second one gets nothing of the
    first one's past. Repeats within the ten minutes stay one touchpoint across the sign-in, so the heads come along.
    Emits: VisitorJoined, the first time.
    """
    joined = await session.execute(
        sa.update(VisitorRow)
        .where(
            VisitorRow.brand_id == session.brand_id,
            VisitorRow.id == visitor_id,
            sa.or_(VisitorRow.customer_id.is_(None), VisitorRow.customer_id == customer_id),
        )
        .values(customer_id=customer_id, joined_at=sa.func.coalesce(VisitorRow.joined_at, now))
        .returning(VisitorRow.joined_at)
        .execution_options(synchronize_session=False)
    )
    joined_at = joined.scalar_one_or_none()
    if joined_at is None:
        return False
    if joined_at == now:
        await _bring_heads(session, visitor_id=visitor_id, customer_id=customer_id)
        session.emit(VisitorJoined(visitor_id, customer_id))
    return True


async def _bring_heads(session: BrandSession, *, visitor_id: UUID, customer_id: UUID) -> None:
    of_visitor = (
        sa.select(
            TouchHeadRow.brand_id,
            sa.literal(customer_id, sa.Uuid()),
            TouchHeadRow.source_id,
            TouchHeadRow.touchpoint_id,
            TouchHeadRow.occurred_at,
        )
        .where(TouchHeadRow.brand_id == session.brand_id, TouchHeadRow.subject_id == visitor_id)
        .order_by(TouchHeadRow.source_id)
    )
    statement = insert(TouchHeadRow).from_select(
        ["brand_id", "subject_id", "source_id", "touchpoint_id", "occurred_at"], of_visitor
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["brand_id", "subject_id", "source_id"],
            set_={
                "touchpoint_id": statement.excluded.touchpoint_id,
                "occurred_at": statement.excluded.occurred_at,
            },
            where=TouchHeadRow.occurred_at < statement.excluded.occurred_at,
        )
    )
