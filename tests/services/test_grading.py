from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from deust.domain.assignments import Resubmit, Rule, to_step
from deust.domain.copies import Anchor, Remark, Work
from deust.domain.errors import Forbidden, InvalidAnswer, NoAttemptLeft, NotFound, NotReady
from deust.domain.people import Dates, SignedIn
from deust.domain.questions import Essay, Variable
from deust.domain.rubric import WHOLE, Criterion, Grid
from deust.models.assignments import Copy, Marking, MarkingEvent, Phrase, ReleasedMark, ReviewRequest
from deust.models.learning import ItemProgress
from deust.models.people import ItemDates, Tutoring
from deust.models.quizzes import Attempt, AttemptMarks
from deust.models.records import AuditEvent, OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries.assignments import brief_page, handed_in
from deust.queries.grading import ReadyCopy, ready_copies
from deust.queries.grid_changes import grid_effects
from deust.queries.queue import Filters, queue
from deust.services import assignments, grading, phrases
from deust.services.grid_changes import apply_grids
from deust.services.late_answers import accept_late
from deust.services.people import move_dates
from deust.services.quizzes import close_if_overdue
from deust.services.signin import disable_account
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW, Clock
from tests.support.copies import GOOD, HALF, Class
from tests.support.programmes import a_module, a_programme
from tests.support.takers import Taker

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


def grid_of(school: Class, copy: str) -> Grid:
    (rating,) = school.page(copy).ratings
    return rating.grid


def acts(school: Class) -> list[str]:
    return [row.act for row in sorted(school.rows(AuditEvent), key=lambda row: row.id)]


def test_a_marker_reads_what_is_expected_with_the_numbers_of_this_copy(database: Flask, clock: Clock) -> None:
    drawn = Variable(name="a", low=Fraction(7), high=Fraction(7), step=Fraction(1))
    written = factories.question(
        "texte",
        answer=Essay(expected="<p>{{ a * 2 }} appels</p>"),
        stem="<p>{{ a }}</p>",
        points=Fraction(20),
        variables=(drawn,),
    )
    school = Class(clock=clock, assignment=factories.assignment(questions=(written,)))
    (part,) = school.page(school.handed_in()).parts
    assert (part.presented.stem, part.expected) == ("<p>7</p>", "<p>14 appels</p>")


def test_a_hand_in_makes_one_copy_with_its_promise_and_its_grid(school: Class) -> None:
    copy = school.handed_in()
    (row,) = school.rows(Copy)
    assert (row.public_id, row.state, row.late_days) == (copy, "to-mark", 0)
    assert row.due_back_at - row.handed_in_at == timedelta(days=5)
    assert grid_of(school, copy) == factories.grid()
    (progress,) = school.rows(ItemProgress)
    assert progress.completed_at is not None, "handing in is what the item asks"
    assert (progress.kept_share, progress.attempts_used) == (None, 1), "no mark, not even zero, before the release"


def test_an_empty_draft_or_one_without_declaration_is_not_handed_in(school: Class) -> None:
    attempt = school.start()
    with pytest.raises(NotReady):
        school.hand_in(attempt)
    school.write(attempt, "Bonjour.")
    with pytest.raises(InvalidAnswer):
        school.hand_in(attempt, is_own=False)
    assert school.rows(Copy) == []
    school.hand_in(attempt, tools="un plan")
    school.hand_in(attempt)
    (row,) = school.rows(Copy)
    assert row.declaration == {"is_own": True, "tools": "un plan"}


def test_a_draft_that_the_clock_hands_in_counts_from_its_last_change(school: Class, clock: Clock) -> None:
    due = clock.now + timedelta(days=1)
    school.assignment = factories.assignment(late_days=2, penalty_per_day=Fraction(1))
    with writing() as session:
        refs = {"person_id": school.learner.person_id, "due_at": due}
        factories.item_dates(session, school.assignment.ref, **refs)
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    later = clock.move(days=4)
    with writing() as session:
        assert close_if_overdue(session, public_id=attempt, quiz=school.assignment, now=later)
    (row,) = school.rows(Copy)
    assert row.handed_in_at < due
    assert row.late_days == 0


def given_until(school: Class, due_at: datetime) -> None:
    who = {"person_id": school.learner.person_id, "by": None}
    with writing() as session:
        move_dates(session, school.assignment, dates=Dates(due_at=due_at), **who, now=school.clock.now)


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0), (2, 2)])
def test_a_hand_in_is_late_after_the_date_that_its_student_reads(
    school: Class, clock: Clock, before: int, after: int
) -> None:
    """Two days of grace given by the author after a draft was begun made two days late of a hand-in on time."""
    school.assignment = factories.assignment(late_days=before)
    given_until(school, clock.now + timedelta(hours=3))
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    school.assignment = factories.assignment(late_days=after)
    clock.move(hours=2)
    school.hand_in(attempt)
    assert school.rows(Copy)[0].late_days == 0


