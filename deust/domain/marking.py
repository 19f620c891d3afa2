"""What an answer is worth: an exact share of the question's points, and what to say about it.

A mark is the same each time it is computed, lies between 0 and 1, and never fails on a strange answer: what cannot be
understood as an answer is worth 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from deust.domain.answers import file_name_in, number_in, numbers_in, slots_in, text_in
from deust.domain.errors import InvalidAnswer
from deust.domain.expressions import ExpressionError, fill, value_of
from deust.domain.french_numbers import MAX_PLACES, format_number, half_up, read_number
from deust.domain.patterns import PatternError, example_of, matches
from deust.domain.questions import (
    AnswerBlock,
    Choice,
    Cloze,
    Essay,
    File,
    Info,
    Json,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Question,
    Short,
    ShortKey,
    TrueFalse,
    Values,
    Voice,
    right_sides,
)
from deust.domain.texts import folded

_NONE, _ALL = Fraction(0), Fraction(1)
_NO_VALUES: Values = {}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`share` of the points; None when a person must mark. `parts` are the shares of each gap, pair or place.

    `feedback` holds the texts that apply to this answer; `unreadable` says that a number was asked for and that the
    text typed is none.
    """

    share: Fraction | None
    is_right: bool | None
    feedback: tuple[str, ...] = ()
    parts: tuple[Fraction, ...] = ()
    unreadable: bool = False


def mark(question: Question, answer: Json, values: Values = _NO_VALUES) -> Verdict:
    """The verdict on an answer; one that the key cannot decide (a broken calculation) goes to a person."""
    try:
        verdict = _mark_block(question.answer, answer, values)
        if not values or not verdict.feedback:
            return verdict
        return replace(verdict, feedback=tuple(fill(text, values) for text in verdict.feedback))
    except (ExpressionError, PatternError):
        return Verdict(share=None, is_right=None)


def is_misread(question: Question, answer: Json) -> bool:
    """Whether a number is asked for, here or in a gap, and what was typed is not one: that tells nothing of the key."""
    block = question.answer
    if isinstance(block, Cloze):
        slots = slots_in(answer, len(block.gaps))
        gaps = zip(block.gaps, slots, strict=True)
        return any(_is_no_number(text_in(slot)) for gap, slot in gaps if isinstance(gap, Numeric))
    return isinstance(block, Numeric) and _is_no_number(text_in(answer))


@lru_cache(maxsize=4_096)
def _is_no_number(text: str) -> bool:
    """Read once: every page of an attempt asks it of all that was typed."""
    try:
        read_number(text.strip() or "0")
    except InvalidAnswer:
        return True
    return False


def points(question: Question, verdict: Verdict) -> Fraction | None:
    """The points earned; None until a person has marked. What is worth nothing waits for nobody."""
    if not question.points:
        return _NONE
    if verdict.is_right:
        return question.points
    return None if verdict.share is None else question.points * verdict.share


def right_answer(question: Question, values: Values = _NO_VALUES) -> Json:
    """An answer worth all the points, numbered as in the source; None where a person marks or nothing is answered."""
    try:
        return _right_block(question.answer, values)
    except (ExpressionError, PatternError):
        return None


def filled(text: str, values: Values) -> str:
    """A text of the question with the drawn numbers in it."""
    return fill(text, values) if values else text


def _verdict(share: Fraction, feedback: Iterable[str] = (), parts: tuple[Fraction, ...] = ()) -> Verdict:
    return Verdict(share=share, is_right=share == 1, feedback=tuple(text for text in feedback if text), parts=parts)


def _mark_block(block: AnswerBlock, answer: Json, values: Values) -> Verdict:
    return _MARKERS[type(block)](block, answer, values)


def _mark_choice(block: Choice, answer: Json, _values: Values) -> Verdict:
    if block.several:
        ticked = [block.options[number - 1] for number in numbers_in(answer, len(block.options))]
        return _verdict(_ticked_share(block.options, ticked), (option.feedback for option in ticked))
    number = number_in(answer, len(block.options))
    if number is None:
        return _verdict(_NONE)
    option = block.options[number - 1]
    return _verdict(_clamped(_weight(option, 1)), [option.feedback])


def _ticked_share(options: Sequence[Option], ticked: Sequence[Option]) -> Fraction:
    """(right − wrong) / right ones; or, as soon as a weight is written, the sum of the ticked weights."""
    right_count = sum(option.is_right for option in options)
    if any(option.weight is not None for option in options):
        return _clamped(sum((_weight(option, right_count) for option in ticked), _NONE))
    right = sum(option.is_right for option in ticked)
    return _clamped(Fraction(2 * right - len(ticked), right_count)) if right_count else _NONE


def _weight(option: Option, right_count: int) -> Fraction:
    if option.weight is not None:
        return option.weight
    if not option.is_right:
        return _NONE
    return _ALL if right_count == 1 else Fraction(1, right_count)


def _clamped(share: Fraction) -> Fraction:
    """Never less than nothing, never more than all."""
    if 0 <= share.numerator <= share.denominator:
        return share
    return _NONE if share.numerator < 0 else _ALL


def _mark_true_false(block: TrueFalse, answer: Json, _values: Values) -> Verdict:
    return _verdict(_ALL if answer is block.value else _NONE)


def _mark_numeric(block: Numeric, answer: Json, values: Values) -> Verdict:
    text = text_in(answer)
    if not text.strip():
        return _verdict(_NONE)
    try:
        number = read_number(text)
    except InvalidAnswer:
        return replace(_verdict(_NONE), unreadable=True)
    return _best([key for key in block.keys if _is_near(key, number, values)])


