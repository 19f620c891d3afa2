"""Written answers and files of a quiz, each rated with a grid: from the first question to the result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from deust.config import Settings
from deust.models.assignments import Copy
from deust.models.people import Cohort, Person
from deust.models.quizzes import Attempt, AttemptMarks
from tests.conftest import Doors
from tests.support import factories
from tests.support.canaries import COURSES
from tests.support.clients import Client, signed_in_client
from tests.support.forms import form_of
from tests.support.pages import page_of
from tests.support.sittings import Sitting
from tests.support.uploads import Sender

TEXT, FILE = "e-texte", "e-fichier"
SECOND_CRITERION = """
  - id: B1
    phase: Écoute
    title: Reformulation
    points: 10
"""


@pytest.fixture
def courses(tmp_path: Path) -> Path:
    """Courses of one's own, where a text of 4 points and a file of 1 are rated with the same grid of 20."""
    folder = Path(shutil.copytree(COURSES, tmp_path / "courses"))
    name_grid(folder, "type=essay", "type=file")
    return folder


@pytest.fixture
def app(settings: Settings, courses: Path, make_app: Callable[[Settings], Flask]) -> Flask:
    return make_app(replace(settings, courses_dir=courses))


@pytest.fixture
def people(doors: Doors, cohort: Cohort) -> list[Person]:
    with doors.writing() as session:
        group = factories.group(session, cohort)
        student, *tutors = [factories.person(session, role=role) for role in ("student", "tutor", "tutor")]
        factories.enrolment(session, student, cohort, group_id=group.id)
        for tutor in tutors:
            factories.tutoring(session, tutor, group)
        return [student, *tutors]


@pytest.fixture
def sitting(app: Flask, people: list[Person], doors: Doors) -> Sitting:
    return Sitting(signed_in_client(app, people[0]), doors).start()


@pytest.fixture
def tutor(app: Flask, people: list[Person]) -> Client:
    return signed_in_client(app, people[1])


@pytest.fixture
def second(app: Flask, people: list[Person]) -> Client:
    return signed_in_client(app, people[2])


def name_grid(courses: Path, *types: str) -> None:
    training = courses / "deust-essai/ec101-accueil/03-entrainement.md"
    text = training.read_text("utf-8")
    for one in types:
        assert one in text
        text = text.replace(one, f"grid=grilles/ecoute.yml {one}")
    training.write_text(text, "utf-8")


def add_criterion(courses: Path) -> None:
    grid = courses / "deust-essai/grilles/ecoute.yml"
    grid.write_text(grid.read_text("utf-8").rstrip("\n") + SECOND_CRITERION, "utf-8")


def handed_in(sitting: Sitting) -> str:
    """A text and a file handed in; gives the address of their copy."""
    assert sitting.save(TEXT, "Bonjour, ici le standard, je vous écoute.").status_code == 200
    Sender(sitting).send()
    sitting.hand_in()
    with sitting.doors.reading() as connection:
        return "/a-corriger/" + str(connection.scalar(select(Copy.public_id)))


def name_of(sitting: Sitting, question: str, criterion: str = "A1") -> str:
    return f"level-{sitting.key(question)}:{criterion}"


def marks_of(sitting: Sitting) -> dict[str, str]:
    """The points of the two answers now, by question id."""
    with sitting.doors.reading() as connection:
        kept = connection.scalars(select(AttemptMarks.points).order_by(AttemptMarks.version.desc())).first() or {}
    return {one: kept[sitting.key(one)] for one in (TEXT, FILE)}


def test_the_grid_is_read_before_answering(sitting: Sitting) -> None:
    page = sitting.open(TEXT).text
    assert "Comment cette réponse sera notée" in page
    assert "Les trois éléments." in page
    assert "Les trois éléments." not in sitting.open("e-simple").text


def test_each_answer_is_rated_with_its_grid_and_read_with_its_levels(sitting: Sitting, tutor: Client) -> None:
    copy = handed_in(sitting)
    page = tutor.get(copy)
    assert "sur 4, la grille en compte 20" in page.text
    assert "points-" not in page.text, "no points to type beside a grid"
    assert "Atteint." not in sitting.result()
    form = form_of(page, "marking")
    levels = {name_of(sitting, TEXT): "partiel", name_of(sitting, FILE): "conforme"}
    assert form.press(tutor, "go", "ready", **levels, comment="L’accueil est à compléter.").status_code == 303
    ready = tutor.get("/a-rendre")
    assert "3 / 5" in ready.text, "out of what a person marks, not out of the whole quiz"
    release = form_of(ready, "release")
    assert release.press(tutor, "go", "release").status_code == 303
    assert marks_of(sitting) == {TEXT: "2", FILE: "1"}
    told = sitting.result()
    assert "L’accueil est à compléter." in told
    assert "Corrigé par votre tuteur\u00a0: 2 / 4" in told
    assert told.count("Atteint.") == 2
    assert "Niveau atteint\N{NO-BREAK SPACE}: partiel" in told, "also where a phone shows it without moving the table"
    assert "sur 20 points ramenés à 4" in told
    assert "3 sur 5" in tutor.get(copy).text
    assert "Cette note est rendue." in tutor.get(copy).text


