"""A text compared word by word: nothing lost, nothing invented, and never long."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.copies import Anchor, Remark
from deust.domain.versions import Change, Piece, after_of, before_of, changes, stretches, text_of

WORDS = st.lists(st.sampled_from(["un", "mot", "de", " ", "\n", ", ", ".", "l’", "é", "e\u0301", "a_b"]), max_size=60)
TEXTS = st.one_of(st.text(max_size=80), WORDS.map("".join))


def told(before: str, after: str) -> str:
    """The changes on one line: « [-removed-]{+added+} »."""
    marks = {Change.SAME: "{}", Change.REMOVED: "[-{}-]", Change.ADDED: "{{+{}+}}"}
    return "".join(marks[piece.change].format(piece.text) for piece in changes(before, after))


@given(TEXTS, TEXTS)
def test_the_changes_give_back_both_texts(before: str, after: str) -> None:
    pieces = changes(before, after)
    assert (text_of(before_of(pieces)), text_of(after_of(pieces))) == (before, after)
    assert all(piece.text for piece in pieces)
    kinds = [piece.change for piece in pieces]
    assert all(one != other for one, other in pairwise(kinds)), "two pieces that are one"
    if before == after:
        assert set(kinds) <= {Change.SAME}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Allô, oui ?", "Bonjour, ici Nora.", "[-Allô, oui ?-]{+Bonjour, ici Nora.+}"),
        ("Je vous écoute.", "Je vous écoute, madame.", "Je vous écoute{+, madame+}."),
        ("Pas de problème, merci.", "Avec plaisir, merci.", "[-Pas de problème-]{+Avec plaisir+}, merci."),
        ("un deux trois", "un trois", "un [-deux -]trois"),
        ("a a a a", "a a a a a", "a a a a{+ a+}"),
        ("l’accueil", "l’écoute", "l’[-accueil-]{+écoute+}"),
        ("", "Tout est neuf.", "{+Tout est neuf.+}"),
        ("Un.\n\nDeux.", "Un.\n\nTrois.\n\nDeux.", "Un.\n\n{+Trois.\n\n+}Deux."),
    ],
)
def test_changes_are_told_by_words(before: str, after: str, shown: str) -> None:
    assert told(before, after) == shown


def test_a_long_text_is_compared_by_sentences_then_by_words() -> None:
    sentences = [f"La phrase {number} dit bonjour au client numéro {number * 7}." for number in range(1_500)]
    before = " ".join(sentences)
    sentences[700] = sentences[700].replace("bonjour", "bonsoir")
    sentences[3] = sentences[3].replace("client", "correspondant")
    pieces = changes(before, " ".join(sentences))
    assert [piece.text for piece in pieces if piece.change is Change.ADDED] == ["correspondant", "bonsoir"]


@pytest.mark.parametrize("words", [1, 2, 30, 120, 5_000])
@pytest.mark.parametrize("between", [" ", ". ", "\n", ""])
def test_no_text_that_a_student_may_hand_in_keeps_a_marker_waiting(words: int, between: str) -> None:
    """The longest answer, of words that repeat, in no order: what a comparison likes least."""
    dice = random.Random(1)
    before, after = (between.join(f"m{dice.randrange(words)}" for _ in range(40_000))[:100_000] for _ in range(2))
    started = time.process_time()
    pieces = changes(before, after)
    assert time.process_time() - started < 3
    assert (text_of(before_of(pieces)), text_of(after_of(pieces))) == (before, after)


def remark(start: int, end: int, anchor: Anchor = Anchor.PASSAGE) -> Remark:
    return Remark(id=f"{start}-{end}", part="p", anchor=anchor, text="Bien.", start=start, end=end)


@given(TEXTS, TEXTS, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6))
def test_remarks_and_changes_cut_the_same_text_and_leave_it_whole(
    before: str, after: str, places: list[tuple[int, int]]
) -> None:
    pieces = after_of(changes(before, after))
    numbered = list(enumerate((remark(*place) for place in sorted(places)), start=1))
    found = stretches(after, numbered, pieces)
    assert "".join(text_of(one.pieces) for one in found) == after
    for one in found:
        if one.remark:
            assert text_of(one.pieces) == after[one.remark.start : one.remark.end]
    alone = stretches(after, numbered)
    assert [(text_of(one.pieces), one.number) for one in alone] == [(text_of(one.pieces), one.number) for one in found]


def test_a_remark_that_overlaps_another_or_is_elsewhere_pins_nothing() -> None:
    numbered = [(1, remark(0, 4)), (2, remark(2, 6)), (3, remark(5, 5, Anchor.PAGE)), (4, remark(6, 7))]
    found = stretches("Allô oui", numbered)
    assert [(text_of(one.pieces), one.number) for one in found] == [("Allô", 1), (" o", 0), ("u", 4), ("i", 0)]
    assert found[0].pieces == (Piece(change=Change.SAME, text="Allô"),)
