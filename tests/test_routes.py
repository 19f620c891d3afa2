"""Every address × every role: what is not written in the table is refused by this test."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from deust.domain.access import Permission
from deust.domain.learning import Assignment, Quiz
from deust.domain.messages import About, Kind
from deust.domain.people import SignedIn
from deust.domain.questions import Choice
from deust.models.assignments import Copy
from deust.models.people import Cohort, Person
from deust.models.quizzes import Attempt
from deust.models.records import Receipt
from deust.models.transaction import engines
from deust.services import answers, assignments, comment_uploads, messages, quizzes, uploads
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.cohorts import sat

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
    names: dict[str, object] = {"person": managed.id, "cohort": cohort.id, "followed": people["owner"].id}
    learner, catalogue = factories.signed_in(people["owner"], cohort), app.extensions["deust"].catalogue
    with doors.writing() as session:
        for name, item in (("closed", "quiz-note"), ("attempt", "entrainement")):
            quiz = catalogue.quiz(f"ec101-accueil/{item}")
            names[name] = quizzes.start_attempt(
                session, learner=learner, quiz=quiz, rng=random.Random(1), now=clock.now
            )
        quiz = catalogue.quiz("ec101-accueil/quiz-note")
        quizzes.hand_in(
            session, learner=learner, public_id=str(names["closed"]), find_quiz=lambda _ref: quiz, now=clock.now
        )
        names["upload"] = _upload(session, str(names["attempt"]), learner, clock)
        session.flush()
        closed = session.scalars(select(Attempt).where(Attempt.public_id == names["closed"])).one()
        names["asked"] = closed.paper[0]["hash"]
        names["work"], names["copy"] = _handed_in(session, learner, catalogue.quiz("ec101-accueil/devoir"), clock)
        names["spoken"] = _spoken(session, str(names["copy"]), factories.signed_in(people["tutor"]), clock)
        about = About(kind=Kind.MODULE, ref="ec101-accueil", title="Accueil")
        names["thread"] = messages.ask(session, learner=learner, about=about, text="Pourquoi ?", now=clock.now)
        names["unsure"] = sat(session, _asked_before(quiz), session.get_one(Person, managed.id), {}).public_id
        names["receipt"] = session.scalars(select(Receipt.code)).first()
    anonymous = app.test_client()
    assert isinstance(anonymous, Client)
    return World(
        clients={"anonymous": anonymous} | {role: signed_in_client(app, who) for role, who in people.items()},
        names=names,
    )


def _asked_before(quiz: Quiz) -> Quiz:
    """The quiz as it was before the options and the key of its first question changed: a person looks at it."""
    first = quiz.questions[0]
    assert isinstance(first.answer, Choice)
    options = tuple(replace(one, text=f"{one.text} !", is_right=not one.is_right) for one in first.answer.options)
    return replace(quiz, questions=(replace(first, answer=replace(first.answer, options=options)), *quiz.questions[1:]))


def _handed_in(session: Session, learner: SignedIn, assignment: Quiz, clock: Clock) -> tuple[str, str]:
    """The owner's assignment, handed in: its attempt and its copy."""
    assert isinstance(assignment, Assignment)
    public_id = assignments.start_draft(
        session, learner=learner, assignment=assignment, rng=random.Random(1), now=clock.now
    )
    attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
    posted = factories.posted(attempt.paper[0]["key"], {"answer": ["Bonjour."]})
    answers.save_answers(session, learner=learner, public_id=public_id, posted=[posted], now=clock.now)
    assignments.hand_in(
        session,
        learner=learner,
        public_id=public_id,
        declaration=assignments.Declaration(is_own=True),
        find_quiz=lambda _ref: assignment,
        now=clock.now,
    )
    return public_id, session.scalars(select(Copy.public_id)).one()


def _upload(session: Session, attempt: str, learner: SignedIn, clock: Clock) -> str:
    paper = session.scalars(select(Attempt.paper).where(Attempt.public_id == attempt)).one()
    key = next(entry["key"] for entry in paper if entry["id"] == "e-fichier")
    file = uploads.Announced(key=key, name="fiche.pdf", size=1000, beginning="", event_id="")
    return uploads.begin_upload(session, learner=learner, public_id=attempt, file=file, now=clock.now).public_id


