"""The cohort view: who is in it, what each row says, and how few statements it asks."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import update

from bench.crowd import fill_cohort
from deust.domain.errors import NotFound
from deust.domain.flags import Behind, Failed, FlagKind, Rules, Silent
from deust.domain.learning import Kind
from deust.domain.progress import State
from deust.domain.quizzes import Mode
from deust.models.learning import ItemProgress
from deust.models.people import Enrolment, ItemDates
from deust.models.transaction import reading, writing
from deust.queries.cohort import Filter, Sort, Wish, chosen_rows, cohort_page
from deust.queries.cohort_facts import Snapshots
from deust.queries.cohort_heads import cohorts_of, get_cohort
from deust.queries.progress import progress_of
from deust.services import cohort as services
from tests.support import factories
from tests.support.clock import NOW
from tests.support.programmes import a_lesson, a_module, a_programme, a_quiz, an_announced
from tests.support.statements import statements

pytestmark = pytest.mark.both

DAY = timedelta(days=1)

FIRST = a_lesson("un", due_week=2, minutes=30)
SECOND = a_lesson("deux", due_week=5, minutes=40)
QUIZ = a_quiz("note", mode=Mode.GRADED, due_week=4, minutes=50)
EXAM = a_quiz("examen", mode=Mode.EXAM, due_week=6, minutes=20)
CALL = an_announced(due_week=3)
PROGRAMME = a_programme([a_module(FIRST, SECOND, QUIZ, EXAM, CALL)])
EXPECTED = 30 + 50


class Place:
    """A cohort of two groups with a tutor of the first."""

    def __init__(self, session):
        self.cohort = factories.cohort(session)
        self.group, self.other_group = factories.group(session, self.cohort), factories.group(session, self.cohort)
        tutor = factories.person(session, role="tutor")
        factories.tutoring(session, tutor, self.group)
        self.tutor = factories.signed_in(tutor)
        self.manager = factories.signed_in(factories.person(session, role="manager"))

    def student(self, session, family_name, *, group=None, started_on=None, **fields):
        row = factories.person(session, family_name=family_name, given_name="X", **fields)
        start = {"started_on": started_on} if started_on else {}
        factories.enrolment(session, row, self.cohort, group_id=(group or self.group).id, **start)
        return row


@pytest.fixture
def place(database):
    with writing() as session:
        return Place(session)


def did(session, who, item, **fields):
    values = {"opened_at": NOW - DAY, "touched_at": NOW - DAY, "checks_tried": {}, **fields}
    session.add(ItemProgress(person_id=who.id, item_ref=item.ref, **values))


def done(session, who, item, **fields):
    did(session, who, item, **{"completed_at": NOW - DAY, "credited_minutes": item.minutes, **fields})


def page_of(place, asker=None, *, snapshots=None, now=NOW, programme=PROGRAMME, **wished):
    with reading() as connection:
        return cohort_page(
            connection,
            snapshots or Snapshots(),
            asker=asker or place.manager,
            cohort_id=place.cohort.id,
            programmes=lambda _id: programme,
            wish=Wish(**wished),
            now=now,
        )


def exported(place, *, snapshots=None, now=NOW, programme=PROGRAMME):
    with reading() as connection:
        head = get_cohort(connection, asker=place.manager, cohort_id=place.cohort.id, programmes=lambda _id: programme)
        return chosen_rows(connection, snapshots or Snapshots(), asker=place.manager, head=head, wish=Wish(), now=now)


def names(page):
    return [row.name for row in page.rows]


def test_a_row_says_where_the_student_stands(place):
    with writing() as session:
        who = place.student(session, "Élan")
        done(session, who, FIRST)
        did(session, who, SECOND, read_permille=500)
        done(session, who, QUIZ, attempts_used=1, kept_share=Fraction(2, 3), is_passed=True)
        did(session, who, EXAM, attempts_used=1, kept_share=Fraction(1, 3), touched_at=NOW - 2 * DAY)
    page = page_of(place)
    (row,) = page.rows
    assert row.line.states == (State.DONE, State.STARTED, State.DONE, State.STARTED, State.SOON)
    assert (row.line.totals.done, row.line.totals.total, row.line.totals.minutes_left) == (2, 4, 20 + 20)
    assert row.seen_at == NOW - DAY
    assert row.credited_minutes == 80
    assert row.average == Fraction(1, 2)
    assert (row.flags, row.is_arranged) == ((), False)
    assert (page.semester, page.week, len(page.items)) == (1, 5, 5)


def test_each_reason_is_found_with_its_figures(place):
    with writing() as session:
        silent, failing = place.student(session, "A"), place.student(session, "B")
        for item in (FIRST, QUIZ):
            done(session, silent, item, touched_at=NOW - 12 * DAY)
        done(session, failing, FIRST)
        did(session, failing, QUIZ, attempts_used=2, kept_share=Fraction(1, 4))
        did(session, place.student(session, "C"), FIRST)
    rows = page_of(place).rows
    assert rows[0].flags == (Silent(days=12, due_soon=1, has_begun=True),)
    assert rows[1].flags == (
        Failed(ref=QUIZ.ref, attempts=2),
        Behind(credited_minutes=30, expected_minutes=EXPECTED),
    )
    assert rows[2].flags == (Behind(credited_minutes=0, expected_minutes=EXPECTED),)
    assert rows[0].average is None


def test_an_attempt_still_open_is_not_a_failure(place):
    with writing() as session:
        who = place.student(session, "A")
        done(session, who, FIRST)
        did(session, who, QUIZ, attempts_used=2, open_attempt="abc", kept_share=Fraction(1, 4))
        done(session, who, SECOND)
    assert page_of(place).rows[0].flags == ()


def test_filters_count_what_they_show(place):
    with writing() as session:
        fine, late, arranged = (place.student(session, name) for name in "ABC")
        for who in (fine, arranged):
            done(session, who, FIRST)
            done(session, who, QUIZ)
        done(session, late, FIRST)
        factories.accommodation(session, arranged, time_multiplier=Fraction(4, 3))
    page = page_of(place)
    assert page.counts == {Filter.ALL: 3, Filter.TO_CALL: 1, Filter.LATE: 1, Filter.ARRANGED: 1}
    assert names(page_of(place, filter=Filter.LATE)) == ["B X"]
    assert names(page_of(place, filter=Filter.ARRANGED)) == ["C X"]
    assert [row.is_arranged for row in page.rows] == [False, False, True]


def test_order_and_group_are_the_readers_choice(place):
    with writing() as session:
        for name, days, group in (("C", 1, place.group), ("é", 4, place.other_group), ("A", 2, place.group)):
            who = place.student(session, name, group=group)
            done(session, who, SECOND, touched_at=NOW - days * DAY, credited_minutes=days)
    assert names(page_of(place)) == ["A X", "C X", "é X"]
    assert names(page_of(place, sort=Sort.SEEN)) == ["é X", "A X", "C X"]
    assert names(page_of(place, sort=Sort.HOURS)) == ["C X", "A X", "é X"]
    assert names(page_of(place, group_id=place.other_group.id)) == ["é X"]
    assert names(page_of(place, sort=Sort.AVERAGE)) == ["A X", "C X", "é X"]


def test_dates_of_ones_own_move_what_is_late_and_what_is_expected(place):
    with writing() as session:
        who = place.student(session, "A")
        done(session, who, FIRST)
        factories.item_dates(session, QUIZ.ref, person_id=who.id, due_at=NOW + 2 * DAY)
        factories.item_dates(session, EXAM.ref, person_id=who.id, due_at=NOW - DAY, closes_at=NOW + 9 * DAY)
        did(session, who, SECOND, touched_at=NOW - 11 * DAY)
    page = page_of(place)
    (row,) = page.rows
    assert row.line.states[2:4] == (State.TODO, State.LATE)
    assert page.counts[Filter.LATE] == 1
    assert not [flag for flag in row.flags if flag.kind is FlagKind.BEHIND]
    with writing() as session:
        done(session, who, EXAM)
    assert page_of(place).counts[Filter.LATE] == 0


def test_rows_agree_with_what_the_student_sees(place):
    with writing() as session:
        who = place.student(session, "A")
        done(session, who, FIRST)
        did(session, who, QUIZ, attempts_used=1, kept_share=Fraction(1, 4))
        factories.item_dates(session, FIRST.ref, cohort_id=place.cohort.id, due_at=NOW + DAY)
        learner = factories.signed_in(who, place.cohort)
    with reading() as connection:
        progress = progress_of(connection, learner=learner, programme=PROGRAMME, now=NOW)
    seen = tuple(status.state for status in progress.statuses(PROGRAMME.modules["ec131"]))
    assert page_of(place).rows[0].line.states == seen


@pytest.mark.case("AZ-08")
def test_a_tutor_sees_and_counts_their_own_groups_only(place):
    """AZ-08."""
    with writing() as session:
        place.student(session, "A")
        place.student(session, "B", group=place.other_group)
        outsider = factories.signed_in(factories.person(session, role="tutor"))
        student = factories.signed_in(place.student(session, "C", group=place.other_group))
    page = page_of(place, place.tutor)
    assert names(page) == ["A X"]
    assert page.counts[Filter.ALL] == page.total == 1
    assert list(page.head.groups) == [place.group.id]
    assert page_of(place, place.tutor, group_id=place.other_group.id).rows == ()
    assert page_of(place).total == 3
    for asker in (outsider, student):
        with pytest.raises(NotFound):
            page_of(place, asker)
    with reading() as connection:
        assert [line.students for line in cohorts_of(connection, asker=place.tutor)] == [1]
        assert [line.students for line in cohorts_of(connection, asker=place.manager)] == [3]
        assert cohorts_of(connection, asker=outsider) == cohorts_of(connection, asker=student) == ()


def test_who_left_or_has_a_closed_account_is_not_there(place):
    with writing() as session:
        place.student(session, "A", is_active=False)
        gone = place.student(session, "B")
        session.query(Enrolment).filter_by(person_id=gone.id).one().ended_on = NOW.date()
    assert page_of(place).rows == ()


def test_a_row_that_left_the_scope_is_gone_at_once_and_its_figures_are_of_now(place):
    snapshots = Snapshots()
    with writing() as session:
        moving, staying = place.student(session, "A"), place.student(session, "B")
    assert len(page_of(place, place.tutor, snapshots=snapshots).rows) == 2
    with writing() as session:
        session.query(Enrolment).filter_by(person_id=moving.id).one().group_id = place.other_group.id
        done(session, staying, FIRST)
    page = page_of(place, place.tutor, snapshots=snapshots, now=NOW + timedelta(seconds=59))
    assert [(row.name, row.credited_minutes) for row in page.rows] == [("B X", 30)]
    assert page.taken_at == NOW
    later = page_of(place, place.tutor, snapshots=snapshots, now=NOW + timedelta(seconds=60))
    assert later.total == 1


def test_rules_changed_by_the_manager_apply_at_once(place):
    snapshots = Snapshots()
    with writing() as session:
        who = place.student(session, "A")
        did(session, who, QUIZ, attempts_used=1, kept_share=Fraction(1, 4))
    assert [flag.kind for flag in page_of(place, snapshots=snapshots).rows[0].flags] == [FlagKind.BEHIND]
    strict = Rules(silent_days=0, due_days=0, failed_attempts=1, behind_percent=0)
    with writing() as session:
        services.set_rules(session, place.cohort.id, strict, by=place.manager.person_id, now=NOW)
    page = page_of(place, snapshots=snapshots)
    assert [flag.kind for flag in page.rows[0].flags] == [FlagKind.FAILED]
    assert page.head.rules == strict


def test_failed_quizzes_are_said_in_the_order_of_the_programme(place):
    with writing() as session:
        for name, quizzes in (("A", (EXAM, QUIZ)), ("B", (QUIZ, EXAM))):
            who = place.student(session, name)
            for quiz in quizzes:
                did(session, who, quiz, attempts_used=2, kept_share=Fraction(1, 4))
    for rows in (page_of(place).rows, exported(place)):
        failed = [[flag.ref for flag in row.flags if isinstance(flag, Failed)] for row in rows]
        assert failed == [[QUIZ.ref, EXAM.ref]] * 2


def test_a_flag_put_aside_comes_back_on_its_day(place):
    snapshots = Snapshots()
    with writing() as session:
        who = place.student(session, "A")
    assert page_of(place, snapshots=snapshots).counts[Filter.TO_CALL] == 1
    with writing() as session:
        services.put_aside(
            session,
            who.id,
            [FlagKind.BEHIND, FlagKind.SILENT],
            until_on=(NOW + 3 * DAY).date(),
            by=place.tutor.person_id,
            now=NOW,
        )
    page = page_of(place, snapshots=snapshots)
    assert (page.counts[Filter.TO_CALL], page.rows[0].flags) == (0, ())
    assert {until for _, until in page.rows[0].aside} == {(NOW + 3 * DAY).date()}
    assert page_of(place, snapshots=snapshots, now=NOW + 3 * DAY).counts[Filter.TO_CALL] == 1


def test_an_empty_cohort_has_its_page(place):
    page = page_of(place)
    assert (page.rows, page.total, page.pages) == ((), 0, 1)


@pytest.mark.parametrize("times", [1, 2])
def test_the_number_of_statements_does_not_grow(place, times):
    items = [a_lesson(f"l{number}", due_week=1 + number % 8) for number in range(20 * times)]
    programme = a_programme([a_module(*items, a_quiz("note", mode=Mode.GRADED, due_week=3))])
    with writing() as session:
        people = fill_cohort(
            session,
            cohort_id=place.cohort.id,
            group_ids=[place.group.id, place.other_group.id],
            programme=programme,
            now=NOW,
            students=60 * times,
        )
        for person_id in people[: 5 * times]:
            factories.item_dates(session, items[0].ref, person_id=person_id, due_at=NOW + DAY)
    snapshots, counts = Snapshots(), []
    for asker in (place.manager, place.tutor, place.manager):
        with statements() as sent:
            page = page_of(place, asker, snapshots=snapshots, programme=programme)
        counts.append(len(sent))
        assert page.rows
    assert counts == [5, 4, 4]
    assert page.total == 60 * times
    with statements() as sent:
        page_of(place, snapshots=Snapshots(), programme=programme, filter=Filter.TO_CALL, position=2)
    assert len(sent) == 5


def test_counts_and_rows_agree_for_a_crowd(place):
    """What SQL counts for everyone is what each row says of itself."""
    items = [a_lesson(f"l{number}", due_week=1 + number % 8, minutes=10 + number) for number in range(12)]
    programme = a_programme([a_module(*items, *(a_quiz(f"q{n}", mode=Mode.GRADED, due_week=3 + n) for n in range(3)))])
    with writing() as session:
        people = fill_cohort(
            session, cohort_id=place.cohort.id, group_ids=[place.group.id], programme=programme, now=NOW, students=45
        )
        for number, person_id in enumerate(people[:20]):
            factories.item_dates(session, items[number % 12].ref, person_id=person_id, due_at=NOW + (number - 10) * DAY)
    page = page_of(place, programme=programme)
    flagged = {row.person_id for row in page.rows if row.flags}
    late = {row.person_id for row in page.rows if row.line.totals.late}
    assert 0 < len(flagged) < 45
    assert {row.person_id for row in page_of(place, programme=programme, filter=Filter.TO_CALL).rows} == flagged
    assert {row.person_id for row in page_of(place, programme=programme, filter=Filter.LATE).rows} == late
    assert page.counts[Filter.LATE] == len(late)


def test_the_head_alone_names_the_groups(place):
    with reading() as connection:
        head = get_cohort(connection, asker=place.manager, cohort_id=place.cohort.id, programmes=lambda _id: PROGRAMME)
    assert set(head.groups) == {place.group.id, place.other_group.id}
    assert replace(head, groups={}).rules == Rules()


def test_a_row_is_made_again_only_when_something_of_it_changed(place):
    with writing() as session:
        who, other = place.student(session, "A"), place.student(session, "B")
        did(session, who, QUIZ, attempts_used=1, kept_share=Fraction(1, 4))
        done(session, other, FIRST)
    snapshots = Snapshots()
    first, untouched = page_of(place, snapshots=snapshots).rows
    assert page_of(place, snapshots=snapshots).rows[0] is first
    changes = (
        {"kept_share": Fraction(3, 4)},
        {"credited_minutes": 5},
        {"attempts_used": 3},
        {"open_attempt": "abc"},
        {"touched_at": NOW - 2 * DAY},
        {"completed_at": NOW},
    )
    for change in changes:
        with writing() as session:
            session.execute(update(ItemProgress).where(ItemProgress.person_id == who.id).values(**change))
        again, same = page_of(place, snapshots=snapshots).rows
        assert again == page_of(place).rows[0]
        assert (again is first, same is untouched) == (False, True)
        first = again
    with writing() as session:
        factories.item_dates(session, FIRST.ref, person_id=who.id, due_at=NOW + DAY)
        services.put_aside(
            session, other.id, [FlagKind.BEHIND], until_on=NOW.date() + 3 * DAY, by=place.manager.person_id, now=NOW
        )
    assert page_of(place, snapshots=snapshots).rows == page_of(place).rows
    assert page_of(place, snapshots=snapshots).rows[1].aside


@pytest.mark.parametrize(("weeks", "semester"), [(0, 1), (5, 2), (40, 2)])
def test_the_semester_shown_is_the_one_where_something_is_due_and_then_the_last(place, weeks, semester):
    modules = [
        a_module(a_lesson("un", due_week=6)),
        a_module(a_lesson("deux", module="ec231", due_week=14), id="ec231"),
    ]
    programme = a_programme(modules)
    (year,) = programme.years
    (first, second), (unit,) = year.semesters, year.semesters[0].units
    units = [replace(unit, components=(component,)) for component in unit.components]
    semesters = (replace(first, units=(units[0],)), replace(second, units=(units[1],)))
    programme = replace(programme, years=(replace(year, semesters=semesters),))
    with writing() as session:
        place.student(session, "A")
    page = page_of(place, programme=programme, now=NOW + 7 * weeks * DAY)
    assert (page.semester, [item.module for item in page.items]) == (semester, [modules[semester - 1].id])


def test_a_quiz_that_left_the_courses_points_nobody_out(place):
    with writing() as session:
        who = place.student(session, "A")
        for item in (FIRST, QUIZ):
            done(session, who, item)
        did(session, who, a_quiz("parti"), attempts_used=3, kept_share=Fraction(0))
    assert page_of(place).rows[0].flags == exported(place)[0].flags == ()


def test_nobody_is_behind_for_what_was_due_before_they_came(place):
    with writing() as session:
        who = factories.person(session, family_name="A")
        factories.enrolment(session, who, place.cohort, group_id=place.group.id, started_on=(NOW - DAY).date())
    assert page_of(place).rows[0].flags == exported(place)[0].flags == ()
    assert (page_of(place).rows[0].line.totals.late, exported(place)[0].late) == (0, 0)
    assert page_of(place, filter=Filter.LATE).rows == ()
    with writing() as session:
        factories.item_dates(session, QUIZ.ref, person_id=who.id, due_at=NOW - DAY)
    behind = (Behind(credited_minutes=0, expected_minutes=QUIZ.minutes),)
    assert page_of(place).rows[0].flags == exported(place)[0].flags == behind


FORMER = a_lesson("zero", due_week=2, minutes=15, aliases=("ancien",))


@pytest.mark.parametrize("first", [a_lesson("zero", due_week=2, minutes=15), FORMER])
@pytest.mark.parametrize("seed", range(6))
def test_the_table_says_of_each_what_their_row_says(place, seed, first):
    """What the database counts is what is read item by item: moved dates, former names, who came late."""
    rng = random.Random(seed)
    items = [first, *(a_lesson(f"l{number}", due_week=1 + number % 7, minutes=10) for number in range(6))]
    quizzes = [a_quiz(f"q{number}", mode=Mode.GRADED, due_week=2 + number) for number in range(4)]
    waiting = [a_lesson("w1", due_week=3, requires=("l0", "q0")), a_quiz("w2", due_week=2, requires=("l1",))]
    programme = a_programme([a_module(*items, *quizzes, *waiting, an_announced(due_week=3))])
    everything = [*items, *quizzes, *waiting]
    with writing() as session:
        for number in range(40):
            started_on = (NOW - rng.randint(1, 30) * DAY).date() if number % 3 == 0 else None
            group = rng.choice((place.group, place.other_group))
            who = place.student(session, f"N{number:02}", group=group, started_on=started_on)
            for item in everything:
                _anything(session, who, item, rng)
            if number % 5 == 0:
                due_at = NOW + rng.randint(-20, 20) * DAY
                factories.item_dates(session, rng.choice(everything).ref, person_id=who.id, due_at=due_at)
            if number % 7 == 0:
                by, until_on = place.manager.person_id, NOW.date() + DAY
                services.put_aside(session, who.id, [FlagKind.BEHIND], until_on=until_on, by=by, now=NOW)
        factories.item_dates(session, rng.choice(everything).ref, cohort_id=place.cohort.id, due_at=NOW - DAY)
    for asker in (place.manager, place.tutor):
        with reading() as connection:
            head = get_cohort(connection, asker=asker, cohort_id=place.cohort.id, programmes=lambda _id: programme)
            asked = {"asker": asker, "head": head, "wish": Wish(), "now": NOW}
            with statements() as sent:
                found = chosen_rows(connection, Snapshots(), **asked)
        assert len(sent) <= 4
        assert [_told(row, row) for row in found] == [
            _told(row, row.line.totals) for row in page_of(place, asker, programme=programme).rows
        ]


def _anything(session, who, item, rng):
    kind = rng.choice(("nothing", "begun", "open", "tried", "done", "done"))
    if kind == "nothing":
        return
    is_quiz = item.kind is Kind.QUIZ
    fields = {"read_permille": 0 if is_quiz else rng.randint(0, 1000), "credited_minutes": rng.randint(0, 20)}
    if is_quiz and kind in ("open", "tried", "done"):
        fields |= {"attempts_used": rng.randint(1, 3), "kept_share": rng.choice((None, Fraction(1, 3), Fraction(3, 4)))}
        fields |= {"open_attempt": "abc"} if kind == "open" else {}
    if kind == "done":
        fields |= {"completed_at": NOW - DAY}
    did(session, who, item, **fields)
    if item.aliases and rng.random() < 0.5:
        session.flush()
        former = f"{item.module}/{item.aliases[0]}"
        session.execute(
            update(ItemProgress)
            .where(ItemProgress.person_id == who.id, ItemProgress.item_ref == item.ref)
            .values(item_ref=former)
        )


def _told(row, totals):
    return (
        *(row.name, row.email, row.student_number, row.group_name, row.seen_at, row.credited_minutes, row.average),
        *(set(row.flags), row.is_arranged, totals.done, totals.total, totals.late),
    )


class Weeks:
    """What happens in a cohort while one process keeps what it read of it."""

    def __init__(self, place, session, rng):
        self.place, self.rng, self.now = place, rng, NOW
        self.items = [FIRST, SECOND, QUIZ, EXAM]
        self.students = [place.student(session, f"N{number}") for number in range(8)]

    def go_on(self, session):
        self.now += timedelta(seconds=self.rng.choice((1, 20, 90, 2_000)))
        for act in self.rng.sample((self._work, self._work, self._leave_or_return, self._join, self._move_a_date), 3):
            act(session)

    def _work(self, session):
        who, item = self.rng.choice(self.students), self.rng.choice(self.items)
        written = {"changed_at": self.now, "completed_at": self.rng.choice((None, NOW)), "credited_minutes": 9}
        kept = ItemProgress.person_id == who.id, ItemProgress.item_ref == item.ref
        if not session.execute(update(ItemProgress).where(*kept).values(**written)).rowcount:
            did(session, who, item, **written, open_attempt=self.rng.choice((None, "abc")))

    def _leave_or_return(self, session):
        who = self.rng.choice(self.students)
        row = session.query(Enrolment).filter_by(person_id=who.id).one()
        row.ended_on = None if row.ended_on else NOW.date()

    def _join(self, session):
        """Someone who did something before they came."""
        who = self.place.student(session, f"Z{len(self.students)}")
        did(session, who, FIRST, changed_at=NOW - 30 * DAY, completed_at=NOW - 30 * DAY)
        self.students.append(who)

    def _move_a_date(self, session):
        who, due_at = self.rng.choice(self.students), NOW + self.rng.randint(-20, 20) * DAY
        if not session.query(ItemDates).filter_by(person_id=who.id).count():
            factories.item_dates(session, self.rng.choice(self.items).ref, person_id=who.id, due_at=due_at)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_and_what_changed_since_are_all_there_is(place, seed):
    """A process that keeps what it read says the same as one that has just started, whatever happened between."""
    rng, snapshots, programme = random.Random(seed), Snapshots(), PROGRAMME
    with writing() as session:
        weeks = Weeks(place, session, rng)
    for turn in range(12):
        with writing() as session:
            weeks.go_on(session)
        if turn == 8:
            weeks.items = [SECOND, EXAM, FORMER, QUIZ]
            programme = replace(a_programme([a_module(*weeks.items)]), version="2")
        now = weeks.now
        if rng.random() < 0.3:
            page_of(place, snapshots=snapshots, now=now, programme=programme)
        kept = exported(place, snapshots=snapshots, now=now, programme=programme)
        assert kept == exported(place, now=now, programme=programme)


def test_only_what_was_written_since_is_read_again(place):
    """What a transaction still held back when the others were read is found within five minutes."""
    snapshots, minute = Snapshots(), timedelta(minutes=1)
    with writing() as session:
        early, late = place.student(session, "A"), place.student(session, "B")
        for who in (early, late):
            did(session, who, FIRST, changed_at=NOW)
    exported(place, snapshots=snapshots, now=NOW + 10 * minute)
    with writing() as session:
        for who, changed_at in ((early, NOW + 4 * minute), (late, NOW + 6 * minute)):
            values = {"changed_at": changed_at, "credited_minutes": 30}
            session.execute(update(ItemProgress).where(ItemProgress.person_id == who.id).values(**values))
    rows = exported(place, snapshots=snapshots, now=NOW + 11 * minute)
    assert [row.credited_minutes for row in rows] == [0, 30]
    assert [row.credited_minutes for row in exported(place, now=NOW + 11 * minute)] == [30, 30]


def test_a_clock_set_back_reads_all_again(place):
    snapshots = Snapshots()
    with writing() as session:
        who = place.student(session, "A")
        did(session, who, FIRST)
    exported(place, snapshots=snapshots, now=NOW + DAY)
    with writing() as session:
        session.execute(update(ItemProgress).values(credited_minutes=30, changed_at=NOW))
    assert exported(place, snapshots=snapshots, now=NOW)[0].credited_minutes == 30
