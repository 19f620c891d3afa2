"""The pages of someone who learns: home, programme, module. One statement each; home asks another
of who was marked: what came back lately.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from deust.domain.errors import NotEnrolled
from deust.domain.learning import Component, Module, Outcome, Programme, Quiz, Semester, Unit
from deust.domain.people import Dates, SignedIn
from deust.domain.progress import (
    AnyItem,
    Progress,
    State,
    Status,
    Totals,
    next_action,
    next_actions,
    state_of,
    totals_of,
)
from deust.domain.week import Day, week_of
from deust.queries.items import (
    Row,
    is_begun,
    is_open_module,
    module_code,
    module_url,
    numbered_row,
    open_module_url,
    row_of,
)
from deust.queries.left_open import LeftOpen, left_open
from deust.queries.progress import follows, progress_of
from deust.queries.returned import Returned, returned_lately

NEXT_ROWS = 3


@dataclass(frozen=True, kw_only=True)
class ModuleCard:
    """A module at a glance; `code` is its ECUE, `current` the position of the next thing to do in it."""

    id: str
    code: str
    title: str
    url: str
    is_planned: bool
    statuses: tuple[Status, ...]
    totals: Totals
    current: int | None


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """« Aujourd'hui »: what to do now, what comes next, the week, the modules in progress."""

    now: datetime
    week: int
    first: Row | None
    first_module: ModuleCard | None
    following: tuple[Row, ...]
    codes: Mapping[str, str]
    days: tuple[Day, ...]
    dated: tuple[Row, ...]
    modules: tuple[ModuleCard, ...]
    returned: tuple[Returned, ...]
    left_open: tuple[LeftOpen, ...]
    totals: Totals
    credited_minutes: int

    @property
    def planned_minutes(self) -> int:
        return sum(day.planned for day in self.days)

    @property
    def done_minutes(self) -> int:
        return sum(day.done for day in self.days)


@dataclass(frozen=True, kw_only=True)
class ModuleLink:
    """A module in a list of modules."""

    code: str
    title: str
    url: str
    is_planned: bool


@dataclass(frozen=True, kw_only=True)
class UnitCard:
    """`statuses` are those of its items, module after module."""

    id: str
    title: str
    ects: int
    hours: int
    stage_weeks: int
    statuses: tuple[Status, ...]
    totals: Totals
    modules: tuple[ModuleLink, ...]
    planned: tuple[Component, ...]


@dataclass(frozen=True, kw_only=True)
class SemesterCard:
    id: str
    number: int
    ects: int
    hours: int
    is_current: bool
    units: tuple[UnitCard, ...]
    totals: Totals


@dataclass(frozen=True, kw_only=True)
class ProgrammePage:
    title: str
    ects: int
    semesters: tuple[SemesterCard, ...]
    beside: tuple[ModuleLink, ...]
    has_progress: bool


@dataclass(frozen=True, kw_only=True)
class OutcomeRow:
    """`state` is done, redo, started or todo, from the items that name the outcome."""

    title: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ModulePage:
    module: ModuleCard
    rows: tuple[Row, ...]
    intro: str
    unit: Unit | None
    component: Component | None
    weeks: tuple[int, int] | None
    outcomes: tuple[OutcomeRow, ...]
    first: Row | None
    last_due_at: datetime | None
    has_progress: bool
    whole_url: str | None


