"""Copies as markers meet them: one copy with its grid, what was released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from deust.domain import assignments, copies, rubric
from deust.domain.answers import file_name_in, text_in
from deust.domain.assignments import CopyState, Rule, Terms
from deust.domain.copies import Asked, Work
from deust.domain.errors import NotFound
from deust.domain.files import neutral_name
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.marking import filled
from deust.domain.people import SignedIn
from deust.domain.presenting import Presented, present
from deust.domain.questions import HUMAN_MARKED, Essay, Json, Question
from deust.domain.rubric import WHOLE, Grid
from deust.models.assignments import Copy, FrozenGrid, Marking, ReleasedMark, ReviewRequest
from deust.models.people import Person
from deust.models.quizzes import Answer, AnswerFile, Attempt
from deust.queries.files import GivenFile, KeptFile, given_files, picture_of, sound_of, stored_file
from deust.queries.papers import asked_questions
from deust.queries.scopes import followed, still_follows


def asked_of(connection: Connection, copy: Row[Any]) -> Asked:
    """What there is to mark in a copy: its grid as it was frozen, or the questions that wait for a person."""
    paper = [paper_question(entry) for entry in _paper(connection, copy.attempt_id)]
    if copy.terms:
        terms = assignments.terms_from_json(copy.terms)
        grids, questions = frozen_grids(connection, copy.grid_hash), {paper[0].key: copy.out_of}
        return Asked(terms=terms, grids=grids, questions=questions, late_days=copy.late_days)
    questions = _by_hand(connection, paper)
    worth = {key: question.points for key, question in questions.items() if question.points}
    given = _given(connection, copy.attempt_id)
    worth = {key: points for key, points in worth.items() if _is_given(given.get(key))}
    return Asked(
        terms=Terms(out_of=sum(worth.values(), Fraction(0))),
        grids=by_key(frozen_grids(connection, copy.grid_hash), {key: questions[key].id for key in worth}),
        questions=worth,
    )


def question_ids(connection: Connection, attempt_id: int) -> dict[str, str]:
    """The id of each question of an attempt, by key."""
    return {entry["key"]: entry["id"] for entry in _paper(connection, attempt_id)}


def moved_to(asked: Asked, grids: Mapping[str, Grid], ids: Mapping[str, str]) -> Asked:
    """What there would be to mark with these grids, given by question id."""
    return replace(asked, grids=by_key(grids, {key: ids[key] for key in asked.questions}))


def _paper(connection: Connection, attempt_id: int) -> Sequence[Mapping[str, Any]]:
    return list(connection.execute(select(Attempt.paper).where(Attempt.id == attempt_id)).scalar_one())


def frozen_grids(connection: Connection, hash_: str | None) -> dict[str, Grid]:
    """The grids that a copy was handed in under, by question id."""
    if hash_ is None:
        return {}
    body = connection.execute(select(FrozenGrid.body).where(FrozenGrid.hash == hash_)).scalar_one()
    return rubric.set_from_json(body)


def by_key(grids: Mapping[str, Grid], ids: Mapping[str, str]) -> dict[str, Grid]:
    """The grids of a set that rate the questions of one copy: `ids` gives the question id of each key."""
    if WHOLE in grids:
        return {WHOLE: grids[WHOLE]}
    return {key: grids[id_] for key, id_ in ids.items() if id_ in grids}


def _by_hand(connection: Connection, paper: Sequence[PaperQuestion]) -> dict[str, Question]:
    questions = asked_questions(connection, paper)
    return {entry.key: questions[entry.key] for entry in paper if isinstance(questions[entry.key].answer, HUMAN_MARKED)}


def _given(connection: Connection, attempt_id: int) -> dict[str, Json]:
    rows = connection.execute(select(Answer.question_key, Answer.given).where(Answer.attempt_id == attempt_id)).all()
    return {row.question_key: row.given for row in rows}


def _is_given(given: Json) -> bool:
    return bool(file_name_in(given) or text_in(given).strip())


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a copy: a text, or a file by the address to fetch it. `points` is what a marked question is worth."""

    key: str
    question_id: str
    number: int
    presented: Presented
    expected: str
    text: str = ""
    file_id: str | None = None
    file_name: str = ""
    media_type: str = ""
    size: int = 0
    sha256: str = ""
    given: GivenFile | None = None
    points: Fraction = Fraction(0)
    is_asked: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.text and self.file_id is None

    @property
    def drawn(self) -> int:
        """How many of its pages are shown."""
        return len(self.given.document.pictures) if self.given and self.given.document else 0


