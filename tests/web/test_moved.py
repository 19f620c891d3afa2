"""A student who changes programme, or leaves: what they did before is still theirs to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from deust.domain.access import Role
from deust.models.people import Cohort, Enrolment
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.sittings import Sitting
from tests.web.test_grading import hand_in, write


@pytest.mark.parametrize("leaves", [False, True])
def test_results_are_read_after_leaving_the_programme(
    client_of: Callable[[Role], Client], doors: Doors, cohort: Cohort, leaves: bool
) -> None:
    student = client_of(Role.STUDENT)
    closed, running = Sitting(student, doors).start(), Sitting(student, doors, "quiz-note").start()
    closed.hand_in()
    draft = write(student)
    thread = student.submit("/questions/poser?sur=lecon&ref=ec101-accueil/saluer", {"text": "x", "go": "send"}).location
    hand_in(student, draft)
    with doors.writing() as session:
        elsewhere = factories.cohort(session, code="autre", programme="licence-autre")
        place = {"ended_on": cohort.week_one_on} if leaves else {"cohort_id": elsewhere.id}
        session.execute(update(Enrolment).values(**place))
    assert running.hand_in().status_code == 303
    results = (f"{closed.path}/resultat", f"{running.path}/resultat")
    for address in (*results, draft, thread, "/questions", "/programme"):
        assert student.get(address).status_code == 200, address
    if not leaves:
        assert "Refaire ce quiz" not in student.get(results[0]).text
