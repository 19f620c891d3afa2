"""Answers coming in: from a posted form, from an author's file; and going back into a form.

Fields of a form: `answer`; in a matching, a cloze or an ordering `answer-1`, `answer-2`… for each left side, gap, or
item as shown. Numbers in a form are the public ones of the placement; kept answers are numbered as in the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape

from deust.domain.answers import number_in, numbers_in, slots_in, text_in
from deust.domain.errors import InvalidAnswer
from deust.domain.presenting import Placement
from deust.domain.questions import (
    AnswerBlock,
    Choice,
    Cloze,
    Essay,
    File,
    Json,
    Matching,
    Numeric,
    Ordering,
    Question,
    Short,
    TrueFalse,
    Voice,
    right_sides,
)
from deust.domain.texts import cleaned, folded

MAX_ANSWER_LENGTH = 100_000

Form = Mapping[str, Sequence[str]]

_TRUTHS = {"vrai": True, "true": True, "v": True, "faux": False, "false": False, "f": False}
_TAG = re.compile(r"<[^>]*>")


def read(question: Question, placement: Placement, form: Form) -> Json:
    """The answer that a form holds, null when it is empty; what the question cannot mean is refused.

    Recorded and handed-in files do not come through a form's texts: reading one here is refused.
    """
    match question.answer:
        case Choice(several=True):
            return _read_several(form, placement.order)
        case Choice():
            return _public(_text(form, "answer"), placement.order)
        case TrueFalse():
            return _read_truth(_text(form, "answer"))
        case Numeric() | Short() | Essay():
            return _typed(_text(form, "answer"))
        case Matching(pairs=pairs):
            return _unless_empty([_public(text, placement.right_order) for text in _texts(form, len(pairs))])
        case Ordering():
            return _read_order(_texts(form, len(placement.order)), placement.order)
        case Cloze(gaps=gaps):
            given = zip(gaps, placement.gap_orders, _texts(form, len(gaps)), strict=True)
            return _unless_empty([_read_gap(gap, order, text) for gap, order, text in given])
        case Voice() | File():
            raise InvalidAnswer("file")
        case _:
            return None


def show_answer(question: Question, placement: Placement, answer: Json) -> dict[str, list[str]]:
    """The fields that a page fills again with a kept answer: the inverse of `read`."""
    match question.answer:
        case Choice(several=True, options=options):
            return _field("answer", [_shown(number, placement.order) for number in numbers_in(answer, len(options))])
        case Choice():
            return _field("answer", [_shown(answer, placement.order)])
        case TrueFalse():
            return {"answer": ["true" if answer else "false"]} if isinstance(answer, bool) else {}
        case Numeric() | Short() | Essay():
            return _field("answer", [text_in(answer)])
        case Matching(pairs=pairs):
            return _fields([_shown(slot, placement.right_order) for slot in slots_in(answer, len(pairs))])
        case Ordering(items=items):
            slots = enumerate(slots_in(answer, len(items)), 1)
            ranks = {number_in(slot, len(items)): str(rank) for rank, slot in slots}
            return _fields([ranks.get(number, "") for number in placement.order])
        case Cloze(gaps=gaps):
            given = zip(gaps, placement.gap_orders, slots_in(answer, len(gaps)), strict=True)
            return _fields([_shown_gap(gap, order, slot) for gap, order, slot in given])
        case _:
            return {}


def read_author(question: Question, value: Json) -> Json:
    """An answer as an author writes it to try a quiz, read liberally.

    Options, right sides and items by their number or their text; `vrai`, `faux`, `true`, `false`; numbers as numbers
    or texts; a single value for a list of one.
    """
    if value is None:
        return None
    match question.answer:
        case Choice(several=True) as choice:
            return _author_several(value, _option_texts(choice))
        case Matching(pairs=pairs) as matching:
            sides = right_sides(matching)
            return _author_slots(value, len(pairs), lambda part, _: _found(part, sides))
        case Ordering(items=items):
            return _author_order(value, items)
        case Cloze(gaps=gaps):
            return _author_slots(value, len(gaps), lambda part, place: _author_single(gaps[place], part))
        case block:
            return _author_single(block, value)


def _text(form: Form, name: str) -> str:
    given = form.get(name, ())
    if len(given) > 1:
        raise InvalidAnswer("several")
    text = cleaned(given[0]) if given else ""
    if len(text) > MAX_ANSWER_LENGTH:
        raise InvalidAnswer("too-long")
    return text


def _texts(form: Form, count: int) -> list[str]:
    return [_text(form, f"answer-{number}") for number in range(1, count + 1)]


def _typed(text: str) -> Json:
    return text if text.strip() else None


def _digits(text: str, count: int) -> int:
    """The number from 1 to `count` written."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > count:
        raise InvalidAnswer("unknown-option")
    return int(text)


