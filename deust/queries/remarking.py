"""Which closed attempts a corrected key would mark otherwise, and how; nothing is written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row

from deust.domain.freezing import content_hash, frozen, paper_question
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.questions import Json, Question
from deust.domain.remarking import Change, Marked, Outcome, fingerprint, has_same_key, kept_changes, outcome
from deust.queries.closed_attempts import Key, Work, closed_attempts, versions_asked, work_of


@dataclass(frozen=True, kw_only=True)
class Affected:
    """A closed attempt that holds a question whose key changed, and what the corrected key makes of it.

    `concern` names, for one to look at by hand, its questions as they were asked and as they are published.
    """

    attempt_id: int
    public_id: str
    person_id: int
    person: str
    number: int
    score: Fraction
    out_of: Fraction
    pass_share: Fraction
    version: int
    points: Mapping[str, Fraction | None]
    outcome: Outcome
    concern: str = ""

    def kept(self, *, never_lower: bool) -> tuple[Change, ...]:
        return kept_changes(self.outcome.changes, never_lower=never_lower)

    def score_after(self, *, never_lower: bool) -> Fraction:
        kept = self.kept(never_lower=never_lower)
        return self.score + sum((change.after - change.before for change in kept), Fraction(0))

    def share(self, score: Fraction) -> Fraction:
        return score / self.out_of if self.out_of else Fraction(0)

    def is_passed(self, score: Fraction) -> bool:
        return self.share(score) >= self.pass_share


@dataclass(frozen=True, kw_only=True)
class RemarkingPage:
    """`changed` would be marked otherwise, `by_hand` cannot be carried safely; `seen` names this very list."""

    quiz: Quiz
    changed: tuple[Affected, ...]
    by_hand: tuple[Affected, ...]
    seen: str

    @property
    def raised(self) -> int:
        """How many attempts change when no mark may go down."""
        return sum(bool(one.kept(never_lower=True)) for one in self.changed)


def remarking_page(connection: Connection, *, reviewer: SignedIn, quiz: Quiz) -> RemarkingPage:
    """What the corrected keys would change among the students followed: four statements at most."""
    rows = closed_attempts(connection, reviewer=reviewer, quiz=quiz)
    questions = versions_asked(connection, rows)
    concerned = concerned_attempts(rows, questions, quiz)
    work = work_of(connection, [row.id for row in concerned])
    return page_of(concerned, questions, work, quiz)


def concerned_attempts(rows: Sequence[Row[Any]], questions: Mapping[str, Question], quiz: Quiz) -> Sequence[Row[Any]]:
    """The attempts that hold a question whose key is another one now."""
    published = {question.id: question for question in quiz.questions}
    changed = {
        hash_
        for hash_, question in questions.items()
        if question.id in published and not has_same_key(question, published[question.id])
    }
    return [row for row in rows if changed and any(entry["hash"] in changed for entry in row.paper)]


def page_of(
    concerned: Collection[Row[Any]], questions: Mapping[str, Question], work: Work, quiz: Quiz
) -> RemarkingPage:
    published = {question.id: question for question in quiz.questions}
    answers = _by_attempt(work.answers)
    found = [
        _affected(row, questions, work, answers.get(row.id, {}), published)
        for row in concerned
        if row.id in work.points
    ]
    changed = sorted((one for one in found if one.outcome.changes), key=_by_name)
    return RemarkingPage(
        quiz=quiz,
        changed=tuple(changed),
        by_hand=tuple(sorted((one for one in found if one.outcome.by_hand), key=_by_name)),
        seen=fingerprint({one.attempt_id: one.outcome for one in changed}),
    )


def _by_attempt(answers: Mapping[Key, Json]) -> Mapping[int, Mapping[str, Json]]:
    found: dict[int, dict[str, Json]] = {}
    for (attempt_id, key), given in answers.items():
        found.setdefault(attempt_id, {})[key] = given
    return found


def _by_name(one: Affected) -> tuple[str, int, int]:
    return one.person.casefold(), one.person_id, one.number


def _affected(
    row: Row[Any],
    questions: Mapping[str, Question],
    work: Work,
    answers: Mapping[str, Json],
    published: Mapping[str, Question],
) -> Affected:
    paper = [paper_question(entry) for entry in row.paper]
    marked = Marked(
        attempt_id=row.id,
        paper=paper,
        questions={entry.key: questions[entry.hash] for entry in paper},
        answers=answers,
        points=work.points[row.id],
    )
    result = outcome(marked, published)
    return Affected(
        attempt_id=row.id,
        public_id=row.public_id,
        person_id=row.person_id,
        person=f"{row.family_name} {row.given_name}",
        number=row.number,
        score=row.score if row.score is not None else Fraction(0),
        out_of=row.out_of,
        pass_share=Fraction(row.settings["pass_share"]),
        version=work.versions[row.id],
        points=work.points[row.id],
        outcome=result,
        concern=_concern(marked, published) if result.by_hand else "",
    )


def _concern(marked: Marked, published: Mapping[str, Question]) -> str:
    pairs = [
        f"{entry.hash}:{content_hash(frozen(published[entry.id]))}"
        for entry in marked.paper
        if entry.id in published and not has_same_key(marked.questions[entry.key], published[entry.id])
    ]
    return hashlib.sha256("\n".join(sorted(pairs)).encode()).hexdigest()
