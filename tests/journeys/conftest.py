"""A school and a device for the journeys of students."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.attempt_pages import device
from tests.support.school import School

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journeys of a file share a server, so one worker runs them all: the run begins with the longest of these."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


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
