"""Enums of marketing online, as clients see them: the same classes that the services use."""

import strawberry

from app.marketing.values import CodeKind, MaterialKind

strawberry.enum(CodeKind, description="What a code leads to. CAMPAIGN codes cannot be made yet.")
strawberry.enum(MaterialKind, description="What a material of the toolbox is. New values may be added.")

__all__ = ["CodeKind", "MaterialKind"]
