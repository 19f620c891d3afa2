from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.parser import BytesParser
from email.policy import default
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from deust.config import Settings
from deust.domain.messages import About, Kind
from deust.domain.people import SignedIn
from deust.jobs import run_once
from deust.models.people import Cohort, Enrolment, Person
from deust.models.records import OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries.message_digests import people_to_tell
from deust.services import message_digests, messages
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import Clock

pytestmark = pytest.mark.both

ABOUT = About(kind=Kind.LESSON, ref="ec101-accueil/saluer", title="Saluer l’appelant")
SECRET = "Un mot qui ne doit pas partir"
SEVEN = datetime(2026, 10, 14, 5, 0, tzinfo=UTC)
"""Wednesday 14 October 2026, 7 h in Paris."""


@dataclass
class School:
    cohort: Cohort
    learner: SignedIn
    tutor: SignedIn
    admin: SignedIn
    clock: Clock

    def ask(self, at: datetime, text: str = SECRET) -> str:
        with writing() as session:
            return messages.ask(session, learner=self.learner, about=ABOUT, text=text, now=at)

    def answer(self, thread: str, at: datetime, seen: int = 1) -> None:
        with writing() as session:
            messages.answer(session, tutor=self.tutor, public_id=thread, text=SECRET, seen=seen, now=at)

    def run(self, now: datetime) -> list[tuple[str, str]]:
        """Tell whoever is due; gives every mail queued so far, by kind and recipient."""
        with reading() as connection:
            due = people_to_tell(connection, now=now)
        for person_id in due:
            _tell(person_id, now)
        return [(row.kind, row.recipient) for row in self.mails()]

    def mails(self) -> list[OutboxMessage]:
        with writing() as session:
            return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    def change(self, who: SignedIn, **values: Any) -> None:
        with writing() as session:
            session.execute(update(Person).where(Person.id == who.person_id).values(**values))


def _tell(person_id: int, now: datetime) -> None:
    with writing() as session:
        message_digests.tell(session, person_id=person_id, base_url="https://d.example", now=now)


def make_school(clock: Clock) -> School:
    with writing() as session:
        cohort = factories.cohort(session)
        group = factories.group(session, cohort)
        student, tutor = factories.person(session), factories.person(session, role="tutor")
        factories.enrolment(session, student, cohort, group_id=group.id)
        factories.tutoring(session, tutor, group)
        return School(
            cohort=cohort,
            learner=factories.signed_in(student, cohort),
            tutor=factories.signed_in(tutor),
            admin=factories.signed_in(factories.person(session, role="admin")),
            clock=clock,
        )


@pytest.fixture
def school(database: Flask, clock: Clock) -> School:
    return make_school(clock)


def test_a_tutor_is_told_at_seven_once_a_day_without_a_word_of_the_question(school: School) -> None:
    school.ask(SEVEN - timedelta(hours=10))
    told = ("questions-waiting", school.tutor.email)
    assert school.run(SEVEN - timedelta(seconds=1)) == []
    assert school.run(SEVEN) == [told]
    school.ask(SEVEN + timedelta(minutes=5))
    assert school.run(SEVEN + timedelta(minutes=10)) == [told]
    (mail,) = school.mails()
    assert (mail.payload["count"], mail.payload["titles"]) == (1, "- Saluer l’appelant")
    assert SECRET not in str(mail.payload)
    assert school.run(SEVEN + timedelta(days=1)) == [told, told]


def test_seven_is_that_of_the_tutor_and_days_off_are_left_alone(school: School) -> None:
    school.ask(SEVEN - timedelta(days=1))
    school.change(school.tutor, time_zone="Indian/Reunion")
    assert school.run(SEVEN) == [], "9 h in Saint-Denis is past the time"
    assert len(school.run(SEVEN - timedelta(hours=2))) == 1
    assert len(school.run(SEVEN + timedelta(days=3))) == 1, "a Saturday"
    winter = datetime(2026, 10, 26, 3, 0, tzinfo=UTC)
    assert len(school.run(winter)) == 2


def test_nothing_is_sent_when_nothing_waits(school: School) -> None:
    thread = school.ask(SEVEN - timedelta(hours=10))
    school.answer(thread, SEVEN - timedelta(hours=9))
    with writing() as session:
        messages.keep_mail_choice(session, person_id=school.learner.person_id, wants_mail=False, now=SEVEN)
    assert school.run(SEVEN) == []


def test_an_administrator_is_told_of_what_no_tutor_follows(school: School) -> None:
    school.ask(SEVEN - timedelta(hours=10))
    with writing() as session:
        session.execute(update(Enrolment).values(group_id=None))
    assert school.run(SEVEN) == [("questions-waiting", school.admin.email)]


