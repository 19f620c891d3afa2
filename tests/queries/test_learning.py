from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from deust.domain.access import Role
from deust.domain.errors import Forbidden, UnknownQuestion
from deust.domain.learning import Heading, RenderedLesson
from deust.domain.progress import State
from deust.domain.questions import Info
from deust.domain.quizzes import Mode, Moment, Show
from deust.models.learning import CheckTry, ItemProgress
from deust.models.transaction import reading, writing
from deust.queries.asked import asked_check
from deust.queries.learning import home_page, module_page, programme_page
from deust.queries.lessons import announced_page, following_url, get_check, lesson_page
from deust.queries.progress import ensure_may_read, progress_of
from deust.queries.public_home import public_home_page
from tests.support import factories
from tests.support.clock import NOW
from tests.support.programmes import CALENDAR, a_check, a_lesson, a_module, a_programme, a_quiz, an_announced, settings
from tests.support.statements import statements

pytestmark = pytest.mark.both

HOUR = timedelta(hours=1)

DONE = a_lesson("un", due_week=2)
BEGUN = a_lesson("deux", due_week=5, checks=(a_check("c-un"), a_check("c-deux")), aliases=("ancien",))
EXAM = a_quiz("examen", mode=Mode.EXAM, due_week=6)
QUIZ = a_quiz(due_week=4)
LOCKED = a_lesson("trois", requires=("quiz-accueil",))
CALL = an_announced(due_week=6)
PROGRAMME = a_programme([a_module(DONE, BEGUN, EXAM, QUIZ, LOCKED, CALL)])
MODULE = PROGRAMME.modules["ec131"]
RENDERED = RenderedLesson(
    parts=(("html", '<h2 id="s-un">Un</h2>'), ("check", "c-un")),
    headings=(Heading(level=2, anchor="s-un", title="Un"), Heading(level=3, anchor="s-detail", title="Détail")),
    checks={question.id: question for question in BEGUN.checks},
)


@pytest.fixture
def learner(database):
    with writing() as session:
        made = factories.learner(session)
        session.add(progress(made, DONE, read_at=NOW, completed_at=NOW, credited_minutes=20))
        session.add(progress(made, BEGUN, place="s-un", read_permille=400, checks_tried={"c-un": 1}))
        session.add(progress(made, EXAM, attempts_used=1, kept_share=Fraction(3, 4), completed_at=NOW))
        session.add(progress(made, QUIZ, attempts_used=1, kept_share=Fraction(2, 5)))
        return made


def progress(learner, item, **fields):
    values = {"opened_at": NOW - HOUR, "touched_at": NOW - HOUR, "checks_tried": {}, **fields}
    return ItemProgress(person_id=learner.person_id, item_ref=item.ref, **values)


def a_try(learner, ref, question_id, answer, at=NOW):
    return CheckTry(
        person_id=learner.person_id,
        item_ref=ref,
        question_id=question_id,
        question_hash="0" * 64,
        given={"answer": answer},
        tried_at=at,
    )


def home(learner, programme=PROGRAMME):
    with reading() as connection:
        return home_page(connection, learner=learner, programme=programme, now=NOW)


def module(learner, programme=PROGRAMME):
    with reading() as connection:
        return module_page(
            connection, learner=learner, programme=programme, module=programme.modules["ec131"], intro="", now=NOW
        )


def lesson(learner, item=BEGUN, **options):
    with reading() as connection:
        return lesson_page(
            connection, learner=learner, programme=PROGRAMME, lesson=item, rendered=RENDERED, now=NOW, **options
        )


def test_home_puts_what_was_begun_first_with_its_minutes_and_its_exact_place(learner):
    page = home(learner)
    assert (page.first.title, page.first.minutes_left, page.first.position) == ("Deux", 12, 2)
    assert page.first.resume_url == "/modules/ec131/deux#s-un"
    assert page.first_module.current == 1
    assert page.week == 5
    assert [row.state for row in page.following] == [State.LATE]
    assert page.following[0].days_late == 2
    assert page.totals.credited_minutes == 20


