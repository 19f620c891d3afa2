"""What stands beside the queue: times really spent, what was given back, who is silent."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from deust.domain.flags import Silent
from deust.domain.people import SignedIn
from deust.models.assignments import Copy, MarkingEvent
from deust.models.cohort import FlagAside, FlagRules
from deust.models.learning import ItemProgress
from deust.models.people import Cohort, Group, ItemDates, Person
from deust.models.transaction import reading, writing
from deust.queries.cohort_facts import Snapshots
from deust.queries.queue_news import News, QueueNews, marking_minutes, queue_news
from deust.queries.silent import MOST_SHOWN, SilentList, silent_students
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.copies import Class
from tests.support.programmes import a_lesson, a_module, a_programme
from tests.support.statements import statements

pytestmark = pytest.mark.both

DAY = timedelta(days=1)
FIRST = a_lesson("un", due_week=2, minutes=30)
SECOND = a_lesson("deux", due_week=5, minutes=40)
PROGRAMME = a_programme([a_module(FIRST, SECOND)])
REF = "ec101-accueil/devoir"


class Place:
    """A cohort of two groups with a tutor of the first."""

    def __init__(self, session: Session) -> None:
        self.cohort = factories.cohort(session)
        self.group, self.other = (factories.group(session, self.cohort) for _ in range(2))
        tutor = factories.person(session, role="tutor")
        factories.tutoring(session, tutor, self.group)
        self.tutor = factories.signed_in(tutor)
        self.admin = factories.signed_in(factories.person(session, role="admin"))

    def student(self, session: Session, name: str, *, days: int | None = 12, group: Group | None = None) -> Person:
        """A student last seen so many days ago; None for who never came."""
        who = factories.person(session, family_name=name, given_name="X")
        factories.enrolment(session, who, self.cohort, group_id=(group or self.group).id)
        if days is not None:
            self.did(session, who, FIRST.ref, days)
        return who

    def did(self, session: Session, who: Person, ref: str, days: int) -> None:
        at = NOW - days * DAY
        session.add(
            ItemProgress(person_id=who.id, item_ref=ref, opened_at=at, touched_at=at, completed_at=at, checks_tried={})
        )

    def silent(self, who: SignedIn | None = None) -> SilentList:
        with reading() as connection:
            return silent_students(
                connection, Snapshots(), asker=who or self.tutor, programmes=lambda _id: PROGRAMME, now=NOW
            )

    def names(self, who: SignedIn | None = None) -> list[str]:
        return [each.name for each in self.silent(who).students]


@pytest.fixture
def place(database: Flask) -> Place:
    with writing() as session:
        return Place(session)


def test_who_is_silent_while_work_is_due_is_named_the_longest_first(place: Place) -> None:
    with writing() as session:
        place.student(session, "Douze")
        place.student(session, "Vingt", days=20)
        place.student(session, "Neuf", days=9)
        place.student(session, "Ailleurs", group=place.other)
        finished = place.student(session, "Fini")
        place.did(session, finished, SECOND.ref, 12)
    found = place.silent()
    assert [each.name for each in found.students] == ["X Vingt", "X Douze"]
    assert found.students[1].flag == Silent(days=12, due_soon=1, has_begun=True)
    assert (found.total, found.days) == (2, 10)
    assert place.names(place.admin) == [], "who follows everyone reads it in each cohort"


def test_who_never_came_is_silent_since_the_first_day(place: Place) -> None:
    with writing() as session:
        place.student(session, "Jamais", days=None)
    (found,) = place.silent().students
    assert (found.flag.has_begun, found.flag.due_soon) == (False, 2 - 1)


def test_the_cohort_s_rules_and_what_was_put_aside_count(place: Place) -> None:
    with writing() as session:
        who = place.student(session, "Douze")
        session.add(
            FlagAside(
                person_id=who.id, kind="silent", until_on=NOW.date() + DAY, by_id=place.tutor.person_id, put_at=NOW
            )
        )
    assert place.names() == []
    with writing() as session:
        session.execute(update(FlagAside).values(until_on=NOW.date()))
    assert place.names() == ["X Douze"]
    with writing() as session:
        rules = {"silent_days": 15, "due_days": 7, "failed_attempts": 0, "behind_percent": 0}
        session.add(FlagRules(cohort_id=place.cohort.id, **rules))
    assert place.names() == []
    with writing() as session:
        session.execute(update(FlagRules).values(silent_days=0))
    assert place.names() == []


def test_dates_moved_for_one_student_count_for_them(place: Place) -> None:
    with writing() as session:
        who = place.student(session, "Douze")
        session.add(ItemDates(person_id=who.id, item_ref=SECOND.ref, due_at=NOW + 40 * DAY))
    assert place.names() == []


def test_two_statements_and_a_few_names_whatever_their_number(place: Place) -> None:
    with writing() as session:
        place.student(session, "A")
    with statements() as few:
        place.silent()
    with writing() as session:
        for number in range(8):
            place.student(session, f"B{number}")
    with statements() as many:
        found = place.silent()
    assert len(few) == len(many) == 2
    assert (len(found.students), found.total) == (MOST_SHOWN, 9)


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


def marked(school: Class, minutes: list[list[float]], *, state: str = "released", waited: int = 2) -> None:
    """Copies of a student, each saved at these minutes, given back after so many days."""
    with writing() as session:
        author = session.get_one(Person, school.learner.person_id)
        for saves in minutes:
            attempt = factories.attempt(
                session, author, number=_number(), item_ref=REF, closed_at=NOW, closed_by="person"
            )
            copy = Copy(**_copy(school, attempt.id, state, waited))
            session.add(copy)
            session.flush()
            for version, minute in enumerate(saves):
                session.execute(insert(MarkingEvent), [_event(school, copy.id, version, minute)])


_last = [0]


def _number() -> int:
    _last[0] += 1
    return _last[0]


def _copy(school: Class, attempt_id: int, state: str, waited: int) -> dict[str, Any]:
    return {
        "public_id": secrets.token_hex(16),
        "attempt_id": attempt_id,
        "person_id": school.learner.person_id,
        "item_ref": REF,
        "title": "Devoir",
        "code": secrets.token_hex(3),
        "handed_in_at": NOW - DAY - waited * DAY,
        "due_back_at": NOW,
        "released_at": NOW - DAY if state == "released" else None,
        "out_of": 20,
        "terms": None,
        "declaration": {},
        "state": state,
    }


def _event(school: Class, copy_id: int, version: int, minute: float) -> dict[str, Any]:
    return {
        "copy_id": copy_id,
        "marker_id": school.tutor.person_id,
        "base_version": version,
        "version": version + 1,
        "outcome": "kept",
        "content": {},
        "at": NOW + timedelta(minutes=minute),
    }


def times() -> dict[str, int]:
    with reading() as connection:
        return dict(marking_minutes(connection))


def test_the_time_of_a_copy_is_the_median_really_spent(school: Class) -> None:
    marked(school, [[0, 5], [0, 6], [0, 3, 7], [0, 8]])
    assert times() == {}
    marked(school, [[0], [0, 0.1], [0, 600]])
    assert times() == {}, "saved once, at once, or left for hours: nothing is measured"
    marked(school, [[0, 20]], state="ready")
    assert times() == {REF: 7}
    marked(school, [[0, 1], [0, 1]], state="to-mark")
    assert times() == {REF: 7}, "a copy that waits still may take longer"


def news(school: Class, kept: QueueNews, who: SignedIn, later: timedelta = timedelta()) -> News:
    with reading() as connection:
        return queue_news(
            connection,
            kept,
            Snapshots(),
            marker=who,
            programmes=lambda _id: PROGRAMME,
            now=NOW + later,
        )


def test_what_was_given_back_in_seven_days_is_counted_for_those_who_follow(school: Class) -> None:
    marked(school, [[], [], []], waited=2)
    marked(school, [[]], waited=9)
    marked(school, [[]], state="ready")
    kept = QueueNews()
    assert (news(school, kept, school.tutor).released, news(school, kept, school.tutor).median_days) == (4, 2)
    assert (news(school, kept, school.stranger).released, news(school, kept, school.stranger).median_days) == (0, None)
    kept.forget(school.tutor.person_id)
    assert news(school, kept, school.tutor, 8 * DAY).released == 0


def test_news_are_kept_ten_minutes_for_each_and_forgotten_when_they_act(school: Class) -> None:
    kept = QueueNews()
    first = news(school, kept, school.tutor)
    with statements() as none:
        assert news(school, kept, school.tutor, timedelta(minutes=9)) is first
    assert none == []
    assert news(school, kept, school.second) is not first
    with statements() as again:
        assert news(school, kept, school.tutor, timedelta(minutes=10)) is not first
    assert len(again) <= 4
    kept.forget(school.tutor.person_id)
    assert kept.find(school.tutor.person_id, NOW) is None


def test_dates_are_those_of_a_calendar(place: Place) -> None:
    with writing() as session:
        session.execute(update(Cohort).values(week_one_on=date(2027, 9, 13)))
        place.student(session, "Tôt", days=None)
    assert place.names() == [], "a cohort that has not begun has nobody silent"
