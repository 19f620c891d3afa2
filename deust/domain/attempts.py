"""An attempt's life: the paper drawn, the deadline computed, the answers accepted, the receipt made."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from deust.domain.errors import AttemptClosed, NoAttemptLeft, NotYetOpen
from deust.domain.freezing import content_hash
from deust.domain.people import Arrangement, Dates
from deust.domain.questions import Info, Json, Question
from deust.domain.quizzes import Keep, QuizSettings
from deust.domain.statistics import mean

GRACE = timedelta(seconds=30)
"""Answers sent in time on a poor line may arrive this long after the deadline and still count."""


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """`at` is None when nothing limits the attempt; `is_window` says that the closing date, not the limit, decides."""

    time_seconds: int | None
    at: datetime | None
    is_window: bool


def deadline(
    *, started_at: datetime, limit_seconds: int | None, closes_at: datetime | None, arrangement: Arrangement
) -> Deadline:
    """When the attempt ends: the start plus the person's own time, or the closing date if it comes first.

    The person's own time is the limit × their multiplier + their extra minutes, rounded up to the minute.
    """
    time_seconds = own_time(limit_seconds, arrangement)
    if time_seconds is None:
        return Deadline(time_seconds=None, at=closes_at, is_window=closes_at is not None)
    ends_at = started_at + timedelta(seconds=time_seconds)
    if closes_at is not None and closes_at < ends_at:
        return Deadline(time_seconds=time_seconds, at=closes_at, is_window=True)
    return Deadline(time_seconds=time_seconds, at=ends_at, is_window=False)


def own_time(limit_seconds: int | None, arrangement: Arrangement) -> int | None:
    """The person's seconds for a limit, rounded up to the minute in their favour; None without a limit."""
    if limit_seconds is None:
        return None
    minutes = Fraction(limit_seconds, 60) * arrangement.time_multiplier + arrangement.extra_minutes
    return ceil(minutes) * 60


def ensure_may_start(*, settings: QuizSettings, used: int, dates: Dates, now: datetime) -> None:
    """Refuses a start before the opening, after the closing, or when every attempt was used."""
    if dates.opens_at is not None and now < dates.opens_at:
        raise NotYetOpen
    if dates.closes_at is not None and now >= dates.closes_at:
        raise AttemptClosed
    if not attempts_left(settings, used):
        raise NoAttemptLeft


def attempts_left(settings: QuizSettings, used: int) -> bool:
    return settings.attempts is None or used < settings.attempts


def is_over(*, closed_at: datetime | None, deadline_at: datetime | None, now: datetime) -> bool:
    """Whether the attempt takes no more answers: closed, or past its deadline and the grace."""
    if closed_at is not None:
        return True
    return deadline_at is not None and now > deadline_at + GRACE


def is_settled(closes_at: datetime | None, now: datetime) -> bool:
    """Whether the last answers of everyone have come: what waits for the closing is told from then on."""
    return closes_at is not None and now > closes_at + GRACE


def ensure_open(*, closed_at: datetime | None, deadline_at: datetime | None, now: datetime) -> None:
    if is_over(closed_at=closed_at, deadline_at=deadline_at, now=now):
        raise AttemptClosed


def draw_questions(
    questions: Sequence[Question], settings: QuizSettings, *, seen: Mapping[str, int], rng: random.Random
) -> list[Question]:
    """The questions of one paper: drawn by tag or number, those least seen by the person first.

    Without `shuffle` they keep the author's order; with it, they are shuffled inside their section.
    """
    chosen = _drawn(questions, settings.draw, seen, rng)
    if not settings.shuffle_questions:
        return chosen
    sections = list(dict.fromkeys(question.section for question in questions))
    keyed = [(sections.index(question.section), rng.random(), index) for index, question in enumerate(chosen)]
    return [chosen[index] for _, _, index in sorted(keyed)]


