from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.errors import (
    Forbidden,
    InvalidAnswer,
    NotFound,
    ThreadClosed,
    ThreadOpened,
    TooManyQuestions,
)
from deust.domain.messages import About, Kind, State, promised_by, thread_place
from deust.domain.people import SignedIn
from deust.models.messages import Draft, Message, Thread
from deust.models.people import Cohort, Enrolment, Group, Person
from deust.models.records import AuditEvent
from deust.models.transaction import reading, writing
from deust.queries import messages as pages
from deust.queries.message_readings import unread_answers
from deust.queries.messages import Filters, Queue
from deust.services import messages
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import Clock
from tests.support.statements import statements

pytestmark = pytest.mark.both

ABOUT = About(kind=Kind.LESSON, ref="ec101-accueil/saluer", title="Saluer")


@dataclass
class School:
    """A group with its student and its tutor, another group with its tutor, an administrator."""

    cohort: Cohort
    group: Group
    other_group: Group
    learner: SignedIn
    tutor: SignedIn
    other_tutor: SignedIn
    admin: SignedIn
    clock: Clock

    def ask(self, text: str = "Pourquoi saluer ?", learner: SignedIn | None = None) -> str:
        with writing() as session:
            return messages.ask(session, learner=learner or self.learner, about=ABOUT, text=text, now=self.clock.now)

    def answer(
        self, thread: str, *, seen: int = 1, tutor: SignedIn | None = None, text: str = "Pour accueillir."
    ) -> bool:
        with writing() as session:
            return messages.answer(
                session, tutor=tutor or self.tutor, public_id=thread, text=text, seen=seen, now=self.clock.now
            )

    def queue(self, tutor: SignedIn | None = None, **filters: object) -> Queue:
        with reading() as connection:
            return pages.queue(
                connection,
                tutor=tutor or self.tutor,
                filters=Filters(**filters),  # type: ignore[arg-type]
                page=1,
                now=self.clock.now,
            )

    def waiting(self, tutor: SignedIn | None = None) -> list[str]:
        return [row.public_id for row in self.queue(tutor).lines.rows]

    def opened(self, thread: str, tutor: SignedIn | None = None) -> pages.ThreadPage:
        with reading() as connection:
            return pages.tutor_thread(connection, tutor=tutor or self.tutor, public_id=thread, now=self.clock.now)

    def move(self, group: Group | None) -> None:
        with writing() as session:
            place = group.id if group else None
            session.execute(
                update(Enrolment).where(Enrolment.person_id == self.learner.person_id).values(group_id=place)
            )


def _tutor(session: Session, group: Group) -> SignedIn:
    person = factories.person(session, role="tutor")
    factories.tutoring(session, person, group)
    return factories.signed_in(person)


@pytest.fixture
def school(database: Flask, clock: Clock) -> School:
    with writing() as session:
        cohort = factories.cohort(session)
        group, other = factories.group(session, cohort), factories.group(session, cohort)
        student = factories.person(session, given_name="Ana", family_name="Roy")
        factories.enrolment(session, student, cohort, group_id=group.id)
        return School(
            cohort=cohort,
            group=group,
            other_group=other,
            learner=factories.signed_in(student, cohort),
            tutor=_tutor(session, group),
            other_tutor=_tutor(session, other),
            admin=factories.signed_in(factories.person(session, role="admin")),
            clock=clock,
        )


def test_a_question_waits_with_its_promise_then_is_answered(school: School) -> None:
    thread = school.ask("  Pourquoi ?\r\nEncore.  ")
    (line,) = school.queue().lines.rows
    assert (line.name, line.title, line.excerpt) == ("Ana Roy", "Saluer", "Pourquoi ?\nEncore.")
    assert line.due_at == promised_by(school.clock.now, "Europe/Paris")
    school.clock.move(hours=3)
    assert school.answer(thread)
    assert school.waiting() == []
    assert [row.state for row in school.queue(is_answered=True).lines.rows] == [State.ANSWERED]
    with reading() as connection:
        page = pages.my_thread(connection, learner=school.learner, public_id=thread)
    assert [(one.text, one.is_mine, one.is_answer) for one in page.messages] == [
        ("Pourquoi ?\nEncore.", True, False),
        ("Pour accueillir.", False, True),
    ]
    assert not page.may_withdraw


