"""What is done while nobody asks: overdue attempts close, mail leaves, courses are indexed, what is old or orphan goes.

Every process runs its own: each act takes what it needs in a transaction, so several do no harm.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from threading import Event, Thread
from time import monotonic
from typing import TypeVar

from flask import Flask
from sqlalchemy import inspect

from deust.adapters import limited
from deust.adapters.documents import drawn
from deust.adapters.files import FileStore
from deust.adapters.mail import mail_sender
from deust.adapters.sounds import converted
from deust.content.catalogue import Catalogue
from deust.domain.documents import Unseen
from deust.domain.errors import NotFound
from deust.domain.learning import Lesson, Programme, Quiz
from deust.models.quizzes import Attempt
from deust.models.transaction import reading, writing
from deust.queries.completion import nothing_left, uncarried_results
from deust.queries.documents import has_waiting_documents
from deust.queries.files import has_waiting_sounds, named_files
from deust.queries.grading import scheduled_copies
from deust.queries.message_digests import may_be_told, people_to_tell
from deust.queries.progress import written_lately
from deust.queries.quizzes import overdue_attempts
from deust.queries.records import has_due_mail
from deust.queries.search import is_indexed
from deust.services import (
    completion,
    documents,
    grading,
    learning,
    message_digests,
    message_holders,
    records,
    signin,
    sounds,
    spoken_comments,
    uploads,
)
from deust.services.quizzes import close_if_overdue
from deust.web.mail import message

EVERY_SECONDS = 5
LONGEST_SENDING_SECONDS = 30
LONGEST_CONVERTING_SECONDS = 20
MOST_SOUND_BYTES = 100_000_000
MOST_PICTURES_BYTES = 60_000_000
PURGE_EVERY = timedelta(hours=1)
ORPHAN_AGE = timedelta(hours=24)
"""A file is written before the database names it: what is younger may still be waiting for its row."""

ROOM_AGE = timedelta(hours=1)

_BATCH = 500

log = logging.getLogger("deust.jobs")

Task = Callable[[Flask, datetime], None]
Taken = TypeVar("Taken")


def start_jobs(app: Flask) -> Jobs | None:
    """Start the jobs of this process, unless the settings say that it has none; a forked process starts its own."""
    if not app.config["DEUST"].jobs:
        return None
    jobs = Jobs(app)
    jobs.start()
    os.register_at_fork(after_in_child=jobs.start_in_child)
    return jobs


class Jobs:
    """A thread that runs the tasks at once, then every few seconds until it is stopped."""

    def __init__(self, app: Flask, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._app = app
        self._every_seconds = every_seconds
        self._stopping = Event()
        self._thread: Thread | None = None
        self._purged_at: datetime | None = None

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="deust-jobs", daemon=True)
        self._thread.start()

    def start_in_child(self) -> None:
        """Begin again after a fork: the parent's thread and its locks stayed with the parent."""
        if self._stopping.is_set():
            return
        self._stopping = Event()
        self.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for the task it is in."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            now = self._app.extensions["deust"].clock()
            run_once(self._app, now, self._due(now))
            self._stopping.wait(self._every_seconds)

    def _due(self, now: datetime) -> Sequence[Task]:
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY:
            return FREQUENT
        self._purged_at = now
        return ALL


def run_once(app: Flask, now: datetime, tasks: Sequence[Task] | None = None) -> None:
    """Run the tasks, every one unless told which; one that fails is logged and does not stop the others.

    Nothing is done before the tables exist.
    """
    if not _attempted(_has_tables, app):
        return
    for task in ALL if tasks is None else tasks:
        _attempted(task, app, now)


def _attempted(act: Callable[..., object], *arguments: object) -> bool:
    """Whether the act was done and did not say no."""
    try:
        return act(*arguments) is not False
    except Exception as error:
        is_away = isinstance(error, ConnectionError | TimeoutError)  # told again at each try
        log.error("%s failed: %r", act.__name__, error, exc_info=not is_away)
        return False


def _has_tables(app: Flask) -> bool:
    with app.app_context(), reading() as connection:
        return bool(inspect(connection).has_table(Attempt.__tablename__))


def close_overdue(app: Flask, now: datetime) -> None:
    """Close the attempts whose time is over, whether or not anyone comes back."""
    catalogue: Catalogue = app.extensions["deust"].catalogue
    _attempted(catalogue.refresh)
    with app.app_context():
        with reading() as connection:
            overdue = overdue_attempts(connection, now=now)
        for public_id, item_ref in overdue:
            _attempted(_close, catalogue, public_id, item_ref, now)


