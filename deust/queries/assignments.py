"""An assignment as its student meets it: the brief, the draft, what was handed in and what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, select

from deust.domain import assignments, copies
from deust.domain.assignments import CopyState, Resubmit, Terms
from deust.domain.copies import Remark
from deust.domain.errors import NotFound
from deust.domain.learning import Assignment, Kind, Programme, Quiz
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.models.quizzes import Attempt
from deust.models.records import Receipt
from deust.queries.copies import Part, Told, asked_of, parts_of, review_of, told_of
from deust.queries.item_dates import dates_for
from deust.queries.late_answers import late_count
from deust.queries.quiz_start import StartPage, start_page
from deust.queries.spoken_comments import Spoken, told_comments
from deust.queries.versions import Pair, pairs


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of the work: a draft while `closed_at` is None; its mark once released, unless put back since."""

    public_id: str
    number: int
    started_at: datetime
    closed_at: datetime | None
    handed_in_at: datetime | None
    mark: Fraction | None
    out_of: Fraction
    due_back_at: datetime | None
    is_empty: bool


@dataclass(frozen=True, kw_only=True)
class BriefPage:
    """What is asked, by when, how it will be marked, and the versions so far."""

    start: StartPage
    assignment: Assignment
    versions: tuple[Version, ...]
    closes_at: datetime | None
    may_start: bool

    @property
    def draft(self) -> Version | None:
        return next((one for one in self.versions if one.closed_at is None), None)


def brief_page(
    connection: Connection, *, learner: SignedIn, assignment: Assignment, programme: Programme, now: datetime
) -> BriefPage:
    """The assignment as this person meets it now, in four statements."""
    start = start_page(connection, learner=learner, quiz=assignment, programme=programme, now=now)
    rows = connection.execute(
        select(
            Attempt.public_id,
            Attempt.number,
            Attempt.started_at,
            Attempt.closed_at,
            Attempt.score,
            Attempt.out_of,
            Attempt.awaiting,
            Copy.handed_in_at,
            Copy.due_back_at,
            Copy.released_at,
            Copy.resubmit_asked_at,
        )
        .outerjoin(Copy, Copy.attempt_id == Attempt.id)
        .where(Attempt.person_id == learner.person_id, Attempt.item_ref.in_(assignment.refs))
        .order_by(Attempt.number)
    ).all()
    may_again = not rows or _may_again(assignment, rows)
    return BriefPage(
        start=start,
        assignment=assignment,
        versions=tuple(_version(row) for row in rows),
        closes_at=start.dates.closes_at,
        may_start=start.is_free and may_again,
    )


def _may_again(assignment: Assignment, rows: Sequence[Row[Any]]) -> bool:
    last = rows[-1]
    if last.closed_at is None:
        return False
    if last.handed_in_at is None:
        return True
    match assignment.terms.resubmit:
        case Resubmit.NEVER:
            return False
        case Resubmit.BY_TUTOR:
            handed_in = [row for row in rows if row.handed_in_at is not None]
            return all(row.resubmit_asked_at is not None for row in handed_in)
        case Resubmit.UNTIL_PASS:
            is_known = last.released_at is not None and not last.awaiting
            return is_known and (last.score or 0) < assignment.settings.pass_share * last.out_of


def _version(row: Row[Any]) -> Version:
    return Version(
        public_id=row.public_id,
        number=row.number,
        started_at=row.started_at,
        closed_at=row.closed_at,
        handed_in_at=row.handed_in_at,
        mark=row.score if row.released_at is not None and not row.awaiting else None,
        out_of=row.out_of,
        due_back_at=row.due_back_at,
        is_empty=row.closed_at is not None and row.handed_in_at is None,
    )


