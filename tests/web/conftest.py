"""A student who is followed, and those who follow them, each in a browser of their own."""

from __future__ import annotations

import pytest
from flask import Flask

from deust.models.people import Cohort, Person
from tests.conftest import Doors
from tests.support.clients import Client, signed_in_client
from tests.support.hand_ins import followed_student


@pytest.fixture
def people(doors: Doors, cohort: Cohort) -> dict[str, Person]:
    return followed_student(doors, cohort)


@pytest.fixture
def student(app: Flask, people: dict[str, Person]) -> Client:
    return signed_in_client(app, people["student"])


@pytest.fixture
def tutor(app: Flask, people: dict[str, Person]) -> Client:
    return signed_in_client(app, people["tutor"])


@pytest.fixture
def second(app: Flask, people: dict[str, Person]) -> Client:
    return signed_in_client(app, people["second"])
