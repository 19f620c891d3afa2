"""Two versions of one work: a text compared word by word, and cut where remarks are pinned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from deust.domain.copies import Anchor, Remark

MOST_COMPARED = 6_000
"""Words, spaces included, that are compared one by one; a longer text is first compared by sentences, or by lines."""


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Piece:
    change: Change
    text: str


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a text, in its pieces; `number` and `remark` when a remark is pinned to it."""

    pieces: tuple[Piece, ...]
    number: int = 0
    remark: Remark | None = None


def changes(before: str, after: str) -> tuple[Piece, ...]:
    """What became of a text, word by word, in reading order: what was removed stands before what replaces it."""
    old, new = _words(before), _words(after)
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    stop, new_stop = len(old) - end, len(new) - end
    middle = _compared("".join(old[start:stop]), "".join(new[start:new_stop]))
    found = [Piece(change=Change.SAME, text="".join(old[:start])), *middle]
    return tuple(_gathered([*found, Piece(change=Change.SAME, text="".join(old[stop:]))]))


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def before_of(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The former text: what stayed and what was removed."""
    return tuple(piece for piece in pieces if piece.change is not Change.ADDED)


def after_of(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The new text: what stayed and what was added."""
    return tuple(piece for piece in pieces if piece.change is not Change.REMOVED)


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def stretches(
    text: str, remarks: Iterable[tuple[int, Remark]] = (), pieces: Sequence[Piece] | None = None
) -> tuple[Stretch, ...]:
    """The text, whole and in order, cut where numbered remarks are pinned to a passage; one that overlaps another,
    already met, pins nothing. `pieces` say what changed in it.
    """
    pieces = pieces or (Piece(change=Change.SAME, text=text),)
    found, at = list[Stretch](), 0
    for number, remark in remarks:
        if remark.anchor is not Anchor.PASSAGE or remark.start < at:
            continue
        end = max(remark.start, remark.end)
        found.append(Stretch(pieces=_between(pieces, at, remark.start)))
        found.append(Stretch(pieces=_between(pieces, remark.start, end), number=number, remark=remark))
        at = end
    found.append(Stretch(pieces=_between(pieces, at, len(text))))
    return tuple(stretch for stretch in found if stretch.pieces or stretch.remark)


def _between(pieces: Iterable[Piece], start: int, end: int) -> tuple[Piece, ...]:
    """The pieces of the characters from `start` to `end`."""
    found, at = list[Piece](), 0
    for piece in pieces:
        text = piece.text[max(start - at, 0) : max(end - at, 0)]
        if text:
            found.append(Piece(change=piece.change, text=text))
        at += len(piece.text)
    return tuple(found)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+", text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


_CUTS: tuple[Callable[[str], list[str]], ...] = (_words, _sentences, _lines)


def _compared(before: str, after: str) -> Iterator[Piece]:
    """Compared as finely as their length allows; what differs is then compared more finely."""
    for cut in _CUTS:
        old, new = cut(before), cut(after)
        if max(len(old), len(new)) <= MOST_COMPARED:
            break
    else:
        yield from _replaced(before, after)
        return
    for tag, i, j, k, m in SequenceMatcher(str.isspace, old, new).get_opcodes():
        removed, added = "".join(old[i:j]), "".join(new[k:m])
        if tag == "equal":
            yield Piece(change=Change.SAME, text=removed)
        elif cut is _words or (removed, added) == (before, after):
            yield from _replaced(removed, added)
        else:
            yield from _compared(removed, added)


def _replaced(before: str, after: str) -> Iterator[Piece]:
    yield Piece(change=Change.REMOVED, text=before)
    yield Piece(change=Change.ADDED, text=after)


def _gathered(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Changes apart only by spaces or signs of one line are one change: two long marks read better than ten short."""
    removed = added = same = ""
    for piece in pieces:
        if piece.change is Change.SAME:
            same += piece.text
            continue
        if same and _joins(removed, added, same, piece.change):
            removed, added = removed + same, added + same
        elif same:
            yield from _group(removed, added, same)
            removed = added = ""
        same = ""
        if piece.change is Change.REMOVED:
            removed += piece.text
        else:
            added += piece.text
    yield from _group(removed, added, same)


def _joins(removed: str, added: str, same: str, following: Change) -> bool:
    is_slight = "\n" not in same and not re.search(r"\w", same)
    has_both = bool(removed and added) or bool(added if following is Change.REMOVED else removed)
    return is_slight and has_both


def _group(removed: str, added: str, same: str) -> Iterator[Piece]:
    texts = (Change.REMOVED, removed), (Change.ADDED, added), (Change.SAME, same)
    yield from (Piece(change=change, text=text) for change, text in texts if text)
