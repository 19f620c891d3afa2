"""Frozen questions, read once a process: they never change, so they are kept by their hash."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from sqlalchemy import Connection, select

from deust.domain.freezing import PaperQuestion, thawed
from deust.domain.questions import Question
from deust.models.quizzes import FrozenQuestion

_MOST_KEPT = 4_096

_kept: dict[str, Question] = {}
_lock = Lock()


def remember(questions: Iterable[tuple[str, Question]]) -> None:
    """Keep questions by hash; past the limit the oldest are forgotten and read again when needed."""
    with _lock:
        _kept.update(questions)
        for hash_ in list(_kept)[: max(0, len(_kept) - _MOST_KEPT)]:
            del _kept[hash_]


def asked_questions(connection: Connection, paper: Iterable[PaperQuestion]) -> dict[str, Question]:
    """The questions of a paper by key, exactly as they were asked; no statement when all are at hand."""
    entries = list(paper)
    found = {entry.hash: _kept[entry.hash] for entry in entries if entry.hash in _kept}
    missing = {entry.hash for entry in entries} - found.keys()
    if missing:
        rows = connection.execute(
            select(FrozenQuestion.hash, FrozenQuestion.body).where(FrozenQuestion.hash.in_(missing))
        ).all()
        read = {row.hash: thawed(row.body) for row in rows}
        remember(read.items())
        found |= read
    return {entry.key: found[entry.hash] for entry in entries}
