"""A question drawn for one person, when nothing about it is kept."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deust.domain import calculated, marking
from deust.domain.presenting import Placement, place
from deust.domain.questions import Json, Question, Values
from deust.domain.reading import read


@dataclass(frozen=True, kw_only=True)
class AskedCheck:
    """A check as this person meets it: the same order and the same numbers at each visit."""

    question: Question
    placement: Placement
    values: Values

    def __hash__(self) -> int:
        return hash((self.question, self.placement, *self.values.values()))

    def read(self, form: Mapping[str, Sequence[str]]) -> Json:
        return read(self.question, self.placement, form)

    def mark(self, answer: Json) -> marking.Verdict:
        return marking.mark(self.question, answer, self.values)


def asked_check(question: Question, *, person_id: int, shuffles: bool = True) -> AskedCheck:
    """Draws from the person and the question alone, so that nothing has to be kept."""
    rng = random.Random(f"{person_id}/{question.id}")
    return AskedCheck(
        question=question,
        placement=place(question, rng, shuffles),
        values=calculated.draw_for(question, rng),
    )
