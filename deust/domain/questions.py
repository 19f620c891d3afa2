"""Questions as authors write them: one frozen value a question, one answer block a type.

Texts (`stem`, `feedback`, option texts…) are Markdown as parsed and HTML once rendered; the values are the same.
A given answer is plain JSON, numbered as the author sees the source, from 1:

=============  =====================================================================
block          answer
=============  =====================================================================
Choice         option number; with `several`, a sorted list of option numbers
TrueFalse      `true` or `false`
Numeric        the text typed
Short          the text typed
Matching       for each left side, in order, the number of a right side or null
Ordering       for each place, in order, the number of an item or null
Cloze          for each gap, in order, the text typed or the option number; null if empty
Essay          the text
Voice, File    {"file": id, "name": shown name, "size": bytes, "sha256": hex}
Info           nothing is answered
=============  =====================================================================

Right sides of a matching are numbered: those of the pairs first, in order, then the distractors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, kw_only=True)
class Option:
    text: str
    is_right: bool
    weight: Fraction | None = None
    feedback: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    options: tuple[Option, ...]
    several: bool


@dataclass(frozen=True, kw_only=True)
class TrueFalse:
    value: bool


@dataclass(frozen=True, kw_only=True)
class NumericKey:
    """An accepted number: `value ± tolerance`; as text, an expression over the drawn variables."""

    value: Fraction | str
    tolerance: Fraction | str = Fraction(0)
    unit: str = ""
    share: Fraction = Fraction(1)
    feedback: str = ""


@dataclass(frozen=True, kw_only=True)
class Numeric:
    keys: tuple[NumericKey, ...]


@dataclass(frozen=True, kw_only=True)
class ShortKey:
    """Accepted variants of one answer, or one regular expression when `is_pattern`."""

    variants: tuple[str, ...]
    is_pattern: bool = False
    share: Fraction = Fraction(1)
    feedback: str = ""


@dataclass(frozen=True, kw_only=True)
class Short:
    keys: tuple[ShortKey, ...]


@dataclass(frozen=True, kw_only=True)
class Matching:
    pairs: tuple[tuple[str, str], ...]
    distractors: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ordering:
    items: tuple[str, ...]
    all_or_nothing: bool = False


@dataclass(frozen=True, kw_only=True)
class Cloze:
    """Gaps in the stem, written `[[1]]`, `[[2]]`… in it once parsed."""

    gaps: tuple[Choice | Numeric | Short, ...]


@dataclass(frozen=True, kw_only=True)
class Essay:
    min_words: int | None = None
    max_words: int | None = None
    expected: str = ""
    grid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Voice:
    max_seconds: int
    expected: str = ""
    grid: str | None = None


@dataclass(frozen=True, kw_only=True)
class File:
    accept: tuple[str, ...]
    max_bytes: int
    expected: str = ""
    grid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Info:
    pass


AnswerBlock = Choice | TrueFalse | Numeric | Short | Matching | Ordering | Cloze | Essay | Voice | File | Info


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A drawn number: low, low + step, … up to high, all exact."""

    name: str
    low: Fraction
    high: Fraction
    step: Fraction


@dataclass(frozen=True, kw_only=True)
class Question:
    id: str
    title: str
    answer: AnswerBlock
    stem: str = ""
    points: Fraction = Fraction(1)
    tags: tuple[str, ...] = ()
    outcome: str | None = None
    section: str | None = None
    hints: tuple[str, ...] = ()
    feedback: str = ""
    variables: tuple[Variable, ...] = ()
    line: int = field(default=0, compare=False)

    def __hash__(self) -> int:
        """Of the words that tell most questions apart: what caches by question asks it at each start of a quiz."""
        return hash((self.id, self.title, self.stem))

    @property
    def grid_name(self) -> str | None:
        """The grid that rates its answer, when a person marks it with one."""
        return self.answer.grid if isinstance(self.answer, HUMAN_MARKED) else None


Values = Mapping[str, Fraction]

_TYPE_OF: dict[type, str] = {
    TrueFalse: "true-false",
    Numeric: "numeric",
    Short: "short",
    Matching: "matching",
    Ordering: "ordering",
    Cloze: "cloze",
    Essay: "essay",
    Voice: "voice",
    File: "file",
    Info: "info",
}

HUMAN_MARKED = (Essay, Voice, File)


def takes_file(question: Question) -> bool:
    return isinstance(question.answer, Voice | File)


def type_of(question: Question) -> str:
    """The type's name as authors state it in `{type=…}`; `calculated` when numbers are drawn."""
    if question.variables:
        return "calculated"
    return block_type(question.answer)


def block_type(answer: AnswerBlock) -> str:
    """The answer block's own name, whatever is drawn around it."""
    if isinstance(answer, Choice):
        return "multiple" if answer.several else "single"
    return _TYPE_OF[type(answer)]


def right_sides(answer: Matching) -> tuple[str, ...]:
    """Every right side of a matching, in the order that numbers them."""
    return tuple(right for _, right in answer.pairs) + answer.distractors
