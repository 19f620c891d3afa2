"""A recording on the page of a result: heard there, drawn, only by who gave it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import update

from deust.domain.access import Role
from deust.jobs import convert_recordings, run_once
from deust.models.people import Person
from deust.models.quizzes import Sound
from deust.web.formats import sound_time, wave_bars
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.sittings import Sitting
from tests.support.sounds import recording
from tests.support.uploads import Sender

ClientOf = Callable[[Person | Role], Client]


@pytest.fixture
def sitting(student: Client, doors: Doors, tmp_path: Path) -> Sitting:
    """The training quiz, handed in with a recording of four seconds."""
    made = Sitting(student, doors).start()
    Sender(made, content=recording(tmp_path), name="accueil.webm", question="e-voix").send()
    made.hand_in()
    return made


def address(sitting: Sitting) -> str:
    return f"{sitting.path}/sons/{sitting.key('e-voix')}"


def test_a_recording_is_heard_on_the_page_of_its_result(app: Flask, sitting: Sitting, clock: Clock) -> None:
    page = f"{sitting.path}/resultat"
    before = sitting.client.get(page).text
    assert "Votre enregistrement se prépare" in before
    assert "<audio" not in before
    run_once(app, clock.now, [convert_recordings])
    after = sitting.client.get(page).text
    assert f'<audio controls preload="none" src="{address(sitting)}"' in after
    assert "Écouter l’enregistrement, 0\u00a0min\u00a004" in after
    assert "sound.css" not in after.partition("<body")[2]
    assert "/static/heard." in after


def test_a_recording_longer_than_asked_is_heard_whole_and_said_to_be_long(
    app: Flask, sitting: Sitting, clock: Clock, doors: Doors
) -> None:
    run_once(app, clock.now, [convert_recordings])
    assert "pour 1\u00a0min\u00a030" not in sitting.result(), "four seconds of ninety"
    with doors.writing() as session:
        session.execute(update(Sound).values(duration_ms=200_000))
    assert "Cet enregistrement dure 3\u00a0min\u00a020, pour 1\u00a0min\u00a030 au plus" in sitting.result()
    assert f'src="{address(sitting)}"' in sitting.result()


@pytest.mark.case("UP-02", "UP-17")
def test_a_sound_is_given_by_range_to_who_recorded_it_alone(
    app: Flask, sitting: Sitting, clock: Clock, client_of: ClientOf
) -> None:
    run_once(app, clock.now, [convert_recordings])
    with sitting.client.get(address(sitting)) as whole:
        assert (whole.status_code, whole.mimetype) == (200, "audio/mpeg")
        assert whole.headers["Content-Disposition"] == "attachment; filename=accueil.mp3"
        assert whole.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        content = whole.data
    with sitting.client.get(address(sitting), headers={"Range": "bytes=100-199"}) as part:
        assert (part.status_code, part.data) == (206, content[100:200])
    for role in (Role.STUDENT, Role.TUTOR, Role.ADMIN):
        with client_of(role).get(address(sitting)) as refused:
            assert refused.status_code in (403, 404), role


def test_a_wave_has_a_bar_for_each_pitch_whatever_its_peaks() -> None:
    for peaks in ([], [0], [100], [50, 100], list(range(101)), [7] * 200):
        path = wave_bars(peaks)
        assert path.count("M") == 128
    assert wave_bars([]).startswith("M2 31v2M7 31v2")
    assert wave_bars([100] * 200).startswith("M2 0v64")
    assert sound_time(63) == "1\u00a0min\u00a003"


@dataclass(frozen=True)
class Mark:
    number: int
    second: int
    text: str


def test_remarks_are_pinned_at_their_second_and_said_in_words(app: Flask) -> None:
    sound = SimpleNamespace(duration_ms=63_000, seconds=63, peaks=(10, 100))
    marks = (Mark(1, 11, "Bel élan."), Mark(2, 29, "<b>Mot noir</b>"))
    with app.test_request_context():
        module = app.jinja_env.get_template("components/player.html").make_module()
        html = str(module.player(sound, "/x", marks))
    assert 'x1="17.46%"' in html
    assert 'data-second="29">0\u00a0min\u00a029<' in html
    assert "&lt;b&gt;Mot noir" in html
    assert html.count('class="pin"') == 2
