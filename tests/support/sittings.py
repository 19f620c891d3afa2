"""Someone who takes a quiz over HTTP, as pages and their script ask; the database is only looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.questions import Json, Question
from deust.domain.reading import show_answer
from deust.models.base import Base
from deust.models.quizzes import Answer, AnswerEvent, Attempt
from deust.queries.papers import asked_questions
from tests.support.clients import Client
from tests.support.forms import Form, form_of, post_form

TRAINING, GRADED, EXAM = "entrainement", "quiz-note", "examen"

_events = count(1)


class TwoDoors(Protocol):
    def writing(self) -> AbstractContextManager[Session]: ...

    def reading(self) -> AbstractContextManager[Connection]: ...


class Sitting:
    """A client and a quiz of `ec101-accueil`; `public_id` is the attempt started last."""

    def __init__(self, client: Client, doors: TwoDoors, quiz: str = TRAINING) -> None:
        self.client = client
        self.home = f"/modules/ec101-accueil/{quiz}"
        self.public_id = ""
        self.doors = doors

    @property
    def path(self) -> str:
        return f"/essais/{self.public_id}"

    def start(self) -> Sitting:
        response = self.client.submit(f"{self.home}/essais")
        assert response.status_code == 303, response.get_data(as_text=True)
        self.public_id = response.location.split("/")[2]
        return self

    def attempt(self) -> Row[Any]:
        with self.doors.reading() as connection:
            return connection.execute(select(Attempt).where(Attempt.public_id == self.public_id)).one()

    def paper(self) -> dict[str, PaperQuestion]:
        """The entries of the paper by question id, in the order asked."""
        return {entry["id"]: paper_question(entry) for entry in self.attempt().paper}

    def key(self, question_id: str) -> str:
        return self.paper()[question_id].key

    def asked(self, question_id: str) -> Question:
        entry = self.paper()[question_id]
        with self.doors.reading() as connection:
            return asked_questions(connection, [entry])[entry.key]

    def open(self, question_id: str) -> TestResponse:
        """The page of this question, in a quiz of one question a page."""
        position = list(self.paper()).index(question_id) + 1
        return self.client.get(f"{self.path}/questions/{position}")

    def form(self, question_id: str) -> Form:
        return form_of(self.open(question_id), "paper")

    def fields(self, question_id: str, answer: Json) -> dict[str, list[str]]:
        """The fields that post this answer, written as in the source."""
        entry = self.paper()[question_id]
        shown = show_answer(self.asked(question_id), entry.placement, answer)
        return {f"{entry.key}-{name}": texts for name, texts in shown.items()}

    def save(self, question_id: str, answer: Json, **fields: Any) -> TestResponse:
        """Save as the page's script does."""
        return self.post(question_id, self.fields(question_id, answer), **fields)

    def post(self, question_id: str, form: Mapping[str, Any], **fields: Any) -> TestResponse:
        key = self.key(question_id)
        base = fields.pop("base", 0)
        usual = {"question": key, "event": f"event{next(_events)}", "client": "tab", "sequence": 1, f"{key}-base": base}
        headers = {"Accept": "application/json", "X-CSRFToken": self.client.csrf_token()}
        return post_form(self.client, f"{self.path}/reponses", {**usual, **form, **fields}, headers)

    def told(self, response: TestResponse, question_id: str) -> Mapping[str, Any]:
        """What an acknowledgement says of one question."""
        assert response.status_code == 200, response.get_data(as_text=True)
        answers: Mapping[str, Mapping[str, Any]] = response.get_json()["answers"]
        return answers[self.key(question_id)]

    def outcome(self, response: TestResponse, question_id: str) -> str:
        return str(self.told(response, question_id)["outcome"])

    def hand_in(self) -> TestResponse:
        return self.client.submit(f"{self.path}/remise")

    def result(self) -> str:
        response = self.client.get(f"{self.path}/resultat")
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def kept(self) -> dict[str, Json]:
        """The current answers by question id."""
        names = {entry.key: name for name, entry in self.paper().items()}
        return {names[row.question_key]: row.given for row in self._rows(Answer) if row.version}

    def events(self) -> list[tuple[Json, str]]:
        """What was received, in order, with what became of it."""
        return [(row.given, row.outcome) for row in sorted(self._rows(AnswerEvent), key=lambda row: row.id)]

    def _rows(self, table: type[Base]) -> Sequence[Row[Any]]:
        of_attempt = table.attempt_id == self.attempt().id  # type: ignore[attr-defined]
        with self.doors.reading() as connection:
            return connection.execute(select(table).where(of_attempt)).all()
