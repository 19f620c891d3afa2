"""Which tables this code expects and which ones a database has, told without loading the migration tools."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

MIGRATIONS = Path(__file__).resolve().parent / "migrations"

_VERSION = table("alembic_version", column("version_num"))


def known_revisions() -> tuple[str, ...]:
    """Every revision of the tables that this code knows, oldest first."""
    return tuple(sorted(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def table_revision(connection: Connection) -> str | None:
    """The revision that the database says it has; None before the first migration."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()


def strange_tables(connection: Connection) -> tuple[str, ...]:
    """Tables of a database that no migration of ours made."""
    return tuple(sorted(set(inspect(connection).get_table_names()) - {_VERSION.name}))
