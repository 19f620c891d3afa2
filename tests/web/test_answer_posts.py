"""What a page or its script posts: answers that cannot be read, files, fields that someone altered."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from werkzeug.datastructures import FileStorage

from deust.domain.access import Role
from deust.models.people import Person
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.forms import form_of
from tests.support.pages import page_of
from tests.support.sittings import Sitting

ClientOf = Callable[[Person | Role], Client]
PDF = b"%PDF-1.4\n" + bytes(500)


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    """The training quiz, just started: a question of each type, one a page."""
    return Sitting(student, doors).start()


def file(content: bytes = PDF, name: str = "fiche.pdf") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


def test_an_answer_that_cannot_be_read_is_said_beside_what_was_typed(sitting: Sitting) -> None:
    client, long = sitting.client, "é" * 100_001
    refused = sitting.form("e-texte").press(client, "go", "next", **sitting.fields("e-texte", long))
    assert refused.status_code == 422
    assert "100 000 caractères au plus" in refused.text
    form = form_of(refused, "paper")
    assert form.fields[f"{sitting.key('e-texte')}-answer"] == [long]
    assert sitting.events() == []
    again = form.press(client, "go", "next", **sitting.fields("e-texte", "court"))
    assert again.status_code == 303
    assert sitting.kept() == {"e-texte": "court"}


def test_two_items_at_one_place_are_said_in_words(sitting: Sitting) -> None:
    key = sitting.key("e-ordre")
    both = {f"{key}-answer-1": ["1"], f"{key}-answer-2": ["1"]}
    refused = sitting.form("e-ordre").press(sitting.client, "go", "next", **both)
    assert refused.status_code == 422
    assert "Deux éléments ont la même place" in refused.text
    by_script = sitting.post("e-ordre", both)
    assert by_script.status_code == 422
    assert by_script.get_json()["error"] == "place-twice"
    assert sitting.events() == []


# Files


def upload(sitting: Sitting, content: bytes = PDF, name: str = "fiche.pdf") -> tuple[int, str]:
    key = sitting.key("e-fichier")
    sent = sitting.form("e-fichier").press(sitting.client, "go", "review", **{f"{key}-answer": file(content, name)})
    return sent.status_code, sent.text


def test_a_file_is_kept_as_it_is_and_given_back_as_a_download(sitting: Sitting) -> None:
    assert upload(sitting, name="../../fiche d'été.pdf")[0] == 303
    kept = sitting.kept()["e-fichier"]
    assert (kept["name"], kept["size"]) == ("fiche d'été.pdf", len(PDF))
    assert "Déjà reçu\u00a0: fiche d&#39;été.pdf" in sitting.open("e-fichier").text
    with sitting.client.get(f"{sitting.path}/fichiers/{sitting.key('e-fichier')}") as got:
        assert (got.data, got.mimetype) == (PDF, "application/pdf")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert (got.headers["X-Content-Type-Options"], got.headers["Cache-Control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ" + bytes(100), "fiche.exe", "format accepté"),
        (b"MZ" + bytes(100), "fiche.pdf", "format accepté"),
        (PDF, "fiche.svg", "format accepté"),
        (b"%PDF-" + bytes(1_000_001), "fiche.pdf", "plus lourd"),
        (b"", "fiche.pdf", "vide"),
    ],
)
def test_a_file_that_is_not_accepted_is_refused_in_words_and_leaves_nothing(
    sitting: Sitting, content: bytes, name: str, words: str
) -> None:
    upload(sitting)
    status, page = upload(sitting, content, name)
    assert status == 422
    assert words in page
    by_script = sitting.post("e-fichier", {f"{sitting.key('e-fichier')}-answer": file(content, name)}, base=1)
    assert by_script.status_code == 422
    assert words in by_script.get_json()["message"]
    assert sitting.kept()["e-fichier"]["name"] == "fiche.pdf"
    assert len(sitting.events()) == 1
    assert len(stored(sitting)) == 1, "a refused file stays on the disk"


def test_of_two_files_of_a_work_the_page_names_the_one_that_is_refused(student: Client, doors: Doors) -> None:
    draft = student.submit("/modules/ec101-accueil/devoir/devoir").location
    form = form_of(student.get(draft), "paper")
    text, _voice, first, second = form.fields["question"]
    given = {f"{text}-answer": "Mon texte.", f"{first}-answer": file(), f"{second}-answer": file(b"MZ", "note.exe")}
    refused = form.press(student, "go", "review", **given)
    assert refused.status_code == 422
    named = refused.text.partition(f'<a href="#q-{second}" lang="fr">Fichier 2</a>')[2]
    assert "note.exe" in named.partition("</p>")[0]
    assert "choisissez à nouveau vos fichiers" in refused.text
    told = [
        one.get("data-question") for one in page_of(refused).iter("section") if "note.exe" in "".join(one.itertext())
    ]
    assert told == [second], "said beside its own field"
    again = form_of(refused, "paper")
    assert again.fields[f"{text}-answer"] == ["Mon texte."]
    assert again.press(student, "go", "review", **{f"{first}-answer": file()}).location == form.action.replace(
        "reponses", "relecture"
    )
    read = student.get(f"{draft}/relecture").text
    assert "fiche.pdf" in read
    assert "2 mots" in read


def stored(sitting: Sitting) -> list[str]:
    folder = sitting.client.application.config["DEUST"].files_dir
    return [path.name for path in folder.iterdir()]


def test_a_file_for_a_question_that_takes_none_is_refused(sitting: Sitting) -> None:
    refused = sitting.post("e-courte", {f"{sitting.key('e-courte')}-answer": file()})
    assert refused.status_code == 422
    assert sitting.events() == []


def test_a_page_that_keeps_its_file_does_not_send_it_again(sitting: Sitting) -> None:
    upload(sitting)
    sitting.form("e-fichier").press(sitting.client, "go", "review")
    assert sitting.kept()["e-fichier"]["name"] == "fiche.pdf"
    assert len(sitting.events()) == 1


def test_the_file_given_back_is_the_one_that_counts(sitting: Sitting, clock: Clock) -> None:
    address = f"{sitting.path}/fichiers/{sitting.key('e-fichier')}"
    upload(sitting, name="premier.pdf")
    clock.move(seconds=1)
    upload(sitting, PDF + b"second", "second.pdf")
    with sitting.client.get(address) as got:
        assert got.data == PDF + b"second"
    clock.move(seconds=1)
    stale = sitting.post("e-fichier", {f"{sitting.key('e-fichier')}-answer": file(PDF + b"perdu", "x.pdf")}, base=1)
    assert sitting.outcome(stale, "e-fichier") == "conflict"
    sitting.hand_in()
    clock.move(seconds=1)
    assert upload_late(sitting) == "late"
    with sitting.client.get(address) as got:
        assert got.data == PDF + b"second"


def upload_late(sitting: Sitting) -> str:
    late = sitting.post(
        "e-fichier", {f"{sitting.key('e-fichier')}-answer": file(PDF + b"tard", "tard.pdf")}, base=2, client="late"
    )
    return sitting.outcome(late, "e-fichier")


def test_an_emptied_question_gives_no_file_back(sitting: Sitting) -> None:
    upload(sitting)
    key = sitting.key("e-fichier")
    sitting.form("e-fichier").press(sitting.client, "clear", key)
    assert sitting.kept() == {"e-fichier": None}
    assert sitting.client.get(f"{sitting.path}/fichiers/{key}").status_code == 404


@pytest.mark.case("AU-08")
def test_a_disabled_account_neither_saves_nor_downloads(sitting: Sitting, client_of: ClientOf) -> None:
    upload(sitting)
    address = f"{sitting.path}/fichiers/{sitting.key('e-fichier')}"
    client_of(Role.MANAGER).submit(f"/personnes/{sitting.client.person.id}/desactivation")
    assert sitting.save("e-courte", "après").status_code == 401
    assert sitting.client.get(address).status_code == 303
    assert set(sitting.kept()) == {"e-fichier"}


# Someone else's


def test_another_student_s_attempt_does_not_exist(sitting: Sitting, client_of: ClientOf) -> None:
    upload(sitting)
    sitting.save("e-courte", "à moi")
    thief = Sitting(client_of(Role.STUDENT), sitting.doors)
    thief.public_id = sitting.public_id
    key = sitting.key("e-fichier")
    for path in ("questions/1", "relecture", "etat", "resultat", f"fichiers/{key}"):
        assert thief.client.get(f"{sitting.path}/{path}").status_code == 404
    assert thief.save("e-courte", "volée").status_code == 404
    assert thief.post("e-fichier", {f"{key}-answer": file()}).status_code == 404
    assert thief.hand_in().status_code == 404
    assert sitting.kept()["e-courte"] == "à moi"
    assert sitting.attempt().closed_at is None
    assert len(stored(sitting)) == 1


@pytest.mark.case("QZ-13")
def test_hidden_fields_that_were_altered_reach_no_other_attempt_and_change_no_mark(
    sitting: Sitting, client_of: ClientOf
) -> None:
    other = Sitting(client_of(Role.STUDENT), sitting.doors).start()
    foreign, own = other.key("e-courte"), sitting.key("e-courte")
    form = sitting.form("e-courte")
    for changes in (
        {"question": foreign, f"{foreign}-answer": "x"},
        {"question": [own, foreign], f"{own}-answer": "x", f"{foreign}-answer": "x"},
        {"question": "e-courte", "e-courte-answer": "x"},
    ):
        assert form.send(sitting.client, changes).status_code == 404
    assert (sitting.events(), other.events()) == ([], [])
    lies = {
        **{"points": "100", "score": "20", "correct": "1", "is_right": "true", "seed": "1", "attempt": other.public_id},
        **{"position": "7", "pages": "1", "order": "3,2,1", "person": "1", f"{own}-version": "9", f"{own}-points": "4"},
    }
    assert form.send(sitting.client, {**lies, f"{own}-answer": "faux"}).status_code == 303
    sitting.hand_in()
    assert (sitting.kept(), other.kept()) == ({"e-courte": "faux"}, {})
    assert sitting.attempt().score == 0
    assert other.attempt().closed_at is None


@pytest.mark.case("QZ-13")
@pytest.mark.parametrize("value", ["0", "4", "-1", "2.0", "e-simple", "1 OR 1=1", "１"])
def test_an_option_that_is_not_on_the_page_is_refused(sitting: Sitting, value: str) -> None:
    field = {f"{sitting.key('e-simple')}-answer": value}
    refused = sitting.form("e-simple").send(sitting.client, field)
    assert refused.status_code == 422
    assert "ne peut pas être lue" in refused.text
    assert sitting.post("e-simple", field).status_code == 422
    assert sitting.events() == []


HUGE = "9" * 5000

FORGED = (
    {"sequence": str(2**31)},
    {"sequence": str(-(2**63) - 1)},
    {"sequence": HUGE},
    {"base": str(2**63)},
    {"client": "a\0b"},
    {"event": "a\0b"},
    {"event": "é" * 5000, "client": "漢" * 5000},
    {"go": HUGE, "position": HUGE, "pages": HUGE},
    {"flag": "a\0b"},
    {"question": "a\0b"},
    {"unflag": "x" * 5000},
)


@pytest.mark.both
def test_a_forged_post_is_answered_and_never_fails(sitting: Sitting) -> None:
    """By the script's way and by the page's; what is acknowledged is kept."""
    for number, forged in enumerate(FORGED):
        answer = sitting.fields("e-courte", f"réponse {number}")
        fields = {"client": f"tab{number}", "base": "99", **forged}
        by_script = sitting.post("e-courte", answer, **fields)
        assert by_script.status_code in (200, 400, 404, 422), forged
        if by_script.status_code == 200:
            assert sitting.outcome(by_script, "e-courte") == "kept"
            assert sitting.kept() == {"e-courte": f"réponse {number}"}
        base = {f"{sitting.key('e-courte')}-base": fields["base"]}
        by_page = sitting.form("e-courte").send(sitting.client, {**answer, **forged, **base})
        assert by_page.status_code in (303, 400, 404, 422), forged
        if by_page.status_code == 303:
            assert sitting.kept() == {"e-courte": f"réponse {number}"}


ADDRESSES = ("%00/questions/1", "a%00b/resultat", "x/questions/0", f"x/questions/{HUGE}", "é/etat", "x/fichiers/%00")


@pytest.mark.both
def test_an_address_that_names_nothing_is_not_found(sitting: Sitting) -> None:
    for path in ADDRESSES:
        assert sitting.client.get(f"/essais/{path}").status_code in (400, 404), path
    for position in ("0", "14", HUGE):
        assert sitting.client.get(f"{sitting.path}/questions/{position}").status_code == 404


@pytest.mark.both
def test_another_value_under_the_name_of_a_script_s_save_is_refused_in_words(sitting: Sitting) -> None:
    assert sitting.outcome(sitting.save("e-courte", "une", event="abc"), "e-courte") == "kept"
    refused = sitting.save("e-courte", "deux", event="abc", sequence=2, base=1)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "event-used")
    assert "n’est pas enregistré" in refused.get_json()["message"]
    assert sitting.outcome(sitting.save("e-texte", "deux", event="abc"), "e-texte") == "kept"
    assert sitting.kept() == {"e-courte": "une", "e-texte": "deux"}


@pytest.mark.both
@pytest.mark.parametrize("event", ["", "e" * 64])
def test_a_script_s_save_without_a_name_of_its_own_is_refused(sitting: Sitting, event: str) -> None:
    """A second one would be taken for the first sent again, and acknowledged without being kept."""
    for question_id, text in (("e-courte", "une"), ("e-texte", "deux"), ("e-courte", "trois")):
        assert sitting.save(question_id, text, event=event).status_code == 422
    assert sitting.events() == []
