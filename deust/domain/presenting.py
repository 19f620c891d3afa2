"""What a student may see of a question: its texts and choices in the order drawn, and nothing that solves it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from html import escape
from typing import NamedTuple, cast

from deust.domain.answers import file_name_in, number_in, numbers_in, slots_in, text_in
from deust.domain.marking import filled
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
    Values,
    Voice,
    block_type,
    right_sides,
)

_NO_VALUES: Values = {}


class Placement(NamedTuple):
    """The order shown: public number k, from 1, stands for the source number `order[k − 1]`.

    `order` is of the options or the items to put in order, `right_order` of a matching's right sides, `gap_orders`
    of each gap's options (empty for a gap to type in).
    """

    order: tuple[int, ...] = ()
    right_order: tuple[int, ...] = ()
    gap_orders: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {
            "order": list(self.order),
            "right_order": list(self.right_order),
            "gap_orders": [list(order) for order in self.gap_orders],
        }

    @classmethod
    def from_json(cls, kept: Json) -> Placement:
        if not isinstance(kept, dict):
            raise TypeError("a placement is kept as an object")
        gaps = kept.get("gap_orders")
        return cls(
            order=_numbers(kept.get("order")),
            right_order=_numbers(kept.get("right_order")),
            gap_orders=tuple(_numbers(gap) for gap in gaps) if isinstance(gaps, list) else (),
        )


class PublicOption(NamedTuple):
    """A choice, a right side or an item, under the number that a form posts."""

    number: int
    html: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A gap of the stem's `[[number]]`; `kind` is `text`, `number` or `choice`."""

    number: int
    kind: str
    options: tuple[PublicOption, ...] = ()
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Limits:
    min_words: int | None = None
    max_words: int | None = None
    max_seconds: int | None = None
    accept: tuple[str, ...] = ()
    max_bytes: int | None = None


_NO_LIMITS = Limits()


