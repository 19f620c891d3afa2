from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from deust.content.index import stemmed
from deust.domain.access import Role
from deust.domain.learning import Term
from deust.domain.quizzes import Mode
from deust.models.learning import ItemProgress, SearchEntry
from deust.models.transaction import reading, writing
from deust.queries.search import MAX_FOUND, search_page, searched_stems, snippet
from deust.services.learning import index_programme
from tests.support import factories
from tests.support.clock import NOW
from tests.support.programmes import a_check, a_lesson, a_module, a_programme, a_quiz
from tests.support.statements import statements

pytestmark = pytest.mark.both

WELCOME = a_lesson(
    "accueillir",
    title="Accueillir un client",
    body="L'élève écoute. Les réclamations arrivent <b>vite</b> & fort.",
    is_public=True,
    checks=(a_check("secrete", title="Que vaut le ZIGZAG ?"),),
)
LISTEN = a_lesson("ecouter", title="Écouter", body="Avant de répondre à une réclamation, écoutez. Un client attend.")
LATER = a_lesson("plus-tard", title="Plus tard", body="La réclamation écrite.", requires=("ecouter",))
TERM = Term(slug="fcr", name="FCR", long="résolution au premier contact", definition="Sans rappel du client.")
PROGRAMME = a_programme([a_module(WELCOME, LISTEN, LATER)], glossary=(TERM,))


@pytest.fixture
def indexed(database):
    with writing() as session:
        index_programme(session, PROGRAMME)


@pytest.fixture
def learner(indexed):
    with writing() as session:
        return factories.learner(session)


def found(query, learner=None, programme=PROGRAMME):
    with reading() as connection:
        return search_page(connection, query, programme=programme, learner=learner, now=NOW).found


def urls(query, learner=None):
    return [page.url for page in found(query, learner)]


@pytest.mark.parametrize("query", ["écouter", "ecouter", "ECOUTEZ", "« écoute »", "l'écoute"])
def test_accents_case_and_endings_do_not_count(learner, query):
    assert "/modules/ec131/ecouter" in urls(query, learner)


def test_every_word_must_be_there_and_titles_come_first(learner):
    assert urls("client écouter", learner)[0] in {"/modules/ec131/ecouter", "/modules/ec131/accueillir"}
    assert urls("client", learner)[0] == "/modules/ec131/accueillir"
    assert urls("client hippopotame", learner) == []


def test_the_last_word_may_be_cut_short(learner):
    assert "/modules/ec131/accueillir" in urls("accue", learner)


def test_the_glossary_answers_too(learner):
    page = found("FCR", learner)[0]
    assert (page.url, page.kind, page.title) == ("/glossaire#fcr", "term", "FCR")


def test_small_words_alone_do_not_hide_the_answer(learner):
    assert searched_stems("qu'est-ce que le FCR") == (stemmed("FCR"),)
    assert searched_stems("le la") == tuple(stemmed("le la").split())


def test_a_guest_finds_public_lessons_and_words_only(indexed):
    assert urls("réclamation") == ["/lecons/ec131/accueillir"]
    assert urls("rappel") == ["/glossaire#fcr"]
    assert urls("structure appel") == []


def test_a_guest_finds_a_public_module_and_the_quiz_to_train_of_it(database):
    items = (
        replace(WELCOME, module="tous"),
        a_quiz("essai", module="tous"),
        a_quiz("note", Mode.GRADED, module="tous"),
    )
    module = a_module(*items, id="tous", title="Téléphoner", is_public=True)
    programme = a_programme([module, replace(module, id="prive", items=(), is_public=False)])
    with writing() as session:
        index_programme(session, programme)
    assert [page.url for page in found("téléphoner", programme=programme)] == ["/documents/tous"]
    assert [page.url for page in found("vérifier", programme=programme)] == ["/documents/tous/quiz/essai"]


def test_a_student_finds_what_is_open_and_staff_find_all(learner):
    assert "/modules/ec131/plus-tard" not in urls("réclamation", learner)
    with writing() as session:
        tutor = factories.signed_in(factories.person(session, role=Role.TUTOR.value))
        session.add(
            ItemProgress(
                person_id=learner.person_id,
                item_ref=LISTEN.ref,
                opened_at=NOW,
                touched_at=NOW,
                checks_tried={},
                completed_at=NOW,
            )
        )
    assert "/modules/ec131/plus-tard" in urls("réclamation", tutor)
    assert "/modules/ec131/plus-tard" in urls("réclamation", learner)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COMPANY_TUTOR])
def test_who_does_not_read_the_programme_finds_what_a_guest_finds(indexed, role):
    """Who left the training, or never had it, was shown extracts of lessons that they may not open."""
    with writing() as session:
        person = factories.signed_in(factories.person(session, role=role.value))
    assert urls("client", person) == urls("client") == ["/lecons/ec131/accueillir", "/glossaire#fcr"]


def test_questions_and_their_answers_are_not_searched(learner):
    assert urls("zigzag", learner) == []


def test_a_list_that_is_cut_is_not_said_to_be_all_that_answers(learner):
    """« 20 pages parlent de « écoute » » was said of whatever had twenty or more."""
    lessons = [a_lesson(f"l-{number}", body="Écoutez.") for number in range(MAX_FOUND + 1)]
    for count, has_more in ((MAX_FOUND, False), (MAX_FOUND + 1, True)):
        programme = a_programme([a_module(*lessons[:count])], version=f"v{count}")
        with writing() as session:
            index_programme(session, programme)
        with reading() as connection:
            page = search_page(connection, "écouter", programme=programme, learner=learner, now=NOW)
        assert (len(page.found), page.has_more) == (MAX_FOUND, has_more)


@pytest.mark.parametrize(
    "query",
    ["", "   ", '"', "'", "*", '"client', "client*", "AND", "NEAR(client", "a:b", "-client", "client & | !", "(", "\\",
     "\0", "stems:client", "💥", "%", "x" * 5000, "client <-> client", ":*"],
)  # fmt: skip
def test_no_query_fails(learner, query):
    assert len(found(query, learner)) <= MAX_FOUND


def test_another_programme_is_not_searched(learner):
    assert found("client", learner, a_programme([a_module(WELCOME)], id="autre")) == ()


def test_the_snippet_marks_the_words_and_leaves_escaping_to_the_page():
    pieces = snippet("Avant. Les réclamations arrivent <b>vite</b>.", (stemmed("réclamation"),))
    assert pieces == (("Avant. Les ", False), ("réclamations", True), (" arrivent <b>vite</b>.", False))


def test_a_long_text_is_cut_around_the_first_word_found():
    pieces = snippet("mot " * 200 + "cible " + "mot " * 200, ("cibl",))
    assert (pieces[0], pieces[-1]) == (("… ", False), ("…", False))
    assert ("cible", True) in pieces
    assert sum(len(text) for text, _ in pieces) < 320


def test_a_new_version_forgets_what_it_no_longer_says(learner):
    with writing() as session:
        index_programme(session, a_programme([a_module(LISTEN)], version="2"))
    assert urls("vite", learner) == []
    assert urls("écouter", learner) == ["/modules/ec131/ecouter"]


def test_a_changed_entry_is_found_by_its_new_words(learner):
    with writing() as session:
        entry = session.scalars(select(SearchEntry).where(SearchEntry.ref == LISTEN.ref)).one()
        entry.stems = "trombon"
    assert urls("trombone", learner) == ["/modules/ec131/ecouter"]
    assert "/modules/ec131/ecouter" not in urls("réclamation", learner)


def test_a_search_costs_two_statements(learner):
    with statements() as sent:
        found("client", learner)
    assert len(sent) == 2
