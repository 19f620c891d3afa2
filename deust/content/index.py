"""What search may find: the words of lessons and of the glossary, never an answer key; and words cut to their stem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import Stemmer
from anyascii import anyascii

from deust.content.lines import number_lines, unfenced
from deust.content.typography import typeset
from deust.domain.learning import Announced, Lesson, Module, Programme, Quiz

_STEMMER = Stemmer.Stemmer("french", maxCacheSize=0)
"""Keeps no stems: to index is as fast without, and a worker is 0.6 MB lighter once it has indexed the courses."""
_WORD = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)", re.IGNORECASE)

_MARKS = (
    (re.compile(r"<!--(?:(?!<!--|-->).)*-->", re.DOTALL), " "),
    (re.compile(r"<[^>\n]*>"), " "),
    (re.compile(r"!?\[([^\[\]]{0,1000})\]\([^()]{0,1000}\)"), r"\1"),
    (re.compile(r"^ {0,3}\*?\[[^\]\n]{1,300}\]:\s*", re.MULTILINE), " "),
    (re.compile(r"\[\^[^\]\n]{1,300}\]"), " "),
    (re.compile(r"\$\$[^$]+\$\$|\$[^$\n]+\$"), " "),
    (re.compile(r"^\s*(?:#{1,6}|[>|:]|[-+*]|\d+[.)]|!!!\s*\w*|\?\?\?\+?\s*\w*)\s*", re.MULTILINE), ""),
    (re.compile(r"\{[^{}\n]*\}"), " "),
    (re.compile(r"^[\s|:-]+$", re.MULTILINE), " "),
    (re.compile(r"[*`]+"), ""),
    (re.compile(r"[_|\\]+"), " "),
)

_SPACE_BEFORE = re.compile(r" (?=[,.…)])")
"""Left by a mark that was taken away between a word and what follows it."""


@dataclass(frozen=True)
class SearchDocument:
    """`ref` is `module/item`, `module`, or `glossaire#slug`; `text` is plain."""

    ref: str
    title: str
    kind: str
    text: str


def stemmed(text: str) -> str:
    """The words as the search compares them: stems in plain letters, the same for every database."""
    words = _WORD.findall(_ELISION.sub(" ", text.lower()))
    return " ".join(_WORD.findall(anyascii(" ".join(_STEMMER.stemWords(words))).lower()))


def search_documents(programme: Programme) -> Iterator[SearchDocument]:
    """Questions, options, comments and what only markers see are left out; quizzes are found by their introduction."""
    for module in programme.modules.values():
        outcomes = " ".join(outcome.title for outcome in module.outcomes)
        yield _document(module.id, module.title, "module", f"{plain_text(module.intro)} {outcomes}")
        yield from _items(module)
    for term in programme.glossary:
        yield _document(f"glossaire#{term.slug}", term.name, "term", f"{term.long} {plain_text(term.definition)}")


def _items(module: Module) -> Iterator[SearchDocument]:
    for item in module.items:
        yield _document(item.ref, item.title, str(item.kind), plain_text(_body(item)))


def _document(ref: str, title: str, kind: str, text: str) -> SearchDocument:
    """With the signs that readers see on the page itself: authors type plain keys."""
    return SearchDocument(ref, typeset(title), kind, typeset(text.strip()))


def _body(item: Lesson | Quiz | Announced) -> str:
    if isinstance(item, Lesson):
        return item.body
    if isinstance(item, Quiz):
        return item.intro
    return str(item.meta.get("intro") or "")


def plain_text(markdown: str) -> str:
    """The words of a text, without its marks; of fenced blocks, dialogues only."""
    lines = number_lines(markdown.split("\n"))
    kept = {line.number for line in unfenced(lines)}
    said = [
        line.text
        for line in lines
        if line.number in kept or (line.fence is not None and line.fence.startswith("dialogue") and not line.is_mark)
    ]
    text = "\n".join(said)
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return _SPACE_BEFORE.sub("", " ".join(text.split()))
