from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from deust.domain.attempts import GRACE
from deust.domain.errors import FileRefused
from deust.domain.uploads import (
    MOST_A_QUESTION,
    MOST_OPEN,
    PATIENCE,
    QUOTA,
    Accepted,
    CountedBy,
    Held,
    counted_by,
    ensure_may_begin,
)

DEADLINE = datetime(2026, 10, 13, 18, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def refused_for(reason: str | None) -> AbstractContextManager[object]:
    return pytest.raises(FileRefused, match=reason) if reason else nullcontext()


@pytest.mark.parametrize(
    ("size", "held", "reason"),
    [
        (1_000, Held(bytes=QUOTA - 1_000, open=MOST_OPEN - 1, of_question=MOST_A_QUESTION - 1), None),
        (1_001, Held(bytes=0, open=0, of_question=0), "size"),
        (1_000, Held(bytes=QUOTA - 999, open=0, of_question=0), "quota"),
        (1_000, Held(bytes=0, open=MOST_OPEN, of_question=0), "count"),
        (1_000, Held(bytes=0, open=0, of_question=MOST_A_QUESTION), "count"),
    ],
)
def test_a_file_begins_up_to_each_limit_and_not_past_it(size: int, held: Held, reason: str | None) -> None:
    with refused_for(reason):
        ensure_may_begin(name="plan.pdf", size=size, accepted=Accepted(endings=["pdf"], max_bytes=1_000), held=held)


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        (SECOND, GRACE, CountedBy.END),
        (timedelta(0), GRACE + SECOND, CountedBy.START),
        (timedelta(0), PATIENCE, CountedBy.START),
        (SECOND, PATIENCE, CountedBy.LATE),
        (timedelta(0), PATIENCE + SECOND, CountedBy.LATE),
    ],
)
def test_a_file_begun_in_time_counts_ten_minutes_more(
    started: timedelta, ended: timedelta, expected: CountedBy
) -> None:
    """Moments after the deadline."""
    moments = {"started_at": DEADLINE + started, "now": DEADLINE + ended}
    assert counted_by(**moments, deadline_at=DEADLINE, closed_at=None) is expected
    assert counted_by(**moments, deadline_at=None, closed_at=None) is CountedBy.END
    assert counted_by(**moments, deadline_at=DEADLINE, closed_at=DEADLINE) is CountedBy.LATE
