"""Whatever breaks while a student answers, what the server acknowledged is what counts, and the rest stays in sight.

Here on PostgreSQL; the other journeys of students are on SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Route, expect

from tests.support.attempt_pages import (
    ESSAY,
    EXAM,
    FAILING,
    OFFLINE,
    SINGLE,
    TRUE,
    answer_multiple,
    answer_single,
    answer_truth,
    begin,
    device,
    go_next,
    hand_in,
    kept_records,
    open_question,
    saved,
    sign_in,
    status,
    the_text,
)
from tests.support.databases import Databases
from tests.support.school import PASSWORD, School

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, postgres_databases: Databases) -> Iterator[School]:
    made = School(tmp_path_factory.mktemp("losses"), url=postgres_databases.fresh())
    yield made
    made.close()


def height_of(place: Locator) -> float:
    """Where it stands in the window."""
    box = place.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.case("QZ-28")
def test_the_network_goes_and_comes_back(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    phone.set_offline(True)
    the_text(page).fill("Écrit dans le train.")
    expect(status(page)).to_contain_text(OFFLINE)
    expect(status(page)).to_have_class("saved offline")
    assert kept_records(page) == 1
    page.set_viewport_size({"width": 390, "height": 600})
    page.get_by_role("button", name="Relire avant de rendre").click()
    stay = page.get_by_text("Le réseau ou le serveur manque : restez sur cette page.")
    expect(stay, "on a phone, the button pressed stands a screen below").to_be_in_viewport()
    expect(the_text(page)).to_have_value("Écrit dans le train.")
    phone.set_offline(False)
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Écrit dans le train."
    assert kept_records(page) == 0
    go_next(page)
    assert page.url.endswith(f"/{ESSAY + 1}")


def test_pages_closed_before_the_server_answers_are_continued_by_the_next(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    essay = phone.new_page()
    open_question(essay, public_id, ESSAY)
    the_text(essay).fill("Avant.")
    saved(essay)
    school.server.kill()
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    the_text(essay).fill("Avant. Puis sans serveur.")
    expect(status(essay)).to_contain_text(FAILING)
    page.close()
    essay.close()
    school.server.start()
    assert school.answers(public_id) == {"e-texte": "Avant."}
    page = phone.new_page()
    open_question(page, public_id, ESSAY)
    expect(the_text(page)).to_have_value("Avant. Puis sans serveur.")
    saved(page)
    assert school.answers(public_id) == {"e-simple": 2, "e-texte": "Avant. Puis sans serveur."}
    the_text(page).fill("Avant. Puis sans serveur. Puis après.")
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Avant. Puis sans serveur. Puis après."
    events = school.received(public_id, "e-texte")
    assert [event.outcome for event in events] == ["kept"] * 3
    assert len({event.client for event in events}) == 1


@pytest.mark.case("QZ-24")
def test_the_server_is_killed_and_started_again(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    answer_single(page)
    saved(page)
    go_next(page)
    answer_multiple(page)
    saved(page)
    open_question(page, public_id, ESSAY)
    the_text(page).press_sequentially("Bonjour, ")
    school.server.kill()
    the_text(page).press_sequentially("ici Lina.")
    expect(status(page)).to_contain_text(FAILING)
    expect(the_text(page)).to_have_value("Bonjour, ici Lina.")
    assert kept_records(page) == 1
    school.server.start()
    saved(page, seconds=35)
    assert school.answers(public_id) == {
        "e-simple": 2,
        "e-multiple": [1, 2],
        "e-texte": "Bonjour, ici Lina.",
    }
    hand_in(page, public_id)
    assert school.answers(public_id)["e-texte"] == "Bonjour, ici Lina."


def test_an_acknowledgement_lost_on_the_way_stores_the_answer_once(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    lost: list[int] = []

    def lose(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        lost.append(response.status)
        route.abort("connectionreset")  # type: ignore[attr-defined]

    phone.route("**/reponses", lose, times=1)
    answer_single(page)
    saved(page)
    assert lost == [200]
    assert [event.outcome for event in school.received(public_id, "e-simple")] == ["kept"]


@pytest.mark.case("AU-13")
def test_a_session_that_ends_is_opened_again_in_place(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    school.end_sessions(who)
    the_text(page).fill("Écrit après la fin de la session.")
    dialog = page.get_by_role("dialog", name="Reconnectez-vous pour continuer")
    expect(dialog).to_be_visible()
    assert "e-texte" not in school.answers(public_id)
    dialog.get_by_label("Mot de passe").fill("ce n'est pas le bon mot de passe")
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog.get_by_role("alert")).to_contain_text("ne convient pas")
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog).to_be_hidden()
    saved(page)
    assert school.answers(public_id)["e-texte"] == "Écrit après la fin de la session."
    go_next(page)
    assert page.url.endswith(f"/{ESSAY + 1}")


@pytest.mark.case("AU-13", "QZ-33")
def test_another_person_on_the_same_device_neither_sees_nor_sends_them(phone: BrowserContext, school: School) -> None:
    page, owner, other = phone.new_page(), school.student(), school.student()
    public_id = begin(page, owner)
    school.server.kill()
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    page.close()
    school.server.start()
    phone.clear_cookies()
    page = phone.new_page()
    others_id = begin(page, other)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("radio", name="l’enseigne")).not_to_be_checked()
    assert "e-simple" not in school.answers(public_id)
    assert "e-simple" not in school.answers(others_id)
    assert kept_records(page) == 1
    phone.clear_cookies()
    sign_in(page, owner)
    open_question(page, public_id, SINGLE)
    saved(page)
    assert school.answers(public_id)["e-simple"] == 2


@pytest.mark.case("AU-13")
def test_a_page_left_open_stays_with_its_person(phone: BrowserContext, school: School) -> None:
    mine, owner, other = phone.new_page(), school.student(), school.student()
    public_id = begin(mine, owner)
    phone.clear_cookies()
    theirs = phone.new_page()
    begin(theirs, other)
    posts: list[int] = []
    mine.on("response", lambda response: posts.append(response.status) if "/reponses" in response.url else None)
    answer_single(mine)
    dialog = mine.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert set(posts) == {400}
    assert "e-simple" not in school.answers(public_id)
    dialog.get_by_label("Adresse e-mail").fill(other.email)
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    expect(dialog.get_by_role("alert")).to_contain_text("autre personne")
    dialog.get_by_label("Adresse e-mail").fill(owner.email)
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="Se reconnecter").click()
    saved(mine)
    assert school.answers(public_id)["e-simple"] == 2


@pytest.mark.case("QZ-10")
def test_two_tabs_on_a_question_show_both_answers_and_blank_nothing(phone: BrowserContext, school: School) -> None:
    first, who = phone.new_page(), school.student()
    public_id = begin(first, who)
    open_question(first, public_id, ESSAY)
    second = phone.new_page()
    open_question(second, public_id, ESSAY)
    the_text(second).fill("Écrit dans le second onglet.")
    saved(second)
    the_text(first).fill("Écrit dans le premier onglet.")
    asked = first.get_by_role("alert").filter(has_text="Une autre réponse a été enregistrée")
    expect(asked).to_contain_text("Écrit dans le premier onglet.")
    expect(asked).to_contain_text("Écrit dans le second onglet.")
    expect(the_text(first)).to_have_value("Écrit dans le premier onglet.")
    assert school.answers(public_id)["e-texte"] == "Écrit dans le second onglet."
    first.get_by_role("button", name="Suivante").click()
    expect(asked.get_by_role("button", name="Garder ma réponse")).to_be_focused()
    asked.get_by_role("button", name="Garder ma réponse").click()
    saved(first)
    assert school.answers(public_id)["e-texte"] == "Écrit dans le premier onglet."
    the_text(second).fill("Encore le second.")
    asked = second.get_by_role("alert").filter(has_text="Une autre réponse a été enregistrée")
    asked.get_by_role("button", name="Prendre l’autre").click()
    expect(the_text(second)).to_have_value("Écrit dans le premier onglet.")
    assert kept_records(second) == 0
    assert school.answers(public_id)["e-texte"] == "Écrit dans le premier onglet."


@pytest.mark.case("QZ-09")
def test_two_tabs_on_two_questions_keep_both(phone: BrowserContext, school: School) -> None:
    first, who = phone.new_page(), school.student()
    public_id = begin(first, who)
    second = phone.new_page()
    open_question(second, public_id, TRUE)
    answer_single(first)
    answer_truth(second)
    saved(first)
    saved(second)
    assert school.answers(public_id) == {"e-simple": 2, "e-vrai": True}


def test_reload_and_the_back_button_find_what_was_written(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, ESSAY)
    the_text(page).press_sequentially("Trois mots écrits")
    page.reload()
    expect(the_text(page)).to_have_value("Trois mots écrits")
    saved(page)
    the_text(page).press_sequentially(" puis deux")
    go_next(page)
    page.go_back()
    expect(the_text(page)).to_have_value("Trois mots écrits puis deux")
    assert school.answers(public_id)["e-texte"] == "Trois mots écrits puis deux"
    page.go_forward()
    assert {event.outcome for event in school.received(public_id, "e-texte")} == {"kept"}


def test_handing_in_waits_for_what_this_device_holds(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    phone.route("**/reponses", lambda route: route.abort())
    answer_single(page)
    expect(status(page)).to_contain_text(FAILING)
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    expect(page.get_by_text("ne sont pas encore arrivées")).to_be_visible()
    assert not school.is_closed(public_id)
    phone.unroute("**/reponses")
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_url("**/resultat")
    assert school.answers(public_id)["e-simple"] == 2


def test_handing_in_without_them_takes_a_second_act_and_keeps_them_apart(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    other = phone.new_page()
    open_question(other, public_id, TRUE)
    open_question(page, public_id, ESSAY)
    the_text(page).fill("long " * 20_001)
    expect(page.get_by_role("alert").filter(has_text="trop long")).to_be_visible()
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    expect(page.get_by_text("n’ont pas pu être enregistrées")).to_be_visible()
    expect(page.get_by_text("retour du réseau")).not_to_be_visible()
    page.get_by_role("button", name="Rendre sans elles").click()
    page.wait_for_url("**/resultat")
    assert school.answers(public_id) == {}
    answer_truth(other)
    expect(other.get_by_text("Arrivée après l’heure ou après la remise")).to_be_visible()
    assert school.answers(public_id) == {}
    assert [event.outcome for event in school.received(public_id, "e-vrai")] == ["late"]


def test_a_deadline_that_moves_shows_on_the_open_page(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    begin(page, who, EXAM)
    rules = page.locator("[data-rules]")
    expect(rules).to_contain_text("20 min en tout")
    expect(page.locator("[data-left]")).to_contain_text("19 min")
    school.grant(who, extra_minutes=10)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-left]")).to_contain_text("29 min")
    expect(page.get_by_text("Votre temps a été prolongé : il reste")).to_be_visible()
    expect(rules).to_contain_text("30 min en tout : 20 min, plus votre temps accordé")


@pytest.mark.case("QZ-01")
def test_the_last_minutes_are_said_once_and_the_clock_of_the_device_decides_nothing(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who, EXAM)
    page.add_init_script("Date.now = () => 0")
    school.end_in(public_id, seconds=303)
    open_question(page, public_id, 1)
    expect(page.get_by_role("status").filter(has_text=re.compile("^Il reste (5 min 00|4 min 5)"))).to_have_count(1)
    expect(page.locator("[data-left]")).to_contain_text("4 min 5")
    page.get_by_role("radio", name="l’enseigne").check()
    saved(page)
    school.end_in(public_id, seconds=-27)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("Le temps est écoulé.")).to_be_visible()
    see_result = page.get_by_role("button", name="Voir le résultat")
    see_result.or_(page.get_by_role("heading", name="Votre reçu")).wait_for(timeout=30_000)
    if see_result.is_visible():
        see_result.click()
    page.wait_for_url("**/resultat")
    assert school.is_closed(public_id)
    assert school.answers(public_id) == {"x-accueil": 1}


def test_the_last_minutes_and_the_state_are_seen_where_one_writes_and_move_nothing(
    browser: Browser, school: School
) -> None:
    who = school.student()
    with device(browser, school, viewport={"width": 390, "height": 500}) as phone:
        page = phone.new_page()
        public_id = begin(page, who)
        school.end_in(public_id, seconds=304)
        open_question(page, public_id, ESSAY)
        expect(page.locator(".timer:not(.badge)")).to_be_visible()
        the_text(page).focus()
        page.evaluate("scrollBy(0, 120)")
        before = height_of(the_text(page))
        expect(page.locator(".timer.warning")).to_be_in_viewport(ratio=1)
        the_text(page).press_sequentially("Bonjour")
        phone.set_offline(True)
        the_text(page).press_sequentially(" !")
        expect(status(page)).to_contain_text(OFFLINE)
        expect(status(page)).to_be_in_viewport(ratio=1)
        assert height_of(the_text(page)) == pytest.approx(before, abs=1)
        phone.set_offline(False)
        saved(page)
        assert height_of(the_text(page)) == pytest.approx(before, abs=1)


def test_a_notice_that_comes_while_one_writes_moves_nothing(browser: Browser, school: School) -> None:
    who = school.student()
    with device(browser, school, viewport={"width": 390, "height": 844}) as phone:
        page = phone.new_page()
        begin(page, who, EXAM)
        the_field = page.get_by_label("Votre réponse")
        for scrolled in (0, 150):
            the_field.focus()
            page.evaluate("y => scrollTo(0, y)", scrolled)
            before = height_of(the_field)
            school.grant(who, extra_minutes=10 + scrolled // 10)
            page.evaluate("dispatchEvent(new Event('online'))")
            expect(page.locator("[data-notice=moved]")).to_have_count(1)
            page.wait_for_timeout(100)
            assert height_of(the_field) == pytest.approx(before, abs=1)
            page.reload()


def test_a_press_is_answered_at_once_and_taken_once_while_the_server_is_slow(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    posts: list[str] = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.is_navigation_request() else None)

    def later(route: Route) -> None:
        if route.request.is_navigation_request():
            page.wait_for_timeout(600)
        route.continue_()

    page.route("**/reponses", later)
    page.route("**/remise", later)
    for address, name in (("questions/1", "Suivante"), ("relecture", "Rendre maintenant")):
        page.goto(f"/essais/{public_id}/{address}")
        posts.clear()
        shown = page.evaluate(
            """name => {
                const buttons = [...document.querySelectorAll("button.primary")];
                const button = buttons.find(one => one.innerText.includes(name));
                button.click();
                setTimeout(() => button.click(), 300);
                return [button.innerText, button.ariaBusy, document.querySelector("[data-saved]").innerText];
            }""",
            name,
        )
        assert shown == ["Envoi en cours…", "true", "Envoi en cours…"]
        page.wait_for_url(re.compile("questions/2|resultat"))
        assert len([url for url in posts if url.endswith(("/reponses", "/remise"))]) == 1


def test_an_answer_that_arrives_after_the_time_is_kept_apart(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who, EXAM)
    phone.set_offline(True)
    page.get_by_role("radio", name="l’enseigne").check()
    expect(status(page)).to_contain_text(OFFLINE)
    school.end_in(public_id, seconds=-60)
    phone.set_offline(False)
    expect(page.get_by_text("Arrivée après l’heure ou après la remise")).to_be_visible()
    expect(page.get_by_role("link", name="Voir le résultat")).to_be_visible()
    assert school.answers(public_id) == {}
    assert [event.outcome for event in school.received(public_id, "x-accueil")] == ["late"]
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Le temps est écoulé")
    page.get_by_role("button", name="Voir le résultat").click()
    page.wait_for_url("**/resultat")
