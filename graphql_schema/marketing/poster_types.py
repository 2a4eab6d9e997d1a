"""Templates of posters, posters, and batches of them."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.marketing.poster_reads import BatchView, PosterView, TemplateView
from app.marketing.poster_values import BatchState, PosterFailure, PosterState
from app.platform.storage import media_url
from graphql_schema.context import Info
from graphql_schema.marketing import loaders
from graphql_schema.marketing.types import Code
from graphql_schema.paging import Node, encode_global_id

strawberry.enum(
    PosterState,
    description="RENDERING: being drawn. READY: its code was read back from the picture. FAILED: there is none.",
)
strawberry.enum(
    PosterFailure,
    description="UNREADABLE: the code could not be read back. CODE_TOO_SMALL: the link makes a code too fine for its "
    "box. FAULT: drawing failed several times; ask again. New values may be added.",
)
strawberry.enum(BatchState, name="PosterBatchState", description="RUNNING: a worker is at it. DONE: nothing is left.")


@strawberry.type(description="A template of posters.")
class PosterTemplate(Node):
    title: str = strawberry.field(description="Up to 40 characters, one of a kind in the brand.")
    version: int = strawberry.field(description="Grows with every change of the layout; a poster keeps its own.")
    needs_product: bool = strawberry.field(description="Whether it shows a product, so that `productId` is needed.")
    is_withdrawn: bool = strawberry.field(description="Whether it is offered no longer.")
    preview_url: str | None = strawberry.field(description="How it looks; null for the seconds until that is drawn.")


@strawberry.type(description="A poster of a guide, with the guide's own code on it.")
class Poster(Node):
    state: PosterState = strawberry.field(description="Where it stands.")
    failure: PosterFailure | None = strawberry.field(description="Why there is no picture; only of a FAILED one.")
    image_url: str | None = strawberry.field(description="The picture, JPEG or PNG; null until the poster is READY.")
    created_at: datetime = strawberry.field(description="When it was asked for first.")
    view: strawberry.Private[PosterView]

    @strawberry.field(description="The code on it: the picture decodes to its `url`.")
    async def issued_code(self, info: Info) -> Annotated["Code", strawberry.lazy("graphql_schema.marketing.types")]:
        return await loaders.code_by_id(info, self.view.code_id)


@strawberry.type(description="The same poster for every guide, drawn by a worker. `ready + failed + waiting = total`.")
class PosterBatch(Node):
    state: BatchState = strawberry.field(description="Whether anything is left.")
    total: int = strawberry.field(description="Guides with a shop when it began.")
    ready: int = strawberry.field(description="Posters that are READY.")
    failed: int = strawberry.field(description="Guides for whom there is none.")
    waiting: int = strawberry.field(description="Guides whose poster is still to come.")
    started_at: datetime = strawberry.field(description="When it began.")
    ended_at: datetime | None = strawberry.field(description="When nothing was left.")


def to_template(view: TemplateView, base_url: str) -> PosterTemplate:
    return PosterTemplate(
        id=encode_global_id("PosterTemplate", view.template_id),
        title=view.title,
        version=view.version,
        needs_product=view.needs_product,
        is_withdrawn=view.is_withdrawn,
        preview_url=picture_url(view.preview_key, base_url),
    )


def to_poster(view: PosterView, base_url: str) -> Poster:
    return Poster(
        id=encode_global_id("Poster", view.poster_id),
        state=view.state,
        failure=view.failure,
        image_url=picture_url(view.image_key, base_url),
        created_at=view.created_at,
        view=view,
    )


def to_batch(view: BatchView) -> PosterBatch:
    return PosterBatch(
        id=encode_global_id("PosterBatch", view.batch_id),
        state=view.state,
        total=view.total,
        ready=view.ready,
        failed=view.failed,
        waiting=view.waiting,
        started_at=view.created_at,
        ended_at=view.ended_at,
    )


def picture_url(key: str | None, base_url: str) -> str | None:
    """Where a picture that is kept is shown, on the server at `base_url`."""
    return None if key is None else f"{base_url}{media_url(key)}"