def _close(catalogue: Catalogue, public_id: str, item_ref: str, now: datetime) -> None:
    with writing() as session:
        close_if_overdue(session, public_id=public_id, quiz=_quiz(catalogue, item_ref), now=now)


def release_scheduled(app: Flask, now: datetime) -> None:
    """Give back the marks whose date came; one that fails holds back no other, and is tried again."""
    catalogue: Catalogue = app.extensions["deust"].catalogue
    with app.app_context():
        with reading() as connection:
            due = scheduled_copies(connection, now=now)
        for public_id in due:
            _attempted(_release, catalogue, public_id, now)


def _release(catalogue: Catalogue, public_id: str, now: datetime) -> None:
    with writing() as session:
        grading.release_due(session, public_id=public_id, find_quiz=lambda ref: _quiz(catalogue, ref), now=now)


def _quiz(catalogue: Catalogue, item_ref: str) -> Quiz | None:
    """The quiz as it is now; None once it left the courses: the attempt closes all the same."""
    try:
        item = catalogue.item(item_ref)
    except NotFound:
        return None
    return item if isinstance(item, Quiz) else None


def tell_of_messages(app: Flask, now: datetime) -> None:
    """Queue the digests that are due: tutors of the questions that wait, students of the answers that came."""
    with app.app_context():
        with reading() as connection:
            due = people_to_tell(connection, now=now)
        for person_id in due:
            _attempted(_tell, app, person_id, now)


def _tell(app: Flask, person_id: int, now: datetime) -> None:
    with writing() as session:
        message_digests.tell(session, person_id=person_id, base_url=app.config["DEUST"].base_url, now=now)


def deliver_mail(app: Flask, now: datetime) -> None:
    """Send what the outbox holds. A mail that cannot leave waits longer each time, and holds back no other.

    A mail server that does not answer must not keep attempts open: past half a minute the rest waits for the next turn.
    """
    with app.app_context():
        with reading() as connection:
            if not has_due_mail(connection, now=now):
                return
        with writing() as session:
            waiting = list(records.claim_mail(session, now=now))
    started = monotonic()
    while waiting and monotonic() - started < LONGEST_SENDING_SECONDS:
        _attempted(_send, app, waiting.pop(0), now)
    if waiting:
        with app.app_context(), writing() as session:
            records.give_back(session, [mail.id for mail in waiting], now=now)


def _send(app: Flask, mail: records.Mail, now: datetime) -> None:
    settings = app.config["DEUST"]
    send = mail_sender(settings.mail_url, settings.instance_dir / "mail")
    with app.test_request_context(base_url=settings.base_url):
        if _is_still_for_someone(mail):
            send(message(mail, sender=settings.mail_from))
        with writing() as session:
            records.mark_sent(session, mail.id, now=now)


def convert_recordings(app: Flask, now: datetime) -> None:
    """Make of each recording a sound that every browser plays, one at a time, in a process of its own.

    Past twenty seconds the rest is done at the next turn: attempts must close and mail leave meanwhile.
    """
    _one_at_a_time(app, now, is_waiting=has_waiting_sounds, claim=sounds.claim_recording, act=_convert)


def _convert(app: Flask, recording: sounds.Recording, now: datetime) -> None:
    store: FileStore = app.extensions["deust"].files
    with converted(store.read(recording.stored_id), recording.media_type) as made:
        if made is None:
            with writing() as session:
                sounds.refuse_sound(session, recording.file_id)
            return
        with made.file.open("rb") as file:
            sound = store.put(file, max_bytes=MOST_SOUND_BYTES)
    with writing() as session:
        sounds.keep_sound(
            session, recording.file_id, sound=sound, duration_ms=made.duration_ms, peaks=made.peaks, now=now
        )


def draw_documents(app: Flask, now: datetime) -> None:
    """Make pictures of the pages of each PDF handed in, one PDF at a time, in a process of its own.

    Past twenty seconds the rest is done at the next turn, as for recordings.
    """
    _one_at_a_time(app, now, is_waiting=has_waiting_documents, claim=documents.claim_document, act=_draw)


def _one_at_a_time(
    app: Flask,
    now: datetime,
    *,
    is_waiting: Callable[..., bool],
    claim: Callable[..., Taken | None],
    act: Callable[[Flask, Taken, datetime], None],
) -> None:
    """Claim and do what waits, until nothing does or the time of one turn is spent."""
    started = monotonic()
    with app.app_context():
        while monotonic() - started < LONGEST_CONVERTING_SECONDS:
            with reading() as connection:
                if not is_waiting(connection, now=now):
                    return
            with writing() as session:
                taken = claim(session, now=now)
            if taken is not None:
                _attempted(act, app, taken, now)


