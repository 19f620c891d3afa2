import json
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.marking import right_answer
from deust.domain.presenting import Limits, Piece, Placement, PublicOption, describe, place, present
from deust.domain.questions import (
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
    Voice,
    right_sides,
)
from tests.domain.question_samples import (
    CANARY,
    calculated,
    every_question,
    marked_blocks,
    orderings,
    question,
    questions,
    strange_answers,
)


@given(every_question(), st.integers(), st.booleans())
@pytest.mark.case("QZ-14")
def test_nothing_shown_solves_the_question(asked: Question, seed: int, shuffle: bool) -> None:
    shown = present(asked, place(asked, random.Random(seed), shuffle))
    assert CANARY not in repr(shown)


@pytest.mark.case("QZ-14")
def test_two_keys_look_the_same() -> None:
    """What is shown does not depend on which option is right."""
    pairs = (
        tuple(
            question(Choice(options=tuple(Option(text=t, is_right=t == right) for t in "abc"), several=False))
            for right in "ab"
        ),
        tuple(question(TrueFalse(value=value)) for value in (True, False)),
        tuple(question(Numeric(keys=(NumericKey(value=Fraction(value)),))) for value in (1, 2)),
    )
    for one, other in pairs:
        assert present(one, place(one, random.Random(3), True)) == present(other, place(other, random.Random(3), True))


@given(every_question(), st.integers(), st.booleans())
def test_every_choice_is_shown_once(asked: Question, seed: int, shuffle: bool) -> None:
    placement = place(asked, random.Random(seed), shuffle)
    shown = present(asked, placement)
    answer = asked.answer
    if isinstance(answer, Choice):
        assert sorted(option.html for option in shown.options) == sorted(option.text for option in answer.options)
        assert shuffle or placement.order == tuple(range(1, len(answer.options) + 1))
    if isinstance(answer, Matching):
        assert sorted(right.html for right in shown.rights) == sorted(right_sides(answer))
        assert [left.html for left in shown.lefts] == [left for left, _ in answer.pairs]
    if isinstance(answer, Ordering):
        assert sorted(item.html for item in shown.options) == sorted(answer.items)
    assert [option.number for option in shown.options] == list(range(1, len(shown.options) + 1))
    assert Placement.from_json(json.loads(json.dumps(placement.to_json()))) == placement
    assert place(asked, random.Random(seed), shuffle) == placement


@given(questions(orderings()), st.integers())
def test_items_never_stand_in_the_right_order(asked: Question, seed: int) -> None:
    order = place(asked, random.Random(seed), False).order
    assert order != tuple(sorted(order))


def test_one_item_stands_alone() -> None:
    assert place(question(Ordering(items=("a",))), random.Random(1), True).order == (1,)


def test_options_are_shuffled_every_way() -> None:
    asked = question(Choice(options=tuple(Option(text=text, is_right=False) for text in "abc"), several=True))
    rng = random.Random(1)
    assert len({place(asked, rng, True).order for _ in range(200)}) == 6


def test_a_placement_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError):
        Placement.from_json([])


def test_numbers_drawn_are_shown() -> None:
    shown = present(calculated(), Placement(), {"calls": Fraction(200)})
    assert shown.stem == "<p>200 appels en 30 min, soit 6,67 par minute.</p>"
    assert shown.unit == "erlangs"
    assert shown.type == "numeric"


def test_gaps() -> None:
    gaps = (
        Short(keys=(ShortKey(variants=("compris",)),)),
        Choice(options=(Option(text="pour", is_right=False), Option(text="avant", is_right=True)), several=False),
        Numeric(keys=(NumericKey(value=Fraction(6), unit="mois"),)),
    )
    shown = present(question(Cloze(gaps=gaps)), Placement(gap_orders=((), (2, 1), ())))
    assert [(gap.number, gap.kind, gap.unit) for gap in shown.gaps] == [
        (1, "text", ""),
        (2, "choice", ""),
        (3, "number", "mois"),
    ]
    assert shown.gaps[1].options == (PublicOption(number=1, html="avant"), PublicOption(number=2, html="pour"))


def test_limits() -> None:
    def limits(block: Essay | Voice | File | Info) -> Limits:
        return present(question(block), Placement()).limits

    assert limits(Essay(min_words=120, max_words=300)) == Limits(min_words=120, max_words=300)
    assert limits(Voice(max_seconds=90)) == Limits(max_seconds=90)
    assert limits(File(accept=("pdf", "odt"), max_bytes=5)) == Limits(accept=("pdf", "odt"), max_bytes=5)
    assert limits(Info()) == Limits()


@given(every_question(), strange_answers())
def test_any_answer_can_be_described(asked: Question, answer: Json) -> None:
    for piece in describe(asked, answer):
        assert isinstance(piece.html, str)


@given(questions(marked_blocks()))
def test_the_right_answer_is_described_and_no_answer_is_not(asked: Question) -> None:
    assert describe(asked, right_answer(asked))
    assert describe(asked, None) == ()


MATCHING = Matching(pairs=(("<b>ACD</b>", "distribue"), ("SVI", "{{ calls }} menus")), distractors=("rien",))


@pytest.mark.parametrize(
    ("block", "answer", "pieces"),
    [
        (TrueFalse(value=True), False, [("", "Faux")]),
        (Essay(), "<script>", [("", "&lt;script&gt;")]),
        (Short(keys=()), "{{ calls }}", [("", "{{ calls }}")]),
        (File(accept=(), max_bytes=1), {"file": "1", "name": "a&b.pdf"}, [("", "a&amp;b.pdf")]),
        (MATCHING, [2, None], [("<b>ACD</b>", "200 menus"), ("SVI", "")]),
        (Ordering(items=("a", "b")), [2, 1], [("1", "b"), ("2", "a")]),
        (Cloze(gaps=(Short(keys=()), Numeric(keys=()))), [None, "6<"], [("1", ""), ("2", "6&lt;")]),
    ],
)
def test_answers_in_words(block: Essay, answer: Json, pieces: list[tuple[str, str]]) -> None:
    described = describe(question(block), answer, {"calls": Fraction(200)})
    assert described == tuple(Piece(label=label, html=html) for label, html in pieces)
