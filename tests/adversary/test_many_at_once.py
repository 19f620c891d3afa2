"""Many students, many tabs, one instant: nothing acknowledged is lost, nothing is done twice, nothing fails."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import select

from deust.domain.access import Role
from deust.jobs import close_overdue
from deust.models.people import Cohort, Person
from deust.models.quizzes import AnswerEvent, Attempt, AttemptMarks
from deust.models.records import Receipt
from deust.services import quizzes
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client, signed_in_client
from tests.support.clock import Clock
from tests.support.sittings import EXAM, Sitting

ClientOf = Callable[[Person | Role], Client]
SAVERS, SAVES = 40, 10


def released_together(acts: list[Callable[[], object]]) -> list[object]:
    barrier = threading.Barrier(len(acts), timeout=60)

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def rows(doors: Doors, table: type) -> list[object]:
    with doors.reading() as connection:
        return list(connection.execute(select(table)).all())


class Saver:
    """A student who writes without pause: `told` is what the server acknowledged, in order."""

    def __init__(self, app: Flask, doors: Doors, cohort: Cohort) -> None:
        quiz = app.extensions["deust"].catalogue.quiz("ec101-accueil/entrainement")
        with doors.writing() as session:
            who = factories.student(session, cohort)
            learner = factories.signed_in(who, cohort)
            public_id = quizzes.start_attempt(
                session, learner=learner, quiz=quiz, rng=random.Random(1), now=factories.NOW
            )
            attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
            self.attempt_id = attempt.id
            self.key = next(entry["key"] for entry in attempt.paper if entry["id"] == "e-texte")
        self.path = f"/essais/{public_id}/reponses"
        self.client = signed_in_client(app, who)
        self.token = self.client.csrf_token()
        self.told: list[str] = []
        self.failures: list[int] = []
        self.seconds: list[float] = []

    def write(self) -> None:
        for number in range(1, SAVES + 1):
            started = monotonic()
            self.save(number)
            self.seconds.append(monotonic() - started)

    def save(self, number: int) -> None:
        words = f"{self.attempt_id} écrit {number}"
        fields = {"question": self.key, "event": f"e{number}", "client": "tab", "sequence": number}
        response = self.client.post(
            self.path,
            data={**fields, f"{self.key}-answer": words},
            headers={"Accept": "application/json", "X-CSRFToken": self.token},
        )
        if response.status_code == 200 and response.get_json()["answers"][self.key]["outcome"] == "kept":
            self.told.append(words)
        else:
            self.failures.append(response.status_code)


@pytest.mark.slow
@pytest.mark.case("QZ-25")
def test_forty_savers_at_once_lose_nothing_and_never_find_the_database_locked(
    app: Flask, doors: Doors, cohort: Cohort
) -> None:
    savers = [Saver(app, doors, cohort) for _ in range(SAVERS)]
    released_together([saver.write for saver in savers])
    assert [saver.failures for saver in savers if saver.failures] == []
    kept: dict[int, list[str]] = {}
    for event in sorted(rows(doors, AnswerEvent), key=lambda row: row.id):  # type: ignore[attr-defined]
        assert event.outcome == "kept"  # type: ignore[attr-defined]
        kept.setdefault(event.attempt_id, []).append(event.given)  # type: ignore[attr-defined]
    assert kept == {saver.attempt_id: saver.told for saver in savers}
    assert sum(len(saver.told) for saver in savers) == SAVERS * SAVES


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.case("QZ-08", "QZ-20")
def test_fifty_clicks_on_start_lead_to_one_attempt(
    app: Flask, doors: Doors, student: Client, client_of: ClientOf
) -> None:
    """The same person on fifty devices; the limit of one holds also after the hand-in."""
    assert student.person is not None
    devices = [client_of(student.person) for _ in range(50)]
    starts = [lambda device=device: device.submit(f"/modules/ec101-accueil/{EXAM}/essais") for device in devices]
    locations = {response.location for response in released_together(starts)}  # type: ignore[attr-defined]
    assert len(locations) == 1
    assert len(rows(doors, Attempt)) == 1
    (location,) = locations
    student.submit(f"/essais/{location.split('/')[2]}/remise")
    after = {response.status_code for response in released_together(starts[:10])}  # type: ignore[attr-defined]
    assert after == {409}
    assert len(rows(doors, Attempt)) == 1


@pytest.mark.both
@pytest.mark.case("QZ-06", "QZ-07")
def test_the_last_second_on_the_wire(
    app: Flask, doors: Doors, student: Client, client_of: ClientOf, clock: Clock
) -> None:
    """Hand-in from two tabs, an autosave and the clock's own closing together: one closing, one grade."""
    assert student.person is not None
    exam = Sitting(student, doors, EXAM).start()
    exam.save("x-duree", "5")
    tabs = [Sitting(client_of(student.person), doors, EXAM) for _ in range(3)]
    for tab in tabs:
        tab.public_id = exam.public_id
    clock.move(minutes=20, seconds=30)
    later = exam.attempt().deadline_at + (clock.now - exam.attempt().deadline_at) * 2
    told: list[str] = []

    def autosave() -> None:
        response = tabs[2].save("x-duree", "10", sequence=2)
        told.append(str(response.get_json()["answers"][exam.key("x-duree")]["outcome"]))

    released_together([tabs[0].hand_in, tabs[1].hand_in, autosave, lambda: close_overdue(app, later)])
    assert (len(rows(doors, Receipt)), len(rows(doors, AttemptMarks))) == (1, 1)
    assert told in (["kept"], ["late"])
    assert exam.kept() == {"x-duree": "10" if told == ["kept"] else "5"}
    assert exam.attempt().score == (1 if told == ["kept"] else 0)
