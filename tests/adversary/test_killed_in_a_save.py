"""A worker is killed in the middle of a save: before the commit, and after it but before the reply."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.sittings import Sitting

ROOT = Path(__file__).parents[2]

WORKER = """
import os, pickle, signal, sys
from sqlalchemy import event
from deust.app import create_app
from deust.models.base import db
from tests.support.clients import Client
from tests.support.clock import Clock

settings, session, path, fields, moment = pickle.load(sys.stdin.buffer)

def die(given=None):
    os.kill(os.getpid(), signal.SIGKILL)

def die_before_a_write(connection, cursor, statement, *rest):
    if "INSERT INTO answer_event" in statement:
        die()

app = create_app(settings, clock=Clock())
app.test_client_class = Client
client = app.test_client()
with client.session_transaction() as own:
    own.update(session)
if moment == "before the commit":
    with app.app_context():
        event.listen(db.engine, "commit", die)
        event.listen(db.engines["reading"], "before_cursor_execute", die_before_a_write)
if moment == "before the reply":
    app.after_request(die)
client.post(path, data=fields, headers={"Accept": "application/json", "X-CSRFToken": client.csrf_token()})
"""


def killed(app: Flask, sitting: Sitting, fields: dict[str, object], moment: str, folder: Path) -> int:
    """Post these fields in a process of its own, which dies at this moment."""
    with sitting.client.session_transaction() as session:
        known = dict(session)
    settings = replace(app.config["DEUST"], instance_dir=folder / "worker")
    return subprocess.run(
        [sys.executable, "-c", WORKER],
        input=pickle.dumps((settings, known, f"{sitting.path}/reponses", fields, moment)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    ).returncode


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.case("QZ-24")
@pytest.mark.parametrize(
    ("moment", "stored"), [("before the commit", []), ("before the reply", [("dit une fois", "kept")])]
)
def test_the_retry_after_a_kill_stores_the_answer_once(
    app: Flask, doors: Doors, student: Client, tmp_path: Path, moment: str, stored: list[tuple[str, str]]
) -> None:
    sitting = Sitting(student, doors).start()
    key = sitting.key("e-courte")
    fields = {"question": key, "event": "abc", "client": "tab", "sequence": 1, f"{key}-answer": "dit une fois"}
    assert killed(app, sitting, fields, moment, tmp_path) == -signal.SIGKILL
    assert sitting.events() == stored
    retry = sitting.save("e-courte", "dit une fois", event="abc")
    assert sitting.outcome(retry, "e-courte") == "kept"
    assert sitting.told(retry, "e-courte")["version"] == 1
    assert (sitting.events(), sitting.kept()) == ([("dit une fois", "kept")], {"e-courte": "dit une fois"})
