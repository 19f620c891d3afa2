"""Files handed in, as the database names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, select, union_all

from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.domain.sounds import SoundState, runs_over
from deust.domain.uploads import UploadState
from deust.models.assignments import SpokenComment
from deust.models.quizzes import Answer, AnswerFile, Attempt, Document, Sound, Upload
from deust.queries.documents import DrawnDocument, drawn_document, picture_at

_IDS = bindparam("ids", expanding=True)
_NAMED = union_all(
    select(AnswerFile.stored_id).where(AnswerFile.stored_id.in_(_IDS)),
    select(Sound.converted_id).where(Sound.converted_id.in_(_IDS)),
    select(SpokenComment.stored_id).where(SpokenComment.stored_id.in_(_IDS)),
    select(Document.drawn_id).where(Document.drawn_id.in_(_IDS)),
)
_PARTS = select(Upload.parts).where(Upload.state == UploadState.OPEN)
_THEIRS = Attempt.person_id == bindparam("person_id")
_STORED = (
    select(AnswerFile.stored_id, AnswerFile.size)
    .join(Attempt, Attempt.id == AnswerFile.attempt_id)
    .where(_THEIRS, AnswerFile.stored_id.is_not(None))
    .distinct()
    .subquery()
)
_SPOKEN = select(func.coalesce(func.sum(SpokenComment.size), 0)).where(
    SpokenComment.marker_id == bindparam("person_id"), SpokenComment.stored_id.is_not(None)
)
_ANNOUNCED = select(func.coalesce(func.sum(Upload.size), 0)).where(
    Upload.person_id == bindparam("person_id"), Upload.state == UploadState.OPEN
)
_HELD = select(
    select(func.coalesce(func.sum(_STORED.c.size), 0)).scalar_subquery()
    + _SPOKEN.scalar_subquery()
    + _ANNOUNCED.scalar_subquery(),
)
_SAME = (
    select(AnswerFile.stored_id)
    .join(Attempt, Attempt.id == AnswerFile.attempt_id)
    .where(_THEIRS, AnswerFile.sha256 == bindparam("sha256"), AnswerFile.stored_id.is_not(None))
    .order_by(AnswerFile.received_at, AnswerFile.id)
    .limit(1)
    .with_for_update(of=AnswerFile)
)


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file and the name it is shown under: among the bytes that the file store has under `id`, from `start`."""

    id: str
    name: str
    media_type: str
    size: int
    start: int = 0


@dataclass(frozen=True, kw_only=True)
class MadeSound:
    """What was made of a recording: `state` says whether it can be heard; `peaks` go from 0 to 100."""

    state: str
    duration_ms: int
    peaks: tuple[int, ...]

    @property
    def seconds(self) -> int:
        return round(self.duration_ms / 1000)

    def runs_over(self, most_seconds: int) -> bool:
        """Whether it lasts longer than was asked."""
        return runs_over(self.duration_ms, most_seconds)


@dataclass(frozen=True, kw_only=True)
class GivenFile:
    """A file given as an answer: whether it is still kept, by which moment it counts, and its sound or its
    pages if it has any.
    """

    id: str
    is_kept: bool
    kept_until: datetime | None
    counted_by: str | None
    started_at: datetime | None
    finished_at: datetime | None
    sound: MadeSound | None
    document: DrawnDocument | None = None


_GIVEN = (
    select(
        AnswerFile.id,
        AnswerFile.stored_id,
        AnswerFile.kept_until,
        Upload.counted_by,
        Upload.started_at,
        Upload.finished_at,
        Sound.state,
        Sound.duration_ms,
        Sound.peaks,
        Document.state.label("document_state"),
        Document.reason,
        Document.page_count,
        Document.pictures,
    )
    .outerjoin(Upload, and_(Upload.attempt_id == AnswerFile.attempt_id, Upload.file_id == AnswerFile.id))
    .outerjoin(Sound, Sound.file_id == AnswerFile.id)
    .outerjoin(Document, Document.file_id == AnswerFile.id)
    .where(AnswerFile.attempt_id == bindparam("attempt_id"))
)


def given_files(connection: Connection, attempt_id: int) -> dict[str, GivenFile]:
    """Every file given to an attempt, by the id that its answer holds under `file`; one statement."""
    return {row.id: _given(row) for row in connection.execute(_GIVEN, {"attempt_id": attempt_id}).all()}


def _given(row: Row[Any]) -> GivenFile:
    sound = row.state and MadeSound(state=row.state, duration_ms=row.duration_ms or 0, peaks=tuple(row.peaks))
    return GivenFile(
        id=row.id,
        is_kept=row.stored_id is not None,
        kept_until=row.kept_until,
        counted_by=row.counted_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        sound=sound,
        document=drawn_document(row) if row.document_state else None,
    )


