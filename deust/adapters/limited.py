"""Programs of our own that read hostile files: without secrets, in a folder of their own, ended when they are too long.

Each limits its own memory, time and files before it opens anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

MOST_SAID = 100_000

ROOM = "deust-work-"
"""What the name of a room begins with."""

_ENVIRON = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a program said; `code` is none when it had to be ended."""

    code: int | None
    said: bytes
    complaint: str


@contextmanager
def room() -> Iterator[Path]:
    """A folder of its own for one program; it goes with what it holds once its result was taken."""
    with tempfile.TemporaryDirectory(prefix=ROOM) as name:
        yield Path(name)


def forget_rooms(before: datetime) -> int:
    """Delete the folders that a process killed in its work left: they hold what somebody handed in. Says how many."""
    gone = 0
    with os.scandir(tempfile.gettempdir()) as found:
        rooms = [entry for entry in found if entry.name.startswith(ROOM) and entry.is_dir(follow_symlinks=False)]
    for entry in rooms:
        with suppress(FileNotFoundError):
            status = entry.stat(follow_symlinks=False)
            if status.st_uid == os.getuid() and datetime.fromtimestamp(status.st_mtime, UTC) < before:
                shutil.rmtree(entry.path, ignore_errors=True)
                gone += 1
    return gone


def run(program: Path, arguments: Sequence[str], *, folder: Path, patience_seconds: float) -> Ended:
    """Run a program in this folder and wait for its end, no longer than told."""
    command = [sys.executable, "-I", str(program), *arguments]
    with (folder / "said").open("w+b") as said, (folder / "complaint").open("w+b") as complaint:
        try:
            done = subprocess.run(  # noqa: S603
                command,
                cwd=folder,
                env=_ENVIRON,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complaint,
                timeout=patience_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Ended(code=None, said=_beginning(said), complaint=f"more than {patience_seconds} s")
        return Ended(
            code=done.returncode,
            said=_beginning(said),
            complaint=_beginning(complaint)[-300:].decode("utf-8", "replace"),
        )


def _beginning(file: BinaryIO) -> bytes:
    """What was said, no more than a program of ours says."""
    file.seek(0)
    return file.read(MOST_SAID)
