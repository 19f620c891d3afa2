"""Comments that markers recorded on a copy: what a page may play of them, and the sound itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from deust.domain.errors import NotFound
from deust.domain.files import MOST_VOICE_BYTES_A_SECOND
from deust.domain.people import SignedIn
from deust.domain.sounds import MOST_COMMENT_SECONDS
from deust.domain.uploads import ensure_room
from deust.models.assignments import Copy, SpokenComment
from deust.models.people import Person
from deust.models.quizzes import Sound
from deust.queries.copies import Told, find_copy, told_of
from deust.queries.files import KeptFile, MadeSound, held_bytes

MOST_BYTES = MOST_COMMENT_SECONDS * MOST_VOICE_BYTES_A_SECOND
_NAME = "commentaire.mp3"

_OF_COPY = (
    select(
        SpokenComment.id,
        SpokenComment.marker_id,
        SpokenComment.received_at,
        SpokenComment.stored_id,
        SpokenComment.kept_until,
        Person.given_name,
        Person.family_name,
        Sound.state,
        Sound.duration_ms,
        Sound.peaks,
    )
    .join(Person, Person.id == SpokenComment.marker_id)
    .join(Sound, Sound.file_id == SpokenComment.id)
    .where(SpokenComment.copy_id == bindparam("copy_id"))
    .order_by(SpokenComment.received_at, SpokenComment.id)
)
_COPY = select(Copy.id).where(Copy.attempt_id == bindparam("attempt_id"))
_HEARD = (
    select(Sound.converted_id.label("id"), Sound.converted_size.label("size"))
    .join(SpokenComment, SpokenComment.id == Sound.file_id)
    .where(SpokenComment.id == bindparam("comment_id"), Sound.converted_id.is_not(None))
)


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A spoken comment as a page plays it: by whom, until when it is kept, and its sound."""

    id: str
    marker_id: int
    by: str
    at: datetime
    is_kept: bool
    kept_until: datetime
    sound: MadeSound


def comments_of(connection: Connection, copy_id: int) -> dict[str, Spoken]:
    """Every comment recorded on a copy, by id; the page says which ones its reader may hear. One statement."""
    return {row.id: _spoken(row) for row in connection.execute(_OF_COPY, {"copy_id": copy_id}).all()}


def _spoken(row: Row[Any]) -> Spoken:
    return Spoken(
        id=row.id,
        marker_id=row.marker_id,
        by=f"{row.given_name} {row.family_name}",
        at=row.received_at,
        is_kept=row.stored_id is not None,
        kept_until=row.kept_until,
        sound=MadeSound(state=row.state, duration_ms=row.duration_ms or 0, peaks=tuple(row.peaks)),
    )


def told_comments(connection: Connection, copy_id: int, told: tuple[Told, ...]) -> Mapping[str, Spoken]:
    """The comments that were released with a mark, of its last version and of those before; no other."""
    named = {work.spoken for one in told for work in one.works} - {""}
    return {id_: one for id_, one in comments_of(connection, copy_id).items() if id_ in named}


def told_of_attempt(connection: Connection, attempt_id: int) -> tuple[tuple[Told, ...], Mapping[str, Spoken]]:
    """What markers gave back of an attempt, the last first, and what of it is heard."""
    copy_id = connection.execute(_COPY, {"attempt_id": attempt_id}).scalar()
    told = told_of(connection, copy_id) if copy_id is not None else ()
    return told, told_comments(connection, copy_id, told) if told and copy_id is not None else {}


def heard(connection: Connection, comments: Mapping[str, Spoken], comment_id: str) -> KeptFile:
    """What every browser plays of a comment that a page may play; of any other, nothing. Its name names nobody."""
    row = connection.execute(_HEARD, {"comment_id": comment_id}).first() if comment_id in comments else None
    if row is None:
        raise NotFound
    return KeptFile(id=row.id, name=_NAME, media_type="audio/mpeg", size=row.size)


def ensure_may_speak(connection: Connection, *, marker: SignedIn, public_id: str) -> int:
    """The largest recording, in bytes, that the marker may give on this copy. Refuses who holds too much."""
    find_copy(connection, marker, public_id)
    ensure_room(size=1, held_bytes=held_bytes(connection, marker.person_id))
    return MOST_BYTES
