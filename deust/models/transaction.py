"""The doors to the database: `reading()` for a page, `writing()` for an act, `at_once()` for an act of one statement.

A read needs no transaction: each statement sees the last commit. A write opens with BEGIN IMMEDIATE on SQLite, so that
two writers queue instead of failing, and returns only once the commit is durable.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from select import POLLIN, poll
from typing import Any
from weakref import WeakSet

import psycopg
from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DataError, DisconnectionError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from deust.domain.errors import Unavailable, Unkeepable
from deust.models.base import db
from deust.models.compiled import KnownStatements

_BUSY_TIMEOUT_MS = 15_000
_READING = "reading"


def database_config(url: str, *, pool_size: int) -> dict[str, Any]:
    """Flask-SQLAlchemy's settings for the two doors: each has its own connections, and those that read are never in a
    transaction, so that taking one and giving it back asks nothing of the server. An error says no value: it is logged.
    """
    pool = {
        "pool_pre_ping": False,
        "pool_size": pool_size,
        "hide_parameters": True,
        "json_deserializer": _kept_json,
    }
    read_only = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None, "skip_autocommit_rollback": True}
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {**pool, **_with_cache()},
        "SQLALCHEMY_BINDS": {_READING: {"url": url, **pool, **read_only, **_with_cache()}},
    }


def _with_cache() -> dict[str, Any]:
    return {"execution_options": {"compiled_cache": KnownStatements()}}


_JSON = json.JSONDecoder()


def _kept_json(kept: str | bytes) -> Any:
    """What a JSON column holds: written by the server or by this code, it begins at once and ends there."""
    return _JSON.raw_decode(kept.decode() if isinstance(kept, bytes) else kept)[0]


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection on which every statement stands alone; it must not be used to write."""
    with _available():
        shared = _shared.get()
        if shared is None:
            with db.engines[_READING].connect() as connection:
                yield connection
            return
        try:
            yield shared.connection()
        except SQLAlchemyError:
            shared.close()
            raise


class _Shared:
    """The connection that a page reads on, taken when it first reads. One that failed is given back at once."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = db.engines[_READING].connect()
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_shared: ContextVar[_Shared | None] = ContextVar("shared", default=None)


@contextmanager
def one_connection() -> Iterator[None]:
    """All that is read until the block ends is read on one connection: taking one costs as much as a statement."""
    shared = _Shared()
    before = _shared.set(shared)
    try:
        yield
    finally:
        _shared.reset(before)
        shared.close()


def at_once() -> AbstractContextManager[Connection]:
    """A connection on which a statement that writes is a whole transaction: durable when it returns."""
    return reading()


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    with _available(), Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def _available() -> Iterator[None]:
    """Say in the rules' words that the database is down, full or read-only, or given what it cannot hold."""
    try:
        yield
    except (OperationalError, InternalError, NoConnection) as error:
        raise Unavailable from error
    except DataError as error:
        raise Unkeepable from error


def engines() -> tuple[Engine, ...]:
    """The engines behind the two doors of the current application."""
    return tuple(db.engines.values())


def tune() -> None:
    """Make SQLite durable and queueing, and PostgreSQL show what the others committed: whatever the server's settings.

    Rows written together leave in one statement on both.
    """
    db.engine.dialect.use_insertmanyvalues_wo_returning = True  # type: ignore[attr-defined]
    for engine in engines():
        _tuned.add(engine)
        event.listen(engine, "handle_error", _say_unkeepable)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _open_sqlite)
        else:
            event.listen(engine, "connect", _open_postgres)
            event.listen(engine, "checkout", _refuse_cut)
    if db.engine.dialect.name == "sqlite":
        event.listen(db.engine, "begin", _begin_immediate)


_tuned: WeakSet[Engine] = WeakSet()


def _leave_to_parent() -> None:
    """A forked process opens connections of its own: two that ask on one would read each other's replies."""
    for engine in _tuned:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_to_parent)


def _say_unkeepable(met: ExceptionContext) -> None:
    """Drivers refuse in words of their own a number too large for a column, and half of a character."""
    if isinstance(met.original_exception, OverflowError | UnicodeEncodeError):
        raise Unkeepable from met.original_exception


def _open_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _open_postgres(connection: Any, _record: object) -> None:
    """What a commit says is kept survives a power cut, and who waited to hold a row reads what was written meanwhile.

    An operator may have chosen otherwise for the whole server: a hand-in that had waited for a save would then mark the
    attempt without that answer.
    """
    cursor = connection.cursor()
    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")
    cursor.execute(_WAIT_FOR_DISK)
    cursor.close()
    connection.commit()
    connection.cursor_factory = _described_on_demand(connection.cursor_factory)


def _refuse_cut(connection: Any, *_pooled: object) -> None:
    """A server that stopped has said so on the connections it closed: a new one is opened in the place of this one.

    Nothing is asked of the server: one that waits to be used has nothing to read.
    """
    waiting = poll()
    try:
        waiting.register(connection.fileno(), POLLIN)
    except psycopg.OperationalError as error:
        raise DisconnectionError from error
    if waiting.poll(0):
        raise DisconnectionError


_WAIT_FOR_DISK = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


@cache
def _described_on_demand(driver: type) -> type:
    """The driver's cursor, which describes its columns once someone reads them: SQLAlchemy asks only whether there are
    any when it has met the statement before, and describing them costs a quarter of it.
    """

    class Cursor(driver):  # type: ignore[misc,valid-type]
        @property
        def description(self) -> Sequence[object] | None:
            has_columns = self.pgresult is not None and self.pgresult.nfields > 0
            return _Columns(super()) if has_columns else super().description

    return Cursor


class _Columns(Sequence[object]):
    def __init__(self, described: Any) -> None:
        self._described = described

    @cached_property
    def _columns(self) -> Sequence[object]:
        return tuple(self._described.description)

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, index: Any) -> Any:
        return self._columns[index]


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
