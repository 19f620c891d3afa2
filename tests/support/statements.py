"""The statements that a block of code sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from deust.models.transaction import engines


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gathers the statements run inside the block, on the database of the current application."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    for engine in engines():
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines():
            event.remove(engine, "before_cursor_execute", note)
