"""What came back from a tutor lately, as the home page says it: without the mark, which its own page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from deust.domain.learning import Kind
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.quizzes import Attempt

LATELY = timedelta(days=14)
MOST = 3

_RETURNED = (
    select(Copy.title, Copy.released_at, Attempt.public_id, Attempt.settings)
    .join(Attempt, Attempt.id == Copy.attempt_id)
    .where(
        Copy.person_id == bindparam("person_id"),
        Copy.released_at > bindparam("since"),
        Copy.released_at <= bindparam("now"),
    )
    .order_by(Copy.released_at.desc(), Copy.id.desc())
    .limit(MOST)
)
_ATTEMPT = select(Attempt.public_id, Attempt.settings).where(Attempt.id == bindparam("attempt_id"))


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A work given back: its title, where it is read, and since when."""

    title: str
    url: str
    at: datetime


def returned_lately(connection: Connection, *, learner: SignedIn, now: datetime) -> tuple[Returned, ...]:
    """The works given back in the last fourteen days, three at most, the last one first."""
    rows = connection.execute(_RETURNED, {"person_id": learner.person_id, "since": now - LATELY, "now": now}).all()
    return tuple(
        Returned(title=row.title, url=url_of_result(row.public_id, row.settings), at=row.released_at) for row in rows
    )


def url_of_result(public_id: str, settings: Mapping[str, Any]) -> str:
    """Where the author of a closed attempt, begun under these settings, reads what came of it."""
    is_assignment = settings.get("kind") == Kind.ASSIGNMENT.value
    return f"/devoirs/{public_id}" if is_assignment else f"/essais/{public_id}/resultat"


def url_of_copy(connection: Connection, *, attempt_id: int) -> str:
    """Where its author reads what came back of an attempt."""
    row = connection.execute(_ATTEMPT, {"attempt_id": attempt_id}).one()
    return url_of_result(row.public_id, row.settings)
