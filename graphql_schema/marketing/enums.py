"""Enums of marketing online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import CodeKind

strawberry.enum(CodeKind, description="What a code leads to. MATERIAL and CAMPAIGN codes cannot be made yet.")

__all__ = ["CodeKind"]
