"""Sections of a guide's shelf, what headquarters takes down there, and what it decides for the shelves of a branch."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.platform.db import BrandSession
from app.products import pins_and_bans, shelf, shelf_reads, shelf_sections
from app.products.pins_and_bans import ShelfRule as ShelfRuleView
from graphql_schema.context import Info
from graphql_schema.employees import batches as employee_batches
from graphql_schema.employees.types import OrgUnit, to_unit
from graphql_schema.global_ids import input_id, optional_input_id
from graphql_schema.paging import Connection, build_connection, encode_global_id, is_asked_for, read_page
from graphql_schema.permissions import GUIDES, PROMOTERS, Requires
from graphql_schema.products import loaders
from graphql_schema.products.enums import ShelfRuleKind
from graphql_schema.products.mutations import shelf_item_keys
from graphql_schema.products.types import After, First, Product, ShelfSection, to_section
from graphql_schema.transaction import Result, change, mutate_input
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, NotFound, UserError, WrongState

_KEY = "16 to 64 characters; the same key gives the same answer."


@strawberry.input(description="A section of the own shelf.")
class ShelfSectionSaveInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="1 to 20 characters, once in a shop.")
    section_id: strawberry.ID | None = strawberry.field(
        default=None, description="The section to change; null: a new one, of at most 12."
    )
    position: int | None = strawberry.field(
        default=None, description="Among the shop's, from 1; null: where it stands, a new one last."
    )


@strawberry.input(description="A section of the own shelf to take away.")
class ShelfSectionDeleteInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    section_id: strawberry.ID = strawberry.field(description="The section.")


@strawberry.input(description="What a guide says of a product, not to be shown any more.")
class ShelfWordsTakeDownInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    shelf_item_id: strawberry.ID = strawberry.field(description="An item of any shelf with words or pictures.")
    reason: str = strawberry.field(description="1 to 100 characters, which the guide reads.")


@strawberry.input(description="A decision for the shelves of a branch or of all shops.")
class ShelfRuleCreateInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: ShelfRuleKind = strawberry.field(description="What is decided.")
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product that is pinned or forbidden; null for NO_WORDS."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="For shops of this unit and all below it; null: of all."
    )
    position: int | None = strawberry.field(
        default=None, description="Of a PIN, 1 to 99: the lowest stands first; null: after those that have one."
    )
    reason: str | None = strawberry.field(
        default=None, description="Up to 100 characters, which guides read; FORBID and NO_WORDS need one."
    )
    starts_at: datetime | None = strawberry.field(default=None, description="From when on it counts; null: from now.")
    ends_at: datetime | None = strawberry.field(
        default=None, description="Before when it counts, after `startsAt` and now; null: until it is ended."
    )


@strawberry.input(description="A decision to end now.")
class ShelfRuleEndInput:
    idempotency_key: str = strawberry.field(description=_KEY)
    rule_id: strawberry.ID = strawberry.field(description="The decision.")


@strawberry.type(description="What headquarters decided for the shelves of a branch. It never changes, it is ended.")
class ShelfRule:
    id: strawberry.ID = strawberry.field(description="A global id.")
    kind: ShelfRuleKind = strawberry.field(description="What is decided.")
    position: int | None = strawberry.field(description="Of a PIN, 1 to 99: the lowest stands first.")
    reason: str | None = strawberry.field(description="Up to 100 characters.")
    starts_at: datetime = strawberry.field(description="From when on it counts.")
    ends_at: datetime | None = strawberry.field(description="Before when it counts; null: until it is ended.")
    view: strawberry.Private[ShelfRuleView]

    @strawberry.field(description="For shops of this unit and all below it; null: of all.")
    async def org_unit(self, info: Info) -> OrgUnit | None:
        unit_id = self.view.org_unit_id
        found = None if unit_id is None else await employee_batches.units(info.context).load(unit_id)
        return None if found is None else to_unit(found)

    @strawberry.field(description="The product that is pinned or forbidden; null: NO_WORDS.")
    async def product(self, info: Info) -> Product | None:
        product_id = self.view.product_id
        return None if product_id is None else await loaders.product_of(info, product_id)


@strawberry.type(description="The section is there.")
class ShelfSectionSavePayload:
    sections: list[ShelfSection] = strawberry.field(description="All sections of the shop in their order.")


@strawberry.type(description="The section is gone; its products stand with the rest.")
class ShelfSectionDeletePayload:
    sections: list[ShelfSection] = strawberry.field(description="The sections left, in their order.")


@strawberry.type(description="Customers no longer see them.")
class ShelfWordsTakeDownPayload:
    shelf_item_id: strawberry.ID = strawberry.field(description="The item.")


@strawberry.type(description="It counts from its beginning on, in every shop it is for at once.")
class ShelfRuleCreatePayload:
    rule: ShelfRule = strawberry.field(description="The new decision.")


@strawberry.type(description="It counts no more.")
class ShelfRuleEndPayload:
    rule: ShelfRule = strawberry.field(description="The decision as it is now.")


ShelfSectionSaveResult = Annotated[
    ShelfSectionSavePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("ShelfSectionSaveResult", description="The sections, or why there is no such section."),
]
ShelfSectionDeleteResult = Annotated[
    ShelfSectionDeletePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("ShelfSectionDeleteResult", description="The sections left, or why it stayed."),
]
ShelfWordsTakeDownResult = Annotated[
    ShelfWordsTakeDownPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("ShelfWordsTakeDownResult", description="The item, or why its words stayed."),
]
ShelfRuleCreateResult = Annotated[
    ShelfRuleCreatePayload | InvalidInput | NotFound | IdempotencyConflict,
    strawberry.union("ShelfRuleCreateResult", description="The decision, or why it was not taken."),
]
ShelfRuleEndResult = Annotated[
    ShelfRuleEndPayload | InvalidInput | NotFound | WrongState | IdempotencyConflict,
    strawberry.union("ShelfRuleEndResult", description="The decision, or why it was not ended."),
]


@strawberry.type
class ShelfQuery:
    @strawberry.field(
        description="What was decided for shelves, the newest first. For headquarters, the owner and promotion.",
        extensions=[Requires(PROMOTERS)],
    )
    async def shelf_rules(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        is_live: Annotated[
            bool, strawberry.argument(description="Only what has not ended: counting, or still to begin.")
        ] = False,
    ) -> Connection[ShelfRule]:
        page = read_page(first, after, "shelfRules", (UUID,), default=50)
        key = None if page.after is None else page.after[0]
        async with info.context.reading() as session:
            rows = await pins_and_bans.page(
                session, is_live=is_live, limit=page.limit, after=key if isinstance(key, UUID) else None
            )
            total = await pins_and_bans.count(session, is_live=is_live) if is_asked_for(info, "totalCount") else None
        return build_connection(rows, page, to_node=to_rule, to_key=lambda view: (view.rule_id,), total_count=total)


@strawberry.type
class ShelfMutation:
    @strawberry.mutation(
        description="Make, rename or move a section of the own shelf. For guides with a shop.",
        extensions=[Requires(GUIDES)],
    )
    async def shelf_section_save(
        self, info: Info, input: Annotated[ShelfSectionSaveInput, strawberry.argument(description="The section.")]
    ) -> ShelfSectionSaveResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            await shelf_sections.save(
                session,
                actor,
                section_id=optional_input_id(input.section_id, "ShelfSection", "sectionId"),
                name=input.name,
                position=input.position,
                now=session.now,
            )
            return {}

        async def answer(session: BrandSession, _: Result) -> ShelfSectionSavePayload:
            return ShelfSectionSavePayload(sections=await _sections(session, actor.shop_id))

        return cast("ShelfSectionSaveResult", await mutate_input(info, "shelfSectionSave", input, act, answer))

    @strawberry.mutation(
        description="Take a section of the own shelf away. For guides with a shop.", extensions=[Requires(GUIDES)]
    )
    async def shelf_section_delete(
        self, info: Info, input: Annotated[ShelfSectionDeleteInput, strawberry.argument(description="The section.")]
    ) -> ShelfSectionDeleteResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            section_id = input_id(input.section_id, "ShelfSection", "sectionId")
            await shelf_sections.delete(session, actor, section_id=section_id)
            return {}

        async def answer(session: BrandSession, _: Result) -> ShelfSectionDeletePayload:
            return ShelfSectionDeletePayload(sections=await _sections(session, actor.shop_id))

        return cast("ShelfSectionDeleteResult", await mutate_input(info, "shelfSectionDelete", input, act, answer))

    @strawberry.mutation(
        description="Show a guide's words and pictures of a product no more. For headquarters, the owner and "
        "promotion.",
        extensions=[Requires(PROMOTERS)],
    )
    async def shelf_words_take_down(
        self, info: Info, input: Annotated[ShelfWordsTakeDownInput, strawberry.argument(description="Which, and why.")]
    ) -> ShelfWordsTakeDownResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            shop_id, product_id = shelf_item_keys(input.shelf_item_id)
            await shelf.take_down(
                session, actor, shop_id=shop_id, product_id=product_id, reason=input.reason, now=session.now
            )
            return {}

        made = await change(info, "shelfWordsTakeDown", input, act)
        if isinstance(made, UserError):
            return cast("ShelfWordsTakeDownResult", made)
        return ShelfWordsTakeDownPayload(shelf_item_id=input.shelf_item_id)

    @strawberry.mutation(
        description="Pin or forbid a product, or let guides say nothing of their own, in a branch or in all shops. For "
        "headquarters, the owner and promotion.",
        extensions=[Requires(PROMOTERS)],
    )
    async def shelf_rule_create(
        self, info: Info, input: Annotated[ShelfRuleCreateInput, strawberry.argument(description="The decision.")]
    ) -> ShelfRuleCreateResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            rule_id = await pins_and_bans.decide(
                session,
                actor,
                kind=input.kind,
                product_id=optional_input_id(input.product_id, "Product", "productId"),
                org_unit_id=optional_input_id(input.org_unit_id, "OrgUnit", "orgUnitId"),
                position=input.position,
                reason=input.reason,
                starts_at=input.starts_at,
                ends_at=input.ends_at,
                now=session.now,
            )
            return {"rule_id": rule_id}

        made = await change(info, "shelfRuleCreate", input, act)
        if isinstance(made, UserError):
            return cast("ShelfRuleCreateResult", made)
        return ShelfRuleCreatePayload(rule=await _rule(info, made))

    @strawberry.mutation(
        description="End a decision for shelves now. For headquarters, the owner and promotion.",
        extensions=[Requires(PROMOTERS)],
    )
    async def shelf_rule_end(
        self, info: Info, input: Annotated[ShelfRuleEndInput, strawberry.argument(description="The decision.")]
    ) -> ShelfRuleEndResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            rule_id = input_id(input.rule_id, "ShelfRule", "ruleId")
            await pins_and_bans.end(session, actor, rule_id=rule_id, now=session.now)
            return {"rule_id": rule_id}

        made = await change(info, "shelfRuleEnd", input, act)
        if isinstance(made, UserError):
            return cast("ShelfRuleEndResult", made)
        return ShelfRuleEndPayload(rule=await _rule(info, made))


def to_rule(view: ShelfRuleView) -> ShelfRule:
    return ShelfRule(
        id=encode_global_id("ShelfRule", view.rule_id),
        kind=view.kind,
        position=view.position,
        reason=view.reason,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        view=view,
    )


async def _rule(info: Info, made: Result) -> ShelfRule:
    rule_id = UUID(str(made["rule_id"]))
    async with info.context.reading() as session:
        return to_rule((await pins_and_bans.rules_by_id(session, [rule_id]))[rule_id])


async def _sections(session: BrandSession, shop_id: UUID | None) -> list[ShelfSection]:
    found = [] if shop_id is None else await shelf_reads.sections_of_shop(session, shop_id)
    return [to_section(one) for one in found]
