from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest

from deust.content.strict_yaml import BadYaml, load

REAL = Path(__file__).resolve().parents[1] / "realdata"


def refusal(text: str) -> BadYaml:
    with pytest.raises(BadYaml) as caught:
        load(text)
    return caught.value


def test_values_are_plain_and_exact() -> None:
    document = load("a: 0.25\nb: [1, true, null, -3]\nc: {d: '1', e: \"x\"}\n")
    assert document.data == {"a": Fraction(1, 4), "b": [1, True, None, -3], "c": {"d": "1", "e": "x"}}


@pytest.mark.parametrize(
    "word", ["no", "No", "on", "yes", "off", "y", "012", "1:30", "1e3", "2026-01-01", "0x1F", ".inf", "1_000"]
)
def test_surprising_words_stay_words(word: str) -> None:
    assert load(f"a: {word}").data == {"a": word}


def test_every_value_has_its_line() -> None:
    document = load("a: 1\nb:\n  - x\n  - {c: 2}\n", first_line=2)
    assert [document.lines[at] for at in (("a",), ("b", 0), ("b", 1, "c"))] == [2, 4, 5]
    assert document.line_of(("b", 1, "nothing")) == 5


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\na: 2", 2, "deux fois"),
        ("a: &x 1\nb: *x", 1, "ancres"),
        ("a: 1\n<<: {b: 2}", 2, "fusions"),
        ("a: !!python/object/apply:os.system [x]", 1, "étiquettes"),
        ("a: !local x", 1, "étiquettes"),
        ("a: 1\n---\nb: 2", 2, "un seul document"),
        ("- a", 1, "clé: valeur"),
        ("a: Titre : sous-titre", 1, "deux-points"),
        ("a: 'x", 1, "guillemets"),
        ("a: [1, 2", 1, "crochet"),
        ("? [a]\n: b", 1, "mot simple"),
    ],
)
@pytest.mark.case("MD-06")
def test_what_is_not_plain_is_refused_on_its_line(text: str, line: int, words: str) -> None:
    failure = refusal(text)
    assert words in failure.message
    assert failure.line == line


@pytest.mark.case("MD-06")
def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    assert "ancres" in refusal(bomb).message


@pytest.mark.parametrize("text", ["[" * 10_000, "a: " + "{b: " * 5_000, "\n".join(" " * n + "a:" for n in range(700))])
@pytest.mark.case("MD-06")
def test_deep_nesting_is_refused_quickly(text: str) -> None:
    start = time.process_time()
    assert "imbriquées" in refusal(text).message
    assert time.process_time() - start < 2


@pytest.mark.case("MD-06")
def test_a_huge_text_is_refused() -> None:
    assert "découpez" in refusal("a: " + "x" * 400_000).fix


def test_too_many_values_are_refused() -> None:
    assert "trop de valeurs" in refusal("a: [" + "1," * 25_000 + "1]").message


@pytest.mark.parametrize("name", ["fake-quiz-test1.yml", "fake-quiz-test2.yml"])
def test_a_template_is_refused_with_its_line_and_column(name: str) -> None:
    failure = refusal((REAL / name).read_text("utf-8"))
    assert (failure.line, failure.column) == (1, 2)
    assert "colonne 2" in failure.message
