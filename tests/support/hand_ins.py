"""Work handed in through the pages: a student, their tutor and a tutor who does not follow them."""

from __future__ import annotations

from sqlalchemy import select

from deust.models.assignments import Copy
from deust.models.people import Cohort, Person
from deust.models.quizzes import Attempt
from tests.conftest import Doors
from tests.support import factories
from tests.support.clients import Client
from tests.support.forms import form_of


def followed_student(
    doors: Doors, cohort: Cohort, *, given_name: str = "Léonie", family_name: str = "Introuvable"
) -> dict[str, Person]:
    """`student`, whom `tutor` and `second` follow and `stranger` does not."""
    with doors.writing() as session:
        group = factories.group(session, cohort)
        student = factories.person(session, given_name=given_name, family_name=family_name)
        factories.enrolment(session, student, cohort, group_id=group.id)
        staff = {name: factories.person(session, role="tutor") for name in ("tutor", "second", "stranger")}
        for name in ("tutor", "second"):
            factories.tutoring(session, staff[name], group)
        return {"student": student, **staff}


def paper_keys(doors: Doors) -> list[str]:
    """The keys of the parts of the last attempt, in order."""
    with doors.reading() as connection:
        paper = connection.scalar(select(Attempt.paper).order_by(Attempt.id.desc()))
    return [entry["key"] for entry in paper]


def hand_in(student: Client, doors: Doors, draft: str, given: dict[str, object]) -> str:
    """Fill the draft, read it again and hand it in, by the plain forms; gives its copy's address."""
    assert form_of(student.get(draft), "paper").send(student, {**given, "go": "review"}).status_code == 303
    review = form_of(student.get(f"{draft}/relecture"), "hand-in")
    assert review.send(student, {"is_own": "y"}).status_code == 303
    with doors.reading() as connection:
        return f"/a-corriger/{connection.scalar(select(Copy.public_id).order_by(Copy.id.desc()))}"
