from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select, update

from deust.domain.access import Role
from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.questions import Choice, Json
from deust.domain.quiz_scope import Which
from deust.domain.quizzes import Mode
from deust.domain.remarking import ListChanged
from deust.models.learning import ItemProgress
from deust.models.quizzes import Attempt, AttemptMarks, FrozenQuestion
from deust.models.records import AuditEvent, OutboxMessage
from deust.models.transaction import reading, writing
from deust.queries.quiz_report_kept import Reports, kept_report
from deust.queries.remarking import RemarkingPage, remarking_page
from deust.queries.remarking_asides import LookedAt, looked_at
from deust.services import marking, remarking, remarking_asides
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.cohorts import Answers, group_that_sat
from tests.support.takers import Taker

pytestmark = pytest.mark.both

QUIZ = factories.quiz(factories.single("a"), factories.short("b"), mode=Mode.GRADED)
LINK = "https://deust.example/modules/ec101-accueil/essai"
_ids = count(1)


def keyed(quiz: Quiz, right: int) -> Quiz:
    """The same quiz, where another option of « a » is the right one."""
    block = quiz.questions[0].answer
    assert isinstance(block, Choice)
    options = tuple(replace(one, is_right=number == right) for number, one in enumerate(block.options, 1))
    changed = replace(quiz.questions[0], answer=replace(block, options=options))
    return replace(quiz, version="v2", questions=(changed, *quiz.questions[1:]))


@pytest.fixture
def admin(database: Flask) -> SignedIn:
    with writing() as session:
        return factories.signed_in(factories.person(session, role=Role.ADMIN.value))


def fill(quiz: Quiz, papers: Sequence[Answers], **fields: Any) -> list[int]:
    with writing() as session:
        _, people = group_that_sat(session, quiz, factories.cohort(session), papers, **fields)
        for who in people:
            marking.keep_result(session, who.id, quiz, NOW)
        return [who.id for who in people]


def look(by: SignedIn, quiz: Quiz) -> RemarkingPage:
    with reading() as connection:
        return remarking_page(connection, reviewer=by, quiz=quiz)


def apply(by: SignedIn, quiz: Quiz, *, never_lower: bool = True, seen: str | None = None) -> int:
    with writing() as session:
        return remarking.apply_key(
            session,
            quiz,
            by=by,
            seen=look(by, quiz).seen if seen is None else seen,
            never_lower=never_lower,
            reason="clé fausse",
            link=LINK,
            now=Clock().now,
        )


def rows(table: Any) -> Sequence[Row[Any]]:
    with reading() as connection:
        return connection.execute(select(table)).all()


def scores() -> dict[int, Fraction | None]:
    return {row.person_id: row.score for row in rows(Attempt)}


def marks_of(version: int) -> list[dict[str, str]]:
    return [row.points for row in sorted(rows(AttemptMarks), key=lambda row: row.attempt_id) if row.version == version]


def acts(name: str) -> list[Row[Any]]:
    return [row for row in rows(AuditEvent) if row.act == name]


@pytest.mark.case("GR-05", "QZ-37", "QZ-38")
def test_a_corrected_key_raises_those_it_wronged(admin: SignedIn) -> None:
    """GR-05: who, when, from, to and why are written; the former marks stay."""
    wronged, favoured = fill(QUIZ, [{"a": 3, "b": "reformulation"}, {"a": 2, "b": "relance"}])
    now = keyed(QUIZ, 3)
    page = look(admin, now)
    assert [one.outcome.changes[0].after for one in page.changed] == [1, 0]
    assert page.raised == 1

    assert apply(admin, now) == 1
    assert scores() == {wronged: 2, favoured: 1}
    assert marks_of(1) == [{"k0": "0", "k1": "1"}, {"k0": "1", "k1": "0"}]
    assert marks_of(2) == [{"k0": "1", "k1": "1"}]
    (made,) = (row for row in rows(AttemptMarks) if row.version == 2)
    assert (made.marker_id, made.reason, made.marked_at) == (admin.person_id, "clé fausse", NOW)
    (line,) = acts("attempt:apply-key")
    assert (line.actor_id, line.at) == (admin.person_id, NOW)
    assert (line.detail["from_score"], line.detail["to_score"], line.detail["reason"]) == ("1", "2", "clé fausse")
    assert line.detail["questions"] == {"a": ["0", "1"]}
    (act,) = acts("quiz:apply-key")
    assert len(act.detail["attempts"]) == 1