@pytest.mark.parametrize(("moment", "late"), [("27 23:59", 0), ("28 00:01", 1), ("28 23:59", 1), ("29 23:59", 2)])
def test_days_late_are_counted_from_the_due_hour_also_when_the_clocks_change(
    school: Class, clock: Clock, moment: str, late: int
) -> None:
    """Due on the Saturday evening before summer time, and accepted until the Monday evening."""
    school.assignment = factories.assignment(late_days=2)
    given_until(school, datetime(2027, 3, 27, 22, 59, 59, tzinfo=UTC))
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    clock.set(datetime.strptime(f"2027-03-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Europe/Paris")))
    school.hand_in(attempt)
    assert school.rows(Copy)[0].late_days == late


@pytest.mark.parametrize("resubmit", Resubmit)
def test_who_is_given_more_time_begins_again_after_a_draft_closed_empty(
    school: Class, clock: Clock, resubmit: Resubmit
) -> None:
    """The extension was granted, and the page refused: the empty draft counted as the one version allowed."""
    school.assignment = factories.assignment(resubmit=resubmit)
    given_until(school, clock.now + timedelta(days=1))
    first = school.start()
    clock.move(days=2)
    with writing() as session:
        close_if_overdue(session, public_id=first, quiz=school.assignment, now=clock.now)
    assert not may_start(school), "it is closed"
    given_until(school, clock.now + timedelta(days=7))
    assert may_start(school)
    second = school.start()
    assert second != first
    school.write(second, "Bonjour.")
    school.hand_in(second)
    assert len(school.rows(Copy)) == 1
    assert not may_start(school)
    with pytest.raises(NoAttemptLeft):
        school.start()


def may_start(school: Class) -> bool:
    module = a_module(school.assignment, id=school.assignment.module)
    programme = a_programme([module], id=factories.PROGRAMME)
    with reading() as connection:
        page = brief_page(
            connection,
            learner=school.learner,
            assignment=school.assignment,
            programme=programme,
            now=school.clock.now,
        )
    return page.may_start


def test_a_late_version_loses_its_points_once_and_says_so(school: Class, clock: Clock) -> None:
    school.assignment = factories.assignment(late_days=2, penalty_per_day=Fraction(3, 2))
    with writing() as session:
        due = clock.now + timedelta(hours=1)
        factories.item_dates(session, school.assignment.ref, person_id=school.learner.person_id, due_at=due)
    attempt = school.start()
    school.write(attempt, "Bonjour.")
    clock.move(days=1, hours=2)
    school.hand_in(attempt)
    copy = school.copy_of(attempt)
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    (told,) = school.rows(ReleasedMark)
    late = school.rows(Copy)[0].late_days
    assert late in (1, 2)
    assert told.mark == 20 - late * Fraction(3, 2) == school.score()


@pytest.mark.case("GR-01")
def test_a_second_marker_never_overwrites_what_they_did_not_read(school: Class) -> None:
    copy = school.handed_in()
    first = school.save(copy, GOOD)
    second = school.save(copy, HALF, by=school.second, base_version=0)
    assert (first.outcome, second.outcome) == (grading.KEPT, grading.CONFLICT)
    assert (second.current, second.by) == (GOOD, school.tutor.person_id)
    assert [(row.outcome, row.version) for row in school.rows(MarkingEvent)] == [("kept", 1), ("conflict", 1)]
    again = school.save(copy, HALF, by=school.second, base_version=second.version)
    assert (again.outcome, school.page(copy).work) == (grading.KEPT, HALF)


def test_the_same_work_sent_twice_is_ready_as_soon_as_one_says_so(school: Class) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD)
    pressed = school.save(copy, GOOD, base_version=0, is_ready=True)
    assert (pressed.outcome, pressed.is_ready) == (grading.KEPT, True)
    behind = school.save(copy, GOOD, base_version=1)
    assert (behind.outcome, behind.is_ready) == (grading.KEPT, True)
    assert school.rows(Copy)[0].state == "ready"


