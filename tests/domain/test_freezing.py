from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from deust.domain.calculated import draw
from deust.domain.freezing import (
    PaperQuestion,
    content_hash,
    frozen,
    frozen_settings,
    paper_question,
    thawed,
    thawed_settings,
)
from deust.domain.presenting import place
from deust.domain.questions import Question
from deust.domain.quizzes import Mode
from tests.domain.question_samples import calculated, every_question
from tests.support import factories

anything_asked = st.one_of(every_question(), st.builds(calculated))


@given(anything_asked)
def test_a_question_comes_back_from_the_database_as_it_was(question: Question) -> None:
    kept = json.loads(json.dumps(frozen(question)))
    assert thawed(kept) == question


@given(anything_asked)
def test_the_line_of_a_question_is_no_part_of_its_content(question: Question) -> None:
    assert content_hash(frozen(question)) == content_hash(frozen(replace(question, line=question.line + 10)))


def test_any_edit_makes_another_hash() -> None:
    question = factories.single()
    edits = [
        question,
        replace(question, title="autre"),
        replace(question, points=Fraction(2)),
        replace(question, feedback="autre"),
        replace(question, answer=factories.multiple().answer),
    ]
    assert len({content_hash(frozen(edited)) for edited in edits}) == len(edits)


def test_the_hash_is_the_same_on_every_machine() -> None:
    """Attempts made before an upgrade must still find their questions."""
    body = {"$": "Question", "id": "q", "points": {"$": "Fraction", "value": "1/3"}}
    assert content_hash(body) == "92d8d7428f7a1d76c5eb51719c971dddf105cb11dfef31bf9c6616c94de818d4"


@given(anything_asked, st.integers())
def test_a_paper_question_comes_back_as_it_was(question: Question, seed: int) -> None:
    rng = random.Random(seed)
    entry = PaperQuestion(
        key="k1",
        hash=content_hash(frozen(question)),
        id=question.id,
        placement=place(question, rng, True),
        values=draw(question.variables, rng),
    )
    assert paper_question(json.loads(json.dumps(entry.to_json()))) == entry


def test_settings_come_back_as_they_were() -> None:
    for mode in Mode:
        settings = factories.settings(mode, time_seconds=1200, pass_share=Fraction(1, 3))
        kept = json.loads(json.dumps(frozen_settings(settings, title="Titre")))
        assert thawed_settings(kept) == settings
