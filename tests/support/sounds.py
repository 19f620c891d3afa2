"""Recordings made for tests: a second loud, a second quiet, again; encoded as browsers and telephones do."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import av

KINDS = {
    "webm": ("audio/webm", "libopus", "webm"),
    "ogg": ("audio/ogg", "libopus", "ogg"),
    "m4a": ("audio/mp4", "aac", "mp4"),
    "mp3": ("audio/mpeg", "libmp3lame", "mp3"),
    "wav": ("audio/wav", "pcm_s16le", "wav"),
}
"""By ending: the media type, how it is encoded, and in which container."""

RATE = 48_000
_STEP = RATE // 50


def recording(folder: Path, ending: str = "webm", *, seconds: int = 4, loudness: int = 12_000) -> bytes:
    """A tone, loud in even seconds and five times quieter in odd ones."""
    _media_type, codec, container = KINDS[ending]
    path = folder / f"recording.{ending}"
    with av.open(str(path), "w", format=container) as target:
        stream = target.add_stream(codec, rate=RATE, layout="mono")
        for step in range(seconds * 50):
            target.mux(stream.encode(_frame(step, loudness if step // 50 % 2 == 0 else loudness // 5)))
        target.mux(stream.encode(None))
    return path.read_bytes()


def _frame(step: int, loudness: int) -> av.AudioFrame:
    wave = (loudness * math.sin(2 * math.pi * 440 * (step * _STEP + sample) / RATE) for sample in range(_STEP))
    frame = av.AudioFrame(format="s16", layout="mono", samples=_STEP)
    frame.sample_rate = RATE
    frame.planes[0].update(array("h", map(int, wave)).tobytes())
    return frame
