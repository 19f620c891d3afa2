"""The best and worst marks that the paths of a call can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from deust.content.calls import Node, Reply
from deust.domain.expressions import ExpressionError, holds, parse

KEPT = 8

State = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True)
class _Path:
    """Where a path stands; `levels` maps each rated criterion to what it earned, in whole units."""

    node: str
    state: State
    levels: Mapping[str, int]
    earned: int
    total: int

    @property
    def share(self) -> float:
        return self.earned / self.total if self.total else 0.5


class _Scale:
    """Points and levels as whole numbers, so that thousands of paths are compared quickly and exactly."""

    def __init__(self, points: Mapping[str, Fraction], nodes: Sequence[Node]) -> None:
        levels = {level for node in nodes for reply in node.replies for level in reply.effects.values()}
        unit = lcm(*(part.denominator for part in points.values())) * lcm(*(level.denominator for level in levels))
        self.points = {code: int(part * unit) for code, part in points.items()}

    def follow(self, path: _Path, reply: Reply, state: State) -> _Path:
        levels, earned, total = dict(path.levels), path.earned, path.total
        for code, level in reply.effects.items():
            if code in self.points:
                total += 0 if code in levels else self.points[code]
                earned -= levels.get(code, 0)
                levels[code] = int(self.points[code] * level)
                earned += levels[code]
        return _Path(reply.target, state, levels, earned, total)


def score_range(
    nodes: Sequence[Node], points: Mapping[str, Fraction], state: Mapping[str, Fraction]
) -> tuple[Fraction, Fraction] | None:
    """The worst and best marks found, out of 20, over the criteria that each path rates; None when no path ends.

    A criterion rated twice keeps its last level. At each step only the best and the worst paths to a node are kept;
    those longer than the number of nodes turn in circles and are left.
    """
    known = {node.id: node for node in nodes}
    scale = _Scale(points, nodes)
    marks: list[Fraction] = []
    paths = [_Path(nodes[0].id, tuple(sorted(state.items())), {}, 0, 0)]
    for _ in nodes:
        marks += [
            Fraction(20 * path.earned, path.total) for path in paths if path.total and not known[path.node].replies
        ]
        paths = _kept(step for path in paths for step in _steps(path, known, scale))
    return (min(marks), max(marks)) if marks else None


def _kept(steps: Iterable[_Path]) -> list[_Path]:
    groups: dict[tuple[str, State], list[_Path]] = {}
    for step in steps:
        groups.setdefault((step.node, step.state), []).append(step)
    kept: list[_Path] = []
    for group in groups.values():
        group.sort(key=lambda path: path.share)
        kept += group if len(group) <= 2 * KEPT else [*group[:KEPT], *group[-KEPT:]]
    return kept


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
