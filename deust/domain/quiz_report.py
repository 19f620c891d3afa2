"""What a quiz tells once handed in: marks, each question's success and discrimination, and the answers that are often
given. Nothing is told of fewer than five students, nor found by comparing two figures of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from deust.domain import statistics
from deust.domain.answers import number_in, numbers_in, text_in
from deust.domain.disclosure import FEWEST, is_found, withheld, withheld_cells
from deust.domain.questions import Choice, Json, Numeric, Question, Short, TrueFalse, block_type
from deust.domain.quiz_scope import Scope
from deust.domain.texts import folded

LOW_SUCCESS = Fraction(3, 10)
LOW_DISCRIMINATION = Fraction(15, 100)
ENOUGH_TO_JUDGE = 20
MOST_WRONG = 5

NOBODY, RIGHT, WRONG, ANSWERED = "nobody", "right", "wrong", "answered"


@dataclass(frozen=True, kw_only=True)
class Given:
    """One question of one attempt: what was answered, what it earned, and what the whole attempt earned."""

    column: int
    answer: Json
    points: Fraction
    total: Fraction
    seconds: int | None
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class OptionCount:
    """An option in the author's order; `count` is None when it is not told."""

    html: str
    is_right: bool
    count: int | None


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    typed: str
    count: int


@dataclass(frozen=True, kw_only=True)
class QuestionFigures:
    """One version of a question; a figure is None when it cannot be known or may not be told.

    `seconds` is the median time between the first and the last saved change of the answer, among those who changed it.
    """

    id: str
    hash: str
    title: str
    type: str
    is_told: bool
    asked: int = 0
    since: datetime | None = None
    is_only_version: bool = True
    answered: int | None = None
    success: Fraction | None = None
    discrimination: Fraction | None = None
    is_hard: bool = False
    is_unclear: bool = False
    options: tuple[OptionCount, ...] = ()
    wrong: tuple[WrongAnswer, ...] = ()
    seconds: int | None = None
    silent: Mapping[int | None, int] = field(default_factory=dict)
    """Where its success is not told (None: of everyone), and for how few it is not."""


def silent_means(questions: Sequence[QuestionFigures], scope: Scope) -> set[int | None]:
    """Where the mean is not told: the whole less the questions that are told would give the one that is not.

    Nor is it told of one more group when a single one is silent, for everyone less the others would give it.
    """
    sizes = Counter(scope.columns.values())
    views: list[int | None] = [None, *sizes]
    few = {view: [one.silent[view] for one in questions if view in one.silent] for view in views}
    silent = {view for view in views if few[view] and is_found(few[view])}
    silent |= {column for column in sizes if _is_almost_alone(scope, column)}
    if _is_almost_alone(scope, None):
        silent.add(None)
    groups = sorted((column for column in sizes if column not in silent), key=lambda column: sizes[column])
    if len(sizes) - len(groups) == 1 and groups:
        silent.add(groups[0])
    return silent


def _is_almost_alone(scope: Scope, column: int | None) -> bool:
    """Whether only two marks were given, one of them to a few: their mean would say to how many."""
    counts = Counter(
        one.share for person, one in scope.chosen.items() if column is None or scope.columns[person] == column
    )
    return len(counts) == 2 and min(counts.values()) < FEWEST


def versions_told(given: Mapping[str, Sequence[Given]]) -> set[tuple[str, int | None]]:
    """Of the versions of one question, by hash, those that may be told of, for each group and for everyone (None)."""
    sizes = {hash_: Counter(one.column for one in own) for hash_, own in given.items()}
    columns = {one.column for own in given.values() for one in own}
    table: dict[Hashable, dict[Hashable, int]] = {
        hash_: {column: own[column] for column in columns} for hash_, own in sizes.items()
    }
    rows, cells = withheld_cells(table)
    told: set[tuple[str, int | None]] = {(hash_, None) for hash_ in given if hash_ not in rows}
    return told | {
        (hash_, column)
        for hash_, own in sizes.items()
        for column in own
        if (hash_, column) not in cells and own[column] >= FEWEST
    }