@dataclass(frozen=True, kw_only=True)
class Told:
    """A mark as it was released, with its grids by question id; `works` is what each marker wrote, without what is for
    markers only.
    """

    version: int
    mark: Fraction
    out_of: Fraction
    penalty: Fraction
    late_days: int
    works: tuple[Work, ...]
    rule: Rule
    grids: Mapping[str, Grid]
    at: datetime
    by: str | None
    reason: str


def review_of(connection: Connection, copy_id: int) -> Row[Any] | None:
    """The request to look at a copy's mark again, if its author made one."""
    return connection.execute(select(*ReviewRequest.__table__.columns).where(ReviewRequest.copy_id == copy_id)).first()


def find_copy(connection: Connection, marker: SignedIn, public_id: str) -> Row[Any]:
    """A copy of a student whom the marker follows; to others it is absent."""
    statement = (
        select(*Copy.__table__.columns, Person.given_name, Person.family_name, Attempt.number)
        .join(Person, Person.id == Copy.person_id)
        .join(Attempt, Attempt.id == Copy.attempt_id)
        .where(Copy.public_id == public_id)
    )
    row = connection.execute(followed(marker, statement, Copy.person_id)).first()
    if row is None:
        raise NotFound
    return row


def is_reviewing(connection: Connection, *, marker: SignedIn, copy: Row[Any]) -> bool:
    """Whether a review of the copy is asked of this marker: it was given to them, or to nobody who is still there."""
    asked = (
        select(ReviewRequest.copy_id)
        .join(Copy, Copy.id == ReviewRequest.copy_id)
        .where(Copy.id == copy.id, ReviewRequest.answered_at.is_(None), is_asked_of(marker))
    )
    return connection.execute(asked).first() is not None


def is_asked_of(marker: SignedIn) -> ColumnElement[bool]:
    """Whether a copy was given to the marker, or to nobody who still follows its author."""
    return or_(
        Copy.assigned_to.is_(None),
        Copy.assigned_to == marker.person_id,
        ~still_follows(Copy.assigned_to, Copy.person_id),
    )


def holds_place(person_id: Any) -> ColumnElement[bool]:
    """Whether a marking of this author's copy holds a place: it is ready, or its marker still follows them."""
    return or_(Marking.is_ready, still_follows(Marking.marker_id, person_id))


def is_hidden(row: Row[Any]) -> bool:
    return bool(row.terms and row.terms["is_anonymous"]) and row.state != CopyState.RELEASED.value


def author_of(row: Row[Any]) -> str:
    return row.code if is_hidden(row) else f"{row.given_name} {row.family_name}"


def told_of(connection: Connection, copy_id: int) -> tuple[Told, ...]:
    """What was released of a copy, the last first."""
    rows = connection.execute(
        select(*ReleasedMark.__table__.columns, Person.given_name, Person.family_name)
        .outerjoin(Person, Person.id == ReleasedMark.by)
        .where(ReleasedMark.copy_id == copy_id)
        .order_by(ReleasedMark.version.desc())
    ).all()
    grids = {hash_: frozen_grids(connection, hash_) for hash_ in {row.content["grid_hash"] for row in rows}}
    return tuple(
        Told(
            version=row.version,
            mark=row.mark,
            out_of=row.out_of,
            penalty=Fraction(row.content["penalty"]),
            late_days=row.content["late_days"],
            works=tuple(copies.from_json(work) for work in row.content["works"]),
            rule=_rule(row.content),
            grids=grids[row.content["grid_hash"]],
            at=row.at,
            by=f"{row.given_name} {row.family_name}" if row.given_name else None,
            reason=row.reason,
        )
        for row in rows
    )


def _rule(told: Mapping[str, Any]) -> Rule:
    """Releases of before do not say it: nobody could review two marks then."""
    return Rule(told["rule"]) if "rule" in told else (Rule.ONE, Rule.MEAN, Rule.THIRD)[len(told["works"]) - 1]


