"""All rows of one brand, seen by the tables' owner, whom no policy stops."""

from typing import Any

from app.platform.db import Brand
from app.platform.tables import import_models
from tests.ground import statements


def hashes(owner_url: str, brand: Brand) -> dict[str, str]:
    """A hash of all rows of a brand, table by table, read as the owner, whom no policy stops."""
    tables = [*sorted(tenant_names()), "directory"]
    rows = statements(
        owner_url,
        *(
            f"SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) "
            f"FROM \"{table}\" t WHERE t.brand_id = '{brand.id}'"
            for table in tables
        ),
    )
    return {table: found[0][0] for table, found in zip(tables, rows, strict=True)}


def tenant_names() -> set[str]:
    return {table.name for table in import_models().tables.values() if table.info.get("tenant")}


def keys(owner_url: str, brand: Brand) -> dict[str, set[tuple[Any, ...]]]:
    """The primary keys of all rows of a brand without the brand itself, table by table."""
    found = {}
    for name in sorted(tenant_names()):
        columns = [column.name for column in import_models().tables[name].primary_key if column.name != "brand_id"]
        shown = ", ".join(f'"{column}"' for column in columns) or "1"
        [rows] = statements(owner_url, f"SELECT {shown} FROM \"{name}\" WHERE brand_id = '{brand.id}'")
        found[name] = set(rows)
    return found