def test_a_day_begun_after_the_due_moment_is_a_day_late_as_a_penalty_counts_it(learner):
    """A date of one's own may fall in the afternoon."""
    with writing() as session:
        factories.item_dates(session, QUIZ.ref, person_id=learner.person_id, due_at=NOW - HOUR)
    assert [(row.title, row.days_late) for row in home(learner).following] == [(QUIZ.title, 1)]


def test_home_shows_the_week_and_the_modules_in_progress(learner):
    page = home(learner)
    assert page.planned_minutes == 20
    assert page.done_minutes == 30
    assert [day.done for day in page.days] == [0, 30, 0, 0, 0, 0, 0]
    assert [row.title for row in page.dated] == ["Deux"]
    assert [card.code for card in page.modules] == ["EC131"]


def test_an_open_attempt_comes_first_and_leads_to_its_questions(learner):
    with writing() as session:
        row = session.query(ItemProgress).filter_by(item_ref=QUIZ.ref).one()
        row.open_attempt = "abc"
    page = home(learner)
    assert page.first.resume_url in {"/essais/abc/questions/1", "/modules/ec131/deux#s-un"}
    assert next(row for row in page.following if row.has_open_attempt).resume_url == "/essais/abc/questions/1"


def test_home_is_for_those_who_follow_the_programme(database):
    with writing() as session:
        who = factories.signed_in(factories.person(session))
        elsewhere = factories.learner(session)
    with pytest.raises(Forbidden):
        home(who)
    with pytest.raises(Forbidden):
        home(elsewhere, a_programme([a_module(DONE)], id="another"))
    with pytest.raises(Forbidden):
        ensure_may_read(who, PROGRAMME)
    ensure_may_read(elsewhere, PROGRAMME)


def test_programme_gives_states_and_totals_by_unit_and_semester(learner):
    with reading() as connection:
        page = programme_page(connection, learner=learner, programme=PROGRAMME, now=NOW)
    first, second = page.semesters
    assert (first.is_current, second.is_current) == (True, False)
    assert (first.totals.done, first.totals.total) == (2, 5)
    (unit,) = first.units
    assert unit.totals == first.totals
    assert second.units[0].stage_weeks == 8
    assert page.ects == 60


def test_module_gives_each_item_its_state_its_mark_and_its_reason(learner):
    page = module(learner)
    states = [row.state for row in page.rows]
    assert states == [State.DONE, State.STARTED, State.DONE, State.LATE, State.LOCKED, State.SOON]
    assert [(one.title, one.count) for one in page.rows[4].blocked_by] == [("Vérifier l'accueil", 1)]
    assert page.first.title == "Deux"
    assert page.rows[3].mark == Fraction(2, 5)
    assert page.unit.id == "UE13"
    assert page.weeks == (2, 6)


def test_a_module_says_until_when_what_is_left_of_it_may_be_finished(learner):
    """Neither what is done, nor what is only announced, nor a day that is past."""
    assert module(learner).last_due_at == CALENDAR.end_of(5)
    assert module(learner, a_programme([a_module(DONE, QUIZ)])).last_due_at is None


def test_a_mark_that_the_quiz_hides_is_not_told_before_its_close(learner):
    assert module(learner).rows[2].mark is None
    with writing() as session:
        factories.item_dates(session, EXAM.ref, person_id=learner.person_id, closes_at=NOW - HOUR)
    assert module(learner).rows[2].mark == Fraction(3, 4)


def test_a_mark_is_not_told_while_the_last_answers_may_still_come(learner):
    with writing() as session:
        factories.item_dates(session, EXAM.ref, person_id=learner.person_id, closes_at=NOW - timedelta(seconds=20))
    assert module(learner).rows[2].mark is None


def test_a_mark_shown_after_the_attempts_waits_for_those_granted_besides(database):
    show = Show(**dict.fromkeys(("correctness", "feedback", "answers", "score"), Moment.AFTER_ATTEMPTS))
    quiz = a_quiz(settings=settings(Mode.GRADED, attempts=1, show=show))
    programme = a_programme([a_module(quiz)])
    with writing() as session:
        learner = factories.learner(session)
        session.add(progress(learner, quiz, attempts_used=1, kept_share=Fraction(3, 4)))
    assert module(learner, programme).rows[0].mark == Fraction(3, 4)
    with writing() as session:
        factories.item_dates(session, quiz.ref, person_id=learner.person_id, extra_attempts=1)
    assert module(learner, programme).rows[0].mark is None


