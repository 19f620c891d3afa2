"""Rounds: each page and act beside its floor, turn by turn, so that a noisy machine disturbs both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from flask import Flask

from bench.load import Figures, for_seconds, once
from bench.rows import (
    F1,
    F2,
    F4,
    FINISH,
    READINGS,
    SAVE_ONE,
    SAVE_PAGE,
    START,
    Reading,
    Row,
    floor_requests,
    hand_ins,
    saves_of_a_page,
    saves_of_one,
    starts,
)
from bench.school import Student, answer_everything, with_open_attempts

Act = Callable[[], Figures]


@dataclass(frozen=True)
class Turn:
    """A row's figures, and the rate of its floor just before and just after."""

    figures: Figures
    floor: float

    @property
    def ratio(self) -> float:
        return self.figures.per_second / self.floor


@dataclass
class Round:
    floors: dict[str, list[Figures]] = field(default_factory=lambda: {F1: [], F2: [], F4: []})
    rows: dict[str, list[Turn]] = field(default_factory=dict)

    def ratio(self, row: Row) -> float:
        return median(turn.ratio for turn in self.rows[row.name])


@dataclass(frozen=True)
class Plan:
    """`seconds` is the length of each turn of a page or a floor; acts send one request for each student."""

    seconds: float
    turns: int


def measure_round(app: Flask, ports: tuple[int, int], students: Sequence[Student], plan: Plan) -> Round:
    """One round; `ports` are those of the floors and of the product."""
    measure = _Measure(ports[0], plan)
    port, current = ports[1], with_open_attempts(app, students)
    measure.floor(F1)
    measure.readings(port, current)
    measure.floor(F1)
    measure.beside(SAVE_ONE, [lambda: once(port, saves_of_one(current, 2))] * plan.turns)
    measure.beside(SAVE_PAGE, [lambda: once(port, saves_of_a_page(current, 2))] * plan.turns)
    for _ in range(plan.turns):
        current = _finish_and_start(measure, app, port, current)
    measure.floor(F1)
    return measure.taken


def measure_readings(
    ports: tuple[int, int], students: Sequence[Student], plan: Plan, rows: Sequence[Reading] = READINGS
) -> Round:
    """The pages alone, each between two turns of its floor."""
    measure = _Measure(ports[0], plan)
    measure.readings(ports[1], students, rows)
    return measure.taken


def _finish_and_start(measure: _Measure, app: Flask, port: int, students: Sequence[Student]) -> Sequence[Student]:
    answer_everything(app, students)
    attempts = [student.attempt for student in students]
    measure.beside(FINISH, [lambda: once(port, hand_ins(students, attempts))])
    measure.beside(START, [lambda: once(port, starts(students))])
    return with_open_attempts(app, students)


class _Measure:
    def __init__(self, floor_port: int, plan: Plan) -> None:
        self.taken = Round()
        self._port = floor_port
        self._plan = plan

    def floor(self, name: str) -> float:
        figures = for_seconds(self._port, floor_requests(name), self._plan.seconds)
        self.taken.floors[name].append(figures)
        return figures.per_second

    def readings(self, port: int, students: Sequence[Student], rows: Sequence[Reading] = READINGS) -> None:
        seconds, turns = self._plan.seconds, self._plan.turns
        for row in rows:
            requests = row.requests(students)
            self.beside(row, [lambda requests=requests: for_seconds(port, requests, seconds)] * turns)

    def beside(self, row: Row, acts: Iterable[Act]) -> None:
        """Each act between two turns of its floor."""
        before = self.floor(row.floor)
        for act in acts:
            figures = act()
            after = self.floor(row.floor)
            self.taken.rows.setdefault(row.name, []).append(Turn(figures, (before + after) / 2))
            before = after
