"""A school for browser journeys: the real server on its own database, with students made as tests need them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.adapters.passwords import Passwords
from deust.content.catalogue import Catalogue
from deust.domain.freezing import paper_question
from deust.domain.learning import Assignment
from deust.domain.people import SignedIn
from deust.domain.questions import Json
from deust.models.assignments import Copy, Marking
from deust.models.people import Cohort, Enrolment, Group, Person
from deust.models.quizzes import Answer, AnswerEvent, AnswerFile, Attempt, FrozenQuestion
from deust.models.transaction import engines, writing
from deust.queries.signin import signed_in
from deust.services import answers, assignments, quizzes
from deust.services.demo import COHORT
from deust.services.people import grant_accommodation
from deust.services.signin import end_all_sessions, token_hash
from tests.support import factories
from tests.support.canaries import COURSES
from tests.support.databases import bare_app, migrate
from tests.support.server import Server
from tests.support.sessions import give_session

PASSWORD = "un mot de passe assez long"

_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Account:
    person_id: int
    email: str
    school: School = field(repr=False, compare=False)

    def sign_in(self, context: BrowserContext) -> None:
        """Put a session of this person's in the browser: what comes next is the subject of the test."""
        self.school.sign_in(self, context)


@dataclass(frozen=True, kw_only=True)
class Received:
    """One line of an answer's events."""

    key: str
    given: Json
    outcome: str
    client: str


