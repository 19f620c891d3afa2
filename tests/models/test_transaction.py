from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, Connection, event, func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from deust.domain.errors import Unavailable, Unkeepable
from deust.models.people import Person
from deust.models.transaction import engines, one_connection, reading, writing
from tests.conftest import POSTGRES
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW
from tests.support.operator import chosen


@pytest.mark.both
def test_a_block_that_raises_leaves_nothing(database: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing() as session:
        assert factories.person(session).id / 0
    with reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Person)) == 0


@pytest.mark.both
def test_a_write_is_seen_once_its_block_ends(database: Flask) -> None:
    with writing() as session:
        who = factories.person(session)
        with reading() as connection:
            assert connection.scalar(select(func.count()).select_from(Person)) == 0
    with reading() as connection:
        assert connection.scalar(select(Person.id)) == who.id


@pytest.mark.both
def test_a_reader_sees_each_last_commit_and_opens_no_transaction(database: Flask) -> None:
    with reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Person)) == 0
        with writing() as session:
            factories.person(session)
        assert connection.scalar(select(func.count()).select_from(Person)) == 1


@pytest.mark.both
def test_a_page_reads_on_one_connection_and_gives_it_back(database: Flask) -> None:
    with one_connection():
        with reading() as first:
            assert first.scalar(select(1)) == 1
        with reading() as second, reading() as third:
            assert (second, third) == (first, first)
    assert first.closed
    with reading() as alone:
        assert alone is not first


@pytest.mark.both
def test_a_page_takes_another_connection_after_one_that_failed(database: Flask) -> None:
    with one_connection():
        with pytest.raises((SQLAlchemyError, Unavailable)), reading() as first:
            first.execute(text("SELECT 1 FROM nowhere"))
        with reading() as second:
            assert second.scalar(select(1)) == 1
    assert first.closed
    assert second is not first


@pytest.mark.both
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("door", [reading, writing])
def test_a_forked_process_opens_connections_of_its_own(
    database: Flask, door: Callable[[], AbstractContextManager[Connection | Session]]
) -> None:
    """Two processes that ask on one connection read each other's replies."""

    def connection() -> object:
        with door() as opened:
            bound = opened if isinstance(opened, Connection) else opened.connection()
            return bound.connection.dbapi_connection

    parents = connection()
    child = os.fork()
    if child == 0:
        shares = 2
        try:
            shares = int(connection() is parents)
        finally:
            os._exit(shares)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connection() is parents


@pytest.mark.both
def test_forty_writers_at_once_all_succeed_and_count_right(database: Flask) -> None:
    """Reading then writing in one transaction is what fails without BEGIN IMMEDIATE."""
    with writing() as session:
        who = factories.person(session, given_name="0")

    def add_one() -> None:
        with writing() as session:
            row = session.scalar(select(Person).where(Person.id == who.id).with_for_update())
            row.given_name = str(int(row.given_name) + 1)

    at_once(database, [add_one] * 40)
    with reading() as connection:
        assert connection.scalar(select(Person.given_name)) == "40"


def test_sqlite_writes_open_with_begin_immediate(database: Flask) -> None:
    with traced() as statements:
        with writing() as session:
            session.execute(update(Person).values(theme="dark"))
        assert statements[0] == "BEGIN IMMEDIATE"
        assert statements[-1] == "COMMIT"
        statements.clear()
        with reading() as connection:
            connection.execute(select(Person.id))
    assert statements
    assert not any(statement.startswith("BEGIN") for statement in statements)


@contextmanager
def traced() -> Iterator[list[str]]:
    """What SQLite itself is told by connections that are opened inside the block."""
    told: list[str] = []

    def trace(made: sqlite3.Connection, _record: object) -> None:
        made.set_trace_callback(told.append)

    for engine in engines():
        engine.dispose()
        event.listen(engine, "connect", trace)
    try:
        yield told
    finally:
        for engine in engines():
            event.remove(engine, "connect", trace)
            engine.dispose()


def test_a_second_sqlite_writer_waits_at_the_door(database: Flask, url: str) -> None:
    other = sqlite3.connect(make_url(url).database or "", timeout=0, isolation_level=None)
    with writing() as session:
        session.scalar(select(Person.id))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15_000)]
)
def test_sqlite_is_durable_and_patient(database: Flask, pragma: str, value: object) -> None:
    with reading() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
    with writing() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


@pytest.fixture
def chosen_by_the_operator(url: str, engine: str) -> Iterator[None]:
    """Settings of the whole server that suit other programs."""
    if engine != POSTGRES:
        yield
        return
    with chosen(url, default_transaction_isolation="repeatable read", synchronous_commit="off"):
        yield


@pytest.mark.both
def test_postgresql_is_durable_and_shows_the_last_commit(
    chosen_by_the_operator: None, database: Flask, engine: str
) -> None:
    if engine != POSTGRES:
        return
    for door in (reading, writing):
        with door() as opened:
            assert opened.scalar(text("SHOW transaction_isolation")) == "read committed"
            assert opened.scalar(text("SHOW synchronous_commit")) == "on"


@pytest.mark.both
def test_one_open_attempt_a_person_and_item(database: Flask) -> None:
    """The database itself refuses a second one, and a number given twice, whatever the code above does."""
    with writing() as session:
        who = factories.person(session)
        first = factories.attempt(session, who, number=1)
        with pytest.raises(IntegrityError), session.begin_nested():
            factories.attempt(session, who, number=2)
        first.closed_at, first.closed_by = NOW, "person"
        factories.attempt(session, who, number=2)
        with pytest.raises(IntegrityError), session.begin_nested():
            factories.attempt(session, who, number=2, closed_at=NOW, closed_by="clock")
        with pytest.raises(IntegrityError), session.begin_nested():
            factories.attempt(session, who, number=3, closed_at=NOW, closed_by=None)


def test_a_database_that_is_not_there_is_said_in_the_rules_words(database: Flask, url: str) -> None:
    for engine in engines():
        engine.dispose()
    path = Path(make_url(url).database or "")
    path.unlink()
    path.mkdir()
    try:
        with pytest.raises(Unavailable), reading() as connection:
            connection.execute(select(Person.id))
        with pytest.raises(Unavailable), writing() as session:
            factories.person(session)
    finally:
        path.rmdir()


@pytest.mark.both
@pytest.mark.parametrize("unkeepable", [Person.id == 2**70, Person.email == "seul\ud800"])
def test_what_no_column_holds_is_refused_in_the_rules_words(database: Flask, unkeepable: ColumnElement[bool]) -> None:
    for door in (reading, writing):
        with pytest.raises(Unkeepable), door() as opened:
            opened.execute(select(Person.id).where(unkeepable))


@pytest.mark.both
def test_a_statement_met_again_names_its_columns(database: Flask) -> None:
    with writing() as session:
        who = factories.person(session)
    for _ in range(2):
        with reading() as connection:
            row = connection.execute(select(Person.id, Person.email)).one()
            assert row._asdict() == {"id": who.id, "email": who.email}
            asked = connection.exec_driver_sql("SELECT 1 AS one, 2 AS two")
            assert (list(asked.keys()), asked.one()) == (["one", "two"], (1, 2))


@pytest.mark.both
def test_the_driver_describes_its_columns_once_they_are_read(database: Flask) -> None:
    with reading() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("SELECT 1 AS one, 'x' AS two")
        assert [column[0] for column in cursor.description] == ["one", "two"]
        assert len(cursor.description) == 2
        cursor.execute("BEGIN")
        assert cursor.description is None
        cursor.execute("ROLLBACK")