def _spoken(session: Session, copy: str, tutor: SignedIn, clock: Clock) -> str:
    file = uploads.Announced(key="", name="commentaire.webm", size=1000, beginning="", event_id="")
    return comment_uploads.begin_comment(session, marker=tutor, public_id=copy, file=file, now=clock.now).public_id


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


# What each role is answered, in the order of ROLES. 303: done. 401: sent to sign in. 422 and 400: let in, and told that
# the form is empty. 403: the role has no such page. 404: for this person there is no such thing.
TABLE = {
    #   anonymous owner classmate stranger tutor other-tutor manager admin company-tutor
    "GET cohort.cohort": ("/cohortes/{cohort}", "401 403 403 403 200 404 200 200 403"),
    "GET cohort.cohorts": ("/cohortes", "401 403 403 403 303 200 200 200 403"),
    "GET cohort.export": ("/cohortes/{cohort}/export/csv", "401 403 403 403 200 404 200 200 403"),
    "GET cohort.rules": ("/cohortes/{cohort}/regles", "401 403 403 403 403 403 200 200 403"),
    "POST cohort.rules": ("/cohortes/{cohort}/regles", "401 403 403 403 403 403 422 422 403"),
    "GET contacts.extend": ("/personnes/{followed}/prolongation", "401 403 403 403 200 404 200 200 403"),
    "POST contacts.extend": ("/personnes/{followed}/prolongation", "401 403 403 403 422 404 422 422 403"),
    "GET contacts.file": ("/personnes/{followed}/parcours", "401 403 403 403 200 404 200 200 403"),
    "GET contacts.later": ("/personnes/{followed}/plus-tard", "401 403 403 403 200 404 200 200 403"),
    "POST contacts.later": ("/personnes/{followed}/plus-tard", "401 403 403 403 422 404 422 422 403"),
    "GET contacts.log": ("/personnes/{followed}/contact", "401 403 403 403 200 404 200 200 403"),
    "POST contacts.log": ("/personnes/{followed}/contact", "401 403 403 403 422 404 422 422 403"),
    "GET contacts.write": ("/cohortes/{cohort}/message", "401 403 403 403 200 404 200 200 403"),
    "POST contacts.write": ("/cohortes/{cohort}/message", "401 403 403 403 422 404 422 422 403"),
    "POST eyes.leave": ("/yeux/quitter", "401 403 403 403 303 303 303 303 403"),
    "GET eyes.look": ("/personnes/{followed}/yeux", "401 403 403 403 200 404 200 200 403"),
    "POST eyes.look": ("/personnes/{followed}/yeux", "401 403 403 403 422 404 422 422 403"),
    "POST assignments.ask_review": ("/devoirs/{work}/reexamen", "401 422 404 404 403 403 403 403 403"),
    "GET assignments.draft": ("/devoirs/{work}", "401 200 404 404 403 403 403 403 403"),
    "POST assignments.hand_in": ("/devoirs/{work}/remise", "401 303 404 404 403 403 403 403 403"),
    "GET assignments.review": ("/devoirs/{work}/relecture", "401 303 404 404 403 403 403 403 403"),
    "POST assignments.start": ("/modules/ec101-accueil/devoir/devoir", "401 409 303 404 403 403 403 403 403"),
    "POST grading.allocate": ("/a-corriger/repartition", "401 403 403 403 422 422 403 422 403"),
    "GET grading.allocation": ("/a-corriger/repartition", "401 403 403 403 200 200 403 200 403"),
    "POST grading.answer_review": ("/a-corriger/{copy}/reponse", "401 403 403 403 422 404 403 422 403"),
    "POST grading.ask_resubmission": ("/a-corriger/{copy}/nouvelle-version", "401 403 403 403 409 404 403 409 403"),
    "POST grading.apply_grid": ("/grilles/ec101-accueil/devoir", "401 403 403 403 303 303 403 303 403"),
    "GET grading.grid_change": ("/grilles/ec101-accueil/devoir", "401 403 403 403 200 200 403 200 403"),
    "GET grading.copy": ("/a-corriger/{copy}", "401 403 403 403 200 404 403 200 403"),
    "GET grading.copy_file": ("/a-corriger/{copy}/fichiers/abc", "401 403 403 403 404 404 403 404 403"),
    "GET grading.copy_picture": ("/a-corriger/{copy}/fichiers/abc/pages/1", "401 403 403 403 404 404 403 404 403"),
    "GET grading.copy_sound": ("/a-corriger/{copy}/sons/abc", "401 403 403 403 404 404 403 404 403"),
    "GET grading.queue": ("/a-corriger", "401 403 403 403 200 200 403 200 403"),
    "GET grading.ready": ("/a-rendre", "401 403 403 403 200 200 403 200 403"),
    "POST grading.release": ("/a-rendre", "401 403 403 403 422 422 403 422 403"),
    "POST grading.save": ("/a-corriger/{copy}", "401 403 403 403 303 404 403 303 403"),
    "POST grading.take": ("/a-corriger", "401 403 403 403 303 303 403 303 403"),
    "POST learning.check": ("/modules/ec101-accueil/saluer/verifier/s-premier", "401 422 422 404 422 422 422 422 403"),
    "POST learning.check_public": (
        "/lecons/ec101-accueil/saluer/verifier/s-premier",
        "422 422 422 422 422 422 422 422 422",
    ),
    "GET learning.course_problems": ("/cours/problemes", "401 403 403 403 200 200 200 200 403"),
    "GET learning.glossary": ("/glossaire", "200 200 200 200 200 200 200 200 200"),
    "GET learning.home": ("/", "200 200 200 200 200 200 200 200 200"),
    "GET learning.item": ("/modules/ec101-accueil/saluer", "401 200 200 404 200 200 200 200 403"),
    "POST learning.keep_place": ("/modules/ec101-accueil/saluer/place", "401 400 400 404 403 403 403 403 403"),
    "GET learning.media": ("/cours/ec101-accueil/media/ecoute.png", "401 200 200 404 200 200 200 200 403"),
    "GET learning.module": ("/modules/ec101-accueil", "401 200 200 404 200 200 200 200 403"),
    "GET learning.programme": ("/programme", "401 200 200 200 200 200 200 200 403"),
    "GET learning.public_lesson": ("/lecons/ec101-accueil/saluer", "200 200 200 200 200 200 200 200 200"),
    "GET learning.search": ("/recherche", "200 200 200 200 200 200 200 200 200"),
    "GET learning.today": ("/aujourdhui", "401 200 200 200 403 403 403 403 403"),
    "POST learning.understood": ("/modules/ec101-accueil/saluer/compris", "401 303 303 404 403 403 403 403 403"),
    "GET message_holders.give": ("/messages/{thread}/confier", "401 403 403 403 200 404 200 200 403"),
    "POST message_holders.give": ("/messages/{thread}/confier", "401 403 403 403 422 404 422 422 403"),
    "GET message_holders.sharing": ("/questions-en-attente", "401 403 403 403 200 200 200 200 403"),
    "GET public_modules.open_module": ("/documents/pour-tous", "200 200 200 200 200 200 200 200 200"),
    "GET public_modules.quiz": ("/documents/pour-tous/quiz/essayer", "200 200 200 200 200 200 200 200 200"),
    "POST public_modules.try_quiz": ("/documents/pour-tous/quiz/essayer", "422 422 422 422 422 422 422 422 422"),
    "GET public_modules.whole": ("/documents/pour-tous/tout-lire", "200 200 200 200 200 200 200 200 200"),
    "GET messages.answer": ("/messages/{thread}", "401 403 403 403 200 404 403 200 403"),
    "POST messages.answer": ("/messages/{thread}", "401 403 403 403 422 404 403 403 403"),
    "GET messages.ask": ("/questions/poser?sur=module&ref=ec101-accueil", "401 200 200 404 403 403 403 403 403"),
    "POST messages.ask": ("/questions/poser?sur=module&ref=ec101-accueil", "401 422 422 404 403 403 403 403 403"),
    "GET messages.mail": ("/compte/courriels", "401 200 200 200 200 200 200 200 200"),
    "POST messages.mail": ("/compte/courriels", "401 303 303 303 303 303 303 303 303"),
    "GET messages.mine": ("/questions", "401 200 200 200 403 403 403 403 403"),
    "POST messages.note_answer_read": ("/questions/{thread}/lu", "401 303 404 404 403 403 403 403 403"),
    "POST messages.note_question_read": ("/messages/{thread}/lu", "401 403 403 403 303 404 403 403 403"),
    "POST messages.open_thread": ("/messages/{thread}/lecture", "401 403 403 403 403 404 403 303 403"),
    "GET messages.queue": ("/messages", "401 403 403 403 200 200 403 200 403"),
    "POST messages.set_state": ("/messages/{thread}/etat", "401 403 403 403 303 404 403 403 403"),
    "GET messages.thread": ("/questions/{thread}", "401 200 404 404 403 403 403 403 403"),
    "POST messages.thread": ("/questions/{thread}", "401 422 404 404 403 403 403 403 403"),
    "POST messages.withdraw": ("/questions/{thread}/retrait", "401 303 404 404 403 403 403 403 403"),
    "GET people.accommodation": ("/personnes/{person}/amenagement", "401 403 403 403 403 403 200 200 403"),
    "POST people.accommodation": ("/personnes/{person}/amenagement", "401 403 403 403 403 403 422 422 403"),
    "GET people.account": ("/compte", "401 200 200 200 200 200 200 200 200"),
    "POST people.change_password": ("/compte/mot-de-passe", "401 422 422 422 422 422 422 422 422"),
    "POST people.disable": ("/personnes/{person}/desactivation", "401 403 403 403 403 403 303 303 403"),
    "POST people.enable": ("/personnes/{person}/reactivation", "401 403 403 403 403 403 303 303 403"),
    "POST people.end_other_sessions": ("/compte/autres-appareils", "401 303 303 303 303 303 303 303 303"),
    "POST people.invite": ("/personnes/{person}/invitation", "401 403 403 403 403 403 303 303 403"),
    "POST people.keep_preferences": ("/compte/preferences", "401 422 422 422 422 422 422 422 422"),
    "GET people.student": ("/personnes/{person}", "401 403 403 403 403 403 200 200 403"),
    "GET people.students": ("/personnes", "401 403 403 403 403 403 200 200 403"),
    "POST quiz_reports.apply_key": (
        "/activites/ec101-accueil/quiz-note/nouvelle-correction",
        "401 403 403 403 422 422 403 422 403",
    ),
    "GET quiz_reports.asked_question": (
        "/activites/ec101-accueil/quiz-note/rapport/questions/{asked}",
        "401 403 403 403 200 404 403 200 403",
    ),
    "POST quiz_reports.look_again": (
        "/activites/ec101-accueil/quiz-note/nouvelle-correction/{unsure}/a-revoir",
        "401 403 403 403 404 404 403 303 403",
    ),
    "POST quiz_reports.look_done": (
        "/activites/ec101-accueil/quiz-note/nouvelle-correction/{unsure}/regarde",
        "401 403 403 403 404 404 403 422 403",
    ),
    "GET quiz_reports.remarking": (
        "/activites/ec101-accueil/quiz-note/nouvelle-correction",
        "401 403 403 403 200 200 403 200 403",
    ),
    "GET quiz_reports.report": ("/activites/ec101-accueil/quiz-note/rapport", "401 403 403 403 200 200 403 200 403"),
    "GET quiz_reports.report_table": (
        "/activites/ec101-accueil/quiz-note/rapport/tableau",
        "401 403 403 403 200 200 403 200 403",
    ),
    "POST quizzes.accept_late_answers": ("/essais/{closed}/tardives", "401 403 403 403 422 404 403 422 403"),
    "GET quizzes.answer_file": ("/essais/{attempt}/fichiers/abc", "401 404 404 404 403 403 403 403 403"),
    "GET quizzes.answer_picture": ("/essais/{attempt}/fichiers/abc/pages/1", "401 404 404 404 403 403 403 403 403"),
    "GET quizzes.answer_sound": ("/essais/{attempt}/sons/abc", "401 404 404 404 403 403 403 403 403"),
    "GET quizzes.attempt_state": ("/essais/{attempt}/etat", "401 200 404 404 403 403 403 403 403"),
    "POST quizzes.hand_in": ("/essais/{attempt}/remise", "401 303 404 404 403 403 403 403 403"),
    "GET quizzes.late_answers": ("/essais/{closed}/tardives", "401 403 403 403 200 404 403 200 403"),
    "GET quizzes.late_attempts": ("/essais/tardifs", "401 403 403 403 200 200 403 200 403"),
    "GET quizzes.question": ("/essais/{attempt}/questions/1", "401 200 404 404 403 403 403 403 403"),
    "GET quizzes.result": ("/essais/{closed}/resultat", "401 200 404 404 403 403 403 403 403"),
    "GET quizzes.review": ("/essais/{attempt}/relecture", "401 200 404 404 403 403 403 403 403"),
    "POST quizzes.save_answer": ("/essais/{attempt}/reponses", "401 303 404 404 403 403 403 403 403"),
    "POST quizzes.start_attempt": ("/modules/ec101-accueil/examen/essais", "401 303 303 404 403 403 403 403 403"),
    "GET records.accessibility": ("/accessibilite", "200 200 200 200 200 200 200 200 200"),
    "GET records.legal_notice": ("/mentions-legales", "200 200 200 200 200 200 200 200 200"),
    "GET records.privacy": ("/vos-donnees", "200 200 200 200 200 200 200 200 200"),
    "GET records.receipt": ("/recus/{receipt}", "200 200 200 200 200 200 200 200 200"),
    "GET records.site_map": ("/plan-du-site", "200 200 200 200 200 200 200 200 200"),
    "GET records.works": ("/resultats", "401 200 200 200 403 403 403 403 403"),
    "GET signin.choose_password": ("/liens/abc", "410 410 410 410 410 410 410 410 410"),
    "POST signin.choose_password": ("/liens/abc", "410 410 410 410 410 410 410 410 410"),
    "GET signin.forgotten_password": ("/mot-de-passe-oublie", "200 200 200 200 200 200 200 200 200"),
    "POST signin.forgotten_password": ("/mot-de-passe-oublie", "422 422 422 422 422 422 422 422 422"),
    "GET signin.sign_in": ("/connexion", "200 303 303 303 303 303 303 303 303"),
    "POST signin.sign_in": ("/connexion", "422 422 422 422 422 422 422 422 422"),
    "POST signin.sign_out": ("/deconnexion", "303 303 303 303 303 303 303 303 303"),
    "POST spoken_comments.begin_comment": ("/a-corriger/{copy}/depots", "401 403 403 403 422 404 403 422 403"),
    "GET spoken_comments.comment": ("/a-corriger/{copy}/commentaires/abc", "401 403 403 403 404 404 403 404 403"),
    "POST spoken_comments.finish_comment": (
        "/a-corriger/{copy}/depots/{spoken}/fin",
        "401 403 403 403 409 404 403 404 403",
    ),
    "GET assignments.told_comment": ("/devoirs/{work}/commentaires/abc", "401 404 404 404 403 403 403 403 403"),
    "GET quizzes.told_comment": ("/essais/{closed}/commentaires/abc", "401 404 404 404 403 403 403 403 403"),
    "PATCH uploads.add_part": ("/depots/{upload}", "401 409 404 404 404 404 403 404 403"),
    "POST uploads.begin_upload": ("/essais/{attempt}/depots", "401 422 404 404 403 403 403 403 403"),
    "POST uploads.finish_upload": ("/depots/{upload}/fin", "401 422 404 404 403 403 403 403 403"),
    "GET uploads.upload_state": ("/depots/{upload}", "401 200 404 404 404 404 403 404 403"),
}

