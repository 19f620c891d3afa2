"""Comments that markers record: kept as rows, dated as the markings take, leave or release them, deleted in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain.assignments import CopyState
from deust.domain.errors import NotFound
from deust.domain.files import VOICE, accepted_type
from deust.domain.people import SignedIn
from deust.domain.sounds import ASIDE_KEPT, SoundState, kept_until
from deust.models.assignments import Copy, SpokenComment
from deust.models.quizzes import Sound
from deust.services import records

_BATCH = 500


def keep_comment(
    session: Session, *, marker: SignedIn, copy: Row[Any], file: StoredFile, name: str, now: datetime
) -> str:
    """Keep a recording already stored, for the marking that will take it; gives its id. Refuses what is no sound.

    Its name is not kept: only the type that its content shows.
    """
    comment = SpokenComment(
        id=file.id,
        copy_id=copy.id,
        marker_id=marker.person_id,
        media_type=accepted_type(name, file.head, VOICE),
        size=file.size,
        sha256=file.sha256,
        received_at=now,
        stored_id=file.id,
        kept_until=now + ASIDE_KEPT,
    )
    session.add_all([comment, Sound(file_id=file.id, state=SoundState.WAITING.value, peaks=[], next_try_at=now)])
    session.flush()
    return file.id


def chosen(session: Session, *, marker: SignedIn, copy: Row[Any], asked: str | None, present: str) -> str:
    """The comment that a save leaves in the marking: as it is (None), none (empty), or another of the marker's own.

    Once released, a comment belongs to the version that gave it back: it goes on in a correction by the same marker
    only. One that was deleted meanwhile is left out. Refuses a recording that is not the marker's, not of this copy, or
    deleted.
    """
    wanted = present if asked is None else asked
    if not wanted:
        return ""
    found = session.get(SpokenComment, wanted)
    is_here = found is not None and found.stored_id is not None and found.copy_id == copy.id
    is_own = found is not None and found.marker_id == marker.person_id
    is_shared = asked is None and copy.state != CopyState.RELEASED.value
    if is_here and (is_own or is_shared):
        return wanted
    if asked is None:
        return ""
    raise NotFound


def date_comments(session: Session, *, former: str, present: str, now: datetime) -> None:
    """Until when: six months from the last save of the draft that holds it; thirty days once it is set aside.

    What was released keeps the date of its release.
    """
    if former and former != present:
        _date(session, former, now + ASIDE_KEPT)
    if present:
        _date(session, present, kept_until(now))


def _date(session: Session, id_: str, until: datetime) -> None:
    is_unreleased = SpokenComment.id == id_, SpokenComment.released_at.is_(None)
    session.execute(update(SpokenComment).where(*is_unreleased).values(kept_until=until))


def release_comments(session: Session, ids: Iterable[str], *, now: datetime) -> None:
    """Students hear these from now on, for six months."""
    values = {"released_at": now, "kept_until": kept_until(now)}
    session.execute(update(SpokenComment).where(SpokenComment.id.in_(set(ids) - {""})).values(**values))


def delete_comments(session: Session, *, now: datetime) -> int:
    """Forget the comments whose time is over, their sound and their wave; the sweeper takes the bytes."""
    rows = session.execute(
        select(SpokenComment, Sound, Copy.public_id)
        .join(Copy, Copy.id == SpokenComment.copy_id)
        .join(Sound, Sound.file_id == SpokenComment.id)
        .where(SpokenComment.kept_until <= now, SpokenComment.stored_id.is_not(None))
        .limit(_BATCH)
    ).all()
    for comment, sound, copy in rows:
        comment.stored_id = sound.converted_id = sound.converted_size = None
        sound.state, sound.peaks = SoundState.DELETED.value, []
        records.audit(session, at=now, actor_id=None, act="recording:delete", subject=f"copy:{copy}", file=comment.id)
    return len(rows)
