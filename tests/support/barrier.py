"""Many acts at the same instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from flask import Flask

Result = TypeVar("Result")


def at_once(app: Flask, acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Run each act in its own thread with the application's context, released together; the first failure is raised."""
    barrier = Barrier(len(acts), timeout=30)

    def run(act: Callable[[], Result]) -> Result:
        with app.app_context():
            barrier.wait()
            return act()

    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]
