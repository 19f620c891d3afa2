"""Reports kept in the memory of one process, given again only while nothing that they count has changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy import Connection, String, cast, func, select

from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.domain.quiz_scope import Which
from deust.models.people import Cohort, Enrolment, Group
from deust.models.quizzes import Attempt, AttemptMarks
from deust.queries.closed_attempts import in_scope
from deust.queries.quiz_report import ReportPage, report_page
from deust.queries.remarking_asides import looked_at

_MOST_KEPT = 32

Seal = tuple[tuple[Any, ...], ...]
"""The groups looked at, by their names, each with its attempts: number, student's place, what waits, latest marks."""

_LATEST = select(func.max(AttemptMarks.version)).where(AttemptMarks.attempt_id == Attempt.id).scalar_subquery()
_PLACE = func.coalesce(cast(Enrolment.id, String), "")
_MARKED = func.coalesce(cast(_LATEST, String), "")
_ATTEMPT = cast(Attempt.id, String) + "." + _PLACE + "." + cast(Attempt.awaiting, String) + "." + _MARKED
_SEAL = (
    select(Group.id, Group.name, Cohort.title, func.aggregate_strings(_ATTEMPT, " "))
    .group_by(Group.id, Group.name, Cohort.title)
    .order_by(Group.id)
)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    quiz: Quiz
    seal: Seal
    page: ReportPage


class Reports:
    """The last reports that were read, each for one reader: nobody is ever given what was counted for another."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept] = {}
        self._lock = Lock()

    def find(self, key: Hashable, quiz: Quiz, seal: Seal) -> ReportPage | None:
        kept = self._kept.get(key)
        return kept.page if kept and kept.seal == seal and kept.quiz == quiz else None

    def keep(self, key: Hashable, quiz: Quiz, seal: Seal, page: ReportPage) -> None:
        """Past the limit the oldest are forgotten and counted again when needed."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = _Kept(quiz=quiz, seal=seal, page=page)
            for oldest in list(self._kept)[:-_MOST_KEPT]:
                del self._kept[oldest]


def kept_report(
    connection: Connection,
    reports: Reports,
    *,
    reviewer: SignedIn,
    quiz: Quiz,
    which: Which,
    group: int | None,
) -> ReportPage:
    """The report of this moment: one statement says whether the one at hand still is.

    The seal is read before the figures: what changes in between makes the next reading count again. Marks, places in
    groups and what waits for a marker are in it; papers are frozen and answers change only with new marks. Attempts
    looked at by hand are read each time there are some to look at.
    """
    key = (reviewer.role, reviewer.person_id, quiz.ref, which, group)
    seal = tuple(tuple(row) for row in connection.execute(in_scope(reviewer, quiz, _SEAL)).all())
    page = reports.find(key, quiz, seal)
    if page is None:
        page = report_page(connection, reviewer=reviewer, quiz=quiz, which=which, group=group)
        reports.keep(key, quiz, seal, page)
    return replace(page, remarking=looked_at(connection, page.remarking).page) if page.remarking.by_hand else page