TEXT_PARAMETERS = {"module_id", "item_id", "question_id", "public_id", "key", "token", "code"}
"""Ids as authors write them, or random signs; any other parameter states its type in the address."""

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE)


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def ask(client: Client, method: str, path: str) -> int:
    """The status of the answer; a form is sent with its token and nothing else."""
    token = "" if method == "GET" else client.csrf_token()
    data = {"csrf_token": token} if method == "POST" else None
    headers = {"X-CSRFToken": token} if token else {}
    with client.open(path, method=method, data=data, headers=headers) as response:
        is_sent_to_sign_in = response.status_code == 303 and urlsplit(response.location).path == "/connexion"
        return 401 if is_sent_to_sign_in and path != "/deconnexion" else response.status_code


def test_every_address_is_in_the_table(app: Flask) -> None:
    served = {f"{method} {rule.endpoint}" for rule in rules(app) for method in methods_of(rule)}
    assert set(TABLE) == served


def test_every_page_declares_a_permission(app: Flask) -> None:
    undeclared = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if not isinstance(getattr(view, "permission", None), Permission)
    ]
    assert undeclared == []


@pytest.mark.slow
@pytest.mark.case("AZ-01")
@pytest.mark.parametrize("row", TABLE)
def test_each_role_is_answered_as_the_table_says(world: World, row: str) -> None:
    """AZ-01."""
    method, (path, statuses) = row.split()[0], TABLE[row]
    found = {role: ask(world.clients[role], method, world.path(path)) for role in ROLES}
    assert found == dict(zip(ROLES, map(int, statuses.split()), strict=True))


