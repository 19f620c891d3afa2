"""Accounts, cohorts, arrangements, and lists taken in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from deust.domain.access import Role
from deust.domain.errors import ImportRefused, InvalidPerson, NotFound
from deust.domain.freezing import frozen_settings
from deust.domain.people import Calendar, Dates
from deust.domain.quizzes import Mode
from deust.exchange.people import read_students
from deust.models.people import Accommodation, Cohort, Enrolment, Group, ItemDates, Person, Tutoring
from deust.models.quizzes import Attempt
from deust.models.records import AuditEvent, OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries.item_dates import dates_for
from deust.queries.people import account_page, find_student, students_page
from deust.services import people, signin
from deust.services.people_import import Action, ImportPlan, import_people, plan_import
from deust.services.quizzes import granted_to
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW
from tests.support.statements import statements

QUIZ = factories.quiz(time_seconds=1200)
EXAM = factories.quiz(quiz_id="examen", mode=Mode.EXAM, time_seconds=None, due_week=6)


def create(**fields: Any) -> Person:
    given = {"email": "lea@example.org", "given_name": "Léa", "family_name": "Roy", "role": Role.STUDENT}
    with writing() as session:
        return people.create_person(session, **{**given, **fields}, by=None, now=NOW)


@pytest.fixture
def promo(database: Flask) -> Cohort:
    with writing() as session:
        made = factories.cohort(session, code="promo-2026")
        for name in ("A", "B"):
            factories.group(session, made, name=name)
        return made


def attempt(person: Person, quiz: Any = QUIZ, **fields: Any) -> int:
    with writing() as session:
        row = Attempt(
            **{
                "public_id": f"{person.id:016}{quiz.id:0>16}",
                "person_id": person.id,
                "item_ref": quiz.ref,
                "number": 1,
                "item_version": "v1",
                "settings": frozen_settings(quiz.settings, title=quiz.title),
                "paper": [],
                "started_at": NOW,
                "time_seconds": quiz.settings.time_seconds,
                "deadline_at": NOW + timedelta(minutes=20),
                "out_of": Fraction(10),
                **fields,
            }
        )
        session.add(row)
        session.flush()
        return row.id


def deadline(attempt_id: int) -> datetime | None:
    with writing() as session:
        return session.get_one(Attempt, attempt_id).deadline_at


def test_two_accounts_never_share_an_address_or_a_number(database: Flask) -> None:
    create(student_number="22")
    for fields, reason in (
        ({"email": " LEA@Example.org "}, "email-taken"),
        ({"email": "lea2@example.org", "student_number": "22"}, "number-taken"),
        ({"email": "lea chez example"}, "email"),
        ({"email": "lea3@example.org", "family_name": " "}, "name"),
    ):
        with pytest.raises(InvalidPerson) as refused:
            create(**fields)
        assert refused.value.reason == reason


def test_an_enrolment_begins_on_the_day_that_it_is_where_the_cohort_lives(promo: Cohort) -> None:
    evening = datetime(2026, 9, 14, 22, 30, tzinfo=UTC)
    with writing() as session:
        student = factories.person(session)
        enrolment = people.enrol(session, student, cohort_id=promo.id, by=None, now=evening)
        assert enrolment.started_on == date(2026, 9, 15)


def test_only_students_are_enrolled_and_only_tutors_follow(promo: Cohort) -> None:
    tutor = create(email="tutrice@example.org", role=Role.TUTOR)
    student = create()
    with writing() as session:
        group = people.create_group(session, promo.id, name="A")
        people.assign_tutor(session, tutor, group_id=group.id, by=None, now=NOW)
        people.assign_tutor(session, tutor, group_id=group.id, by=None, now=NOW)
        assert len(session.scalars(select(Tutoring)).all()) == 1
    with pytest.raises(InvalidPerson), writing() as session:
        people.assign_tutor(session, student, group_id=group.id, by=None, now=NOW)
    with pytest.raises(InvalidPerson), writing() as session:
        people.enrol(session, tutor, cohort_id=promo.id, started_on=NOW.date(), by=None, now=NOW)


def test_someone_who_left_comes_back_to_their_own_place(promo: Cohort) -> None:
    student = create()
    with writing() as session:
        first = people.enrol(session, student, cohort_id=promo.id, started_on=date(2026, 9, 14), by=None, now=NOW)
        people.end_enrolment(session, first, ended_on=date(2026, 10, 1), by=None, now=NOW)
        again = people.enrol(session, student, cohort_id=promo.id, started_on=NOW.date(), by=None, now=NOW)
    assert (again.id, again.started_on, again.ended_on) == (first.id, date(2026, 9, 14), None)


@pytest.mark.both
@pytest.mark.parametrize(("until", "attempts"), [(NOW - timedelta(days=300), 2), (NOW + timedelta(days=3), 0)])
def test_who_begins_again_follows_the_calendar_of_their_new_cohort(
    promo: Cohort, until: datetime, attempts: int
) -> None:
    """Extended last year, a quiz was closed before the year began. What is still to come stays theirs."""
    quiz, student = factories.quiz(mode=Mode.GRADED, due_week=8), create()
    dates = Dates(due_at=until, extra_attempts=attempts)
    with writing() as session:
        old = factories.cohort(session, week_one_on=date(2025, 9, 15))
        former = people.enrol(session, student, cohort_id=old.id, by=None, now=NOW - timedelta(days=390))
        people.move_dates(session, quiz, person_id=student.id, dates=dates, by=None, now=NOW - timedelta(days=310))
        people.end_enrolment(session, former, ended_on=date(2026, 7, 1), by=None, now=NOW - timedelta(days=100))
        for _ in range(2):
            people.enrol(session, student, cohort_id=promo.id, by=None, now=NOW)
    calendar = Calendar(week_one_on=promo.week_one_on)
    with reading() as connection:
        found = dates_for(connection, item=quiz, person_id=student.id).dates
    assert found.due_at == (until if until > NOW else calendar.end_of(8))
    assert found.extra_attempts == attempts


def test_dates_that_are_over_stay_for_who_comes_back_to_the_same_cohort(promo: Cohort) -> None:
    quiz, student, due_at = factories.quiz(mode=Mode.GRADED), create(), NOW - timedelta(days=3)
    with writing() as session:
        place = people.enrol(session, student, cohort_id=promo.id, by=None, now=NOW - timedelta(days=9))
        people.move_dates(session, quiz, person_id=student.id, dates=Dates(due_at=due_at), by=None, now=NOW)
        people.end_enrolment(session, place, ended_on=NOW.date(), by=None, now=NOW)
        people.enrol(session, student, cohort_id=promo.id, by=None, now=NOW)
    with reading() as connection:
        assert dates_for(connection, item=quiz, person_id=student.id).dates.due_at == due_at


@pytest.mark.both
def test_extra_time_moves_the_attempts_that_are_open_at_once(promo: Cohort) -> None:
    student, other = create(), create(email="zoe@example.org")
    open_one, others = attempt(student), attempt(other)
    with writing() as session:
        moved = people.grant_accommodation(
            session, student.id, time_multiplier=Fraction(4, 3), extra_minutes=10, by=None, now=NOW
        )
    assert moved == 1
    assert deadline(open_one) == NOW + timedelta(minutes=37)
    assert deadline(others) == NOW + timedelta(minutes=20)
    with writing() as session:
        people.grant_accommodation(session, student.id, time_multiplier=Fraction(1), extra_minutes=0, by=None, now=NOW)
        assert session.get(Accommodation, student.id) is None
    assert deadline(open_one) == NOW + timedelta(minutes=20)


def test_only_the_effect_of_an_arrangement_is_kept(promo: Cohort) -> None:
    """PV-09."""
    student = create()
    with writing() as session:
        people.grant_accommodation(
            session, student.id, time_multiplier=Fraction(4, 3), extra_minutes=0, by=None, now=NOW
        )
        kept = session.scalars(select(AuditEvent).where(AuditEvent.act == "accommodation:grant")).one()
    assert kept.detail == {"time_multiplier": "4/3", "extra_minutes": 0}
    assert {column.name for column in Accommodation.__table__.columns} == {
        "person_id",
        "time_multiplier",
        "extra_minutes",
        "granted_at",
    }


@pytest.mark.parametrize(
    ("multiplier", "minutes"), [(Fraction(1, 2), 0), (Fraction(5), 0), (Fraction(1), -1), (Fraction(1), 481)]
)
def test_an_arrangement_gives_time_within_reason(database: Flask, multiplier: Fraction, minutes: int) -> None:
    student = create()
    with pytest.raises(InvalidPerson), writing() as session:
        people.grant_accommodation(
            session, student.id, time_multiplier=multiplier, extra_minutes=minutes, by=None, now=NOW
        )


def test_staff_get_no_arrangement(database: Flask) -> None:
    tutor = create(role=Role.TUTOR)
    with pytest.raises(NotFound), writing() as session:
        people.grant_accommodation(session, tutor.id, time_multiplier=Fraction(2), extra_minutes=0, by=None, now=NOW)


def test_moved_dates_close_open_attempts_later(promo: Cohort) -> None:
    """A cohort's new date moves everyone's, except who has a date of their own."""
    closing = datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)
    students = [create(email=f"e{number}@example.org") for number in range(2)]
    with writing() as session:
        for student in students:
            people.enrol(session, student, cohort_id=promo.id, started_on=date(2026, 9, 14), by=None, now=NOW)
    attempts = [attempt(student, EXAM, closes_at=closing, deadline_at=closing) for student in students]
    later, own = closing + timedelta(days=2), closing + timedelta(days=7)
    with writing() as session:
        people.move_dates(session, EXAM, person_id=students[0].id, dates=Dates(closes_at=own), by=None, now=NOW)
        people.move_dates(session, EXAM, cohort_id=promo.id, dates=Dates(closes_at=later), by=None, now=NOW)
    assert [deadline(each) for each in attempts] == [own, later]
    with writing() as session:
        people.move_dates(session, EXAM, person_id=students[0].id, dates=Dates(), by=None, now=NOW)
        people.move_dates(session, EXAM, cohort_id=promo.id, dates=Dates(), by=None, now=NOW)
    assert [deadline(each) for each in attempts] == [closing, closing]


@pytest.mark.both
def test_dates_move_also_for_what_was_begun_under_a_former_name(promo: Cohort) -> None:
    """The exam was renamed while an attempt was open and after dates had been moved: the new date is the only one."""
    closing = datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)
    renamed = factories.quiz(quiz_id="bilan", aliases=("examen",), mode=Mode.EXAM, time_seconds=None, due_week=6)
    student = create()
    with writing() as session:
        people.enrol(session, student, cohort_id=promo.id, started_on=date(2026, 9, 14), by=None, now=NOW)
    running = attempt(student, EXAM, closes_at=closing, deadline_at=closing)
    first, second = closing + timedelta(days=2), closing + timedelta(days=7)
    for item, later in ((EXAM, first), (renamed, second)):
        with writing() as session:
            moved = {"person_id": student.id, "dates": Dates(closes_at=later, extra_attempts=1)}
            assert people.move_dates(session, item, **moved, by=None, now=NOW) == 1
        assert deadline(running) == later
    learner = factories.signed_in(student, promo)
    with writing() as session:
        dates = granted_to(session, learner=learner, quiz=renamed).dates
        assert (dates.closes_at, dates.extra_attempts) == (second, 1)
        people.move_dates(session, renamed, person_id=student.id, dates=Dates(), by=None, now=NOW)
    assert deadline(running) == closing


@pytest.mark.both
def test_time_and_dates_granted_by_two_presses_at_once_are_kept_once(database: Flask, promo: Cohort) -> None:
    student = create()

    def press() -> None:
        with writing() as session:
            people.move_dates(session, EXAM, cohort_id=promo.id, dates=Dates(due_at=NOW), by=None, now=NOW)
            people.move_dates(session, EXAM, person_id=student.id, dates=Dates(due_at=NOW), by=None, now=NOW)
            granted_time = {"time_multiplier": Fraction(4, 3), "extra_minutes": 5}
            people.grant_accommodation(session, student.id, **granted_time, by=None, now=NOW)

    at_once(database, [press] * 8)
    with reading() as connection:
        assert connection.scalar(select(func.count()).select_from(ItemDates)) == 2
        assert connection.scalar(select(func.count()).select_from(Accommodation)) == 1


# Lists taken in


def table(*rows: str, header: str = "nom;prénom;courriel;numéro étudiant;groupe") -> bytes:
    return "\n".join((header, *rows)).encode()


def plan(raw: bytes) -> ImportPlan:
    with writing() as session:
        return plan_import(session, read_students(raw), cohort_code="promo-2026")


def take(raw: bytes) -> ImportPlan:
    with writing() as session:
        made = plan_import(session, read_students(raw), cohort_code="promo-2026")
        import_people(session, made, by=None, now=NOW)
    return made


def actions(made: ImportPlan) -> list[str]:
    return [row.action.value for row in made.rows]


def problems(made: ImportPlan) -> set[tuple[int, str]]:
    return {(problem.line, problem.problem) for problem in made.problems}


def people_count() -> int:
    with reading() as connection:
        return students_page(connection).total


TWO = table("Roy;Léa;lea@example.org;1;A", "L'Haÿ;Zoë;zoe@example.org;2;B")


@pytest.mark.both
def test_a_list_creates_enrols_and_taken_again_changes_nothing(promo: Cohort) -> None:
    assert actions(take(TWO)) == ["create", "create"]
    assert actions(take(TWO)) == ["unchanged", "unchanged"]
    with writing() as session:
        zoe = people.find_person(session, "zoe@example.org")
        place = session.scalars(select(Enrolment).where(Enrolment.person_id == zoe.id)).one()
        assert session.get_one(Group, place.group_id).name == "B"
        assert (zoe.family_name, zoe.role, zoe.password_hash) == ("L'Haÿ", "student", None)
    assert people_count() == 2


@pytest.mark.both
def test_a_list_takes_as_many_statements_however_long_and_tells_of_each_row(promo: Cohort) -> None:
    """Whoever answers a quiz meanwhile on SQLite waits until it is taken: thousands of rows must not take seconds."""

    def invite(first: int, last: int) -> int:
        rows = (f"Nom{number};É;e{number}@example.org;{number};A" for number in range(first, last))
        with statements() as found, writing() as session:
            made = plan_import(session, read_students(table(*rows)), cohort_code="promo-2026")
            new = import_people(session, made, by=None, now=NOW)
            signin.invite_all(session, new, by=None, base_url="https://deust.example", now=NOW)
        assert [person.email for person in new] == [f"e{number}@example.org" for number in range(first, last)]
        return len(found)

    def rename(count: int) -> int:
        with statements() as found:
            take(table(*(f"AUTRE{number};É;e{number}@example.org;{number};B" for number in range(count))))
        return len(found)

    assert invite(0, 20) == invite(20, 80)
    assert rename(20) == rename(80)
    with reading() as connection:
        acts = dict(connection.execute(select(AuditEvent.act, func.count()).group_by(AuditEvent.act)).all())
        mails = connection.execute(select(OutboxMessage.recipient, OutboxMessage.payload)).all()
        places = connection.execute(select(Group.name, func.count()).join(Enrolment).group_by(Group.name)).all()
    each = dict.fromkeys(("person:create", "enrolment:start", "link:invite"), 80)
    assert acts == {**each, "people:import": 4, "person:modify": 80}
    assert {mail.recipient for mail in mails} == {f"e{number}@example.org" for number in range(80)}
    assert len({mail.payload["link"] for mail in mails}) == 80
    assert places == [("B", 80)]


@pytest.mark.both
def test_a_row_without_a_group_leaves_the_student_in_theirs(promo: Cohort) -> None:
    take(TWO)
    assert actions(take(table("ROY;Léa;lea@example.org;1;"))) == ["modify"]
    with writing() as session:
        lea = people.find_person(session, "lea@example.org")
        place = session.scalars(select(Enrolment).where(Enrolment.person_id == lea.id)).one()
        assert (lea.family_name, session.get_one(Group, place.group_id).name) == ("ROY", "A")


def test_a_plan_changes_nothing(promo: Cohort) -> None:
    assert actions(plan(TWO)) == ["create", "create"]
    assert people_count() == 0


def test_one_bad_line_among_many_and_nothing_is_taken(promo: Cohort) -> None:
    """IM-02."""
    rows = [f"Nom{number};Prénom{number};e{number}@example.org;{number};A" for number in range(1285)]
    rows[698] = "Nom;Prénom;pas une adresse;698;A"
    rows[1200] = "Nom;;e1200@example.org;1200;Z"
    with pytest.raises(ImportRefused):
        take(table(*rows))
    assert people_count() == 0
    assert problems(plan(table(*rows))) == {(700, "not-an-email"), (1202, "missing"), (1202, "group-unknown")}


def test_people_are_matched_by_number_then_by_address(promo: Cohort) -> None:
    """IM-03."""
    take(TWO)
    made = take(
        table("ROY;Léa;lea.roy@example.org;1;B", "L'Haÿ;Zoë;ZOE@example.org;;", "Nouveau;Léo;leo@example.org;;")
    )
    assert actions(made) == ["modify", "unchanged", "create"]
    assert {(change.field, change.before, change.after) for change in made.rows[0].changes} == {
        ("family_name", "Roy", "ROY"),
        ("email", "lea@example.org", "lea.roy@example.org"),
        ("group", "A", "B"),
    }
    numbered = take(table("Nouveau;Léo;leo@example.org;3;"))
    assert [(change.field, change.after) for change in numbered.rows[0].changes] == [("student_number", "3")]
    assert people_count() == 3


def test_ambiguous_people_are_listed_never_merged(promo: Cohort) -> None:
    take(TWO)
    made = plan(
        table(
            "Roy;Léa;zoe@example.org;1;A",
            "Autre;Zoé;zoe@example.org;9;A",
            "roy;LEA;lea.bis@example.org;8;A",
        )
    )
    assert problems(made) == {(2, "email-of-another"), (3, "other-number"), (3, "twice")}
    assert made.rows[2].action is Action.CREATE
    assert made.rows[2].homonym_of == "lea@example.org"


def test_two_rows_never_are_one_person(promo: Cohort) -> None:
    """One by her number with a new address, one by her former address: a second student would get the first's marks."""
    take(TWO)
    list_of_both = table("Roy;Léa;lea.roy@example.org;1;A", "Martin;Bob;lea@example.org;;A")
    made = plan(list_of_both)
    assert problems(made) == {(3, "same-person")}
    assert [problem.value for problem in made.problems] == ["lea@example.org (2)"]
    with pytest.raises(ImportRefused):
        take(list_of_both)


