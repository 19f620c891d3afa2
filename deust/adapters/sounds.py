"""Recordings converted by `deust/sound.py`, in a limited process, without secrets, in a folder of its own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    command = [sys.executable, "-I", str(PROGRAM), media_type, str(source), str(target)]
    environ = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=source.parent,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("a recording takes more than %s s to convert", PATIENCE_SECONDS)
        return None
    if done.returncode:
        log.warning(
            "a recording cannot be converted (%s): %s", done.returncode, done.stderr[-300:].decode("utf-8", "replace")
        )
        return None
    return done.stdout
