from __future__ import annotations

import os
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from deust.content.problems import Level
from deust.content.tree import read_tree
from deust.domain.learning import Announced, Assignment, Completion, Kind, Lesson, Quiz
from deust.domain.quizzes import Moment
from tests.content.sample_tree import FILES, LESSON, TODAY, M, P, clean_tree, read


def test_a_clean_tree_has_no_problem(tmp_path: Path) -> None:
    reading = read(clean_tree(tmp_path))
    assert [str(p) for p in reading.problems if p.level is not Level.INFO] == []


def test_the_programme_is_read_whole(tmp_path: Path) -> None:
    programme = read(clean_tree(tmp_path)).programmes[P]
    assert (programme.diploma, programme.level) == ("DEUST", 5)
    module = programme.modules["ec131-accueil"]
    assert [(item.number, item.id, item.kind) for item in module.items] == [
        (1, "accueillir", Kind.LESSON),
        (2, "quiz-accueil", Kind.QUIZ),
        (3, "appel", Kind.CALL),
        (4, "devoir", Kind.ASSIGNMENT),
    ]
    place = programme.place_of("ec131-accueil")
    assert place is not None
    assert [part.id for part in place] == ["S1", "UE13", "EC131"]
    assert place[2].assessments[0].title == module.items[1].title
    assert programme.m3c["seuil_validation"] == Fraction(10)
    assert [term.slug for term in programme.glossary] == ["dmt", "post-appel"]


def test_an_item_keeps_what_its_header_says(tmp_path: Path) -> None:
    module = read(clean_tree(tmp_path)).programmes[P].modules["ec131-accueil"]
    lesson, quiz, call, assignment = module.items
    assert isinstance(lesson, Lesson)
    assert lesson.completion is Completion.CHECKED
    assert [check.id for check in lesson.checks] == ["l-abord"]
    assert isinstance(quiz, Quiz)
    assert (quiz.week, quiz.due_week, quiz.minutes) == (1, 2, 25)
    assert quiz.settings.show.answers is Moment.AFTER_SUBMIT
    assert [question.id for question in quiz.questions] == ["q-ordre", "q-debit"]
    assert quiz.sections == ("Première partie",)
    assert isinstance(call, Announced)
    assert call.meta["persona"] == {"name": "Mme Lefèvre", "voice": None, "mood": None}
    assert isinstance(assignment, Assignment)
    assert assignment.terms.out_of == Fraction(20)
    assert assignment.intro == "Réécrivez ce script."
    assert assignment.grid is not None
    assert assignment.questions[0].points == Fraction(20)
    assert not any(question.points for question in assignment.questions[1:])


def test_marks_of_a_call_and_defaults_of_the_policy_are_told(tmp_path: Path) -> None:
    told = [p for p in read(clean_tree(tmp_path)).problems if p.level is Level.INFO]
    assert any("de 0 à 20 sur 20" in p.message for p in told if p.path == f"{M}/03-appel.md")
    defaults = [p.message for p in told if p.path == f"{P}/m3c.yml"]
    assert any("seuil_validation" in message and "10" in message for message in defaults)
    assert not any("ue_non_compensables" in message for message in defaults)


def test_the_minutes_of_a_lesson_are_computed_when_not_declared(tmp_path: Path) -> None:
    """180 words a minute and the sound's length, both with half as much again."""
    cue = "WEBVTT\n\n00:00:00.000 --> 00:02:00.000\nBonjour.\n"
    lesson = "---\ntitle: Lire\n---\n" + "mot " * 360 + "\n\n![](media/appel.mp3)\n"
    changes: dict[str, str | bytes] = {f"{M}/01-accueillir.md": lesson, f"{M}/media/appel.vtt": cue}
    item = read(clean_tree(tmp_path, changes)).programmes[P].modules["ec131-accueil"].items[0]
    assert item.minutes == 6


