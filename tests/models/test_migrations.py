from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, inspect, select, text

from deust.models import assignments, learning, messages, quizzes, records, signin
from deust.models.base import Base, db
from deust.models.learning import SearchEntry
from deust.models.people import Person
from deust.models.transaction import reading, writing
from tests.support import factories
from tests.support.databases import MIGRATIONS, Databases, bare_app, opened

TABLES = (assignments, learning, messages, quizzes, records, signin)
SEARCH_INDEX = "search_index"

pytestmark = pytest.mark.both


def _is_compared(name: str | None, _kind: str, _parents: object) -> bool:
    return not (name or "").startswith(SEARCH_INDEX)


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_name": _is_compared})
    return list(compare_metadata(context, Base.metadata))


def test_migrating_from_nothing_gives_the_tables_of_the_models(databases: Databases) -> None:
    address = databases.empty()
    with opened(bare_app(address)):
        upgrade()
        with db.engine.connect() as connection:
            assert _differences(connection) == []
            made_by_migrations = _indexes(connection)
    databases.drop(address)

    address = databases.empty()
    with opened(bare_app(address)):
        Base.metadata.create_all(db.engine)
        with db.engine.connect() as connection:
            assert _indexes(connection) == made_by_migrations
    databases.drop(address)


def _indexes(connection: Connection) -> list[str]:
    """Every index with its condition, which comparing tables does not look at; full text, made apart, is left out."""
    if connection.dialect.name == "sqlite":
        query = "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    else:
        query = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    found = (" ".join(row.split()) for row in connection.scalars(text(query)))
    return sorted(index.replace('"', "") for index in found if SEARCH_INDEX not in index)


def test_down_then_up_again_keeps_a_working_database(databases: Databases) -> None:
    address = databases.fresh()
    with opened(bare_app(address)):
        with writing() as session:
            factories.learner(session)
            session.add(
                SearchEntry(
                    programme="p", version="1", ref="m/i", kind="lesson", title="Écouter", body="écouter", stems="ecout"
                )
            )
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        upgrade()
        with db.engine.connect() as connection:
            assert _differences(connection) == []
        with writing() as session:
            factories.learner(session)
        with reading() as connection:
            assert len(connection.scalars(select(Person.id)).all()) == 1
    databases.drop(address)


def test_migrating_twice_changes_nothing(databases: Databases) -> None:
    address = databases.fresh()
    with opened(bare_app(address)):
        with writing() as session:
            factories.learner(session)
        upgrade()
        with reading() as connection:
            assert len(connection.scalars(select(Person.id)).all()) == 1
    databases.drop(address)


@pytest.mark.slow
def test_a_migration_killed_in_the_middle_leaves_nothing_half_done(databases: Databases) -> None:
    """The process is killed as its last table is about to be made; then the migration runs from the start."""
    address = databases.empty()
    script = (
        "import os, signal\n"
        "from flask_migrate import upgrade\n"
        "from sqlalchemy import event\n"
        "from deust.models.base import db\n"
        "from tests.support.databases import bare_app\n"
        f"app = bare_app({address!r})\n"
        "with app.app_context():\n"
        "    @event.listens_for(db.engine, 'before_cursor_execute')\n"
        "    def die(connection, cursor, statement, *rest):\n"
        "        if 'CREATE TABLE tutoring' in statement:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "    upgrade()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=MIGRATIONS.parents[2], env=_environ(), check=False)
    assert done.returncode == -signal.SIGKILL
    with opened(bare_app(address)):
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade()
        with db.engine.connect() as connection:
            assert _differences(connection) == []
    databases.drop(address)


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(MIGRATIONS.parents[2]), "PYTHONWARNINGS": "ignore"}


