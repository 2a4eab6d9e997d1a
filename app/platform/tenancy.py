"""What every table gets besides its columns: row level security and the serving role's grants. For migrations."""

from alembic.operations import Operations

from app.platform.migrations import granted_role

MINE = "brand_id = nullif(current_setting('app.brand', true), '')::uuid"
"""Without `nullif` a pooled connection, where the setting is an empty string after its transaction, would fail."""


def secure_tenant_table(op: Operations, table: str, *, append_only: bool = False, deletable: bool = False) -> None:
    """Show and accept only the rows of the brand that the transaction named; grant what the table's nature allows."""
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY own_brand ON "{table}" USING ({MINE}) WITH CHECK ({MINE})')
    grant(op, table, append_only=append_only, deletable=deletable)


def grant(op: Operations, table: str, *, append_only: bool = False, deletable: bool = False) -> None:
    """The serving role reads and adds; it changes rows unless the table is append-only, deletes only passing ones."""
    rights = ["SELECT", "INSERT"] + ([] if append_only else ["UPDATE"]) + (["DELETE"] if deletable else [])
    op.execute(f'GRANT {", ".join(rights)} ON "{table}" TO {granted_role(op)}')