class School:
    """`server` runs the courses of `tests/fixtures/courses`; the present week of the cohort is the fourth.

    Its database is a file of its own, or a migrated one at this address. The cohort stands where the demonstration
    would be, so that the server need not make one that nobody meets.
    """

    def __init__(self, folder: Path, courses: Path = COURSES, *, url: str = "") -> None:
        if not url:
            url = f"sqlite:///{folder / 'deust.sqlite'}"
            migrate(url)
        self.server = Server(folder, DEUST_COURSES_DIR=str(courses), DEUST_DATABASE_URL=url)
        self._app: Flask = bare_app(url)
        self._catalogue = Catalogue(courses, folder / "read", watch=False)
        self._password_hash = Passwords(cost_kib=64).hashed(PASSWORD)
        today = datetime.now(UTC).date()
        with self._writing() as session:
            monday = today - timedelta(days=today.weekday(), weeks=3)
            cohort = factories.cohort(session, code=COHORT, week_one_on=monday)
            self._cohort_id, self._group_id = cohort.id, factories.group(session, cohort).id
        self.server.start()

    def close(self) -> None:
        self.server.stop()
        with self._app.app_context():
            for engine in engines():
                engine.dispose()

    def with_group(self) -> School:
        """The same school, whose students and tutors are from now on those of a new group."""
        made = copy(self)
        with self._writing() as session:
            cohort = session.get_one(Cohort, self._cohort_id)
            made._group_id = factories.group(session, cohort).id
        return made

    def student(self) -> Account:
        with self._writing() as session:
            cohort = session.get_one(Cohort, self._cohort_id)
            email = f"journey{next(_numbers)}@example.org"
            person = factories.student(session, cohort, email=email, password_hash=self._password_hash)
            return Account(person_id=person.id, email=email, school=self)

    def student_of_group(self, **names: str) -> Account:
        """A student whom `tutor` follows."""
        with self._writing() as session:
            cohort = session.get_one(Cohort, self._cohort_id)
            email = f"journey{next(_numbers)}@example.org"
            person = factories.person(session, email=email, password_hash=self._password_hash, **names)
            factories.enrolment(session, person, cohort, group_id=self._group_id)
            return Account(person_id=person.id, email=email, school=self)

    def tutor(self) -> Account:
        with self._writing() as session:
            email = f"journey{next(_numbers)}@example.org"
            person = factories.person(session, email=email, password_hash=self._password_hash, role="tutor")
            factories.tutoring(session, person, session.get_one(Group, self._group_id))
            return Account(person_id=person.id, email=email, school=self)

    def sign_in(self, who: Account, context: BrowserContext) -> None:
        give_session(context, self._app, self.server, who.person_id)

    def begin(self, who: Account, ref: str) -> str:
        """Start a quiz; gives the attempt's public id."""
        with self._writing() as session:
            return quizzes.start_attempt(
                session,
                learner=self._learner(session, who),
                quiz=self._catalogue.quiz(ref),
                rng=random.Random(),
                now=datetime.now(UTC),
            )

    def hand_in(self, who: Account, ref: str, text: str) -> str:
        """Hand in an assignment whose first part is written; gives the attempt's public id."""
        assignment, now = self._catalogue.quiz(ref), datetime.now(UTC)
        assert isinstance(assignment, Assignment)
        with self._writing() as session:
            learner = self._learner(session, who)
            public_id = assignments.start_draft(
                session, learner=learner, assignment=assignment, rng=random.Random(), now=now
            )
            part = paper_question(self._attempt(session, public_id).paper[0])
            answers.save_answers(
                session,
                learner=learner,
                public_id=public_id,
                posted=[factories.posted(part.key, {"answer": [text]})],
                now=now,
            )
            assignments.hand_in(
                session,
                learner=learner,
                public_id=public_id,
                declaration=assignments.Declaration(is_own=True),
                find_quiz=lambda _ref: assignment,
                now=now,
            )
        return public_id

    def hand_in_quiz(self, who: Account, ref: str, question_id: str, text: str) -> str:
        """Hand in a quiz of which one question is answered, in writing; gives the attempt's public id."""
        public_id, now = self.begin(who, ref), datetime.now(UTC)
        with self._writing() as session:
            learner, attempt = self._learner(session, who), self._attempt(session, public_id)
            (key,) = (key for key, named in self._question_ids(session, attempt).items() if named == question_id)
            posted = [factories.posted(key, {"answer": [text]})]
            answers.save_answers(session, learner=learner, public_id=public_id, posted=posted, now=now)
            quizzes.hand_in(session, learner=learner, public_id=public_id, find_quiz=self._catalogue.quiz, now=now)
        return public_id

    def _learner(self, session: Session, who: Account) -> SignedIn:
        token = factories.sign_in_session(session, session.get_one(Person, who.person_id))
        found = signed_in(session.connection(), token_hash=token_hash(token), now=datetime.now(UTC))
        assert found is not None
        return found

    def markings(self) -> list[dict[str, Any]]:
        """What each marker's work on a copy of the group holds now."""
        mine = select(Enrolment.person_id).where(Enrolment.group_id == self._group_id)
        copies = select(Copy.id).where(Copy.person_id.in_(mine))
        with self._writing() as session:
            rows = session.scalars(select(Marking).where(Marking.copy_id.in_(copies)).order_by(Marking.id))
            return [row.content for row in rows]

    def mark_by_two(self) -> str:
        """The group's copy wants two markers, and has them; gives its address."""
        mine = select(Enrolment.person_id).where(Enrolment.group_id == self._group_id)
        tutors = [self.tutor().person_id for _ in range(2)]
        with self._writing() as session:
            copy = session.scalars(select(Copy).where(Copy.person_id.in_(mine))).one()
            copy.terms, copy.state = {**(copy.terms or {}), "markers": 2}, "draft"
            for place, tutor in enumerate(tutors, 1):
                session.add(
                    Marking(
                        copy_id=copy.id,
                        place=place,
                        marker_id=tutor,
                        version=1,
                        content={},
                        is_ready=False,
                        updated_at=datetime.now(UTC),
                    )
                )
            return f"/a-corriger/{copy.public_id}"

    def end_sessions(self, who: Account) -> None:
        with self._writing() as session:
            end_all_sessions(session, who.person_id, now=datetime.now(UTC))

    def grant(self, who: Account, *, extra_minutes: int) -> None:
        with self._writing() as session:
            grant_accommodation(
                session,
                who.person_id,
                time_multiplier=Fraction(1),
                extra_minutes=extra_minutes,
                by=None,
                now=datetime.now(UTC),
            )

    def end_in(self, public_id: str, *, seconds: int) -> None:
        """Put the deadline of a running attempt this far ahead."""
        with self._writing() as session:
            self._attempt(session, public_id).deadline_at = datetime.now(UTC) + timedelta(seconds=seconds)

    def answers(self, public_id: str) -> Mapping[str, Json]:
        """What the database holds now as the answer to each question, by the question's id in its course."""
        with self._writing() as session:
            attempt = self._attempt(session, public_id)
            ids = self._question_ids(session, attempt)
            rows = session.scalars(select(Answer).where(Answer.attempt_id == attempt.id))
            return {ids[row.question_key]: row.given for row in rows if row.version}

    def received(self, public_id: str, question_id: str) -> list[Received]:
        """Everything that came for a question, in the order it came."""
        with self._writing() as session:
            attempt = self._attempt(session, public_id)
            ids = self._question_ids(session, attempt)
            rows = session.scalars(
                select(AnswerEvent).where(AnswerEvent.attempt_id == attempt.id).order_by(AnswerEvent.id)
            )
            return [
                Received(key=row.question_key, given=row.given, outcome=row.outcome, client=row.client)
                for row in rows
                if ids[row.question_key] == question_id
            ]

    def files(self, public_id: str) -> list[tuple[str, str, int]]:
        """Name, media type and size of each file received."""
        with self._writing() as session:
            attempt = self._attempt(session, public_id)
            rows = session.scalars(select(AnswerFile).where(AnswerFile.attempt_id == attempt.id))
            return [(row.name, row.media_type, row.size) for row in rows]

    def stored_bytes(self, public_id: str) -> list[bytes]:
        """The content of each file received, as the store holds it."""
        with self._writing() as session:
            attempt = self._attempt(session, public_id)
            rows = session.scalars(select(AnswerFile).where(AnswerFile.attempt_id == attempt.id))
            return [(self.server.folder / "files" / str(row.stored_id)).read_bytes() for row in rows]

    def is_closed(self, public_id: str) -> bool:
        with self._writing() as session:
            return self._attempt(session, public_id).closed_at is not None

    def _attempt(self, session: Session, public_id: str) -> Attempt:
        return session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()

    def _question_ids(self, session: Session, attempt: Attempt) -> Mapping[str, str]:
        return {entry["key"]: session.get_one(FrozenQuestion, entry["hash"]).body["id"] for entry in attempt.paper}

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._app.app_context(), writing() as session:
            yield session