@pytest.mark.case("GR-01")
def test_saves_at_once_leave_one_version_and_every_text(school: Class, database: Flask) -> None:
    copy = school.handed_in()
    works = [replace(GOOD, comment=f"Texte {number}.") for number in range(8)]
    markers = (school.tutor, school.second)
    outcomes = at_once(
        database, [partial(school.save, copy, work, markers[place % 2]) for place, work in enumerate(works)]
    )
    assert sorted(one.outcome for one in outcomes) == ["conflict"] * 7 + ["kept"]
    assert len(school.rows(Marking)) == 1
    assert {row.content["comment"] for row in school.rows(MarkingEvent)} == {work.comment for work in works}


def test_what_lacks_is_kept_and_is_not_ready(school: Class) -> None:
    copy = school.handed_in()
    saved = school.save(copy, Work(chosen={"A1": "conforme"}, adjustment="douze"), is_ready=True)
    assert not saved.is_ready
    assert set(saved.reckoned.missing) == {"C2", "comment", "adjustment"}
    assert school.page(copy).work.adjustment == "douze", "what cannot be read is kept"
    with pytest.raises(NotReady):
        school.release(copy)
    assert school.rows(ReleasedMark) == []


def test_the_mark_is_exact_rounded_once_adjusted_and_capped(school: Class) -> None:
    copy = school.handed_in()
    raw = school.save(copy, HALF)
    assert raw.reckoned.mark is not None
    assert raw.reckoned.mark.adjusted == 14
    more = replace(HALF, adjustment="+0,5", adjustment_reason="Bel effort")
    assert school.save(copy, more, base_version=1).reckoned.mark.adjusted == Fraction(29, 2)  # type: ignore[union-attr]
    failed = replace(GOOD, chosen={"A1": "conforme", "C2": "non conforme"})
    capped = school.save(copy, failed, base_version=2).reckoned.mark
    assert capped is not None
    assert (capped.raw, capped.adjusted) == (12, 7)


@pytest.mark.case("GR-03")
def test_nothing_is_said_before_the_release(school: Class) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    with reading() as connection:
        attempt = school.rows(Attempt)[0]
        page = handed_in(connection, learner=school.learner, public_id=attempt.public_id)
    assert (page.told, page.may_ask_review) == ((), False)
    assert (attempt.score, attempt.awaiting) == (0, 1)
    assert school.rows(OutboxMessage) == []


@pytest.mark.case("GR-04")
def test_a_release_is_all_or_none_and_tells_once(school: Class) -> None:
    one, other = school.handed_in(), school.handed_in(learner=school.newcomer())
    school.save(one, GOOD, is_ready=True)
    with pytest.raises(NotReady):
        school.release(one, other)
    assert (school.rows(ReleasedMark), school.rows(OutboxMessage)) == ([], [])
    school.save(other, HALF, is_ready=True)
    assert school.release(one, other) == 2
    assert school.release(one, other) == 0, "twice is the same as once"
    assert (len(school.rows(ReleasedMark)), len(school.rows(OutboxMessage))) == (2, 2)
    told = {"given_name", "locale", "title", "path"}
    assert all(mail.payload.keys() == told for mail in school.rows(OutboxMessage)), "a mail says no mark"


@pytest.mark.case("GR-04")
def test_two_releases_at_once_tell_once(school: Class, database: Flask) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    assert sorted(at_once(database, [partial(school.release, copy)] * 4)) == [0, 0, 0, 1]
    assert (len(school.rows(ReleasedMark)), len(school.rows(OutboxMessage))) == (1, 1)


@pytest.mark.case("GR-05")
def test_a_correction_is_a_new_version_with_its_reason(school: Class) -> None:
    copy = school.released(GOOD)
    school.save(copy, HALF, base_version=1, is_ready=True)
    assert school.score() == 20, "the student keeps reading the last release"
    with pytest.raises(NotReady):
        school.release(copy)
    assert school.release(copy, reason="Erreur de saisie") == 1
    assert [(row.version, row.mark, row.reason) for row in school.rows(ReleasedMark)] == [
        (1, 20, "marked"),
        (2, 14, "Erreur de saisie"),
    ]
    assert [row.reason for row in school.rows(AttemptMarks)] == ["hand-in", "marked", "Erreur de saisie"]
    assert school.score() == 14
    line = [row for row in school.rows(AuditEvent) if row.act == "copy:release"][-1]
    assert (line.actor_id, line.detail["mark"], line.detail["reason"]) == (
        school.tutor.person_id,
        "14",
        "Erreur de saisie",
    )


def test_what_is_for_markers_only_never_leaves(school: Class) -> None:
    secret = replace(GOOD, private_note="CANARI-note", adjustment="1", adjustment_reason="CANARI-motif")
    school.released(secret)
    (told,) = school.rows(ReleasedMark)
    assert "CANARI" not in str(told.content)
    with reading() as connection:
        page = handed_in(connection, learner=school.learner, public_id=school.rows(Attempt)[0].public_id)
    assert "CANARI" not in repr(page)