@pytest.mark.parametrize("text", ["", " \r\n\x00 ", "x" * 4_001])
def test_an_empty_or_too_long_text_is_refused(school: School, text: str) -> None:
    thread = school.ask()
    with pytest.raises(InvalidAnswer):
        school.ask(text)
    with pytest.raises(InvalidAnswer):
        school.answer(thread, text=text)


def test_twenty_questions_a_day_and_the_next_day_begins_at_the_students_midnight(school: School) -> None:
    for number in range(20):
        school.ask(f"Question {number}")
    with pytest.raises(TooManyQuestions):
        school.ask()
    school.clock.move(hours=4, minutes=30)
    school.ask()


def test_two_devices_do_not_pass_the_limit_together(school: School, database: Flask) -> None:
    for number in range(19):
        school.ask(f"Question {number}")
    outcomes = at_once(database, [partial(_asked, school, text) for text in ("Une autre ?", "Encore une ?")])
    assert sorted(outcomes) == ["asked", "refused"]


def _asked(school: School, text: str) -> str:
    try:
        school.ask(text)
    except TooManyQuestions:
        return "refused"
    return "asked"


def test_two_tutors_at_once_the_second_reads_the_first_before_anything_leaves(school: School) -> None:
    with writing() as session:
        second = _tutor(session, school.group)
    thread = school.ask()
    assert school.answer(thread, seen=1, text="Première.")
    assert not school.answer(thread, seen=1, tutor=second, text="Seconde.")
    texts = [one.text for one in school.opened(thread, second).messages]
    assert texts == ["Pourquoi saluer ?", "Première."]
    assert school.answer(thread, seen=2, tutor=second, text="Seconde.")


def test_two_answers_in_the_same_instant_never_pass_each_other(school: School, database: Flask) -> None:
    thread = school.ask()
    outcomes = at_once(
        database, [partial(school.answer, thread, text="Une."), partial(school.answer, thread, text="Deux.")]
    )
    assert sorted(outcomes) == [False, True]
    assert len(school.opened(thread).messages) == 2


@pytest.mark.case("AZ-07")
def test_a_student_who_moves_takes_their_questions_to_the_new_tutor(school: School) -> None:
    thread = school.ask()
    assert (school.waiting(), school.waiting(school.other_tutor)) == ([thread], [])
    with pytest.raises(NotFound):
        school.opened(thread, school.other_tutor)
    school.move(school.other_group)
    assert (school.waiting(), school.waiting(school.other_tutor)) == ([], [thread])
    with pytest.raises(NotFound):
        school.opened(thread)
    with pytest.raises(NotFound):
        school.answer(thread)
    assert school.answer(thread, tutor=school.other_tutor)
    school.move(school.group)
    assert len(school.opened(thread).messages) == 2
    with pytest.raises(NotFound):
        school.opened(thread, school.other_tutor)


def test_an_administrator_reads_once_the_log_says_so(school: School) -> None:
    school.move(None)
    thread = school.ask()
    assert (school.waiting(), school.waiting(school.admin)) == ([], [thread])
    assert school.queue(school.admin).lines.rows[0].excerpt == ""
    assert school.opened(thread, school.admin).messages == ()
    with pytest.raises(Forbidden):
        school.answer(thread, tutor=school.admin)
    with writing() as session:
        messages.note_reading(session, admin=school.admin, public_id=thread, now=school.clock.now)
        found = session.scalars(select(AuditEvent).where(AuditEvent.act == "thread:read")).one()
        assert (found.actor_id, found.subject) == (school.admin.person_id, f"thread:{thread}")
    assert len(school.opened(thread, school.admin).messages) == 1
    assert school.answer(thread, tutor=school.admin)
    school.clock.move(hours=2)
    assert school.opened(thread, school.admin).is_sealed


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COMPANY_TUTOR, Role.STUDENT])
def test_other_roles_follow_nobody(school: School, role: Role) -> None:
    thread = school.ask()
    with writing() as session:
        other = factories.signed_in(factories.person(session, role=role.value))
    assert school.waiting(other) == []
    with pytest.raises(NotFound):
        school.opened(thread, other)


