"""Copies marked and given back by tutors: nothing overwritten, nothing said before its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from deust.domain import assignments, copies
from deust.domain.assignments import CopyState, Terms
from deust.domain.copies import Asked, Reckoned, Work
from deust.domain.errors import Forbidden, NotFound, NotReady
from deust.domain.learning import Quiz
from deust.domain.people import SignedIn
from deust.models.assignments import Copy, Marking, MarkingEvent, ReleasedMark, ReviewRequest
from deust.queries.copies import asked_of, holds_place, is_reviewing
from deust.queries.grading import SCHEDULED, scheduled_reason
from deust.queries.item_dates import is_closed_for
from deust.queries.scopes import followed, still_follows
from deust.services import copy_mails, marking, records, spoken_comments

KEPT, CONFLICT = "kept", "conflict"
_HAND_MARKED = "marked"


@dataclass(frozen=True, kw_only=True)
class SavedWork:
    """What a save did. On a conflict nothing changed: `current` is what another marker wrote, at `version`."""

    outcome: str
    version: int
    current: Work
    reckoned: Reckoned
    is_ready: bool
    by: int
    at: datetime


def save_work(
    session: Session,
    *,
    marker: SignedIn,
    public_id: str,
    work: Work | None,
    base_version: int,
    is_ready: bool = False,
    spoken: str | None = None,
    now: datetime,
) -> SavedWork:
    """Keep what a marker typed on a copy of a student they follow. Everything received is kept, also what conflicts.

    With one marker, the work is shared: whoever saves over a version that they did not read changes nothing and is
    shown both, unless both say the same: a save that comes twice takes nothing back. With two, each has their own work,
    and sees the other's only once their own is ready. What lacks a level, points, an appreciation or a reason is kept,
    and is not ready; a level that the grid has no more counts no more. A copy already released is corrected by a new
    release. `spoken` is the comment that goes aloud with it: None leaves the present one, empty removes it. Without a
    `work`, only the comment changes.
    """
    copy = held_copy(session, marker, public_id)
    asked = asked_of(session.connection(), copy)
    row = _own_row(session, copy, asked.terms, marker)
    former = copies.from_json(row.content) if row else Work()
    spoken = spoken_comments.chosen(session, marker=marker, copy=copy, asked=spoken, present=former.spoken)
    work = replace(work or former, spoken=spoken)
    counted = copies.without_strange_levels(asked, work)
    if row is not None and base_version != row.version and not (counted == former and is_ready):
        return _late(session, copy, row, asked, marker, work, base_version, now)
    if row is None:
        row = _new_row(session, copy, asked.terms, marker)
    reckoned = copies.reckon(asked, counted)
    _write(row, marker, counted, reckoned, is_ready=is_ready and reckoned.is_whole, now=now)
    spoken_comments.date_comments(session, former=former.spoken, present=spoken, now=now)
    _note(session, copy, marker, work, base_version, row.version, KEPT, now)
    session.flush()
    _claim(session, copy, marker, asked.terms, now)
    move_on(session, copy, asked.terms)
    return _saved(KEPT, row, counted, reckoned)


def _saved(outcome: str, row: Marking, work: Work, reckoned: Reckoned) -> SavedWork:
    return SavedWork(
        outcome=outcome,
        version=row.version,
        current=work,
        reckoned=reckoned,
        is_ready=row.is_ready,
        by=row.marker_id,
        at=row.updated_at,
    )


def _write(row: Marking, marker: SignedIn, work: Work, reckoned: Reckoned, *, is_ready: bool, now: datetime) -> None:
    row.marker_id, row.version, row.is_ready = marker.person_id, (row.version or 0) + 1, is_ready
    row.content, row.updated_at = copies.to_json(work), now
    row.mark = reckoned.mark.adjusted if reckoned.mark else None


def held_copy(session: Session, marker: SignedIn, public_id: str) -> Row[Any]:
    """A copy of a student that the marker follows, held until the end of the transaction; any other does not exist."""
    statement = select(*Copy.__table__.columns).where(Copy.public_id == public_id)
    row = session.connection().execute(followed(marker, statement, Copy.person_id).with_for_update()).first()
    if row is None:
        raise NotFound
    return row


def _own_row(session: Session, copy: Row[Any], terms: Terms, marker: SignedIn) -> Marking | None:
    """The work to write in: the only one, or, with two markers, the marker's own."""
    found = select(Marking).where(Marking.copy_id == copy.id)
    if terms.markers > 1:
        found = found.where(Marking.marker_id == marker.person_id)
    return session.scalars(found.order_by(Marking.place)).first()