def test_an_outcome_is_acquired_when_all_that_names_it_is_done(database):
    items = (a_lesson("un", outcomes=("accueillir",)), a_quiz(outcomes=("accueillir",)))
    programme = a_programme([a_module(*items)])
    with writing() as session:
        learner = factories.learner(session)
        session.add(progress(learner, items[0], completed_at=NOW))
    assert [row.state for row in module(learner, programme).outcomes] == [State.STARTED]
    with writing() as session:
        session.add(progress(learner, items[1], attempts_used=1, kept_share=Fraction(0)))
    assert [row.state for row in module(learner, programme).outcomes] == [State.REDO]


@pytest.mark.parametrize(("done", "state"), [({}, "todo"), ({"attempts_used": 1}, "redo")])
def test_an_outcome_begun_stays_begun_when_what_names_it_is_late(database, done, state):
    """A quiz to do again became « à venir » in the night when it was due."""
    quiz = a_quiz(due_week=2, outcomes=("accueillir",))
    with writing() as session:
        who = factories.learner(session)
        if done:
            session.add(progress(who, quiz, kept_share=Fraction(1, 4), **done))
    page = module(who, a_programme([a_module(quiz)]))
    assert (page.rows[0].state, page.outcomes[0].state) == ("late", state)


def test_hours_credited_stay_when_what_they_were_credited_for_leaves_the_programme(learner):
    """They are evidence: the tutor's page went on counting them, the student's own no longer did."""
    without = a_programme([a_module(BEGUN, EXAM, QUIZ, LOCKED, CALL)])
    assert home(learner).credited_minutes == home(learner, without).credited_minutes == 20


def test_dates_moved_for_the_cohort_and_for_the_person_are_read(learner):
    with writing() as session:
        factories.item_dates(session, DONE.ref, cohort_id=learner.enrolled.cohort_id, due_at=NOW + HOUR)
        factories.item_dates(session, BEGUN.ref, cohort_id=learner.enrolled.cohort_id, due_at=NOW - HOUR)
        factories.item_dates(session, BEGUN.ref, person_id=learner.person_id, due_at=NOW + 2 * HOUR)
        other = factories.learner(session)
        factories.item_dates(session, QUIZ.ref, person_id=other.person_id, due_at=NOW + HOUR)
    rows = module(learner).rows
    assert [row.due_at for row in rows[:2]] == [NOW + HOUR, NOW + 2 * HOUR]
    assert rows[3].due_at == datetime(2026, 10, 11, 21, 59, 59, tzinfo=UTC)


def test_staff_read_without_progress_and_without_a_statement(database):
    with writing() as session:
        tutor = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
    with statements() as sent:
        page = module(tutor)
        read = lesson(tutor)
    assert sent == []
    assert not page.has_progress
    assert page.module.current is None
    assert not read.has_progress


def test_lesson_restores_the_place_and_shows_what_was_tried(learner):
    page = lesson(learner)
    assert (page.place, page.row.position, page.total) == ("s-un", 2, 6)
    assert page.outline == (("s-un", "Un"),)
    tried, untried = page.checks["c-un"], page.checks["c-deux"]
    assert tried.is_right
    assert tried.feedback == ("Oui, le client sait où il est.",)
    assert [check.question.id for check in page.left] == ["c-deux"]
    assert not untried.is_tried


def test_nothing_that_solves_a_check_is_there_before_a_try(learner):
    untried = lesson(learner).checks["c-deux"]
    assert (untried.feedback, untried.right, untried.fields) == ((), (), {})


def test_a_try_that_is_not_kept_is_shown_to_a_guest(database):
    page = lesson(None, tries={"c-un": 2})
    assert page.checks["c-un"].is_right is False
    assert page.checks["c-un"].url == "/lecons/ec131/deux/verifier/c-un"
    assert not page.has_progress


