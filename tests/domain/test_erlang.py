from collections.abc import Callable
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.erlang import (
    MAX_AGENTS,
    ErlangError,
    asa,
    erlang_a_abandon,
    erlang_a_service,
    erlang_a_wait,
    erlang_agents,
    erlang_b,
    erlang_c,
    service_level,
)

LOAD, AHT, TARGET, PATIENCE = F(80, 3), F(240), F(20), F(120)  # 200 calls in 30 min

loads = st.fractions(min_value=F(1, 10), max_value=60, max_denominator=60)


def near(value: F, expected: str) -> bool:
    """Equal to the last decimal printed in the reference."""
    half = F(1, 2 * 10 ** len(expected.partition(".")[2]))
    return abs(value - F(expected)) <= half


@pytest.mark.parametrize(
    ("load", "lines", "expected"),
    [
        (F(10), 15, "0.0365"),
        (F(20), 30, "0.00846"),
        (F(5), 10, "0.01838"),
        (F(2), 5, "0.0367"),
        (F(25), 36, "0.00802"),
    ],
)
def test_blocked_calls(load: F, lines: int, expected: str) -> None:
    assert near(erlang_b(load, lines), expected)


def test_small_systems_are_exact() -> None:
    assert erlang_b(F(1), 1) == F(1, 2)
    assert erlang_b(F(2), 1) == F(2, 3)
    assert erlang_c(F(1), 2) == F(1, 3)
    assert service_level(F(1), 2, AHT, F(0)) == F(2, 3)
    assert asa(F(1), 2, F(60)) == F(20)


@pytest.mark.parametrize(
    ("agents", "waiting", "service"),
    [
        (11, "0.682118", "0.388935"),
        (12, "0.449388", "0.639358"),
        (13, "0.285270", "0.794912"),
        (14, "0.174132", "0.887853"),
        (15, "0.102042", "0.941127"),
        (16, "0.057340", "0.970364"),
    ],
)
def test_ten_erlangs_of_three_minutes(agents: int, waiting: str, service: str) -> None:
    assert near(erlang_c(F(10), agents), waiting)
    assert near(service_level(F(10), agents, F(180), F("19.8")), service)


@pytest.mark.parametrize(
    ("agents", "waiting", "service", "wait"),
    [
        (27, "0.9252", "0.1001", "666"),
        (28, "0.7260", "0.3503", "130.69"),
        (29, "0.5615", "0.5377", "57.76"),
        (30, "0.4277", "0.6760", "30.79"),
        (31, "0.3206", "0.7766", "17.75"),
        (32, "0.2363", "0.8485", "10.63"),
        (33, "0.1711", "0.8991", "6.48"),
    ],
)
def test_patient_callers(agents: int, waiting: str, service: str, wait: str) -> None:
    assert near(erlang_c(LOAD, agents), waiting)
    assert near(service_level(LOAD, agents, AHT, TARGET), service)
    assert near(asa(LOAD, agents, AHT), wait)


@pytest.mark.parametrize(
    ("agents", "service", "abandon", "wait"),
    [
        (28, "0.7966", "0.0669", "8.03"),
        (29, "0.8400", "0.0524", "6.29"),
        (30, "0.8769", "0.0402", "4.83"),
        (31, "0.9075", "0.0303", "3.63"),
        (32, "0.9320", "0.0223", "2.68"),
    ],
)
def test_impatient_callers(agents: int, service: str, abandon: str, wait: str) -> None:
    assert near(erlang_a_service(LOAD, agents, AHT, PATIENCE, TARGET), service)
    assert near(erlang_a_abandon(LOAD, agents, AHT, PATIENCE), abandon)
    assert near(erlang_a_wait(LOAD, agents, AHT, PATIENCE), wait)


@pytest.mark.parametrize(
    ("load", "aht", "seconds", "agents"),
    [
        (LOAD, 240, 20, 32),
        (F(10), 180, 20, 14),
        (F(10), 300, 20, 14),
        (F(48), 240, 15, 55),
        (F(8, 3), 240, 20, 5),
        (F(800, 3), 240, 20, 277),
        (F(3), 360, 30, 5),
    ],
)
def test_agents_for_eighty_per_cent(load: F, aht: int, seconds: int, agents: int) -> None:
    assert erlang_agents(load, F(aht), F(4, 5), F(seconds)) == agents


def test_a_target_met_exactly_is_met() -> None:
    assert erlang_agents(F(1), AHT, F(2, 3), F(0)) == 2


