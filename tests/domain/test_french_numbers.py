from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import format_number, half_up, read_number


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("26,67", "26.67"),
        ("26.67", "26.67"),
        ("26,67 erlangs", "26.67"),
        ("90 %", "90"),
        ("90%", "90"),
        ("1 234,5", "1234.5"),
        ("1\N{NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567", "1234567"),
        ("1\N{THIN SPACE}234,5 €", "1234.5"),
        ("1,234", "1.234"),
        ("\N{MINUS SIGN}3", "-3"),
        ("- 3", "-3"),
        ("+3", "3"),
        ("1e3", "1000"),
        ("1,5E-2", "0.015"),
        ("½", "1/2"),
        ("1 ½", "3/2"),
        ("-¾ h", "-3/4"),
        ("1/3", "1/3"),
        ("1⁄3", "1/3"),
        ("1,5 / 3", "1/2"),
        (",5", "0.5"),
        ("5.", "5"),
        ("12 appels par heure", "12"),
        ("12 km/h", "12"),
        ("12/h", "12"),
        ("4 m²", "4"),
        ("٣", "3"),
        ("\N{RIGHT-TO-LEFT MARK}12", "12"),
        ("  7\n", "7"),
    ],
)
def test_reads_as_a_french_reader_would(typed: str, expected: str) -> None:
    assert read_number(typed) == Fraction(expected)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "abc",
        "-",
        ",",
        "1,234.5",
        "1.234,5",
        "1.234.567",
        "12 34",
        "1 2345",
        "12 ou 13",
        "5 ± 0,1",
        "1h30",
        "10²",
        "1/0",
        "1e999",
        "1e31",
        "∞",
        "0x10",
        "--3",
        "1" * 61,
        "1" * 101,
        "<1/2>>",
        "3 + 4",
        "nan",
    ],
)
def test_what_is_not_one_number_is_refused_never_zero(typed: str) -> None:
    with pytest.raises(InvalidAnswer):
        read_number(typed)


@given(st.text(alphabet="0123456789,.- e/½²%<>er\u202f\u2212", max_size=30))
@example("0/1")
@example("1/1")
def test_reading_gives_a_number_or_refuses(text: str) -> None:
    try:
        value = read_number(text)
    except InvalidAnswer:
        return
    assert any(character.isnumeric() for character in text)
    counted = text.split("e")[0].split("E")[0].split("/")[0]
    assert value != 0 or not any(character in "123456789½" for character in counted)


@pytest.mark.parametrize(
    ("value", "digits", "keep_zeros", "expected"),
    [
        ("1234.5", 2, False, "1\N{NARROW NO-BREAK SPACE}234,5"),
        ("1234567", 0, False, "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"),
        ("12.5", 2, True, "12,50"),
        ("26", 1, True, "26,0"),
        ("0.05", 2, False, "0,05"),
        ("2.5", 0, False, "3"),
        ("-2.5", 0, False, "\N{MINUS SIGN}3"),
        ("-0.001", 2, False, "0"),
        ("80/3", 2, False, "26,67"),
    ],
)
def test_writes_in_french(value: str, digits: int, keep_zeros: bool, expected: str) -> None:
    assert format_number(Fraction(value), digits, keep_zeros=keep_zeros) == expected


@given(st.fractions(min_value=-(10**15), max_value=10**15), st.integers(0, 12), st.booleans())
def test_what_is_written_is_read_back(value: Fraction, digits: int, keep_zeros: bool) -> None:
    assert read_number(format_number(value, digits, keep_zeros=keep_zeros)) == half_up(value, digits)


@given(st.fractions(), st.integers(-3, 12))
def test_rounding_moves_by_half_a_unit_at_most(value: Fraction, digits: int) -> None:
    unit = Fraction(10) ** -digits
    assert abs(half_up(value, digits) - value) <= unit / 2
    assert (half_up(value, digits) / unit).denominator == 1
