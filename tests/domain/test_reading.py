import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.errors import InvalidAnswer
from deust.domain.marking import mark, right_answer
from deust.domain.presenting import Placement, describe, place, present
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
)
from deust.domain.reading import MAX_ANSWER_LENGTH, read, read_author, show_answer
from tests.domain.question_samples import (
    every_question,
    marked_blocks,
    matchings,
    multiple_choices,
    orderings,
    question,
    questions,
    single_choices,
    strange_answers,
)

OPTIONS = tuple(Option(text=text, is_right=False) for text in ("<p>le colis</p>", "<p>l'appel</p>", "<p>7</p>"))
SINGLE, MULTIPLE = Choice(options=OPTIONS, several=False), Choice(options=OPTIONS, several=True)
MATCHING = Matching(pairs=(("ACD", "distribue"), ("SVI", "menu")), distractors=("rien",))
ORDERING = Ordering(items=("accueil", "découverte", "congé"))
CLOZE = Cloze(gaps=(Short(keys=(ShortKey(variants=("six",)),)), SINGLE, Numeric(keys=(NumericKey(value=Fraction(6)),))))
PLACEMENTS: dict[type, Placement] = {
    Choice: Placement(order=(3, 1, 2)),
    Matching: Placement(right_order=(2, 3, 1)),
    Ordering: Placement(order=(2, 3, 1)),
    Cloze: Placement(gap_orders=((), (2, 1, 3), ())),
}


def read_block(block: AnswerBlock, form: dict[str, list[str]]) -> Json:
    return read(question(block), PLACEMENTS.get(type(block), Placement()), form)


@pytest.mark.parametrize(
    ("block", "form", "answer"),
    [
        (SINGLE, {"answer": ["1"]}, 3),
        (SINGLE, {"answer": [""]}, None),
        (SINGLE, {}, None),
        (MULTIPLE, {"answer": ["1", "2", "1"]}, [1, 3]),
        (MULTIPLE, {"answer": []}, None),
        (TrueFalse(value=True), {"answer": ["false"]}, False),
        (TrueFalse(value=True), {"answer": ["true"]}, True),
        (TrueFalse(value=True), {}, None),
        (Numeric(keys=()), {"answer": ["26,67"]}, "26,67"),
        (Short(keys=()), {"answer": ["  "]}, None),
        (Essay(), {"answer": [" a\r\nb \u200f"]}, " a\nb \u200f"),
        (MATCHING, {"answer-1": ["3"], "answer-2": [""]}, [1, None]),
        (MATCHING, {"answer-1": [""]}, None),
        (ORDERING, {"answer-1": ["3"], "answer-2": ["1"], "answer-3": ["2"]}, [3, 1, 2]),
        (ORDERING, {}, None),
        (CLOZE, {"answer-1": ["six"], "answer-2": ["1"]}, ["six", 2, None]),
        (CLOZE, {"answer-3": [" "]}, None),
        (Info(), {"answer": ["x"]}, None),
    ],
)
def test_forms_are_read_in_the_numbers_of_the_source(
    block: AnswerBlock, form: dict[str, list[str]], answer: Json
) -> None:
    assert read_block(block, form) == answer


@pytest.mark.parametrize(
    ("block", "form", "reason"),
    [
        (SINGLE, {"answer": ["4"]}, "unknown-option"),
        (SINGLE, {"answer": ["0"]}, "unknown-option"),
        (SINGLE, {"answer": ["01"]}, "unknown-option"),
        (SINGLE, {"answer": ["٣"]}, "unknown-option"),
        (SINGLE, {"answer": ["1", "2"]}, "several"),
        (MULTIPLE, {"answer": ["1", "x"]}, "unknown-option"),
        (TrueFalse(value=True), {"answer": ["vrai"]}, "unknown-option"),
        (Short(keys=()), {"answer": ["a\0"]}, "nul"),
        (Essay(), {"answer": ["\ud800"]}, "surrogate"),
        (Essay(), {"answer": ["x" * (MAX_ANSWER_LENGTH + 1)]}, "too-long"),
        (MATCHING, {"answer-1": ["4"]}, "unknown-option"),
        (ORDERING, {"answer-1": ["1"], "answer-2": ["1"], "answer-3": ["2"]}, "place-twice"),
        (ORDERING, {"answer-1": ["1"], "answer-2": ["4"], "answer-3": ["2"]}, "unknown-option"),
        (CLOZE, {"answer-2": ["9"]}, "unknown-option"),
        (File(accept=(), max_bytes=1), {}, "file"),
    ],
)
def test_what_the_question_cannot_mean_is_refused(block: AnswerBlock, form: dict[str, list[str]], reason: str) -> None:
    with pytest.raises(InvalidAnswer) as refusal:
        read_block(block, form)
    assert refusal.value.reason == reason


