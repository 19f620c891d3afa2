from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update

from deust.domain.access import Role
from deust.domain.disclosure import FEWEST
from deust.domain.errors import NotFound
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.quiz_report import QuestionFigures
from deust.domain.quiz_scope import Which
from deust.models.people import Cohort, Enrolment, Group, Person, Tutoring
from deust.models.quizzes import AnswerEvent, Attempt, AttemptMarks
from deust.models.transaction import reading, writing
from deust.queries import papers
from deust.queries.quiz_report import ReportPage, question_page, report_page
from deust.queries.quiz_report_kept import Reports, kept_report
from tests.support import factories
from tests.support.clock import NOW
from tests.support.cohorts import Answers, group_that_sat, sat
from tests.support.statements import statements

pytestmark = pytest.mark.both

QUIZ = factories.quiz(factories.single("a"), factories.short("b"), factories.question("c"))
RIGHT = {"a": 2, "b": "reformulation", "c": True}
WRONG = {"a": 1, "b": "relance", "c": False}


@pytest.fixture
def admin(database: Flask) -> SignedIn:
    with writing() as session:
        return factories.signed_in(factories.person(session, role=Role.ADMIN.value))


@pytest.fixture
def tutor(database: Flask) -> Person:
    with writing() as session:
        return factories.person(session, role=Role.TUTOR.value)


def fill(quiz: Quiz, *groups: Sequence[Answers], tutor: Person | None = None) -> list[int]:
    """Groups of one cohort, one student a paper; the tutor follows them."""
    with writing() as session:
        of = factories.cohort(session)
        return [group_that_sat(session, quiz, of, papers_, tutor=tutor)[0].id for papers_ in groups]


def read(reviewer: SignedIn, quiz: Quiz = QUIZ, which: Which = Which.FIRST, group: int | None = None) -> ReportPage:
    with reading() as connection:
        return report_page(connection, reviewer=reviewer, quiz=quiz, which=which, group=group)


def figures(page: ReportPage, id_: str) -> QuestionFigures:
    return next(one for one in page.questions if one.id == id_)


def test_the_figures_of_a_group(admin: SignedIn) -> None:
    """Ten all right, ten all wrong: mean 10, and each question goes with the others."""
    fill(QUIZ, [RIGHT] * 10 + [WRONG] * 10)
    page = read(admin)
    assert page.summary is not None
    assert (page.count, page.summary.mean, page.summary.median, page.summary.deviation) == (20, 10, 10, 10)
    assert [(bar.low, bar.high, bar.count) for bar in page.bars] == [(0, 2, 10), (2, 20, 10)]
    single, short = figures(page, "a"), figures(page, "b")
    assert (single.asked, single.answered, single.success, single.discrimination) == (20, 20, Fraction(1, 2), 1)
    assert [(option.count, option.is_right) for option in single.options] == [(10, False), (10, True), (0, False)]
    assert [(one.typed, one.count) for one in short.wrong] == [("relance", 10)]
    assert page.to_review == ()


def test_a_student_of_two_groups_is_counted_in_the_latest(admin: SignedIn) -> None:
    """As every other page places them."""
    first, second = fill(QUIZ, [RIGHT] * 6, [WRONG] * 6)
    with writing() as session:
        moved = session.scalars(select(Enrolment.person_id).where(Enrolment.group_id == first)).all()
        cohort = factories.cohort(session)
        latest = factories.group(session, cohort)
        place = {"group_id": latest.id, "started_on": cohort.week_one_on + timedelta(days=1)}
        for person_id in moved:
            factories.enrolment(session, session.get_one(Person, person_id), cohort, **place)
    assert {one.id: read(admin, group=one.id).count for one in read(admin).groups} == {second: 6, latest.id: 6}


def test_a_hard_or_unclear_question_is_to_be_reviewed(admin: SignedIn) -> None:
    weak = {**RIGHT, "a": 1}
    strong = {"a": 2, "b": "relance", "c": False}
    fill(QUIZ, [weak] * 20 + [strong] * 5)
    found = figures(read(admin), "a")
    assert (found.success, found.discrimination) == (Fraction(1, 5), -1)
    assert (found.is_hard, found.is_unclear) == (True, True)


def test_below_twenty_answers_nothing_is_judged(admin: SignedIn) -> None:
    fill(QUIZ, [WRONG] * 14 + [RIGHT] * 5)
    assert read(admin).to_review == ()
    fill(QUIZ, [WRONG])
    assert read(admin).to_review != ()


