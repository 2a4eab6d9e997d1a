"""The limit of the storefront read: a hand-written endpoint with the same answer by the same four reads.

Run by the benchmark as a process of its own. It does what the API must: one transaction a read, the brand set for row
level security. It has no schema, no validation and no permissions.
"""

import os
from base64 import urlsafe_b64encode
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from sqlalchemy.engine import make_url
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.platform.money import Money
from graphql_schema.paging import encode_cursor

FIND = """
SELECT d.target_id, b.id, b.currency FROM directory d JOIN brand b ON b.id = d.brand_id
WHERE d.kind = 'SHOP_SLUG' AND d.key = $1
"""
SHOP = """
SELECT shop.id, shop.slug, shop.name, shop.announcement, e.id AS employee_id, e.display_name, e.title, e.avatar_url,
       s.id AS store_id, s.name AS store_name, s.city, u.path AS branch
FROM shop JOIN employee e ON e.brand_id = $1 AND e.id = shop.employee_id
JOIN org_unit u ON u.brand_id = $1 AND u.id = e.org_unit_id
LEFT JOIN store s ON s.brand_id = $1 AND s.id = e.store_id WHERE shop.brand_id = $1 AND shop.id = $2
"""
SHELF = """
WITH rule AS (
    SELECT r.kind, r.product_id, r.position FROM shelf_rule r
    LEFT JOIN org_unit u ON u.brand_id = $1 AND u.id = r.org_unit_id
    WHERE r.brand_id = $1 AND r.starts_at <= now() AND (r.ends_at IS NULL OR r.ends_at > now())
      AND (r.org_unit_id IS NULL OR starts_with($3, u.path))
), pin AS (
    SELECT product_id, min(coalesce(position, 2147483647)) AS place FROM rule WHERE kind = 'PIN' GROUP BY product_id
), item AS (
    SELECT p.id, p.title, p.cover_url, p.created_at, coalesce(i.is_featured, false) AS is_featured, i.position, i.badge,
           CASE WHEN pin.product_id IS NOT NULL THEN 2 WHEN i.is_featured THEN 1 ELSE 0 END AS rank,
           CASE WHEN pin.product_id IS NOT NULL THEN nullif(pin.place, 2147483647) ELSE i.position END AS place
    FROM product p
    LEFT JOIN shelf_item i ON i.brand_id = $1 AND i.shop_id = $2 AND i.product_id = p.id
    LEFT JOIN pin ON pin.product_id = p.id
    WHERE p.brand_id = $1 AND p.state = 'PUBLISHED' AND (i.is_hidden IS NOT true OR pin.product_id IS NOT NULL)
      AND p.id NOT IN (SELECT product_id FROM rule WHERE kind = 'FORBID')
)
SELECT (SELECT count(*) FROM item) AS total, item.* FROM item
ORDER BY rank DESC, coalesce(place, 2147483647), created_at DESC, id DESC LIMIT 25
"""
SKUS = """
SELECT sku.id, sku.product_id, sku.name, coalesce(listed.price_minor, sku.price_minor) AS price_minor,
       coalesce(listed.market_price_minor, sku.market_price_minor) AS market_price_minor, everywhere.left
FROM sku
CROSS JOIN LATERAL (
    SELECT coalesce(max(s.on_hand - s.reserved) FILTER (WHERE l.ships_orders), 0)
         + count(*) FILTER (WHERE l.kind = 'STORE' AND s.on_hand > s.reserved) AS left
    FROM stock s JOIN location l ON l.brand_id = $1 AND l.id = s.location_id
    WHERE s.brand_id = $1 AND s.sku_id = sku.id
) everywhere
LEFT JOIN LATERAL (
    SELECT i.price_minor, i.market_price_minor
    FROM price_list_item i
    JOIN price_list p ON p.brand_id = $1 AND p.id = i.price_list_id
    JOIN org_unit u ON u.brand_id = $1 AND u.id = p.org_unit_id
    WHERE i.brand_id = $1 AND i.sku_id = sku.id AND p.starts_at <= now() AND (p.ends_at IS NULL OR p.ends_at > now())
      AND starts_with($3, u.path)
    ORDER BY length(u.path) DESC, p.starts_at DESC, p.id DESC LIMIT 1
) listed ON true
WHERE sku.brand_id = $1 AND sku.product_id = ANY($2) ORDER BY sku.product_id, sku.position, sku.id
"""


