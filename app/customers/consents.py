"""Consents: what a customer allowed or withdrew, by purpose and version of the text. Append-only; the latest counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from app.customers.models import ConsentRow
from app.customers.values import ConsentPurpose
from app.platform import texts
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput

LONGEST_VERSION = 40


@dataclass(frozen=True, slots=True)
class Consent:
    """A decision about one purpose, made on a text of this version (up to 40 characters)."""

    purpose: ConsentPurpose
    text_version: str
    granted: bool


def checked(consents: Sequence[Consent]) -> list[Consent]:
    """The consents with clean versions. Raises: InvalidInput for a purpose named twice or a version too long."""
    if len({consent.purpose for consent in consents}) != len(consents):
        raise InvalidInput("consent_repeated", path=("consents",))
    return [
        Consent(
            ConsentPurpose(consent.purpose),
            texts.line(consent.text_version, "consents", "textVersion", longest=LONGEST_VERSION),
            consent.granted,
        )
        for consent in consents
    ]


async def record(session: BrandSession, *, customer_id: UUID, consents: Sequence[Consent], now: datetime) -> None:
    """Add what the customer decided; nothing said changes nothing. One statement, or none. Raises: InvalidInput."""
    if not consents:
        return
    await session.execute(
        sa.insert(ConsentRow),
        [
            {
                "brand_id": session.brand_id,
                "id": session.new_id(),
                "customer_id": customer_id,
                "purpose": consent.purpose,
                "text_version": consent.text_version,
                "granted": consent.granted,
                "at": now,
            }
            for consent in checked(consents)
        ],
    )


async def in_force(session: BrandSession, *, customer_id: UUID) -> dict[ConsentPurpose, Consent]:
    """The latest decision about each purpose; a purpose that was never asked about is missing, and not granted."""
    rows = await session.execute(
        sa.select(ConsentRow.purpose, ConsentRow.text_version, ConsentRow.granted)
        .ext(distinct_on(ConsentRow.purpose))
        .where(ConsentRow.brand_id == session.brand_id, ConsentRow.customer_id == customer_id)
        .order_by(ConsentRow.purpose, ConsentRow.at.desc(), ConsentRow.id.desc())
    )
    return {ConsentPurpose(row.purpose): Consent(ConsentPurpose(row.purpose), *row[1:]) for row in rows}
