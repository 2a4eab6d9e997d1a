"""Enums of boss online, as clients see them: the same classes that the services use."""

import strawberry

from app.boss.values import BreakdownBy, PeriodPreset

strawberry.enum(
    PeriodPreset, description="Periods by name, in the brand's time zone; the last days and this month include today."
)
strawberry.enum(
    BreakdownBy,
    description="What sales are broken down by. ORG_UNIT: the units right below, each with all below it. CAMPAIGN, "
    "CHANNEL and REGION are not answered yet. New values may be added.",
)

__all__ = ["BreakdownBy", "PeriodPreset"]
