"""One whole version is served, always: changed files show at once, broken ones never do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deust.content.catalogue import Catalogue
from deust.content.problems import Level
from deust.content.publishing import Publication, publish
from deust.domain.errors import NotFound
from deust.domain.learning import Announced
from deust.domain.questions import TrueFalse
from tests.content.sample_tree import FILES, LESSON, QUIZ, TODAY, M, P, clean_tree

LESSON_REF, QUIZ_REF = "ec131-accueil/accueillir", "ec131-accueil/quiz-accueil"
RENDERED = 5
"""The pages of the sample tree: a lesson, a quiz, the module's introduction, the glossary."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
LESSON_FILE, QUIZ_FILE = f"{M}/01-accueillir.md", f"{M}/02-quiz-accueil.md"


def watching(root: Path, published: Path) -> Catalogue:
    return Catalogue(root, published, watch=True, today=lambda: TODAY)


def serving(root: Path, published: Path) -> Catalogue:
    return Catalogue(root, published, watch=False, today=lambda: TODAY)


def published(root: Path, folder: Path) -> Publication:
    return publish(root, folder, today=TODAY)


def rewrite(root: Path, path: str, change: Callable[[str], str]) -> None:
    (root / path).write_text(change((root / path).read_text("utf-8")), "utf-8")


def words_of(catalogue: Catalogue) -> str:
    return "".join(text for _, text in catalogue.lesson(LESSON_REF).parts)


def test_what_pages_ask_for(tmp_path: Path) -> None:
    catalogue = watching(clean_tree(tmp_path), tmp_path / "published")
    assert catalogue.programme().id == P
    assert [one.id for one in catalogue.programmes()] == [P]
    assert "Les trois éléments" in words_of(catalogue)
    assert catalogue.quiz(QUIZ_REF).questions[0].stem.startswith("<p>Que dites-vous")
    assert '<a href="/modules/ec131-accueil/accueillir">' in catalogue.module("ec131-accueil").intro
    assert isinstance(catalogue.item("ec131-accueil/appel"), Announced)
    assert [term.slug for term in catalogue.glossary()] == ["dmt", "post-appel"]
    assert catalogue.lesson(LESSON_REF) is catalogue.lesson(LESSON_REF)


@pytest.mark.parametrize(
    "ref", ["rien/accueillir", "ec131-accueil/rien", QUIZ_REF, "ec131-accueil/appel", "", "/", "a/b/c"]
)
def test_what_is_no_lesson_is_not_found(tmp_path: Path, ref: str) -> None:
    catalogue = watching(clean_tree(tmp_path), tmp_path / "published")
    with pytest.raises(NotFound):
        catalogue.lesson(ref)


