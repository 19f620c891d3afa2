"""The functions that an expression may call, by the name authors write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from deust.domain.erlang import (
    asa,
    erlang_a_abandon,
    erlang_a_service,
    erlang_a_wait,
    erlang_agents,
    erlang_b,
    erlang_c,
    service_level,
)
from deust.domain.french_numbers import MAX_PLACES, half_up


@dataclass(frozen=True)
class Function:
    """A function of `least` to `most` numbers; it raises ValueError, with the reason, when it has no value."""

    least: int
    most: int
    compute: Callable[..., Fraction | int]


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise ValueError("un nombre entier est attendu")
    return value.numerator


def _round(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    if abs(digits) > MAX_PLACES:
        raise ValueError(f"au plus {MAX_PLACES} décimales")
    return half_up(value, _whole(digits))


FUNCTIONS: Mapping[str, Function] = {
    "round": Function(1, 2, _round),
    "ceil": Function(1, 1, ceil),
    "floor": Function(1, 1, floor),
    "abs": Function(1, 1, abs),
    "min": Function(1, 20, lambda *values: min(values)),
    "max": Function(1, 20, lambda *values: max(values)),
    "erlang_b": Function(2, 2, lambda load, lines: erlang_b(load, _whole(lines))),
    "erlang_c": Function(2, 2, lambda load, agents: erlang_c(load, _whole(agents))),
    "erlang_c_wait": Function(3, 3, lambda load, agents, aht: asa(load, _whole(agents), aht)),
    "erlang_c_service": Function(
        4, 4, lambda load, agents, aht, target: service_level(load, _whole(agents), aht, target)
    ),
    "erlang_agents": Function(4, 4, erlang_agents),
    "erlang_a_wait": Function(
        4, 4, lambda load, agents, aht, patience: erlang_a_wait(load, _whole(agents), aht, patience)
    ),
    "erlang_a_abandon": Function(
        4, 4, lambda load, agents, aht, patience: erlang_a_abandon(load, _whole(agents), aht, patience)
    ),
    "erlang_a_service": Function(
        5,
        5,
        lambda load, agents, aht, patience, target: erlang_a_service(load, _whole(agents), aht, patience, target),
    ),
}
