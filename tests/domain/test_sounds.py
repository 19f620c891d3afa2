from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deust.domain.sounds import kept_until, runs_over


@pytest.mark.parametrize(
    ("closed", "until"),
    [((2026, 10, 13), (2027, 4, 13)), ((2026, 8, 31), (2027, 2, 28)), ((2027, 8, 31), (2028, 2, 29))],
)
def test_a_recording_is_kept_six_months(closed: tuple[int, int, int], until: tuple[int, int, int]) -> None:
    assert kept_until(datetime(*closed, 18, 30, tzinfo=UTC)) == datetime(*until, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(("duration_ms", "is_over"), [(0, False), (90_000, False), (92_000, False), (92_001, True)])
def test_a_recording_runs_over_once_what_encoders_add_is_left_out(duration_ms: int, is_over: bool) -> None:
    assert runs_over(duration_ms, 90) is is_over
