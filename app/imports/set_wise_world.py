"""What every basket of a set-wise load is decided with, read once: policy, plan, people, codes, goods, households."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.commission import evidence, terms
from app.commission.evidence import People
from app.commission.plans import PublishedPlan
from app.commission.sales import ids_of
from app.customers import bindings, touchpoints
from app.customers.policies import Policy
from app.customers.touchpoints import TouchFact
from app.customers.values import LiveBinding
from app.imports import complete_journey_visits as visits
from app.imports.complete_journey_data import Basket
from app.imports.complete_journey_setup import Guide, Shopper
from app.marketing import codes
from app.marketing.codes import CodeFacts
from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession
from app.products import locations, reads
from app.products.reads import SkuFacts

NOBODY = UUID(int=0)


@dataclass(slots=True)
class Household:
    """A household with its past. `touches`: the oldest first; `heads`: each code's touch, which repeats fold into."""

    actor: Actor
    customer_id: UUID
    visitor_id: UUID
    first_basket_id: int
    binding: LiveBinding
    touches: list[TouchFact]
    heads: dict[UUID, tuple[datetime, UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """What holds for all baskets. Goods are found by the data's product id, codes by their token."""

    policy: Policy
    plan: PublishedPlan
    people: People
    guides: Mapping[int, Sequence[Guide]]
    codes: Mapping[str, CodeFacts]
    skus: Mapping[int, SkuFacts]
    location_id: UUID
    households: Mapping[int, Household]


async def read(
    session: BrandSession,
    *,
    guides: Mapping[int, Sequence[Guide]],
    sku_ids: Mapping[int, UUID],
    first_baskets: Iterable[Basket],
) -> World:
    """Read what holds for all baskets, and let every household come in for its first one by the services."""
    facts = await reads.price_facts(session, list(sku_ids.values()))
    skus = {product_id: facts[sku_id] for product_id, sku_id in sku_ids.items()}
    in_force = await terms.in_force(
        session,
        product_ids=sorted({sku.product_id for sku in facts.values()}),
        category_ids=sorted({category for sku in facts.values() for category in ids_of(sku.category_path)}),
    )
    everybody = [guide for of_store in guides.values() for guide in of_store]
    known = {guide.token: await codes.facts_by_token(session, guide.token) for guide in everybody}
    households = {
        basket.household_id: await _come_in(session, basket, guides[basket.store_id]) for basket in first_baskets
    }
    return World(
        policy=in_force.policy,
        plan=in_force.plan,
        people=await evidence.people_of(
            session,
            customer_id=NOBODY,
            guide_ids={guide.shop.employee_id for guide in everybody},
            store_ids=set(),
        ),
        guides=guides,
        codes={token: code for token, code in known.items() if code is not None},
        skus=skus,
        location_id=await locations.shipping_location(session),
        households=households,
    )


async def _come_in(session: BrandSession, basket: Basket, guides: Sequence[Guide]) -> Household:
    session.now = basket.at
    shopper: Shopper = await visits.come_in(session, basket.household_id, guides[basket.guide_number].token)
    [touch] = await touchpoints.latest_touches(session, customer_id=shopper.customer_id)
    binding = await bindings.live(session, customer_id=shopper.customer_id)
    if binding is None or touch.code_id is None:
        raise ValueError(f"household {basket.household_id} is not bound by its first scan")
    return Household(
        actor=Actor(kind=ActorKind.CUSTOMER, customer_id=shopper.customer_id),
        customer_id=shopper.customer_id,
        visitor_id=shopper.visitor_id,
        first_basket_id=basket.basket_id,
        binding=binding,
        touches=[touch],
        heads={touch.code_id: (touch.occurred_at, touch.touchpoint_id)},
    )
