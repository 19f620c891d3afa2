from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from deust.domain.assignments import Terms, terms_to_json
from deust.models.assignments import Copy, Marking, MarkingEvent, ReleasedMark
from deust.models.people import Cohort, Enrolment, Person
from deust.models.quizzes import Attempt
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.forms import Form, form_of, forms_of
from tests.support.pages import shown_without_scripts
from tests.support.sittings import Sitting
from tests.support.statements import statements
from tests.support.uploads import Sender

WORK = "Bonjour, ici le standard."
HOME = "/modules/ec101-accueil/devoir"


def write(student: Client, text: str = WORK) -> str:
    """A draft with this text, by the plain form; gives its address."""
    draft = student.submit(f"{HOME}/devoir").location
    form = form_of(student.get(draft), "paper")
    key = form.fields["question"][0] if isinstance(form.fields["question"], list) else form.fields["question"]
    assert form.send(student, {f"{key}-answer": text, "go": "review"}).status_code == 303
    return str(draft)


def hand_in(student: Client, draft: str) -> None:
    form = form_of(student.get(f"{draft}/relecture"), "hand-in")
    assert form.send(student, {"is_own": "y"}).status_code == 303


def copy_address(doors: Doors) -> str:
    with doors.reading() as connection:
        return "/a-corriger/" + str(connection.scalar(select(Copy.public_id)))


def mark(marker: Client, copy: str, **fields: str) -> int:
    form = form_of(marker.get(copy), "marking")
    return int(form.send(marker, {"level-A1": "conforme", "comment": "Bien.", "go": "ready", **fields}).status_code)


def test_a_student_hands_in_and_reads_the_mark_only_once_released(student: Client, tutor: Client, doors: Doors) -> None:
    assert "Accueil complet" in student.get(HOME).text, "the grid is seen beforehand"
    assert "CANARI" not in student.get(HOME).text
    draft = write(student)
    assert WORK in student.get(draft).text
    for page in (draft, f"{draft}/relecture"):
        assert "Partie {number} de votre devoir" in student.get(page).text, "an assignment has no questions"
        assert "Question {number}" not in student.get(page).text
    hand_in(student, draft)
    told = student.get(draft).text
    assert "Votre devoir est remis." in told
    assert WORK in told
    copy = copy_address(doors)
    assert WORK in tutor.get(copy).text
    assert "CANARI-devoir-attendus" in tutor.get(copy).text, "markers read what is expected"
    assert mark(tutor, copy, private_note="CANARI-prive") == 303
    for page in (draft, HOME, "/aujourdhui", "/modules/ec101-accueil"):
        assert "20 sur 20" not in student.get(page).text
        assert "20 / 20" not in student.get(page).text
    assert "Corrections rendues" not in student.get("/aujourdhui").text
    form = form_of(tutor.get("/a-rendre"), "release")
    assert form.send(tutor, {"copy": copy.rpartition("/")[2], "go": "release"}).status_code == 303
    home = student.get("/aujourdhui").text
    assert f'<a href="{draft}" lang="fr">' in home.partition("Corrections rendues")[2]
    told = student.get(draft).text
    assert "20 sur 20" in told
    assert "Bien." in told
    assert "CANARI" not in told


def test_the_page_of_a_work_says_that_it_is_saved_and_names_no_answer(student: Client) -> None:
    """« Réponse 1 enregistrée à 20 h 14 » was said of the text of a work."""
    page = student.get(write(student)).text
    assert 'data-text-saved="Enregistré à {time}"' in page
    assert "Réponse {number}" not in page


def test_a_draft_says_when_it_is_on_time_and_until_when_it_is_accepted(student: Client) -> None:
    """It stated the last accepted moment alone, two days after the date of the brief."""
    draft = write(student)
    rules = shown_without_scripts(student.get(draft)).partition("Relire avant de rendre")[2]
    before, accepted = re.search(r"À rendre avant (.+?)\. Accepté en retard jusqu’au (.+?)\.", rules).groups()
    assert before != accepted
    assert before in shown_without_scripts(student.get(HOME))
    assert "Chaque jour commencé retire 1 point" in rules
    assert "jours sont en retard" not in rules
    hand_in(student, draft)
    assert 'class="button primary" href="/modules/ec101-accueil"' in student.get(draft).text


