from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from fractions import Fraction
from functools import partial
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import event, func, select, update

from deust import jobs
from deust.config import Settings
from deust.domain.people import SignedIn
from deust.domain.records import MOST_TRIES
from deust.jobs import Jobs, run_once, start_jobs
from deust.models.base import db
from deust.models.learning import ItemProgress, SearchEntry
from deust.models.quizzes import Answer, Attempt, AttemptMarks
from deust.models.records import AuditEvent, OutboxMessage, Receipt
from deust.models.signin import SignInTry
from deust.models.transaction import reading
from deust.services import answers, quizzes, records
from tests.conftest import Doors
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import Clock
from tests.support.server import free_port

EXAM = "ec101-accueil/examen"
RIGHT = "1"


@pytest.fixture
def learner(doors: Doors) -> SignedIn:
    with doors.writing() as session:
        return factories.learner(session)


def start(app: Flask, doors: Doors, who: SignedIn, now: datetime, item_ref: str = EXAM) -> str:
    quiz = app.extensions["deust"].catalogue.quiz(item_ref)
    with doors.writing() as session:
        return quizzes.start_attempt(session, learner=who, quiz=quiz, rng=random.Random(1), now=now)


def save(doors: Doors, who: SignedIn, public_id: str, text: str, now: datetime, sequence: int = 1) -> None:
    with doors.writing() as session:
        paper = session.scalar(select(Attempt.paper).where(Attempt.public_id == public_id))
        key = next(entry["key"] for entry in paper if entry["id"] == "x-duree")
        posted = factories.posted(key, {"answer": [text]}, sequence=sequence)
        answers.save_answers(session, learner=who, public_id=public_id, posted=[posted], now=now)


def rows(doors: Doors, what: object) -> int:
    with doors.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(what)) or 0)


