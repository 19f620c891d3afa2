"""Recordings converted by `deust/sound.py`, in a limited process, without secrets, in a folder of its own."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deust.adapters import limited

PROGRAM = Path(__file__).resolve().parents[1] / "sound.py"
PATIENCE_SECONDS = 60

log = logging.getLogger("deust.sounds")


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A sound that every browser plays, in `file` while it is looked at; `peaks` go from 0 to 100."""

    file: Path
    duration_ms: int
    peaks: tuple[int, ...]


@contextmanager
def converted(recording: Iterable[bytes], media_type: str) -> Iterator[Converted | None]:
    """The recording, converted; None when it cannot be read, takes too long or asks for too much."""
    with tempfile.TemporaryDirectory(prefix="deust-sound-") as name:
        folder = Path(name)
        source, target = folder / "recording", folder / "sound.mp3"
        with source.open("wb") as file:
            file.writelines(recording)
        said = _run(media_type, source, target)
        if said is None:
            yield None
            return
        made = json.loads(said)
        yield Converted(file=target, duration_ms=made["duration_ms"], peaks=tuple(made["peaks"]))


def _run(media_type: str, source: Path, target: Path) -> bytes | None:
    arguments = [media_type, str(source), str(target)]
    ended = limited.run(PROGRAM, arguments, folder=source.parent, patience_seconds=PATIENCE_SECONDS)
    if ended.code != 0:
        log.warning("a recording cannot be converted (%s): %s", ended.code, ended.complaint)
        return None
    return ended.said
