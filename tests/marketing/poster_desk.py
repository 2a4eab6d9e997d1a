"""A scene with clients for posters, and what tests ask of them."""

from typing import Any

import sqlalchemy as sa

from app.marketing import poster_layouts
from app.marketing.poster_invariants import CHECKS
from app.marketing.poster_models import PosterRow
from app.platform.runtime import Runtime
from app.platform.storage import StorageUnreachable
from app.products import catalogue
from app.products.values import PriceChange
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.documents import Client
from tests.factories import Scene, key

PROBLEM = "... on UserError { __typename code message path }"
CREATE = f"""mutation ($input: PosterTemplateCreateInput!) {{ posterTemplateCreate(input: $input) {{
  ... on PosterTemplateCreatePayload {{ posterTemplate {{ id title version needsProduct previewUrl }} }}
  {PROBLEM} }} }}"""
UPDATE = f"""mutation ($input: PosterTemplateUpdateInput!) {{ posterTemplateUpdate(input: $input) {{
  ... on PosterTemplateUpdatePayload {{ posterTemplate {{ id title version isWithdrawn }} }} {PROBLEM} }} }}"""
POSTERS = "{ posters(first: 10) { totalCount edges { node { id state imageUrl } } } }"


class Desk:
    """A scene with clients, and its templates by title."""

    def __init__(self, http: Any, runtime: Runtime, scene: Scene) -> None:
        self.http, self.runtime, self.scene = http, runtime, scene
        self.templates: dict[str, str] = {}

    async def open(self) -> "Desk":
        token_for = factories.token_for
        self.guide = Client(self.http, await token_for(self.runtime, self.scene.brand, self.scene.guide.employee_id))
        self.owner = Client(self.http, await token_for(self.runtime, self.scene.brand, self.scene.owner_id))
        listed = (await self.guide.data("PosterTemplates"))["posterTemplates"]
        self.templates = {edge["node"]["title"]: edge["node"]["id"] for edge in listed["edges"]}
        return self

    @property
    def product_id(self) -> str:
        return encode_global_id("Product", self.scene.product_id)

    async def render(self, title: str = "商品海报·暖纸", client: Client | None = None, **more: Any) -> dict[str, Any]:
        given = {"productId": self.product_id} if title != "小店名片" else {}
        return await (client or self.guide).do(
            "PosterRender", **{"idempotencyKey": key(), "templateId": self.templates[title], **given, **more}
        )

    async def poster(self, title: str = "商品海报·暖纸", **more: Any) -> dict[str, Any]:
        done = await self.render(title, **more)
        assert done["__typename"] == "PosterRenderPayload", done
        return dict(done["poster"])

    async def reprice(self, price_minor: int) -> None:
        async with self.runtime.database.transaction(self.scene.brand) as session:
            await catalogue.update_product(
                session,
                factories.SYSTEM,
                product_id=self.scene.product_id,
                prices=[PriceChange(self.scene.sku_id, price_minor)],
                now=session.now,
            )

    async def create(self, title: str = "自己的", layout: Any = poster_layouts.SHOP, **more: Any) -> dict[str, Any]:
        sent = {"idempotencyKey": key(), "title": title, "layout": layout} | more
        return dict((await self.owner.query(CREATE, input=sent))["data"]["posterTemplateCreate"])

    async def count(self, kind: Any) -> int:
        async with self.runtime.database.reading(self.scene.brand) as session:
            query = sa.select(sa.func.count()).select_from(kind).where(kind.brand_id == self.scene.brand.id)
            return int((await session.execute(query)).scalar_one())

    async def broken(self) -> list[str]:
        async with self.runtime.database.reading(self.scene.brand) as session:
            return [line for check in CHECKS.values() for line in await check(session)]


async def make_due(desk: Desk) -> None:
    async with desk.runtime.database.transaction(desk.scene.brand) as session:
        await session.execute(
            sa.update(PosterRow).where(PosterRow.brand_id == desk.scene.brand.id).values(due_at=session.now)
        )


async def states(desk: Desk) -> list[str]:
    async with desk.runtime.database.reading(desk.scene.brand) as session:
        found = await session.execute(sa.select(PosterRow.state).where(PosterRow.brand_id == desk.scene.brand.id))
        return list(found.scalars())


async def away(*_: Any, **__: Any) -> None:
    """A storage that does not answer."""
    raise StorageUnreachable("on purpose")
