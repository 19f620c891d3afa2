"""Words that stand only in what solves or comments a question: none may be in an answer before it is due."""

from __future__ import annotations

import re
from pathlib import Path

COURSES = Path(__file__).parents[1] / "fixtures" / "courses"

_CANARY = re.compile(r"canari[\w-]*", re.IGNORECASE)


def all_canaries() -> set[str]:
    """Every canary planted in the course files of the tests."""
    return {found for path in COURSES.rglob("*.md") for found in _CANARY.findall(path.read_text())}


def canaries_in(text: str) -> set[str]:
    return set(_CANARY.findall(text))
