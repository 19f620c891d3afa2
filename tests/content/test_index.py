from __future__ import annotations

import json
from pathlib import Path

import pytest

from deust.content.export import item_as_json
from deust.content.index import plain_text, search_documents, stemmed
from deust.content.terms import offer_terms
from deust.domain.learning import Assignment
from tests.content.sample_tree import ASSIGNMENT, GLOSSARY, QUIZ, M, P, clean_tree, read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("économie", "ECONOMIE"),
        ("étudiantes", "étudiant"),
        ("l'appel", "appels"),
        ("cœur", "coeur"),
        ("qu’il reformule", "reformuler"),
        ("Où est l’été ?", "où est l'ete"),
    ],
)
def test_words_that_readers_take_for_the_same_have_one_stem(one: str, other: str) -> None:
    assert stemmed(one).split()[-1] == stemmed(other).split()[-1]


def test_stems_are_plain_letters() -> None:
    assert stemmed("« L'enquête » : 80/20 !").isascii()
    assert "80" in stemmed("80/20").split()


def test_plain_text_has_no_mark_left() -> None:
    text = "## Titre {#x}\n\nUn [lien](a.md) et **gras** `code` $x^2$.\n\n![Une frise](media/x.png)\n\n"
    text += "| a | b |\n|---|---|\n| c | d |\n"
    assert plain_text(text) == "Titre Un lien et gras code. Une frise a b c d"


def test_a_mark_taken_away_leaves_no_space_before_what_follows_a_word() -> None:
    text = "La **DMT**, l'`appel`. Un *mot* (ou *deux*)… et après\u00a0: `x` ; **oui** !"
    assert plain_text(text) == "La DMT, l'appel. Un mot (ou deux)… et après : x ; oui !"


def test_dialogues_are_found_and_checks_are_not() -> None:
    said = 'A\n\n```dialogue bad "Sans"\nKarim: « Oui. »\n```\n\n'
    text = f"{said}```question\n## Secret {{#q}}\n= clef\n```\n\n```python\ncode\n```\n"
    assert plain_text(text) == "A Karim: « Oui. »"


def test_terms_and_excerpts_have_the_apostrophes_of_the_pages(tmp_path: Path) -> None:
    """The glossary and the search mixed the two signs."""
    glossary = f"{GLOSSARY}\nFile d'attente — appels qu'on n'a pas pris\n: Ce qu'attend l'appel.\n"
    programme = read(clean_tree(tmp_path, {f"{P}/glossaire.md": glossary})).programmes[P]
    term = programme.glossary[-1]
    assert (term.slug, term.name, term.long) == ("file-d-attente", "File d’attente", "appels qu’on n’a pas pris")
    documents = list(search_documents(programme))
    assert [one for one in documents if "'" in f"{one.title}{one.text}"] == []
    assert "file-d-attente" in offer_terms(["<p>Une file d'attente.</p>"], [term])[0][0]


def test_search_never_gives_an_answer_key(tmp_path: Path) -> None:
    """Every text of the questions, right or wrong, of quizzes and of lessons, stays out."""
    secret = (
        QUIZ.replace("Livréo bonjour", "CANARI-1").replace("Allô", "CANARI-2").replace("Trois éléments", "CANARI-3")
    )
    root = clean_tree(tmp_path, {f"{M}/02-quiz-accueil.md": secret})
    lesson = root / f"{M}/01-accueillir.md"
    lesson.write_text(lesson.read_text("utf-8").replace("l'enseigne", "CANARI-4"), "utf-8")
    documents = list(search_documents(read(root).programmes[P]))
    assert "CANARI" not in repr(documents)
    assert {document.kind for document in documents} == {"module", "lesson", "quiz", "call", "assignment", "term"}
    assert any("Quelques questions" in document.text for document in documents)


def test_an_item_as_json_tells_everything_exactly(tmp_path: Path) -> None:
    quiz = read(clean_tree(tmp_path)).programmes[P].modules["ec131-accueil"].items[1]
    body = json.loads(json.dumps(item_as_json(quiz)))
    assert body["ref"] == "ec131-accueil/quiz-accueil"
    assert body["settings"]["pass_share"] == "1/2"
    first, second = body["questions"]
    assert (first["id"], first["type"], first["points"]) == ("q-ordre", "single", "2")
    assert [option["is_right"] for option in first["answer"]["options"]] == [False, True]
    assert second["answer"]["keys"][0] == {
        "value": "150",
        "tolerance": "0",
        "unit": "mots",
        "share": "1",
        "feedback": "",
    }


def test_search_never_gives_what_an_assignment_expects(tmp_path: Path) -> None:
    """« ## Attendus » and all that follows is for markers; a fence or a longer title does not open it."""
    shown = "```\n## Attendus\n```\n\n## Attendus de forme\n\nUne page."
    text = f"{ASSIGNMENT}\n{shown}\n\n## Attendus\n\nCANARI-4.\n\n## Erreurs\n\nCANARI-5.\n"
    snapshot = read(clean_tree(tmp_path, {f"{M}/04-devoir.md": text})).snapshot
    programme = snapshot.programmes[P]
    found = programme.find_item("ec131-accueil/devoir")
    assert isinstance(found, Assignment)
    assert "Une page." in found.intro
    assert found.expected == "CANARI-4.\n\n## Erreurs\n\nCANARI-5."
    assert "CANARI" not in "".join(document.text for document in search_documents(programme))