def test_only_changed_files_are_read_again(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    first = read(root)
    (root / M / "01-accueillir.md").write_text(LESSON + "\nFin.\n", "utf-8")
    second = read_tree(root, first, today=TODAY)
    changed = [path for path in second.files if second.files[path] is not first.files.get(path)]
    assert changed == [f"{M}/01-accueillir.md"]
    assert second.snapshot.version != first.snapshot.version


def test_the_version_depends_on_content_only(tmp_path: Path) -> None:
    first = read(clean_tree(tmp_path / "a"))
    text = LESSON.replace("\n", "\r\n").encode()
    second = read(clean_tree(tmp_path / "b", {f"{M}/01-accueillir.md": b"\xef\xbb\xbf" + text}))
    assert first.snapshot.version == second.snapshot.version


def test_content_past_its_date_is_said_to_the_author(tmp_path: Path) -> None:
    text = LESSON.replace("week: 1", "valid_until: 2026-06-30")
    root = clean_tree(tmp_path, {f"{M}/01-accueillir.md": text})
    assert [p.line for p in read(root).problems if "à revoir" in p.message] == [5]
    assert not [p for p in read_tree(root, today=date(2026, 6, 30)).problems if "à revoir" in p.message]


def test_hidden_files_are_never_looked_at(tmp_path: Path) -> None:
    root = clean_tree(tmp_path, {f"{M}/.env": "SECRET=1", ".git/config": "x", f"{M}/media/.DS_Store": b"\0"})
    assert set(read(root).files) == set(FILES)


def test_files_of_an_unknown_type_are_not_served_and_are_told(tmp_path: Path) -> None:
    reading = read(clean_tree(tmp_path, {f"{M}/media/cle.pem": "x", f"{M}/outil.exe": b"MZ"}))
    assert sorted(p.path for p in reading.problems if p.level is Level.WARNING) == [
        f"{M}/media/cle.pem",
        f"{M}/outil.exe",
    ]
    assert set(reading.snapshot.media) == {"ec131-accueil/frise.png", "ec131-accueil/appel.mp3"}


@pytest.mark.case("MD-08")
def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A link to a system file, to another module, to its own folder: none is followed, each is told."""
    root = clean_tree(tmp_path)
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: SECRET\n---\n")
    os.symlink(secret, root / M / "05-vole.md")
    os.symlink(root / P, root / M / "boucle")
    os.symlink("/etc/passwd", root / M / "media" / "passwd.png")
    reading = read(root)
    refused = {p.path for p in reading.errors if p.message == "lien symbolique refusé"}
    assert refused == {f"{M}/05-vole.md", f"{M}/boucle", f"{M}/media/passwd.png"}
    assert "SECRET" not in repr(reading.snapshot)


@pytest.mark.parametrize("target", ["../../../../etc/passwd", "/etc/passwd", "media/../../x.png", "C:\\x.png", "..\\x"])
@pytest.mark.case("MD-08")
def test_pictures_and_links_cannot_leave_the_folder(tmp_path: Path, target: str) -> None:
    text = f"---\ntitle: Fuite\n---\n![a](<{target}>)\n\n[a là](<{target}>)\n"
    reading = read(clean_tree(tmp_path, {f"{M}/01-accueillir.md": text}))
    assert {p.line for p in reading.errors if p.path == f"{M}/01-accueillir.md"} == {4, 6}


def test_two_names_that_only_case_tells_apart(tmp_path: Path) -> None:
    reading = read(clean_tree(tmp_path, {f"{M}/media/Frise.png": FILES[f"{M}/media/frise.png"]}))
    assert any("Frise.png" in p.message and "frise.png" in p.message for p in reading.errors)


def test_two_names_that_only_accent_forms_tell_apart(tmp_path: Path) -> None:
    sound = FILES[f"{M}/media/appel.mp3"]
    changes = {f"{M}/media/\u00e9.mp3": sound, f"{M}/media/e\u0301.mp3": sound}
    reading = read(clean_tree(tmp_path, changes))
    assert any("accents" in p.message for p in reading.errors)


def test_one_module_name_in_two_programmes(tmp_path: Path) -> None:
    other = {path.replace(P, "autre", 1): content for path, content in FILES.items()}
    reading = read(clean_tree(tmp_path, other))
    clash = [p for p in reading.errors if "déjà présent" in p.message]
    assert [p.path for p in clash] == [f"{M}/module.md"]
    assert "autre/ec131-accueil/module.md" in clash[0].message


def test_a_missing_folder_is_a_problem_not_a_trace(tmp_path: Path) -> None:
    assert "introuvable" in read(tmp_path / "rien").errors[0].message


@pytest.mark.case("MD-09")
def test_one_broken_file_hides_no_other(tmp_path: Path) -> None:
    """Errors of the programme's own file do not keep modules from being checked."""
    changes: dict[str, str | bytes] = {
        f"{P}/programme.yml": "title: [",
        f"{M}/02-quiz-accueil.md": "---\nkind: quiz\ntitle: X\nmode: nope\n---\n",
        f"{M}/03-appel.md": "vide",
    }
    reading = read(clean_tree(tmp_path, changes))
    assert {p.path for p in reading.errors} == set(changes)
