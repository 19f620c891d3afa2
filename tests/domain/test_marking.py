from fractions import Fraction as F

import pytest
from hypothesis import given

from deust.domain.marking import Verdict, mark, points, right_answer
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
)
from tests.domain.question_samples import (
    CANARY,
    calculated,
    every_question,
    human_marked,
    marked_blocks,
    question,
    questions,
    strange_answers,
)


def options(*rights: bool, weights: tuple[str | None, ...] = ()) -> tuple[Option, ...]:
    weights += (None,) * (len(rights) - len(weights))
    return tuple(
        Option(
            text=f"<p>{place}</p>", is_right=right, weight=None if weight is None else F(weight), feedback=f"fb{place}"
        )
        for place, (right, weight) in enumerate(zip(rights, weights, strict=True), 1)
    )


def shares(asked: Question, *answers: Json) -> list[F | None]:
    return [mark(asked, answer).share for answer in answers]


@given(questions(marked_blocks()))
def test_the_right_answer_has_all_the_points(asked: Question) -> None:
    verdict = mark(asked, right_answer(asked))
    assert verdict.share == 1
    assert verdict.is_right
    assert points(asked, verdict) == asked.points


@given(every_question(), strange_answers())
def test_any_answer_is_marked_between_nothing_and_everything(asked: Question, answer: Json) -> None:
    verdict = mark(asked, answer)
    assert verdict == mark(asked, answer)
    assert verdict.share is None or 0 <= verdict.share <= 1
    assert all(0 <= part <= 1 for part in verdict.parts)


@given(questions(marked_blocks()))
def test_no_answer_is_worth_nothing(asked: Question) -> None:
    assert mark(asked, None).share == 0
    assert mark(asked, None).is_right is False
    assert mark(asked, None).feedback == ()


@given(questions(human_marked()))
def test_a_person_marks_what_was_given_only(asked: Question) -> None:
    given: Json = "texte" if isinstance(asked.answer, Essay) else {"file": "abc", "name": "a.pdf", "size": 1}
    assert mark(asked, given) == Verdict(share=None, is_right=None)
    assert points(asked, mark(asked, given)) is None
    assert mark(asked, None).share == 0
    assert right_answer(asked) is None


def test_one_choice() -> None:
    asked = question(Choice(options=options(False, True, False), several=False))
    assert shares(asked, 1, 2, 3, 4, 0, "2", True, [2]) == [0, 1, 0, 0, 0, 0, 0, 0]
    assert mark(asked, 1).feedback == ("fb1",)
    assert right_answer(asked) == 2


def test_one_choice_with_weights() -> None:
    asked = question(Choice(options=options(False, True, False, weights=("1/2", None, "-1/2")), several=False))
    assert shares(asked, 1, 2, 3) == [F(1, 2), 1, 0]
    assert mark(asked, 1).is_right is False


def test_several_choices_lose_for_wrong_ones() -> None:
    asked = question(Choice(options=options(True, True, True, False, False), several=True))
    assert shares(asked, [1, 2, 3], [1, 2], [1, 2, 4], [1, 4], [1, 4, 5], [1, 2, 3, 4, 5], [], [1, 1, 1]) == [
        1,
        F(2, 3),
        F(1, 3),
        0,
        0,
        F(1, 3),
        0,
        F(1, 3),
    ]
    assert mark(asked, [1, 4]).feedback == ("fb1", "fb4")
    assert right_answer(asked) == [1, 2, 3]


def test_written_weights_are_added() -> None:
    weighted = options(True, True, False, False, weights=("3/4", "1/4", "-1/4", None))
    asked = question(Choice(options=weighted, several=True))
    assert shares(asked, [1, 2], [1], [1, 3], [3], [1, 2, 4]) == [1, F(3, 4), F(1, 2), 0, 1]


def test_true_or_false() -> None:
    assert shares(question(TrueFalse(value=False)), False, True, 0, "false", None) == [1, 0, 0, 0, 0]


def test_numbers_within_the_tolerance_exactly() -> None:
    keys = (
        NumericKey(value=F("26.67"), tolerance=F("0.05"), unit="erlangs", feedback="juste"),
        NumericKey(value=F(30), share=F(1, 2), feedback="arrondi"),
    )
    asked = question(Numeric(keys=keys))
    assert shares(asked, "26,67", "26.72", "26,62 erlangs", "26,7200001", "30", "80/3") == [1, 1, 1, 0, F(1, 2), 1]
    assert mark(asked, "30").feedback == ("arrondi",)
    assert right_answer(asked) == "26,67"


def test_the_matching_key_that_gives_most_counts() -> None:
    near, exact = NumericKey(value=F(30), tolerance=F(5), share=F(1, 2)), NumericKey(value=F(30))
    assert shares(question(Numeric(keys=(near, exact))), "30", "33") == [1, F(1, 2)]


def test_what_is_no_number_is_said_so() -> None:
    asked = question(Numeric(keys=(NumericKey(value=F(0)),)))
    assert mark(asked, "zéro") == Verdict(share=F(0), is_right=False, unreadable=True)
    assert mark(asked, "  ").unreadable is False


@pytest.mark.parametrize(
    ("value", "tolerance", "shown"),
    [
        ("80/3", "0.05", "26,67"),
        ("80/3", "0", "80/3"),
        ("-3", "0", "−3"),
        ("1/8", "0", "0,125"),
        ("1234", "0", "1\N{NARROW NO-BREAK SPACE}234"),
    ],
)
def test_the_right_number_is_written_shortly(value: str, tolerance: str, shown: str) -> None:
    asked = question(Numeric(keys=(NumericKey(value=F(value), tolerance=F(tolerance)),)))
    assert right_answer(asked) == shown


