"""Questions, papers and settings as plain JSON: an attempt keeps what was asked, whatever is edited later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any, NamedTuple, cast

from deust.domain import questions
from deust.domain.presenting import Placement
from deust.domain.questions import Question
from deust.domain.quizzes import Keep, Mode, Moment, Paging, QuizSettings, Show

_FROZEN: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        questions.Question,
        questions.Variable,
        questions.Option,
        questions.Choice,
        questions.TrueFalse,
        questions.NumericKey,
        questions.Numeric,
        questions.ShortKey,
        questions.Short,
        questions.Matching,
        questions.Ordering,
        questions.Cloze,
        questions.Essay,
        questions.Voice,
        questions.File,
        questions.Info,
    )
}

_NOT_CONTENT = {"line"}


def frozen(question: Question) -> dict[str, Any]:
    """The question as JSON: everything that was shown and everything that marks it, and no line number."""
    return dict(_to_json(question))


def thawed(body: Mapping[str, Any]) -> Question:
    """The question that `frozen` wrote."""
    return cast(Question, _from_json(body))


def content_hash(body: Mapping[str, Any]) -> str:
    """SHA-256 of plain JSON, keys sorted, UTF-8: the same content has the same hash, on every machine."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _to_json(value: Any) -> Any:
    if isinstance(value, Fraction):
        return {"$": "Fraction", "value": str(value)}
    if isinstance(value, tuple):
        return [_to_json(part) for part in value]
    if type(value).__name__ in _FROZEN:
        parts = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in _NOT_CONTENT}
        return {"$": type(value).__name__, **{name: _to_json(part) for name, part in parts.items()}}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(part) for part in value)
    if not isinstance(value, Mapping):
        return value
    kind = value["$"]
    if kind == "Fraction":
        return Fraction(value["value"])
    return _FROZEN[kind](**{name: _from_json(part) for name, part in value.items() if name != "$"})


class PaperQuestion(NamedTuple):
    """One question of one paper. `key` names it in this attempt only and says nothing of its content."""

    key: str
    hash: str
    id: str
    placement: Placement
    values: Mapping[str, Fraction]

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "hash": self.hash,
            "id": self.id,
            "placement": self.placement.to_json(),
            "values": {name: str(value) for name, value in self.values.items()},
        }


def paper_question(body: Mapping[str, Any]) -> PaperQuestion:
    """The entry that `PaperQuestion.to_json` wrote."""
    return PaperQuestion(
        key=body["key"],
        hash=body["hash"],
        id=body["id"],
        placement=Placement.from_json(body["placement"]),
        values={name: Fraction(value) for name, value in body["values"].items()},
    )


def frozen_settings(settings: QuizSettings, *, title: str, kind: str = "quiz") -> dict[str, Any]:
    """What of a quiz's settings rules an attempt once started, and the title it was started under."""
    return {
        "kind": kind,
        "title": title,
        "mode": settings.mode.value,
        "attempts": settings.attempts,
        "keep": settings.keep.value,
        "time_seconds": settings.time_seconds,
        "pass_share": str(settings.pass_share),
        "paging": settings.paging.value,
        "shuffle": [settings.shuffle_questions, settings.shuffle_options],
        "show": {field.name: getattr(settings.show, field.name).value for field in fields(Show)},
    }


def thawed_settings(body: Mapping[str, Any]) -> QuizSettings:
    """The settings that `frozen_settings` wrote; the draw was already made and is not kept."""
    return QuizSettings(
        mode=Mode(body["mode"]),
        attempts=body["attempts"],
        keep=Keep(body["keep"]),
        time_seconds=body["time_seconds"],
        pass_share=Fraction(body["pass_share"]),
        paging=Paging(body["paging"]),
        shuffle_questions=body["shuffle"][0],
        shuffle_options=body["shuffle"][1],
        show=Show(**{name: Moment(value) for name, value in body["show"].items()}),
    )