def _new_row(session: Session, copy: Row[Any], terms: Terms, marker: SignedIn) -> Marking:
    place = _free_place(session, copy, terms, marker)
    row = Marking(copy_id=copy.id, place=place, marker_id=marker.person_id)
    session.add(row)
    return row


def _free_place(session: Session, copy: Row[Any], terms: Terms, marker: SignedIn) -> int:
    """The next place, or that of who left the student's group with work unfinished: their saves stay in the history.

    Refuses a third marker while two have not disagreed, and a fourth unless a review was given to them.
    """
    found = select(Marking, holds_place(copy.person_id)).where(Marking.copy_id == copy.id)
    rows = session.execute(found.order_by(Marking.place)).all()
    left = [row for row, is_held in rows if not is_held]
    is_free = assignments.has_place(
        terms,
        marking=len(rows) - len(left),
        needs_third=copy.needs_third,
        is_reviewing=is_reviewing(session.connection(), marker=marker, copy=copy),
    )
    if not is_free:
        raise Forbidden
    if not left:
        return len(rows) + 1
    session.delete(left[0])
    session.flush()
    return left[0].place


def _late(
    session: Session,
    copy: Row[Any],
    row: Marking,
    asked: Asked,
    marker: SignedIn,
    work: Work,
    base_version: int,
    now: datetime,
) -> SavedWork:
    """What became of a save over a version that was not read: nothing changes; what says the same is no conflict."""
    current = copies.from_json(row.content)
    outcome = KEPT if current == work else CONFLICT
    if outcome == CONFLICT:
        _note(session, copy, marker, work, base_version, row.version, CONFLICT, now)
    return _saved(outcome, row, current, copies.reckon(asked, current))


def _note(
    session: Session,
    copy: Row[Any],
    marker: SignedIn,
    work: Work,
    base_version: int,
    version: int,
    outcome: str,
    now: datetime,
) -> None:
    session.add(
        MarkingEvent(
            copy_id=copy.id,
            marker_id=marker.person_id,
            base_version=base_version,
            version=version,
            outcome=outcome,
            content=copies.to_json(work),
            at=now,
        )
    )


def take_copy(session: Session, *, marker: SignedIn, public_id: str, now: datetime) -> None:
    """Keep a copy for oneself for two hours: others are told. A claim that expired, or one's own, is taken over."""
    copy = held_copy(session, marker, public_id)
    _claim(session, copy, marker, asked_of(session.connection(), copy).terms, now)


def _claim(session: Session, copy: Row[Any], marker: SignedIn, terms: Terms, now: datetime) -> None:
    if terms.markers > 1 or (copy.claimed_by not in (None, marker.person_id) and copy.claimed_until > now):
        return
    claim = {"claimed_by": marker.person_id, "claimed_until": assignments.claim_ends(now)}
    session.execute(update(Copy).where(Copy.id == copy.id).values(**claim))


def move_on(session: Session, copy: Row[Any], terms: Terms) -> None:
    """The copy's state follows its markers' work; too wide a gap between two asks for a third.

    Its mark is out of what waited for a marker, not out of a whole quiz.
    """
    rows = session.scalars(select(Marking).where(Marking.copy_id == copy.id).order_by(Marking.place)).all()
    marks = [row.mark for row in rows if row.is_ready and row.mark is not None]
    agreed = assignments.agreed(marks, markers=terms.markers, gap=terms.gap)
    is_ready = agreed.mark is not None and len(marks) == len(rows)
    state = CopyState.READY if is_ready else CopyState.DRAFT
    session.execute(
        update(Copy)
        .where(Copy.id == copy.id)
        .values(state=state.value, needs_third=agreed.needs_third or len(rows) > 2, out_of=terms.out_of)
    )


