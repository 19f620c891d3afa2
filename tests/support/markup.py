"""html5lib, strict, with a short way through the tags that are well written: nearly all, and most of its work.

The tests read thousands of pages. A tag that the short way does not know whole, attribute by attribute, is left to
html5lib, which spells it out and tells what is wrong with it.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Protocol
from xml.etree.ElementTree import Element

from html5lib import HTMLParser
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes

_SPACES = r"[ \n\t]++"
_NAME = r"[A-Za-z][A-Za-z0-9_:.-]*+"
_VALUE = r'"((?:[^"&\0]++|&(?:amp|lt|gt|quot|#39|#34);)*+)"'
_START_TAG = re.compile(rf"([a-z][a-z0-9]*+)((?:{_SPACES}{_NAME}(?:={_VALUE})?+)*+)(?:{_SPACES})?+(/?)>")
_END_TAG = re.compile(r"/([a-z][a-z0-9]*+)>")
_ATTRIBUTE = re.compile(rf"{_SPACES}({_NAME})(?:={_VALUE})?+")

_START, _END = tokenTypes["StartTag"], tokenTypes["EndTag"]


def read_page(text: str) -> Element:
    """The page's tree; a `ParseError` at the first thing that is not valid."""
    tree: Element = _Parser(strict=True, namespaceHTMLElements=False).parse(text)
    return tree


class _Stream(Protocol):
    chunk: str
    chunkOffset: int
    _defaultChunkSize: int


class _Tokenizer(HTMLTokenizer):
    stream: _Stream

    def tagOpenState(self) -> bool:
        stream = self.stream
        token = self._end_tag() or self._start_tag()
        if token is None:
            return bool(super().tagOpenState())
        stream.chunkOffset = token.pop("end")
        self.currentToken = token
        self.tokenQueue.append(token)
        self.state = self.dataState
        return True

    def _end_tag(self) -> dict[str, Any] | None:
        found = _END_TAG.match(self.stream.chunk, self.stream.chunkOffset)
        if found is None:
            return None
        return {"type": _END, "name": found[1], "data": [], "selfClosing": False, "end": found.end()}

    def _start_tag(self) -> dict[str, Any] | None:
        found = _START_TAG.match(self.stream.chunk, self.stream.chunkOffset)
        if found is None:
            return None
        given = _ATTRIBUTE.findall(found[2])
        attributes = {name.lower(): unescape(value) if "&" in value else value for name, value in given}
        if len(attributes) < len(given):
            return None
        return {
            "type": _START,
            "name": found[1],
            "data": attributes,
            "selfClosing": bool(found[4]),
            "selfClosingAcknowledged": False,
            "end": found.end(),
        }


class _Parser(HTMLParser):
    def _parse(self, stream: str, innerHTML: bool = False, container: str = "div", scripting: bool = False) -> None:
        self.innerHTMLMode, self.container, self.scripting = innerHTML, container, scripting
        self.tokenizer = _Tokenizer(stream, parser=self)
        self.tokenizer.stream._defaultChunkSize = len(stream) + 1
        self.reset()
        self.mainLoop()
