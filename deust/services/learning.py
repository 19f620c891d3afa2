"""Acts of someone who learns: reading, trying a check, understanding; and what a quiz changes in their progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from deust.content.index import search_documents, stemmed
from deust.domain.attempts import kept_share
from deust.domain.errors import Forbidden, NotYetOpen
from deust.domain.freezing import content_hash, frozen
from deust.domain.learning import Lesson, Programme, Quiz
from deust.domain.marking import Verdict
from deust.domain.people import SignedIn
from deust.domain.progress import AnyItem, checks_left, is_complete
from deust.domain.questions import Json, Question
from deust.models.base import Base
from deust.models.learning import CheckTry, ItemProgress, Presence, SearchEntry
from deust.queries.progress import follows, progress_of, standing_from
from deust.services import records

LONGEST_PRESENCE = timedelta(seconds=90)
"""What one sign of reading adds at most to the time of connection."""

_WHOLE = 1000
_INDEXING = 1999
"""The advisory lock under which one process at a time indexes courses."""

_HELD = (
    select(ItemProgress)
    .where(ItemProgress.person_id == bindparam("person_id"), ItemProgress.item_ref == bindparam("item_ref"))
    .with_for_update()
)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What « J'ai compris » did: the lesson is done, or these checks are still to try."""

    is_done: bool
    checks_left: tuple[str, ...] = ()


def ensure_may_learn(
    session: Session, *, learner: SignedIn, programme: Programme, item: AnyItem, now: datetime
) -> None:
    """Refuses who does not study the programme, and an item that is announced, not yet open, or held back."""
    if not follows(learner, programme):
        raise Forbidden
    module = programme.modules[item.module]
    connection = session.connection()
    progress = progress_of(connection, learner=learner, programme=programme, now=now, module=module, item=item)
    if not progress.may_open(item):
        raise NotYetOpen


def keep_place(
    session: Session,
    *,
    learner: SignedIn,
    programme: Programme,
    lesson: Lesson,
    place: str,
    permille: int,
    now: datetime,
) -> None:
    """Keep where the person reads (no place: above the first heading) and how far they came.

    How far never goes back, and the end makes the lesson read. The time since their last sign counts as connected,
    90 seconds at most.
    """
    ensure_may_learn(session, learner=learner, programme=programme, item=lesson, now=now)
    row = lock_item(session, person_id=learner.person_id, item=lesson, now=now)
    row.touched_at = now
    row.place = place or None
    row.read_permille = max(row.read_permille, min(permille, _WHOLE))
    if row.read_permille == _WHOLE and row.read_at is None:
        row.read_at = now
    _complete(session, row, item=lesson, now=now)
    _add_presence(session, learner=learner, now=now)


def try_check(
    session: Session,
    *,
    learner: SignedIn,
    programme: Programme,
    lesson: Lesson,
    question: Question,
    answer: Json,
    verdict: Verdict,
    now: datetime,
) -> None:
    """Keep one try at a check-yourself question; right or wrong, it counts as tried."""
    ensure_may_learn(session, learner=learner, programme=programme, item=lesson, now=now)
    row = lock_item(session, person_id=learner.person_id, item=lesson, now=now)
    session.add(
        CheckTry(
            person_id=learner.person_id,
            item_ref=lesson.ref,
            question_id=question.id,
            question_hash=content_hash(frozen(question)),
            given={"answer": answer},
            is_right=verdict.is_right,
            tried_at=now,
        )
    )
    row.touched_at = now
    row.checks_tried = {**row.checks_tried, question.id: answer}
    _complete(session, row, item=lesson, now=now)


def understood(
    session: Session, *, learner: SignedIn, programme: Programme, lesson: Lesson, now: datetime
) -> Understood:
    """« J'ai compris, suite »: the lesson is read to its end; it is done if every check was tried."""
    ensure_may_learn(session, learner=learner, programme=programme, item=lesson, now=now)
    row = lock_item(session, person_id=learner.person_id, item=lesson, now=now)
    row.touched_at = now
    row.read_permille = _WHOLE
    row.read_at = row.read_at or now
    _complete(session, row, item=lesson, now=now)
    if row.completed_at is not None:
        return Understood(is_done=True)
    return Understood(is_done=False, checks_left=checks_left(lesson, standing_from(row)))


