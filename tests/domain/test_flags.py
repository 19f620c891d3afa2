"""The rules that point students out: what they say, and what they can never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.flags import Behind, Facts, Failed, FailedQuiz, FlagKind, InvalidRules, Rules, Silent, flags_of
from tests.support.clock import NOW

TODAY = NOW.date()
DAY = timedelta(days=1)
RULES = Rules()
FINE = Facts(
    began_at=NOW - 30 * DAY,
    seen_at=NOW - DAY,
    due_soon=2,
    failed=(),
    credited_minutes=600,
    expected_minutes=600,
)

minutes = st.integers(0, 20_000)
failures = st.builds(FailedQuiz, ref=st.sampled_from(["m/un", "m/deux"]), attempts=st.integers(1, 9))
facts = st.builds(
    Facts,
    began_at=st.integers(0, 400).map(lambda days: NOW - days * DAY),
    seen_at=st.none() | st.integers(0, 400).map(lambda days: NOW - days * DAY),
    due_soon=st.integers(0, 30),
    failed=st.lists(failures, max_size=3, unique_by=lambda quiz: quiz.ref).map(tuple),
    credited_minutes=minutes,
    expected_minutes=minutes,
)
rules = st.builds(
    Rules,
    silent_days=st.integers(0, 90),
    due_days=st.integers(0, 60),
    failed_attempts=st.integers(0, 20),
    behind_percent=st.integers(0, 100),
)


def flags(**changes):
    return flags_of(FINE._replace(**changes), RULES, today=TODAY, time_zone="Europe/Paris")


def test_who_works_is_not_pointed_out():
    assert flags() == ()


def test_silence_counts_from_the_tenth_day_and_only_when_work_is_due():
    assert flags(seen_at=NOW - 9 * DAY - timedelta(hours=20)) == ()
    assert flags(seen_at=NOW - 10 * DAY) == (Silent(days=10, due_soon=2, has_begun=True),)
    assert flags(seen_at=NOW - 40 * DAY, due_soon=0) == ()


def test_who_never_came_is_silent_since_their_first_day():
    assert flags(seen_at=None) == (Silent(days=30, due_soon=2, has_begun=False),)
    assert flags(seen_at=None, began_at=NOW - 3 * DAY) == ()


def test_two_attempts_of_one_quiz_count_and_one_of_each_of_two_does_not():
    once = FailedQuiz(ref="m/un", attempts=1)
    assert flags(failed=(once, FailedQuiz(ref="m/deux", attempts=1))) == ()
    assert flags(failed=(once._replace(attempts=2),)) == (Failed(ref="m/un", attempts=2),)


def test_far_behind_is_below_half_of_what_the_calendar_expects():
    assert flags(credited_minutes=300) == ()
    (flag,) = flags(credited_minutes=299)
    assert flag == Behind(credited_minutes=299, expected_minutes=600)
    assert flag.percent == 49


@pytest.mark.parametrize(
    "changes", [{"silent_days": 91}, {"due_days": -1}, {"failed_attempts": 21}, {"behind_percent": 101}]
)
def test_rules_that_mean_nothing_are_refused(changes):
    with pytest.raises(InvalidRules):
        replace(RULES, **changes).ensure_sound()


def test_a_rule_set_to_nothing_is_off_and_the_longest_is_accepted():
    Rules(silent_days=0, due_days=0, failed_attempts=0, behind_percent=0).ensure_sound()
    Rules(silent_days=90, due_days=60, failed_attempts=20, behind_percent=100).ensure_sound()


@given(facts, rules)
def test_every_flag_holds_its_rule_and_its_figures(facts, rules):
    for flag in flags_of(facts, rules, today=TODAY, time_zone="Europe/Paris"):
        if isinstance(flag, Silent):
            assert flag.days >= rules.silent_days > 0
            assert flag.due_soon == facts.due_soon > 0
        elif isinstance(flag, Failed):
            assert flag.attempts >= rules.failed_attempts > 0
        else:
            assert flag.percent < rules.behind_percent


@given(facts, rules)
def test_doing_more_never_adds_a_flag(facts, rules):
    before = {flag.kind for flag in flags_of(facts, rules, today=TODAY, time_zone="Europe/Paris")}
    better = facts._replace(seen_at=NOW, credited_minutes=facts.credited_minutes + 60, failed=facts.failed[1:])
    assert {flag.kind for flag in flags_of(better, rules, today=TODAY, time_zone="Europe/Paris")} <= before


@given(facts)
def test_rules_at_zero_point_nobody_out(facts):
    nothing = Rules(silent_days=0, due_days=0, failed_attempts=0, behind_percent=0)
    assert flags_of(facts, nothing, today=TODAY, time_zone="Europe/Paris") == ()


@given(facts, rules)
def test_each_kind_but_failed_quizzes_comes_once_and_silence_first(facts, rules):
    kinds = [flag.kind for flag in flags_of(facts, rules, today=TODAY, time_zone="Europe/Paris")]
    assert kinds == sorted(kinds, key=list(FlagKind).index)
    assert max((kinds.count(kind) for kind in (FlagKind.SILENT, FlagKind.BEHIND)), default=0) <= 1