def test_calculated_keys_follow_the_draw() -> None:
    asked = calculated()
    assert mark(asked, "26,67", {"calls": F(200)}).share == 1
    assert mark(asked, "26,67", {"calls": F(220)}).share == 0
    assert right_answer(asked, {"calls": F(200)}) == "26,67"


def test_feedback_is_filled_with_the_draw() -> None:
    keys = (NumericKey(value="calls", feedback="{{ calls / 2 }}"),)
    assert mark(question(Numeric(keys=keys)), "200", {"calls": F(200)}).feedback == ("100",)


def test_a_key_that_cannot_be_computed_goes_to_a_person() -> None:
    for block in (
        Numeric(keys=(NumericKey(value="1 / calls"),)),
        Short(keys=(ShortKey(variants=("(a+)+",), is_pattern=True),)),
    ):
        assert mark(question(block), "1", {"calls": F(0)}) == Verdict(share=None, is_right=None)
        assert right_answer(question(block), {"calls": F(0)}) is None
        assert mark(question(Cloze(gaps=(block,))), ["1"], {"calls": F(0)}).share is None


def test_short_answers() -> None:
    keys = (
        ShortKey(variants=("reformuler", "la reformulation"), feedback="oui"),
        ShortKey(variants=("formuler",), share=F(1, 2), feedback="presque"),
        ShortKey(variants=(r"re-?dire( la demande)?",), is_pattern=True, share=F(3, 4)),
        ShortKey(variants=("répéter",), share=F(0), feedback="non : répéter n'est pas reformuler"),
    )
    asked = question(Short(keys=keys))
    assert shares(asked, "Reformulation", "RÉFORMULER !", "formuler", "redire la demande", "répéter", "dire") == [
        1,
        1,
        F(1, 2),
        F(3, 4),
        0,
        0,
    ]
    assert mark(asked, "repeter").feedback == ("non : répéter n'est pas reformuler",)
    assert mark(asked, "repeter").is_right is False
    assert right_answer(asked) == "reformuler"


def test_signs_alone_are_compared_as_typed() -> None:
    asked = question(Short(keys=(ShortKey(variants=("?",)),)))
    assert shares(asked, "?", "!", ".") == [1, 0, 0]


def test_a_pattern_shows_an_example() -> None:
    asked = question(Short(keys=(ShortKey(variants=(r"DMT|durée moyenne",), is_pattern=True),)))
    assert right_answer(asked) == "DMT"


def test_matching_by_the_share_of_pairs() -> None:
    asked = question(Matching(pairs=(("ACD", "distribue"), ("SVI", "menu"), ("CTI", "couple")), distractors=("rien",)))
    assert shares(asked, [1, 2, 3], [1, 3, 2], [1, None, 4], [1], [3, 3, 3]) == [1, F(1, 3), F(1, 3), F(1, 3), F(1, 3)]
    assert mark(asked, [1, 3, 2]).parts == (F(1), F(0), F(0))


def test_right_sides_that_read_the_same_are_the_same() -> None:
    asked = question(Matching(pairs=(("a", "oui"), ("b", "non"), ("c", "oui")), distractors=("non",)))
    assert shares(asked, [3, 4, 1]) == [1]


def test_ordering_by_places() -> None:
    items = ("accueil", "découverte", "réponse", "congé")
    assert shares(question(Ordering(items=items)), [1, 2, 3, 4], [1, 2, 4, 3], [4, 1, 2, 3]) == [1, F(1, 2), 0]
    whole = question(Ordering(items=items, all_or_nothing=True))
    assert shares(whole, [1, 2, 3, 4], [1, 2, 4, 3]) == [1, 0]
    assert mark(whole, [1, 2, 4, 3]).parts == (F(1), F(1), F(0), F(0))


def test_cloze_by_the_share_of_gaps() -> None:
    gaps = (
        Short(keys=(ShortKey(variants=("compris", "comprise"), feedback="bien"),)),
        Choice(options=options(False, True), several=False),
        Numeric(keys=(NumericKey(value=F(6)),)),
    )
    asked = question(Cloze(gaps=gaps))
    assert shares(asked, ["Comprise", 2, "6"], ["entendu", 2, None], [None, 1, "six"]) == [1, F(1, 3), 0]
    assert mark(asked, ["compris", 1, "six"]).feedback == ("bien", "fb1")
    assert mark(asked, ["compris", 1, "six"]).unreadable
    assert mark(asked, ["compris", 1, "six"]).parts == (F(1), F(0), F(0))
    assert right_answer(asked) == ["compris", 2, "6"]


def test_a_question_without_a_full_answer_shows_none() -> None:
    half = F(1, 2)
    for block in (
        Numeric(keys=(NumericKey(value=F(1), share=half),)),
        Short(keys=(ShortKey(variants=("a",), share=half),)),
        Short(keys=(ShortKey(variants=(r"a\bb",), is_pattern=True),)),
        Choice(options=options(False, False), several=False),
    ):
        assert right_answer(question(block)) is None


def test_information_takes_nothing_away() -> None:
    assert mark(question(Info()), None) == Verdict(share=F(1), is_right=None)


def test_a_file_needs_a_file() -> None:
    asked = question(File(accept=("pdf",), max_bytes=1))
    assert shares(asked, {}, {"file": ""}, "a.pdf", {"file": "x"}) == [0, 0, 0, None]


def test_nothing_to_find_gives_nothing() -> None:
    empty = (
        Choice(options=options(False, False), several=True),
        Matching(pairs=()),
        Ordering(items=()),
        Cloze(gaps=()),
    )
    for block in empty:
        assert mark(question(block), [1]).share == 0


def test_general_feedback_is_kept_apart() -> None:
    assert CANARY not in mark(question(TrueFalse(value=True)), True).feedback