def test_a_tutor_of_another_group_finds_no_copy(school: Class) -> None:
    copy = school.handed_in()
    for act in (
        partial(school.page, copy, school.stranger),
        partial(school.save, copy, GOOD, school.stranger),
        partial(school.release, copy, by=school.stranger),
    ):
        with pytest.raises(NotFound):
            act()
    assert school.rows(MarkingEvent) == []


@pytest.mark.case("GR-11")
def test_an_anonymous_copy_says_nothing_of_its_author(school: Class) -> None:
    school.assignment = factories.assignment(is_anonymous=True)
    copy = school.handed_in()
    page = school.page(copy)
    learner = school.learner
    said = repr(page)
    for canary in (learner.given_name, learner.family_name, learner.email, school.rows(Attempt)[0].public_id):
        assert canary not in said
    school.save(copy, GOOD, is_ready=True)
    school.release(copy)
    assert school.page(copy).copy.author == f"{learner.given_name} {learner.family_name}", "lifted with the release"
    assert "copy:release" in acts(school)


@pytest.mark.case("GR-11")
def test_neither_the_order_of_anonymous_copies_nor_the_list_to_give_back_tells_who_wrote_them(
    school: Class, clock: Clock
) -> None:
    school.assignment = factories.assignment(is_anonymous=True)
    copies, codes = [], ("ZZZ", "MMM", "AAA")
    for code in codes:
        copies.append(school.handed_in(learner=school.newcomer()))
        clock.move(minutes=1)
        with writing() as session:
            session.execute(update(Copy).where(Copy.public_id == copies[-1]).values(code=code))
    first, second, third = reversed(copies)
    assert [school.page(one).turn.following for one in (first, second, third)] == [second, third, None], (
        "not as they came"
    )
    for one in copies:
        school.save(one, GOOD, is_ready=True)
    with reading() as connection:
        assert {one.name for one in ready_copies(connection, marker=school.tutor)} == set(codes)


def ready_of(school: Class, by: SignedIn | None = None) -> tuple[ReadyCopy, ...]:
    with reading() as connection:
        return ready_copies(connection, marker=by or school.tutor)


def test_two_marks_are_blind_then_agree_or_call_a_third(school: Class) -> None:
    school.assignment = factories.assignment(markers=2, gap=Fraction(2))
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    assert school.page(copy, school.second).others == ()
    assert school.page(copy, school.second).work == Work()
    school.save(copy, HALF, by=school.second, is_ready=True)
    assert [other.mark for other in school.page(copy, school.second).others] == [20]
    (row,) = school.rows(Copy)
    assert (row.state, row.needs_third) == ("draft", True), "20 and 14 are too far apart"
    assert school.page(copy).needs_third
    with pytest.raises(NotReady):
        school.release(copy)
    with writing() as session:
        admin = factories.signed_in(factories.person(session, role="admin"))
    school.save(copy, replace(HALF, chosen={"A1": "conforme", "C2": "partiel"}), by=admin, is_ready=True)
    assert not school.page(copy).needs_third, "the third came"
    (ready,) = ready_of(school)
    assert (ready.given.rule, ready.given.mark, ready.marks) == (Rule.THIRD, 16, (20, 14, 16))
    school.release(copy)
    (told,) = school.rows(ReleasedMark)
    assert (told.mark, told.content["marks"]) == (16, ["20", "14", "16"])


def test_two_close_marks_make_their_mean(school: Class) -> None:
    school.assignment = factories.assignment(markers=2, gap=Fraction(6))
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    school.save(copy, HALF, by=school.second, is_ready=True)
    (ready,) = ready_of(school)
    assert (ready.given.rule, ready.given.mark, ready.marks) == (Rule.MEAN, 17, (20, 14))
    school.release(copy)
    assert school.score() == 17


def test_a_third_marker_is_refused_while_nobody_disagrees(school: Class) -> None:
    school.assignment = factories.assignment(markers=2)
    copy = school.handed_in()
    school.save(copy, GOOD)
    school.save(copy, GOOD, by=school.second)
    with writing() as session:
        admin = factories.signed_in(factories.person(session, role="admin"))
    with pytest.raises(Forbidden):
        school.save(copy, HALF, by=admin)


