"""Statements compiled once, found again by what they are rather than by all that they say."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Any

MOST, MOST_MET = 500, 200


class KnownStatements:
    """SQLAlchemy's cache of compiled statements, for one engine.

    A statement is looked for by everything that it says, which is hashed each time: a tenth of the cost of running it.
    Most statements here are constants of a module: such a one is found by its identity, held so that no other takes it.
    One made at each request is met once; fewer of those are held.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiled: dict[Hashable, Any] = {}
        self._met: dict[Hashable, tuple[object, Any]] = {}

    def get(self, key: Any) -> Any:
        _dialect, said, *rest = key
        same = id(said), *rest
        met = self._met.get(same)
        if met is not None:
            return met[1]
        compiled = self._compiled.get(key)
        if compiled is not None:
            self._keep(self._met, same, (said, compiled), MOST_MET)
        return compiled

    def __setitem__(self, key: Hashable, compiled: Any) -> None:
        self._keep(self._compiled, key, compiled, MOST)

    def _keep(self, where: dict[Hashable, Any], key: Hashable, value: Any, most: int) -> None:
        """The oldest leaves its place; one still used comes back at its next use."""
        with self._lock:
            while len(where) >= most:
                where.pop(next(iter(where)))
            where[key] = value