def release(
    session: Session,
    *,
    by: SignedIn,
    public_ids: Sequence[str],
    find_quiz: Callable[[str], Quiz | None],
    reason: str = "",
    now: datetime,
) -> int:
    """Give marks back, all or none: mark, comment, grid, progress and notice in one transaction. Says how many.

    What is already released is left as it is: twice is the same as once. Refuses the whole when one is not ready, and a
    correction without a reason. Each release is a new version, kept beside the ones before.
    """
    held = [held_copy(session, by, public_id) for public_id in sorted(set(public_ids))]
    pending = [copy for copy in held if copy.state != CopyState.RELEASED.value]
    _ensure_may_release(pending, reason)
    marking.hold_attempts(session, [copy.attempt_id for copy in pending])
    for copy in pending:
        _release(session, copy, actor_id=by.person_id, quiz=find_quiz(copy.item_ref), reason=reason, now=now)
    return len(pending)


def schedule(
    session: Session, *, by: SignedIn, public_ids: Sequence[str], at: datetime | None, reason: str = "", now: datetime
) -> int:
    """Have ready copies released at that moment, or no longer; says how many. Refuses what `release` would refuse."""
    held = [held_copy(session, by, public_id) for public_id in sorted(set(public_ids))]
    if at is not None:
        _ensure_may_release(held, reason)
    for copy in held:
        session.execute(update(Copy).where(Copy.id == copy.id).values(release_at=at))
        _audit(session, SCHEDULED, copy, by.person_id, now, release_at=at and at.isoformat(), reason=reason)
    return len(held)


def release_due(session: Session, *, public_id: str, find_quiz: Callable[[str], Quiz | None], now: datetime) -> bool:
    """Release one copy whose moment came, for the reason given then; false when someone else did, or took it back
    meanwhile.
    """
    statement = select(*Copy.__table__.columns).where(Copy.public_id == public_id).with_for_update()
    copy = session.connection().execute(statement).one()
    if copy.state != CopyState.READY.value or copy.release_at is None or copy.release_at > now:
        return False
    reason = scheduled_reason(session.connection(), copy.public_id) or "scheduled"
    _release(session, copy, actor_id=None, quiz=find_quiz(copy.item_ref), reason=reason, now=now)
    return True


def _ensure_may_release(held: Sequence[Row[Any]], reason: str) -> None:
    unready = [copy.code for copy in held if copy.state != CopyState.READY.value]
    if unready:
        raise NotReady(tuple(unready))
    if not reason.strip() and any(copy.released_at is not None for copy in held):
        raise NotReady(("reason",))


def _release(
    session: Session, copy: Row[Any], *, actor_id: int | None, quiz: Quiz | None, reason: str, now: datetime
) -> None:
    asked = asked_of(session.connection(), copy)
    rows = session.scalars(select(Marking).where(Marking.copy_id == copy.id).order_by(Marking.place)).all()
    marks = [row.mark for row in rows if row.mark is not None]
    given = assignments.to_give(asked.terms, marks, copy.late_days)
    if given is None:
        raise NotReady((copy.code,))
    works = copies.told_works([row.content for row in rows], markers=asked.terms.markers)
    spoken_comments.release_comments(session, (work.get("spoken", "") for work in works), now=now)
    told = {
        "works": works,
        "marks": [str(one) for one in marks],
        "agreed": str(given.agreed),
        "penalty": str(given.lost),
        "late_days": copy.late_days,
        "grid_hash": copy.grid_hash,
        "rule": given.rule.value,
    }
    version = _write_release(
        session, copy, given.mark, asked.terms.out_of, told, actor_id=actor_id, reason=reason or _HAND_MARKED, now=now
    )
    released = {"state": CopyState.RELEASED.value, "released_at": now, "release_at": None, "claimed_by": None}
    session.execute(update(Copy).where(Copy.id == copy.id).values(**released))
    marking.keep_given_points(
        session,
        copy.attempt_id,
        points=copies.points_given(asked, copies.from_json(rows[0].content), given.mark),
        marker_id=actor_id,
        reason=reason or _HAND_MARKED,
        quiz=quiz,
        now=now,
    )
    _audit(session, "copy:release", copy, actor_id, now, mark=str(given.mark), version=version, reason=reason)
    copy_mails.tell(session, copy, copy_mails.RELEASED, now)


