"""Where many people stand in the same items: the states of `progress`, read from a line of text a person.

What is the same for everyone, dates and prerequisites, is settled once; a person then costs what they did, not what the
programme holds. Whoever has dates of their own gets a glance of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from deust.domain.learning import Lesson, Programme, Quiz
from deust.domain.progress import (
    AnyItem,
    Progress,
    State,
    Totals,
    state_of,
)
from deust.domain.quizzes import Mode, Moment

OPEN, TRIED, AWAITED = "open", "tried", "awaited"
"""What is kept of an item that is not done: an attempt is open, attempts were closed, they wait for a marker; otherwise
the permille read.
"""

Places = int
"""A set of places in a glance, each a bit: a cohort's fit in a few kilobytes, and are counted at once."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What one person did: references done, and what was begun with how far."""

    done: Sequence[str]
    begun: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """The state of each item, in the order of the glance, and the totals of those shown."""

    states: tuple[State, ...]
    totals: Totals


class Tally(NamedTuple):
    """What is to know of items shown to count them for everyone.

    `counted` are all but what is announced. `late` is late unless done or open; so is the first of each pair of
    `waits`, unless one of the second, which it waits for, is not done: it is locked then.
    """

    counted: Places
    late: Places
    waits: tuple[tuple[Places, Places], ...]

    @property
    def total(self) -> int:
        return self.counted.bit_count()

    def done_by(self, done: Places) -> int:
        return (self.counted & done).bit_count()

    def late_for(self, done: Places, opened: Places) -> int:
        """How much of what is shown is late for who did this and has that open."""
        left = ~(done | opened)
        waiting = sum(place & left != 0 and not needed & ~done for place, needed in self.waits)
        return (self.late & left).bit_count() + waiting