def question_figures(
    question: Question, hash_: str, given: Sequence[Given], *, column: int | None, told: Collection[int | None]
) -> QuestionFigures:
    """The figures of one version of a question, for everyone or for a group; `told` names those it may be told of."""
    looked_at = [one for one in given if column is None or one.column == column]
    counts = _Counts(question, given, column)
    sizes = Counter(one.column for one in given)
    made = QuestionFigures(
        id=question.id,
        hash=hash_,
        title=question.title,
        type=block_type(question.answer),
        is_told=column in told,
        silent=counts.silent() | {view: _size(sizes, view) for view in (None, *sizes) if view not in told},
    )
    if not made.is_told:
        return made
    success = None if column in made.silent else counts.success(looked_at)
    discrimination = statistics.item_rest([one.points for one in looked_at], [one.total for one in looked_at])
    can_judge = len(looked_at) >= ENOUGH_TO_JUDGE
    return replace(
        made,
        asked=len(looked_at),
        since=min(one.started_at for one in given),
        answered=None if counts.is_hidden(NOBODY) else len(looked_at) - counts.count(NOBODY),
        success=success,
        discrimination=discrimination,
        is_hard=can_judge and success is not None and success < LOW_SUCCESS,
        is_unclear=can_judge and discrimination is not None and discrimination < LOW_DISCRIMINATION,
        options=_options(question, given, looked_at, counts),
        wrong=() if counts.is_hidden(WRONG) else _wrong(question, given, column, counts.count(WRONG)),
        seconds=_seconds(looked_at),
    )


def _size(sizes: Mapping[int, int], view: int | None) -> int:
    return sum(sizes.values()) if view is None else sizes[view]


class _Counts:
    """How many gave each kind of answer, by column, and what of it may be told for the column looked at."""

    def __init__(self, question: Question, given: Sequence[Given], column: int | None) -> None:
        self._column = column
        self._out_of = question.points
        self._kind = _kind_of(question, given)
        self._columns = sorted({one.column for one in given})
        self.table: dict[Hashable, dict[Hashable, int]] = {NOBODY: dict.fromkeys(self._columns, 0)}
        self._shares: dict[Hashable, set[Fraction]] = defaultdict(set)
        self._all: Counter[int | None] = Counter()
        self._right: Counter[int | None] = Counter()
        for one in given:
            kind = self._kind(one)
            by_column = self.table.setdefault(kind, dict.fromkeys(self._columns, 0))
            by_column[one.column] += 1
            self._shares[kind].add(one.points)
            for view in (None, one.column):
                self._all[view] += 1
                self._right[view] += one.points == question.points
        self._rows, self._cells = withheld_cells(self.table)
        self._has_parts = ANSWERED in self.table

    def count(self, kind: Hashable) -> int:
        by_column = self.table.get(kind, {})
        return sum(by_column.values()) if self._column is None else by_column.get(self._column, 0)

    def is_hidden(self, kind: Hashable) -> bool:
        return self._is_hidden(kind, self._column)

    def hides(self, table: Mapping[Hashable, Mapping[Hashable, int]]) -> bool:
        """Whether any row of another table of the same answers is withheld for the column looked at."""
        rows, cells = withheld_cells({row: {one: by.get(one, 0) for one in self._columns} for row, by in table.items()})
        return bool(rows) if self._column is None else any(cell[1] == self._column for cell in cells)

    def silent(self) -> dict[int | None, int]:
        """The groups whose success is not told (None: everyone), and how few of them were right, or were not."""
        found: set[int | None] = {view for view in (None, *self._columns) if not self._tells_success(view)}
        others = [column for column in self._columns if column not in found]
        if len(self._columns) - len(others) == 1 and others:
            found.add(min(others, key=lambda column: sum(row[column] for row in self.table.values())))
        return {view: max(1, min(self._right[view], self._all[view] - self._right[view])) for view in found}

    def success(self, looked_at: Sequence[Given]) -> Fraction | None:
        """The mean share of the points."""
        return statistics.mean([one.points for one in looked_at]) / self._out_of if self._out_of else None

    def _tells_success(self, column: int | None) -> bool:
        if self._has_parts:
            return True
        hidden = {kind for kind in self.table if self._is_hidden(kind, column)}
        return len({share for kind in hidden for share in self._shares[kind]}) <= 1

    def _is_hidden(self, kind: Hashable, column: int | None) -> bool:
        return kind in self._rows if column is None else (kind, column) in self._cells


