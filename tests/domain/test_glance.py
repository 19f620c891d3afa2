"""A glance says of each item exactly what `progress` says, for whatever a person did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from deust.domain.glance import AWAITED, OPEN, TRIED, Glance, Kept, graded_positions
from deust.domain.people import Dates
from deust.domain.progress import Progress, Standing, State, totals_of
from deust.domain.quizzes import Mode
from tests.support.programmes import CALENDAR, NOW, a_lesson, a_module, a_programme, a_quiz, an_announced

HOUR = timedelta(hours=1)
ITEMS = (
    a_lesson("un", due_week=2, minutes=33, aliases=("premier",)),
    a_lesson("deux", due_week=8, requires=("un",)),
    a_quiz("entrainement", due_week=3),
    a_quiz("note", mode=Mode.GRADED, due_week=4),
    a_quiz("examen", mode=Mode.EXAM, due_week=5),
    a_lesson("trois", requires=("note", "entrainement")),
    an_announced(due_week=3),
)
NEXT = (a_lesson("suite", module="ec132", due_week=4), a_lesson("fin", module="ec132", requires=("ec131/deux",)))
PROGRAMME = a_programme([a_module(*ITEMS), a_module(*NEXT, id="ec132", requires=("ec131",))])
EVERYTHING = (*ITEMS, *NEXT)


@st.composite
def standings(draw):
    """What someone may have done of each item: nothing, begun, an attempt open or closed, done."""
    made = {}
    for item in EVERYTHING:
        if isinstance(item, type(ITEMS[-1])):
            continue
        kind = draw(st.sampled_from(["nothing", "begun", "open", "tried", "done"]))
        if kind == "nothing":
            continue
        is_quiz = item.ref.partition("/")[2] in ("entrainement", "note", "examen")
        standing = Standing(opened_at=NOW, touched_at=NOW, read_permille=0 if is_quiz else draw(st.integers(0, 1000)))
        if is_quiz and kind in ("open", "tried", "done"):
            share = draw(st.sampled_from([None, Fraction(1, 3)]))
            open_attempt = "abc" if kind == "open" else None
            standing = standing._replace(attempts_used=1, open_attempt=open_attempt, kept_share=share)
        if kind == "done":
            standing = standing._replace(completed_at=NOW, credited_minutes=item.minutes)
        ref = f"{item.module}/{item.aliases[0]}" if item.aliases and draw(st.booleans()) else item.ref
        made[ref] = standing
    return made


moved = st.dictionaries(
    st.sampled_from([item.ref for item in EVERYTHING]),
    st.builds(
        Dates,
        opens_at=st.none() | st.sampled_from([NOW - HOUR, NOW + HOUR]),
        due_at=st.none() | st.sampled_from([NOW - HOUR, NOW + HOUR]),
        closes_at=st.none() | st.sampled_from([NOW - HOUR, NOW + HOUR]),
    ),
    max_size=4,
)


def kept_of(standings):
    begun = []
    for ref, standing in standings.items():
        if standing.completed_at is None:
            tried = AWAITED if standing.kept_share is None else TRIED
            far = OPEN if standing.open_attempt else tried if standing.attempts_used else str(standing.read_permille)
            begun.append((ref, far))
    return Kept(done=[ref for ref, standing in standings.items() if standing.completed_at], begun=begun)


began = st.none() | st.sampled_from([NOW - timedelta(days=days) for days in (0, 5, 12, 40)])


@given(standings(), moved, moved, began)
def test_a_glance_agrees_with_progress(standings, cohort_dates, person_dates, began_at):
    progress = Progress(
        programme=PROGRAMME,
        now=NOW,
        calendar=CALENDAR,
        began_at=began_at,
        cohort_dates=cohort_dates,
        person_dates=person_dates,
    )
    whole = replace(progress, standings=standings)
    statuses = [status for module in PROGRAMME.modules_in_order for status in whole.statuses(module)]
    glance = Glance(progress)
    everything = range(len(glance.items))
    line = glance.line(kept_of(standings), everything)
    assert line.states == tuple(status.state for status in statuses)
    assert line.totals == totals_of(statuses)


def test_only_what_is_shown_is_counted():
    glance = Glance(Progress(programme=PROGRAMME, now=NOW, calendar=CALENDAR))
    line = glance.line(Kept(done=["ec131/un"], begun=[]), range(2))
    assert line.states == (State.DONE, State.TODO)
    assert (line.totals.done, line.totals.total) == (1, 2)


def test_what_is_due_is_counted_without_what_is_only_announced():
    glance = Glance(Progress(programme=PROGRAMME, now=NOW, calendar=CALENDAR))
    assert [glance.items[place].id for place in glance.overdue(NOW)] == ["un", "entrainement", "note", "suite"]
    assert [glance.items[place].id for place in glance.due_within(NOW, NOW + timedelta(days=7))] == ["examen"]
    assert [glance.items[place].id for place in sorted(graded_positions(glance.items))] == ["note", "examen"]


@given(standings(), moved, began)
def test_a_tally_agrees_with_progress(standings, cohort_dates, began_at):
    """What is done is counted, what is late among what waits is looked at: the same as reading everything."""
    dates = {"calendar": CALENDAR, "cohort_dates": cohort_dates}
    progress = Progress(programme=PROGRAMME, now=NOW, began_at=began_at, **dates)
    statuses = [
        status
        for module in PROGRAMME.modules_in_order
        for status in replace(progress, standings=standings).statuses(module)
    ]
    glance, kept = Glance(progress), kept_of(standings)
    tally = glance.tally(range(len(glance.items)))
    done, opened = (
        glance.places(" ".join(refs)) for refs in (kept.done, [ref for ref, far in kept.begun if far == OPEN])
    )
    totals = totals_of(statuses)
    assert (tally.total, tally.done_by(done)) == (totals.total, totals.done)
    assert tally.late_for(done, opened) == totals.late
