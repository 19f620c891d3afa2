"""A file sent part by part, as the script of a page sends it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import Any

from werkzeug.test import TestResponse

from deust.domain.uploads import BEGINNING, LEAST_PART
from tests.support.sittings import Sitting

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 3500
"""About 900 kB: four parts of the least size."""

_numbers = count(1)


@dataclass
class Sender:
    """One file for one question of a sitting; `url` is its upload once begun."""

    sitting: Sitting
    content: bytes = PDF
    name: str = "fiche.pdf"
    question: str = "e-fichier"
    url: str = ""

    def __post_init__(self) -> None:
        self.event = f"sender{next(_numbers)}"

    def begin(self, **changes: Any) -> TestResponse:
        beginning = hashlib.sha256(self.content[:BEGINNING]).hexdigest()
        asked = {
            "question": self.sitting.key(self.question),
            "name": self.name,
            "size": len(self.content),
            "beginning": beginning,
            "event": self.event,
        }
        response = self.sitting.client.send(f"{self.sitting.path}/depots", {**asked, **changes})
        if response.status_code == 201:
            self.url = response.get_json()["url"]
        return response

    def part(self, offset: int, length: int = LEAST_PART, content: bytes | None = None) -> TestResponse:
        client = self.sitting.client
        headers = {
            "X-CSRFToken": client.csrf_token(),
            "Upload-Offset": str(offset),
            "Accept": "application/json",
            "Content-Type": "application/octet-stream",
        }
        body = self.content[offset : offset + length] if content is None else content
        return client.patch(self.url, data=body, headers=headers)

    def parts(self, start: int = 0, stop: int | None = None) -> int:
        """Send from `start` up to `stop`; gives where the server is."""
        offset = start
        while offset < (len(self.content) if stop is None else stop):
            answer = self.part(offset)
            assert answer.status_code == 200, answer.text
            offset = answer.get_json()["offset"]
        return offset

    def finish(self, **changes: Any) -> TestResponse:
        asked = {"event": self.event, "client": self.event, "sequence": 1, "base": 0}
        asked["sha256"] = hashlib.sha256(self.content).hexdigest()
        return self.sitting.client.send(f"{self.url}/fin", {**asked, **changes})

    def send(self, **changes: Any) -> TestResponse:
        assert self.begin().status_code == 201
        self.parts()
        return self.finish(**changes)

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = self.sitting.client.get(self.url, headers={"Accept": "application/json"}).get_json()
        return told
