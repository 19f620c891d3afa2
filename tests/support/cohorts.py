"""A group of students who all took a quiz, written straight into the tables: the reports read many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import count

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from deust.domain import marking
from deust.domain.freezing import PaperQuestion, content_hash, frozen, frozen_settings
from deust.domain.learning import Quiz
from deust.domain.presenting import Placement
from deust.domain.questions import Json
from deust.models.people import Cohort, Group, Person
from deust.models.quizzes import Answer, Attempt, AttemptMarks, FrozenQuestion
from tests.support import factories
from tests.support.clock import NOW

_numbers = count(1)

Answers = Mapping[str, Json]


def sat(session: Session, quiz: Quiz, who: Person, given: Answers, *, number: int = 1) -> Attempt:
    """A closed and marked attempt at the quiz; `given` is numbered as in the source, by question id."""
    paper = []
    points: dict[str, str | None] = {}
    for place, question in enumerate(quiz.questions):
        body = frozen(question)
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(
            dialect.insert(FrozenQuestion).values(hash=content_hash(body), body=body).on_conflict_do_nothing()
        )
        entry = PaperQuestion(
            key=f"k{place}", hash=content_hash(body), id=question.id, placement=Placement(), values={}
        )
        paper.append(entry.to_json())
        earned = marking.points(question, marking.mark(question, given.get(question.id)))
        points[entry.key] = None if earned is None else str(earned)
    score = sum((Fraction(earned) for earned in points.values() if earned is not None), Fraction(0))
    attempt = factories.attempt(
        session,
        who,
        public_id=f"{next(_numbers):032d}",
        item_ref=quiz.ref,
        number=number,
        settings=frozen_settings(quiz.settings, title=quiz.title),
        paper=paper,
        closed_at=NOW + timedelta(minutes=20 * number),
        closed_by="person",
        score=score,
        awaiting=sum(earned is None for earned in points.values()),
        out_of=sum((question.points for question in quiz.questions), Fraction(0)),
    )
    session.execute(
        insert(AttemptMarks),
        [{"attempt_id": attempt.id, "version": 1, "points": points, "reason": "hand-in", "marked_at": NOW}],
    )
    rows = [
        {
            "attempt_id": attempt.id,
            "question_key": f"k{place}",
            "given": given[question.id],
            "version": 1,
            "client": "tab",
            "clients": {"tab": 1},
            "is_flagged": False,
            "saved_at": NOW,
        }
        for place, question in enumerate(quiz.questions)
        if question.id in given
    ]
    if rows:
        session.execute(insert(Answer), rows)
    return attempt


def group_that_sat(
    session: Session, quiz: Quiz, of: Cohort, papers: Sequence[Answers], *, tutor: Person | None = None
) -> tuple[Group, list[Person]]:
    """A new group with one student a paper, followed by the tutor if given."""
    made = factories.group(session, of)
    people = []
    for given in papers:
        who = factories.person(session)
        factories.enrolment(session, who, of, group_id=made.id)
        sat(session, quiz, who, given)
        people.append(who)
    if tutor is not None:
        factories.tutoring(session, tutor, made)
    return made, people
