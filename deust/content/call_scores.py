"""The best and worst marks that the paths of a call can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from deust.content.calls import Node, Reply
from deust.domain.expressions import ExpressionError, holds, parse

MAX_PATHS = 3_000


@dataclass(frozen=True)
class _Path:
    node: str
    state: Mapping[str, Fraction]
    levels: Mapping[str, Fraction]

    def key(self, points: Mapping[str, Fraction]) -> tuple[object, ...]:
        """Two paths of one key have earned the same on the same criteria: one is enough."""
        return self.node, tuple(sorted(self.state.items())), frozenset(self.levels), _mark(self.levels, points)


def score_range(
    nodes: Sequence[Node], points: Mapping[str, Fraction], state: Mapping[str, Fraction]
) -> tuple[Fraction, Fraction] | None:
    """The worst and best marks found, out of 20, over the criteria that each path rates; None when no path ends.

    A criterion rated twice keeps its last level. Paths longer than the number of nodes turn in circles and are left.
    """
    known = {node.id: node for node in nodes}
    marks: list[Fraction] = []
    paths = [_Path(nodes[0].id, dict(state), {})]
    for _ in nodes:
        following: dict[tuple[object, ...], _Path] = {}
        for path in paths:
            if not known[path.node].replies:
                marks += [mark for mark in [_mark(path.levels, points)] if mark is not None]
            for step in _steps(path, known):
                following[step.key(points)] = step
        paths = list(following.values())[:MAX_PATHS]
    return (min(marks), max(marks)) if marks else None


def _steps(path: _Path, known: Mapping[str, Node]) -> Iterator[_Path]:
    for reply in known[path.node].replies:
        target = known.get(reply.target)
        if target is None or not _is_open(reply.condition, path.state):
            continue
        state = _moved(reply, path.state)
        if _is_open(target.condition, state):
            yield _Path(reply.target, state, {**path.levels, **reply.effects})


def _mark(levels: Mapping[str, Fraction], points: Mapping[str, Fraction]) -> Fraction | None:
    total = sum((points[code] for code in levels if code in points), Fraction(0))
    if not total:
        return None
    return 20 * sum((points[code] * level for code, level in levels.items() if code in points), Fraction(0)) / total


def _moved(reply: Reply, state: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {**state, **{name: state.get(name, Fraction(0)) + change for name, change in reply.changes.items()}}


def _is_open(condition: str, state: Mapping[str, Fraction]) -> bool:
    try:
        return not condition or holds(parse(condition), state)
    except ExpressionError:
        return False
