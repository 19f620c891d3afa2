"""An answer meets a hand-in, a new deadline, another tab, a dead server at the same instant: what was acknowledged is
kept, once, and is what is marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from time import monotonic, sleep
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from deust.domain.attempts import SaveOutcome
from deust.domain.errors import Unavailable
from deust.models.transaction import engines, one_connection, reading, writing
from deust.services import answers, quizzes
from deust.services.answer_batches import Batch, Posted
from deust.services.people import grant_accommodation
from tests.conftest import POSTGRES
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.operator import chosen, operator
from tests.support.takers import Taker

pytestmark = pytest.mark.both

KEPT, LATE = SaveOutcome.KEPT, SaveOutcome.LATE
Told = TypeVar("Told")


@pytest.fixture(params=["", "repeatable read", "serializable"])
def level(url: str, engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The isolation that the server gives to who asks for none; only PostgreSQL has such a setting."""
    if engine != POSTGRES or not request.param:
        yield ""
        return
    with chosen(url, default_transaction_isolation=request.param):
        yield request.param


@pytest.fixture
def taker(database: Flask, clock: Clock) -> Taker:
    made = Taker(factories.quiz(factories.short(), time_seconds=1800), clock)
    made.start()
    return made


def posted(taker: Taker, value: str, **fields: object) -> Posted:
    return factories.posted(taker.paper()["courte"].key, {"answer": [value]}, **fields)


def save(taker: Taker, posted: Posted) -> SaveOutcome:
    (saved,) = taker.post(posted).answers.values()
    return saved.outcome


def while_held(app: Flask, url: str, engine: str, hold: Callable[[Session], object], act: Callable[[], Told]) -> Told:
    """What an act gives that came while something else was being written, and had to wait for it."""

    def run() -> Told:
        with app.app_context():
            return act()

    with ThreadPoolExecutor(1) as pool, operator(url) as say:
        with writing() as session:
            hold(session)
            waiting = pool.submit(run)
            until = monotonic() + 10
            while engine == POSTGRES and not say(_WAITING).scalar_one():
                assert monotonic() < until, "nobody waits"
                sleep(0.01)
            if engine != POSTGRES:
                sleep(0.05)
        return waiting.result(timeout=30)


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def test_a_hand_in_that_waits_for_a_save_marks_it(
    taker: Taker, level: str, database: Flask, url: str, engine: str
) -> None:
    def keep(session: Session) -> None:
        named = {"learner": taker.learner, "public_id": taker.public_id, "now": taker.clock.now}
        told = answers.save_answers(session, posted=[right], **named)
        assert [saved.outcome for saved in told.answers.values()] == [KEPT]

    right = posted(taker, "reformulation")
    while_held(database, url, engine, keep, taker.hand_in)
    assert taker.marks() == {"courte": 1}


def test_a_save_that_waits_for_a_hand_in_is_late(
    taker: Taker, level: str, database: Flask, url: str, engine: str
) -> None:
    def hand_in(session: Session) -> None:
        named = {"learner": taker.learner, "public_id": taker.public_id, "now": taker.clock.now}
        quizzes.hand_in(session, find_quiz=lambda _ref: taker.quiz, **named)

    late = posted(taker, "reformulation")
    assert while_held(database, url, engine, hand_in, lambda: save(taker, late)) is LATE
    assert (taker.kept(), taker.marks()) == ({}, {"courte": 0})


@pytest.mark.parametrize(("before", "after", "outcome"), [(0, 10, KEPT), (10, 0, LATE)])
def test_a_save_that_waits_for_a_new_deadline_counts_by_it(
    taker: Taker, clock: Clock, database: Flask, url: str, engine: str, before: int, after: int, outcome: SaveOutcome
) -> None:
    def grant(session: Session, minutes: int = after) -> None:
        who = {"person_id": taker.learner.person_id, "time_multiplier": Fraction(1), "by": None}
        grant_accommodation(session, **who, extra_minutes=minutes, now=clock.now)

    with writing() as session:
        grant(session, before)
    clock.move(minutes=35)
    answer = posted(taker, "reformulation")
    assert while_held(database, url, engine, grant, lambda: save(taker, answer)) is outcome
    assert taker.attempt().deadline_at == NOW + timedelta(minutes=30 + after)


def test_what_the_server_refuses_to_commit_is_not_acknowledged(taker: Taker, url: str, engine: str) -> None:
    """A statement may be done and its commit refused: only the commit counts. What is logged of it holds no answer."""
    if engine != POSTGRES:
        return
    answer = posted(taker, "reformulation")
    with operator(url) as say:
        say(_REFUSE_COMMIT)
        say(
            "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON answer_event "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_commit()"
        )
        with pytest.raises(Unavailable) as refused:
            save(taker, answer)
        say("DROP FUNCTION refuse_commit CASCADE")
    assert "answer_event" in str(refused.value.__cause__)
    assert "reformulation" not in str(refused.value.__cause__)
    assert (taker.events(), taker.kept()) == ([], {})
    assert save(taker, answer) is KEPT


_REFUSE_COMMIT = """
CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'serialization_failure'; END $$
"""


@pytest.mark.case("QZ-24")
def test_a_page_sent_again_because_its_reply_was_lost_is_kept_once(
    taker: Taker, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is cut after the commit: the page says that nothing was kept, and is sent again, then changed."""
    write = Batch.write_unless_moved

    def write_then_lose(batch: Batch, connection: Connection) -> None:
        assert write(batch, connection)
        raise OperationalError("", {}, Exception("server closed the connection unexpectedly"))

    def by_page(value: str, number: int) -> Posted:
        return posted(taker, value, client="page-a", event_id=f"page{number}", only_changes=True)

    if engine == POSTGRES:
        with monkeypatch.context() as patch:
            patch.setattr(Batch, "write_unless_moved", write_then_lose)
            with pytest.raises(Unavailable):
                save(taker, by_page("une fois", 1))
    assert save(taker, by_page("une fois", 2)) is KEPT
    assert save(taker, by_page("changée", 3)) is KEPT
    assert [event.given for event in taker.events()] == ["une fois", "changée"]
    assert taker.kept() == {"courte": "changée"}


def test_a_connection_cut_in_the_middle_of_a_page_is_neither_kept_nor_used_again(
    taker: Taker, url: str, engine: str
) -> None:
    """The page that meets it says so; the rest of it and the next pages read on others."""
    if engine != POSTGRES:
        return
    with one_connection():
        with reading() as connection, operator(url) as say:
            number = connection.scalar(text("SELECT pg_backend_pid()"))
            assert say(f"SELECT pg_terminate_backend({number}, 5000)").scalar_one()
        with pytest.raises(Unavailable):
            save(taker, posted(taker, "perdue"))
        assert save(taker, posted(taker, "gardée")) is KEPT
    with one_connection(), reading() as connection:
        assert connection.scalar(select(1)) == 1
    assert [engine.pool.checkedout() for engine in engines()] == [0, 0]  # type: ignore[attr-defined]
    assert taker.kept() == {"courte": "gardée"}
