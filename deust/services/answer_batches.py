"""The answers of one post: what they meet in the attempt, what becomes of each, and what they leave to write.

There are two ways to keep them. `held` locks the attempt for the whole transaction: whatever others do meanwhile, it
succeeds. `met` locks nothing and suits the plain case: the one statement that writes proves that nothing moved since
the reading, and leaves unwritten what did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, null, select, type_coerce, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from deust.adapters.files import StoredFile
from deust.domain import attempts
from deust.domain.attempts import NO_ANSWER, CurrentAnswer, Save, SaveOutcome
from deust.domain.errors import InvalidAnswer, NotFound
from deust.domain.people import SignedIn
from deust.domain.questions import Json
from deust.domain.uploads import CountedBy, counted_by
from deust.models.quizzes import Answer, AnswerEvent, Attempt
from deust.models.rows import Among, RowsInsert, RowsTogether, among
from deust.services.marking import ACCEPTED


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One question's part of a post: its fields, or its file already stored; `save` lacks only what was given.

    A file that came part by part says when it was begun: it may count by that moment.
    """

    key: str
    save: Save
    form: Mapping[str, Sequence[str]]
    file: StoredFile | None = None
    name: str = ""
    only_changes: bool = False
    begun_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Before:
    """What came under an event's name, and what it was told."""

    given: Json
    outcome: SaveOutcome


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What the server did with what was `given`, once committed. `current` is the answer that counts now."""

    outcome: SaveOutcome
    given: Json
    current: CurrentAnswer


_OWN = select(Attempt.id, Attempt.paper, Attempt.closed_at, Attempt.deadline_at).where(
    Attempt.public_id == bindparam("public_id"), Attempt.person_id == bindparam("person_id")
)
_LOCKED = _OWN.with_for_update()


def _of_posted(is_in: Among, attempt_id: Any) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """The answers of these questions as they count now, and what became of these events if they came before."""
    current = select(
        Answer.question_key.label("name"),
        Answer.given,
        Answer.version,
        Answer.client,
        Answer.clients,
        null().label("outcome"),
    ).where(Answer.attempt_id == attempt_id, is_in(Answer.question_key, "keys"))
    before = select(AnswerEvent.event_id, AnswerEvent.given, null(), null(), null(), AnswerEvent.outcome).where(
        AnswerEvent.attempt_id == attempt_id, is_in(AnswerEvent.event_id, "events")
    )
    return current, before


def _under_lock(is_in: Among) -> Any:
    return union_all(*_of_posted(is_in, bindparam("attempt_id")))


def _with_attempt(is_in: Among) -> Any:
    """The same, after the attempt itself: all as they stood at one instant.

    The attempt's row has no name; its paper stands in the column of what is given, its number in that of the version.
    """
    own = _OWN.cte("own")
    attempt = select(
        type_coerce(null(), Answer.question_key.type).label("name"),
        own.c.paper.label("given"),
        own.c.id.label("version"),
        type_coerce(null(), Answer.client.type).label("client"),
        type_coerce(null(), Answer.clients.type).label("clients"),
        type_coerce(null(), AnswerEvent.outcome.type).label("outcome"),
        own.c.closed_at,
        own.c.deadline_at,
    )
    of_posted = _of_posted(is_in, select(own.c.id).scalar_subquery())
    return union_all(attempt, *(part.add_columns(null(), null()) for part in of_posted))


_UNDER_LOCK = among(_under_lock)
_WITH_ATTEMPT = among(_with_attempt)

_OF_ANSWER = ("attempt_id", "question_key", "given", "version", "client", "clients", "is_flagged", "saved_at")
_REWRITTEN = ("given", "version", "client", "clients", "saved_at")
_OF_EVENT = (
    "attempt_id",
    "question_key",
    "event_id",
    "client",
    "sequence",
    "base_version",
    "given",
    "outcome",
    "version",
    "received_at",
)


def _rewriting(insertion: Any, where: Any = None) -> Any:
    return insertion.on_conflict_do_update(
        index_elements=[Answer.attempt_id, Answer.question_key],
        set_={column: insertion.excluded[column] for column in _REWRITTEN},
        where=where,
    )


_ANSWERS, _EVENTS = RowsInsert(Answer, _OF_ANSWER, _rewriting), RowsInsert(AnswerEvent, _OF_EVENT)
_BOTH = RowsTogether(_ANSWERS, _EVENTS)

_UNMOVED = (
    select(Attempt.id)
    .where(
        Attempt.id == bindparam("attempt_id"),
        Attempt.closed_at.is_not_distinct_from(bindparam("closed_at")),
        Attempt.deadline_at.is_not_distinct_from(bindparam("deadline_at")),
    )
    .with_for_update()
    .cte("unmoved")
)
"""The attempt, locked, if it was neither closed nor given another deadline since it was read."""


def _from_next_version(insertion: postgresql.Insert) -> Any:
    is_next = Answer.version == insertion.excluded.version - 1
    return _rewriting(insertion, is_next).returning(Answer.question_key)


_NEXT_ANSWERS = RowsInsert(
    Answer,
    _OF_ANSWER,
    _from_next_version,
    only=lambda given: given.where(given.selected_columns.attempt_id.in_(select(_UNMOVED.c.id))),
)
_WRITTEN = _NEXT_ANSWERS.from_parameter.cte("written")
_THEIR_EVENTS = RowsInsert(
    AnswerEvent,
    _OF_EVENT,
    only=lambda given: given.where(given.selected_columns.question_key.in_(select(_WRITTEN.c.question_key))),
)
_UNLESS_MOVED = _THEIR_EVENTS.from_parameter.execution_options(preserve_rowcount=True)


@dataclass(kw_only=True)
class Batch:
    """The answers of one post: what they meet, and what they leave to write."""

    attempt_id: int
    paper: Sequence[Mapping[str, Any]]
    deadline_at: datetime | None
    closed_at: datetime | None
    now: datetime
    current: dict[str, CurrentAnswer]
    before: dict[str, Before]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return attempts.is_over(closed_at=self.closed_at, deadline_at=self.deadline_at, now=self.now)

    def take(self, posted: Posted, save: Save) -> Saved:
        """Append the save to the answer's events and derive the current answer.

        With `only_changes`, the page was posted whole and by hand: what equals the current answer writes nothing, and
        each post of the page comes after the one before, also from a page that the browser took out of its history.
        Refuses an event's name that stands for another value: told what that one was told, it would be lost.
        """
        key, current = posted.key, self.current.get(posted.key, NO_ANSWER)
        if before := self.before.get(save.event_id):
            if not posted.only_changes and not attempts.is_sent_again(save, before.given):
                raise InvalidAnswer("event-used")
            return Saved(outcome=before.outcome, given=save.given, current=current)
        if posted.only_changes:
            if save.given == current.given or (save.given is None and not save.clears):
                return Saved(outcome=SaveOutcome.KEPT, given=current.given, current=current)
            save = save._replace(sequence=current.clients.get(save.client, 0) + 1)
        outcome = self._outcome(save, current, posted.begun_at or self.now)
        if outcome is SaveOutcome.KEPT:
            current = attempts.after(save, current)
            self.answers[key] = self._answer(key, current)
        self.events.append(self._event(key, save, outcome, current.version))
        self.current[key], self.before[save.event_id] = current, Before(given=save.given, outcome=outcome)
        return Saved(outcome=outcome, given=save.given, current=current)

    def write(self, connection: Connection) -> None:
        """Write what a batch that holds its attempt leaves."""
        if self.answers:
            _BOTH.write(connection, list(self.answers.values()), self.events)
        elif self.events:
            _EVENTS.write(connection, self.events)

    def write_unless_moved(self, connection: Connection) -> bool:
        """Write what a batch that only met its attempt leaves, each answer with its event, unless others moved it.

        False when something is left to write: save the whole post again, holding the attempt. What was written then
        counts as sent twice.
        """
        if not self.events:
            return True
        if len(self.answers) < len(self.events):
            return False
        values = {
            "attempt_id": self.attempt_id,
            "closed_at": self.closed_at,
            "deadline_at": self.deadline_at,
            _NEXT_ANSWERS.parameter: _NEXT_ANSWERS.as_parameter(list(self.answers.values())),
            _THEIR_EVENTS.parameter: _THEIR_EVENTS.as_parameter(self.events),
        }
        try:
            return connection.execute(_UNLESS_MOVED, values).rowcount == len(self.events)
        except IntegrityError:  # one of these events was stored meanwhile, late: it left its answer as it was
            return False

    def _outcome(self, save: Save, current: CurrentAnswer, begun_at: datetime) -> SaveOutcome:
        outcome = attempts.outcome_of(save, current)
        by = counted_by(started_at=begun_at, deadline_at=self.deadline_at, closed_at=self.closed_at, now=self.now)
        return SaveOutcome.LATE if by is CountedBy.LATE and outcome is not SaveOutcome.SUPERSEDED else outcome

    def _answer(self, key: str, current: CurrentAnswer) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "question_key": key,
            "given": current.given,
            "version": current.version,
            "client": current.client,
            "clients": dict(current.clients),
            "is_flagged": False,
            "saved_at": self.now,
        }

    def _event(self, key: str, save: Save, outcome: SaveOutcome, version: int) -> dict[str, Any]:
        return {
            "attempt_id": self.attempt_id,
            "question_key": key,
            "event_id": save.event_id,
            "client": save.client,
            "sequence": save.sequence,
            "base_version": save.base_version,
            "given": save.given,
            "outcome": outcome.value,
            "version": version,
            "received_at": self.now,
        }


def can_write_at_once(connection: Connection) -> bool:
    """Whether one statement of this server may write an answer and its event."""
    return connection.dialect.name == "postgresql"


def held(
    connection: Connection, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime
) -> Batch:
    """A batch whose attempt nobody else changes until the transaction ends. Refuses an attempt not the learner's."""
    own = connection.execute(_LOCKED, {"public_id": public_id, "person_id": learner.person_id}).first()
    if own is None:
        raise NotFound
    values = {"attempt_id": own.id, **_names(posted)}
    rows = connection.execute(_UNDER_LOCK[connection.dialect.name], values).all()
    return _batch(own.id, own.paper, own, rows, now)


