"""Rows and domain values for tests: plain functions, every field may be given.

The rows match the course tree `tests/fixtures/courses`: the programme `deust-essai`, in its fifth week at `clock.NOW`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from deust.domain.access import Role
from deust.domain.assignments import Terms
from deust.domain.attempts import Save
from deust.domain.freezing import frozen_settings
from deust.domain.learning import Assignment, Completion, Kind, Quiz
from deust.domain.people import Calendar, Enrolled, SignedIn
from deust.domain.questions import (
    Choice,
    Cloze,
    Essay,
    File,
    Info,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Question,
    Short,
    ShortKey,
    TrueFalse,
    Variable,
)
from deust.domain.quizzes import Keep, Mode, Paging, QuizSettings
from deust.domain.rubric import Criterion, Grid
from deust.models.people import Accommodation, Cohort, Enrolment, Group, ItemDates, Person, Tutoring
from deust.models.quizzes import Attempt
from deust.models.rows import Together
from deust.models.signin import SignInSession
from deust.queries.signin import as_asker
from deust.services import records
from deust.services.answer_batches import Posted
from tests.support.clock import NOW
from tests.support.programmes import settings

PROGRAMME = "deust-essai"
LONG_AGO = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

_numbers = count(1)


def person(session: Session, **fields: Any) -> Person:
    number = next(_numbers)
    row = Person(
        **{
            "email": f"personne{number}@example.org",
            "given_name": f"Prénom{number}",
            "family_name": f"Nom{number}",
            "role": Role.STUDENT.value,
            "created_at": LONG_AGO,
            **fields,
        }
    )
    return _added(session, row)


def cohort(session: Session, **fields: Any) -> Cohort:
    row = Cohort(
        **{
            "code": f"promo-{next(_numbers)}",
            "title": "Promotion d'essai",
            "programme": PROGRAMME,
            "week_one_on": date(2026, 9, 14),
            **fields,
        }
    )
    return _added(session, row)


def group(session: Session, of: Cohort, **fields: Any) -> Group:
    return _added(session, Group(**{"cohort_id": of.id, "name": f"Groupe {next(_numbers)}", **fields}))


def enrolment(session: Session, who: Person, of: Cohort, **fields: Any) -> Enrolment:
    row = Enrolment(**{"person_id": who.id, "cohort_id": of.id, "started_on": date(2026, 9, 14), **fields})
    return _added(session, row)


def tutoring(session: Session, who: Person, of: Group) -> Tutoring:
    return _added(session, Tutoring(person_id=who.id, group_id=of.id))


def accommodation(session: Session, who: Person, **fields: Any) -> Accommodation:
    return _added(session, Accommodation(**{"person_id": who.id, "granted_at": LONG_AGO, **fields}))


def item_dates(session: Session, item_ref: str, **fields: Any) -> ItemDates:
    return _added(session, ItemDates(item_ref=item_ref, **fields))


def attempt(session: Session, who: Person, **fields: Any) -> Attempt:
    """The row of an open attempt, without a paper; `services.quizzes.start_attempt` makes a real one."""
    row = Attempt(
        **{
            "public_id": f"essai-{next(_numbers)}",
            "person_id": who.id,
            "item_ref": "ec101-accueil/entrainement",
            "number": 1,
            "item_version": "v1",
            "settings": frozen_settings(settings(), title="Quiz d'essai"),
            "paper": [],
            "started_at": NOW,
            "out_of": Fraction(10),
            **fields,
        }
    )
    return _added(session, row)


def student(session: Session, of: Cohort | None = None, **fields: Any) -> Person:
    """A person enrolled in a cohort, in a new one unless given."""
    row = person(session, **fields)
    enrolment(session, row, of or cohort(session))
    return row


def sign_in_session(session: Session, who: Person, **fields: Any) -> str:
    """A signed-in device of this person; gives its token."""
    token = f"token-{next(_numbers)}"
    row = SignInSession(
        **{
            "token_hash": hashlib.sha256(token.encode()).hexdigest(),
            "person_id": who.id,
            "created_at": LONG_AGO,
            "expires_at": NOW + timedelta(days=3650),
            **fields,
        }
    )
    _added(session, row)
    return token


def signed_in(who: Person, of: Cohort | None = None, **fields: Any) -> SignedIn:
    """The person as pages and services receive them; enrolled in the cohort, if given."""
    enrolled = of and Enrolled(
        enrolment_id=1,
        cohort_id=of.id,
        cohort_title=of.title,
        group_id=None,
        programme=of.programme,
        calendar=Calendar(week_one_on=of.week_one_on, time_zone=of.time_zone),
        started_on=of.week_one_on,
    )
    return replace(as_asker(who, enrolled), **fields)


def learner(session: Session, **fields: Any) -> SignedIn:
    """A new student of a new cohort, as services receive them."""
    of = cohort(session)
    return signed_in(student(session, of, **fields), of)


def question(question_id: str = "q", **fields: Any) -> Question:
    return replace(Question(id=question_id, title=f"Question {question_id}", answer=TrueFalse(value=True)), **fields)


def single(question_id: str = "simple", **fields: Any) -> Question:
    """Option 2 is right."""
    texts = ("la météo", "l'enseigne", "le prix")
    options = tuple(Option(text=text, is_right=text == "l'enseigne") for text in texts)
    return question(question_id, answer=Choice(options=options, several=False), **fields)


def multiple(question_id: str = "multiple", **fields: Any) -> Question:
    """Options 1 and 2 are right."""
    texts = ("l'enseigne", "le prénom", "le mot de passe")
    options = tuple(Option(text=text, is_right=text != "le mot de passe") for text in texts)
    return question(question_id, answer=Choice(options=options, several=True), **fields)


def short(question_id: str = "courte", **fields: Any) -> Question:
    return question(question_id, answer=Short(keys=(ShortKey(variants=("reformulation",)),)), **fields)


def numeric(question_id: str = "nombre", **fields: Any) -> Question:
    return question(question_id, answer=Numeric(keys=(NumericKey(value=Fraction(172)),)), **fields)


def matching(question_id: str = "paires", **fields: Any) -> Question:
    pairs = (("l'enseigne", "où suis-je ?"), ("le prénom", "à qui ai-je affaire ?"))
    return question(question_id, answer=Matching(pairs=pairs, distractors=("combien ?",)), **fields)


def ordering(question_id: str = "ordre", **fields: Any) -> Question:
    return question(question_id, answer=Ordering(items=("saluer", "écouter", "conclure")), **fields)


def cloze(question_id: str = "trous", **fields: Any) -> Question:
    choice = Choice(options=(Option(text="après", is_right=False), Option(text="avant", is_right=True)), several=False)
    gaps = (Short(keys=(ShortKey(variants=("laisser",)),)), choice)
    return question(question_id, stem="Il faut [[1]] parler [[2]].", answer=Cloze(gaps=gaps), **fields)


def calculated(question_id: str = "calcul", **fields: Any) -> Question:
    return question(
        question_id,
        stem="{{ appels }} appels de 4 minutes en une demi-heure.",
        answer=Numeric(keys=(NumericKey(value="appels * 240 / 1800", tolerance=Fraction(1, 20)),)),
        variables=(Variable(name="appels", low=Fraction(120), high=Fraction(360), step=Fraction(20)),),
        **fields,
    )


def essay(question_id: str = "texte", **fields: Any) -> Question:
    return question(question_id, answer=Essay(expected="un accueil complet"), **fields)


def info(question_id: str = "lecture", **fields: Any) -> Question:
    return question(question_id, answer=Info(), points=Fraction(0), **fields)


def machine_marked() -> tuple[Question, ...]:
    """One question of each type that the machine marks."""
    return (single(), multiple(), question("vrai"), short(), numeric(), matching(), ordering(), cloze(), calculated())


def quiz(*questions: Question, quiz_id: str = "essai", mode: Mode = Mode.TRAINING, **fields: Any) -> Quiz:
    """A quiz of these questions, of each type marked by the machine unless given; settings may be given by name."""
    names = set(QuizSettings.__dataclass_fields__)
    made = Quiz(
        module="ec101-accueil",
        id=quiz_id,
        kind=Kind.QUIZ,
        number=1,
        title="Quiz d'essai",
        minutes=20,
        completion=Completion.PASSED,
        version="v1",
        settings=settings(mode, **{name: value for name, value in fields.items() if name in names}),
        questions=questions or machine_marked(),
    )
    return replace(made, **{name: value for name, value in fields.items() if name not in names})


def grid(**fields: Any) -> Grid:
    """Two criteria of 12 and 8 points, the second one eliminatory."""
    made = Grid(
        title="Grille",
        levels={"conforme": Fraction(1), "partiel": Fraction(1, 2), "non conforme": Fraction(0)},
        criteria=(
            Criterion(id="A1", phase="Fond", title="Accueil", points=Fraction(12)),
            Criterion(id="C2", phase="Fond", title="Loyauté", points=Fraction(8), is_eliminatory=True),
        ),
    )
    return replace(made, **fields)


def assignment(**fields: Any) -> Assignment:
    """A text and a file, marked out of 20 with `grid()`; terms may be given by name."""
    names = set(Terms.__dataclass_fields__)
    terms = Terms(out_of=Fraction(20), step=Fraction(1, 4), turnaround_days=5)
    parts = (
        question("texte", title="Votre texte", answer=Essay(), points=Fraction(20)),
        question("fichier-1", title="Fichier", answer=File(accept=("pdf",), max_bytes=10**6), points=Fraction(0)),
    )
    made = Assignment(
        module="ec101-accueil",
        id="redaction",
        kind=Kind.ASSIGNMENT,
        number=9,
        title="Rédaction",
        minutes=60,
        completion=Completion.HANDED_IN,
        version="v1",
        settings=settings(Mode.GRADED, attempts=1, keep=Keep.LAST, paging=Paging.ALL),
        questions=parts,
        terms=replace(terms, **{name: value for name, value in fields.items() if name in names}),
        grid_name="grille",
        grids={"grille": grid()},
    )
    return replace(made, **{name: value for name, value in fields.items() if name not in names})


def posted(key: str, form: Mapping[str, Sequence[str]], **fields: Any) -> Posted:
    """One save as a tab sends it: its first, made without having seen any answer, unless given."""
    usual = {"client": "tab", "sequence": 1, "base_version": 0, "clears": False}
    own = {name: value for name, value in fields.items() if name in ("file", "name", "only_changes")}
    made = {**usual, **{name: value for name, value in fields.items() if name not in own}}
    made.setdefault("event_id", f"{made['client']}-{key}-{made['sequence']}")
    return Posted(key=key, form=form, save=Save(given=None, **made), **own)


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def receipt(session: Session, attempt_id: int, **fields: Any) -> str:
    """The code of a receipt of this attempt."""
    values = {"answers_hash": "f" * 64, "answers_count": 9, "now": NOW, **fields}
    row = records.new_receipt(attempt_id=attempt_id, **values)
    Together(records.RECEIVED).write(session.connection(), {"receipt": row})
    return str(row["code"])
