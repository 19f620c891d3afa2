"""One student's file and the choice of recipients, on both databases."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from deust.domain.errors import NotFound
from deust.domain.people import Dates
from deust.models.cohort import Contact
from deust.models.learning import ItemProgress
from deust.models.records import OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries.contacts import EventKind, get_followed, recipients, student_file
from deust.services import people
from tests.support import factories
from tests.support.clock import NOW
from tests.support.programmes import a_lesson
from tests.support.statements import statements

pytestmark = pytest.mark.both

HOUR = timedelta(hours=1)


class Place:
    def __init__(self, session):
        cohort = factories.cohort(session, title="Promotion A")
        group = factories.group(session, cohort, name="Groupe A")
        tutor = factories.person(session, role="tutor", given_name="Claire", family_name="Aubert")
        factories.tutoring(session, tutor, group)
        self.student = factories.person(session, family_name="Martin", given_name="Léa", email="lea@example.org")
        factories.enrolment(session, self.student, cohort, group_id=group.id)
        self.stranger = factories.student(session, cohort, family_name="Ailleurs", given_name="Noé")
        self.tutor = factories.signed_in(tutor)
        self.manager = factories.signed_in(factories.person(session, role="manager"))


@pytest.fixture
def place(database):
    with writing() as session:
        return Place(session)


def file_of(place, asker=None, position=1):
    with reading() as connection:
        return student_file(connection, asker=asker or place.tutor, person_id=place.student.id, position=position)


def test_everything_is_there_newest_first(place):
    with writing() as session:
        who = place.student.id
        session.add(
            ItemProgress(
                person_id=who,
                item_ref="ec101/un",
                opened_at=NOW - 9 * HOUR,
                touched_at=NOW,
                completed_at=NOW - 8 * HOUR,
                credited_minutes=20,
                checks_tried={},
            )
        )
        factories.attempt(
            session,
            place.student,
            started_at=NOW - 8 * HOUR,
            closed_at=NOW - 7 * HOUR,
            closed_by="person",
            score=Fraction(29, 4),
            awaiting=1,
        )
        factories.attempt(session, place.student, number=2, started_at=NOW - 6 * HOUR)
        session.add(
            Contact(person_id=who, by_id=place.tutor.person_id, made_at=NOW - 5 * HOUR, means="phone", note="Oui.")
        )
        tutor = place.tutor.person_id
        people.move_dates(session, a_lesson(), person_id=who, dates=Dates(due_at=NOW), by=tutor, now=NOW - 4 * HOUR)
        people.grant_accommodation(
            session, who, time_multiplier=Fraction(4, 3), extra_minutes=5, by=None, now=NOW - 3 * HOUR
        )
        for kind, hours in (("reset", 2), ("from-staff", 1)):
            session.add(
                OutboxMessage(
                    kind=kind,
                    recipient="lea@example.org",
                    payload={},
                    created_at=NOW - hours * HOUR,
                    next_try_at=NOW,
                )
            )
    events = file_of(place).events
    assert [event.kind for event in events] == [
        EventKind.MAIL,
        EventKind.ACT,
        EventKind.ACT,
        EventKind.CONTACT,
        EventKind.STARTED,
        EventKind.HANDED_IN,
        EventKind.DONE,
        EventKind.OPENED,
    ]
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    assert events[0].word == "reset"
    assert events[1].detail == {"time_multiplier": "4/3", "extra_minutes": 5}
    assert (events[2].detail, events[2].by) == ({"item": "ec131/accueillir"}, "Claire Aubert")
    assert (events[3].word, events[3].text, events[3].by) == ("phone", "Oui.", "Claire Aubert")
    assert (events[4].number, events[4].share) == (2, None)
    assert (events[5].share, events[5].awaiting, events[5].word) == (Fraction(29, 40), 1, "person")
    assert (events[6].number, events[6].ref) == (20, "ec101/un")
    assert events[0].at.tzinfo is not None


def test_a_student_is_known_with_the_effect_of_an_arrangement(place):
    with reading() as connection:
        student = get_followed(connection, asker=place.tutor, person_id=place.student.id)
    assert (student.name, student.cohort_title, student.group_name) == ("Martin Léa", "Promotion A", "Groupe A")
    assert not student.is_arranged


@pytest.mark.case("AZ-08")
def test_only_those_one_follows_are_there(place):
    """AZ-08."""
    with writing() as session:
        closed = factories.student(session, is_active=False).id
    everyone = [place.student.id, place.stranger.id, place.tutor.person_id, closed, 999_999]
    with reading() as connection:
        assert [each.name for each in recipients(connection, asker=place.tutor, ids=everyone)] == ["Martin Léa"]
        both = recipients(connection, asker=place.manager, ids=everyone)
        assert [each.name for each in both] == ["Ailleurs Noé", "Martin Léa"]
        assert recipients(connection, asker=factories.signed_in(place.student), ids=everyone) == ()
        for asker, person_id in (
            (place.tutor, place.stranger.id),
            (place.manager, place.tutor.person_id),
            (factories.signed_in(place.student), place.student.id),
        ):
            with pytest.raises(NotFound):
                get_followed(connection, asker=asker, person_id=person_id)


@pytest.mark.parametrize("times", [40, 80])
def test_the_number_of_statements_does_not_grow(place, times):
    with writing() as session:
        for number in range(times):
            session.add(
                Contact(
                    person_id=place.student.id,
                    by_id=place.tutor.person_id,
                    made_at=NOW - number * HOUR,
                    means="other",
                    note=str(number),
                )
            )
    with statements() as sent:
        page = file_of(place)
    assert len(sent) == 2
    assert (len(page.events), page.has_more) == (min(times, 50), times > 50)
    assert len(file_of(place, position=2).events) == max(0, times - 50)
