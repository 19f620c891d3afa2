"""Templates compiled ahead: found by the next worker, and never needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from deust.config import Settings
from deust.web.compiled import Compiled
from deust.web.templates import Templates

Made = Callable[[Settings], Flask]


@pytest.fixture
def started(make_app: Made, settings: Settings) -> Callable[[Path], Flask]:
    """A worker that begins, whose compiled templates are in this folder."""

    def start(folder: Path) -> Flask:
        app = make_app(settings)
        app.jinja_env.bytecode_cache = Compiled(folder)
        (settings.instance_dir / "assets").unlink()
        return app

    return start


def test_a_worker_compiles_nothing_that_was_compiled_ahead(
    started: Callable[[Path], Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "compiled"
    said = started(folder).test_cli_runner().invoke(args=["pages", "compile"])
    assert said.exit_code == 0
    assert int(said.output.split()[0]) > 100
    monkeypatch.setattr(Templates, "compile", lambda *_: pytest.fail("compiled again"))
    assert started(folder).test_client().get("/connexion").status_code == 200


def test_a_folder_that_refuses_costs_a_compilation_and_no_page(
    started: Callable[[Path], Flask], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder should be")
    assert started(taken).test_client().get("/connexion").status_code == 200


def test_another_version_has_another_folder_and_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Compiled(tmp_path / "compiled").folder
    code = tmp_path / "code"
    code.mkdir()
    (code / "templates.py").write_text("another")
    monkeypatch.setattr("deust.web.compiled._CODE", code)
    after = Compiled(tmp_path / "compiled").folder
    assert after != before
    assert list((tmp_path / "compiled").iterdir()) == [after]
