"""Assignments: what is handed in and until when, what being late costs, how marks become one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from deust.domain.errors import InvalidAnswer
from deust.domain.rubric import Scored
from deust.domain.statistics import mean

DEFAULT_TURNAROUND_DAYS = 15
"""Marks are given back within 15 days (the diploma's grading culture) unless the assignment promises sooner."""

DEFAULT_GAP = Fraction(2)
CAPPED_SHARE = Fraction(7, 20)
"""What a failed eliminatory criterion leaves at most: 7/20."""


class Resubmit(StrEnum):
    NEVER = "never"
    BY_TUTOR = "by-tutor"
    UNTIL_PASS = "until-pass"  # noqa: S105 - not a password


class CopyState(StrEnum):
    """To mark: nobody wrote anything. Draft: someone did. Ready: to be released. Released: the student reads it."""

    TO_MARK = "to-mark"
    DRAFT = "draft"
    READY = "ready"
    RELEASED = "released"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an assignment promises and asks: points, rounding step, lateness, resubmission, who marks and how soon."""

    out_of: Fraction
    step: Fraction | None = None
    late_days: int = 0
    penalty_per_day: Fraction = Fraction(0)
    resubmit: Resubmit = Resubmit.NEVER
    is_anonymous: bool = False
    markers: int = 1
    gap: Fraction = DEFAULT_GAP
    turnaround_days: int = DEFAULT_TURNAROUND_DAYS


@dataclass(frozen=True, kw_only=True)
class Mark:
    """From the grid to the mark: each step is kept, so that it can be shown and proved.

    `raw` is what the grid gives, rounded to the step; `adjusted` after the marker's adjustment and the eliminatory
    rule; `mark` after the penalty for lateness.
    """

    raw: Fraction
    adjusted: Fraction
    penalty: Fraction
    mark: Fraction


def days_late(due_at: datetime | None, handed_in_at: datetime, time_zone: str) -> int:
    """Days begun after the due moment, counted in local days: one minute late is one day, the next midnight two."""
    if due_at is None or handed_in_at <= due_at:
        return 0
    zone = ZoneInfo(time_zone)
    last_good = (due_at - timedelta(microseconds=1)).astimezone(zone).date()
    return max(1, (handed_in_at.astimezone(zone).date() - last_good).days)


def penalty(terms: Terms, late: int) -> Fraction:
    """Points lost for so many days late."""
    return terms.penalty_per_day * late


def to_step(value: Fraction, step: Fraction | None) -> Fraction:
    """The nearest multiple of the step, the half going up; without a step the value is left exact."""
    return value if not step else step * floor(value / step + Fraction(1, 2))


def points_of(scored: Scored, out_of: Fraction) -> Fraction | None:
    """What a grid gives out of `out_of`, exactly: `out_of` × points earned / points that apply, whatever the grid's own
    total. None while no criterion applies.
    """
    return None if scored.share is None else out_of * scored.share


def most_of(scored: Scored, out_of: Fraction) -> Fraction:
    """The most that a grid leaves: 7/20 of `out_of` once an eliminatory criterion is at level 0."""
    return out_of * CAPPED_SHARE if scored.eliminated_by else out_of


def marked(
    terms: Terms,
    raw: Fraction,
    adjustment: Fraction = Fraction(0),
    late: int = 0,
    *,
    most: Fraction | None = None,
) -> Mark:
    """The mark that points make: rounded once to the step, then the adjustment, then held to the `most` that
    eliminatory criteria leave, then the penalty for lateness; it stays between 0 and `out_of`. Refuses points outside
    0 … `out_of`.
    """
    if not 0 <= raw <= terms.out_of:
        raise InvalidAnswer("mark")
    most = terms.out_of if most is None else most
    rounded = to_step(raw, terms.step)
    adjusted = min(_between(rounded + adjustment, terms.out_of), most)
    lost = penalty(terms, late)
    return Mark(
        raw=rounded,
        adjusted=adjusted,
        penalty=min(lost, adjusted),
        mark=_between(adjusted - lost, terms.out_of),
    )


def _between(value: Fraction, out_of: Fraction) -> Fraction:
    return max(Fraction(0), min(value, out_of))


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What several markers' marks give: one mark, or the need for a third marker."""

    mark: Fraction | None
    needs_third: bool = False


def agreed(marks: Sequence[Fraction], *, markers: int, gap: Fraction) -> Agreed:
    """One marker: that mark. Two: their mean when they differ by `gap` at most, else a third marker decides.

    With a third mark, it is the mark; the two others are kept beside it. Nothing is agreed while one is missing.
    """
    if len(marks) < markers:
        return Agreed(mark=None)
    if markers == 1:
        return Agreed(mark=marks[0])
    if len(marks) > markers:
        return Agreed(mark=marks[-1])
    if max(marks) - min(marks) > gap:
        return Agreed(mark=None, needs_third=True)
    return Agreed(mark=mean(marks))


def has_place(terms: Terms, *, marking: int, needs_third: bool, is_reviewing: bool) -> bool:
    """Whether one more marker may begin, when so many mark the copy already: a second or a third as the terms want, and
    always the one to whom a review was given, whose mark is then that of the copy.
    """
    return is_reviewing or marking < terms.markers + needs_third


class Rule(StrEnum):
    """Which of several marks counts: of two that differ too much the third's, after a review that of who reviewed."""

    ONE = "one"
    MEAN = "mean"
    THIRD = "third"
    REVIEW = "review"


def rule_of(terms: Terms, marks: Sequence[Fraction]) -> Rule:
    """What a release says of marks that are agreed."""
    if terms.markers == 1:
        return Rule.ONE
    first, extra = marks[: terms.markers], len(marks) - terms.markers
    if not extra:
        return Rule.MEAN
    return Rule.THIRD if extra == 1 and max(first) - min(first) > terms.gap else Rule.REVIEW


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is given back to a student: the mark agreed, the points lost for lateness, and the mark that remains."""

    agreed: Fraction
    lost: Fraction
    mark: Fraction
    rule: Rule


def to_give(terms: Terms, marks: Sequence[Fraction], late: int) -> Given | None:
    """The mark that a release gives back: what the markers agree on, to the step, less the days late. None while
    nothing is agreed.
    """
    mark = agreed(marks, markers=terms.markers, gap=terms.gap).mark
    if mark is None:
        return None
    lost = min(penalty(terms, late), mark)
    kept = max(Fraction(0), to_step(mark, terms.step) - lost)
    return Given(agreed=mark, lost=lost, mark=kept, rule=rule_of(terms, marks))


def due_back(handed_in_at: datetime, turnaround_days: int) -> datetime:
    """When the mark was promised for."""
    return handed_in_at + timedelta(days=turnaround_days)


def claim_ends(now: datetime) -> datetime:
    """A copy taken by a marker is kept for them for two hours after their last sign of work."""
    return now + timedelta(hours=2)


def terms_to_json(terms: Terms) -> dict[str, Any]:
    """The terms as plain JSON: a copy keeps those it was handed in under."""
    return {
        "out_of": str(terms.out_of),
        "step": None if terms.step is None else str(terms.step),
        "late_days": terms.late_days,
        "penalty_per_day": str(terms.penalty_per_day),
        "resubmit": terms.resubmit.value,
        "is_anonymous": terms.is_anonymous,
        "markers": terms.markers,
        "gap": str(terms.gap),
        "turnaround_days": terms.turnaround_days,
    }


def terms_from_json(body: Mapping[str, Any]) -> Terms:
    """The terms that `terms_to_json` wrote."""
    return Terms(
        out_of=Fraction(body["out_of"]),
        step=None if body["step"] is None else Fraction(body["step"]),
        late_days=body["late_days"],
        penalty_per_day=Fraction(body["penalty_per_day"]),
        resubmit=Resubmit(body["resubmit"]),
        is_anonymous=body["is_anonymous"],
        markers=body["markers"],
        gap=Fraction(body["gap"]),
        turnaround_days=body["turnaround_days"],
    )