def on_time_until(
    connection: Connection, *, learner: SignedIn, work: Quiz | None, until: datetime | None
) -> datetime | None:
    """The date from which this person's work is late, where it is accepted `until` later; None without such days."""
    if not isinstance(work, Assignment):
        return None
    dates, calendar = dates_for(connection, item=work, person_id=learner.person_id)
    is_earlier = bool(calendar and dates.due_at and until and dates.due_at < until)
    return dates.due_at if is_earlier else None


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """A version that was handed in: its parts, its receipt, and, once released, its mark with all that explains it.

    Nothing was handed in, so that nobody marks it, while `handed_in_at` is None. `heard` are the spoken comments that
    were released with it, by id.
    """

    public_id: str
    item_ref: str
    title: str
    number: int
    closed_at: datetime
    by_clock: bool
    receipt_code: str | None
    answers_hash: str
    former_id: str | None
    pairs: tuple[Pair, ...]
    handed_in_at: datetime | None = None
    due_back_at: datetime | None = None
    late_days: int = 0
    penalty: Fraction = Fraction(0)
    declaration: Mapping[str, Any] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    review: Row[Any] | None = None
    may_ask_review: bool = False
    resubmit_asked_at: datetime | None = None
    heard: Mapping[str, Spoken] = field(default_factory=dict)
    late_count: int = 0

    @property
    def has_sound(self) -> bool:
        parts = (part for pair in self.pairs for part in (pair.now, pair.before))
        return any(part and part.given and part.given.sound for part in parts)

    def remarks_of(self, part: str) -> tuple[tuple[int, Remark], ...]:
        """The remarks on one part, with the numbers they have in the whole copy; two markers' are not told."""
        works = self.told[0].works if self.told else ()
        return copies.remarks_of(works[0], part) if len(works) == 1 else ()


def handed_in(connection: Connection, *, learner: SignedIn, public_id: str) -> HandedIn:
    """The learner's own version once closed. Nothing of a mark, not even that there is one, before it is released.

    An attempt at a quiz is no version of a work: its result page alone knows what may be shown of it.
    """
    row = _own_work(connection, learner, public_id)
    copy = connection.execute(select(*Copy.__table__.columns).where(Copy.attempt_id == row.id)).first()
    asked = asked_of(connection, copy) if copy else None
    parts = parts_of(connection, row.id, asked, is_anonymous=False) if asked else ()
    former_id, former = _former(connection, learner, row)
    page = HandedIn(
        public_id=public_id,
        item_ref=row.item_ref,
        title=row.settings["title"],
        number=row.number,
        closed_at=row.closed_at,
        by_clock=row.closed_by == "clock",
        receipt_code=row.receipt_code,
        answers_hash=row.answers_hash,
        former_id=former_id,
        pairs=pairs(parts, former),
        late_count=late_count(connection, row.id),
    )
    return _with_its_marking(connection, page, copy, asked.terms) if copy and asked else page


def _own_work(connection: Connection, learner: SignedIn, public_id: str) -> Row[Any]:
    """The learner's own attempt, with its receipt, if it is a version of a work."""
    row = connection.execute(
        select(
            Attempt.id,
            Attempt.number,
            Attempt.item_ref,
            Attempt.settings,
            Attempt.closed_at,
            Attempt.closed_by,
            Attempt.receipt_code,
            Receipt.answers_hash,
        )
        .join(Receipt, Receipt.attempt_id == Attempt.id)
        .where(Attempt.public_id == public_id, Attempt.person_id == learner.person_id)
    ).first()
    if row is None or row.settings.get("kind") != Kind.ASSIGNMENT.value:
        raise NotFound
    return row


def _with_its_marking(connection: Connection, page: HandedIn, copy: Row[Any], terms: Terms) -> HandedIn:
    """The page with what a marker received of it, and what came back."""
    told, review = told_of(connection, copy.id), review_of(connection, copy.id)
    return replace(
        page,
        handed_in_at=copy.handed_in_at,
        due_back_at=copy.due_back_at,
        late_days=copy.late_days,
        penalty=assignments.penalty(terms, copy.late_days),
        declaration=copy.declaration,
        told=told,
        review=review,
        may_ask_review=copy.state == CopyState.RELEASED.value and review is None,
        resubmit_asked_at=copy.resubmit_asked_at,
        heard=told_comments(connection, copy.id, told),
    )


def _former(connection: Connection, learner: SignedIn, row: Row[Any]) -> tuple[str | None, tuple[Part, ...]]:
    """The version just before, to read side by side: its address and its parts."""
    if row.number == 1:
        return None, ()
    copy = connection.execute(
        select(*Copy.__table__.columns, Attempt.public_id.label("attempt"))
        .join(Attempt, Attempt.id == Copy.attempt_id)
        .where(
            Attempt.person_id == learner.person_id,
            Attempt.item_ref == row.item_ref,
            Attempt.number == row.number - 1,
        )
    ).first()
    if copy is None:
        return None, ()
    return copy.attempt, parts_of(connection, copy.attempt_id, asked_of(connection, copy), is_anonymous=False)
