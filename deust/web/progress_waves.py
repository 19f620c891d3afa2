"""The waves of someone's progress: a module, a UE, a week, the diploma."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import cast

from deust.domain.learning import Component, Programme
from deust.domain.progress import State, Status, Totals
from deust.domain.week import Day
from deust.queries.items import permille_read
from deust.queries.learning import HomePage, ModuleCard, ModulePage, SemesterCard, UnitCard
from deust.web import wave
from deust.web.formats import duration
from deust.web.i18n import current_locale, ngettext
from deust.web.i18n import gettext as _
from deust.web.wave import Bar, Group, Size, Wave

STAGE_HOURS = 40
"""How high a work placement is drawn, hollow: it has weeks, no hours of courses."""


@lru_cache(maxsize=512)
def _wave(
    bars: tuple[Bar, ...], size: Size, text: str, current: int | None = None, groups: tuple[Group, ...] = ()
) -> Wave:
    """Drawn once for the same bars: a page opened again, the diploma of every guest."""
    return wave.wave(bars, size, current=current, groups=groups, text=text)


def kinds() -> Mapping[str, str]:
    """The word for each kind of activity, in the reader's language."""
    return _kinds(current_locale())


@cache
def _kinds(_locale: str) -> Mapping[str, str]:
    """Kept for each language, and met in that of who reads."""
    return {
        "lesson": _("Leçon"),
        "quiz": _("Quiz"),
        "call": _("Appel simulé"),
        "assignment": _("Devoir"),
    }


def module_wave(card: ModuleCard, size: Size) -> Wave:
    """A module's items in order."""
    return _wave(_bars(card.statuses), size, progress_text(card.totals), card.current)


def page_wave(page: ModulePage) -> Wave:
    """The large one of a module's own page: each bar is a link that says everything of its item."""
    locale = current_locale()
    bars = [
        Bar(
            minutes=row.minutes,
            state=_drawn(row.state),
            permille=row.permille_read,
            label=_label(row.position, row.title, row.kind, row.minutes, row.state, locale),
            href=row.url,
        )
        for row in page.rows
    ]
    return _wave(tuple(bars), "large", progress_text(page.module.totals), page.module.current)


def _bars(statuses: Iterable[Status]) -> tuple[Bar, ...]:
    return tuple(
        Bar(minutes=status.item.minutes, state=_drawn(status.state), permille=permille_read(status))
        for status in statuses
    )


def home_waves(page: HomePage) -> dict[str, object]:
    """What « Aujourd'hui » draws: the module of the next action, the week, the modules in progress."""
    done, planned = duration(page.done_minutes), duration(page.planned_minutes)
    text = _("%(done)s faites sur %(planned)s prévues", done=done, planned=planned)
    return {
        "card": module_wave(page.first_module, "card") if page.first_module else None,
        "week": week_wave(page.days, text),
        "modules": [(module, module_wave(module, "small")) for module in page.modules],
    }


def unit_wave(unit: UnitCard) -> Wave:
    return _wave(_bars(unit.statuses), "tiny", progress_text(unit.totals))


def week_wave(days: Sequence[Day], text: str) -> Wave:
    """The seven days: what is planned on each, filled by what was done."""
    letters = _("L M M J V S D").split()
    bars = [
        Bar(minutes=max(day.planned, day.done), state=_day_state(day), permille=_day_permille(day), mark=letter)
        for day, letter in zip(days, letters, strict=True)
    ]
    today = next((index for index, day in enumerate(days) if day.is_today), None)
    return _wave(tuple(bars), "week", text, today)


def diploma_wave(semesters: Sequence[SemesterCard], text: str) -> Wave:
    """One bar a UE, as high as its ECTS, filled by what is done of it."""
    bars = [
        Bar(
            minutes=unit.ects,
            state=_unit_state(unit.totals),
            permille=1000 * unit.totals.done // max(1, unit.totals.total),
            mark=unit.id.removeprefix("UE"),
        )
        for semester in semesters
        for unit in semester.units
    ]
    groups = [_group(semester.number, len(semester.units), semester.is_current) for semester in semesters]
    return _wave(tuple(bars), "diploma", text, groups=tuple(groups))


def public_wave(programme: Programme, text: str) -> Wave:
    """The diploma as a voice: one bar an ECUE, as high as its hours; placements are hollow."""
    semesters = [[ecue for unit in semester.units for ecue in unit.components] for semester in programme.semesters]
    bars = [_public_bar(component) for components in semesters for component in components]
    groups = [_group(number, len(components), False) for number, components in enumerate(semesters, 1)]
    return _wave(tuple(bars), "public", text, groups=tuple(groups))


def progress_text(totals: Totals) -> str:
    """« 4 activités sur 12 faites, 1 à refaire, 1 en retard, environ 3 h 10 à faire »."""
    parts = [
        ngettext(
            "%(num)s activité sur %(all)s faite",
            "%(num)s activités sur %(all)s faites",
            totals.done,
            all=totals.total,
        )
    ]
    if totals.redo:
        parts.append(_("%(num)s à refaire", num=totals.redo))
    if totals.late:
        parts.append(_("%(num)s en retard", num=totals.late))
    if totals.minutes_left:
        minutes = -(-totals.minutes_left // 5) * 5
        parts.append(_("environ %(time)s à faire", time=duration(minutes)))
    return ", ".join(parts)


def _drawn(state: str) -> wave.State:
    """What is locked or announced is drawn as what is to do."""
    return cast(wave.State, State.TODO.value if state in (State.LOCKED, State.SOON) else str(state))


@cache
def _state_words(_locale: str) -> Mapping[str, str]:
    """Kept for each language, as the kinds are."""
    return {
        "done": _("fait"),
        "started": _("commencé"),
        "todo": _("à faire"),
        "redo": _("à refaire"),
        "late": _("en retard"),
        "soon": _("bientôt disponible"),
        "locked": _("pas encore ouvert"),
    }


@lru_cache(maxsize=4_096)
def _label(position: int, title: str, kind: str, minutes: int, state: str, locale: str) -> str:
    return f"{position}. {title}, {_kinds(locale)[kind].lower()}, {duration(minutes)}, {_state_words(locale)[state]}"


def _day_state(day: Day) -> wave.State:
    if day.done and day.done >= day.planned:
        return "done"
    return "started" if day.done else "todo"


def _day_permille(day: Day) -> int:
    return min(1000, 1000 * day.done // day.planned) if day.planned else 0


def _unit_state(totals: Totals) -> wave.State:
    if totals.total and totals.done == totals.total:
        return "done"
    return "started" if totals.done else "todo"


def _public_bar(component: Component) -> Bar:
    if component.stage_weeks:
        return Bar(minutes=STAGE_HOURS, state="todo")
    return Bar(minutes=component.hours, state="done")


def _group(number: int, bars: int, is_current: bool) -> Group:
    return Group(label=_("Semestre %(number)s", number=number), short=f"S{number}", bars=bars, is_current=is_current)
