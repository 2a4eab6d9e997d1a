"""The reader of statements finds each way to forget the brand, and lets what is right pass."""

import pytest
import sqlalchemy as sa

from app.employees.models import OrgUnitRow
from app.platform import clock, db, ids
from app.platform.db import Brand, Database
from tests import sql_scopes, statements

TENANTS = frozenset({"orders", "order_line", "customer", "rate_bucket"})


def problems(sql: str) -> tuple[str, ...]:
    return sql_scopes.read(sql, TENANTS).problems


RIGHT = [
    "SELECT brand.id FROM brand WHERE brand.code = $1::VARCHAR",
    "SELECT orders.id FROM orders WHERE orders.brand_id = $1::UUID AND orders.id = $2::UUID",
    "SELECT o.id FROM orders AS o JOIN customer AS c ON c.brand_id = o.brand_id AND c.id = o.customer_id "
    "WHERE o.brand_id = $1",
    "SELECT o.id FROM orders o LEFT OUTER JOIN customer c ON c.brand_id = $1 AND c.id = o.customer_id "
    "WHERE o.brand_id = $1 AND (o.state = $2 OR o.paid_on IS NOT DISTINCT FROM $3)",
    "SELECT o.id, (SELECT count(*) FROM order_line WHERE order_line.brand_id = o.brand_id) FROM orders o "
    "WHERE o.brand_id = $1 ORDER BY o.id LIMIT $2 FOR NO KEY UPDATE OF o SKIP LOCKED",
    "WITH mine AS (SELECT orders.id AS id FROM orders WHERE orders.brand_id = $1) SELECT mine.id FROM mine",
    "SELECT s.id FROM (SELECT id FROM orders WHERE brand_id = $1 UNION ALL SELECT id FROM customer WHERE brand_id = $1)"
    " s",
    "INSERT INTO orders (brand_id, id) VALUES ($1, $2), ($3, $4) RETURNING orders.id",
    "INSERT INTO orders (brand_id, id) SELECT n.brand_id, n.id FROM jsonb_to_recordset($1) AS n(brand_id UUID, id UUID)"
    " RETURNING orders.id",
    "INSERT INTO rate_bucket (brand_id, tries) VALUES ($1, 1) ON CONFLICT (brand_id) DO UPDATE SET "
    "tries = CASE WHEN (rate_bucket.tries > $2) THEN excluded.tries ELSE rate_bucket.tries + 1 END",
    "UPDATE orders SET state=$1 FROM customer WHERE orders.brand_id = $2 AND customer.brand_id = orders.brand_id",
    "DELETE FROM orders WHERE brand_id = '01a20237-3203-704b-83a0-4ba76100f31f'",
    "DELETE FROM orders WHERE orders.brand_id = $1 AND orders.id IN (SELECT l.order_id FROM order_line l WHERE "
    "l.brand_id = $1)",
]

WRONG = [
    ("SELECT orders.id FROM orders WHERE orders.id = $1", "orders"),
    ("SELECT orders.brand_id FROM orders", "orders"),
    ("SELECT o.id FROM orders o WHERE o.brand_id = $1 OR o.id = $2", "orders"),
    ("SELECT o.id FROM orders o WHERE NOT o.brand_id = $1", "orders"),
    ("SELECT o.id FROM orders o WHERE o.brand_id = o.brand_id", "orders"),
    ("SELECT o.id FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.brand_id = $1", "customer"),
    ("SELECT o.id FROM orders o, customer c WHERE o.brand_id = $1 AND c.id = o.customer_id", "customer"),
    ("SELECT o.id FROM orders o LEFT JOIN customer c ON o.brand_id = $1 AND c.brand_id = $1", "orders"),
    ("SELECT a.id FROM orders a JOIN orders b ON b.id = a.id WHERE a.brand_id = $1", "orders (as b)"),
    (
        "SELECT (SELECT count(*) FROM order_line l WHERE l.order_id = o.id) FROM orders o WHERE o.brand_id = $1",
        "order_line",
    ),
    ("SELECT 1 FROM brand WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = $1)", "orders"),
    ("WITH mine AS (SELECT id FROM orders) SELECT id FROM mine", "orders"),
    ("SELECT id FROM orders WHERE brand_id = $1 UNION SELECT id FROM customer", "customer"),
    ("SELECT x.id FROM (orders x JOIN customer y ON y.id = x.id) WHERE x.brand_id = $1", "customer"),
    ("SELECT o.id FROM unnest($1) AS b(brand_id) JOIN orders o ON o.brand_id = b.brand_id", "orders"),
    ("SELECT o.id FROM directory d JOIN orders o ON o.brand_id = d.brand_id", "orders"),
    ("INSERT INTO orders (id) VALUES ($1)", "does not name brand_id"),
    ("INSERT INTO orders (brand_id, id) SELECT $1, c.id FROM customer c", "customer"),
    ("INSERT INTO rate_bucket (brand_id, at) VALUES ($1, $2) ON CONFLICT DO UPDATE SET at = now()", "now() in"),
    (
        "INSERT INTO rate_bucket (brand_id, at) VALUES ($1, $2) ON CONFLICT DO UPDATE SET at = (SELECT max(at) FROM x)",
        "subquery",
    ),
    ("UPDATE orders SET brand_id = $1 WHERE orders.id = $2", "orders"),
    ("UPDATE orders SET state=$1 FROM customer c WHERE orders.brand_id = $2 AND c.id = orders.customer_id", "customer"),
    ("DELETE FROM orders", "orders"),
    ("DELETE FROM order_line l USING orders o WHERE o.brand_id = $1 AND o.id = l.order_id", "order_line"),
    ("MERGE INTO orders USING customer ON true WHEN MATCHED THEN DO NOTHING", "MERGE"),
    ("TRUNCATE orders", "cannot place orders"),
    ("WITH gone AS (DELETE FROM orders WHERE brand_id = $1 RETURNING id) UPDATE customer SET x = 1", "customer"),
]


