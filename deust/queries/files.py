"""Files handed in, as the database names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, select

from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.models.quizzes import Answer, AnswerFile, Attempt

_NAMED = select(AnswerFile.id).where(AnswerFile.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A stored file and the name it is shown under; `id` is what the file store knows."""

    id: str
    name: str
    media_type: str
    size: int


def named_files(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Of these stored files, those that some row names: they are kept."""
    return set(connection.scalars(_NAMED, {"ids": list(ids)}))


def answer_file(connection: Connection, *, learner: SignedIn, public_id: str, key: str) -> KeptFile:
    """The file that now answers a question of the learner's own attempt."""
    row = connection.execute(
        select(AnswerFile.id, AnswerFile.name, AnswerFile.media_type, AnswerFile.size)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .join(
            Answer,
            and_(
                Answer.attempt_id == Attempt.id,
                Answer.question_key == AnswerFile.question_key,
                Answer.given["file"].as_string() == AnswerFile.id,
            ),
        )
        .where(
            Attempt.public_id == public_id,
            Attempt.person_id == learner.person_id,
            AnswerFile.question_key == key,
        )
    ).first()
    if row is None:
        raise NotFound
    return KeptFile(**row._mapping)
