"""Several rendered texts on one page: titles one level down, anchors kept apart, nothing said twice."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[a-zA-Z/][^>]*>")
_HEADING = re.compile(r"^<(/?)h([2-5])\b")
_ANCHOR = re.compile(r'(?<= id=")(?!term-)|(?<= href="#)')
_REGION = re.compile(r'aria-label="Tableau \d+"')
_DEFINITION = re.compile(r'<aside popover id="(term-[^"]+)".*?</aside>', re.DOTALL)


class Gathering:
    """The texts that were put on the page so far: tables are numbered on, a term is explained once."""

    def __init__(self) -> None:
        self._tables = 0
        self._terms: set[str] = set()

    def add(self, html: str, prefix: str) -> str:
        """The text as it stands under a title of level 2, its anchors beginning with `prefix`."""
        html = _DEFINITION.sub(self._once, html)
        return _TAG.sub(lambda tag: self._tag(tag.group(), prefix), html)

    def _once(self, definition: re.Match[str]) -> str:
        if definition.group(1) in self._terms:
            return ""
        self._terms.add(definition.group(1))
        return definition.group()

    def _tag(self, tag: str, prefix: str) -> str:
        tag = _HEADING.sub(lambda found: f"<{found.group(1)}h{int(found.group(2)) + 1}", tag)
        return _REGION.sub(self._numbered, _ANCHOR.sub(prefix, tag))

    def _numbered(self, _: re.Match[str]) -> str:
        self._tables += 1
        return f'aria-label="Tableau {self._tables}"'
