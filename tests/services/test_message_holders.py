from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select, update

from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.messages import About, Kind
from deust.domain.people import SignedIn
from deust.models.messages import DigestMark, Holder, Thread
from deust.models.people import Enrolment, Person, Tutoring
from deust.models.records import AuditEvent, OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries import message_holders as pages
from deust.queries import messages as threads
from deust.queries.message_digests import waiting_titles
from deust.queries.waiting import waiting_for
from deust.services import message_holders, messages
from tests.support import factories
from tests.support.clock import Clock
from tests.support.statements import statements

pytestmark = pytest.mark.both

BASE = "https://deust.example"
SECRET = "Un secret du texte"


@dataclass
class School:
    """A student with two tutors, another tutor elsewhere, a manager; one question."""

    learner: SignedIn
    first: SignedIn
    second: SignedIn
    stranger: SignedIn
    manager: SignedIn
    group_id: int
    clock: Clock
    thread: str = ""

    def ask(self, text: str = SECRET, ref: str = "ec101-accueil/saluer") -> str:
        about = About(kind=Kind.LESSON, ref=ref, title="Saluer")
        with writing() as session:
            return messages.ask(session, learner=self.learner, about=about, text=text, now=self.clock.now)

    def give(self, by: SignedIn, to: SignedIn, thread: str = "") -> str:
        with writing() as session:
            return message_holders.give_over(
                session,
                by=by,
                public_id=thread or self.thread,
                to_id=to.person_id,
                base_url=BASE,
                now=self.clock.now,
            )

    def unread(self, who: SignedIn) -> int:
        with reading() as connection:
            return waiting_for(connection, asker=who).questions

    def held_by(self, who: SignedIn) -> list[str]:
        with reading() as connection:
            return [row.held_by for row in pages.waiting_questions(connection, asker=who, page=1).rows]

    def next_of(self, who: SignedIn) -> str | None:
        with reading() as connection:
            return threads.following_thread(connection, tutor=who)


@pytest.fixture
def school(database: Flask, clock: Clock) -> School:
    with writing() as session:
        cohort = factories.cohort(session)
        group, other = factories.group(session, cohort), factories.group(session, cohort)
        student = factories.person(session, given_name="Ana", family_name="Roy")
        factories.enrolment(session, student, cohort, group_id=group.id)
        tutors = [factories.person(session, role="tutor", family_name=name) for name in ("Un", "Deux", "Loin")]
        for tutor, place in zip(tutors, (group, group, other), strict=True):
            factories.tutoring(session, tutor, place)
        made = School(
            learner=factories.signed_in(student, cohort),
            first=factories.signed_in(tutors[0]),
            second=factories.signed_in(tutors[1]),
            stranger=factories.signed_in(tutors[2]),
            manager=factories.signed_in(factories.person(session, role="manager")),
            group_id=group.id,
            clock=clock,
        )
    made.thread = made.ask()
    return made


def test_a_question_given_over_waits_for_its_new_tutor_alone(school: School) -> None:
    assert (school.unread(school.first), school.unread(school.second)) == (1, 1)
    assert school.give(school.first, school.second) == school.second.name
    assert (school.unread(school.first), school.unread(school.second)) == (0, 1)
    assert (school.next_of(school.first), school.next_of(school.second)) == (None, school.thread)
    assert school.held_by(school.manager) == [school.second.name]
    with reading() as connection:
        told = [waiting_titles(connection, tutor=who, until=school.clock.now) for who in (school.first, school.second)]
    assert told == [(), ("Saluer",)]


def test_who_takes_over_is_told_of_what_but_not_of_the_words(school: School) -> None:
    school.give(school.manager, school.second)
    with reading() as connection:
        mail = connection.execute(select(OutboxMessage.recipient, OutboxMessage.payload)).one()
        log = connection.execute(
            select(AuditEvent.actor_id, AuditEvent.subject, AuditEvent.detail).where(AuditEvent.act == "thread:give")
        ).one()
    assert (mail.recipient, mail.payload["title"], mail.payload["by"]) == (
        school.second.email,
        "Saluer",
        school.manager.name,
    )
    assert mail.payload["link"] == f"{BASE}/messages/{school.thread}"
    assert SECRET not in str(mail.payload)
    assert (log.actor_id, log.subject) == (school.manager.person_id, f"thread:{school.thread}")
    assert log.detail == {"to": school.second.person_id}


def test_who_wants_no_mail_finds_it_among_the_unread(school: School) -> None:
    with writing() as session:
        session.add(DigestMark(person_id=school.second.person_id, is_off=True))
    school.give(school.first, school.second)
    with reading() as connection:
        assert connection.execute(select(OutboxMessage.id)).all() == []
    assert school.unread(school.second) == 1


def test_only_a_tutor_of_the_student_takes_over(school: School) -> None:
    for to in (school.stranger, school.manager, school.learner, school.first):
        with pytest.raises(InvalidAnswer):
            school.give(school.first, to)
    with writing() as session:
        session.execute(update(Person).where(Person.id == school.second.person_id).values(is_active=False))
    with pytest.raises(InvalidAnswer):
        school.give(school.manager, school.second)
    with reading() as connection:
        assert connection.execute(select(Holder.thread_id)).all() == []


@pytest.mark.case("AZ-08")
def test_only_who_has_it_or_a_manager_gives_it_over(school: School) -> None:
    for stranger in (school.stranger, school.learner):
        with pytest.raises(NotFound):
            school.give(stranger, school.second)
    school.give(school.first, school.second)
    with pytest.raises(NotFound):
        school.give(school.first, school.second)
    school.give(school.second, school.first)
    school.give(school.manager, school.second)
    assert school.held_by(school.first) == [school.second.name]
    assert school.held_by(school.stranger) == []


def test_a_holder_who_no_longer_follows_the_student_holds_nothing(school: School) -> None:
    school.give(school.first, school.second)
    with writing() as session:
        session.execute(Tutoring.__table__.delete().where(Tutoring.person_id == school.second.person_id))
    assert school.held_by(school.manager) == [""]
    assert school.unread(school.first) == 1


def test_a_question_answered_or_withdrawn_is_not_given_over(school: School) -> None:
    with writing() as session:
        messages.answer(
            session, tutor=school.first, public_id=school.thread, text="Voilà.", seen=1, now=school.clock.now
        )
    with pytest.raises(NotFound):
        school.give(school.first, school.second)
    with pytest.raises(NotFound):
        school.give(school.manager, school.second, "0" * 32)


def test_an_answer_of_another_tutor_is_still_taken(school: School) -> None:
    school.give(school.first, school.second)
    with writing() as session:
        assert messages.answer(
            session, tutor=school.first, public_id=school.thread, text="Voilà.", seen=1, now=school.clock.now
        )
    with reading() as connection:
        assert connection.execute(select(Thread.state)).scalar_one() == "answered"


def test_sharing_takes_two_statements_whatever_waits(school: School) -> None:
    with statements() as few:
        school.held_by(school.manager)
    for number in range(10):
        school.ask(f"Question {number}")
    with statements() as many:
        assert len(school.held_by(school.manager)) == 11
    assert len(many) == len(few) == 2


def test_a_student_who_moves_leaves_the_holder(school: School) -> None:
    school.give(school.first, school.second)
    with writing() as session:
        session.execute(update(Enrolment).where(Enrolment.person_id == school.learner.person_id).values(group_id=None))
    assert school.held_by(school.second) == []
    assert school.held_by(school.manager) == [""]
