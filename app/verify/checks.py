"""Runs every package's invariants brand by brand; each is a read that gives the rows that break it."""

from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa

from app.boss import invariants as boss
from app.commission import invariants as commission
from app.commission import withdrawal_invariants as withdrawals
from app.customers import invariants as customers
from app.marketing import invariants as marketing
from app.marketing import outbound_invariants as outbound_messages
from app.marketing import poster_invariants as posters
from app.marketing import toolbox_invariants as toolbox
from app.platform import bulk, outbox
from app.platform.db import Brand, BrandSession
from app.platform.runtime import Runtime
from app.products import invariants as products
from app.trade import invariants as trade

Check = Callable[[BrandSession], Awaitable[list[str]]]

SHOWN = 10
"""How many violations of one check are printed in full."""


async def events_parked(session: BrandSession) -> list[str]:
    """No outbox event is parked."""
    _, parked, _ = await outbox.waiting(session)
    return [f"{parked} outbox events are parked"] if parked else []


CHECKS: dict[str, Check] = {
    **{f"products: {name}": check for name, check in products.CHECKS.items()},
    **{f"customers: {name}": check for name, check in customers.CHECKS.items()},
    **{f"marketing: {name}": check for name, check in marketing.CHECKS.items()},
    **{f"marketing: {name}": check for name, check in toolbox.CHECKS.items()},
    **{f"marketing: {name}": check for name, check in outbound_messages.CHECKS.items()},
    **{f"commission: {name}": check for name, check in commission.CHECKS.items()},
    **{f"commission: {name}": check for name, check in withdrawals.CHECKS.items()},
    **{f"marketing: {name}": check for name, check in posters.CHECKS.items()},
    **{f"trade: {name}": check for name, check in trade.CHECKS.items()},
    **{f"boss: {name}": check for name, check in boss.CHECKS.items()},
    "platform: no event is parked": events_parked,
}


async def violations(runtime: Runtime, brand: Brand) -> dict[str, list[str]]:
    """What breaks each check for one brand; empty lists where nothing does. All checks see one snapshot."""
    found: dict[str, list[str]] = {}
    async with runtime.database.reading(brand, is_snapshot=True) as session:
        await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        await bulk.join_by_hash(session)
        for name, check in CHECKS.items():
            found[name] = await check(session)
    return found


async def report(runtime: Runtime, brands: Sequence[Brand]) -> int:
    """Print a line a check and brand; 1 when anything is wrong, else 0."""
    wrong = 0
    for brand in brands:
        found = await violations(runtime, brand)
        for name, lines in found.items():
            for line in lines[:SHOWN]:
                print(f"{brand.code}: {name}: {line}")
            if len(lines) > SHOWN:
                print(f"{brand.code}: {name}: and {len(lines) - SHOWN} more")
            wrong += len(lines)
        print(f"{brand.code}: {len(found)} checks, {sum(map(len, found.values()))} violations")
    return 1 if wrong else 0
