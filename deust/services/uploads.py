"""Files that come part by part: begun, continued where they were cut, and given as the answer once whole."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from deust.adapters.files import FileStore, StoredFile
from deust.domain import uploads
from deust.domain.attempts import Save
from deust.domain.errors import FileRefused, NotFound, OffsetMismatch
from deust.domain.files import shown_name
from deust.domain.people import SignedIn
from deust.domain.uploads import CountedBy, Held, UploadState, counted_by
from deust.models.quizzes import AnswerEvent, AnswerFile, Attempt, Upload
from deust.queries.files import held_bytes
from deust.queries.uploads import OwnUpload
from deust.services import answers
from deust.services.answers import Acknowledged, Posted
from deust.services.marking import own_attempt

Whole = StoredFile | None


@dataclass(frozen=True, kw_only=True)
class Announced:
    """A file as its sender announces it: for which question, and by what it is known again."""

    key: str
    name: str
    size: int
    beginning: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An upload and how much of it is already here."""

    public_id: str
    received: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What counts once the file is given, by which moment, when it was begun, and what is stored for nothing."""

    acknowledged: Acknowledged
    counted_by: CountedBy
    started_at: datetime
    unneeded: Sequence[str]


def begin_upload(session: Session, *, learner: SignedIn, public_id: str, file: Announced, now: datetime) -> Begun:
    """Begin a file of the learner's attempt, or find again the same one where it was cut.

    Refuses at once what is too large, of another type, too many, or over what one person may hold.
    """
    attempt = own_attempt(session, learner, public_id)
    if file.size <= 0:
        raise FileRefused("empty")
    accepted = answers.accepted_files(session, attempt.paper, file.key)
    file = replace(file, name=shown_name(file.name))
    same = session.scalars(_same_as(file, attempt.id)).first()
    if same is not None:
        return Begun(public_id=same.public_id, received=same.received)
    held = _held(session, learner, attempt.id, file.key)
    uploads.ensure_may_begin(name=file.name, size=file.size, accepted=accepted, held=held)
    row = Upload(
        public_id=secrets.token_hex(16),
        attempt_id=attempt.id,
        question_key=file.key,
        name=file.name,
        size=file.size,
        beginning=file.beginning,
        received=0,
        parts=[],
        state=UploadState.OPEN.value,
        started_at=now,
        touched_at=now,
    )
    session.add(row)
    return Begun(public_id=row.public_id, received=0)


def _same_as(file: Announced, attempt_id: int) -> Select[Upload]:
    """The same file on its way, or one that is whole already and whose acknowledgement alone was lost."""
    was_answered = exists().where(AnswerEvent.attempt_id == attempt_id, AnswerEvent.event_id == file.event_id)
    return (
        select(Upload)
        .where(
            Upload.attempt_id == attempt_id,
            Upload.question_key == file.key,
            Upload.name == file.name,
            Upload.size == file.size,
            Upload.beginning == file.beginning,
            or_(Upload.state == UploadState.OPEN, and_(Upload.state == UploadState.DONE, was_answered)),
        )
        .order_by(Upload.id.desc())
    )


def _held(session: Session, learner: SignedIn, attempt_id: int, key: str) -> Held:
    open_ones = (
        select(func.count())
        .select_from(Upload)
        .join(Attempt, Attempt.id == Upload.attempt_id)
        .where(Attempt.person_id == learner.person_id, Upload.state == UploadState.OPEN)
    )
    given = (
        select(func.count())
        .select_from(AnswerFile)
        .where(AnswerFile.attempt_id == attempt_id, AnswerFile.question_key == key)
    )
    return Held(
        bytes=held_bytes(session.connection(), learner.person_id),
        open=session.scalar(open_ones) or 0,
        of_question=session.scalar(given) or 0,
    )


def add_part(
    session: Session, *, learner: SignedIn, upload_id: str, offset: int, part: StoredFile, now: datetime
) -> int:
    """Add a part already stored, and say where the next one begins. Refuses one that does not follow the last."""
    row = _own(session, learner, upload_id)
    if row.state != UploadState.OPEN:
        raise OffsetMismatch(row.size)
    row.received = uploads.next_offset(received=row.received, size=row.size, offset=offset, length=part.size)
    row.parts = [*row.parts, [part.id, part.size]]
    row.touched_at = now
    return row.received


def finish_upload(
    session: Session, *, learner: SignedIn, upload_id: str, file: StoredFile | None, save: Save, now: datetime
) -> Finished:
    """Give the whole file, already stored, as the answer to its question: kept, late or in conflict as any answer.

    An upload finished before answers what it answered: it needs no file. The moment it was begun is kept as evidence.
    """
    spare: list[str] = []
    row = _own(session, learner, upload_id)
    attempt = session.get_one(Attempt, row.attempt_id, with_for_update=True)
    if row.state == UploadState.OPEN:
        if file is None or file.size != row.size:
            raise OffsetMismatch(row.received)
        row.counted_by = counted_by(
            started_at=row.started_at, deadline_at=attempt.deadline_at, closed_at=attempt.closed_at, now=now
        ).value
        row.state, row.finished_at, row.touched_at = UploadState.DONE.value, now, now
        row.sha256, row.file_id = file.sha256, file.id
    elif row.state == UploadState.DONE:
        spare, file = [file.id] if file else [], None
    else:
        raise FileRefused("changed")
    posted = Posted(
        key=row.question_key,
        save=save,
        form={},
        file=file,
        name=row.name,
        only_changes=file is None,
        begun_at=row.started_at,
    )
    kept = answers.save_answers(session, learner=learner, public_id=attempt.public_id, posted=[posted], now=now)
    parts, row.parts = [part for part, _size in row.parts], []
    return Finished(
        acknowledged=kept,
        counted_by=CountedBy(row.counted_by or CountedBy.END),
        started_at=row.started_at,
        unneeded=[*parts, *spare, *kept.unneeded],
    )


def refuse_upload(session: Session, *, learner: SignedIn, upload_id: str, now: datetime) -> None:
    """Give up a file whose content was refused: what was received of it goes."""
    row = _own(session, learner, upload_id)
    if row.state == UploadState.OPEN:
        row.state, row.parts, row.finished_at = UploadState.REFUSED.value, [], now


def leave_unfinished(session: Session, *, now: datetime) -> int:
    """Give up the files without news for seven days, and say how many; the sweeper takes their parts."""
    rows = session.scalars(
        select(Upload)
        .where(Upload.state == UploadState.OPEN, Upload.touched_at < now - uploads.UNFINISHED_KEPT)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state, row.parts, row.finished_at = UploadState.LEFT.value, [], now
    return len(rows)


def whole_file(files: FileStore, upload: OwnUpload, *, sha256: str) -> Whole:
    """The file stored whole from its parts, in order; none when it was finished before.

    Refuses one that is not all there yet, and one that is not what its sender has, when the sender says its SHA-256.
    """
    if not upload.is_open:
        return None
    if upload.received != upload.size:
        raise OffsetMismatch(upload.received)
    joined = _Joined(block for part, _size in upload.parts for block in files.read(part))
    stored = files.put(joined, max_bytes=upload.size)
    if sha256 not in ("", stored.sha256):
        files.remove(stored.id)
        raise FileRefused("changed")
    return stored


class _Joined(BytesIO):
    """Blocks read one after the other as one file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks

    def read(self, _size: int | None = -1) -> bytes:
        return next(self._blocks, b"")


def _own(session: Session, learner: SignedIn, upload_id: str) -> Upload:
    """The learner's own upload, held until the end of the transaction; anyone else's does not exist."""
    row = session.scalars(
        select(Upload)
        .join(Attempt, Attempt.id == Upload.attempt_id)
        .where(Upload.public_id == upload_id, Attempt.person_id == learner.person_id)
        .with_for_update(of=Upload)
    ).first()
    if row is None:
        raise NotFound
    return row
