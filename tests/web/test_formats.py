"""How lengths, days, moments, marks and numbers are written, in French and in English."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from flask import Flask, g

from deust.web import formats

AT = datetime(2026, 10, 18, 21, 59, tzinfo=UTC)


def spaced(text: str) -> str:
    return text.replace(formats.NBSP, " ")


@pytest.mark.parametrize(
    ("minutes", "written"), [(0, "0 min"), (12, "12 min"), (60, "1 h"), (65, "1 h 05"), (70, "1 h 10"), (600, "10 h")]
)
def test_a_length_in_minutes(minutes: int, written: str):
    assert spaced(formats.duration(minutes)) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0 s"), (40, "40 s"), (60, "1 min 00"), (760, "12 min 40"), (3720, "1 h 02")]
)
def test_what_a_clock_shows(seconds: int, written: str):
    assert spaced(formats.time_left(seconds)) == written


def test_a_length_never_breaks_over_two_lines():
    for written in (formats.duration(70), formats.time_left(760), formats.clock_in(AT, "Europe/Paris", "fr")):
        assert " " not in written


@pytest.mark.parametrize(
    ("on", "french", "english"),
    [
        (date(2026, 10, 13), "mardi 13 octobre", "Tuesday 13 October"),
        (date(2026, 5, 1), "vendredi 1er mai", "Friday 1 May"),
    ],
)
def test_a_day(on: date, french: str, english: str):
    assert spaced(formats.day_in(on, "fr")) == french
    assert spaced(formats.day_in(on, "en")) == english


def test_a_short_day_in_a_month():
    assert spaced(formats.short_date_in(date(2026, 12, 6), "fr")) == "dim. 6 déc."
    assert spaced(formats.short_date_in(date(2027, 2, 1), "fr")) == "lun. 1er févr."
    assert spaced(formats.short_date_in(date(2026, 12, 6), "en")) == "Sun 6 Dec"


def test_a_short_day():
    assert spaced(formats.short_day_in(date(2026, 10, 18), "fr")) == "dim. 18"
    assert spaced(formats.short_day_in(date(2026, 10, 18), "en")) == "Sun 18"


@pytest.mark.parametrize(
    ("zone", "locale", "written"),
    [
        ("Europe/Paris", "fr", "dimanche 18 octobre, 23 h 59"),
        ("Europe/Paris", "en", "Sunday 18 October, 23:59"),
        ("Indian/Reunion", "fr", "lundi 19 octobre, 1 h 59"),
    ],
)
def test_a_moment_is_told_in_the_reader_s_own_time(zone: str, locale: str, written: str):
    assert spaced(formats.moment_in(AT, zone, locale)) == written


def test_minutes_of_the_hour_keep_their_zero():
    at = datetime(2026, 10, 18, 6, 5, tzinfo=UTC)
    assert spaced(formats.clock_in(at, "Europe/Paris", "fr")) == "8 h 05"


@pytest.mark.parametrize(
    ("value", "places", "french", "english"),
    [
        (Fraction(25, 2), 2, "12,5", "12.5"),
        (Fraction(2, 3), 2, "0,67", "0.67"),
        (Fraction(1, 8), 2, "0,13", "0.13"),
        (1250, 2, "1 250", "1,250"),
        (100, 0, "100", "100"),
        (Fraction(-1, 4), 2, "-0,25", "-0.25"),
    ],
)
def test_a_number_is_rounded_half_up_without_idle_zeros(value: Fraction, places: int, french: str, english: str):
    assert spaced(formats.number_in(value, "fr", places)) == french
    assert formats.number_in(value, "en", places) == english


def test_a_mark_out_of_20():
    assert spaced(formats.mark20_in(Fraction(29, 40), "fr")) == "14,5 / 20"
    assert spaced(formats.mark20_in(Fraction(1), "fr")) == "20 / 20"


@pytest.mark.parametrize(
    ("size", "written"), [(0, "1 ko"), (310_000, "310 ko"), (1_540_000, "1,5 Mo"), (20_000_000, "20 Mo")]
)
def test_the_size_of_a_file(size: int, written: str):
    assert spaced(formats.file_size(size)) == written


def test_filters_follow_the_language_of_the_request():
    with Flask(__name__).test_request_context():
        g.locale = "en"
        assert spaced(formats.duration(70)) == "1 h 10 min"
        assert formats.FILTERS["number"](Fraction(5, 2)) == "2.5"
        assert spaced(formats.file_size(310_000)) == "310 kB"


def test_a_guest_reads_the_time_of_paris(client):
    with client.application.test_request_context():
        assert spaced(formats.FILTERS["moment"](AT)) == "dimanche 18 octobre, 23 h 59"
        assert spaced(formats.FILTERS["day"](AT)) == "dimanche 18 octobre"
        assert spaced(formats.FILTERS["short_day"](date(2026, 10, 19))) == "lun. 19"
        assert spaced(formats.FILTERS["clock"](AT)) == "23 h 59"