def test_versions_are_announced_once_there_is_one(student: Client) -> None:
    """Under the title stood an empty list while the first version was a draft."""
    draft = write(student)
    assert "Vos versions" not in student.get(HOME).text
    hand_in(student, draft)
    assert "Vos versions" in student.get(HOME).text


def test_a_student_is_told_the_adjustment_and_not_its_reason(student: Client, tutor: Client, doors: Doors) -> None:
    draft = write(student)
    hand_in(student, draft)
    copy = copy_address(doors)
    assert mark(tutor, copy, adjustment="-1,5", adjustment_reason="CANARI-motif") == 303
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    told = student.get(draft).text
    assert "18,5 sur 20" in told
    assert "Ajustement du correcteur sur l’ensemble\N{NO-BREAK SPACE}: -1,5." in told
    assert "CANARI-motif" not in told


def test_handing_in_without_the_declaration_keeps_everything_typed(student: Client, doors: Doors) -> None:
    draft = write(student)
    form = form_of(student.get(f"{draft}/relecture"), "hand-in")
    refused = form.send(student, {"tools": "un correcteur"})
    assert refused.status_code == 422
    assert "un correcteur" in refused.get_data(as_text=True)
    assert "Cochez la déclaration" in refused.get_data(as_text=True)
    with doors.reading() as connection:
        assert connection.scalar(select(Attempt.closed_at)) is None


def test_tools_told_at_too_great_length_come_back_whole(student: Client, doors: Doors) -> None:
    draft, told = write(student), "Un correcteur. " * 140
    assert "maxlength" not in student.get(f"{draft}/relecture").text
    form = form_of(student.get(f"{draft}/relecture"), "hand-in")
    refused = form.send(student, {"is_own": "y", "tools": told})
    assert refused.status_code == 422
    assert told in refused.text
    assert "2\N{NO-BREAK SPACE}100 caractères, pour 2\N{NO-BREAK SPACE}000 au plus" in refused.text
    assert "Raccourcissez" in refused.text
    with doors.reading() as connection:
        assert connection.scalar(select(Attempt.closed_at)) is None
    assert form.send(student, {"is_own": "y", "tools": "x\r\n" * 1_000}).status_code == 303


def test_pages_of_quizzes_lead_to_the_draft(student: Client) -> None:
    draft = write(student)
    attempt = draft.rpartition("/")[2]
    assert student.get(f"/essais/{attempt}/questions/1").location == draft
    assert student.get(f"/essais/{attempt}/relecture").location == f"{draft}/relecture"
    assert student.get(f"/essais/{attempt}/resultat").location == draft
    assert student.submit(f"/essais/{attempt}/remise").status_code == 409, "a declaration is needed"


@pytest.mark.case("GR-11")
def test_a_file_of_an_anonymous_copy_has_a_neutral_name_in_the_page_and_in_the_download(
    student: Client, tutor: Client, doors: Doors
) -> None:
    sitting = Sitting(student, doors).start()
    assert sitting.outcome(Sender(sitting, name="Léonie Introuvable.pdf").send(), "e-fichier") == "kept"
    assert student.submit(f"{sitting.path}/remise").status_code == 303
    copy, file = copy_address(doors), sitting.key("e-fichier")
    assert "Introuvable.pdf" in tutor.get(copy).text
    with doors.writing() as session:
        session.execute(update(Copy).values(terms=terms_to_json(Terms(out_of=Fraction(20), is_anonymous=True))))
    with tutor.get(f"{copy}/fichiers/{file}") as download:
        assert download.status_code == 200
        assert "ntrouvable" not in str(download.headers)
    assert "ntrouvable" not in tutor.get(copy).text