def test_the_figures_of_a_question_are_those_of_the_group_looked_at(admin: SignedIn) -> None:
    groups = fill(QUIZ, [RIGHT] * 10 + [WRONG] * 10, [RIGHT] * 6 + [WRONG] * 18)
    pages = [read(admin, group=group) for group in (None, *groups)]
    found = [figures(page, "c") for page in pages]
    assert [(one.asked, one.success) for one in found] == [
        (44, Fraction(16, 44)),
        (20, Fraction(1, 2)),
        (24, Fraction(1, 4)),
    ]


def test_fewer_than_five_students_are_never_told(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 4)
    page = read(admin)
    assert (page.count, page.summary, page.bars, page.questions, page.groups) == (None, None, (), (), ())


def test_a_rare_answer_is_not_told_nor_found_by_subtraction(admin: SignedIn) -> None:
    """Two of twenty chose option 1: neither their count, nor that of the rest, nor the success rate that gives it."""
    fill(QUIZ, [RIGHT] * 18 + [{**RIGHT, "a": 1}] * 2)
    found = figures(read(admin), "a")
    assert [option.count for option in found.options] == [None, None, 0]
    assert found.success is None
    assert found.answered == 20


def test_the_mean_less_the_other_questions_gives_no_hidden_success(admin: SignedIn) -> None:
    """One success rate is not told: the mean of the quiz, less those that are, would give it."""
    fill(QUIZ, [RIGHT] * 9 + [{**WRONG, "a": 2}] * 9 + [{**RIGHT, "a": 1}] * 2)
    page = read(admin)
    assert [one.success for one in page.questions] == [None, Fraction(11, 20), Fraction(11, 20)]
    assert not page.tells_mean


def test_a_quiz_of_one_question_tells_no_mean_that_counts_a_few(admin: SignedIn) -> None:
    quiz = factories.quiz(factories.matching("m"))
    fill(quiz, [{"m": [1, 2]}] * 18 + [{"m": [1, None]}] * 2)
    assert not read(admin, quiz).tells_mean


def test_the_asked_of_two_versions_never_tell_a_third(admin: SignedIn) -> None:
    """Asked of 12, 6 and 2: the 6 are not told either, for 20 less both would be the 2."""
    for stem, size in (("", 12), ("Autrement ?", 6), ("Encore ?", 2)):
        fill(replace(QUIZ, questions=(factories.single("a", stem=stem), *QUIZ.questions[1:])), [RIGHT] * size)
    rows = [one for one in read(admin).questions if one.id == "a"]
    assert [one.asked for one in rows if one.is_told] == [12]


def test_a_group_s_success_less_everyone_never_tells_another_s(admin: SignedIn) -> None:
    """In one group of two, two were wrong: that group is silent, and so is the other, whose rate would give it."""
    groups = fill(QUIZ, [RIGHT] * 8 + [WRONG] * 2, [RIGHT] * 6 + [WRONG] * 6)
    assert figures(read(admin), "c").success == Fraction(14, 22)
    assert [figures(read(admin, group=group), "c").success for group in groups] == [None, None]
    assert [read(admin, group=group).tells_mean for group in groups] == [False, False]


def test_a_rare_wrong_answer_is_not_told(admin: SignedIn) -> None:
    """Of eight wrong answers, six alike: telling six would tell of the two others."""
    fill(QUIZ, [RIGHT] * 12 + [{**RIGHT, "b": "relance"}] * 6 + [{**RIGHT, "b": "écoute"}] * 2)
    assert figures(read(admin), "b").wrong == ()


def test_a_small_group_is_not_offered_nor_the_one_that_would_give_it(admin: SignedIn) -> None:
    """Groups of 10, 8 and 3: with the 10 and the 8, everyone less both is the 3."""
    large, middle, small = fill(QUIZ, [RIGHT] * 10, [WRONG] * 8, [RIGHT] * 3)
    page = read(admin)
    assert [group.id for group in page.groups] == [large]
    for hidden in (middle, small):
        assert read(admin, group=hidden).group is None