def test_addresses_are_in_kebab_case_and_their_parameters_typed(app: Flask) -> None:
    for rule in rules(app):
        fixed = re.sub(r"<[^>]+>", "x", rule.rule)
        assert re.fullmatch(r"/|(/[a-z0-9]+(-[a-z0-9]+)*)+", fixed), rule.rule
        untyped = re.findall(r"<(\w+)>", rule.rule)
        assert set(untyped) <= TEXT_PARAMETERS, f"{rule.rule}: say what {untyped} are"


def paths(method: str) -> list[str]:
    return [path for row, (path, _) in TABLE.items() if row.startswith(method)]


@contextmanager
def writes_of(app: Flask) -> Iterator[list[str]]:
    """The statements that change the database, as they are made."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if WRITES.match(statement):
            found.append(statement)

    with app.app_context():
        behind = engines()
    for engine in behind:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in behind:
            event.remove(engine, "before_cursor_execute", note)


@pytest.mark.slow
@pytest.mark.case("AU-16")
def test_no_get_writes(app: Flask, world: World) -> None:
    """AU-16: a page that is only looked at changes nothing, and neither does asking for its headers."""
    with writes_of(app) as written:
        for path in paths("GET"):
            for role in ("anonymous", "owner", "classmate", "tutor", "admin"):
                world.clients[role].get(world.path(path)).close()
                world.clients[role].head(world.path(path)).close()
                assert written == [], f"{path} as {role}"


def test_the_log_of_writes_sees_them(app: Flask, world: World) -> None:
    with writes_of(app) as written:
        world.clients["owner"].submit("/modules/ec101-accueil/saluer/compris")
    assert written


def allowed(world: World, row: str) -> Client:
    """Someone whom this address lets in; an administrator when it answers nobody here."""
    statuses = zip(ROLES, TABLE[row][1].split(), strict=True)
    return world.clients[next((role for role, status in statuses if status not in ("401", "403", "404")), "admin")]


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in TABLE if row.startswith("POST")])
@pytest.mark.case("AU-16")
def test_no_post_without_a_token_of_its_own(app: Flask, world: World, row: str) -> None:
    """AU-16: without a token, with another person's, from a script; nothing is written."""
    client, address = allowed(world, row), world.path(TABLE[row][0])
    foreign = world.clients["other tutor"].csrf_token()
    with writes_of(app) as written:
        assert client.post(address).status_code == 400
        assert client.post(address, json={}).status_code == (401 if client.person is None else 400)
        assert client.post(address, data={"csrf_token": foreign}).status_code == 400
        assert client.post(address, json={}, headers={"X-CSRFToken": foreign}).status_code in (400, 401)
    assert written == []


