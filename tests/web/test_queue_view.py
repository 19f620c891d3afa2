from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from deust.queries.queue import Activity, Drawn, Queue
from deust.web.queue_view import QueueView, queue_view
from tests.support.clock import NOW

DAY = timedelta(days=1)
WORK, QUIZ = "ec101-accueil/devoir", "ec101-accueil/entrainement"


def activity(ref: str = WORK, count: int = 4, late: int = 0, soon: int = 0, promised: int = 5) -> Activity:
    return Activity(
        item_ref=ref,
        title="Devoir",
        count=count,
        late=late,
        soon=soon,
        oldest_at=NOW - DAY,
        due_back_at=NOW - DAY + promised * DAY,
    )


def view(app: Flask, *activities: Activity, measured: dict[str, int] | None = None, drawn: int = 3) -> QueueView:
    queue = Queue(
        activities=activities,
        counted=activities,
        drawn=tuple(Drawn(WORK, NOW + (number - 1) * DAY) for number in range(drawn)),
        rows=(),
        total=sum(one.count for one in activities),
        late=sum(one.late for one in activities),
        soon=sum(one.soon for one in activities),
        ready=0,
        groups=(),
        tomorrow_ends=NOW + DAY,
        page=1,
        pages=1,
    )
    with app.test_request_context():
        return queue_view(queue, measured or {}, is_work=lambda ref: ref == WORK, now=NOW)


@pytest.mark.parametrize(
    ("late", "soon", "title"),
    [
        (0, 0, "4 copies à corriger."),
        (0, 3, "4 copies, dont 3 à rendre d’ici demain."),
        (1, 0, "4 copies, dont 1 en retard."),
        (1, 2, "4 copies, dont 1 en retard et 2 à rendre d’ici demain."),
    ],
)
def test_the_title_says_how_many_and_what_presses(app: Flask, late: int, soon: int, title: str) -> None:
    assert view(app, activity(late=late, soon=soon)).title == title


def test_the_time_is_measured_where_it_can_be_else_declared(app: Flask) -> None:
    work, quiz = activity(soon=1), activity(QUIZ, count=5, late=1)
    found = view(app, work, quiz)
    assert (found.minutes, found.soon_minutes, found.is_measured(work)) == (60, 14, False)
    found = view(app, work, quiz, measured={WORK: 3})
    assert (found.minutes, found.soon_minutes) == (35, 7)
    assert (found.is_measured(work), found.minutes_of(work)) == (True, 12)
    assert found.wave is not None
    assert found.wave.text == "9 copies, 1 en retard, 1 à rendre d’ici demain, environ 35\u00a0min de correction"


def test_bars_say_by_shape_what_is_late_and_what_is_due(app: Flask) -> None:
    found = view(app, activity(count=70), drawn=3)
    assert found.wave is not None
    desk, phone = found.wave.drawings
    for drawing in (desk, phone):
        styles = [shape.style for shape in drawing.shapes]
        assert {"late", "flag", "soon", "todo", "head"} <= set(styles)
        assert len(drawing.discs) == 1
    assert found.undrawn == 67
    assert view(app, activity(), drawn=0).wave is None


def test_sixty_bars_fit_a_desk_on_one_line_and_a_phone_on_two(app: Flask) -> None:
    found = view(app, activity(count=60), drawn=60)
    assert found.wave is not None
    desk, phone = found.wave.drawings
    assert desk.width <= 1136
    assert phone.width <= 350
    assert phone.height < 2 * desk.height


def test_a_promise_is_one_or_goes_from_one_to_another(app: Flask) -> None:
    assert view(app, activity()).promise == "5 jours"
    assert view(app, activity(), activity(QUIZ, promised=3)).promise == "de 3 à 5 jours"
