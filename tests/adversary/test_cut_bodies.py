"""A body shorter than it says comes from a sender who was cut off: nothing of it is kept, its whole may come again."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from deust.models.messages import Thread
from tests.conftest import Doors
from tests.support.clients import Client
from tests.support.sittings import Sitting

ASK = "/questions/poser?sur=module&ref=ec101-accueil"


def sent(client: Client, path: str, fields: dict[str, list[str]], *, lost: int = 0) -> TestResponse:
    """As gunicorn hands it over when the line falls before the last signs: a body that ends as if it were whole."""
    body = urlencode(fields, doseq=True).encode()
    said = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body))}
    return client.post(
        path,
        data=body[: len(body) - lost],
        content_type="application/x-www-form-urlencoded",
        headers={"Accept": "application/json", "X-CSRFToken": client.csrf_token()},
        environ_overrides=said,
    )


@pytest.mark.both
@pytest.mark.case("QZ-24")
def test_half_an_answer_is_not_kept_and_the_whole_is_when_sent_again(student: Client, doors: Doors) -> None:
    sitting = Sitting(student, doors).start()
    usual = {"question": [sitting.key("e-courte")], "event": ["coupe"], "client": ["tab"], "sequence": ["1"]}
    fields = usual | sitting.fields("e-courte", "une réponse entière")
    assert sent(student, f"{sitting.path}/reponses", fields, lost=6).status_code == 400
    assert sitting.events() == []
    assert sitting.outcome(sent(student, f"{sitting.path}/reponses", fields), "e-courte") == "kept"
    assert sitting.kept() == {"e-courte": "une réponse entière"}


def test_half_a_question_is_asked_of_nobody(student: Client, doors: Doors) -> None:
    fields = {"go": ["send"], "text": ["Pourquoi faut-il commencer par là ?"]}
    assert sent(student, ASK, fields, lost=20).status_code == 400
    with doors.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Thread)) == 0
