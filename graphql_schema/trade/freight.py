"""Freight templates as headquarters sees them: types, inputs, what is published and what sending would cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from app.platform import messages
from app.platform.db import BrandSession
from app.platform.errors import UserFault
from app.trade import freight
from app.trade.freight import PublishedTemplate
from app.trade.freight_rules import HEAVIEST_PIECE, MOST_UNITS
from app.trade.freight_values import ChargedBy, FreightRate, FreightTerms, Load, Region
from graphql_schema.context import Info
from graphql_schema.employees.types import After, First
from graphql_schema.errors import BadUserInput
from graphql_schema.money import Money, to_money
from graphql_schema.paging import Connection, Node, build_connection, encode_global_id, is_asked_for, read_page
from graphql_schema.permissions import HEADQUARTERS, Requires
from graphql_schema.scalars import Long
from graphql_schema.transaction import Result, change
from graphql_schema.user_errors import IdempotencyConflict, InvalidInput, UserError

strawberry.enum(ChargedBy, name="FreightChargedBy", description="What freight counts: grams or pieces.")


@strawberry.type(name="FreightRate", description="What sending to some regions costs.")
class FreightRateType:
    regions: list[str] = strawberry.field(
        description="Provinces by their full names, and cities such as 广东省/深圳; none: the rest of the country."
    )
    is_delivered: bool = strawberry.field(description="False: nothing is sent there, and the amounts mean nothing.")
    first_units: int = strawberry.field(description="Grams or pieces that the first fee covers; 1 or more.")
    first_fee: Money = strawberry.field(description="For the first units together; 0 or more.")
    further_units: int = strawberry.field(description="Grams or pieces of a further lot; 1 or more.")
    further_fee: Money = strawberry.field(description="For each further lot that is begun; 0 or more.")
    free_from: Money | None = strawberry.field(description="Goods from there on are sent free; null: they never are.")


@strawberry.type(description="A version of the brand's freight template, for headquarters.")
class FreightTemplate(Node):
    version: int = strawberry.field(description="1 or more; a later one takes the place of all before it.")
    name: str = strawberry.field(description="1 to 60 characters.")
    charged_by: ChargedBy = strawberry.field(description="What it counts.")
    piece_grams: int = strawberry.field(description="What a piece counts of whose weight nothing is known; 1 or more.")
    starts_at: datetime = strawberry.field(description="Orders placed from then on are charged by it.")
    published_at: datetime = strawberry.field(description="When it was published.")
    rates: list[FreightRateType] = strawberry.field(description="1 to 60, one of them for the rest of the country.")


@strawberry.type(description="What sending would cost.")
class FreightQuote:
    freight: Money | None = strawberry.field(description="0 or more; null: nothing is sent there.")
    template: FreightTemplate | None = strawberry.field(description="By which template; null: the flat fee.")
    regions: list[str] = strawberry.field(
        description="Those of the rate that was taken; none: the rest of the country."
    )


@strawberry.input(description="What sending to some regions is to cost.")
class FreightRateInput:
    regions: list[str] = strawberry.field(
        description="Provinces by name or code (广东省, 广东, 44), and cities such as 广东/深圳; none: the rest of the "
        "country."
    )
    is_delivered: bool = strawberry.field(
        default=True, description="False: nothing is sent there; amounts are not kept."
    )
    first_units: int = strawberry.field(default=1, description="Grams or pieces that the first fee covers; 1 or more.")
    first_fee_minor: Long = strawberry.field(default=0, description="Minor units, 0 to 100,000,000.")
    further_units: int = strawberry.field(default=1, description="Grams or pieces of a further lot; 1 or more.")
    further_fee_minor: Long = strawberry.field(default=0, description="Minor units, 0 to 100,000,000.")
    free_from_minor: Long | None = strawberry.field(
        default=None, description="Goods from there on, after discounts, are sent free; null: they never are."
    )

    def to_value(self) -> FreightRate:
        return FreightRate(
            tuple(self.regions),
            self.is_delivered,
            self.first_units,
            int(self.first_fee_minor),
            self.further_units,
            int(self.further_fee_minor),
            None if self.free_from_minor is None else int(self.free_from_minor),
        )


@strawberry.input(description="A template to publish.")
class FreightTemplatePublishInput:
    idempotency_key: str = strawberry.field(description="16 to 64 characters; the same key gives the same answer.")
    name: str = strawberry.field(description="1 to 60 characters.")
    charged_by: ChargedBy = strawberry.field(description="What it counts.")
    piece_grams: int = strawberry.field(
        default=1_000, description="What a piece counts of whose weight nothing is known; 1 to 1,000,000."
    )
    starts_at: datetime | None = strawberry.field(default=None, description="Not before now; null: now.")
    rates: list[FreightRateInput] = strawberry.field(description="1 to 60; exactly one without regions.")


@strawberry.input(description="Goods to send somewhere.")
class FreightQuoteInput:
    province: str = strawberry.field(description="As an address has it.")
    city: str = strawberry.field(default="", description="As an address has it.")
    grams: int = strawberry.field(default=0, description="What all weighs; 0 to 1,000,000,000.")
    pieces: int = strawberry.field(default=1, description="1 to 1,000,000.")
    amount_minor: Long = strawberry.field(description="The goods after discounts, in minor units; 0 or more.")


@strawberry.type(description="The template is published.")
class FreightTemplatePublishPayload:
    freight_template: FreightTemplate = strawberry.field(description="The new version.")


FreightTemplatePublishResult = Annotated[
    FreightTemplatePublishPayload | InvalidInput | IdempotencyConflict,
    strawberry.union("FreightTemplatePublishResult", description="The new version, or why there is none."),
]


@strawberry.type
class FreightQuery:
    @strawberry.field(
        description="The template that orders are charged by now; null: the flat fee. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def freight_template(self, info: Info) -> FreightTemplate | None:
        async with info.context.reading() as session:
            found = await freight.in_force(session)
            return None if found is None else to_template(found, session.brand.currency)

    @strawberry.field(
        description="Every version, the latest first, also one that is yet to begin. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def freight_templates(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[FreightTemplate]:
        page = read_page(first, after, "freight_templates", (int,), default=20)
        before = None if page.after is None else page.after[0]
        async with info.context.reading() as session:
            rows = await freight.page(session, limit=page.limit, before=before if isinstance(before, int) else None)
            total = await freight.count(session) if is_asked_for(info, "totalCount") else None
            currency = session.brand.currency
        return build_connection(
            rows,
            page,
            to_node=lambda one: to_template(one, currency),
            to_key=lambda one: (one.template.version,),
            total_count=total,
        )

    @strawberry.field(
        description="What sending goods somewhere would cost now. For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def freight_quote(
        self, info: Info, input: Annotated[FreightQuoteInput, strawberry.argument(description="The goods.")]
    ) -> FreightQuote:
        if not (
            0 <= input.grams <= MOST_UNITS and 1 <= input.pieces <= HEAVIEST_PIECE and int(input.amount_minor) >= 0
        ):
            raise BadUserInput("grams, pieces or amountMinor is out of range.", argument="input")
        async with info.context.reading() as session:
            found, currency = await freight.in_force(session), session.brand.currency
        template = None if found is None else found.template
        # One load of all pieces, whose weight together is what was given.
        is_by_weight = template is not None and template.charged_by is ChargedBy.WEIGHT
        load = Load(1, input.grams) if is_by_weight else Load(input.pieces, None)
        region = Region(input.province, input.city)
        try:
            charged = freight.charged(template, [load], goods_minor=int(input.amount_minor), region=region)
        except UserFault as fault:
            if fault.key != "region_not_delivered":
                text = messages.text(fault.key, info.context.language, **fault.facts)
                raise BadUserInput(text, argument="province") from fault
            charged = None
        return FreightQuote(
            freight=None if charged is None else to_money(charged.fee_minor, currency),
            template=None if found is None else to_template(found, currency),
            regions=[] if template is None or charged is None else list(template.rates[charged.rate].regions),
        )


@strawberry.type
class FreightMutation:
    @strawberry.mutation(
        description="Publish a template for new orders; it takes the place of every version before it. "
        "For headquarters and the owner.",
        extensions=[Requires(HEADQUARTERS)],
    )
    async def freight_template_publish(
        self,
        info: Info,
        input: Annotated[FreightTemplatePublishInput, strawberry.argument(description="The template.")],
    ) -> FreightTemplatePublishResult:
        actor = await info.context.actor()

        async def act(session: BrandSession) -> Result:
            terms = FreightTerms(input.charged_by, input.piece_grams, tuple(rate.to_value() for rate in input.rates))
            return {
                "id": await freight.publish(
                    session, actor, name=input.name, terms=terms, starts_at=input.starts_at, now=session.now
                )
            }

        made = await change(info, "freightTemplatePublish", input, act)
        if isinstance(made, UserError):
            return cast("FreightTemplatePublishResult", made)
        template = await _template(info, UUID(made["id"]))
        if template is None:
            raise LookupError(f"freight template {made['id']} is gone")
        return FreightTemplatePublishPayload(freight_template=template)


async def _template(info: Info, *ids: UUID) -> FreightTemplate | None:
    if not HEADQUARTERS.admit(await info.context.actor()):
        return None
    async with info.context.reading() as session:
        found: Sequence[PublishedTemplate] = list((await freight.by_id(session, ids)).values())
        return to_template(found[0], session.brand.currency) if len(found) == 1 else None


def to_template(found: PublishedTemplate, currency: str) -> FreightTemplate:
    template = found.template
    return FreightTemplate(
        id=encode_global_id("FreightTemplate", template.id),
        version=template.version,
        name=found.name,
        charged_by=template.charged_by,
        piece_grams=template.piece_grams,
        starts_at=found.starts_at,
        published_at=found.published_at,
        rates=[_to_rate(rate, currency) for rate in template.rates],
    )


def _to_rate(rate: FreightRate, currency: str) -> FreightRateType:
    return FreightRateType(
        regions=list(rate.regions),
        is_delivered=rate.is_delivered,
        first_units=rate.first_units,
        first_fee=to_money(rate.first_minor, currency),
        further_units=rate.further_units,
        further_fee=to_money(rate.further_minor, currency),
        free_from=None if rate.free_from_minor is None else to_money(rate.free_from_minor, currency),
    )


NODES: dict[str, Any] = {"FreightTemplate": _template}
"""What `node` fetches by the type in a global id."""
