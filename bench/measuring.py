"""Rounds: the floors before, between and after the product's pages and acts."""

from __future__ import annotations

from collections.abc import Sequence
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
    Row,
    floor_requests,
    hand_ins,
    saves_of_a_page,
    saves_of_one,
    starts,
)
from bench.school import Student, answer_everything, with_open_attempts


@dataclass
class Round:
    """The floors as often as they were taken, the rows once each."""

    floors: dict[str, list[Figures]] = field(default_factory=lambda: {F1: [], F2: [], F4: []})
    rows: dict[str, Figures] = field(default_factory=dict)

    def ratio(self, row: Row) -> float:
        return self.rows[row.name].per_second / self.floor(row.floor)

    def floor(self, name: str) -> float:
        return median(figures.per_second for figures in self.floors[name])


@dataclass(frozen=True)
class Plan:
    """`passes` counts how often each student does each act in a round."""

    seconds: float
    passes: int


def measure_round(app: Flask, ports: tuple[int, int], students: Sequence[Student], plan: Plan) -> Round:
    """One round; `ports` are those of the floors and of the product."""
    floor_port, port = ports
    taken = Round()
    students = with_open_attempts(app, students)
    _take_floors(taken, floor_port, plan)
    for row in READINGS:
        taken.rows[row.name] = for_seconds(port, row.requests(students), plan.seconds)
    _take_floors(taken, floor_port, plan)
    _take_acts(taken, app, port, students, plan)
    _take_floors(taken, floor_port, plan)
    return taken


def _take_floors(taken: Round, port: int, plan: Plan) -> None:
    for name, figures in taken.floors.items():
        figures.append(for_seconds(port, floor_requests(name), plan.seconds))


def _take_acts(taken: Round, app: Flask, port: int, students: Sequence[Student], plan: Plan) -> None:
    taken.rows[SAVE_ONE.name] = once(port, saves_of_one(students, 2 * plan.passes))
    taken.rows[SAVE_PAGE.name] = once(port, saves_of_a_page(students, 2 * plan.passes))
    current = students
    closed, started = [], []
    for _ in range(plan.passes):
        answer_everything(app, current)
        closed.append(once(port, hand_ins(current, [student.attempt for student in current])))
        started.append(once(port, starts(current)))
        current = with_open_attempts(app, current)
    taken.rows[FINISH.name], taken.rows[START.name] = _together(closed), _together(started)


def _together(parts: Sequence[Figures]) -> Figures:
    return Figures(
        count=sum(part.count for part in parts),
        seconds=sum(part.seconds for part in parts),
        latencies_ms=tuple(latency for part in parts for latency in part.latencies_ms),
        client_ms=median(part.client_ms for part in parts),
    )
