"""Where the time of a page goes: own time by floor of the product or by library, for what missed its figure."""

from __future__ import annotations

import cProfile
import pstats
import sysconfig
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from deust.config import ROOT

_PACKAGES = sysconfig.get_paths()["purelib"]
TURNS = 150


def profile(act: Callable[[], None]) -> list[tuple[str, float]]:
    """Milliseconds a turn by owner, the largest first; a built-in's time counts for whoever called it."""
    act()
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(TURNS):
        act()
    profiler.disable()
    spent: Counter[str] = Counter()
    for (file, _, _), (_, _, own, _, callers) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if file != "~" or not callers:
            spent[_owner(file)] += own
            continue
        for (caller, _, _), (_, _, part, _) in callers.items():
            spent[_owner(caller)] += part
    return [(owner, 1000 * seconds / TURNS) for owner, seconds in spent.most_common(8)]


def _owner(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(ROOT / "deust"):
        return "deust." + path.relative_to(ROOT / "deust").parts[0].removesuffix(".py")
    if path.is_relative_to(ROOT / "templates"):
        return "templates"
    if path.is_relative_to(_PACKAGES):
        return path.relative_to(_PACKAGES).parts[0].removesuffix(".py")
    return "Python"
