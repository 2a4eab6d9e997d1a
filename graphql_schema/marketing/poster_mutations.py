"""Mutations and root fields over posters."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from app.marketing import poster_batches, poster_templates, poster_works, posters
from app.platform.db import BrandSession
from app.platform.errors import InvalidInput as InvalidInputFault
from app.platform.storage import StorageUnreachable
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.marketing import poster_loaders
from graphql_schema.marketing.poster_types import Poster, PosterBatch, PosterTemplate
from graphql_schema.paging import Connection
from graphql_schema.permissions import EMPLOYEES, GUIDES, HEADQUARTERS, Requires
from graphql_schema.scalars import JSON
from graphql_schema.transaction import Result, mutate_input, shown
from graphql_schema.user_errors import Conflict, IdempotencyConflict, InvalidInput, NotFound

_KEY = "16 to 64 characters; the same key gives the same answer."
_LAYOUT = (
    "{width, height, background, format: JPEG | PNG, layers: [{kind, box: [left, top, width, height], …}]}, in pixels. "
    "Kinds: FILL (colour, edge, radius), PICTURE (source: COVER or a path below /media/, radius), TEXT (text with "
    "{product} {guide} {store} {brand}, size, weight 400 | 700, colour, align, lines, lineHeight), PRICE, GUIDE_NAME, "
    "GUIDE_STORE (size, weight, colour, align), GUIDE_AVATAR, CODE: exactly one, 180 pixels or more a side, with "
    "nothing on it. Colours: #rrggbb or a name of the pages' tokens. Up to 40 layers and 4,000,000 pixels."
)


@strawberry.input(description="A template to make.")
class PosterTemplateCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    title: str = strawberry.field(description="Up to 40 characters, one of a kind in the brand.")
    layout: JSON = strawberry.field(description=_LAYOUT)


@strawberry.input(description="What is to be changed of a template; what is left out stays.")
class PosterTemplateUpdateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    template_id: strawberry.ID = strawberry.field(description="The template.")
    title: str | None = strawberry.field(default=None, description="Up to 40 characters.")
    layout: JSON | None = strawberry.field(default=None, description="As in posterTemplateCreate: another version.")
    is_withdrawn: bool | None = strawberry.field(default=None, description="true: offer it no longer; false: again.")


@strawberry.input(description="A poster to draw.")
class PosterRenderInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    template_id: strawberry.ID = strawberry.field(description="A template that is not withdrawn.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="A published product, to which the code leads; null: to the shop."
    )
    material_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A material of one's toolbox, to which the code leads; not together with a product, nor in a "
        "template that shows a price.",
    )


@strawberry.input(description="A poster for every guide.")
class PosterBatchStartInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    template_id: strawberry.ID = strawberry.field(description="A template that is not withdrawn.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="A published product.")


@strawberry.type(description="The template is made.")
class PosterTemplateCreatePayload:
    poster_template: PosterTemplate = strawberry.field(description="The template.")


@strawberry.type(description="The template is changed.")
class PosterTemplateUpdatePayload:
    poster_template: PosterTemplate = strawberry.field(description="The template as it is now.")


@strawberry.type(description="The poster: drawn already, or known to be still under way.")
class PosterRenderPayload:
    poster: Poster = strawberry.field(
        description="The poster. It is drawn before the answer; where that took too long it is RENDERING, and `node` "
        "has it a minute later."
    )


@strawberry.type(description="The worker draws.")
class PosterBatchStartPayload:
    poster_batch: PosterBatch = strawberry.field(description="The batch; `node` tells how far it has come.")


PosterTemplateCreateResult = Annotated[
    PosterTemplateCreatePayload | InvalidInput | Conflict | IdempotencyConflict,
    strawberry.union("PosterTemplateCreateResult", description="The template, or why there is none."),
]
PosterTemplateUpdateResult = Annotated[
    PosterTemplateUpdatePayload | InvalidInput | NotFound | Conflict | IdempotencyConflict,
    strawberry.union("PosterTemplateUpdateResult", description="The template, or why it was not changed."),
]
PosterRenderResult = Annotated[
    PosterRenderPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("PosterRenderResult", description="The poster, or why there is none."),
]
PosterBatchStartResult = Annotated[
    PosterBatchStartPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("PosterBatchStartResult", description="The batch, or why it was not begun."),
]


@strawberry.type
class PosterQuery:
    @strawberry.field(
        description="Templates of posters that can be used, the oldest first. For any employee.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def poster_templates(self, info: Info, first: First = 20, after: After = None) -> Connection[PosterTemplate]:
        return await poster_loaders.template_connection(info, first, after)

    @strawberry.field(
        description="One's own posters, the newest first; those that headquarters had drawn for everybody too.",
        extensions=[Requires(GUIDES)],
    )
    async def posters(self, info: Info, first: First = 20, after: After = None) -> Connection[Poster]:
        actor = await info.context.actor()
        return await poster_loaders.poster_connection(info, cast("UUID", actor.employee_id), first, after)


@strawberry.type
class PosterMutation:
    @strawberry.mutation(
        description="Make a template of posters. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def poster_template_create(
        self,
        info: Info,
        input: Annotated[PosterTemplateCreateInput, strawberry.argument(description="The template.")],
    ) -> PosterTemplateCreateResult:
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url
        try:
            preview_key = await _preview(info, input.layout)
        except InvalidInputFault as fault:
            return cast("PosterTemplateCreateResult", await shown(info.context, await info.context.brand(), fault))

        async def act(session: BrandSession) -> Result:
            made = await poster_templates.create(
                session,
                actor,
                title=input.title,
                document=cast("dict[str, Any]", input.layout),
                preview_key=preview_key,
                now=session.now,
            )
            return {"template_id": made}

        async def answer(session: BrandSession, made: Result) -> PosterTemplateCreatePayload:
            return PosterTemplateCreatePayload(
                poster_template=await poster_loaders.template_in(session, UUID(made["template_id"]), base_url)
            )

        return cast("PosterTemplateCreateResult", await mutate_input(info, "posterTemplateCreate", input, act, answer))

    @strawberry.mutation(
        description="Change or withdraw a template. Posters that were made keep the version they were made in. For "
        "headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def poster_template_update(
        self,
        info: Info,
        input: Annotated[PosterTemplateUpdateInput, strawberry.argument(description="The changes.")],
    ) -> PosterTemplateUpdateResult:
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url
        try:
            preview_key = None if input.layout is None else await _preview(info, input.layout)
        except InvalidInputFault as fault:
            return cast("PosterTemplateUpdateResult", await shown(info.context, await info.context.brand(), fault))

        async def act(session: BrandSession) -> Result:
            template_id = input_id(input.template_id, "PosterTemplate", "templateId")
            await poster_templates.change(
                session,
                actor,
                template_id=template_id,
                title=input.title,
                document=cast("dict[str, Any] | None", input.layout),
                preview_key=preview_key,
                is_withdrawn=input.is_withdrawn,
                now=session.now,
            )
            return {"template_id": template_id}

        async def answer(session: BrandSession, made: Result) -> PosterTemplateUpdatePayload:
            return PosterTemplateUpdatePayload(
                poster_template=await poster_loaders.template_in(session, UUID(made["template_id"]), base_url)
            )

        return cast("PosterTemplateUpdateResult", await mutate_input(info, "posterTemplateUpdate", input, act, answer))

    @strawberry.mutation(
        description="Draw a poster of one's own shop, or of a product or material in it. The same template, price and "
        "code give the same poster. For guides and managers with a shop.",
        extensions=[Requires(GUIDES)],
    )
    async def poster_render(
        self, info: Info, input: Annotated[PosterRenderInput, strawberry.argument(description="The poster.")]
    ) -> PosterRenderResult:
        actor, runtime, brand = await info.context.actor(), info.context.runtime, await info.context.brand()
        studio = await poster_works.open_studio(runtime)

        async def act(session: BrandSession) -> Result:
            template_id = input_id(input.template_id, "PosterTemplate", "templateId")
            product_id = optional_input_id(input.product_id, "Product", "productId")
            made = await posters.request(
                session,
                actor,
                template_id=template_id,
                product_id=product_id,
                material_id=optional_input_id(input.material_id, "Material", "materialId"),
                studio=studio,
                due_at=session.now + poster_works.GRACE,
                now=session.now,
            )
            return {"poster_id": made}

        async def answer(session: BrandSession, made: Result) -> PosterRenderPayload:
            found = await poster_loaders.poster_in(session, UUID(made["poster_id"]), studio.base_url)
            return PosterRenderPayload(poster=found)

        given = await mutate_input(info, "posterRender", input, act, answer)
        if isinstance(given, PosterRenderPayload) and given.poster.view.image_key is None:
            poster_id = given.poster.view.poster_id
            await poster_works.draw_now(runtime, brand, poster_id)
            async with info.context.reading(brand) as session:
                given = PosterRenderPayload(poster=await poster_loaders.poster_in(session, poster_id, studio.base_url))
        return cast("PosterRenderResult", given)

    @strawberry.mutation(
        description="Have the worker draw a poster for every guide, each with the own code. For headquarters and the "
        "owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def poster_batch_start(
        self, info: Info, input: Annotated[PosterBatchStartInput, strawberry.argument(description="The batch.")]
    ) -> PosterBatchStartResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            made = await poster_batches.start(
                session,
                actor,
                template_id=input_id(input.template_id, "PosterTemplate", "templateId"),
                product_id=optional_input_id(input.product_id, "Product", "productId"),
                now=session.now,
            )
            return {"batch_id": made}

        async def answer(session: BrandSession, made: Result) -> PosterBatchStartPayload:
            return PosterBatchStartPayload(poster_batch=await poster_loaders.batch_in(session, UUID(made["batch_id"])))

        return cast("PosterBatchStartResult", await mutate_input(info, "posterBatchStart", input, act, answer))


async def _preview(info: Info, layout: object) -> str | None:
    """How a template looks, drawn before anything is changed; None: the storage is away, a worker draws it later.

    Raises: InvalidInput.
    """
    brand = await info.context.brand()
    poster_templates.checked(layout)
    try:
        return await poster_works.preview(info.context.runtime, brand, cast("dict[str, Any]", layout))
    except StorageUnreachable:
        return None