def test_what_a_group_shows_less_everyone_never_tells_of_a_few(admin: SignedIn) -> None:
    """Every count of an option, over every group and all of them: no sum or difference is of one to four students."""
    options = [{**RIGHT, "a": number} for number in (1, 2, 3)]
    groups = fill(
        QUIZ,
        [options[0]] * 6 + [options[1]] * 6 + [options[2]] * 2,
        [options[0]] * 1 + [options[1]] * 9 + [options[2]] * 5,
        [options[0]] * 5 + [options[1]] * 5 + [options[2]] * 7,
    )
    everyone = read(admin)
    told = [everyone, *(read(admin, group=group) for group in groups)]
    for place in range(3):
        counts = [figures(page, "a").options[place].count for page in told]
        assert all(count is None or count == 0 or count >= FEWEST for count in counts)
        if counts[0] is not None:
            for size in range(1, 4):
                for some in combinations(counts[1:], size):
                    if None not in some:
                        left = counts[0] - sum(count for count in some if count is not None)
                        assert left == 0 or left >= FEWEST
    bands = [[bar.count for bar in page.bars] for page in told]
    for place, total in enumerate(bands[0]):
        for one in bands[1:]:
            count = one[place]
            assert count is None or (total is not None and (total == count or total - count >= FEWEST))


def test_another_choice_of_attempt_is_not_offered_for_a_few(admin: SignedIn) -> None:
    with writing() as session:
        _, people = group_that_sat(session, QUIZ, factories.cohort(session), [WRONG] * 12)
        for who in people[:4]:
            sat(session, QUIZ, who, RIGHT, number=2)
    page = read(admin, which=Which.LAST)
    assert (page.choices, page.which) == ((Which.FIRST,), Which.FIRST)
    with writing() as session:
        sat(session, QUIZ, session.merge(people[4]), RIGHT, number=2)
    page = read(admin, which=Which.LAST)
    assert (page.choices, page.which) == (tuple(Which), Which.LAST)
    assert page.summary is not None
    assert page.summary.mean == Fraction(20 * 5, 12)


def test_a_tutor_sees_the_groups_followed_only(tutor: Person, admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 6, tutor=tutor)
    fill(QUIZ, [WRONG] * 7)
    assert read(factories.signed_in(tutor)).count == 6
    assert read(admin).count == 13
    hash_ = read(admin).questions[0].hash
    with writing() as session:
        other = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
        manager = factories.signed_in(factories.person(session, role=Role.MANAGER.value))
    for stranger in (other, manager):
        assert read(stranger).summary is None
        with reading() as connection, pytest.raises(NotFound):
            question_page(connection, reviewer=stranger, quiz=QUIZ, hash_=hash_)


def test_versions_of_a_question_are_apart(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 6)
    edited = replace(QUIZ, questions=(factories.single("a", stem="Autrement dit ?"), *QUIZ.questions[1:]))
    fill(edited, [WRONG] * 7)
    rows = [one for one in read(admin, edited).questions if one.id == "a"]
    assert sorted((one.asked, one.success) for one in rows) == [(6, 1), (7, 0)]
    assert {one.is_only_version for one in rows} == {False}
    assert figures(read(admin, edited), "b").is_only_version


def test_the_time_is_the_median_between_first_and_last_save(admin: SignedIn) -> None:
    with writing() as session:
        of = factories.cohort(session)
        for seconds in (10, 20, 30, 40, 90):
            who = factories.student(session, of)
            attempt = sat(session, QUIZ, who, RIGHT)
            event = {"attempt_id": attempt.id, "question_key": "k0", "client": "t", "base_version": 0, "given": 2}
            rows = [
                {
                    **event,
                    "event_id": f"e{later}",
                    "sequence": later,
                    "version": later,
                    "outcome": "kept",
                    "received_at": NOW + timedelta(seconds=later),
                }
                for later in (0, seconds)
            ]
            session.execute(insert(AnswerEvent), rows)
    page = read(admin)
    assert (figures(page, "a").seconds, figures(page, "b").seconds) == (30, None)


def test_what_waits_for_its_marker_is_not_counted(admin: SignedIn) -> None:
    quiz = factories.quiz(factories.single("a"), factories.essay("e"))
    fill(quiz, [{"a": 2, "e": "Un texte."}] * 5)
    assert read(admin, quiz).summary is None
    fill(quiz, [{"a": 2}] * 5)
    assert read(admin, quiz).count == 5


def test_the_question_as_asked_stands_in_the_author_s_order(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 5)
    with reading() as connection:
        page = question_page(connection, reviewer=admin, quiz=QUIZ, hash_=read(admin).questions[0].hash)
    assert [option.html for option in page.presented.options] == ["la météo", "l'enseigne", "le prix"]
    assert [piece.html for piece in page.right] == ["l'enseigne"]