def test_who_left_with_work_unfinished_holds_no_place(school: Class) -> None:
    """Else nobody could ever finish the copy; what they wrote stays in its history."""
    school.assignment = factories.assignment(markers=2)
    copy, third = school.handed_in(), school.new_tutor()
    school.save(copy, HALF)
    school.save(copy, GOOD, by=school.second, is_ready=True)
    assert (school.page(copy, third).has_place, waits_for(third)) == (False, [])
    school.leaves(school.tutor)
    assert (school.page(copy, third).has_place, waits_for(third)) == (True, [copy])
    school.save(copy, GOOD, by=third, is_ready=True)
    (ready,) = ready_of(school, by=third)
    assert (ready.given.rule, ready.marks) == (Rule.MEAN, (20, 20))
    assert school.rows(MarkingEvent)[0].marker_id == school.tutor.person_id


def test_who_left_with_a_mark_ready_keeps_their_place(school: Class) -> None:
    school.assignment = factories.assignment(markers=2)
    copy, third = school.handed_in(), school.new_tutor()
    school.save(copy, GOOD, is_ready=True)
    school.leaves(school.tutor)
    school.save(copy, GOOD, by=school.second)
    assert (school.page(copy, third).has_place, waits_for(third)) == (False, [])
    with pytest.raises(Forbidden):
        school.save(copy, HALF, by=third)


def test_two_marks_are_reviewed_by_another_whose_mark_is_then_the_copys(school: Class) -> None:
    school.assignment = factories.assignment(markers=2)
    copy, third = school.handed_in(), school.new_tutor()
    for marker in (school.tutor, school.second):
        school.save(copy, HALF, by=marker, is_ready=True)
    school.release(copy)
    _ask_review(school, school.rows(Attempt)[0].public_id, "Le critère A1 est conforme.")
    assert (school.page(copy, third).has_place, waits_for(third)) == (True, [copy])
    school.save(copy, GOOD, by=third, is_ready=True)
    (ready,) = ready_of(school)
    assert (ready.given.rule, ready.given.mark, ready.marks) == (Rule.REVIEW, 20, (14, 14, 20))
    school.release(copy, by=third, reason="A1 est conforme.")
    assert school.score() == 20
    last, first = school.page(copy, third).told
    assert (first.rule, last.rule, last.mark) == (Rule.MEAN, Rule.REVIEW, 20)


def waits_for(marker: SignedIn) -> list[str]:
    with reading() as connection:
        return [row.public_id for row in queue(connection, marker=marker, filters=Filters(), page=1, now=NOW).rows]


def test_another_version_waits_for_the_tutor_and_begins_with_the_text(school: Class) -> None:
    school.assignment = factories.assignment(resubmit=Resubmit.BY_TUTOR)
    copy = school.released(HALF)
    with pytest.raises(NoAttemptLeft):
        school.start()
    with writing() as session:
        grading.ask_resubmission(session, **asked_of_tutor(school, copy))
    again = school.start()
    school.hand_in(again)
    second = school.copy_of(again)
    page = school.page(second)
    assert (page.copy.number, page.parts[0].text) == (2, "Bonjour, ici le standard.")
    assert [number for _id, number, _mark in page.former] == [1]
    school.save(second, GOOD, is_ready=True)
    school.release(second)
    (progress,) = school.rows(ItemProgress)
    assert progress.kept_share == 1, "the last version counts"


def asked_of_tutor(school: Class, copy: str) -> dict[str, object]:
    find_quiz = {"find_quiz": lambda _ref: school.assignment}
    return {"marker": school.tutor, "public_id": copy, "now": school.clock.now, **find_quiz}


def test_another_version_is_proposed_only_where_it_can_be_begun(school: Class, clock: Clock) -> None:
    """Its student was told to prepare one, and the assignment had closed before the mark came back."""
    school.assignment = factories.assignment(resubmit=Resubmit.BY_TUTOR, late_days=2)
    given_until(school, clock.now + timedelta(hours=1))
    copy = school.released(HALF)
    clock.move(days=5)
    with pytest.raises(NotReady), writing() as session:
        grading.ask_resubmission(session, **asked_of_tutor(school, copy))
    given_until(school, clock.now + timedelta(days=7))
    with writing() as session:
        grading.ask_resubmission(session, **asked_of_tutor(school, copy))
    assert may_start(school)
    school.hand_in(school.start())
    assert [row.late_days for row in school.rows(Copy)] == [0, 0]


