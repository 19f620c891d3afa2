"""Crash points between a file and its row, and what a stored file gives back to whom."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.datastructures import FileStorage

from deust.domain.access import Role
from deust.jobs import run_once, sweep_files
from deust.models.base import db
from deust.models.people import Person
from deust.services import answers
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.sittings import Sitting

ClientOf = Callable[[Person | Role], Client]
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 4


class Crash(BaseException):
    """The process ends here: nothing that follows is done, not even what cleans up after an error."""


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    return Sitting(student, doors).start()


@pytest.fixture
def folder(app: Flask) -> Path:
    path: Path = app.config["DEUST"].files_dir
    return path


def post_file(sitting: Sitting, content: bytes = PDF, name: str = "fiche.pdf") -> Any:
    return sitting.post(
        "e-fichier", {f"{sitting.key('e-fichier')}-answer": FileStorage(io.BytesIO(content), name)}, client=name
    )


def stored(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


def in_a_day(app: Flask, folder: Path) -> None:
    """Run the sweeper as if what is stored now had been there for 25 hours."""
    long_ago = (datetime.now(UTC) - timedelta(hours=25)).timestamp()
    for name in stored(folder):
        os.utime(folder / name, (long_ago, long_ago))
    run_once(app, datetime.now(UTC), [sweep_files])


def crash_before_the_rename(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deust.adapters.files.os.replace", _die)
    monkeypatch.setattr("deust.adapters.files.Path.unlink", _die)


def crash_before_the_act(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deust.web.quizzes.answering.save_answers", _die)


def crash_at_the_commit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    save = answers.save_answers

    def save_and_die_at_the_commit(*arguments: Any, **options: Any) -> object:
        event.listen(db.engine, "commit", _die)
        return save(*arguments, **options)

    monkeypatch.setattr("deust.web.quizzes.answering.save_answers", save_and_die_at_the_commit)
    monkeypatch.setattr("deust.web.answer_posts.forget_files", _die)


def _die(*_arguments: object, **_options: object) -> None:
    raise Crash


@pytest.mark.case("UP-11")
@pytest.mark.parametrize("crash", [crash_before_the_rename, crash_before_the_act, crash_at_the_commit])
def test_a_crash_between_the_file_and_its_row_leaves_no_row_and_no_orphan(
    app: Flask, sitting: Sitting, folder: Path, crash: Callable[[Flask, pytest.MonkeyPatch], None]
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        crash(app, monkeypatch)
        with suppress(Crash):
            assert post_file(sitting).status_code >= 500
    with app.app_context():
        if event.contains(db.engine, "commit", _die):
            event.remove(db.engine, "commit", _die)
    assert sitting.events() == []
    assert len(stored(folder)) == 1, "this crash leaves nothing behind: the test proves nothing"
    run_once(app, datetime.now(UTC), [sweep_files])
    assert len(stored(folder)) == 1, "swept while it may still be waiting for its row"
    in_a_day(app, folder)
    assert stored(folder) == []
    assert sitting.outcome(post_file(sitting), "e-fichier") == "kept"
    in_a_day(app, folder)
    assert len(stored(folder)) == 1, "a file that a row names was swept"


@pytest.mark.case("UP-11")
def test_every_file_that_a_row_names_is_still_there(app: Flask, sitting: Sitting, folder: Path) -> None:
    """Also one that a newer version replaced."""
    post_file(sitting, PDF + b"1", "a.pdf")
    post_file(sitting, PDF + b"2", "b.pdf")
    in_a_day(app, folder)
    assert len(stored(folder)) == 2


def test_the_sweeper_goes_on_when_the_store_is_absent(app: Flask) -> None:
    run_once(app, datetime.now(UTC), [sweep_files])
    assert stored(app.config["DEUST"].files_dir) == []


# Serving


def address(sitting: Sitting) -> str:
    return f"{sitting.path}/fichiers/{sitting.key('e-fichier')}"


@pytest.mark.case("UP-17")
@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-9", 206, PDF[:10], f"bytes 0-9/{len(PDF)}"),
        ("bytes=1000-", 206, PDF[1000:], f"bytes 1000-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=-5", 206, PDF[-5:], f"bytes {len(PDF) - 5}-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=0-99999", 206, PDF, f"bytes 0-{len(PDF) - 1}/{len(PDF)}"),
        ("bytes=99999-", 416, b"", f"bytes */{len(PDF)}"),
        ("bytes=0-1,5-6", 200, PDF, None),
        ("pages=1-2", 200, PDF, None),
        ("bytes=x", 200, PDF, None),
    ],
)
def test_a_range_of_bytes_is_given_alone(
    sitting: Sitting, asked: str, status: int, part: bytes, said: str | None
) -> None:
    post_file(sitting)
    with sitting.client.get(address(sitting), headers={"Range": asked}) as got:
        assert (got.status_code, got.data, got.headers.get("Content-Range")) == (status, part, said)
        assert got.content_length == len(part)
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.case("UP-17", "UP-02")
def test_no_question_about_freshness_discloses_anything(sitting: Sitting, client_of: ClientOf) -> None:
    post_file(sitting)
    thief = client_of(Role.STUDENT)
    digest = sitting.kept()["e-fichier"]["sha256"]
    for headers in (
        {"If-None-Match": "*"},
        {"If-None-Match": f'"{digest}"'},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If-Range": '"x"', "Range": "bytes=0-1"},
        {"Range": "bytes=0-1"},
    ):
        with sitting.client.get(address(sitting), headers=headers) as got:
            assert got.status_code in (200, 206)
            assert not {"ETag", "Last-Modified"} & set(got.headers)
        with thief.get(address(sitting), headers=headers) as got:
            assert got.status_code == 404


@pytest.mark.case("UP-17")
def test_no_direct_path_leads_to_the_store(sitting: Sitting, folder: Path) -> None:
    post_file(sitting)
    (name,) = stored(folder)
    for path in (f"/files/{name}", f"/static/{name}", f"/static/../files/{name}", f"{sitting.path}/fichiers/{name}"):
        with sitting.client.get(path) as got:
            assert got.status_code in (404, 308), path


@pytest.mark.case("UP-01", "UP-02")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("dessin.svg", b"<svg onload=alert(1)>"),
        ("feuille.xml", b"<?xml-stylesheet href='x'?>"),
        ("fiche.pdf", b"<html><script>alert(1)</script>"),
        ("fiche.pdf.html", PDF),
        ("fiche", PDF),
    ],
)
def test_what_a_browser_would_run_is_refused(sitting: Sitting, folder: Path, name: str, content: bytes) -> None:
    assert post_file(sitting, content, name).status_code == 422
    assert (sitting.events(), stored(folder)) == ([], [])


@pytest.mark.case("UP-01", "UP-02")
def test_a_document_with_a_script_is_only_ever_downloaded(sitting: Sitting) -> None:
    hostile = b"%PDF-1.4\n1 0 obj <</S/JavaScript/JS(app.alert(1))>> <script>alert(1)</script>"
    assert sitting.outcome(post_file(sitting, hostile), "e-fichier") == "kept"
    with sitting.client.get(address(sitting)) as got:
        assert (got.mimetype, got.data) == ("application/pdf", hostile)
        assert got.headers["Content-Disposition"] == "attachment; filename=fiche.pdf"
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.case("UP-04")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/x.pdf", "x.pdf"),
        ("/abs.pdf", "abs.pdf"),
        ("CON.pdf", "CON.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("é" * 300 + ".pdf", "é" * 116 + ".pdf"),
        ("fiche\u202efdp.pdf", "fichefdp.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("appel ☎️.pdf", "appel ☎️.pdf"),
    ],
)
def test_a_name_is_cleaned_shown_and_given_back(sitting: Sitting, folder: Path, sent: str, shown: str) -> None:
    assert sitting.outcome(post_file(sitting, name=sent), "e-fichier") == "kept"
    assert sitting.kept()["e-fichier"]["name"] == shown
    (stored_name,) = stored(folder)
    assert set(stored_name) <= set("0123456789abcdef")
    with sitting.client.get(address(sitting)) as got:
        header = got.headers["Content-Disposition"]
        assert "\r" not in header
        assert "\n" not in header
        assert "Set-Cookie" not in got.headers
        assert header.startswith("attachment; filename")
