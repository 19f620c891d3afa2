"""PDFs after they are handed in: drawn once, tried again after a crash, forgotten with their file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from deust import jobs
from deust.adapters.documents import Drawn
from deust.domain.documents import Picture, Unseen
from deust.jobs import draw_documents, purge, run_once, sweep_files
from deust.models.quizzes import AnswerFile, Document
from tests.conftest import Doors
from tests.support import pdfs
from tests.support.clients import Client
from tests.support.clock import Clock
from tests.support.sittings import Sitting
from tests.support.uploads import Sender

pytestmark = pytest.mark.both

CONTENT = pdfs.pdf("Un", "Deux")


@dataclass
class Drawing:
    """What stands for the program: it makes these pictures, or says why not, and counts what it was given."""

    folder: Path
    contents: list[bytes] = field(default_factory=lambda: [b"page une", b"page deux"])
    unseen: Unseen | None = None
    is_broken: bool = False
    given: list[bytes] = field(default_factory=list)

    @contextmanager
    def __call__(self, document: Iterable[bytes]) -> Iterator[Drawn | Unseen]:
        self.given.append(b"".join(document))
        if self.is_broken:
            raise RuntimeError
        if self.unseen:
            yield self.unseen
            return
        file = self.folder / "pictures"
        file.write_bytes(b"".join(self.contents))
        starts = [sum(map(len, self.contents[:place])) for place in range(len(self.contents))]
        pictures = (
            Picture(start=start, size=len(content), width=1100, height=1557)
            for start, content in zip(starts, self.contents, strict=True)
        )
        yield Drawn(file=file, count=12, pictures=tuple(pictures))


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Drawing:
    made = Drawing(tmp_path)
    monkeypatch.setattr(jobs, "drawn", made)
    return made


@pytest.fixture
def sitting(student: Client, doors: Doors) -> Sitting:
    return Sitting(student, doors).start()


def give(sitting: Sitting, content: bytes = CONTENT) -> None:
    assert sitting.outcome(Sender(sitting, content=content).send(), "e-fichier") == "kept"


def documents(doors: Doors) -> list[Document]:
    with doors.writing() as session:
        return list(session.scalars(select(Document)))


def page(sitting: Sitting, number: int) -> tuple[int, bytes]:
    with sitting.client.get(f"{sitting.path}/fichiers/{sitting.key('e-fichier')}/pages/{number}") as got:
        return got.status_code, got.data


def test_a_pdf_is_drawn_once_it_is_handed_in(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing
) -> None:
    give(sitting)
    run_once(app, clock.now, [draw_documents])
    assert (documents(doors)[0].state, drawing.given) == ("waiting", []), "a draft may still change"
    sitting.hand_in()
    run_once(app, clock.now, [draw_documents])
    (made,) = documents(doors)
    assert (made.state, made.page_count, len(made.pictures), made.made_at) == ("ready", 12, 2, clock.now)
    run_once(app, clock.now, [draw_documents])
    assert drawing.given == [CONTENT]
    assert [page(sitting, number) for number in (1, 2)] == [(200, b"page une"), (200, b"page deux")]
    assert [page(sitting, number)[0] for number in (0, 3, 12)] == [404, 404, 404]


def test_a_pdf_that_cannot_be_drawn_stays_to_be_downloaded(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing
) -> None:
    drawing.unseen = Unseen.LOCKED
    give(sitting)
    sitting.hand_in()
    run_once(app, clock.now, [draw_documents])
    assert [(one.state, one.reason) for one in documents(doors)] == [("failed", "locked")]
    assert page(sitting, 1)[0] == 404
    with sitting.client.get(f"{sitting.path}/fichiers/{sitting.key('e-fichier')}") as got:
        assert got.data == CONTENT


def test_a_crash_while_drawing_tries_again_and_then_gives_up(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing
) -> None:
    drawing.is_broken = True
    give(sitting)
    sitting.hand_in()
    for _ in range(3):
        run_once(app, clock.now, [draw_documents])
        assert documents(doors)[0].state == "waiting"
        clock.move(hours=1)
    run_once(app, clock.now, [draw_documents])
    assert [(one.state, one.reason, one.tries) for one in documents(doors)] == [("failed", "heavy", 4)]
    assert len(drawing.given) == 3


def test_the_same_content_is_drawn_once(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing
) -> None:
    for _ in range(2):
        give(sitting)
        sitting.hand_in()
        run_once(app, clock.now, [draw_documents])
        assert page(sitting, 2) == (200, b"page deux")
        sitting.start()
    first, second = documents(doors)
    assert (first.state, first.drawn_id) == (second.state, second.drawn_id)
    assert len(drawing.given) == 1


def test_pages_go_with_their_file(app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing) -> None:
    give(sitting)
    sitting.hand_in()
    run_once(app, clock.now, [draw_documents])
    run_once(app, clock.move(days=2), [purge, sweep_files])
    assert page(sitting, 1)[0] == 200
    with doors.writing() as session:
        session.execute(update(AnswerFile).values(stored_id=None))
    run_once(app, clock.now + timedelta(days=400), [purge, sweep_files])
    assert [(one.state, one.pictures, one.drawn_id) for one in documents(doors)] == [("deleted", [], None)]
    assert list(app.config["DEUST"].files_dir.iterdir()) == []
    assert page(sitting, 1)[0] == 404


def test_a_file_deleted_before_it_is_drawn_is_not_looked_for(
    app: Flask, sitting: Sitting, doors: Doors, clock: Clock, drawing: Drawing
) -> None:
    give(sitting)
    sitting.hand_in()
    with doors.writing() as session:
        session.execute(update(AnswerFile).values(stored_id=None))
    run_once(app, clock.now, [draw_documents])
    assert [one.state for one in documents(doors)] == ["deleted"]
    assert drawing.given == []


def test_what_is_no_pdf_is_not_drawn(sitting: Sitting, doors: Doors) -> None:
    Sender(sitting, content=b"PK\x03\x04" + bytes(100), name="copie.odt").send()
    assert documents(doors) == []
