"""Checks of `programme.yml` and `m3c.yml`: sums, weights, blocks, modules, and the defaults taken."""

from __future__ import annotations

from collections.abc import Iterator

from deust.content.fields import plain
from deust.content.files import M3cSource, ProgrammeSource
from deust.content.problems import Level, Problem
from deust.content.programme_schema import ComponentEntry, UnitEntry
from deust.content.strict_yaml import Document, Location
from deust.domain.learning import Kind, Lesson, Programme, Quiz
from deust.domain.quizzes import Mode

SEMESTER_ECTS = 30
DIPLOMA_ECTS = 120


class ProgrammeCheck:
    """One programme's file, walked once."""

    def __init__(self, programme: Programme, source: ProgrammeSource) -> None:
        self.programme = programme
        self.data = source.data
        self.document: Document = source.document
        self.path = f"{programme.id}/programme.yml"
        self.seen: dict[str, int] = {}
        self.taught: dict[str, str] = {}

    def run(self) -> Iterator[Problem]:
        total = 0
        for y, year in enumerate(self.data.years):
            yield from self._once(year.id, ("years", y, "id"))
            for s, semester in enumerate(year.semesters):
                at: Location = ("years", y, "semesters", s)
                yield from self._once(semester.id, (*at, "id"))
                total += semester.ects
                if semester.ects != SEMESTER_ECTS:
                    message = f"{semester.id} vaut {semester.ects} ECTS"
                    yield self._warning((*at, "ects"), message, f"un semestre en compte {SEMESTER_ECTS}")
                units = sum(unit.ects for unit in semester.units)
                if semester.units and units != semester.ects:
                    message = f"les UE de {semester.id} font {units} ECTS au lieu de {semester.ects}"
                    yield self._error((*at, "ects"), message, "corrigez les ECTS des UE")
                for u, unit in enumerate(semester.units):
                    yield from self._unit(unit, (*at, "units", u))
        if self.data.years and total != DIPLOMA_ECTS:
            yield self._warning(("years",), f"le diplôme fait {total} ECTS", f"il en compte {DIPLOMA_ECTS}")
        yield from self._lonely_modules()

    def _unit(self, unit: UnitEntry, at: Location) -> Iterator[Problem]:
        yield from self._once(unit.id, (*at, "id"))
        for b, block in enumerate(unit.blocks):
            if block not in self.data.blocks:
                yield self._error((*at, "blocks", b), f"bloc « {block} » inconnu", "déclarez-le sous blocks")
        expected = unit.ects if unit.coefficient is None else unit.coefficient
        total = sum(component.coefficient for component in unit.components)
        if unit.components and total != expected:
            message = f"les coefficients des ECUE de {unit.id} font {total} au lieu de {expected}"
            yield self._warning((*at, "components"), message, "leur somme est le coefficient de l'UE")
        for c, component in enumerate(unit.components):
            yield from self._component(component, (*at, "components", c))

    def _component(self, component: ComponentEntry, at: Location) -> Iterator[Problem]:
        yield from self._once(component.id, (*at, "id"))
        weight = sum(assessment.weight for assessment in component.assessments)
        if component.assessments and weight != 100:
            message = f"les poids des épreuves de {component.id} font {weight} %"
            yield self._error((*at, "assessments"), message, "leur somme doit être de 100")
        names = [assessment.id for assessment in component.assessments]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield self._error((*at, "assessments"), f"épreuve « {name} » écrite deux fois", "changez son id")
        if component.module is not None:
            yield from self._module(component, component.module, at)
        for a, assessment in enumerate(component.assessments):
            if assessment.item is not None:
                yield from self._item(component, assessment.item, (*at, "assessments", a, "item"))
            elif assessment.title is None:
                yield self._warning(
                    (*at, "assessments", a), f"épreuve « {assessment.id} » sans titre", "ajoutez title:"
                )
        yield from self._left_out(component, (*at, "assessments"))

    def _module(self, component: ComponentEntry, module_id: str, at: Location) -> Iterator[Problem]:
        module = self.programme.modules.get(module_id)
        if module is None:
            yield self._error((*at, "module"), f"module « {module_id} » introuvable", "nom d'un dossier du programme")
        elif module.hours != component.hours:
            message = f"{component.id} compte {component.hours} h, son module {module.hours} h"
            yield self._warning((*at, "hours"), message, "accordez les deux")
        if module_id in self.taught:
            yield self._error((*at, "module"), f"module « {module_id} » déjà pris par {self.taught[module_id]}")
        self.taught[module_id] = component.id

    def _item(self, component: ComponentEntry, item_id: str, at: Location) -> Iterator[Problem]:
        item = self.programme.find_item(f"{component.module}/{item_id}") if component.module else None
        if item is None:
            message = f"activité « {item_id} » introuvable dans le module de {component.id}"
            yield self._error(at, message, "identifiant d'un quiz, d'un appel ou d'un devoir de ce module")
        elif isinstance(item, Lesson):
            yield self._error(
                at, f"« {item_id} » est une leçon : elle ne donne pas de note", "citez une activité notée"
            )
        elif isinstance(item, Quiz) and not item.counts:
            message = f"« {item_id} » dit qu'il ne compte pas, et une épreuve de {component.id} prend sa note"
            yield self._error(at, message, "retirez counts: false de son en-tête, ou citez une autre activité")

    def _left_out(self, component: ComponentEntry, at: Location) -> Iterator[Problem]:
        """A graded quiz gives its mark to an épreuve, or its header says that it counts in none."""
        module = self.programme.modules.get(component.module or "")
        cited = {assessment.item for assessment in component.assessments}
        for item in module.items if module and component.assessments else ():
            if not isinstance(item, Quiz) or item.kind is not Kind.QUIZ or item.settings.mode is Mode.TRAINING:
                continue
            if item.counts and cited.isdisjoint((item.id, *item.aliases)):
                message = f"aucune épreuve de {component.id} ne prend la note de « {item.id} »"
                yield self._warning(at, message, f"item: {item.id}, ou counts: false dans l'en-tête du quiz")

    def _lonely_modules(self) -> Iterator[Problem]:
        for place, module_id in enumerate(self.data.beside):
            at: Location = ("beside", place)
            if module_id not in self.programme.modules:
                yield self._error(at, f"module « {module_id} » introuvable", "nom d'un dossier du programme")
            elif module_id in self.taught:
                yield self._error(at, f"module « {module_id} » déjà pris par {self.taught[module_id]}")
        for module_id in self.programme.modules:
            if module_id not in self.taught and module_id not in self.data.beside:
                path = f"{self.programme.id}/{module_id}/module.md"
                message = "aucun ECUE de programme.yml n'enseigne ce module"
                yield Problem(path, 1, Level.WARNING, message, f"module: {module_id} dans un ECUE, ou dans beside")

    def _once(self, name: str, at: Location) -> Iterator[Problem]:
        line = self.document.line_of(at)
        if name in self.seen:
            yield self._error(at, f"identifiant « {name} » déjà pris ligne {self.seen[name]}", "changez-le")
        self.seen.setdefault(name, line)

    def _error(self, at: Location, message: str, fix: str = "") -> Problem:
        return Problem(self.path, self.document.line_of(at), Level.ERROR, message, fix)

    def _warning(self, at: Location, message: str, fix: str = "") -> Problem:
        return Problem(self.path, self.document.line_of(at), Level.WARNING, message, fix)


def check_m3c(programme: Programme, source: M3cSource) -> Iterator[Problem]:
    """Units named exist; keys left out are told with the value they take."""
    path = f"{programme.id}/m3c.yml"
    units = {unit.id for semester in programme.semesters for unit in semester.units}
    first, last = map(int, source.data.year.split("-"))
    if last != first + 1:
        line = source.document.line_of(("year",))
        yield Problem(
            path, line, Level.ERROR, f"« year » : « {source.data.year} » n'est pas une année", "écrivez 2026-2027"
        )
    for place, name in enumerate(source.data.ue_non_compensables):
        if "ue_non_compensables" in source.document.data and name not in units:
            line = source.document.line_of(("ue_non_compensables", place))
            yield Problem(path, line, Level.ERROR, f"UE « {name} » introuvable", "une UE de programme.yml")
    for key, value in plain(source.data).items():
        if key not in source.document.data:
            yield Problem(path, 1, Level.INFO, f"« {key} » absent : valeur par défaut {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "aucune" if value is None else str(value)