def test_an_eliminatory_criterion_at_its_lowest_is_explained(sitting: Sitting, tutor: Client, courses: Path) -> None:
    grid = courses / "deust-essai/grilles/ecoute.yml"
    eliminatory = SECOND_CRITERION.replace("points: 10", "points: 10\n    eliminatory: [incoming]")
    grid.write_text(grid.read_text("utf-8").rstrip("\n") + eliminatory, "utf-8")
    form = form_of(tutor.get(handed_in(sitting)), "marking")
    levels = {name_of(sitting, one, "A1"): "conforme" for one in (TEXT, FILE)}
    levels |= {name_of(sitting, TEXT, "B1"): "non conforme", name_of(sitting, FILE, "B1"): "conforme"}
    form.press(tutor, "go", "ready", **levels, comment="Une promesse fausse.")
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    assert marks_of(sitting) == {TEXT: "7/5", FILE: "1"}
    assert sitting.result().count("Un critère éliminatoire est au plus bas") == 1


def test_a_criterion_left_out_is_named_and_the_rest_kept(sitting: Sitting, tutor: Client) -> None:
    form = form_of(tutor.get(handed_in(sitting)), "marking")
    refused = form.press(tutor, "go", "ready", **{name_of(sitting, TEXT): "partiel"}, comment="Bien.")
    assert refused.status_code == 422
    assert "Reste à noter\N{NO-BREAK SPACE}: A1." in refused.text
    assert "L’appréciation manque." not in refused.text
    kept = form_of(refused, "marking").fields
    assert kept[name_of(sitting, TEXT)] == ["partiel"]
    assert name_of(sitting, FILE) not in kept


def test_criteria_of_several_grids_are_counted_since_they_may_share_codes(sitting: Sitting, tutor: Client) -> None:
    assert "Reste à noter\N{NO-BREAK SPACE}: 2 critères. L’appréciation manque." in tutor.get(handed_in(sitting)).text


def test_two_tutors_read_of_which_question_they_disagree(sitting: Sitting, tutor: Client, second: Client) -> None:
    copy = handed_in(sitting)
    theirs = form_of(second.get(copy), "marking")
    form_of(tutor.get(copy), "marking").press(tutor, "go", "stay", **{name_of(sitting, FILE): "conforme"})
    refused = theirs.press(second, "go", "stay", **{name_of(sitting, FILE): "partiel"})
    assert refused.status_code == 409
    assert "Un fichier, Accueil complet" in refused.text
    said = page_of(refused).find(".//form[@id='versions']")
    cards = [" ".join(card.itertext()).split() for card in said.iter("div") if card.get("class") == "card"]
    assert ["partiel" in words for words in cards] == [True, False]
    assert ["conforme" in words for words in cards] == [False, True]


def test_one_question_for_everyone_shows_its_grid_alone_and_keeps_the_others(sitting: Sitting, tutor: Client) -> None:
    copy = handed_in(sitting)
    form_of(tutor.get(copy), "marking").press(tutor, "go", "stay", **{name_of(sitting, FILE): "conforme"})
    page = tutor.get(f"{copy}?question={TEXT}")
    assert page.text.count("data-criterion=") == 1
    form_of(page, "marking").press(tutor, "go", "stay", **{name_of(sitting, TEXT): "non conforme"})
    kept = form_of(tutor.get(copy), "marking").fields
    assert (kept[name_of(sitting, TEXT)], kept[name_of(sitting, FILE)]) == (["non conforme"], ["conforme"])


def test_an_edited_grid_is_shown_question_by_question_before_it_applies(
    sitting: Sitting, tutor: Client, courses: Path
) -> None:
    copy = handed_in(sitting)
    levels = {name_of(sitting, TEXT): "partiel", name_of(sitting, FILE): "conforme"}
    form_of(tutor.get(copy), "marking").press(tutor, "go", "ready", **levels, comment="Bien.")
    add_criterion(courses)
    page = tutor.get(copy)
    assert "La grille de cette activité a été modifiée." in page.text
    assert page.text.count("data-criterion=") == 2, "nothing changed yet"
    effects = tutor.get("/grilles/ec101-accueil/entrainement")
    assert "Un texte</span>, B1" in effects.text
    assert "Un fichier</span>, B1" in effects.text
    assert '<h2 lang="fr">Un fichier</h2>' in effects.text, "each grid under its question"
    applied = form_of(effects, "apply").send(tutor, {})
    assert "La nouvelle grille vaut maintenant pour 1 copie." in tutor.get(applied.location).text
    page = tutor.get(copy)
    assert page.text.count("data-criterion=") == 4
    form = form_of(page, "marking")
    assert form.fields[name_of(sitting, TEXT)] == ["partiel"]
    more = {name_of(sitting, TEXT, "B1"): "conforme", name_of(sitting, FILE, "B1"): "n/a"}
    assert form.press(tutor, "go", "ready", **more).status_code == 303
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    assert marks_of(sitting) == {TEXT: "8/3", FILE: "1"}, "4 × 20/30, and 1 × 20/20"
    assert sitting.result().count("Sans objet ici") == 1