def _public(text: str, order: Sequence[int]) -> Json:
    return order[_digits(text, len(order)) - 1] if text else None


def _read_several(form: Form, order: Sequence[int]) -> Json:
    return _several({order[_digits(text, len(order)) - 1] for text in form.get("answer", ()) if text})


def _several(chosen: set[int]) -> Json:
    numbers: list[Json] = []
    numbers += sorted(chosen)
    return numbers or None


def _read_truth(text: str) -> Json:
    if text not in ("", "true", "false"):
        raise InvalidAnswer("unknown-option")
    return text == "true" if text else None


def _read_order(texts: Sequence[str], order: Sequence[int]) -> Json:
    """The item at each place, null where none was put yet: an order begun is kept as it stands."""
    slots: list[Json] = [None] * len(order)
    for text, number in zip(texts, order, strict=True):
        if not text:
            continue
        place = _digits(text, len(order)) - 1
        if slots[place] is not None:
            raise InvalidAnswer("place-twice")
        slots[place] = number
    return _unless_empty(slots)


def _read_gap(gap: AnswerBlock, order: Sequence[int], text: str) -> Json:
    return _public(text, order) if isinstance(gap, Choice) else _typed(text)


def _unless_empty(slots: list[Json]) -> Json:
    return None if all(slot is None for slot in slots) else slots


def _shown(answer: Json, order: Sequence[int]) -> str:
    number = number_in(answer, len(order))
    return "" if number is None else str(order.index(number) + 1)


def _shown_gap(gap: AnswerBlock, order: Sequence[int], slot: Json) -> str:
    return _shown(slot, order) if isinstance(gap, Choice) else text_in(slot)


def _field(name: str, texts: Sequence[str]) -> dict[str, list[str]]:
    kept = [text for text in texts if text]
    return {name: kept} if kept else {}


def _fields(texts: Sequence[str]) -> dict[str, list[str]]:
    return {f"answer-{number}": [text] for number, text in enumerate(texts, 1) if text}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _option_texts(choice: Choice) -> tuple[str, ...]:
    return tuple(option.text for option in choice.options)


def _found(value: Json, texts: Sequence[str]) -> int:
    """The number of the text meant, by its words first, then by its number."""
    number = number_in(value, len(texts))
    if number is not None:
        return number
    written = text_in(value)
    words = folded(written)
    plain = [folded(unescape(_TAG.sub(" ", text))) for text in texts]
    if words and words in plain:
        return plain.index(words) + 1
    return _digits(written.strip(), len(texts))


def _author_several(value: Json, texts: Sequence[str]) -> Json:
    return _several({_found(part, texts) for part in _listed(value)})


def _author_slots(value: Json, count: int, read_slot: Callable[[Json, int], Json]) -> Json:
    given = _listed(value)
    if len(given) != count:
        raise InvalidAnswer("wrong-count")
    return _unless_empty([None if part is None else read_slot(part, place) for place, part in enumerate(given)])


def _author_order(value: Json, items: Sequence[str]) -> Json:
    numbers = [_found(part, items) for part in _listed(value)]
    if len(numbers) != len(items):
        raise InvalidAnswer("wrong-count")
    if len(set(numbers)) < len(numbers):
        raise InvalidAnswer("place-twice")
    return list(numbers)


def _author_single(block: AnswerBlock, value: Json) -> Json:
    match block:
        case Choice() as choice:
            if isinstance(value, list) and len(value) == 1:
                return _found(value[0], _option_texts(choice))
            return _found(value, _option_texts(choice))
        case TrueFalse():
            return _author_truth(value)
        case Numeric() | Short() | Essay():
            return _author_text(value)
        case Voice() | File():
            if not isinstance(value, dict):
                raise InvalidAnswer("file")
            return value
        case _:
            return None


def _author_truth(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    truth = _TRUTHS.get(text_in(value).strip().casefold())
    if truth is None:
        raise InvalidAnswer("unknown-option")
    return truth


def _author_text(value: Json) -> Json:
    """Numbers may come unquoted."""
    if isinstance(value, bool | list | dict):
        raise InvalidAnswer("not-a-text")
    return _typed(cleaned(str(value)))