def test_a_question_is_withdrawn_only_before_its_answer(school: School) -> None:
    thread, answered = school.ask(), school.ask("Une autre ?")
    school.answer(answered)
    with writing() as session:
        messages.withdraw(session, learner=school.learner, public_id=thread, now=school.clock.now)
        messages.withdraw(session, learner=school.learner, public_id=thread, now=school.clock.now)
    with pytest.raises(NotFound):
        school.opened(thread)
    with pytest.raises(NotFound):
        school.answer(thread)
    with pytest.raises(ThreadClosed), writing() as session:
        messages.withdraw(session, learner=school.learner, public_id=answered, now=school.clock.now)


def test_a_follow_up_waits_again_with_a_promise_of_its_own(school: School) -> None:
    thread = school.ask()
    asked_at = school.clock.now
    _again(school, thread)
    assert school.queue().lines.rows[0].waiting_since == asked_at, "still since the first"
    school.answer(thread, seen=2)
    later = school.clock.move(days=1)
    _again(school, thread)
    (line,) = school.queue().lines.rows
    assert (line.waiting_since, line.due_at) == (later, promised_by(later, "Europe/Paris"))
    with writing() as session:
        withdrawn = partial(messages.withdraw, session, learner=school.learner, public_id=thread, now=later)
        with pytest.raises(ThreadClosed):
            withdrawn()


def _again(school: School, thread: str) -> None:
    with writing() as session:
        messages.write_again(session, learner=school.learner, public_id=thread, text="Et puis ?", now=school.clock.now)


def test_a_closed_exchange_takes_nothing_more_until_it_opens_again(school: School) -> None:
    thread = school.ask()
    _set_closed(school, thread, is_closed=True)
    with pytest.raises(ThreadClosed):
        _again(school, thread)
    with pytest.raises(ThreadClosed):
        school.answer(thread)
    assert school.waiting() == []
    _set_closed(school, thread, is_closed=False)
    assert school.waiting() == [thread], "it waits as it did"
    school.answer(thread)
    _set_closed(school, thread, is_closed=True)
    _set_closed(school, thread, is_closed=False)
    assert school.opened(thread).line.state is State.ANSWERED


def _set_closed(school: School, thread: str, *, is_closed: bool) -> None:
    with writing() as session:
        messages.set_closed(session, tutor=school.tutor, public_id=thread, is_closed=is_closed, now=school.clock.now)


def test_each_person_has_their_own_draft_and_sending_ends_it(school: School) -> None:
    thread = school.ask()
    with writing() as session:
        second = _tutor(session, school.group)
        for who, text in ((school.tutor, "Un"), (school.tutor, "Un bis"), (second, "Deux")):
            messages.keep_draft(session, who=who, place=thread_place(thread), text=text, now=school.clock.now)
    assert (school.opened(thread).draft, school.opened(thread, second).draft) == ("Un bis", "Deux")
    school.answer(thread)
    with writing() as session:
        (left,) = session.scalars(select(Draft)).all()
        assert left.person_id == second.person_id
        messages.keep_draft(session, who=second, place=thread_place(thread), text=" ", now=school.clock.now)
        assert session.scalars(select(Draft)).all() == []


def test_the_promise_kept_is_measured_on_what_was_sent(school: School) -> None:
    quick, slow = school.ask("Vite ?"), school.ask("Lentement ?")
    school.answer(quick)
    school.answer(quick, seen=2, text="Une précision.")
    school.clock.move(days=3)
    assert school.queue().late == 1
    school.answer(slow)
    queue = school.queue()
    assert (queue.answers, queue.in_time, queue.late) == (2, 1, 0)
    school.clock.move(days=91)
    assert school.queue().answers == 0