class TestBeforeItNamedAGrid:
    @pytest.fixture
    def courses(self, tmp_path: Path) -> Path:
        return Path(shutil.copytree(COURSES, tmp_path / "courses"))

    @pytest.mark.parametrize("typed", ["douze", "-1", "4,5"])
    def test_points_that_cannot_be_counted_are_said_to_be_so(self, sitting: Sitting, tutor: Client, typed: str) -> None:
        """They stayed in their field, and the page said no more than that one answer was left to mark."""
        copy, name = handed_in(sitting), f"points-{sitting.key(TEXT)}"
        form_of(tutor.get(copy), "marking").press(tutor, "go", "stay", **{name: typed})
        page = tutor.get(copy)
        assert form_of(page, "marking").fields[name] == [typed]
        assert "Écrivez un nombre de 0 à 4." in page.text
        assert "1 nombre de points ne se lit pas" in page.text
        field = next(one for one in page_of(page).iter("input") if one.get("name") == name)
        assert (field.get("aria-invalid"), field.get("aria-describedby")) == ("true", f"{name}-error")

    def test_a_copy_is_marked_with_points_until_a_tutor_applies_the_grid(
        self, sitting: Sitting, tutor: Client, courses: Path
    ) -> None:
        copy = handed_in(sitting)
        points = {f"points-{sitting.key(TEXT)}": "3", f"points-{sitting.key(FILE)}": "1"}
        form_of(tutor.get(copy), "marking").press(tutor, "go", "ready", **points, comment="Bien.")
        name_grid(courses, "type=essay")
        assert "La grille de cette activité a été modifiée." in tutor.get(copy).text
        effects = tutor.get("/grilles/ec101-accueil/entrainement")
        assert form_of(effects, "apply").send(tutor, {}).status_code == 303
        fields = form_of(tutor.get(copy), "marking").fields
        assert fields[f"points-{sitting.key(FILE)}"] == ["1"]
        assert f"points-{sitting.key(TEXT)}" not in fields
        assert "Reste à noter\N{NO-BREAK SPACE}: A1." in tutor.get(copy).text


def test_a_student_marked_twice_is_told_which_mark_counts(
    app: Flask, people: list[Person], tutor: Client, second: Client, courses: Path, doors: Doors
) -> None:
    work = courses / "deust-essai/ec101-accueil/07-devoir.md"
    work.write_text(work.read_text("utf-8").replace("turnaround:", "markers: 2\ngap: 20\nturnaround:"), "utf-8")
    student = signed_in_client(app, people[0])
    draft = student.submit("/modules/ec101-accueil/devoir/devoir").location
    form = form_of(student.get(draft), "paper")
    form.send(student, {f"{form.fields['question'][0]}-answer": "Bonjour, ici le standard.", "go": "review"})
    form_of(student.get(f"{draft}/relecture"), "hand-in").send(student, {"is_own": "y"})
    with doors.reading() as connection:
        copy = "/a-corriger/" + str(connection.scalar(select(Copy.public_id)))
    for marker, level in ((tutor, "conforme"), (second, "partiel")):
        form_of(marker.get(copy), "marking").press(marker, "go", "ready", **{"level-A1": level}, comment="Bien.")
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    told = student.get(draft).text
    assert "15 sur 20" in told
    assert "La note est la moyenne de celles de deux correcteurs." in told


def hide_until_the_close(sitting: Sitting) -> None:
    """The attempt as that of a quiz which shows nothing before it closes."""
    settings = {**sitting.attempt().settings, "show": dict.fromkeys(sitting.attempt().settings["show"], "after-close")}
    with sitting.doors.writing() as session:
        session.execute(update(Attempt).where(Attempt.public_id == sitting.public_id).values(settings=settings))


def test_the_pages_of_hand_ins_show_nothing_of_a_quiz(sitting: Sitting, tutor: Client) -> None:
    """They know nothing of what a quiz may show yet, and close it without carrying its result."""
    student, path = sitting.client, f"/devoirs/{sitting.public_id}"
    assert student.submit(f"{path}/remise", {"is_own": "y"}).status_code == 404
    assert sitting.attempt().closed_at is None
    form = form_of(tutor.get(handed_in(sitting)), "marking")
    levels = {name_of(sitting, TEXT): "partiel", name_of(sitting, FILE): "conforme"}
    form.press(tutor, "go", "ready", **levels, comment="L’accueil est à compléter.")
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    hide_until_the_close(sitting)
    assert "L’accueil est à compléter." not in sitting.result()
    for address, fields in ((f"{path}/reexamen", {}), (f"{path}/reexamen", {"reason": "Revoyez."})):
        refused = student.submit(address, fields)
        assert "L’accueil est à compléter." not in refused.text
        assert refused.status_code == 404