def test_a_check_stands_the_same_at_each_visit_and_takes_only_its_own_questions():
    question = a_check()
    assert asked_check(question, person_id=1) == asked_check(question, person_id=1)
    orders = {asked_check(question, person_id=number).placement.order for number in range(20)}
    assert orders == {(1, 2), (2, 1)}
    with pytest.raises(UnknownQuestion):
        get_check(RENDERED, "elsewhere", person_id=1)
    note = RenderedLesson(parts=(), headings=(), checks={"note": a_check("note", answer=Info())})
    with pytest.raises(UnknownQuestion):
        get_check(note, "note", person_id=1)


def test_what_is_announced_has_its_page(learner):
    with reading() as connection:
        page = announced_page(connection, learner=learner, programme=PROGRAMME, item=CALL, now=NOW)
    assert (page.row.state, page.row.position, page.total) == (State.SOON, 6, 6)


def test_what_follows_is_the_next_item_that_exists():
    assert following_url(DONE, PROGRAMME) == "/modules/ec131/deux"
    assert following_url(LOCKED, PROGRAMME) == "/modules/ec131"


def test_public_home_counts_only_what_the_programme_says():
    open_lesson = a_lesson("public", is_public=True)
    page = public_home_page(a_programme([a_module(DONE, open_lesson, a_quiz(is_public=True))]))
    assert (page.ects, page.hours, page.stage_weeks, page.component_count, page.stage_count) == (60, 30, 8, 2, 1)
    assert (page.lessons, page.more_lessons) == ((open_lesson,), ())


def test_public_home_shows_one_lesson_a_module_and_folds_the_others():
    lessons = [a_lesson(id, module=module, is_public=True) for module in ("m1", "m2") for id in ("un", "deux")]
    modules = [a_module(*lessons[:2], id="m1"), a_module(*lessons[2:], id="m2")]
    page = public_home_page(a_programme(modules))
    assert page.lessons == (lessons[0], lessons[2])
    assert page.more_lessons == (lessons[1], lessons[3])


def a_large_programme(times):
    modules = [
        a_module(
            *(a_lesson(f"l{number}", module=f"m{index}", due_week=5, checks=BEGUN.checks) for number in range(6)),
            id=f"m{index}",
        )
        for index in range(times)
    ]
    return a_programme([*modules, a_module(BEGUN)])


def a_history(programme, learner, tries):
    with writing() as session:
        for item in (item for module in programme.modules.values() for item in module.items):
            session.add(progress(learner, item, checks_tried={"c-un": 1}))
            factories.item_dates(session, item.ref, person_id=learner.person_id, due_at=NOW)
            session.add_all(a_try(learner, item.ref, "c-un", 1) for _ in range(tries))


@pytest.mark.parametrize("times", [2, 4])
def test_the_number_of_statements_does_not_grow(database, times):
    programme = a_large_programme(times)
    with writing() as session:
        learner = factories.learner(session)
    a_history(programme, learner, tries=times)
    counts = []
    for page in (
        lambda connection: home_page(connection, learner=learner, programme=programme, now=NOW),
        lambda connection: programme_page(connection, learner=learner, programme=programme, now=NOW),
        lambda connection: module_page(
            connection, learner=learner, programme=programme, module=programme.modules["m0"], intro="", now=NOW
        ),
        lambda connection: lesson_page(
            connection, learner=learner, programme=programme, lesson=BEGUN, rendered=RENDERED, now=NOW
        ),
    ):
        with reading() as connection, statements() as sent:
            page(connection)
        counts.append(len(sent))
    assert counts == [1, 1, 1, 1]


def test_a_lesson_never_tried_costs_one_statement(database):
    with writing() as session:
        learner = factories.learner(session)
    with statements() as sent:
        lesson(learner)
    assert len(sent) == 1


def test_only_the_module_asked_for_is_read_unless_it_waits_for_another(learner):
    elsewhere = a_lesson("ailleurs", module="ec132")
    with writing() as session:
        session.add(progress(learner, elsewhere))
    waiting = a_module(a_lesson("suite", requires=("ec132/ailleurs",)))
    with reading() as connection:
        here = progress_of(connection, learner=learner, programme=PROGRAMME, now=NOW, module=MODULE)
        everywhere = progress_of(connection, learner=learner, programme=PROGRAMME, now=NOW, module=waiting)
    assert elsewhere.ref not in here.standings
    assert elsewhere.ref in everywhere.standings
