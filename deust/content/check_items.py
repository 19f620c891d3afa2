"""Checks between the items of a module, and between modules: ids, references, outcomes, time, grids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from deust.content.call_scores import RatedCall, check_call
from deust.content.files import GridSource, ModuleSource, Parsed
from deust.content.items import ItemFile
from deust.content.problems import Level, Problem, counted
from deust.content.schema import CallHeader
from deust.domain.french_numbers import format_number
from deust.domain.learning import Lesson, Module, Programme, Quiz, whole_reference

MARGIN = Fraction(1, 10)


@dataclass(frozen=True)
class ModuleFiles:
    """A module with the files it comes from."""

    programme: Programme
    module: Module
    path: str
    source: ModuleSource
    items: tuple[tuple[str, ItemFile], ...]


def module_files(programme: Programme, files: Mapping[str, Parsed]) -> Iterator[ModuleFiles]:
    by_module: dict[str, list[tuple[str, ItemFile]]] = {}
    for path, file in files.items():
        parts = path.split("/")
        if parts[0] == programme.id and isinstance(file.value, ItemFile):
            by_module.setdefault(parts[1], []).append((path, file.value))
    for module in programme.modules.values():
        path = f"{programme.id}/{module.id}/module.md"
        source = files[path].value
        if isinstance(source, ModuleSource):
            yield ModuleFiles(programme, module, path, source, tuple(by_module.get(module.id, ())))


def check_module(found: ModuleFiles, *, today: date) -> Iterator[Problem]:
    yield from _check_ids(found)
    yield from _check_outcomes(found)
    yield from _check_references(found)
    yield from _check_time(found)
    for path, file in found.items:
        if isinstance(file.item, Lesson) and file.item.is_outdated(today):
            line = file.line_of("valid_until")
            message = f"contenu à revoir : valable jusqu'au {file.item.valid_until}"
            yield Problem(path, line, Level.WARNING, message, "relisez-le, puis repoussez valid_until")


def _check_ids(found: ModuleFiles) -> Iterator[Problem]:
    names: dict[str, str] = {}
    numbers: dict[int, str] = {}
    for path, file in found.items:
        for name in (file.item.id, *file.item.aliases):
            if name in names and names[name] != path:
                message = f"identifiant « {name} » déjà pris par {names[name]}"
                yield Problem(path, file.line_of("aliases"), Level.ERROR, message, "changez-le, ou retirez l'alias")
            names.setdefault(name, path)
        if file.item.number in numbers:
            message = f"numéro {file.item.number:02} déjà pris par {numbers[file.item.number]}"
            yield Problem(path, 1, Level.WARNING, message, "renumérotez : l'ordre dépend alors de l'identifiant")
        numbers.setdefault(file.item.number, path)


def _check_outcomes(found: ModuleFiles) -> Iterator[Problem]:
    known = {outcome.id for outcome in found.module.outcomes}
    assessed: set[str] = set()
    for path, file in found.items:
        cited = [(outcome, file.line_of("outcomes")) for outcome in file.item.outcomes]
        cited += [(question.outcome, question.line) for question in file.questions if question.outcome]
        for outcome, line in cited:
            if outcome not in known:
                yield Problem(path, line, Level.ERROR, f"résultat attendu « {outcome} » inconnu", _known(known))
        if not isinstance(file.item, Lesson):
            assessed |= {outcome for outcome, _ in cited}
    for place, own in enumerate(found.module.outcomes):
        line = found.source.lines.get(("outcomes", place), 1)
        if [other.id for other in found.module.outcomes].index(own.id) != place:
            yield Problem(found.path, line, Level.ERROR, f"résultat attendu « {own.id} » écrit deux fois")
        if own.id not in assessed and not found.module.is_planned:
            message = f"aucune activité n'évalue « {own.id} »"
            fix = "citez-le dans un quiz, un appel ou un devoir : outcomes ou outcome="
            yield Problem(found.path, line, Level.WARNING, message, fix)


def _known(ids: set[str]) -> str:
    return f"connus : {', '.join(sorted(ids))}" if ids else "déclarez-le dans module.md, sous outcomes"


def _check_references(found: ModuleFiles) -> Iterator[Problem]:
    for path, file in found.items:
        for place, reference in enumerate(file.item.requires):
            line = file.line_of("requires", place)
            if found.programme.find_item(whole_reference(reference, found.module.id)) is None:
                yield Problem(
                    path,
                    line,
                    Level.ERROR,
                    f"prérequis « {reference} » introuvable",
                    "identifiant, ou module/identifiant",
                )
        for one in file.item.advice if isinstance(file.item, Quiz) else ():
            if one.to and found.programme.find_item(whole_reference(one.to, found.module.id)) is None:
                message, fix = f"conseil vers « {one.to} », introuvable", "identifiant, ou module/identifiant"
                yield Problem(path, file.line_of("advice"), Level.ERROR, message, fix)
    for place, reference in enumerate(found.module.requires):
        if reference not in found.programme.modules:
            line = found.source.lines.get(("requires", place), 1)
            yield Problem(
                found.path,
                line,
                Level.ERROR,
                f"module prérequis « {reference} » introuvable",
                "nom du dossier du module",
            )


def _check_time(found: ModuleFiles) -> Iterator[Problem]:
    minutes = sum(file.item.minutes for _, file in found.items)
    declared = found.module.hours * 60
    if not declared or not found.items:
        return
    if abs(minutes - declared) > declared * MARGIN:
        hours = format_number(Fraction(minutes, 60), 1)
        message = f"{counted(found.module.hours, 'h déclarée')}, {hours} h en additionnant les activités"
        line = found.source.lines.get(("hours",), 1)
        yield Problem(found.path, line, Level.WARNING, message, "à 10 % près, ce doit être égal")


def check_grids(found: ModuleFiles, files: Mapping[str, Parsed]) -> Iterator[Problem]:
    """Grids that are named exist, and a call rates only criteria and levels of its grid."""
    for path, file in found.items:
        for name, line in _grids_named(file):
            grid = files.get(f"{found.programme.id}/{name}")
            if grid is None:
                yield Problem(path, line, Level.ERROR, f"grille « {name} » introuvable", "écrivez grilles/nom.yml")
            elif grid.value is not None and not isinstance(grid.value, GridSource):
                yield Problem(path, line, Level.ERROR, f"« {name} » n'est pas une grille", "écrivez grilles/nom.yml")
            elif isinstance(file.header, CallHeader) and file.nodes and isinstance(grid.value, GridSource):
                digest = f"{path} {file.item.version} {grid.digest}"
                yield from check_call(RatedCall(digest, path, file.nodes, grid.value.data, file.header.state))


def _grids_named(file: ItemFile) -> Iterator[tuple[str, int]]:
    grid = getattr(file.header, "grid", None)
    if grid:
        yield grid, file.line_of("grid")
    for question in file.questions:
        if question.grid_name:
            yield question.grid_name, question.line


def check_cycles(programme: Programme, paths: Mapping[str, tuple[str, int]]) -> Iterator[Problem]:
    """A chain of prerequisites that comes back to its start: between modules, between items by any of their names, or
    from one to the other, as an item waits for all of the modules that its own asks for.
    """
    modules = {module.id: set(module.requires) & set(programme.modules) for module in programme.modules.values()}
    named = _named_before(programme)
    cycles = [cycle for graph in (modules, named) if (cycle := _cycle(graph))]
    for cycle in cycles or filter(None, [_cycle(_all_before(programme, modules, named))]):
        path, line = paths.get(cycle[0], (f"{programme.id}/programme.yml", 1))
        chain = " → ".join((*cycle, cycle[0]))
        yield Problem(path, line, Level.ERROR, f"prérequis en boucle : {chain}", "retirez l'un d'eux")


def _named_before(programme: Programme) -> dict[str, set[str]]:
    """The items that each item names as its prerequisites."""
    return {
        item.ref: {
            before.ref for name in item.requires if (before := programme.find_item(whole_reference(name, item.module)))
        }
        for module in programme.modules.values()
        for item in module.items
    }


def _all_before(
    programme: Programme, modules: Mapping[str, set[str]], named: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """Each item's prerequisites, those of its module included."""
    items = {module.id: {item.ref for item in module.items} for module in programme.modules.values()}
    return {
        ref: before.union(*(items[name] for name in modules[ref.partition("/")[0]])) for ref, before in named.items()
    }


def _cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """What a walk that removes the satisfied leaves: a cycle, or nothing."""
    left = {node: {after for after in following if after in graph} for node, following in graph.items()}
    changed = True
    while changed:
        free = {node for node, following in left.items() if not following}
        changed = bool(free)
        left = {node: following - free for node, following in left.items() if node not in free}
    if not left:
        return []
    walk: list[str] = [min(left)]
    while walk.count(walk[-1]) == 1:
        walk.append(min(left[walk[-1]]))
    return walk[walk.index(walk[-1]) : -1]