def home_page(connection: Connection, *, learner: SignedIn, programme: Programme, now: datetime) -> HomePage:
    progress = progress_of(connection, learner=learner, programme=programme, now=now)
    if progress.calendar is None:
        raise NotEnrolled
    statuses = {module.id: progress.statuses(module) for module in programme.modules_in_order}
    everything = [status for of_module in statuses.values() for status in of_module]
    actions = next_actions(everything)
    first = actions[0] if actions else None
    cards = {
        module_id: _card(programme, programme.modules[module_id], of_module, progress)
        for module_id, of_module in statuses.items()
        if _is_current(module_id, of_module, first)
    }
    return HomePage(
        now=now,
        week=progress.calendar.week_of(now),
        first=numbered_row(first, progress) if first else None,
        first_module=cards[first.item.module] if first else None,
        following=tuple(numbered_row(status, progress) for status in actions[1 : 1 + NEXT_ROWS]),
        codes={module_id: module_code(programme, module_id) for module_id in statuses},
        days=week_of(everything, progress.calendar, now),
        dated=tuple(numbered_row(status, progress) for status in _dated(everything, now)),
        modules=tuple(cards.values()),
        returned=returned_lately(connection, learner=learner, now=now) if _may_be_marked(everything) else (),
        left_open=left_open(connection, learner=learner, progress=progress),
        totals=totals_of(everything),
        credited_minutes=progress.credited_minutes,
    )


def _may_be_marked(everything: Iterable[Status]) -> bool:
    """Whether something that a person marks was begun: else nothing can have come back, and nothing is asked."""
    begun = (one.item for one in everything if one.standing is not None and one.standing.attempts_used)
    return any(isinstance(item, Quiz) and item.is_marked_by_a_person for item in begun)


def programme_page(connection: Connection, *, learner: SignedIn, programme: Programme, now: datetime) -> ProgrammePage:
    progress = progress_of(connection, learner=learner, programme=programme, now=now)
    statuses = {module.id: progress.statuses(module) for module in programme.modules.values()}
    current = _current_semester(programme, [status for of_module in statuses.values() for status in of_module])
    semesters = tuple(
        _semester_card(programme, semester, number, statuses, is_current=semester.id == current)
        for number, semester in enumerate(programme.semesters, 1)
    )
    return ProgrammePage(
        title=programme.title,
        ects=sum(semester.ects for semester in programme.semesters),
        semesters=semesters,
        beside=tuple(_link(programme, name) for name in programme.beside),
        has_progress=follows(learner, programme),
    )


def module_page(
    connection: Connection, *, learner: SignedIn, programme: Programme, module: Module, intro: str, now: datetime
) -> ModulePage:
    """`intro` is the module's introduction, rendered."""
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module)
    statuses = progress.statuses(module)
    card = _card(programme, module, statuses, progress)
    rows = _rows(statuses, progress, card.current)
    found = programme.place_of(module.id)
    left = (status for status in statuses if status.state not in (State.DONE, State.SOON))
    due = [status.dates.due_at for status in left if status.dates.due_at is not None and status.dates.due_at > now]
    named = [
        (_how_far(status, now), _outcomes_of(status.item)) for status in statuses if status.state is not State.SOON
    ]
    return ModulePage(
        module=card,
        rows=rows,
        intro=intro,
        unit=found[1] if found else None,
        component=found[2] if found else None,
        weeks=_weeks(module),
        outcomes=tuple(_outcome_row(outcome, named) for outcome in module.outcomes),
        first=rows[card.current] if card.current is not None else None,
        last_due_at=max(due, default=None),
        has_progress=follows(learner, programme),
        whole_url=f"{open_module_url(module.id)}/tout-lire" if is_open_module(module) else None,
    )


def _link(programme: Programme, module_id: str) -> ModuleLink:
    module = programme.modules[module_id]
    return ModuleLink(
        code=module_code(programme, module_id),
        title=module.title,
        url=module_url(module_id),
        is_planned=module.is_planned,
    )


def _rows(statuses: Sequence[Status], progress: Progress, current: int | None = None) -> tuple[Row, ...]:
    return tuple(
        row_of(status, progress, position=index + 1, is_current=index == current)
        for index, status in enumerate(statuses)
    )