def test_marks_go_down_only_when_asked(admin: SignedIn) -> None:
    (favoured,) = fill(QUIZ, [{"a": 2}])
    now = keyed(QUIZ, 3)
    assert apply(admin, now) == 0
    assert scores() == {favoured: 1}
    assert apply(admin, now, never_lower=False) == 1
    assert scores() == {favoured: 0}


def test_what_was_done_stays_done(admin: SignedIn) -> None:
    """The result may go down when that is asked; the activity stays complete, with its hours."""
    fill(QUIZ, [{"a": 2}])
    (before,) = rows(ItemProgress)
    assert before.is_passed
    apply(admin, keyed(QUIZ, 3), never_lower=False)
    (after,) = rows(ItemProgress)
    assert (after.kept_share, after.completed_at, after.credited_minutes) == (
        0,
        before.completed_at,
        before.credited_minutes,
    )
    assert after.completed_at is not None


def test_a_raised_mark_completes_the_activity(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    assert rows(ItemProgress)[0].completed_at is None
    apply(admin, keyed(QUIZ, 3))
    assert (rows(ItemProgress)[0].kept_share, rows(ItemProgress)[0].is_passed) == (Fraction(1, 2), True)


def test_whoever_changes_is_told_without_the_mark(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}, {"a": 2}])
    apply(admin, keyed(QUIZ, 3))
    (mail,) = rows(OutboxMessage)
    assert mail.kind == remarking.MAIL
    assert set(mail.payload) == {"given_name", "locale", "title", "link"}


@pytest.mark.case("QZ-38")
def test_twice_is_once(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}, {"a": 2}, {}])
    now = keyed(QUIZ, 3)
    seen = look(admin, now).seen
    assert (apply(admin, now, seen=seen), apply(admin, now, seen=seen)) == (1, 0)
    assert len(rows(OutboxMessage)) == len(acts("quiz:apply-key")) == len(marks_of(2)) == 1
    assert marks_of(3) == []