def test_a_hundred_thousand_characters_are_kept() -> None:
    text = "é" * MAX_ANSWER_LENGTH
    assert read_block(Essay(), {"answer": [text]}) == text


@st.composite
def given_answers(draw: st.DrawFn) -> tuple[Question, Json]:
    """A question and an answer that a student could give it."""
    asked = draw(questions(marked_blocks() | st.just(Essay())))
    return asked, draw(_answers(asked.answer))


def _answers(block: AnswerBlock) -> st.SearchStrategy[Json]:
    texts = (
        st.text(max_size=9)
        .filter(lambda text: bool(text.strip()))
        .map(lambda text: text.replace("\0", ""))
        .map(lambda text: text.replace("\r", "\n"))
    )
    match block:
        case Choice(several=True, options=options):
            return st.sets(st.integers(1, len(options)), min_size=1).map(lambda chosen: [*sorted(chosen)])
        case Choice(options=options):
            return st.integers(1, len(options))
        case TrueFalse():
            return st.booleans()
        case Matching(pairs=pairs, distractors=distractors):
            side = st.integers(1, len(pairs) + len(distractors))
            return st.tuples(side, *[st.none() | side] * (len(pairs) - 1)).map(list)
        case Ordering(items=items):
            return st.permutations(range(1, len(items) + 1))
        case Cloze(gaps=gaps):
            return st.tuples(*(_answers(gap) for gap in gaps)).map(list)
        case _:
            return texts.filter(lambda text: bool(text.strip()))


@given(given_answers(), st.integers(), st.booleans())
def test_a_form_filled_again_reads_the_same(answered: tuple[Question, Json], seed: int, shuffle: bool) -> None:
    asked, answer = answered
    placement = place(asked, random.Random(seed), shuffle)
    assert read(asked, placement, show_answer(asked, placement, answer)) == answer


@given(questions(single_choices() | multiple_choices()), st.integers())
def test_the_number_posted_stands_for_the_option_shown(asked: Question, seed: int) -> None:
    placement = place(asked, random.Random(seed), True)
    for option in present(asked, placement).options:
        answer = read(asked, placement, {"answer": [str(option.number)]})
        assert [piece.html for piece in describe(asked, answer)] == [option.html]


@given(questions(matchings()), st.integers())
def test_the_number_posted_stands_for_the_right_side_shown(asked: Question, seed: int) -> None:
    placement = place(asked, random.Random(seed), True)
    shown = present(asked, placement)
    for right in shown.rights:
        pieces = describe(asked, read(asked, placement, {"answer-1": [str(right.number)]}))
        assert (pieces[0].label, pieces[0].html) == (shown.lefts[0].html, right.html)


@given(questions(orderings()), st.integers())
def test_the_place_posted_is_that_of_the_item_shown(asked: Question, seed: int) -> None:
    placement = place(asked, random.Random(seed), True)
    items = present(asked, placement).options
    form = {f"answer-{item.number}": [str(len(items) + 1 - item.number)] for item in items}
    described = describe(asked, read(asked, placement, form))
    assert [piece.html for piece in described] == [item.html for item in reversed(items)]


@given(every_question(), st.integers())
def test_no_answer_fills_nothing(asked: Question, seed: int) -> None:
    assert show_answer(asked, place(asked, random.Random(seed), True), None) == {}


