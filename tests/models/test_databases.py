"""The databases that tests get: one used before is as new."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from deust.models.base import Base
from deust.models.people import Enrolment, Person
from deust.models.transaction import engines, reading, writing
from tests.support import factories
from tests.support.databases import Databases, bare_app, opened


@pytest.mark.both
def test_a_database_given_back_is_empty_and_counts_from_one(databases: Databases) -> None:
    for _ in range(3):
        url = databases.fresh()
        with opened(bare_app(url)):
            with writing() as session:
                cohort = factories.cohort(session)
                person = factories.student(session, cohort)
            with reading() as connection:
                assert (person.id, cohort.id) == (1, 1)
                assert connection.scalar(select(func.count()).select_from(Enrolment)) == 1
            left_open = engines()[0].connect()
            left_open.execute(select(Person)).all()
            databases.give_back(url)
            left_open.invalidate()
    with opened(bare_app(databases.fresh())), reading() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name != "alembic_version"]
        assert [table.name for table in tables if connection.scalar(select(func.count()).select_from(table))] == []
