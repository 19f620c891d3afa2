"""Erlang B, C and A: how many lines and agents a load of calls needs, and what waiting follows.

A load is in erlangs (calls × handling time / period), every time in seconds, every share between 0 and 1.
Erlang B, and of Erlang C the waiting probability and time, are exact up to `EXACT_AGENTS`; beyond, and where an
exponential enters, results are right to `DECIMALS` decimals.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from math import floor
from typing import TypeVar

MAX_AGENTS = 5000
MAX_SECONDS = 7 * 24 * 3600
EXACT_AGENTS = 100
DECIMALS = 40

_EXACT_DENOMINATOR = 10**6
_PRECISION = Context(prec=80, Emax=MAX_EMAX, Emin=MIN_EMIN)
_LAST_DECIMAL = Decimal(1).scaleb(-DECIMALS)
_NEGLIGIBLE = Decimal(1).scaleb(-70)
_MAX_TERMS = 20_000

_Real = TypeVar("_Real", Fraction, Decimal)


class ErlangError(ValueError):
    """A quantity out of its bounds; the message names it."""


def erlang_b(load: Fraction, lines: int) -> Fraction:
    """The share of calls that find every line taken and are lost."""
    _ensure_load(load)
    _ensure_count(lines, 0)
    if not load:
        return Fraction(not lines)
    if _is_exact(load, lines):
        return _blocked(load, lines)
    with localcontext(_PRECISION):
        return _fraction(_blocked(_decimal(load), lines))


def erlang_c(load: Fraction, agents: int) -> Fraction:
    """The probability that a call waits; every call waits once the load reaches the agents."""
    _ensure_load(load)
    _ensure_count(agents, 0)
    if agents <= load:
        return Fraction(1)
    if not load:
        return Fraction(0)
    if _is_exact(load, agents):
        return _waiting(load, agents, _blocked(load, agents))
    with localcontext(_PRECISION):
        exact = _decimal(load)
        return _fraction(_waiting(exact, agents, _blocked(exact, agents)))


def service_level(load: Fraction, agents: int, aht: Fraction, target_seconds: Fraction) -> Fraction:
    """The share of calls answered within the target, callers never giving up (Erlang C)."""
    _ensure_duration("la DMT", aht)
    _ensure_delay(target_seconds)
    waiting = erlang_c(load, agents)
    if agents <= load:
        return Fraction(0)
    if not target_seconds:
        return 1 - waiting
    with localcontext(_PRECISION):
        return _fraction(_service(_decimal(load), agents, _decimal(waiting), _decimal(target_seconds / aht)))


def asa(load: Fraction, agents: int, aht: Fraction) -> Fraction:
    """The mean wait of all calls, callers never giving up; refused when the queue would grow for ever."""
    _ensure_duration("la DMT", aht)
    waiting = erlang_c(load, agents)
    if agents <= load:
        raise ErlangError("la charge atteint le nombre de conseillers : l'attente est sans fin")
    return waiting * aht / (agents - load)


def erlang_agents(load: Fraction, aht: Fraction, target_share: Fraction, target_seconds: Fraction) -> int:
    """The fewest agents that answer the target share of calls within the target; none for no load."""
    _ensure_load(load)
    _ensure_duration("la DMT", aht)
    _ensure_delay(target_seconds)
    if not 0 < target_share < 1:
        raise ErlangError("la part visée doit être entre 0 et 1, bornes exclues")
    if not load:
        return 0
    with localcontext(_PRECISION):
        found = _first_enough(_decimal(load), floor(load) + 1, target_share, _decimal(target_seconds / aht))
    if found is None:
        raise ErlangError(f"il faudrait plus de {MAX_AGENTS} conseillers")
    return found


def erlang_a_wait(load: Fraction, agents: int, aht: Fraction, patience: Fraction) -> Fraction:
    """The mean wait of all calls, given up ones included, when callers give up after `patience` on average."""
    return erlang_a_abandon(load, agents, aht, patience) * patience


def erlang_a_abandon(load: Fraction, agents: int, aht: Fraction, patience: Fraction) -> Fraction:
    """The share of calls given up before an answer, when callers give up after `patience` on average."""
    _ensure_impatient(load, agents, aht, patience)
    if not load:
        return Fraction(0)
    with localcontext(_PRECISION):
        eta, kappa, idle = _impatient(load, agents, patience / aht)
        queue = _series(kappa, eta)
        return _fraction((1 + (eta - kappa) * queue) / (idle + eta * queue))


def erlang_a_service(
    load: Fraction, agents: int, aht: Fraction, patience: Fraction, target_seconds: Fraction
) -> Fraction:
    """The share of all calls answered within the target, when callers give up after `patience` on average."""
    _ensure_impatient(load, agents, aht, patience)
    _ensure_delay(target_seconds)
    if not load:
        return Fraction(1)
    with localcontext(_PRECISION):
        eta, kappa, idle = _impatient(load, agents, patience / aht)
        target = _decimal(target_seconds / patience)
        left = (-target).exp()
        later = (eta * (1 - left) - (kappa + 1) * target).exp()
        answered = _series(kappa + 1, eta) - later * _series(kappa + 1, eta * left)
        total = idle + eta * _series(kappa, eta)
        return _fraction((idle + eta * answered) / total)


def _blocked(load: _Real, lines: int) -> _Real:
    """1/B(n) = 1 + n/A × 1/B(n−1): every term is positive, so nothing is lost."""
    inverse = load / load
    for line in range(1, lines + 1):
        inverse = 1 + line / load * inverse
    return 1 / inverse


def _waiting(load: _Real, agents: int, blocked: _Real) -> _Real:
    return agents * blocked / (agents - load * (1 - blocked))


def _service(load: Decimal, agents: int, waiting: Decimal, target: Decimal) -> Decimal:
    """`target` is counted in handling times."""
    return 1 - waiting * ((load - agents) * target).exp()


def _first_enough(load: Decimal, first: int, share: Fraction, target: Decimal) -> int | None:
    wanted = _decimal(share).quantize(_LAST_DECIMAL)
    blocked = _blocked(load, first)
    for agents in range(first, MAX_AGENTS + 1):
        service = _service(load, agents, _waiting(load, agents, blocked), target)
        if service.quantize(_LAST_DECIMAL) >= wanted:
            return agents
        blocked = load * blocked / (agents + 1 + load * blocked)
    return None


def _impatient(load: Fraction, agents: int, patience: Fraction) -> tuple[Decimal, Decimal, Decimal]:
    """Erlang A without dimension, `patience` counted in handling times: arrivals η and services κ within one
    patience, and the idle states' weight ε = 1/B(N−1)."""
    return _decimal(load * patience), _decimal(agents * patience), 1 / _blocked(_decimal(load), agents - 1)