def parts_of(connection: Connection, attempt_id: int, asked: Asked, *, is_anonymous: bool) -> tuple[Part, ...]:
    """What was handed in, part by part; file names say nothing of an anonymous author."""
    paper = [paper_question(entry) for entry in _paper(connection, attempt_id)]
    questions = asked_questions(connection, paper)
    given = _given(connection, attempt_id)
    files = {
        row.id: row
        for row in connection.execute(
            select(AnswerFile.id, AnswerFile.name, AnswerFile.media_type, AnswerFile.size, AnswerFile.sha256).where(
                AnswerFile.attempt_id == attempt_id
            )
        ).all()
    }
    readings = given_files(connection, attempt_id) if files else {}
    parts = (
        _part(entry, number, questions[entry.key], given.get(entry.key), files, asked, is_anonymous)
        for number, entry in enumerate(paper, start=1)
        if isinstance(questions[entry.key].answer, HUMAN_MARKED)
    )
    return tuple(replace(part, given=readings.get(part.file_id or "")) for part in parts)


def _part(
    entry: PaperQuestion,
    number: int,
    question: Question,
    given: Json,
    files: Mapping[str, Row[Any]],
    asked: Asked,
    is_anonymous: bool,
) -> Part:
    answer = question.answer
    file_id = given.get("file") if isinstance(given, Mapping) else None
    file = files.get(str(file_id)) if file_id else None
    return Part(
        key=entry.key,
        question_id=entry.id,
        number=number,
        presented=replace(present(question, entry.placement, entry.values), id=entry.key),
        expected=filled(answer.expected, entry.values) if isinstance(answer, HUMAN_MARKED) else "",
        text=text_in(given) if isinstance(answer, Essay) else "",
        file_id=file.id if file else None,
        file_name=_shown_name(file, number, is_anonymous) if file else "",
        media_type=file.media_type if file else "",
        size=file.size if file else 0,
        sha256=file.sha256 if file else "",
        points=asked.questions.get(entry.key, Fraction(0)),
        is_asked=entry.key in asked.questions,
    )


def _shown_name(file: Row[Any], number: int, is_anonymous: bool) -> str:
    if not is_anonymous:
        return str(file.name)
    return neutral_name(file.name, number)


def copy_file(connection: Connection, *, marker: SignedIn, public_id: str, key: str) -> KeptFile:
    """The file that answers one part of a copy that the marker reads, or of a former version of it, under a name that
    says no more than the page.
    """
    part = _file_part(connection, marker, public_id, key)
    return replace(stored_file(connection, str(part.file_id)), name=part.file_name)


def copy_sound(connection: Connection, *, marker: SignedIn, public_id: str, key: str) -> KeptFile:
    """What every browser plays of a recording of the copy."""
    part = _file_part(connection, marker, public_id, key)
    heard = sound_of(connection, str(part.file_id))
    return replace(heard, name=f"{part.file_name.rpartition('.')[0]}.mp3")


def copy_picture(connection: Connection, *, marker: SignedIn, public_id: str, key: str, number: int) -> KeptFile:
    """A page of a PDF of the copy, as a picture."""
    part = _file_part(connection, marker, public_id, key)
    picture = picture_of(connection, str(part.file_id), number)
    return replace(picture, name=f"{part.file_name.rpartition('.')[0]}-page-{number}.webp")


def _file_part(connection: Connection, marker: SignedIn, public_id: str, key: str) -> Part:
    """Former versions are looked at by way of the copy itself: theirs may be released, hence no longer anonymous."""
    row = find_copy(connection, marker, public_id)
    attempts = [row.attempt_id, *(former.attempt_id for former in former_copies(connection, row))]
    asked = asked_of(connection, row)
    for attempt_id in attempts:
        for part in parts_of(connection, attempt_id, asked, is_anonymous=is_hidden(row)):
            if part.key == key and part.file_id is not None:
                return part
    raise NotFound


def former_copies(connection: Connection, row: Row[Any]) -> Sequence[Row[Any]]:
    """The copies of the earlier versions of the same work, the first first."""
    return connection.execute(
        select(*Copy.__table__.columns, Attempt.number, Attempt.score)
        .join(Attempt, Attempt.id == Copy.attempt_id)
        .where(Copy.person_id == row.person_id, Copy.item_ref == row.item_ref, Attempt.number < row.number)
        .order_by(Attempt.number)
    ).all()