def has_waiting_sounds(connection: Connection, *, now: datetime) -> bool:
    """Whether some recording is due to be converted."""
    due = select(Sound.file_id).where(Sound.state == SoundState.WAITING, Sound.next_try_at <= now)
    return connection.execute(due.limit(1)).first() is not None


def answer_sound(connection: Connection, *, learner: SignedIn, public_id: str, key: str) -> KeptFile:
    """What every browser plays of the recording that now answers a question of the learner's own attempt."""
    row = connection.execute(
        _of_answer(Sound.converted_id.label("id"), Sound.converted_size.label("size"))
        .join(Sound, Sound.file_id == AnswerFile.id)
        .where(Sound.converted_id.is_not(None), *_own_answer(learner, public_id, key))
    ).first()
    if row is None:
        raise NotFound
    return _sound_file(row)


def stored_file(connection: Connection, file_id: str) -> KeptFile:
    """A file given as an answer, for a page that has checked the right to it."""
    row = connection.execute(
        select(AnswerFile.stored_id.label("id"), AnswerFile.name, AnswerFile.media_type, AnswerFile.size).where(
            AnswerFile.id == file_id, AnswerFile.stored_id.is_not(None)
        )
    ).first()
    if row is None:
        raise NotFound
    return KeptFile(**row._mapping)


def sound_of(connection: Connection, file_id: str) -> KeptFile:
    """What every browser plays of a recording, for a page that has checked the right to it."""
    row = connection.execute(
        select(Sound.converted_id.label("id"), Sound.converted_size.label("size"), AnswerFile.name)
        .join(AnswerFile, AnswerFile.id == Sound.file_id)
        .where(Sound.file_id == file_id, Sound.converted_id.is_not(None))
    ).first()
    if row is None:
        raise NotFound
    return _sound_file(row)


def answer_picture(connection: Connection, *, learner: SignedIn, public_id: str, key: str, number: int) -> KeptFile:
    """A page of the PDF that now answers a question of the learner's own attempt, as a picture."""
    row = connection.execute(
        _of_answer(Document.drawn_id, Document.pictures)
        .join(Document, Document.file_id == AnswerFile.id)
        .where(Document.drawn_id.is_not(None), *_own_answer(learner, public_id, key))
    ).first()
    if row is None:
        raise NotFound
    return KeptFile(**picture_at(row, number))


def picture_of(connection: Connection, file_id: str, number: int) -> KeptFile:
    """A page of a PDF as a picture, for a page that has checked the right to it."""
    row = connection.execute(
        select(Document.drawn_id, Document.pictures, AnswerFile.name)
        .join(AnswerFile, AnswerFile.id == Document.file_id)
        .where(Document.file_id == file_id, Document.drawn_id.is_not(None))
    ).first()
    if row is None:
        raise NotFound
    return KeptFile(**picture_at(row, number))


def _sound_file(row: Row[Any]) -> KeptFile:
    name = f"{PurePosixPath(row.name).stem}.mp3"
    return KeptFile(id=row.id, name=name, media_type="audio/mpeg", size=row.size)


def named_files(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Of these stored files, those that some row names: they are kept, like the parts of files still on their way."""
    parts = {part for parts in connection.scalars(_PARTS).all() for part, _size in parts}
    return (parts & set(ids)) | set(connection.scalars(_NAMED, {"ids": list(ids)}))


def held_bytes(connection: Connection, person_id: int) -> int:
    """The bytes stored for one person, each content once, and those announced by files still on their way."""
    return int(connection.execute(_HELD, {"person_id": person_id}).scalar_one())


def stored_already(connection: Connection, person_id: int, sha256: str) -> str | None:
    """Where the same person's same content is stored, its row held so that it stays. Nobody else's is looked at."""
    found: str | None = connection.scalar(_SAME, {"person_id": person_id, "sha256": sha256})
    return found


def answer_file(connection: Connection, *, learner: SignedIn, public_id: str, key: str) -> KeptFile:
    """The file that now answers a question of the learner's own attempt."""
    row = connection.execute(
        _of_answer(AnswerFile.stored_id.label("id"), AnswerFile.media_type, AnswerFile.size).where(
            AnswerFile.stored_id.is_not(None), *_own_answer(learner, public_id, key)
        )
    ).first()
    if row is None:
        raise NotFound
    return KeptFile(**row._mapping)


def _of_answer(*columns: Any) -> Select[Any]:
    """The name of the file that answers a question now, and these columns."""
    is_current = and_(
        Answer.attempt_id == Attempt.id,
        Answer.question_key == AnswerFile.question_key,
        Answer.given["file"].as_string() == AnswerFile.id,
    )
    return (
        select(AnswerFile.name, *columns)
        .select_from(AnswerFile)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .join(Answer, is_current)
    )


def _own_answer(learner: SignedIn, public_id: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return Attempt.public_id == public_id, Attempt.person_id == learner.person_id, AnswerFile.question_key == key