@pytest.mark.case("QZ-38")
def test_interrupted_in_the_middle_nothing_is_kept(admin: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(QUIZ, [{"a": 3}] * 3)
    calls = count(1)
    usual = remarking._mark

    def breaks(*arguments: Any, **fields: Any) -> None:
        if next(calls) == 3:
            raise RuntimeError("cut")
        usual(*arguments, **fields)

    monkeypatch.setattr(remarking, "_mark", breaks)
    with pytest.raises(RuntimeError):
        apply(admin, keyed(QUIZ, 3))
    assert set(scores().values()) == {0}
    assert (marks_of(2), rows(OutboxMessage), acts("attempt:apply-key")) == ([], [], [])


def test_a_list_that_changed_meanwhile_is_refused(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    now = keyed(QUIZ, 3)
    seen = look(admin, now).seen
    fill(QUIZ, [{"a": 3}])
    with pytest.raises(ListChanged):
        apply(admin, now, seen=seen)
    assert marks_of(2) == []


def test_a_tutor_marks_again_the_students_followed_only(admin: SignedIn) -> None:
    with writing() as session:
        tutor = factories.person(session, role=Role.TUTOR.value)
    (mine,) = fill(QUIZ, [{"a": 3}], tutor=tutor)
    (other,) = fill(QUIZ, [{"a": 3}])
    assert apply(factories.signed_in(tutor), keyed(QUIZ, 3)) == 1
    assert scores() == {mine: 1, other: 0}


def test_an_option_that_is_lost_leaves_the_attempt_alone(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    now = keyed(QUIZ, 3)
    block = now.questions[0].answer
    assert isinstance(block, Choice)
    options = (replace(block.options[0], text="le temps"), *block.options[1:])
    now = replace(now, questions=(replace(now.questions[0], answer=replace(block, options=options)), now.questions[1]))
    page = look(admin, now)
    assert (page.changed, len(page.by_hand)) == ((), 1)
    assert apply(admin, now) == 0
    assert marks_of(2) == []


def test_options_in_another_order_are_followed(admin: SignedIn) -> None:
    wronged, favoured = fill(QUIZ, [{"a": 3}, {"a": 2}])
    now = keyed(QUIZ, 3)
    block = now.questions[0].answer
    assert isinstance(block, Choice)
    now = replace(
        now,
        questions=(replace(now.questions[0], answer=replace(block, options=block.options[::-1])), now.questions[1]),
    )
    assert apply(admin, now, never_lower=False) == 2
    assert scores() == {wronged: 1, favoured: 0}


def test_what_a_person_marks_and_running_attempts_are_left_alone(admin: SignedIn, clock: Clock) -> None:
    """QZ-37: an attempt at work keeps its version; once handed in, it is among those to mark again."""
    quiz = factories.quiz(factories.single("a"), factories.essay("e"), mode=Mode.GRADED)
    taker = Taker(quiz, clock)
    taker.start()
    taker.save("a", taker.form("a", 3))
    taker.save("e", {"answer": ["Un texte."]})
    now = keyed(quiz, 3)
    assert look(admin, now).changed == ()
    taker.hand_in()
    paper = taker.paper()
    assert apply(admin, now) == 1
    assert taker.marks(version=2) == {"a": 1, "e": None}
    assert (taker.attempt().score, taker.attempt().awaiting) == (1, 1)
    assert taker.paper() == paper


def test_the_frozen_questions_never_change(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    before = rows(FrozenQuestion)
    apply(admin, keyed(QUIZ, 3))
    assert rows(FrozenQuestion) == before


GIVEN = st.fixed_dictionaries(
    {}, optional={"a": st.sampled_from([1, 2, 3]), "b": st.sampled_from(["reformulation", "relance"])}
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GIVEN, min_size=1, max_size=5), st.sampled_from([1, 3]), st.booleans(), st.randoms())
def test_sums_are_exact_and_the_order_of_attempts_is_nothing(
    database: Flask, papers: list[dict[str, Json]], right: int, never_lower: bool, dice: random.Random
) -> None:
    results = []
    for order in (list(range(len(papers))), dice.sample(range(len(papers)), len(papers))):
        with writing() as session:
            admin = factories.signed_in(factories.person(session, role=Role.ADMIN.value))
        quiz = replace(QUIZ, id=f"essai-{next(_ids)}")
        people = fill(quiz, [papers[place] for place in order])
        before = scores()
        now = keyed(quiz, right)
        apply(admin, now, never_lower=never_lower)
        after = scores()
        assert apply(admin, now, never_lower=never_lower) == 0
        assert scores() == after
        if never_lower:
            assert all((after[one] or 0) >= (before[one] or 0) for one in people)
        results.append({place: after[who] for place, who in zip(order, people, strict=True)})
        latest: dict[int, Row[Any]] = {
            row.attempt_id: row for row in sorted(rows(AttemptMarks), key=lambda r: r.version)
        }
        for attempt in rows(Attempt):
            assert attempt.score == sum(Fraction(points) for points in latest[attempt.id].points.values())
    assert results[0] == results[1]


def test_a_mark_changed_by_another_meanwhile_is_seen(admin: SignedIn) -> None:
    """What was shown is compared with what is held: a mark that moved between the two refuses the whole act."""
    fill(QUIZ, [{"a": 3}, {"a": 3}])
    now = keyed(QUIZ, 3)
    seen = look(admin, now).seen
    with writing() as session:
        first = session.scalars(select(Attempt.id).order_by(Attempt.id)).first()
        session.execute(update(AttemptMarks).where(AttemptMarks.attempt_id == first).values(points={"k0": "1/2"}))
    with pytest.raises(ListChanged):
        apply(admin, now, seen=seen)


def unsure(quiz: Quiz, text: str = "le temps") -> Quiz:
    """The same quiz with a corrected key, where an option is no longer known by its words."""
    now = keyed(quiz, 3)
    block = now.questions[0].answer
    assert isinstance(block, Choice)
    options = (replace(block.options[0], text=text), *block.options[1:])
    return replace(now, questions=(replace(now.questions[0], answer=replace(block, options=options)), now.questions[1]))


def looked(by: SignedIn, quiz: Quiz) -> LookedAt:
    with reading() as connection:
        return looked_at(connection, remarking_page(connection, reviewer=by, quiz=quiz))


def put_aside(by: SignedIn, quiz: Quiz, public_id: str, reason: str = "La réponse était juste.") -> None:
    with writing() as session:
        remarking_asides.put_aside(session, quiz, by=by, public_id=public_id, reason=reason, now=NOW)


def looks() -> list[tuple[str, Any]]:
    with reading() as connection:
        found = connection.execute(select(AuditEvent.act, AuditEvent.detail).order_by(AuditEvent.id))
        return [(row.act, row.detail.get("reason")) for row in found if row.act.startswith("attempt:look")]


def test_an_attempt_looked_at_by_hand_is_put_aside_with_its_reason_and_comes_back(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}, {"a": 2}])
    now = unsure(QUIZ)
    first, second = looked(admin, now).page.by_hand
    put_aside(admin, now, first.public_id)
    put_aside(admin, now, first.public_id, "Deux fois.")
    found = looked(admin, now)
    assert [one.public_id for one in found.page.by_hand] == [second.public_id]
    assert [(one.attempt.public_id, one.reason, one.by) for one in found.asides] == [
        (first.public_id, "La réponse était juste.", admin.name)
    ]
    for _twice in range(2):
        with writing() as session:
            remarking_asides.take_back(session, now, by=admin, public_id=first.public_id, now=NOW)
    assert (len(looked(admin, now).page.by_hand), looked(admin, now).asides) == (2, ())
    assert looks() == [("attempt:look-done", "La réponse était juste."), ("attempt:look-again", None)]
    assert marks_of(2) == []


def test_an_attempt_put_aside_comes_back_when_the_key_changes_again(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    now = unsure(QUIZ)
    (one,) = looked(admin, now).page.by_hand
    put_aside(admin, now, one.public_id)
    again = unsure(QUIZ, "le climat")
    assert (len(looked(admin, again).page.by_hand), looked(admin, again).asides) == (1, ())
    assert looked(admin, now).page.by_hand == ()


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "x" * 501])
def test_a_reason_is_needed_to_put_an_attempt_aside(admin: SignedIn, reason: str) -> None:
    fill(QUIZ, [{"a": 3}])
    now = unsure(QUIZ)
    (one,) = looked(admin, now).page.by_hand
    with pytest.raises(InvalidAnswer):
        put_aside(admin, now, one.public_id, reason)
    assert len(looked(admin, now).page.by_hand) == 1


def test_only_who_follows_the_student_puts_aside(admin: SignedIn) -> None:
    with writing() as session:
        tutor = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
    fill(QUIZ, [{"a": 3}])
    now = unsure(QUIZ)
    (one,) = looked(admin, now).page.by_hand
    with pytest.raises(NotFound):
        put_aside(tutor, now, one.public_id)
    with pytest.raises(NotFound):
        put_aside(admin, keyed(QUIZ, 3), one.public_id)


def test_the_report_counts_no_more_what_was_put_aside(admin: SignedIn) -> None:
    fill(QUIZ, [{"a": 3}])
    now, reports = unsure(QUIZ), Reports()
    (one,) = looked(admin, now).page.by_hand

    def concerned() -> int:
        with reading() as connection:
            page = kept_report(connection, reports, reviewer=admin, quiz=now, which=Which.FIRST, group=None)
        return len(page.remarking.by_hand)

    assert concerned() == 1
    put_aside(admin, now, one.public_id)
    assert concerned() == 0