def _write_release(
    session: Session,
    copy: Row[Any],
    mark: Fraction,
    out_of: Fraction,
    told: Mapping[str, Any],
    *,
    actor_id: int | None,
    reason: str,
    now: datetime,
) -> int:
    """Keep what the student is told as a new version; gives its number."""
    version = len(session.scalars(select(ReleasedMark.id).where(ReleasedMark.copy_id == copy.id)).all()) + 1
    released = ReleasedMark(copy_id=copy.id, version=version, mark=mark, out_of=out_of, content=told)
    released.by, released.reason, released.at = actor_id, reason, now
    session.add(released)
    return version


def _audit(session: Session, act: str, copy: Row[Any], actor_id: int | None, now: datetime, **detail: object) -> None:
    records.audit(session, at=now, actor_id=actor_id, act=act, subject=f"copy:{copy.public_id}", **detail)


def ask_resubmission(
    session: Session, *, marker: SignedIn, public_id: str, find_quiz: Callable[[str], Quiz | None], now: datetime
) -> None:
    """Let the student hand in another version, where its tutor decides. Refuses any other, or one closed to them."""
    copy = held_copy(session, marker, public_id)
    terms = asked_of(session.connection(), copy).terms
    if terms.resubmit is not assignments.Resubmit.BY_TUTOR:
        raise Forbidden
    if copy.state != CopyState.RELEASED.value:
        raise NotReady((copy.code,))
    if copy.resubmit_asked_at is None:
        quiz = find_quiz(copy.item_ref)
        if quiz is None or is_closed_for(session.connection(), item=quiz, person_id=copy.person_id, now=now):
            raise NotReady(("closed",))
        session.execute(update(Copy).where(Copy.id == copy.id).values(resubmit_asked_at=now))
        _audit(session, "copy:ask-resubmission", copy, marker.person_id, now)


def answer_review(session: Session, *, marker: SignedIn, public_id: str, answer: str, now: datetime) -> None:
    """Say what the second look gave; the mark itself changes only by a new release.

    The same words sent twice are one answer.
    """
    copy = held_copy(session, marker, public_id)
    request = session.get(ReviewRequest, copy.id)
    if request is None or request.answer not in (None, answer):
        raise NotFound
    if request.answered_at is not None:
        return
    request.answer, request.answered_by, request.answered_at = answer, marker.person_id, now
    _audit(session, "copy:answer-review", copy, marker.person_id, now)
    copy_mails.tell(session, copy, copy_mails.REVIEW_ANSWERED, now)


def allocate(
    session: Session, *, by: SignedIn, public_ids: Sequence[str], tutor_ids: Sequence[int], now: datetime
) -> int:
    """Share copies out among these tutors, in turn, the oldest first; no tutor: they are for anyone again."""
    held = [held_copy(session, by, public_id) for public_id in sorted(set(public_ids))]
    for place, copy in enumerate(sorted(held, key=lambda copy: copy.handed_in_at)):
        tutor = tutor_ids[place % len(tutor_ids)] if tutor_ids else None
        if tutor is not None and not _follows(session, tutor, copy):
            raise Forbidden
        session.execute(update(Copy).where(Copy.id == copy.id).values(assigned_to=tutor))
        _audit(session, "copy:allocate", copy, by.person_id, now, to=tutor)
    return len(held)


def _follows(session: Session, tutor_id: int, copy: Row[Any]) -> bool:
    return bool(session.scalar(select(still_follows(tutor_id, copy.person_id))))
