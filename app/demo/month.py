"""What happens in the demo's month: visits with what follows them, drawn from a seed, the same each time."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

DAYS = 30
CUSTOMERS = 200
GUIDES = 24
PAID, CANCELLED, LEFT = "PAID", "CANCELLED", "LEFT"
_CHANNELS = ("IN_STORE", "WECHAT_CHAT", "WECHAT_MOMENTS", "WECOM", "POSTER", "PACKAGE")
_OPENING_MINUTE = 9 * 60 + 30
_MINUTES_OPEN = 12 * 60


@dataclass(frozen=True, slots=True)
class Basket:
    """What a visit ends in: (product number, variant number, quantity) and what becomes of the order."""

    lines: tuple[tuple[int, int, int], ...]
    outcome: str
    """PAID, CANCELLED by the customer, or LEFT to its payment deadline."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer scans a guide's code on day `day` at `minute` of the brand's day."""

    number: int
    day: int
    minute: int
    customer: int
    guide: int
    channel: str
    is_first: bool
    takes_marketing: bool
    basket: Basket | None


def visits() -> Iterator[Visit]:
    """The month's visits in order of time: every customer comes at least once, regulars come again."""
    rng = Random("sixty things, two hundred people, thirty days")
    home = [rng.randrange(GUIDES) for _ in range(CUSTOMERS)]
    first_day = sorted(rng.randrange(DAYS) for _ in range(CUSTOMERS))
    known: list[int] = []
    number = 0
    for day in range(DAYS):
        newcomers = [customer for customer in range(CUSTOMERS) if first_day[customer] == day]
        regulars = rng.choices(known, k=min(len(known), 6 + rng.randrange(14))) if known else []
        coming = [(customer, True) for customer in newcomers] + [(customer, False) for customer in regulars]
        minutes = sorted(_OPENING_MINUTE + rng.randrange(_MINUTES_OPEN) for _ in coming)
        rng.shuffle(coming)
        for (customer, is_first), minute in zip(coming, minutes, strict=True):
            # A regular mostly returns to the same guide; now and then a colleague's code is scanned.
            guide = home[customer] if is_first or rng.random() < 0.85 else rng.randrange(GUIDES)
            yield Visit(
                number=number,
                day=day,
                minute=minute,
                customer=customer,
                guide=guide,
                channel=rng.choice(_CHANNELS),
                is_first=is_first,
                takes_marketing=rng.random() < 0.4,
                basket=_basket(rng),
            )
            number += 1
        known += newcomers


def _basket(rng: Random) -> Basket | None:
    if rng.random() > 0.62:
        return None
    # A few products make most of the sales, as in a real shop.
    products = {min(int(rng.paretovariate(0.7)) - 1, 59) * 7 % 60 for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))}
    lines = tuple((product, rng.randrange(3), rng.choice((1, 1, 1, 2))) for product in sorted(products))
    return Basket(lines=lines, outcome=rng.choices((PAID, CANCELLED, LEFT), weights=(88, 6, 6))[0])
