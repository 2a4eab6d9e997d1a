"""The migrated database itself keeps the data rules: brand first in every key, row level security, narrow grants.

Read from PostgreSQL's own catalogue, as the owner; the models only say which tables there ought to be.
"""

from collections import defaultdict

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app.platform.embedded import Servers
from app.platform.tables import import_models

WITHOUT_BRAND = {
    "alembic_version",  # the migrations' own
    "brand",  # the directory of brands
    "callback",  # comes in before anybody knows the brand
    "cron_slot",
    "directory",
    "sandbox_charge",  # the sandbox provider's book: an outside party
    "sandbox_delivery",
    "sandbox_invoice",  # the sandbox invoice provider's
    "sandbox_payout",  # the sandbox payout provider's
    "sandbox_refund",
}
DELETABLE = {
    "cron_slot",
    "directory",
    "idempotency",
    "media",
    "outbox",
    "product_option",
    "product_picture",
    "rate_bucket",
    "refresh_token",
    "rollup_buyer",
    "rollup_commission",
    "rollup_fact",
    "rollup_first_order",
    "rollup_newcomer",
    "rollup_product",
    "rollup_sales",
    "rollup_visit",
    "sandbox_delivery",
    "shelf_item",
    "shelf_section",
    "sign_in_code",
}
"""Passing rows, what a guide changed on the own shelf, and rollups, which can be made anew; nothing else."""

POLICY = "(brand_id = (NULLIF(current_setting('app.brand'::text, true), ''::text))::uuid)"

Rows = list[asyncpg.Record]


@pytest.fixture(scope="module")
def tenants() -> dict[str, sa.Table]:
    return {table.name: table for table in import_models().tables.values() if table.info.get("tenant")}


@pytest.fixture(scope="module")
def serving_role(servers: Servers) -> str:
    return make_url(servers.database_url).username or ""


async def ask(url: str, query: str, *values: object) -> Rows:
    connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def constraints(owner_url: str, *kinds: str) -> Rows:
    """Constraints of these kinds: their table and columns, what they point to, and what a deletion there does."""
    return await ask(
        owner_url,
        """
        SELECT c.conname AS name, c.contype::text AS kind, t.relname AS table, f.relname AS target,
               c.confdeltype::text AS on_delete, c.confupdtype::text AS on_update,
               ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(n, i)
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i) AS columns,
               ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(n, i)
                     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.i) AS target_columns
        FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid
        LEFT JOIN pg_class f ON f.oid = c.confrelid
        WHERE c.connamespace = 'public'::regnamespace AND c.contype::text = ANY($1)
        """,
        list(kinds),
    )


async def test_database_has_exactly_the_declared_tables(owner_url: str) -> None:
    found = await ask(
        owner_url,
        "SELECT c.relname, c.relkind::text FROM pg_class c "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind NOT IN ('i')",
    )
    assert {row["relname"] for row in found} == {"alembic_version", *import_models().tables}
    assert {row["relkind"] for row in found} == {"r"}


async def test_every_table_is_of_a_brand_or_on_the_short_list_of_those_that_are_not(
    owner_url: str, tenants: dict[str, sa.Table]
) -> None:
    found = await ask(
        owner_url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind='r'"
    )
    assert {row["relname"] for row in found} - set(tenants) == WITHOUT_BRAND
    assert len(tenants) >= 30


async def test_brand_id_is_the_first_column_and_never_empty(owner_url: str, tenants: dict[str, sa.Table]) -> None:
    found = await ask(
        owner_url,
        "SELECT c.relname, a.attnum, a.attnotnull, a.atttypid = 'uuid'::regtype AS is_uuid FROM pg_class c "
        "JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' "
        "AND a.attname = 'brand_id'",
    )
    shapes = {row["relname"]: (row["attnum"], row["attnotnull"], row["is_uuid"]) for row in found}
    assert shapes.pop("directory") == (3, True, True)
    assert shapes == dict.fromkeys(tenants, (1, True, True))


async def test_every_primary_and_unique_key_of_a_tenant_begins_with_its_brand(
    owner_url: str, tenants: dict[str, sa.Table]
) -> None:
    found = await ask(
        owner_url,
        "SELECT c.relname AS table, i.indisprimary AS is_primary, pg_get_indexdef(i.indexrelid, 1, true) AS first "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique",
    )
    keys = [row for row in found if row["table"] in tenants]
    assert {row["table"] for row in keys if row["is_primary"]} == set(tenants)
    assert [dict(row) for row in keys if row["first"] != "brand_id"] == []


async def test_foreign_keys_between_tenants_lead_within_the_brand(owner_url: str, tenants: dict[str, sa.Table]) -> None:
    found = await constraints(owner_url, "f")
    assert {row["table"] for row in found} <= set(tenants)
    outside = [(row["table"], row["target"], row["columns"]) for row in found if row["target"] not in tenants]
    assert outside == [("org_unit", "brand", ["brand_id"])]
    inside = [row for row in found if row["target"] in tenants]
    assert len(inside) >= 40
    for row in inside:
        assert "brand_id" in row["columns"], row["name"]
        place = row["columns"].index("brand_id")
        assert row["target_columns"][place] == "brand_id", row["name"]


async def test_foreign_keys_change_nothing_by_themselves(owner_url: str) -> None:
    found = await constraints(owner_url, "f")
    assert {(row["on_delete"], row["on_update"]) for row in found} == {("a", "a")}