def met(connection: Connection, *, learner: SignedIn, public_id: str, posted: Sequence[Posted], now: datetime) -> Batch:
    """A batch as its attempt stood when it was read, in one statement. Refuses an attempt not the learner's."""
    values = {"public_id": public_id, "person_id": learner.person_id, **_names(posted)}
    rows = connection.execute(_WITH_ATTEMPT[connection.dialect.name], values).all()
    own = next((row for row in rows if row.name is None), None)
    if own is None:
        raise NotFound
    return _batch(own.version, own.given, own, [row for row in rows if row is not own], now)


def _names(posted: Sequence[Posted]) -> dict[str, list[str]]:
    return {
        "keys": [answer.key for answer in posted],
        "events": [answer.save.event_id for answer in posted],
    }


def _batch(
    attempt_id: int, paper: Sequence[Mapping[str, Any]], own: Row[Any], rows: Sequence[Row[Any]], now: datetime
) -> Batch:
    return Batch(
        attempt_id=attempt_id,
        paper=paper,
        deadline_at=own.deadline_at,
        closed_at=own.closed_at,
        now=now,
        current={
            row.name: CurrentAnswer(given=row.given, version=row.version, client=row.client, clients=row.clients)
            for row in rows
            if row.outcome is None
        },
        before={
            row.name: Before(given=row.given, outcome=_answered(row.outcome)) for row in rows if row.outcome is not None
        },
    )


def _answered(stored: str) -> SaveOutcome:
    """What a repeated event is told: an accepted late answer was late when it came."""
    return SaveOutcome.LATE if stored == ACCEPTED else SaveOutcome(stored)
