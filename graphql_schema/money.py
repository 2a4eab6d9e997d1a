"""Amounts as clients see them."""

from enum import StrEnum

import strawberry

from app.platform import money
from graphql_schema.scalars import Long


@strawberry.enum(description="ISO 4217. Every one of these has two decimals. New values may be added.")
class CurrencyCode(StrEnum):
    CNY = "CNY"
    HKD = "HKD"
    MOP = "MOP"
    TWD = "TWD"
    USD = "USD"
    SGD = "SGD"
    MYR = "MYR"


@strawberry.type(description="An amount of one currency.")
class Money:
    minor: Long = strawberry.field(
        description="Minor units (分 for CNY), within ±(2^53 - 1); negative for what is owed or taken back."
    )
    currency: CurrencyCode = strawberry.field(description="The brand's currency.")
    display: str = strawberry.field(description="For people, the same in every language: ¥1,234.50.")


def to_money(minor: int, currency: str) -> Money:
    """An amount of `currency` in minor units."""
    return Money(minor=Long(minor), currency=CurrencyCode(currency), display=money.Money(minor, currency).display)
