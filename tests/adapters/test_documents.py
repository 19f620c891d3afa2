"""PDFs become pictures of their pages, in a process that hostile ones cannot leave."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from deust.adapters import documents
from deust.adapters.documents import Drawn, drawn
from deust.domain.documents import MOST_PAGES, MOST_SIDE, Unseen
from tests.support import pdfs


def drawn_from(content: bytes) -> tuple[Drawn | Unseen, list[bytes]]:
    with drawn([content[:100], content[100:]]) as made:
        if isinstance(made, Unseen):
            return made, []
        whole = made.file.read_bytes()
        return made, [whole[one.start : one.start + one.size] for one in made.pictures]


def seen(content: bytes) -> tuple[int, list[Image.Image]]:
    """How many pages there are, and those drawn; each is a picture of the size told."""
    made, contents = drawn_from(content)
    assert isinstance(made, Drawn), made
    found = [Image.open(io.BytesIO(one), formats=["WEBP"]) for one in contents]
    assert [one.size for one in found] == [(one.width, one.height) for one in made.pictures]
    assert not made.file.exists(), "the folder of a document stays behind"
    return made.count, found


def ink(picture: Image.Image) -> int:
    """How many pixels are dark."""
    return sum(picture.convert("L").histogram()[:128])


def test_each_page_becomes_a_picture_in_order() -> None:
    count, pages = seen(pdfs.pdf("Un", "", "Trois fois plus de mots que la première page"))
    assert count == 3
    assert {page.size for page in pages} == {(1100, 1557)}
    inks = [ink(page) for page in pages]
    assert inks[1] < inks[0] < inks[2]


def test_a_landscape_page_is_wide() -> None:
    _count, (page,) = seen(pdfs.pdf("Large", size=(842, 595)))
    assert page.width > page.height


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdfs.LOCKED, Unseen.LOCKED),
        (pdfs.NO_PAGE, Unseen.BROKEN),
        (pdfs.LOOP, Unseen.BROKEN),
        (b"", Unseen.BROKEN),
        (b"%PDF-1.4\n" + bytes(2000), Unseen.BROKEN),
        (b"%PDF-1.7\n" + os.urandom(50_000), Unseen.BROKEN),
    ],
    ids=["locked", "without a page", "loop", "empty", "zeros", "noise"],
)
def test_what_has_no_page_to_show_says_why(content: bytes, reason: Unseen) -> None:
    assert drawn_from(content) == (reason, [])


def test_a_very_long_document_is_drawn_up_to_the_limit() -> None:
    count, pages = seen(pdfs.long())
    assert (count, len(pages)) == (2_000, MOST_PAGES)


@pytest.mark.parametrize("content", [pdfs.HUGE, pdfs.RIBBON, pdfs.TOWER], ids=["huge", "ribbon", "tower"])
def test_a_page_of_any_size_makes_a_picture_of_a_bounded_size(content: bytes) -> None:
    _count, (page,) = seen(content)
    assert 1 <= min(page.size) <= max(page.size) <= MOST_SIDE
    assert page.width * page.height <= 2_600_000


@pytest.mark.case("UP-01", "UP-03")
@pytest.mark.parametrize("content", [pdfs.SCRIPTED, pdfs.POLYGLOT], ids=["script", "polyglot"])
def test_what_hides_in_a_pdf_is_not_in_its_pictures(content: bytes) -> None:
    _made, (picture,) = drawn_from(content)
    assert picture[:4] == b"RIFF"
    assert b"alert" not in picture


@pytest.mark.slow
@pytest.mark.parametrize("make", [pdfs.bomb, pdfs.endless])
def test_what_asks_for_too_much_ends(make: Callable[[], bytes]) -> None:
    made, _contents = drawn_from(make())
    assert isinstance(made, Drawn | Unseen)


def program(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "program.py"
    path.write_text(script)
    monkeypatch.setattr(documents, "PROGRAM", path)


WRITES_ONE = """
import json, sys
open(sys.argv[2], "wb").write(b"RIFF0000WEBP" + b"x" * 88)
print(json.dumps({"count": 9}), flush=True)
print(json.dumps({"size": 100, "width": 10, "height": 10}), flush=True)
"""


@pytest.mark.parametrize("end", ["import time; time.sleep(60)", "import os; os.abort()", "raise SystemExit(1)"])
def test_the_pages_drawn_before_a_limit_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    monkeypatch.setattr(documents, "PATIENCE_SECONDS", 3)
    program(monkeypatch, tmp_path, WRITES_ONE + end)
    made, contents = drawn_from(b"x")
    assert isinstance(made, Drawn)
    assert (made.count, [len(one) for one in contents]) == (9, [100])


@pytest.mark.parametrize("script", ["import time; time.sleep(60)", "import os; os.abort()"])
def test_a_document_that_asks_for_too_much_before_its_first_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    monkeypatch.setattr(documents, "PATIENCE_SECONDS", 0.5)
    program(monkeypatch, tmp_path, script)
    assert drawn_from(b"x") == (Unseen.HEAVY, [])


SAYS = """
import sys
open(sys.argv[2], "wb").write({content!r})
print({said!r})
"""


@pytest.mark.case("UP-03")
@pytest.mark.parametrize(
    "said",
    [
        '{"size": 100, "width": 10, "height": 10}\n' * 2 + "[" * 100_000,
        '{"size": 100, "width": 10, "height": 10}\n{"size": 5, "width": 10, "height": 99999}',
        '{"size": 100, "width": 10, "height": 10}\n{"size": "5", "width": 10, "height": 9}',
        '{"size": 100, "width": 10, "height": 10}\n{"size": -5, "width": 10, "height": true}',
        '{"count": 1e999}\n{"size": 100, "width": 10, "height": 10}\n{"size": 8, "width": 1, "height": 1}',
        '{"count": 99999999999999}\n[1]\n{"size": 100, "width": 10, "height": 10}\n\n',
    ],
)
def test_a_program_that_a_file_took_over_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    program(monkeypatch, tmp_path, SAYS.format(content=b"RIFF0000WEBP" + b"x" * 188, said=said))
    made, contents = drawn_from(b"x")
    assert isinstance(made, Drawn)
    assert [len(one) for one in contents] == [100]
    assert 1 <= made.count <= 100_000
    program(monkeypatch, tmp_path, SAYS.format(content=b"<html>" * 99, said=said))
    assert drawn_from(b"x")[1] == []


def test_a_document_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEUST_SECRET", "canari-secret")
    program(monkeypatch, tmp_path, WRITES_ONE + "import os\nos._exit(7 if 'DEUST_SECRET' in os.environ else 0)")
    assert isinstance(drawn_from(b"x")[0], Drawn)
    script = "import os, json\nprint(json.dumps({'refused': 'locked' if 'DEUST_SECRET' in os.environ else 'broken'}))"
    program(monkeypatch, tmp_path, script)
    assert drawn_from(b"x")[0] is Unseen.BROKEN


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = documents.PROGRAM.read_text().partition('if __name__ == "__main__"')[0]
    greedy = "pictures = lambda *_: [bytes(4_000_000_000)]\nraise SystemExit(main(sys.argv[1:]))\n"
    program(monkeypatch, tmp_path, real + greedy)
    assert drawn_from(b"x") == (Unseen.HEAVY, [])
