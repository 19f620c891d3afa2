"""From `programme.yml` to the programme's values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deust.content.programme_schema import AssessmentEntry, ComponentEntry, ProgrammeFile, SemesterEntry, UnitEntry
from deust.content.schema import OutcomeHeader
from deust.domain.learning import Assessment, Component, Module, Outcome, Programme, Semester, Term, Unit, Year

Modules = Mapping[str, Module]


def outcome_of(header: OutcomeHeader) -> Outcome:
    return Outcome(id=header.id, title=header.title)


def programme_of(
    name: str,
    data: ProgrammeFile,
    *,
    modules: Modules,
    glossary: tuple[Term, ...],
    m3c: Mapping[str, object],
    version: str,
) -> Programme:
    """A module without `hours` takes those of its ECUE."""
    years = tuple(
        Year(id=year.id, semesters=tuple(_semester(s, modules) for s in year.semesters)) for year in data.years
    )
    return Programme(
        id=name,
        title=data.title,
        diploma=data.diploma,
        level=data.level,
        blocks=dict(data.blocks),
        years=years,
        modules=_with_hours(modules, years),
        glossary=glossary,
        m3c=m3c,
        version=version,
        beside=tuple(name for name in data.beside if name in modules),
    )


def _with_hours(modules: Modules, years: tuple[Year, ...]) -> dict[str, Module]:
    hours = {c.module: c.hours for y in years for s in y.semesters for u in s.units for c in u.components}
    return {
        name: module if module.hours else replace(module, hours=hours.get(name, 0)) for name, module in modules.items()
    }


def _semester(entry: SemesterEntry, modules: Modules) -> Semester:
    return Semester(id=entry.id, ects=entry.ects, units=tuple(_unit(unit, modules) for unit in entry.units))


def _unit(entry: UnitEntry, modules: Modules) -> Unit:
    return Unit(
        id=entry.id,
        title=entry.title,
        ects=entry.ects,
        coefficient=entry.ects if entry.coefficient is None else entry.coefficient,
        blocks=tuple(entry.blocks),
        components=tuple(_component(component, modules) for component in entry.components),
    )


def _component(entry: ComponentEntry, modules: Modules) -> Component:
    module = modules.get(entry.module or "")
    return Component(
        id=entry.id,
        title=entry.title,
        coefficient=entry.coefficient,
        hours=entry.hours,
        module=entry.module,
        stage_weeks=entry.stage_weeks,
        stage_hours=entry.stage_hours,
        assessments=tuple(_assessment(assessment, module) for assessment in entry.assessments),
    )


def _assessment(entry: AssessmentEntry, module: Module | None) -> Assessment:
    """An assessment without a title takes its item's."""
    item = module.item(entry.item) if module and entry.item else None
    return Assessment(
        id=entry.id,
        kind=entry.kind,
        weight=entry.weight,
        title=entry.title or (item.title if item else ""),
        item=entry.item,
        shared=entry.shared,
    )
