"""One sound that every browser plays, and its wave, made from a recording that may be hostile.

A program of its own, never imported by the server: `python -I deust/sound.py TYPE RECORDING SOUND` writes the sound,
and says its length and its peaks in JSON. It limits its own memory, time and files before it opens anything.
"""

from __future__ import annotations

import json
import resource
import sys
from array import array
from collections.abc import Iterator
from itertools import pairwise

import av

FORMATS = {
    "audio/webm": "matroska",
    "audio/ogg": "ogg",
    "audio/mp4": "mov",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
}
"""The only reader tried for each type: a playlist that names other files is never taken for a sound."""

RATE, BITS_A_SECOND = 44_100, 64_000
PEAKS = 200
MOST_SECONDS = 2 * 3600
QUIETEST_LOUD = 600
"""Under this peak of 32,768, a recording is shown as the silence that it is."""

_STEP = RATE // 100
_LIMITS = (
    (resource.RLIMIT_AS, 1_500_000_000),
    (resource.RLIMIT_CPU, 60),
    (resource.RLIMIT_FSIZE, 100_000_000),
    (resource.RLIMIT_CORE, 0),
)


class Unreadable(Exception):
    """The recording holds no sound, or too much of it."""


def convert(media_type: str, recording: str, sound: str) -> dict[str, object]:
    """Write the sound, mono, and give its length and its peaks."""
    loud: list[int] = []
    with av.open(recording, format=FORMATS[media_type]) as source, av.open(sound, "w", format="mp3") as target:
        if not source.streams.audio:
            raise Unreadable
        stream = target.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = BITS_A_SECOND
        samples, left = 0, array("h")
        for frame in _frames(source):
            heard = array("h", bytes(frame.planes[0])[: frame.samples * 2])
            samples += len(heard)
            if samples > MOST_SECONDS * RATE:
                raise Unreadable
            left = _note(left + heard, loud)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    if not samples:
        raise Unreadable
    return {"duration_ms": samples * 1000 // RATE, "peaks": peaks(loud)}


def _frames(source: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    """The sound alone, in one shape; damaged pieces are passed over, as a player does."""
    one_shape = av.AudioResampler(format="s16p", layout="mono", rate=RATE)
    stream = source.streams.audio[0]
    stream.codec_context.thread_count = 1
    for packet in source.demux(stream):
        try:
            for frame in packet.decode():
                frame.pts = None
                yield from one_shape.resample(frame)
        except av.error.InvalidDataError:
            continue
    yield from one_shape.resample(None)


def _note(heard: array[int], loud: list[int]) -> array[int]:
    """Add the peak of each hundredth of a second; gives what is left of the last one."""
    whole = len(heard) - len(heard) % _STEP
    for start in range(0, whole, _STEP):
        part = heard[start : start + _STEP]
        loud.append(max(max(part), -min(part)))
    return heard[whole:]


def peaks(loud: list[int]) -> list[int]:
    """At most 200 heights from 0 to 100, the loudest being 100."""
    count = min(PEAKS, len(loud))
    highest = max([QUIETEST_LOUD, *loud])
    edges = [number * len(loud) // count for number in range(count + 1)] if count else []
    return [100 * max(loud[start:stop]) // highest for start, stop in pairwise(edges)]


def main(arguments: list[str]) -> int:
    for what, most in _LIMITS:
        resource.setrlimit(what, (most, most))
    try:
        made = convert(*arguments)
    except (Unreadable, av.error.FFmpegError, MemoryError, KeyError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}")
        return 1
    sys.stdout.write(json.dumps(made))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
