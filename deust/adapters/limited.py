"""Programs of our own that read hostile files: without secrets, in a folder of their own, ended when they are too long.

Each limits its own memory, time and files before it opens anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_SAID = 100_000

_ENVIRON = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a program said; `code` is none when it had to be ended."""

    code: int | None
    said: bytes
    complaint: str


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
