"""Someone who takes a quiz, acting through the services; each act is one transaction, as a page makes it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.learning import Quiz
from deust.domain.marking import right_answer
from deust.domain.people import SignedIn
from deust.domain.questions import Json, Question
from deust.domain.reading import show_answer
from deust.models.base import Base
from deust.models.quizzes import Answer, AnswerEvent, Attempt, AttemptMarks
from deust.models.transaction import at_once, reading, writing
from deust.queries.papers import asked_questions
from deust.services import answers, quizzes
from deust.services.answer_batches import Posted, Saved
from deust.services.answers import Acknowledged
from tests.support import factories
from tests.support.clock import Clock


class Taker:
    """A new student and a quiz; `public_id` is the attempt started last."""

    def __init__(self, quiz: Quiz, clock: Clock, learner: SignedIn | None = None) -> None:
        self.quiz = quiz
        self.clock = clock
        self.learner = learner or _new_learner()
        self.public_id = ""

    def start(self, seed: int = 1) -> str:
        with writing() as session:
            self.public_id = quizzes.start_attempt(
                session, learner=self.learner, quiz=self.quiz, rng=random.Random(seed), now=self.clock.now
            )
        return self.public_id

    def attempt(self) -> Attempt:
        with writing() as session:
            return session.scalars(select(Attempt).where(Attempt.public_id == self.public_id)).one()

    def paper(self) -> dict[str, PaperQuestion]:
        """The entries of the paper by question id, in the order asked."""
        return {entry["id"]: paper_question(entry) for entry in self.attempt().paper}

    def asked(self) -> dict[str, Question]:
        """The questions as they were frozen, by id."""
        paper = self.paper()
        with reading() as connection:
            found = asked_questions(connection, paper.values())
        return {name: found[entry.key] for name, entry in paper.items()}

    def form(self, question_id: str, answer: Json) -> dict[str, list[str]]:
        """The fields that post this answer, written as in the source."""
        return show_answer(self.asked()[question_id], self.paper()[question_id].placement, answer)

    def save(self, question_id: str, form: Mapping[str, Sequence[str]], **fields: Any) -> Saved:
        key = self.paper()[question_id].key
        return self.post(factories.posted(key, form, **fields)).answers[key]

    def post(self, *posted: Posted) -> Acknowledged:
        """Save at once where that can be, else holding the attempt: as the page does."""
        named = {"learner": self.learner, "public_id": self.public_id, "posted": posted, "now": self.clock.now}
        with at_once() as connection:
            kept = answers.save_at_once(connection, **named)
        if kept is not None:
            return kept
        with writing() as session:
            return answers.save_answers(session, **named)

    def flag(self, question_id: str, is_flagged: bool = True) -> None:
        with writing() as session:
            answers.flag_question(
                session,
                learner=self.learner,
                public_id=self.public_id,
                key=self.paper()[question_id].key,
                is_flagged=is_flagged,
                now=self.clock.now,
            )

    def answer_right(self, *question_ids: str) -> None:
        """Answer these questions rightly, all of them unless named."""
        paper, asked = self.paper(), self.asked()
        saves = []
        for name in question_ids or paper:
            right = right_answer(asked[name], paper[name].values)
            form = show_answer(asked[name], paper[name].placement, right)
            saves.append(factories.posted(paper[name].key, form, client="right"))
        self.post(*saves)

    def hand_in(self) -> None:
        with writing() as session:
            quizzes.hand_in(
                session,
                learner=self.learner,
                public_id=self.public_id,
                find_quiz=lambda _ref: self.quiz,
                now=self.clock.now,
            )

    def kept(self) -> dict[str, Json]:
        """The current answers by question id."""
        names = {entry.key: name for name, entry in self.paper().items()}
        return {names[row.question_key]: row.given for row in self._rows(Answer) if row.version}

    def events(self) -> list[AnswerEvent]:
        return sorted(self._rows(AnswerEvent), key=lambda event: event.id)

    def marks(self, version: int = 1) -> dict[str, Fraction | None]:
        """The points of that version by question id; empty when there is no such version."""
        names = {entry.key: name for name, entry in self.paper().items()}
        kept = next((row.points for row in self._rows(AttemptMarks) if row.version == version), {})
        return {names[key]: None if points is None else Fraction(points) for key, points in kept.items()}

    def reasons(self) -> list[str]:
        """Why each version of the marks was made, oldest first."""
        return [row.reason for row in sorted(self._rows(AttemptMarks), key=lambda row: row.version)]

    def _rows(self, table: type[Base]) -> list[Any]:
        of_attempt = table.attempt_id == self.attempt().id  # type: ignore[attr-defined]
        with writing() as session:
            return list(session.scalars(select(table).where(of_attempt)))


def _new_learner() -> SignedIn:
    with writing() as session:
        return factories.learner(session)
