"""What every test may ask for. `tests/support` holds the plain functions and helpers behind the fixtures."""

from __future__ import annotations

import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from xdist.remote import Producer

from bench.courses import one_module
from deust.adapters import limited
from deust.adapters.passwords import Passwords
from deust.app import create_app
from deust.config import Settings
from deust.content.catalogue import Catalogue
from deust.domain.access import Role
from deust.models.people import Cohort, Person
from deust.models.transaction import reading, writing
from tests.support import browser as chromium
from tests.support import factories
from tests.support.applications import Applications
from tests.support.canaries import COURSES
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.databases import Databases, PostgresDatabases, SqliteFiles, bare_app, opened
from tests.support.network import close_network
from tests.support.scheduling import SharedServers
from tests.support.server import Server

NOT_RUN = "not run: "

SQLITE, POSTGRES = "sqlite", "postgresql"


hypothesis.settings.register_profile("full", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=10)
hypothesis.settings.load_profile("full")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both: runs on SQLite and on PostgreSQL")
    close_network()
    gc.set_threshold(20_000, 20, 20)  # Python's own 700 makes a run look for cycles 4 % of its time.


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not look at it again."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedServers:
    return SharedServers(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    names: list[object] = [SQLITE]
    if metafunc.definition.get_closest_marker("both"):
        names.append(pytest.param(POSTGRES, marks=pytest.mark.postgres))
    metafunc.parametrize("engine", names, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that nobody overlooks when something that should have run could not."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if NOT_RUN in reason:
            missing = reason.partition(NOT_RUN)[2]
            reasons[missing] = reasons.get(missing, 0) + 1
    if reasons:
        listed = "; ".join(f"{times} tests, {missing}" for missing, times in reasons.items())
        terminalreporter.write_line(f"!!! NOT TESTED: {listed} !!!", red=True, bold=True)


def not_run(reason: str) -> NoReturn:
    """Leave a test out because something is missing on this machine; on CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: CI must have it")
    pytest.skip(NOT_RUN + reason)


@pytest.fixture(scope="session", autouse=True)
def own_rooms() -> Iterator[None]:
    """A test whose clock is months ahead forgets the rooms of conversions: only those of its own process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limited, "ROOM", f"{limited.ROOM}{os.getpid()}-")
        yield


@pytest.fixture(scope="session")
def run_id(request: pytest.FixtureRequest) -> str:
    """The same for every worker of one run."""
    worker = getattr(request.config, "workerinput", None)
    return str(worker["testrunuid"]) if worker else uuid.uuid4().hex


@pytest.fixture(scope="session")
def sqlite_files() -> Iterator[Databases]:
    """In memory where the system has such a folder: each commit is a flush to disk, and there are thousands."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="deust-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        files = SqliteFiles(Path(folder))
        yield files
        files.close()


@pytest.fixture(scope="session")
def postgres_databases(run_id: str) -> Iterator[Databases]:
    try:
        databases = PostgresDatabases(Path(tempfile.gettempdir()) / f"deust-postgres-{run_id}")
    except Exception as error:
        not_run(f"no PostgreSQL: {error}")
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def databases(engine: str, request: pytest.FixtureRequest) -> Databases:
    """Where fresh databases come from, on the engine of this test."""
    found: Databases = request.getfixturevalue("sqlite_files" if engine == SQLITE else "postgres_databases")
    return found


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    address = databases.fresh()
    yield address
    databases.give_back(address)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def bare_apps() -> Callable[[str], Flask]:
    """One application for each address of a database: its engines keep the statements that they compiled."""
    return cache(bare_app)


@pytest.fixture
def database(url: str, bare_apps: Callable[[str], Flask]) -> Iterator[Flask]:
    """A fresh database behind `reading()` and `writing()`, without the pages; for models, queries and services."""
    with opened(bare_apps(url)) as app:
        yield app


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(
        mode="demo",
        secret="a secret for tests, long enough to be one",
        previous_secrets=(),
        database_url=url,
        instance_dir=tmp_path / "instance",
        courses_dir=COURSES,
        base_url="http://localhost",
        mail_url="",
        mail_from="deust@localhost",
        is_command=True,
        jobs=False,
        debug=False,
        trusted_proxies=0,
        host="127.0.0.1",
        port=8000,
    )


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """The real hash, at a price that tests can pay."""
    return Passwords(cost_kib=64)


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The courses of `tests/fixtures/courses`, read and rendered once a run."""
    return Catalogue(COURSES, tmp_path_factory.mktemp("published"), watch=False)


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for every worker of one run, as several processes of the product share theirs."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def assets_folder(run_folder: Path) -> Path:
    """Compressed copies of the static files, made once a run."""
    return _made(run_folder / "assets")


@pytest.fixture(scope="session")
def compiled_templates(run_folder: Path) -> FileSystemBytecodeCache:
    """Templates, compiled once a run."""
    return FileSystemBytecodeCache(str(_made(run_folder / "templates")))


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def make_app(
    clock: Clock,
    passwords: Passwords,
    catalogue: Catalogue,
    assets_folder: Path,
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Callable[[Settings], Flask]]:
    """The real application for the settings given; its connections are closed at the end of the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        shared = {"catalogue": catalogue} if settings.courses_dir == COURSES else {}
        settings.instance_dir.mkdir(exist_ok=True)
        (settings.instance_dir / "assets").symlink_to(assets_folder)
        app = create_app(settings, clock=clock, passwords=passwords, **shared)
        app.jinja_env.bytecode_cache = compiled_templates
        app.test_client_class = Client
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        with opened(app):
            pass


@pytest.fixture(scope="session")
def applications() -> Applications:
    return Applications()


@pytest.fixture
def app(
    settings: Settings,
    clock: Clock,
    catalogue: Catalogue,
    make_app: Callable[[Settings], Flask],
    applications: Applications,
) -> Iterator[Flask]:
    """The real application on a fresh database, with the courses of `tests/fixtures/courses`."""
    app = applications.prepared(settings, clock, catalogue, make_app)
    yield app
    with opened(app):
        pass


class Doors:
    """The two doors of one application: `with doors.writing() as session`, `with doors.reading() as connection`."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self._app.app_context(), writing() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._app.app_context(), reading() as connection:
            yield connection


@pytest.fixture
def doors(app: Flask) -> Doors:
    """The database of `app`, as a test prepares it and looks into it."""
    return Doors(app)


@pytest.fixture
def client(app: Flask) -> Client:
    """Someone who is not signed in."""
    made = app.test_client()
    assert isinstance(made, Client)
    return made


@pytest.fixture
def cohort(doors: Doors) -> Cohort:
    with doors.writing() as session:
        return factories.cohort(session)


@pytest.fixture
def client_of(app: Flask, doors: Doors, cohort: Cohort) -> Callable[[Person | Role], Client]:
    """A signed-in client: of this person, or of a new one with this role; a new student is enrolled in `cohort`."""

    def make(who: Person | Role) -> Client:
        return signed_in_client(app, who if isinstance(who, Person) else newcomer(who))

    def newcomer(role: Role) -> Person:
        with doors.writing() as session:
            if role is Role.STUDENT:
                return factories.student(session, cohort)
            return factories.person(session, role=role.value)

    return make


@pytest.fixture
def student(client_of: Callable[[Person | Role], Client]) -> Client:
    """A student in the fifth week, who has done nothing yet."""
    return client_of(Role.STUDENT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not chromium.CHROMIUM.exists():
        not_run(f"no browser at {chromium.CHROMIUM}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(chromium.CHROMIUM), args=chromium.ARGUMENTS, headless=True
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo as `make serve` starts it, with EC131 alone, one for the run: for pages that a test only looks at."""
    courses = one_module(tmp_path_factory.mktemp("courses") / "courses")
    made = Server(tmp_path_factory.mktemp("server"), DEUST_COURSES_DIR=str(courses))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of EC131 alone for one test, which may kill it and start it again."""
    made = Server(tmp_path, DEUST_COURSES_DIR=str(one_module(tmp_path / "courses")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of a new visitor of `server`, at the size of a desk."""
    with chromium.context(browser, server.url) as context:
        yield context.new_page()