def _series(first: Decimal, ratio: Decimal) -> Decimal:
    """Σ zᵏ / (a(a+1)…(a+k)): the queue's weight J = ∫ e^{λH(x)−Nμx} dx, divided by the patience."""
    term = total = 1 / first
    step = first
    for _ in range(_MAX_TERMS):
        step += 1
        term *= ratio / step
        total += term
        if ratio < step and term < total * _NEGLIGIBLE:
            return total
    raise ErlangError("trop d'appels en attente : davantage de conseillers, ou une patience plus courte")


def _is_exact(load: Fraction, count: int) -> bool:
    return count <= EXACT_AGENTS and load.denominator <= _EXACT_DENOMINATOR


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _fraction(value: Decimal) -> Fraction:
    return Fraction(value.quantize(_LAST_DECIMAL))


def _ensure_load(load: Fraction) -> None:
    if not 0 <= load <= MAX_AGENTS:
        raise ErlangError(f"la charge doit être entre 0 et {MAX_AGENTS} erlangs")


def _ensure_count(count: int, least: int) -> None:
    if not least <= count <= MAX_AGENTS:
        raise ErlangError(f"le nombre de conseillers ou de lignes doit être entre {least} et {MAX_AGENTS}")


def _ensure_duration(name: str, seconds: Fraction) -> None:
    if not Fraction(1, 1000) <= seconds <= MAX_SECONDS:
        raise ErlangError(f"{name} doit durer plus de 0 et au plus {MAX_SECONDS} secondes")


def _ensure_delay(seconds: Fraction) -> None:
    if not 0 <= seconds <= MAX_SECONDS:
        raise ErlangError(f"le délai visé doit être entre 0 et {MAX_SECONDS} secondes")


def _ensure_impatient(load: Fraction, agents: int, aht: Fraction, patience: Fraction) -> None:
    _ensure_load(load)
    _ensure_count(agents, 1)
    _ensure_duration("la DMT", aht)
    _ensure_duration("la patience", patience)
