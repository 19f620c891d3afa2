"""How Alembic runs here: one transaction for all that is pending, on SQLite too: a kill leaves nothing half done."""

from __future__ import annotations

from contextlib import closing

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from deust.models import assignments, cohort, learning, messages, people, quizzes, records, signin
from deust.models.base import Base, Exact, Instant, db

MODELS = (assignments, cohort, learning, messages, people, quizzes, records, signin)

SEARCH_INDEX = "search_index"

_PLAIN_TYPES = {Instant: "sa.DateTime(timezone=True)", Exact: "sa.String(length=80)"}


def include_name(name: str | None, _kind: str, _parents: object) -> bool:
    """Leave out the full-text index: it is made by statements of its own, and FTS5 adds tables to it."""
    return not (name or "").startswith(SEARCH_INDEX)


def render_item(kind: str, value: object, _context: AutogenContext) -> str | bool:
    """Write plain column types, so that a migration stands when the application's own types change."""
    return _PLAIN_TYPES.get(type(value), False) if kind == "type" else False


def leave_out_notes(_context: MigrationContext, _revision: object, scripts: list[MigrationScript]) -> None:
    """A migration does not repeat what tables declare about privacy."""
    for script in scripts:
        for operations in script.upgrade_ops_list:
            for operation in operations.ops:
                if isinstance(operation, CreateTableOp):
                    operation.info = {}


def run() -> None:
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            _enforce_references(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            render_item=render_item,
            process_revision_directives=leave_out_notes,
            render_as_batch=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite:
                _check_references(connection)
        if is_sqlite:
            _enforce_references(connection, "ON")


def _enforce_references(connection: Connection, switch: str) -> None:
    """SQLite rebuilds a table to alter it, and must not follow its references meanwhile; set outside transactions."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA foreign_keys = {switch}")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise IntegrityError("migration", None, Exception(f"rows without their reference: {broken[:5]}"))


run()