def _draw(app: Flask, document: documents.Undrawn, now: datetime) -> None:
    store: FileStore = app.extensions["deust"].files
    with drawn(store.read(document.stored_id)) as made:
        if isinstance(made, Unseen):
            with writing() as session:
                documents.refuse_document(session, document.file_id, reason=made)
            return
        with made.file.open("rb") as file:
            kept = store.put(file, max_bytes=MOST_PICTURES_BYTES)
    with writing() as session:
        documents.keep_pictures(
            session, document.file_id, drawn=kept, count=made.count, pictures=made.pictures, now=now
        )


def _is_still_for_someone(mail: records.Mail) -> bool:
    """A mail about questions does not leave for who closed their account, left the training or wants none since."""
    if mail.kind not in (*message_digests.KINDS, message_holders.MAIL):
        return True
    with reading() as connection:
        return may_be_told(connection, email=mail.recipient)


def note_writing(app: Flask, now: datetime) -> None:
    """Carry to progress that someone wrote in an attempt still open: whoever writes for weeks is not silent."""
    with app.app_context():
        with reading() as connection:
            written = written_lately(connection)
        for progress_id, saved_at in written:
            _attempted(_touch, progress_id, saved_at, now)


def _touch(progress_id: int, saved_at: datetime, now: datetime) -> None:
    with writing() as session:
        learning.touch(session, progress_id, touched_at=saved_at, now=now)


def index_courses(app: Flask, now: datetime) -> None:
    """Once a version: make what was published searchable, and count as done what it leaves nothing to do in."""
    catalogue: Catalogue = app.extensions["deust"].catalogue
    with app.app_context():
        with reading() as connection:
            new = [programme for programme in catalogue.programmes() if not is_indexed(connection, programme)]
        for programme in new:
            _settle_all(programme, now)
            with writing() as session:
                learning.index_programme(session, programme)


def settle_progress(app: Flask, now: datetime) -> None:
    """Count as done what has nothing left to do since granted attempts were taken back; carry to progress what was
    marked while its item was out of the courses, once it is back.
    """
    catalogue: Catalogue = app.extensions["deust"].catalogue
    with app.app_context():
        for programme in catalogue.programmes():
            _settle_all(programme, now)
        with reading() as connection:
            uncarried = uncarried_results(connection)
        for person_id, item_ref in uncarried:
            if (quiz := _quiz(catalogue, item_ref)) is not None:
                _attempted(_settle, person_id, quiz, now)


def _settle_all(programme: Programme, now: datetime) -> None:
    with reading() as connection:
        found = nothing_left(connection, programme)
    for person_id, item in found:
        _attempted(_settle, person_id, item, now)


def _settle(person_id: int, item: Lesson | Quiz, now: datetime) -> None:
    with writing() as session:
        completion.settle(session, person_id=person_id, item=item, now=now)


def purge(app: Flask, now: datetime) -> None:
    """Delete what is kept for a limited time only."""
    with app.app_context(), writing() as session:
        signin.purge(session, now=now)
        records.purge(session, now=now)
        uploads.purge(session, now=now)
        sounds.date_recordings(session, now=now)
        sounds.delete_recordings(session, now=now)
        spoken_comments.delete_comments(session, now=now)
        documents.forget_documents(session)


def sweep_files(app: Flask, now: datetime) -> None:
    """Delete stored files that no row names after 24 hours: a crash or a failed commit left them."""
    store: FileStore = app.extensions["deust"].files
    found = store.ids_before(now - ORPHAN_AGE)
    with app.app_context():
        while ids := list(islice(found, _BATCH)):
            with reading() as connection:
                orphans = set(ids) - named_files(connection, ids)
            for file_id in orphans:
                store.remove(file_id)


def forget_rooms(_app: Flask, now: datetime) -> None:
    """Delete what a conversion that was killed left in the system's temporary folder."""
    limited.forget_rooms(now - ROOM_AGE)


FREQUENT: Sequence[Task] = (
    close_overdue,
    release_scheduled,
    tell_of_messages,
    deliver_mail,
    convert_recordings,
    draw_documents,
    index_courses,
)
ALL: Sequence[Task] = (*FREQUENT, note_writing, settle_progress, purge, sweep_files, forget_rooms)
