"""A file that comes part by part: cut, resumed, refused at once, late, repeated."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.datastructures import FileStorage

from deust.config import Settings
from deust.domain import uploads as rules
from deust.domain.access import Role
from deust.domain.uploads import LEAST_PART, MOST_PART
from deust.jobs import run_once
from deust.models.people import Person
from deust.models.quizzes import AnswerFile, Attempt, Upload
from deust.models.transaction import writing
from tests.conftest import Doors
from tests.support import factories
from tests.support.bucket import running_bucket
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.sittings import Sitting
from tests.support.sounds import recording
from tests.support.uploads import PDF, Sender

ClientOf = Callable[[Person | Role], Client]


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    return Sitting(student, doors).start()


@pytest.fixture
def sender(sitting: Sitting) -> Sender:
    return Sender(sitting)


def stored(sitting: Sitting) -> list[str]:
    folder: Path = sitting.client.application.config["DEUST"].files_dir
    return os.listdir(folder) if folder.exists() else []


def downloaded(sitting: Sitting, question: str = "e-fichier") -> bytes:
    with sitting.client.get(f"{sitting.path}/fichiers/{sitting.key(question)}") as got:
        assert got.status_code == 200
        return got.data


@pytest.mark.both
@pytest.mark.case("UP-10")
def test_a_file_cut_on_its_way_goes_on_where_it_was_and_arrives_equal(sitting: Sitting, sender: Sender) -> None:
    assert sender.begin().get_json()["offset"] == 0
    assert sender.parts(stop=2 * LEAST_PART) == 2 * LEAST_PART
    assert sitting.kept() == {}, "half a file passes for handed in"
    again = Sender(sitting)
    assert again.begin().get_json()["offset"] == 2 * LEAST_PART
    assert again.url == sender.url
    assert again.state() == {"offset": 2 * LEAST_PART, "size": len(PDF), "name": "fiche.pdf", "state": "open"}
    again.parts(start=2 * LEAST_PART)
    done = again.finish()
    assert sitting.outcome(done, "e-fichier") == "kept"
    assert done.get_json()["by_start"] is None
    assert downloaded(sitting) == PDF
    assert len(stored(sitting)) == 1, "the parts stay beside the whole file"
    assert sitting.kept()["e-fichier"]["size"] == len(PDF)


@pytest.mark.both
def test_a_part_that_does_not_follow_is_told_where_to_go_on(sitting: Sitting, sender: Sender) -> None:
    sender.begin()
    sender.parts(stop=LEAST_PART)
    for offset in (0, 2 * LEAST_PART, -1, 10**30):
        refused = sender.part(offset, content=bytes(LEAST_PART))
        assert (refused.status_code, refused.get_json()["offset"]) == (409, LEAST_PART)
    assert len(stored(sitting)) == 1
    assert sender.finish().status_code == 409
    sender.parts(start=LEAST_PART)
    assert sitting.outcome(sender.finish(), "e-fichier") == "kept"
    assert sender.part(0).status_code == 409


def test_parts_have_their_sizes(sitting: Sitting, sender: Sender) -> None:
    sender.begin()
    assert sender.part(0, content=bytes(MOST_PART + 1)).status_code == 422
    assert sender.part(0, content=bytes(1000)).get_json()["error"] == "part"
    assert sender.part(0, content=PDF + b"!").get_json()["error"] == "size"
    assert sender.part(0, content=b"").status_code == 422
    assert (sender.state()["offset"], stored(sitting)) == (0, [])


@pytest.mark.case("UP-07")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": 1_000_001}, "size"),
        ({"size": 5_000_000_000}, "size"),
        ({"size": 0}, "empty"),
        ({"size": -1}, "empty"),
        ({"size": "10"}, "empty"),
        ({"name": "fiche.exe"}, "type"),
        ({"name": "fiche.pdf.html"}, "type"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_once(
    sitting: Sitting, sender: Sender, changes: dict[str, object], reason: str
) -> None:
    refused = sender.begin(**changes)
    assert (refused.status_code, refused.get_json()["error"]) == (422, reason)
    assert len(refused.get_json()["message"]) > 20
    assert stored(sitting) == []


def test_a_question_without_files_takes_none(sender: Sender, sitting: Sitting) -> None:
    assert sender.begin(question=sitting.key("e-courte")).status_code == 422
    assert sender.begin(question="nulle").status_code == 404


@pytest.mark.both
@pytest.mark.case("UP-16")
def test_unfinished_files_count_in_what_a_person_may_hold(
    sitting: Sitting, doors: Doors, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(rules, "QUOTA", 2 * len(PDF) + 10)
    assert Sender(sitting, name="a.pdf").begin().status_code == 201
    assert Sender(sitting, name="b.pdf").send().status_code == 200
    third = Sender(sitting, name="c.pdf").begin()
    assert (third.status_code, third.get_json()["error"]) == (422, "quota")
    clock.move(days=8)
    run_once(sitting.client.application, clock.now)
    assert Sender(sitting, name="c.pdf").begin().status_code == 201


@pytest.mark.case("UP-16")
def test_too_many_unfinished_files_are_refused(sitting: Sitting) -> None:
    for number in range(rules.MOST_OPEN):
        assert Sender(sitting, name=f"{number}.pdf").begin().status_code == 201
    assert Sender(sitting, name="de-trop.pdf").begin().get_json()["error"] == "count"


@pytest.mark.both
def test_a_lost_acknowledgement_is_given_again_without_sending_the_file_again(sitting: Sitting) -> None:
    sender = Sender(sitting)
    assert sitting.outcome(sender.send(), "e-fichier") == "kept"
    assert sitting.outcome(sender.finish(), "e-fichier") == "kept"
    begun = sender.begin()
    assert begun.get_json()["offset"] == len(PDF)
    assert sitting.outcome(sender.finish(), "e-fichier") == "kept"
    assert len(sitting.events()) == 1
    assert len(stored(sitting)) == 1


@pytest.mark.both
def test_a_file_sent_again_whole_is_told_the_same_and_another_under_its_name_is_refused(sitting: Sitting) -> None:
    sender = Sender(sitting)
    assert sitting.outcome(sender.send(), "e-fichier") == "kept"
    again, event = sitting.key("e-fichier"), {"event": sender.event, "client": sender.event}
    whole = {f"{again}-answer": FileStorage(BytesIO(PDF), "fiche.pdf")}
    assert sitting.outcome(sitting.post("e-fichier", whole, **event), "e-fichier") == "kept"
    other = Sender(sitting, content=PDF + b"autre")
    refused = other.send(event=sender.event, sequence=2, base=1)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "event-used")
    assert other.state()["state"] == "refused"
    assert (downloaded(sitting), len(sitting.events()), len(stored(sitting))) == (PDF, 1, 1)


@pytest.mark.both
def test_the_same_content_of_one_person_is_stored_once(sitting: Sitting, doors: Doors, client_of: ClientOf) -> None:
    Sender(sitting).send()
    Sender(sitting, name="copie.pdf").send(base=1)
    assert sitting.kept()["e-fichier"]["name"] == "copie.pdf"
    assert downloaded(sitting) == PDF
    assert len(stored(sitting)) == 1
    other = Sitting(client_of(Role.STUDENT), doors).start()
    theirs = Sender(other)
    assert theirs.begin().get_json()["offset"] == 0, "one person learns that another has the file"
    theirs.parts()
    assert sorted(theirs.finish().get_json()) == sorted(Sender(sitting, name="c.pdf").send(base=2).get_json())
    assert len(stored(sitting)) == 2
    with doors.reading() as connection:
        assert connection.scalar(select(func.count(AnswerFile.stored_id.distinct()))) == 2


@pytest.mark.case("UP-01", "UP-11")
def test_content_that_is_not_what_its_name_says_is_refused_once_whole_and_leaves_nothing(sitting: Sitting) -> None:
    sender = Sender(sitting, content=b"<html>" + bytes(400_000))
    refused = sender.send()
    assert (refused.status_code, refused.get_json()["error"]) == (422, "type")
    assert (stored(sitting), sitting.events()) == ([], [])
    assert sender.state()["state"] == "refused"
    assert sender.finish().status_code == 422


def test_a_file_that_changed_on_its_way_is_refused(sitting: Sitting, sender: Sender) -> None:
    refused = sender.send(sha256="0" * 64)
    assert (refused.status_code, refused.get_json()["error"]) == (422, "changed")
    assert (stored(sitting), sitting.events()) == ([], [])
    assert sender.begin().get_json()["offset"] == 0


def test_a_part_without_its_token_and_an_end_without_its_event_change_nothing(sitting: Sitting, sender: Sender) -> None:
    sender.begin()
    headers = {"Upload-Offset": "0", "Accept": "application/json"}
    assert sitting.client.patch(sender.url, data=PDF[:LEAST_PART], headers=headers).status_code == 400
    assert sender.state()["offset"] == 0
    sender.parts()
    assert sender.finish(event="").status_code == 422
    assert sender.state()["state"] == "open"
    assert sitting.outcome(sender.finish(), "e-fichier") == "kept"


def test_someone_else_s_upload_does_not_exist(sitting: Sitting, sender: Sender, client_of: ClientOf) -> None:
    sender.begin()
    sender.parts(stop=LEAST_PART)
    mine, sitting.client = sitting.client, client_of(Role.STUDENT)
    assert sender.part(LEAST_PART).status_code == 404
    assert sender.finish().status_code == 404
    assert sitting.client.get(sender.url).status_code == 404
    sitting.client = mine
    assert sender.state()["offset"] == LEAST_PART


def test_a_page_says_which_file_was_cut_and_how_to_go_on(sitting: Sitting, sender: Sender) -> None:
    sender.begin()
    sender.parts(stop=LEAST_PART)
    page = sitting.open("e-fichier").text
    assert "Envoi interrompu\u00a0: fiche.pdf, 29\u00a0% reçus" in page
    assert "Choisissez de nouveau ce fichier" in page
    assert "Envoi interrompu" not in sitting.open("e-voix").text
    sender.parts(start=LEAST_PART)
    sender.finish()
    assert "Envoi interrompu" not in sitting.open("e-fichier").text


# The deadline


def end_in(sitting: Sitting, clock: Clock, minutes: int) -> None:
    deadline = clock.now + timedelta(minutes=minutes)
    with sitting.doors.writing() as session:
        session.execute(update(Attempt).where(Attempt.public_id == sitting.public_id).values(deadline_at=deadline))


@pytest.mark.both
@pytest.mark.case("UP-09")
def test_a_file_begun_before_the_deadline_counts_by_its_start(
    app: Flask, sitting: Sitting, sender: Sender, doors: Doors, clock: Clock
) -> None:
    end_in(sitting, clock, 1)
    sender.begin()
    sender.parts(stop=2 * LEAST_PART)
    begun = clock.now
    clock.move(minutes=10)
    run_once(app, clock.now)
    assert sitting.attempt().closed_at is None, "closed while a file that counts is on its way"
    assert "compte s’il arrive entier dans les 10 minutes" in sitting.open("e-fichier").text
    assert sitting.outcome(sitting.save("e-courte", "trop tard"), "e-courte") == "late"
    sender.parts(start=2 * LEAST_PART)
    done = sender.finish()
    assert sitting.outcome(done, "e-fichier") == "kept"
    assert done.get_json()["by_start"] == "20\u00a0h\u00a000"
    with doors.reading() as connection:
        evidence = connection.execute(select(Upload)).one()
    assert (evidence.counted_by, evidence.started_at, evidence.finished_at) == ("start", begun, clock.now)
    assert evidence.sha256 == sitting.kept()["e-fichier"]["sha256"]
    run_once(app, clock.now)
    assert sitting.attempt().closed_by == "clock"
    assert "Envoi commencé" in sitting.client.get(f"{sitting.path}/resultat").text


@pytest.mark.both
@pytest.mark.case("UP-09")
def test_a_file_that_takes_more_than_ten_minutes_or_began_after_is_kept_apart(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock
) -> None:
    end_in(sitting, clock, 1)
    slow = Sender(sitting, name="lent.pdf")
    slow.begin()
    slow.parts()
    clock.move(minutes=2)
    after = Sender(sitting, name="apres.pdf").send()
    assert sitting.outcome(after, "e-fichier") == "late"
    clock.move(minutes=9, seconds=1)
    assert sitting.outcome(slow.finish(), "e-fichier") == "late"
    run_once(app, clock.now)
    assert sitting.attempt().closed_by == "clock"
    with doors.reading() as connection:
        assert set(connection.scalars(select(Upload.counted_by))) == {"late"}


def test_a_file_without_news_for_a_week_goes(app: Flask, sitting: Sitting, sender: Sender, clock: Clock) -> None:
    sender.begin()
    sender.parts(stop=LEAST_PART)
    run_once(app, clock.move(days=6))
    assert sender.state()["state"] == "open"
    run_once(app, clock.move(days=2))
    assert sitting.client.get(sender.url).status_code == 404
    run_once(app, clock.move(days=60))
    assert stored(sitting) == []
    assert sender.begin().get_json()["offset"] == 0


def test_a_file_goes_to_a_bucket_part_by_part_and_comes_back(
    settings: Settings, make_app: Callable[[Settings], Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "essai")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with running_bucket() as bucket:
        app = make_app(replace(settings, files=bucket.location))
        with app.app_context(), writing() as session:
            learner = factories.student(session)
        sitting = Sitting(signed_in_client(app, learner), Doors(app)).start()
        assert sitting.outcome(Sender(sitting).send(), "e-fichier") == "kept"
        assert [len(content) for content, _at in bucket.objects.values()] == [len(PDF)]
        assert downloaded(sitting) == PDF
        part = f"{sitting.path}/fichiers/{sitting.key('e-fichier')}"
        with sitting.client.get(part, headers={"Range": "bytes=-9"}) as got:
            assert (got.status_code, got.data) == (206, PDF[-9:])
        voice = Sender(sitting, content=recording(tmp_path), name="accueil.webm", question="e-voix")
        assert voice.send().status_code == 200
        run_once(app, app.extensions["deust"].clock())
        with sitting.client.get(f"{sitting.path}/sons/{sitting.key('e-voix')}") as got:
            assert got.status_code == 200
        bucket.is_down = True
        assert Sender(sitting, name="b.pdf").begin().status_code == 201
        refused = Sender(sitting, name="b.pdf")
        refused.begin()
        assert refused.part(0).status_code == 503
