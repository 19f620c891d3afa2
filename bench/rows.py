"""The rows of the table: what is asked of the server for each, and the figures wanted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.courses import LESSON, MODULE, QUIZ
from bench.load import Request, get, post
from bench.school import Student

F1, F2, F4 = "F1", "F2", "F4"


@dataclass(frozen=True)
class Row:
    """`floor` is what its rate is divided by; `path` is filled with the student's attempt."""

    name: str
    floor: str
    moodle: str
    relate: str
    must: float
    aim: float


@dataclass(frozen=True)
class Reading(Row):
    path: str
    is_signed_in: bool = True

    def requests(self, students: Sequence[Student]) -> list[Request]:
        return [Request(get(self.address(student), cookie=self.cookie(student))) for student in students]

    def address(self, student: Student) -> str:
        return self.path.format(attempt=student.attempt)

    def cookie(self, student: Student) -> str:
        return student.cookie if self.is_signed_in else ""


READINGS = (
    Reading("lesson, signed in, progress included", F2, "0.018", "0.041", 0.50, 1.0, f"/modules/{MODULE}/{LESSON}"),
    Reading("sign-in page", F2, "0.05", "0.25", 0.8, 1.5, "/connexion", is_signed_in=False),
    Reading("home « Aujourd'hui »", F2, "0.013–0.016", "0.13", 0.35, 0.7, "/aujourdhui"),
    Reading("programme", F2, "0.019–0.022", "—", 0.35, 0.7, "/programme"),
    Reading("module", F2, "0.011–0.016", "0.062", 0.35, 0.7, f"/modules/{MODULE}"),
    Reading("attempt page of 5 questions", F2, "0.018", "0.038", 0.35, 0.7, "/essais/{attempt}/questions/1"),
)

SAVE_ONE = Row("save one answer durably (script)", F4, "0.044 (autosave)", "0.035", 0.40, 0.75)
SAVE_PAGE = Row("save a page of 5 answers (form)", F4, "0.035", "—", 0.40, 0.75)
START = Row("start an attempt of 20 questions", F4, "0.024", "0.016", 0.30, 0.5)
FINISH = Row("finish and mark 20 questions", F4, "0.021", "0.011", 0.30, 0.5)

ROWS: tuple[Row, ...] = (*READINGS, SAVE_ONE, SAVE_PAGE, START, FINISH)


def saves_of_one(students: Sequence[Student], times: int) -> Iterator[Request]:
    """Each student changes one answer after another, as the page's script sends them."""
    client = secrets.token_hex(4)
    for turn in range(1, times + 1):
        for student in students:
            key = student.keys[2]
            fields = {"question": key, "event": f"{client}-{turn}", "client": client, "sequence": turn}
            fields |= {f"{key}-base": 10_000, f"{key}-answer": "true" if turn % 2 else "false"}
            headers = f"Accept: application/json\r\nX-CSRFToken: {student.csrf}\r\n"
            yield Request(_posted(student, fields, headers))


def saves_of_a_page(students: Sequence[Student], times: int) -> Iterator[Request]:
    """Each student posts the five fields of the page, all changed, as the page does without its script."""
    for turn in range(1, times + 1):
        for student in students:
            fields: list[tuple[str, object]] = [("csrf_token", student.csrf), ("event", secrets.token_hex(8))]
            fields += [("client", ""), ("sequence", ""), ("position", 1), ("pages", 4), ("go", "next")]
            for index, key in enumerate(student.keys[:5]):
                fields += [("question", key), (f"{key}-base", 10_000)]
                fields += [(f"{key}-answer", text) for text in _changed(index, turn)]
            yield Request(_posted(student, fields), 303)


def _changed(index: int, turn: int) -> list[str]:
    """An answer to the question at this place of the page, another one at each turn."""
    answers: Sequence[Callable[[int], list[str]]] = (
        lambda turn: [str(1 + turn % 4)],
        lambda turn: [str(1 + turn % 4), str(1 + (turn + 1) % 4)],
        lambda turn: ["true" if turn % 2 else "false"],
        lambda turn: [str(100 + turn)],
        lambda turn: [f"mot {turn}"],
    )
    return answers[index](turn)


def starts(students: Sequence[Student]) -> Iterator[Request]:
    for student in students:
        body = urlencode({"csrf_token": student.csrf}).encode()
        yield Request(post(f"/modules/{MODULE}/{QUIZ}/essais", body, cookie=student.cookie), 303)


def hand_ins(students: Sequence[Student], attempts: Sequence[str]) -> Iterator[Request]:
    for student, attempt in zip(students, attempts, strict=True):
        body = urlencode({"csrf_token": student.csrf}).encode()
        yield Request(post(f"/essais/{attempt}/remise", body, cookie=student.cookie), 303)


def floor_requests(floor: str) -> list[Request]:
    if floor == F1:
        return [Request(get("/constant"))]
    if floor == F2:
        return [Request(get(f"/page/page-{number}")) for number in range(0, 1_000, 7)]
    bodies = (urlencode({"page": f"page-{number}", "text": "une réponse " * 4}).encode() for number in range(100))
    return [Request(post("/notes", body), 303) for body in bodies]


def _posted(student: Student, fields: object, headers: str = "") -> bytes:
    body = urlencode(fields).encode()  # type: ignore[arg-type]
    return post(f"/essais/{student.attempt}/reponses", body, cookie=student.cookie, headers=headers)
