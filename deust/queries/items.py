"""An item of a module as one person meets it: the line of a list, its address, its state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from deust.domain.assignments import days_late
from deust.domain.attempts import attempts_left, is_settled
from deust.domain.learning import Assignment, Lesson, Module, Programme, Quiz
from deust.domain.progress import AnyItem, Progress, State, Status
from deust.domain.quizzes import Mode, shown


@dataclass(frozen=True, kw_only=True)
class Before:
    """What must be finished first: one activity, or the `count` that are left of a module asked for whole."""

    title: str
    url: str
    count: int = 1


class Row(NamedTuple):
    """An item in a list, numbered from 1. `mark` is the share obtained, when it may be told."""

    position: int
    module_id: str
    title: str
    kind: str
    state: str
    minutes: int
    minutes_left: int
    permille_read: int
    url: str
    resume_url: str
    opens_at: datetime | None = None
    due_on: date | None = None
    due_at: datetime | None = None
    days_late: int = 0
    is_closed: bool = False
    closed_on: date | None = None
    is_current: bool = False
    is_begun: bool = False
    is_attempted: bool = False
    has_open_attempt: bool = False
    ends_at: datetime | None = None
    mark: Fraction | None = None
    blocked_by: tuple[Before, ...] = ()


def item_url(item: AnyItem) -> str:
    return f"/modules/{item.module}/{item.id}"


def module_url(module_id: str) -> str:
    return f"/modules/{module_id}"


def public_url(lesson: Lesson) -> str:
    return f"/lecons/{lesson.ref}"


def is_public(item: AnyItem, programme: Programme) -> bool:
    """Whether readers without an account may open it: a lesson that is public, or whose module is."""
    return isinstance(item, Lesson) and (item.is_public or programme.modules[item.module].is_public)


def module_code(programme: Programme, module_id: str) -> str:
    """What the programme calls a module in a few signs, « EC131 »; nothing for one outside it."""
    found = programme.place_of(module_id)
    return found[2].id if found else ""


def open_module_url(module_id: str) -> str:
    return f"/documents/{module_id}"


def is_open_module(module: Module) -> bool:
    """Whether a module opens to readers without an account."""
    return module.is_public and not module.is_planned


def open_modules(programme: Programme) -> list[Module]:
    return [module for module in programme.modules.values() if is_open_module(module)]


def is_open_quiz(item: AnyItem, programme: Programme) -> bool:
    """Whether readers without an account may take it: a quiz to train, without limit, in a public module."""
    if not isinstance(item, Quiz) or isinstance(item, Assignment) or not is_open_module(programme.modules[item.module]):
        return False
    return item.settings.mode is Mode.TRAINING and item.settings.attempts is None


def open_url(item: AnyItem, programme: Programme) -> str | None:
    """The address of an item for readers without an account; None when it is not open to them."""
    if isinstance(item, Lesson):
        return public_url(item) if is_public(item, programme) else None
    return f"{open_module_url(item.module)}/quiz/{item.id}" if is_open_quiz(item, programme) else None


def public_lessons(programme: Programme) -> Iterator[Lesson]:
    for module in programme.modules.values():
        for item in module.items:
            if isinstance(item, Lesson) and is_public(item, programme):
                yield item


def row_of(status: Status, progress: Progress, *, position: int, is_current: bool = False) -> Row:
    """An item as a line of a list."""
    standing, due_at, closes_at = status.standing, status.dates.due_at, status.dates.closes_at
    zone = progress.calendar.time_zone if progress.calendar else "UTC"
    is_open = standing is not None and standing.has_open_attempt
    return Row(
        position=position,
        module_id=status.item.module,
        title=status.item.title,
        kind=status.item.kind.value,
        state=status.state.value,
        minutes=status.item.minutes,
        minutes_left=status.minutes_left,
        permille_read=permille_read(status),
        url=item_url(status.item),
        resume_url=_resume_url(status),
        opens_at=status.dates.opens_at,
        due_on=due_at.astimezone(ZoneInfo(zone)).date() if due_at else None,
        due_at=due_at,
        days_late=days_late(due_at, progress.now, zone) if due_at and status.state is State.LATE else 0,
        is_closed=status.is_closed,
        closed_on=closes_at.astimezone(ZoneInfo(zone)).date() if closes_at and status.is_closed else None,
        is_current=is_current,
        is_begun=is_begun(status),
        is_attempted=not is_open and standing is not None and standing.attempts_used > 0,
        has_open_attempt=is_open,
        ends_at=standing.deadline_at if standing is not None and is_open else None,
        mark=_mark_told(status, progress.now),
        blocked_by=finish_first(status.item, status.blocked_by, progress.programme),
    )


def finish_first(item: AnyItem, left: Sequence[AnyItem], programme: Programme) -> tuple[Before, ...]:
    """Each activity once, in the order they are asked for; those of a module that this one follows, under its title."""
    if not left:
        return ()
    whole = programme.modules[item.module].requires
    found: dict[str, Before] = {}
    for required in {required.ref: required for required in left}.values():
        url = module_url(required.module) if required.module in whole else item_url(required)
        title = programme.modules[required.module].title if required.module in whole else required.title
        count = found[url].count + 1 if url in found else 1
        found[url] = Before(title=title, url=url, count=count)
    return tuple(found.values())


def numbered_row(status: Status, progress: Progress) -> Row:
    """An item outside the list of its module, with its number in it."""
    items = progress.programme.modules[status.item.module].items
    return row_of(status, progress, position=items.index(status.item) + 1)


def _resume_url(status: Status) -> str:
    """The exact place where the person stopped: in the open attempt, in the lesson."""
    standing, url = status.standing, item_url(status.item)
    if standing is None:
        return url
    if standing.open_attempt is not None:
        is_draft = isinstance(status.item, Assignment)
        return f"/devoirs/{standing.open_attempt}" if is_draft else f"/essais/{standing.open_attempt}/questions/1"
    return f"{url}#{standing.place}" if standing.place and status.state is not State.DONE else url


def is_begun(status: Status) -> bool:
    """Whether the person stopped in the middle: an attempt is open, or a lesson was opened and not finished."""
    is_open = status.standing is not None and status.standing.has_open_attempt
    return is_open or _is_being_read(status)


def permille_read(status: Status) -> int:
    """How much was read of a lesson that is begun; nothing of anything else."""
    return status.standing.read_permille if status.standing is not None and _is_being_read(status) else 0


def _is_being_read(status: Status) -> bool:
    return isinstance(status.item, Lesson) and status.standing is not None and status.state is not State.DONE


def _mark_told(status: Status, now: datetime) -> Fraction | None:
    """The result kept, unless the quiz does not show it yet: then neither does the page of the result."""
    standing, item = status.standing, status.item
    if not isinstance(item, Quiz) or standing is None or standing.kept_share is None:
        return None
    used = standing.attempts_used - status.dates.extra_attempts
    told = shown(
        item.settings.show,
        handed_in=True,
        attempts_left=standing.has_open_attempt or attempts_left(item.settings, used),
        closed=is_settled(status.dates.closes_at, now),
    )
    return standing.kept_share if told.score else None
