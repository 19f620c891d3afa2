"""The only reader of course files: nothing outside the folder, nothing hidden, text in UTF-8 only."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deust.content.problems import Level, Problem, Report, visible

MAX_TEXT_BYTES = 5_000_000
MAX_MEDIA_BYTES = 200_000_000
MAX_DEPTH = 6
MAX_FILES = 20_000

FORBIDDEN_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]")
"""What no text may hold: control characters, halves of characters, and those that stand for marks of ours."""


@dataclass(frozen=True)
class Entry:
    """One regular file; `path` is relative, in NFC, with `/`. `stamp` changes when the file changes."""

    path: str
    real: str
    size: int
    stamp: tuple[int, int, int]


@dataclass(frozen=True)
class Scan:
    entries: Mapping[str, Entry]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class TextFile:
    """Normalised text (NFC, `\\n` line ends, no byte order mark) and the hash of it."""

    path: str
    text: str
    digest: str


def scan(root: Path) -> Scan:
    """Every visible regular file under the folder; links, look-alike names and what cannot be opened are errors."""
    real_root = root.resolve()
    if not real_root.is_dir():
        problem = Problem(str(root), 1, Level.ERROR, "dossier de cours introuvable", "vérifiez le chemin")
        return Scan({}, (problem,))
    problems: list[Problem] = []
    entries: dict[str, Entry] = {}
    seen: dict[str, str] = {}
    for entry in _walk(str(real_root), "", 0, problems):
        key = entry.path.casefold()
        if key in seen:
            problems.append(_collision(entry, seen[key]))
            continue
        seen[key] = entry.path
        entries[entry.path] = entry
        if len(entries) > MAX_FILES:
            problems.append(Problem(".", 1, Level.ERROR, f"plus de {MAX_FILES} fichiers dans le dossier de cours"))
            break
    return Scan(entries, tuple(problems))


def _walk(folder: str, prefix: str, depth: int, problems: list[Problem]) -> Iterator[Entry]:
    for child in _children(folder, prefix, problems):
        path = prefix + unicodedata.normalize("NFC", child.name)
        if FORBIDDEN_CHARACTERS.search(path):
            problems.append(Problem(visible(path), 1, Level.ERROR, "nom de fichier illisible", "renommez-le en UTF-8"))
            continue
        try:
            status = child.stat(follow_symlinks=False)
        except OSError as failure:
            problems.append(_unopened(path, failure))
            continue
        if stat.S_ISDIR(status.st_mode) and depth < MAX_DEPTH:
            yield from _walk(child.path, path + "/", depth + 1, problems)
        elif stat.S_ISREG(status.st_mode):
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            yield Entry(path, child.path, status.st_size, stamp)
        else:
            problems.append(_refused(path, status.st_mode))


def _children(folder: str, prefix: str, problems: list[Problem]) -> list[os.DirEntry[str]]:
    """The visible entries of a folder, in order; none of one that was removed or cannot be opened."""
    try:
        with os.scandir(folder) as found:
            return sorted((child for child in found if child.name[:1] != "."), key=lambda child: child.name)
    except OSError as failure:
        problems.append(_unopened(prefix.rstrip("/") or ".", failure))
        return []


def _unopened(path: str, failure: OSError) -> Problem:
    return Problem(path, 1, Level.ERROR, f"illisible : {failure.strerror}", "vérifiez ses droits")


def _refused(path: str, mode: int) -> Problem:
    if stat.S_ISLNK(mode):
        return Problem(path, 1, Level.ERROR, "lien symbolique refusé", "copiez le fichier à cet endroit")
    if stat.S_ISDIR(mode):
        return Problem(path, 1, Level.ERROR, "dossiers trop imbriqués", f"{MAX_DEPTH} niveaux au plus")
    return Problem(path, 1, Level.ERROR, "ce n'est pas un fichier ordinaire", "retirez-le du dossier de cours")


def _collision(entry: Entry, other: str) -> Problem:
    message = f"« {entry.path} » et « {other} » ne diffèrent que par la casse ou par l'écriture des accents"
    return Problem(entry.path, 1, Level.ERROR, message, "renommez l'un des deux")


def read_bytes(entry: Entry) -> bytes:
    """The file's bytes, if it still is a regular file; a pipe that took its place would be waited for."""
    descriptor = os.open(entry.real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "ce n'est plus un fichier ordinaire")
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(MAX_MEDIA_BYTES + 1)


def read_text(entry: Entry, report: Report) -> TextFile | None:
    """The file's normalised text, or None with the reason reported."""
    if entry.size > MAX_TEXT_BYTES:
        report.error(1, f"fichier trop gros : {entry.size} octets", f"{MAX_TEXT_BYTES} au plus ; découpez-le")
        return None
    raw = read_raw(entry, report)
    text = decode(raw, report) if raw is not None else None
    if text is None:
        return None
    return TextFile(entry.path, text, sha256(text.encode()).hexdigest())


def read_raw(entry: Entry, report: Report) -> bytes | None:
    """The file's bytes, or None with the reason reported."""
    try:
        return read_bytes(entry)
    except OSError as failure:
        report.error(1, f"fichier illisible : {failure.strerror}", "vérifiez ses droits")
        return None


def decode(raw: bytes, report: Report) -> str | None:
    """UTF-8 only, with or without byte order mark; other encodings are recognised and named."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_like_utf16(raw):
        report.error(1, "ce fichier est en UTF-16", "enregistrez-le en UTF-8")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = raw.count(b"\n", 0, failure.start) + 1
        guess = raw[failure.start : failure.start + 1].decode("cp1252", "replace")
        message = f"ce fichier n'est pas en UTF-8 ; il semble en Latin-1 ou Windows-1252 (caractère « {guess} »)"
        report.error(line, message, "enregistrez-le en UTF-8")
        return None
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    forbidden = FORBIDDEN_CHARACTERS.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        report.error(line, f"caractère invisible refusé (U+{ord(forbidden.group()):04X})", "supprimez-le")
        return None
    return text


def _looks_like_utf16(raw: bytes) -> bool:
    sample = raw[:400]
    return len(sample) >= 4 and sample.count(0) * 3 > len(sample)
