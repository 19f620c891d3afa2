"""The application as it is really started: a process, its port, its signals."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from sqlalchemy import Select, func, select

from deust.models.quizzes import Attempt
from deust.models.records import Receipt
from deust.models.transaction import reading, writing
from tests.support import factories
from tests.support.canaries import COURSES
from tests.support.clock import NOW
from tests.support.databases import bare_app, opened
from tests.support.server import ROOT, Server

pytestmark = pytest.mark.slow


def fetch(url: str) -> tuple[int, str]:
    with urlopen(url, timeout=20) as response:  # noqa: S310  # this machine's own server
        return response.status, response.read().decode()


def test_the_demo_starts_says_where_it_is_and_survives_a_kill(own_server: Server) -> None:
    assert own_server.url in own_server.log()
    assert "@" in own_server.log(), "no demo account is named"
    status, page = fetch(own_server.url)
    assert status == 200
    assert "DEUST" in page

    own_server.restart()
    assert fetch(own_server.url)[0] == 200
    assert "Traceback" not in own_server.log()


def test_production_refuses_to_start_on_a_default_secret(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deust"],
        cwd=ROOT,
        env={**Server(tmp_path).environ(), "DEUST_MODE": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "DEUST_SECRET" in done.stderr
    assert "Traceback" not in done.stderr


def test_gunicorn_ends_on_a_setting_that_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path, DEUST_MODE="production")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{server.port}", "wsgi:app"],
        cwd=ROOT,
        env=server.environ(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.count("DEUST does not start. DEUST_SECRET is missing") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.case("QZ-05")
def test_gunicorn_serves_it_and_closes_what_is_overdue_though_nobody_comes(tmp_path: Path) -> None:
    """QZ-05, QZ-31: the scheduler was down, then the server starts again; no request asks for anything."""
    server = Server(tmp_path, DEUST_COURSES_DIR=str(COURSES))
    server.flask("db", "upgrade")
    database = bare_app(f"sqlite:///{tmp_path / 'deust.sqlite'}")
    with opened(database), writing() as session:
        who = factories.person(session)
        factories.attempt(session, who, deadline_at=NOW - timedelta(days=365))
    with gunicorn(server) as url:
        assert fetch_when_ready(url)[0] == 200
        with opened(database):
            wait_until(lambda: read(select(Attempt.closed_by)) == "clock")
            assert read(select(func.count()).select_from(Receipt)) == 1


@contextmanager
def gunicorn(server: Server) -> Iterator[str]:
    """Two workers; what they say on their error output must hold no trace."""
    address = f"127.0.0.1:{server.port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "-b", address, "wsgi:app"],
        cwd=ROOT,
        env=server.environ(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield f"http://{address}/"
    finally:
        process.terminate()
        errors = process.communicate(timeout=30)[1].decode()
    assert "Traceback" not in errors, errors


def read(query: Select[tuple[Any]]) -> object:
    with reading() as connection:
        return connection.scalar(query)


def wait_until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def fetch_when_ready(url: str) -> tuple[int, str]:
    end = time.monotonic() + 40
    while True:
        try:
            return fetch(url)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
