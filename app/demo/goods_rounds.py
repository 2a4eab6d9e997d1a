"""What becomes of the demo's paid orders: sent or laid out each morning, received or fetched each evening.

Each round of a day is one step. Customers who say nothing have their order received and completed by time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from app.demo import month, people
from app.demo.brand_setup import Setup
from app.demo.month import Visit
from app.platform.actor import SYSTEM, Actor, ActorKind
from app.platform.db import BrandSession
from app.products import transfers
from app.products.values import StockLine
from app.trade import pickups, receipts, shipments

MORNING, EVENING = 10 * 60, 21 * 60 + 40
"""Minutes of the brand's day at which goods leave and arrive."""
_CARRIERS = (("顺丰速运", "SF"), ("中通快递", "ZT"), ("京东快递", "JD"))
_GUIDES_OF_A_STORE = 4


@dataclass(frozen=True, slots=True)
class Road:
    """How a basket reaches its customer. `store`: where it is fetched; None: it is sent, or taken in the guide's store.

    `leaves_on`: the day it is sent or laid out; `arrives_on`: the day it is confirmed or fetched; None: never by the
    customer himself.
    """

    store: int | None
    leaves_on: int
    arrives_on: int | None
    is_taken: bool


def road(visit: Visit) -> Road:
    """The road of a visit's basket, the same each time."""
    rng = Random(f"the road of basket {visit.number}")
    own_store = visit.guide // _GUIDES_OF_A_STORE
    store = None
    if rng.random() < 0.12:
        store = own_store if rng.random() < 0.7 else rng.randrange(len(people.STORES))
    leaves_on = visit.day + 1 + (rng.random() < 0.15)
    days = rng.choice((1, 1, 2) if store is not None else (2, 3, 3, 4))
    is_taken = store is None and Random(f"basket {visit.number} in the store").random() < 0.2
    return Road(store, leaves_on, leaves_on + days if rng.random() < 0.75 else None, is_taken)


def leaving(visits: Sequence[Visit], day: int) -> list[Visit]:
    """The paid visits whose goods leave on a day."""
    return [visit for visit in visits if _is_on_its_way(visit) and road(visit).leaves_on == day]


def arriving(visits: Sequence[Visit], day: int) -> list[Visit]:
    """The paid visits whose customers confirm or fetch on a day."""
    return [visit for visit in visits if _is_on_its_way(visit) and road(visit).arrives_on == day]


async def leave(session: BrandSession, setup: Setup, visits: Sequence[Visit], order_ids: Mapping[int, UUID]) -> None:
    """The morning's round: headquarters send, the stores lay out."""
    service = Actor(
        kind=ActorKind.EMPLOYEE,
        employee_id=setup.service_id,
        role="HEADQUARTERS",
        functions=frozenset({"SERVICE"}),
    )
    for visit in visits:
        store, order_id, now = road(visit).store, order_ids[visit.number], session.now
        if store is not None:
            await pickups.make_ready(session, _at_counter(setup, store), order_id=order_id, now=now)
            continue
        rng = Random(visit.number)
        carrier, letters = rng.choice(_CARRIERS)
        number = f"{letters}{rng.randrange(10**12):012d}"
        await shipments.ship(session, service, order_id=order_id, carrier=carrier, tracking_number=number, now=now)


async def arrive(
    session: BrandSession,
    setup: Setup,
    visits: Sequence[Visit],
    order_ids: Mapping[int, UUID],
    customer_ids: Mapping[int, UUID],
) -> None:
    """The evening's round: customers say that the parcel has come, or show their code in the store."""
    for visit in visits:
        store, order_id, now = road(visit).store, order_ids[visit.number], session.now
        if store is None:
            buyer = Actor(kind=ActorKind.CUSTOMER, customer_id=customer_ids[visit.number])
            await receipts.confirm(session, buyer, order_id=order_id, now=now)
            continue
        code = pickups.code_for(session.vault, session.brand_id, order_id)
        refused = await pickups.hand_over(session, _at_counter(setup, store), order_id=order_id, code=code, now=now)
        if refused is not None:
            raise refused


async def move_stock(session: BrandSession, setup: Setup) -> None:
    """The last evening: one store's manager sends what another lacks; it is under way when the month ends."""
    lines = [StockLine(variants[0], 4) for variants in setup.skus[:3]]
    transfer_id = await transfers.request(
        session,
        SYSTEM,
        from_id=setup.store_ids[0],
        to_id=setup.store_ids[1],
        lines=lines,
        note="周末备货",
        now=session.now,
    )
    await transfers.send(session, SYSTEM, transfer_id=transfer_id, now=session.now)


def _is_on_its_way(visit: Visit) -> bool:
    return visit.basket is not None and visit.basket.outcome == month.PAID and not road(visit).is_taken


def _at_counter(setup: Setup, store: int) -> Actor:
    guide = setup.guides[store * _GUIDES_OF_A_STORE]
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=guide.employee_id, role="GUIDE", store_id=setup.store_ids[store])
