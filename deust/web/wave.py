"""The wave: a module drawn as a sound. One bar an activity, its height the minutes, its fill the state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from markupsafe import Markup

State = Literal["done", "started", "todo", "redo", "late", "soon"]
Size = Literal["large", "card", "small", "week", "tiny", "diploma", "public", "queue"]

_FLAG = 9
_POINT = Markup('x="{}" y="{}"')
_COLUMN = Markup('x="{}" y="{}" width="{}" height="{}"')


class Bar(NamedTuple):
    """One activity. `minutes` is what the height counts: minutes, ECTS (diploma) or hours (public).

    `permille` is how much of it is filled when it is begun.
    """

    minutes: int
    state: State = "todo"
    permille: int = 0
    label: str = ""
    href: str | None = None
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Bars held together by a rule and a word under them: a semester of the diploma."""

    label: str
    short: str
    bars: int
    is_current: bool = False


class Shape(NamedTuple):
    style: str
    path: Markup
    fill: str


class Text(NamedTuple):
    place: Markup
    text: str
    style: str


class Disc(NamedTuple):
    x: str
    y: str
    radius: str


class Target(NamedTuple):
    """The whole column of a bar, over the full height: what a finger or a pointer reaches."""

    href: str
    label: str
    place: Markup


class Drawing(NamedTuple):
    style: str
    width: int
    height: int
    shapes: tuple[Shape, ...]
    discs: tuple[Disc, ...]
    texts: tuple[Text, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class Wave:
    """`text` says the wave in one sentence; one drawing, or two when a phone has its own pitch."""

    text: str
    drawings: tuple[Drawing, ...]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The geometry of one size on one kind of screen, in pixels; `pixels` is for one minute of the bar."""

    width: int
    pitch: float
    bar: float
    pixels: float
    floor: float
    cap: int
    narrowest: float
    radius: float = 3
    disc: float = 6
    is_bare: bool = False
    is_numbered: bool = False
    is_short: bool = False

    def head(self, has_signs: bool) -> float:
        """What is kept free above the tallest bar: room for the playhead's disc and the flags, if there are any."""
        if not has_signs:
            return 1
        return 5 if self.is_bare else 2 * self.disc + 8


SCALES: dict[Size, tuple[Scale, ...]] = {
    "large": (
        Scale(width=768, pitch=64, bar=24, pixels=3.1, floor=8, cap=60, narrowest=24, is_numbered=True),
        Scale(width=350, pitch=29.16, bar=14, pixels=2.4, floor=8, cap=60, narrowest=19, radius=2, is_numbered=True),
    ),
    "card": (
        Scale(width=676, pitch=54, bar=20, pixels=2.5, floor=8, cap=60, narrowest=20, radius=2.5),
        Scale(width=308, pitch=26, bar=13, pixels=1.9, floor=8, cap=60, narrowest=14, radius=2),
    ),
    "small": (Scale(width=316, pitch=18, bar=8, pixels=0.85, floor=6, cap=60, narrowest=9, radius=1.5, disc=4.5),),
    "week": (Scale(width=316, pitch=44, bar=16, pixels=0.66, floor=3, cap=120, narrowest=30, radius=1.5),),
    "queue": (
        Scale(width=1136, pitch=49, bar=18, pixels=4.6, floor=6, cap=16, narrowest=18),
        Scale(width=350, pitch=15, bar=8, pixels=3.4, floor=6, cap=16, narrowest=11, radius=2, disc=4.5),
    ),
    "tiny": (Scale(width=258, pitch=7, bar=5, pixels=0.6, floor=3, cap=45, narrowest=4, radius=1, is_bare=True),),
    "diploma": (
        Scale(width=1136, pitch=71, bar=24, pixels=10, floor=8, cap=12, narrowest=30),
        Scale(width=350, pitch=21.8, bar=10, pixels=7.5, floor=8, cap=12, narrowest=18, radius=2, is_short=True),
    ),
    "public": (
        Scale(width=1136, pitch=25.2, bar=12, pixels=3.6, floor=8, cap=45, narrowest=12, radius=1.5),
        Scale(width=350, pitch=7.7, bar=4, pixels=2.4, floor=8, cap=45, narrowest=6, radius=1, is_short=True),
    ),
}


def wave(
    bars: Sequence[Bar],
    size: Size,
    *,
    text: str,
    current: int | None = None,
    groups: Sequence[Group] = (),
) -> Wave:
    """Draw the bars in order; `current` is the position, from 0, of the activity that « Reprendre » opens."""
    return Wave(text=text, drawings=_drawings(tuple(bars), size, current, tuple(groups)))


@lru_cache(maxsize=256)
def _drawings(bars: tuple[Bar, ...], size: Size, current: int | None, groups: tuple[Group, ...]) -> tuple[Drawing, ...]:
    """A page is opened more often than its bars change."""
    styles = ("",) if len(SCALES[size]) == 1 else (" desk", " phone")
    return tuple(
        _draw(bars, scale, current, groups, f"w-{size}{style}")
        for scale, style in zip(SCALES[size], styles, strict=True)
    )


class _Stave:
    """One line of the wave: its bars, numbered from `first`, and where they are on the page."""

    def __init__(self, bars: Sequence[Bar], first: int, scale: Scale, pitch: float, top: float, head: float) -> None:
        tallest = max(_height(bar, scale) for bar in bars)
        self.bars, self.first, self.scale, self.pitch, self.top = bars, first, scale, pitch, top
        # A bar has its own width, or 0.4 of a pitch that had to shrink.
        self.width = min(scale.bar, round(pitch * max(0.4, scale.bar / scale.pitch), 1))
        self.axis = top + head + tallest / 2
        self.foot = top + head + tallest + (0 if scale.is_bare else 4)
        self.length = pitch * len(bars)

    def left(self, position: int) -> float:
        return self.pitch * position + (self.pitch - self.width) / 2

    def middle(self, position: int) -> float:
        return self.pitch * (position + 0.5)


def _draw(bars: Sequence[Bar], scale: Scale, current: int | None, groups: Sequence[Group], style: str) -> Drawing:
    has_signs = current is not None or any(bar.state == "late" for bar in bars)
    staves = list(_staves(bars, scale, scale.head(has_signs)))
    has_words = scale.is_numbered or any(bar.mark for bar in bars)
    shapes: dict[str, list[str]] = {}
    discs: list[Disc] = []
    for stave in staves:
        if not scale.is_bare:
            _add_axis(shapes, stave, current)
        _add_bars(shapes, stave)
        discs += _add_playhead(shapes, stave, current)
    texts = [text for stave in staves if has_words for text in _words(stave, current)]
    texts += _add_groups(shapes, staves[-1], groups) if staves else []
    below = (20 if has_words else 0) + (28 if groups else 0)
    return Drawing(
        style=style,
        width=round(max((stave.length for stave in staves), default=0)),
        height=round(staves[-1].foot + below + 1) if staves else 0,
        shapes=tuple(_shape(style, paths) for style, paths in shapes.items()),
        discs=tuple(discs),
        texts=tuple(texts),
        targets=tuple(target for stave in staves for target in _targets(stave, 20 if has_words else 0)),
    )


def _staves(bars: Sequence[Bar], scale: Scale, head: float) -> Iterator[_Stave]:
    """The bars on one line while they fit, the pitch shrinking; then on several lines, like a score, at their ease."""
    if not bars:
        return
    pitch = max(min(scale.pitch, scale.width / len(bars)), scale.narrowest)
    lines = -int(-len(bars) * pitch // scale.width) if pitch > scale.width / len(bars) else 1
    per_line = -(-len(bars) // lines)
    pitch = min(scale.pitch, scale.width / per_line)
    top = 0.0
    for first in range(0, len(bars), per_line):
        stave = _Stave(bars[first : first + per_line], first, scale, pitch, top, head)
        yield stave
        top = stave.foot + (26 if scale.is_numbered else 6)


def _height(bar: Bar, scale: Scale) -> float:
    return max(min(bar.minutes, scale.cap) * scale.pixels, scale.floor)


def _add_axis(shapes: dict[str, list[str]], stave: _Stave, current: int | None) -> None:
    """A hairline, thicker where it was already listened to: up to the playhead."""
    y = _n(stave.axis)
    shapes.setdefault("axis", []).append(f"M0 {y}h{_n(stave.length)}")
    if current is None or current < stave.first:
        return
    end = min(_head_x(stave, current), stave.length)
    shapes.setdefault("played", []).append(f"M0 {y}h{_n(end)}")


def _head_x(stave: _Stave, current: int) -> float:
    position = current - stave.first
    if position >= len(stave.bars):
        return stave.length
    return stave.left(position) + stave.width * stave.bars[position].permille / 1000


def _add_playhead(shapes: dict[str, list[str]], stave: _Stave, current: int | None) -> list[Disc]:
    """« Vous êtes ici »: a line over the full height and its disc, on the current bar."""
    if current is None or stave.scale.is_bare or not stave.first <= current < stave.first + len(stave.bars):
        return []
    x, y = _head_x(stave, current), stave.top + stave.scale.disc + 1
    shapes.setdefault("head", []).append(f"M{_n(x)} {_n(y)}V{_n(stave.foot)}")
    return [Disc(_n(x), _n(y), _n(stave.scale.disc))]


def _add_bars(shapes: dict[str, list[str]], stave: _Stave) -> None:
    draw = _tiny_bar if stave.scale.is_bare else _bar
    for position, bar in enumerate(stave.bars):
        for style, path in draw(stave, position, bar):
            shapes.setdefault(style, []).append(path)


def _bar(stave: _Stave, position: int, bar: Bar) -> Iterator[tuple[str, str]]:
    x, width, height = stave.left(position), stave.width, _height(bar, stave.scale)
    y, radius = stave.axis - height / 2, stave.scale.radius
    if height < 4:
        yield "dash", _box(x, y, width, height, height / 2)
    elif bar.state == "done":
        yield "done", _box(x, y, width, height, radius)
    elif bar.state == "started":
        yield "started", _box(x + 1, y + 1, width - 2, height - 2, radius)
        yield "heard", f"M{_n(x + 1)} {_n(y + 1)}h{_n((width - 2) * bar.permille / 1000)}v{_n(height - 2)}H{_n(x + 1)}z"
    elif bar.state == "redo":
        gap = 2 if width > 10 else 1
        piece = max(height / 2 - gap - 1.5, 1)
        yield "redo", _box(x + 0.75, y + 0.75, width - 1.5, piece, radius)
        yield "redo", _box(x + 0.75, stave.axis + gap + 0.75, width - 1.5, piece, radius)
    elif bar.state == "late":
        yield "late", _box(x + 1, y + 1, width - 2, height - 2, radius)
        yield "flag", _flag(stave.middle(position), y, width)
    else:
        inset = 1.5 if bar.state == "soon" else 0.75
        yield bar.state, _box(x + inset, y + inset, width - 2 * inset, height - 2 * inset, radius)


def _tiny_bar(stave: _Stave, position: int, bar: Bar) -> Iterator[tuple[str, str]]:
    """Five pixels wide: the states differ by thickness and gaps, as nothing else would be seen."""
    x, width, height = stave.left(position), stave.width, _height(bar, stave.scale)
    top, middle = stave.axis - height / 2, stave.middle(position)
    if bar.state == "done":
        yield "done", _box(x, top, width, height, 1)
    elif bar.state == "started":
        yield "begun", f"M{_n(middle)} {_n(top)}v{_n(height)}"
        yield "done", _box(x, stave.axis, width, height / 2, 1)
    elif bar.state == "redo":
        half = max(height / 2 - 1.5, 1.5)
        yield "again", _box(x, stave.axis - 1.5 - half, width, half, 0.5)
        yield "again", _box(x, stave.axis + 1.5, width, half, 0.5)
    elif bar.state == "late":
        yield "flag", _box(x, top, width, height, 1)
        yield "flag", f"M{_n(middle - 2)} {_n(top - 3)}a2 2 0 1 1 4 0a2 2 0 1 1-4 0z"
    else:
        yield "line", f"M{_n(middle)} {_n(top)}v{_n(height)}"


def _flag(middle: float, y: float, width: float) -> str:
    """A triangle 12 × 9 above the bar, smaller above a bar that is narrower than it."""
    half = min(6.0, max(width / 2, 3.5))
    height = half * _FLAG / 6
    return f"M{_n(middle - half)} {_n(y - 4 - height)}h{_n(2 * half)}l-{_n(half)} {_n(height)}z"


def _words(stave: _Stave, current: int | None) -> Iterator[Text]:
    for position, bar in enumerate(stave.bars):
        number = stave.first + position
        text = bar.mark or (str(number + 1) if stave.scale.is_numbered else "")
        if text:
            style = "here" if number == current else ""
            yield _text(stave.middle(position), stave.foot + 16, text, style)


def _add_groups(shapes: dict[str, list[str]], stave: _Stave, groups: Sequence[Group]) -> Iterator[Text]:
    first, y = 0, stave.foot + (24 if any(bar.mark for bar in stave.bars) else 8)
    gap = min(6.0, stave.pitch / 4)
    for group in groups:
        start, end = stave.pitch * first + gap, stave.pitch * (first + group.bars) - gap
        shapes.setdefault("rule here" if group.is_current else "rule", []).append(f"M{_n(start)} {_n(y)}H{_n(end)}")
        label = group.short if stave.scale.is_short else group.label
        yield _text((start + end) / 2, y + 19, label, "here" if group.is_current else "")
        first += group.bars


def _text(x: float, y: float, text: str, style: str) -> Text:
    return Text(_POINT.format(_n(x), _n(y)), text, style)


def _targets(stave: _Stave, below: int) -> Iterator[Target]:
    top, width, height = _n(stave.top), _n(stave.pitch), _n(stave.foot - stave.top + below)
    for position, bar in enumerate(stave.bars):
        if bar.href:
            yield Target(bar.href, bar.label, _COLUMN.format(_n(stave.pitch * position), top, width, height))


def _shape(style: str, paths: list[str]) -> Shape:
    fill = {"redo": "url(#redo)", "late": "url(#late)"}.get(style, "")
    return Shape(style, Markup("").join(paths), fill)


def _box(x: float, y: float, width: float, height: float, radius: float) -> str:
    """A rectangle with rounded corners, as a path."""
    corner = min(radius, width / 2, height / 2)
    return f"M{_n(x + corner)} {_n(y)}{_round(width - 2 * corner, height - 2 * corner, corner)}"


@lru_cache(maxsize=512)
def _round(width: float, height: float, corner: float) -> str:
    """The outline from the end of the first corner, given its straight lengths."""
    r, across, down = _n(corner), _n(width), _n(height)
    return f"h{across}q{r} 0 {r} {r}v{down}q0 {r}-{r} {r}h-{across}q-{r} 0-{r}-{r}v-{down}q0-{r} {r}-{r}z"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
