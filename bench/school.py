"""A cohort in mid-semester on PostgreSQL: students signed in, each with a history of attempts and one attempt open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from bench.courses import MODULE, QUIZ
from deust.content.catalogue import Catalogue
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.models.learning import CheckTry, ItemProgress
from deust.models.people import Enrolment, Person
from deust.models.quizzes import Answer, AnswerEvent, Attempt, AttemptMarks
from deust.models.records import Receipt
from deust.models.signin import SignInSession
from deust.models.transaction import reading, writing
from deust.queries.signin import signed_in
from deust.services import people, signin
from deust.services.demo_walk import Walk

WEEK = 5
_PARTS = (Answer, AnswerEvent, AttemptMarks, Receipt)


@dataclass(frozen=True)
class Student:
    """A signed-in browser: its cookie, its form token, and the open attempt with its question keys."""

    person_id: int
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
            tokens = _people(session, catalogue, students, now)
        first, *others = tokens
        with writing() as session:
            _live(session, _learner(tokens[first], now), catalogue, past_attempts, now)
        with writing() as session:
            _copy_history(session, first, others)
    return with_open_attempts(app, [browser_of(app, person_id, token) for person_id, token in tokens.items()])


def _people(session: Session, catalogue: Catalogue, count: int, now: datetime) -> dict[int, str]:
    """Enrolled and signed in; gives the session token of each."""
    monday = now.date() - timedelta(days=now.weekday(), weeks=WEEK - 1)
    cohort = people.create_cohort(
        session, code="bench", title="Promotion de mesure", programme=catalogue.programme().id, week_one_on=monday
    )
    group = people.create_group(session, cohort.id, name="Groupe A")
    persons = _insert(session, Person, [_person(number, now) for number in range(count)])
    tokens = {person_id: secrets.token_urlsafe(32) for person_id in persons}
    enrolled = {"cohort_id": cohort.id, "group_id": group.id, "started_on": monday}
    _insert(session, Enrolment, [{"person_id": person_id, **enrolled} for person_id in persons])
    lasts = {"device": "", "created_at": now, "expires_at": now + timedelta(days=14)}
    session.execute(
        insert(SignInSession),
        [
            {"token_hash": signin.token_hash(token), "person_id": person_id, **lasts}
            for person_id, token in tokens.items()
        ],
    )
    return tokens


def _person(number: int, now: datetime) -> dict[str, object]:
    return {
        "email": f"etudiant{number}@bench.deust.example",
        "given_name": "Prénom",
        "family_name": f"Nom{number}",
        "role": "student",
        "created_at": now,
    }


def _learner(token: str, now: datetime) -> SignedIn:
    with reading() as connection:
        learner = signed_in(connection, token_hash=signin.token_hash(token), now=now)
    assert learner is not None
    return learner


def _live(session: Session, learner: SignedIn, catalogue: Catalogue, past_attempts: int, now: datetime) -> None:
    """The lessons and training of the past weeks, the quiz of the bench as many times as asked, and once more."""
    walk = Walk(session, learner, catalogue, now=now)
    walk.finish(until_week=WEEK - 1)
    quiz = next(item for item in walk.items if isinstance(item, Quiz) and item.ref == f"{MODULE}/{QUIZ}")
    for _ in range(past_attempts):
        walk.attempt(quiz, right=Fraction(1, 2))
    walk.begin_quiz(quiz, answered=Fraction(1, 2), right=Fraction(1))


def _copy_history(session: Session, source: int, others: Sequence[int]) -> None:
    """Give the others what the first one has; attempts get identifiers of their own."""
    for table in (ItemProgress, CheckTry):
        rows = rows_of(session, table, table.person_id == source)
        _insert(session, table, [{**row, "person_id": other} for other in others for row in rows])
    copied(session, rows_of(session, Attempt, Attempt.person_id == source), others, _PARTS)


def copied(
    session: Session,
    attempts: Sequence[Mapping[str, Any]],
    others: Sequence[int],
    tables: Sequence[Any],
    rows: Sequence[Mapping[str, Any]] | None = None,
) -> list[int]:
    """Give these attempts, with their rows in these tables, to others; or make of the first one the `rows` given.

    Attempts get identifiers of their own: their numbers come back.
    """
    parts = {table: rows_of(session, table, table.attempt_id.in_([row["id"] for row in attempts])) for table in tables}
    wanted = rows if rows is not None else [{**row, "person_id": other} for other in others for row in attempts]
    made = _insert(session, Attempt, [{**row, "public_id": secrets.token_hex(16)} for row in wanted])
    sources = [row["id"] for row in wanted]
    for table, found in parts.items():
        by_attempt: dict[int, list[Mapping[str, Any]]] = {}
        for row in found:
            by_attempt.setdefault(row["attempt_id"], []).append(row)
        values = [
            _of_attempt(row, {source: number})
            for source, number in zip(sources, made, strict=True)
            for row in by_attempt.get(source, ())
        ]
        if values:
            session.execute(insert(table), values)
    return made


def _of_attempt(row: Mapping[str, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    values = {**row, "attempt_id": numbers[row["attempt_id"]]}
    if "code" in values:
        values["code"] = secrets.token_hex(18)
    values.pop("id", None)
    return values


def rows_of(session: Session, table: Any, *where: Any) -> list[dict[str, Any]]:
    """The rows of a table as values."""
    return [dict(row._mapping) for row in session.execute(select(*table.__table__.columns).where(*where))]


def _insert(session: Session, table: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Their new numbers, in the order of the rows."""
    values = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    if not values:
        return []
    return list(session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), values))


def browser_of(app: Flask, person_id: int, token: str) -> Student:
    """The cookie that signing in gives, with the form token that it holds."""
    raw = secrets.token_hex(20)
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    content = serializer.dumps({"_permanent": True, "_user_id": token, "_fresh": True, "csrf_token": raw})
    return Student(
        person_id=person_id,
        cookie=f"{app.config['SESSION_COOKIE_NAME']}={content}",
        csrf=URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw),
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
