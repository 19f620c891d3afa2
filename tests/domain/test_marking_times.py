from __future__ import annotations

from datetime import timedelta

import pytest

from deust.domain.copies import typical_minutes


def minutes(*spent: float) -> list[timedelta]:
    return [timedelta(minutes=one) for one in spent]


@pytest.mark.parametrize(
    ("spent", "typical"),
    [
        (minutes(), None),
        (minutes(9, 9, 9, 9), None),
        (minutes(4, 5, 6, 7, 50), 6),
        (minutes(4, 5, 6.2, 7, 50), 7),
        (minutes(1, 2, 3, 4, 5, 6), 3),
    ],
)
def test_the_typical_time_is_the_median_of_five_at_least(spent: list[timedelta], typical: int | None) -> None:
    assert typical_minutes(spent) == typical
