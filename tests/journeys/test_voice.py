"""A voice, from the microphone to the page of the result: recorded, heard again, kept, found again, refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support import browser as chromium
from tests.support.attempt_pages import VOICE, begin, device, hand_in, open_question, saved, upload
from tests.support.school import School
from tests.support.sounds import recording

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def talking(browser: Browser) -> Iterator[Browser]:
    """A browser whose microphone beeps by itself."""
    launched = browser.browser_type.launch(
        executable_path=str(chromium.CHROMIUM), args=[*chromium.ARGUMENTS, *MICROPHONE]
    )
    yield launched
    launched.close()


@pytest.fixture
def phone(talking: Browser, school: School) -> Iterator[BrowserContext]:
    with device(
        talking, school, permissions=["microphone"], viewport={"width": 390, "height": 844}, color_scheme="dark"
    ) as context:
        yield context


def record(page: Page, seconds: float = 2.5) -> None:
    page.get_by_role("button", name="Enregistrer ma voix").click()
    expect(page.get_by_text("L’enregistrement a commencé")).to_be_visible()
    expect(page.get_by_text("Reste 1 min 2")).to_be_visible()
    page.wait_for_timeout(seconds * 1000)
    expect(page.locator("[data-level-words]")).not_to_be_empty()
    page.get_by_role("button", name="Arrêter").click()


def play(page: Page) -> None:
    """The sound starts, and goes on."""
    audio = page.locator("audio").first
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.3")
    assert audio.evaluate("sound => sound.error") is None


def test_a_voice_is_recorded_heard_kept_handed_in_and_heard_on_the_result(
    phone: BrowserContext, school: School
) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, VOICE)
    record(page)
    expect(page.get_by_role("button", name="Garder cet enregistrement")).to_be_focused()
    assert chromium.axe(page) == []
    page.locator("[data-listen]").evaluate("sound => sound.play()")
    play(page)
    assert school.files(public_id) == [], "what is not kept was sent"
    page.get_by_role("button", name="Garder cet enregistrement").click()
    expect(page.get_by_text("Reçu : enregistrement.webm")).to_be_visible()
    saved(page)
    (name, media_type, size), *others = school.files(public_id)
    assert (name, media_type, others) == ("enregistrement.webm", "audio/webm", [])
    assert school.answers(public_id)["e-voix"]["size"] == size
    assert parts_kept(page) == 0, "the device keeps what the server has"
    hand_in(page, public_id)
    for _ in range(20):
        if page.get_by_role("button", name="Écouter").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    assert chromium.axe(page) == []
    assert not chromium.scrolls_sideways(page)
    page.get_by_role("button", name="Écouter").click()
    play(page)
    page.get_by_role("button", name="Pause").click()
    seek = page.get_by_role("slider", name="Aller à une seconde de l’enregistrement")
    seek.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("audio").evaluate("sound => sound.currentTime") == 1
    expect(page.locator("[data-at]")).to_have_text("0 min 01")
    assert seek.get_attribute("aria-valuetext") == f"0 min 01 sur {page.locator('.player').get_attribute('data-total')}"
    page.get_by_role("button", name="Vitesse 1").click()
    expect(page.get_by_role("button", name="Vitesse 1,25")).to_be_visible()


def parts_kept(page: Page) -> int:
    return int(
        page.evaluate("""() => new Promise((resolve, reject) => {
            const opening = indexedDB.open("deust-voices", 1);
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
                const count = opening.result.transaction("parts").objectStore("parts").count();
                count.onsuccess = () => { opening.result.close(); resolve(count.result); };
            };
        })""")
    )


def test_a_tab_closed_while_recording_loses_nothing(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, VOICE)
    page.get_by_role("button", name="Enregistrer ma voix").click()
    page.wait_for_timeout(3500)
    page.close()
    page = phone.new_page()
    open_question(page, public_id, VOICE)
    expect(page.get_by_text("a été retrouvé sur cet appareil")).to_be_visible()
    page.locator("[data-listen]").evaluate("sound => sound.play()")
    play(page)
    page.get_by_role("button", name="Garder cet enregistrement").click()
    expect(page.get_by_text("Reçu : enregistrement.webm")).to_be_visible()
    assert school.files(public_id)[0][2] > 5_000


def test_leaving_with_a_recording_that_is_not_kept_takes_a_second_press(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    open_question(page, public_id, VOICE)
    page.get_by_role("button", name="Enregistrer ma voix").click()
    page.wait_for_timeout(1500)
    page.locator(".steps").get_by_role("button", name="Suivante").click()
    expect(page.get_by_text("n’est pas encore votre réponse")).to_be_visible()
    page.get_by_role("button", name="Recommencer l’enregistrement").click()
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="Arrêter").click()
    with page.expect_navigation():
        page.locator(".steps").get_by_role("button", name="Suivante").click()
    assert school.files(public_id) == []
    page.go_back()
    expect(page.get_by_text("a été retrouvé sur cet appareil")).to_be_visible()


def test_when_the_time_is_up_what_is_recorded_is_kept_and_counts(phone: BrowserContext, school: School) -> None:
    page, who = phone.new_page(), school.student()
    public_id = begin(page, who)
    school.end_in(public_id, seconds=6)
    open_question(page, public_id, VOICE)
    page.get_by_role("button", name="Enregistrer ma voix").click()
    page.wait_for_timeout(9000)
    assert school.files(public_id)[0][0] == "enregistrement.webm"
    assert school.received(public_id, "e-voix")[-1].outcome == "kept"


def test_a_refused_microphone_is_explained_and_a_file_will_do(
    browser: Browser, school: School, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sound = recording(tmp_path_factory.mktemp("sound"), "m4a")
    with device(browser, school) as context:
        page, who = context.new_page(), school.student()
        public_id = begin(page, who)
        open_question(page, public_id, VOICE)
        page.get_by_role("button", name="Enregistrer ma voix").click()
        expect(page.get_by_text("joignez un fichier de son", exact=False).last).to_be_visible()
        upload("accueil.m4a", "audio/mp4", sound)(page)
        expect(page.get_by_text("Reçu : accueil.m4a")).to_be_visible()
    assert school.stored_bytes(public_id) == [sound]


def test_without_a_script_a_file_is_posted_and_the_browser_s_own_player_plays_it(
    browser: Browser, school: School, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sound = recording(tmp_path_factory.mktemp("sound"))
    with device(browser, school, java_script_enabled=False) as context:
        page, who = context.new_page(), school.student()
        public_id = begin(page, who)
        open_question(page, public_id, VOICE)
        expect(page.get_by_role("button", name="Enregistrer ma voix")).to_have_count(0)
        upload("accueil.webm", "audio/webm", sound)(page)
        page.locator(".steps").get_by_role("button", name="Suivante").click()
        hand_in(page, public_id)
        for _ in range(20):
            if page.locator("audio").count():
                break
            page.wait_for_timeout(1000)
            page.reload()
        expect(page.locator("audio")).to_be_visible()
        expect(page.get_by_role("button", name="Écouter")).to_have_count(0)
