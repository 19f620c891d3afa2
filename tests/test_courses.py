"""The authors' commands, on the small tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from deust.cli.courses import courses
from tests.content.sample_tree import FILES, QUIZ, M, P, clean_tree


def run(root: Path, *arguments: str) -> Result:
    app = Flask("authors")
    app.config["DEUST_COURSES_DIR"] = root
    return app.test_cli_runner().invoke(courses, list(arguments))


def try_answers(tmp_path: Path, answers: object, *arguments: str) -> Result:
    path = tmp_path / "answers.json"
    path.write_text(answers if isinstance(answers, str) else json.dumps(answers), "utf-8")
    return run(clean_tree(tmp_path), "try", "quiz-accueil", str(path), *arguments)


def test_check_is_quiet_on_a_clean_tree(tmp_path: Path) -> None:
    done = run(clean_tree(tmp_path), "check")
    assert done.exit_code == 0
    assert "0 erreur, 0 avertissement." in done.stderr


@pytest.mark.case("MD-09")
def test_check_exits_1_on_errors_and_0_on_warnings(tmp_path: Path) -> None:
    broken = run(clean_tree(tmp_path / "a", {f"{M}/01-accueillir.md": "rien"}), "check")
    assert broken.exit_code == 1
    assert f"{M}/01-accueillir.md:1: error: en-tête manquant" in broken.stdout
    doubtful = run(clean_tree(tmp_path / "b", {f"{M}/notes.bin": "x"}), "check")
    assert doubtful.exit_code == 0
    assert "warning" in doubtful.stdout


def test_check_takes_a_tree_a_folder_or_a_file(tmp_path: Path) -> None:
    root = clean_tree(tmp_path, {f"{M}/01-accueillir.md": "rien"})
    for path, code in ((root, 1), (root / M, 1), (root / M / "01-accueillir.md", 1), (root / P / "grilles", 0)):
        assert run(tmp_path, "check", str(path)).exit_code == code


def test_another_folder_is_given_to_the_group_or_to_the_command(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in (["--courses", str(root), "list"], ["list", "--courses", str(root)]):
        done = run(empty, *arguments)
        assert "ec131-accueil/quiz-accueil" in done.stdout


def test_list_names_every_item(tmp_path: Path) -> None:
    shown = run(clean_tree(tmp_path), "list").stdout
    for words in ("leçon, 40 min", "quiz, 25 min, 2 questions, 3 pt", "appel", "devoir"):
        assert words in shown


def test_show_gives_the_item_as_read(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    body = json.loads(run(root, "show", "quiz-accueil", "--json").stdout)
    assert [question["id"] for question in body["questions"]] == ["q-ordre", "q-debit"]
    assert "q-ordre [single, 2 pt] Bien accueillir" in run(root, "show", "ec131-accueil/quiz-accueil").stdout


def test_try_marks_exactly(tmp_path: Path) -> None:
    done = try_answers(tmp_path, {"q-ordre": 2, "q-debit": "150 mots"}, "--json")
    body: dict[str, Any] = json.loads(done.stdout)
    assert [(row["id"], row["earned"], row["state"]) for row in body["questions"]] == [
        ("q-ordre", "2", "marked"),
        ("q-debit", "1", "marked"),
    ]
    assert body["total"] == {"earned": "3", "out_of": "3", "decimal": "3", "waiting": "0"}


def test_try_says_what_is_unanswered_information_or_left_to_a_person(tmp_path: Path) -> None:
    more = "\n## Lire {#q-info type=info}\nTexte.\n\n## Écrire {#q-essai type=essay points=4}\nÉcrivez.\n"
    thirds = "\n## Trous {#q-trous}\n[[un]] [[deux]] [[trois]]\n"
    root = clean_tree(tmp_path, {f"{M}/02-quiz-accueil.md": QUIZ + more + thirds})
    path = tmp_path / "a.json"
    path.write_text('{"q-trous": ["un", "x", "x"], "q-essai": "Bonjour."}', "utf-8")
    shown = run(root, "try", "quiz-accueil", str(path)).stdout
    assert "q-trous [cloze] : 1/3 sur 1 (0,3333)" in shown
    assert "q-info [info] : information, rien à corriger" in shown
    assert "q-essai [essay] : à corriger par une personne (sur 4)" in shown
    assert "q-ordre [single] : 0 sur 2 (0), sans réponse" in shown
    assert "total : 1/3 sur 4 (0,3333), 4 à corriger par une personne" in shown


def test_try_of_a_calculated_question_tells_the_numbers_drawn_or_takes_the_authors(tmp_path: Path) -> None:
    drawn = "\n## Charge {#q-charge}\n```vars\na = 2..9\n```\n{{ a }} ?\n\n= {{ a * 2 }}\n"
    root = clean_tree(tmp_path, {f"{M}/02-quiz-accueil.md": QUIZ + drawn})
    path = tmp_path / "a.json"
    path.write_text('{"q-charge": {"answer": 10, "values": {"a": 5}}}', "utf-8")
    rows = json.loads(run(root, "try", "quiz-accueil", str(path), "--json").stdout)["questions"]
    assert (rows[-1]["values"], rows[-1]["earned"]) == ({"a": "5"}, "1")
    path.write_text("{}", "utf-8")
    first = json.loads(run(root, "try", "quiz-accueil", str(path), "--json").stdout)["questions"][-1]["values"]
    again = json.loads(run(root, "try", "quiz-accueil", str(path), "--json").stdout)["questions"][-1]["values"]
    assert first == again


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ('{"q-ordre": 2\n"q-debit": 3}', "n'est pas un fichier JSON lisible (ligne 2, colonne 1)"),
        ("[" * 100_000, "n'est pas un fichier JSON lisible"),
        ("[1]", "doit contenir"),
        ({"rien": 1}, "questions inconnues : rien"),
        ({"q-ordre": {"x": 1}}, "« q-ordre »"),
        ({"q-ordre": 9}, "« q-ordre » illisible ; attendu : le numéro ou le texte d'une proposition"),
    ],
)
def test_try_refuses_in_one_line(tmp_path: Path, answers: object, words: str) -> None:
    done = try_answers(tmp_path, answers)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "rien"],
        ["show", "rien/rien"],
        ["try", "appel", "x.json"],
        ["list", "--courses", "/rien"],
        ["check", "/rien"],
    ],
)
def test_what_does_not_exist_is_one_french_line(tmp_path: Path, arguments: list[str]) -> None:
    done = run(clean_tree(tmp_path), *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("Erreur : ")
    assert len(done.stderr.strip().split("\n")) == 1


def test_a_file_that_is_not_there_is_not_called_unreadable_json(tmp_path: Path) -> None:
    done = run(clean_tree(tmp_path), "try", "quiz-accueil", str(tmp_path / "rien.json"))
    assert "rien.json n'existe pas ou ne peut être lu." in done.stderr


def test_an_item_whose_file_has_errors_is_not_only_said_not_to_exist(tmp_path: Path) -> None:
    done = run(clean_tree(tmp_path, {f"{M}/02-quiz-accueil.md": "rien"}), "show", "quiz-accueil")
    assert "ou son fichier a des erreurs : « courses check » les dit" in done.stderr


def test_check_lists_the_faults_of_the_questions_under_a_header_that_is_refused(tmp_path: Path) -> None:
    """A quiz without its mode hid all the rest until the next check."""
    faults = "---\nkind: quiz\ntitre: Essai\n---\n## Sans identifiant\n- (x) a\n- ( ) b\n"
    lesson = "---\ntitre: Leçon\n---\n## Un\n\n```question\n## Deux\n- (x) a\n- ( ) b\n```\n"
    call = "---\nkind: call\n---\n## un\n- « Oui » -> \n"
    files = {f"{M}/02-quiz-accueil.md": faults, f"{M}/01-accueillir.md": lesson, f"{M}/03-appel-colis.md": call}
    told = run(clean_tree(tmp_path, files), "check").stdout
    assert "clé « mode » manquante (fix: ajoutez-la, avec une des valeurs : training, graded, exam)" in told
    assert "02-quiz-accueil.md:5: error: question sans identifiant" in told
    assert "01-accueillir.md:7: error: question sans identifiant" in told
    assert "03-appel-colis.md:5: error:" in told


def test_list_counts_the_parts_of_a_work_and_no_information_among_questions(tmp_path: Path) -> None:
    info = "\n## Lire {#q-info type=info}\nTexte.\n"
    listed = run(clean_tree(tmp_path, {f"{M}/02-quiz-accueil.md": QUIZ + info}), "list").stdout
    assert "quiz, 25 min, 2 questions, 3 pt" in listed
    assert "partie" in next(line for line in listed.splitlines() if "(devoir" in line)


def test_an_id_of_two_modules_must_be_made_precise(tmp_path: Path) -> None:
    second = {
        path.replace("ec131-accueil", "ec132-suite"): content for path, content in FILES.items() if path.startswith(M)
    }
    done = run(clean_tree(tmp_path, second), "show", "quiz-accueil")
    assert done.exit_code == 2
    assert "ec131-accueil/quiz-accueil, ec132-suite/quiz-accueil" in done.stderr


def test_publish_says_what_it_did(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    assert "publiée" in run(root, "publish", "--published", str(folder)).stdout
    (root / f"{M}/01-accueillir.md").write_text("rien")
    done = run(root, "publish", "--published", str(folder))
    assert done.exit_code == 1
    assert "la version précédente reste en place" in done.stderr


def test_check_of_a_folder_says_nothing_of_one_whose_name_begins_as_its_own(tmp_path: Path) -> None:
    other = {f"{P}/ec131/module.md": "---\ntitle: Autre\n---\nTexte.\n", f"{M}/01-accueillir.md": "rien"}
    root = clean_tree(tmp_path, other)
    assert run(root, "check", str(root / P / "ec131")).exit_code == 0
    assert run(root, "check", str(root / M)).exit_code == 1


def test_publish_says_in_one_line_that_it_cannot_write(tmp_path: Path) -> None:
    root = clean_tree(tmp_path)
    (tmp_path / "taken").write_text("x")
    done = run(root, "publish", "--published", str(tmp_path / "taken" / "published"))
    assert done.exit_code == 2
    assert done.stderr.startswith("Erreur : rien n'est publié")
