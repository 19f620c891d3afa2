"""The whole tree: files read (again only when they changed), programmes put together, everything checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from deust.content.assembly import assemble
from deust.content.check_tree import check_tree
from deust.content.files import Parsed, is_ignored, is_media, read_file, read_media_file, reader_of
from deust.content.problems import Level, Problem, Report, errors_of, in_order
from deust.content.snapshot import Snapshot
from deust.content.source import MAX_MEDIA_BYTES, Entry, Scan, read_raw, read_text, scan
from deust.domain.learning import Programme

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Reading:
    """A tree as read: `snapshot` is what would be served, `problems` what stands in the way."""

    snapshot: Snapshot
    problems: tuple[Problem, ...]
    files: Mapping[str, Parsed] = field(default_factory=dict)
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    media_paths: Mapping[str, Path] = field(default_factory=dict)

    @property
    def programmes(self) -> Mapping[str, Programme]:
        return self.snapshot.programmes

    @property
    def errors(self) -> tuple[Problem, ...]:
        return errors_of(self.problems)


def read_tree(root: Path, previous: Reading | None = None, *, today: date, found: Scan | None = None) -> Reading:
    """Reads and checks the folder; files that did not change since `previous` are not read again.

    `found` is the walk over the folder, when it was just made.
    """
    found = found or scan(root)
    problems = list(found.problems)
    files: dict[str, Parsed] = {}
    for path, entry in found.entries.items():
        parsed = _unchanged(entry, previous) or _read(entry, problems)
        if parsed is not None:
            files[path] = parsed
            problems += parsed.problems
    snapshot = assemble(files, problems)
    problems += check_tree(snapshot, files, today=today)
    return Reading(
        snapshot,
        in_order(problems),
        files,
        stamps_of(found),
        {path: Path(entry.real) for path, entry in found.entries.items() if is_media(path)},
    )


def stamps_of(found: Scan) -> Mapping[str, Stamp]:
    """What changes when any file of the tree changes."""
    return {path: entry.stamp for path, entry in found.entries.items()}


def _unchanged(entry: Entry, previous: Reading | None) -> Parsed | None:
    if previous is None or previous.stamps.get(entry.path) != entry.stamp:
        return None
    return previous.files.get(entry.path)


def _read(entry: Entry, problems: list[Problem]) -> Parsed | None:
    if is_media(entry.path):
        return _read_media(entry, problems)
    reader = reader_of(entry.path)
    if reader is None:
        if not is_ignored(entry.path):
            message = "fichier ignoré : il n'est pas à une place connue ou d'un type servi"
            problems.append(Problem(entry.path, 1, Level.WARNING, message, "déplacez-le ou retirez-le"))
        return None
    report = Report(entry.path)
    file = read_text(entry, report)
    if file is None:
        return Parsed(entry.path, "", None, tuple(report.problems))
    return read_file(file, reader)


def _read_media(entry: Entry, problems: list[Problem]) -> Parsed | None:
    if entry.size > MAX_MEDIA_BYTES:
        fix = f"{MAX_MEDIA_BYTES // 1_000_000} Mo au plus"
        problems.append(Problem(entry.path, 1, Level.ERROR, "fichier trop gros", fix))
        return None
    report = Report(entry.path)
    raw = read_raw(entry, report)
    if raw is None:
        return Parsed(entry.path, "", None, tuple(report.problems))
    return read_media_file(entry.path, raw)