def _drawn(
    questions: Sequence[Question],
    draw: int | Mapping[str, int] | None,
    seen: Mapping[str, int],
    rng: random.Random,
) -> list[Question]:
    if draw is None:
        return list(questions)
    ranked = sorted(
        (question for question in questions if not isinstance(question.answer, Info)),
        key=lambda question: (seen.get(question.id, 0), rng.random()),
    )
    if isinstance(draw, int):
        taken = {question.id for question in ranked[:draw]}
    else:
        taken = set()
        for tag, count in draw.items():
            fresh = [question.id for question in ranked if tag in question.tags and question.id not in taken]
            taken.update(fresh[:count])
    return [question for question in questions if question.id in taken]


class SaveOutcome(StrEnum):
    KEPT = "kept"
    SUPERSEDED = "superseded"
    CONFLICT = "conflict"
    LATE = "late"


MOST_TABS = 12
"""How many of the tabs that wrote an answer last are remembered with it: each page opened is another one."""


class CurrentAnswer(NamedTuple):
    """The state a save meets: version 0 when nothing was answered yet; `clients` is each tab's last sequence, the tabs
    in the order of their last saves.
    """

    given: Json
    version: int
    client: str
    clients: Mapping[str, int]


NO_ANSWER = CurrentAnswer(given=None, version=0, client="", clients={})


class Save(NamedTuple):
    """One save as a tab sends it; `base_version` is the version of the answer that the tab had seen.

    `clears` says that the student emptied the answer on purpose: without it, nothing never replaces something.
    """

    event_id: str
    client: str
    sequence: int
    base_version: int
    given: Json
    clears: bool = False


def is_sent_again(save: Save, before: Json) -> bool:
    """Whether a save gives what came under its name before. A file sent again is stored under another id."""
    return _content(save.given) == _content(before)


def _content(given: Json) -> Json:
    return {name: value for name, value in given.items() if name != "file"} if isinstance(given, dict) else given


def outcome_of(save: Save, current: CurrentAnswer) -> SaveOutcome:
    """What becomes of a save that arrives in time.

    A tab's own saves apply in the order it made them, whatever the order of arrival. A tab that had not seen what
    another one wrote meanwhile does not overwrite it: both values are kept and the student chooses.
    """
    if save.sequence <= current.clients.get(save.client, 0):
        return SaveOutcome.SUPERSEDED
    if save.given is None and current.given is not None and not save.clears:
        return SaveOutcome.SUPERSEDED
    if save.client == current.client or save.base_version >= current.version:
        return SaveOutcome.KEPT
    return SaveOutcome.KEPT if save.given == current.given else SaveOutcome.CONFLICT


def after(save: Save, current: CurrentAnswer) -> CurrentAnswer:
    """The current answer once a kept save is applied.

    The tab that wrote longest ago is forgotten: what it sends late, having seen nothing since, is then a conflict
    rather than superseded, unless it is what counts already.
    """
    others = [(client, last) for client, last in current.clients.items() if client != save.client]
    return CurrentAnswer(
        given=save.given,
        version=current.version + 1,
        client=save.client,
        clients=dict([*others[1 - MOST_TABS :], (save.client, save.sequence)]),
    )


def kept_share(shares: Sequence[Fraction], keep: Keep) -> Fraction | None:
    """The one result that counts among several attempts, oldest first."""
    if not shares:
        return None
    if keep is Keep.BEST:
        return max(shares)
    if keep is Keep.LAST:
        return shares[-1]
    if keep is Keep.FIRST:
        return shares[0]
    return mean(shares)


def answers_hash(answers: Mapping[str, Json]) -> str:
    """SHA-256 of the answers as handed in: canonical JSON, keys sorted, UTF-8."""
    return content_hash(answers)


def remaining_seconds(deadline_at: datetime | None, now: datetime) -> int | None:
    """Whole seconds left, never below zero; None without a deadline."""
    if deadline_at is None:
        return None
    return max(0, int((deadline_at - now).total_seconds()))