@pytest.mark.case("AU-13")
def test_a_script_that_is_signed_out_is_told_so(world: World) -> None:
    """AU-13: the page keeps its answers and asks to sign in again."""
    client, asked = world.clients["anonymous"], {"Accept": "application/json"}
    for row, (path, statuses) in TABLE.items():
        if not statuses.startswith("401") or row.startswith("PATCH"):
            continue
        address = world.path(path)
        with client.get(address, headers=asked) if row.startswith("GET") else client.send(address, {}) as response:
            assert (response.status_code, response.mimetype) == (401, "application/json"), row


@pytest.mark.slow
@pytest.mark.parametrize("role", ["anonymous", "owner", "admin"])
def test_verbs_that_nothing_uses_are_refused(app: Flask, world: World, role: str) -> None:
    """AZ-13."""
    client = world.clients[role]
    used: dict[str, set[str]] = {}
    for row, (path, _) in TABLE.items():
        used.setdefault(world.path(path), set()).add(row.split()[0])
    for address, methods in used.items():
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            with client.open(address, method=verb, headers={"X-HTTP-Method-Override": "GET"}) as response:
                assert response.status_code == 405, f"{verb} {address}"
                assert set(response.headers["Allow"].split(", ")) >= methods


@pytest.mark.parametrize("path", ["/programme/", "//programme", "/Programme", "/programme%2f", "/modules/../programme"])
def test_other_spellings_of_an_address_open_nothing(world: World, path: str) -> None:
    """AZ-13."""
    with world.clients["anonymous"].get(path) as response:
        assert response.status_code in (303, 308, 404)
        assert response.status_code == 404 or not response.location.startswith("//")


