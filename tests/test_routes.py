"""Every address × every role: what is not written in the table is refused by this test."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from deust.domain.access import Permission
from deust.models.base import db
from deust.models.people import Cohort, Person
from deust.models.records import Receipt
from deust.services import quizzes
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock

ROLES = (
    "anonymous",
    "owner",
    "classmate",
    "stranger",
    "tutor",
    "other tutor",
    "manager",
    "admin",
    "company tutor",
)
"""The owner is a student with attempts; the stranger studies another diploma; the tutor follows the owner's group."""


@dataclass(frozen=True)
class World:
    """A client of each role, and what addresses name: an attempt at work, one handed in, a person to manage."""

    clients: dict[str, Client]
    names: dict[str, object]

    def path(self, template: str) -> str:
        return template.format(**self.names)


@pytest.fixture
def world(app: Flask, doors: Doors, cohort: Cohort, clock: Clock) -> World:
    with doors.writing() as session:
        people = _people(session, cohort)
        managed = factories.student(session, cohort)
    names: dict[str, object] = {"person": managed.id}
    learner, catalogue = factories.signed_in(people["owner"], cohort), app.extensions["deust"].catalogue
    with doors.writing() as session:
        for name, item in (("closed", "quiz-note"), ("attempt", "entrainement")):
            quiz = catalogue.quiz(f"ec101-accueil/{item}")
            names[name] = quizzes.start_attempt(
                session, learner=learner, quiz=quiz, rng=random.Random(1), now=clock.now
            )
        quiz = catalogue.quiz("ec101-accueil/quiz-note")
        quizzes.hand_in(session, learner=learner, public_id=str(names["closed"]), quiz=quiz, now=clock.now)
        session.flush()
        names["receipt"] = session.scalars(select(Receipt.code)).one()
    anonymous = app.test_client()
    assert isinstance(anonymous, Client)
    return World(
        clients={"anonymous": anonymous} | {role: signed_in_client(app, who) for role, who in people.items()},
        names=names,
    )


def _people(session: Session, cohort: Cohort) -> dict[str, Person]:
    group, elsewhere = factories.group(session, cohort), factories.cohort(session, programme="licence-autre")
    owner, tutor = factories.person(session), factories.person(session, role="tutor")
    factories.enrolment(session, owner, cohort, group_id=group.id)
    factories.tutoring(session, tutor, group)
    return {
        "owner": owner,
        "classmate": factories.student(session, cohort),
        "stranger": factories.student(session, elsewhere),
        "tutor": tutor,
        "other tutor": factories.person(session, role="tutor"),
        "manager": factories.person(session, role="manager"),
        "admin": factories.person(session, role="admin"),
        "company tutor": factories.person(session, role="company-tutor"),
    }


ALL = ROLES
TABLE: dict[tuple[str, str], tuple[str, dict[str, int]]] = {}


def dump(world, app):
    pass
