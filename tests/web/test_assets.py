"""Static files as they are served: joined where a page loads them together, and each of them whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deust.web.assets import JOINED, SOURCE, Assets


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return Assets(tmp_path_factory.mktemp("served"))


def served(assets: Assets, name: str) -> str:
    return (assets.folder / assets.url(name).removeprefix("/static/")).read_text()


@pytest.mark.parametrize("name", sorted(JOINED))
def test_a_joined_file_holds_all_its_parts_in_order(assets: Assets, name: str) -> None:
    joined = served(assets, name)
    places = [joined.index(served(assets, part)) for part in JOINED[name]]
    assert places == sorted(places)


@pytest.mark.parametrize("name", sorted(name for name in JOINED if name.endswith(".js")))
def test_a_script_joined_fails_alone(assets: Assets, name: str) -> None:
    """The script that keeps answers must run though one that only helps does not."""
    assert served(assets, name).count("try {\n") >= len(JOINED[name])


@pytest.mark.parametrize("path", [*SOURCE.glob("*.js"), *SOURCE.glob("*.css")], ids=lambda path: path.name)
def test_only_comments_and_indentation_are_left_out(assets: Assets, path: Path) -> None:
    assert [line for line in served(assets, path.name).splitlines() if "url(" not in line] == list(_code(path))


def _code(path: Path) -> Iterator[str]:
    is_comment = False
    for line in map(str.strip, path.read_text().splitlines()):
        is_comment = is_comment or line.startswith("/*")
        if line and not is_comment and "url(" not in line:
            yield line
        is_comment = is_comment and "*/" not in line


@pytest.mark.parametrize("path", [*SOURCE.glob("*.css")], ids=lambda path: path.name)
def test_lines_under_links_are_drawn_by_safari_too(path: Path) -> None:
    """Safari drops a whole `text-decoration` that holds more than the line: only its colour would tell a link."""
    found = re.findall(r"[^-]text-decoration: ([^;}]+)", path.read_text())
    assert {value.strip() for value in found} <= {"none", "underline", "line-through"}


def test_a_changed_part_changes_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Assets(tmp_path / "before").url("spoken.js")
    changed = tmp_path / "static"
    changed.mkdir()
    for part in (*JOINED["spoken.js"], "player.js", "marking.js", "copies.css", "sound.css"):
        (changed / part).write_text((SOURCE / part).read_text() + ("let more;\n" if part == "recorder.js" else ""))
    monkeypatch.setattr("deust.web.assets.SOURCE", changed)
    assert Assets(tmp_path / "after").url("spoken.js") != before
