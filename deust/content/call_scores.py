"""The best and worst marks that the paths of a call can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import lcm

from deust.content.calls import Node, Reply
from deust.content.problems import Level, Problem
from deust.content.schema import Grid
from deust.domain.expressions import ExpressionError, holds, parse
from deust.domain.french_numbers import format_number

KEPT = 4
MOST_PATHS = 400
PASS_MARK = Fraction(10)

State = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class RatedCall:
    """A call with its grid. Two of the same `digest`, made from the path and both files, are the same."""

    digest: str
    path: str = field(compare=False)
    nodes: tuple[Node, ...] = field(compare=False)
    grid: Grid = field(compare=False)
    state: Mapping[str, Fraction] = field(compare=False)

    @property
    def points(self) -> Mapping[str, Fraction]:
        return {criterion.id: criterion.points for criterion in self.grid.criteria}


@lru_cache(maxsize=2048)
def check_call(call: RatedCall) -> tuple[Problem, ...]:
    """Replies rate only criteria and levels of the grid; the marks that the paths can reach are told."""
    return (*_check_codes(call), *_told_marks(call))


def _check_codes(call: RatedCall) -> Iterator[Problem]:
    codes, levels = set(call.points), set(call.grid.levels.values())
    for reply in (reply for node in call.nodes for reply in node.replies):
        for code, level in reply.effects.items():
            if code not in codes:
                message = f"critère « {code} » absent de la grille"
                yield Problem(call.path, reply.line, Level.ERROR, message, "vérifiez son code")
            elif level not in levels:
                message = f"niveau {format_number(level)} absent de la grille pour « {code} »"
                yield Problem(call.path, reply.line, Level.ERROR, message, "un des niveaux de la grille")


def _told_marks(call: RatedCall) -> Iterator[Problem]:
    marks = score_range(call)
    if marks is None:
        return
    worst, best = (format_number(mark) for mark in marks)
    yield Problem(call.path, 1, Level.INFO, f"notes trouvées à cet appel : de {worst} à {best} sur 20")
    if marks[1] < PASS_MARK:
        yield Problem(
            call.path, 1, Level.WARNING, "aucun chemin n'atteint la moyenne", "revoyez les points des réponses"
        )


@dataclass(frozen=True)
class _Path:
    """Where a path stands; `levels` maps each rated criterion to what it earned, in whole units."""

    node: str
    state: State
    levels: Mapping[str, int]
    earned: int
    total: int


class _Scale:
    """Points and levels as whole numbers, so that thousands of paths are compared quickly and exactly."""

    def __init__(self, call: RatedCall) -> None:
        replies = [reply for node in call.nodes for reply in node.replies]
        points = call.points
        levels = {level for reply in replies for level in reply.effects.values()}
        unit = lcm(*(part.denominator for part in (*points.values(), *levels))) ** 2
        self.points = {code: int(part * unit) for code, part in points.items()}
        self.effects = {id(reply): self._effects(reply, points, unit) for reply in replies}

    def _effects(self, reply: Reply, points: Mapping[str, Fraction], unit: int) -> list[tuple[str, int]]:
        return [(code, int(points[code] * level * unit)) for code, level in reply.effects.items() if code in points]

    def follow(self, path: _Path, reply: Reply, state: State) -> _Path:
        levels, earned, total = dict(path.levels), path.earned, path.total
        for code, gain in self.effects[id(reply)]:
            total += 0 if code in levels else self.points[code]
            earned += gain - levels.get(code, 0)
            levels[code] = gain
        return _Path(reply.target, state, levels, earned, total)


def score_range(call: RatedCall) -> tuple[Fraction, Fraction] | None:
    """The worst and best marks found, out of 20, over the criteria that each path rates; None when no path ends.

    A criterion rated twice keeps its last level. At each step only the best and the worst paths to a node are kept, and
    of all nodes and states `MOST_PATHS`; those longer than the number of nodes turn in circles and are left.
    """
    known = {node.id: node for node in call.nodes}
    scale = _Scale(call)
    marks: set[Fraction] = set()
    paths = [_Path(call.nodes[0].id, tuple(sorted(call.state.items())), {}, 0, 0)]
    for _ in call.nodes:
        marks |= {Fraction(20 * p.earned, p.total) for p in paths if p.total and not known[p.node].replies}
        paths = _kept(step for path in paths for step in _steps(path, known, scale))
    return (min(marks), max(marks)) if marks else None


def _kept(steps: Iterable[_Path]) -> list[_Path]:
    groups: dict[tuple[str, State], list[_Path]] = {}
    for step in steps:
        groups.setdefault((step.node, step.state), []).append(step)
    return _extremes([path for group in groups.values() for path in _extremes(group, KEPT)], MOST_PATHS // 2)


def _extremes(paths: list[_Path], each: int) -> list[_Path]:
    """The paths that earned least and those that earned most, so many of each."""
    if len(paths) <= 2 * each:
        return paths
    ranked = sorted(paths, key=lambda path: path.earned / path.total if path.total else 0.5)
    return [*ranked[:each], *ranked[-each:]]


def _steps(path: _Path, known: Mapping[str, Node], scale: _Scale) -> Iterator[_Path]:
    for reply in known[path.node].replies:
        target = known.get(reply.target)
        if target is None or not _is_open(reply.condition, path.state):
            continue
        state = _moved(reply, path.state)
        if _is_open(target.condition, state):
            yield scale.follow(path, reply, state)


def _moved(reply: Reply, state: State) -> State:
    if not reply.changes:
        return state
    values = dict(state)
    for name, change in reply.changes.items():
        values[name] = values.get(name, Fraction(0)) + change
    return tuple(sorted(values.items()))


def _is_open(condition: str, state: State) -> bool:
    try:
        return not condition or holds(parse(condition), dict(state))
    except ExpressionError:
        return False
