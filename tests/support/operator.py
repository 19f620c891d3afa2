"""Who runs the database server, on a connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import CursorResult, create_engine, text
from sqlalchemy.pool import NullPool

Say = Callable[..., CursorResult[Any]]


@contextmanager
def operator(url: str) -> Iterator[Say]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield lambda statement, **values: connection.execute(text(statement), values)


@contextmanager
def chosen(url: str, **settings: str) -> Iterator[None]:
    """Settings of a whole PostgreSQL database, for connections opened meanwhile."""
    with operator(url) as say:
        name = say("SELECT current_database()").scalar_one()
        for setting, value in settings.items():
            say(f"ALTER DATABASE {name} SET {setting} = '{value}'")
        yield
        say(f"ALTER DATABASE {name} RESET ALL")
