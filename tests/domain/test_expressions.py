import time
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.expressions import (
    MAX_SOURCE,
    ExpressionError,
    evaluate,
    fill,
    holds,
    inserts_in,
    names_in,
    parse,
    value_of,
)

VALUES = {"calls": Fraction(200), "aht": Fraction(240), "zero": Fraction(0), "tension": Fraction(1)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 - 2 - 1", "4"),
        ("8 / 4 / 2", "1"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("2 ** -1", "1/2"),
        ("--3", "3"),
        ("+.5 + 0.25", "3/4"),
        ("3 × 4 ÷ 2 − 1", "5"),
        ("calls * aht / 1800", "80/3"),
        ("round(calls * aht / 1800, 2)", "26.67"),
        ("round(2.5) + round(-2.5)", "0"),
        ("round(1234, -2)", "1200"),
        ("ceil(32 / 0.7)", "46"),
        ("floor(-1.5)", "-2"),
        ("min(3, calls, 2) + max(1, 2) + abs(-3)", "7"),
        ("erlang_b(1, 2)", "1/5"),
        ("erlang_c(1, 2)", "1/3"),
        ("erlang_c_wait(1, 2, 60)", "20"),
        ("erlang_c_service(1, 2, 60, 0)", "2/3"),
        ("erlang_agents(calls * aht / 1800, aht, 0.8, 20)", "32"),
        ("round(erlang_a_service(80/3, 29, 240, 120, 20), 4)", "0.84"),
        ("round(erlang_a_abandon(80/3, 29, 240, 120), 4)", "0.0524"),
        ("round(erlang_a_wait(80/3, 29, 240, 120), 2)", "6.29"),
        ("+".join(["1"] * 250), "250"),
        ("(" * 50 + "1" + ")" * 50, "1"),
    ],
)
def test_calculates_exactly(source: str, expected: str) -> None:
    assert evaluate(parse(source), VALUES) == Fraction(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tension >= 1", True),
        ("tension ≤ 0", False),
        ("tension == 1 and not calls < 3", True),
        ("tension != 1 or calls > 3", True),
        ("tension != 1 and 1 / zero > 0", False),
        ("not (tension > 1) and (calls > 3 or calls < 0)", True),
    ],
)
def test_conditions(source: str, expected: bool) -> None:
    assert holds(parse(source), VALUES) is expected


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("", 0),
        ("1 +", 3),
        ("__import__('os')", 11),
        ("calls.real", 5),
        ("(1).denominator", 3),
        ("calls[0]", 5),
        ("f(1)", 0),
        ("eval(1)", 0),
        ("lambda: 1", 6),
        ("1,5", 1),
        ("1 2", 2),
        ("(1", 2),
        ("1)", 1),
        ("1 < 2 < 3", 6),
        ("round()", 6),
        ("round(1, 2, 3)", 0),
        ("and 1", 0),
        ("2 ^ 3", 2),
        ("a = 1", 2),
        ("1e3", 1),
        ("é§", 1),
        ("(" * 60 + "1" + ")" * 60, 51),
        ("-" * 60 + "1", 51),
        ("(" * 10_000, 500),
        ("{{ 1 }}", 0),
    ],
)
@pytest.mark.case("QZ-36")
def test_what_cannot_be_read_says_where(source: str, position: int) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(source)
    assert error.value.position == position
    assert error.value.message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("unknown + 1", "variable inconnue"),
        ("__import__", "variable inconnue"),
        ("1 / zero", "division par zéro"),
        ("zero ** -1", "division par zéro"),
        ("9 ** 9 ** 9", "trop grand"),
        ("9 ** 9 ** 3 ** 9", "trop grand"),
        ("2 ** 0.5", "entier"),
        ("9" * 400 + " ** 8", "trop grand"),
        ("*".join([f"{'9' * 150}**16"] * 2), "trop grand"),
        ("1 < 2", "pas une condition"),
        ("(1 < 2) + 1", "pas une condition"),
        ("round(1, 99)", "décimales"),
        ("round(1, 0.5)", "entier"),
        ("erlang_c(1, 1.5)", "entier"),
        ("erlang_b(1, 99999)", "entre"),
        ("erlang_c_wait(3, 2, 60)", "sans fin"),
        ("erlang_agents(10, 240, 1, 20)", "part"),
    ],
)
@pytest.mark.case("QZ-36")
def test_what_cannot_be_computed_is_an_error(source: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        evaluate(parse(source), VALUES)


def test_a_number_is_no_condition() -> None:
    for source in ("1", "1 and 2", "not 1"):
        with pytest.raises(ExpressionError, match="pas un nombre"):
            holds(parse(source), VALUES)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["erlang_agents(4500,9,.9999,0)", "erlang_a_service(300,290,9,9000,9)"])
def test_the_heaviest_expressions_end_soon(call: str) -> None:
    source = "+".join([call] * (MAX_SOURCE // (len(call) + 1)))
    start = time.monotonic()
    assert evaluate(parse(source), {}) >= 0
    assert time.monotonic() - start < 5


def test_names_are_the_variables_only() -> None:
    assert names_in(parse("round(calls * (aht + 1), 2) > min(1, tension)")) == {"calls", "aht", "tension"}


def test_amounts_are_numbers_or_expressions() -> None:
    assert value_of(Fraction(3), VALUES) == 3
    assert value_of("aht / 2", VALUES) == 120


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>{{ calls }} appels</p>", "<p>200 appels</p>"),
        ("{{calls*aht}}", "48\N{NARROW NO-BREAK SPACE}000"),
        ("{{ calls * aht / 1800 }}", "26,666667"),
        ("{{ calls * aht / 1800 | 2 }}", "26,67"),
        ("{{ calls | 2 }}", "200,00"),
        ("{{ max(calls, aht) }} et {{ 1/2 }}", "240 et 0,5"),
        ("{{ calls &#42; 2 }}", "400"),
        ("aucun { calls }", "aucun { calls }"),
    ],
)
def test_texts_are_filled_in_french(html: str, expected: str) -> None:
    assert fill(html, VALUES) == expected


def test_a_text_that_cannot_be_filled_says_so() -> None:
    with pytest.raises(ExpressionError):
        fill("{{ nothing }}", VALUES)
    assert inserts_in("a {{ calls | 2 }} b {{ x &lt; 3 }}") == ("calls", "x < 3")


numbers = st.integers(0, 9).map(str)
sources = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"-{part}"),
        st.tuples(inner, inner).map(lambda parts: f"max({parts[0]}, {parts[1]})"),
    ),
    max_leaves=12,
)


@given(sources)
def test_agrees_with_ordinary_arithmetic(source: str) -> None:
    assert evaluate(parse(source), {}) == eval(source, {"max": max})  # noqa: S307


@given(st.text(alphabet="0123456789.+-*/()<>=, abceilmnoruandx", max_size=40))
@pytest.mark.case("QZ-36")
def test_anything_written_is_read_or_refused(source: str) -> None:
    with suppress(ExpressionError):
        expression = parse(source)
        evaluate(expression, dict.fromkeys(names_in(expression), Fraction(1)))