@pytest.mark.parametrize("sql", RIGHT)
def test_statement_under_a_brand_passes(sql: str) -> None:
    assert problems(sql) == ()


@pytest.mark.parametrize(("sql", "culprit"), WRONG)
def test_statement_that_forgets_the_brand_is_found(sql: str, culprit: str) -> None:
    found = problems(sql)
    assert len(found) == 1
    assert culprit in found[0]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT o.id FROM orders o FULL JOIN customer c ON o.brand_id = $1 AND c.brand_id = $1",
        "SELECT c.id FROM orders o JOIN customer c ON c.brand_id = o.brand_id",
    ],
)
def test_tables_that_only_equal_each_other_or_are_joined_from_both_sides_are_both_found(sql: str) -> None:
    assert problems(sql) == (
        "orders (as o) has no brand_id condition",
        "customer (as c) has no brand_id condition",
    )


def test_parameters_that_are_brands_are_known_by_their_place() -> None:
    reading = sql_scopes.read("SELECT 1 FROM orders o WHERE o.id = $1 AND $2::UUID = o.brand_id", TENANTS)
    assert (reading.problems, set(reading.brands), reading.names_tenants) == ((), {"$2"}, True)


async def test_query_without_brand_is_noted_for_the_test_that_ran_it(database: Database, brand: Brand) -> None:
    async with database.reading(brand) as session:
        await session.execute(sa.select(OrgUnitRow.id))
    [breach] = statements.take_breaches()
    assert "org_unit (as org_unit) has no brand_id condition" in breach


async def test_condition_on_another_brand_is_noted(database: Database, brand: Brand) -> None:
    other = ids.new_id(clock.utc_now())
    async with database.reading(brand) as session:
        rows = await session.execute(sa.select(OrgUnitRow.id).where(OrgUnitRow.brand_id == other))
        assert rows.all() == []
    [breach] = statements.take_breaches()
    assert f"is brand {other}, the transaction is of {brand.id}" in breach


async def test_other_brand_written_out_in_the_text_is_noted(database: Database, brand: Brand) -> None:
    other = ids.new_id(clock.utc_now())
    async with database.reading(brand) as session:
        await session.execute(sa.text(f"SELECT id FROM org_unit WHERE brand_id = '{brand.id}'"))
        assert statements.take_breaches() == []
        await session.execute(sa.text(f"SELECT id FROM org_unit WHERE brand_id = '{other}'"))
    [breach] = statements.take_breaches()
    assert f"is brand {other}, the transaction is of {brand.id}" in breach


async def test_second_brand_in_one_transaction_is_noted(database: Database, brand: Brand) -> None:
    other = ids.new_id(clock.utc_now())
    async with database.reading(brand) as session:
        await db.set_brand(session, brand.id)
        assert statements.take_breaches() == []
        await db.set_brand(session, other)
    assert statements.take_breaches() == [f"a second brand, {other}, in a transaction of {brand.id}"]


async def test_tenant_table_before_any_brand_is_named_is_noted(database: Database, brand: Brand) -> None:
    async with database.directory() as session:
        rows = await session.execute(sa.select(OrgUnitRow.id).where(OrgUnitRow.brand_id == brand.id))
        assert rows.all() == []
    [breach] = statements.take_breaches()
    assert breach.startswith("no brand was named in this transaction")


async def test_counter_sees_statements_in_order_but_not_the_naming_of_the_brand(
    database: Database, brand: Brand
) -> None:
    await database.brands()
    async with statements.count_statements(database) as seen, database.transaction(brand) as session:
        await session.execute(sa.select(OrgUnitRow.id).where(OrgUnitRow.brand_id == brand.id))
        await session.execute(sa.text("SELECT 1"))
    await database.brands()
    assert [statement.split()[:2] for statement in seen] == [["SELECT", "org_unit.id"], ["SELECT", "1"]]
