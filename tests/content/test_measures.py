from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from deust.content.measures import kandel_moles, measure, sentences_of, syllable_count
from deust.domain.learning import Term
from tests.content.sample_tree import LESSON, M, P, clean_tree, read
from tests.support.lesson_shapes import faults_of_shape, is_illustrated, unexplained
from tests.support.programmes import a_lesson


@pytest.mark.parametrize(
    ("word", "count"),
    [("voix", 1), ("appel", 2), ("table", 1), ("écoute", 2), ("conseillère", 3), ("le", 1), ("client", 1), ("oui", 1)],
)
def test_syllables(word: str, count: int) -> None:
    assert syllable_count(word) == count


def test_sentences_end_at_stops_titles_cells_and_items() -> None:
    prose = "## Un titre\n\nPremier mot. Deuxième phrase : la suite !\n\n- un point\n\n"
    text = f"{prose}| a b | c d |\n|---|---|\n\n```vars\nx y\n```\n"
    assert [len(sentence) for sentence in sentences_of(text)] == [2, 2, 2, 2, 2, 2, 2]


def test_readability_falls_with_long_words_and_long_sentences() -> None:
    plain = [["le", "client", "parle"]]
    heavy = [["organisation", "professionnelle", "interdépartementale"] * 8]
    assert kandel_moles(plain) == 207 - Fraction("1.015") * 3 - Fraction("73.6")
    assert kandel_moles(heavy) < 30
    assert kandel_moles([]) == 0


def test_an_abbreviation_is_explained_by_the_glossary_or_beside_a_bracket() -> None:
    body = "Le SVI répond. L'ACD (distributeur) range. Un plan (PABX) suit. La CNIL, le WFM. « RTP » et `DTMF`."
    terms = (Term(slug="svi", name="SVI", long="serveur vocal", definition="d"),)
    assert unexplained(a_lesson(body=body), terms) == {"CNIL", "WFM"}


def test_a_module_is_counted(tmp_path: Path) -> None:
    root = clean_tree(tmp_path, {f"{M}/01-accueillir.md": LESSON})
    found = measure(read(root).snapshot.programmes[P].modules["ec131-accueil"])
    assert (found.lessons, found.checks, found.quizzes, found.graded_quizzes) == (1, 1, 1, 0)
    assert (found.items, dict(found.types)) == (2, {"single": 1, "numeric": 1})
    assert (found.calls, found.assignments) == (1, 1)
    assert found.words > 10


WHOLE = """Lundi matin, un client appelle pour la troisième fois au sujet de la même facture.
La conseillère ouvre son dossier,
lit les deux notes et comprend que personne n'a répondu à sa vraie demande.

## L'idée

| Avant | Après |
|---|---|
| un | deux |

## Ce qui rate

- Répondre à côté.

## À vous

Écrivez.

## À retenir

- un
- deux
- trois
- quatre
- cinq

??? note "Pour aller plus loin"
    Lisez.
"""


def test_a_lesson_in_the_usual_order_has_no_fault() -> None:
    assert faults_of_shape(a_lesson(body=WHOLE)) == []
    assert is_illustrated(a_lesson(body=WHOLE))


@pytest.mark.parametrize(
    ("cut", "put", "fault"),
    [
        (WHOLE.partition("\n\n")[0], "Un client appelle.", "situation"),
        ("| un | deux |", "", None),
        ("## Ce qui rate", "## Autre chose", "what goes wrong"),
        ("## À vous", "## Exercice", "exercise"),
        ("- cinq\n", "", "4 lines of summary"),
        ('??? note "Pour aller plus loin"', "Plus loin", "further"),
    ],
)
def test_what_a_lesson_lacks_is_named(cut: str, put: str, fault: str | None) -> None:
    assert faults_of_shape(a_lesson(body=WHOLE.replace(cut, put, 1))) == ([fault] if fault else [])


def test_parts_out_of_order_and_prose_alone_are_named() -> None:
    moved = WHOLE.replace("## À vous\n\nÉcrivez.\n\n", "") + "\n## À vous\n\nÉcrivez.\n"
    assert faults_of_shape(a_lesson(body=moved)) == ["order"]
    prose = "\n".join(line for line in WHOLE.splitlines() if not line.startswith("|"))
    assert faults_of_shape(a_lesson(body=prose)) == ["example"]
