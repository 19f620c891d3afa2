"""Each fault an author can make: planted alone, it is told on its line; planted together, all are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deust.content.check_items import check_cycles
from tests.content.sample_tree import (
    ASSIGNMENT,
    CALL,
    FILES,
    GLOSSARY,
    GRID,
    LESSON,
    M3C,
    MODULE,
    PROGRAMME,
    QUIZ,
    M,
    P,
    clean_tree,
    line_of,
    places,
    problems_of,
    read,
)
from tests.support.programmes import a_lesson, a_module, a_programme

LESSON_FILE, QUIZ_FILE = f"{M}/01-accueillir.md", f"{M}/02-quiz-accueil.md"
CALL_FILE, ASSIGNMENT_FILE = f"{M}/03-appel.md", f"{M}/04-devoir.md"
PROGRAMME_FILE, MODULE_FILE, GRID_FILE = f"{P}/programme.yml", f"{M}/module.md", f"{P}/grilles/ecoute.yml"

TEXTS = {
    LESSON_FILE: LESSON,
    QUIZ_FILE: QUIZ,
    CALL_FILE: CALL,
    ASSIGNMENT_FILE: ASSIGNMENT,
    PROGRAMME_FILE: PROGRAMME,
    MODULE_FILE: MODULE,
    GRID_FILE: GRID,
    f"{P}/glossaire.md": GLOSSARY,
    f"{P}/m3c.yml": M3C,
}

# (file, what is written, what replaces it, words on the line to be told, words of the message)
REPLACED = [
    (LESSON_FILE, "week: 1", "weak: 1", "weak", "clé « weak » inconnue"),
    (LESSON_FILE, "week: 1", "week: No", "week: No", "entier"),
    (LESSON_FILE, "week: 1", "public: no", "public: no", "true ou false"),
    (LESSON_FILE, "week: 1", "minutes: 20", "minutes: 20", "écrite deux fois"),
    (LESSON_FILE, "week: 1", "reviewed: 2026-02-30", "2026-02-30", "« reviewed »"),
    (LESSON_FILE, "week: 1", "due: 5", "due: 5", "« due »"),
    (LESSON_FILE, "week: 1", "complete: passed", "complete", "n'a pas de sens"),
    (LESSON_FILE, "week: 1", "requires: [rien]", "requires", "« rien » introuvable"),
    (LESSON_FILE, "week: 1", "aliases: [quiz-accueil]", None, "déjà pris"),
    (LESSON_FILE, "title: Accueillir", "title: Accueillir : bien", "title", "deux-points"),
    (LESSON_FILE, "title: Accueillir", "title: &t Accueillir", "title", "ancres"),
    (LESSON_FILE, "title: Accueillir", "title: !!python/name:os.system x", "title", "étiquettes"),
    (LESSON_FILE, "outcomes: [conduire]", "outcomes: [conduir]", "outcomes", "« conduir » inconnu"),
    (LESSON_FILE, "media/frise.png", "media/Frise.png", "media/Frise.png", "média introuvable"),
    (LESSON_FILE, "![Les trois éléments, en frise.]", "![]", "![](media/frise", "sans texte de remplacement"),
    (LESSON_FILE, "[le quiz]", "[cliquez ici]", "cliquez ici", "texte de lien"),
    (LESSON_FILE, "02-quiz-accueil.md", "02-quiz.md", "02-quiz.md", "page introuvable"),
    (LESSON_FILE, "02-quiz-accueil.md", "#les-deux-elements", "#les-deux", "titre introuvable"),
    (LESSON_FILE, "02-quiz-accueil.md", "../glossaire.md#dtm", "#dtm", "introuvable : #dtm"),
    (MODULE_FILE, "01-accueillir.md", "01-accueillir.md#rien", "#rien", "titre introuvable : #rien"),
    (LESSON_FILE, "02-quiz-accueil.md", "javascript:alert(1)", "javascript", "adresse refusée"),
    (LESSON_FILE, "\\lambda d", "\\ce{H2O}", "\\ce", "\\ce inconnue"),
    (LESSON_FILE, "\\lambda d", "\\href{x}{y}", "\\href", "refusée"),
    (LESSON_FILE, "## Les trois", "#### Les trois", "#### Les", "niveau 4"),
    (MODULE_FILE, "Bienvenue.", "```question\n= vrai\n```", "```question", "question hors d'une leçon"),
    (QUIZ_FILE, "Quelques questions.", "```question\n= vrai\n```", "```question", "hors d'une leçon"),
    (ASSIGNMENT_FILE, "Réécrivez ce script.", "```question\n= vrai\n```", "```question", "```question hors"),
    (LESSON_FILE, "## Les trois", "## ![Frise](media/frise.png) Les", "## ![", "dans un titre"),
    (LESSON_FILE, "## Les trois", "# Les trois", "# Les", "niveau 1"),
    (LESSON_FILE, "La DMT compte.", '<p onclick="x()">La DMT</p>', "onclick", "onclick"),
    (LESSON_FILE, "La DMT compte.", "<script>x</script>", "<script>", "la balise <script> disparaît"),
    (LESSON_FILE, " {#l-abord}", "", "## Que", "sans identifiant"),
    (LESSON_FILE, "  > Ensuite seulement.\n```", "", "```question", "jamais refermé"),
    (QUIZ_FILE, "mode: training", "mode: entrainement", "mode", "« mode »"),
    (QUIZ_FILE, "mode: training", "mode: training\ndraw: {accueil: 3}", "draw", "tirage de 3 questions « "),
    (QUIZ_FILE, "mode: training", "mode: training\ndraw: {rien: 1}", "draw", "tirage de 1 question « rien » sur 0"),
    (QUIZ_FILE, "mode: training", "mode: training\ncounts: false", "counts", "ne compte jamais"),
    (QUIZ_FILE, "mode: training", "mode: training\nadvice: {rien: [{say: a}]}", "advice", "« rien »"),
    (QUIZ_FILE, "mode: training", "mode: training\nadvice: {accueil: [{below: 1/2, say: a}]}", "advice", "au-delà"),
    (
        QUIZ_FILE,
        "mode: training",
        "mode: training\nadvice: {accueil: [{say: a, to: rien}]}",
        "advice",
        "vers « rien »",
    ),
    (
        QUIZ_FILE,
        "mode: training",
        "mode: training\nadvice: {accueil: [{below: 2/3, say: a}, {below: 1/2, say: b}, {say: c}]}",
        "advice",
        "sans ordre",
    ),
    (PROGRAMME_FILE, "level: 5", "level: 5\nbeside: [rien]", "beside", "« rien » introuvable"),
    (PROGRAMME_FILE, "level: 5", "level: 5\nbeside: [ec131-accueil]", "beside", "déjà pris par EC131"),
    (QUIZ_FILE, "mode: training", "mode: graded\nshow: {answers: after-submit}", "show", "nouvel essai"),
    (QUIZ_FILE, "{#q-debit}", "{#q-ordre}", "{#q-ordre}\n= 150", "déjà pris"),
    (QUIZ_FILE, "{#q-debit}", "{#Q_Debit}", "Q_Debit", "refusé"),
    (QUIZ_FILE, "points=2", "points=deux", "points=deux", "points"),
    (QUIZ_FILE, "points=2", "point=2", "point=2", "« point » inconnu"),
    (QUIZ_FILE, "outcome=conduire", "outcome=autre", "outcome=autre", "« autre » inconnu"),
    (QUIZ_FILE, "- (x) «", "- ( ) «", "## Bien", "aucune bonne réponse"),
    (QUIZ_FILE, "- ( ) « Allô ? »", "- (x) « Allô ? »", "## Bien", "plusieurs bonnes réponses"),
    (QUIZ_FILE, "= 150 ± 0 mots", "", "## Votre", "sans réponse"),
    (QUIZ_FILE, "= 150 ± 0 mots", "= 150 ± -2 mots", "150", "tolérance"),
    (QUIZ_FILE, "= 150 ± 0 mots", "= /(a+)+/", "= /(a+)+/", "expression refusée"),
    (
        QUIZ_FILE,
        "{#q-debit}\n= 150 ± 0 mots",
        "{#q-debit type=essay}\n```vars\na = 1..3\n```\nSoit {{ a }}.\n\n### Attendus\n{{ b }}",
        "## Votre",
        "« b »",
    ),
    (QUIZ_FILE, "= 150 ± 0 mots", "= ½", "= ½", "nombre illisible"),
    (QUIZ_FILE, "= 150 ± 0 mots", "= 1e3 mots\n= 2 (50%)", "= 1e3", "nombre illisible"),
    (QUIZ_FILE, "= 150 ± 0 mots", "~ mot", "~ mot", "part"),
    (QUIZ_FILE, "= 150 ± 0 mots", "```vars\na = 1..x\n```\n= {{ a }}", "a = 1..x", "variable illisible"),
    (QUIZ_FILE, "= 150 ± 0 mots", "```vars\na = 0..2\n```\n= {{ 1 / a }}", "## Votre", "zéro"),
    (QUIZ_FILE, "= 150 ± 0 mots", "```vars\na = 0..9\n```\n= {{ 1 / (a - 5) }}", "## Votre", "zéro quand a = 5"),
    (QUIZ_FILE, "## Votre débit {#q-debit}\n", "## {{ a }} {#q-debit}\n```vars\na = 0..9\n```\n", "## {{", "intitulé"),
    (QUIZ_FILE, "{#q-debit}\n= 150 ± 0 mots", '{#q-debit type=file accept="exe" max=1MB}', "exe", "« exe » inconnu"),
    (QUIZ_FILE, "{#q-debit}\n= 150 ± 0 mots", "{#q-debit type=voice max=3h}", "max=3h", "plus de 30 min"),
    (QUIZ_FILE, "{#q-debit}\n= 150 ± 0 mots", '{#q-debit type=file accept="pdf" max=600MB}', "600MB", "plus de 500 Mo"),
    (ASSIGNMENT_FILE, "{text: true}", "{voice: {max: 3 h}}", "hand_in", "plus de 30 min"),
    (ASSIGNMENT_FILE, "{text: true}", "{files: {accept: [pdf], size: 600 MB}}", "hand_in", "plus de 500 Mo"),
    (LESSON_FILE, "```question", "> ```question", "> ```question", "citation"),
    (QUIZ_FILE, "{#q-debit}", "{#q-debit type=short-answer}", "## Votre", "type « short-answer » inconnu"),
    (QUIZ_FILE, "{#q-debit}", "{#q-debit type=true-false}", "= 150", "vrai ou faux"),
    (CALL_FILE, "-> suite\n- « Allô", "-> nulle-part\n- « Allô", "nulle-part", "« nulle-part » n'existe pas"),
    (CALL_FILE, "{A1=1}", "{Z9=1}", "Z9", "« Z9 » absent"),
    (CALL_FILE, "{A1=1}", "{A1=0.3}", "A1=0.3", "niveau 0,3"),
    (CALL_FILE, "tension >= 1", "tension >", "if=", "condition illisible"),
    (CALL_FILE, "tension >= 1", "humeur >= 1", "humeur", "« humeur »"),
    (CALL_FILE, "tension >= 1", "tension + 1", "if=", "une condition est attendue"),
    (CALL_FILE, "tension+1", "tension+99999999999", "tension+9", "illisible"),
    (CALL_FILE, "## fin {end=done}", "## seul {end=done}\nRien.\n\n## fin {end=done}", "## seul", "aucun chemin"),
    (CALL_FILE, "grid: grilles/ecoute.yml", "grid: grilles/rien.yml", "grilles/rien.yml", "introuvable"),
    (ASSIGNMENT_FILE, "grid: grilles/ecoute.yml", "grid: glossaire.md", "glossaire.md", "n'est pas une grille"),
    (
        QUIZ_FILE,
        "{#q-debit}\n= 150 ± 0 mots",
        "{#q-dire type=voice max=90s grid=grilles/rien.yml}",
        "rien",
        "introuvable",
    ),
    (QUIZ_FILE, "{#q-debit}", "{#q-debit grid=grilles/ecoute.yml}", "## Votre", "« grid » inconnu"),
    (ASSIGNMENT_FILE, "hand_in: {text: true}", "hand_in: {text: false}", "hand_in", "rien à remettre"),
    (ASSIGNMENT_FILE, "until: 2 days", "until: 2 semaines", "late", "« until »"),
    (GRID_FILE, "id: B1", "id: A1", "Découverte", "deux fois"),
    (GRID_FILE, "conforme: 1,", "conforme: 2,", "levels", "vaut 2"),
    (GRID_FILE, GRID[GRID.index("levels") : GRID.index("\ncriteria")], "levels: {}", "levels", "est vide"),
    (PROGRAMME_FILE, "weight: 60", "weight: 50", "assessments:", "90 %"),
    (PROGRAMME_FILE, "blocks: [BC1]", "blocks: [BC9]", "BC9", "« BC9 » inconnu"),
    (PROGRAMME_FILE, "module: ec131-accueil", "module: ec131", "module: ec131", "« ec131 » introuvable"),
    (PROGRAMME_FILE, "item: quiz-accueil", "item: quiz", "item: quiz}", "« quiz » introuvable"),
    (PROGRAMME_FILE, "item: quiz-accueil", "item: accueillir", "item: acc", "est une leçon"),
    (PROGRAMME_FILE, "            ects: 30\n", "            ects: 29\n", "        ects: 30", "29 ECTS"),
    (
        PROGRAMME_FILE,
        "coefficient: 3\n                hours",
        "coefficient: 2\n                hours",
        "components:",
        "font 2",
    ),
    (MODULE_FILE, "hours: 2", "hours: 9", "hours: 9", "9 h déclarées"),
    (MODULE_FILE, "hours: 2", "hours: 1", "hours: 1", "1 h déclarée,"),
    (MODULE_FILE, "hours: 2", "hours: 2\nrequires: [ec131-accueil]", "requires", "boucle"),
    (MODULE_FILE, "  - {id: conduire", "  - {id: seul, title: Seul}\n  - {id: conduire", "seul", "n'évalue « seul »"),
    (f"{P}/glossaire.md", "Post-appel", "Dmt", "Dmt", "déjà défini"),
    (f"{P}/glossaire.md", ": Travail fait", "Travail fait", "Post-appel", "sans définition"),
    (f"{P}/m3c.yml", "[UE13]", "[UE99]", "UE99", "« UE99 » introuvable"),
    (f"{P}/m3c.yml", "version: 1", "version: 1\nplancher_uee: 7", "plancher_uee", "inconnue"),
    (f"{P}/m3c.yml", "version: 1", "version: 1\nseuil_validation: 25", "seuil_validation", "20 au plus"),
    (f"{P}/m3c.yml", "version: 1", "version: 1\nplancher_ue: -1", "plancher_ue", "plancher_ue"),
    (f"{P}/m3c.yml", "2026-2027", "2026-2028", "year", "n'est pas une année"),
]


def test_a_module_that_waits_for_what_waits_for_it_is_told() -> None:
    """Each waits rightly for the other by one kind of prerequisite: students could never have begun either."""
    first = a_lesson("saluer", module="un", requires=("deux/ecouter",))
    second = a_lesson("ecouter", module="deux")
    programme = a_programme([a_module(first, id="un"), a_module(second, id="deux", requires=("un",))])
    (problem,) = check_cycles(programme, {})
    assert "deux/ecouter → un/saluer → deux/ecouter" in problem.message
    straight = a_programme([a_module(replace(first, requires=()), id="un"), a_module(second, id="deux")])
    assert not list(check_cycles(straight, {}))


@pytest.mark.parametrize(
    ("path", "written", "replacement", "words", "message"), REPLACED, ids=[f"{row[3]}-{row[4]}" for row in REPLACED]
)
def test_a_fault_is_told_on_its_line(
    tmp_path: Path, path: str, written: str, replacement: str, words: str | None, message: str
) -> None:
    text = TEXTS[path]
    assert written in text
    broken = text.replace(written, replacement, 1)
    told = places(problems_of(tmp_path, path, broken), path)
    if words is None:
        told = [row for rows in [places(problems_of(tmp_path, path, broken), name) for name in TEXTS] for row in rows]
        assert any(message in row[2] for row in told), told
        return
    expected = line_of(broken, words)
    assert any(line == expected and message in said for line, _, said in told), told


def test_near_keys_are_suggested(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, LESSON_FILE, LESSON.replace("outcomes:", "outcome:"))
    assert [p.fix for p in problems if "inconnue" in p.message] == ["vouliez-vous écrire « outcomes » ?"]


def test_every_problem_prints_on_one_line(tmp_path: Path) -> None:
    problem = problems_of(tmp_path, LESSON_FILE, LESSON.replace("week: 1", "weak: 1"))[0]
    assert str(problem) == f"{LESSON_FILE}:5: error: clé « weak » inconnue (fix: vouliez-vous écrire « week » ?)"


ITEM_FILES = (LESSON_FILE, QUIZ_FILE, CALL_FILE, ASSIGNMENT_FILE)


def _planted() -> tuple[dict[str, str | bytes], list[tuple[str, int | None, str]]]:
    """A copy with every fault: one more item a fault of an item, one more programme a fault of another file."""
    files = dict(FILES)
    expected: list[tuple[str, int | None, str]] = []
    for number, (path, written, replacement, words, message) in enumerate(REPLACED):
        broken = TEXTS[path].replace(written, replacement, 1)
        if path in ITEM_FILES:
            target = f"{M}/{100 + number}-faute-{number}.md"
        else:
            copy = f"essai-{number}"
            files |= {name.replace(P, copy, 1): content for name, content in FILES.items()}
            target = path.replace(P, copy, 1)
        files[target] = broken
        expected.append((target, line_of(broken, words) if words else None, message))
    return files, expected


def test_a_broken_copy_tells_all_its_faults_at_once(tmp_path: Path) -> None:
    files, expected = _planted()
    told = read(clean_tree(tmp_path, files)).problems
    missing = [
        (path, line, message)
        for path, line, message in expected
        if not any(p.path == path and line in (None, p.line) and message in p.message for p in told)
    ]
    assert missing == []
    assert len(expected) >= 60


def test_a_file_without_fault_has_no_problem_in_a_broken_copy(tmp_path: Path) -> None:
    files, _ = _planted()
    told = {p.path for p in read(clean_tree(tmp_path, files)).errors}
    assert told.isdisjoint({LESSON_FILE, CALL_FILE, ASSIGNMENT_FILE, f"{P}/m3c.yml", GRID_FILE})


@pytest.mark.parametrize(
    ("header", "cited", "told"),
    [
        ("mode: graded", "item: quiz-accueil", ""),
        ("mode: graded", "title: Quiz", "aucune épreuve de EC131 ne prend la note de « quiz-accueil »"),
        ("mode: graded\ncounts: false", "title: Quiz", ""),
        ("mode: graded\ncounts: false", "item: quiz-accueil", "« quiz-accueil » dit qu'il ne compte pas"),
        ("mode: training", "title: Quiz", ""),
    ],
)
def test_a_graded_quiz_is_cited_by_an_assessment_or_says_that_it_does_not_count(
    tmp_path: Path, header: str, cited: str, told: str
) -> None:
    files = FILES | {
        QUIZ_FILE: QUIZ.replace("mode: training", header),
        PROGRAMME_FILE: PROGRAMME.replace("item: quiz-accueil", cited),
    }
    found = [problem for problem in read(clean_tree(tmp_path, files)).problems if problem.path == PROGRAMME_FILE]
    assert [told in problem.message for problem in found] == ([True] if told else [])


@pytest.mark.parametrize(
    "target", ["#les-trois-éléments", "#s-les-trois-elements", "#fn:1", "../glossaire.md#dmt", "02-quiz-accueil.md#x"]
)
def test_a_link_to_a_title_or_a_term_that_is_there_is_no_problem(tmp_path: Path, target: str) -> None:
    text = LESSON.replace("02-quiz-accueil.md", target)
    assert places(problems_of(tmp_path, LESSON_FILE, text), LESSON_FILE) == []
