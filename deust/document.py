"""The pages of a PDF as pictures, made from a file that may be hostile.

A program of its own, never imported by the server: `python -I deust/document.py PDF PICTURES MOST_PAGES MOST_SIDE`
writes the pictures one after the other, and says in JSON, a line each, how many pages there are, then the bytes and
pixels of each picture as soon as it is written: what is done before a limit is met is not lost. It limits its own
memory, time and files before it opens anything, and knows no script: forms are drawn, nothing runs.
"""

from __future__ import annotations

import io
import json
import math
import resource
import sys
from collections.abc import Iterator

import pypdfium2
from pypdfium2 import raw

WIDTH = 1_100
"""Enough to read small print on a wide screen."""

MOST_PIXELS = 2_500_000
QUALITY, EFFORT = 75, 2

_LIMITS = (
    (resource.RLIMIT_AS, 1_000_000_000),
    (resource.RLIMIT_CPU, 30),
    (resource.RLIMIT_FSIZE, 60_000_000),
    (resource.RLIMIT_NOFILE, 64),
    (resource.RLIMIT_CORE, 0),
)


class Refused(Exception):
    """No page can be shown; says why in one word."""


def pictures(path: str, most_pages: int, most_side: int) -> Iterator[tuple[int, int, bytes]]:
    """Width, height and bytes of each page, after the number of pages in the first place."""
    document = _opened(path)
    count = len(document)
    _say({"count": count})
    for number in range(min(count, most_pages)):
        page = document[number]
        try:
            yield _picture(page, most_side)
        finally:
            page.close()


def _opened(path: str) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise Refused("locked" if is_locked else "broken") from error
    if document.get_formtype() == raw.FORMTYPE_ACRO_FORM:
        document.init_forms()
    return document


def _picture(page: pypdfium2.PdfPage, most_side: int) -> tuple[int, int, bytes]:
    width, height = (max(side, 1.0) if math.isfinite(side) else 1.0 for side in page.get_size())
    scale = min(WIDTH / width, most_side / width, most_side / height, math.sqrt(MOST_PIXELS / (width * height)))
    picture = page.render(scale=scale).to_pil().convert("RGB")
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=QUALITY, method=EFFORT)
    return picture.width, picture.height, content.getvalue()


def _say(fact: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    for what, most in _LIMITS:
        resource.setrlimit(what, (most, most))
    source, target, most_pages, most_side = arguments
    try:
        with open(target, "wb") as file:
            for width, height, content in pictures(source, int(most_pages), int(most_side)):
                file.write(content)
                file.flush()
                _say({"size": len(content), "width": width, "height": height})
    except Refused as refusal:
        _say({"refused": str(refusal)})
        return 1
    except MemoryError:
        return 2
    except (pypdfium2.PdfiumError, OSError, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