class Glance:
    """All items of a programme for a cohort at one moment; `progress` holds its calendar, its moved dates and its
    beginning.
    """

    def __init__(self, progress: Progress) -> None:
        programme = progress.programme
        self.items = tuple(item for module in programme.modules_in_order for item in module.items)
        self.positions = _positions(self.items)
        dates = [progress.dates(item) for item in self.items]
        self.due = tuple(each.due_at for each in dates)
        self._is_closed = [each.closes_at is not None and progress.now >= each.closes_at for each in dates]
        self._fresh = [state_of(item, None, each, progress.now) for item, each in zip(self.items, dates, strict=True)]
        self._open_minutes = [
            0 if is_closed or state is State.SOON else item.minutes
            for item, state, is_closed in zip(self.items, self._fresh, self._is_closed, strict=True)
        ]
        self._tried = [_once_tried(item) for item in self.items]
        self._waits = self._prerequisites(programme) if progress.is_followed else {}

    def line(self, kept: Kept, shown: range) -> Line:
        """Where this person stands in the items shown."""
        states = list(self._fresh)
        begun: dict[int, str] = {}
        for ref, far in kept.begun:
            position = self.positions.get(ref)
            if position is not None:
                begun[position] = far
                states[position] = self._begun_state(position, far)
        done = self.done_positions(kept)
        for position in done:
            if states[position] is not State.SOON:
                states[position] = State.DONE
        for position, needed in self._waits.items():
            if position not in done and begun.get(position) != OPEN and not done.issuperset(needed):
                states[position] = State.LOCKED
        return Line(
            states=tuple(states[shown.start : shown.stop]),
            totals=self._totals(states, done, begun, shown),
        )

    def tally(self, shown: range) -> Tally:
        """What is to count of each person to know the totals of what is shown, without reading all that they did."""
        late = {place for place in shown if self._fresh[place] is State.LATE}
        waits = {place: needed for place, needed in self._waits.items() if place in late}
        return Tally(
            counted=places_of(place for place in shown if self.is_possible(place)),
            late=places_of(late - waits.keys()),
            waits=tuple((places_of([place]), places_of(needed)) for place, needed in waits.items()),
        )

    def places(self, refs: str) -> Places:
        """Those of these references, one after another in a text; what left the programme has none."""
        found = 0
        for ref in refs.split():
            found |= self._bits.get(ref, 0)
        return found

    @cached_property
    def _bits(self) -> Mapping[str, Places]:
        return {ref: 1 << place for ref, place in self.positions.items()}

    def done_positions(self, kept: Kept) -> set[int]:
        found = {self.positions.get(ref) for ref in kept.done}
        return {position for position in found if position is not None}

    def is_possible(self, position: int) -> bool:
        """Whether the item exists yet: what is announced cannot be done."""
        return self._fresh[position] is not State.SOON

    def overdue(self, now: datetime) -> list[int]:
        """What was due before now; announced items are never due."""
        return self._due_between(None, now)

    def due_within(self, now: datetime, until: datetime) -> list[int]:
        return self._due_between(now, until)

    def _due_between(self, after: datetime | None, until: datetime) -> list[int]:
        return [
            position
            for position, due_at in enumerate(self.due)
            if due_at is not None
            and due_at < until
            and (after is None or due_at >= after)
            and self.is_possible(position)
        ]

    def _begun_state(self, position: int, far: str) -> State:
        if far == OPEN:
            return State.STARTED
        fresh = self._fresh[position]
        if fresh is not State.TODO:
            return fresh
        if far == TRIED:
            return self._tried[position]
        return State.STARTED if far == AWAITED or isinstance(self.items[position], Lesson) else State.TODO

    def _prerequisites(self, programme: Programme) -> dict[int, frozenset[int]]:
        """What each item waits for, less what has closed: nobody is held back by what can no longer be done."""
        waits: dict[int, frozenset[int]] = {}
        for position, item in enumerate(self.items):
            needed = (self.positions[required.ref] for required in programme.prerequisites.get(item.ref, ()))
            open_ones = frozenset(each for each in needed if not self._is_closed[each])
            if open_ones and self._fresh[position] is not State.SOON:
                waits[position] = open_ones
        return waits

    def _totals(self, states: Sequence[State], done: Collection[int], begun: Mapping[int, str], shown: range) -> Totals:
        """Counts of what is shown; the minutes are all of them, less those of what is done or begun."""
        left = sum(self._open_minutes[shown.start : shown.stop])
        left -= sum(self._open_minutes[position] for position in done if position in shown)
        left -= sum(
            self._open_minutes[position] - self._minutes_left(position, far)
            for position, far in begun.items()
            if self._open_minutes[position] and position in shown and position not in done
        )
        of_shown = states[shown.start : shown.stop]
        return Totals(
            done=of_shown.count(State.DONE),
            total=len(of_shown) - of_shown.count(State.SOON),
            redo=of_shown.count(State.REDO),
            late=of_shown.count(State.LATE),
            minutes_left=left,
            credited_minutes=sum(self.items[position].minutes for position in done if position in shown),
        )

    def _minutes_left(self, position: int, far: str) -> int:
        item = self.items[position]
        if not far.isdigit() or not isinstance(item, Lesson):
            return item.minutes
        return max(1, -(-item.minutes * (1000 - int(far)) // 1000))


def places_of(positions: Iterable[int]) -> Places:
    found = 0
    for position in positions:
        found |= 1 << position
    return found


def _positions(items: Sequence[AnyItem]) -> dict[str, int]:
    """The place of each reference, former ones included; a present one wins."""
    former = {f"{item.module}/{alias}": place for place, item in enumerate(items) for alias in item.aliases}
    return former | {item.ref: place for place, item in enumerate(items)}


def _once_tried(item: AnyItem) -> State:
    is_told = isinstance(item, Quiz) and item.settings.show.score is Moment.AFTER_SUBMIT
    return State.REDO if is_told else State.STARTED


def graded_positions(items: Iterable[AnyItem]) -> frozenset[int]:
    """The quizzes that make an average: graded and exam ones."""
    return frozenset(
        place
        for place, item in enumerate(items)
        if isinstance(item, Quiz) and item.settings.mode in (Mode.GRADED, Mode.EXAM)
    )
