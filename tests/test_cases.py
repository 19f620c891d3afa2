"""The adversarial cases that block a release: each is carried by a test, marked `@pytest.mark.case("QZ-14")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

REQUIRED = {
    "AU-01": "wrong passwords by the hundred slow down and never lock the owner out",
    "AU-02": "a campus behind one address signs in",
    "AU-04": "a link works once, in time, whole, until the password changes",
    "AU-07": "signing in renews the session and the forms' token",
    "AU-08": "other devices die when the password changes or the account closes",
    "AU-13": "a session that ends in an examination loses nothing and mixes nobody",
    "AU-16": "no act without its own token, no act by GET",
    "AZ-01": "every address, method and role is answered as the table says",
    "AZ-02": "another's number in an address reaches nothing",
    "AZ-03": "a part is looked up inside what one may see",
    "AZ-04": "no form gives a role or a group",
    "AZ-08": "lists, counts and filters hold only whom one follows",
    "GR-01": "two tutors on one copy: both versions seen, neither lost",
    "GR-02": "a session that ends while marking loses no word",
    "GR-03": "nothing tells of a mark before its release",
    "GR-04": "a release is all or none, and tells once",
    "GR-05": "a correction is a new entry with who, when and why",
    "GR-07": "rounding is half up, once, from exact figures",
    "GR-11": "an anonymous copy says nothing of its author",
    "QZ-01": "the server's clock decides",
    "QZ-02": "a closing that comes first is told and enforced",
    "QZ-03": "no question without an attempt and its deadline",
    "QZ-05": "overdue attempts close though nobody comes",
    "QZ-06": "the last second: one closing, one grade",
    "QZ-07": "handing in twice is handing in once",
    "QZ-08": "fifty starts make one attempt",
    "QZ-09": "two tabs on two questions keep both",
    "QZ-10": "a stale tab is told and overwrites nothing",
    "QZ-13": "altered hidden fields reach nothing",
    "QZ-14": "an open attempt tells nothing that solves it",
    "QZ-18": "handing in blank shows no answers while an attempt remains",
    "QZ-20": "attempts are counted by person on the server",
    "QZ-24": "a worker killed in a save: stored once",
    "QZ-25": "forty savers on SQLite lose nothing",
    "QZ-26": "a full disk is said and leaves nothing half written",
    "QZ-28": "what a device replays counts within the grace, waits apart beyond",
    "QZ-36": "a hostile formula is an author's error",
    "UP-01": "a file's type is what its name and its content agree on",
    "UP-02": "a file is only ever downloaded, its right checked again",
    "UP-04": "a hostile name reaches neither the disk nor a header",
    "UP-05": "no archive is opened, so none can explode",
    "UP-09": "a file begun in time counts by its start, and the page says so",
    "UP-11": "a crash leaves no row without a file, and no file without a row",
    "UP-17": "no path, range or question about freshness tells of another's file",
    "MD-01": "nothing that acts comes out of an author's text",
    "MD-02": "links lead to safe addresses only",
    "MD-05": "a handler in a title goes, its words stay",
    "MD-06": "YAML bombs, traps and giants are told on their line",
    "MD-08": "no link and no path leaves the course folder",
    "MD-09": "a broken file never replaces the last good version",
    "MD-10": "a publication is whole, killed or raced",
    "MD-11": "an open attempt stays on its version",
}


def marks_of(node: ast.AST) -> Iterator[str]:
    """The cases that `pytest.mark.case(…)` names in a decorator or in a module's marks."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.case":
            yield from (str(name.value) for name in call.args if isinstance(name, ast.Constant))


@cache
def carried() -> dict[str, list[str]]:
    """Cases by id, with the tests that carry them."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for name in (name for decorator in node.decorator_list for name in marks_of(decorator)):
                    found.setdefault(name, []).append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


@pytest.mark.parametrize("case", REQUIRED)
def test_a_case_that_blocks_a_release_has_its_test(case: str) -> None:
    assert carried().get(case), f"{case}: {REQUIRED[case]}"


def test_every_case_named_is_written_as_an_id() -> None:
    assert [name for name in carried() if not re.fullmatch(r"[A-Z]{2}-\d\d", name)] == []