def test_only_students_of_this_cohort_come_in(promo: Cohort) -> None:
    """IM-04: no role, no other cohort's group, no other programme, no account of staff, no closed account."""
    create(email="tutrice@example.org", role=Role.TUTOR)
    closed = create(email="ferme@example.org")
    with writing() as session:
        factories.group(session, factories.cohort(session, programme="autre"), name="C")
        session.get_one(Person, closed.id).is_active = False
    made = plan(
        table(
            "Roy;Léa;lea@example.org;admin;A;promo-2026",
            "Roy;Léa;lea2@example.org;étudiante;C;",
            "Roy;Léa;lea3@example.org;;A;autre",
            "Roy;Léa;tutrice@example.org;;A;",
            "Roy;Léa;ferme@example.org;;A;",
            "Roy;Léa;lea4@example.org;Étudiant;A;PROMO-2026",
            header="nom;prénom;courriel;rôle;groupe;promotion",
        )
    )
    assert problems(made) == {
        (2, "role-refused"),
        (3, "group-unknown"),
        (4, "other-cohort"),
        (5, "not-a-student"),
        (6, "account-closed"),
    }
    assert made.rows[5].action is Action.CREATE


def test_nobody_is_removed_silently(promo: Cohort) -> None:
    take(TWO)
    made = take(table("Roy;Léa;lea@example.org;1;A"))
    assert made.absent == ("zoe@example.org",)
    with writing() as session:
        assert [row.ended_on for row in session.scalars(select(Enrolment))] == [None, None]