@pytest.mark.both
@pytest.mark.case("QZ-05")
def test_an_overdue_attempt_is_closed_with_its_last_answers(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    """QZ-05: nobody comes back, and the attempt is marked all the same."""
    public_id = start(app, doors, learner, clock.now)
    save(doors, learner, public_id, "5", clock.move(minutes=1), sequence=1)
    save(doors, learner, public_id, "10", clock.move(minutes=1), sequence=2)
    deadline = clock.now + timedelta(minutes=18)

    run_once(app, deadline + timedelta(seconds=30))
    with doors.reading() as connection:
        assert connection.scalar(select(Attempt.closed_at)) is None, "closed before the grace was over"

    run_once(app, deadline + timedelta(minutes=1))
    with doors.reading() as connection:
        attempt = connection.execute(select(Attempt)).one()
        progress = connection.execute(select(ItemProgress)).one()
    assert attempt.closed_by == "clock"
    assert attempt.closed_at == deadline
    assert (attempt.score, attempt.out_of) == (1, 3)
    assert progress.open_attempt is None
    assert progress.attempts_used == 1
    assert progress.touched_at == deadline - timedelta(minutes=18), "the clock is no sign of the person"


@pytest.mark.both
def test_writing_in_an_open_attempt_is_a_sign_of_the_person(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    """A work written over weeks, saved again and again, never handed in: its writer is not silent."""
    public_id = start(app, doors, learner, clock.now)
    save(doors, learner, public_id, "5", clock.move(minutes=1))
    written_at = clock.now
    for _ in range(2):
        run_once(app, clock.move(minutes=1))
        with doors.reading() as connection:
            progress = connection.execute(select(ItemProgress)).one()
        assert (progress.touched_at, progress.changed_at) == (written_at, written_at + timedelta(minutes=1))


@pytest.mark.both
@pytest.mark.case("QZ-05")
def test_jobs_that_were_down_for_an_hour_close_once(app: Flask, doors: Doors, learner: SignedIn, clock: Clock) -> None:
    start(app, doors, learner, clock.now)
    for _ in range(3):
        run_once(app, clock.move(hours=1))
    assert (rows(doors, Receipt), rows(doors, AttemptMarks)) == (1, 1)
    with doors.reading() as connection:
        assert connection.scalars(select(AuditEvent.act).where(AuditEvent.act == "attempt:close")).all() == [
            "attempt:close"
        ]


@pytest.mark.both
@pytest.mark.case("QZ-05")
def test_runners_at_once_make_one_closing_and_one_grade(app: Flask, doors: Doors, clock: Clock) -> None:
    for _ in range(5):
        with doors.writing() as session:
            who = factories.learner(session)
        start(app, doors, who, clock.now)
    at_once(app, [partial(run_once, app, clock.move(hours=1))] * 6)
    assert (rows(doors, Receipt), rows(doors, AttemptMarks)) == (5, 5)
    with doors.reading() as connection:
        closings = select(func.count()).where(AuditEvent.act == "attempt:close")
        assert connection.scalar(closings) == 5


@pytest.mark.both
@pytest.mark.case("QZ-06")
def test_the_last_second_hand_in_save_and_job_together(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    """QZ-06: one closing, one grade; an answer that was acknowledged as kept is the one marked."""
    public_id = start(app, doors, learner, clock.now)
    save(doors, learner, public_id, "5", clock.now)
    late = clock.now + timedelta(minutes=21)
    quiz = app.extensions["deust"].catalogue.quiz(EXAM)

    def hand_in() -> None:
        with doors.writing() as session:
            quizzes.hand_in(session, learner=learner, public_id=public_id, find_quiz=lambda _ref: quiz, now=late)

    def autosave() -> None:
        save(doors, learner, public_id, "10", late - timedelta(minutes=1), sequence=2)

    at_once(app, [hand_in, autosave, partial(run_once, app, late), hand_in])
    assert (rows(doors, Receipt), rows(doors, AttemptMarks)) == (1, 1)
    with doors.reading() as connection:
        marked = connection.scalar(select(Answer.given))
        score = connection.scalar(select(Attempt.score))
    assert score == (1 if marked == "10" else 0)


def test_an_attempt_closes_even_if_its_quiz_left_the_courses(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    """QZ-42: the paper kept with the attempt is enough to mark it."""
    public_id = start(app, doors, learner, clock.now)
    save(doors, learner, public_id, "10", clock.now)
    with doors.writing() as session:
        session.scalars(select(Attempt)).one().item_ref = "ec101-accueil/retire"
    run_once(app, clock.move(hours=1))
    with doors.reading() as connection:
        assert connection.scalar(select(Attempt.score)) == 1


@pytest.mark.both
def test_what_was_marked_while_its_quiz_was_away_reaches_progress_once_it_is_back(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    """The quiz was said to be begun for ever, its only attempt used and no hour credited."""
    public_id = start(app, doors, learner, clock.now)
    save(doors, learner, public_id, "10", clock.now)
    called(doors, "ec101-accueil/retire")
    run_once(app, clock.move(hours=1))
    run_once(app, clock.move(hours=1))
    assert standing(doors) == (public_id, None, None), "nothing is known of what is not in the courses"
    called(doors, EXAM)
    run_once(app, clock.move(hours=1))
    assert standing(doors) == (None, Fraction(1, 3), clock.now)
    done_at = clock.now
    run_once(app, clock.move(hours=1))
    assert standing(doors) == (None, Fraction(1, 3), done_at)


def called(doors: Doors, item_ref: str) -> None:
    """The courses have, or have no more, an item of the name under which everything is kept."""
    with doors.writing() as session:
        for table in (Attempt, ItemProgress):
            session.execute(update(table).values(item_ref=item_ref))


def standing(doors: Doors) -> tuple[str | None, Fraction | None, datetime | None]:
    with doors.reading() as connection:
        row = connection.execute(select(ItemProgress)).one()
    return row.open_attempt, row.kept_share, row.completed_at


def test_one_attempt_that_fails_does_not_hold_back_the_others(
    app: Flask, doors: Doors, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with doors.writing() as session:
        first, second = factories.learner(session), factories.learner(session)
    broken = start(app, doors, first, clock.now)
    sound = start(app, doors, second, clock.move(minutes=1))
    with doors.writing() as session:
        session.scalars(select(Attempt).where(Attempt.public_id == broken)).one().paper = [{"not": "a paper"}]
    run_once(app, clock.move(hours=1))
    with doors.reading() as connection:
        closed = connection.scalars(select(Attempt.public_id).where(Attempt.closed_at.is_not(None))).all()
    assert closed == [sound]
    assert "_close failed" in caplog.text
    assert "Traceback" in caplog.text


class MailServer:
    """An SMTP server in a thread: it keeps what it receives, and refuses while told to."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        if self.refuses:
            return "451 try again later"
        self.received.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[attr-defined]
        return "250 kept"


@pytest.fixture
def mail_server() -> Iterator[tuple[MailServer, str]]:
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def with_mail_server(app: Flask, url: str) -> None:
    app.config["DEUST"] = replace(app.config["DEUST"], mail_url=url)


def queue_reset(doors: Doors, now: datetime, recipient: str = "ada@example.org") -> None:
    payload = {"given_name": "Ada", "link": "http://localhost/liens/abc", "locale": "fr"}
    with doors.writing() as session:
        records.queue_mail(session, kind="reset", recipient=recipient, payload=payload, now=now)


@pytest.mark.both
def test_mail_leaves_once(app: Flask, doors: Doors, clock: Clock, mail_server: tuple[MailServer, str]) -> None:
    handler, url = mail_server
    with_mail_server(app, url)
    queue_reset(doors, clock.now)
    at_once(app, [partial(run_once, app, clock.now)] * 4)
    run_once(app, clock.move(days=1))
    (mail,) = handler.received
    assert mail["To"] == "ada@example.org"
    assert "http://localhost/liens/abc" in mail.get_content()
    with doors.reading() as connection:
        assert connection.scalar(select(OutboxMessage.sent_at)) is not None


def test_mail_that_is_refused_is_tried_again_later(
    app: Flask, doors: Doors, clock: Clock, mail_server: tuple[MailServer, str], caplog: pytest.LogCaptureFixture
) -> None:
    handler, url = mail_server
    with_mail_server(app, url)
    queue_reset(doors, clock.now)
    handler.refuses = True
    run_once(app, clock.now)
    assert "_send failed" in caplog.text
    handler.refuses = False
    run_once(app, clock.move(seconds=5))
    assert handler.received == []
    run_once(app, clock.move(minutes=2))
    assert len(handler.received) == 1


def test_a_mail_that_cannot_be_written_holds_back_no_other(
    app: Flask, doors: Doors, clock: Clock, mail_server: tuple[MailServer, str]
) -> None:
    handler, url = mail_server
    with_mail_server(app, url)
    with doors.writing() as session:
        records.queue_mail(session, kind="no-such-kind", recipient="x@example.org", payload={}, now=clock.now)
    queue_reset(doors, clock.now)
    run_once(app, clock.now)
    assert [mail["To"] for mail in handler.received] == ["ada@example.org"]


def test_a_slow_mail_server_costs_no_try_to_the_mail_that_waits_behind(
    app: Flask, doors: Doors, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One mail leaves a turn, the others are not tried: however many turns, none of them is given up."""
    for number in range(MOST_TRIES + 3):
        queue_reset(doors, clock.now, f"e{number}@example.org")
    passing = count(step=jobs.LONGEST_SENDING_SECONDS // 2 + 1)
    monkeypatch.setattr(jobs, "monotonic", lambda: next(passing))
    for _turn in range(MOST_TRIES + 3):
        jobs.deliver_mail(app, clock.move(days=1))
    with doors.reading() as connection:
        assert connection.scalars(select(OutboxMessage.tries).where(OutboxMessage.sent_at.is_(None))).all() == []


def test_without_a_mail_server_mail_goes_to_a_folder(app: Flask, doors: Doors, clock: Clock) -> None:
    queue_reset(doors, clock.now)
    run_once(app, clock.now)
    (path,) = Path(app.config["DEUST"].instance_dir / "mail").glob("*.eml")
    assert b"To: ada@example.org" in path.read_bytes()


def test_what_is_too_old_is_deleted(app: Flask, doors: Doors, clock: Clock) -> None:
    with doors.writing() as session:
        session.add(SignInTry(account_key="a", address_key="b", has_succeeded=False, tried_at=clock.now))
    queue_reset(doors, clock.now)
    run_once(app, clock.move(hours=23))
    assert rows(doors, SignInTry) == 1
    run_once(app, clock.move(days=31))
    assert (rows(doors, SignInTry), rows(doors, OutboxMessage)) == (0, 0)


def test_jobs_with_nothing_to_do_only_read(app: Flask, clock: Clock) -> None:
    """They run every few seconds, and must not queue before those who write."""
    run_once(app, clock.now)
    with app.app_context(), reading() as connection:
        assert connection.scalar(select(func.count()).select_from(SearchEntry))
        engine = db.engine
    begun: list[object] = []
    note = begun.append
    event.listen(engine, "begin", note)
    try:
        run_once(app, clock.now, jobs.FREQUENT)
    finally:
        event.remove(engine, "begin", note)
    assert begun == []


def test_before_the_tables_exist_nothing_is_tried(
    settings: Settings, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, make_app: Callable[..., Flask]
) -> None:
    empty = make_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}"))
    run_once(empty, clock.now)
    assert caplog.text == ""


def test_the_thread_closes_right_after_a_restart_and_stops_when_told(
    app: Flask, doors: Doors, learner: SignedIn, clock: Clock
) -> None:
    start(app, doors, learner, clock.now)
    clock.move(hours=1)
    jobs = Jobs(app, every_seconds=3600)
    jobs.start()
    jobs.stop()
    with doors.reading() as connection:
        assert connection.scalar(select(Attempt.closed_by)) == "clock"


def test_settings_may_leave_a_process_without_jobs(app: Flask) -> None:
    assert start_jobs(app) is None


def test_a_child_does_not_wait_on_a_lock_that_its_parent_held(app: Flask) -> None:
    """The parent's thread may be falling asleep when the process forks: its lock is never given back in the child."""
    jobs = Jobs(app, every_seconds=3600)
    inherited = jobs._stopping
    with inherited._cond:
        jobs.start_in_child()
        ending = Thread(target=jobs.stop, daemon=True)
        ending.start()
        ending.join(timeout=10)
        has_ended = not ending.is_alive()
    ending.join(timeout=10)
    assert has_ended


def test_a_child_of_a_process_that_stopped_its_jobs_starts_none(app: Flask) -> None:
    jobs = Jobs(app)
    jobs.stop()
    jobs.start_in_child()
    assert jobs._thread is None
