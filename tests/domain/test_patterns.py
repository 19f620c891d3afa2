import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.patterns import MAX_TEXT, PatternError, ensure_safe_pattern, example_of, matches


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"reformul(er|ation)", "Reformulation"),
        (r"durée( moyenne)?", "DUREE MOYENNE"),
        (r"duree", "  Durée "),
        (r"l'appel(ant)?", "l’appelant"),
        (r"\d{2} ?%", "80 %"),
        (r"[a-c]+\.?", "abc."),
        (r"[^\d§]+", "abc"),
        (r"\W", "+"),
        (r"(?:post|après)[- ]appel", "Apres-appel"),
        (r"a.*z", "abcz"),
        (r"cœur", "CŒUR"),
        (r"\{x\}", "{x}"),
        ("a{2,3}?", "aa"),
    ],
)
def test_the_whole_answer_must_fit(pattern: str, text: str) -> None:
    assert matches(pattern, text)
    assert not matches(pattern, f"{text} §")


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a*)*",
        r"(a|a)*b",
        r"(a|aa)+",
        r"(.*a){20}",
        r"(\w+\s?)*",
        r"(a)\1",
        r"(?P<x>a)(?P=x)",
        r"(?=a)a",
        r"(?<=a)b",
        r"(?i)a",
        r"a++",
        r"a**",
        r".*.*.*x",
        "a?" * 30 + "a" * 30,
        "(a|b)" * 40,
        "a{5000}",
        "a{2",
        "{3}",
        "((a{400}){400})",
        "[a",
        "[[a]]",
        "[a--b]",
        "[]",
        "(a",
        "a)",
        "*a",
        "\\",
        r"\x41",
        "[z-a]",
        "(" * 40 + ")" * 40,
        "a" * 201,
    ],
)
def test_what_could_take_for_ever_or_is_not_in_the_subset_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as refusal:
        ensure_safe_pattern(pattern)
    assert refusal.value.message
    assert refusal.value.position <= len(pattern)


@pytest.mark.parametrize("pattern", [r".*a.*b", r"\w+ \w+x", r"a*a*(b|c|d)?x", r"(a|b|c)(a|b|c)(a|b|c).*x"])
def test_the_worst_answer_is_refused_quickly(pattern: str) -> None:
    start = time.monotonic()
    assert not matches(pattern, "a" * MAX_TEXT)
    assert not matches(pattern, "a" * (MAX_TEXT - 1) + " ")
    assert time.monotonic() - start < 2


def test_a_very_long_answer_matches_nothing() -> None:
    assert matches(".*", "a" * MAX_TEXT)
    assert not matches(".*", "a" * (MAX_TEXT + 1))


@pytest.mark.parametrize(
    ("pattern", "example"),
    [("reformul(er|ation)", "reformuler"), (r"\d{2} ?%", "00%"), ("[^a]x+", "ex"), ("(?:a|b)?c", "c")],
)
def test_an_example_is_found(pattern: str, example: str) -> None:
    assert example_of(pattern) == example


def test_no_example_is_better_than_a_wrong_one() -> None:
    assert example_of(r"a\Bb") == "ab"
    assert example_of(r"a\bb") is None


@given(st.text(alphabet="ab(|)*+?{2,}[^]\\dw.é", max_size=12))
def test_every_pattern_is_refused_or_works(pattern: str) -> None:
    try:
        ensure_safe_pattern(pattern)
    except PatternError:
        return
    example = example_of(pattern)
    assert example is None or matches(pattern, example)
    assert matches(pattern, "a") in (True, False)