def _is_near(key: NumericKey, number: Fraction, values: Values) -> bool:
    return abs(number - value_of(key.value, values)) <= value_of(key.tolerance, values)


def _mark_short(block: Short, answer: Json, values: Values) -> Verdict:
    text = text_in(answer)
    if not text.strip():
        return _verdict(_NONE)
    return _best([key for key in block.keys if _accepts(key, text, values)])


def _accepts(key: ShortKey, text: str, values: Values) -> bool:
    if key.is_pattern:
        return any(matches(pattern, text) for pattern in key.variants)
    typed = folded(text)
    return bool(typed) and any(typed == _expected(filled(variant, values)) for variant in key.variants)


@lru_cache(maxsize=4_096)
def _expected(variant: str) -> str:
    """A key is compared with the answers of a whole cohort: it is folded once."""
    return folded(variant)


def _best(keys: Sequence[NumericKey | ShortKey]) -> Verdict:
    """The matched key that gives most; the first written among equals."""
    if not keys:
        return _verdict(_NONE)
    best = max(keys, key=lambda key: key.share)
    return _verdict(_clamped(best.share), [best.feedback])


def _mark_matching(block: Matching, answer: Json, _values: Values) -> Verdict:
    sides = right_sides(block)
    given = [number_in(slot, len(sides)) for slot in slots_in(answer, len(block.pairs))]
    parts = tuple(
        Fraction(number is not None and sides[number - 1] == right)
        for number, (_, right) in zip(given, block.pairs, strict=True)
    )
    return _verdict(_mean(parts), parts=parts)


def _mark_ordering(block: Ordering, answer: Json, _values: Values) -> Verdict:
    count = len(block.items)
    given = [number_in(slot, count) for slot in slots_in(answer, count)]
    parts = tuple(
        Fraction(number is not None and block.items[number - 1] == item)
        for number, item in zip(given, block.items, strict=True)
    )
    share = _mean(parts)
    return _verdict(Fraction(share == 1) if block.all_or_nothing else share, parts=parts)


def _mark_cloze(block: Cloze, answer: Json, values: Values) -> Verdict:
    slots = slots_in(answer, len(block.gaps))
    verdicts = [_mark_block(gap, slot, values) for gap, slot in zip(block.gaps, slots, strict=True)]
    parts = tuple(verdict.share or _NONE for verdict in verdicts)
    feedback = [text for verdict in verdicts for text in verdict.feedback]
    return replace(_verdict(_mean(parts), feedback, parts), unreadable=any(verdict.unreadable for verdict in verdicts))


def _mean(parts: tuple[Fraction, ...]) -> Fraction:
    return sum(parts, _NONE) / len(parts) if parts else _NONE


def _leave_to_marker(block: AnswerBlock, answer: Json, _values: Values) -> Verdict:
    is_given = bool(text_in(answer).strip()) if isinstance(block, Essay) else bool(file_name_in(answer))
    return Verdict(share=None, is_right=None) if is_given else _verdict(_NONE)


def _mark_info(_block: Info, _answer: Json, _values: Values) -> Verdict:
    return Verdict(share=_ALL, is_right=None)


_MARKERS: Mapping[type, Callable[..., Verdict]] = {
    Choice: _mark_choice,
    TrueFalse: _mark_true_false,
    Numeric: _mark_numeric,
    Short: _mark_short,
    Matching: _mark_matching,
    Ordering: _mark_ordering,
    Cloze: _mark_cloze,
    Essay: _leave_to_marker,
    Voice: _leave_to_marker,
    File: _leave_to_marker,
    Info: _mark_info,
}


def _right_block(block: AnswerBlock, values: Values) -> Json:
    match block:
        case Choice():
            return _right_choice(block)
        case TrueFalse(value=value):
            return value
        case Numeric(keys=keys):
            return _right_number(keys, values)
        case Short(keys=short_keys):
            return _right_text(short_keys, values)
        case Matching(pairs=pairs):
            return list(range(1, len(pairs) + 1))
        case Ordering(items=items):
            return list(range(1, len(items) + 1))
        case Cloze(gaps=gaps):
            return [_right_block(gap, values) for gap in gaps]
        case Essay() | Voice() | File() | Info():
            return None


def _right_choice(block: Choice) -> Json:
    numbers: list[Json] = [number for number, option in enumerate(block.options, 1) if option.is_right]
    if block.several:
        return numbers
    return numbers[0] if numbers else None


def _right_number(keys: Sequence[NumericKey], values: Values) -> Json:
    key = next((key for key in keys if key.share == 1), None)
    if key is None:
        return None
    return _shortest(value_of(key.value, values), value_of(key.tolerance, values))


def _shortest(value: Fraction, tolerance: Fraction) -> str:
    """The value written out if it is short, else rounded within the tolerance, else as a fraction."""
    if half_up(value, 4) == value:
        return format_number(value, 4)
    for digits in range(2, MAX_PLACES + 1):
        if abs(half_up(value, digits) - value) <= tolerance:
            return format_number(value, digits)
    exact = str(value)
    return exact if len(exact) <= 30 else format_number(value, 40)


def _right_text(keys: Sequence[ShortKey], values: Values) -> Json:
    full = [key for key in keys if key.share == 1]
    for key in sorted(full, key=lambda key: key.is_pattern):
        for variant in key.variants:
            found = example_of(variant) if key.is_pattern else filled(variant, values)
            if found:
                return found
    return None