def test_trying_until_it_passes_stops_once_it_passed(school: Class) -> None:
    unlimited = factories.settings(factories.Mode.GRADED, attempts=None, keep=factories.Keep.LAST)
    school.assignment = factories.assignment(resubmit=Resubmit.UNTIL_PASS, settings=unlimited)
    copy = school.handed_in()
    with pytest.raises(NoAttemptLeft):
        school.start()
    fail = replace(GOOD, chosen={"A1": "non conforme", "C2": "partiel"})
    school.save(copy, fail, is_ready=True)
    school.release(copy)
    again = school.handed_in("Une meilleure version.")
    school.save(again, GOOD, is_ready=True)
    school.release(again)
    with pytest.raises(NoAttemptLeft):
        school.start()


def test_a_review_is_asked_once_and_goes_to_another_tutor(school: Class) -> None:
    copy = school.released(HALF)
    attempt = school.rows(Attempt)[0].public_id
    ask = partial(_ask_review, school, attempt)
    with pytest.raises(InvalidAnswer):
        ask("  ")
    for _press in range(2):
        ask("Le critère A1 est conforme.")
    assert school.rows(Copy)[0].assigned_to == school.second.person_id
    with pytest.raises(Forbidden):
        ask("Encore.")
    for _press in range(2):
        with writing() as session:
            grading.answer_review(
                session, marker=school.second, public_id=copy, answer="La note reste.", now=school.clock.now
            )
    (request,) = school.rows(ReviewRequest)
    assert (request.answer, request.answered_by) == ("La note reste.", school.second.person_id)
    mails = school.rows(OutboxMessage)
    assert [mail.kind for mail in mails] == ["mark-released", "review-answered"]
    assert {mail.payload["path"] for mail in mails} == {f"/devoirs/{attempt}"}


def test_a_closed_account_is_told_nothing(school: Class) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    close_account(school, school.learner)
    assert school.release(copy) == 1
    assert school.rows(OutboxMessage) == []


def close_account(school: Class, who: SignedIn) -> None:
    with writing() as session:
        disable_account(session, who.person_id, by=school.tutor.person_id, now=school.clock.now)


def reviews_to_give(school: Class) -> int:
    with reading() as connection:
        return queue(connection, marker=school.tutor, filters=Filters(), page=1, now=school.clock.now).total


def test_a_review_never_waits_for_a_closed_account(school: Class) -> None:
    """Nobody would ever have seen it: the only tutor it was shown to could no longer sign in."""
    school.released(HALF)
    close_account(school, school.second)
    _ask_review(school, school.rows(Attempt)[0].public_id, "Le critère A1 est conforme.")
    assert school.rows(Copy)[0].assigned_to is None
    assert reviews_to_give(school) == 1


def test_a_review_whose_tutor_is_gone_comes_to_the_others(school: Class) -> None:
    school.released(HALF)
    _ask_review(school, school.rows(Attempt)[0].public_id, "Le critère A1 est conforme.")
    assert reviews_to_give(school) == 0, "it is the second tutor's"
    close_account(school, school.second)
    assert reviews_to_give(school) == 1


def test_a_review_whose_tutor_left_the_group_comes_to_the_others(school: Class) -> None:
    school.released(HALF)
    _ask_review(school, school.rows(Attempt)[0].public_id, "Le critère A1 est conforme.")
    with writing() as session:
        session.execute(delete(Tutoring).where(Tutoring.person_id == school.second.person_id))
    assert reviews_to_give(school) == 1


def _ask_review(school: Class, attempt: str, reason: str) -> None:
    with writing() as session:
        assignments.ask_review(session, learner=school.learner, public_id=attempt, reason=reason, now=school.clock.now)


def test_a_draft_closed_empty_is_not_done_and_credits_nothing(school: Class, clock: Clock) -> None:
    due = {"person_id": school.learner.person_id, "due_at": clock.now + timedelta(days=1)}
    with writing() as session:
        factories.item_dates(session, school.assignment.ref, **due)
    attempt = school.start()
    clock.move(days=4)
    with writing() as session:
        assert close_if_overdue(session, public_id=attempt, quiz=school.assignment, now=clock.now)
    (progress,) = school.rows(ItemProgress)
    assert (school.rows(Copy), progress.completed_at, progress.credited_minutes) == ([], None, 0)
    with writing() as session:
        session.execute(update(ItemDates).values(due_at=clock.now + timedelta(days=1)))
    school.handed_in()
    assert school.rows(ItemProgress)[0].completed_at == clock.now


def test_a_scheduled_release_comes_at_its_time_once(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD, is_ready=True)
    with writing() as session:
        grading.schedule(session, by=school.tutor, public_ids=[copy], at=clock.now + timedelta(hours=1), now=clock.now)
    assert not _due(school, copy)
    clock.move(hours=2)
    assert _due(school, copy)
    assert not _due(school, copy)
    assert len(school.rows(ReleasedMark)) == 1


