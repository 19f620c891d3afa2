"""A cohort in mid-semester on PostgreSQL: students signed in, each with a history of attempts and one attempt open."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from bench.courses import MODULE, QUIZ
from deust.content.catalogue import Catalogue
from deust.domain.freezing import paper_question
from deust.domain.people import SignedIn
from deust.models.learning import CheckTry, ItemProgress
from deust.models.people import Person
from deust.models.quizzes import Answer, AnswerEvent, Attempt, QuestionMark
from deust.models.records import Receipt
from deust.models.signin import SignInSession
from deust.models.transaction import reading, writing
from deust.queries.signin import signed_in
from deust.services import people, quizzes, signin
from deust.services.demo_walk import Walk

WEEK = 5
_OWN = (ItemProgress, CheckTry, Attempt)
_OF_ATTEMPT = (Answer, AnswerEvent, QuestionMark, Receipt)


@dataclass(frozen=True)
class Student:
    """A signed-in browser: its cookie, its form token, and the open attempt with its question keys."""

    person_id: int
    token: str
    cookie: str
    csrf: str
    attempt: str = ""
    keys: tuple[str, ...] = ()


def make_school(app: Flask, *, students: int, past_attempts: int) -> list[Student]:
    """Tables, cohort, and students with the same history: one lives it, the others get copies."""
    now = datetime.now(UTC)
    with app.app_context():
        upgrade()
        catalogue: Catalogue = app.extensions["deust"].catalogue
        with writing() as session:
            made = _people(session, catalogue, students, now)
        first = _learner(made[0][1], now)
        with writing() as session:
            _live(session, first, catalogue, past_attempts, now)
        with writing() as session:
            _copy_history(session, first.person_id, [person_id for person_id, _ in made[1:]])
        return [_signed_in(app, catalogue, person_id, token, now) for person_id, token in made]


def _people(session: Session, catalogue: Catalogue, count: int, now: datetime) -> list[tuple[int, str]]:
    monday = now.date() - timedelta(days=now.weekday(), weeks=WEEK - 1)
    cohort = people.create_cohort(
        session, code="bench", title="Promotion de mesure", programme=catalogue.programme().id, week_one_on=monday
    )
    group = people.create_group(session, cohort.id, name="Groupe A")
    made = []
    for number in range(count):
        person = Person(
            email=f"etudiant{number}@bench.deust.example",
            given_name="Prénom",
            family_name=f"Nom{number}",
            role="student",
            created_at=now,
        )
        session.add(person)
        session.flush()
        people.enrol(session, person, cohort_id=cohort.id, group_id=group.id, started_on=monday, by=None, now=now)
        token = secrets.token_urlsafe(32)
        session.add(
            SignInSession(
                token_hash=signin.token_hash(token),
                person_id=person.id,
                created_at=now,
                expires_at=now + timedelta(days=14),
            )
        )
        made.append((person.id, token))
    return made


def _learner(token: str, now: datetime) -> SignedIn:
    with reading() as connection:
        learner = signed_in(connection, token_hash=signin.token_hash(token), now=now)
    assert learner is not None
    return learner


def _live(session: Session, learner: SignedIn, catalogue: Catalogue, past_attempts: int, now: datetime) -> None:
    """The lessons and training of the past weeks, then the quiz of the bench as many times as asked."""
    walk = Walk(session, learner, catalogue, now=now)
    walk.finish(until_week=WEEK - 1)
    quiz = next(item for item in walk.items if item.id == QUIZ and item.module == MODULE)
    for _ in range(past_attempts):
        walk.attempt(quiz, right=quiz.settings.pass_share)  # type: ignore[union-attr, arg-type]


def _copy_history(session: Session, source: int, others: Sequence[int]) -> None:
    """Give the others what the first one has; attempts get identifiers of their own."""
    for table in _OWN[:2]:
        rows = _rows(session, table, table.person_id == source)
        _insert(session, table, ({**row, "person_id": other} for other in others for row in rows))
    attempts = _rows(session, Attempt, Attempt.person_id == source, keep_id=True)
    parts = {
        table: _rows(session, table, table.attempt_id.in_([row["id"] for row in attempts]), keep_id=True)
        for table in _OF_ATTEMPT
    }
    for other in others:
        numbers: dict[int, int] = {}
        for row in attempts:
            values = {**row, "person_id": other, "public_id": secrets.token_hex(16)}
            former = values.pop("id")
            numbers[former] = session.execute(insert(Attempt).values(values).returning(Attempt.id)).scalar_one()
        for table, rows in parts.items():
            _insert(session, table, (_of_attempt(row, numbers) for row in rows))


def _of_attempt(row: Mapping[str, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    values = {**row, "attempt_id": numbers[row["attempt_id"]]}
    if "code" in values:
        values["code"] = secrets.token_hex(18)
    values.pop("id", None)
    return values


def _rows(session: Session, table: Any, *where: Any, keep_id: bool = False) -> list[dict[str, Any]]:
    columns = [column for column in table.__table__.columns if keep_id or column.name != "id"]
    return [dict(row._mapping) for row in session.execute(select(*columns).where(*where))]


def _insert(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        session.execute(insert(table), listed)


def _signed_in(app: Flask, catalogue: Catalogue, person_id: int, token: str, now: datetime) -> Student:
    """Start the attempt that the student's pages and saves use, and make the browser's cookie."""
    quiz = catalogue.quiz(f"{MODULE}/{QUIZ}")
    learner = _learner(token, now)
    with writing() as session:
        public_id = quizzes.start_attempt(session, learner=learner, quiz=quiz, rng=random.Random(person_id), now=now)
        paper = session.scalars(select(Attempt.paper).where(Attempt.public_id == public_id)).one()
    raw = secrets.token_hex(20)
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    content = serializer.dumps({"_permanent": True, "_user_id": token, "_fresh": True, "csrf_token": raw})
    return Student(
        person_id=person_id,
        token=token,
        cookie=f"{app.config['SESSION_COOKIE_NAME']}={content}",
        csrf=URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw),
        attempt=public_id,
        keys=tuple(paper_question(entry).key for entry in paper),
    )


def with_open_attempts(app: Flask, students: Sequence[Student]) -> list[Student]:
    """The students with the attempt that each has open now."""
    with app.app_context(), reading() as connection:
        rows = connection.execute(
            select(Attempt.person_id, Attempt.public_id, Attempt.paper).where(
                Attempt.closed_at.is_(None), Attempt.item_ref == f"{MODULE}/{QUIZ}"
            )
        ).all()
    found = {row.person_id: row for row in rows}
    return [
        replace(
            student,
            attempt=found[student.person_id].public_id,
            keys=tuple(entry["key"] for entry in found[student.person_id].paper),
        )
        for student in students
    ]


def answer_everything(app: Flask, students: Sequence[Student]) -> None:
    """Give every question of the open attempts an answer, where there is none yet."""
    now = datetime.now(UTC)
    with app.app_context(), writing() as session:
        rows = session.execute(
            select(Attempt.id, Attempt.paper).where(Attempt.public_id.in_([student.attempt for student in students]))
        ).all()
        wanted = [_answer(row.id, entry, now) for row in rows for entry in row.paper]
        session.execute(postgresql.insert(Answer).on_conflict_do_nothing(), wanted)


def _answer(attempt_id: int, entry: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    kind = entry["id"].split("-")[1]
    given = {"simple": 2, "multiple": [1, 2], "vrai": True, "nombre": "172", "mot": "reformulation"}[kind]
    common = {"version": 1, "client": "bench", "clients": {"bench": 1}, "is_flagged": False, "saved_at": now}
    return {"attempt_id": attempt_id, "question_key": entry["key"], "given": given, **common}
