"""People of the scene as actors, and ways to look at stock and to count statements."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.platform.actor import Actor, ActorKind
from app.platform.db import BrandSession, Database
from app.platform.runtime import Runtime
from app.products.models import StockRow
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api, make_api
from tests.factories import Scene, Staff

Counted = Callable[[], AbstractContextManager[list[str]]]


def item_id(shop_id: UUID | None, product_id: UUID) -> str:
    assert shop_id is not None
    return encode_global_id("ShelfItem", shop_id, product_id)


def guide_of(staff: Staff) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=staff.employee_id, role="GUIDE", shop_id=staff.shop_id)


async def stock_of(session: BrandSession, sku_id: UUID) -> tuple[int, int]:
    """Pieces on hand and reserved."""
    found = await session.execute(
        sa.select(StockRow.on_hand, StockRow.reserved).where(
            StockRow.brand_id == session.brand_id, StockRow.sku_id == sku_id
        )
    )
    row = found.one()
    return row.on_hand, row.reserved


@pytest.fixture
def owner(scene: Scene) -> Actor:
    return Actor(kind=ActorKind.EMPLOYEE, employee_id=scene.owner_id, role="OWNER")


@pytest.fixture
async def session(database: Database, scene: Scene) -> AsyncIterator[BrandSession]:
    """A transaction of the scene's brand; what the test did is committed if it passes."""
    async with database.transaction(scene.brand) as opened:
        yield opened


@pytest.fixture
def counted(database: Database) -> Counted:
    """`with counted() as statements:` collects what the block sends, without the setting of the brand."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_: object, __: object, text: str, *___: object) -> None:
            if "set_config" not in text:
                statements.append(text)

        engine = database.engine.sync_engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return collect


@dataclass(frozen=True, slots=True)
class Keys:
    """Access tokens of the scene's people."""

    owner: str
    guide: str
    other_guide: str
    customer: str


@pytest.fixture
async def api(runtime: Runtime) -> Api:
    return make_api(runtime)


@pytest.fixture
async def keys(runtime: Runtime, database: Database, scene: Scene) -> Keys:
    async with database.transaction(scene.brand) as session:
        customer_id = await factories.make_customer(session)

    async def key(principal_id: UUID, audience: str = "EMPLOYEE") -> str:
        return await factories.token_for(runtime, scene.brand, principal_id, audience)

    return Keys(
        owner=await key(scene.owner_id),
        guide=await key(scene.guide.employee_id),
        other_guide=await key(scene.other_guide.employee_id),
        customer=await key(customer_id, "CUSTOMER"),
    )
