"""Acts of someone who learns: reading, trying a check, understanding; and what a quiz changes in their progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from deust.content.index import SearchDocument, search_documents, stemmed
from deust.domain.attempts import attempts_left, kept_share
from deust.domain.errors import Forbidden, NotYetOpen
from deust.domain.freezing import content_hash, frozen
from deust.domain.learning import Lesson, Programme, Quiz
from deust.domain.marking import Verdict
from deust.domain.people import SignedIn
from deust.domain.progress import AnyItem, Standing, checks_left, is_complete
from deust.domain.questions import Json, Question
from deust.models.base import Base
from deust.models.learning import CheckTry, ItemProgress, Presence, SearchEntry
from deust.models.people import Enrolment, ItemDates
from deust.models.rows import changed, insert_into
from deust.queries.progress import follows, progress_of, standing_from
from deust.queries.search import is_indexed
from deust.services import records

LONGEST_PRESENCE = timedelta(seconds=90)
"""What one sign of reading adds at most to the time of connection."""

_SECOND = timedelta(seconds=1)
_WHOLE = 1000
_INDEXING = 1999
"""The advisory lock under which one process at a time indexes courses."""
_INDEXED_TOGETHER = 20
"""Texts written by one statement: a worker that indexes a whole diploma does not hold it all."""

_HELD = (
    select(*ItemProgress.__table__.columns)
    .where(ItemProgress.person_id == bindparam("person_id"), ItemProgress.item_ref == bindparam("item_ref"))
    .with_for_update()
)
_UPDATE = update(ItemProgress).where(ItemProgress.id == bindparam("row_id"))
_PRESENCE = (
    select(Presence.seconds, Presence.seen_at)
    .where(Presence.person_id == bindparam("person_id"), Presence.day == bindparam("day"))
    .with_for_update()
)
_KEEP_PRESENCE = update(Presence).where(Presence.person_id == bindparam("whose"), Presence.day == bindparam("that_day"))
_COHORTS = select(Enrolment.cohort_id).where(
    Enrolment.person_id == bindparam("person_id"), Enrolment.ended_on.is_(None)
)
_EXTRA_ATTEMPTS = select(func.sum(ItemDates.extra_attempts)).where(
    ItemDates.item_ref.in_(bindparam("refs", expanding=True)),
    or_(ItemDates.person_id == bindparam("person_id"), ItemDates.cohort_id.in_(_COHORTS)),
)
_OF_QUIZZES = (
    "touched_at",
    "attempts_used",
    "open_attempt",
    "kept_share",
    "is_passed",
    "completed_at",
    "credited_minutes",
)
QUIZ_PROGRESS = changed("progress", ItemProgress, "changed_at", *_OF_QUIZZES)
"""What an attempt changes in its person's row, written with the attempt's own rows."""


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
    so_far = max(row.read_permille, min(permille, _WHOLE))
    read_at = row.read_at or (now if so_far == _WHOLE else None)
    _keep(session, row, item=lesson, now=now, place=place or None, read_permille=so_far, read_at=read_at)
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
    _keep(session, row, item=lesson, now=now, checks_tried={**row.checks_tried, question.id: answer})


def understood(
    session: Session, *, learner: SignedIn, programme: Programme, lesson: Lesson, now: datetime
) -> Understood:
    """« J'ai compris, suite »: the lesson is read to its end; it is done if every check was tried."""
    ensure_may_learn(session, learner=learner, programme=programme, item=lesson, now=now)
    row = lock_item(session, person_id=learner.person_id, item=lesson, now=now)
    standing = _keep(session, row, item=lesson, now=now, read_permille=_WHOLE, read_at=row.read_at or now)
    if standing.completed_at is not None:
        return Understood(is_done=True)
    return Understood(is_done=False, checks_left=checks_left(lesson, standing))


def complete_lesson(session: Session, *, person_id: int, lesson: Lesson, now: datetime) -> None:
    """The lesson is done if nothing is left to do in it: its text changed, the person did nothing now."""
    row = lock_item(session, person_id=person_id, item=lesson, now=now)
    _keep(session, row, item=lesson, now=now, touched_at=row.touched_at)


def quiz_started(
    session: Session, row: Row[Any], *, item: Quiz, attempt_public_id: str, now: datetime
) -> dict[str, Any]:
    """What an attempt that starts changes in the person's row, held: it is used, and open until it is closed."""
    return _quiz_changes(
        session,
        row,
        item=item,
        now=now,
        touched_at=now,
        attempts_used=row.attempts_used + 1,
        open_attempt=attempt_public_id,
    )


def quiz_closed(
    session: Session,
    row: Row[Any],
    *,
    item: Quiz,
    shares: Sequence[Fraction],
    used: int,
    acted_at: datetime | None,
    now: datetime,
    open_attempt: str | None = None,
    is_empty: bool = False,
) -> dict[str, Any]:
    """What the results of the attempts that have one, oldest first, change in the row held; also after a new marking.

    `used` counts every attempt; `open_attempt` is the one still open, if any. `acted_at` is when the person did
    something that is not told yet: a marker or the clock are no sign of them. Nothing is done while all was closed
    empty: `is_empty`. What was done stays done, even if a later marking lowers the result.
    """
    share = kept_share(shares, item.settings.keeps)
    return _quiz_changes(
        session,
        row,
        item=item,
        now=now,
        may_complete=not is_empty,
        touched_at=max(row.touched_at, acted_at or row.touched_at),
        open_attempt=open_attempt,
        attempts_used=used,
        kept_share=share,
        is_passed=share is not None and share >= item.settings.pass_share,
    )