def gid(name: str, *ids: UUID) -> str:
    return urlsafe_b64encode(name.encode() + b":" + b"".join(i.bytes for i in ids)).rstrip(b"=").decode()


def money(minor: int | None, currency: str) -> dict[str, Any] | None:
    if minor is None:
        return None
    return {"minor": minor, "currency": currency, "display": Money(minor, currency).display}


def product(row: Any, skus: list[Any], currency: str) -> dict[str, Any]:
    cheapest = min(skus, key=lambda sku: sku["price_minor"])
    return {
        "id": gid("Product", row["id"]),
        "title": row["title"],
        "coverUrl": row["cover_url"],
        "price": money(cheapest["price_minor"], currency),
        "marketPrice": money(cheapest["market_price_minor"], currency),
        "skus": [
            {
                "id": gid("Sku", s["id"]),
                "name": s["name"],
                "price": money(s["price_minor"], currency),
                "isInStock": s["left"] > 0,
            }
            for s in skus
        ],
    }


def page(shop: Any, rows: list[Any], skus: dict[UUID, list[Any]], currency: str) -> dict[str, Any]:
    edges = [
        {
            "cursor": encode_cursor("shelf", (r["rank"], r["place"], r["created_at"], r["id"])),
            "node": {
                "id": gid("ShelfItem", shop["id"], r["id"]),
                "position": r["position"],
                "isFeatured": r["is_featured"],
                "badge": r["badge"],
                "product": product(r, skus[r["id"]], currency),
            },
        }
        for r in rows[:24]
    ]
    guide = {"id": gid("Guide", shop["employee_id"]), "displayName": shop["display_name"], "title": shop["title"]}
    store = {"id": gid("Store", shop["store_id"]), "name": shop["store_name"], "city": shop["city"]}
    info = {"hasNextPage": len(rows) > 24, "endCursor": edges[-1]["cursor"]}
    return {
        "id": gid("Shop", shop["id"]),
        "slug": shop["slug"],
        "name": shop["name"],
        "announcement": shop["announcement"],
        "guide": {**guide, "avatarUrl": shop["avatar_url"], "store": store},
        "shelf": {"totalCount": rows[0]["total"], "pageInfo": info, "edges": edges},
        "campaigns": {"edges": []},
    }


PLAIN = f"<!doctype html><title>.</title><p>{'<b>羊绒围巾</b> ' * 400}</p></html>".encode()
"""A page of about the shop page's length in which nothing depends on anything."""


def make_app(dsn: dict[str, Any]) -> Starlette:
    last = b"{}"

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        async with asyncpg.create_pool(**dsn, min_size=10, max_size=10) as pool:
            app.state.pool = pool
            yield

    async def shop_page(request: Request) -> Response:
        slug = orjson.loads(await request.body())["variables"]["slug"]
        async with request.app.state.pool.acquire() as connection:
            found = await connection.fetchrow(FIND, slug)
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.brand', $1, true)", str(found["id"]))
                shop = await connection.fetchrow(SHOP, found["id"], found["target_id"])
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.brand', $1, true)", str(found["id"]))
                rows = await connection.fetch(SHELF, found["id"], found["target_id"], shop["branch"])
                skus: dict[UUID, list[Any]] = {}
                for sku in await connection.fetch(SKUS, found["id"], [row["id"] for row in rows], shop["branch"]):
                    skus.setdefault(sku["product_id"], []).append(sku)
        nonlocal last
        last = orjson.dumps({"data": {"shop": page(shop, rows, skus, found["currency"])}})
        return Response(last, media_type="application/json")

    async def fixed(request: Request) -> Response:
        orjson.loads(await request.body())
        return Response(last, media_type="application/json")

    async def plain(request: Request) -> Response:
        return Response(PLAIN, media_type="text/html")

    routes = [
        Route("/shop", shop_page, methods=["POST"]),
        Route("/fixed", fixed, methods=["POST"]),
        Route("/page", plain, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    url = make_url(os.environ["DATABASE_URL"])
    dsn = {"user": url.username, "database": url.database, "host": url.query.get("host") or url.host}
    port = url.query.get("port") or url.port
    app = make_app({**dsn, "port": int(str(port)) if port else 5432})
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
