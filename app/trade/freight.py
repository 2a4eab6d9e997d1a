"""Freight templates: headquarters publishes, orders are charged by the one in force when they are placed.

A brand without a template has the flat fee of the settings. A published version never changes. The highest version that
has begun is in force, so that a later one also takes the place of all that have not begun yet.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.commission.policies import next_version
from app.platform import texts
from app.platform.actor import Actor
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput
from app.platform.settings import load_settings
from app.products import reads
from app.products.guards import headquarters_only
from app.products.reads import SkuFacts
from app.trade import freight_rules as rules
from app.trade.freight_models import FreightTemplateRow
from app.trade.freight_rules import Unserved
from app.trade.freight_values import ChargedBy, Freight, FreightRate, FreightTemplate, FreightTerms, Load, Region

LONGEST_NAME = 60
AT = ("fulfilment", "address", "province")
"""Where a refusal of a region points at."""


@dataclass(frozen=True, slots=True)
class PublishedTemplate:
    """A version with its words and times."""

    template: FreightTemplate
    name: str
    starts_at: datetime
    published_at: datetime


async def publish(
    session: BrandSession,
    actor: Actor,
    *,
    name: str,
    terms: FreightTerms,
    starts_at: datetime | None = None,
    now: datetime,
) -> UUID:
    """Publish a version for orders placed from `starts_at` on (None: from now on); gives its id. One statement.

    It takes the place of every earlier version, also of one that was to begin later. Name: 1 to 60 characters.
    Raises: Forbidden, InvalidInput (paths such as rates, 0, firstMinor).
    """
    headquarters_only(actor)
    own_name = texts.line(name, "name", longest=LONGEST_NAME)
    if starts_at is not None and starts_at < now:
        raise InvalidInput("freight_begins_before", path=("startsAt",))
    checked, problem = rules.checked_terms(terms)
    if checked is None:
        field, why = cast("tuple[str, str]", problem)
        facts = {"rates": rules.MOST_RATES, "regions": rules.MOST_REGIONS}
        raise InvalidInput(f"freight_{why.lower()}", path=tuple(field.split(".")), **facts)
    template_id = session.new_id()
    await next_version(
        session,
        cast("sa.Table", FreightTemplateRow.__table__),
        {
            "id": template_id,
            "name": own_name,
            "charged_by": checked.charged_by.value,
            "piece_grams": checked.piece_grams,
            "rates": [asdict(rate) for rate in checked.rates],
            "starts_at": starts_at or now,
            "published_at": now,
            "published_by": actor.principal,
        },
    )
    return template_id


async def in_force(session: BrandSession) -> PublishedTemplate | None:
    """The version that orders are charged by now; None: the flat fee. One statement."""
    found = await _page(session, FreightTemplateRow.starts_at <= session.now, limit=1)
    return found[0] if found else None


async def page(session: BrandSession, *, limit: int, before: int | None = None) -> list[PublishedTemplate]:
    """Versions, the latest first, below the version `before`. One statement."""
    conditions = [] if before is None else [FreightTemplateRow.version < before]
    return await _page(session, *conditions, limit=limit)


async def count(session: BrandSession) -> int:
    """How many versions `page` walks through."""
    counted = sa.select(sa.func.count()).where(FreightTemplateRow.brand_id == session.brand_id)
    return (await session.execute(counted)).scalar_one()


async def by_id(session: BrandSession, template_ids: Collection[UUID]) -> dict[UUID, PublishedTemplate]:
    found = await _page(session, FreightTemplateRow.id.in_(template_ids), limit=len(template_ids))
    return {one.template.id: one for one in found}


async def facts_to_send(
    session: BrandSession, sku_ids: Sequence[UUID], *, branch: str
) -> tuple[dict[UUID, SkuFacts], FreightTemplate | None]:
    """SKUs as orders that are sent need to know them, with the template in force; one statement."""
    facts, template = await reads.price_facts_beside(session, _FACTS_TO_SEND, sku_ids, branch=branch)
    return facts, None if template is None else template_of(template)


def charged(
    template: FreightTemplate | None, loads: Iterable[Load], *, goods_minor: int, region: Region | None
) -> Freight:
    """What sending costs by the template in force. Raises: InvalidInput for a region where nothing is sent."""
    if template is None:
        settings = load_settings()
        return rules.flat_freight(
            goods_minor, flat_minor=settings.freight_flat_minor, free_from_minor=settings.freight_free_from_minor
        )
    found = rules.template_freight(template, loads, goods_minor=goods_minor, region=region)
    if isinstance(found, Freight):
        return found
    place = "" if region is None else " ".join(dict.fromkeys((region.province, region.city)))
    key = "region_unknown" if found is Unserved.UNKNOWN else "region_not_delivered"
    raise InvalidInput(key, path=AT, region=place)


def template_of(kept: Mapping[Any, Any]) -> FreightTemplate:
    """A template out of its row, or of the JSON that IN_FORCE gives."""
    return FreightTemplate(
        charged_by=ChargedBy(kept["charged_by"]),
        piece_grams=kept["piece_grams"],
        rates=tuple(FreightRate(**{**rate, "regions": tuple(rate["regions"])}) for rate in kept["rates"]),
        id=UUID(str(kept["id"])),
        version=kept["version"],
    )


_table = cast("sa.Table", FreightTemplateRow.__table__)
IN_FORCE: sa.ColumnElement[Any] = (
    sa.select(
        sa.type_coerce(
            sa.func.jsonb_build_object(
                "id",
                _table.c.id,
                "version",
                _table.c.version,
                "charged_by",
                _table.c.charged_by,
                "piece_grams",
                _table.c.piece_grams,
                "rates",
                _table.c.rates,
            ),
            JSONB,
        )
    )
    .where(
        _table.c.brand_id == sa.bindparam("brand", type_=sa.Uuid()),
        _table.c.starts_at <= sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    )
    .order_by(_table.c.version.desc())
    .limit(1)
    .scalar_subquery()
)
"""The template in force; NULL without one. It depends on no row beside it, so that it is looked up once."""
_FACTS_TO_SEND = reads.facts_to_send(IN_FORCE)


async def _page(session: BrandSession, *conditions: sa.ColumnElement[bool], limit: int) -> list[PublishedTemplate]:
    rows = await session.execute(
        sa.select(
            FreightTemplateRow.id,
            FreightTemplateRow.version,
            FreightTemplateRow.name,
            FreightTemplateRow.charged_by,
            FreightTemplateRow.piece_grams,
            FreightTemplateRow.rates,
            FreightTemplateRow.starts_at,
            FreightTemplateRow.published_at,
        )
        .where(FreightTemplateRow.brand_id == session.brand_id, *conditions)
        .order_by(FreightTemplateRow.version.desc())
        .limit(limit)
    )
    return [PublishedTemplate(template_of(row._mapping), row.name, row.starts_at, row.published_at) for row in rows]
