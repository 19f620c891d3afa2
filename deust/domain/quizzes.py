"""A quiz's settings: what its mode implies, and when each part of the correction is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Mode(StrEnum):
    TRAINING = "training"
    GRADED = "graded"
    EXAM = "exam"


class Keep(StrEnum):
    BEST = "best"
    LAST = "last"
    AVERAGE = "average"
    FIRST = "first"


class Paging(StrEnum):
    ONE = "one"
    SECTION = "section"
    ALL = "all"


class Moment(StrEnum):
    """When a part of the correction is shown; `AFTER_ATTEMPTS` is once no attempt remains, or after the close."""

    AFTER_SUBMIT = "after-submit"
    AFTER_ATTEMPTS = "after-attempts"
    AFTER_CLOSE = "after-close"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Show:
    correctness: Moment
    feedback: Moment
    answers: Moment
    score: Moment


@dataclass(frozen=True, kw_only=True)
class QuizSettings:
    """`attempts` None is unlimited; `pass_share` is a share of the points; `draw` None takes every question."""

    mode: Mode
    attempts: int | None
    keep: Keep
    time_seconds: int | None
    pass_share: Fraction
    paging: Paging
    shuffle_questions: bool
    shuffle_options: bool
    show: Show
    draw: int | Mapping[str, int] | None = None

    @property
    def keeps(self) -> Keep:
        """Which result counts. Where one attempt is all there is, another is granted in its place: the last counts."""
        return Keep.LAST if self.attempts == 1 else self.keep


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to tell whoever obtained less than `below` of the points of one tag; without `below`, everyone else.

    `to` is the activity that the advice opens, as `module/item` or, in the same module, `item`.
    """

    tag: str
    say: str
    below: Fraction | None = None
    to: str | None = None


def advice_given(advice: Sequence[Advice], shares: Mapping[str, Fraction]) -> dict[str, Advice]:
    """For each tag with a share of its points, the first advice whose limit the share does not reach."""
    said: dict[str, Advice] = {}
    for one in advice:
        share = shares.get(one.tag)
        if share is not None and one.tag not in said and (one.below is None or share < one.below):
            said[one.tag] = one
    return said


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What of the correction may be seen now."""

    correctness: bool = False
    feedback: bool = False
    answers: bool = False
    score: bool = False


@dataclass(frozen=True, kw_only=True)
class ModeDefaults:
    attempts: int | None
    keep: Keep
    shuffle_questions: bool
    shuffle_options: bool
    show: Show


DEFAULTS: Mapping[Mode, ModeDefaults] = {
    Mode.TRAINING: ModeDefaults(
        attempts=None,
        keep=Keep.BEST,
        shuffle_questions=False,
        shuffle_options=True,
        show=Show(
            correctness=Moment.AFTER_SUBMIT,
            feedback=Moment.AFTER_SUBMIT,
            answers=Moment.AFTER_SUBMIT,
            score=Moment.AFTER_SUBMIT,
        ),
    ),
    Mode.GRADED: ModeDefaults(
        attempts=2,
        keep=Keep.BEST,
        shuffle_questions=True,
        shuffle_options=True,
        show=Show(
            correctness=Moment.AFTER_ATTEMPTS,
            feedback=Moment.AFTER_ATTEMPTS,
            answers=Moment.AFTER_ATTEMPTS,
            score=Moment.AFTER_SUBMIT,
        ),
    ),
    Mode.EXAM: ModeDefaults(
        attempts=1,
        keep=Keep.FIRST,
        shuffle_questions=True,
        shuffle_options=True,
        show=Show(
            correctness=Moment.AFTER_CLOSE,
            feedback=Moment.AFTER_CLOSE,
            answers=Moment.AFTER_CLOSE,
            score=Moment.AFTER_CLOSE,
        ),
    ),
}


def shown(show: Show, *, handed_in: bool, attempts_left: bool, closed: bool) -> Shown:
    """What an attempt's owner may see: nothing before handing in; then each part from its moment on.

    `closed` says that the item's last date for this person is past; `attempts_left` that another attempt may start.
    An item without a closing date is never `closed`, so `after-close` then waits for staff.
    """
    if not handed_in:
        return Shown()

    def due(moment: Moment) -> bool:
        if moment is Moment.AFTER_SUBMIT:
            return True
        if moment is Moment.AFTER_ATTEMPTS:
            return closed or not attempts_left
        return moment is Moment.AFTER_CLOSE and closed

    return Shown(
        correctness=due(show.correctness),
        feedback=due(show.feedback),
        answers=due(show.answers),
        score=due(show.score),
    )
