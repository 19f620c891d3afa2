"""Who needs help: rules in plain words, each with its figures; no flag knows why someone is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from deust.domain.errors import Refusal


class FlagKind(StrEnum):
    SILENT = "silent"
    FAILED = "failed"
    BEHIND = "behind"


class InvalidRules(Refusal):
    """Rules beyond what they mean: days, attempts and per cent have limits."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When a student is pointed out to those who follow them. A rule at 0 points nobody out.

    No activity for `silent_days` while work is due within `due_days`; `failed_attempts` of one quiz without passing it;
    less than `behind_percent` of the hours that the calendar expects so far.
    """

    silent_days: int = 10
    due_days: int = 7
    failed_attempts: int = 2
    behind_percent: int = 50

    def ensure_sound(self) -> None:
        limits = ((self.silent_days, 90), (self.due_days, 60), (self.failed_attempts, 20), (self.behind_percent, 100))
        if any(not 0 <= value <= most for value, most in limits):
            raise InvalidRules


class FailedQuiz(NamedTuple):
    """Attempts closed of one quiz that none of them passed."""

    ref: str
    attempts: int


class Facts(NamedTuple):
    """What the rules look at, for one student. `began_at` is when silence starts to count for who never came.

    `due_soon` counts what is due within the rules' days and not done; `expected_minutes` are those due so far.
    """

    began_at: datetime
    seen_at: datetime | None
    due_soon: int
    failed: tuple[FailedQuiz, ...]
    credited_minutes: int
    expected_minutes: int


@dataclass(frozen=True, kw_only=True)
class Silent:
    """`has_begun` is False for who never opened anything."""

    kind: ClassVar[FlagKind] = FlagKind.SILENT
    days: int
    due_soon: int
    has_begun: bool


@dataclass(frozen=True, kw_only=True)
class Failed:
    kind: ClassVar[FlagKind] = FlagKind.FAILED
    ref: str
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Behind:
    kind: ClassVar[FlagKind] = FlagKind.BEHIND
    credited_minutes: int
    expected_minutes: int

    @property
    def percent(self) -> int:
        """Whole per cent of the expected hours, rounded down."""
        return self.credited_minutes * 100 // self.expected_minutes


Flag = Silent | Failed | Behind


def flags_of(facts: Facts, rules: Rules, *, today: date, time_zone: str) -> tuple[Flag, ...]:
    """Everything that points this student out today, silence first. Days are those of the calendar in `time_zone`."""
    flags: list[Flag] = []
    if rules.silent_days and facts.due_soon:
        days = (today - (facts.seen_at or facts.began_at).astimezone(ZoneInfo(time_zone)).date()).days
        if days >= rules.silent_days:
            flags.append(Silent(days=days, due_soon=facts.due_soon, has_begun=facts.seen_at is not None))
    if rules.failed_attempts:
        flags += [
            Failed(ref=quiz.ref, attempts=quiz.attempts)
            for quiz in facts.failed
            if quiz.attempts >= rules.failed_attempts
        ]
    if facts.credited_minutes * 100 < facts.expected_minutes * rules.behind_percent:
        flags.append(Behind(credited_minutes=facts.credited_minutes, expected_minutes=facts.expected_minutes))
    return tuple(flags)