@given(questions(marked_blocks()), st.integers())
def test_the_right_answer_through_a_form_is_right(asked: Question, seed: int) -> None:
    placement = place(asked, random.Random(seed), True)
    form = show_answer(asked, placement, right_answer(asked))
    assert mark(asked, read(asked, placement, form)).share == 1


@given(every_question(), strange_answers(), st.integers())
def test_a_strange_kept_answer_breaks_no_page(asked: Question, answer: Json, seed: int) -> None:
    fields = show_answer(asked, place(asked, random.Random(seed), True), answer)
    assert all(isinstance(text, str) for texts in fields.values() for text in texts)


forms = st.dictionaries(
    st.sampled_from(["answer", "answer-1", "answer-2", "answer-3", "answer-x"]),
    st.lists(st.sampled_from(["", "1", "2", "3", "99", "-1", "true", "\0", "x", " ", "1e3"]), max_size=3),
)


@given(every_question(), st.integers(), forms)
def test_a_forged_form_is_read_or_refused(asked: Question, seed: int, form: dict[str, list[str]]) -> None:
    placement = place(asked, random.Random(seed), True)
    try:
        answer = read(asked, placement, form)
    except InvalidAnswer:
        return
    assert answer is None or show_answer(asked, placement, answer)


@pytest.mark.parametrize(
    ("block", "value", "answer"),
    [
        (SINGLE, 2, 2),
        (SINGLE, "2", 2),
        (SINGLE, "7", 3),
        (SINGLE, "L’appel", 2),
        (SINGLE, [2], 2),
        (MULTIPLE, [2, "colis"], [1, 2]),
        (MULTIPLE, 3, [3]),
        (MULTIPLE, [], None),
        (TrueFalse(value=True), "Vrai", True),
        (TrueFalse(value=True), False, False),
        (Numeric(keys=()), 26, "26"),
        (Numeric(keys=()), 26.67, "26.67"),
        (Short(keys=()), "DMT", "DMT"),
        (Essay(), "a\r\nb", "a\nb"),
        (MATCHING, ["distribue", 3], [1, 3]),
        (MATCHING, [None, "menu"], [None, 2]),
        (ORDERING, ["congé", "accueil", 2], [3, 1, 2]),
        (CLOZE, ["six", "colis", 6], ["six", 1, "6"]),
        (Cloze(gaps=(Short(keys=()),)), "six", ["six"]),
        (File(accept=(), max_bytes=1), {"file": "x"}, {"file": "x"}),
        (Info(), "x", None),
        (SINGLE, None, None),
    ],
)
def test_authors_are_read_liberally(block: AnswerBlock, value: Json, answer: Json) -> None:
    assert read_author(question(block), value) == answer


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (SINGLE, 4),
        (SINGLE, "-1"),
        (SINGLE, "inconnu"),
        (SINGLE, True),
        (SINGLE, [1, 2]),
        (MULTIPLE, [1, 9]),
        (TrueFalse(value=True), "oui"),
        (TrueFalse(value=True), 1),
        (Numeric(keys=()), True),
        (Short(keys=()), ["a"]),
        (Short(keys=()), "\0"),
        (MATCHING, [1]),
        (ORDERING, [1, 2]),
        (ORDERING, [1, 2, 2]),
        (CLOZE, ["six"]),
        (File(accept=(), max_bytes=1), "a.pdf"),
    ],
)
def test_what_an_author_cannot_mean_is_refused(block: AnswerBlock, value: Json) -> None:
    with pytest.raises(InvalidAnswer):
        read_author(question(block), value)


@given(questions(marked_blocks()))
def test_the_right_answer_can_be_written_as_it_is_kept(asked: Question) -> None:
    assert read_author(asked, right_answer(asked)) == right_answer(asked)


def test_an_order_begun_is_kept_as_it_stands() -> None:
    placement = Placement(order=(2, 3, 1))
    begun = read(question(ORDERING), placement, {"answer-1": ["3"], "answer-3": ["1"]})
    assert begun == [1, None, 2]
    assert show_answer(question(ORDERING), placement, begun) == {"answer-1": ["3"], "answer-3": ["1"]}
    assert mark(question(ORDERING), begun).share == Fraction(1, 3)
