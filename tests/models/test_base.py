from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.dialects.sqlite import dialect as sqlite
from sqlalchemy.exc import StatementError

from deust.models.base import Base, Exact, Instant, Privacy
from deust.models.people import Accommodation, Person
from deust.models.transaction import reading, writing
from tests.support import factories

SQLITE = sqlite()

pytestmark = pytest.mark.both


def test_a_moment_comes_back_in_utc_whatever_its_zone(database: Flask) -> None:
    noon_in_reunion = datetime(2026, 10, 25, 12, 0, tzinfo=timezone(timedelta(hours=4)))
    with writing() as session:
        who = factories.person(session, created_at=noon_in_reunion)
    with reading() as connection:
        kept = connection.scalar(select(Person.created_at).where(Person.id == who.id))
    assert kept == noon_in_reunion
    assert kept.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(database: Flask) -> None:
    naive = datetime(2026, 10, 25, 12, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="a moment needs a time zone"), writing() as session:
        factories.person(session, created_at=naive)


@pytest.mark.parametrize("value", [0.1, 1.0])
def test_a_float_is_no_mark(database: Flask, value: float) -> None:
    with pytest.raises(StatementError, match="no float"), writing() as session:
        factories.accommodation(session, factories.person(session), time_multiplier=value)


def test_a_third_stays_a_third(database: Flask) -> None:
    with writing() as session:
        who = factories.person(session)
        factories.accommodation(session, who, time_multiplier=Fraction(4, 3))
    with reading() as connection:
        assert connection.scalar(select(Accommodation.time_multiplier)) == Fraction(4, 3)


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**9))
def test_every_fraction_comes_back_equal(engine: str, value: Fraction) -> None:
    kept = Exact().process_bind_param(value, SQLITE)
    assert Exact().process_result_value(kept, SQLITE) == value


@given(st.datetimes(timezones=st.timezones()))
def test_every_moment_comes_back_equal(engine: str, value: datetime) -> None:
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        return
    kept = Instant().process_bind_param(value, SQLITE)
    assert Instant().process_result_value(kept, SQLITE) == utc


def test_every_table_says_what_it_holds_about_people(engine: str) -> None:
    for table in Base.metadata.tables.values():
        privacy = table.info.get("privacy")
        assert isinstance(privacy, Privacy), f"{table.name} declares nothing"
        assert privacy.purpose, table.name
        assert privacy.keep, table.name
        points_at_people = any(key.column.table.name in ("person", "attempt") for key in table.foreign_keys)
        assert privacy.personal or not points_at_people, f"{table.name} points at people"


def test_what_points_nowhere_is_refused(database: Flask) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), writing() as session:
        session.execute(text("INSERT INTO study_group (cohort_id, name) VALUES (999, 'A')"))
