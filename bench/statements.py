"""How many statements a page costs, counted on the engine; and whether more of anything changes that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from bench.courses import LESSON, MODULE
from bench.load import Request
from bench.rows import READINGS, saves_of_a_page, saves_of_one
from bench.school import Student
from deust.models.transaction import engines


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with app.app_context():
        behind = engines()
    for engine in behind:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in behind:
            event.remove(engine, "before_cursor_execute", note)


def statements(app: Flask, student: Student) -> dict[str, int]:
    """By page, for one student, once the process is warm."""
    acts: dict[str, Callable[[], None]] = {
        row.name: (lambda row=row: _open(app, row.address(student), row.cookie(student))) for row in READINGS
    }
    one, page = saves_of_one([student], 2), saves_of_a_page([student], 2)
    acts["save one answer"] = lambda: send(app, next(one))
    acts["save a page of 5 answers"] = lambda: send(app, next(page))
    return {name: _count(app, act) for name, act in acts.items()}


def _count(app: Flask, act: Callable[[], None]) -> int:
    act()
    with counted(app) as sent:
        act()
    return len(sent)


def _open(app: Flask, path: str, cookie: str) -> None:
    response = app.test_client(use_cookies=False).get(path, headers={"Cookie": cookie} if cookie else {})
    assert response.status_code == 200, (path, response.status_code)


def open_page(app: Flask, path: str, cookie: str) -> tuple[int, float]:
    """The statements of a page once the process is warm, and its weight compressed, in kB."""
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    client = app.test_client(use_cookies=False)
    first = client.get(path, headers=headers)
    assert first.status_code == 200, (path, first.status_code)
    with counted(app) as sent:
        response = client.get(path, headers=headers)
    return len(sent), len(response.data) / 1000


def send(app: Flask, request: Request) -> None:
    """Give the application the request that the load generator would send."""
    head, _, body = request.content.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    response = app.test_client(use_cookies=False).open(path, method=method, headers=headers, data=body)
    assert response.status_code == request.status, (path, response.status_code, response.text[:500])


_QUESTION = re.compile(r'<section class="card check".*?</section>', re.DOTALL)


def _words(markup: str) -> bytes:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split()).encode()


def html_kilobytes(app: Flask, student: Student) -> Mapping[str, float]:
    """The size of the lesson's page, and of what its author wrote: the lesson rendered, the words of its questions."""
    path = f"/modules/{MODULE}/{LESSON}"
    response = app.test_client(use_cookies=False).get(path, headers={"Cookie": student.cookie})
    assert response.status_code == 200
    catalogue = app.extensions["deust"].catalogue
    parts: Sequence[tuple[str, str]] = catalogue.lesson(f"{MODULE}/{LESSON}").parts
    content = sum(len(markup.encode()) for kind, markup in parts if kind == "html")
    content += sum(len(_words(section)) for section in _QUESTION.findall(response.text))
    return {"page": len(response.data) / 1000, "content": content / 1000}
