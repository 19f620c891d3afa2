import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.errors import InvalidAnswer
from deust.domain.texts import cleaned, folded, unaccented


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Durée Moyenne de TRAITEMENT", "duree moyenne de traitement"),
        ("post-appel", "post appel"),
        ("après\N{NON-BREAKING HYPHEN}appel", "apres appel"),
        ("la reformulation", "reformulation"),
        ("L’écoute", "ecoute"),
        ("l'un des appels", "appels"),
        ("cœur de métier", "coeur de metier"),
        ("C.N.I.L.", "cnil"),
        ("  « wrap-up »  !", "wrap up"),
        ("un", "un"),
        ("l'", "l"),
        ("??", "??"),
        ("", ""),
        ("appel\N{SOFT HYPHEN}ant\N{RIGHT-TO-LEFT MARK}", "appelant"),
    ],
)
def test_short_answers_are_compared_by_what_they_say(typed: str, expected: str) -> None:
    assert folded(typed) == expected


def test_a_decimal_is_not_another_number() -> None:
    assert folded("1,5") == folded("1.5") != folded("15")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert unaccented(unaccented(text)) == unaccented(text)


@given(st.text(alphabet="AÀÉÇŒŸ aeé-'’«»"))
def test_case_never_counts(text: str) -> None:
    assert folded(text.upper()) == folded(text.lower())


def test_only_newlines_are_rewritten() -> None:
    assert cleaned("a\r\nb\rc\n \u200f<b>é\u0301") == "a\nb\nc\n \u200f<b>é\u0301"


@pytest.mark.parametrize(("text", "reason"), [("a\0b", "nul"), ("a\ud83d", "surrogate"), ("\udc00", "surrogate")])
def test_what_cannot_be_stored_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidAnswer) as refusal:
        cleaned(text)
    assert refusal.value.reason == reason