def test_someone_who_left_is_enrolled_again(promo: Cohort) -> None:
    take(TWO)
    with writing() as session:
        place = session.scalars(select(Enrolment).order_by(Enrolment.id)).first()
        people.end_enrolment(session, place, ended_on=date(2026, 10, 1), by=None, now=NOW)
    assert actions(plan(TWO)) == ["enrol", "unchanged"]
    take(TWO)
    assert actions(plan(TWO)) == ["unchanged", "unchanged"]


def test_an_unknown_cohort_is_refused(database: Flask) -> None:
    with pytest.raises(NotFound):
        plan(TWO)


# Pages


def test_a_search_finds_every_word_without_accents(promo: Cohort) -> None:
    take(TWO)
    with reading() as connection:
        assert [line.name for line in students_page(connection, search="hay zoe").lines] == ["L'Haÿ Zoë"]
        assert [line.name for line in students_page(connection, search="LÉA promotion").lines] == ["Roy Léa"]
        assert students_page(connection, search="inconnue").lines == ()


def test_the_list_is_cut_in_pages_in_french_order(promo: Cohort) -> None:
    take(table(*(f"Nom{number:03};É;e{number}@example.org;;" for number in range(120))))
    with reading() as connection:
        pages = [students_page(connection, position=position) for position in (0, 1, 3, 99)]
    assert [(page.position, len(page.lines)) for page in pages] == [(1, 50), (1, 50), (3, 20), (3, 20)]
    assert pages[2].lines[-1].name == "Nom119 É"


def test_a_student_of_two_cohorts_stands_once_under_the_latest(promo: Cohort) -> None:
    take(TWO)
    with writing() as session:
        lea = people.find_person(session, "lea@example.org")
        newer = factories.cohort(session, title="Promotion suivante")
        people.enrol(session, lea, cohort_id=newer.id, started_on=date(2027, 9, 13), by=None, now=NOW)
    with reading() as connection:
        found = [line.cohort_title for line in students_page(connection, search="roy").lines]
        assert found == ["Promotion suivante"]
        assert account_page(connection, person_id=lea.id, session_hash="", now=NOW).cohort_title == found[0]


def test_the_manager_s_page_of_someone_who_is_no_student_does_not_exist(database: Flask) -> None:
    tutor = create(role=Role.TUTOR)
    with reading() as connection:
        assert find_student(connection, person_id=tutor.id) is None
        assert find_student(connection, person_id=999) is None
