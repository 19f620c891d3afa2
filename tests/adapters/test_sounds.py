"""Recordings become one sound and one wave, in a process that hostile ones cannot leave."""

from __future__ import annotations

import json
import os
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from deust.adapters import limited, sounds
from deust.adapters.sounds import Converted, converted
from deust.domain.files import MOST_VOICE_SECONDS
from tests.support.sounds import KINDS, recording


def made_of(content: bytes, media_type: str) -> tuple[Converted | None, bytes]:
    with converted([content[:100], content[100:]], media_type) as made:
        return made, made.file.read_bytes() if made else b""


@pytest.mark.parametrize("ending", KINDS)
def test_each_kind_of_recording_becomes_one_that_every_browser_plays(tmp_path: Path, ending: str) -> None:
    made, content = made_of(recording(tmp_path, ending), KINDS[ending][0])
    assert made is not None
    assert abs(made.duration_ms - 4000) < 100
    assert len(made.peaks) == 200
    assert max(made.peaks) == 100
    loud, quiet = made.peaks[110:140], made.peaks[60:90]
    assert min(loud) > 60
    assert max(quiet) < 40
    out = tmp_path / "out.mp3"
    out.write_bytes(content)
    with av.open(str(out), format="mp3") as sound:
        stream = sound.streams.audio[0]
        assert (stream.codec_context.name, stream.channels, stream.bit_rate) == ("mp3float", 1, 64_000)
    assert not made.file.exists(), "the folder of a conversion stays behind"


def test_what_a_question_may_ask_can_be_converted() -> None:
    hours = re.search(r"^MOST_SECONDS = (\d+) \* 3600$", sounds.PROGRAM.read_text(), re.MULTILINE)
    assert hours is not None
    assert int(hours[1]) * 3600 >= MOST_VOICE_SECONDS


def test_a_silence_looks_like_one(tmp_path: Path) -> None:
    made, _content = made_of(recording(tmp_path, loudness=0), "audio/webm")
    assert made is not None
    assert max(made.peaks) <= 5


def test_a_recording_cut_by_a_closed_tab_is_heard_up_to_there(tmp_path: Path) -> None:
    whole = recording(tmp_path)
    made, _content = made_of(whole[: len(whole) * 6 // 10], "audio/webm")
    assert made is not None
    assert 1500 < made.duration_ms < 3500


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x1a\x45\xdf\xa3" + bytes(2000), "audio/webm"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(50), "audio/wav"),
        (PLAYLIST, "audio/mpeg"),
        (PLAYLIST, "audio/webm"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "audio/ogg"),
        (os.urandom(50_000), "audio/mp4"),
        (b"", "audio/webm"),
        (b"whatever", "text/html"),
    ],
)
def test_what_is_no_sound_is_refused(content: bytes, media_type: str) -> None:
    assert made_of(content, media_type) == (None, b"")


def test_a_conversion_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(sounds, "PROGRAM", slow)
    monkeypatch.setattr(sounds, "PATIENCE_SECONDS", 0.3)
    assert made_of(b"x", "audio/webm") == (None, b"")


def test_a_conversion_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEUST_SECRET", "canari-secret")
    telling = tmp_path / "telling.py"
    telling.write_text(
        "import json, os\nopen('sound.mp3', 'w')\n"
        "print(json.dumps({'duration_ms': len(os.environ), 'peaks': [int('DEUST_SECRET' in os.environ)]}))\n"
    )
    monkeypatch.setattr(sounds, "PROGRAM", telling)
    with converted([b"x"], "audio/webm") as made:
        assert made is not None
        assert made.duration_ms > 0
        assert made.peaks == (0,)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "null",
        "[" * 20_000,
        '{"duration_ms": 1}',
        '{"duration_ms": "1", "peaks": []}',
        '{"duration_ms": 1e999, "peaks": []}',
        '{"duration_ms": -1, "peaks": []}',
        '{"duration_ms": 99999999999999999999, "peaks": []}',
        '{"duration_ms": 1, "peaks": "abc"}',
        '{"duration_ms": 1, "peaks": [101]}',
        '{"duration_ms": 1, "peaks": [[1]]}',
    ],
)
def test_a_program_that_was_taken_over_may_say_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    program = tmp_path / "taken.py"
    program.write_text(f"open('sound.mp3', 'w')\nprint({said!r})\n")
    monkeypatch.setattr(sounds, "PROGRAM", program)
    assert made_of(b"x", "audio/webm") == (None, b"")


@pytest.mark.parametrize("act", ["pass", "os.symlink('/etc/hostname', 'sound.mp3')", "os.mkdir('sound.mp3')"])
def test_only_a_file_in_its_own_folder_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: str) -> None:
    program = tmp_path / "taken.py"
    said = json.dumps({"duration_ms": 1, "peaks": [1]})
    program.write_text(f"import os\n{act}\nprint({said!r})\n")
    monkeypatch.setattr(sounds, "PROGRAM", program)
    assert made_of(b"x", "audio/webm") == (None, b"")


def test_what_a_killed_conversion_left_is_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A recording or a copy must not stay in the system's temporary folder; nobody else's folder is touched."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with limited.room() as running:
        left, other = tmp_path / f"{running.name}x", tmp_path / "other-program"
        for folder in (left, other):
            folder.mkdir()
            (folder / "recording").write_bytes(b"a voice")
        (tmp_path / f"{running.name}link").symlink_to(other)
        now = datetime.now(UTC)
        assert limited.forget_rooms(now - timedelta(hours=1)) == 0
        os.utime(left, (0, 0))
        os.utime(other, (0, 0))
        assert limited.forget_rooms(now - timedelta(hours=1)) == 1
        assert sorted(one.name for one in tmp_path.iterdir() if one.is_dir()) == sorted(
            {running.name, other.name, f"{running.name}link"}
        )
        assert (other / "recording").exists()


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.py"
    program = sounds.PROGRAM.read_text().partition('if __name__ == "__main__"')[0]
    greedy.write_text(program + "convert = lambda *_: bytes(4_000_000_000)\nraise SystemExit(main(['a', 'b', 'c']))\n")
    monkeypatch.setattr(sounds, "PROGRAM", greedy)
    assert made_of(b"x", "audio/webm") == (None, b"")
