"""The wave of one row of a cohort: the tiny form, laid out once for all the rows, its bars drawn as strokes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress

from markupsafe import Markup

from deust.domain.progress import State
from deust.web.wave import Drawing, Shape, Wave

_WIDTH, _PIXELS, _FLOOR, _CAP = 392, 0.5, 3.0, 45
_WIDEST, _NARROWEST = 7.0, 3.0
_GAP = 6.0
_ROOM = 5.0
"""Kept free above the bars, for the dot of one that is late."""


class Sheet:
    """Where each bar stands; what a state looks like there is a ready piece of path."""

    def __init__(self, minutes: Sequence[int]) -> None:
        pitch = max(min(_WIDEST, _WIDTH / max(1, len(minutes))), _NARROWEST)
        rows = -int(-len(minutes) * pitch // (_WIDTH + 1)) or 1
        per_row = -(-len(minutes) // rows) or 1
        heights = [max(min(each, _CAP) * _PIXELS, _FLOOR) for each in minutes]
        tallest = max(heights, default=_FLOOR)
        self.style = f"w-row b{round(pitch * 0.7)}"
        self.is_dense = pitch < 5
        self.width = round(pitch * per_row)
        self.height = round(rows * (_ROOM + tallest) + (rows - 1) * _GAP) + 1
        lines: list[str] = []
        self._pieces: dict[State, dict[str, list[str]]] = {state: {} for state in _DRAWN}
        for place, height in enumerate(heights):
            row, column = divmod(place, per_row)
            middle = pitch * (column + 0.5)
            axis = row * (_ROOM + tallest + _GAP) + _ROOM + tallest / 2
            lines.append(f"M{_n(middle)} {_n(axis - height / 2)}v{_n(height)}")
            for state, styles in self._pieces.items():
                for style, path in _piece(state, middle, axis, height):
                    styles.setdefault(style, []).append(path)

        self.lines = Markup("".join(lines))  # noqa: S704

    def drawing(self, states: Sequence[State]) -> Drawing:
        """One path a state and a style; what is to do is the hollow bar that lies under every row."""
        shapes = []
        for state, styles in self._pieces.items():
            chosen = [each is state for each in states]
            for style, pieces in styles.items():
                shapes.append(Shape(style, Markup("".join(compress(pieces, chosen))), ""))  # noqa: S704
        return Drawing(self.style, self.width, self.height, tuple(shapes), (), (), ())


_DRAWN = (State.DONE, State.STARTED, State.REDO, State.LATE)


def _piece(state: State, middle: float, axis: float, height: float) -> list[tuple[str, str]]:
    """Full, half full, thin, cut in two, or full under a dot: told apart without any colour."""
    x, top = _n(middle), axis - height / 2
    if state is State.STARTED:
        return [("begun", f"M{x} {_n(top)}v{_n(height)}"), ("done", f"M{x} {_n(axis)}v{_n(height / 2)}")]
    if state is State.REDO:
        half = max(height / 2 - 1.5, 1.5)
        gap = ("gap", f"M{x} {_n(axis - 1.5)}v3")
        return [gap, ("again", f"M{x} {_n(axis - 1.5 - half)}v{_n(half)}m0 3v{_n(half)}")]
    if state is State.LATE:
        return [("flag", f"M{x} {_n(top)}v{_n(height)}"), ("dot", f"M{x} {_n(top - 3)}h0")]
    return [("done", f"M{x} {_n(top)}v{_n(height)}")]


@lru_cache(maxsize=32)
def sheet_of(minutes: tuple[int, ...]) -> Sheet:
    return Sheet(minutes)


@lru_cache(maxsize=256)
def _drawing(sheet: Sheet, states: tuple[State, ...]) -> Drawing:
    """A page is opened more often than its bars change."""
    return sheet.drawing(states)


def row_wave(sheet: Sheet, states: tuple[State, ...], text: str) -> Wave:
    """The wave of one student, in the order of the items, to be drawn over the sheet's lines."""
    return Wave(text=text, drawings=(_drawing(sheet, states),))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
