"""User errors of trade, with their facts."""

from typing import Any

import strawberry

from app.platform import errors
from app.platform.db import BrandSession
from graphql_schema.money import Money, to_money
from graphql_schema.products.loaders import skus_in
from graphql_schema.products.types import Sku
from graphql_schema.user_errors import UserError, converts


@strawberry.type(description="A SKU that there is not enough of.")
class Shortage:
    sku: Sku = strawberry.field(description="The SKU.")
    requested: int = strawberry.field(description="Pieces that were wanted, over all lines.")
    available: int = strawberry.field(description="Pieces that could be ordered at that moment; 0 or more.")


@strawberry.type(description="Some items are short; nothing was held.")
class InsufficientStock(UserError):
    shortages: list[Shortage] = strawberry.field(description="Every short SKU; at most 50.")


@strawberry.type(description="The total is not the one that the customer saw.")
class PriceChanged(UserError):
    total: Money = strawberry.field(description="What the order would come to now.")


@converts(errors.InsufficientStock)
async def _short(session: BrandSession, fault: errors.InsufficientStock, fields: dict[str, Any]) -> UserError:
    skus = await skus_in(session, [short.sku_id for short in fault.shortages])
    shortages = [
        Shortage(sku=skus[short.sku_id], requested=short.requested, available=short.available)
        for short in fault.shortages
    ]
    return InsufficientStock(**fields, shortages=shortages)


@converts(errors.PriceChanged)
async def _changed(session: BrandSession, fault: errors.PriceChanged, fields: dict[str, Any]) -> UserError:
    return PriceChanged(**fields, total=to_money(fault.total_minor, session.brand.currency))
