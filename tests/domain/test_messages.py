from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deust.domain.errors import InvalidAnswer
from deust.domain.messages import (
    About,
    Kind,
    cleaned,
    days_waited,
    digest_hour,
    drafted_about,
    easter_of,
    ensure_sendable,
    holidays,
    is_working,
    promised_by,
)

PARIS, REUNION, NEW_YORK = "Europe/Paris", "Indian/Reunion", "America/New_York"
ZONES = st.sampled_from([PARIS, REUNION, NEW_YORK, "UTC"])
MOMENTS = st.datetimes(datetime(2025, 1, 2), datetime(2035, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    "about",
    [
        About(kind=Kind.MODULE, ref="ec131", title="M"),
        About(kind=Kind.LESSON, ref="ec131/accueillir", title="L"),
        About(kind=Kind.RESULT, ref="ec131/quiz", title="Q", attempt="abc"),
        About(kind=Kind.QUESTION, ref="ec131/quiz", title="Q", attempt="abc", key="q1"),
        About(kind=Kind.MARK, ref="ec131/devoir", title="D", attempt="abc"),
    ],
)
def test_the_name_of_a_draft_says_what_it_is_about(about: About) -> None:
    found = drafted_about(about.place)
    assert (found.kind, found.attempt or found.ref, found.key) == (about.kind, about.attempt or about.ref, about.key)
    assert found.place == about.place


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(PARIS))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        (paris(2026, 10, 13, 20, 0), paris(2026, 10, 15, 20, 0)),
        (paris(2026, 10, 16, 9, 30), paris(2026, 10, 20, 9, 30)),
        (paris(2026, 10, 17, 9, 30), paris(2026, 10, 21, 0, 0)),
        (paris(2026, 10, 23, 18, 0), paris(2026, 10, 27, 18, 0)),
        (paris(2026, 12, 24, 12, 0), paris(2026, 12, 29, 12, 0)),
        (paris(2027, 5, 5, 12, 0), paris(2027, 5, 10, 12, 0)),
    ],
    ids=["weekdays", "over a weekend", "on a Saturday", "over the end of summer time", "Christmas", "Ascension"],
)
def test_an_answer_is_promised_two_working_days_later(asked: datetime, promised: datetime) -> None:
    assert promised_by(asked, PARIS) == promised


def test_easter_falls_where_the_calendar_says() -> None:
    known = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2038: (4, 25)}
    assert {year: (easter_of(year).month, easter_of(year).day) for year in known} == known
    assert date(2026, 5, 14) in holidays(2026), "Ascension"
    assert date(2026, 5, 25) in holidays(2026), "Whit Monday"
    assert len(holidays(2026)) == 11


@given(MOMENTS, ZONES)
def test_a_promise_ends_on_a_working_day_after_two_full_ones(asked: datetime, zone: str) -> None:
    due = promised_by(asked, zone)
    local, begun = due.astimezone(ZoneInfo(zone)), asked.astimezone(ZoneInfo(zone))
    assert is_working(local.date())
    assert due - asked >= timedelta(hours=46)
    between = [begun.date() + timedelta(days=n) for n in range(1, (local.date() - begun.date()).days + 1)]
    assert sum(map(is_working, between)) == 2 + (not is_working(begun.date()))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=5)), ZONES)
def test_who_asks_later_is_never_promised_earlier(asked: datetime, later: timedelta, zone: str) -> None:
    # An hour that clocks show twice counts once: the promise may then step back by that hour.
    assert promised_by(asked + later, zone) >= promised_by(asked, zone) - timedelta(hours=1)


@given(MOMENTS, st.integers(0, 20), ZONES)
def test_the_days_waited_are_those_of_the_promise(asked: datetime, days: int, zone: str) -> None:
    due = promised_by(asked, zone, days)
    assert days_waited(asked, promised_by(asked, zone, days) if days else asked, zone) == days
    if days:
        assert days_waited(asked, due - timedelta(seconds=1), zone) == days - 1


@example(datetime(2026, 11, 27, 6, tzinfo=UTC), PARIS)
@example(datetime(2026, 11, 27, 8, tzinfo=UTC), PARIS)
@given(MOMENTS, ZONES)
def test_a_digest_hour_is_seven_o_clock_of_a_working_day(now: datetime, zone: str) -> None:
    hour, local = digest_hour(now, zone), now.astimezone(ZoneInfo(zone))
    assert (hour is not None) == (local.hour in (7, 8) and is_working(local.date()))
    if hour is not None:
        assert hour.astimezone(ZoneInfo(zone)).hour == 7
        assert hour.astimezone(ZoneInfo(zone)).date() == local.date()


def test_a_text_keeps_its_lines_and_loses_what_cannot_be_shown() -> None:
    assert cleaned("  Bonjour,\r\n\r\nça va ?\x00\x07 \n") == "Bonjour,\n\nça va ?"
    ensure_sendable("x" * 4_000)
    for text, reason in (("", "empty"), ("x" * 4_001, "long")):
        with pytest.raises(InvalidAnswer) as refused:
            ensure_sendable(text)
        assert refused.value.reason == reason