def _card(programme: Programme, module: Module, statuses: Sequence[Status], progress: Progress) -> ModuleCard:
    first = next_action(statuses)
    current = statuses.index(first) if first and progress.calendar else None
    return ModuleCard(
        id=module.id,
        code=module_code(programme, module.id),
        title=module.title,
        url=module_url(module.id),
        is_planned=module.is_planned,
        statuses=tuple(statuses),
        totals=totals_of(statuses),
        current=current,
    )


def _is_current(module_id: str, statuses: Sequence[Status], first: Status | None) -> bool:
    """A module is in progress when something was begun or done in it and not all, or when it holds the next action."""
    if first is not None and first.item.module == module_id:
        return True
    states = [status.state for status in statuses if status.state is not State.SOON]
    has_begun = State.DONE in states or any(is_begun(status) for status in statuses)
    return has_begun and any(state is not State.DONE for state in states)


def _dated(statuses: Iterable[Status], now: datetime) -> list[Status]:
    """The next due dates to come, of what is not done."""
    coming = [
        status
        for status in statuses
        if status.dates.due_at and status.dates.due_at > now and status.state not in (State.DONE, State.SOON)
    ]
    return sorted(coming, key=lambda status: status.dates.due_at or now)[:NEXT_ROWS]


def _current_semester(programme: Programme, statuses: Sequence[Status]) -> str | None:
    """The semester of the next action; without one, the first whose modules are not all done."""
    first = next_action(statuses) or next((status for status in statuses if status.state is not State.DONE), None)
    found = programme.place_of(first.item.module) if first else None
    return found[0].id if found else None


def _semester_card(
    programme: Programme,
    semester: Semester,
    number: int,
    statuses: Mapping[str, Sequence[Status]],
    *,
    is_current: bool,
) -> SemesterCard:
    units = tuple(_unit_card(programme, unit, statuses) for unit in semester.units)
    return SemesterCard(
        id=semester.id,
        number=number,
        ects=semester.ects,
        hours=sum(unit.hours for unit in units),
        is_current=is_current,
        units=units,
        totals=sum((unit.totals for unit in units), Totals()),
    )


def _unit_card(programme: Programme, unit: Unit, statuses: Mapping[str, Sequence[Status]]) -> UnitCard:
    built = [component.module for component in unit.components if component.module in statuses]
    own = tuple(status for name in built if name for status in statuses[name])
    return UnitCard(
        id=unit.id,
        title=unit.title,
        ects=unit.ects,
        hours=sum(component.hours for component in unit.components),
        stage_weeks=sum(component.stage_weeks or 0 for component in unit.components),
        statuses=own,
        totals=totals_of(own),
        modules=tuple(_link(programme, name) for name in built if name),
        planned=tuple(component for component in unit.components if component.module not in statuses),
    )


def _weeks(module: Module) -> tuple[int, int] | None:
    weeks = [week for item in module.items for week in (item.week, item.due_week) if week is not None]
    return (min(weeks), max(weeks)) if weeks else None


def _how_far(status: Status, now: datetime) -> State:
    """What was done of an item: that it is late says nothing of it."""
    return state_of(status.item, status.standing, Dates(), now) if status.state is State.LATE else status.state


def _outcome_row(outcome: Outcome, named: Sequence[tuple[State, set[str | None]]]) -> OutcomeRow:
    """Acquired when all that names the outcome is done; to work on again when a quiz of it is to redo."""
    states = {state for state, outcomes in named if outcome.id in outcomes}
    if states == {State.DONE}:
        return OutcomeRow(title=outcome.title, state=State.DONE)
    if State.REDO in states:
        return OutcomeRow(title=outcome.title, state=State.REDO)
    is_begun = bool(states & {State.DONE, State.STARTED})
    return OutcomeRow(title=outcome.title, state=State.STARTED if is_begun else State.TODO)


def _outcomes_of(item: AnyItem) -> set[str | None]:
    """The outcomes that an item names, itself or in its questions."""
    asked = {question.outcome for question in item.questions} if isinstance(item, Quiz) else set()
    return asked | set(item.outcomes)
