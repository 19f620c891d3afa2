"""A tutors' evening at full size: 1,285 students at 120 items, their attempts at one quiz, 5,000 copies to mark."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.courses import MODULE, QUIZ
from bench.crowd import fill_cohort
from bench.load import Request, get
from bench.rows import F2, Reading
from bench.school import Student, browser_of, copied, rows_of
from deust.content.catalogue import Catalogue
from deust.domain.attempts import Save
from deust.domain.learning import Assignment
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.people import Cohort, Group, Person
from deust.models.quizzes import Answer, AnswerEvent, Attempt, AttemptMarks
from deust.models.signin import SignInSession
from deust.models.transaction import writing
from deust.queries.signin import signed_in
from deust.services import answers, assignments, signin
from deust.services.answer_batches import Posted

COPIES = 5_000
WORK = "devoir-script"

COHORT_PAGE = Reading("cohort, first screen of 50", F2, "0.009", "—", 0.15, 0.3, "/cohortes/{attempt}")
REPORT = Reading("activity report, met again", F2, "—", "—", 0.15, 0.3, f"/activites/{MODULE}/{QUIZ}/rapport")
QUEUE = Reading("queue of 5,000 copies", F2, "—", "—", 0.0, 0.0, "/a-corriger")
PAGES = (COHORT_PAGE, REPORT, QUEUE)


@dataclass(frozen=True, kw_only=True)
class Staff:
    """An administrator's browser, for whom `attempt` is the cohort's number, and a few copies to open."""

    student: Student
    copies: tuple[str, ...]

    def export(self) -> Request:
        """The whole cohort in one answer."""
        return Request(get(f"/cohortes/{self.student.attempt}/export/csv", cookie=self.student.cookie))

    def next_copies(self) -> list[Request]:
        return [Request(get(f"/a-corriger/{copy}", cookie=self.student.cookie)) for copy in self.copies]


def make_staff(app: Flask, first: Student, *, students: int, copies: int) -> Staff:
    """Fill the school of `first`, whose attempts and work are given to everyone."""
    now = datetime.now(UTC)
    with app.app_context():
        catalogue: Catalogue = app.extensions["deust"].catalogue
        with writing() as session:
            cohort = session.scalars(select(Cohort.id)).one()
            groups = list(session.scalars(select(Group.id)))
            ids = fill_cohort(
                session,
                cohort_id=cohort,
                group_ids=groups,
                programme=catalogue.programme(),
                now=now,
                students=students,
            )
            token, admin = _administrator(session, now)
        with writing() as session:
            _attempts(session, first.person_id, ids)
            handed_in = _work(session, _learner(session, first.person_id, now), catalogue, now)
            opened = _copies(session, handed_in, ids, copies, now)
    browser = browser_of(app, admin, token)
    return Staff(student=Student(admin, browser.cookie, browser.csrf, str(cohort)), copies=opened)


def _administrator(session: Session, now: datetime) -> tuple[str, int]:
    person = Person(
        email="direction@bench.deust.example", given_name="Nour", family_name="Bench", role="admin", created_at=now
    )
    session.add(person)
    session.flush()
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(days=1)
    session.add(
        SignInSession(
            token_hash=signin.token_hash(token),
            person_id=person.id,
            device="",
            created_at=now,
            expires_at=expires_at,
        )
    )
    return token, person.id


def _learner(session: Session, person_id: int, now: datetime) -> SignedIn:
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            token_hash=signin.token_hash(token),
            person_id=person_id,
            device="",
            created_at=now,
            expires_at=now + timedelta(days=1),
        )
    )
    session.flush()
    found = signed_in(session.connection(), token_hash=signin.token_hash(token), now=now)
    assert found is not None
    return found


def _attempts(session: Session, source: int, others: Sequence[int]) -> None:
    """The first closed attempt of the quiz, with its marks and answers, given to each of the others."""
    first = Attempt.person_id == source, Attempt.item_ref == f"{MODULE}/{QUIZ}", Attempt.number == 1
    copied(session, rows_of(session, Attempt, *first), others, (Answer, AnswerEvent, AttemptMarks))


def _work(session: Session, learner: SignedIn, catalogue: Catalogue, now: datetime) -> Mapping[str, Any]:
    """One assignment lived and handed in; its copy as a row."""
    assignment = catalogue.quiz(f"{MODULE}/{WORK}")
    assert isinstance(assignment, Assignment)
    public_id = assignments.start_draft(session, learner=learner, assignment=assignment, rng=random.Random(1), now=now)
    attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
    save = Save(event_id="bench", client="bench", sequence=1, base_version=0, given=None)
    posted = [Posted(key=attempt.paper[0]["key"], save=save, form={"answer": ["Une réponse écrite. " * 60]})]
    answers.save_answers(session, learner=learner, public_id=public_id, posted=posted, now=now)
    assignments.hand_in(
        session,
        learner=learner,
        public_id=public_id,
        declaration=assignments.Declaration(is_own=True),
        find_quiz=lambda _ref: assignment,
        now=now,
    )
    return rows_of(session, Copy)[0]


def _copies(
    session: Session, copy: Mapping[str, Any], others: Sequence[int], count: int, now: datetime
) -> tuple[str, ...]:
    """So many copies of that work, each of its own attempt; gives the names of twenty."""
    (source,) = rows_of(session, Attempt, Attempt.id == copy["attempt_id"])
    rows = [
        {**source, "person_id": others[place % len(others)], "number": 1 + place // len(others)}
        for place in range(count)
    ]
    numbers = copied(session, [source], (), (Answer,), rows)
    names = [secrets.token_hex(16) for _ in numbers]
    session.execute(
        insert(Copy),
        [
            {
                **{name: value for name, value in copy.items() if name != "id"},
                "public_id": name,
                "code": secrets.token_hex(3).upper(),
                "attempt_id": number,
                "person_id": row["person_id"],
                "handed_in_at": now - timedelta(minutes=place),
            }
            for place, (number, name, row) in enumerate(zip(numbers, names, rows, strict=True))
        ],
    )
    return tuple(names[:20])