def test_the_queue_costs_the_same_whatever_its_length(school: School) -> None:
    counts, ordered = [], []
    for number in range(4):
        ordered.append(school.ask(f"Question {number}"))
        school.clock.move(minutes=1)
        with statements() as found:
            assert school.waiting() == ordered, "oldest first"
        counts.append(len(found))
    assert max(counts) == min(counts) <= 6


def test_a_thread_and_a_list_cost_the_same_whatever_they_hold(school: School) -> None:
    thread, counts = school.ask(), []
    for _more in range(3):
        _again(school, thread)
        school.ask(f"Encore {len(counts)} ?")
        with statements() as found, reading() as connection:
            pages.my_threads(connection, learner=school.learner, page=1)
            pages.my_thread(connection, learner=school.learner, public_id=thread)
            pages.tutor_thread(connection, tutor=school.tutor, public_id=thread, now=school.clock.now)
        counts.append(len(found))
    assert counts == [9, 9, 9]


def test_the_questions_begun_are_found_the_last_first_in_one_statement(school: School) -> None:
    for place, text in (("about:lesson:a/b", "Un début"), ("about:mark:c", "Un\nautre"), ("thread:d", "Une suite")):
        with writing() as session:
            messages.keep_draft(session, who=school.learner, place=place, text=text, now=school.clock.now)
        school.clock.move(minutes=1)
    with statements() as found, reading() as connection:
        begun = pages.question_drafts(connection, learner=school.learner)
    assert [(about.ref or about.attempt, words) for about, words in begun] == [("c", "Un autre"), ("a/b", "Un début")]
    assert len(found) == 1


def test_a_page_of_the_queue_holds_fifty(school: School) -> None:
    with writing() as session:
        for number in range(52):
            who = factories.person(session)
            factories.enrolment(session, who, school.cohort, group_id=school.group.id)
            learner = factories.signed_in(who, school.cohort)
            messages.ask(session, learner=learner, about=ABOUT, text=f"Question {number}", now=school.clock.now)
    lines = school.queue().lines
    assert (len(lines.rows), lines.total, lines.pages) == (50, 52, 2)
    assert len(school.queue(group_id=school.other_group.id).lines.rows) == 0


def test_messages_are_only_added(school: School) -> None:
    thread = school.ask()
    school.answer(thread)
    _again(school, thread)
    with writing() as session:
        kept = session.scalars(select(Message.text).order_by(Message.id)).all()
        row = session.scalars(select(Thread)).one()
        assert (kept, row.size) == (["Pourquoi saluer ?", "Pour accueillir.", "Et puis ?"], 3)
        assert session.scalars(select(Person.id).where(Person.id == row.person_id)).one()


def test_a_form_sent_twice_makes_one_question(school: School, database: Flask) -> None:
    first = school.ask("Faut-il saluer deux fois ?")
    assert school.ask("Faut-il saluer deux fois ?") == first
    assert set(at_once(database, [partial(school.ask, "Et au téléphone ?")] * 4)) != {first}
    assert len(school.waiting()) == 2
    school.clock.move(minutes=11)
    assert school.ask("Faut-il saluer deux fois ?") != first, "asked again later is another question"


def write_again(school: School, thread: str, text: str = "Et puis ?", seen: int = 0) -> None:
    with writing() as session:
        messages.write_again(
            session, learner=school.learner, public_id=thread, text=text, seen=seen, now=school.clock.now
        )


def test_a_choice_about_mail_made_by_two_presses_at_once_is_kept_once(school: School, database: Flask) -> None:
    def press() -> None:
        with writing() as session:
            who = school.learner.person_id
            messages.keep_mail_choice(session, person_id=who, wants_mail=False, now=school.clock.now)

    at_once(database, [press] * 8)
    with reading() as connection:
        assert not pages.wants_mail(connection, person_id=school.learner.person_id)


def said(thread: str) -> list[str]:
    with reading() as connection:
        spoken = select(Message.text).join(Thread).where(Thread.public_id == thread)
        return list(connection.scalars(spoken.order_by(Message.id)))


