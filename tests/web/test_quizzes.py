"""The pages of a quiz over HTTP: as a browser without scripts uses them, and as the page's script does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select, update

from deust.domain import marking
from deust.domain.access import Role
from deust.domain.questions import Json
from deust.models.people import Cohort, Enrolment, Person
from deust.models.quizzes import Attempt, AttemptMarks
from deust.models.records import Receipt
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.forms import form_of, forms_of
from tests.support.pages import shown_without_scripts
from tests.support.sittings import EXAM, GRADED, TRAINING, Sitting

ClientOf = Callable[[Person | Role], Client]
KEPT_APART = "gardée à part"
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    """The training quiz, just started: a question of each type, one a page."""
    return Sitting(student, doors).start()


@pytest.fixture
def exam(student: Client, doors: Doors) -> Sitting:
    """A timed quiz of twenty minutes, all on one page, just started."""
    return Sitting(student, doors, EXAM).start()


def count(doors: Doors, table: type) -> int:
    with doors.reading() as connection:
        return len(connection.execute(select(table)).all())


def test_a_page_without_scripts_promises_nothing_that_scripts_do(sitting: Sitting, exam: Sitting) -> None:
    """It said that answers are saved as they are given and stay on the device, that the end is announced, and that
    one may record oneself there.
    """
    training, timed = (
        shown_without_scripts(sitting.open("e-voix")),
        shown_without_scripts(exam.client.get(f"{exam.path}/questions/1")),
    )
    for shown in (training, timed):
        assert "restent sur cet appareil" not in shown
        assert "Nous vous préviendrons" not in shown
        assert "vos réponses sont enregistrées quand vous changez de page" in shown
    assert "rien ne vous prévient avant la fin" in timed
    assert "rien ne vous prévient" not in training
    assert "n’a pas de micro" in training
    home = shown_without_scripts(sitting.client.get(sitting.home))
    assert "une réponse est enregistrée quand vous changez de page" in home


@pytest.mark.parametrize(
    ("question", "answer", "is_told"),
    [
        ("e-nombre", "cent soixante-douze", True),
        ("e-nombre", "999", False),
        ("e-trous", ["x", 1, "huit"], True),
        ("e-trous", ["x", 1, "3,5"], False),
        ("e-courte", "huit", False),
    ],
)
def test_a_number_that_cannot_be_read_is_said_before_handing_in(
    sitting: Sitting, question: str, answer: Json, is_told: bool
) -> None:
    """« cent soixante-douze » was « Répondue », then worth nothing. A number that is wrong is told from no other."""
    assert sitting.save(question, answer).status_code == 200
    review = sitting.client.get(f"{sitting.path}/relecture").text
    assert ("Nombre illisible\N{NO-BREAK SPACE}: écrivez-le en chiffres" in review.replace(" :", "\xa0:")) == is_told
    assert "Il reste 11 questions sans réponse." in review


# Starting


def test_staff_read_what_will_happen_and_are_not_offered_to_start(client_of: ClientOf, doors: Doors) -> None:
    tutor = client_of(Role.TUTOR)
    page = tutor.get(Sitting(tutor, doors).home)
    assert page.status_code == 200
    assert not [form for _, form in forms_of(page) if form.action.endswith("/essais")]


def test_starting_leads_to_the_first_question_and_starting_again_to_the_same_attempt(
    student: Client, doors: Doors
) -> None:
    sitting = Sitting(student, doors)
    (start,) = [form for _, form in forms_of(student.get(sitting.home)) if form.action.endswith("/essais")]
    first = start.send(student, {})
    assert first.status_code == 303
    assert first.location.endswith("/questions/1")
    assert start.send(student, {}).location == first.location
    assert "Reprendre" in student.get(sitting.home).text
    assert count(doors, Attempt) == 1


def test_a_quiz_that_waits_for_another_item_does_not_start(student: Client, doors: Doors) -> None:
    refused = student.submit("/modules/ec102-suite/bilan/essais")
    assert (refused.status_code, refused.location) == (303, "/modules/ec102-suite/bilan")
    assert "Terminez d’abord" in student.get(refused.location).text
    assert count(doors, Attempt) == 0


def test_a_start_that_is_not_possible_is_a_page_that_says_so(student: Client, doors: Doors, clock: Clock) -> None:
    sitting = Sitting(student, doors, EXAM).start()
    sitting.hand_in()
    assert student.submit(f"{sitting.home}/essais").status_code == 409
    clock.move(weeks=4)
    closed = student.submit("/modules/ec101-accueil/quiz-note/essais")
    assert closed.status_code == 409
    assert "Tout ce qui a été enregistré est gardé." in closed.text
    assert count(doors, Attempt) == 1


@pytest.mark.parametrize("item", ["saluer", "appel", "rien"])
def test_only_a_quiz_starts(student: Client, doors: Doors, item: str) -> None:
    assert student.submit(f"/modules/ec101-accueil/{item}/essais").status_code == 404


# Answering without scripts


def test_each_button_keeps_what_the_page_holds_and_leads_where_it_says(sitting: Sitting) -> None:
    client, answer = sitting.client, sitting.fields("e-simple", 2)
    follow = [
        ("next", "questions/2"),
        ("5", "questions/5"),
        ("review", "relecture"),
    ]
    for go, target in follow:
        left = sitting.form("e-simple").press(client, "go", go, **answer)
        assert (left.status_code, left.location) == (303, f"{sitting.path}/{target}")
    assert sitting.kept() == {"e-simple": 2}
    assert len(sitting.events()) == 1, "what did not change is not written again"
    back = sitting.form("e-multiple").press(client, "go", "previous", **sitting.fields("e-multiple", [1, 2]))
    assert back.location == f"{sitting.path}/questions/1"
    assert form_of(client.get(back.location), "paper").fields.items() >= answer.items()
    away = sitting.form("e-vrai").press(client, "go", "leave", **sitting.fields("e-vrai", False))
    assert away.location == "/aujourdhui"
    assert sitting.kept() == {"e-simple": 2, "e-multiple": [1, 2], "e-vrai": False}
    assert sitting.attempt().closed_at is None, "leaving never hands in"


def test_the_last_page_leads_to_the_review_which_tells_what_is_empty(sitting: Sitting) -> None:
    last = sitting.form("e-fichier")
    for go in ("next", "review"):
        assert last.press(sitting.client, "go", go).location == f"{sitting.path}/relecture"
    review = sitting.client.get(f"{sitting.path}/relecture")
    assert "Il reste 12 questions sans réponse." in review.text
    sitting.save("e-vrai", True)
    assert "Il reste 11 questions sans réponse." in sitting.client.get(f"{sitting.path}/relecture").text


def test_the_answer_to_each_type_comes_back_in_its_fields(sitting: Sitting) -> None:
    answers = {
        "e-simple": 2,
        "e-multiple": [1, 3],
        "e-vrai": True,
        "e-nombre": "172 mots",
        "e-courte": "<b>redire</b> & 'co'",
        "e-paires": [2, None],
        "e-ordre": [3, None, 1],
        "e-trous": ["x", 1, ""],
        "e-texte": "\n\nUne ligne.\n\n  Une autre.</textarea>",
    }
    for name, answer in answers.items():
        fields = sitting.fields(name, answer)
        assert sitting.form(name).press(sitting.client, "go", "next", **fields).status_code == 303
        shown = sitting.form(name).fields
        assert {field: sorted(shown[field]) for field in fields} == {
            field: sorted(texts) for field, texts in fields.items()
        }
    assert sitting.kept() == {**answers, "e-trous": ["x", 1, None]}


def test_a_question_is_marked_unmarked_and_emptied_on_purpose(sitting: Sitting) -> None:
    client, key = sitting.client, sitting.key("e-simple")
    marked = sitting.form("e-simple").press(client, "flag", key, **sitting.fields("e-simple", 1))
    assert marked.location == f"{sitting.path}/questions/1"
    assert "1 marquée pour y revenir" in client.get(marked.location).text
    assert "Marquée pour y revenir" in client.get(f"{sitting.path}/relecture").text
    assert sitting.kept() == {"e-simple": 1}
    sitting.form("e-simple").press(client, "unflag", key)
    assert "1 marquée pour y revenir" not in client.get(marked.location).text
    sitting.form("e-simple").press(client, "clear", key)
    assert sitting.kept() == {"e-simple": None}
    assert f"{key}-answer" not in sitting.form("e-simple").fields


@pytest.mark.case("QZ-09")
def test_two_pages_on_two_questions_keep_both(sitting: Sitting) -> None:
    one, two = sitting.form("e-courte"), sitting.form("e-nombre")
    for number in ("1", "2", "3"):
        one.press(sitting.client, "go", "next", **sitting.fields("e-courte", f"un {number}"))
        two.press(sitting.client, "go", "next", **sitting.fields("e-nombre", number))
    assert sitting.kept() == {"e-courte": "un 3", "e-nombre": "3"}


@pytest.mark.case("QZ-10")
def test_a_stale_page_is_shown_both_answers_and_the_student_chooses(sitting: Sitting) -> None:
    client = sitting.client
    stale, fresh = sitting.form("e-courte"), sitting.form("e-courte")
    fresh.press(client, "go", "next", **sitting.fields("e-courte", "écrite <i>après</i>"))
    asked = stale.press(client, "go", "next", **sitting.fields("e-courte", "écrite avant"))
    assert asked.status_code == 409
    assert "écrite &lt;i&gt;après&lt;/i&gt;" in asked.text
    assert "écrite avant" in asked.text
    assert sitting.kept() == {"e-courte": "écrite <i>après</i>"}
    (mine,) = [form for _, form in forms_of(asked) if form.action.endswith("/reponses")]
    assert mine.send(client, {}).status_code == 303
    assert sitting.kept() == {"e-courte": "écrite avant"}


@pytest.mark.case("QZ-10")
def test_a_stale_script_is_told_the_newer_answer_and_overwrites_nothing(sitting: Sitting) -> None:
    sitting.save("e-courte", "ancienne", client="one")
    sitting.save("e-courte", "récente", client="two", base=1)
    stale = sitting.save("e-courte", "périmée", client="one", sequence=2, base=1)
    told = sitting.told(stale, "e-courte")
    assert (told["outcome"], told["theirs"].strip(), told["fields"]) == ("conflict", "récente", {"answer": ["récente"]})
    assert sitting.kept() == {"e-courte": "récente"}


def test_an_old_page_with_empty_fields_blanks_nothing(sitting: Sitting) -> None:
    """QZ-12."""
    old = sitting.form("e-courte")
    sitting.save("e-courte", "quelque chose")
    old.press(sitting.client, "go", "next")
    assert sitting.kept() == {"e-courte": "quelque chose"}


def test_a_result_once_shown_stays_when_its_student_leaves_the_training(
    exam: Sitting, doors: Doors, clock: Clock
) -> None:
    """Without a calendar nothing seemed ever to close: « La note n’est pas encore montrée »."""
    exam.client.submit(f"{exam.path}/remise")
    clock.move(days=7)
    result = f"{exam.path}/resultat"
    assert "0 / 20" in exam.client.get(result).text.replace(NBSP, " ")
    with doors.writing() as session:
        session.execute(update(Enrolment).values(ended_on=clock.now.date()))
    page = exam.client.get(result).text.replace(NBSP, " ")
    assert "0 / 20" in page
    assert "pas encore montré" not in page


def test_who_left_the_training_is_not_invited_to_try_again(sitting: Sitting, doors: Doors) -> None:
    sitting.client.submit(f"{sitting.path}/remise")
    assert "Refaire ce quiz" in sitting.client.get(f"{sitting.path}/resultat").text
    with doors.writing() as session:
        session.execute(update(Enrolment).values(ended_on=date(2026, 10, 12)))
    assert "Refaire ce quiz" not in sitting.client.get(f"{sitting.path}/resultat").text


def test_who_left_the_training_finds_their_results_and_receipts(sitting: Sitting, doors: Doors) -> None:
    """They landed on the programme, where nothing led to what stays theirs."""
    sitting.client.submit(f"{sitting.path}/remise")
    assert "/resultats" not in sitting.client.get("/programme").text
    with doors.writing() as session:
        session.execute(update(Enrolment).values(ended_on=date(2026, 10, 12)))
    assert 'href="/resultats"' in sitting.client.get("/programme").text
    listed = sitting.client.get("/resultats").text
    assert f'href="{sitting.path}/resultat"' in listed
    assert f'href="/recus/{sitting.attempt().receipt_code}"' in listed
    assert sitting.client.get("/resultats?page=2").text.count("/recus/") == 0


# Time


@pytest.mark.case("QZ-01")
def test_the_server_s_clock_alone_decides(exam: Sitting, clock: Clock) -> None:
    """The page is told the seconds left; whatever the device believes or sends, arrival decides."""
    state = f"{exam.path}/etat"
    assert exam.client.get(state).get_json() == {"seconds_left": 1200, "is_over": False}
    clock.move(minutes=19)
    assert exam.client.get(state).get_json() == {"seconds_left": 60, "is_over": False}
    lies = {"now": "2020-01-01", "saved_at": "2020-01-01T00:00:00Z", "seconds_left": "9999", "deadline": "2099-01-01"}
    in_time = exam.save("x-duree", "10", **lies)
    assert in_time.get_json()["seconds_left"] == 60
    clock.move(minutes=1, seconds=31)
    late = exam.save("x-duree", "11", sequence=2, base=1, **lies)
    assert (exam.outcome(late, "x-duree"), late.get_json()["is_over"]) == ("late", True)
    assert exam.client.get(state).get_json() == {"seconds_left": 0, "is_over": True}
    assert exam.kept() == {"x-duree": "10"}


@pytest.mark.case("QZ-02")
def test_ten_minutes_before_the_close_ten_minutes_are_told_and_enforced(
    student: Client, doors: Doors, clock: Clock
) -> None:
    closes_at = clock.now + timedelta(minutes=10)
    with doors.writing() as session:
        factories.item_dates(session, "ec101-accueil/examen", person_id=student.person.id, closes_at=closes_at)
    home = student.get(f"/modules/ec101-accueil/{EXAM}").text
    assert "La fermeture vient avant la fin de votre temps." in home
    assert re.search(r"20\s*[h:]\s*10", home)
    exam = Sitting(student, doors, EXAM).start()
    assert student.get(f"{exam.path}/etat").get_json()["seconds_left"] == 600
    assert "Le quiz ferme avant" in student.get(f"{exam.path}/questions/1").text
    clock.move(minutes=10, seconds=31)
    assert exam.outcome(exam.save("x-duree", "10"), "x-duree") == "late"


def test_who_left_a_timed_attempt_reads_when_it_ends_wherever_it_is_resumed(exam: Sitting) -> None:
    """« Vos réponses sont gardées. À finir avant dimanche 29 novembre » was read by who had eight minutes left."""
    end = f"mardi 13{NBSP}octobre, 20{NBSP}h{NBSP}20"
    today = exam.client.get("/aujourdhui").text
    assert f"Cet essai se ferme <b>{end}</b>." in today
    assert f"fin {end}" in exam.client.get(exam.home).text


def test_a_quiz_without_a_clock_does_not_say_that_time_goes_on(student: Client, exam: Sitting) -> None:
    assert "Le temps, lui, continue." in student.get(exam.home).text
    assert "Le temps, lui, continue." not in student.get(f"/modules/ec101-accueil/{TRAINING}").text


def test_a_due_date_that_is_past_is_told_as_such_before_starting(student: Client, doors: Doors, clock: Clock) -> None:
    with doors.writing() as session:
        due_at = clock.now - timedelta(days=2)
        factories.item_dates(session, f"ec101-accueil/{TRAINING}", person_id=student.person.id, due_at=due_at)
    home = student.get(f"/modules/ec101-accueil/{TRAINING}").text
    assert "<dt>Avant</dt>" not in home
    past = f"dimanche 11{NBSP}octobre, 20{NBSP}h{NBSP}00"
    assert f"{past}{NBSP}: date passée, le quiz reste ouvert" in home
    Sitting(student, doors).start()
    assert f"{past}{NBSP}: date passée, le quiz reste ouvert" in student.get(f"/modules/ec101-accueil/{TRAINING}").text
    today = student.get("/aujourdhui").text
    assert f"La date est passée depuis {past}." in today
    assert f"À finir avant <b>{past}" not in today


@pytest.mark.case("QZ-03")
@pytest.mark.parametrize("query", ["", "?begin=1", "?begin=0", "?debut=&attempt=1"])
def test_no_question_is_shown_without_an_attempt_and_its_deadline(
    student: Client, doors: Doors, clock: Clock, query: str
) -> None:
    exam = Sitting(student, doors, EXAM)
    exam.public_id = "0" * 32
    for path in (f"{exam.path}/questions/1", f"{exam.path}/relecture", f"{exam.path}/etat", f"{exam.path}/resultat"):
        assert student.get(path + query).status_code == 404
    home = student.get(exam.home + query).text
    assert "bon accueil" not in home
    assert count(doors, Attempt) == 0, "looking starts nothing"
    exam.start()
    deadline = exam.attempt().deadline_at
    assert deadline == clock.now + timedelta(minutes=20)
    clock.move(minutes=5)
    exam.client.submit(f"{exam.home}/essais{query}")
    assert "bon accueil" in student.get(f"{exam.path}/questions/1{query}").text
    assert (exam.attempt().deadline_at, count(doors, Attempt)) == (deadline, 1)


def test_within_the_grace_the_page_still_posts_and_then_says_that_time_is_over(exam: Sitting, clock: Clock) -> None:
    clock.move(minutes=20, seconds=30)
    form = form_of(exam.client.get(f"{exam.path}/questions/1"), "paper")
    assert form.press(exam.client, "go", "review", **exam.fields("x-duree", "10")).status_code == 303
    clock.move(seconds=1)
    for page in ("questions/1", "relecture"):
        over = exam.client.get(f"{exam.path}/{page}")
        assert "Le temps est écoulé." in over.text
        assert "1 question répondue, 1 sans réponse." in over.text
    assert exam.client.get(f"{exam.path}/resultat").location == f"{exam.path}/questions/1"
    assert form_of(over, "hand-in").send(exam.client, {}).location == f"{exam.path}/resultat"
    assert exam.attempt().closed_by == "clock"


@pytest.mark.parametrize("button", [("go", "review"), ("flag", None), ("clear", None)])
def test_a_page_posted_too_late_is_kept_apart_and_the_student_is_told(
    exam: Sitting, clock: Clock, button: tuple[str, str | None]
) -> None:
    exam.save("x-duree", "9")
    form = form_of(exam.client.get(f"{exam.path}/questions/1"), "paper")
    clock.move(minutes=21)
    name, value = button[0], button[1] or exam.key("x-accueil")
    late = form.press(exam.client, name, value, **exam.fields("x-duree", "10"))
    assert late.status_code == 409
    assert KEPT_APART in late.text
    assert exam.kept() == {"x-duree": "9"}
    assert exam.events() == [("9", "kept"), ("10", "late")]


def test_a_page_posted_after_the_hand_in_is_kept_apart(sitting: Sitting) -> None:
    """QZ-11."""
    form = sitting.form("e-courte")
    sitting.hand_in()
    late = form.press(sitting.client, "go", "next", **sitting.fields("e-courte", "trop tard"))
    assert late.status_code == 409
    assert KEPT_APART in late.text
    assert (sitting.kept(), sitting.events()) == ({}, [("trop tard", "late")])
    unchanged = form.press(sitting.client, "flag", sitting.key("e-courte"))
    assert unchanged.location == f"{sitting.path}/questions/5"
    assert sitting.client.get(unchanged.location).location == f"{sitting.path}/resultat"


# Handing in and the result


@pytest.mark.case("QZ-07")
def test_handing_in_twice_refreshing_and_replaying_change_nothing(sitting: Sitting, doors: Doors, clock: Clock) -> None:
    sitting.save("e-simple", 2)
    form = form_of(sitting.client.get(f"{sitting.path}/relecture"), "hand-in")
    first = form.send(sitting.client, {})
    assert (first.status_code, first.location) == (303, f"{sitting.path}/resultat")
    page, closed_at = sitting.result(), sitting.attempt().closed_at
    clock.move(days=1)
    for _ in range(2):
        assert form.send(sitting.client, {}).location == first.location
    assert without_token(sitting.result()) == without_token(page)
    assert sitting.attempt().closed_at == closed_at
    assert (count(doors, Attempt), count(doors, Receipt), count(doors, AttemptMarks)) == (1, 1, 1)


def without_token(page: str) -> str:
    return re.sub(r'csrf.token" (value|content)="[^"]*"', "", page)


def test_after_the_hand_in_the_questions_lead_to_the_result(sitting: Sitting) -> None:
    assert sitting.client.get(f"{sitting.path}/resultat").location == f"{sitting.path}/questions/1"
    sitting.hand_in()
    for page in ("questions/1", "questions/13", "relecture"):
        assert sitting.client.get(f"{sitting.path}/{page}").location == f"{sitting.path}/resultat"


def test_the_result_tells_what_was_left_empty_from_what_is_wrong(sitting: Sitting) -> None:
    """A question that nobody answered was « Inexact »."""
    sitting.save("e-nombre", "999")
    sitting.hand_in()
    assert "Inexact, 0 / " in corrected(sitting, "e-nombre")
    empty = corrected(sitting, "e-courte")
    assert "Sans réponse, 0 / " in empty
    assert "Inexact" not in empty


def test_the_result_shows_the_text_whose_gaps_it_corrects(sitting: Sitting) -> None:
    """« 1 : canaritrou » answered a sentence that was not there."""
    sitting.save("e-trous", ["canaritrou", 1, "3"])
    sitting.hand_in()
    text = " ".join(re.sub(r"<[^>]+>", "", corrected(sitting, "e-trous")).split())
    assert "Il faut (1) le client, (2) de répondre, en (3) secondes." in text


def corrected(sitting: Sitting, question_id: str) -> str:
    """What the result says of one question."""
    return (
        sitting.result()
        .partition(f'<li class="review" id="q-{sitting.key(question_id)}">')[2]
        .partition("Poser une")[0]
    )


def test_the_result_has_a_receipt_that_anyone_can_verify_and_another_try(sitting: Sitting, client: Client) -> None:
    sitting.save("e-simple", 2)
    sitting.hand_in()
    page = sitting.result()
    code = re.search(r'href="/recus/([^"]+)"', page)[1]
    assert "donnez-le à qui doit le vérifier" in page
    receipt = client.get(f"/recus/{code}")
    assert receipt.status_code == 200
    digest = re.search(r'<code class="hash">([0-9a-f]{64})</code>', page)[1]
    assert digest in receipt.text
    assert sitting.client.person.family_name not in receipt.text
    assert "Refaire ce quiz" in page
    before = sitting.public_id
    assert sitting.start().public_id != before


def test_the_result_calls_the_points_of_an_outcome_points_and_says_its_title_once(exam: Sitting) -> None:
    """« Ce qui est acquis » listed 0 / 8 too."""
    title = exam.attempt().settings["title"]
    form_of(exam.client.get(f"{exam.path}/relecture"), "hand-in").send(exam.client, {})
    told = exam.client.get(f"{exam.path}/resultat").text.partition("<main")[2]
    assert told.count(title) == 1
    assert "acquis" not in told


def test_the_result_counts_points_exactly_and_names_what_waits(sitting: Sitting) -> None:
    sitting.save("e-simple", 2)
    sitting.save("e-texte", "Un accueil.")
    sitting.hand_in()
    page = sitting.result()
    assert sitting.attempt().score == Fraction(2)
    assert "Juste, 2 / 2" in page.replace("</b>", "")
    assert "En attente de correction" in page
    assert "Un accueil." in page
    assert "pour l’instant" in sitting.client.get(sitting.home).text
    items = sitting.client.get("/modules/ec101-accueil").text.partition('<ol class="items"')[2]
    line = items[items.index(sitting.home) :].partition("</li>")[0]
    assert "Rendu" in line
    assert "À refaire" not in line


def test_an_attempt_that_the_clock_closed_is_not_listed_as_handed_in(sitting: Sitting, doors: Doors) -> None:
    sitting.hand_in()
    assert "Rendu mardi" in sitting.client.get(sitting.home).text
    with doors.writing() as session:
        session.execute(update(Attempt).values(closed_by="clock"))
    home = sitting.client.get(sitting.home).text
    assert "Fermé à la fin du temps, mardi" in home
    assert "Rendu mardi" not in home


def test_an_attempt_used_up_offers_no_other(student: Client, doors: Doors) -> None:
    graded = Sitting(student, doors, GRADED)
    for _ in range(2):
        graded.start().hand_in()
    assert "Refaire ce quiz" not in graded.result()
    assert student.submit(f"{graded.home}/essais").status_code == 409


# Late answers, for staff


@pytest.fixture
def late(exam: Sitting, clock: Clock) -> Sitting:
    """An exam whose time ended with a wrong answer; the right one came after."""
    exam.save("x-duree", "30")
    clock.move(minutes=21)
    exam.save("x-duree", "10", sequence=2, base=1)
    return exam


def tutor_of(who: Person, doors: Doors, cohort: Cohort, client_of: ClientOf) -> Client:
    with doors.writing() as session:
        group, tutor = factories.group(session, cohort), factories.person(session, role="tutor")
        factories.tutoring(session, tutor, group)
        move_to(session, who, group.id)
    return client_of(tutor)


def move_to(session: object, who: Person, group_id: int) -> None:
    from_enrolment = select(factories.Enrolment).where(factories.Enrolment.person_id == who.id)
    session.scalars(from_enrolment).one().group_id = group_id  # type: ignore[attr-defined]


@pytest.mark.case("QZ-28")
def test_late_answers_are_seen_and_accepted_by_the_group_s_tutor_only(
    late: Sitting, doors: Doors, cohort: Cohort, client_of: ClientOf
) -> None:
    page = f"{late.path}/tardives"
    tutor = tutor_of(late.client.person, doors, cohort, client_of)
    stranger = client_of(Role.TUTOR)
    waiting = tutor.get(page)
    assert "1 réponse est arrivée après l’heure." in waiting.text
    assert "n’est pas encore clos" in waiting.text
    late.hand_in()
    assert late.attempt().score == 0
    for client, status in ((stranger, 404), (client_of(Role.MANAGER), 403), (late.client, 403)):
        assert client.get(page).status_code == status
        assert client.submit(page, {"reason": "je veux"}).status_code == status
    assert late.attempt().score == 0
    shown = tutor.get(page)
    assert late.client.person.family_name in shown.text
    (form,) = [form for _, form in forms_of(shown) if "reason" in form.fields]
    assert tutor.post(page, data={**form.fields, "reason": " "}).status_code == 422
    accepted = tutor.post(page, data={**form.fields, "reason": "réseau coupé"})
    assert (accepted.status_code, accepted.location) == (303, page)
    assert "Aucune réponse n’est arrivée après l’heure." in tutor.get(page).text
    assert (late.attempt().score, late.kept()) == (1, {"x-duree": "10"})
    assert tutor.post(page, data={**form.fields, "reason": "encore"}).status_code == 303
    assert count(doors, AttemptMarks) == 2


def test_a_tutor_finds_the_late_answers_of_the_students_followed_and_of_no_other(
    late: Sitting, doors: Doors, cohort: Cohort, client_of: ClientOf
) -> None:
    tutor = tutor_of(late.client.person, doors, cohort, client_of)
    found = tutor.get("/essais/tardifs").text
    assert "1 essai a des réponses tardives." in found
    assert f"{late.path}/tardives" in found
    assert late.client.person.family_name in client_of(Role.ADMIN).get("/essais/tardifs").text
    nothing = client_of(Role.TUTOR).get("/essais/tardifs").text
    assert "Aucune réponse tardive" in nothing
    assert late.client.person.family_name not in nothing


def test_the_student_is_told_that_late_answers_wait(late: Sitting) -> None:
    late.hand_in()
    assert "1 réponse est arrivée après l’heure." in late.result()


@pytest.mark.case("QZ-28")
@pytest.mark.parametrize(("seconds", "outcome", "score"), [(-180, "kept", 1), (29, "kept", 1), (31, "late", 0)])
def test_what_a_device_replays_counts_by_its_arrival(
    exam: Sitting, clock: Clock, seconds: int, outcome: str, score: int
) -> None:
    """The network was cut, then the local copy is replayed: before the end, within the grace, beyond."""
    clock.set(exam.attempt().deadline_at + timedelta(seconds=seconds))
    assert exam.outcome(exam.save("x-duree", "10"), "x-duree") == outcome
    exam.hand_in()
    assert exam.attempt().score == score
    assert exam.events() == [("10", outcome)]


def test_a_result_advises_by_part_once_its_score_is_told(student: Client, doors: Doors) -> None:
    blank, right = Sitting(student, doors, GRADED).start(), Sitting(student, doors, GRADED)
    blank.hand_in()
    page = student.get(f"{blank.path}/resultat").text
    assert "Relisez la première leçon." in page
    assert '<a class="act" href="/modules/ec101-accueil/saluer">' in page
    right.start()
    for question_id in right.paper():
        if question_id in ("n-premier", "n-prenom", "n-politesse"):
            right.save(question_id, marking.right_answer(right.asked(question_id)))
    right.hand_in()
    page = student.get(f"{right.path}/resultat").text
    assert "Passez à la suite." in page
    assert "Relisez" not in page


def test_a_test_that_nobody_fails_says_where_to_begin_before_how_much(student: Client, doors: Doors) -> None:
    sitting = Sitting(student, doors)
    sitting.home = "/modules/pour-tous/noter"
    sitting.start().hand_in()
    page = student.get(f"{sitting.path}/resultat").text
    assert re.search(r"<h1>\s*Voici par où commencer\.", page)
    assert "Revoyez comment un numéro se note." in page
    assert "0 point sur 1" in page


def test_what_is_not_shown_yet_is_told_with_its_moment(student: Client, doors: Doors, clock: Clock) -> None:
    """« Elle le sera à la fermeture » was said of every hidden mark, and of hidden answers nothing."""
    graded = Sitting(student, doors, GRADED).start()
    graded.hand_in()
    assert "montrés : ils le seront quand il ne restera plus d’essai, ou à la fermeture, dimanche" in plain(
        graded.result()
    )
    with doors.writing() as session:
        closes_at = clock.now + timedelta(days=2)
        factories.item_dates(session, f"ec101-accueil/{EXAM}", person_id=student.person.id, closes_at=closes_at)
    exam = Sitting(student, doors, EXAM).start()
    exam.hand_in()
    page = plain(exam.result())
    assert "elle le sera à la fermeture, jeudi 15 octobre, 20 h 00." in page
    assert "ils le seront à la fermeture, jeudi 15 octobre, 20 h 00." in page


def plain(page: str) -> str:
    return page.replace(NBSP, " ")


def test_a_hidden_score_gives_no_advice(student: Client, doors: Doors) -> None:
    exam = Sitting(student, doors, EXAM).start()
    exam.hand_in()
    assert "Nos conseils" not in student.get(f"{exam.path}/resultat").text


def test_advice_gives_no_points_while_what_is_right_is_hidden(student: Client, doors: Doors) -> None:
    """A part may have one question: its points would tell it."""
    graded = Sitting(student, doors, GRADED).start()
    graded.hand_in()
    first = graded.result()
    assert "Relisez la première leçon." in first
    assert re.search(r"accueil</span>, 0 sur 2", first) is None
    Sitting(student, doors, GRADED).start().hand_in()
    assert re.search(r"accueil</span>, 0 sur 2", graded.result())


def test_a_graded_quiz_that_counts_in_no_mark_says_so_before_and_after(student: Client, doors: Doors) -> None:
    apart = Sitting(student, doors)
    apart.home = "/modules/pour-tous/noter"
    assert "noté sur 20, ne compte pas dans la note de l’ECUE" in student.get(apart.home).text
    apart.start().hand_in()
    assert "il ne compte pas dans la note de l’ECUE" in student.get(f"{apart.path}/resultat").text
    counted = Sitting(student, doors, GRADED)
    assert "ne compte pas" not in student.get(counted.home).text
    counted.start().hand_in()
    assert "ne compte pas" not in student.get(f"{counted.path}/resultat").text
