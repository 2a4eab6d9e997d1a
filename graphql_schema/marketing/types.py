"""Codes."""

import strawberry

from app.marketing.codes import link_of
from app.marketing.reads import CodeCard
from graphql_schema.marketing.enums import CodeKind
from graphql_schema.paging import Node, encode_global_id


@strawberry.type(description="A personal code (专属二维码). It always leads somewhere, also when it was revoked.")
class Code(Node):
    token: str = strawberry.field(description="20 letters and digits: for WeCom `state` and mini-program `scene`.")
    url: str = strawberry.field(description="What the picture decodes to.")
    image_url: str = strawberry.field(description="The PNG; the same address with .svg gives the SVG.")
    kind: CodeKind = strawberry.field(description="What it leads to.")
    label: str | None = strawberry.field(description="The maker's own note, up to 40 characters.")
    scan_count: int = strawberry.field(description="Touchpoints by it; repeats within ten minutes count once.")
    is_revoked: bool = strawberry.field(description="Whether it no longer counts for its guide.")


def to_code(card: CodeCard, base_url: str) -> Code:
    """A code whose addresses are on the server at `base_url`."""
    return Code(
        id=encode_global_id("Code", card.code_id),
        token=card.token,
        url=link_of(card.token, base_url),
        image_url=f"{base_url}/codes/{card.token}.png",
        kind=card.kind,
        label=card.label,
        scan_count=card.scan_count,
        is_revoked=card.is_revoked,
    )
