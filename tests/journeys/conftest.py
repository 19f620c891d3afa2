"""A school and a device for the journeys of students."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.attempt_pages import device
from tests.support.school import School


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    made = School(tmp_path_factory.mktemp("school"))
    yield made
    made.close()


@pytest.fixture
def phone(browser: Browser, school: School) -> Iterator[BrowserContext]:
    """The student's own device."""
    with device(browser, school) as context:
        yield context
