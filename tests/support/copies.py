"""A school where work is handed in and marked: a student, their tutor, a second one of the group, and a stranger."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy import delete, select

from deust.adapters.files import StoredFile
from deust.domain.copies import Work
from deust.domain.learning import Assignment
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.base import Base
from deust.models.people import Group, Tutoring
from deust.models.quizzes import Attempt
from deust.models.transaction import reading, writing
from deust.queries.marking import CopyPage, copy_page
from deust.services import answers, assignments, grading
from deust.services.assignments import Declaration
from deust.services.comment_uploads import give_comment
from deust.services.grading import SavedWork
from tests.support import factories
from tests.support.clock import Clock

GOOD = Work(chosen={"A1": "conforme", "C2": "conforme"}, comment="Tout y est. Continuez.")
WEBM = b"\x1a\x45\xdf\xa3"
HALF = Work(chosen={"A1": "partiel", "C2": "conforme"}, comment="L'accueil est à compléter.")


@dataclass(kw_only=True)
class Class:
    clock: Clock
    assignment: Assignment = field(default_factory=factories.assignment)

    def __post_init__(self) -> None:
        with writing() as session:
            cohort = factories.cohort(session)
            group, elsewhere = factories.group(session, cohort), factories.group(session, cohort, name="B")
            student = factories.person(session)
            factories.enrolment(session, student, cohort, group_id=group.id)
            self.tutors = []
            for place in (group, group, elsewhere):
                tutor = factories.person(session, role="tutor")
                factories.tutoring(session, tutor, place)
                self.tutors.append(factories.signed_in(tutor))
            self.learner = factories.signed_in(student, cohort)
            self.cohort_id, self.group_id = cohort.id, group.id
        self.tutor, self.second, self.stranger = self.tutors

    def newcomer(self) -> SignedIn:
        """Another student of the same group."""
        with writing() as session:
            student = factories.person(session)
            cohort = session.get_one(factories.Cohort, self.cohort_id)
            factories.enrolment(session, student, cohort, group_id=self.group_id)
            return factories.signed_in(student, cohort)

    def new_tutor(self) -> SignedIn:
        """Another tutor of the same group."""
        with writing() as session:
            tutor = factories.person(session, role="tutor")
            factories.tutoring(session, tutor, session.get_one(Group, self.group_id))
            return factories.signed_in(tutor)

    def leaves(self, tutor: SignedIn) -> None:
        """The tutor follows the group no more."""
        with writing() as session:
            session.execute(delete(Tutoring).where(Tutoring.person_id == tutor.person_id))

    def start(self, learner: SignedIn | None = None) -> str:
        with writing() as session:
            return assignments.start_draft(
                session,
                learner=learner or self.learner,
                assignment=self.assignment,
                rng=random.Random(1),
                now=self.clock.now,
            )

    def write(self, public_id: str, text: str, learner: SignedIn | None = None, **fields: Any) -> None:
        with writing() as session:
            attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
            posted = factories.posted(attempt.paper[0]["key"], {"answer": [text]}, **fields)
            answers.save_answers(
                session, learner=learner or self.learner, public_id=public_id, posted=[posted], now=self.clock.now
            )

    def hand_in(self, public_id: str, learner: SignedIn | None = None, **fields: Any) -> None:
        with writing() as session:
            assignments.hand_in(
                session,
                learner=learner or self.learner,
                public_id=public_id,
                declaration=Declaration(**{"is_own": True, **fields}),
                find_quiz=lambda _ref: self.assignment,
                now=self.clock.now,
            )

    def handed_in(self, text: str = "Bonjour, ici le standard.", learner: SignedIn | None = None) -> str:
        """A version started, written and handed in; gives its copy."""
        attempt = self.start(learner)
        self.write(attempt, text, learner, client=attempt)
        self.hand_in(attempt, learner)
        return self.copy_of(attempt)

    def copy_of(self, attempt: str) -> str:
        with reading() as connection:
            found = select(Copy.public_id).join(Attempt, Attempt.id == Copy.attempt_id)
            return str(connection.execute(found.where(Attempt.public_id == attempt)).scalar_one())

    def save(self, copy: str, work: Work, by: SignedIn | None = None, **fields: Any) -> SavedWork:
        with writing() as session:
            return grading.save_work(
                session,
                marker=by or self.tutor,
                public_id=copy,
                work=work,
                **{"base_version": 0, "now": self.clock.now, **fields},
            )

    def record(self, copy: str, by: SignedIn | None = None) -> str:
        """A recording given on a copy and still in no marking; gives its id."""
        file = StoredFile(id=secrets.token_hex(16), size=2_000, sha256=secrets.token_hex(32), head=WEBM)
        with writing() as session:
            return give_comment(
                session,
                marker=by or self.tutor,
                public_id=copy,
                file=file,
                name="voix.webm",
                now=self.clock.now,
            )

    def release(self, *copies: str, by: SignedIn | None = None, **fields: Any) -> int:
        with writing() as session:
            return grading.release(
                session,
                by=by or self.tutor,
                public_ids=copies,
                find_quiz=lambda _ref: self.assignment,
                now=self.clock.now,
                **fields,
            )

    def released(self, work: Work = GOOD) -> str:
        copy = self.handed_in()
        self.save(copy, work, is_ready=True)
        self.release(copy)
        return copy

    def page(self, copy: str, by: SignedIn | None = None) -> CopyPage:
        with reading() as connection:
            return copy_page(connection, marker=by or self.tutor, public_id=copy, now=self.clock.now)

    def rows(self, table: type[Base]) -> list[Any]:
        with writing() as session:
            return list(session.scalars(select(table)))

    def score(self) -> Fraction | None:
        with reading() as connection:
            return connection.execute(select(Attempt.score).order_by(Attempt.number.desc())).scalars().first()