@given(loads, st.fractions(min_value=F(1, 10), max_value=F(99, 100), max_denominator=100))
def test_one_agent_fewer_is_not_enough(load: F, share: F) -> None:
    agents = erlang_agents(load, AHT, share, TARGET)
    assert service_level(load, agents, AHT, TARGET) >= share
    assert agents - 1 <= load or service_level(load, agents - 1, AHT, TARGET) < share


@given(loads, st.integers(1, 80))
def test_shares_are_shares_and_more_agents_do_better(load: F, agents: int) -> None:
    fewer, more = (erlang_a_service(load, count, AHT, PATIENCE, TARGET) for count in (agents, agents + 1))
    assert 0 < fewer <= more <= 1
    assert 0 <= erlang_a_abandon(load, agents + 1, AHT, PATIENCE) <= erlang_a_abandon(load, agents, AHT, PATIENCE) < 1
    assert 0 < erlang_b(load, agents) < erlang_c(load, agents) <= 1


@given(loads, st.integers(1, 40), st.fractions(min_value=F(1, 5), max_value=5, max_denominator=20))
def test_impatience_agrees_with_the_birth_and_death_chain(load: F, agents: int, patience: F) -> None:
    """State by state: n calls present, served by the agents, the others giving up."""
    weight, abandoned, total, calls = F(1), F(0), F(1), 0
    while calls < agents or weight > total / 10**12:
        calls += 1
        leaving = min(calls, agents) + max(calls - agents, 0) / patience
        weight = F(round(weight * load / leaving * 10**40), 10**40)
        total += weight
        abandoned += weight * max(calls - agents, 0) / patience
    expected = abandoned / total / load
    assert abs(erlang_a_abandon(load, agents, F(1), patience) - expected) < F(1, 10**9)


def test_great_patience_is_erlang_c() -> None:
    patient = erlang_a_service(F(10), 12, AHT, F(600_000), TARGET)
    assert abs(patient - service_level(F(10), 12, AHT, TARGET)) < F(1, 50)
    assert patient > service_level(F(10), 12, AHT, TARGET)


def test_no_patience_is_erlang_b() -> None:
    assert abs(erlang_a_abandon(F(10), 12, AHT, F(1, 1000)) - erlang_b(F(10), 12)) < F(1, 10**4)


def test_exact_and_rounded_computations_agree() -> None:
    rough = LOAD + F(1, 10**30)
    assert abs(erlang_b(rough, 32) - erlang_b(LOAD, 32)) < F(1, 10**25)
    assert abs(erlang_c(rough, 32) - erlang_c(LOAD, 32)) < F(1, 10**25)


def test_no_load() -> None:
    assert erlang_b(F(0), 0) == 1
    assert erlang_b(F(0), 3) == erlang_c(F(0), 3) == 0
    assert erlang_agents(F(0), AHT, F(4, 5), TARGET) == 0
    assert erlang_a_service(F(0), 1, AHT, PATIENCE, TARGET) == 1
    assert erlang_a_wait(F(0), 1, AHT, PATIENCE) == 0


def test_an_overloaded_team_serves_nobody_in_time() -> None:
    assert erlang_c(F(10), 10) == 1
    assert service_level(F(10), 10, AHT, TARGET) == 0
    with pytest.raises(ErlangError):
        asa(F(10), 10, AHT)


def test_the_largest_team_is_computed() -> None:
    assert 0 < erlang_b(F(4999), MAX_AGENTS) < F(2, 100)
    assert 4500 < erlang_agents(F(4500), AHT, F(99, 100), TARGET) <= MAX_AGENTS


@pytest.mark.parametrize(
    ("compute", "arguments"),
    [
        (erlang_b, (F(-1), 3)),
        (erlang_b, (F(1), -1)),
        (erlang_b, (F(1), MAX_AGENTS + 1)),
        (erlang_c, (F(MAX_AGENTS + 1), 3)),
        (service_level, (F(1), 3, F(0), TARGET)),
        (service_level, (F(1), 3, AHT, F(-1))),
        (erlang_agents, (F(1), AHT, F(1), TARGET)),
        (erlang_agents, (F(MAX_AGENTS), AHT, F(4, 5), TARGET)),
        (erlang_a_wait, (F(1), 0, AHT, PATIENCE)),
        (erlang_a_wait, (F(1), 1, AHT, F(0))),
        (erlang_a_wait, (F(5000), 1, F(1), F(600_000))),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_out_of_bounds_is_refused(compute: Callable[..., object], arguments: tuple[object, ...]) -> None:
    with pytest.raises(ErlangError):
        compute(*arguments)
