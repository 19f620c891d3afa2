"""A file of a few megabytes on a poor line: cut, resumed by itself, after a reload, and chosen again."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.support import browser as chromium
from tests.support.attempt_pages import (
    FILE,
    begin,
    device,
    hand_in,
    kept_records,
    open_question,
    saved,
    sign_in,
    the_text,
    upload,
)
from tests.support.canaries import COURSES
from tests.support.school import School

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PDF = b"%PDF-1.4\n" + random.Random(1).randbytes(4_000_000)


@pytest.fixture(scope="module")
def roomy_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """The same courses, whose files may be of 8 MB."""
    folder = tmp_path_factory.mktemp("roomy")
    courses = Path(shutil.copytree(COURSES, folder / "courses"))
    training = courses / "deust-essai" / "ec101-accueil" / "03-entrainement.md"
    text = training.read_text()
    assert "max=1MB" in text
    training.write_text(text.replace("max=1MB", "max=8MB"))
    (folder / "instance").mkdir()
    made = School(folder / "instance", courses)
    yield made
    made.close()


@pytest.fixture
def tablet(browser: Browser, roomy_school: School) -> Iterator[BrowserContext]:
    with device(browser, roomy_school) as context:
        yield context


class Line:
    """The network between a page and the parts of a file: cut once the server has this share of it."""

    def __init__(self, context: BrowserContext, share: float) -> None:
        self.most = int(len(PDF) * share)
        self.is_cut = True
        self.offsets: list[int] = []
        context.route("**/depots/*", self._carry)

    def _carry(self, route: Route, request: Request) -> None:
        offset = int(request.headers.get("upload-offset", 0))
        if request.method == "PATCH" and self.is_cut and offset >= self.most:
            route.abort("connectionreset")
            return
        if request.method == "PATCH":
            self.offsets.append(offset)
        route.continue_()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("chosen") / "rapport.pdf", PDF)


@pytest.fixture(scope="module")
def large_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("chosen") / "trop.pdf", PDF * 3)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def choose(page: Page, file: Path) -> None:
    """From the disk, as a person does: handed over as bytes, these megabytes pass through each process on the way."""
    page.locator("input[type=file]").set_input_files(file)


def test_a_file_cut_at_60_per_cent_goes_on_by_itself(
    tablet: BrowserContext, roomy_school: School, report: Path
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 0.6)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    choose(page, report)
    expect(page.get_by_text("Envoi de rapport.pdf coupé : il reprendra de lui-même")).to_be_visible()
    assert roomy_school.files(public_id) == [], "half a file passes for handed in"
    assert kept_records(page) == 1
    before = len(line.offsets)
    line.is_cut = False
    expect(page.get_by_text("Reçu : rapport.pdf")).to_be_visible(timeout=20_000)
    saved(page)
    assert min(line.offsets[before:]) >= 0.6 * len(PDF), "it began again"
    assert line.offsets == sorted(set(line.offsets)), "a part was sent twice"
    assert roomy_school.stored_bytes(public_id) == [PDF]
    hand_in(page, public_id)
    assert roomy_school.answers(public_id)["e-fichier"]["size"] == len(PDF)


def test_a_file_cut_at_60_per_cent_goes_on_after_a_reload(
    tablet: BrowserContext, roomy_school: School, report: Path
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 0.6)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    choose(page, report)
    expect(page.get_by_text("coupé")).to_be_visible()
    page.reload()
    expect(page.get_by_text("coupé")).to_be_visible()
    before = len(line.offsets)
    line.is_cut = False
    page.reload()
    expect(page.get_by_text("Reçu : rapport.pdf")).to_be_visible(timeout=20_000)
    assert min(line.offsets[before:]) >= 0.6 * len(PDF)
    assert roomy_school.stored_bytes(public_id) == [PDF]


def test_a_file_goes_on_while_other_questions_are_answered(
    tablet: BrowserContext, roomy_school: School, report: Path
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 0.6)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    choose(page, report)
    expect(page.get_by_text("coupé")).to_be_visible()
    with page.expect_navigation():
        page.locator(".jump button", has_text="10").click()
    the_text(page).fill("Pendant ce temps.")
    expect(page.locator("[data-saved]:visible")).to_contain_text("Réponse 10 enregistrée")
    assert roomy_school.answers(public_id)["e-texte"] == "Pendant ce temps."
    before = len(line.offsets)
    line.is_cut = False
    expect(page.locator("[data-saved]:visible")).to_contain_text("Réponse 12 enregistrée", timeout=40_000)
    assert min(line.offsets[before:]) >= 0.6 * len(PDF)
    assert roomy_school.stored_bytes(public_id) == [PDF]


def test_a_device_that_kept_nothing_asks_for_the_file_again_and_goes_on(
    browser: Browser, roomy_school: School, report: Path
) -> None:
    """Another device, or a browser that was emptied: the file is known by its name, its size and its beginning."""
    who = roomy_school.student()
    with device(browser, roomy_school) as lost:
        page, _ = lost.new_page(), Line(lost, 0.6)
        public_id = begin(page, who)
        open_question(page, public_id, FILE)
        choose(page, report)
        expect(page.get_by_text("coupé")).to_be_visible()
    with device(browser, roomy_school, viewport={"width": 390, "height": 844}) as other:
        page = other.new_page()
        from_there = Line(other, 2)
        sign_in(page, who)
        open_question(page, public_id, FILE)
        expect(page.get_by_text(re.compile(r"Envoi interrompu\s: rapport.pdf, [67]"))).to_be_visible()
        assert chromium.axe(page) == []
        choose(page, report)
        expect(page.get_by_text("Reçu : rapport.pdf")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("Envoi interrompu")).to_have_count(0)
        assert min(from_there.offsets) >= 0.6 * len(PDF)
    assert roomy_school.stored_bytes(public_id) == [PDF]


def test_what_is_too_large_is_refused_before_it_leaves(
    tablet: BrowserContext, roomy_school: School, large_report: Path
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 2)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    choose(page, large_report)
    expect(page.locator("[data-problem]:visible")).to_contain_text("trop.pdf est refusé")
    expect(page.locator("[data-problem]:visible")).to_contain_text("plus lourd")
    assert line.offsets == []


def test_a_file_that_is_refused_is_said_so_and_does_not_hold_the_hand_in(
    tablet: BrowserContext, roomy_school: School
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 2)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    upload("faux.pdf", "application/pdf", b"MZ" + bytes(2000))(page)
    expect(page.locator("[data-problem]:visible")).to_contain_text("faux.pdf est refusé")
    expect(page.locator("[data-problem]:visible")).to_contain_text("format accepté")
    expect(page.locator("[data-saved]:visible")).to_contain_text("Fichier refusé : faux.pdf")
    parts = len(line.offsets)
    page.reload()
    expect(page.locator("[data-problem]:visible")).to_contain_text("faux.pdf est refusé")
    page.goto(f"/essais/{public_id}/relecture")
    notice = page.locator("[data-notices]")
    expect(notice).to_contain_text("Question 12 : faux.pdf est refusé et ne sera pas rendu.")
    assert chromium.axe(page) == []
    notice.get_by_role("link", name="Ouvrir la question").click()
    page.wait_for_url("**/questions/13")
    expect(page.locator("[data-problem]:visible")).to_contain_text("faux.pdf est refusé")
    hand_in(page, public_id)
    assert len(line.offsets) == parts, "a refused file left again"
    assert roomy_school.files(public_id) == []
    assert kept_records(page) == 0


def test_a_file_refused_by_the_device_without_network_waits_for_nothing_and_gives_its_place(
    tablet: BrowserContext, roomy_school: School, report: Path, large_report: Path
) -> None:
    """Nothing asked of the server: the page knows the sizes and the formats of its question."""
    page, who = tablet.new_page(), roomy_school.student()
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    tablet.set_offline(True)
    problem = page.locator("[data-problem]:visible")
    upload("rapport.exe", "application/octet-stream", b"MZ" + bytes(2000))(page)
    expect(problem).to_contain_text("rapport.exe est refusé et ne sera pas rendu. Ce fichier n’est pas d’un format")
    choose(page, large_report)
    expect(problem).to_contain_text("trop.pdf est refusé et ne sera pas rendu. Ce fichier est plus lourd")
    assert kept_records(page) == 1
    tablet.set_offline(False)
    with page.expect_navigation():
        page.get_by_role("button", name="Relire avant de rendre").first.click()
    expect(page.locator("[data-notices]")).to_contain_text("trop.pdf est refusé")
    expect(page.locator("[data-notices]")).not_to_contain_text("rapport.exe")
    open_question(page, public_id, FILE)
    choose(page, report)
    expect(page.get_by_text("Reçu : rapport.pdf")).to_be_visible(timeout=20_000)
    expect(problem).to_have_count(0)
    saved(page)
    page.goto(f"/essais/{public_id}/relecture")
    expect(page.locator("[data-notices]")).to_be_empty()
    hand_in(page, public_id)
    assert roomy_school.answers(public_id)["e-fichier"]["name"] == "rapport.pdf"


def test_a_refused_file_leaves_the_one_before_on_its_way(
    tablet: BrowserContext, roomy_school: School, report: Path, large_report: Path
) -> None:
    page, who = tablet.new_page(), roomy_school.student()
    line = Line(tablet, 0.6)
    public_id = begin(page, who)
    open_question(page, public_id, FILE)
    choose(page, report)
    expect(page.get_by_text("coupé")).to_be_visible()
    choose(page, large_report)
    expect(page.locator("[data-problem]:visible")).to_contain_text("trop.pdf est refusé")
    page.goto(f"/essais/{public_id}/relecture")
    page.get_by_role("button", name="Rendre maintenant").click()
    expect(page.get_by_text("Attendez le retour du réseau")).to_be_visible()
    assert not roomy_school.is_closed(public_id)
    line.is_cut = False
    page.get_by_role("button", name="Rendre maintenant").click()
    page.wait_for_url("**/resultat", timeout=30_000)
    assert roomy_school.stored_bytes(public_id) == [PDF]