@dataclass(frozen=True, kw_only=True, slots=True)
class Presented:
    """A question ready for its page. `type` names the answer block; lefts are numbered from 1 in order."""

    id: str
    type: str
    title: str
    stem: str
    points: Fraction
    options: tuple[PublicOption, ...] = ()
    lefts: tuple[PublicOption, ...] = ()
    rights: tuple[PublicOption, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unit: str = ""
    limits: Limits = _NO_LIMITS


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A line of an answer in words; `label` is the left side, the gap or the place it belongs to, if any."""

    label: str
    html: str


def place(question: Question, rng: random.Random, shuffle_options: bool) -> Placement:
    """Draws the orders; right sides are always shuffled, and items to order never stand in the right order."""
    match question.answer:
        case Choice(options=options):
            return Placement(order=_drawn(len(options), rng, shuffle_options))
        case Matching() as matching:
            return Placement(right_order=_drawn(len(right_sides(matching)), rng, True))
        case Ordering(items=items):
            return Placement(order=_disordered(len(items), rng))
        case Cloze(gaps=gaps):
            counts = [len(gap.options) if isinstance(gap, Choice) else 0 for gap in gaps]
            return Placement(gap_orders=tuple(_drawn(count, rng, shuffle_options) for count in counts))
        case _:
            return Placement()


def present(question: Question, placement: Placement, values: Values = _NO_VALUES) -> Presented:
    """The question as its student sees it, drawn numbers in place."""
    answer = question.answer
    return Presented(
        id=question.id,
        type=block_type(answer),
        title=question.title,
        stem=filled(question.stem, values),
        points=question.points,
        options=_shown(_choices(answer), placement.order, values),
        lefts=_lefts(answer, values),
        rights=_shown(right_sides(answer), placement.right_order, values) if isinstance(answer, Matching) else (),
        gaps=_gaps(answer, placement, values),
        unit=_unit(answer),
        limits=_limits(answer),
    )


def describe(question: Question, answer: Json, values: Values = _NO_VALUES) -> tuple[Piece, ...]:
    """An answer in words, as HTML, for the review and the correction; nothing when nothing was answered.

    What a person typed is escaped; what an author wrote is shown as rendered.
    """
    match question.answer:
        case Matching(pairs=pairs) as matching:
            sides, slots = right_sides(matching), slots_in(answer, len(pairs))
            said = [(left, _chosen(sides, slot, values)) for (left, _), slot in zip(pairs, slots, strict=True)]
            return _pieces([(filled(left, values), html) for left, html in said])
        case Ordering(items=items):
            order = numbers_in(answer, len(items))
            return _pieces([(str(rank), _chosen(items, number, values)) for rank, number in enumerate(order, 1)])
        case Cloze(gaps=gaps):
            placed = enumerate(zip(gaps, slots_in(answer, len(gaps)), strict=True), 1)
            return _pieces([(str(rank), _said(gap, slot, values)) for rank, (gap, slot) in placed])
        case Choice(several=True) as choice:
            texts = _choices(choice)
            return _pieces([("", _chosen(texts, number, values)) for number in numbers_in(answer, len(texts))])
        case block:
            return _pieces([("", _said(block, answer, values))])


def _numbers(kept: Json) -> tuple[int, ...]:
    return tuple(cast("list[int]", kept)) if isinstance(kept, list) else ()


def _drawn(count: int, rng: random.Random, is_shuffled: bool) -> tuple[int, ...]:
    order = list(range(1, count + 1))
    if is_shuffled:
        rng.shuffle(order)
    return tuple(order)


def _disordered(count: int, rng: random.Random) -> tuple[int, ...]:
    right = tuple(range(1, count + 1))
    order = _drawn(count, rng, True)
    return right[1:] + right[:1] if order == right else order


def _shown(texts: tuple[str, ...], order: tuple[int, ...], values: Values) -> tuple[PublicOption, ...]:
    return _placed(tuple(filled(text, values) for text in texts) if values else texts, order)


@lru_cache(maxsize=4_096)
def _placed(texts: tuple[str, ...], order: tuple[int, ...]) -> tuple[PublicOption, ...]:
    """Shared by everyone who meets the question in this order."""
    return tuple(PublicOption(number=public, html=texts[source - 1]) for public, source in enumerate(order, 1))


def _choices(answer: AnswerBlock) -> tuple[str, ...]:
    """What an order places: the options, or the items to put in order."""
    if isinstance(answer, Choice):
        return tuple(option.text for option in answer.options)
    return answer.items if isinstance(answer, Ordering) else ()


def _lefts(answer: AnswerBlock, values: Values) -> tuple[PublicOption, ...]:
    if not isinstance(answer, Matching):
        return ()
    return tuple(
        PublicOption(number=number, html=filled(left, values)) for number, (left, _) in enumerate(answer.pairs, 1)
    )


def _gaps(answer: AnswerBlock, placement: Placement, values: Values) -> tuple[Gap, ...]:
    if not isinstance(answer, Cloze):
        return ()
    placed = enumerate(zip(answer.gaps, placement.gap_orders, strict=True), 1)
    return tuple(_gap(number, gap, order, values) for number, (gap, order) in placed)


def _gap(number: int, gap: Choice | Numeric | Short, order: tuple[int, ...], values: Values) -> Gap:
    if isinstance(gap, Choice):
        return Gap(number=number, kind="choice", options=_shown(_choices(gap), order, values))
    return Gap(number=number, kind="number" if isinstance(gap, Numeric) else "text", unit=_unit(gap))


def _unit(answer: AnswerBlock) -> str:
    if not isinstance(answer, Numeric):
        return ""
    return next((key.unit for key in answer.keys if key.unit), "")


def _limits(answer: AnswerBlock) -> Limits:
    match answer:
        case Essay():
            return Limits(min_words=answer.min_words, max_words=answer.max_words)
        case Voice():
            return Limits(max_seconds=answer.max_seconds)
        case File():
            return Limits(accept=answer.accept, max_bytes=answer.max_bytes)
        case _:
            return _NO_LIMITS


def _pieces(lines: Sequence[tuple[str, str]]) -> tuple[Piece, ...]:
    if not any(html for _, html in lines):
        return ()
    return tuple(Piece(label=label, html=html) for label, html in lines)


def _chosen(texts: Sequence[str], slot: Json, values: Values) -> str:
    number = number_in(slot, len(texts))
    return "" if number is None else filled(texts[number - 1], values)


def _said(block: AnswerBlock, answer: Json, values: Values) -> str:
    match block:
        case Choice():
            return _chosen(_choices(block), answer, values)
        case TrueFalse():
            return {True: "Vrai", False: "Faux"}[answer] if isinstance(answer, bool) else ""
        case Voice() | File():
            return escape(file_name_in(answer))
        case _:
            return escape(text_in(answer))
