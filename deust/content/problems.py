"""What is wrong in the course files: one line a problem, with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

_SPACES = "\u00a0\u2009\u202f"


class Level(StrEnum):
    """`ERROR` keeps the tree from being served; `INFO` only tells what was understood."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Problem:
    path: str
    line: int
    level: Level
    message: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f" (fix: {self.fix})" if self.fix else ""
        return visible(f"{self.path}:{self.line}: {self.level}: {self.message}{fix}")


@dataclass
class Report:
    """The problems of one file, gathered while it is read."""

    path: str
    problems: list[Problem] = field(default_factory=list)

    def error(self, line: int, message: str, fix: str = "") -> None:
        self.problems.append(Problem(self.path, line, Level.ERROR, message, fix))

    def warn(self, line: int, message: str, fix: str = "") -> None:
        self.problems.append(Problem(self.path, line, Level.WARNING, message, fix))


def visible(text: str) -> str:
    """The text on one line of characters that any screen shows: what a file holds must not break its own report."""
    return "".join(sign if sign.isprintable() or sign in _SPACES else "\N{REPLACEMENT CHARACTER}" for sign in text)


def counted(number: int, word: str) -> str:
    """A number with its word, plural from two on."""
    return f"{number} {word}{'s' if number > 1 else ''}"


def errors_of(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.level is Level.ERROR)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """File by file, line by line, each problem once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.path, problem.line)))
