from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import remarking
from deust.domain.freezing import PaperQuestion
from deust.domain.marking import mark, points
from deust.domain.presenting import Placement
from deust.domain.questions import (
    Choice,
    Json,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Question,
    Short,
    ShortKey,
)
from deust.domain.remarking import Marked, Outcome, Unmatched, carried, has_same_key, outcome
from tests.support import factories

F = Fraction


def options(*texts: str, right: str) -> Choice:
    return Choice(options=tuple(Option(text=text, is_right=text == right) for text in texts), several=False)


ASKED = factories.question("q", answer=options("un", "deux", "trois", right="un"))


def corrected(**fields: Any) -> Question:
    return replace(ASKED, **fields)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (options("un", "deux", "trois", right="un"), True),
        (options("trois", "un", "deux", right="un"), True),
        (options("Un !", "deux", "trois", right="Un !"), True),
        (options("un", "deux", "trois", right="deux"), False),
        (options("un", "deux", right="un"), False),
    ],
)
def test_what_makes_another_key(now: Choice, expected: bool) -> None:
    assert has_same_key(ASKED, corrected(answer=now)) is expected


def test_what_is_only_said_is_not_the_key() -> None:
    assert has_same_key(ASKED, corrected(stem="Autre énoncé", feedback="Autre", title="Autre", hints=("h",)))
    assert not has_same_key(ASKED, corrected(points=F(2)))


@pytest.mark.parametrize(
    "keys",
    [
        (NumericKey(value=F(173)),),
        (NumericKey(value=F(172), tolerance=F(1)),),
        (NumericKey(value=F(172), share=F(1, 2)),),
    ],
)
def test_value_tolerance_and_share_are_the_key(keys: tuple[NumericKey, ...]) -> None:
    asked = factories.numeric()
    assert not has_same_key(asked, replace(asked, answer=Numeric(keys=keys)))


def test_the_feedback_of_a_key_is_not_the_key() -> None:
    asked = factories.short()
    said = Short(keys=(ShortKey(variants=("reformulation",), feedback="Oui."),))
    assert has_same_key(asked, replace(asked, answer=said))


def test_an_answer_follows_the_words_of_its_option() -> None:
    now = corrected(answer=options("trois", "<em>un</em>", "deux", right="deux"))
    assert [carried(ASKED, now, number) for number in (1, 2, 3, None, 9)] == [2, 3, 1, None, None]


def test_several_answers_follow_too() -> None:
    asked = replace(ASKED, answer=replace(ASKED.answer, several=True))
    now = corrected(answer=replace(options("trois", "un", "deux", right="deux"), several=True))
    assert carried(asked, now, [1, 3]) == [1, 2]


@pytest.mark.parametrize(
    "now",
    [
        corrected(answer=options("un", "deux", "quatre", right="deux")),
        corrected(answer=options("un", "deux", "trois", "quatre", right="deux")),
        corrected(answer=options("un", "un", "trois", right="trois")),
        corrected(answer=replace(options("un", "deux", "trois", right="deux"), several=True)),
        corrected(answer=options("un", "deux", "trois", right="deux"), stem="Laquelle est fausse ?"),
        corrected(answer=options("un", "deux", "trois", right="deux"), points=F(3)),
        corrected(answer=Short(keys=(ShortKey(variants=("un",)),))),
    ],
    ids=["word lost", "word added", "word twice", "several", "another stem", "another worth", "another type"],
)
def test_what_is_not_sure_is_left_to_a_person(now: Question) -> None:
    with pytest.raises(Unmatched):
        carried(ASKED, now, 1)


def test_matching_follows_both_sides() -> None:
    asked = factories.matching()
    assert isinstance(asked.answer, Matching)
    now = replace(asked, answer=Matching(pairs=asked.answer.pairs[::-1], distractors=("combien ?",)))
    assert carried(asked, now, [1, 3]) == [3, 2]
    assert mark(now, carried(asked, now, [1, 2])).share == 1