def test_unknown_programmes_and_modules_are_not_found(tmp_path: Path) -> None:
    catalogue = watching(clean_tree(tmp_path), tmp_path / "published")
    for ask in (
        lambda: catalogue.programme("rien"),
        lambda: catalogue.module("rien"),
        lambda: catalogue.quiz(LESSON_REF),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.case("MD-08")
def test_only_published_media_are_served(tmp_path: Path) -> None:
    catalogue = watching(clean_tree(tmp_path), tmp_path / "published")
    path = catalogue.media_path("ec131-accueil", "frise.png")
    assert path is not None
    assert path.read_bytes() == FILES[f"{M}/media/frise.png"]
    assert path.is_relative_to(tmp_path / "published")
    assert catalogue.media_type("ec131-accueil", "frise.png") == "image/png"
    for name in ("../module.md", "../02-quiz-accueil.md", "appel.transcript.md", "rien.png", "../../../current", ""):
        assert catalogue.media_path("ec131-accueil", name) is None
        assert catalogue.media_type("ec131-accueil", name) is None


def test_an_edit_shows_on_the_next_request_when_watching(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    catalogue = watching(root, tmp_path / "published")
    before = catalogue.version
    rewrite(root, LESSON_FILE, lambda text: text.replace("par un accueil", "par un sourire"))
    catalogue.refresh()
    assert "par un sourire" in words_of(catalogue)
    assert catalogue.version != before


def test_nothing_is_read_again_when_nothing_changed(tmp_path: Path) -> None:
    catalogue = watching(clean_tree(tmp_path), tmp_path / "published")
    page, programme = catalogue.lesson(LESSON_REF), catalogue.programme()
    catalogue.refresh()
    assert catalogue.lesson(LESSON_REF) is page
    assert catalogue.programme() is programme


@pytest.mark.case("MD-09")
def test_a_broken_tree_never_replaces_the_last_good_one(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    catalogue = watching(root, tmp_path / "published")
    rewrite(root, LESSON_FILE, lambda text: text.replace("week: 1", "weak: 1"))
    catalogue.refresh()
    assert "Les trois éléments" in words_of(catalogue)
    assert [p.path for p in catalogue.problems if p.level is Level.ERROR] == [LESSON_FILE]
    rewrite(root, LESSON_FILE, lambda text: text.replace("weak: 1", "week: 1").replace("un accueil", "un bonjour"))
    catalogue.refresh()
    assert "un bonjour" in words_of(catalogue)
    assert not [p for p in catalogue.problems if p.level is Level.ERROR]


def test_a_start_on_a_broken_tree_serves_the_last_published_version(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    watching(root, tmp_path / "published")
    rewrite(root, LESSON_FILE, lambda _: "rien")
    for start in (watching, serving):
        catalogue = start(root, tmp_path / "published")
        assert "Les trois éléments" in words_of(catalogue)


def test_a_first_start_on_a_broken_tree_answers_not_found_and_says_why(tmp_path: Path) -> None:
    catalogue = watching(clean_tree(tmp_path, {LESSON_FILE: "rien"}), tmp_path / "published")
    assert catalogue.problems
    with pytest.raises(NotFound):
        catalogue.programme()


def test_in_production_an_edit_shows_once_published(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    assert published(root, folder).is_published
    catalogue = serving(root, folder)
    rewrite(root, LESSON_FILE, lambda text: text.replace("par un accueil", "par un sourire"))
    catalogue.refresh()
    assert "par un sourire" not in words_of(catalogue)
    published(root, folder)
    catalogue.refresh()
    assert "par un sourire" in words_of(catalogue)


def test_a_tree_with_errors_is_not_published(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    first = published(root, folder)
    rewrite(root, QUIZ_FILE, lambda text: text.replace("- (x)", "- ( )"))
    second = published(root, folder)
    assert not second.is_published
    assert second.problems
    assert serving(root, folder).version == first.version


def test_publishing_renders_every_page_beforehand(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    assert len(list((folder / "pages").iterdir())) == RENDERED
    shutil.rmtree(root)
    assert "Les trois éléments" in words_of(serving(root, folder))


SERVE = """
import sys
from pathlib import Path
from deust.content.catalogue import Catalogue

catalogue = Catalogue(Path(sys.argv[1]), Path(sys.argv[2]), watch=False)
catalogue.refresh()
catalogue.lesson("ec131-accueil/accueillir"), catalogue.quiz("ec131-accueil/quiz-accueil")
assert catalogue.module("ec131-accueil").intro and catalogue.glossary()
print(*{"markdown", "nh3", "PIL", "pydantic", "ruamel"} & set(sys.modules))
"""


def test_serving_what_is_published_loads_no_parser(tmp_path: Path) -> None:
    """A worker of production keeps the memory that reading courses takes."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    command = [sys.executable, "-c", SERVE, str(root), str(folder)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, timeout=60, text=True)
    assert done.stdout.split() == []


def test_old_versions_and_their_files_do_not_pile_up(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    for number in range(8):
        rewrite(root, LESSON_FILE, lambda text, number=number: f"{text}\nAjout {number}.\n")  # type: ignore[misc]
        published(root, folder)
    assert len(list((folder / "versions").iterdir())) <= 6
    assert len(list((folder / "pages").iterdir())) == RENDERED
    assert len(list((folder / "media").iterdir())) == 2


def test_a_change_elsewhere_does_not_render_a_page_again(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    before = {file.name for file in (folder / "pages").iterdir()}
    rewrite(root, QUIZ_FILE, lambda text: text.replace("Trois éléments.", "Trois morceaux."))
    published(root, folder)
    assert len(before & {file.name for file in (folder / "pages").iterdir()}) == RENDERED - 1


def test_a_changed_definition_or_picture_renders_the_lesson_again(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    catalogue = watching(root, tmp_path / "published")
    assert "post-appel compris" in words_of(catalogue)
    rewrite(root, f"{P}/glossaire.md", lambda text: text.replace("post-appel compris", "tout compris"))
    rewrite(root, f"{M}/media/appel.transcript.md", lambda text: text.replace("Livréo", "Livrao"))
    catalogue.refresh()
    assert "tout compris" in words_of(catalogue)
    assert "Livrao" in words_of(catalogue)


def test_an_alias_leads_to_the_renamed_item(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    catalogue = watching(root, tmp_path / "published")
    (root / LESSON_FILE).unlink()
    renamed = LESSON.replace("week: 1", "aliases: [accueillir]")
    (root / f"{M}/01-saluer.md").write_text(renamed, "utf-8")
    rewrite(root, f"{M}/module.md", lambda text: text.replace("01-accueillir", "01-saluer"))
    catalogue.refresh()
    assert catalogue.lesson("ec131-accueil/accueillir") == catalogue.lesson("ec131-accueil/saluer")
    assert not [p for p in catalogue.problems if "disparu" in p.message]


def test_a_question_may_not_change_type_under_one_id(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    rewrite(root, QUIZ_FILE, lambda text: text.replace("= 150 ± 0 mots", "= vrai"))
    done = published(root, folder)
    assert not done.is_published
    assert [p.line for p in done.problems if "était de type numeric" in p.message] == [
        QUIZ[: QUIZ.index("## Votre")].count("\n") + 1
    ]


def test_an_activity_may_not_change_kind_under_one_name(tmp_path: Path) -> None:
    """What was begun as a quiz had no page any more, or the page of an assignment."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    (root / QUIZ_FILE).write_text(LESSON.replace("week: 1", "week: 2"), "utf-8")
    done = published(root, folder)
    assert not done.is_published
    (told,) = (problem for problem in done.problems if "de sorte" in problem.message)
    assert (told.path, told.message) == (QUIZ_FILE, f"« {QUIZ_REF} » était de sorte quiz, elle est lesson")


def test_while_writing_a_question_may_still_change_type_and_it_is_said(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    catalogue = watching(root, tmp_path / "published")
    rewrite(root, QUIZ_FILE, lambda text: text.replace("= 150 ± 0 mots", "= vrai"))
    catalogue.refresh()
    assert isinstance(catalogue.quiz(QUIZ_REF).questions[1].answer, TrueFalse)
    assert any("était de type numeric" in problem.message for problem in catalogue.problems)


@pytest.mark.case("MD-11")
def test_removed_questions_and_items_are_told_to_the_author(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    rewrite(root, QUIZ_FILE, lambda text: text.replace("{#q-debit}", "{#q-vitesse}"))
    (root / f"{M}/04-devoir.md").unlink()
    done = published(root, folder)
    assert done.is_published
    told = [p.message for p in done.problems if p.level is Level.WARNING]
    assert any("« q-debit »" in message for message in told)
    assert any("ec131-accueil/devoir" in message for message in told)


CRASH = """
import os, signal, sys
from datetime import date
from pathlib import Path
from deust.content import store
from deust.content.publishing import publish

left = int(sys.argv[3])
move = os.replace

def counted(source, target):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    move(source, target)

os.replace = counted
print(publish(Path(sys.argv[1]), Path(sys.argv[2]), today=date(2026, 11, 22)).is_published)
"""


def crashed(root: Path, folder: Path, moves: int) -> int:
    command = [sys.executable, "-c", CRASH, str(root), str(folder), str(moves)]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.slow
@pytest.mark.case("MD-10")
def test_a_publication_killed_in_the_middle_leaves_the_one_before(tmp_path: Path) -> None:
    """Killed before each of its file moves in turn, then once to the end: what is served is whole, old then new."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    old = published(root, folder).version
    rewrite(root, LESSON_FILE, lambda text: text.replace("par un accueil", "par un sourire"))
    (root / f"{M}/media/frise.png").write_bytes(b"\x89PNG" + bytes(FILES[f"{M}/media/frise.png"])[4:] + b"tail")
    kills = 0
    while crashed(root, folder, kills + 1) == -signal.SIGKILL:
        kills += 1
        catalogue = serving(root, folder)
        assert catalogue.version == old
        assert "par un accueil" in words_of(catalogue)
        picture = catalogue.media_path("ec131-accueil", "frise.png")
        assert picture is not None
        assert picture.read_bytes() == FILES[f"{M}/media/frise.png"]
    assert kills >= 3
    assert "par un sourire" in words_of(serving(root, folder))
    assert not list(folder.rglob("*.aside"))


@pytest.mark.case("MD-10")
def test_two_publications_at_once_take_turns(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    barrier = threading.Barrier(4)
    done: list[Publication] = []

    def run() -> None:
        barrier.wait()
        done.append(publish(root, folder, today=date(2026, 11, 22)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.is_published for one in done] == [True] * 4
    assert "Les trois éléments" in words_of(serving(root, folder))
    assert not list(folder.rglob("*.aside"))


@pytest.mark.slow
@pytest.mark.case("MD-10")
def test_readers_see_one_whole_version_while_another_is_published(tmp_path: Path) -> None:
    """The lesson and the quiz are edited together: no reader ever sees one without the other."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    rewrite(root, LESSON_FILE, lambda text: text.replace("title: Accueillir", "title: N0"))
    rewrite(root, QUIZ_FILE, lambda text: text.replace("title: Vérifier l'accueil", "title: N0"))
    published(root, folder)
    catalogue = serving(root, folder)
    stop = threading.Event()
    seen: set[tuple[str, ...]] = set()

    def read() -> None:
        while not stop.is_set():
            catalogue.refresh()
            items = catalogue.programme().modules["ec131-accueil"].items
            seen.add(tuple(item.title for item in items[:2]))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 6):
        for path in (LESSON_FILE, QUIZ_FILE):
            rewrite(root, path, lambda text, number=number: text.replace(f"N{number - 1}", f"N{number}"))  # type: ignore[misc]
        published(root, folder)
    stop.set()
    for reader in readers:
        reader.join()
    assert all(first == second for first, second in seen)
    assert len(seen) > 1


def test_an_unreadable_version_is_read_again_from_the_courses(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    published(root, folder)
    for version in (folder / "versions").iterdir():
        version.write_bytes(b"\x80\x05garbage")
    assert "Les trois éléments" in words_of(serving(root, folder))
