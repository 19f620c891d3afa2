from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.attempts import (
    GRACE,
    MOST_TABS,
    NO_ANSWER,
    CurrentAnswer,
    Save,
    SaveOutcome,
    after,
    answers_hash,
    deadline,
    draw_questions,
    ensure_may_start,
    ensure_open,
    is_over,
    is_settled,
    kept_share,
    outcome_of,
    own_time,
    remaining_seconds,
)
from deust.domain.errors import AttemptClosed, NoAttemptLeft, NotYetOpen
from deust.domain.people import NO_ARRANGEMENT, Arrangement, Dates
from deust.domain.quizzes import Keep
from tests.support import factories

START = datetime(2026, 10, 13, 18, 0, tzinfo=UTC)
THIRD = Arrangement(time_multiplier=Fraction(4, 3))

instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
limits = st.none() | st.integers(1, 8 * 3600)
arrangements = st.builds(
    Arrangement,
    time_multiplier=st.fractions(1, 3, max_denominator=12),
    extra_minutes=st.integers(0, 120),
)


def test_fifty_minutes_and_a_third_more_is_sixty_seven_minutes() -> None:
    """QZ-21: 66 min 40 s, rounded up to the minute in the person's favour."""
    assert own_time(50 * 60, THIRD) == 67 * 60


def test_extra_minutes_come_after_the_multiplication() -> None:
    assert own_time(30 * 60, Arrangement(time_multiplier=Fraction(4, 3), extra_minutes=10)) == 50 * 60


def test_without_a_limit_an_arrangement_adds_nothing() -> None:
    assert own_time(None, THIRD) is None


@pytest.mark.case("QZ-02")
def test_starting_ten_minutes_before_the_close_leaves_ten_minutes() -> None:
    """QZ-02."""
    closes_at = START + timedelta(minutes=10)
    found = deadline(started_at=START, limit_seconds=1800, closes_at=closes_at, arrangement=NO_ARRANGEMENT)
    assert (found.at, found.is_window) == (closes_at, True)
    whole = deadline(started_at=START, limit_seconds=600, closes_at=closes_at, arrangement=NO_ARRANGEMENT)
    assert (whole.at, whole.is_window) == (closes_at, False), "nobody is told that the close shortens their time"


def test_the_clock_going_back_an_hour_does_not_lengthen_an_attempt() -> None:
    """QZ-23: the night of 25 October, at two in Paris."""
    started_at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    found = deadline(started_at=started_at, limit_seconds=7200, closes_at=None, arrangement=NO_ARRANGEMENT)
    assert found.at == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


@given(instants, limits, st.none() | instants, arrangements)
def test_a_deadline_never_passes_the_close_and_never_shortens_the_limit(
    started_at: datetime, limit: int | None, closes_at: datetime | None, arrangement: Arrangement
) -> None:
    found = deadline(started_at=started_at, limit_seconds=limit, closes_at=closes_at, arrangement=arrangement)
    assert closes_at is None or (found.at is not None and found.at <= closes_at)
    if limit is None:
        assert found.at == closes_at
        return
    assert found.time_seconds is not None
    assert found.time_seconds % 60 == 0
    exact = Fraction(limit) * arrangement.time_multiplier + arrangement.extra_minutes * 60
    assert exact <= found.time_seconds < exact + 60
    assert found.at == started_at + timedelta(seconds=found.time_seconds) or found.is_window


@given(instants, limits, st.none() | instants, arrangements, st.integers(0, 60))
def test_more_time_never_brings_the_deadline_forward(
    started_at: datetime, limit: int | None, closes_at: datetime | None, arrangement: Arrangement, minutes: int
) -> None:
    """QZ-22: an extension granted while the attempt runs moves its deadline later, or leaves it."""
    more = replace(arrangement, extra_minutes=arrangement.extra_minutes + minutes)
    before = deadline(started_at=started_at, limit_seconds=limit, closes_at=closes_at, arrangement=arrangement)
    later = deadline(started_at=started_at, limit_seconds=limit, closes_at=closes_at, arrangement=more)
    assert before.at == later.at or (before.at is not None and later.at is not None and before.at < later.at)


@pytest.mark.parametrize(
    ("late", "is_late"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), False),
        (GRACE, False),
        (GRACE + timedelta(seconds=1), True),
    ],
)
def test_an_attempt_takes_answers_until_the_grace_is_over(late: timedelta, is_late: bool) -> None:
    """QZ-04."""
    assert is_over(closed_at=None, deadline_at=START, now=START + late) is is_late
    assert is_settled(START, START + late) is is_late, "what waits for the closing is told once no answer can come"


def test_a_closed_attempt_is_over_whatever_its_deadline() -> None:
    with pytest.raises(AttemptClosed):
        ensure_open(closed_at=START, deadline_at=START + timedelta(hours=1), now=START)
    ensure_open(closed_at=None, deadline_at=None, now=START)


@pytest.mark.parametrize(
    ("deadline_at", "left"),
    [(None, None), (START + timedelta(seconds=90, milliseconds=900), 90), (START - timedelta(hours=1), 0)],
)
def test_time_left_is_in_whole_seconds_and_never_negative(deadline_at: datetime | None, left: int | None) -> None:
    assert remaining_seconds(deadline_at, START) == left


def test_who_may_start() -> None:
    once = factories.settings(attempts=1)
    ensure_may_start(settings=once, used=0, dates=Dates(opens_at=START), now=START)
    with pytest.raises(NotYetOpen):
        ensure_may_start(settings=once, used=0, dates=Dates(opens_at=START + timedelta(seconds=1)), now=START)
    with pytest.raises(AttemptClosed):
        ensure_may_start(settings=once, used=0, dates=Dates(closes_at=START), now=START)
    with pytest.raises(NoAttemptLeft):
        ensure_may_start(settings=once, used=1, dates=Dates(), now=START)
    ensure_may_start(settings=factories.settings(attempts=None), used=1000, dates=Dates(), now=START)


