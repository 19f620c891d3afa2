"""Acts of who follows students: what is kept, what leaves, and that nothing leaves twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from deust.domain.flags import FlagKind, InvalidRules, Rules
from deust.models.cohort import Contact, FlagAside, FlagRules
from deust.models.people import Cohort
from deust.models.records import AuditEvent, OutboxMessage
from deust.models.transaction import writing
from deust.services import cohort as services
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW

pytestmark = pytest.mark.both

SENDING = "0" * 32


@pytest.fixture
def tutor(database):
    with writing() as session:
        return factories.signed_in(factories.person(session, role="tutor", given_name="Claire", family_name="Aubert"))


@pytest.fixture
def students(database):
    with writing() as session:
        cohort = factories.cohort(session)
        return [factories.student(session, cohort, email=f"e{number}@example.org").id for number in range(3)]


def send(tutor, ids, sending=SENDING, subject="Des nouvelles"):
    with writing() as session:
        return services.write_to(
            session, ids, subject=subject, text="Où en êtes-vous ?", sending=sending, by=tutor, now=NOW
        )


def test_a_message_leaves_once_for_each_and_is_kept_as_a_contact(tutor, students):
    assert send(tutor, [*students[:2], students[0]]) == 2
    with writing() as session:
        mails = session.scalars(select(OutboxMessage).order_by(OutboxMessage.recipient)).all()
        assert [mail.recipient for mail in mails] == ["e0@example.org", "e1@example.org"]
        assert {mail.kind for mail in mails} == {"from-staff"}
        assert mails[0].payload["sender"] == "Claire Aubert"
        contacts = session.scalars(select(Contact)).all()
        assert {(row.person_id, row.means, row.note) for row in contacts} == {
            (person_id, "mail", "Des nouvelles\n\nOù en êtes-vous ?") for person_id in students[:2]
        }
        acts = session.scalars(select(AuditEvent.subject).where(AuditEvent.act == "contact:mail")).all()
        assert set(acts) == {f"person:{person_id}" for person_id in students[:2]}


def test_the_same_form_sent_twice_sends_nothing_more(tutor, students):
    assert send(tutor, students[:2]) == 2
    assert send(tutor, students[:2], subject="Autre chose") == 0
    assert send(tutor, students) == 1
    assert send(tutor, students, sending="1" * 32) == 3
    with writing() as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == len(session.scalars(select(Contact)).all()) == 6


def test_a_message_to_nobody_writes_nothing(tutor, students):
    assert send(tutor, []) == 0
    with writing() as session:
        assert session.scalars(select(Contact)).all() == []


def test_a_contact_is_added_and_never_changed(tutor, students):
    with writing() as session:
        for note, sending in (("Reprend lundi.", "a"), ("A repris.", "b"), ("A repris.", "b")):
            services.log_contact(
                session, students[0], means="phone", note=note, sending=sending, by=tutor.person_id, now=NOW
            )
    with writing() as session:
        assert session.scalars(select(Contact.note).order_by(Contact.id)).all() == ["Reprend lundi.", "A repris."]
        acts = session.scalars(select(AuditEvent).where(AuditEvent.act == "contact:log")).all()
        assert len(acts) == 2
        assert all("note" not in act.detail for act in acts)


def test_a_flag_put_aside_again_takes_the_new_day(tutor, students):
    for days in (3, 9):
        with writing() as session:
            services.put_aside(
                session,
                students[0],
                [FlagKind.SILENT],
                until_on=(NOW + timedelta(days=days)).date(),
                by=tutor.person_id,
                now=NOW,
            )
    with writing() as session:
        rows = session.scalars(select(FlagAside)).all()
        assert [(row.kind, row.until_on) for row in rows] == [("silent", (NOW + timedelta(days=9)).date())]


def test_rules_are_kept_once_a_cohort_and_refused_beyond_their_limits(tutor, students):
    with writing() as session:
        cohort_id = factories.cohort(session).id
        for days in (5, 6):
            services.set_rules(session, cohort_id, Rules(silent_days=days), by=tutor.person_id, now=NOW)
    with writing() as session:
        assert session.scalars(select(FlagRules.silent_days)).all() == [6]
        with pytest.raises(InvalidRules):
            services.set_rules(session, cohort_id, Rules(behind_percent=101), by=tutor.person_id, now=NOW)


def test_rules_and_flags_put_aside_by_two_presses_at_once_are_kept_once(database, tutor, students):
    with writing() as session:
        cohort_id = session.scalars(select(Cohort.id)).first()

    def press():
        with writing() as session:
            services.set_rules(session, cohort_id, Rules(silent_days=3), by=tutor.person_id, now=NOW)
            later = NOW.date() + timedelta(days=7)
            services.put_aside(session, students[0], FlagKind, until_on=later, by=tutor.person_id, now=NOW)

    at_once(database, [press] * 8)
    with writing() as session:
        assert session.scalars(select(FlagRules.silent_days)).all() == [3]
        assert len(session.scalars(select(FlagAside.kind)).all()) == len(FlagKind)
