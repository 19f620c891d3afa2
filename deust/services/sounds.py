"""Recordings after they are given: converted for every browser, and deleted when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.adapters.files import StoredFile
from deust.domain.sounds import MOST_TRIES, SoundState, kept_until
from deust.models.assignments import SpokenComment
from deust.models.quizzes import AnswerFile, Attempt, Sound
from deust.services import records

_PAUSE = timedelta(minutes=5)
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A recording to convert: its row, where its bytes are, what it is."""

    file_id: str
    stored_id: str
    media_type: str


def claim_recording(session: Session, *, now: datetime) -> Recording | None:
    """Take a recording that waits to be converted. It waits again in five minutes unless it is done: a crash repeats.

    One that ended nowhere three times is given up.
    """
    row = session.scalars(
        select(Sound)
        .where(Sound.state == SoundState.WAITING, Sound.next_try_at <= now)
        .order_by(Sound.next_try_at, Sound.file_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    file = session.get(AnswerFile, row.file_id) or session.get_one(SpokenComment, row.file_id)
    row.tries += 1
    row.next_try_at = now + _PAUSE * row.tries
    if file.stored_id is None or row.tries > MOST_TRIES:
        row.state = (SoundState.DELETED if file.stored_id is None else SoundState.FAILED).value
        return None
    return Recording(file_id=row.file_id, stored_id=file.stored_id, media_type=file.media_type)


def keep_sound(
    session: Session,
    file_id: str,
    *,
    sound: StoredFile,
    duration_ms: int,
    peaks: Sequence[int],
    now: datetime,
) -> None:
    """What was made of a recording, its bytes already stored."""
    row = session.get_one(Sound, file_id)
    row.state, row.made_at = SoundState.READY.value, now
    row.duration_ms, row.peaks = duration_ms, list(peaks)
    row.converted_id, row.converted_size = sound.id, sound.size


def refuse_sound(session: Session, file_id: str) -> None:
    """The recording cannot be read: it stays as it was given, to be downloaded."""
    session.get_one(Sound, file_id).state = SoundState.FAILED.value


def date_recordings(session: Session, *, now: datetime) -> int:
    """Say until when the recordings of closed attempts are kept: six months after the closing. Gives how many."""
    rows = session.execute(
        select(AnswerFile, Attempt.closed_at)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .join(Sound, Sound.file_id == AnswerFile.id)
        .where(AnswerFile.kept_until.is_(None), Attempt.closed_at <= now)
        .limit(_BATCH)
    ).all()
    for file, closed_at in rows:
        file.kept_until = kept_until(closed_at) if closed_at else None
    return len(rows)


def delete_recordings(session: Session, *, now: datetime) -> int:
    """Forget the recordings whose time is over, their sound and their wave; the sweeper takes the bytes."""
    rows = session.execute(
        select(AnswerFile, Sound, Attempt.public_id)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .join(Sound, Sound.file_id == AnswerFile.id)
        .where(AnswerFile.kept_until <= now, AnswerFile.stored_id.is_not(None))
        .limit(_BATCH)
    ).all()
    for file, sound, attempt in rows:
        file.stored_id = sound.converted_id = sound.converted_size = None
        sound.state, sound.peaks = SoundState.DELETED.value, []
        records.audit(
            session, at=now, actor_id=None, act="recording:delete", subject=f"attempt:{attempt}", file=file.id
        )
    return len(rows)