def test_the_history_is_one_line(engine: str) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_migrations_stand_on_their_own(engine: str) -> None:
    """A migration that imports the application's code would change with it."""
    for path in Path(MIGRATIONS / "versions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.split(".")[0] == "deust"], path.name


def test_the_marks_of_each_version_are_gathered_and_spread_again(databases: Databases) -> None:
    """0002 keeps every point, its version and its reason, in both directions."""
    address = databases.empty()
    with opened(bare_app(address)):
        upgrade(revision="0001")
        with writing() as session:
            for statement in _ATTEMPT_OF_0001:
                session.execute(text(statement))
        before = _spread()
        upgrade(revision="0002")
        with reading() as connection:
            rows = connection.execute(text("SELECT version, points, reason FROM attempt_marks ORDER BY version")).all()
        kept = [(row.version, json.loads(row.points) if isinstance(row.points, str) else row.points) for row in rows]
        assert kept == [(1, {"aa": "1/3", "bb": None}), (2, {"aa": "1/2"})]
        assert [row.reason for row in rows] == ["hand-in", "réseau coupé"]
        downgrade(revision="0001")
        assert _spread() == before
    databases.drop(address)


def test_the_pdfs_handed_in_before_wait_to_be_drawn(databases: Databases) -> None:
    """0009 takes the PDFs that are still stored, and nothing else."""
    address = databases.empty()
    with opened(bare_app(address)):
        upgrade(revision="0007")
        with writing() as session:
            for statement in (_ATTEMPT_OF_0001[0], _ATTEMPT_OF_0001[2], _FILES_OF_0007):
                session.execute(text(statement))
        upgrade(revision="0009")
        with reading() as connection:
            rows = connection.execute(select(quizzes.Document)).all()
        assert [(row.file_id, row.state, row.pictures, row.page_count, row.drawn_id) for row in rows] == [
            ("pdf", "waiting", [], 0, None)
        ]
        downgrade(revision="0007")
    databases.drop(address)


def test_a_row_of_progress_was_last_written_when_it_was_touched(databases: Databases) -> None:
    """0011 knows no better of the rows before it."""
    address = databases.empty()
    with opened(bare_app(address)):
        upgrade(revision="0010")
        with writing() as session:
            for statement in (_ATTEMPT_OF_0001[0], _PROGRESS_OF_0010):
                session.execute(text(statement))
        upgrade(revision="0011")
        with reading() as connection:
            row = connection.execute(select(learning.ItemProgress)).one()
        assert row.changed_at == row.touched_at == datetime(2026, 11, 3, 9, tzinfo=UTC)
        downgrade(revision="0010")
    databases.drop(address)


def _spread() -> list[tuple[object, ...]]:
    with reading() as connection:
        return [tuple(row) for row in connection.execute(_QUESTION_MARKS)]


_QUESTION_MARKS = text(
    "SELECT attempt_id, question_key, version, points, out_of, marker_id, reason FROM question_mark "
    "ORDER BY version, question_key"
)
_PROGRESS_OF_0010 = (
    "INSERT INTO item_progress (id, person_id, item_ref, opened_at, touched_at, read_permille, checks_tried, "
    "attempts_used, is_passed, credited_minutes) VALUES (1, 1, 'm/i', '2026-11-02 10:00:00+00:00', "
    "'2026-11-03 09:00:00+00:00', 0, '{}', 0, FALSE, 0)"
)
_ATTEMPT_OF_0001 = (
    "INSERT INTO person (id, email, given_name, family_name, role, is_active, is_demo, theme, locale, time_zone, "
    "created_at) VALUES (1, 'a@b.example', 'A', 'B', 'student', TRUE, FALSE, 'auto', 'fr', 'Europe/Paris', "
    "'2026-11-02 10:00:00')",
    """INSERT INTO frozen_question (hash, body) VALUES ('h1', '{"points": "1"}'), ('h2', '{"points": "3/2"}')""",
    "INSERT INTO attempt (id, public_id, person_id, item_ref, number, item_version, settings, paper, started_at, "
    "closed_at, closed_by, out_of, awaiting) VALUES (7, 'p', 1, 'EC1/q', 1, 'v', '{}', "
    """'[{"key": "aa", "hash": "h1"}, {"key": "bb", "hash": "h2"}]', """
    "'2026-11-02 10:00:00', '2026-11-02 10:00:00', 'person', '5/2', 1)",
    "INSERT INTO question_mark (attempt_id, question_key, version, points, out_of, reason, marked_at) VALUES "
    "(7, 'aa', 1, '1/3', '1', 'hand-in', '2026-11-02 10:00:00'), "
    "(7, 'bb', 1, NULL, '3/2', 'hand-in', '2026-11-02 10:00:00'), "
    "(7, 'aa', 2, '1/2', '1', 'réseau coupé', '2026-11-02 10:00:00')",
)
_FILES_OF_0007 = (
    "INSERT INTO answer_file (id, attempt_id, question_key, name, media_type, size, sha256, received_at, stored_id) "
    "VALUES ('pdf', 7, 'aa', 'a.pdf', 'application/pdf', 1, 'x', '2026-11-02 10:00:00', 'pdf'), "
    "('gone', 7, 'aa', 'a.pdf', 'application/pdf', 1, 'x', '2026-11-02 10:00:00', NULL), "
    "('voice', 7, 'aa', 'a.webm', 'audio/webm', 1, 'x', '2026-11-02 10:00:00', 'voice')"
)
