"""Mutations and root fields over the toolbox."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.marketing import materials, shares
from app.marketing.values import MaterialContent
from app.platform.db import BrandSession
from graphql_schema.context import Info
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.marketing.enums import MaterialKind
from graphql_schema.marketing.toolbox_inputs import (
    MaterialCreateInput,
    MaterialShareInput,
    MaterialUpdateInput,
    MaterialWithdrawInput,
    audience_of,
    product_ids_of,
)
from graphql_schema.marketing.toolbox_loaders import material_connection, material_in, share_in
from graphql_schema.marketing.toolbox_types import After, First, Material, Share
from graphql_schema.paging import Connection
from graphql_schema.permissions import EMPLOYEES, GUIDES, PROMOTERS, Requires
from graphql_schema.products.inputs import kept
from graphql_schema.transaction import Result, mutate_input
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, WrongState


@strawberry.type(description="The material is in the toolbox.")
class MaterialCreatePayload:
    material: Material = strawberry.field(description="The new material, in version 1.")


@strawberry.type(description="The material is changed.")
class MaterialUpdatePayload:
    material: Material = strawberry.field(description="The material as it is now.")


@strawberry.type(description="The material is withdrawn.")
class MaterialWithdrawPayload:
    material: Material = strawberry.field(description="The material as it is now.")


@strawberry.type(description="The material is shared.")
class MaterialSharePayload:
    share: Share = strawberry.field(description="The share with its code and words.")


MaterialCreateResult = Annotated[
    MaterialCreatePayload | InvalidInput | IdempotencyConflict,
    strawberry.union("MaterialCreateResult", description="The material, or why it was not made."),
]
MaterialUpdateResult = Annotated[
    MaterialUpdatePayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("MaterialUpdateResult", description="The material, or why it was not changed."),
]
MaterialWithdrawResult = Annotated[
    MaterialWithdrawPayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("MaterialWithdrawResult", description="The material, or why it was not withdrawn."),
]
MaterialShareResult = Annotated[
    MaterialSharePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("MaterialShareResult", description="The share, or why there is none."),
]


@strawberry.type
class ToolboxQuery:
    @strawberry.field(
        description="The toolbox, the newest material first: for an employee what is for the own unit and role, for "
        "whoever fills it everything.",
        extensions=[Requires(EMPLOYEES)],
    )
    async def materials(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        kinds: Annotated[
            list[MaterialKind] | None, strawberry.argument(description="Only of these kinds; null: of any.")
        ] = None,
        with_withdrawn: Annotated[
            bool | None, strawberry.argument(description="Withdrawn ones too, for whoever fills the toolbox.")
        ] = False,
    ) -> Connection[Material]:
        return await material_connection(info, first, after, kinds, with_withdrawn=bool(with_withdrawn))


@strawberry.type
class ToolboxMutation:
    @strawberry.mutation(
        description="Put a material into the toolbox. For promotion, headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def material_create(
        self, info: Info, input: Annotated[MaterialCreateInput, strawberry.argument(description="The material.")]
    ) -> MaterialCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            content = MaterialContent(
                title=input.title,
                body=input.body,
                cover_url=input.cover_url,
                attachment_urls=tuple(input.attachment_urls or ()),
                script=input.script,
                product_ids=product_ids_of(input.product_ids),
            )
            audience = None if input.audience is None else await audience_of(session, input.audience)
            return {
                "material_id": await materials.create(
                    session, actor, kind=input.kind, content=content, audience=audience, now=session.now
                )
            }

        async def answer(session: BrandSession, made: Result) -> MaterialCreatePayload:
            return MaterialCreatePayload(material=await material_in(session, UUID(made["material_id"])))

        return cast("MaterialCreateResult", await mutate_input(info, "materialCreate", input, act, answer))

    @strawberry.mutation(
        description="Change a material; what is said differently makes a new version. Pages of shares show the newest "
        "one. For promotion, headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def material_update(
        self, info: Info, input: Annotated[MaterialUpdateInput, strawberry.argument(description="The changes.")]
    ) -> MaterialUpdateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            material_id = input_id(input.material_id, "Material", "materialId")
            await materials.update(
                session,
                actor,
                material_id=material_id,
                title=input.title,
                body=kept(input.body),
                cover_url=kept(input.cover_url),
                attachment_urls=None if input.attachment_urls is None else tuple(input.attachment_urls),
                script=kept(input.script),
                product_ids=None if input.product_ids is None else product_ids_of(input.product_ids),
                audience=None if input.audience is None else await audience_of(session, input.audience),
                now=session.now,
            )
            return {"material_id": material_id}

        async def answer(session: BrandSession, made: Result) -> MaterialUpdatePayload:
            return MaterialUpdatePayload(material=await material_in(session, UUID(made["material_id"])))

        return cast("MaterialUpdateResult", await mutate_input(info, "materialUpdate", input, act, answer))

    @strawberry.mutation(
        description="Withdraw a material: nobody shares it any more, and the pages of its shares say so and lead into "
        "the shop. For promotion, headquarters and the owner.",
        extensions=[Requires(PROMOTERS)],
    )
    async def material_withdraw(
        self, info: Info, input: Annotated[MaterialWithdrawInput, strawberry.argument(description="The material.")]
    ) -> MaterialWithdrawResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            material_id = input_id(input.material_id, "Material", "materialId")
            await materials.withdraw(session, actor, material_id=material_id, now=session.now)
            return {"material_id": material_id}

        async def answer(session: BrandSession, made: Result) -> MaterialWithdrawPayload:
            return MaterialWithdrawPayload(material=await material_in(session, UUID(made["material_id"])))

        return cast("MaterialWithdrawResult", await mutate_input(info, "materialWithdraw", input, act, answer))

    @strawberry.mutation(
        description="Share a material of the own toolbox from the own shop, by a code of its own. For guides.",
        extensions=[Requires(GUIDES)],
    )
    async def material_share(
        self, info: Info, input: Annotated[MaterialShareInput, strawberry.argument(description="The share.")]
    ) -> MaterialShareResult:
        actor, base_url = await info.context.actor(), info.context.runtime.settings.base_url

        async def act(session: BrandSession) -> Result:
            return {
                "share_id": await shares.share(
                    session,
                    actor,
                    material_id=input_id(input.material_id, "Material", "materialId"),
                    channel=input.channel,
                    customer_id=optional_input_id(input.customer_id, "Customer", "customerId"),
                    base_url=base_url,
                    now=session.now,
                )
            }

        async def answer(session: BrandSession, made: Result) -> MaterialSharePayload:
            return MaterialSharePayload(share=await share_in(session, UUID(made["share_id"]), base_url))

        return cast("MaterialShareResult", await mutate_input(info, "materialShare", input, act, answer))