def test_a_student_is_told_once_an_hour_of_the_answers_that_came(school: School) -> None:
    at = datetime(2026, 10, 14, 14, 0, tzinfo=UTC)
    first, second = school.ask(at), school.ask(at + timedelta(seconds=1), text="Et ensuite ?")
    school.answer(first, at)
    told = ("questions-answered", school.learner.email)
    assert school.run(at) == [told]
    school.answer(second, at + timedelta(minutes=10))
    assert school.run(at + timedelta(minutes=59)) == [told]
    assert school.run(at + timedelta(minutes=60)) == [told, told]
    assert school.run(at + timedelta(hours=3)) == [told, told]
    assert all(SECRET not in str(mail.payload) for mail in school.mails())


def test_an_answer_already_read_is_not_told(school: School) -> None:
    first, second = school.ask(SEVEN), school.ask(SEVEN, text="Et ensuite ?")
    school.answer(first, SEVEN + timedelta(minutes=1))
    school.answer(second, SEVEN + timedelta(minutes=2))
    for thread, seen in ((first, 2), (second, 1)):
        with writing() as session:
            messages.note_read(session, who=school.learner, public_id=thread, seen=seen, now=SEVEN + timedelta(hours=1))
    assert school.run(SEVEN + timedelta(hours=1)) == [("questions-answered", school.learner.email)]
    (mail,) = school.mails()
    assert mail.payload["count"] == 1


def test_nothing_leaves_when_all_was_read(school: School) -> None:
    thread = school.ask(SEVEN)
    school.answer(thread, SEVEN)
    with writing() as session:
        messages.note_read(session, who=school.learner, public_id=thread, seen=2, now=SEVEN)
    with reading() as connection:
        assert school.learner.person_id not in people_to_tell(connection, now=SEVEN + timedelta(hours=2))
    _tell(school.learner.person_id, SEVEN + timedelta(hours=2))
    assert school.mails() == []


@pytest.mark.case("AZ-19")
@pytest.mark.parametrize("leave", ["account", "cohort", "choice"])
def test_who_left_or_wants_no_mail_is_told_nothing(school: School, leave: str) -> None:
    school.answer(school.ask(SEVEN), SEVEN)
    _leave(school, leave)
    assert school.run(SEVEN) == []
    _tell(school.learner.person_id, SEVEN)
    assert school.mails() == []


def _leave(school: School, how: str) -> None:
    if how == "account":
        school.change(school.learner, is_active=False)
    with writing() as session:
        if how == "cohort":
            session.execute(update(Enrolment).values(ended_on=date(2026, 10, 13)))
        if how == "choice":
            messages.keep_mail_choice(session, person_id=school.learner.person_id, wants_mail=False, now=SEVEN)


def test_mail_wanted_again_does_not_tell_of_what_came_before(school: School) -> None:
    thread = school.ask(SEVEN)
    choose = partial(messages.keep_mail_choice, person_id=school.learner.person_id)
    with writing() as session:
        choose(session, wants_mail=False, now=SEVEN)
    school.answer(thread, SEVEN + timedelta(hours=1))
    with writing() as session:
        choose(session, wants_mail=True, now=SEVEN + timedelta(hours=5))
    assert school.run(SEVEN + timedelta(hours=7)) == []


def test_two_processes_tell_once(school: School, database: Flask) -> None:
    school.answer(school.ask(SEVEN), SEVEN)
    at_once(database, [partial(_tell, school.learner.person_id, SEVEN)] * 4)
    assert len(school.mails()) == 1


@pytest.mark.case("AZ-19")
def test_a_mail_that_waits_to_leave_is_dropped_when_its_reader_leaves(
    make_app: Callable[[Settings], Flask], settings: Settings, clock: Clock
) -> None:
    app = make_app(settings)
    with app.app_context():
        school = make_school(clock)
        school.answer(school.ask(SEVEN), SEVEN)
        school.run(SEVEN)
        _leave(school, "cohort")
        run_once(app, SEVEN)
        (mail,) = school.mails()
        assert mail.sent_at is not None
        assert mail.payload == {}
    assert list((settings.instance_dir / "mail").glob("*.eml")) == []


def test_the_job_sends_the_digest(make_app: Callable[[Settings], Flask], settings: Settings, clock: Clock) -> None:
    app = make_app(settings)
    with app.app_context():
        school = make_school(clock)
        school.ask(SEVEN - timedelta(hours=10))
    run_once(app, SEVEN)
    run_once(app, SEVEN + timedelta(minutes=1))
    (sent,) = (settings.instance_dir / "mail").glob("*.eml")
    mail = BytesParser(policy=default).parsebytes(sent.read_bytes())
    body = mail.get_content()
    assert mail["Subject"] == "1 question d’étudiant attend une réponse"
    assert "http://localhost/messages" in body
    assert SECRET not in body
