"""Files that come part by part: begun, continued where they were cut, and given as the answer once whole.

What goes elsewhere than to a question begins and ends in the room of that place, with the same acts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from deust.adapters.files import FileStore, StoredFile
from deust.domain import uploads
from deust.domain.attempts import Save
from deust.domain.errors import FileRefused, NotFound, OffsetMismatch
from deust.domain.files import shown_name
from deust.domain.people import SignedIn
from deust.domain.uploads import Accepted, CountedBy, Held, UploadState, counted_by
from deust.models.quizzes import AnswerEvent, AnswerFile, Attempt, Upload
from deust.queries.files import held_bytes
from deust.queries.uploads import OwnUpload
from deust.services import answers
from deust.services.answer_batches import Posted
from deust.services.answers import Acknowledged
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
class Place:
    """Where a file goes: a question of an attempt, or a copy, with how many files were given there.

    `is_done` finds, among the files that are whole, those that a repeated announcement is answered by.
    """

    attempt_id: int | None = None
    copy_id: int | None = None
    key: str = ""
    given: int = 0
    is_done: ColumnElement[bool]


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
    was_answered = exists().where(AnswerEvent.attempt_id == attempt.id, AnswerEvent.event_id == file.event_id)
    given = (
        select(func.count())
        .select_from(AnswerFile)
        .where(AnswerFile.attempt_id == attempt.id, AnswerFile.question_key == file.key)
    )
    place = Place(attempt_id=attempt.id, key=file.key, given=session.scalar(given) or 0, is_done=was_answered)
    accepted = answers.accepted_files(session, attempt.paper, file.key)
    return begin(session, sender=learner, place=place, file=file, accepted=accepted, now=now)


def begin(
    session: Session, *, sender: SignedIn, place: Place, file: Announced, accepted: Accepted, now: datetime
) -> Begun:
    """Begin a file, or find again the same one where it was cut, or one whose acknowledgement alone was lost."""
    file = replace(file, name=shown_name(file.name))
    same = session.scalars(_same_as(file, sender, place)).first()
    if same is not None:
        return Begun(public_id=same.public_id, received=same.received)
    uploads.ensure_may_begin(
        name=file.name, size=file.size, accepted=accepted, held=_held(session, sender, given=place.given)
    )
    row = Upload(
        public_id=secrets.token_hex(16),
        person_id=sender.person_id,
        attempt_id=place.attempt_id,
        copy_id=place.copy_id,
        question_key=place.key,
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


def _same_as(file: Announced, sender: SignedIn, place: Place) -> Select[Upload]:
    return (
        select(Upload)
        .where(
            Upload.person_id == sender.person_id,
            Upload.attempt_id == place.attempt_id,
            Upload.copy_id == place.copy_id,
            Upload.question_key == place.key,
            Upload.name == file.name,
            Upload.size == file.size,
            Upload.beginning == file.beginning,
            or_(Upload.state == UploadState.OPEN, and_(Upload.state == UploadState.DONE, place.is_done)),
        )
        .order_by(Upload.id.desc())
    )


def _held(session: Session, sender: SignedIn, *, given: int) -> Held:
    open_ones = (
        select(func.count())
        .select_from(Upload)
        .where(Upload.person_id == sender.person_id, Upload.state == UploadState.OPEN)
    )
    return Held(
        bytes=held_bytes(session.connection(), sender.person_id),
        open=session.scalar(open_ones) or 0,
        of_question=given,
    )


def add_part(
    session: Session, *, sender: SignedIn, upload_id: str, offset: int, part: StoredFile, now: datetime
) -> int:
    """Add a part already stored, and say where the next one begins. Refuses one that does not follow the last."""
    row = own_row(session, sender, upload_id)
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
    row = own_row(session, learner, upload_id)
    if row.attempt_id is None:
        raise NotFound
    attempt = session.get_one(Attempt, row.attempt_id, with_for_update=True)
    by = counted_by(started_at=row.started_at, deadline_at=attempt.deadline_at, closed_at=attempt.closed_at, now=now)
    file, unneeded = end(row, file, by=by, now=now)
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
    return Finished(
        acknowledged=kept,
        counted_by=CountedBy(row.counted_by or CountedBy.END),
        started_at=row.started_at,
        unneeded=[*unneeded, *kept.unneeded],
    )


def end(row: Upload, file: StoredFile | None, *, by: CountedBy, now: datetime) -> tuple[StoredFile | None, list[str]]:
    """Note that the file is whole; gives it, and what is stored for nothing: its parts, or a file that came before.

    None when the upload was finished before. Refuses a file that is not all there, and one that was given up.
    """
    spare: list[str] = []
    if row.state == UploadState.OPEN:
        if file is None or file.size != row.size:
            raise OffsetMismatch(row.received)
        row.counted_by = by.value
        row.state, row.finished_at, row.touched_at = UploadState.DONE.value, now, now
        row.sha256, row.file_id = file.sha256, file.id
    elif row.state == UploadState.DONE:
        spare, file = [file.id] if file else [], None
    else:
        raise FileRefused("changed")
    parts, row.parts = [part for part, _size in row.parts], []
    return file, [*parts, *spare]


def refuse_upload(session: Session, *, sender: SignedIn, upload_id: str, now: datetime) -> None:
    """Give up a file whose content was refused: what was received of it goes."""
    row = own_row(session, sender, upload_id)
    if row.state == UploadState.OPEN:
        row.state, row.parts, row.finished_at = UploadState.REFUSED.value, [], now


def purge(session: Session, *, now: datetime) -> int:
    """Forget the files without news for seven days, unfinished or refused; gives how many. The sweeper takes parts."""
    is_given = Upload.state == UploadState.DONE
    gone = session.execute(delete(Upload).where(~is_given, Upload.touched_at < now - uploads.UNFINISHED_KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]


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


def own_row(session: Session, sender: SignedIn, upload_id: str) -> Upload:
    """The sender's own upload, held until the end of the transaction; anyone else's does not exist."""
    row = session.scalars(
        select(Upload).where(Upload.public_id == upload_id, Upload.person_id == sender.person_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound
    return row
