"""SVG files as they may be served: UTF-8, drawings only, no program and nothing that stands for one."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from xml.parsers import expat

from deust.content.problems import Report

MAX_DEPTH = 100
MAX_SIDE = 100_000

_PROGRAMS = frozenset({"script", "foreignobject", "iframe", "object", "embed", "handler", "listener"})
_XHTML = "http://www.w3.org/1999/xhtml"
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii"})
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp)[;,]")
_LENGTH = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(?:px)?")


class _Refused(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def read_svg(raw: bytes, report: Report) -> ElementTree.Element | None:
    """The drawing, or None with the reason reported: what names a program is refused however it is written."""
    try:
        text = raw.decode("utf-8-sig")
        _Scan().read(text)
        return ElementTree.fromstring(text)  # noqa: S314 - entities and deep nesting were refused before
    except UnicodeDecodeError:
        report.error(1, "cette image SVG n'est pas en UTF-8", "enregistrez-la de nouveau, en UTF-8")
    except _Refused as refusal:
        report.error(refusal.line, f"« {refusal.what} » refusé dans une image SVG", "retirez-le")
    except expat.ExpatError as failure:
        report.error(failure.lineno, "image SVG illisible", "enregistrez-la de nouveau")
    return None


def svg_size(root: ElementTree.Element, report: Report) -> tuple[int, int] | None:
    """Width and height, those written or those of the view box."""
    lengths = [_LENGTH.fullmatch(root.get(name, "")) for name in ("width", "height")]
    box = root.get("viewBox", "").replace(",", " ").split()
    sides = [found.group(1) if found else "" for found in lengths]
    if "" in sides and len(box) == 4:
        sides = box[2:]
    try:
        width, height = (float(side) for side in sides)
    except ValueError:
        report.error(1, "image SVG sans dimensions", "ajoutez viewBox, ou width et height")
        return None
    if not all(math.isfinite(side) and 0 < side <= MAX_SIDE for side in (width, height)):
        report.error(1, "dimensions impossibles pour une image SVG", f"de 1 à {MAX_SIDE} points")
        return None
    return max(round(width), 1), max(round(height), 1)


class _Scan:
    """Walks over the markup as the browser will read it: prefixes, escapes and default attributes resolved."""

    def __init__(self) -> None:
        self._depth = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.XmlDeclHandler = self._declaration
        self._parser.EntityDeclHandler = lambda *_: self._refuse("<!ENTITY")
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def read(self, text: str) -> None:
        self._parser.Parse(text, True)

    def _refuse(self, what: str) -> None:
        raise _Refused(self._parser.CurrentLineNumber, what)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            self._refuse(f"encoding={encoding}")

    def _instruction(self, target: str, _: str) -> None:
        if target.lower() == "xml-stylesheet":
            self._refuse(f"<?{target}")

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        namespace, _, name = tag.rpartition(" ")
        is_root_of_another = self._depth == 1 and name != "svg"
        if namespace == _XHTML or name.lower() in _PROGRAMS or is_root_of_another or self._depth > MAX_DEPTH:
            self._refuse(f"<{name}")
        for written, value in attributes.items():
            self._attribute(written.rpartition(" ")[2].lower(), _BLANK.sub("", value).lower())

    def _attribute(self, name: str, value: str) -> None:
        scheme = _SCHEME.match(value) if name in ("href", "src") else None
        is_elsewhere = scheme is not None and scheme.group(1) not in ("http", "https")
        if name.startswith("on") or "javascript:" in value or (is_elsewhere and not _PICTURE.match(value)):
            self._refuse(f"{name}=")

    def _end(self, _tag: str) -> None:
        self._depth -= 1