def test_twice_the_students_take_the_same_statements(admin: SignedIn, tutor: Person) -> None:
    counts = []
    for _ in range(2):
        fill(QUIZ, [RIGHT] * 5 + [WRONG] * 5, [RIGHT] * 8, tutor=tutor)
        for reviewer in (admin, factories.signed_in(tutor)):
            papers._kept.clear()
            with statements() as sent:
                read(reviewer)
            counts.append(len(sent))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


def kept(reports: Reports, reviewer: SignedIn, quiz: Quiz = QUIZ, group: int | None = None) -> tuple[ReportPage, int]:
    """The page at hand or counted again, and how many statements it took."""
    with reading() as connection, statements() as sent:
        page = kept_report(connection, reports, reviewer=reviewer, quiz=quiz, which=Which.FIRST, group=group)
    return page, len(sent)


def test_a_report_read_again_takes_one_statement_and_says_the_same(admin: SignedIn) -> None:
    groups = fill(QUIZ, [RIGHT] * 6 + [WRONG] * 5, [RIGHT] * 8)
    reports = Reports()
    papers._kept.clear()
    first, statements_first = kept(reports, admin)
    again, statements_again = kept(reports, admin)
    assert again is first
    assert (statements_again, first) == (1, read(admin))
    assert statements_first <= 6
    assert kept(reports, admin, group=groups[0])[0] == read(admin, group=groups[0])


def change_one(table: Any, **values: object) -> None:
    key = table.__table__.primary_key.columns.values()[0]
    with writing() as session:
        session.execute(update(table).where(key == select(func.min(key)).scalar_subquery()).values(**values))


@pytest.mark.parametrize(
    "change",
    [
        lambda: fill(QUIZ, [WRONG]),
        lambda: change_one(AttemptMarks, version=7),
        lambda: change_one(Attempt, awaiting=1),
        lambda: change_one(Enrolment, ended_on=NOW.date()),
        lambda: change_one(Group, name="Autre"),
        lambda: change_one(Cohort, title="Autre"),
    ],
    ids=["an attempt", "marks", "a copy that waits", "who left", "a group's name", "a cohort's name"],
)
def test_nothing_stale_is_read_once_anything_counted_changes(admin: SignedIn, change: Callable[[], object]) -> None:
    fill(QUIZ, [RIGHT] * 6 + [WRONG] * 5, [RIGHT] * 8)
    reports = Reports()
    before, _ = kept(reports, admin)
    change()
    after, _ = kept(reports, admin)
    assert after is not before
    assert after == read(admin)


def test_another_version_of_the_quiz_is_counted_for_itself(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 6 + [WRONG] * 5)
    reports, renamed = Reports(), replace(QUIZ, title="Autre titre")
    kept(reports, admin)
    assert kept(reports, admin, quiz=renamed)[0].quiz is renamed


def test_what_was_counted_for_one_reader_is_never_given_to_another(admin: SignedIn, tutor: Person) -> None:
    fill(QUIZ, [RIGHT] * 6 + [WRONG] * 5, tutor=tutor)
    fill(QUIZ, [WRONG] * 7)
    with writing() as session:
        nobody = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
    reports, follower = Reports(), factories.signed_in(tutor)
    seen = [kept(reports, reader)[0].count for reader in (admin, follower, nobody, admin, follower)]
    assert seen == [18, 11, None, 18, 11]
    with writing() as session:
        session.execute(delete(Tutoring))
    assert kept(reports, follower)[0].count is None


def test_only_the_last_reports_are_kept(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 6)
    reports = Reports()
    for group in range(100):
        kept(reports, admin, group=group)
    assert len(reports._kept) == 32
    assert kept(reports, admin, group=99)[1] == 1
    assert kept(reports, admin, group=1)[1] > 1


def test_a_save_that_came_late_or_was_overtaken_counts_no_time(admin: SignedIn) -> None:
    fill(QUIZ, [RIGHT] * 6)
    saves = (("kept", 0), ("kept", 30), ("late", 900), ("superseded", 999))
    with writing() as session:
        for attempt_id in session.scalars(select(Attempt.id)).all():
            event = {"attempt_id": attempt_id, "question_key": "k0", "client": "t", "base_version": 0, "given": 2}
            rows = [
                {
                    **event,
                    "event_id": f"e{number}",
                    "sequence": number,
                    "version": number,
                    "outcome": outcome,
                    "received_at": NOW + timedelta(seconds=seconds),
                }
                for number, (outcome, seconds) in enumerate(saves)
            ]
            session.execute(insert(AnswerEvent), rows)
    assert figures(read(admin), "a").seconds == 30
