"""Which worker runs which test."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = (
    "tests/journeys/",
    "tests/services/test_demo.py",
    "tests/test_architecture.py",
    "tests/test_bench.py",
    "tests/test_courses.py",
    "tests/test_teaching.py",
)


class SharedServers(LoadScopeScheduling):
    """The tests of a file that start a server, fill a database or read a tree together go to one worker, the longest
    files first; every other test goes to the worker that is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith(_TOGETHER) else nodeid
