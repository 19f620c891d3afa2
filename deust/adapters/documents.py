"""PDFs drawn page by page by `deust/document.py`, in a limited process, without secrets, in a folder of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deust.adapters import limited
from deust.domain.documents import MOST_PAGES, MOST_SIDE, Picture, Unseen

PROGRAM = Path(__file__).resolve().parents[1] / "document.py"
PATIENCE_SECONDS = 60
MOST_COUNTED = 100_000

log = logging.getLogger("deust.documents")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The first pages of a document, in `file` while it is looked at, and how many it has in all."""

    file: Path
    count: int
    pictures: tuple[Picture, ...]


@contextmanager
def drawn(document: Iterable[bytes]) -> Iterator[Drawn | Unseen]:
    """The document, drawn up to the page that asked for too much; or why no page of it can be shown."""
    with limited.room() as folder:
        source, target = folder / "document.pdf", folder / "pictures"
        with source.open("wb") as file:
            file.writelines(document)
        arguments = [str(source), str(target), str(MOST_PAGES), str(MOST_SIDE)]
        ended = limited.run(PROGRAM, arguments, folder=folder, patience_seconds=PATIENCE_SECONDS)
        if ended.code != 0:
            log.warning("a document cannot be drawn whole (%s): %s", ended.code, ended.complaint)
        yield _drawn(target, _facts(ended.said), has_failed_alone=ended.code == 1)


def _facts(said: bytes) -> list[dict[str, Any]]:
    """What was said, up to what cannot be understood: a program that a hostile file took over may say anything."""
    facts = []
    for line in said.splitlines():
        try:
            fact = json.loads(line)
        except (ValueError, RecursionError):
            break
        if isinstance(fact, dict):
            facts.append(fact)
    return facts


def _drawn(target: Path, facts: list[dict[str, Any]], *, has_failed_alone: bool) -> Drawn | Unseen:
    refused = next((fact["refused"] for fact in facts if "refused" in fact), None)
    if refused is not None:
        return Unseen(refused) if refused in set(Unseen) else Unseen.BROKEN
    pictures = tuple(_pictures(target, facts))
    if not pictures:
        return Unseen.BROKEN if has_failed_alone else Unseen.HEAVY
    count = facts[0].get("count")
    known = min(count, MOST_COUNTED) if _is_whole(count) else 0
    return Drawn(file=target, count=max(known, len(pictures)), pictures=pictures)


def _pictures(target: Path, facts: list[dict[str, Any]]) -> Iterator[Picture]:
    """The pictures told of, as long as each is there and is one."""
    if not target.is_file() or target.is_symlink():
        return
    start = 0
    with target.open("rb") as file:
        for fact in [fact for fact in facts if "size" in fact][:MOST_PAGES]:
            size, width, height = (fact.get(name) for name in ("size", "width", "height"))
            if not all(map(_is_whole, (size, width, height))) or max(width, height) > MOST_SIDE:
                return
            content = file.read(size)
            if len(content) != size or content[:4] != b"RIFF" or content[8:12] != b"WEBP":
                return
            yield Picture(start=start, size=size, width=width, height=height)
            start += size


def _is_whole(value: object) -> bool:
    return type(value) is int and value > 0
