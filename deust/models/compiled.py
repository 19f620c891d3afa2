"""Statements compiled once, found again by what they are rather than by all that they say."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Any

MOST = 500


class KnownStatements:
    """SQLAlchemy's cache of compiled statements, for one engine.

    A statement is looked for by everything that it says, which is hashed each time: a tenth of the cost of running it.
    Most statements here are constants of a module: such a one is found by its identity, held so that no other takes it.
    Of those made at each request, which say the same as the one before, the last is held.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiled: dict[Hashable, _Known] = {}
        self._met: dict[Hashable, tuple[object, _Known]] = {}

    def get(self, key: Any) -> Any:
        _dialect, said, *rest = key
        same = id(said), *rest
        met = self._met.get(same)
        if met is not None:
            return met[1].compiled
        known = self._compiled.get(key)
        if known is None:
            return None
        self._meet(same, said, known)
        return known.compiled

    def __setitem__(self, key: Hashable, compiled: Any) -> None:
        """The oldest leaves its place; one still used comes back at its next use."""
        with self._lock:
            self._forget(key)
            while len(self._compiled) >= MOST:
                self._forget(next(iter(self._compiled)))
            self._compiled[key] = _Known(compiled)

    def _meet(self, same: Hashable, said: object, known: _Known) -> None:
        with self._lock:
            self._met.pop(known.met_as, None)
            if not known.is_forgotten:
                self._met[same], known.met_as = (said, known), same

    def _forget(self, key: Hashable) -> None:
        known = self._compiled.pop(key, None)
        if known is not None:
            known.is_forgotten = True
            self._met.pop(known.met_as, None)


class _Known:
    """A compiled statement, and what the last that asked for it was met as."""

    __slots__ = ("compiled", "is_forgotten", "met_as")

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
        self.met_as: Hashable = None
        self.is_forgotten = False
