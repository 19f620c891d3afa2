"""gunicorn on a machine that installed `requirements.txt` alone: what only tests and tools need is not there."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions

from gunicorn.app.wsgiapp import run

from deust.config import ROOT

_PINNED = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def hide_tools() -> None:
    """Make what `requirements-dev.txt` adds impossible to import, as it would be there."""
    added = _pinned("requirements-dev.txt") - _pinned("requirements.txt")
    for package, distributions in packages_distributions().items():
        if {_plain(name) for name in distributions} <= added:
            sys.modules[package] = None  # type: ignore[assignment]


def _pinned(file: str) -> set[str]:
    return {_plain(name) for name in _PINNED.findall((ROOT / file).read_text())}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    hide_tools()
    sys.exit(run())
