"""Spoken comments as they come, whole or part by part like any file, into the marker's draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain.errors import FileRefused, NotFound
from deust.domain.files import VOICE
from deust.domain.people import SignedIn
from deust.domain.uploads import Accepted, CountedBy
from deust.models.assignments import SpokenComment
from deust.models.quizzes import Upload
from deust.queries.spoken_comments import MOST_BYTES
from deust.services import grading, spoken_comments, uploads
from deust.services.grading import SavedWork, held_copy
from deust.services.uploads import Announced, Begun, Place

_ACCEPTED = Accepted(endings=VOICE, max_bytes=MOST_BYTES)


@dataclass(frozen=True, kw_only=True)
class GivenComment:
    """What the save did with the comment, and what is stored for nothing."""

    saved: SavedWork
    unneeded: Sequence[str]


def give_comment(
    session: Session, *, marker: SignedIn, public_id: str, file: StoredFile, name: str, now: datetime
) -> str:
    """Keep a recording posted whole, already stored, for the save that comes with it; gives its id."""
    copy = held_copy(session, marker, public_id)
    return spoken_comments.keep_comment(session, marker=marker, copy=copy, file=file, name=name, now=now)


def begin_comment(session: Session, *, marker: SignedIn, public_id: str, file: Announced, now: datetime) -> Begun:
    """Begin a recording on a copy that the marker follows, or find the same one again where it was cut.

    Refuses at once what is too large, no sound, too many, or over what one person may hold.
    """
    copy = held_copy(session, marker, public_id)
    if file.size <= 0:
        raise FileRefused("empty")
    given = select(func.count()).where(SpokenComment.copy_id == copy.id, SpokenComment.marker_id == marker.person_id)
    is_kept = exists().where(SpokenComment.id == Upload.file_id, SpokenComment.stored_id.is_not(None))
    place = Place(copy_id=copy.id, given=session.scalar(given) or 0, is_done=is_kept)
    return uploads.begin(session, sender=marker, place=place, file=file, accepted=_ACCEPTED, now=now)


def finish_comment(
    session: Session,
    *,
    marker: SignedIn,
    public_id: str,
    upload_id: str,
    file: StoredFile | None,
    base_version: int,
    now: datetime,
) -> GivenComment:
    """Put the whole recording, already stored, in the marker's draft: an edit like any other.

    Over a version that was not read it changes nothing, and is kept aside. Finished twice is the same as once.
    """
    copy = held_copy(session, marker, public_id)
    row = uploads.own_row(session, marker, upload_id)
    if row.copy_id != copy.id:
        raise NotFound
    file, unneeded = uploads.end(row, file, by=CountedBy.END, now=now)
    if file is not None:
        spoken_comments.keep_comment(session, marker=marker, copy=copy, file=file, name=row.name, now=now)
    saved = grading.save_work(
        session,
        marker=marker,
        public_id=public_id,
        work=None,
        base_version=base_version,
        spoken=row.file_id,
        now=now,
    )
    return GivenComment(saved=saved, unneeded=unneeded)
