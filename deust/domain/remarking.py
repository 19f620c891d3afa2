"""Marking again what was asked, with the key as it is corrected now; only where an answer surely means the same.

The paper stays as it was shown. An answer is carried to the corrected question by the words of its options; as soon as
these words, the stem, the type or the worth changed so that no one can be sure, a person looks at it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from html import unescape
from typing import Any

from deust.domain import marking
from deust.domain.answers import number_in, numbers_in, slots_in
from deust.domain.errors import Refusal
from deust.domain.freezing import PaperQuestion
from deust.domain.questions import (
    HUMAN_MARKED,
    AnswerBlock,
    Choice,
    Cloze,
    Info,
    Json,
    Matching,
    Numeric,
    Ordering,
    Question,
    Short,
    TrueFalse,
    right_sides,
)

_TAG = re.compile(r"<[^>]*>")


class ListChanged(Refusal):
    """The attempts to mark again are no longer those that were shown: nothing was changed."""


class Unmatched(Exception):
    """An answer whose meaning in the corrected question is not sure."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One question of one attempt: its points now, and with the corrected key."""

    key: str
    question_id: str
    title: str
    before: Fraction
    after: Fraction
    out_of: Fraction

    def kept(self, *, never_lower: bool) -> Fraction:
        """The points that will count."""
        return max(self.before, self.after) if never_lower else self.after


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A closed attempt as it is marked now; `points` are its latest, by key."""

    attempt_id: int
    paper: Sequence[PaperQuestion]
    questions: Mapping[str, Question]
    answers: Mapping[str, Json]
    points: Mapping[str, Fraction | None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the corrected keys make of an attempt: changes, and the titles of what a person must look at."""

    changes: tuple[Change, ...] = ()
    by_hand: tuple[str, ...] = ()


def outcome(attempt: Marked, published: Mapping[str, Question]) -> Outcome:
    """Marks again the questions whose key changed; what a person marks, or still must, is left alone."""
    changes: list[Change] = []
    by_hand: list[str] = []
    for entry in attempt.paper:
        asked, now, before = attempt.questions[entry.key], published.get(entry.id), attempt.points.get(entry.key)
        if now is None or before is None or isinstance(asked.answer, (*HUMAN_MARKED, Info)) or has_same_key(asked, now):
            continue
        if _was_marked_by_a_person(asked, attempt.answers.get(entry.key), entry.values):
            continue
        try:
            after = _points(asked, now, attempt.answers.get(entry.key), entry.values)
        except Unmatched:
            by_hand.append(asked.title)
            continue
        if after != before:
            changes.append(_change(entry, asked, before, after))
    if by_hand:
        return Outcome(by_hand=tuple(by_hand))
    return Outcome(changes=tuple(changes))


def explained(
    asked: Question, published: Question | None, given: Json, values: Mapping[str, Fraction], counted: Fraction | None
) -> tuple[Question, Json] | None:
    """The question whose key gives an answer the points that are `counted`, and the answer as it is numbered there: as
    it is published when its key was corrected, else as it was asked. None when neither gives them: it was corrected
    since, or points that would have gone down were kept.
    """
    verdict = marking.mark(asked, given, values)
    if counted is None or verdict.share is None:
        return asked, given
    if published is not None and not has_same_key(asked, published):
        with suppress(Unmatched):
            if _points(asked, published, given, values) == counted:
                return published, carried(asked, published, given)
    return (asked, given) if marking.points(asked, verdict) == counted else None


def _was_marked_by_a_person(asked: Question, given: Json, values: Mapping[str, Fraction]) -> bool:
    """A key that could not decide left the answer to a marker, whose points stand."""
    return marking.mark(asked, given, values).share is None


def _change(entry: PaperQuestion, asked: Question, before: Fraction, after: Fraction) -> Change:
    return Change(
        key=entry.key, question_id=entry.id, title=asked.title, before=before, after=after, out_of=asked.points
    )


def _points(asked: Question, now: Question, given: Json, values: Mapping[str, Fraction]) -> Fraction:
    """The points of the answer under the corrected key, out of what the question was worth when asked."""
    answer = carried(asked, now, given)
    share = marking.mark(now, answer, values).share
    if share is None:
        raise Unmatched
    return asked.points * share


def has_same_key(asked: Question, now: Question) -> bool:
    """Whether both questions give every answer the same points: right answers, shares, tolerances, worth.

    Words alone change nothing: an option that is reworded where it stands, with the same weight, is the same key.
    """
    return asked.points == now.points and asked.variables == now.variables and _has_same_key(asked.answer, now.answer)


def _has_same_key(asked: AnswerBlock, now: AnswerBlock) -> bool:
    if type(asked) is not type(now):
        return False
    if isinstance(asked, HUMAN_MARKED):
        return True
    if isinstance(asked, Cloze) and isinstance(now, Cloze):
        return len(asked.gaps) == len(now.gaps) and all(map(_has_same_key, asked.gaps, now.gaps))
    if isinstance(asked, Choice) and isinstance(now, Choice):
        return _has_same_options(asked, now)
    return _key(asked) == _key(now)


def _has_same_options(asked: Choice, now: Choice) -> bool:
    """By the words when they are the same, in any order; else place by place, if no option kept its words and moved."""
    if asked.several != now.several or len(asked.options) != len(now.options):
        return False
    old, new = ([plain(option.text) for option in block.options] for block in (asked, now))
    weights, now_weights = ([(one.is_right, str(one.weight)) for one in block.options] for block in (asked, now))
    if sorted(old) == sorted(new):
        return sorted(zip(old, weights, strict=True)) == sorted(zip(new, now_weights, strict=True))
    has_moved = any(word in new and new[place] != word for place, word in enumerate(old))
    return weights == now_weights and not has_moved


