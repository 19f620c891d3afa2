"""Recordings after they are given: converted once, tried again after a crash, deleted in time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from deust import jobs
from deust.domain.sounds import kept_until
from deust.jobs import convert_recordings, purge, run_once, sweep_files
from deust.models.quizzes import AnswerFile, Sound
from deust.models.records import AuditEvent
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.sittings import Sitting
from tests.support.sounds import recording
from tests.support.uploads import Sender

pytestmark = pytest.mark.both

WEBM = b"\x1a\x45\xdf\xa3" + bytes(2000)


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    return Sitting(student, doors).start()


def give(sitting: Sitting, content: bytes, **fields: object) -> None:
    sender = Sender(sitting, content=content, name="accueil.webm", question="e-voix")
    assert sitting.outcome(sender.send(**fields), "e-voix") == "kept"


def sound(doors: Doors) -> Sound:
    with doors.writing() as session:
        return session.scalars(select(Sound)).one()


def get(sitting: Sitting, kind: str) -> tuple[int, bytes]:
    with sitting.client.get(f"{sitting.path}/{kind}/{sitting.key('e-voix')}") as got:
        return got.status_code, got.data


@pytest.mark.slow
def test_a_recording_is_converted_once_and_the_original_stays(
    app: Flask, sitting: Sitting, doors: Doors, tmp_path: Path, clock: Clock
) -> None:
    content = recording(tmp_path)
    give(sitting, content)
    assert sound(doors).state == "waiting"
    assert get(sitting, "sons")[0] == 404
    run_once(app, clock.now, [convert_recordings])
    made = sound(doors)
    assert (made.state, made.made_at, len(made.peaks)) == ("ready", clock.now, 200)
    assert abs((made.duration_ms or 0) - 4000) < 100
    run_once(app, clock.now, [convert_recordings])
    assert sound(doors).converted_id == made.converted_id
    status, heard = get(sitting, "sons")
    assert (status, len(heard)) == (200, made.converted_size)
    assert get(sitting, "fichiers") == (200, content)


@pytest.mark.slow
def test_a_recording_that_cannot_be_read_stays_to_be_downloaded(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock
) -> None:
    give(sitting, WEBM)
    run_once(app, clock.now, [convert_recordings])
    assert sound(doors).state == "failed"
    sitting.hand_in()
    assert "ne peut pas être lu ici" in sitting.client.get(f"{sitting.path}/resultat").text
    assert get(sitting, "fichiers") == (200, WEBM)


def test_a_crash_in_a_conversion_tries_again_and_then_gives_up(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(sitting, WEBM)

    def crash(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(jobs, "converted", crash)
    for _ in range(3):
        run_once(app, clock.now, [convert_recordings])
        assert sound(doors).state == "waiting"
        clock.move(hours=1)
    run_once(app, clock.now, [convert_recordings])
    assert (sound(doors).state, sound(doors).tries) == ("failed", 4)


@pytest.mark.slow
def test_a_recording_goes_six_months_after_its_attempt_and_its_mark_stays(
    app: Flask, sitting: Sitting, doors: Doors, tmp_path: Path, clock: Clock
) -> None:
    give(sitting, recording(tmp_path))
    run_once(app, clock.now)
    sitting.hand_in()
    run_once(app, clock.now, [purge])
    with doors.reading() as connection:
        until = connection.scalar(select(AnswerFile.kept_until))
    assert until == kept_until(clock.now)
    assert "Gardé jusqu’au" in sitting.client.get(f"{sitting.path}/resultat").text
    clock.set(until - timedelta(minutes=1))
    run_once(app, clock.now, [purge, sweep_files])
    assert get(sitting, "sons")[0] == 200
    clock.set(until + timedelta(days=300))
    run_once(app, clock.now, [purge, sweep_files])
    assert (get(sitting, "sons")[0], get(sitting, "fichiers")[0]) == (404, 404)
    assert list(app.config["DEUST"].files_dir.iterdir()) == []
    assert (sound(doors).state, sound(doors).peaks) == ("deleted", [])
    page = sitting.client.get(f"{sitting.path}/resultat").text
    assert "Cet enregistrement a été supprimé" in page
    with doors.reading() as connection:
        assert connection.scalar(select(AuditEvent.act).where(AuditEvent.act == "recording:delete"))
        assert connection.scalar(select(AnswerFile.sha256)) == sitting.kept()["e-voix"]["sha256"]


def test_a_file_that_is_no_recording_is_not_dated(app: Flask, sitting: Sitting, doors: Doors, clock: Clock) -> None:
    Sender(sitting).send()
    sitting.hand_in()
    run_once(app, clock.move(days=400))
    with doors.reading() as connection:
        row = connection.execute(select(AnswerFile)).one()
    assert (row.kept_until, row.stored_id) == (None, row.id)
