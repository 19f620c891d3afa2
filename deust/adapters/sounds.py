"""Recordings converted by `deust/sound.py`, in a limited process, without secrets, in a folder of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deust.adapters import limited

PROGRAM = Path(__file__).resolve().parents[1] / "sound.py"
PATIENCE_SECONDS = 60

_MOST_MS = 3 * 3600 * 1000
_MOST_PEAKS = 200

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
    with limited.room() as folder:
        source, target = folder / "recording", folder / "sound.mp3"
        with source.open("wb") as file:
            file.writelines(recording)
        said = _run(media_type, source, target)
        yield None if said is None else _made(target, said)


def _made(target: Path, said: bytes) -> Converted | None:
    """The sound told of; none when it is not there, or when a program that a hostile file took over says anything."""
    try:
        made = json.loads(said)
        duration_ms, peaks = made["duration_ms"], made["peaks"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_told = type(duration_ms) is int and 0 <= duration_ms <= _MOST_MS and isinstance(peaks, list)
    if not is_told or not all(type(peak) is int and 0 <= peak <= 100 for peak in peaks[:_MOST_PEAKS]):
        return None
    is_there = target.is_file() and not target.is_symlink()
    return Converted(file=target, duration_ms=duration_ms, peaks=tuple(peaks[:_MOST_PEAKS])) if is_there else None


def _run(media_type: str, source: Path, target: Path) -> bytes | None:
    arguments = [media_type, str(source), str(target)]
    ended = limited.run(PROGRAM, arguments, folder=source.parent, patience_seconds=PATIENCE_SECONDS)
    if ended.code != 0:
        log.warning("a recording cannot be converted (%s): %s", ended.code, ended.complaint)
        return None
    return ended.said
