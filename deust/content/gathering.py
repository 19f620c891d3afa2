"""Several rendered texts on one page: titles one level down, anchors kept apart, nothing said twice."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

_TAG = re.compile(r"<[a-zA-Z/][^>]*>")
_HEADING = re.compile(r"^<(/?)h([2-5])\b")
_ANCHOR = re.compile(r'(?<= id=")(?!term-)|(?<= href="#)')
_LINKED = re.compile(r' href="#(s-[^"]+)"')
_PLACE = re.compile(r'(?<=^<h[2-6]) id="(s-[^"]+)"')
_MORE = re.compile(r'<p><a href="/glossaire#[^"]*">Glossaire</a></p>(?=</aside>)')
_REGION = re.compile(r'aria-label="Tableau \d+"')
_DEFINITION = re.compile(r'<aside popover id="(term-[^"]+)".*?</aside>', re.DOTALL)


class Gathering:
    """The texts that were put on the page so far: tables are numbered on, a term is explained once.

    The page holds much text: only titles that a link leads to keep their anchor.
    """

    def __init__(self) -> None:
        self._tables = 0
        self._terms: set[str] = set()

    def add(self, texts: Sequence[str], prefix: str) -> list[str]:
        """The texts of a lesson as they stand under a title of level 2, their anchors beginning with `prefix`."""
        linked = {anchor for text in texts for anchor in _LINKED.findall(text)}
        return [self._added(text, prefix, linked) for text in texts]

    def _added(self, html: str, prefix: str, linked: Set[str]) -> str:
        html = _MORE.sub("", _DEFINITION.sub(self._once, html))
        return _TAG.sub(lambda tag: self._tag(tag.group(), prefix, linked), html)

    def _once(self, definition: re.Match[str]) -> str:
        if definition.group(1) in self._terms:
            return ""
        self._terms.add(definition.group(1))
        return definition.group()

    def _tag(self, tag: str, prefix: str, linked: Set[str]) -> str:
        tag = _PLACE.sub(lambda found: found.group() if found.group(1) in linked else "", tag)
        tag = _HEADING.sub(lambda found: f"<{found.group(1)}h{int(found.group(2)) + 1}", tag)
        return _REGION.sub(self._numbered, _ANCHOR.sub(prefix, tag))

    def _numbered(self, _: re.Match[str]) -> str:
        self._tables += 1
        return f'aria-label="Tableau {self._tables}"'
