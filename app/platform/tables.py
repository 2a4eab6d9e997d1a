"""How tables are declared: the base, the tenant's part of every key, composite foreign keys."""

import importlib
import pkgutil
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Every table. `Table.info` says `tenant` where rows belong to a brand, `append_only` where no row changes."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        str: sa.Text(),
        int: sa.BigInteger(),
        bytes: sa.LargeBinary(),
        bool: sa.Boolean(),
        UUID: sa.Uuid(),
        datetime: sa.DateTime(timezone=True),
        date: sa.Date(),
    }


class Tenant:
    """Mixin of a tenant table: `brand_id` first, primary key (brand_id, id).

    No key to `brand` itself: every insert would lock that one row. The tree's root has one; composite keys lead there.
    """

    brand_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-19)


class TenantBase:
    """Mixin of a tenant table whose primary key is not `id`: it names the rest of its key itself."""

    brand_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)


def tenant_args(*items: Any, append_only: bool = False) -> tuple[Any, ...]:
    """`__table_args__` of a tenant table."""
    return (*items, {"info": {"tenant": True, "append_only": append_only}})


def tenant_key(columns: str | list[str], target: str, *target_columns: str) -> sa.ForeignKeyConstraint:
    """A foreign key to another tenant table; it always contains `brand_id`."""
    local = [columns] if isinstance(columns, str) else columns
    remote = list(target_columns) or ["id"]
    return sa.ForeignKeyConstraint(["brand_id", *local], [f"{target}.brand_id", *(f"{target}.{c}" for c in remote)])


def import_models() -> sa.MetaData:
    """Load every package's `models` and `…_models`, found by name, and give the metadata of all tables."""
    package = importlib.import_module("app")
    for found in pkgutil.iter_modules(package.__path__, "app."):
        if not found.ispkg:
            continue
        inner = importlib.import_module(found.name)
        for module in pkgutil.iter_modules(inner.__path__):
            if module.name == "models" or module.name.endswith("_models"):
                importlib.import_module(f"{found.name}.{module.name}")
    return Base.metadata
