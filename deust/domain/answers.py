"""The shapes of a given answer: what can be taken out of it without trusting it."""

from __future__ import annotations

from deust.domain.questions import Json


def number_in(answer: Json, count: int) -> int | None:
    """The number from 1 to `count` that the answer is, if it is one."""
    if isinstance(answer, bool) or not isinstance(answer, int):
        return None
    return answer if 1 <= answer <= count else None


def numbers_in(answer: Json, count: int) -> tuple[int, ...]:
    """The different numbers from 1 to `count` that the answer lists, in order."""
    listed = answer if isinstance(answer, list) else [answer]
    found = (number_in(value, count) for value in listed)
    return tuple(dict.fromkeys(number for number in found if number is not None))


def slots_in(answer: Json, count: int) -> tuple[Json, ...]:
    """What the answer puts in each of `count` places; null where it says nothing."""
    listed = answer if isinstance(answer, list) else []
    return tuple(listed[:count]) + (None,) * (count - len(listed))


def text_in(answer: Json) -> str:
    """The text typed, empty when the answer is none."""
    return answer if isinstance(answer, str) else ""


def file_name_in(answer: Json) -> str:
    """The shown name of the file handed in, empty when there is none."""
    if not isinstance(answer, dict) or not answer.get("file"):
        return ""
    return text_in(answer.get("name")) or text_in(answer.get("file"))


def file_in(answer: Json) -> str:
    """The id of the file handed in, empty when there is none."""
    return text_in(answer.get("file")) if isinstance(answer, dict) else ""