async def test_no_triggers_rules_sequences_or_generated_numbers(owner_url: str) -> None:
    triggers = await ask(owner_url, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    rules = await ask(owner_url, "SELECT rulename FROM pg_rules WHERE schemaname = 'public'")
    sequences = await ask(
        owner_url, "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
    )
    numbers = await ask(
        owner_url,
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 "
        "AND (a.attidentity <> '' OR a.atthasdef)",
    )
    functions = await ask(owner_url, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    assert [triggers, rules, sequences, numbers, functions] == [[], [], [], [], []]


async def test_row_level_security_stands_on_every_tenant_table_and_on_no_other(
    owner_url: str, tenants: dict[str, sa.Table]
) -> None:
    found = await ask(
        owner_url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity"
    )
    assert {row["relname"] for row in found} == set(tenants)


async def test_one_policy_for_each_table_shows_and_accepts_only_the_named_brand(
    owner_url: str, tenants: dict[str, sa.Table]
) -> None:
    found = await ask(
        owner_url,
        "SELECT tablename, permissive, roles::text[] AS roles, cmd, qual, with_check FROM pg_policies "
        "WHERE schemaname = 'public' ORDER BY tablename",
    )
    assert [row["tablename"] for row in found] == sorted(tenants)
    shapes = {(row["permissive"], tuple(row["roles"]), row["cmd"], row["qual"], row["with_check"]) for row in found}
    assert shapes == {("PERMISSIVE", ("public",), "ALL", POLICY, POLICY)}


async def test_serving_role_may_do_what_each_table_is_for_and_no_more(
    owner_url: str, serving_role: str, tenants: dict[str, sa.Table]
) -> None:
    found = await ask(
        owner_url,
        "SELECT c.relname, g.privilege_type, g.is_grantable FROM pg_class c "
        "CROSS JOIN LATERAL aclexplode(c.relacl) g JOIN pg_roles r ON r.oid = g.grantee "
        "WHERE c.relnamespace = 'public'::regnamespace AND r.rolname = $1",
        serving_role,
    )
    rights: dict[str, set[str]] = defaultdict(set)
    for row in found:
        rights[row["relname"]].add(row["privilege_type"])
    expected = {}
    for table in import_models().tables.values():
        expected[table.name] = {"SELECT", "INSERT"}
        if not table.info.get("append_only"):
            expected[table.name].add("UPDATE")
        if table.name in DELETABLE:
            expected[table.name].add("DELETE")
    assert rights == expected
    assert not any(row["is_grantable"] for row in found)
    assert {name for name, table in tenants.items() if table.info["append_only"]} >= {
        "binding",
        "commission_entry",
        "consent",
        "ledger_transfer",
        "order_move",
        "sale",
        "stock_movement",
        "touchpoint",
    }


async def test_nobody_else_has_rights_and_no_column_has_its_own(owner_url: str, serving_role: str) -> None:
    grantees = await ask(
        owner_url,
        "SELECT DISTINCT g.grantee::regrole::text AS name FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) g "
        "WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner",
    )
    columns = await ask(
        owner_url,
        "SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL",
    )
    assert [row["name"].strip('"') for row in grantees] == [serving_role]
    assert columns == []


async def test_serving_role_is_neither_owner_nor_above_the_policies(owner_url: str, serving_role: str) -> None:
    [role] = await ask(
        owner_url,
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = $1",
        serving_role,
    )
    [owned] = await ask(
        owner_url,
        "SELECT count(*) AS n FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = $1)",
        serving_role,
    )
    [creates] = await ask(owner_url, "SELECT has_schema_privilege($1, 'public', 'CREATE') AS it", serving_role)
    [joined] = await ask(
        owner_url,
        "SELECT count(*) AS n FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = $1",
        serving_role,
    )
    assert not any(role)
    assert (owned["n"], creates["it"], joined["n"]) == (0, False, 0)


async def test_every_id_is_a_uuid_and_every_instant_has_its_zone(owner_url: str) -> None:
    found = await ask(
        owner_url,
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS kind FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' "
        "AND a.attnum > 0 AND NOT a.attisdropped",
    )
    by_name = {(row["relname"], row["attname"]): row["kind"] for row in found}
    ids = {key for key in by_name if key[1] == "id" or key[1].endswith("_id")}
    named_by_others = {("callback", "event_id"), ("payment", "transaction_id"), ("sandbox_charge", "transaction_id")}
    named_by_others |= {("sandbox_payout", "transaction_id"), ("withdrawal", "transaction_id")}
    assert {key for key in ids if by_name[key] != "uuid"} == named_by_others
    assert "timestamp without time zone" not in by_name.values()
    assert {kind for key, kind in by_name.items() if key[1].endswith("_minor")} == {"bigint"}
    assert {kind for key, kind in by_name.items() if key[1].endswith("_bp")} == {"integer"}


async def test_keys_of_tenants_have_an_index_that_a_brands_rows_are_found_by(
    owner_url: str, tenants: dict[str, sa.Table]
) -> None:
    """Every index but those over search terms begins with the brand: no query of one brand walks another's rows."""
    found = await ask(
        owner_url,
        "SELECT c.relname AS table, x.relname AS name, m.amname AS method, "
        "pg_get_indexdef(i.indexrelid, 1, true) AS first FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam "
        "WHERE c.relnamespace = 'public'::regnamespace",
    )
    others = {row["name"]: row["method"] for row in found if row["table"] in tenants and row["first"] != "brand_id"}
    assert others == {"ix_customer_grams": "gin"}
