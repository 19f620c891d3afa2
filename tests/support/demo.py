"""The demonstration with a few more states: what pages look like for each person, in every state that a page has."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import BrowserContext

from bench.courses import MODULE, PROGRAMME, one_module
from deust.config import ROOT
from deust.services.demo import STAFF, STUDENTS
from deust.services.demo_stories import Story
from tests.support.databases import bare_app
from tests.support.server import Server
from tests.support.sessions import give_session

_FOLDER = Path(PROGRAMME) / MODULE

OLD_LESSON = """---
title: "Un second regard sur la trace"
minutes: 10
valid_until: 2020-01-31
requires: [tracer]
---
Relisez une fiche d'appel un mois après.
"""

MOCK_EXAM = """---
kind: quiz
title: "Examen blanc : écouter jusqu'au bout"
minutes: 10
mode: exam
time: 10 min
week: 5
due: week 5
---
Une question, un seul essai.

## Laisser finir {#eb-finir}
Un bon conseiller laisse finir le client.

= vrai
"""


PLANNED = """---
title: "Un module à venir"
status: planned
hours: 20
outcomes:
  - {id: prevoir, title: "Prévoir une charge"}
---
Combien de conseillers faut-il un lundi matin ?

## Le plan

1. Compter
"""


OPEN_FOLDER = "public-six-temps"


class Demo:
    """`server` runs EC131, with a lesson grown old and locked, an exam that hides its marks, a module to come,
    and one that is open to all.

    Nothing closes an attempt whose time is over: the page that says so can be looked at.
    """

    def __init__(self, folder: Path) -> None:
        courses, instance = folder / "courses", folder / "instance"
        one_module(courses)
        (courses / _FOLDER / "18-second-regard.md").write_text(OLD_LESSON)
        (courses / _FOLDER / "19-examen-blanc.md").write_text(MOCK_EXAM)
        planned = courses / PROGRAMME / "a-venir" / "module.md"
        planned.parent.mkdir()
        planned.write_text(PLANNED)
        shutil.copytree(ROOT / "courses" / PROGRAMME / OPEN_FOLDER, courses / PROGRAMME / OPEN_FOLDER)
        with (courses / PROGRAMME / "programme.yml").open("a") as programme:
            programme.write("beside: [a-venir, public-six-temps]\n")
        instance.mkdir()
        self.server = Server(instance, DEUST_COURSES_DIR=str(courses), DEUST_JOBS="off")
        self.server.start()
        self._app = bare_app(f"sqlite:///{instance / 'deust.sqlite'}")

    def close(self) -> None:
        self.server.stop()

    def sign_in(self, email: str, context: BrowserContext) -> None:
        give_session(context, self._app, self.server, self.person_id(email))

    def person_id(self, email: str) -> int:
        return int(self._ask("SELECT id FROM person WHERE email = ?", email)[0][0])

    def attempts(self, email: str) -> list[str]:
        """Public ids of this person's attempts, in the order they were started."""
        rows = self._ask("SELECT public_id FROM attempt WHERE person_id = ? ORDER BY id", self.person_id(email))
        return [str(row[0]) for row in rows]

    def work_of(self, email: str) -> tuple[str, str]:
        """The public ids of the assignment that this person handed in and of its copy."""
        rows = self._ask(
            "SELECT attempt.public_id, copy.public_id FROM copy JOIN attempt ON attempt.id = copy.attempt_id "
            "WHERE copy.person_id = ? AND attempt.item_ref LIKE '%/devoir-script'",
            self.person_id(email),
        )
        return str(rows[0][0]), str(rows[0][1])

    def question_asked(self, public_id: str) -> str:
        """The hash of the first question of an attempt."""
        paper = json.loads(str(self._ask("SELECT paper FROM attempt WHERE public_id = ?", public_id)[0][0]))
        return str(paper[0]["hash"])

    def quiz_copy(self) -> str:
        """A copy of a quiz that has a written answer."""
        rows = self._ask(
            "SELECT copy.public_id FROM copy JOIN attempt ON attempt.id = copy.attempt_id "
            "WHERE attempt.item_ref LIKE '%/entrainement-complet' ORDER BY copy.id"
        )
        return str(rows[0][0])

    def receipt_code(self, public_id: str) -> str:
        return str(self._ask("SELECT receipt_code FROM attempt WHERE public_id = ?", public_id)[0][0])

    def end_time_of(self, public_id: str) -> None:
        """Put the end of a running attempt in the past."""
        past = (datetime.now(UTC) - timedelta(minutes=3)).strftime("%Y-%m-%d %H:%M:%S.%f")
        self._ask("UPDATE attempt SET deadline_at = ? WHERE public_id = ?", past, public_id)

    def link_sent_to(self, email: str) -> str:
        """The token of the last link written to this address."""
        rows = self._ask("SELECT payload FROM outbox_message WHERE recipient = ? ORDER BY id DESC", email)
        return re.findall(r"/liens/([\w-]+)", str(rows[0][0]))[0]

    def _ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.server.folder / "deust.sqlite")) as connection, connection:
            return connection.execute(statement, values).fetchall()


def student(story: Story, *, place: int = 0) -> str:
    """The e-mail of the first student whose story this is, or of a later one."""
    return [account.email for account in STUDENTS if account.story is story][place]


def staff(role: str) -> str:
    """The e-mail of the first member of staff with this role."""
    return next(account.email for account in STAFF if account.role == role)
