"""The authors' guide: its examples are one tree, read, checked, rendered and marked here."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from deust.cli.courses import courses
from deust.content.catalogue import Catalogue
from deust.content.index import search_documents
from deust.content.problems import Level
from deust.content.schema import ITEM_HEADERS
from deust.content.tree import Reading
from deust.domain.calculated import texts_of
from deust.domain.formulas import FUNCTIONS
from deust.domain.learning import Quiz
from deust.domain.marking import mark
from deust.domain.questions import type_of
from deust.domain.reading import read_author
from tests.content.sample_tree import TODAY, png, read, write

GUIDE = (Path(__file__).resolve().parent.parent / "docs" / "authoring.md").read_text("utf-8")
EXAMPLE = re.compile(r"^(`{4,})\w+ file=(\S+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
EXAMPLES = {path: content for _, path, content in EXAMPLE.findall(GUIDE)}
MEDIA = "deust-exemple/ec131-accueil/media"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {path: text for path, text in EXAMPLES.items() if "/" in path}
    files |= {f"{MEDIA}/frise.png": png(), f"{MEDIA}/appel.mp3": b"ID3", f"{MEDIA}/poste.mp4": b"ftyp"}
    return write(tmp_path / "courses", {**files, f"{MEDIA}/suivi.csv": "appel;durée\n"})


@pytest.fixture
def reading(root: Path) -> Reading:
    return read(root)


def run(root: Path, *arguments: str) -> Result:
    app = Flask("authors")
    app.config["DEUST_COURSES_DIR"] = root
    return app.test_cli_runner().invoke(courses, arguments)


def quiz_of(reading: Reading) -> Quiz:
    found = reading.programmes["deust-exemple"].find_item("ec131-accueil/quiz-types")
    assert isinstance(found, Quiz)
    return found


def test_the_examples_are_clean(reading: Reading) -> None:
    assert [str(problem) for problem in reading.problems if problem.level is not Level.INFO] == []


def test_every_kind_of_item_has_an_example(reading: Reading) -> None:
    module = reading.programmes["deust-exemple"].modules["ec131-accueil"]
    assert {str(item.kind) for item in module.items} == set(ITEM_HEADERS)


def test_every_type_of_question_has_an_example(reading: Reading) -> None:
    assert {type_of(question) for question in quiz_of(reading).questions} == {
        "single", "multiple", "true-false", "numeric", "short", "matching", "ordering", "cloze", "calculated", "essay",
        "voice", "file", "info",
    }  # fmt: skip


def test_the_answers_of_the_guide_earn_all_the_points(root: Path, reading: Reading, tmp_path: Path) -> None:
    answers = tmp_path / "reponses.json"
    answers.write_text(EXAMPLES["reponses.json"], "utf-8")
    done = run(root, "try", "quiz-types", str(answers), "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["questions"]
    by_state: dict[str, set[str]] = {}
    for row in rows:
        by_state.setdefault(row["state"], set()).add(row["id"])
        if row["state"] == "marked":
            assert Fraction(row["earned"]) == Fraction(row["points"]), row["id"]
    assert by_state["human"] == {"type-redaction", "type-voix", "type-fichier"}
    assert by_state["info"] == {"type-info"}
    assert "unanswered" not in by_state


def test_the_lesson_of_the_guide_shows_each_construct(root: Path, tmp_path: Path) -> None:
    catalogue = Catalogue(root, tmp_path / "published", watch=True, today=lambda: TODAY)
    page = catalogue.lesson("ec131-accueil/accueillir")
    html = "".join(text for kind, text in page.parts if kind == "html")
    for construct in (
        "<em>italique</em>", "footnote-ref", "<dl>", '<div class="table"', "admonition-title",
        '<details class="note">',
        'class="dialogue bad"', 'class="dialogue good"', "<img", "<audio", "<video", "<track", "suivi.csv?v=", "<math",
        'display="block"', '<abbr title="gestion de la relation client">', '<span class="n">', 'class="task done"',
        'popovertarget="term-dmt"', 'href="/modules/ec131-accueil/quiz-accueil"',
    ):  # fmt: skip
        assert construct in html, construct
    assert list(page.checks) == ["l-abord"]


ESSAY = """---
kind: quiz
title: Écrire
mode: training
---
## Un texte {#e-texte type=essay words=5-50}
Répondez.

> Relisez-vous avant de rendre.

### Attendus
Une date.

## Un taux {#e-taux}
Combien ?

= 80 ± 5 %
"""


def test_what_the_guide_says_of_quotes_and_of_tolerances_is_so(root: Path) -> None:
    reading = read(write(root, {"deust-exemple/ec131-accueil/06-ecrire.md": ESSAY}))
    quiz = reading.programmes["deust-exemple"].find_item("ec131-accueil/ecrire")
    assert isinstance(quiz, Quiz)
    essay, rate = quiz.questions
    assert ("Relisez-vous" in essay.stem, essay.feedback) == (True, "")
    earned = [mark(rate, read_author(rate, value), {}).share for value in ("75 %", "85", "74")]
    assert earned == [1, 1, 0]


def test_a_trial_takes_no_number_that_nobody_is_given(root: Path, reading: Reading, tmp_path: Path) -> None:
    question = next(one for one in quiz_of(reading).questions if one.variables)
    variable = question.variables[0]
    for value in (variable.low - variable.step, variable.high + variable.step, variable.low + variable.step / 2):
        answers = tmp_path / "answers.json"
        answers.write_text(json.dumps({question.id: {"values": {variable.name: str(float(value))}, "answer": "1"}}))
        tried = run(root, "try", "quiz-types", str(answers))
        assert tried.exit_code == 2
        assert f"{variable.name} est tiré de" in tried.output


def test_an_item_is_shown_whole_without_asking_for_json(root: Path, reading: Reading) -> None:
    shown = " ".join(run(root, "show", "quiz-types").output.split())
    for question in quiz_of(reading).questions:
        for text in texts_of(question):
            assert " ".join(text.split()[:4]) in shown, question.id
        assert all(f"tirage : {variable.name}, de" in shown for variable in question.variables)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("* (x) oui\n* ( ) non", "écrivez - (x)"),
        ("-[ ] oui\n-[x] non", "écrivez - [ ]"),
        ("- qui -> l'appelant\n- quoi -> l'appel", "écrivez =>"),
    ],
)
def test_a_sign_that_is_nearly_an_answer_is_named(root: Path, written: str, right: str) -> None:
    path = root / "deust-exemple/ec131-accueil/05-quiz-signes.md"
    path.write_text(f"---\nkind: quiz\ntitle: Signes\nminutes: 5\n---\n\n## Une {{#q-une}}\nLisez.\n\n{written}\n")
    told = run(root, "check").output
    assert right in told
    assert "05-quiz-signes.md:10" in told
    assert "question sans réponse" not in told


def test_every_key_is_taught() -> None:
    keys = {field.alias or name for model in ITEM_HEADERS.values() for name, field in model.model_fields.items()}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", GUIDE)] == []


def test_every_function_is_taught() -> None:
    assert [name for name in FUNCTIONS if f"`{name}`" not in GUIDE] == []


def test_the_example_can_be_searched(reading: Reading) -> None:
    documents = list(search_documents(reading.programmes["deust-exemple"]))
    assert any("dix premières secondes" in document.text for document in documents)
