"""The connection that a page reads on: given back whatever happens, and never in two hands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock, get_ident
from time import monotonic, sleep

import pytest
from flask import Flask, Response, stream_with_context
from sqlalchemy import Engine, event, select, text

from deust.domain.access import Role
from deust.models.people import Person
from deust.models.transaction import engines, reading, writing
from tests.conftest import POSTGRES, Doors
from tests.support.clients import Client
from tests.support.databases import OF_TESTS
from tests.support.operator import operator
from tests.support.sittings import Sitting

pytestmark = pytest.mark.both

ClientOf = Callable[[Person | Role], Client]
TODAY = "/aujourdhui"
WHO = select(Person.given_name).where(Person.role == Role.STUDENT)


@pytest.fixture
def doors_of(app: Flask) -> tuple[Engine, ...]:
    with app.app_context():
        return engines()


@pytest.fixture
def today_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Response]], None]:
    """Put another view in the place of the page of the day, for whoever may open that page."""

    def put(view: Callable[[], Response]) -> None:
        view.permission = app.view_functions["learning.today"].permission  # type: ignore[attr-defined]
        monkeypatch.setitem(app.view_functions, "learning.today", view)

    return put


def taken(doors_of: tuple[Engine, ...]) -> int:
    return sum(engine.pool.checkedout() for engine in doors_of)  # type: ignore[attr-defined]


def plain(body: object) -> Response:
    return Response(body, mimetype="text/plain")  # type: ignore[arg-type]


def test_a_page_that_fails_gives_its_connection_back(
    student: Client, today_is: Callable[..., None], doors_of: tuple[Engine, ...]
) -> None:
    def view() -> Response:
        with reading() as connection:
            connection.execute(WHO)
            raise ZeroDivisionError

    today_is(view)
    with pytest.raises(AssertionError, match="the server failed"):
        student.get(TODAY)
    assert taken(doors_of) == 0
    assert student.get("/programme").status_code == 200


def test_a_page_that_asks_itself_and_one_that_goes_on_after_its_end(
    app: Flask, student: Client, today_is: Callable[..., None], doors_of: tuple[Engine, ...]
) -> None:
    def pieces() -> Iterator[str]:
        with reading() as connection:
            yield str(connection.scalar(WHO))
            yield str(connection.scalar(WHO))

    def view() -> Response:
        with reading() as connection:
            app.test_client().get("/mentions")
            assert connection.scalar(WHO), "the page inside took its own"
        return plain(stream_with_context(pieces()))

    today_is(view)
    response = student.get(TODAY)
    assert response.status_code == 200
    assert response.text
    response.close()
    assert taken(doors_of) == 0


def test_a_page_reads_what_it_wrote_and_not_what_it_is_still_writing(
    student: Client, today_is: Callable[..., None]
) -> None:
    def name() -> str:
        with reading() as connection:
            return str(connection.scalar(WHO))

    def view() -> Response:
        before = name()
        with writing() as session:
            session.execute(text("UPDATE person SET given_name = 'Nouveau'"))
            during = name()
        assert (during == before, name()) == (True, "Nouveau")
        return plain("")

    today_is(view)
    assert student.get(TODAY).status_code == 200


@contextmanager
def hands(doors_of: tuple[Engine, ...]) -> Iterator[list[str]]:
    """Each time that a connection is asked something while another thread is still asking it."""
    met, holders, lock = list[str](), dict[int, int](), Lock()

    def before(connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        with lock:
            if holders.setdefault(id(connection.connection.dbapi_connection), get_ident()) != get_ident():
                met.append(statement)

    def after(connection, *_rest):  # type: ignore[no-untyped-def]
        with lock:
            holders.pop(id(connection.connection.dbapi_connection), None)

    def failed(_met):  # type: ignore[no-untyped-def]
        with lock:
            for number in [number for number, thread in holders.items() if thread == get_ident()]:
                holders.pop(number)

    listened = {"before_cursor_execute": before, "after_cursor_execute": after, "handle_error": failed}
    for engine in doors_of:
        for name, act in listened.items():
            event.listen(engine, name, act)
    yield met
    for engine in doors_of:
        for name, act in listened.items():
            event.remove(engine, name, act)


def test_a_server_that_restarted_is_met_by_nobody(client_of: ClientOf, doors: Doors, url: str, engine: str) -> None:
    """It closed the connections that waited to be used: each door opens another, and no page or save says so."""

    def restart() -> None:
        with operator(url) as say:
            if engine == POSTGRES:
                say(_CUT_ALL, of_tests=OF_TESTS)

    sitting = Sitting(client_of(Role.STUDENT), doors).start()
    for sequence in (1, 2):
        restart()
        assert sitting.client.get(TODAY).status_code == 200
        restart()
        assert sitting.outcome(sitting.save("e-courte", "oui", sequence=sequence), "e-courte") == "kept"


@pytest.mark.slow
def test_no_connection_is_in_two_hands_while_the_server_cuts_some(
    app: Flask, doors: Doors, client_of: ClientOf, doors_of: tuple[Engine, ...], url: str, engine: str
) -> None:
    """Pages, saves and pages that do not exist, from six students at once; what was acknowledged is kept."""
    until = monotonic() + 1.5
    sittings = [Sitting(client_of(Role.STUDENT), doors).start() for _ in range(6)]
    keys = {sitting.public_id: sitting.key("e-courte") for sitting in sittings}
    told: dict[str, list[str]] = {sitting.public_id: [] for sitting in sittings}

    def work(sitting: Sitting) -> None:
        key, dice, number = keys[sitting.public_id], random.Random(sitting.public_id), 0
        while monotonic() < until:
            number += 1
            sitting.client.get(dice.choice((TODAY, "/programme", "/nulle-part", f"{sitting.path}/relecture")))
            fields = {"question": key, "event": f"e{number}", "client": "tab", "sequence": number}
            headers = {"Accept": "application/json", "X-CSRFToken": sitting.client.csrf_token()}
            data = {**fields, f"{key}-answer": f"réponse {number}"}
            if sitting.client.post(f"{sitting.path}/reponses", data=data, headers=headers).status_code == 200:
                told[sitting.public_id].append(f"réponse {number}")

    def cut() -> None:
        with operator(url) as say:
            while engine == POSTGRES and monotonic() < until:
                sleep(0.3)
                say(_CUT_TWO, of_tests=OF_TESTS)

    with hands(doors_of) as met, ThreadPoolExecutor(7) as pool:
        for one in [pool.submit(cut), *(pool.submit(work, sitting) for sitting in sittings)]:
            one.result()
    assert (met, taken(doors_of)) == ([], 0)
    for one in doors_of:
        one.dispose()  # those that were cut and not used since
    for sitting in sittings:
        assert told[sitting.public_id]
        assert {(given, "kept") for given in told[sitting.public_id]} <= set(sitting.events())


_CUT_TWO = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> :of_tests
ORDER BY random() LIMIT 2
"""
_CUT_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> :of_tests
"""
