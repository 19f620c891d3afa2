"""CSV as offices write it: any usual encoding, separator and line ending, read into rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_BYTES = 10 * 1024 * 1024

SEPARATORS = (";", ",", "\t")

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TWICE_ENCODED = re.compile(r"[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€")


class Unreadable(Exception):
    """The bytes are no CSV text: `reason` is `size`, `encoding`, `empty` or `quotes`; `line` when it is known."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Text:
    """`is_guess` says that the encoding was inferred, so that a person looks at the accents before anything is kept."""

    text: str
    encoding: str
    is_guess: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record; `line` is where it starts, as an editor counts."""

    line: int
    cells: tuple[str, ...]


def decode(raw: bytes, *, encoding: str | None = None) -> Text:
    """The text of a file. Unless told: its byte order mark, else UTF-8 if valid, else UTF-16, else Windows-1252.

    Windows-1252 reads every Latin-1 letter too. Bytes that it does not know are refused rather than guessed.
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable("size")
    name, is_guess = (encoding, False) if encoding else _encoding_of(raw)
    try:
        text = raw.decode(name).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except (ValueError, LookupError):
        raise Unreadable("encoding") from None
    if "\0" in text:
        raise Unreadable("encoding")
    return Text(text=text, encoding=name, is_guess=is_guess)


def is_twice_encoded(cell: str) -> bool:
    """Whether accents were spoilt before the file reached us: « ZoÃ« » for « Zoë », or a replacement sign."""
    return "\N{REPLACEMENT CHARACTER}" in cell or _TWICE_ENCODED.search(cell) is not None


def read_rows(text: str, *, known_headers: Callable[[tuple[str, ...]], int]) -> tuple[str, list[Row]]:
    """The separator, and the rows that hold something, header first.

    The separator is the one under which `known_headers` recognises most of the first row; equal, the one that makes
    most columns. A first line « sep=; », as Excel writes it, decides.
    """
    told = re.match(r"sep=(.)(?:\r\n|\r|\n)", text)
    separator = told[1] if told else max(SEPARATORS, key=lambda each: _score(text, each, known_headers))
    rows = list(_rows(text[told.end() :] if told else text, separator, first_line=2 if told else 1))
    if not rows:
        raise Unreadable("empty")
    return separator, rows


def _encoding_of(raw: bytes) -> tuple[str, bool]:
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return name, False
    if b"\0" in raw:
        return ("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"), True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", True
    return "utf-8", False


def _score(text: str, separator: str, known_headers: Callable[[tuple[str, ...]], int]) -> tuple[int, int]:
    try:
        header = next(_rows(text, separator, first_line=1), None)
    except Unreadable:
        return 0, 0
    return (known_headers(header.cells), len(header.cells)) if header else (0, 0)


def _rows(text: str, separator: str, *, first_line: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, doublequote=True, strict=True)
    line = first_line
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(line=line, cells=tuple(cell.strip() for cell in cells))
            line = first_line + reader.line_num
    except csv.Error:
        raise Unreadable("quotes", line) from None