@pytest.mark.case("GR-05")
def test_a_correction_given_back_at_a_date_tells_its_reason(school: Class, clock: Clock) -> None:
    """It asked for none, and its student read « scheduled » in its place."""
    copy = school.released(GOOD)
    school.save(copy, HALF, base_version=1, is_ready=True)
    plan = {"by": school.tutor, "public_ids": [copy], "at": clock.now + timedelta(hours=1), "now": clock.now}
    with pytest.raises(NotReady), writing() as session:
        grading.schedule(session, **plan)
    with writing() as session:
        grading.schedule(session, **plan, reason="Erreur de saisie")
    clock.move(hours=2)
    assert _due(school, copy)
    assert [row.reason for row in school.rows(ReleasedMark)] == ["marked", "Erreur de saisie"]


def _due(school: Class, copy: str) -> bool:
    with writing() as session:
        return grading.release_due(
            session, public_id=copy, find_quiz=lambda _ref: school.assignment, now=school.clock.now
        )


def test_copies_are_shared_out_in_turn_and_only_to_who_follows_them(school: Class) -> None:
    copies = [school.handed_in(), school.handed_in(learner=school.newcomer())]
    with writing() as session:
        ids = [school.tutor.person_id, school.second.person_id]
        grading.allocate(session, by=school.tutor, public_ids=copies, tutor_ids=ids, now=school.clock.now)
    assert {row.assigned_to for row in school.rows(Copy)} == set(ids)
    strangers = [school.stranger.person_id]
    with pytest.raises(Forbidden), writing() as session:
        grading.allocate(session, by=school.tutor, public_ids=copies, tutor_ids=strangers, now=school.clock.now)


def test_remarks_come_back_with_their_places(school: Class) -> None:
    copy = school.handed_in()
    key = school.page(copy).parts[0].key
    remarks = (
        Remark(id="b", part=key, anchor=Anchor.PASSAGE, text="Précisez.", start=9, end=12, quote="ici"),
        Remark(id="a", part=key, anchor=Anchor.PASSAGE, text="Bien.", start=0, end=7, quote="Bonjour"),
    )
    school.save(copy, replace(GOOD, remarks=remarks))
    assert [(number, remark.id) for number, remark in school.page(copy).remarks_of(key)] == [(1, "a"), (2, "b")]


def test_an_edited_grid_is_shown_then_applied_to_what_is_not_released(school: Class) -> None:
    told = school.released(GOOD)
    one = school.handed_in(learner=school.newcomer())
    school.save(one, HALF, is_ready=True)
    heavier = replace(
        factories.grid(),
        criteria=(*factories.grid().criteria, Criterion(id="E1", phase="Forme", title="Langue", points=Fraction(5))),
    )
    with reading() as connection:
        (effect,) = grid_effects(
            connection, marker=school.tutor, item_refs=school.assignment.refs, grids={WHOLE: heavier}
        )
    assert (effect.public_id, effect.before, effect.after, effect.to_rate) == (one, 14, 14, (("", "E1"),))
    assert grid_of(school, one) == factories.grid(), "looking changes nothing"
    assert _apply(school, heavier) == 1
    assert _apply(school, heavier) == 0, "twice is the same as once"
    page = school.page(one)
    assert (grid_of(school, one), page.work.chosen, page.copy.state.value) == (heavier, HALF.chosen, "draft")
    assert grid_of(school, told) == factories.grid()
    assert [row.outcome for row in school.rows(MarkingEvent)] == ["kept", "kept", "grid"]
    with pytest.raises(NotReady):
        school.release(one)
    done = replace(HALF, chosen={**HALF.chosen, "E1": "conforme"})
    school.save(one, done, base_version=page.version, is_ready=True)
    school.release(one)
    assert school.rows(ReleasedMark)[-1].mark == to_step(20 * Fraction(19, 25), Fraction(1, 4))


def _apply(school: Class, grid: Grid) -> int:
    with writing() as session:
        return apply_grids(
            session, by=school.tutor, item_refs=school.assignment.refs, grids={WHOLE: grid}, now=school.clock.now
        )