def _key(block: AnswerBlock) -> object:
    """What marks, in the author's order, without the words that are only read."""
    match block:
        case Numeric(keys=keys):
            return [(key.value, key.tolerance, key.share) for key in keys]
        case Short(keys=short_keys):
            return [(key.variants, key.is_pattern, key.share) for key in short_keys]
        case Matching(pairs=pairs, distractors=distractors):
            sides = sorted({*(plain(right) for _, right in pairs), *map(plain, distractors)})
            return sorted((plain(left), plain(right)) for left, right in pairs), sides
        case Ordering(items=items, all_or_nothing=all_or_nothing):
            return [plain(item) for item in items], all_or_nothing
        case _:
            return block


def carried(asked: Question, now: Question, given: Json) -> Json:
    """The answer to the question as asked, numbered as the corrected question is. Refuses what is not sure."""
    if plain(asked.stem) != plain(now.stem) or asked.points != now.points or asked.variables != now.variables:
        raise Unmatched
    return _carried(asked.answer, now.answer, given)


def _carried(asked: AnswerBlock, now: AnswerBlock, given: Json) -> Json:
    if type(asked) is not type(now):
        raise Unmatched
    carry = _CARRIERS.get(type(asked))
    if carry is None:
        raise Unmatched
    return carry(asked, now, given)


def _same_answer(_asked: AnswerBlock, _now: AnswerBlock, given: Json) -> Json:
    return given


def _carry_choice(asked: Choice, now: Choice, given: Json) -> Json:
    if asked.several != now.several:
        raise Unmatched
    numbers = _numbers([option.text for option in asked.options], [option.text for option in now.options])
    if asked.several:
        return [*sorted(numbers[number] for number in numbers_in(given, len(numbers)))]
    number = number_in(given, len(numbers))
    return None if number is None else numbers[number]


def _carry_matching(asked: Matching, now: Matching, given: Json) -> Json:
    lefts = _numbers([left for left, _ in asked.pairs], [left for left, _ in now.pairs])
    sides = _side_numbers(right_sides(asked), right_sides(now))
    slots: list[Json] = [None] * len(now.pairs)
    for rank, slot in enumerate(slots_in(given, len(asked.pairs)), 1):
        number = number_in(slot, len(sides))
        slots[lefts[rank] - 1] = None if number is None else sides[number]
    return slots


def _carry_ordering(asked: Ordering, now: Ordering, given: Json) -> Json:
    numbers = _numbers(asked.items, now.items)
    found = (number_in(slot, len(numbers)) for slot in slots_in(given, len(numbers)))
    return [None if number is None else numbers[number] for number in found]


def _carry_cloze(asked: Cloze, now: Cloze, given: Json) -> Json:
    if len(asked.gaps) != len(now.gaps):
        raise Unmatched
    slots = slots_in(given, len(asked.gaps))
    return [_carried(old, new, slot) for old, new, slot in zip(asked.gaps, now.gaps, slots, strict=True)]


_CARRIERS: Mapping[type, Callable[[Any, Any, Json], Json]] = {
    Choice: _carry_choice,
    TrueFalse: _same_answer,
    Numeric: _same_answer,
    Short: _same_answer,
    Matching: _carry_matching,
    Ordering: _carry_ordering,
    Cloze: _carry_cloze,
}


def _numbers(asked: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """For each number as asked, that of the same words now; refuses a word lost, added or written twice."""
    places = {plain(text): number for number, text in enumerate(now, 1)}
    words = [plain(text) for text in asked]
    if len(places) != len(now) or len(set(words)) != len(words) or set(words) != set(places):
        raise Unmatched
    return {number: places[word] for number, word in enumerate(words, 1)}


def _side_numbers(asked: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """As `_numbers`, where the same side may stand for two pairs."""
    places: dict[str, int] = {}
    for number, text in enumerate(now, 1):
        places.setdefault(plain(text), number)
    words = [plain(text) for text in asked]
    if set(words) != set(places):
        raise Unmatched
    return {number: places[word] for number, word in enumerate(words, 1)}


def plain(text: str) -> str:
    """The words of a text without its markup, so that a new rendering of the same words is the same text.

    Pictures and formulas have no words: their tags count.
    """
    kept = _TAG.sub(lambda tag: tag[0] if re.match(r"</?(img|m[a-z]+|svg|audio|video|source)\b", tag[0]) else " ", text)
    return " ".join(unescape(kept).split())


def kept_changes(changes: Sequence[Change], *, never_lower: bool) -> tuple[Change, ...]:
    """The changes that will be written."""
    kept = (replace(change, after=change.kept(never_lower=never_lower)) for change in changes)
    return tuple(change for change in kept if change.after != change.before)


def rescored(points: Mapping[str, Fraction | None], changes: Sequence[Change]) -> dict[str, Fraction | None]:
    """The points of every question once the changes are made."""
    return {**points, **{change.key: change.after for change in changes}}


def fingerprint(outcomes: Mapping[int, Outcome]) -> str:
    """Names a list of changes: what was shown and what is written must have the same."""
    lines = [
        f"{attempt_id} {change.key} {change.before} {change.after}"
        for attempt_id, found in sorted(outcomes.items())
        for change in found.changes
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