NAMED = re.compile(r'(?:name="|\.get(?:list)?\("|_in\(asked, "|^    )([a-z][a-z_-]*)(?:"| = \w+Field)', re.MULTILINE)
SOURCES = (*Path("templates").rglob("*.html"), *Path("deust/web").rglob("*.py"))
FIELDS = sorted({name for file in SOURCES for name in NAMED.findall(file.read_text()) if "csrf" not in name})
HOSTILE = ("9" * 5000, "-1", "\N{PILE OF POO}\N{RIGHT-TO-LEFT OVERRIDE}" * 50, "0001-01-01", "")


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.parametrize("value", HOSTILE, ids=("digits", "negative", "signs", "day", "empty"))
def test_nothing_that_is_sent_makes_an_address_fail(world: World, value: str) -> None:
    """AZ-13."""
    assert len(FIELDS) > 50
    fields = dict.fromkeys(FIELDS, value)
    failing = []
    for row, client, address in _addresses(world):
        if row.startswith("GET"):
            answer = client.get(address.partition("?")[0], query_string=fields)
        else:
            answer = client.submit(address, fields)
        with answer:
            failing += [(row, answer.status)] * (answer.status_code >= 500)
    assert failing == []


@pytest.mark.slow
def test_no_json_makes_an_address_fail(world: World) -> None:
    """AZ-13: in place of a form, or in another shape than a script gives it."""
    value = HOSTILE[0]
    shapes = ({name: [value] for name in FIELDS}, dict.fromkeys(FIELDS, value), [value])
    failing = []
    for row, client, address in _addresses(world):
        for sent in () if row.startswith("GET") else shapes:
            with client.send(address, sent) as answer:
                failing += [(row, answer.status)] * (answer.status_code >= 500)
    assert failing == []


@pytest.mark.slow
def test_no_file_in_place_of_a_text_makes_an_address_fail(world: World) -> None:
    """AZ-13."""
    failing = []
    for row, client, address in _addresses(world):
        files = {name: (BytesIO(b"%PDF-1.7"), "texte.pdf") for name in FIELDS}
        with client.submit(address, files) if row.startswith("POST") else client.get(address) as answer:
            failing += [(row, answer.status)] * (answer.status_code >= 500)
    assert failing == []


def _addresses(world: World) -> Iterator[tuple[str, Client, str]]:
    """Each row of the table with who may use it, who stays signed in."""
    for row, (path, _) in TABLE.items():
        if row != "POST signin.sign_out":
            yield row, allowed(world, row), world.path(path)