def test_what_an_edited_grid_changes_tells_no_blind_mark(school: Class) -> None:
    """Who had not marked yet read the mark of the other on the page of an edited grid."""
    school.assignment = factories.assignment(markers=2)
    copy = school.handed_in()
    school.save(copy, HALF, is_ready=True)
    asked = {"item_refs": school.assignment.refs, "grids": {WHOLE: replace(factories.grid(), title="Autre")}}

    def told(by: SignedIn) -> list[Fraction | None]:
        with reading() as connection:
            return [one.before for one in grid_effects(connection, marker=by, **asked)]

    assert (told(school.tutor), told(school.second)) == ([14], [None])
    school.save(copy, GOOD, by=school.second)
    assert (told(school.tutor), told(school.second)) == ([14, None], [None, 20])
    school.save(copy, GOOD, by=school.second, base_version=1, is_ready=True)
    assert told(school.tutor) == told(school.second) == [14, 20]


def test_an_edited_grid_reaches_copies_handed_in_under_a_former_name(school: Class) -> None:
    """Their page led to a change that touched nothing."""
    one = school.handed_in()
    school.assignment = replace(school.assignment, id="redaction-2", aliases=(school.assignment.id,))
    renamed = replace(factories.grid(), title="Autre")
    with reading() as connection:
        asked = {"item_refs": school.assignment.refs, "grids": {WHOLE: renamed}}
        (effect,) = grid_effects(connection, marker=school.tutor, **asked)
    assert effect.public_id == one
    assert _apply(school, renamed) == 1
    assert grid_of(school, one) == renamed


def test_a_phrase_is_kept_once_counted_and_ones_own(school: Class) -> None:
    ref = school.assignment.ref
    with writing() as session:
        for text in ("Citez la  phrase.", "Citez la phrase."):
            phrases.keep_phrase(session, tutor=school.tutor, item_ref=ref, text=text)
    (row,) = school.rows(Phrase)
    with writing() as session:
        assert phrases.use_phrase(session, tutor=school.tutor, phrase_id=row.id) == "Citez la phrase."
        assert phrases.use_phrase(session, tutor=school.second, phrase_id=row.id) == ""
        phrases.forget_phrase(session, tutor=school.second, phrase_id=row.id)
    assert [one.uses for one in school.rows(Phrase)] == [1]
    with writing() as session, pytest.raises(InvalidAnswer):
        phrases.keep_phrase(session, tutor=school.tutor, item_ref=ref, text=" ")


def test_late_answers_leave_the_points_given_by_hand(database: Flask, clock: Clock) -> None:
    """A late answer to another question does not undo what a marker gave."""
    taker = Taker(factories.quiz(factories.short("a"), factories.essay("b"), time_seconds=600), clock)
    with writing() as session:
        admin = factories.signed_in(factories.person(session, role="admin"))
    taker.start()
    taker.save("b", {"answer": ["Un texte."]})
    clock.move(seconds=600)
    taker.hand_in()
    with writing() as session:
        copy = session.scalars(select(Copy.public_id)).one()
    key = taker.paper()["b"].key
    with writing() as session:
        work = Work(points={key: "1"}, comment="Bien.")
        arguments = {"marker": admin, "public_id": copy, "work": work, "base_version": 0, "now": clock.now}
        grading.save_work(session, is_ready=True, **arguments)
        grading.release(session, by=admin, public_ids=[copy], find_quiz=lambda _ref: taker.quiz, now=clock.now)
    assert (taker.attempt().score, taker.attempt().awaiting) == (1, 0)
    taker.save("a", {"answer": ["reformulation"]})
    with writing() as session:
        accept_late(session, public_id=taker.public_id, reviewer=admin, quiz=taker.quiz, reason="réseau", now=clock.now)
    assert (taker.attempt().score, taker.attempt().awaiting) == (2, 0)


def test_a_release_and_a_late_answer_taken_at_once_wait_for_each_other(school: Class, database: Flask) -> None:
    """Both need the copy and its attempt: neither ever holds one of them while it waits for the other's."""
    with writing() as session:
        admin = factories.signed_in(factories.person(session, role="admin"))
    for number in range(4):
        learner = school.newcomer()
        attempt = school.start(learner)
        school.write(attempt, "Bonjour.", learner)
        school.hand_in(attempt, learner)
        copy = school.copy_of(attempt)
        school.save(copy, GOOD, is_ready=True)
        school.write(attempt, f"Bonjour, ici le standard {number}.", learner, sequence=9)
        at_once(database, [partial(released, school, copy), partial(taken, school, attempt, admin)])


def released(school: Class, copy: str) -> None:
    """A copy put back just before is no longer ready: that is said, and nothing is half done."""
    with suppress(NotReady):
        school.release(copy)


def taken(school: Class, attempt: str, admin: SignedIn) -> None:
    reasons = {"quiz": school.assignment, "reason": "réseau", "now": school.clock.now}
    with writing() as session:
        accept_late(session, public_id=attempt, reviewer=admin, **reasons)