def test_ordering_follows_its_items() -> None:
    asked = factories.ordering()
    now = replace(asked, answer=Ordering(items=("écouter", "saluer", "conclure")))
    assert mark(now, carried(asked, now, [2, 1, 3])).share == 1


MACHINE = {question.id: question for question in factories.machine_marked()}


@given(st.sampled_from(sorted(MACHINE)), st.randoms())
def test_a_question_carried_to_itself_keeps_every_mark(name: str, dice: Any) -> None:
    question = MACHINE[name]
    if question.variables:
        return
    given_ = dice.choice([None, 1, 2, 3, True, "reformulation", "172", [1], [2, 1], [1, 2, 3], ["laisser", 2]])
    assert mark(question, carried(question, question, given_)).share == mark(question, given_).share


def entry(question: Question) -> PaperQuestion:
    return PaperQuestion(key=f"k-{question.id}", hash="h", id=question.id, placement=Placement(), values={})


def marked(question: Question, given_: Json, *, before: Fraction | None = None) -> Marked:
    at = entry(question)
    found = points(question, mark(question, given_)) if before is None else before
    return Marked(
        attempt_id=1, paper=[at], questions={at.key: question}, answers={at.key: given_}, points={at.key: found}
    )


def test_what_a_person_marks_is_left_alone() -> None:
    essay = factories.essay()
    attempt = marked(essay, "Un texte.", before=F(1))
    assert outcome(attempt, {essay.id: replace(essay, points=F(9))}) == Outcome()


def test_what_a_broken_key_left_to_a_person_is_left_alone() -> None:
    asked = replace(factories.numeric(), answer=Numeric(keys=(NumericKey(value="absent * 2"),)))
    now = replace(asked, answer=Numeric(keys=(NumericKey(value=F(172)),)))
    assert outcome(marked(asked, "171", before=F(1, 2)), {asked.id: now}) == Outcome()


def test_what_waits_for_its_marker_or_left_the_quiz_is_left_alone() -> None:
    waiting = replace(marked(ASKED, 2), points={"k-q": None})
    now = corrected(answer=options("un", "deux", "trois", right="deux"))
    assert outcome(waiting, {"q": now}) == Outcome()
    assert outcome(marked(ASKED, 2), {}) == Outcome()


def test_one_doubt_leaves_the_whole_attempt_to_a_person() -> None:
    other = replace(ASKED, id="r")
    first, second = marked(ASKED, 2), marked(other, 2)
    attempt = Marked(
        attempt_id=1,
        paper=[*first.paper, *second.paper],
        questions={**first.questions, **second.questions},
        answers={**first.answers, **second.answers},
        points={**first.points, **second.points},
    )
    sure = corrected(answer=options("un", "deux", "trois", right="deux"))
    unsure = replace(sure, id="r", stem="Autre")
    assert outcome(attempt, {"q": sure, "r": unsure}) == Outcome(by_hand=(other.title,))


@given(
    st.sampled_from([1, 2, 3, None]),
    st.sampled_from(["un", "deux", "trois"]),
    st.booleans(),
    st.permutations(("un", "deux", "trois")),
)
def test_never_lower_and_twice_is_once(given_: int | None, right: str, never_lower: bool, order: list[str]) -> None:
    now = corrected(answer=options(*order, right=right))
    attempt = marked(ASKED, given_)
    changes = remarking.kept_changes(outcome(attempt, {"q": now}).changes, never_lower=never_lower)
    after = remarking.rescored(attempt.points, changes)
    if never_lower:
        assert (after["k-q"] or 0) >= (attempt.points["k-q"] or 0)
    else:
        assert after["k-q"] == F(given_ is not None and ("un", "deux", "trois")[given_ - 1] == right)
    again = outcome(replace(attempt, points=after), {"q": now}).changes
    assert remarking.kept_changes(again, never_lower=never_lower) == ()
