"""Price lists: the nearest branch's price, for its time, on every page, in every quote and in every order."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.employees import organisation
from app.platform.actor import SYSTEM
from app.platform.db import Brand, BrandSession, Database
from app.platform.errors import Forbidden, InvalidInput, NotFound, UserFault, WrongState
from app.products import price_lists, reads
from app.products.values import ListedPrice
from graphql_schema.paging import encode_global_id
from tests import factories
from tests.employees.api import Api
from tests.factories import Scene
from tests.products.conftest import Counted, Keys, guide_of

HOUR = timedelta(hours=1)


async def publish(
    session: BrandSession, scene: Scene, minor: int, *, unit: UUID | None = None, market: int | None = None, **more: Any
) -> UUID:
    return await price_lists.publish(
        session,
        SYSTEM,
        org_unit_id=unit or scene.area_id,
        name="华东价",
        prices=[ListedPrice(scene.sku_id, minor, market)],
        now=session.now,
        **more,
    )


async def price_at(database: Database, scene: Scene, branch: str, at: datetime) -> tuple[int, int | None]:
    async with database.reading(scene.brand, now=at) as session:
        sku = (await reads.skus_by_id(session, [scene.sku_id], branch=branch))[scene.sku_id]
        facts = (await reads.price_facts(session, [scene.sku_id], branch=branch))[scene.sku_id]
        [listed] = (await reads.skus_of_products(session, [scene.product_id], branch=branch))[scene.product_id]
    assert sku.price_minor == facts.price_minor == listed.price_minor
    return sku.price_minor, sku.market_price_minor


async def branch_of(session: BrandSession, scene: Scene) -> str:
    shop = await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    assert shop is not None
    return shop.branch


async def test_nearest_unit_wins_and_elsewhere_the_brands_price_holds(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.brand) as session:
        now, branch = session.now, await branch_of(session, scene)
        root = UUID(branch.split("/")[1])
        west = await organisation.create_unit(
            session, SYSTEM, code="WEST", name="华西", kind="AREA", parent_id=root, now=now
        )
        await publish(session, scene, 11_000, unit=root)
        await publish(session, scene, 10_000, market=15_000)
    assert await price_at(database, scene, branch, now) == (10_000, 15_000)
    assert await price_at(database, scene, f"/{root.hex}/{west.hex}/", now) == (11_000, None)
    assert await price_at(database, scene, f"/{root.hex}/", now) == (11_000, None)
    assert await price_at(database, scene, "", now) == (12_900, None)


async def test_list_counts_from_its_beginning_until_before_its_end(database: Database, scene: Scene) -> None:
    async with database.transaction(scene.brand) as session:
        now, branch = session.now, await branch_of(session, scene)
        await publish(session, scene, 9_000, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
        slug = str(scene.guide.slug)
    tags = []
    for at, minor in (
        (now, 12_900),
        (now + HOUR, 9_000),
        (now + 2 * HOUR - timedelta(microseconds=1), 9_000),
        (now + 2 * HOUR, 12_900),
    ):
        assert (await price_at(database, scene, branch, at))[0] == minor
        async with database.reading(scene.brand, now=at) as session:
            shop = await reads.shop_facts_by_slug(session, slug)
        assert shop is not None
        tags.append(shop.page_tag)
    # A page of before a change of prices is never taken for one of after it.
    assert tags[1] == tags[2] and len({tags[0], tags[1], tags[3]}) == 3


async def test_later_list_takes_the_place_of_an_earlier_one_and_ending_it_gives_it_back(
    database: Database, scene: Scene
) -> None:
    async with database.transaction(scene.brand) as session:
        now, branch = session.now, await branch_of(session, scene)
        await publish(session, scene, 9_000, starts_at=now - HOUR)
        late = await publish(session, scene, 8_000)
    assert (await price_at(database, scene, branch, now))[0] == 8_000
    async with database.transaction(scene.brand, now=now + HOUR) as session:
        await price_lists.end(session, SYSTEM, price_list_id=late, now=session.now)
        with pytest.raises(WrongState):
            await price_lists.end(session, SYSTEM, price_list_id=late, now=session.now)
        coming = await publish(session, scene, 7_000, starts_at=now + 5 * HOUR)
        await price_lists.end(session, SYSTEM, price_list_id=coming, now=session.now)
    for at, minor in ((now, 8_000), (now + HOUR, 9_000), (now + 6 * HOUR, 9_000)):
        assert (await price_at(database, scene, branch, at))[0] == minor


async def test_market_price_of_the_brand_is_struck_out_only_above_the_branchs_price(
    database: Database, scene: Scene
) -> None:
    from app.products import catalogue  # noqa: PLC0415
    from app.products.values import PriceChange  # noqa: PLC0415

    async with database.transaction(scene.brand) as session:
        now, branch = session.now, await branch_of(session, scene)
        change = PriceChange(scene.sku_id, None, 14_000)
        await catalogue.update_product(session, SYSTEM, product_id=scene.product_id, prices=[change], now=session.now)
        await publish(session, scene, 13_000, starts_at=now)
    assert await price_at(database, scene, branch, now) == (13_000, 14_000)
    async with database.transaction(scene.brand, now=now + HOUR) as session:
        await publish(session, scene, 15_000)
    assert await price_at(database, scene, branch, now + HOUR) == (15_000, None)


async def test_what_cannot_be_a_list_is_refused_and_leaves_the_version(session: BrandSession, scene: Scene) -> None:
    before = await reads.shop_facts_by_slug(session, str(scene.guide.slug))
    now = session.now
    price = ListedPrice(scene.sku_id, 1)
    refusals: list[tuple[dict[str, Any], type[UserFault], tuple[str, ...]]] = [
        ({"prices": []}, InvalidInput, ("prices",)),
        ({"prices": [price] * 1_001}, InvalidInput, ("prices",)),
        ({"prices": [price, price]}, InvalidInput, ("prices", "1", "skuId")),
        ({"prices": [ListedPrice(scene.sku_id, 0)]}, InvalidInput, ("prices", "0", "priceMinor")),
        ({"prices": [ListedPrice(scene.sku_id, -5)]}, InvalidInput, ("prices", "0", "priceMinor")),
        ({"prices": [ListedPrice(scene.sku_id, 5, 4)]}, InvalidInput, ("prices", "0", "marketPriceMinor")),
        ({"prices": [price, ListedPrice(uuid4(), 1)]}, NotFound, ("prices", "1", "skuId")),
        ({"org_unit_id": scene.store_id}, NotFound, ("orgUnitId",)),
        ({"name": " "}, InvalidInput, ("name",)),
        ({"starts_at": now + HOUR, "ends_at": now + HOUR}, InvalidInput, ("endsAt",)),
        ({"ends_at": now - HOUR, "starts_at": now - 2 * HOUR}, InvalidInput, ("endsAt",)),
    ]
    fine: dict[str, Any] = {"org_unit_id": scene.area_id, "name": "价", "prices": [price], "now": now}
    for change, kind, path in refusals:
        with pytest.raises(kind) as refused:
            await price_lists.publish(session, SYSTEM, **(fine | change))
        assert refused.value.path == path
    with pytest.raises(Forbidden):
        await price_lists.publish(session, guide_of(scene.guide), **fine)
    with pytest.raises(InvalidInput, match="price_list_over"):
        await price_lists.end(session, SYSTEM, price_list_id=uuid4(), ends_at=now - HOUR, now=now)
    assert await price_lists.price_list_count(session) == 0
    assert await reads.shop_facts_by_slug(session, str(scene.guide.slug)) == before


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(-3, 3), st.none() | st.integers(1, 4), st.integers(1, 99)), max_size=6
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_price_is_the_one_that_a_plain_look_at_the_lists_gives(
    database: Database, brand: Brand, lists: list[tuple[int, int, int | None, int]]
) -> None:
    """Units: root, area, store's team; from hour `start` for so many hours; of one unit's the latest, then the last."""
    scene = await factories.make_scene(database, brand=brand)
    async with database.transaction(scene.brand) as session:
        now, branch = session.now, await branch_of(session, scene)
        root, area = (UUID(part) for part in branch.strip("/").split("/"))
        team = await organisation.create_unit(
            session, SYSTEM, code=f"T{factories.next_number()}", name="组", kind="TEAM", parent_id=area, now=now
        )
        units = [root, area, team]
        for unit, start, hours, minor in lists:
            begins = now + start * HOUR
            ends = None if hours is None else max(begins, now) + hours * HOUR
            await publish(session, scene, minor, unit=units[unit], starts_at=begins, ends_at=ends)
    for at in range(-4, 8):
        live = [
            (unit, start, number, minor)
            for number, (unit, start, hours, minor) in enumerate(lists)
            if start <= at and (hours is None or at < max(start, 0) + hours)
        ]
        expected = max(live)[3] if live else 12_900
        path = f"{branch}{team.hex}/"
        assert (await price_at(database, scene, path, now + at * HOUR))[0] == expected


async def test_branch_price_is_on_page_in_document_in_quote_and_in_the_order_at_the_next_request(
    api: Api, database: Database, http: httpx.AsyncClient, scene: Scene, keys: Keys, counted: Counted
) -> None:
    slug = str(scene.guide.slug)
    page = await http.get(f"/s/{slug}")
    with counted() as before:
        await api.data("ShopPage", {"slug": slug})
    publish_list = """mutation ($input: PriceListPublishInput!) { priceListPublish(input: $input) {
      ... on PriceListPublishPayload { priceList { id name startsAt endsAt orgUnit { name }
        prices { sku { id price { minor } } price { minor } marketPrice { minor } } } }
      ... on UserError { code path } } }"""
    sku = encode_global_id("Sku", scene.sku_id)
    made = await api.send(
        publish_list,
        {
            "input": {
                "idempotencyKey": factories.key(),
                "orgUnitId": encode_global_id("OrgUnit", scene.area_id),
                "name": "华东价",
                "prices": [{"skuId": sku, "priceMinor": 9_999, "marketPriceMinor": 20_000}],
            }
        },
        token=keys.owner,
    )
    shown = made["data"]["priceListPublish"]["priceList"]
    assert (shown["name"], shown["endsAt"], shown["orgUnit"]) == ("华东价", None, {"name": "华东"})
    assert shown["prices"] == [
        {"sku": {"id": sku, "price": {"minor": 12_900}}, "price": {"minor": 9_999}, "marketPrice": {"minor": 20_000}}
    ]
    changed = await http.get(f"/s/{slug}", headers={"if-none-match": page.headers["etag"]})
    assert changed.status_code == 200 and changed.headers["etag"] != page.headers["etag"]
    assert "99<i>.99" in changed.text and "99<i>.99" not in page.text
    with counted() as after:
        shop = await api.data("ShopPage", {"slug": slug})
    assert len(after) == len(before)
    [edge] = shop["shelf"]["edges"]
    assert (edge["node"]["product"]["price"]["minor"], edge["node"]["product"]["marketPrice"]["minor"]) == (
        9_999,
        20_000,
    )
    node = "query ($id: ID!) { node(id: $id) { ... on ShelfItem { product { price { minor } } } } }"
    item = await api.send(node, {"id": edge["node"]["id"]}, token=keys.customer)
    assert item["data"]["node"]["product"]["price"]["minor"] == 9_999
    lines = [{"skuId": sku, "quantity": 2}]
    quote = await api.data("OrderQuote", {"input": {"shopSlug": slug, "lines": lines}})
    assert quote["total"]["minor"] == 19_998
    order = {
        "idempotencyKey": factories.key(),
        "shopSlug": slug,
        "lines": lines,
        "fulfilment": {"method": "DELIVERY", "address": factories.ADDRESS},
        "expectedTotalMinor": 19_998,
    }
    placed = await api.mutate("OrderPlace", keys.customer, **order)
    assert placed["order"]["total"]["minor"] == 19_998
    product = await http.get(f"/s/{slug}/p/{encode_global_id('Product', scene.product_id)}")
    assert "99<i>.99" in product.text
    end_list = """mutation ($input: PriceListEndInput!) { priceListEnd(input: $input) {
      ... on PriceListEndPayload { priceList { endsAt } } ... on UserError { code } } }"""
    ended = await api.send(
        end_list, {"input": {"idempotencyKey": factories.key(), "priceListId": shown["id"]}}, token=keys.owner
    )
    assert ended["data"]["priceListEnd"]["priceList"]["endsAt"] is not None
    assert "129<i>.00" in (await http.get(f"/s/{slug}")).text
    late = await api.mutate("OrderPlace", keys.customer, **(order | {"idempotencyKey": factories.key()}))
    assert (late["__typename"], late["total"]["minor"]) == ("PriceChanged", 25_800)
