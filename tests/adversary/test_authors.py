"""What an author may write, by mistake or on purpose, and what students notice of it: nothing broken, nothing lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from deust.config import Settings
from deust.domain.access import Role
from deust.models.people import Cohort, Person
from tests.conftest import Doors
from tests.content.sample_tree import LESSON, MODULE, PROGRAMME, QUIZ, M, P, clean_tree, line_of, read
from tests.support.canaries import COURSES
from tests.support.clients import Client
from tests.support.sittings import GRADED, Sitting

pytestmark = pytest.mark.slow

ClientOf = Callable[[Person | Role], Client]

LESSON_FILE, QUIZ_FILE = f"{M}/01-accueillir.md", f"{M}/02-quiz-accueil.md"

EXPRESSIONS = {
    "import": "__import__('os').system('id')",
    "attributes": "().__class__.__base__.__subclasses__()",
    "attribute of a value": "a.__class__",
    "index": "a[0]",
    "lambda": "(lambda: 1)()",
    "power": "9**9**9",
    "power of a power": "9**9**9**9",
    "parentheses": "(" * 10_000 + "1" + ")" * 10_000,
    "parentheses in a line that is read": "(" * 9_000 + "1" + ")" * 9_000,
    "signs": "-" * 10_000 + "1",
    "zero": "1 / (a - 1)",
    "zero to a negative": "(a - 1) ** -1",
    "unknown": "password",
    "call": "open(1)",
    "quotes": "'x' * 99999999",
    "long sum": "+".join(["1"] * 20_000),
}


@pytest.mark.case("QZ-36")
@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("where", ["key", "stem"])
def test_a_hostile_formula_is_an_error_on_its_line_and_costs_nothing(tmp_path: Path, name: str, where: str) -> None:
    """Nothing runs; the author is told where; every other file is read."""
    written = f"{{{{ {EXPRESSIONS[name]} }}}}"
    asked = f"Combien ? {written if where == 'stem' else ''}\n\n= {written if where == 'key' else '1'}"
    hostile = QUIZ.replace("= 150 ± 0 mots", f"```vars\na = 1..3\n```\n\n{asked}")
    start = time.process_time()
    reading = read(clean_tree(tmp_path, {QUIZ_FILE: hostile}))
    assert time.process_time() - start < 2
    lines = [problem.line for problem in reading.errors if problem.path == QUIZ_FILE]
    first = line_of(hostile, "## Votre débit")
    assert lines
    assert all(first <= line <= first + 8 for line in lines)
    assert {problem.path for problem in reading.errors} <= {QUIZ_FILE, f"{P}/programme.yml"}, "who names the quiz"
    assert all(len(str(problem)) < 700 for problem in reading.errors)


@pytest.mark.case("QZ-36")
@pytest.mark.parametrize(
    "drawn", ["a = 1..10**9 step 0", "a = 0..1e400", "a = __import__..2", "a = 5..1", "a = 0..9**9"]
)
def test_a_hostile_draw_is_an_error_on_its_line(tmp_path: Path, drawn: str) -> None:
    hostile = QUIZ.replace("= 150 ± 0 mots", f"```vars\n{drawn}\n```\n\n= {{{{ a }}}}")
    start = time.process_time()
    reading = read(clean_tree(tmp_path, {QUIZ_FILE: hostile}))
    assert time.process_time() - start < 2
    assert [problem.path for problem in reading.errors] == [QUIZ_FILE] * len(reading.errors) != []


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML_TRAPS = {
    "alias bomb": f"{BOMB}title: X",
    "nested lists": "title: " + "[" * 10_000,
    "python object": "title: !!python/object/apply:os.system ['id']",
    "duplicate key": "title: X\ntitle: Y",
    "merge key": "base: {a: 1}\ntitle: X\n<<: {b: 2}",
}


@pytest.mark.case("MD-06")
@pytest.mark.parametrize("name", YAML_TRAPS)
def test_a_yaml_trap_is_told_on_its_line_and_the_other_module_is_read(tmp_path: Path, name: str) -> None:
    trap = f"---\n{YAML_TRAPS[name]}\n---\n\nTexte.\n"
    start = time.process_time()
    reading = read(clean_tree(tmp_path, {LESSON_FILE: trap, **second_module()}))
    assert time.process_time() - start < 3
    assert {problem.path for problem in reading.errors if "introuvable" not in problem.message} == {LESSON_FILE}
    assert all(1 < problem.line < trap.count("\n") for problem in reading.errors if problem.path == LESSON_FILE)
    assert reading.programmes[P].modules["ec132-suite"].items[0].title == "Suivre"


def second_module() -> dict[str, str | bytes]:
    """Another module of the same programme, without a fault."""
    component = PROGRAMME[PROGRAMME.index("              - id: EC131") : PROGRAMME.index("      - {id: S2")]
    other = component.replace("EC131", "EC132").replace("ec131-accueil", "ec132-suite")
    other = other.replace("coefficient: 3", "coefficient: 1").split("                assessments")[0]
    programme = PROGRAMME.replace("coefficient: 3\n                hours", "coefficient: 2\n                hours")
    return {
        f"{P}/programme.yml": programme.replace("      - {id: S2", f"{other}      - {{id: S2"),
        f"{P}/ec132-suite/module.md": MODULE.replace("Bienvenue. Voir [la première leçon](01-accueillir.md).", "Là."),
        f"{P}/ec132-suite/01-suivre.md": LESSON.split("Un appel")[0].replace("Accueillir", "Suivre") + "Texte.\n",
    }


@pytest.mark.case("MD-06")
def test_a_file_of_fifty_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    with (root / LESSON_FILE).open("r+b") as file:
        file.truncate(50_000_000)
    start = time.process_time()
    reading = read(root)
    assert time.process_time() - start < 1
    assert any("trop gros" in problem.message for problem in reading.errors if problem.path == LESSON_FILE)


@pytest.mark.case("MD-01", "MD-05")
@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ("<script>alert(1)</script>", "script"),
        ('<img src="media/frise.png" alt="Frise" onerror="x()">', "onerror"),
        ('<iframe srcdoc="<p>x</p>"></iframe>', "iframe"),
        ('<img src="media/frise.png" alt="a > b" onerror="x()">', "onerror"),
        ('<form action="/connexion"><input name="password"></form>', "form"),
        ('<span onclick="window.print()">Imprimer</span>', "onclick"),
        ('<p style="position:fixed">x</p>', "style"),
        ('<base href="https://exemple.fr/">', "base"),
        ("<style>a{}</style>", "style"),
    ],
)
def test_the_author_is_told_what_will_be_removed(tmp_path: Path, written: str, lost: str) -> None:
    lesson = LESSON.replace("Un appel commence", f"{written}\n\nUn appel commence")
    told = [
        problem for problem in read(clean_tree(tmp_path, {LESSON_FILE: lesson})).problems if lost in problem.message
    ]
    assert [(problem.path, problem.line) for problem in told[:1]] == [(LESSON_FILE, line_of(lesson, written))]


@pytest.mark.case("MD-08")
@pytest.mark.parametrize(
    "path",
    [
        *("../module.md", "%2e%2e/module.md", "..%2fmodule.md", "....//module.md", "/etc/passwd", "%2fetc%2fpasswd"),
        *("../../../../etc/passwd", "..\\module.md", "accueil.png/../../module.md", "accueil.png%00.md", "."),
    ],
)
def test_no_address_of_a_media_leaves_its_folder(student: Client, path: str) -> None:
    with student.get(f"/cours/ec101-accueil/media/{path}") as response:
        assert response.status_code in (308, 404)
        assert b"title" not in response.data[:200] or response.mimetype == "text/html"
        assert b"root:" not in response.data


# While students work


@pytest.fixture
def courses(tmp_path: Path) -> Path:
    return shutil.copytree(COURSES, tmp_path / "courses")


@pytest.fixture
def app(settings: Settings, courses: Path, make_app: Callable[[Settings], Flask]) -> Flask:
    """The application of an author who edits: each change shows on the next request."""
    return make_app(replace(settings, courses_dir=courses))


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


@pytest.mark.case("MD-09")
def test_a_broken_file_changes_nothing_on_the_site_and_is_listed(
    courses: Path, student: Client, client_of: ClientOf
) -> None:
    """The last good version of everything stays; whoever inspects reads file, line and column."""
    tutor, lesson, module = client_of(Role.TUTOR), "/modules/ec101-accueil/ecouter", "/modules/ec101-accueil"
    before = tutor.get(lesson).text
    broken = courses / "deust-essai" / "ec101-accueil" / "02-ecouter.md"
    edit(broken, ("title: Écouter", "title: 'Écouter"), ("Se taire", "Se taire tout de suite"))
    edit(broken.with_name("01-saluer.md"), ("Se nommer", "Se nommer d'abord"))
    for path in (lesson, module, "/modules/ec101-accueil/saluer", "/aujourdhui", "/programme"):
        assert student.get(path).status_code == 200
    assert main_of(tutor.get(lesson).text) == main_of(before)
    listed = tutor.get("/cours/problemes").text
    assert "deust-essai/ec101-accueil/02-ecouter.md:7<" in listed
    assert "colonne" in listed
    edit(broken, ("title: 'Écouter", "title: Écouter"))
    assert "Se taire tout de suite" in tutor.get(lesson).text


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


@pytest.mark.case("MD-11")
def test_an_attempt_stays_on_its_version_when_its_quiz_is_rewritten(
    courses: Path, student: Client, client_of: ClientOf, doors: Doors, cohort: Cohort
) -> None:
    """Ids renamed, an option removed, a question removed, the draw reduced: the open attempt sees none of it."""
    sitting = Sitting(student, doors, GRADED).start()
    names = list(sitting.paper())
    before = [question_of(sitting, number) for number in (1, 2, 3)]
    quiz = courses / "deust-essai" / "ec101-accueil" / "04-quiz-note.md"
    edit(
        quiz,
        ("draw: {accueil: 2, ecoute: 1}", "draw: {accueil: 1, ecoute: 1}"),
        *((f"#{name} ", f"#{name}-nouveau ") for name in ("n-premier", "n-prenom", "n-politesse", "n-silence")),
        ("- ( ) le prix", "- ( ) autre chose"),
        ("= canaritrace", "= autrement"),
    )
    assert [question_of(sitting, number) for number in (1, 2, 3)] == before
    other = Sitting(client_of(Role.STUDENT), doors, GRADED).start()
    assert len(other.paper()) == 2
    assert all(name.endswith("-nouveau") or name == "n-note" for name in other.paper())
    right = {"n-premier": 1, "n-prenom": True, "n-politesse": True, "n-silence": False, "n-note": "canaritrace"}
    for name in names:
        assert sitting.outcome(sitting.save(name, right[name]), name) == "kept"
    assert sitting.hand_in().status_code == 303
    assert (sitting.attempt().score, sitting.attempt().out_of) == (3, 3)
    assert "canaritrace" in sitting.result() or "n-note" not in names
    told = client_of(Role.TUTOR).get("/cours/problemes").text
    assert "n-premier" in told


def question_of(sitting: Sitting, number: int) -> str:
    """What a page asks, without what changes from one reading to the next."""
    page = sitting.client.get(f"{sitting.path}/questions/{number}").text
    return page[page.index("<section") : page.index("</section>")]