def test_a_message_and_an_answer_sent_twice_are_said_once(school: School, database: Flask) -> None:
    """A second press tells nobody that something crossed, and leaves no draft to send a third time."""
    thread = school.ask()
    at_once(database, [partial(write_again, school, thread, "Et au téléphone ?")] * 4)
    assert said(thread) == ["Pourquoi saluer ?", "Et au téléphone ?"]
    assert at_once(database, [partial(school.answer, thread, seen=2)] * 4) == [True] * 4
    assert said(thread)[2:] == ["Pour accueillir."]
    assert school.opened(thread).draft == ""
    write_again(school, thread, "Merci.")
    assert not school.answer(thread, seen=2), "what crosses is still read first"
    school.clock.move(minutes=11)
    write_again(school, thread, "Merci.")
    assert said(thread)[3:] == ["Merci.", "Merci."]


def test_messages_added_to_a_question_are_not_new_questions(school: School) -> None:
    thread = school.ask()
    for number in range(1, 20):
        school.ask(f"Question {number}")
    school.clock.move(minutes=1)
    for number in range(60):
        write_again(school, thread, f"Suite {number}")
    with pytest.raises(TooManyQuestions) as refused:
        write_again(school, thread)
    assert refused.value.most == 60
    with pytest.raises(TooManyQuestions):
        school.ask("Une autre question ?")


@pytest.mark.parametrize("how", ["reading", "writing"])
def test_a_question_that_a_tutor_opened_or_began_to_answer_is_not_withdrawn(school: School, how: str) -> None:
    thread = school.ask()
    with writing() as session:
        if how == "reading":
            messages.note_read(session, who=school.tutor, public_id=thread, seen=1, now=school.clock.now)
        else:
            place = thread_place(thread)
            messages.keep_draft(session, who=school.tutor, place=place, text="Bonjour", now=school.clock.now)
    with reading() as connection:
        assert not pages.my_thread(connection, learner=school.learner, public_id=thread).may_withdraw
    with pytest.raises(ThreadOpened), writing() as session:
        messages.withdraw(session, learner=school.learner, public_id=thread, now=school.clock.now)
    assert school.waiting() == [thread]


def test_one_s_own_draft_and_reading_do_not_keep_a_question(school: School) -> None:
    thread = school.ask()
    with writing() as session:
        place = thread_place(thread)
        messages.keep_draft(session, who=school.learner, place=place, text="Encore", now=school.clock.now)
        messages.note_read(session, who=school.learner, public_id=thread, seen=1, now=school.clock.now)
        messages.withdraw(session, learner=school.learner, public_id=thread, now=school.clock.now)
    assert school.waiting() == []


def unread_of(school: School) -> int:
    with reading() as connection:
        return connection.execute(select(unread_answers(school.learner.person_id))).scalar_one()


def note(school: School, thread: str, seen: int, who: SignedIn | None = None) -> None:
    with writing() as session:
        messages.note_read(session, who=who or school.learner, public_id=thread, seen=seen, now=school.clock.now)


def test_an_answer_is_unread_until_as_many_messages_were_read(school: School) -> None:
    thread = school.ask()
    assert unread_of(school) == 0
    school.answer(thread)
    write_again(school, thread, seen=1)
    assert unread_of(school) == 1
    note(school, thread, 2)
    note(school, thread, 1)
    assert unread_of(school) == 0
    school.answer(thread, seen=3)
    assert unread_of(school) == 1
    note(school, thread, 400)
    assert unread_of(school) == 0
    school.answer(thread, seen=4, text="Et pour rassurer.")
    assert unread_of(school) == 1


def test_a_question_is_unread_for_each_tutor_apart(school: School) -> None:
    thread = school.ask()
    assert school.queue().lines.rows[0].is_unread
    note(school, thread, 1, school.tutor)
    assert not school.queue().lines.rows[0].is_unread
    write_again(school, thread)
    assert school.queue().lines.rows[0].is_unread


def test_nobody_marks_what_they_may_not_read(school: School) -> None:
    thread = school.ask()
    for stranger, refusal in ((school.other_tutor, NotFound), (school.admin, Forbidden)):
        with pytest.raises(refusal):
            note(school, thread, 1, stranger)