def touch(session: Session, progress_id: int, *, touched_at: datetime, now: datetime) -> None:
    """Keep that the person did something in the item at that moment, unless they did since."""
    older = ItemProgress.id == progress_id, ItemProgress.touched_at < touched_at
    session.execute(update(ItemProgress).where(*older).values(touched_at=touched_at, changed_at=now))


def _quiz_changes(
    session: Session, row: Row[Any], *, item: Quiz, now: datetime, may_complete: bool = True, **changes: Any
) -> dict[str, Any]:
    """A row of `QUIZ_PROGRESS`."""
    standing = _standing(session, row, item=item, now=now, may_complete=may_complete, **changes)
    return {"id": row.id, "changed_at": now, **{column: getattr(standing, column) for column in _OF_QUIZZES}}


def index_programme(session: Session, programme: Programme) -> None:
    """Make the programme's version searchable: its entries replace those of another version."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_INDEXING)))  # two workers that start together take turns
    if is_indexed(session.connection(), programme):
        return
    session.execute(delete(SearchEntry).where(SearchEntry.programme == programme.id))
    documents = iter(search_documents(programme))
    while entries := [_entry(programme, document) for document in islice(documents, _INDEXED_TOGETHER)]:
        session.execute(insert(SearchEntry), entries)


def _entry(programme: Programme, document: SearchDocument) -> dict[str, Any]:
    return {
        "programme": programme.id,
        "version": programme.version,
        "ref": document.ref,
        "kind": document.kind,
        "title": document.title,
        "body": document.text,
        "stems": stemmed(f"{document.title} {document.text}"),
    }


def lock_item(session: Session, *, person_id: int, item: AnyItem, now: datetime) -> Row[Any]:
    """The person's row for this item, made if absent, held until the end of the transaction.

    A row kept under a former id of the item is taken over.
    """
    mine = {"person_id": person_id, "item_ref": item.ref}
    row = session.connection().execute(_HELD, mine).first()
    if row is not None:
        return row
    for alias in item.aliases:
        former = ItemProgress.person_id == person_id, ItemProgress.item_ref == f"{item.module}/{alias}"
        taken_over = update(ItemProgress).where(*former).values(item_ref=item.ref, changed_at=now)
        if session.execute(taken_over).rowcount:  # type: ignore[attr-defined]
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
                "changed_at": now,
                "read_permille": 0,
                "checks_tried": {},
                "attempts_used": 0,
                "is_passed": False,
                "credited_minutes": 0,
            },
        )
    return session.connection().execute(_HELD, mine).one()


def _insert_if_absent(session: Session, table: type[Base], values: dict[str, Any]) -> None:
    session.connection().execute(insert_into(session, table).on_conflict_do_nothing(), [values])


def _keep(session: Session, row: Row[Any], *, item: AnyItem, now: datetime, **changes: Any) -> Standing:
    """Write what the person changed in the row held, and where they then stand."""
    changes.setdefault("touched_at", now)
    standing = _standing(session, row, item=item, now=now, **changes)
    changes |= {"completed_at": standing.completed_at, "credited_minutes": standing.credited_minutes}
    session.connection().execute(_UPDATE, {"row_id": row.id, "changed_at": now, **changes})
    return standing


def _standing(
    session: Session, row: Row[Any], *, item: AnyItem, now: datetime, may_complete: bool = True, **changes: Any
) -> Standing:
    """Where the person stands once this changed. The change that makes the item done credits its minutes, once: what
    was done under a former name was credited then.
    """
    standing = standing_from(row)._replace(**changes)
    is_to_complete = may_complete and row.completed_at is None
    if not is_to_complete or not _is_complete(session, row.person_id, item, standing):
        return standing
    if (done_at := _done_before(session, row, item)) is not None:
        return standing._replace(completed_at=done_at)
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
    return standing._replace(completed_at=now, credited_minutes=item.minutes)


def _done_before(session: Session, row: Row[Any], item: AnyItem) -> datetime | None:
    """When the item was done under a former name of which the person's row was not taken over."""
    if not item.aliases:
        return None
    return session.scalar(
        select(ItemProgress.completed_at).where(
            ItemProgress.person_id == row.person_id,
            ItemProgress.item_ref.in_(item.refs),
            ItemProgress.completed_at.is_not(None),
        )
    )


def _is_complete(session: Session, person_id: int, item: AnyItem, standing: Standing) -> bool:
    """Asks what was granted only when the attempts that everyone has are used up."""
    if not is_complete(item, standing):
        return False
    if not isinstance(item, Quiz) or attempts_left(item.settings, standing.attempts_used):
        return True
    asked = {"person_id": person_id, "refs": list(item.refs)}
    extra = session.connection().scalar(_EXTRA_ATTEMPTS, asked) or 0
    return is_complete(item, standing, extra_attempts=extra)


def _add_presence(session: Session, *, learner: SignedIn, now: datetime) -> None:
    """Add the time since the last sign of the day, within its limit, to the day's connection."""
    day = now.astimezone(ZoneInfo(learner.time_zone)).date()
    key = {"person_id": learner.person_id, "day": day}
    connection = session.connection()
    row = connection.execute(_PRESENCE, key).first()
    if row is None:
        _insert_if_absent(session, Presence, {**key, "seconds": 0, "seen_at": now})
        return
    elapsed = now - row.seen_at
    if elapsed >= _SECOND:
        counted = min(elapsed, LONGEST_PRESENCE) // _SECOND
        values = {"seconds": row.seconds + counted, "seen_at": now - elapsed % _SECOND}
        connection.execute(_KEEP_PRESENCE, {"whose": learner.person_id, "that_day": day, **values})
