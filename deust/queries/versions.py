"""A version of a work beside the one before: what changed in each text, what became of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.domain.versions import Piece, after_of, before_of, changes
from deust.queries.copies import Part, Told, asked_of, find_copy, former_copies, is_hidden, parts_of, told_of


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same part in two versions; absent from one where nothing was given. Files are the same by what they hold,
    wherever they were put and whatever their name.
    """

    now: Part | None
    before: Part | None
    pieces: tuple[Piece, ...] = ()
    is_added: bool = False
    is_removed: bool = False

    @property
    def title(self) -> str:
        part = self.now or self.before
        return part.presented.title if part else ""

    @property
    def is_same_text(self) -> bool:
        return len(self.pieces) == 1 and self.now is not None and self.before is not None

    @property
    def now_pieces(self) -> tuple[Piece, ...]:
        return after_of(self.pieces)

    @property
    def before_pieces(self) -> tuple[Piece, ...]:
        return before_of(self.pieces)


@dataclass(frozen=True, kw_only=True)
class Former:
    """A former version, when the copy that is read allows to say so: when it was handed in, and what was told of it."""

    number: int
    handed_in_at: datetime | None
    told: Told | None
    comments: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def pair_of(self, key: str) -> Pair:
        """What became of a part of the new version."""
        return next(pair for pair in self.pairs if pair.now and pair.now.key == key)

    @property
    def gone(self) -> tuple[Pair, ...]:
        """What only the former version has."""
        return tuple(pair for pair in self.pairs if pair.now is None)


def pairs(now: Sequence[Part], before: Sequence[Part]) -> tuple[Pair, ...]:
    """The parts of two versions by the question they answer: the new ones, then those that only the former has."""
    given = {part.question_id: part for part in now if not part.is_empty}
    former = {part.question_id: part for part in before if not part.is_empty}
    kept = {part.sha256 for part in given.values()} & {part.sha256 for part in former.values()}
    return tuple(_pair(given.get(id_), former.get(id_), kept) for id_ in {**given, **former})


def _pair(now: Part | None, before: Part | None, kept: set[str]) -> Pair:
    new, old = now.text if now else "", before.text if before else ""
    return Pair(
        now=now,
        before=before,
        pieces=changes(old, new),
        is_added=now is not None and now.file_id is not None and now.sha256 not in kept,
        is_removed=before is not None and before.file_id is not None and before.sha256 not in kept,
    )


def former_version(
    connection: Connection, *, marker: SignedIn, public_id: str, number: int, question: str = ""
) -> Former:
    """The version of this number beside a later copy that the marker reads; absent where there is none.

    An anonymous copy stays so: files have neutral names, the moment is left out, and the comment is the one first given
    back, written when the author was not known.
    """
    row = find_copy(connection, marker, public_id)
    former = next((one for one in former_copies(connection, row) if one.number == number), None)
    if former is None:
        raise NotFound
    hidden, asked = is_hidden(row), asked_of(connection, row)
    now = parts_of(connection, row.attempt_id, asked, is_anonymous=hidden)
    before = parts_of(connection, former.attempt_id, asked, is_anonymous=hidden)
    found = told_of(connection, former.id)
    return Former(
        number=number,
        handed_in_at=None if hidden else former.handed_in_at,
        told=found[0] if found else None,
        comments=tuple(work.comment for work in found[-1 if hidden else 0].works) if found else (),
        pairs=pairs(*([part for part in parts if question in ("", part.question_id)] for parts in (now, before))),
    )