@pytest.mark.case("GR-01")
def test_two_tutors_see_both_versions_and_lose_none(
    student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mine, theirs = form_of(tutor.get(copy), "marking"), form_of(second.get(copy), "marking")
    assert mine.send(tutor, {"comment": "Premier avis.", "go": "stay"}).status_code == 303
    conflict = theirs.send(second, {"comment": "Second avis.", "level-A1": "partiel", "go": "stay"})
    assert conflict.status_code == 409
    page = conflict.get_data(as_text=True)
    assert "Premier avis." in page
    assert "Second avis." in page
    with doors.reading() as connection:
        outcomes = connection.scalars(select(MarkingEvent.outcome).order_by(MarkingEvent.id)).all()
        assert (outcomes, connection.scalar(select(Marking.content))["comment"]) == (
            ["kept", "conflict"],
            "Premier avis.",
        )
    again = form_of(second.get(copy), "marking")
    assert again.send(second, {"comment": "Avis commun.", "go": "stay"}).status_code == 303


def conflict_form(marker: Client, stale: Form, **fields: str) -> Form:
    """The choice between two versions, once a stale form met another."""
    conflict = stale.send(marker, {"go": "stay", **fields})
    assert conflict.status_code == 409
    return form_of(conflict, "versions")


def content_and_version(doors: Doors) -> tuple[dict[str, Any], int]:
    with doors.reading() as connection:
        row = connection.execute(select(Marking.content, Marking.version)).one()
        return row.content, row.version


@pytest.mark.case("GR-01")
def test_one_s_own_version_is_kept_over_the_other_with_all_that_it_holds(
    student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mine, theirs = form_of(tutor.get(copy), "marking"), form_of(second.get(copy), "marking")
    mine.send(tutor, {"comment": "Premier avis.", "level-A1": "conforme", "go": "stay"})
    place = next(name for name in re.findall(r'value="(\w+\|passage)"', second.get(copy).text))
    pinned = {"new-place": place, "new-at": "standard", "new-text": "Dites votre prénom."}
    typed = {"level-A1": "partiel", "comment": "Second avis.\nDeux lignes.", "private_note": "Vu.", **pinned}
    typed |= {"adjustment": "-1,5", "adjustment_reason": "Consigne mal lue."}
    choice = conflict_form(second, theirs, **typed)
    kept = choice.press(second, "go", "mine")
    assert (kept.status_code, kept.location) == (303, copy)
    content, version = content_and_version(doors)
    assert version == 2
    assert content["chosen"] == {"A1": "partiel"}
    assert content["comment"].split() == ["Second", "avis.", "Deux", "lignes."]
    assert (content["adjustment"], content["adjustment_reason"]) == ("-1,5", "Consigne mal lue.")
    assert content["private_note"] == "Vu."
    assert [(one["text"], one["quote"]) for one in content["remarks"]] == [("Dites votre prénom.", "standard")]
    with doors.reading() as connection:
        events = connection.execute(select(MarkingEvent.outcome, MarkingEvent.content).order_by(MarkingEvent.id)).all()
    assert [one.outcome for one in events] == ["kept", "conflict", "kept"]
    assert events[0].content["comment"] == "Premier avis.", "the version not taken stays in the history"


@pytest.mark.case("GR-01")
def test_the_other_version_is_taken_as_it_is_and_stays_ready(
    student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    theirs = form_of(second.get(copy), "marking")
    assert mark(tutor, copy, comment="Premier avis.") == 303
    choice = conflict_form(second, theirs, comment="Second avis.")
    assert choice.press(second, "go", "theirs").location == copy
    content, version = content_and_version(doors)
    assert (content["comment"], version) == ("Premier avis.", 1)
    with doors.reading() as connection:
        assert connection.scalar(select(Marking.is_ready)) is True
        assert set(connection.scalars(select(MarkingEvent.outcome))) == {"kept", "conflict"}
        assert "Second avis." in [one["comment"] for one in connection.scalars(select(MarkingEvent.content))]


@pytest.mark.case("GR-01")
@pytest.mark.parametrize("button", ["mine", "theirs"])
def test_a_third_version_that_came_meanwhile_is_compared_in_its_turn(
    student: Client, tutor: Client, second: Client, doors: Doors, button: str
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    theirs = form_of(second.get(copy), "marking")
    form_of(tutor.get(copy), "marking").send(tutor, {"comment": "Premier avis.", "go": "stay"})
    choice = conflict_form(second, theirs, comment="Second avis.")
    form_of(tutor.get(copy), "marking").send(tutor, {"comment": "Troisième avis.", "go": "stay"})
    again = choice.press(second, "go", button)
    assert again.status_code == 409
    assert "Second avis." in again.text
    assert "Troisième avis." in again.text
    assert content_and_version(doors)[0]["comment"] == "Troisième avis."
    assert form_of(again, "versions").press(second, "go", "mine").status_code == 303
    assert content_and_version(doors)[0]["comment"] == "Second avis."


@pytest.mark.case("GR-01")
def test_all_that_was_typed_into_a_stale_form_is_shown_again(
    student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mine, theirs = form_of(tutor.get(copy), "marking"), form_of(second.get(copy), "marking")
    mine.send(tutor, {"comment": "Premier avis.", "private_note": "Vu au téléphone.", "go": "stay"})
    typed = {"adjustment": "-1,5", "adjustment_reason": "Consigne mal lue.", "private_note": "À revoir ensemble."}
    page = theirs.send(second, {**typed, "go": "stay"}).get_data(as_text=True)
    assert [text for text in ("Premier avis.", "Vu au téléphone.", *typed.values()) if text not in page] == []


@pytest.mark.case("GR-02")
def test_a_script_whose_session_ended_is_told_so_and_nothing_is_written(
    student: Client, app: Flask, doors: Doors
) -> None:
    hand_in(student, write(student))
    stranger = app.test_client()
    answer = stranger.post(copy_address(doors), data={"comment": "x"}, headers={"Accept": "application/json"})
    assert answer.status_code in (400, 401)
    with doors.reading() as connection:
        assert connection.scalar(select(MarkingEvent.id)) is None


def test_a_script_is_told_the_version_the_mark_and_what_lacks(student: Client, tutor: Client, doors: Doors) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    form = form_of(tutor.get(copy), "marking")
    data = {**form.fields, "level-A1": "partiel", "go": "stay"}
    told = tutor.post(copy, data=data, headers={"Accept": "application/json"})
    assert (told.get_json()["version"], told.get_json()["mark"]) == (1, "10")
    assert told.get_json()["lacking"] == "L’appréciation manque."
    whole = {**data, "version": "1", "comment": "Court et juste."}
    assert tutor.post(copy, data=whole, headers={"Accept": "application/json"}).get_json()["lacking"] == ""
    stale = tutor.post(copy, data={**data, "level-A1": "conforme"}, headers={"Accept": "application/json"})
    assert (stale.status_code, stale.get_json()["outcome"]) == (409, "conflict")


def test_a_copy_that_lacks_something_is_kept_and_says_what(student: Client, tutor: Client, doors: Doors) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    form = form_of(tutor.get(copy), "marking")
    refused = form.send(tutor, {"comment": "À compléter.", "go": "ready"})
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert "Reste à noter" in page
    assert "À compléter." in page
    assert "À compléter." in tutor.get(copy).text, "it is saved"


def test_a_remark_finds_its_passage_and_can_go(student: Client, tutor: Client, doors: Doors) -> None:
    hand_in(student, write(student, "Allô <b>oui</b> ? C'est pour quoi ?"))
    copy = copy_address(doors)
    form = form_of(tutor.get(copy), "marking")
    place = re.search(r'<option value="([0-9a-f]+\|passage)"', tutor.get(copy).text)
    assert place is not None
    sent = {"new-place": place[1], "new-at": "<b>oui</b>", "new-text": "Trop sec.", "go": "stay"}
    assert form.send(tutor, sent).status_code == 303
    page = tutor.get(copy).text
    assert re.search(r"<mark[^>]*>&lt;b&gt;oui&lt;/b&gt;</mark>", page)
    remark = re.search(r'name="remark" value="([0-9a-f]+)"', page)
    assert remark is not None
    form = form_of(tutor.get(copy), "marking")
    assert form.send(tutor, {f"remark-{remark[1]}-drop": "1", "go": "stay"}).status_code == 303
    assert "Trop sec." not in tutor.get(copy).text


def test_keys_are_told_by_the_script_that_reads_them(student: Client, tutor: Client, doors: Doors) -> None:
    hand_in(student, write(student))
    page = tutor.get(copy_address(doors))
    assert "Clavier" in page.text
    assert "Clavier" not in shown_without_scripts(page)


def test_the_queue_leads_to_the_oldest_copy_and_empties(student: Client, tutor: Client, doors: Doors) -> None:
    assert "Rien à corriger." in tutor.get("/a-corriger").text
    hand_in(student, write(student))
    copy = copy_address(doors)
    page = tutor.get("/a-corriger")
    assert "1 copie à corriger." in page.text
    assert "Promesse faite aux étudiants" in page.text
    assert "1 copie, environ 10\u00a0min de correction" in page.text
    assert '<span class="hidden">, 1 copie</span>' in page.text, "the navigation says how many"
    taken = form_of(page, "take").send(tutor, {})
    assert taken.location == copy
    assert mark(tutor, copy) == 303
    assert "Rien à corriger." in tutor.get("/a-corriger").text
    assert "1 note prête" in tutor.get("/a-corriger").text


@pytest.mark.parametrize(("late_days", "words"), [(1, "1 point"), (2, "2 points")])
def test_points_lost_to_lateness_are_counted_in_words(
    student: Client, tutor: Client, doors: Doors, late_days: int, words: str
) -> None:
    """« La note perd 1 point(s) »."""
    draft = write(student)
    hand_in(student, draft)
    with doors.writing() as session:
        terms = Terms(out_of=Fraction(20), penalty_per_day=Fraction(1))
        session.execute(update(Copy).values(terms=terms_to_json(terms), late_days=late_days))
    assert f"La note perd {words}." in student.get(draft).text
    assert mark(tutor, copy_address(doors)) == 303
    assert release_of(tutor, "release").status_code == 303
    assert f"Note de la copie moins {words} pour le retard." in student.get(draft).text


def test_the_list_to_give_back_says_which_of_several_marks_counts(
    app: Flask, student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    with doors.writing() as session:
        terms = Terms(out_of=Fraction(20), markers=2, gap=Fraction(3), penalty_per_day=Fraction(1))
        session.execute(update(Copy).values(terms=terms_to_json(terms), late_days=2))
        director = factories.person(session, role="admin")
    admin = signed_in_client(app, director)
    assert mark(tutor, copy) == 303
    assert mark(second, copy, adjustment="-2", adjustment_reason="Débit.") == 303
    told = tutor.get("/a-rendre").text
    assert "17 / 20" in told, "19, less two days late"
    assert "moyenne de 20 et 18. 2 jours de retard, 2 retirés" in told
    assert mark(second, copy, adjustment="-8", adjustment_reason="Débit.") == 303
    assert "Aucune note n’est prête." in tutor.get("/a-rendre").text
    assert mark(admin, copy, adjustment="-4", adjustment_reason="Débit.") == 303
    told = tutor.get("/a-rendre").text
    assert "14 / 20" in told
    assert "note du troisième correcteur\u00a0; les deux autres, 20 et 12, différaient de plus de 3 points" in told


def test_two_marks_are_not_asked_of_a_third_but_a_review_is(
    app: Flask, student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    draft = write(student)
    hand_in(student, draft)
    copy = copy_address(doors)
    with doors.writing() as session:
        session.execute(update(Copy).values(terms=terms_to_json(Terms(out_of=Fraction(20), markers=2))))
        director = factories.person(session, role="admin")
    third = signed_in_client(app, director)
    assert copy in tutor.get("/a-corriger").text
    assert [mark(marker, copy) for marker in (tutor, second)] == [303, 303]
    assert "Cette copie a ses correcteurs." in third.get(copy).text
    release_of(tutor, "release")
    assert "La note est la moyenne" in student.get(draft).text
    assert student.submit(f"{draft}/reexamen", {"reason": "A1 est conforme."}).status_code == 303
    assert mark(third, copy) == 303
    assert "note du réexamen" in third.get("/a-rendre").text
    release_of(third, "release", reason="Relue.")
    assert "La note est celle du réexamen" in student.get(draft).text


def test_a_release_refused_keeps_the_reason_whole_and_what_was_unticked(
    student: Client, tutor: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    assert mark(tutor, copy_address(doors)) == 303
    page = tutor.get("/a-rendre")
    reason = "Une erreur de barème. " * 10
    assert 'maxlength="200"' not in page.text
    refused = form_of(page, "release").press(tutor, "go", "release", reason=reason)
    assert (refused.status_code, "200 signes" in refused.text) == (422, True)
    assert form_of(refused, "release").fields["reason"] == [reason]
    nothing = form_of(refused, "release").press(tutor, "go", "release", copy=[], reason="Un barème")
    assert (nothing.status_code, form_of(nothing, "release").fields.get("copy")) == (422, None)
    assert form_of(nothing, "release").fields["reason"] == ["Un barème"]


def test_releasing_nothing_or_what_changed_meanwhile_says_why(
    student: Client, tutor: Client, second: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mark(tutor, copy)
    form = form_of(tutor.get("/a-rendre"), "release")
    fields = {name: value for name, value in form.fields.items() if name != "copy"}
    assert tutor.post("/a-rendre", data={**fields, "go": "release"}).status_code == 422
    reopened = form_of(second.get(copy), "marking")
    assert reopened.send(second, {"level-A1": "partiel", "go": "stay"}).status_code == 303
    refused = tutor.post("/a-rendre", data={**fields, "copy": copy.rpartition("/")[2], "go": "release"})
    assert refused.status_code == 409
    assert "Rien n’a été rendu" in refused.get_data(as_text=True)
    with doors.reading() as connection:
        assert connection.scalar(select(ReleasedMark.id)) is None


def test_one_question_is_marked_across_students_in_an_order_of_its_own(
    app: Flask, tutor: Client, doors: Doors, cohort: Cohort, people: dict[str, Person]
) -> None:
    with doors.writing() as session:
        group = session.scalars(select(Enrolment.group_id).where(Enrolment.group_id.is_not(None))).first()
        others = [factories.person(session) for _ in range(5)]
        for other in others:
            factories.enrolment(session, other, cohort, group_id=group)
    for who in (people["student"], *others):
        sitting = Sitting(signed_in_client(app, who), doors).start()
        assert sitting.save("e-texte", "Un texte.").status_code == 200
        sitting.hand_in()
    copy = copy_address(doors)
    page = tutor.get(f"{copy}?question=e-texte")
    assert "Voir la copie entière" in page.text
    orders = {question: walk(tutor, copy, question) for question in ("", "e-texte")}
    assert sorted(orders[""]) == sorted(orders["e-texte"])
    assert orders["e-texte"] == walk(tutor, copy, "e-texte"), "the same each time"


def walk(tutor: Client, copy: str, question: str) -> list[str]:
    """The copies in the order that « Suivante » gives, from the first."""
    asked = f"?question={question}" if question else ""
    with_buttons = form_of(tutor.get(copy + asked), "marking")
    while ("go", "previous") in with_buttons.buttons:
        copy = with_buttons.press(tutor, "go", "previous").location.partition("?")[0]
        with_buttons = form_of(tutor.get(copy + asked), "marking")
    met = [copy]
    while ("go", "next") in with_buttons.buttons:
        copy = with_buttons.press(tutor, "go", "next").location.partition("?")[0]
        with_buttons = form_of(tutor.get(copy + asked), "marking")
        met.append(copy)
    return met


def test_the_queue_and_its_numbers_take_six_statements_at_most(app: Flask, student: Client, tutor: Client) -> None:
    hand_in(student, write(student))
    tutor.get("/a-corriger")
    for path in ("/a-corriger", "/messages", "/cohortes"):
        with app.app_context(), statements() as sent:
            assert tutor.get(path).status_code in (200, 303)
        assert len(sent) <= 6, path


def test_a_second_activity_button_takes_the_oldest_copy_of_that_activity(
    student: Client, tutor: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    form = next(form for id_, form in forms_of(tutor.get("/a-corriger")) if id_ is None and "activite" in form.fields)
    assert form.send(tutor, {}).location == copy


def release_of(marker: Client, go: str, **fields: str) -> TestResponse:
    return form_of(marker.get("/a-rendre"), "release").press(marker, "go", go, **fields)


def test_a_release_is_confirmed_and_a_date_taken_back_even_with_one_typed(
    student: Client, tutor: Client, doors: Doors
) -> None:
    hand_in(student, write(student))
    mark(tutor, copy_address(doors))
    for slip in ("", "6120-02-02T10:09", "9999-12-31T23:59", "0001-01-01T00:00"):
        assert "dans les deux ans" in release_of(tutor, "schedule", at=slip).text, (
            "a year typed wrong would wait for ever"
        )
    late = release_of(tutor, "schedule", at="2020-01-01T10:00", reason="Gardé.")
    assert late.status_code == 422
    assert '<details class="fold" open>' in late.text
    again = form_of(late, "release")
    assert (again.fields["at"], again.fields["reason"]) == (["2020-01-01T10:00"], ["Gardé."])
    scheduled = release_of(tutor, "schedule", at="2027-01-01T10:00")
    assert "1 note partira à la date choisie." in tutor.get(scheduled.location).text
    taken_back = release_of(tutor, "unschedule", at="2027-02-01T10:00")
    assert "1 note n’a plus de date prévue." in tutor.get(taken_back.location).text
    with doors.reading() as connection:
        assert connection.scalar(select(Copy.release_at)) is None
    released = release_of(tutor, "release")
    assert "1 note est rendue. L’étudiant en est averti." in tutor.get(released.location).text


def test_a_tutor_is_told_that_another_version_could_not_be_begun(
    student: Client, tutor: Client, doors: Doors, clock: Clock
) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mark(tutor, copy)
    release_of(tutor, "release")
    clock.move(days=60)
    refused = tutor.submit(f"{copy}/nouvelle-version")
    assert refused.status_code == 409
    assert "L’activité est fermée pour cet étudiant." in refused.text


def test_a_correction_waits_for_its_date_with_a_reason(student: Client, tutor: Client, doors: Doors) -> None:
    hand_in(student, write(student))
    copy = copy_address(doors)
    mark(tutor, copy)
    release_of(tutor, "release")
    mark(tutor, copy, comment="Mieux.")
    refused = release_of(tutor, "schedule", at="2027-01-01T10:00")
    assert refused.status_code == 409
    assert "change avec un motif" in refused.text
    assert release_of(tutor, "schedule", at="2027-01-01T10:00", reason="Oubli.").status_code == 303


@pytest.fixture
def two_groups(app: Flask, student: Client, doors: Doors, cohort: Cohort) -> dict[str, Client]:
    """The first student's copy and that of another group, and who follows both, the first alone, the second alone."""
    with doors.writing() as session:
        other = factories.group(session, cohort, name="Groupe du soir")
        classmate = factories.person(session, given_name="Marc", family_name="Dusoir")
        factories.enrolment(session, classmate, cohort, group_id=other.id)
        evening = factories.person(session, role="tutor", given_name="Tina", family_name="Dusoir")
        factories.tutoring(session, evening, other)
        admin = factories.person(session, role="admin")
    hand_in(student, write(student))
    second = signed_in_client(app, classmate)
    hand_in(second, write(second))
    return {"admin": signed_in_client(app, admin), "evening": signed_in_client(app, evening)}


def allocation(marker: Client, page: str = "/a-corriger/repartition") -> Form:
    return next(form for _id, form in forms_of(marker.get(page)) if "repartition" in form.action)


def test_copies_are_shared_out_by_group_and_the_page_says_so(
    two_groups: dict[str, Client], people: dict[str, Person], doors: Doors
) -> None:
    admin = two_groups["admin"]
    queue = admin.get("/a-corriger").text
    (evening,) = set(re.findall(r'href="/a-corriger(\?groupe=\d+)">[^<]*Groupe du soir<', queue))
    assert f'href="/a-corriger/repartition{evening}"' in admin.get(f"/a-corriger{evening}").text
    page = admin.get(f"/a-corriger/repartition{evening}")
    assert "Dusoir, <span" in page.text.replace("Marc Dusoir", "Dusoir")
    assert "Introuvable, <span" not in page.text
    with doors.reading() as connection:
        tina = connection.scalar(select(Person.id).where(Person.given_name == "Tina"))
    done = allocation(admin, f"/a-corriger/repartition{evening}").send(admin, {"tutor": str(tina)})
    assert evening in done.location
    assert "1 copie est confiée." in admin.get(done.location).text
    assert "confiée à Tina Dusoir" in admin.get(done.location).text
    freed = allocation(admin, f"/a-corriger/repartition{evening}").send(
        admin, {"copy": re.findall(r'name="copy" value="(\w+)"', page.text)}
    )
    assert "1 copie est à nouveau pour tous." in admin.get(freed.location).text


def test_a_copy_for_a_tutor_of_another_group_is_refused_in_words_and_the_choices_stay(
    two_groups: dict[str, Client], people: dict[str, Person], doors: Doors
) -> None:
    admin, tutor_id = two_groups["admin"], str(people["tutor"].id)
    form = allocation(admin)
    refused = form.send(admin, {"tutor": tutor_id, "copy": form.fields["copy"]})
    assert refused.status_code == 422
    assert "Rien n’a été confié" in refused.text
    again = next(form for _id, form in forms_of(refused) if "repartition" in form.action)
    assert (again.fields["tutor"], set(again.fields["copy"])) == ([tutor_id], set(form.fields["copy"]))
    nothing = form.send(admin, {"tutor": tutor_id, "copy": []})
    assert f'name="tutor" value="{tutor_id}" checked' in nothing.text
    with doors.reading() as connection:
        assert set(connection.scalars(select(Copy.assigned_to))) == {None}


@pytest.mark.both
@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "-1", str(2**31), "deux"])
def test_a_forged_version_or_moment_loses_nothing_of_a_marker_s_work(
    student: Client, tutor: Client, doors: Doors, number: str
) -> None:
    hand_in(student, write(student))
    remark = {"new-text": "Ici.", "new-place": "x|second", "new-at": number}
    sent = tutor.submit(copy_address(doors), {"comment": "Bien.", "version": number, "avec": number, **remark})
    assert sent.status_code == 303
    with doors.reading() as connection:
        kept = connection.execute(select(MarkingEvent.content, MarkingEvent.base_version)).one()
    assert (kept.content["comment"], kept.content["remarks"][0]["text"]) == ("Bien.", "Ici.")
    assert kept.base_version == 0


def test_a_work_put_back_among_those_to_mark_tells_no_nought_meanwhile(
    student: Client, tutor: Client, doors: Doors
) -> None:
    """An answer that came too late is taken once the mark was told: the work waits for its marker again."""
    draft = write(student)
    paper = form_of(student.get(draft), "paper")
    key = paper.fields["question"][0]
    hand_in(student, draft)
    copy = copy_address(doors)
    mark(tutor, copy)
    form_of(tutor.get("/a-rendre"), "release").press(tutor, "go", "release")
    assert "20 / 20" in student.get(HOME).text
    assert paper.send(student, {f"{key}-answer": "Bonjour, ici l’accueil."}).status_code == 409
    assert "1 réponse est arrivée après l’heure." in student.get(draft).text
    late = f"/essais/{draft.rpartition('/')[2]}/tardives"
    assert tutor.submit(late, {"reason": "réseau"}).status_code == 303
    assert "0 / 20" not in student.get(HOME).text.replace("20 / 20", "")
    told = student.get(draft).text
    assert "20 sur 20" in told, "what was told stays readable"
    assert "1 réponse est arrivée" not in told


@pytest.mark.parametrize("start", ["4", "", "400", "0"])
def test_a_passage_over_two_lines_keeps_its_place(student: Client, tutor: Client, doors: Doors, start: str) -> None:
    """The field that holds the words of a passage has one line: the end of the first is lost on the way."""
    draft = write(student, "Une ligne.\nUne autre.")
    hand_in(student, draft)
    copy = copy_address(doors)
    form = form_of(tutor.get(copy), "marking")
    place = form.fields["new-place"]
    form.send(tutor, {"new-place": place, "new-at": "ligne.Une", "new-start": start, "new-text": "Ici.", "go": "stay"})
    with doors.reading() as connection:
        (remark,) = connection.scalar(select(Marking.content))["remarks"]
    assert (remark["start"], remark["end"], remark["quote"]) == (4, 14, "ligne.\nUne")


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("C’est pour quoi ?", (6, 24, "C'est  pour\nquoi ?")),
        ("c'est pour quoi", (6, 22, "C'est  pour\nquoi")),
        ("au revoir", (0, 0, "au revoir")),
    ],
)
def test_the_words_of_a_passage_may_be_typed_by_hand(
    student: Client, tutor: Client, doors: Doors, words: str, kept: tuple[int, int, str]
) -> None:
    """A marker without a script types them: capitals, spaces and apostrophes may differ. Words that the text does not
    have were dropped without a word: they are kept with the remark, and its marker is told.
    """
    hand_in(student, write(student, "Oui ?\nC'est  pour\nquoi ?"))
    copy = copy_address(doors)
    form = form_of(tutor.get(copy), "marking")
    form.send(tutor, {"new-place": form.fields["new-place"], "new-at": words, "new-text": "Ici.", "go": "stay"})
    with doors.reading() as connection:
        (remark,) = connection.scalar(select(Marking.content))["remarks"]
    assert (remark["start"], remark["end"], remark["quote"]) == kept
    assert ("Ces mots ne sont pas dans le texte" in tutor.get(copy).text) == (kept[1] == 0)


def test_a_text_as_long_as_its_page_allows_is_kept_whole(student: Client, tutor: Client, doors: Doors) -> None:
    """Browsers count the end of a line as one sign, and send it as two."""
    draft = write(student)
    declared = form_of(student.get(f"{draft}/relecture"), "hand-in")
    assert declared.send(student, {"is_own": "y", "tools": "un\r\n" * 666 + "x"}).status_code == 303
    copy = copy_address(doors)
    comment = "Trois lignes.\r\n" * 714
    assert mark(tutor, copy, comment=comment + "Fin.", go="stay") == 303
    with doors.reading() as connection:
        assert connection.scalar(select(Marking.content))["comment"].endswith("Fin.")
        assert connection.scalar(select(Copy.declaration))["tools"].endswith("x")
