"""An item as JSON, as it was read: what an author checks before publishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from deust.domain.learning import Announced, Lesson, Quiz
from deust.domain.questions import Matching, Question, right_sides, type_of


def item_as_json(item: Lesson | Quiz | Announced) -> dict[str, Any]:
    """Every key of the item; each question with its id, type, points, options and answers."""
    found = {name: _plain(value) for name, value in _fields(item).items()}
    found["ref"] = item.ref
    for name in ("questions", "checks"):
        if name in found:
            found[name] = [question_as_json(question) for question in getattr(item, name)]
    return found


def question_as_json(question: Question) -> dict[str, Any]:
    """The question; a matching also lists its right sides, in the order that numbers them."""
    found = {name: _plain(value) for name, value in _fields(question).items()}
    found["type"] = type_of(question)
    if isinstance(question.answer, Matching):
        found["answer"]["right_sides"] = list(right_sides(question.answer))
    return found


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    """Fractions become exact texts (`1/2`, `3`); nothing becomes a float."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in _fields(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return value