QUESTIONS = tuple(
    factories.question(f"q{number}", tags=("a",) if number < 6 else ("b",), section="Un" if number < 4 else "Deux")
    for number in range(9)
)


def drawn(seed: int = 0, seen: Counter[str] | None = None, **settings: object) -> list[str]:
    chosen = draw_questions(QUESTIONS, factories.settings(**settings), seen=seen or Counter(), rng=random.Random(seed))
    return [question.id for question in chosen]


def test_without_a_draw_every_question_is_asked_in_the_authors_order() -> None:
    assert drawn() == [question.id for question in QUESTIONS]


@given(st.integers())
def test_a_draw_by_tag_takes_what_it_says_and_nothing_twice(seed: int) -> None:
    found = drawn(seed, draw={"a": 2, "b": 3})
    assert len(set(found)) == 5
    assert sum(name in {"q0", "q1", "q2", "q3", "q4", "q5"} for name in found) == 2


@given(st.integers(), st.integers(1, 9))
def test_a_draw_by_number_takes_those_least_seen(seed: int, count: int) -> None:
    seen = Counter({f"q{number}": number % 3 for number in range(9)})
    found = drawn(seed, seen, draw=count)
    assert len(found) == count
    left = {question.id for question in QUESTIONS} - set(found)
    assert max(seen[name] for name in found) <= min((seen[name] for name in left), default=9)


@given(st.integers())
def test_shuffled_questions_stay_in_their_section(seed: int) -> None:
    found = drawn(seed, shuffle_questions=True)
    assert set(found[:4]) == {"q0", "q1", "q2", "q3"}
    assert sorted(found) == sorted(question.id for question in QUESTIONS)


def test_shuffling_shuffles() -> None:
    assert len({tuple(drawn(seed, shuffle_questions=True)) for seed in range(20)}) > 10


def save(given: object, *, client: str = "tab", sequence: int = 1, base_version: int = 0, **fields: object) -> Save:
    made = Save(event_id="e", client=client, sequence=sequence, base_version=base_version, given=given)  # type: ignore[arg-type]
    return made._replace(**fields)  # type: ignore[arg-type]


def current(*saves: Save) -> CurrentAnswer:
    state = NO_ANSWER
    for one in saves:
        state = after(one, state)
    return state


def test_a_first_answer_is_kept() -> None:
    assert outcome_of(save("a"), NO_ANSWER) is SaveOutcome.KEPT


def test_a_save_that_another_overtook_changes_nothing() -> None:
    """QZ-30: the third arrived before the second."""
    assert outcome_of(save("second", sequence=2), current(save("third", sequence=3))) is SaveOutcome.SUPERSEDED


def test_a_tab_that_did_not_see_the_newer_answer_does_not_overwrite_it() -> None:
    """QZ-10."""
    state = current(save("old", client="one"), save("new", client="two", base_version=1))
    stale = save("stale", client="one", sequence=2, base_version=1)
    assert outcome_of(stale, state) is SaveOutcome.CONFLICT
    assert outcome_of(stale._replace(given="new"), state) is SaveOutcome.KEPT
    assert outcome_of(stale._replace(base_version=2), state) is SaveOutcome.KEPT


def test_nothing_never_replaces_something_unless_it_was_cleared_on_purpose() -> None:
    """QZ-12: an old form, posted with empty fields."""
    empty = save(None, sequence=2, base_version=1)
    assert outcome_of(empty, current(save("a"))) is SaveOutcome.SUPERSEDED
    assert outcome_of(empty._replace(clears=True), current(save("a"))) is SaveOutcome.KEPT
    assert outcome_of(save(None), NO_ANSWER) is SaveOutcome.KEPT


def test_an_answer_remembers_the_tabs_that_wrote_it_last_and_no_others() -> None:
    saves = [save(number, client=f"tab{number}", base_version=number) for number in range(200)]
    state = current(*saves, save("again", client="tab190", sequence=2))
    assert list(state.clients) == [f"tab{number}" for number in range(188, 200) if number != 190] + ["tab190"]
    assert (len(state.clients), state.version) == (MOST_TABS, 201)


@given(st.lists(st.integers(0, 20), min_size=30, max_size=60))
def test_what_a_forgotten_tab_sends_late_is_never_kept_over_another_answer(tabs: list[int]) -> None:
    state, sent = NO_ANSWER, list[Save]()
    for number, tab in enumerate(tabs, 1):
        one = save(number, client=f"tab{tab}", sequence=number, base_version=state.version)
        state = after(one, state)
        sent.append(one)
    kept = [one for one in sent if outcome_of(one, state) is SaveOutcome.KEPT]
    assert (kept, state.given) == ([], len(tabs))


def test_the_result_kept_among_several_attempts() -> None:
    shares = [Fraction(1, 3), Fraction(1), Fraction(1, 2)]
    assert [kept_share(shares, keep) for keep in (Keep.FIRST, Keep.BEST, Keep.LAST, Keep.AVERAGE)] == [
        Fraction(1, 3),
        Fraction(1),
        Fraction(1, 2),
        Fraction(11, 18),
    ]
    assert kept_share([], Keep.BEST) is None


def test_the_hash_of_the_answers_depends_on_their_content_only() -> None:
    assert answers_hash({"a": [1, 2], "b": "é"}) == answers_hash({"b": "é", "a": [1, 2]})
    assert answers_hash({"a": [1, 2]}) != answers_hash({"a": [2, 1]})
    assert answers_hash({"a": "1"}) != answers_hash({"a": 1})
