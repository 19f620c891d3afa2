"""The bench measures what answers: on a small school, every request of every row has the status that it expects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from bench.courses import make_courses
from bench.load import Request
from bench.rows import READINGS, hand_ins, saves_of_a_page, saves_of_one, starts
from bench.school import Student, answer_everything, make_school, with_open_attempts
from bench.servers import product_environment, product_settings
from bench.statements import html_kilobytes, send, statements
from deust.app import create_app
from tests.support.databases import Databases, opened

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

STUDENTS, PAST_ATTEMPTS = 2, 1

School = tuple[Flask, list[Student]]


@pytest.fixture(scope="module")
def school(postgres_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder: Path = tmp_path_factory.mktemp("bench")
    url = postgres_databases.empty()
    environment = product_environment(url, folder / "instance", make_courses(folder / "courses", modules=2))
    app = create_app(product_settings(environment))
    yield app, make_school(app, students=STUDENTS, past_attempts=PAST_ATTEMPTS)
    with opened(app):
        pass
    postgres_databases.drop(url)


def test_every_page_answers_for_every_student(school: School) -> None:
    app, students = school
    for row in READINGS:
        for request in row.requests(students):
            send(app, request)


def test_a_wrong_status_is_not_taken_for_a_measure(school: School) -> None:
    app, students = school
    request = READINGS[0].requests(students)[0]
    with pytest.raises(AssertionError):
        send(app, Request(request.content, 204))


def test_saves_hand_ins_and_starts_answer(school: School) -> None:
    app, students = school
    current = with_open_attempts(app, students)
    answer_everything(app, current)
    attempts = [student.attempt for student in current]
    for request in (
        *saves_of_one(current, 2),
        *saves_of_a_page(current, 2),
        *hand_ins(current, attempts),
        *starts(current),
    ):
        send(app, request)
    assert {student.attempt for student in with_open_attempts(app, students)}.isdisjoint(attempts)


def test_statements_are_counted_and_few(school: School) -> None:
    app, students = school
    counts = statements(app, with_open_attempts(app, students)[0])
    assert counts["sign-in page"] == 0
    assert counts[READINGS[0].name] <= 3
    assert max(counts.values()) <= 6


def test_the_second_module_is_a_module_of_the_programme(school: School) -> None:
    app, _ = school
    programme = app.extensions["deust"].catalogue.programme()
    assert programme.place_of("copie-1") is not None
    assert not programme.modules["copie-1"].is_planned


def test_the_page_weighs_more_than_its_content(school: School) -> None:
    app, students = school
    weights = html_kilobytes(app, students[0])
    assert weights["page"] > weights["content"] > 7
