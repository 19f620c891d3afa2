"""A student who changes programme, or leaves: what they did before is still theirs to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from deust.domain.access import Role
from deust.models.people import Cohort, Enrolment
from deust.models.quizzes import Attempt
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


def test_a_work_never_shows_the_result_of_a_quiz_nor_a_quiz_that_of_a_work(
    client_of: Callable[[Role], Client], doors: Doors
) -> None:
    """« 0 / 20 pour l’instant » was said of a work that waits for its mark, once the assignment left the courses; and
    a quiz made an assignment hid its results.
    """
    student = client_of(Role.STUDENT)
    quiz = Sitting(student, doors).start()
    quiz.hand_in()
    draft = write(student)
    hand_in(student, draft)
    for former, now in (("devoir", "retire"), ("entrainement", "devoir")):
        with doors.writing() as session:
            named = update(Attempt).where(Attempt.item_ref == f"ec101-accueil/{former}")
            session.execute(named.values(item_ref=f"ec101-accueil/{now}"))
    work = draft.rpartition("/")[2]
    assert student.get(f"/essais/{work}/resultat").location == draft
    assert "Votre devoir est remis." in student.get(draft).text
    assert student.get(f"{quiz.path}/resultat").status_code == 200
