"""The attempts that were looked at by hand and left as they are, with the reason; each comes back when keys change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from deust.models.people import Person
from deust.models.quizzes import RemarkingAside
from deust.queries.remarking import Affected, RemarkingPage


@dataclass(frozen=True, kw_only=True)
class Aside:
    """An attempt left as it is: why, by whom and when."""

    attempt: Affected
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """The page of a corrected key, its attempts to look at by hand less those that were, and these."""

    page: RemarkingPage
    asides: tuple[Aside, ...] = ()


_ASIDES = (
    select(
        RemarkingAside.attempt_id,
        RemarkingAside.concern,
        RemarkingAside.reason,
        RemarkingAside.put_at,
        Person.given_name,
        Person.family_name,
    )
    .join(Person, Person.id == RemarkingAside.by_id)
    .where(RemarkingAside.attempt_id.in_(bindparam("attempt_ids", expanding=True)))
)


def looked_at(connection: Connection, page: RemarkingPage) -> LookedAt:
    """One statement, and none when nothing is to look at by hand."""
    if not page.by_hand:
        return LookedAt(page=page)
    ids = {"attempt_ids": [one.attempt_id for one in page.by_hand]}
    kept = {(row.attempt_id, row.concern): row for row in connection.execute(_ASIDES, ids).all()}
    waiting: list[Affected] = []
    asides: list[Aside] = []
    for one in page.by_hand:
        row = kept.get((one.attempt_id, one.concern))
        if row is None:
            waiting.append(one)
        else:
            by = f"{row.given_name} {row.family_name}"
            asides.append(Aside(attempt=one, reason=row.reason, by=by, at=row.put_at))
    return LookedAt(page=replace(page, by_hand=tuple(waiting)), asides=tuple(asides))
