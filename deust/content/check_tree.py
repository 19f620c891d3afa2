"""Everything that can only be checked between files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from deust.content.check_items import check_cycles, check_grids, check_module, module_files
from deust.content.check_programme import ProgrammeCheck, check_m3c
from deust.content.check_text import anchors_of, check_text, texts_with_levels
from deust.content.files import M3cSource, Parsed, ProgrammeSource
from deust.content.problems import Level, Problem, Report
from deust.content.snapshot import Snapshot
from deust.domain.learning import Programme


def check_tree(snapshot: Snapshot, files: Mapping[str, Parsed], *, today: date) -> list[Problem]:
    problems: list[Problem] = []
    for programme in snapshot.programmes.values():
        problems += _check_programme(programme, files, today=today)
    problems += _check_module_names(snapshot)
    anchors = anchors_of(files)
    for file, first_level in texts_with_levels(files):
        report = Report(file.path)
        check_text(file, snapshot, anchors, first_level=first_level, report=report)
        problems += report.problems
    return problems


def _check_programme(programme: Programme, files: Mapping[str, Parsed], *, today: date) -> Iterator[Problem]:
    source, m3c = files[f"{programme.id}/programme.yml"].value, files.get(f"{programme.id}/m3c.yml")
    if isinstance(source, ProgrammeSource):
        yield from ProgrammeCheck(programme, source).run()
    if m3c is None:
        message = "pas de m3c.yml : toutes les règles de notation prennent leur valeur par défaut"
        yield Problem(f"{programme.id}/programme.yml", 1, Level.INFO, message)
    elif isinstance(m3c.value, M3cSource) and isinstance(source, ProgrammeSource):
        yield from check_m3c(programme, m3c.value)
    places: dict[str, tuple[str, int]] = {}
    for found in module_files(programme, files):
        places[found.module.id] = (found.path, found.source.lines.get(("requires",), 1))
        for path, file in found.items:
            places[file.item.ref] = (path, file.line_of("requires"))
        yield from check_module(found, today=today)
        yield from check_grids(found, files)
    yield from check_cycles(programme, places)


def _check_module_names(snapshot: Snapshot) -> Iterator[Problem]:
    """A module's address does not name its programme: two programmes cannot share a module name."""
    owners: dict[str, str] = {}
    for programme in snapshot.programmes.values():
        for module_id in programme.modules:
            path = f"{programme.id}/{module_id}/module.md"
            if module_id in owners:
                message = f"module « {module_id} » déjà présent : {owners[module_id]}"
                yield Problem(path, 1, Level.ERROR, message, "renommez l'un des deux dossiers")
            owners.setdefault(module_id, path)