def _kind_of(question: Question, given: Sequence[Given]) -> Callable[[Given], Hashable]:
    """Sorts answers: by option where one is chosen, else right or wrong, else answered when points come in parts."""
    block = question.answer
    if isinstance(block, Choice) and not block.several:
        count = len(block.options)
        return lambda one: number_in(one.answer, count) or NOBODY
    if isinstance(block, TrueFalse):
        return lambda one: _truth(one.answer)
    has_parts = any(one.points not in (0, question.points) for one in given)
    if has_parts:
        return lambda one: NOBODY if _is_empty(one.answer) else ANSWERED
    return lambda one: RIGHT if one.points == question.points else NOBODY if _is_empty(one.answer) else WRONG


def _truth(answer: Json) -> Hashable:
    """Vrai is the first option, Faux the second."""
    return (1 if answer else 2) if isinstance(answer, bool) else NOBODY


def _is_empty(answer: Json) -> bool:
    return answer in (None, "", []) or (isinstance(answer, list) and all(slot in (None, "") for slot in answer))


def _options(
    question: Question, given: Sequence[Given], looked_at: Sequence[Given], counts: _Counts
) -> tuple[OptionCount, ...]:
    block = question.answer
    if isinstance(block, TrueFalse):
        words: tuple[tuple[str, bool], ...] = (("Vrai", block.value), ("Faux", not block.value))
    elif isinstance(block, Choice):
        words = tuple((option.text, option.is_right) for option in block.options)
        if block.several:
            return _ticked(block, given, looked_at, counts)
    else:
        return ()
    return tuple(
        OptionCount(html=html, is_right=is_right, count=None if counts.is_hidden(number) else counts.count(number))
        for number, (html, is_right) in enumerate(words, 1)
    )


def _ticked(
    block: Choice, given: Sequence[Given], looked_at: Sequence[Given], counts: _Counts
) -> tuple[OptionCount, ...]:
    """Each option against not ticking it: told when both are of enough students, in each group and in all."""
    size = len(block.options)
    ticked = {id(one): set(numbers_in(one.answer, size)) for one in given}
    found = []
    for number, option in enumerate(block.options, 1):
        table: dict[Hashable, dict[Hashable, int]] = {True: Counter(), False: Counter()}
        for one in given:
            table[number in ticked[id(one)]][one.column] += 1
        is_hidden = counts.hides(table)
        count = sum(number in ticked[id(one)] for one in looked_at)
        found.append(OptionCount(html=option.text, is_right=option.is_right, count=None if is_hidden else count))
    return tuple(found)


def _wrong(question: Question, given: Sequence[Given], column: int | None, all_wrong: int) -> tuple[WrongAnswer, ...]:
    """The wrong answers that many typed, the most frequent first."""
    if not isinstance(question.answer, Short | Numeric):
        return ()
    typed: dict[str, Counter[int]] = defaultdict(Counter)
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    raw: dict[str, Counter[int]] = defaultdict(Counter)
    for one in given:
        if not one.points:
            raw[" ".join(text_in(one.answer).split())][one.column] += 1
    raw.pop("", None)
    for text, by_column in raw.items():
        word = folded(text) or text
        typed[word].update(by_column)
        spelt[word][text] += by_column.total()
    counts = {
        word: by_column.total() if column is None else by_column[column]
        for word, by_column in typed.items()
        if column is None or column not in withheld(by_column)
    }
    often = sorted((word for word in counts if counts[word] >= FEWEST), key=lambda word: (-counts[word], word))
    often = often[:MOST_WRONG]
    while often and 0 < all_wrong - sum(counts[word] for word in often) < FEWEST:
        often.pop()
    return tuple(WrongAnswer(typed=spelt[word].most_common(1)[0][0], count=counts[word]) for word in often)


def _seconds(looked_at: Sequence[Given]) -> int | None:
    known = [one.seconds for one in looked_at if one.seconds is not None]
    return statistics.middle(known) if len(known) >= FEWEST else None