def quiz_started(row: ItemProgress, *, attempt_public_id: str, now: datetime) -> None:
    """An attempt was started, with the person's row held: it is used, and open until it is closed."""
    row.touched_at = now
    row.attempts_used += 1
    row.open_attempt = attempt_public_id


def quiz_closed(
    session: Session,
    *,
    person_id: int,
    item: Quiz,
    shares: Sequence[Fraction],
    now: datetime,
    open_attempt: str | None = None,
) -> None:
    """Carry the results of the attempts closed so far, oldest first, to the progress; also after a new marking.

    `open_attempt` is the one still open, if any. What was done stays done, even if a later marking lowers the result.
    """
    row = lock_item(session, person_id=person_id, item=item, now=now)
    row.touched_at = now
    row.open_attempt = open_attempt
    row.attempts_used = len(shares) + (open_attempt is not None)
    row.kept_share = kept_share(shares, item.settings.keep)
    row.is_passed = row.kept_share is not None and row.kept_share >= item.settings.pass_share
    _complete(session, row, item=item, now=now)


def index_programme(session: Session, programme: Programme) -> None:
    """Make the programme's version searchable: its entries replace those of another version."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_INDEXING)))  # two workers that start together take turns
    indexed = session.scalar(select(SearchEntry.version).where(SearchEntry.programme == programme.id).limit(1))
    if indexed == programme.version:
        return
    session.execute(delete(SearchEntry).where(SearchEntry.programme == programme.id))
    entries = [
        {
            "programme": programme.id,
            "version": programme.version,
            "ref": document.ref,
            "kind": document.kind,
            "title": document.title,
            "body": document.text,
            "stems": stemmed(f"{document.title} {document.text}"),
        }
        for document in search_documents(programme)
    ]
    if entries:
        session.execute(insert(SearchEntry), entries)


def lock_item(session: Session, *, person_id: int, item: AnyItem, now: datetime) -> ItemProgress:
    """The person's row for this item, made if absent, held until the end of the transaction.

    A row kept under a former id of the item is taken over.
    """
    mine = {"person_id": person_id, "item_ref": item.ref}
    row = session.scalar(_HELD, mine)
    if row is not None:
        return row
    for alias in item.aliases:
        former = ItemProgress.person_id == person_id, ItemProgress.item_ref == f"{item.module}/{alias}"
        if session.execute(update(ItemProgress).where(*former).values(item_ref=item.ref)).rowcount:  # type: ignore[attr-defined]
            break
    else:
        _insert_if_absent(
            session,
            ItemProgress,
            {
                "person_id": person_id,
                "item_ref": item.ref,
                "opened_at": now,
                "touched_at": now,
                "read_permille": 0,
                "checks_tried": {},
                "attempts_used": 0,
                "is_passed": False,
                "credited_minutes": 0,
            },
        )
    return session.scalars(_HELD, mine).one()


def _insert_if_absent(session: Session, table: type[Base], values: dict[str, Any]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).values(values).on_conflict_do_nothing())


def _complete(session: Session, row: ItemProgress, *, item: AnyItem, now: datetime) -> None:
    """Note that the item is done, and credit its declared minutes, once."""
    if row.completed_at is not None or not is_complete(item, standing_from(row)):
        return
    row.completed_at = now
    row.credited_minutes = item.minutes
    records.audit(
        session,
        at=now,
        actor_id=row.person_id,
        act="item:complete",
        subject=f"person:{row.person_id}",
        item=item.ref,
        minutes=item.minutes,
        version=item.version,
    )


def _add_presence(session: Session, *, learner: SignedIn, now: datetime) -> None:
    """Add the time since the last sign of the day, within its limit, to the day's connection."""
    day = now.astimezone(ZoneInfo(learner.time_zone)).date()
    key = {"person_id": learner.person_id, "day": day}
    row = session.get(Presence, key, with_for_update=True)
    if row is None:
        _insert_if_absent(session, Presence, {**key, "seconds": 0, "seen_at": now})
        return
    elapsed = min(now - row.seen_at, LONGEST_PRESENCE)
    if elapsed > timedelta():
        row.seconds += int(elapsed.total_seconds())
        row.seen_at = now
